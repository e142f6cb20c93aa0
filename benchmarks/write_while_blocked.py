"""A CLI's own time to write 200 MB while a cell blocks the kernel, against a kernel that is free.

The rule: the time is the CLI's own, around its writes. The kernel is a process of its own with a
manager that follows; the cell is its main thread, asleep (as in `time.sleep`, a query, a request)
or busy in pure Python. A busy cell also takes a core; so it is measured against a free kernel
beside another process that is as busy, or on two cores the ratio would tell of the cores. Each
round is a kernel of its own: there these scenes come in turn, in an order that turns around.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from benchmarks import calibration, fake_cli, frames, measure
from claude_widget import ProcessManager

BOUND = 1.1
SIZE, QUICK_SIZE = 200_000_000, 30_000_000
_BLOCK_FRAMES = 3_000
SCENES = FREE, ASLEEP, BESIDE, BUSY = ["free", "asleep", "beside a busy process", "busy"]
_WHAT = "CLI's time to write"


def play(folder: str, file: str, size: int, scenes: list[str]) -> dict[str, float]:
    """A kernel that runs an execution in each of these scenes; the CLI's seconds in each."""
    _wrote(Path(folder, "first"), file, 0, FREE)  # loads what a kernel loads once
    return {scene: _wrote(Path(folder, scene), file, size, scene) for scene in scenes}


def _wrote(folder: Path, file: str, size: int, scene: str) -> float:
    folder.mkdir()
    said, cli = folder / "said", fake_cli.flooding(folder, Path(file), size)
    with (
        _busy_process() if scene == BESIDE else nullcontext(),
        ProcessManager(folder / "state", cli, 1, stagger=0) as manager,
    ):
        execution = manager.start_execution("go", folder)
        if scene == ASLEEP:
            while not said.exists():
                time.sleep(0.1)
        elif scene == BUSY:
            while not said.exists():
                calibration.loop()
        asyncio.run(_awaited(execution))
        execution.raise_for_status()
    return float(json.loads(said.read_text())["seconds"])


@contextmanager
def _busy_process() -> Iterator[None]:
    other = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        yield
    finally:
        other.kill()
        other.wait()


async def _awaited(execution: object) -> None:
    await execution  # type: ignore[misc]


def run(quick: bool) -> list[measure.Figure]:
    """Both ratios."""
    found = []
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as name:
        folder = Path(name)
        frames.write(folder / "frames", _BLOCK_FRAMES)
        size = QUICK_SIZE if quick else SIZE
        for number in range(3 if quick else 7):
            own = folder / str(number)
            own.mkdir()
            scenes = SCENES if number % 2 == 0 else SCENES[::-1]
            fields: dict[str, Any] = {
                "folder": str(own),
                "file": str(folder / "frames"),
                "scenes": scenes,
            }
            found.append(measure.in_new_process(play, size=size, **fields))
    free, asleep, beside, busy = ([one[scene] for one in found] for scene in SCENES)
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
