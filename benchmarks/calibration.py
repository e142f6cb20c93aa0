"""How fast this machine is just now, against the one whose seconds the bounds were written for.

The rule: one fixed loop of pure Python, in the same run as what it scales. A bound in seconds is
multiplied by the slowness, which is never below 1: a faster machine does not make a bound tighter,
and the plain figure is printed beside it. It is never above `MOST` either: on a machine that has no
time at all a bound in seconds says nothing, and one that is stretched for ever would say less.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from typing import NamedTuple

COUNT = 200_000
REFERENCE_SECONDS = 0.0065
"""Of one loop, with nothing else to do, on the machine whose figures docs/performance.md has."""
SAMPLES = 40
MOST = 4.0


class Pace(NamedTuple):
    """Seconds of the loop.

    Attributes:
        wall: by the clock, with whatever else the machine does: scales what somebody waits for.
        cpu: of the processor alone: scales what is a share of a core.
    """

    wall: float
    cpu: float


class Slowness(NamedTuple):
    """By how much a bound is stretched, by the clock and of the processor."""

    wall: float = 1.0
    cpu: float = 1.0


def loop() -> None:
    """The fixed work."""
    total = 0
    for number in range(COUNT):
        total += number & 3


def paces(samples: int = SAMPLES) -> list[Pace]:
    """The loop, so many times."""
    found = []
    for _ in range(samples):
        wall, cpu = time.monotonic(), time.thread_time()
        loop()
        found.append(Pace(time.monotonic() - wall, time.thread_time() - cpu))
    return found


def slowness(found: Sequence[Pace]) -> Slowness:
    """How slow the machine was while these were taken: the mean by the clock, the median of CPU."""
    wall = statistics.fmean(one.wall for one in found)
    cpu = statistics.median(one.cpu for one in found)
    return Slowness(_stretch(wall), _stretch(cpu))


def _stretch(seconds: float) -> float:
    return min(MOST, max(1.0, seconds / REFERENCE_SECONDS))
