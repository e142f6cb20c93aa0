"""What mutation begins with: the recorded runs of the real CLI, cut to the size of one input.

The rule: bytes only, read once a process. What a recording says is never changed here; the frames
that no recording has are made of the tables of `events`, so that every known type is among them.
"""

from __future__ import annotations

import functools
import json
import re

from claude_widget.events.frames import FRAMES, SENT
from claude_widget.events.lifecycle import LIFECYCLE
from claude_widget.events.system import SYSTEM
from claude_widget.shim.records import encode_lines
from tests import recorded

WINDOW = 6
"""Records of a recording that make one seed."""
_LONGEST = 2000
"""Bytes of a seed's line; longer ones are the matter of `tests/test_hostile_frames.py`."""
_STRING = re.compile(rb'"([^"\\\x00-\x1f]{1,60})"')


@functools.cache
def recordings() -> tuple[tuple[bytes, ...], ...]:
    """Every recorded run, as the lines of a transcript."""
    return tuple(_lines(name) for name in recorded.NAMES)


def _lines(name: str) -> tuple[bytes, ...]:
    records = recorded.transcript(name)
    written = (
        encode_lines(max(0.0, one.time - records[0].time), one.stream.encode(), one.data)
        for one in records
    )
    return tuple(line for line in written if len(line) <= _LONGEST)


@functools.cache
def transcripts() -> tuple[bytes, ...]:
    """Pieces of the recordings: the beginning of each, windows of it, and its end."""
    found = []
    for lines in recordings():
        starts = [*range(0, max(1, len(lines) - WINDOW), WINDOW // 2), max(0, len(lines) - WINDOW)]
        found += [b"".join((*lines[:3], *lines[start : start + WINDOW])) for start in starts]
        found.append(b"".join(lines[:4]) + b"".join(lines[-6:]))
    return tuple(dict.fromkeys(found))


@functools.cache
def frames() -> tuple[bytes, ...]:
    """Lines of all streams, without what stands before them, and one of every known type."""
    every = (line.split(b" ", 2)[2][:-1] for lines in recordings() for line in lines)
    return tuple(dict.fromkeys([*every, *_of_every_type()]))


def _of_every_type() -> list[bytes]:
    objects: list[dict[str, object]] = [{"type": kind} for kind in (*FRAMES, *SENT)]
    objects += [{"type": "system", "subtype": kind} for kind in SYSTEM]
    objects += [{"event": event} for event in LIFECYCLE]
    return [json.dumps(one).encode() for one in objects]


@functools.cache
def words() -> tuple[str, ...]:
    """Short strings of the seeds, names of fields and values alike."""
    found = {text for data in frames() for text in _STRING.findall(data)}
    return tuple(sorted(text.decode("utf-8", "replace") for text in found))
