"""What an execution had written when it was broken off.

The rule: reads the end of a transcript, bounded, and folds nothing but the text of the agent's last
message. A state keeps no partial message: they are most of a transcript, and only an execution
without a result is ever asked for them.
"""

from __future__ import annotations

import os
from pathlib import Path

from claude_widget.events import Assistant, Event, StreamEvent, parse
from claude_widget.models import ExecutionInfo
from claude_widget.own_files import open_own
from claude_widget.transcript import CHUNK, RecordParser

_TAIL = 1 << 20
"""Bytes; a partial message of thousands of words."""


def broken_off(info: ExecutionInfo, transcript: Path) -> str:
    """What it had written, if it has ended without a result; else nothing."""
    return last_text(transcript) if info.status.ended and not info.result else ""


def last_text(transcript: Path) -> str:
    """The text of the agent's last message, whole or as far as it came; empty if there is none."""
    text = ""
    for event in _tail(transcript):
        if isinstance(event, Assistant) and not event.parent_tool_use_id and not event.error:
            blocks = event.message.content
            said = "\n".join(block.text for block in blocks if block.type == "text" and block.text)
            text = said or text
        elif isinstance(event, StreamEvent) and not event.parent_tool_use_id:
            text = _streamed(text, event)
    return text


def _streamed(text: str, event: StreamEvent) -> str:
    """The text with one more piece; a new text block begins anew."""
    inside = event.event
    if inside.content_block is not None and inside.content_block.type == "text":
        return ""
    return text + ((inside.delta.text if inside.delta is not None else None) or "")


def _tail(transcript: Path) -> list[Event]:
    """The events at the end of a transcript."""
    try:
        size = transcript.stat().st_size
        with os.fdopen(open_own(transcript), "rb") as file:
            offset = max(0, size - _TAIL)
            file.seek(offset)
            if offset:
                offset += len(file.readline(_TAIL))  # the rest of a record
            parser = RecordParser(offset)
            chunks = iter(lambda: file.read(CHUNK), b"")
            return [parse(record) for chunk in chunks for record in parser.feed(chunk)]
    except OSError:
        return []
