"""From the CLI's write to the message in which an open pane gets it.

The rule: the CLI writes its own clock into each line, the page notes when the message came, and
both read the same clock. The measure is the courier's interval: twenty messages a second are
allowed, so half of it is the least that can be hoped for.
"""

from __future__ import annotations

import re
import statistics
import sys
import tempfile
from pathlib import Path

from benchmarks import fake_cli, measure
from claude_widget import ClaudeWidget, ProcessManager
from claude_widget.courier import MESSAGES_PER_SECOND
from tests.recording_comm import RecordingComm, comm_of, open_recording_comms, say

MEDIAN_BOUND, LATE_BOUND = 2.0, 4.0
LINES, QUICK_LINES = 150, 50
PAUSE = 0.137
"""Seconds between two lines; no multiple of the courier's interval."""
_AT = re.compile(rb'"at":(\d+\.\d+)')


def play(folder: str, count: int) -> dict[str, float]:
    """A kernel with one open pane; seconds from line to message."""
    open_recording_comms()
    cli = fake_cli.ticking(Path(folder), count, PAUSE)
    with ProcessManager(Path(folder) / "state", cli, 1, stagger=0) as manager:
        widget = ClaudeWidget(manager)
        page = comm_of(widget)
        one = manager.start_execution("go", folder)
        fields = {"executionId": one.execution_id, "paneId": "p", "offset": 0}
        say(widget, type="claude:open-pane", requestId="r", **fields)
        measure.until(lambda: len(_lateness(page)) >= count, within=count * PAUSE + 30, every=0.5)
        late = _lateness(page)
        one.kill()
        one.wait(30)
        widget.close()
    return {
        "median": statistics.median(late),
        "late": measure.percentile(late, 0.95),
        "interval": 1 / MESSAGES_PER_SECOND,
    }


def _lateness(page: RecordingComm) -> list[float]:
    """Seconds from the moment in each line to the message that brought it."""
    return [
        when - float(at)
        for when, _, buffers in page.messages
        for buffer in buffers
        for at in _AT.findall(buffer)
    ]


def run(quick: bool) -> list[measure.Figure]:
    """The median and the 95th percentile, in intervals of the courier."""
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        count = QUICK_LINES if quick else LINES
        found = measure.in_new_process(play, folder=folder, count=count)
    return [
        measure.compared(
            f"from write to pane, {name} / the courier's interval",
            [found[key]],
            [found["interval"]],
            bound=bound,
            unit="ms",
            scale=1e3,
        )
        for name, key, bound in (
            ("median", "median", MEDIAN_BOUND),
            ("95th percentile", "late", LATE_BOUND),
        )
    ]


def main() -> int:
    """Print the ratios; 1 when a bound is broken."""
    return measure.main(__name__, run)


if __name__ == "__main__":
    sys.exit(main())
