"""A thousand executions of 50 ms through 16 slots, against what only starts their shims.

The rule: the peer is `xargs -P 16`, which starts the shim itself on run folders that were prepared
before the clock begins, each in a session of its own, since processors are shared out by session:
whatever starts, follows and keeps executions has to be paid for beside it.
Meanwhile the kernel's loop does nothing but note how late it is, and so does a process that has
nothing else to do: where the machine itself makes that one late, the kernel may add half of what is
allowed. Two such loops tick beside the peer, too, since they take a fiftieth of the machine.
After each end it is looked how much memory and how many open files the kernel has.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import subprocess
import tempfile
import threading
import time
from array import array
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks import fake_cli, measure
from claude_widget.protocol import Complete

EXECUTIONS, QUICK_EXECUTIONS = 1_000, 150
SLOTS = 16
BOUND = 1.15
LATE = 0.020
"""Seconds that the loop is late, 99.9th percentile."""
FLAT = 1.05
"""Of the most memory and open files within the first executions, which may be had later."""
FIRST = 100
"""Executions after which nothing grows any more."""
ROUNDS, QUICK_ROUNDS = 3, 1
_AHEAD = 4
_TICK = 0.005


async def _ticks(late: array[float], over: Callable[[], bool]) -> None:
    """Note how late the loop is, until it is over."""
    while not over():
        before = time.monotonic()
        await asyncio.sleep(_TICK)
        late.append(time.monotonic() - before - _TICK)


def tick(folder: str) -> list[float]:
    """A process with a loop and nothing to do, until there is a file `over`."""
    late = array("d")
    Path(folder, "ticking").touch()
    asyncio.run(_ticks(late, Path(folder, "over").exists))
    return late.tolist()


class Kernel:
    """A kernel with a dashboard that runs executions, a few of them waiting for their slot."""

    def __init__(self, folder: str, cli: str, executions: int) -> None:
        from claude_widget import ClaudeWidget, ProcessManager  # noqa: PLC0415 - not in the peer
        from tests.recording_comm import comm_of, open_recording_comms  # noqa: PLC0415

        open_recording_comms()
        self.process = psutil.Process()
        self.manager = ProcessManager(Path(folder, "state"), cli, SLOTS, stagger=0)
        self.widget = ClaudeWidget(self.manager)
        self._sent = comm_of(self.widget).messages
        self.memory, self.files = array("Q"), array("L")
        self._folder = folder
        self._executions = executions
        self._room = threading.Semaphore(SLOTS + _AHEAD)
        self.manager.subscribe(self._hear)

    def _hear(self, told: object) -> None:
        if isinstance(told, Complete):
            self._sent.clear()  # a page keeps them in its own process
            self.memory.append(self.process.memory_info().rss)
            self.files.append(self.process.num_fds())
            self._room.release()

    def start(self) -> None:
        """Start them, as their slots become free."""
        for number in range(self._executions):
            self._room.acquire()
            self.manager.start_execution(f"query {number}", self._folder, again=True)

    def over(self) -> bool:
        """All have ended."""
        return len(self.files) == self._executions

    def close(self) -> None:
        """See that all have completed, and let go."""
        every = self.manager.get_all_executions()
        completed = sum(one.status == "completed" for one in every)
        self.widget.close()
        self.manager.close()
        if completed != self._executions:
            raise RuntimeError(f"{completed} of {self._executions} completed")


def play_ours(folder: str, cli: str, executions: int) -> dict[str, float]:
    """A kernel that runs them."""
    kernel = Kernel(folder, cli, executions)
    feeding = threading.Thread(target=kernel.start)
    seconds, late, machine = _timed(folder, feeding.start, kernel.over)
    feeding.join()
    kernel.close()
    return {
        "seconds": seconds,
        "late": measure.percentile(late, 0.999),
        "machine": measure.percentile(machine, 0.999),
        "memory": _growth(kernel.memory),
        "files": _growth(kernel.files),
    }


def _timed(
    folder: str, begin: Callable[[], object], over: Callable[[], bool]
) -> tuple[float, list[float], list[float]]:
    """Seconds from `begin` to `over`, and how late meanwhile this loop and an idle process were."""
    late = array("d")  # in a list they would be a third of a megabyte
    with ThreadPoolExecutor(1) as beside:
        idle = beside.submit(measure.in_new_process, tick, folder=folder)
        measure.until(Path(folder, "ticking").exists)
        begun = time.monotonic()
        begin()
        asyncio.run(_ticks(late, over))
        seconds = time.monotonic() - begun
        Path(folder, "over").touch()
        return seconds, late.tolist(), idle.result()


def _growth(figures: Sequence[int]) -> float:
    return max(figures[FIRST:]) / max(figures[:FIRST])


def play_peer(folder: str, cli: str, executions: int) -> dict[str, float]:
    """`xargs`, once the run folders are there."""
    scripts, transcripts = _prepared(Path(folder), cli, executions)
    listed = Path(folder, "listed")
    listed.write_text("\n".join(map(str, scripts)))
    running: list[subprocess.Popen[bytes]] = []

    def begin() -> None:
        argv = ["xargs", "-a", str(listed), "-P", str(SLOTS), "-n", "1", "sh"]
        running.append(subprocess.Popen(argv))

    seconds, _, _ = _timed(folder, begin, lambda: running[0].poll() is not None)
    ends = [b'"ended","exit_code":0' in one.read_bytes() for one in transcripts]
    if running[0].returncode or not all(ends):
        raise RuntimeError("not all of them have ended well")
    return {"seconds": seconds}


def _prepared(folder: Path, cli: str, executions: int) -> tuple[list[Path], list[Path]]:
    """Scripts that each run the shim of one execution, and their transcripts."""
    from claude_widget.command import INITIALIZE_LINE, prompt_line  # noqa: PLC0415
    from claude_widget.launch_files import write  # noqa: PLC0415
    from claude_widget.local import LocalBackend  # noqa: PLC0415 - not before it is measured
    from claude_widget.models import ExecutionRequest  # noqa: PLC0415
    from claude_widget.state_folder import StateFolder  # noqa: PLC0415
    from claude_widget.transcript import Writer  # noqa: PLC0415

    state, backend = StateFolder(folder / "state"), LocalBackend(cli)
    scripts, transcripts = [], []
    for number in range(executions):
        request = ExecutionRequest(query=f"query {number}", project_path=str(folder))
        run = state.new_run(request)
        state.create(run)
        with Writer(run.transcript, create=True) as writer:
            writer.begin(run.execution_id, "host", request={}, mcp_config=None)
            launch = backend.launch(run)
            first = INITIALIZE_LINE + b"\n" + prompt_line(request)
            write(run, launch, first, writer.epoch_clock)
        own = {name: value for name, value in launch.env.items() if value != os.environ.get(name)}
        script = run.folder / "run"
        script.write_text(
            f"cd {shlex.quote(str(run.folder))}\n"
            + "".join(f"export {name}={shlex.quote(value)}\n" for name, value in own.items())
            + f"exec setsid {shlex.join(launch.argv)} 0>>transcript >/dev/null 2>>shim.log\n"
        )
        scripts.append(script)
        transcripts.append(run.transcript)
    return scripts, transcripts


def once(play: Callable[..., Any], executions: int) -> dict[str, float]:
    """One side, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        cli = str(fake_cli.brief(Path(folder)))
        found: dict[str, float] = measure.in_new_process(
            play, folder=folder, cli=cli, executions=executions
        )
        return found


def run(quick: bool) -> list[measure.Figure]:
    """The seconds of all, and what the kernel felt and kept."""
    executions = QUICK_EXECUTIONS if quick else EXECUTIONS
    sides = [partial(once, play, executions) for play in (play_ours, play_peer)]
    ours, peers = measure.in_turn(QUICK_ROUNDS if quick else ROUNDS, *sides)
    seconds = [[one["seconds"] for one in side] for side in (ours, peers)]
    late = [one["late"] for one in ours]
    most = [max(LATE, one["machine"] + LATE / 2) for one in ours]
    scene = f"{executions} executions of 50 ms in {SLOTS} slots"
    figures = [
        measure.compared(f"{scene} / xargs with the shim", *seconds, bound=BOUND),
        measure.compared(
            f"{scene}: kernel's loop late, 99.9th percentile / what is allowed",
            late, most, bound=1.0, unit="ms", scale=1e3, timed="wall",
        ),
    ]  # fmt: skip
    for key, what in (("memory", "memory"), ("files", "open files")):
        grown = [one[key] for one in ours]
        name = f"{scene}: {what}, after / within the first {FIRST}"
        figures.append(measure.compared(name, grown, [1.0] * len(grown), bound=FLAT, unit="x"))
    return figures
