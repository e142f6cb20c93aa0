"""What was said to an execution while it was recorded: follow-ups, interrupts, its end of input.

The rule: it reads a recording's lines and keeps what has been asked for again. It writes nothing:
what was said then is in the recording, and the answers to it are, too.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

from claude_widget.events import Record

_ENDED_FROM_OUTSIDE = (b'meta {"event":"kill"', b'meta {"event":"limit"')

_OURS = ("in", "meta")


class _Line(NamedTuple):
    """One thing that was said: which operation asks for it, with which text, at which line."""

    operation: str
    text: str
    at: int


class Said:
    """What was said, in order, and how much of it has been asked for again.

    Args:
        lines: of the recording, `<stream> <data>` each.
        keep_open: its caller has asked it to stay for follow-ups.
        typed: which of what was said a person has typed on a page, counted from 0.

    Attributes:
        at: the line that is played next.
        stops: lines that wait for what the caller said then.
        typed: those of them that nobody need say again.
    """

    def __init__(
        self, lines: Sequence[bytes], *, keep_open: bool, typed: Collection[int] = ()
    ) -> None:
        self.at = 0
        spoken = _spoken(lines)
        self.typed = frozenset(one.at for number, one in enumerate(spoken) if number in typed)
        self._left = [one for one in spoken if keep_open or one.operation != "end"]
        self.stops = frozenset(one.at for one in self._left) if keep_open else frozenset()
        self._taken: set[int] = set()

    @property
    def left(self) -> bool:
        """Something was said then that nobody has asked for yet."""
        return bool(self._left)

    @property
    def was_said(self) -> bool:
        """What the next line has was asked for again."""
        return self.at in self._taken

    @property
    def next_said(self) -> str:
        """The follow-up that was sent then and not yet again; empty if there is none."""
        return next((one.text for one in self._to_be_said if one.operation == "send"), "")

    @property
    def _to_be_said(self) -> list[_Line]:
        return [one for one in self._left if one.at not in self.typed]

    def take(self, operation: str, line: str) -> bool:
        """Whether that was said then and not yet again; the first of its kind counts.

        What was typed then may be said again whenever somebody likes.
        """
        asked = operation, prompt_of(_frame(line)) or ""
        first = next((one for one in self._to_be_said if one.operation == operation), None)
        may_be = [one for one in self._left if one is first or one.at in self.typed]
        found = next((one for one in may_be if (one.operation, one.text) == asked), None)
        if found is None:
            return False
        self._left.remove(found)
        self._taken.add(found.at)
        return True


def typed_in(records: Iterable[Record], by_page: Sequence[bool]) -> list[int]:
    """Which of what was said to an execution a person has typed on a page, counted from 0.

    Args:
        records: of the execution.
        by_page: of each thing that its manager has passed on; where others have said something as
            well, nobody knows which is which, and none counts as typed.
    """
    lines = [f"{one.stream} ".encode() + one.data for one in records if one.stream in _OURS]
    alike = len(_spoken(lines)) == len(by_page)
    return [number for number, typed in enumerate(by_page) if alike and typed]


def not_printed(lines: Sequence[bytes]) -> list[tuple[int, bytes]]:
    """The few lines that no CLI has printed, each with its number."""
    return [one for one in enumerate(lines) if not one[1].startswith((b"out", b"err"))]


def _spoken(lines: Sequence[bytes]) -> list[_Line]:
    """All that was said after the first prompt, and before it was ended from outside."""
    said: list[_Line] = []
    prompts = 0
    for at, line in not_printed(lines):
        if line.startswith(_ENDED_FROM_OUTSIDE):  # what follows is the shim's doing
            break
        if line.startswith(b'meta {"event":"stdin_closed"'):
            said.append(_Line("end", "", at))
        if not line.startswith(b"in {"):
            continue
        frame = _frame(line[3:])
        text = prompt_of(frame)
        if text is not None:
            prompts += 1
            if prompts > 1:
                said.append(_Line("send", text, at))
        elif _subtype(frame) == "interrupt":
            said.append(_Line("interrupt", "", at))
    return said


def prompt_of(frame: dict[str, Any]) -> str | None:
    """The text of a prompt; None of any other frame."""
    if frame.get("type") != "user":
        return None
    message = frame.get("message")
    content = message.get("content") if isinstance(message, dict) else None
    if isinstance(content, str):
        return content
    blocks = content if isinstance(content, list) else []
    texts = [one.get("text") for one in blocks if isinstance(one, dict)]
    return "\n".join(text for text in texts if isinstance(text, str))


def _subtype(frame: dict[str, Any]) -> str:
    request = frame.get("request")
    return str(request.get("subtype")) if isinstance(request, dict) else ""


def _frame(line: str | bytes) -> dict[str, Any]:
    try:
        frame = json.loads(line or "{}")
    except (ValueError, RecursionError):
        return {}
    return frame if isinstance(frame, dict) else {}
