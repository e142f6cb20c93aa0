"""CPU of a frame in the kernel and its shim, against claude-agent-sdk on the same frames.

The rule: a kernel is a process of its own, whose CPU of all threads is counted from the start of
an execution to its end; no pane is open and `events` is not touched. It is the kernel's second: the
first, a short one, loads what a kernel loads once, which no frame costs. Both read the same frames
from the same fake CLI, whose own CPU counts for neither. `flood`: as fast as it goes. `paced`:
each frame written alone, a thousand a second at most, which is how a CLI writes.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks import fake_cli, frames, measure

FRAMES, QUICK_FRAMES = 100_000, 30_000
PACED_FRAMES, QUICK_PACED_FRAMES = 5_000, 2_500
KERNEL_BOUND, TOGETHER_BOUND = 1 / 5, 1.0
PAUSE = 0.001
FIRST_FRAMES = 50


def play_ours(folder: str, first: str, cli: str, count: int) -> dict[str, float]:
    """A kernel that runs one execution; CPU seconds of the kernel and of the shim."""
    from claude_widget import ProcessManager  # noqa: PLC0415 - the peer's process has none of it

    with ProcessManager(Path(folder) / "first-state", first, 1, stagger=0) as manager:
        manager.start_execution("go", folder).wait(60).raise_for_status()
        measure.until(lambda: not psutil.Process().children())
    with ProcessManager(Path(folder) / "state", cli, 1, stagger=0) as manager:
        before = _children()
        begun = time.process_time()
        execution = manager.start_execution("go", folder)
        execution.wait(240)
        kernel = time.process_time() - begun
        measure.until(lambda: not psutil.Process().children())
        shim = _children() - before - json.loads(Path(folder, "said").read_text())["cpu"]
        execution.raise_for_status()
        seen = len(list(execution.events))
    if seen < count:
        raise RuntimeError(f"{seen} of {count} frames were seen")
    return {"kernel": kernel / count, "together": (kernel + shim) / count}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def play_peer(folder: str, first: str, cli: str, count: int) -> dict[str, float]:
    """A process that runs the same through `claude_agent_sdk.query`."""
    from claude_agent_sdk import ClaudeAgentOptions, query  # noqa: PLC0415 - ours has none of it

    async def messages(cli: str) -> int:
        options = ClaudeAgentOptions(cli_path=cli, cwd=folder, include_partial_messages=True)
        seen = 0
        async for _ in query(prompt="go", options=options):
            seen += 1
        return seen

    asyncio.run(messages(first))
    begun = time.process_time()
    seen = asyncio.run(messages(cli))
    used = time.process_time() - begun
    if seen < count:
        raise RuntimeError(f"{seen} of {count} frames were seen")
    return {"kernel": used / count}


def _once(play: Any, folder: str, file: Path, count: int, pause: float) -> Any:
    with tempfile.TemporaryDirectory(dir=folder) as own:
        cli = fake_cli.printing(Path(own), file, pause)
        few = Path(own, "first")
        few.mkdir()
        frames.write(few / "frames", FIRST_FRAMES)
        first = fake_cli.printing(few, few / "frames")
        return measure.in_new_process(play, folder=own, first=str(first), cli=str(cli), count=count)


def _case(name: str, wanted: int, rounds: int, pause: float) -> list[measure.Figure]:
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        file = Path(folder, "frames")
        count = frames.write(file, wanted)
        sides = [
            partial(_once, play, folder, file, count, pause) for play in (play_ours, play_peer)
        ]
        ours, peers = measure.in_turn(rounds, *sides)
    peer = [one["kernel"] for one in peers]
    return [
        measure.compared(
            f"{what} CPU per frame / the SDK's, {name}",
            [one[key] for one in ours],
            peer,
            bound=bound,
            unit="us",
            scale=1e6,
        )
        for what, key, bound in (
            ("kernel", "kernel", KERNEL_BOUND),
            ("kernel and shim", "together", TOGETHER_BOUND),
        )
    ]


def run(quick: bool) -> list[measure.Figure]:
    """All four ratios."""
    os.environ.pop("CLAUDE_WIDGET_MODE", None)
    return [
        *_case("flood", QUICK_FRAMES if quick else FRAMES, 3 if quick else 5, 0.0),
        *_case("paced", QUICK_PACED_FRAMES if quick else PACED_FRAMES, 1 if quick else 3, PAUSE),
    ]
