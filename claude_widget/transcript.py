"""Reading and writing transcripts: the file that is the one truth about an execution.

The rule: this module knows bytes, records and the file's lock; it does not know what a record
means. Readers hold back an unterminated last record, join the pieces of a long line, and never
keep more of a file in memory than one chunk and one line. Writers hold the file's exclusive lock.
The format is in docs/design.md; the shim writes the same records (`claude_widget.shim.records`).
"""

from __future__ import annotations

import errno
import fcntl
import functools
import json
import math
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

from claude_widget.errors import TranscriptError
from claude_widget.events import Record
from claude_widget.events.decode import decode
from claude_widget.own_files import open_any, open_own
from claude_widget.shim import records
from claude_widget.shim.launch import CLOCK

CHUNK = 1 << 18
_LATEST = 1e11
"""Epoch seconds, of the year 5138; no clock says so, and no page can show it."""
_LOCK_TRIES = 40
_LOCK_PAUSE = 0.005
"""Seconds; 0.2 in all, after which who holds a lock is its shim."""
LONGEST_LINE = 32 << 20
"""Bytes of the longest line that is handed on whole; of a longer one the rest is left out."""


def clock() -> float:
    """Seconds on the clock that transcripts are timed by; it goes on while the machine sleeps."""
    return time.clock_gettime(CLOCK)


class RecordParser:
    """Bytes in, records out; fed in chunks of any size.

    Args:
        offset: byte of the transcript at which the first chunk begins, the start of a record.
        epoch: epoch seconds of the transcript's zero, if it is known already.
        skip: lines of `out` that begin so are counted, not yielded.

    Attributes:
        offset: byte after the last whole record.
        epoch: epoch seconds of the transcript's zero.
        skipped: how many lines `skip` left out.
        damaged: how many lines were no records.
    """

    def __init__(self, offset: int = 0, epoch: float = 0.0, skip: bytes | None = None) -> None:
        self.offset = offset
        self.epoch = epoch
        self.skipped = 0
        self.damaged = 0
        self.skip = skip
        self._rest: list[bytes] = []
        self._rest_size = 0
        self._pieces: dict[bytes, _Pieces] = {}

    def feed(self, chunk: bytes) -> Iterator[Record]:
        """The records that are whole now."""
        if b"\n" not in chunk:
            self._hold(chunk)
            return
        data = b"".join((*self._rest, chunk)) if self._rest else chunk
        self._rest, self._rest_size = [], 0
        lines = data.split(b"\n")
        if lines[-1]:
            self._hold(lines[-1])
        lines.pop()
        neutral = b"\n" if self.skip is None else b" out " + self.skip  # no line has a newline
        offset = self.offset
        for line in lines:
            start = offset
            offset += len(line) + 1
            # The hot path: most lines are partial messages, which change no state. What follows the
            # first space is the stream's name.
            if line.startswith(neutral, line.find(b" ")) and not self._pieces:
                self.skipped += 1
                continue
            self.offset = offset
            record = self._record(start, line)
            if record is not None:
                yield record
        self.offset = offset

    def _hold(self, rest: bytes) -> None:
        """Keep the beginning of a record; joined only once there is its end, however many come."""
        self._rest.append(rest)
        self._rest_size += len(rest)
        if self._rest_size > 2 * LONGEST_LINE:
            raise TranscriptError("a record has no end", path="(stream)", offset=self.offset)

    def _record(self, offset: int, line: bytes) -> Record | None:
        parts = line.split(b" ", 2)
        if len(parts) != 3:
            self.damaged += 1
            return None
        seconds, stream, data = parts
        try:
            when = self.epoch + float(seconds)
        except ValueError:
            when = math.nan
        if not abs(when) <= _LATEST:  # such as "nan", which is no time and equals nothing
            self.damaged += 1
            return None
        if stream.endswith(records.PIECE):
            name = stream[: -len(records.PIECE)]
            self._pieces.setdefault(name, _Pieces(offset)).add(data)
            return None
        complete = not stream.endswith(records.LAST)
        if not complete:
            stream = stream[: -len(records.LAST)]
        begun = self._pieces.pop(stream, None) if self._pieces else None
        if begun is not None:
            begun.add(data)
            return begun.record(when, stream, complete=complete)
        if stream == records.META and not self.epoch:
            when = self._read_epoch(data, when)
        return Record(offset, when, stream.decode("ascii", "replace"), data, complete)

    def _read_epoch(self, data: bytes, when: float) -> float:
        header = decode(data) or {}  # the reducer says what is wrong with a lifecycle record
        epoch = header.get("epoch") if header.get("event") == "transcript" else None
        if isinstance(epoch, int | float) and abs(epoch) <= _LATEST:
            self.epoch = float(epoch)
            return self.epoch + when
        return when

    def finish(self) -> list[Record]:
        """Lines whose end nobody wrote, because the writer died."""
        left = [
            pieces.record(self.epoch, stream, complete=False)
            for stream, pieces in self._pieces.items()
        ]
        self._pieces.clear()
        return left

    @property
    def mid_line(self) -> bool:
        """A line's pieces are held; the offset is no place to begin reading anew."""
        return bool(self._pieces)


class _Pieces:
    """The pieces of one long line."""

    def __init__(self, offset: int) -> None:
        self.offset = offset
        self.parts: list[bytes] = []
        self.size = 0
        self.elided = 0

    def add(self, data: bytes) -> None:
        room = max(0, LONGEST_LINE - self.size)
        self.parts.append(data[:room])
        self.size += min(len(data), room)
        self.elided += max(0, len(data) - room)

    def record(self, when: float, stream: bytes, *, complete: bool) -> Record:
        name = stream.decode("ascii", "replace")
        return Record(self.offset, when, name, b"".join(self.parts), complete, self.elided)


PASSING = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EINTR})
"""Errors that are of this process or this moment, and say nothing of the file."""
_COMPARED = 32
"""Bytes before what is new that must be what they were: a file cut short may have grown again."""


class Follower:
    """Reads one transcript as it grows.

    Args:
        path: the file.
        offset: byte at which to begin, the start of a record.
        epoch: epoch seconds of the transcript's zero; needed only if offset is not 0.

    Attributes:
        path: the file.
        parser: what has been read so far.
    """

    def __init__(self, path: Path, offset: int = 0, epoch: float = 0.0) -> None:
        self.path = path
        self.parser = RecordParser(offset, epoch)
        self._read_to = offset
        self._last = b""
        self._fd = -1

    def read(self, limit: int = CHUNK) -> tuple[list[Record], bool]:
        """Records that came since, from at most `limit` bytes; and whether there is more to read.

        Raises:
            TranscriptError: the file is gone or another one, or not what was read of it.
        """
        try:
            if self._fd < 0:
                self._fd = open_own(self.path)
            found = os.fstat(self._fd)
            size = found.st_size
            if found.st_nlink == 0:
                raise self._spoiled("it was removed, or another file was put in its place")
            if size == self._read_to:
                return [], False
            if size < self._read_to:
                raise self._spoiled("it was cut short", size)
            before = os.pread(self._fd, len(self._last), self._read_to - len(self._last))
            if before != self._last:
                raise self._spoiled("what was read of it has changed")
            chunk = os.pread(self._fd, limit, self._read_to)
        except OSError as error:
            if error.errno in PASSING:
                return [], False
            raise TranscriptError(
                error.strerror or str(error), path=str(self.path), offset=self._read_to
            ) from error
        self._read_to += len(chunk)
        self._last = (chunk if len(chunk) >= _COMPARED else self._last + chunk)[-_COMPARED:]
        return list(self.parser.feed(chunk)), self._read_to < size

    def _spoiled(self, problem: str, offset: int | None = None) -> TranscriptError:
        at = self._read_to if offset is None else offset
        return TranscriptError(problem, path=str(self.path), offset=at)

    def close(self) -> None:
        """Let go of the file; the next read opens it again."""
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def read_records(
    path: Path, offset: int = 0, epoch: float = 0.0, *, own: bool = True, skip: bytes | None = None
) -> Iterator[Record]:
    """All records of a transcript from a byte on, as it is now.

    Args:
        path: the file.
        offset: byte at which a record begins.
        epoch: epoch seconds of the transcript's zero; needed only if offset is not 0.
        own: it lies in a state folder; a recording may be anybody's.
        skip: as for `RecordParser`.
    """
    parser = RecordParser(offset, epoch, skip)
    with os.fdopen(open_own(path) if own else open_any(path), "rb") as file:
        file.seek(offset)
        while chunk := file.read(CHUNK):
            yield from parser.feed(chunk)
    yield from parser.finish()


class Writer:
    """The one writer of a transcript, while it holds the lock.

    Args:
        path: the file; made with mode 0600 if `create`.
        create: make a new file and fail if there is one.

    Raises:
        BlockingIOError: someone else holds the lock: its shim lives.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        flags = os.O_RDWR | os.O_APPEND
        if create:
            flags |= os.O_CREAT | os.O_EXCL
        self.fd = open_own(path, flags)
        try:
            self._lock()
        except OSError:
            os.close(self.fd)
            raise
        self._epoch_clock: float | None = None

    def _lock(self) -> None:
        """Take the lock, even if somebody is just looking at it.

        `lock_is_held` holds it for microseconds, and so does a child of another thread's, between
        its fork and its exec, when the descriptor that had the lock is closed here meanwhile.
        """
        for _ in range(_LOCK_TRIES):
            try:
                fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(_LOCK_PAUSE)
            else:
                return
        fcntl.flock(self.fd, fcntl.LOCK_EX | fcntl.LOCK_NB)

    @property
    def size(self) -> int:
        """Bytes of the transcript as it is."""
        return os.fstat(self.fd).st_size

    @property
    def epoch_clock(self) -> float:
        """The transcript's zero on `clock()`, from its header."""
        if self._epoch_clock is None:
            header = json.loads(os.pread(self.fd, 4096, 0).split(b"\n")[0].split(b" ", 2)[2])
            self._epoch_clock = float(header["clock"])
            if header["boot_id"] != boot_id():  # another boot has another zero
                self._epoch_clock = clock() - (time.time() - float(header["epoch"]))
        return self._epoch_clock

    def begin(self, execution_id: str, host: str, **requested: Any) -> None:
        """Write the header and what was requested, in one write: there is never one alone."""
        self._epoch_clock = clock()
        header = {
            "event": "transcript",
            "version": records.FORMAT_VERSION,
            "execution_id": execution_id,
            "epoch": time.time(),
            "clock": self._epoch_clock,
            "host": host,
            "boot_id": boot_id(),
        }
        self.lines(records.META, _json(header) + b"\n" + _json({"event": "requested", **requested}))

    def meta(self, event: str, **fields: Any) -> None:
        """Append one lifecycle record."""
        self.lines(records.META, _json({"event": event, **fields}))

    def lines(self, stream: bytes, lines: bytes) -> None:
        """Append whole lines of one stream; a record that was torn off is ended first."""
        seconds = max(0.0, clock() - self.epoch_clock)
        self._write(self._mending() + records.encode_lines(seconds, stream, lines))

    def records(self, lines: bytes) -> None:
        """Append whole records of one moment, each `<stream> <data>`, as one write."""
        start = b"%.6f " % max(0.0, clock() - self.epoch_clock)
        self._write(self._mending() + start + lines.replace(b"\n", b"\n" + start) + b"\n")

    def mend(self) -> None:
        """End a last record that was torn off: from now on it counts, for what there is of it."""
        self._write(self._mending())

    def _mending(self) -> bytes:
        size = os.fstat(self.fd).st_size
        return b"\n" if size and os.pread(self.fd, 1, size - 1) != b"\n" else b""

    def _write(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            view = view[os.write(self.fd, view) :]

    def close(self) -> None:
        """Let go of the lock, unless the descriptor was handed on."""
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _json(fields: dict[str, Any]) -> bytes:
    text = json.dumps(fields, separators=(",", ":"), default=str)
    return text.encode("utf-8", "replace")


@functools.cache
def boot_id() -> str:
    """This boot of this machine; empty where the system does not tell."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    except OSError:
        return ""


def lock_is_held(path: Path) -> bool:
    """Whether a writer holds the transcript's lock; False for a file that is not there.

    True if that cannot be known at this moment, such as without a free descriptor: who is taken for
    dead is ended.
    """
    try:
        fd = open_own(path)
    except OSError as error:
        return error.errno in PASSING
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
