"""Bytes to the page of what one execution goes through, among 10 executions and among 1,000.

The rule: the dashboard is the real one, and every byte that it hands to its comm counts. The run
is a recorded one, frame by frame. Seconds and the numbers of messages have more digits or fewer by
chance, so each counts as one size.
"""

from __future__ import annotations

import re
import tempfile
import time
from functools import partial
from pathlib import Path

from benchmarks import frames, measure
from benchmarks.stage import Stage
from claude_widget import ClaudeWidget, ProcessManager
from tests.recording_comm import Sent, comm_of, open_recording_comms

BOUND = 1.01
FEW, MANY = 10, 1_000
_COUNTED_AS_ONE = re.compile(rb'\b\d{9,}\.\d+|(?<="sequence": )\d+')
_SETTLED = 0.2
"""Seconds in which a change that was read has been told: four turns of the courier."""


def play(folder: str, count: int) -> dict[str, float]:
    """A kernel with so many executions; bytes and messages of what one of them goes through."""
    open_recording_comms()
    stage = Stage()
    with ProcessManager(Path(folder), None, count, stagger=0, backend=stage) as manager:
        widget = ClaudeWidget(manager)
        page = comm_of(widget)
        every = [manager.start_execution(f"query {number:04d}", folder) for number in range(count)]
        measure.until(lambda: _told(page.messages, "running") >= count, within=120)
        one = every[count // 2]
        writer = stage.writers[one.execution_id]
        before = len(page.messages)
        for frame in frames.recorded("bash_tool"):
            writer.lines(b"out", frame)
            time.sleep(_SETTLED)
        writer.meta("ended", exit_code=0, error="", forced=False, descendants=0)
        one.wait(60)
        time.sleep(_SETTLED)
        said = page.messages[before:]
        widget.close()
    size = sum(
        len(_COUNTED_AS_ONE.sub(b"1", text)) + sum(len(buffer) for buffer in buffers)
        for _, text, buffers in said
    )
    return {"bytes": size, "messages": len(said)}


def _told(messages: list[Sent], status: str) -> int:
    return sum(text.count(b'"status": "%s"' % status.encode()) for _, text, _ in messages)


def _once(count: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        found: dict[str, float] = measure.in_new_process(play, folder=folder, count=count)
        return found


def run(quick: bool) -> list[measure.Figure]:
    """The ratio of bytes, and that of messages."""
    del quick
    many, few = measure.at_once(partial(_once, MANY), partial(_once, FEW))
    return [
        measure.compared(
            f"{kind} of one run of six frames, {MANY:,} executions / {FEW}",
            [many[kind]],
            [few[kind]],
            bound=bound,
            unit=kind,
        )
        for kind, bound in (("bytes", BOUND), ("messages", None))
    ]
