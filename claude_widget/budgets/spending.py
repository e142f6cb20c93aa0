"""What a number of executions have cost together.

The rule: pure sums over what the folds say. An execution counts once, with its own share, whatever
its session had cost before (`state.accounting`), so a resumed session and a further attempt are not
paid for twice; what is only played costs nothing. All of it is the CLI's estimate at list prices.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator

from claude_widget.models import ExecutionInfo

LIST_PRICES = "at list prices"
"""What every amount is: the CLI's estimate, not a bill."""
_CENT = 0.01


def dollars(amount: float) -> str:
    """An amount as people read it: cents, or what is left of less than a dollar."""
    return f"${amount:,.2f}" if amount >= 1 else f"${amount:.4f}"


def over_text(spent_usd: float, usd: float | None) -> str:
    """Such as "spent $6.00 of $5.00, $1.00 over (estimate at list prices)"; "" if it is not."""
    if usd is None or spent_usd <= usd:
        return ""
    spent, bound, over = (
        f"${amount:,.2f}" if amount >= _CENT else f"${amount:.4f}"
        for amount in (spent_usd, usd, round(spent_usd - usd, 10))
    )
    return f"spent {spent} of {bound}, {over} over (estimate {LIST_PRICES})"


class Spending:
    """The costs of some executions, as they grow."""

    def __init__(self) -> None:
        self._costs: dict[str, float] = {}
        self._usd = 0.0

    def __contains__(self, execution_id: object) -> bool:
        return execution_id in self._costs

    def __len__(self) -> int:
        return len(self._costs)

    def __iter__(self) -> Iterator[str]:
        """Ids, in the order in which they came."""
        return iter(tuple(self._costs))

    @property
    def usd(self) -> float:
        """US dollars so far."""
        return round(max(0.0, self._usd), 10)

    def cover(self, execution_id: str) -> None:
        """That one counts from now on."""
        self._costs.setdefault(execution_id, 0.0)

    def note(self, info: ExecutionInfo) -> bool:
        """What is known of one now; whether the sum is another one. One not covered is none of it.

        The latest word counts, not the highest: what is asked for in a turn is rounded.
        """
        before = self._costs.get(info.execution_id)
        if before is None:
            return False
        cost = 0.0 if info.recorded else info.cost_usd or 0.0
        self._costs[info.execution_id] = cost
        self._usd += cost - before
        return cost != before

    def over(self, usd: float) -> float:
        """US dollars by which the sum is above that; 0 while it is not."""
        return max(0.0, round(self.usd - usd, 10))


def restored_cost(info: ExecutionInfo, *, resumed: bool) -> float | None:
    """US dollars at which the CLI goes on counting when it resumes an execution's session.

    It keeps its total where it ends in order, also on a signal; after SIGKILL it only has what it
    had itself begun with (measured, 2.1.330).

    Args:
        info: of the last execution of that session.
        resumed: it had a session to go on with.

    Returns:
        None if nobody knows, as while that execution still runs.
    """
    if not info.status.ended:
        return None
    if info.session_cost_usd is None:
        return None if resumed or info.cost_usd else 0.0  # an earlier version kept no total
    if info.exit_code not in (None, -signal.SIGKILL):
        return info.session_cost_usd
    return max(0.0, round(info.session_cost_usd - (info.cost_usd or 0.0), 10))
