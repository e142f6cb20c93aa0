"""Memory in the kernel for an execution of 100,000 frames, and for one of 10,000.

The rule: memory is what the process has for itself alone (USS), after a collection and after what
is free was given back; the difference that some executions make, for one of them. Their frames have
all been folded, and counted by `events`. The peer reads as many frames through
`claude_agent_sdk.query` and keeps the messages, since nothing else could show them again.
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import sys
import tempfile
from functools import partial
from itertools import islice
from pathlib import Path

import psutil

from benchmarks import fake_cli, frames, measure

MOST = 1 << 20
FLAT = 0.01
"""Bytes of memory for each further byte of transcript."""
LONG, SHORT = 100_000, 10_000
EXECUTIONS, QUICK_EXECUTIONS = 12, 4
_BLOCK = 1_000
_WARM = 2_000
_MB = 2**-20


def used() -> int:
    """Bytes that this process has for itself."""
    gc.collect()
    if sys.platform == "linux":
        ctypes.CDLL(None).malloc_trim(0)
    return int(psutil.Process().memory_full_info().uss)


def play_ours(folder: str, count: int, executions: int) -> dict[str, float]:
    """A kernel that follows some executions of so many frames; bytes for each, and on disk."""
    from benchmarks.stage import Stage  # noqa: PLC0415 - the peer's process has none of it
    from claude_widget import ProcessManager  # noqa: PLC0415

    stage, source = Stage(), frames.session(LONG)
    blocks = [b"\n".join(some) for some in iter(lambda: list(islice(source, _BLOCK)), [])]
    with ProcessManager(Path(folder), None, executions + 1, stagger=0, backend=stage) as manager:

        def follow(length: int) -> int:
            one = manager.start_execution("go", folder)
            writer = stage.writers[one.execution_id]
            for block in blocks[: length // _BLOCK]:
                writer.lines(b"out", block)
            measure.until(lambda: one.read_bytes == writer.size)
            if len(one.events) < length:
                raise RuntimeError(f"{len(one.events)} of {length} frames were seen")
            return writer.size

        follow(LONG)  # what the process needs for the first, it needs once
        before = used()
        size = [follow(count) for _ in range(executions)][-1]
        return {"memory": (used() - before) / executions, "disk": size}


def play_peer(folder: str, cli: str, warm: str) -> float:
    """A process that runs one through the SDK and keeps its messages; bytes."""
    from claude_agent_sdk import ClaudeAgentOptions, Message, query  # noqa: PLC0415 - not in ours

    async def messages(path: str) -> list[Message]:
        options = ClaudeAgentOptions(cli_path=path, cwd=folder, include_partial_messages=True)
        return [one async for one in query(prompt="go", options=options)]

    asyncio.run(messages(warm))
    before = used()
    kept = asyncio.run(messages(cli))
    found = used() - before
    del kept
    return float(found)


def of_sdk(count: int) -> float:
    """Bytes that the SDK's messages of so many frames take."""
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as name:
        folder = Path(name)
        clis = []
        for size, kind in ((count, "long"), (_WARM, "warm")):
            own = folder / kind
            own.mkdir()
            frames.write(own / "frames", size)
            clis.append(str(fake_cli.printing(own, own / "frames")))
        found = measure.in_new_process(play_peer, folder=name, cli=clis[0], warm=clis[1])
        return float(found)


def of_kernel(count: int, executions: int) -> dict[str, float]:
    """Bytes that an execution of so many frames takes in the kernel, and on disk."""
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        found: dict[str, float] = measure.in_new_process(
            play_ours, folder=folder, count=count, executions=executions
        )
        return found


def run(quick: bool) -> list[measure.Figure]:
    """The bound, how it grows, and in full the SDK, which has no bound."""
    rounds, executions = (1, QUICK_EXECUTIONS) if quick else (3, EXECUTIONS)
    sides = [partial(of_kernel, length, executions) for length in (LONG, SHORT)]
    found = measure.in_turn(rounds, *sides)  # who is late reads more at a time, and keeps the room
    (long, on_disk), (short, less) = (
        [[one[key] for one in side] for key in ("memory", "disk")] for side in found
    )
    more = [a - b for a, b in zip(long, short, strict=True)]
    disk = [a - b for a, b in zip(on_disk, less, strict=True)]
    what = f"kernel's memory per execution of {LONG:,} frames"
    figures = [
        measure.allowed(what, long, MOST, unit="MB", scale=_MB, timed=""),
        measure.compared(
            f"memory that frames from {SHORT:,} to {LONG:,} add / their bytes of transcript",
            more,
            disk,
            bound=FLAT,
            unit="MB",
            scale=_MB,
        ),
    ]
    if not quick:
        peer, name = [of_sdk(LONG)] * rounds, f"{what} / the SDK's messages of {LONG:,}"
        figures.append(measure.compared(name, long, peer, unit="MB", scale=_MB))
    return figures
