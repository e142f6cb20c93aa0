"""Which failures are tried again, how often, and after how long.

The rule: pure; what a fold says of each attempt, and chance as the test has it.
"""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_widget.models import STATUS_OF, ExecutionInfo, ExecutionStatus, Reason
from claude_widget.retries.policy import (
    FIRST,
    LEAST,
    MOST,
    MOST_AFTER_PAUSES,
    Decision,
    cause_of,
    decide,
    wait_before,
)

LOST = (Reason.LOST, None)
OVERLOADED = (Reason.API_ERROR, 529)
BROKEN = (Reason.API_ERROR, 500)
REFUSED = (Reason.API_ERROR, 400)
LIMITED = (Reason.RATE_LIMIT, 429)
LOGGED_OUT = (Reason.AUTHENTICATION, 401)
DONE = (Reason.SUCCESS, None)


def attempt(reason: Reason, status: int | None = None, number: int = 1) -> ExecutionInfo:
    return ExecutionInfo(
        execution_id=str(number),
        status=STATUS_OF[reason],
        reason=reason,
        api_error_status=status,
        attempt=number,
    )


def after(*ends: tuple[Reason, int | None], retries: int = 2, waits: bool = True) -> Decision:
    """What follows after attempts that ended so; those after a limit resumed its session."""
    attempts: list[ExecutionInfo] = []
    for number, end in enumerate(ends, 1):
        one = attempt(*end, number)
        before = attempts[-1] if attempts else None
        if before and waits and cause_of(before) in ("limit", "login"):
            one = one.model_copy(update={"resumed_from": before.execution_id})
        attempts.append(one)
    return decide(attempts, retries, lambda: 1.0, waits_for_limits=waits)


@pytest.mark.parametrize(("resumed", "more"), [(None, "none"), ("1", "after a while")])
def test_attempts_that_were_cleaned_up_count_all_the_same(resumed: str | None, more: str) -> None:
    second = attempt(*BROKEN, 2).model_copy(update={"attempt_of": "1", "resumed_from": resumed})
    assert decide([second], 1, lambda: 1.0, waits_for_limits=True).next == more


@pytest.mark.parametrize("end", [LOST, BROKEN, (Reason.STARTUP, None), (Reason.API_ERROR, 503)])
def test_what_may_pass_by_itself_is_tried_again_as_often_as_was_asked(
    end: tuple[Reason, int | None],
) -> None:
    assert after(end, retries=0).next == "none"
    assert after(end).next == "after a while"
    assert after(end, end).next == "after a while"
    assert after(end, end, end).next == "none"


@pytest.mark.parametrize("end", [LIMITED, LOGGED_OUT, OVERLOADED])
def test_a_limit_is_waited_for_and_does_not_count_as_a_retry(
    end: tuple[Reason, int | None],
) -> None:
    assert after(end, retries=0) == Decision("after the pause")
    assert after(end, end, LOST, retries=1).next == "after a while"
    assert after(LOST, end, LOST, retries=1).next == "none"


@pytest.mark.parametrize("end", [LIMITED, OVERLOADED])
def test_a_limit_without_a_reset_is_as_any_reason_that_may_pass(
    end: tuple[Reason, int | None],
) -> None:
    assert after(end, retries=0, waits=False).next == "none"
    assert after(end, retries=1, waits=False).next == "after a while"
    assert after(end, end, retries=1, waits=False).next == "none"


def test_a_failed_login_is_always_waited_for() -> None:
    assert after(LOGGED_OUT, retries=0, waits=False).next == "after the pause"


def test_whoever_fails_for_a_limit_again_and_again_is_given_up() -> None:
    assert after(*[LIMITED] * MOST_AFTER_PAUSES).next == "after the pause"
    assert after(*[LIMITED] * (MOST_AFTER_PAUSES + 1)).next == "none"


@pytest.mark.parametrize("reason", list(Reason))
def test_only_passing_reasons_and_limits_are_tried_again(reason: Reason) -> None:
    again = after((reason, None), retries=20).next != "none"
    passing = {Reason.LOST, Reason.STARTUP, Reason.RATE_LIMIT, Reason.AUTHENTICATION}
    assert again == (reason in passing)
    if STATUS_OF[reason] is not ExecutionStatus.FAILED:
        assert not again, "never one that completed, or that somebody has ended"


def test_what_completed_is_never_tried_again() -> None:
    assert after(LOST, DONE, retries=20) == Decision()
    assert after(REFUSED, retries=20) == Decision()
    assert decide([], 20, lambda: 1.0, waits_for_limits=True) == Decision()


def test_an_error_of_the_api_without_a_status_does_not_pass_by_itself() -> None:
    assert cause_of(attempt(Reason.API_ERROR)) == "lasting"


def test_the_wait_doubles_up_to_a_bound() -> None:
    waits = [wait_before(number, lambda: 1.0) for number in range(1, 10)]
    assert waits[:4] == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST]
    assert waits[-1] == MOST
    assert after(LOST, LOST).wait == 2 * FIRST


@given(number=st.integers(-5, 10_000), seed=st.integers(0, 2**32))
def test_the_wait_is_anything_up_to_its_bound(number: int, seed: int) -> None:
    wait = wait_before(number, random.Random(seed).random)
    assert LEAST <= wait <= MOST
    assert wait <= wait_before(number, lambda: 1.0)


def test_many_that_failed_together_do_not_start_together() -> None:
    chance = random.Random(5)
    waits = sorted(wait_before(4, chance.random) for _ in range(200))
    assert waits[0] < FIRST
    assert waits[-1] > 7 * FIRST
    gaps = [later - before for before, later in pairwise(waits)]
    assert max(gaps) < FIRST
