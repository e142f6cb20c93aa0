"""Executions as lanes of a timeline: how long each waited, ran, and called its tools.

The rule: pure. Clocks of two machines differ and clocks are set back: what ends before it begins is
as long as nothing, and what has no beginning has waited until now.
The same as the page's `charts/lanes.ts`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from claude_widget.charts.scale import Range

LINES = 3
"""Calls that run at once lie below each other; what does not fit lies in the last line."""
_SHORTEST = 1.0
"""Seconds of a range that would be too short to be read."""


class Timed(Protocol):
    """What is known of an execution's times."""

    @property
    def created_time(self) -> float | None:
        """Epoch seconds of the request."""

    @property
    def start_time(self) -> float | None:
        """Of the CLI's start."""

    @property
    def end_time(self) -> float | None:
        """Of the end."""


class Called(Protocol):
    """When a tool was called."""

    @property
    def start_time(self) -> float:
        """Epoch seconds of the call."""

    @property
    def end_time(self) -> float | None:
        """Of its result."""


class Lane(NamedTuple):
    """Moments of an execution in epoch seconds, in order.

    Attributes:
        created: of the request.
        started: of the CLI's start; None if it never ran.
        ended: of the end, or now.
    """

    created: float
    started: float | None
    ended: float


def lane_of(times: Timed, *, live: bool, now: float) -> Lane | None:
    """The lane of an execution; None for one that has no time at all."""
    known = (times.created_time, times.start_time, times.end_time)
    created = next((moment for moment in known if moment), None)
    if created is None or not math.isfinite(created):
        return None
    started = None if times.start_time is None else max(created, times.start_time)
    begun = created if started is None else started
    end = times.end_time if times.end_time is not None else (now if live else begun)
    return Lane(created, started, max(begun, end))


def range_of(lanes: Sequence[Lane], now: float) -> Range:
    """From the first beginning to the last end."""
    if not lanes:
        return Range(now - _SHORTEST, now)
    first = min(lane.created for lane in lanes)
    return Range(first, max(first + _SHORTEST, *(lane.ended for lane in lanes)))


def lines_of(calls: Sequence[Called], end: float) -> list[int]:
    """In which line each call is drawn: the first that is free when it begins.

    Args:
        calls: in the order in which they began.
        end: of the execution, for those without a result.
    """
    free = [-math.inf] * LINES
    found = []
    for call in calls:
        last = max(call.start_time, end if call.end_time is None else call.end_time)
        open_lines = (line for line in range(LINES) if free[line] <= call.start_time)
        line = next(open_lines, LINES - 1)
        free[line] = max(free[line], last)
        found.append(line)
    return found
