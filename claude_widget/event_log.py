"""An execution's frames as a sequence over its transcript; only where some of them lie is kept.

The rule: reads the file when it is asked, and holds one byte offset for every `STRIDE` frames, so
that the memory of an execution does not grow with what nobody looks at.
"""

from __future__ import annotations

import os
import threading
from array import array
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import overload

from claude_widget.events import Event, Record, parse
from claude_widget.own_files import open_own
from claude_widget.transcript import CHUNK, RecordParser

STRIDE = 64


class EventLog(Sequence[Event]):
    """The CLI's frames in order, as typed events, each with `.raw`, the frame as a dict.

    It grows while the execution runs: a loop over it ends at what is there at that moment.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = threading.Lock()
        self._offsets = array("Q")
        self._count = 0
        self._scanned = 0
        self._count_there = 0
        self._epoch = 0.0

    def __len__(self) -> int:
        with self._lock:
            self._scan()
            return self._count

    def _scan(self) -> None:
        """Count what has come since the last look.

        It goes on from the last place that was not amid the pieces of a line, with the count there.
        """
        del self._offsets[-(-self._count_there // STRIDE) :]
        self._count = self._count_there
        parser = RecordParser(self._scanned, self._epoch)
        for record in self._read(parser):
            if record.stream == "out":
                if self._count % STRIDE == 0:
                    self._offsets.append(record.offset)
                self._count += 1
            if not parser.mid_line:
                self._scanned, self._count_there = parser.offset, self._count
        self._epoch = parser.epoch

    def _read(self, parser: RecordParser) -> Iterator[Record]:
        try:
            with os.fdopen(open_own(self._path), "rb") as file:
                file.seek(parser.offset)
                while chunk := file.read(CHUNK):
                    yield from parser.feed(chunk)
        except FileNotFoundError:
            return

    def _from(self, index: int) -> Iterator[Event]:
        """Events from that index on, which must be within the count."""
        parser = RecordParser(self._offsets[index // STRIDE], self._epoch)
        frames = (record for record in self._read(parser) if record.stream == "out")
        return map(parse, islice(frames, index % STRIDE, None))

    def __iter__(self) -> Iterator[Event]:
        count = len(self)
        return islice(self._from(0), count) if count else iter(())

    @overload
    def __getitem__(self, index: int) -> Event: ...
    @overload
    def __getitem__(self, index: slice) -> list[Event]: ...
    def __getitem__(self, index: int | slice) -> Event | list[Event]:
        count = len(self)
        if isinstance(index, slice):
            wanted = range(*index.indices(count))
            if not wanted:
                return []
            first, last = min(wanted), max(wanted)
            events = list(islice(self._from(first), last - first + 1))
            return [events[position - first] for position in wanted]
        position = index + count if index < 0 else index
        if not 0 <= position < count:
            raise IndexError(f"event {index} of {count}")
        return next(self._from(position))

    def __repr__(self) -> str:
        return f"<EventLog of {len(self)} frames>"
