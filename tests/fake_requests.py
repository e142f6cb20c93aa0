"""What the fake CLI asks of its host, and what it answers to control requests, as 2.1.330 does.

The rule: a mixin of `fake_claude.Fake`, copied beside it; it imports as little. Words in a prompt:

    asks=TOOL       asks for permission to call it, and waits; `asks=AskUserQuestion` has a question
    cancels=TOOL    asks, and takes it back at once
    twice           with asks: another request after the first
    at-once=N       with asks: so many requests before it waits for the first answer
    deep            with asks: an input that is nested 900 deep
    kind=SUBTYPE    with asks: a control request of that kind, and no call of a tool
    servers=A:STATUS,B:STATUS   its MCP servers in init; then=A:STATUS later, by mcp_status
    keeps=EFFORT    takes no other effort
    no-answer       to control requests
"""

from __future__ import annotations

import json
import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

QUESTION = {
    "question": "Which colour?",
    "header": "Colour",
    "multiSelect": False,
    "options": [{"label": "Red", "description": "warm"}, {"label": "Blue", "description": "cold"}],
}
INPUTS: dict[str, Any] = {
    "Bash": {"command": "touch a.txt", "description": "Make a file"},
    "AskUserQuestion": {"questions": [QUESTION]},
    "ExitPlanMode": {"plan": "# The plan\n\nDo it."},
}
RULE = {
    "type": "addRules",
    "rules": [{"toolName": "Bash", "ruleContent": "touch a.txt"}],
    "behavior": "allow",
    "destination": "localSettings",
}


MODELS = [
    {
        "value": "default",
        "displayName": "Default (recommended)",
        "description": "The default",
        "supportsEffort": True,
        "supportedEffortLevels": ["low", "high", "none-such"],
    },
    {"value": "opus", "displayName": "Opus"},
    {"value": "sonnet", "displayName": "Sonnet"},
]


class Interrupted(Exception):
    """A control request asked the turn to stop."""


class Requests:
    """Control requests in both directions. `answers` is what came for ours, by request id."""

    def __init__(self) -> None:
        self.answers: dict[str, Any] = {}
        self.asked = 0
        self.mode = "default"
        self.effort: str | None = None

    if TYPE_CHECKING:
        words: dict[str, str]
        code: int
        model: str
        in_turn: bool

        def frame(self, frame: dict[str, Any]) -> None: ...
        def said(self, kind: str, **fields: object) -> None: ...
        def state(self, state: str) -> None: ...
        def pause(self, seconds: float) -> None: ...
        def assistant(self, block: dict[str, Any]) -> dict[str, Any]: ...
        def user(self, content: object) -> dict[str, Any]: ...
        def told_cost(self) -> str: ...

    def control(self, request_id: str, request: dict[str, Any]) -> bool:
        """Answer a control request of ours; whether it stops the turn."""
        subtype = request["subtype"]
        if "no-answer" in self.words:
            return False
        told: dict[str, Any] = {"subtype": "success", "request_id": request_id}
        try:
            told["response"] = self.carry_out(subtype, request)
        except ValueError as error:
            told = {"subtype": "error", "request_id": request_id, "error": str(error)}
        self.frame({"type": "control_response", "response": told})
        if subtype == "end_session":
            os._exit(self.code)
        return subtype == "interrupt" and self.in_turn

    def carry_out(self, subtype: str, request: dict[str, Any]) -> Any:
        """What is answered; ValueError with what the CLI says to what it refuses."""
        change = getattr(self, "set_" + subtype.removeprefix("set_"), None)
        if change is not None:
            return change(request)
        answers = {
            "initialize": {"commands": [], "agents": [], "models": MODELS, "pid": os.getpid()},
            "interrupt": {"still_queued": []},
            "get_settings": {"applied": {"effort": self.words.get("keeps", self.effort)}},
            "mcp_status": {"mcpServers": self.servers(self.words.get("then", "files:connected"))},
            "stop_task": {},
            "get_session_cost": {"text": self.told_cost()},
            "end_session": {},
        }
        if subtype not in answers:
            raise ValueError(f"Unsupported control request subtype: {subtype}")
        return answers[subtype]

    def set_model(self, request: dict[str, Any]) -> dict[str, str]:
        if request["model"] == "none-such":
            raise ValueError("Model 'none-such' not found")
        self.model = request["model"]
        return {"model": self.model}

    def set_permission_mode(self, request: dict[str, Any]) -> dict[str, str]:
        self.mode = request["mode"]
        return {"mode": self.mode}

    def set_apply_flag_settings(self, request: dict[str, Any]) -> None:
        self.effort = request["settings"].get("effortLevel")

    def set_mcp_reconnect(self, request: dict[str, Any]) -> None:
        if request["serverName"] == "none-such":
            raise ValueError("Server not found: none-such")

    @staticmethod
    def servers(told: str) -> list[dict[str, str]]:
        """MCP servers of a word: `a:connected,b:pending`."""
        pairs = (one.partition(":") for one in told.split(",") if one)
        return [{"name": name, "status": status} for name, _, status in pairs]

    def do_asks(self, tool: str) -> None:
        """Ask for each, and tell in the result what was said."""
        if "at-once" in self.words:
            told = self.ask_at_once(tool or "Bash", int(self.words["at-once"]))
        else:
            told = [self.ask(tool or "Bash") for _ in range(1 + ("twice" in self.words))]
        self.words["told"] = json.dumps(told[0] if len(told) == 1 else told)

    def do_cancels(self, tool: str) -> None:
        """Ask, and take it back."""
        request_id = self.request(tool or "Bash")
        self.frame({"type": "control_cancel_request", "request_id": request_id})
        self.state("running")

    def request(self, tool: str) -> str:
        """Print one request; its id."""
        self.asked += 1
        request_id = f"ask-{self.asked}"
        given = INPUTS.get(tool, {"given": "x"})
        if "deep" in self.words:
            given = {"command": json.loads("[" * 900 + "]" * 900)}
        call = {"type": "tool_use", "id": f"toolu_ask_{self.asked}", "name": tool, "input": given}
        self.frame(self.assistant(call))
        body = {
            "subtype": "can_use_tool",
            "tool_name": tool,
            "display_name": tool,
            "input": given,
            "permission_suggestions": [RULE] if tool == "Bash" else [],
            "decision_reason": "This command requires approval",
            "tool_use_id": call["id"],
        }
        if "kind" in self.words:
            body = {"subtype": self.words["kind"], "mcp_server_name": "files", "message": "Name?"}
        self.state("requires_action")
        self.frame({"type": "control_request", "request_id": request_id, "request": body})
        return request_id

    def ask_at_once(self, tool: str, count: int) -> list[Any]:
        """Ask many times, then wait for all answers."""
        asked = [self.request(tool) for _ in range(count)]
        return [self.answer_to(request_id) for request_id in asked]

    def answer_to(self, request_id: str) -> Any:
        """Wait for the answer."""
        while request_id not in self.answers:
            self.pause(0.01)
        return self.answers[request_id]

    def ask(self, tool: str) -> Any:
        """Ask, and wait for the answer."""
        said = self.answer_to(self.request(tool))
        self.state("running")
        denied = said.get("behavior") != "allow"
        done = {"tool_use_id": f"toolu_ask_{self.asked}", "type": "tool_result"}
        text = said.get("message", "") if denied else "done"
        self.frame(self.user([{**done, "content": text, "is_error": denied}]))
        return said
