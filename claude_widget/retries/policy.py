"""Which failures are worth another attempt, and how long to wait for it.

The rule: pure; what is known of the attempts so far goes in, a decision comes out. No clock is
read, and chance is given. What completed is never tried again, nor what a person or a bound has
ended: another attempt would end the same.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Literal, NamedTuple

from claude_widget.models import ExecutionInfo, Reason

Cause = Literal["passing", "limit", "login", "lasting"]
"""It may pass by itself; the API refuses for now; it knows nobody of that login; none of these."""
Next = Literal["none", "after a while", "after the pause"]

FIRST = 2.0
"""Seconds of the longest wait before the second attempt; twice as long before each that follows."""
MOST = 120.0
"""Seconds of the longest wait."""
LEAST = 0.1
"""Seconds of the shortest wait."""
MOST_AFTER_PAUSES = 20
"""Attempts that failed for a limit; whoever fails so often fails for something else."""
_OVERLOADED = 529
_PASSING = (Reason.LOST, Reason.STARTUP)


class Decision(NamedTuple):
    """What follows after an attempt has ended.

    Attributes:
        next: whether there is another attempt, and what it waits for.
        wait: seconds before it, where it is after a while; else 0.
    """

    next: Next = "none"
    wait: float = 0.0


def cause_of(info: ExecutionInfo) -> Cause:
    """Why an attempt did not complete, as far as another one is concerned."""
    status = info.api_error_status
    if info.reason is Reason.AUTHENTICATION:
        return "login"
    if info.reason is Reason.RATE_LIMIT:
        return "limit"
    if info.reason is Reason.API_ERROR and status is not None:
        return "limit" if status == _OVERLOADED else "passing" if status >= 500 else "lasting"
    return "passing" if info.reason in _PASSING else "lasting"


def decide(
    attempts: Sequence[ExecutionInfo],
    retries: int,
    chance: Callable[[], float],
    *,
    waits_for_limits: bool,
) -> Decision:
    """Whether an execution that has ended is tried again.

    An attempt after a pause goes on with the session of the one before, which tells it from a
    retry, and does not count as one.

    Args:
        attempts: those that are known, oldest first; the last one has just ended. Of one that was
            cleaned up nothing tells that it was for a limit, so it counts as a retry, but for the
            first one.
        retries: further attempts that were asked for.
        chance: gives a number from 0 to 1, so that many that failed together do not start together.
        waits_for_limits: there is a reset that can be waited for, or nobody who would wonder.
    """
    if not attempts:
        return Decision()
    oldest, last = attempts[0], attempts[-1]
    cause = cause_of(last)
    pauses = sum(later.resumed_from == one.execution_id for one, later in pairwise(attempts))
    if oldest.attempt_of is not None and oldest.resumed_from == oldest.attempt_of:
        pauses += 1
    if cause == "login" or (cause == "limit" and waits_for_limits):
        return Decision("after the pause") if pauses < MOST_AFTER_PAUSES else Decision()
    retry = last.attempt - pauses
    if cause == "lasting" or retry > retries:
        return Decision()
    return Decision("after a while", wait_before(retry, chance))


def wait_before(retry: int, chance: Callable[[], float]) -> float:
    """Seconds before a retry: anything up to a bound that doubles each time.

    Args:
        retry: its number, from 1.
        chance: gives a number from 0 to 1.
    """
    bound = min(MOST, FIRST * 2.0 ** min(max(retry, 1) - 1, 32))
    return min(bound, max(LEAST, bound * chance()))
