"""Tells from the CLI's own frames when its session is idle, so that stdin may be closed.

The rule: it decodes two short frames, `session_state_changed` and `background_tasks_changed`,
and, only while a CLI has not told its state, `result`. No files, no clock, no processes. An
agent's text cannot forge these frames: inside a JSON string its quotes are escaped, and only a
whole line counts.
"""

import json

_STATE = b"session_state_changed"
_TASKS = b"background_tasks_changed"
_RESULT = b'"result"'
_SAYS_RESULT = (b'"type":"result"', b'"type": "result"')
_LONGEST = 1 << 20
"""Bytes of the longest such frame that is decoded; a list of tasks is a few kilobytes."""
_LONG = 1 << 16
"""Bytes from which a line may have come in pieces, of which only the ends are seen here."""


class Session:
    """What the shim knows of the CLI's session.

    Attributes:
        state: "idle", "running" or "requires_action" as the CLI said, or None while it has not.
        tasks: background tasks that are alive.
        results: results since the last prompt was sent.
    """

    def __init__(self) -> None:
        self.state: str | None = None
        self.tasks = 0
        self.results = 0

    def prompt_sent(self) -> None:
        """A user message went to stdin: there is a turn to come."""
        self.results = 0
        if self.state is not None:
            self.state = "running"

    def feed(self, lines: bytes) -> bool:
        """Look through whole lines of stdout; True if anything that matters was among them."""
        by_result = self.state is None and _RESULT in lines
        if not by_result and _STATE not in lines and _TASKS not in lines:
            return False
        seen = False
        for line in lines.split(b"\n"):
            if _STATE in line or _TASKS in line:
                seen = self._decode(line) or seen
            elif self.state is None and _RESULT in line and _is_result(line):
                self.results += 1
                seen = True
        return seen

    def _decode(self, line: bytes) -> bool:
        frame = _frame(line)
        if frame.get("type") != "system":
            return False
        if frame.get("subtype") == "session_state_changed":
            state = frame.get("state")
            self.state = state if isinstance(state, str) else self.state
            return True
        if frame.get("subtype") == "background_tasks_changed":
            tasks = frame.get("tasks")
            self.tasks = len(tasks) if isinstance(tasks, list) else self.tasks
            return True
        return False

    @property
    def turn_over(self) -> bool:
        """The turn has its result, and the session waits for input.

        The CLI says idle only after a result (measured, 2.1.330), and before the first prompt it
        says nothing. A CLI that does not report its state is taken at its result.
        """
        return self.results > 0 if self.state is None else self.state == "idle"

    @property
    def idle(self) -> bool:
        """The turn is over and no background task lives: closing stdin loses nothing."""
        return self.turn_over and self.tasks == 0


def _frame(line: bytes) -> dict[str, object]:
    if len(line) > _LONGEST:
        return {}
    try:
        frame = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return frame if isinstance(frame, dict) else {}


def _is_result(line: bytes) -> bool:
    """Whether it is a result; of a line that came in pieces, that it says so has to do."""
    frame = _frame(line)
    if frame:
        return frame.get("type") == "result"
    return len(line) >= _LONG or any(said in line for said in _SAYS_RESULT)
