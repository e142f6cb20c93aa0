"""How far a batch is: counts, cost, failures by reason, and when it may be over.

The rule: figures in, words and figures out. Pure: no clock and no execution. What cannot be known
is None, and it is said why.
"""

from __future__ import annotations

import itertools
import math
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from claude_widget.budgets.estimate import Estimate
from claude_widget.budgets.spending import dollars

_LOOKED_AT = 50
"""Ends that an estimate is made from: what came long before may have been otherwise."""
_FEWEST = 3
_SPREAD = 1.28
"""Standard deviations to each side, within which four of five lie."""
_WAITING = ("pending", "running")


class Past(NamedTuple):
    """A row that has ended.

    Attributes:
        seconds: that it took a slot.
        beside: how many of its batch ran when it ended, itself among them.
        when: seconds on any clock, when it ended.
    """

    seconds: float
    beside: int
    when: float


class Eta(NamedTuple):
    """When a batch may be over, from now.

    Attributes:
        seconds: the best guess.
        low: seconds, and four of five lie between this
        high: and this.
    """

    seconds: float
    low: float
    high: float

    def __str__(self) -> str:
        low, high = span(self.low), span(self.high)
        between = f" ({low} to {high})" if low != high else ""
        return f"about {span(self.seconds)}{between}"


class Failure(NamedTuple):
    """Rows that did not complete for one reason.

    Attributes:
        status: "failed" or "killed".
        reason: a `Reason`.
        rows: how many there are.
        row: the first of them, as an example: its number from 0.
        execution_id: of that one; None if it never became an execution.
        error: what it said, at most 300 characters.
    """

    status: str
    reason: str
    rows: int
    row: int
    execution_id: str | None
    error: str

    def __str__(self) -> str:
        said = f", such as row {self.row}: {self.error}" if self.error else f", as row {self.row}"
        return f"{self.rows:,} {self.status} ({self.reason}){said}"


class Progress(NamedTuple):
    """How far a batch is.

    Attributes:
        total: rows in all; None while nobody knows, as of a generator's.
        pending: rows that wait, whether they are executions yet or not.
        running: rows that run.
        completed: rows that completed.
        failed: rows that failed.
        killed: rows that were killed.
        cost_usd: US dollars so far, an estimate by list prices, further attempts and what runs
            included.
        recorded_cost_usd: US dollars that what was only played had cost when it was recorded.
        budget_usd: US dollars that it may cost; None without a bound.
        failures: what did not complete, by reason, the most frequent first.
        eta: when it may be over; None where that cannot be known.
        basis: what the estimate is made from, or why there is none.
        stopped: why no more rows are started; empty if nothing keeps them.
        ended: nothing is left to be done, or to be waited for.
        asking: rows that run and ask for an answer, such as a permission.
        estimate: what was likely to be the cost when it began; None before that is known, and once
            it has ended.
    """

    total: int | None
    pending: int
    running: int
    completed: int
    failed: int
    killed: int
    cost_usd: float
    recorded_cost_usd: float
    budget_usd: float | None
    failures: tuple[Failure, ...]
    eta: Eta | None
    basis: str
    stopped: str
    ended: bool
    asking: int = 0
    estimate: Estimate | None = None

    @property
    def done(self) -> int:
        """Rows that have ended, however."""
        return self.completed + self.failed + self.killed

    def __str__(self) -> str:
        total = "an unknown number of" if self.total is None else f"{self.total:,}"
        counts = [
            f"{count:,} {name}"
            for name in ("completed", "running", "pending", "failed", "killed")
            if (count := getattr(self, name))
        ]
        lines = [f"{self.done:,} of {total} rows: {', '.join(counts) or 'none so far'}"]
        if self.total == 0:
            lines = ["no rows"]
        if self.asking:
            lines.append(f"{self.asking:,} ask{'s' if self.asking == 1 else ''} for an answer")
        lines.append(self._cost())
        lines += [self._estimate()] if self.estimate else []
        if not self.ended:
            lines.append(f"{self.eta} left, from {self.basis}" if self.eta else self.basis)
        lines += [self.stopped] if self.stopped else []
        lines += [str(one) for one in self.failures]
        return "\n".join(lines)

    def _estimate(self) -> str:
        each = " each row" if self.total is None else ""
        return f"before the start{each}: {self.estimate.brief}" if self.estimate else ""

    def _cost(self) -> str:
        said = dollars(self.cost_usd)
        if self.budget_usd is not None:
            said += f" of {dollars(self.budget_usd)}"
            over = self.cost_usd - self.budget_usd
            said += f", {dollars(over)} over" if over > 0 else ""
        said += " (estimated, list prices)"
        if self.recorded_cost_usd:
            said += f"; {dollars(self.recorded_cost_usd)} when what was replayed was recorded"
        return said


def estimate(
    past: Sequence[Past], running: Sequence[float], pending: int, slots: int
) -> tuple[Eta | None, str]:
    """When all may have ended, and what that is based on, or why it cannot be said.

    Args:
        past: what has ended, oldest first.
        running: seconds that each of those that run has taken so far.
        pending: how many wait.
        slots: how many may run at once.
    """
    left = pending + len(running)
    if not left:
        return None, "nothing is left"
    recent = past[-_LOOKED_AT:]
    beside = statistics.median(one.beside for one in recent) if recent else slots
    at_once = max(1, min(round(beside), slots, left))
    # Those that end first are the quick ones: as many as run at once say little of the rest.
    missing = max(_FEWEST, min(at_once, _LOOKED_AT)) - len(recent)
    if missing > 0:
        return None, f"{missing} more must end before an estimate can be made"
    seconds = [one.seconds for one in recent]
    mean = statistics.fmean(seconds)
    deviation = statistics.stdev(seconds)
    margin = _SPREAD * deviation * math.sqrt(1 / len(seconds) + 1 / left)
    begun = [_rest(seconds, elapsed) for elapsed in running]
    pace = max(mean / at_once, _between(recent))

    def until_all(each: float) -> float:
        ratio = each / mean if mean else 1.0
        rest = [one * ratio for one in begun]
        longest = max([*rest, each if pending else 0.0])
        return max(pending * pace * ratio + sum(rest) / at_once, longest)

    low, high = max(min(seconds), mean - margin), mean + margin
    eta = Eta(until_all(mean), until_all(low), until_all(high))
    return eta, f"the last {len(seconds)} that ended, {at_once} at once"


def _between(recent: Sequence[Past]) -> float:
    """Seconds from one end to the next: what lies between two rows is more than the rows.

    A pause of the queue, which does not come again with every row, is in it for a little only.
    """
    gaps = [later.when - one.when for one, later in itertools.pairwise(recent)]
    most = max(3 * statistics.median(gaps), *(one.seconds for one in recent))
    return statistics.fmean(min(gap, most) for gap in gaps)


def _rest(seconds: Sequence[float], elapsed: float) -> float:
    """What one that runs may still take: as those did that took longer than it has by now."""
    longer = [one - elapsed for one in seconds if one > elapsed]
    return statistics.fmean(longer) if longer else elapsed / 2


def span(seconds: float) -> str:
    """A time as people say it."""
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{round(whole / 60)} min"
    hours, minutes = divmod(round(whole / 60), 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    return f"{round(hours / 24)} days"
