"""From `start_execution` to the CLI's exec, against the least that a supervisor could take.

The rule: the CLI is a shell script that opens a FIFO as its first act, and the moment is taken in
the process that started it. The peer is a bare `python -I -S -c pass` of the shim's own
interpreter and, after it, a bare Popen of the same script: no supervisor written in Python can
start anything sooner.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks import fake_cli, measure
from claude_widget import ProcessManager

BOUND = 1.5
ROUNDS = 41


def _opened(fifo: Path) -> None:
    """Return when the script at the other end has opened the FIFO."""
    os.close(os.open(fifo, os.O_RDONLY))


def play(folder: str, rounds: int) -> dict[str, list[float]]:
    """A kernel that starts executions, one at a time, and the bare processes between them."""
    own = Path(folder)
    fifo = own / "fifo"
    os.mkfifo(fifo)
    cli = fake_cli.stamping(own, fifo)
    interpreter = str(getattr(sys, "_base_executable", "") or sys.executable)
    manager = ProcessManager(own / "state", cli, 4, stagger=0)

    def ours() -> float:
        begun = time.monotonic()
        execution = manager.start_execution("go", folder)
        _opened(fifo)
        seconds = time.monotonic() - begun
        execution.wait(60)
        measure.until(lambda: not manager.backend.wait_handles())
        return seconds

    def python() -> float:
        begun = time.monotonic()
        subprocess.run([interpreter, "-I", "-S", "-c", "pass"], check=True)
        return time.monotonic() - begun

    def popen() -> float:
        begun = time.monotonic()
        with subprocess.Popen([cli], stdin=subprocess.DEVNULL, cwd=folder):
            _opened(fifo)
            return time.monotonic() - begun

    ours()  # the first start loads what a kernel loads once
    with manager:
        values = measure.in_turn(rounds, ours, python, popen)
    return dict(zip(("ours", "python", "popen"), values, strict=True))


def run(quick: bool) -> list[measure.Figure]:
    """The ratio; and what of it is spent before the shim's process is there."""
    del quick  # it takes a few seconds at most
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        found = measure.in_new_process(play, folder=folder, rounds=ROUNDS)
    peers = [sum(pair) for pair in zip(found["python"], found["popen"], strict=True)]
    name = "start_execution to exec / bare python + bare Popen"
    return [
        measure.compared(name, found["ours"], peers, bound=BOUND, unit="ms", scale=1e3),
    ]
