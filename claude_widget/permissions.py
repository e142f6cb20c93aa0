"""What the CLI asks of a person, and what may be answered.

The rule: models and their translation, both ways; pure. From a control request of the CLI to a
`PermissionRequest`, from a decision to the control response. Who decides, and when, is `broker`'s.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from claude_widget.events import ControlRequest
from claude_widget.models import Asks
from claude_widget.protocol import Allow, Deny

Decision = Allow | Deny
Answer = Allow | Deny | bool
"""What a callable may return; True allows the call as it is, False denies it."""

DENIED = "The user did not permit this."
_ASKED_BY: dict[str, Asks] = {"AskUserQuestion": "questions", "ExitPlanMode": "plan"}
_JOINT = ", "
_LARGE_INPUT = 1 << 20
"""Characters of an input that is not repeated: 2.1.330 keeps its own then, earlier ones may not."""
LONGEST_ANSWER = 9_000_000
"""Bytes; a line of stdin above 10 MB sends the CLI into a crash loop."""


class PermissionRequest(BaseModel):
    """What the CLI asks before it goes on. Texts are the agent's: do not trust them.

    A callable gets one and decides: `True`, `False`, `Allow(...)`, `Deny("why")`, or, for
    questions, `request.answer({question: label})`.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    execution_id: str
    control_id: str = Field(description="Of the CLI's request; what an answer names.")
    asks: Asks = Field(description='"permission", "questions", "plan" or "other".')
    tool_name: str = ""
    display_name: str = ""
    input: dict[str, Any] = Field(default_factory=dict, description="Of the tool's call.")
    tool_use_id: str | None = None
    title: str = ""
    description: str = ""
    suggestions: tuple[dict[str, Any], ...] = Field(
        (), description="Rules that the CLI offers to remember; see `Allow.updated_permissions`."
    )
    blocked_path: str | None = Field(None, description="The path that it was stopped at.")
    reason: str = Field("", description="Why the CLI asks.")
    agent_id: str | None = Field(None, description="Of the subagent that asks, if one does.")
    default_to_no: bool = Field(False, description="The CLI advises to offer No first.")
    project_path: str = Field("", description="The folder that Claude works in.")
    time: float = Field(0.0, description="Epoch seconds at which it was asked.")

    @property
    def questions(self) -> tuple[dict[str, Any], ...]:
        """The questions, each with `question`, `options` and `multiSelect`; else empty."""
        given = self.input.get("questions")
        listed = given if isinstance(given, list) else []
        return tuple(one for one in listed if isinstance(one, dict))

    def allow_always(self) -> Allow:
        """Allow it, and have the CLI remember the first, narrowest rule that it suggests."""
        return Allow(updated_permissions=self.suggestions[:1])

    def answer(self, answers: Mapping[str, str | Sequence[str]]) -> Allow:
        """Answer its questions.

        Args:
            answers: for each question's text a label, any text of one's own, or, where several may
                be chosen, a list of them.

        Raises:
            ValueError: it asks no questions, or others.
        """
        asked = [str(one.get("question")) for one in self.questions]
        strangers = [question for question in answers if question not in asked]
        if not asked or strangers:
            said = f"does not ask {strangers[0]!r}" if asked else "asks no questions"
            raise ValueError(f"Request {self.control_id} {said}.")
        told = {
            question: answer if isinstance(answer, str) else _JOINT.join(answer)
            for question, answer in answers.items()
        }
        return Allow(updated_input={**self.input, "answers": told})


Decider = Callable[[PermissionRequest], Answer | Awaitable[Answer]]
"""What `permissions=` takes beside "ask" and "deny"."""


def request_of(event: ControlRequest, execution_id: str, project_path: str) -> PermissionRequest:
    """The request in a frame of the CLI's."""
    body = event.request
    name = body.tool_name or body.server_name or ""
    offered = body.permission_suggestions
    listed = offered if isinstance(offered, list) else []
    asked_by_tool = _ASKED_BY.get(name, "permission")
    given = body.input if body.subtype == "can_use_tool" else event.raw.get("request")
    return PermissionRequest(
        execution_id=execution_id,
        control_id=event.request_id or "",
        asks=asked_by_tool if body.subtype == "can_use_tool" else "other",
        tool_name=name,
        display_name=body.display_name or name,
        input=given if isinstance(given, dict) else {},
        tool_use_id=body.tool_use_id,
        title=body.title or "",
        description=body.description or "",
        suggestions=tuple(one for one in listed if isinstance(one, dict)),
        blocked_path=body.blocked_path,
        reason=body.decision_reason or "",
        agent_id=body.agent_id,
        default_to_no=bool(body.default_to_no),
        project_path=project_path,
        time=event.time,
    )


def decision_of(said: object) -> Decision:
    """What a callable's answer means.

    Raises:
        TypeError: it is none.
    """
    if isinstance(said, (Allow, Deny)):
        return said
    if isinstance(said, bool):
        return Allow() if said else Deny(message=DENIED)
    raise TypeError(f"it returned {type(said).__name__}, not Allow, Deny, True or False")


def response_line(request: PermissionRequest, decision: Decision) -> str:
    """The control response that tells the CLI, one line of JSON."""
    body = _tool_body(request, decision)
    if request.asks == "other":
        body = _other_body(decision)
    response = {"subtype": "success", "request_id": request.control_id, "response": body}
    return json.dumps({"type": "control_response", "response": response}, separators=(",", ":"))


def _tool_body(request: PermissionRequest, decision: Decision) -> dict[str, Any]:
    if isinstance(decision, Deny):
        message = decision.message or DENIED
        return {"behavior": "deny", "message": message, "interrupt": decision.interrupt}
    given = request.input if decision.updated_input is None else decision.updated_input
    body: dict[str, Any] = {"behavior": "allow", "updatedInput": given}
    if decision.updated_input is None and len(json.dumps(given)) > _LARGE_INPUT:
        del body["updatedInput"]
    if decision.updated_permissions:
        body["updatedPermissions"] = list(decision.updated_permissions)
    return body


def _other_body(decision: Decision) -> dict[str, Any]:
    """An elicitation of an MCP server, answered as its protocol says."""
    if isinstance(decision, Deny):
        return {"action": "decline"}
    return {"action": "accept", "content": decision.updated_input or {}}
