"""What is told of an execution, read from its transcript, with its secrets taken out.

The rule: it reads, and writes nothing. All that it gives may be saved beside a notebook.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

from claude_widget.blocks import Block, fold_blocks
from claude_widget.errors import TranscriptError
from claude_widget.events import NEUTRAL_PREFIX, Record
from claude_widget.events.decode import decode
from claude_widget.last_text import broken_off, last_text
from claude_widget.models import ExecutionInfo, ExecutionRequest
from claude_widget.redaction.redactor import Redactor
from claude_widget.redaction.secret_values import configured_values, given_values
from claude_widget.report.content import Report
from claude_widget.transcript import read_records

_PARTIAL = b'{"type":"stream_event"'
_TOLD = (b"tool_use", b"tool_result", b"permission_denied", b'"control_re', b'"event"')
"""A line of none of these says nothing of tool calls."""
_ASKED = b'{"event":"requested"'
_BEGINS = b'"subtype":"init"'
_OURS = ("execution_id", "session_id", "resumed_from", "status", "reason")
"""Ids and words that no secret can be in, though one may be spelled like them."""


def own_redactor() -> Redactor:
    """Takes out what this process knows to be secret by now."""
    return _redactor_of(tuple(sorted(os.environ.items())))


@lru_cache(maxsize=1)
def _redactor_of(environ: tuple[tuple[str, str], ...]) -> Redactor:
    return Redactor(environ=dict(environ))


def secrets_of(request: ExecutionRequest) -> list[str]:
    """What an execution and its MCP servers were given by name."""
    return [*given_values(request.env), *configured_values(request.mcp_config or {})]


def redacted_info(info: ExecutionInfo, redactor: Redactor) -> ExecutionInfo:
    """The same, fit to be saved."""
    told = info.model_dump()
    kept = {name: told[name] for name in _OURS}
    return ExecutionInfo.model_validate({**redactor.value(told, ExecutionInfo), **kept})


def read_report(info: ExecutionInfo, transcript: Path, redactor: Redactor) -> Report:
    """All that there is to tell by now.

    Args:
        info: what is known of the execution.
        transcript: its transcript.
        redactor: what takes its secrets out.

    Raises:
        OSError, TranscriptError: the transcript cannot be read.
    """
    working = _WorkingFolder()
    records = working.noted(read_records(transcript))
    lines = (record for record in records if not record.data.startswith(_PARTIAL))
    blocks = fold_blocks(redactor.records(lines))
    partial = "" if info.result else redactor.text(last_text(transcript))
    folder = redactor.text(working.path)
    return Report(redacted_info(info, redactor), tuple(blocks), partial, folder)


def read_digest(info: ExecutionInfo, transcript: Path, redactor: Redactor) -> Report:
    """What a cell keeps of it: its tool calls once it has ended, and no other block.

    What cannot be read is left out. What was replayed was redacted when it was recorded.
    """
    blocks: list[Block] = []
    working = _WorkingFolder()
    if info.status.ended and info.tool_counts:
        records = working.noted(_records(transcript))
        lines = (record for record in records if _tells_of_calls(record))
        blocks = fold_blocks((_replayed if info.recorded else _redacted)(lines, redactor))
    partial = redactor.text(broken_off(info, transcript))
    folder = working.path if info.recorded else redactor.text(working.path)
    return Report(redacted_info(info, redactor), tuple(blocks), partial, folder)


class _WorkingFolder:
    """Notes in which folder the CLI says that it works, while its records are read."""

    def __init__(self) -> None:
        self.path = ""

    def noted(self, records: Iterable[Record]) -> Iterator[Record]:
        """The same records."""
        for record in records:
            if not self.path and record.stream == "out" and _BEGINS in record.data:
                self._note(decode(record.data) or {})
            yield record

    def _note(self, frame: dict[str, Any]) -> None:
        cwd = frame.get("cwd")
        if frame.get("type") == "system" and frame.get("subtype") == "init":
            self.path = cwd if isinstance(cwd, str) else ""


def _redacted(lines: Iterator[Record], redactor: Redactor) -> Iterator[Record]:
    return redactor.records(lines)


def _replayed(lines: Iterator[Record], redactor: Redactor) -> Iterator[Record]:
    """What was played was redacted before it was kept; what was asked for here names places."""
    ours = redactor.for_replayed()
    for record in lines:
        yield from ours.records([record]) if record.data.startswith(_ASKED) else [record]


def _tells_of_calls(record: Record) -> bool:
    if record.stream == "err":
        return False
    return any(word in record.data for word in _TOLD)


def _records(transcript: Path) -> Iterator[Record]:
    """As far as they can be read."""
    with contextlib.suppress(OSError, TranscriptError):
        yield from read_records(transcript, skip=NEUTRAL_PREFIX)
