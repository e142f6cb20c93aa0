"""What executions are likely to cost, from what like ones have cost before.

The rule: pure; what is known of earlier executions goes in, three amounts and what they rest on
come out. An estimate always says its basis, and where nothing is known it says so: no price list
and no guess stands in for it.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, NamedTuple

from claude_widget.budgets.spending import LIST_PRICES, dollars

Feature = Literal["prompt", "model", "effort", "project"]
_ENOUGH = 3
_MOST_ROWS = 500
"""The newest like ones; what was spent a year ago says less."""
_LIKE: tuple[tuple[tuple[Feature, ...], int], ...] = (
    (("prompt", "model", "effort"), _ENOUGH),
    (("prompt", "model"), _ENOUGH),
    (("prompt", "model"), 1),
    (("prompt",), 1),
    (("model", "effort", "project"), _ENOUGH),
    (("model", "project"), _ENOUGH),
    (("model",), 1),
    ((), 1),
)
"""What must be equal, and of how many; the first that is met counts."""
_OUTSIDE = 0.1
"""The share of cases below the low amount, and the share above the high one."""
_DEVIATIONS = 1.2816
"""Standard deviations between the middle and either of them, for a sum."""


class Like(NamedTuple):
    """What makes executions like each other.

    Attributes:
        prompt: the template's name, or else the prompt itself.
        model: None for the CLI's default.
        effort: None for the CLI's default.
        project: the folder.
    """

    prompt: str
    model: str | None = None
    effort: str | None = None
    project: str = ""


class Past(NamedTuple):
    """An execution that has ended, and was paid for.

    Attributes:
        like: what it was.
        cost_usd: US dollars.
    """

    like: Like
    cost_usd: float


class Estimate(NamedTuple):
    """What a number of executions is likely to cost, in US dollars at list prices.

    Attributes:
        executions: how many are to run.
        low_usd: nine times in ten it is more; None if nothing is known.
        median_usd: as often more as less; None if nothing is known.
        high_usd: nine times in ten it is less; None if nothing is known.
        based_on: how many earlier executions it rests on.
        like: in what these are equal to those that are to run.
    """

    executions: int
    low_usd: float | None
    median_usd: float | None
    high_usd: float | None
    based_on: int
    like: tuple[Feature, ...]

    @property
    def basis(self) -> str:
        """What it rests on, in words."""
        if not self.based_on:
            return "no execution with a known cost has ended yet"
        number = f"{self.based_on:,} execution{'' if self.based_on == 1 else 's'}"
        if not self.like:
            return f"{number} of any kind"
        *others, last = self.like
        return f"{number} with the same {', '.join(others)}{' and ' if others else ''}{last}"

    @property
    def brief(self) -> str:
        """The amounts and what they rest on, where it is known what of; no sentence."""
        if self.median_usd is None or self.low_usd is None or self.high_usd is None:
            return f"no estimate of the cost: {self.basis}"
        low, median, high = map(dollars, (self.low_usd, self.median_usd, self.high_usd))
        amounts = low if low == high else f"{low} to {high} (median {median})"
        return f"estimate {amounts} {LIST_PRICES}, from {self.basis}"

    def __str__(self) -> str:
        number = f"{self.executions:,} execution{'' if self.executions == 1 else 's'}"
        if self.median_usd is None or self.low_usd is None or self.high_usd is None:
            return f"The cost of {number} cannot be estimated: {self.basis}."
        return (
            f"{number}: about {dollars(self.median_usd)} ({dollars(self.low_usd)} to "
            f"{dollars(self.high_usd)}) {LIST_PRICES}, from {self.basis}."
        )


def estimate(wanted: Like, past: Iterable[Past], executions: int = 1) -> Estimate:
    """What so many executions are likely to cost.

    Args:
        wanted: what they are.
        past: executions that have ended, newest first.
        executions: how many are to run, at least 0.
    """
    return estimate_all({wanted: executions}, past)


def estimate_all(wanted: Mapping[Like, int], past: Iterable[Past]) -> Estimate:
    """What executions of several kinds are likely to cost together.

    Args:
        wanted: how many of each kind are to run.
        past: executions that have ended, newest first.

    Returns:
        As of one kind; `like` is what each rests on at least, and `based_on` all that it rests on.
    """
    number = sum(wanted.values())
    known = [one for one in past if math.isfinite(one.cost_usd) and one.cost_usd >= 0]
    if not known or not wanted:
        return Estimate(number, None, None, None, 0, ())
    groups = _Groups(known)
    found = {one: groups.alike(one) for one in wanted}
    bases = {at for places, _ in found.values() for at in places}
    shared = [set(features) for _, features in found.values()]
    widest = next(iter(found.values()))[1]
    like = tuple(one for one in widest if all(one in features for features in shared))
    costs = [(sorted(known[at].cost_usd for at in found[one][0]), wanted[one]) for one in wanted]
    low, middle, high = _amounts(costs)
    return Estimate(number, low, middle, high, len(bases), like)


class _Groups:
    """What is known, by what makes it alike: read once for each way, however many kinds ask."""

    def __init__(self, known: Sequence[Past]) -> None:
        self._known = known
        self._places: dict[tuple[Feature, ...], dict[tuple[str | None, ...], list[int]]] = {}

    def alike(self, wanted: Like) -> tuple[list[int], tuple[Feature, ...]]:
        """Places of the likest that are enough, and in what they are alike; some always are."""
        for features, least in _LIKE:
            if features not in self._places:
                self._places[features] = self._by(features)
            alike = self._places[features].get(_values(wanted, features), [])
            if len(alike) >= least:
                return alike[:_MOST_ROWS], features
        return [], ()

    def _by(self, features: tuple[Feature, ...]) -> dict[tuple[str | None, ...], list[int]]:
        places: dict[tuple[str | None, ...], list[int]] = {}
        for at, one in enumerate(self._known):
            places.setdefault(_values(one.like, features), []).append(at)
        return places


def _values(like: Like, features: tuple[Feature, ...]) -> tuple[str | None, ...]:
    return tuple(getattr(like, name) for name in features)


def _amounts(parts: Sequence[tuple[Sequence[float], int]]) -> tuple[float, float, float]:
    """Low, middle and high of a sum.

    Args:
        parts: costs in order, and how many are drawn from them.
    """
    if len(parts) == 1 and parts[0][1] == 1:
        costs = parts[0][0]
        return _quantile(costs, _OUTSIDE), _quantile(costs, 0.5), _quantile(costs, 1 - _OUTSIDE)
    sums = [_sum(costs, executions) for costs, executions in parts]
    middle, variance, least, most = (math.fsum(column) for column in zip(*sums, strict=True))
    deviation = math.sqrt(variance)
    low = min(middle, max(least, middle - _DEVIATIONS * deviation))
    return low, middle, max(middle, min(most, middle + _DEVIATIONS * deviation))


def _sum(costs: Sequence[float], executions: int) -> tuple[float, float, float, float]:
    """Middle, variance, least and most of a sum of so many, each drawn from those costs."""
    number = len(costs)
    mean = math.fsum(costs) / number
    spread = math.fsum((cost - mean) ** 2 for cost in costs) / max(1, number - 1)
    # A sum varies by each of its parts, and all of it by how little the mean is known.
    variance = spread * (executions + executions**2 / number)
    return executions * mean, variance, executions * costs[0], executions * costs[-1]


def _quantile(costs: Sequence[float], share: float) -> float:
    """The amount below which that share of the costs lies, between two of them where need be."""
    place = share * (len(costs) - 1)
    below = math.floor(place)
    above = min(below + 1, len(costs) - 1)
    return costs[below] + (costs[above] - costs[below]) * (place - below)
