"""The end of what a CLI wrote to stderr: all of it that is kept in memory and shown.

The rule: no I/O; records in, text or fewer records out.
"""

from __future__ import annotations

from collections.abc import Iterable

from claude_widget.events import Record

_STDERR_TAIL = 4000
"""Characters."""


def stderr_tail(found: Iterable[Record]) -> str:
    """The last 4,000 characters of the stderr lines among these records."""
    tail = b""
    for record in found:
        if record.stream == "err":
            tail = (tail + record.data + b"\n")[-4 * _STDERR_TAIL :]
    return tail.decode("utf-8", "replace")[-_STDERR_TAIL:]


def without_stale_stderr(found: list[Record]) -> list[Record]:
    """These records, less the stderr lines that later ones push out of the tail that is kept.

    A CLI that floods its stderr then costs what its tail costs; the transcript has it all.
    """
    kept: list[Record] = []
    size = 0
    for record in reversed(found):
        if record.stream == "meta":  # an ending looks at the tail that was there before it
            size = 0
        elif record.stream == "err":
            if size >= 4 * _STDERR_TAIL:  # a character has four bytes at the most
                continue
            size += len(record.data) + 1
        kept.append(record)
    kept.reverse()
    return kept
