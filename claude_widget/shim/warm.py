"""A CLI that was started ahead: it waits for the execution that takes it over.

The rule: until then nothing of it is written down. In place of the transcript the shim has one end
of a socket pair; the other one is the manager's, which asks whether anybody answers. The message
that brings the transcript, with its lock, is the last one and is not answered, so that nobody can
take it for lost and say the prompt twice. The end of the manager's end, whatever came of the
manager, is the end of this one. The file `warm` of the run folder is locked for so long, so that
whoever tidies up leaves it alone.
"""

import fcntl
import json
import os
import shutil
import socket
from collections.abc import Callable
from typing import Any

from .streams import Transcript

WARM = "warm"
"""A file of the run folder, locked while the CLI waits."""
PROMPT = "prompt"
"""The line that the execution begins with, where the CLI was started ahead."""
ASKED, READY = b"?", b"!"
"""Whether anybody answers, and the answer."""
_LONGEST = 1000
_MOST_HELD = 4 << 20
"""Bytes of records that are held; a CLI that waits says a few kilobytes."""


class HeldTranscript(Transcript):
    """Holds records until there is a transcript, then is that.

    Attributes:
        held: there is none yet.
    """

    def __init__(self) -> None:
        super().__init__(os.open(os.devnull, os.O_WRONLY | os.O_CLOEXEC), 0.0)
        self.held = True
        self._records: list[Callable[[], object]] = []
        self._size = 0

    def begin(self, fd: int, epoch_clock: float) -> None:
        """Write what is held, as of now, and what comes from now on.

        Args:
            fd: of the transcript.
            epoch_clock: see `Config`.
        """
        os.close(self._fd)
        super().__init__(fd, epoch_clock)
        self.held = False
        for write in self._records:
            write()
        self._records.clear()

    def _hold(self, size: int, write: Callable[[], object]) -> bool:
        self._size += size
        if self._size <= _MOST_HELD:
            self._records.append(write)
        return True

    @property
    def overflowed(self) -> bool:
        """More came than is held: nobody can take it over."""
        return self._size > _MOST_HELD

    def meta(self, line: bytes) -> bool:
        """Append a record of the lifecycle."""
        if self.held:
            return self._hold(len(line), lambda: Transcript.meta(self, line))
        return super().meta(line)

    def lines(self, stream: bytes, lines: bytes) -> bool:
        """Append whole lines of one stream."""
        if self.held:
            return self._hold(len(lines), lambda: Transcript.lines(self, stream, lines))
        return super().lines(stream, lines)

    def piece(self, stream: bytes, piece: bytes, *kind: bytes) -> bool:
        """Append a piece of a line."""
        if self.held:
            return self._hold(len(piece), lambda: Transcript.piece(self, stream, piece, *kind))
        return super().piece(stream, piece, *kind)


class Warm:
    """The shim's side of the socket pair, which is its standard input."""

    def __init__(self) -> None:
        self._lock = os.open(WARM, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._socket = socket.socket(fileno=os.dup(0))

    def answered(self) -> bool:
        """Whether the manager only asks; it is answered then."""
        try:
            if self._socket.recv(1, socket.MSG_PEEK) != ASKED:
                return False
            self._socket.recv(1)
            self._socket.sendall(READY)
        except OSError:
            return False  # the manager is gone, as the next look tells
        return True

    def receive(self) -> tuple[dict[str, Any], int] | None:
        """What the manager says, with the transcript's descriptor; None: nobody will take it."""
        try:
            said, fds, _, _ = socket.recv_fds(self._socket, _LONGEST, 1)
            return json.loads(said), fds[0]
        except (OSError, ValueError, IndexError):
            return None

    def taken(self, transcript: int) -> None:
        """The transcript is the standard input from now on."""
        os.dup2(transcript, 0)
        os.close(transcript)
        os.close(self._lock)
        os.unlink(WARM)
        self._socket.close()

    def leave(self) -> None:
        """Nobody has taken it over, and it has ended: it was never there.

        The folder of an execution that has its name by now, and may be started yet, stays.
        """
        if not os.path.exists("transcript"):
            shutil.rmtree(os.getcwd(), ignore_errors=True)
