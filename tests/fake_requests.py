"""What the fake CLI asks of its host, and what it answers to control requests, as 2.1.330 does.

The rule: a mixin of `fake_claude.Fake`, copied beside it; it imports as little. Words in a prompt:

    asks=TOOL       asks for permission to call it, and waits; `asks=AskUserQuestion` has a question
    cancels=TOOL    asks, and takes it back at once
    twice           with asks: another request after the first
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
        self.settings: dict[str, Any] = {}

    if TYPE_CHECKING:
        words: dict[str, str]
        code: int
        in_turn: bool

        def frame(self, frame: dict[str, Any]) -> None: ...
        def said(self, kind: str, **fields: object) -> None: ...
        def state(self, state: str) -> None: ...
        def pause(self, seconds: float) -> None: ...
        def assistant(self, block: dict[str, Any]) -> dict[str, Any]: ...
        def user(self, content: object) -> dict[str, Any]: ...

    def control(self, request_id: str, request: dict[str, Any]) -> None:
        """Answer a control request of ours."""
        subtype = request["subtype"]
        self.settings.update(request.get("settings", {}))
        answers: dict[str, Any] = {
            "initialize": {"commands": [], "agents": [], "models": MODELS, "pid": os.getpid()},
            "interrupt": {"still_queued": []},
            "end_session": {},
            "set_model": None,
            "set_permission_mode": {"mode": request.get("mode")},
            "apply_flag_settings": None,
            "get_settings": {"applied": {"effort": self.settings.get("effortLevel")}},
            "mcp_status": {"mcpServers": [{"name": "files", "status": "connected"}]},
            "mcp_reconnect": None,
            "stop_task": {},
        }
        told = {"subtype": "success", "request_id": request_id, "response": answers.get(subtype)}
        if subtype not in answers:
            error = f"Unsupported control request subtype: {subtype}"
            told = {"subtype": "error", "request_id": request_id, "error": error}
        self.frame({"type": "control_response", "response": told})
        if subtype == "end_session":
            os._exit(self.code)
        if subtype == "interrupt" and self.in_turn:
            raise Interrupted

    def do_asks(self, tool: str) -> None:
        """Ask for each, and tell in the result what was said."""
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
        self.state("requires_action")
        self.frame({"type": "control_request", "request_id": request_id, "request": body})
        return request_id

    def ask(self, tool: str) -> Any:
        """Ask, and wait for the answer."""
        request_id = self.request(tool)
        while request_id not in self.answers:
            self.pause(0.01)
        said = self.answers[request_id]
        self.state("running")
        denied = said.get("behavior") != "allow"
        done = {"tool_use_id": f"toolu_ask_{self.asked}", "type": "tool_result"}
        text = said.get("message", "") if denied else "done"
        self.frame(self.user([{**done, "content": text, "is_error": denied}]))
        return said
