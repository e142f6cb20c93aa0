"""From moments and amounts to places on an axis, and its ticks.

The rule: pure; epoch seconds and amounts in, fractions of the axis and labels out. What is no
number, runs backwards or lies outside has a place all the same, or none: nothing here raises.
The same as the page's `charts/scale.ts`; `tests/chart_examples.json` holds the two to each other.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import NamedTuple

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400
_STEPS = (
    *(1, 2, 5, 10, 15, 30),
    *(minutes * _MINUTE for minutes in (1, 2, 5, 10, 15, 30)),
    *(hours * _HOUR for hours in (1, 2, 3, 6, 12)),
    *(days * _DAY for days in (1, 2, 7, 14, 30, 91, 182, 365)),
)
"""Seconds between two ticks of a clock, as people read clocks."""


class Range(NamedTuple):
    """Epoch seconds, from first to last."""

    first: float
    last: float


class Span(NamedTuple):
    """A part of an axis: where it begins and how wide it is, as fractions."""

    at: float
    width: float


class Tick(NamedTuple):
    """A fraction of the axis, and what stands there."""

    at: float
    label: str


def place_of(within: Range, first: float, last: float) -> Span | None:
    """The part of a span that lies in the range; None if none does."""
    end = max(first, last)
    length = within.last - within.first
    if not length > 0 or not (end >= within.first and first <= within.last):
        return None
    begin = max(first, within.first)
    return Span((begin - within.first) / length, (min(end, within.last) - begin) / length)


def time_ticks(within: Range, most: int, zone: float) -> list[Tick]:
    """Ticks of a clock, about so many at most and at round times.

    Args:
        within: what the axis shows.
        most: how many there are to be, or one more.
        zone: seconds that the clock is ahead of UTC.
    """
    length = within.last - within.first
    if not length > 0 or not math.isfinite(length):
        return []
    step = next((one for one in _STEPS if length / one <= most), None)
    step = step or math.ceil(length / most / _DAY) * _DAY
    first = math.ceil((within.first + zone) / step) * step - zone
    count = math.floor((within.last - first) / step) + 1
    moments = (first + index * step for index in range(count))
    return [
        Tick((moment - within.first) / length, _clock_label(moment + zone, step))
        for moment in moments
    ]


def _clock_label(local: float, step: int) -> str:
    try:
        moment = datetime.fromtimestamp(local, UTC)
    except (ValueError, OverflowError, OSError):
        return ""
    if step >= _DAY:
        return moment.strftime("%Y-%m-%d")
    return moment.strftime("%H:%M:%S" if step < _MINUTE else "%H:%M")


def amount_ticks(most: float) -> list[float]:
    """Round amounts from 0 up to the first that is not below `most`, at most six."""
    if not most > 0 or not math.isfinite(most):
        return [0]
    power = 10.0 ** math.floor(math.log10(most / 4))
    step = next((one * power for one in (1, 2, 2.5, 5, 10) if most / (one * power) <= 5), most)
    return [index * step for index in range(math.ceil(most / step - 1e-9) + 1)]


def short_amount(amount: float, _step: float = 0) -> str:
    """Such as `950`, `1.25k` and `3.4M`."""
    if amount < 1000:
        return f"{round(amount, 1):g}"
    scaled, unit = (amount / 1000, "k") if amount < 1_000_000 else (amount / 1_000_000, "M")
    return f"{round(scaled, 2):.15g}{unit}"


def dollars(amount: float, step: float) -> str:
    """Such as `$0.05`; as many decimals as the step between two ticks needs."""
    if amount == 0:
        return "$0"
    exact = (n for n in (0, 2, 3, 4, 5) if _is_whole(step * 10**n))
    return f"${amount:.{next(exact, 6)}f}"


def _is_whole(scaled: float) -> bool:
    return round(scaled) > 0 and abs(scaled - round(scaled)) < 1e-6
