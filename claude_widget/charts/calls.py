"""When an execution called its tools, read from its transcript as that grows.

The rule: bounded in memory, whatever an agent does; of a call's input it keeps what says the most
of it. What was read is not read again. The CLI's frames have no times of their own that hold for
calls: those of the transcript's records count, which are when they arrived.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from claude_widget.blocks import ToolBlock, read_call, summarize
from claude_widget.errors import TranscriptError
from claude_widget.events import NEUTRAL_PREFIX, Assistant, Event, User, parse
from claude_widget.transcript import Follower

MOST_CALLS = 20_000
NAME_CHARACTERS = 60
SUBJECT_CHARACTERS = 100
_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")


class CallSpan(NamedTuple):
    """When a tool was called, and when its result came.

    Attributes:
        name: of the tool, at most 60 characters.
        subject: what it was about, in the agent's words (a path, a command), at most 100.
        start_time: epoch seconds of the call.
        end_time: epoch seconds of its result, or None while there is none.
        is_error: the result was an error.
        nested: a subagent made it.
    """

    name: str
    subject: str
    start_time: float
    end_time: float | None = None
    is_error: bool = False
    nested: bool = False


class CallReader:
    """Reads the calls of one transcript. Safe from any thread.

    Args:
        transcript: its path.
        project_path: the folder to which paths are told.
        redact: takes secrets out of a value of JSON, where what is read is to be saved.

    Attributes:
        left_out: how many calls there were beyond 20,000.
    """

    def __init__(
        self,
        transcript: Path,
        project_path: str = "",
        redact: Callable[[Any], Any] | None = None,
    ) -> None:
        self.left_out = 0
        self._cwd = project_path
        self._redact = redact
        self._follower = Follower(transcript)
        self._follower.parser.skip = NEUTRAL_PREFIX
        self._lock = threading.Lock()
        self._found: dict[str, CallSpan] = {}

    def read(self) -> tuple[CallSpan, ...]:
        """All calls by now, in order; those that could be read, if the transcript is damaged."""
        with self._lock:
            more = True
            try:
                with suppress(OSError, TranscriptError):
                    while more:
                        records, more = self._follower.read()
                        for record in records:
                            self._take(parse(record))
            finally:
                self._follower.close()
            return tuple(self._found.values())

    def _take(self, event: Event) -> None:
        if isinstance(event, Assistant):
            for block in event.message.content:
                if block.type in _CALLS:
                    self._begin(block.id or "", block.name or "tool", block.input, event)
        elif isinstance(event, User):
            for block in event.message.content:
                begun = self._found.get(block.tool_use_id or "")
                if begun is not None and begun.end_time is None:
                    ended = begun._replace(end_time=event.time, is_error=bool(block.is_error))
                    self._found[block.tool_use_id or ""] = ended

    def _begin(self, call: str, name: str, given: object, event: Assistant) -> None:
        if call in self._found:
            return
        if len(self._found) >= MOST_CALLS:
            self.left_out += 1
            return
        if self._redact is not None:  # before anything is cut: a part of a secret is one, too
            name, given = self._redact(name), self._redact(given)
        told = ToolBlock(call, name, given if isinstance(given, dict) else {})
        subject = summarize(read_call(told, self._cwd)).subject[:SUBJECT_CHARACTERS]
        self._found[call] = CallSpan(
            name[:NAME_CHARACTERS], subject, event.time, nested=bool(event.parent_tool_use_id)
        )


def longest(spans: tuple[CallSpan, ...], most: int) -> tuple[CallSpan, ...]:
    """At most so many of them, in their order; what still runs counts as the longest."""
    if len(spans) <= most:
        return spans
    lengths = [math.inf if one.end_time is None else one.end_time - one.start_time for one in spans]
    by_length = sorted(range(len(spans)), key=lambda index: -lengths[index])
    return tuple(spans[index] for index in sorted(by_length[:most]))
