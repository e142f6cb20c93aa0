"""Fifty executions at two hundred frames a second each, one pane open: what the kernel feels.

The rule: the kernel's loop does nothing but ask to be woken every few milliseconds, and notes how
late that was; CPU is that of the whole kernel; a line says when it was written, and the page notes
when it came, both by the same clock. The peer is one process that runs the same fifty CLIs through
`claude_agent_sdk.query`, where a message has come when the loop that waits for it has it.
"""

from __future__ import annotations

import asyncio
import re
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks import fake_cli, frames, measure

EXECUTIONS, RATE = 50, 200
LATE, CORE, ARRIVAL = 0.020, 0.25, 0.150
"""Seconds that the loop is late, 99th percentile; cores; seconds from write to page, 95th."""
SHIMS = 1.0
"""Cores of all shims together."""
SECONDS, QUICK_SECONDS = 20.0, 6.0
ROUNDS, QUICK_ROUNDS = 3, 1
_STAMP_EVERY = 5
_FRAMES = 20_000
_SETTLE = 2.0
_TICK = 0.005
_AT = re.compile(rb"at (\d{6}\.\d{6})")


async def _watched(seconds: float) -> dict[str, float]:
    """How late the loop is, and the CPU of this process, over so many seconds."""
    late = []
    used, begun = time.process_time(), time.monotonic()
    while (now := time.monotonic()) < begun + seconds:
        await asyncio.sleep(_TICK)
        late.append(time.monotonic() - now - _TICK)
    took = time.monotonic() - begun
    return {
        "late": measure.percentile(late, 0.99),
        "cpu": (time.process_time() - used) / took,
    }


def play_ours(folder: str, cli: str, seconds: float, executions: int) -> dict[str, float]:
    """A kernel with a dashboard, so many executions, and a pane open on one of them."""
    from claude_widget import ClaudeWidget, ProcessManager  # noqa: PLC0415 - not in the peer
    from tests.recording_comm import comm_of, open_recording_comms, say  # noqa: PLC0415

    open_recording_comms()
    with ProcessManager(Path(folder) / "state", cli, executions, stagger=0) as manager:
        widget = ClaudeWidget(manager)
        page = comm_of(widget)
        for number in range(executions):
            manager.start_execution(f"query {number}", folder)
        every = manager.get_all_executions()
        measure.until(lambda: all(one.info.session_id for one in every), every=0.05)
        fields = {"executionId": every[0].execution_id, "paneId": "p", "offset": -1}
        say(widget, type="claude:open-pane", requestId="r", **fields)
        time.sleep(_SETTLE)
        shims = psutil.Process().children()
        begun, before = len(page.messages), _used(shims)
        found = asyncio.run(_watched(seconds))
        found["shims"] = (_used(shims) - before) / seconds
        came = [
            (when, at)
            for when, _, buffers in page.messages[begun:]
            for buffer in buffers
            for at in _AT.findall(buffer)
        ]
        manager.close(kill=True, timeout=60)
        widget.close()
    return found | _arrived([when - float(at) for when, at in came], seconds)


def _used(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)


def _arrived(late: list[float], seconds: float) -> dict[str, float]:
    return {
        "arrival": measure.percentile(late, 0.95),
        "rate": len(late) * _STAMP_EVERY / seconds,
    }


def play_peer(folder: str, cli: str, seconds: float, executions: int) -> dict[str, float]:
    """A process that runs the same through the SDK."""
    return asyncio.run(_peer(folder, cli, seconds, executions))


async def _peer(folder: str, cli: str, seconds: float, executions: int) -> dict[str, float]:
    from claude_agent_sdk import ClaudeAgentOptions, query  # noqa: PLC0415 - not in ours

    options = ClaudeAgentOptions(cli_path=cli, cwd=folder, include_partial_messages=True)
    seen = [0] * executions
    came: list[float] = []
    all_stream = asyncio.Event()

    async def read(number: int) -> None:
        async for message in query(prompt="go", options=options):
            seen[number] += 1
            if seen[number] == 1 and all(seen):
                all_stream.set()
            if number == 0 and (at := _AT.search(str(getattr(message, "event", "")).encode())):
                came.append(time.monotonic() - float(at[1]))

    reading = [asyncio.create_task(read(number)) for number in range(executions)]
    await all_stream.wait()
    await asyncio.sleep(_SETTLE)
    came.clear()
    found = await _watched(seconds)
    arrived = _arrived(came, seconds)
    for process in psutil.Process().children(recursive=True):
        process.kill()
    await asyncio.gather(*reading, return_exceptions=True)
    return found | arrived


def prepare(file: Path) -> None:
    """Write the frames that the CLIs print."""
    frames.write(file, _FRAMES, _STAMP_EVERY)


def once(
    play: Callable[..., Any], file: Path, seconds: float, executions: int = EXECUTIONS
) -> dict[str, float]:
    """One side, in a process of its own."""
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        cli = str(fake_cli.streaming(Path(folder), file, RATE))
        found: dict[str, float] = measure.in_new_process(
            play, folder=folder, cli=cli, seconds=seconds, executions=executions
        )
        return found


def run(quick: bool) -> list[measure.Figure]:
    """What is allowed, and in full the same beside the SDK, which has no bound."""
    seconds = QUICK_SECONDS if quick else SECONDS
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        file = Path(folder, "frames")
        prepare(file)
        plays = (play_ours,) if quick else (play_ours, play_peer)
        sides = [partial(once, play, file, seconds) for play in plays]
        ours, *peers = measure.in_turn(QUICK_ROUNDS if quick else ROUNDS, *sides)
    return _figures(ours, *peers)


def _figures(ours: list[Any], peers: list[Any] | None = None) -> list[measure.Figure]:
    scene = f"{EXECUTIONS} executions at {RATE} frames a second"
    figures = []
    for key, what, most, unit, scale in (
        ("late", "kernel's loop late, 99th percentile", LATE, "ms", 1e3),
        ("cpu", "kernel's CPU", CORE, "cores", 1.0),
        ("arrival", "from write to page, 95th percentile", ARRIVAL, "ms", 1e3),
    ):
        mine = [one[key] for one in ours]
        timed: measure.Timed = "cpu" if key == "cpu" else "wall"
        named = f"{scene}: {what}"
        figures.append(measure.allowed(named, mine, most, unit=unit, scale=scale, timed=timed))
        if peers is not None:
            other, beside = [one[key] for one in peers], f"{named} / the SDK's"
            figures.append(measure.compared(beside, mine, other, unit=unit, scale=scale))
    shims = [one["shims"] for one in ours]
    figures.append(
        measure.allowed(f"{scene}: CPU of all shims", shims, SHIMS, unit="cores", timed="cpu")
    )
    came = [one["rate"] for one in ours]
    what = f"{scene}: frames that came of the one that is looked at / that were asked for"
    return [*figures, measure.compared(what, came, [RATE] * len(came), unit="a second")]
