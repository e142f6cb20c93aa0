"""Since when the CLI has been silent while it had nothing to wait for but the model.

The rule: it looks into whole lines of stdout for tool calls and their results, and only while there
is a limit. What is no stall, however long it takes: an open request (the user is thinking), an open
tool call or a background task (a build runs), and a turn that is over (see `watch`).
"""

import json
import re

from .session import Session

_CALL = b'"tool_use"'
_RESULT = b'"tool_result"'
"""A request for permission and a task's progress name a call by its id, too, and do not end it."""
_RESULT_OF = re.compile(rb'"tool_use_id": ?"([^"\\]{1,200})"')
_LONGEST = 1 << 20
"""Bytes of the longest call that is decoded: what writes so long a file is done at once."""
_MOST = 1000
_SOON = 0.1
"""Of the bound, after which it is seen whether a CLI that was stopped goes on."""


class Stall:
    """Counts the seconds of silence.

    Args:
        bound: seconds of silence that are allowed, or None.
        now: seconds.

    Attributes:
        held: it was stopped when it was looked at last.
    """

    def __init__(self, bound: float | None, now: float) -> None:
        self.bound = bound
        self.held = False
        self._since: float | None = now
        self._calls: dict[str, None] = {}

    def heard(self, now: float, lines: bytes = b"") -> None:
        """There was output.

        Args:
            now: seconds.
            lines: whole lines of stdout among it.
        """
        self._since, self.held = now, False
        if self.bound is None or (_CALL not in lines and _RESULT not in lines):
            return
        for line in lines.split(b"\n"):
            if _CALL in line:
                self._calls.update(dict.fromkeys(_calls(line)))
            for found in _RESULT_OF.findall(line) if _RESULT in line else ():
                self._calls.pop(found.decode("utf-8", "replace"), None)
        while len(self._calls) > _MOST:
            del self._calls[next(iter(self._calls))]

    def hold(self, now: float) -> None:
        """Somebody has stopped the CLI: look again soon, and count anew once it goes on."""
        assert self.bound is not None
        self._since, self.held = now - self.bound * (1 - _SOON), True

    def due(self, session: Session, now: float) -> float | None:
        """When it will have been silent for too long; None while it waits for something."""
        if session.turn_over:
            self._calls.clear()
        waits = session.turn_over or session.state == "requires_action"
        if self.bound is None or waits or session.tasks or self._calls:
            self._since = None  # the silence begins when it has nothing to wait for any more
            return None
        if self._since is None:
            self._since = now
        return self._since + self.bound


def _calls(line: bytes) -> list[str]:
    """Ids of the tool calls of an assistant's message."""
    if len(line) > _LONGEST:
        return []
    try:
        frame = json.loads(line)
        blocks = frame["message"]["content"] if frame["type"] == "assistant" else []
        return [str(block["id"]) for block in blocks if block["type"] == "tool_use"]
    except (ValueError, RecursionError, LookupError, TypeError):
        return []
