"""Sixteen real CLIs with the default admission, against the best number of them at once.

The rule: which number is the best is found by trying them, each once; the best one is then measured
again beside the default, in turn. The CLI is the real one against a scripted API. Memory is that of
all processes below the kernel, looked at ten times a second.
"""

from __future__ import annotations

import os
import tempfile
import threading
import time
from contextlib import suppress
from functools import partial
from pathlib import Path

import psutil

from benchmarks import measure
from claude_widget import ProcessManager
from claude_widget.manager import DEFAULT_STAGGER
from tests.real_cli import cli_environment, find_real_cli
from tests.scripted_api import ScriptedAPI

BOUND, MEMORY = 1.15, 1.1
CLIS, QUICK_CLIS = 16, 6
TRIED, QUICK_TRIED = tuple(range(1, CLIS + 1)), (4, 6)
ROUNDS, QUICK_ROUNDS = 3, 1
_LOOK = 0.1


def _watch(over: threading.Event, most: list[int]) -> None:
    """Note the most memory of all processes below this one."""
    own = psutil.Process()
    while not over.wait(_LOOK):
        size = 0
        for process in own.children(recursive=True):
            with suppress(psutil.Error):
                size += process.memory_info().rss
        most[0] = max(most[0], size)


def play(folder: str, clis: int, at_once: int | None) -> dict[str, float]:
    """A kernel that runs them, so many at once, or as many as it finds good."""
    cli, own = find_real_cli(), Path(folder)
    project = own / "project"
    project.mkdir()
    with ScriptedAPI() as api:
        environment = cli_environment(own, api.url)
        os.environ.clear()
        os.environ.update(environment)
        stagger = DEFAULT_STAGGER if at_once is None else 0.0
        with ProcessManager(own / "state", cli, at_once, stagger=stagger) as manager:
            manager.start_execution("SCENARIO:hello", project).wait(60)
            over, most = threading.Event(), [0]
            watching = threading.Thread(target=_watch, args=(over, most))
            watching.start()
            begun = time.monotonic()
            every = [
                manager.start_execution("SCENARIO:hello", project, again=True) for _ in range(clis)
            ]
            for one in every:
                one.wait(300).raise_for_status()
            seconds = time.monotonic() - begun
            over.set()
            watching.join()
    return {"seconds": seconds, "memory": float(most[0])}


def once(clis: int, at_once: int | None) -> dict[str, float]:
    """One measurement, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        found: dict[str, float] = measure.in_new_process(
            play, folder=folder, clis=clis, at_once=at_once
        )
        return found


def run(quick: bool) -> list[measure.Figure]:
    """The seconds of all of them, and the most memory meanwhile."""
    clis = QUICK_CLIS if quick else CLIS
    tried = {number: once(clis, number) for number in (QUICK_TRIED if quick else TRIED)}
    best = min(tried, key=lambda number: tried[number]["seconds"])
    sides = [partial(once, clis, number) for number in (None, best)]
    ours, peers = measure.in_turn(QUICK_ROUNDS if quick else ROUNDS, *sides)
    scene = f"{clis} real CLIs, default admission / {best} at once, the best of {len(tried)} tried"
    seconds = [[one["seconds"] for one in side] for side in (ours, peers)]
    memory = [[one["memory"] for one in side] for side in (ours, peers)]
    return [
        measure.compared(scene, *seconds, bound=BOUND),
        measure.compared(f"{scene}: memory", *memory, bound=MEMORY, unit="MB", scale=1e-6),
    ]
