"""The file of a batch: what it is, its rows, and what became of each, a line of JSON each.

The rule: lines are only ever appended, by the one who holds the file's lock; a last line without
its end is not there yet. It knows no execution but by id. What a row holds is not read unless it
is asked for: rows may be large, and many.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import threading
import time
from array import array
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self

from claude_widget.batch.errors import BatchDamaged
from claude_widget.batch.row import Row
from claude_widget.errors import ClaudeWidgetError
from claude_widget.own_files import make_own, open_own
from claude_widget.transcript import lock_is_held

BATCHES = "batches"
"""The folder below the state folder with one file for each batch."""
VERSION = 1
_FLAGS = os.O_RDWR | os.O_APPEND
ROW = b'{"row":'
_CHUNK = 1 << 20
"""Bytes that are written at once."""
_PAUSES = (0.002, 0.004, 0.008, 0.0)
"""Seconds between looks at a lock that may be free in a moment."""


class BatchFile:
    """One batch's file. Safe from any thread, but rows are added by one at a time.

    Args:
        path: of the file.
        size: bytes of it that are known.
        offsets: where the row of each number begins.
        sizes: bytes of each row's line.

    Attributes:
        path: of the file.
    """

    def __init__(
        self,
        path: Path,
        size: int = 0,
        offsets: array[int] | None = None,
        sizes: array[int] | None = None,
    ) -> None:
        self.path = path
        self._fd = -1
        self._size = size
        self._offsets = array("Q") if offsets is None else offsets
        self._sizes = array("Q") if sizes is None else sizes
        self._buffer: list[bytes] = []
        self._buffered = 0
        self._digest = hashlib.sha256()
        self._lock = threading.Lock()

    @classmethod
    def create(cls, folder: Path, batch_id: str, header: Mapping[str, Any]) -> Self:
        """A new one that nobody sees until it is published, and that nobody else writes.

        Args:
            folder: that it lies in; made if it is not there.
            batch_id: names it.
            header: what the batch is, as JSON has it.

        Raises:
            ClaudeWidgetError: it cannot be written.
        """
        made = cls(folder / f".{batch_id}.jsonl")
        try:
            make_own(folder)
            made._fd = open_own(made.path, _FLAGS | os.O_CREAT | os.O_EXCL)
            fcntl.flock(made._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            made.note("batch", version=VERSION, batch_id=batch_id, **header)
        except OSError as error:
            made.close()
            raise _unwritable(error) from error
        return made

    def hold(self) -> bool:
        """Write it from now on; False if another one does, or has written more than is known.

        Raises:
            OSError: it cannot be opened.
        """
        with self._lock:
            if self._fd >= 0:
                return True
            fd = open_own(self.path, _FLAGS)
            if not _lock(fd):
                os.close(fd)
                return False
            if not os.fstat(fd).st_nlink:  # retention had the lock until now
                os.close(fd)
                raise FileNotFoundError(errno.ENOENT, "was removed", str(self.path))
            if self._has_more(fd):
                os.close(fd)
                return False
            os.ftruncate(fd, self._size)  # the half line of a process that is gone
            self._fd = fd
            return True

    @property
    def held(self) -> bool:
        """This process writes it."""
        return self._fd >= 0

    @property
    def is_written_elsewhere(self) -> bool:
        """Another process writes it, or another one that has it open here."""
        with self._lock:
            return self._fd < 0 and lock_is_held(self.path)

    @property
    def has_grown(self) -> bool:
        """Another process has written more than is known."""
        with self._lock, contextlib.suppress(OSError):
            if self._fd < 0 and self.path.stat().st_size > self._size:
                with os.fdopen(open_own(self.path), "rb") as file:
                    return self._has_more(file.fileno())
        return False

    def _has_more(self, fd: int) -> bool:
        return b"\n" in os.pread(fd, _CHUNK, self._size)

    def know(self, read: BatchFile) -> None:
        """Go by what was read of it by now; for one that this process does not write."""
        with self._lock:
            self._size, self._offsets, self._sizes = read._size, read._offsets, read._sizes

    @property
    def count(self) -> int:
        """How many rows are in it."""
        return len(self._offsets)

    @property
    def digest(self) -> str:
        """Of the rows that were added, in hexadecimal digits."""
        return self._digest.hexdigest()

    def add(self, row: Row) -> None:
        """The next row; it is written with others, at `flush` at the latest.

        Raises:
            ClaudeWidgetError: it cannot be written.
        """
        label = {} if row.label is None else {"label": row.label}
        told = json.dumps({"row": row.number, "values": row.values, **label}, separators=(",", ":"))
        line = told.encode("ascii") + b"\n"
        self._digest.update(line)
        self._offsets.append(self._size + self._buffered)
        self._sizes.append(len(line))
        self._buffer.append(line)
        self._buffered += len(line)
        if self._buffered >= _CHUNK:
            self.flush()

    def flush(self) -> None:
        """Write the rows that were added.

        Raises:
            ClaudeWidgetError: they cannot be written.
        """
        lines, self._buffer, self._buffered = self._buffer, [], 0
        try:
            self._append(b"".join(lines))
        except OSError as error:
            raise _unwritable(error) from error

    def note_rows(self, columns: Iterable[str]) -> None:
        """All rows are there.

        Raises:
            ClaudeWidgetError: it cannot be written.
        """
        self.flush()
        try:
            self.note("rows", count=self.count, columns=list(columns), digest=self.digest)
        except OSError as error:
            raise _unwritable(error) from error

    def publish(self) -> None:
        """From now on it is there for everybody.

        Raises:
            ClaudeWidgetError: it cannot be written.
        """
        self.flush()
        path = self.path.with_name(self.path.name.removeprefix("."))
        try:
            self.path.rename(path)
        except OSError as error:
            raise _unwritable(error) from error
        self.path = path

    def discard(self) -> None:
        """It never was."""
        with contextlib.suppress(OSError):
            self.path.unlink()
        self.close()

    def note(self, event: str, **fields: Any) -> None:
        """Write down what happened.

        Raises:
            OSError: it cannot be written; the file is as it was.
        """
        told = json.dumps({"event": event, **fields}, separators=(",", ":"))
        self._append(told.encode("ascii") + b"\n")

    def _append(self, data: bytes) -> None:
        written = 0
        with self._lock:
            try:
                while written < len(data):
                    written += os.write(self._fd, memoryview(data)[written:])
            except OSError:
                with contextlib.suppress(OSError):  # half a line is held back by whoever reads
                    os.ftruncate(self._fd, self._size)
                raise
            self._size += written

    def rows(self, first: int = 0, last: int | None = None) -> Iterator[Row]:
        """Rows that were written, in order.

        Args:
            first: the number of the first.
            last: the number after the last; all that there are if None.

        Raises:
            BatchDamaged: one is not as it was written.
            OSError: the file cannot be read.
        """
        with os.fdopen(open_own(self.path), "rb") as file:
            for number in range(first, self.count if last is None else min(last, self.count)):
                file.seek(self._offsets[number])
                yield self._row(number, file.read(self._sizes[number]))

    def some(self, numbers: Iterable[int], most: int) -> Iterator[Row]:
        """Rows by number, until so many bytes are read; the first of them in any case.

        Raises:
            BatchDamaged: one is not as it was written.
            OSError: the file cannot be read.
        """
        left = most
        with os.fdopen(open_own(self.path), "rb") as file:
            for number in numbers:
                size = self._sizes[number]
                if size > left and left < most:
                    return
                left -= size
                file.seek(self._offsets[number])
                yield self._row(number, file.read(size))

    def row(self, number: int) -> Row:
        """One of them."""
        return next(self.rows(number, number + 1))

    def _row(self, number: int, line: bytes) -> Row:
        try:
            told = json.loads(line)
            values, found, label = told["values"], told["row"], told.get("label")
        except (ValueError, TypeError, KeyError, RecursionError):
            values, found, label = None, None, None
        if found != number or not isinstance(values, dict):
            raise BatchDamaged(f"row {number} is not there", path=str(self.path))
        return Row(number, values, label)

    def close(self) -> None:
        """Write it no more; its rows can still be read."""
        with self._lock:
            fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)


def _lock(fd: int) -> bool:
    """Take a lock that whoever only looks at it holds for microseconds."""
    for pause in _PAUSES:
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(pause)
    return False


def _unwritable(error: OSError) -> ClaudeWidgetError:
    return ClaudeWidgetError(
        f"The batch cannot be written down: {error.strerror or error}.",
        hint="Nothing was started. Make room, or give another state_dir.",
    )
