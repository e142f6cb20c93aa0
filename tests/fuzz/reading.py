"""The surface `transcript`: a file of any bytes.

The rule: any chunks give the same records, an offset that was given out is one to read on from, and
whoever follows the file, or counts its frames, sees what a reader of the whole of it sees.
"""

from __future__ import annotations

import math
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from random import Random

from claude_widget.event_log import EventLog
from claude_widget.events import NEUTRAL_PREFIX, Record
from claude_widget.transcript import Follower, RecordParser, read_records
from tests.fuzz.target import Check


@contextmanager
def opened() -> Iterator[Check]:
    """The check of one input, with a file to write it to."""
    with tempfile.TemporaryDirectory(prefix="cw-fuzz-") as folder:
        path = Path(folder) / "transcript"

        def check(data: bytes) -> None:
            random = Random(zlib.crc32(data))
            whole = _records([data])
            _check_shape(whole, data)
            assert _records(_chunks(data, random)) == whole, "other chunks, other records"
            _check_reading_on(data, random)
            if random.random() < 0.2:
                _check_file(path, data, whole, random)

        yield check


def _records(chunks: list[bytes]) -> list[Record]:
    parser = RecordParser()
    found = [record for chunk in chunks for record in parser.feed(chunk)]
    return found + parser.finish()


def _chunks(data: bytes, random: Random) -> list[bytes]:
    size = random.choice((1, 2, 7, 64, 1000, 4096))
    size = max(size, len(data) // 400)  # a byte at a time is for the short ones
    edges = [0, *range(random.randint(1, size), len(data), size), len(data)]
    return [data[start:end] for start, end in pairwise(edges)]


def _check_shape(found: list[Record], data: bytes) -> None:
    for record in found:
        assert math.isfinite(record.time), "a record has no time"
        assert 0 <= record.offset <= len(data)
        assert b"\n" not in record.data


def _check_reading_on(data: bytes, random: Random) -> None:
    """A reader that stops at any byte goes on from the offset that it has."""
    parser = RecordParser(skip=NEUTRAL_PREFIX)
    at = random.randint(0, len(data))
    before = list(parser.feed(data[:at]))
    if parser.mid_line:
        return
    again = RecordParser(parser.offset, parser.epoch, NEUTRAL_PREFIX)
    after = [*parser.feed(data[at:]), *parser.finish()]
    assert [*again.feed(data[again.offset :]), *again.finish()] == after
    assert [one.offset for one in before] <= [at] * len(before)


def _check_file(path: Path, data: bytes, whole: list[Record], random: Random) -> None:
    path.write_bytes(data)
    assert list(read_records(path)) == whole
    follower, found, more = Follower(path), list[Record](), True
    while more:
        some, more = follower.read(max(random.choice((1, 100, 5000)), len(data) // 50))
        found += some
    follower.close()
    assert found + follower.parser.finish() == whole
    log = EventLog(path)
    frames = sum(record.stream == "out" for record in found)
    assert len(log) == frames
    assert sum(1 for _ in log) == frames
