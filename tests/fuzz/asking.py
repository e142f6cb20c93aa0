"""The surface `shim.control`: what a client of the control socket may send.

The rule: every whole line is answered, in order, with one JSON object that says `ok`, or the client
is dropped; nothing but whole lines of JSON goes to the CLI or into the transcript, and the memory
held for a client is bounded. The socket is a real one; the supervisor's end only notes.
"""

from __future__ import annotations

import json
import os
import socket
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from claude_widget.shim.closing import Closing
from claude_widget.shim.control import Client
from claude_widget.shim.ladder import Graces
from claude_widget.shim.operations import Operations
from claude_widget.shim.session import Session
from claude_widget.shim.streams import Input, Transcript
from tests.fuzz import seeds
from tests.fuzz.target import Check


def requests() -> tuple[bytes, ...]:
    """What a kernel sends, and lines of its recorded conversations as operations."""
    lines = [data.decode("utf-8", "replace") for data in seeds.frames()[:400:8]]
    operations: list[dict[str, Any]] = [
        {"op": "status"},
        {"op": "interrupt"},
        {"op": "end"},
        {"op": "kill", "reason": "user"},
        {"op": "limit", "reason": "startup", "error": "it never began"},
        {"op": "adopt", "owner": {"manager_id": "m2", "pid": 1}, "instead_of": "m1"},
        {"op": "send", "line": '{"type":"user","message":{"role":"user","content":"hi"}}'},
        {"op": "answer", "request_id": "r1", "by": "page", "line": "{}", "note": "late"},
    ]
    operations += [{"op": "send", "line": line} for line in lines]
    operations += [{"op": "answer", "request_id": "r2", "by": "policy", "line": x} for x in lines]
    told = [json.dumps(one).encode() + b"\n" for one in operations]
    return (*told, b"".join(told[:8]), b"".join(reversed(told[:8])))


class Noting:
    """The supervisor's end: it keeps what it is asked, and does none of it."""

    def __init__(self, transcript: Transcript, stdin: Input) -> None:
        self.session = Session()
        self.stdin = stdin
        self.closing = Closing(Graces(), 0.0)
        self.keep_open = False
        self.ending = False
        self.transcript = transcript

    def meta(self, event: str, **fields: Any) -> None:
        line = json.dumps({"event": event, **fields}, separators=(",", ":")).encode()
        self.transcript.lines(b"meta", line)

    def interrupt_line(self) -> bytes:
        return b'{"type":"control_request"}'

    def closing_may_change(self) -> None:
        """Noted."""

    def kill(self, reason: str, *, error: str = "") -> None:
        assert isinstance(reason, str)
        assert isinstance(error, str)
        self.ending = True

    def limit(self, reason: str, *, error: str) -> None:
        assert isinstance(reason, str)
        assert isinstance(error, str)
        self.ending = True


def noting(transcript_fd: int, stdin_fd: int) -> Noting:
    """A supervisor whose transcript and whose CLI's stdin are these files."""
    transcript = Transcript(transcript_fd, 0.0)
    return Noting(transcript, Input(stdin_fd, transcript))


@contextmanager
def opened() -> Iterator[Check]:
    """The check of one input, with files for the transcript and for the CLI's stdin."""
    with TemporaryDirectory(prefix="cw-fuzz-") as folder:
        paths = Path(folder) / "transcript", Path(folder) / "stdin"
        files = [os.open(path, os.O_RDWR | os.O_CREAT) for path in paths]
        try:
            yield lambda data: _check(data, *files)
        finally:
            for fd in files:
                os.close(fd)


def _check(data: bytes, transcript_fd: int, stdin_fd: int) -> None:
    for fd in (transcript_fd, stdin_fd):
        os.ftruncate(fd, 0)
        os.lseek(fd, 0, os.SEEK_SET)
    operations = Operations(noting(transcript_fd, stdin_fd))
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setblocking(False)
        theirs.setblocking(False)
        client = Client(theirs, b"")
        said = _spoken(ours, client, operations, data)
        _check_answers(said, data, dropped=not client.open)
        client.close()
    _check_lines(os.pread(stdin_fd, 1 << 22, 0), b"")
    _check_lines(os.pread(transcript_fd, 1 << 22, 0), b" ")


def _spoken(ours: socket.socket, client: Client, operations: Operations, data: bytes) -> bytes:
    """All of it said in pieces; what came back."""
    random = Random(zlib.crc32(data))
    size = random.choice((1, 40, 2000, 65536) if len(data) < 2000 else (2000, 65536))
    said = b""
    for start in range(0, len(data), size):
        piece = data[start : start + size]
        while piece and client.open:
            piece = piece[ours.send(piece) :]
            client.read(operations.answer)
            said += _heard(ours)
            if _would_write(client):
                client.write()
    while _would_write(client):
        said += _heard(ours)
        client.write()
    return said + _heard(ours)


def _would_write(client: Client) -> bool:
    return client.open and client.writing


def _heard(ours: socket.socket) -> bytes:
    heard = b""
    try:
        while chunk := ours.recv(1 << 18):
            heard += chunk
    except (BlockingIOError, ConnectionResetError):
        pass
    return heard


def _check_answers(said: bytes, data: bytes, *, dropped: bool) -> None:
    answers = said.split(b"\n")
    if dropped:  # what was on its way is torn off
        answers.pop()
    else:
        assert answers.pop() == b"", "an answer without its end"
        assert len(answers) == data.count(b"\n"), "one answer a line"
    for answer in answers:
        told = json.loads(answer)
        assert isinstance(told["ok"], bool)
        assert told["ok"] or (told["code"] and isinstance(told["message"], str))


def _check_lines(written: bytes, before: bytes) -> None:
    """Whole lines, each a JSON object behind what stands before it in the transcript."""
    assert not written or written.endswith(b"\n")
    for line in _sample(written.split(b"\n")[:-1]):
        body = line.split(before, 2)[2] if before else line
        assert isinstance(json.loads(body), dict), "what went to the CLI is no JSON object"


def _sample(lines: Sequence[bytes]) -> Sequence[bytes]:
    return lines[:50]
