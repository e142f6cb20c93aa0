"""From `kill_execution` until nothing is left of what an execution has started.

The rule: real shims, and a CLI with two children and a daemon in a session of its own. One CLI
behaves: it ends when its input does, and leaves the daemon to the shim. The other ignores the end
of its input and every signal that can be ignored, and so do its children; what then counts is the
sum of the ladder's graces, which the shim must not go beyond.
"""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks import fake_cli, measure
from claude_widget import Execution, ProcessManager
from claude_widget.shim.ladder import Graces

SECONDS = 1.0
ROUNDS, QUICK_ROUNDS = 60, 20
STUBBORN = 4
_GRACES = Graces()
LADDER = _GRACES.interrupt + _GRACES.terminate + _GRACES.descendants
SPARE = 0.5
"""Seconds above the graces, for the machine to start what is due and to take the dead away."""


Started = tuple[Execution, Path]
"""An execution, and its project."""


def play(folder: str, rounds: int, stubborn: bool) -> list[float]:
    """A kernel that kills one execution after the other, or all at once; seconds of each."""
    cli = fake_cli.parent(Path(folder), stubborn=stubborn)
    found = []
    with ProcessManager(Path(folder) / "state", cli, rounds, stagger=0) as manager:
        started: list[Started] = []
        for number in range(rounds):
            project = Path(folder, f"work{number:05}")
            project.mkdir()
            started.append((manager.start_execution("go", project), project))
            if not stubborn:
                found.append(_gone(manager, started, folder)[0])
                started.clear()
        if stubborn:
            found = _gone(manager, started, folder)
    return found


def _gone(manager: ProcessManager, started: list[Started], folder: str) -> list[float]:
    pids = []
    for _, project in started:
        said = Path(folder, f"{project.name}.pids")
        measure.until(said.exists)
        pids.append([int(one) for one in said.read_text().split()])
    begun = []
    for one, _ in started:
        begun.append(time.monotonic())
        manager.kill_execution(one.execution_id)
    left = dict(enumerate(pids))
    seconds = [0.0] * len(pids)

    def all_gone() -> bool:
        for number in [key for key, some in left.items() if not any(map(_lives, some))]:
            seconds[number] = time.monotonic() - begun[number]
            del left[number]
        return not left

    measure.until(all_gone, every=0.002)
    return seconds


def _lives(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _once(rounds: int, *, stubborn: bool) -> list[float]:
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        fields: dict[str, Any] = {"folder": folder, "rounds": rounds, "stubborn": stubborn}
        found: list[float] = measure.in_new_process(play, **fields)
        return found


def run(quick: bool) -> list[measure.Figure]:
    """The 95th percentile of one that behaves, and the longest of one that does not."""
    behaved, ignored = measure.at_once(
        partial(_once, QUICK_ROUNDS if quick else ROUNDS, stubborn=False),
        partial(_once, STUBBORN, stubborn=True),  # waits for its graces, which costs nobody
    )
    late = measure.percentile(behaved, 0.95)
    what = "from kill to the last descendant gone"
    return [
        measure.allowed(f"{what}, 95th percentile of {len(behaved)}", [late], SECONDS, unit="s"),
        measure.allowed(
            f"{what}, longest of {len(ignored)} that ignore everything",
            [max(ignored)],
            LADDER + SPARE,
        ),
    ]
