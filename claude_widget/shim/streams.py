"""The CLI's streams: stdout and stderr into records of the transcript, stdin out of a queue.

The rule: bytes pass through untouched and nothing waits for a reader. A long line is written in
pieces, so the memory held is bounded by one read and one piece whatever the CLI prints. It knows
descriptors and the record format; it does not know what the lines say.
"""

import errno
import fcntl
import os
import time
from collections import deque
from time import clock_gettime, sleep
from typing import Any

from . import records
from .launch import CLOCK

_F_SETPIPE_SZ = 1031
_PIPE_BYTES = 1 << 20
_READ_BYTES = 1 << 18
_START_BYTES = 512
PIECE_BYTES = 1 << 16
_FEW_BYTES = 1 << 14
_BREATH = 0.02
"""Seconds that a trickle is given to become a batch; the kernel looks every 50 ms."""
RESERVE = "reserve"
"""A file of the run folder that makes room for the last records when the disk is full."""
RESERVE_BYTES = 1 << 14
_MOST_UNTOLD = RESERVE_BYTES // 2
_ROOM_PERIOD = 0.25
STDERR_LIMIT = 32 << 20
"""Bytes of stderr kept for one execution; what comes after is read and dropped, with a note."""


class Transcript:
    """Appends records. After a failed write only those of the lifecycle are still tried.

    For them the run folder has a reserve: a file that makes room by going.

    Attributes:
        failure: the OSError of the first write that failed, or None.
        dropped: bytes of records that were not written since.
    """

    def __init__(self, fd: int, epoch_clock: float) -> None:
        self._fd = fd
        self._epoch = epoch_clock
        self._torn = False
        self._end = os.fstat(fd).st_size
        self._untold = b""
        self.failure: OSError | None = None
        self.dropped = 0

    def now(self) -> float:
        """Seconds since the transcript's epoch."""
        return max(0.0, clock_gettime(CLOCK) - self._epoch)

    def append(self, data: bytes) -> bool:
        """Write whole records; False if they did not all fit."""
        if self.failure is None and self._write(data):
            return True
        self.dropped += len(data)
        return False

    def meta(self, line: bytes) -> bool:
        """Append a record of the lifecycle; one that does not fit goes before the next."""
        data = self._untold + records.encode_lines(self.now(), records.META, line)
        told = self._write(data)
        if not told and self.release():
            told = self._write(data)
        self._untold = b"" if told else data[-_MOST_UNTOLD:]
        return told

    def _write(self, data: bytes) -> bool:
        view = memoryview(b"\n" + data if self._torn else data)
        try:
            while view:
                written = os.write(self._fd, view)
                self._torn = True
                self._end += written
                view = view[written:]
        except OSError as error:
            self.failure = self.failure or error
            return False
        self._torn = False
        self._see_that_it_is_ours()
        return True

    def _see_that_it_is_ours(self) -> None:
        found = os.fstat(self._fd)
        if self.failure is None and (found.st_nlink == 0 or found.st_size != self._end):
            said = "it was removed, cut short or written to by someone else"
            self.failure = OSError(errno.ESTALE, said)
        self._end = found.st_size

    def release(self) -> bool:
        """Give the reserve back to the disk; False if it is gone."""
        try:
            os.unlink(RESERVE)
        except OSError:
            return False
        return True

    def insist(self, seconds: float) -> None:
        """Wait that long for room, if there is still something to tell."""
        until = time.monotonic() + seconds
        while self._untold and self._room_may_come() and time.monotonic() < until:
            time.sleep(_ROOM_PERIOD)
            data = self._untold
            self._untold = b"" if self._write(data) else data

    def _room_may_come(self) -> bool:
        return self.failure is not None and self.failure.errno in (errno.ENOSPC, errno.EDQUOT)

    def problem(self) -> dict[str, Any]:
        """The fields of a `limit` that tell of the failure: its figure is the bytes free."""
        assert self.failure is not None
        disk = os.fstatvfs(self._fd)
        free = disk.f_bavail * disk.f_frsize
        said = (
            f"The transcript could not be written: {self.failure.strerror}. It has {self._end} "
            f"bytes, {self.dropped} more were dropped, and {free} bytes are free on its disk."
        )
        return {"figure": free, "error": said}

    def lines(self, stream: bytes, lines: bytes) -> bool:
        """Append whole lines of one stream."""
        return self.append(records.encode_lines(self.now(), stream, lines))

    def piece(self, stream: bytes, piece: bytes, kind: bytes = records.PIECE) -> bool:
        """Append a piece of a line."""
        return self.append(records.encode_piece(self.now(), stream, piece, kind))

    def sync(self) -> None:
        """Have the disk hold what was appended, as far as it can."""
        try:
            os.fsync(self._fd)
        except OSError as error:
            self.failure = self.failure or error


class Output:
    """One of the CLI's output streams."""

    def __init__(self, fd: int, stream: bytes, transcript: Transcript, limit: int = 0) -> None:
        self.fd = fd
        self.stream = stream
        self.open = True
        self._transcript = transcript
        self._pending = b""
        self._line_start = b""
        self._left = limit or None
        self._few = False
        os.set_blocking(fd, False)
        try:
            fcntl.fcntl(fd, _F_SETPIPE_SZ, _PIPE_BYTES)  # fewer wake-ups on a flood
        except OSError:
            pass  # not Linux, or over the user's pipe quota: a matter of speed only

    def read(self) -> bytes:
        """Read once and write what came; returns the lines that ended, joined, or nothing.

        Of a line that was written in pieces only its first bytes and its last piece are returned:
        enough to tell what kind of line it was.
        """
        try:
            chunk = os.read(self.fd, _READ_BYTES)
        except BlockingIOError:
            return b""
        except OSError as error:
            if error.errno == errno.EINTR:
                return b""
            chunk = b""
        self._few = 0 < len(chunk) < _FEW_BYTES
        if not chunk:
            self.close()
            return b""
        if self._left is not None:
            chunk = self._clip(chunk)
        return self._write(chunk)

    def breathe(self) -> None:
        """After a small read: let more come, because a wake-up costs more than what it reads.

        A CLI that streams writes each frame alone; a flood is read without a pause.
        """
        if self._few:
            self._few = False
            sleep(_BREATH)

    def _clip(self, chunk: bytes) -> bytes:
        assert self._left is not None
        if self._left == 0:
            return b""
        kept = chunk[: self._left]
        self._left -= len(kept)
        if self._left == 0:
            kept += b"\n[claude-widget: further output on this stream was dropped]\n"
        return kept

    def _write(self, chunk: bytes) -> bytes:
        head, newline, tail = chunk.rpartition(b"\n")
        lines = b""
        if newline:
            lines = self._pending + head
            self._transcript.lines(self.stream, lines)
            lines = self._line_start + lines
            self._line_start = b""
            self._pending = tail
        else:
            self._pending += chunk
        if len(self._pending) >= PIECE_BYTES:
            self.flush()
        return lines

    @property
    def unfinished(self) -> bool:
        """There are bytes of a line in memory that no record has yet."""
        return bool(self._pending)

    def flush(self) -> None:
        """Write what is there of an unfinished line."""
        if self._pending:
            self._line_start = self._line_start or self._pending[:_START_BYTES]
            self._transcript.piece(self.stream, self._pending)
            self._pending = b""

    def close(self) -> None:
        """No more will come; what is there of a last line is kept."""
        if self.open:
            self.open = False
            if self._pending or self._line_start:
                self._transcript.piece(self.stream, self._pending, records.LAST)
                self._pending = b""
            os.close(self.fd)


class Input:
    """The CLI's stdin: a queue of lines, written as fast as the CLI takes them."""

    def __init__(self, fd: int, transcript: Transcript) -> None:
        self.fd = fd
        self.open = True
        self._transcript = transcript
        self._queue: deque[memoryview] = deque()
        self._closing = False
        os.set_blocking(fd, False)

    @property
    def waiting(self) -> bool:
        """There is something to write."""
        return self.open and bool(self._queue)

    @property
    def accepts(self) -> bool:
        """A line sent now would reach the CLI."""
        return self.open and not self._closing

    def send(self, lines: bytes) -> None:
        """Queue whole lines, joined by newlines, and record them."""
        self._transcript.lines(records.IN, lines)
        self._queue.append(memoryview(lines + b"\n"))
        self.write()

    def write(self) -> None:
        """Write what fits without blocking. A CLI that has gone takes nothing: not our error."""
        try:
            while self._queue:
                written = os.write(self.fd, self._queue[0][:_READ_BYTES])
                rest = self._queue[0][written:]
                if rest:
                    self._queue[0] = rest
                else:
                    self._queue.popleft()
        except BlockingIOError:
            return
        except OSError:
            self._queue.clear()
            self._shut()
            return
        if self._closing:
            self._shut()

    def close(self) -> None:
        """Close once the queue is written."""
        self._closing = True
        if self.open and not self._queue:
            self._shut()

    def _shut(self) -> None:
        if self.open:
            self.open = False
            os.close(self.fd)
