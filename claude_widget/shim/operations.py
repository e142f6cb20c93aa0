"""What a kernel may ask over the control socket, each operation checked and carried out.

The rule: every request is answered, and one that cannot be carried out changes nothing. It decides
whose answer to a request of the CLI's counts: the first one, because it is the one process that all
answers pass through. What an operation means for the CLI is the supervisor's.
"""

import json
from collections.abc import Callable
from typing import Any, Protocol

from .closing import Closing
from .ownership import Ownership, as_owner
from .session import Session
from .streams import Input

KILL_REASONS = ("user", "batch", "budget_scope", "close", "sweep")
"""Those of `claude_widget.models`, which cannot be imported here; a test holds the two together."""
_FAILURES = ("startup", "schema", "budget")
"""What a manager may find of an execution that no shim can see."""
ANSWERERS = ("page", "callable", "policy")
"""Who may have decided: a person, the callable of the start, or the manager's own rules."""
_ANSWERS_KEPT = 10_000
_LONGEST_TEXT = 4000

Said = dict[str, Any]


class Supervised(Protocol):
    """What an operation may do."""

    session: Session
    stdin: Input
    closing: Closing
    keep_open: bool

    @property
    def ending(self) -> bool:
        """The CLI is being ended."""

    def meta(self, event: str, **fields: Any) -> None:
        """Append one lifecycle record."""

    def interrupt_line(self) -> bytes:
        """The control request that stops a turn."""

    def closing_may_change(self) -> None:
        """Something that decides when stdin is closed has changed."""

    def kill(self, reason: str, *, error: str = "") -> None:
        """End the execution; the first reason counts."""

    def limit(self, reason: str, *, error: str) -> None:
        """End the execution, which has failed for that reason."""


class Operations:
    """Answers requests for one supervisor."""

    def __init__(self, supervised: Supervised) -> None:
        self._supervised = supervised
        self._answered: dict[str, str] = {}
        self._ownership = Ownership()
        self._known: dict[str, Callable[[Said], Said]] = {
            "status": self._status,
            "kill": self._kill,
            "interrupt": self._interrupt,
            "end": self._end,
            "send": self._send,
            "answer": self._answer,
            "limit": self._limit,
            "adopt": self._adopt,
        }

    def answer(self, request: Said) -> Said:
        """Do what a client of the control socket asks."""
        operation = request.get("op")
        act = self._known.get(operation) if isinstance(operation, str) else None
        if act is None:
            return _refused("unknown_op", f"This shim has no {str(operation)[:100]!r}.")
        return act(request)

    def _status(self, _: Said) -> Said:
        session = self._supervised.session
        return {"ok": True, "state": session.state, "tasks": session.tasks}

    def _kill(self, request: Said) -> Said:
        reason, error = request.get("reason", "user"), request.get("error", "")
        if reason not in KILL_REASONS or not isinstance(error, str):
            return _refused("malformed", "no reason to kill")
        self._supervised.kill(reason, error=error[:_LONGEST_TEXT])
        return {"ok": True}

    def _limit(self, request: Said) -> Said:
        reason, error = request.get("reason"), request.get("error")
        if reason not in _FAILURES or not isinstance(error, str):
            return _refused("malformed", "no reason to fail")
        self._supervised.limit(reason, error=error[:_LONGEST_TEXT])
        return {"ok": True}

    def _interrupt(self, _: Said) -> Said:
        return self._deaf() or self._sent(self._supervised.interrupt_line())

    def _end(self, _: Said) -> Said:
        self._supervised.keep_open = False
        self._supervised.closing.checked = True
        self._supervised.closing_may_change()
        return {"ok": True}

    def _send(self, request: Said) -> Said:
        frame = _frame(request.get("line"))
        if frame is None:
            return _refused("malformed", "line must be one JSON object")
        deaf = self._deaf()
        if deaf:
            return deaf
        said = self._sent(request["line"].encode("utf-8", "replace"))
        if frame.get("type") == "user":
            self._supervised.session.prompt_sent()
            self._supervised.closing_may_change()
        return said

    def _answer(self, request: Said) -> Said:
        request_id, by = request.get("request_id"), request.get("by")
        if not isinstance(request_id, str) or not request_id or by not in ANSWERERS:
            return _refused("malformed", "whose answer is it, and to what?")
        if _frame(request.get("line")) is None:
            return _refused("malformed", "line must be one JSON object")
        before = self._answered.get(request_id)
        if before is not None:
            return {**_refused("answered", "It was answered before."), "by": before}
        deaf = self._deaf()
        if deaf:
            return deaf
        self._answered[request_id] = by
        if len(self._answered) > _ANSWERS_KEPT:
            del self._answered[next(iter(self._answered))]
        note = request.get("note")
        noted = {"note": note[:_LONGEST_TEXT]} if isinstance(note, str) and note else {}
        self._supervised.meta("answered", request_id=request_id, by=by, **noted)
        return self._sent(request["line"].encode("utf-8", "replace"))

    def _adopt(self, request: Said) -> Said:
        owner, name = as_owner(request.get("owner")), request.get("name")
        instead_of = request.get("instead_of")
        if owner is None or not isinstance(instead_of, str):
            return _refused("malformed", "who adopts it, and from whom?")
        if not self._ownership.take(owner, instead_of):
            refused = _refused("owned", "Another manager owns it by now.")
            return {**refused, "owner": self._ownership.owner}
        named = {"name": name[:_LONGEST_TEXT]} if isinstance(name, str) else {}
        self._supervised.meta("adopted", owner=owner, **named)
        return {"ok": True}

    def _deaf(self) -> Said | None:
        if self._supervised.stdin.accepts and not self._supervised.ending:
            return None
        return self._no_more_input()

    def _no_more_input(self) -> Said:
        return _refused("stdin_closed", "The CLI takes no more input.")

    def _sent(self, line: bytes) -> Said:
        self._supervised.stdin.send(line)
        # Only the write shows that a CLI has gone whose end has not been seen yet.
        return {"ok": True} if self._supervised.stdin.open else self._no_more_input()


def _frame(line: object) -> Said | None:
    frame = json.loads(line) if isinstance(line, str) and "\n" not in line else None
    return frame if isinstance(frame, dict) else None


def _refused(code: str, message: str) -> Said:
    return {"ok": False, "code": code, "message": message}
