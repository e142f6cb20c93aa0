"""What the history keeps of one execution that has ended: its figures, and the text to be searched.

The rule: an entry comes from one read of the transcript through the fold, and from nothing else, so
that whoever makes it, at the end of the execution or years later, makes the same one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from claude_widget.errors import InvalidTransition
from claude_widget.events import (
    NEUTRAL_PREFIX,
    Assistant,
    Block,
    Event,
    Record,
    SentMessage,
    User,
    parse,
)
from claude_widget.models import ExecutionInfo
from claude_widget.state import State, reduce
from claude_widget.transcript import Follower

LONGEST_TEXT = 1_000_000
"""Characters of a query, of a result, and of all inputs together, that can be found."""
_ERROR_CHARACTERS = 500
_CALLS = ("tool_use", "server_tool_use", "mcp_tool_use")


class HistoryEntry(NamedTuple):
    """One execution in the history.

    Attributes:
        execution_id: its UUID4.
        name: what people call it, or None.
        status: completed, failed or killed.
        reason: why it ended.
        project_path: the folder that it worked in, absolute.
        model: as the CLI has told it, or as it was asked for.
        session_id: its session, or None.
        resumed_from: the execution whose session it resumed, or None.
        cli_version: of Claude Code, or None.
        created_time: epoch seconds of the request.
        start_time: epoch seconds of the CLI's start, or None.
        end_time: epoch seconds of the end, or None.
        cost_usd: US dollars, or None; what a recording had cost, if `recorded`.
        input_tokens: tokens, as are the next three.
        output_tokens: of all messages.
        cache_creation_input_tokens: written to the cache.
        cache_read_input_tokens: read from it.
        num_turns: as the CLI has told, or None.
        tool_count: calls of tools.
        recorded: it was played from a recording, at no cost.
        error: the last error, at most 500 characters; empty if there was none.
        size: bytes of the transcript.
        query: the prompt.
        result: the final text; the structured output as JSON where there is no text.
        inputs: its name, follow-ups and what its tools were called with, a line each.
        pinned: retention keeps it.
    """

    execution_id: str
    name: str | None
    status: str
    reason: str
    project_path: str
    model: str | None
    session_id: str | None
    resumed_from: str | None
    cli_version: str | None
    created_time: float
    start_time: float | None
    end_time: float | None
    cost_usd: float | None
    input_tokens: int
    output_tokens: int
    cache_creation_input_tokens: int
    cache_read_input_tokens: int
    num_turns: int | None
    tool_count: int
    recorded: bool
    error: str
    size: int
    query: str
    result: str
    inputs: str
    pinned: bool = False

    @property
    def duration(self) -> float | None:
        """Seconds from the CLI's start to the end, or None if it never started."""
        if self.start_time is None or self.end_time is None:
            return None
        return self.end_time - self.start_time


class ToolCall(NamedTuple):
    """One call of a tool.

    Attributes:
        execution_id: of the execution that made it.
        tool_use_id: of the call.
        name: of the tool.
        input: what it was called with.
        start_time: epoch seconds of the call.
        end_time: epoch seconds of its result, or None if there was none.
        is_error: the result was an error; None without a result.
        parent_tool_use_id: the call whose subagent made it, or None.
    """

    execution_id: str
    tool_use_id: str
    name: str
    input: Any
    start_time: float
    end_time: float | None = None
    is_error: bool | None = None
    parent_tool_use_id: str | None = None


def read_entry(execution_id: str, transcript: Path, *, pinned: bool = False) -> HistoryEntry | None:
    """The entry of an execution; None while it has not ended.

    Raises:
        OSError, TranscriptError: the transcript cannot be read.
    """
    info, inputs = fold(execution_id, transcript)
    if not info.status.ended:
        return None
    return entry_of(info, inputs, transcript.stat().st_size, pinned=pinned)


def fold(execution_id: str, transcript: Path) -> tuple[ExecutionInfo, str]:
    """What a transcript folds to, and what was put in after the query; read once.

    Raises:
        OSError, TranscriptError: it cannot be read.
    """
    state = State.initial(execution_id)
    inputs = _Inputs()
    for record in without_partials(transcript):
        event = parse(record)
        inputs.add(event)
        with suppress(InvalidTransition):
            state = reduce(state, event)
    info = state.info
    return info, inputs.text(info.name)


def entry_of(info: ExecutionInfo, inputs: str, size: int, *, pinned: bool = False) -> HistoryEntry:
    """The entry of what a whole transcript folds to, with what was put in."""
    usage = info.usage
    return HistoryEntry(
        execution_id=info.execution_id,
        name=info.name,
        status=str(info.status),
        reason=str(info.reason or ""),
        project_path=info.project_path,
        model=info.model,
        session_id=info.session_id,
        resumed_from=info.resumed_from,
        cli_version=info.cli_version,
        created_time=info.created_time or 0.0,
        start_time=info.start_time,
        end_time=info.end_time,
        cost_usd=info.cost_usd,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cache_creation_input_tokens=usage.cache_creation_input_tokens,
        cache_read_input_tokens=usage.cache_read_input_tokens,
        num_turns=info.num_turns,
        tool_count=sum(info.tool_counts.values()),
        recorded=info.recorded,
        error=info.errors[-1][:_ERROR_CHARACTERS] if info.errors else "",
        size=size,
        query=info.query[:LONGEST_TEXT],
        result=_result_of(info)[:LONGEST_TEXT],
        inputs=inputs[:LONGEST_TEXT],
        pinned=pinned,
    )


def tool_calls_of(execution_id: str, transcript: Path) -> list[ToolCall]:
    """The calls of tools in a transcript, in order.

    Raises:
        OSError, TranscriptError: it cannot be read.
    """
    found: dict[str, ToolCall] = {}
    for record in without_partials(transcript):
        event = parse(record)
        if isinstance(event, Assistant):
            for block in _calls_in(event):
                call = ToolCall(
                    execution_id, block.id or "", block.name or "", block.input, event.time
                )
                parent = event.parent_tool_use_id
                found.setdefault(call.tool_use_id, call._replace(parent_tool_use_id=parent))
        elif isinstance(event, User):
            for block in event.message.content:
                begun = found.get(block.tool_use_id or "")
                if begun is not None and begun.end_time is None:
                    ended = begun._replace(end_time=event.time, is_error=bool(block.is_error))
                    found[begun.tool_use_id] = ended
    return list(found.values())


def without_partials(transcript: Path) -> Iterator[Record]:
    """The records of a transcript, less the partial messages, which change no state.

    Raises:
        OSError, TranscriptError: it cannot be read.
    """
    follower = Follower(transcript)
    follower.parser.skip = NEUTRAL_PREFIX
    more = True
    try:
        while more:
            records, more = follower.read()
            yield from records
        yield from follower.parser.finish()
    finally:
        follower.close()


class _Inputs:
    """What was put into an execution after its query: follow-ups, and its tools' inputs."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._size = 0
        self._known: set[str] = set()
        self._prompts = 0

    def add(self, event: Event) -> None:
        if self._size > LONGEST_TEXT:
            return
        if isinstance(event, Assistant):
            for block in _calls_in(event):
                if block.id not in self._known:
                    self._known.add(block.id or "")
                    self._keep(" ".join((block.name or "", *_strings(block.input))))
        elif isinstance(event, SentMessage):
            self._prompts += 1
            if self._prompts > 1:  # the first is the query
                self._keep(" ".join(block.text or "" for block in event.message.content))

    def _keep(self, line: str) -> None:
        self._lines.append(line)
        self._size += len(line)

    def text(self, name: str | None) -> str:
        """All of it, a line each, after the name."""
        return "\n".join([*([name] if name else []), *self._lines])


def _calls_in(event: Assistant) -> Iterator[Block]:
    return (block for block in event.message.content if block.type in _CALLS)


def _strings(value: Any) -> Iterator[str]:
    """Every string in a value of JSON, in order, however deep it is."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += reversed(one.values())
        elif isinstance(one, list | tuple):
            waiting += reversed(one)


def _result_of(info: ExecutionInfo) -> str:
    if info.result or info.structured_output is None:
        return info.result or ""
    return json.dumps(info.structured_output, ensure_ascii=False)
