"""A CLI's own time to write 200 MB while a cell blocks the kernel, against a kernel that is free.

The rule: the time is the CLI's own, around its writes. The kernel is a process of its own with a
manager that follows; the cell is its main thread, asleep (as in `time.sleep`, a query, a request)
or busy in pure Python. A busy cell also takes a core; so it is measured against a free kernel
beside another process that is as busy, or on two cores the ratio would tell of the cores.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks import calibration, fake_cli, frames, measure
from claude_widget import ProcessManager

BOUND = 1.1
SIZE, QUICK_SIZE = 200_000_000, 60_000_000
_BLOCK_FRAMES = 3_000
_WHAT = "CLI's time to write"


def play(folder: str, cli: str, cell: str) -> dict[str, float]:
    """A kernel whose cell does what `cell` says while an execution runs; its CLI's seconds."""
    said = Path(folder, "said")
    with ProcessManager(Path(folder) / "state", cli, 1, stagger=0) as manager:
        execution = manager.start_execution("go", folder)
        if cell == "asleep":
            while not said.exists():
                time.sleep(0.1)
        elif cell == "busy":
            while not said.exists():
                calibration.loop()
        asyncio.run(_awaited(execution))
        execution.raise_for_status()
    return {"seconds": json.loads(said.read_text())["seconds"]}


async def _awaited(execution: object) -> None:
    await execution  # type: ignore[misc]


def _once(file: Path, size: int, cell: str, beside: bool) -> float:
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        cli = fake_cli.flooding(Path(folder), file, size)
        other = subprocess.Popen([sys.executable, "-c", "while True: pass"]) if beside else None
        try:
            found = measure.in_new_process(play, folder=folder, cli=str(cli), cell=cell)
        finally:
            if other is not None:
                other.kill()
                other.wait()
        return float(found["seconds"])


def run(quick: bool) -> list[measure.Figure]:
    """Both ratios."""
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        file = Path(folder, "frames")
        frames.write(file, _BLOCK_FRAMES)
        size = QUICK_SIZE if quick else SIZE
        cells = (("", False), ("asleep", False), ("", True), ("busy", False))
        sides = [partial(_once, file, size, cell, beside) for cell, beside in cells]
        free, asleep, beside, busy = measure.in_turn(5 if quick else 7, *sides)
    return [
        measure.compared(
            "CLI's time to write, cell asleep / kernel free", asleep, free, bound=BOUND
        ),
        measure.compared(
            "CLI's time to write, cell busy / kernel free beside a busy process",
            busy,
            beside,
            bound=BOUND,
        ),
        measure.compared("CLI's time to write, cell busy / kernel free", busy, free),
    ]
