"""What the CLI asks of a person, and what may be answered.

The rule: models and their translation, both ways; pure. From a control request of the CLI to a
`PermissionRequest`, from a decision to the control response. Who decides, and when, is `broker`'s.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from claude_widget.errors import InvalidRequest
from claude_widget.events import ControlRequest
from claude_widget.models import Asks
from claude_widget.protocol import Allow, Deny

Decision = Allow | Deny
Answer = Allow | Deny | bool
"""What a callable may return; True allows the call as it is, False denies it."""

DENIED = "The user did not permit this."
_ASKED_BY: dict[str, Asks] = {"AskUserQuestion": "questions", "ExitPlanMode": "plan"}
_DIALOG = "request_user_dialog"
_JOINT = ", "
_LARGE_INPUT = 1 << 20
"""Characters of an input that is not repeated: 2.1.330 keeps its own then, earlier ones may not."""
_SURROGATES = re.compile("[\ud800-\udfff]")
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
    name = body.tool_name or body.mcp_server_name or ""
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
        title=body.title or body.message or "",
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
    """The control response that tells the CLI, one line of JSON.

    Raises:
        InvalidRequest: the answer is not JSON, or too long.
    """
    body = _tool_body(request, decision)
    if request.asks == "other":
        body = _other_body(request, decision)
    response = {"subtype": "success", "request_id": request.control_id, "response": body}
    try:
        line = _encode({"type": "control_response", "response": response})
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"The answer is not JSON: {error}.", field="updated_input") from None
    if len(line) > LONGEST_ANSWER:
        raise InvalidRequest(
            f"The answer has {len(line):,} bytes; the CLI takes at most {LONGEST_ANSWER:,}.",
            field="updated_input",
        )
    return line


def refusal_line(control_id: str, subtype: str) -> str:
    """The control response to a request of a kind that nobody here can answer."""
    said = f"Unsupported control request subtype: {subtype}"
    response = {"subtype": "error", "request_id": control_id, "error": said}
    return _encode({"type": "control_response", "response": response})


def check_rules(request: PermissionRequest, decision: Decision) -> None:
    """A person accepts what the CLI has suggested, and nothing beyond.

    Raises:
        InvalidRequest: a rule was not among the suggestions.
    """
    rules = decision.updated_permissions if isinstance(decision, Allow) else ()
    if any(rule not in request.suggestions for rule in rules):
        raise InvalidRequest(
            "Only rules that the CLI has suggested can be accepted for good.",
            field="updated_permissions",
            hint="Take them from the request's suggestions.",
        )


def _encode(frame: dict[str, Any]) -> str:
    """As ASCII; a lone surrogate, which would brick the CLI's session, is replaced."""
    line = json.dumps(frame, separators=(",", ":"), allow_nan=False)
    if "\\ud" not in line:
        return line
    plain = json.dumps(frame, ensure_ascii=False)
    return json.dumps(json.loads(_SURROGATES.sub("\ufffd", plain)), separators=(",", ":"))


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


def _other_body(request: PermissionRequest, decision: Decision) -> dict[str, Any]:
    """An MCP server's question or a dialog of the CLI's, answered as each expects it."""
    content = decision.updated_input or {} if isinstance(decision, Allow) else None
    if request.input.get("subtype") == _DIALOG:
        if content is None:
            return {"behavior": "cancelled"}
        return {"behavior": "completed", "result": content}
    return {"action": "decline"} if content is None else {"action": "accept", "content": content}
