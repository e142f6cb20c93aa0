"""The world that the model check acts in, from outside: kernels, transcripts, processes.

The rule: what an execution is, is read from its transcript on disk and from the process table;
what kernels know of it, they are asked. Nothing here decides what should be.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil

from claude_widget.command import MARK
from claude_widget.transcript import read_records
from tests import fake
from tests.waiting import BOUND, until

ROOT = Path(__file__).parent.parent
ENDINGS = ("ended", "lost", "refused")
Told = dict[str, Any]


class KernelGone(Exception):
    """It was killed."""


class Kernels:
    """Starts kernels.

    Args:
        folder: a short one, for the socket.
        cli: the fake CLI.
    """

    def __init__(self, folder: Path, cli: Path) -> None:
        self._path = str(folder / f"kernels-{os.getpid()}.sock")
        self._cli = cli
        command = [sys.executable, "-m", "tests.model_kernel", self._path]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE)
        until(lambda: Path(self._path).exists(), what="kernels can be started")

    def start(self, state: Path, *, slots: int, notebook: str) -> KernelClient:
        """A new kernel with a manager on that state folder."""
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        until(lambda: connection.connect_ex(self._path) == 0, what="a kernel answers")
        return KernelClient(connection, state, self._cli, slots, notebook)

    def close(self) -> None:
        """Start no more."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(BOUND)
        Path(self._path).unlink()


class KernelClient:
    """One kernel, as whoever asks it has it."""

    def __init__(
        self, connection: socket.socket, state: Path, cli: Path, slots: int, notebook: str
    ) -> None:
        connection.settimeout(30)
        self._connection = connection
        self._lines = connection.makefile("rw", encoding="utf-8")
        self.has_page = False
        self.slots, self.notebook = slots, notebook
        said = self.ask("open", state=str(state), cli=str(cli), slots=slots, notebook=notebook)
        self.pid = int(said["pid"])
        self.manager_id = str(said["manager_id"])

    def ask(self, do: str, **fields: Any) -> Told:
        """One command; the answer, whatever it is."""
        try:
            self._lines.write(json.dumps({"do": do, **fields}) + "\n")
            self._lines.flush()
            line = self._lines.readline()
        except OSError as error:
            raise KernelGone(str(error)) from error
        if not line:
            raise KernelGone(f"kernel {self.pid} ended at {do}")
        said: Told = json.loads(line)
        return said

    def crash(self) -> None:
        """`kill -9`."""
        os.kill(self.pid, signal.SIGKILL)
        self._end()

    def close(self) -> None:
        """Close its manager, then end it."""
        self.ask("close")
        self._end()

    def _end(self) -> None:
        with contextlib.suppress(OSError):
            self._lines.close()
        self._connection.close()
        until(lambda: not fake.lives(self.pid), what="the kernel is gone")


class OnDisk(NamedTuple):
    """What a transcript says.

    Attributes:
        events: its lifecycle records' names, in order.
        cli: pid of the CLI, 0 before it was started.
        shim: pid of its shim, 0 before.
        ended: there is an ending record.
    """

    events: tuple[str, ...]
    cli: int
    shim: int
    ended: bool

    @property
    def alive(self) -> bool:
        """It was started, and CLI and shim both live."""
        return bool(self.shim) and fake.lives(self.shim) and fake.lives(self.cli)


def on_disk(state: Path, execution_id: str) -> OnDisk:
    """What the transcript of one execution says now."""
    path = state / "executions" / execution_id / "transcript"
    metas = [json.loads(one.data) for one in read_records(path) if one.stream == "meta"]
    events = tuple(meta["event"] for meta in metas)
    spawned: Told = next((meta for meta in metas if meta["event"] == "spawned"), {})
    ended = any(event in ENDINGS for event in events)
    return OnDisk(events, spawned.get("pid", 0), spawned.get("shim_pid", 0), ended)


def with_processes(ids: set[str]) -> set[str]:
    """Those of these executions of which a living process is left."""
    return {mark for mark in _marks() if mark in ids}


def _marks() -> Iterator[str]:
    for process in psutil.process_iter():
        try:
            mark = process.environ().get(MARK)
            if mark and process.status() != psutil.STATUS_ZOMBIE:
                yield mark
        except (psutil.Error, OSError):
            continue
