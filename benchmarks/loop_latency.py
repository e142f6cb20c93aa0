"""How late the kernel's own loop is while ten executions stream a hundred frames a second each.

The rule: the kernel's loop does nothing but ask to be woken every few milliseconds, and each time
notes how late that was; first beside a manager that has nothing to do, then beside one that
follows ten. The ten CLIs and their shims take cores as well: so the peer is a kernel without any
manager beside ten of the same CLIs whose output nobody reads but `cat`.
"""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import fake_cli, frames, measure
from claude_widget import ProcessManager

BOUND = 3.0
EXECUTIONS, RATE = 10, 100
SECONDS, QUICK_SECONDS = 10.0, 4.0
_TICK = 0.005


async def _lateness(seconds: float) -> list[float]:
    late = []
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        begun = time.monotonic()
        await asyncio.sleep(_TICK)
        late.append(time.monotonic() - begun - _TICK)
    return late


def _said(late: list[float]) -> dict[str, float]:
    return {"median": statistics.median(late), "late": measure.percentile(late, 0.99)}


def play_ours(folder: str, cli: str, seconds: float) -> dict[str, float]:
    """A kernel that follows ten executions; how late its loop is."""
    with ProcessManager(Path(folder) / "state", cli, EXECUTIONS, stagger=0) as manager:
        for number in range(EXECUTIONS):
            manager.start_execution(f"query {number}", folder)
        every = manager.get_all_executions()
        measure.until(lambda: all(one.info.session_id for one in every))
        late = asyncio.run(_lateness(seconds))
        manager.close(kill=True, timeout=60)
    return _said(late)


def play_peer(folder: str, cli: str, seconds: float) -> dict[str, float]:
    """A process that follows nothing, beside ten of the same CLIs; how late its loop is."""
    asked = b'{"request_id":"r"}\n{}\n'
    running = []
    for _ in range(EXECUTIONS):
        one = subprocess.Popen([cli], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=folder)
        assert one.stdin is not None
        one.stdin.write(asked)
        one.stdin.flush()
        reader = subprocess.Popen(["cat"], stdin=one.stdout, stdout=subprocess.DEVNULL)
        running += [one, reader]
    time.sleep(1.0)
    late = asyncio.run(_lateness(seconds))
    for one in running:
        one.kill()
        one.wait()
    return _said(late)


def run(quick: bool) -> list[measure.Figure]:
    """The median's ratio and the 99th percentile's."""
    seconds = QUICK_SECONDS if quick else SECONDS

    def once(play: Callable[..., Any], file: Path) -> Any:
        with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
            cli = fake_cli.printing(Path(folder), file, 1 / RATE)
            return measure.in_new_process(play, folder=folder, cli=str(cli), seconds=seconds)

    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        file = Path(folder, "frames")
        frames.write(file, RATE * 60)
        sides = [partial(once, play, file) for play in (play_ours, play_peer)]
        ours, peers = measure.in_turn(3 if quick else 5, *sides)
    return [
        measure.compared(
            f"loop's lateness, {name}: {EXECUTIONS} followed / not followed",
            [one[key] for one in ours],
            [one[key] for one in peers],
            bound=bound,
            unit="ms",
            scale=1e3,
        )
        for name, key, bound in (("median", "median", BOUND), ("99th percentile", "late", None))
    ]


def main() -> int:
    """Print the ratios; 1 when a bound is broken."""
    return measure.main(__name__, run)


if __name__ == "__main__":
    sys.exit(main())
