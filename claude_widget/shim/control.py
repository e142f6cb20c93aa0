"""The control socket: what a kernel may ask of a running execution.

The rule: requests come in and answers go out here; what they do is the supervisor's. A Unix
socket in a folder that only its owner may enter, mode 0600, the peer's user id checked again
where the system tells it. One JSON object a line each way. The first line is the shim's greeting,
which carries the protocol's version, so that a newer package can control an older shim.

    -> {"op": "send", "line": "<one stream-json line>"}      to the CLI's stdin
    -> {"op": "interrupt"} | {"op": "end"} | {"op": "kill", "reason": "user", "error": ""}
    -> {"op": "status"}
    <- {"ok": true, ...} | {"ok": false, "code": "...", "message": "..."}
"""

import json
import os
import socket
import struct
import sys
from collections.abc import Callable
from typing import Any

CONTROL_VERSION = 1
LONGEST_REQUEST = 16 << 20
"""Bytes of one request; a CLI session dies of stdin messages above 10 MB, so none is longer."""
_MOST_CLIENTS = 32
_MOST_UNSENT = 1 << 20

Answerer = Callable[[dict[str, Any]], dict[str, Any]]


class Client:
    """One connection."""

    def __init__(self, connection: socket.socket, greeting: bytes) -> None:
        self.connection = connection
        self.open = True
        self._received = bytearray()
        self._unsent = greeting
        self.write()

    @property
    def writing(self) -> bool:
        """There is an answer that did not fit."""
        return bool(self._unsent)

    def read(self, answer: Answerer) -> None:
        """Take what came and answer every whole request in it."""
        try:
            chunk = self.connection.recv(1 << 18)
        except BlockingIOError:
            return
        except OSError:
            chunk = b""
        if not chunk or len(self._received) + len(chunk) > LONGEST_REQUEST:
            self.close()
            return
        self._received += chunk
        if b"\n" not in chunk:
            return
        *lines, rest = bytes(self._received).split(b"\n")
        self._received = bytearray(rest)
        answers = [self._unsent]
        size = len(self._unsent)
        for line in lines:
            answers.append(_answer_line(line, answer))
            size += len(answers[-1])
            if size > _MOST_UNSENT:  # a kernel waits for an answer before it asks on
                self.close()
                return
        self._unsent = b"".join(answers)
        self.write()

    def write(self) -> None:
        """Send what fits; a client that never reads is dropped."""
        try:
            sent = self.connection.send(self._unsent)
            self._unsent = self._unsent[sent:]
        except BlockingIOError:
            pass
        except OSError:
            self.close()
        if len(self._unsent) > _MOST_UNSENT:
            self.close()

    def close(self) -> None:
        """End the connection."""
        if self.open:
            self.open = False
            self.connection.close()


def _answer_line(line: bytes, answer: Answerer) -> bytes:
    try:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise ValueError("not an object")  # noqa: TRY004 - told to the client
        said = answer(request)
    except (ValueError, RecursionError) as error:
        said = {"ok": False, "code": "malformed", "message": str(error)[:200]}
    return json.dumps(said).encode() + b"\n"


class Control:
    """The listening socket and its clients; without a socket it is simply never asked."""

    def __init__(self, path: str, greeting: dict[str, Any], answer: Answerer) -> None:
        self.path = path
        self.clients: dict[int, Client] = {}
        self.problem = ""
        self._answer = answer
        self._greeting = json.dumps({**greeting, "protocol": CONTROL_VERSION}).encode() + b"\n"
        self.listener: socket.socket | None = None
        try:
            self.listener = _listen(path)
        except OSError as error:
            self.problem = f"no control socket at {path}: {error}"

    def accept(self) -> None:
        """Greet a new client, if it is the owner."""
        assert self.listener is not None
        try:
            connection, _ = self.listener.accept()
        except OSError:
            return
        connection.setblocking(False)
        if len(self.clients) >= _MOST_CLIENTS or not _same_user(connection):
            connection.close()
            return
        fd = connection.fileno()
        client = Client(connection, self._greeting)
        if client.open:  # else it was gone before it was greeted
            self.clients[fd] = client

    def serve(self, fd: int, readable: bool) -> None:
        """Go on with one client."""
        client = self.clients[fd]
        if readable:
            client.read(self._answer)
        if client.open and client.writing:
            client.write()
        if not client.open:
            del self.clients[fd]

    def close(self) -> None:
        """Stop listening and take the socket away."""
        for client in self.clients.values():
            client.close()
        self.clients.clear()
        if self.listener is not None:
            self.listener.close()
            self.listener = None
            try:
                os.unlink(self.path)
            except OSError:
                pass  # someone cleaned the runtime folder; nothing is left to remove


def _listen(path: str) -> socket.socket:
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    old = os.umask(0o177)  # mode 0600 from the first moment; this process has one thread
    try:
        listener.bind(path)
    finally:
        os.umask(old)
    listener.listen(128)
    listener.setblocking(False)
    return listener


def _same_user(connection: socket.socket) -> bool:
    if sys.platform != "linux":
        return True  # the folder's mode alone holds others out
    size = struct.calcsize("3i")
    packed = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)
    _, uid, _ = struct.unpack("3i", packed)
    return uid in (0, os.getuid())
