"""The surface `events.parse`: one line of any stream.

The rule: whatever the bytes are, `parse` raises nothing, says where and when the line was, gives
the same event twice, and keeps nothing that could not be written as UTF-8 again.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from contextlib import contextmanager

from claude_widget.events import Event, Record, parse
from claude_widget.events.decode import decode
from tests.fuzz.target import Check

_STREAMS = ("out", "out", "out", "in", "err", "meta", "side")


@contextmanager
def opened() -> Iterator[Check]:
    """The check of one input."""
    yield check


def check(data: bytes) -> None:
    """One line, on a stream that follows from it; a newline is what no line has."""
    line = data.replace(b"\n", b" ")
    chosen = zlib.crc32(data)
    stream = _STREAMS[chosen % len(_STREAMS)]
    cut = 7 if chosen % 11 == 0 else 0
    record = Record(chosen, 2.5, stream, line, chosen % 5 != 0, cut)
    event = parse(record)
    assert isinstance(event, Event)
    assert (event.time, event.offset) == (2.5, chosen)
    event.problem.encode()
    if chosen % 4 == 0:
        repr(event).encode()
    found = decode(line)
    if found is not None:
        _check_text(found)
    if chosen % 8 == 0:
        assert repr(parse(record)) == repr(event)


def _check_text(found: dict[str, object]) -> None:
    """Every string of it can be written as UTF-8, at whatever depth."""
    left: list[object] = [found]
    while left:
        one = left.pop()
        if isinstance(one, str):
            one.encode()
        elif isinstance(one, dict):
            left += [*one.keys(), *one.values()]
        elif isinstance(one, list):
            left += one
