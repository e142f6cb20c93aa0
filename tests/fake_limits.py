"""What the fake CLI hears of the API's limits, and what it says its turn costs, as 2.1.330 does.

The rule: a mixin of `fake_claude.Fake`, copied beside it; it imports as little. Words in a prompt:

    warns             the account's limit is near
    retries=STATUS    a call is refused so, and is made again
    limit=SECONDS     the account's limit refuses, until in so many seconds; not once it is resumed;
                      with limits=TYPE that one, in place of five_hour
    refuses=STATUS    the API refuses so; with refused=N the first N of this folder only
    costs=USD         of the turn, in place of half a cent, as soon as it begins; a resumed
                      session goes on from there
"""

# ruff: noqa: PTH103, PTH110, PTH118
# As in fake_claude.

from __future__ import annotations

import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

COST = 0.005
_KINDS = {
    401: ("authentication_failed", "authentication_error"),
    429: ("rate_limit", "rate_limit_error"),
    529: ("overloaded", "overloaded_error"),
}


def _costs(session_id: str) -> str:
    return os.path.join(os.environ["HOME"], "fake-costs", session_id)


class Refused(Exception):
    """The API has refused for good; the fields of the result that says so."""

    def __init__(self, said: str, status: int, kind: str) -> None:
        super().__init__(said)
        self.fields: dict[str, Any] = {
            "is_error": True,
            "api_error_status": status,
            "api_error_type": kind,
            "terminal_reason": "api_error",
        }


class Limits:
    """Refusals, and money."""

    def __init__(self) -> None:
        super().__init__()
        self.spent = 0.0

    if TYPE_CHECKING:
        words: dict[str, str]
        session_id: str

        def said(self, kind: str, **fields: object) -> None: ...
        def frame(self, frame: dict[str, Any]) -> None: ...
        def assistant(self, block: dict[str, Any]) -> dict[str, Any]: ...

    def spends(self) -> float:
        """What this turn costs, which counts from now on."""
        cost = float(self.words.get("costs") or COST)
        self.spent += cost
        if "costs" in self.words:
            os.makedirs(_costs(""), exist_ok=True)
            with open(_costs(self.session_id), "w", encoding="ascii") as file:
                file.write(repr(self.spent))
        return cost

    def restore_cost(self) -> None:
        """Go on from what the session had cost."""
        if os.path.exists(_costs(self.session_id)):
            with open(_costs(self.session_id), encoding="ascii") as file:
                self.spent = float(file.read())

    def told_cost(self) -> str:
        """What is answered to whoever asks what the session has cost."""
        digits = 2 if self.spent > 0.5 else 4
        return f"Estimated cost:        ${self.spent:.{digits}f}\nTotal duration (API):  0s\n"

    def limited(self, status: str, **more: object) -> None:
        which = self.words.get("limits") or "five_hour"
        info = {"status": status, "rateLimitType": which, **more}
        self.said("rate_limit_event", rate_limit_info=info)

    def refused(self, said: str, status: int) -> Refused:
        kind, type_ = _KINDS.get(status, ("server_error", "api_error"))
        self.frame({**self.assistant({"type": "text", "text": said}), "error": kind})
        return Refused(said, status, type_)

    def do_warns(self, _: str) -> None:
        self.limited("allowed_warning", resetsAt=time.time() + 3600, utilization=0.9)

    def do_retries(self, status: str) -> None:
        attempt = {"attempt": 1, "max_retries": 10, "retry_delay_ms": 500}
        kind = _KINDS.get(int(status), ("server_error", ""))[0]
        self.said("system", subtype="api_retry", **attempt, error_status=int(status), error=kind)

    def do_limit(self, seconds: str) -> None:
        if any(argument.startswith("--resume") for argument in sys.argv):
            return
        self.limited("rejected", resetsAt=time.time() + float(seconds), overageStatus="rejected")
        raise self.refused("You've hit your limit", 429)

    def do_refuses(self, status: str) -> None:
        times = int(self.words.get("refused") or 1 << 30)
        with open("refused", "a+", encoding="utf-8") as counted:
            if counted.seek(0, os.SEEK_END) >= times:
                return
            counted.write("x")
        raise self.refused(f"API Error: {status}", int(status))
