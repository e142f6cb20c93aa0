"""How far a batch is: counts, cost, failures by reason, and an estimate that does not pretend.

The rule: pure; figures in, figures out.
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_widget.batch.ledger import Ledger, Seen
from claude_widget.batch.progress import Eta, Past, estimate, span
from claude_widget.models import ExecutionStatus, Reason

RUNNING, COMPLETED = ExecutionStatus.RUNNING, ExecutionStatus.COMPLETED
FAILED, KILLED = ExecutionStatus.FAILED, ExecutionStatus.KILLED


def completed(cost: float = 0.5, seconds: float = 10.0, *, recorded: bool = False) -> Seen:
    return Seen(COMPLETED, Reason.SUCCESS, cost, seconds, recorded)


def failed(reason: Reason = Reason.API_ERROR, error: str = "overloaded") -> Seen:
    return Seen(FAILED, reason, 0.25, 3.0, False, error)


def run(ledger: Ledger, number: int, seen: Seen, name: str = "") -> str:
    """A row that runs and ends."""
    execution_id = name or f"e{number}"
    ledger.admitted(number, execution_id, 0.0)
    ledger.changed(execution_id, Seen(RUNNING), 1.0)
    ledger.finished(execution_id, seen, 11.0)
    return execution_id


def counts(ledger: Ledger) -> tuple[int, int, int, int, int]:
    told = ledger.progress(20.0, 4)
    return told.pending, told.running, told.completed, told.failed, told.killed


def test_each_row_is_counted_once_wherever_it_is() -> None:
    ledger = Ledger(5)
    assert counts(ledger) == (5, 0, 0, 0, 0)
    ledger.admitted(0, "a", 0.0)
    assert counts(ledger) == (5, 0, 0, 0, 0)
    ledger.changed("a", Seen(RUNNING), 1.0)
    assert counts(ledger) == (4, 1, 0, 0, 0)
    ledger.changed("a", completed(), 2.0)
    assert counts(ledger) == (4, 1, 0, 0, 0), "it has ended once all of it is known"
    ledger.finished("a", completed(), 3.0)
    run(ledger, 1, failed())
    ledger.refused(2, Reason.STARTUP, "no such name")
    ledger.refused(3, Reason.BATCH, "")
    assert counts(ledger) == (1, 0, 1, 2, 1)
    assert ledger.ended == ["a", "e1"]


def test_rows_ask_until_they_are_answered_or_over() -> None:
    ledger = Ledger(3)
    for number, name in enumerate("abc"):
        ledger.admitted(number, name, 0.0)
        ledger.changed(name, Seen(RUNNING), 1.0)
    for name in "cab":
        ledger.asked(name, 1)
    ledger.asked("c", 2)
    assert list(ledger.asking) == ["c", "a", "b"], "the longest waiting first"
    ledger.asked("a", 0)
    ledger.finished("c", failed(), 3.0)
    ledger.admitted(1, "again", 4.0)
    ledger.asked("b", 1)
    assert (ledger.asking, ledger.progress(5.0, 4).asking) == ({}, 0)


def test_what_is_told_twice_or_of_another_counts_once() -> None:
    ledger = Ledger(1)
    name = run(ledger, 0, completed())
    ledger.finished(name, completed(), 12.0)
    ledger.changed("stranger", Seen(RUNNING, cost_usd=9.0), 12.0)
    assert counts(ledger) == (0, 0, 1, 0, 0)
    assert ledger.progress(12.0, 1).cost_usd == 0.5


def test_cost_is_of_all_attempts_and_grows_while_they_run() -> None:
    ledger = Ledger(2, budget_usd=10.0)
    ledger.admitted(0, "a", 0.0)
    for cost in (0.1, 0.2, 0.2):
        ledger.changed("a", Seen(RUNNING, cost_usd=cost), 1.0)
    assert ledger.progress(1.0, 1).cost_usd == pytest.approx(0.2)
    ledger.finished("a", failed(), 2.0)
    ledger.retry({FAILED})
    run(ledger, 0, completed(0.5), "b")
    told = ledger.progress(2.0, 1)
    assert told.cost_usd == pytest.approx(0.75)
    assert ledger.row(0).cost_usd == pytest.approx(0.75)
    assert told.budget_usd == 10.0
    assert ledger.row(0).executions == ("a", "b")


def test_what_was_only_played_costs_nothing_and_says_what_it_had_cost() -> None:
    ledger = Ledger(1)
    run(ledger, 0, completed(0.5, recorded=True))
    told = ledger.progress(2.0, 1, over=True)
    assert (told.cost_usd, told.recorded_cost_usd) == (0.0, 0.5)
    assert "recorded" in str(told)


def test_failures_are_grouped_by_reason_with_an_example_each() -> None:
    ledger = Ledger(5)
    run(ledger, 0, failed(Reason.TIMEOUT, "x" * 10_000))
    run(ledger, 1, failed(Reason.API_ERROR, "first"))
    run(ledger, 2, failed(Reason.API_ERROR, "second"))
    ledger.refused(3, Reason.BATCH, "")
    found = ledger.progress(2.0, 1).failures
    assert [(one.status, one.reason, one.rows, one.row) for one in found] == [
        ("failed", "api_error", 2, 1),
        ("killed", "batch", 1, 3),
        ("failed", "timeout", 1, 0),
    ]
    assert found[0].error == "first"
    assert found[0].execution_id == "e1"
    assert len(found[2].error) == 300


def test_what_is_retried_is_no_failure_any_more() -> None:
    ledger = Ledger(3)
    run(ledger, 0, failed())
    ledger.refused(1, Reason.BATCH, "")
    run(ledger, 2, completed())
    assert ledger.retry({FAILED}) == [0]
    assert counts(ledger) == (1, 0, 1, 0, 1)
    assert [one.reason for one in ledger.progress(2.0, 1).failures] == ["batch"]
    assert ledger.retry({KILLED}) == [1]
    assert ledger.progress(2.0, 1).failures == ()


def test_a_further_attempt_takes_the_place_of_the_one_before() -> None:
    ledger = Ledger(1)
    ledger.admitted(0, "a", 0.0)
    ledger.changed("a", Seen(FAILED, Reason.API_ERROR, 0.25), 1.0)
    ledger.admitted(0, "b", 2.0)
    ledger.finished("a", failed(), 3.0)  # told late: it was not the last
    assert counts(ledger) == (1, 0, 0, 0, 0)
    ledger.finished("b", completed(), 4.0)
    assert counts(ledger) == (0, 0, 1, 0, 0)
    assert ledger.progress(4.0, 1).cost_usd == pytest.approx(0.75)


# -- when it may be over ------------------------------------------------------------------------


def past(*seconds: float, beside: int = 4, apart: float = 0.0) -> list[Past]:
    return [Past(one, beside, number * apart) for number, one in enumerate(seconds)]


@pytest.mark.parametrize(("ended", "missing"), [(0, 4), (3, 1)])
def test_as_many_must_have_ended_as_run_at_once(ended: int, missing: int) -> None:
    eta, said = estimate(past(*[10.0] * ended), [1.0] * 4, 90, 4)
    assert eta is None
    assert said == f"{missing} more must end before an estimate can be made"


def test_rows_of_one_length_take_that_length_by_as_many_as_run_at_once() -> None:
    eta, said = estimate(past(*[10.0] * 8), [5.0] * 4, 100, 4)
    assert eta is not None
    assert eta.seconds == pytest.approx((100 * 10 + 4 * 5) / 4)
    assert eta.low == eta.high == eta.seconds
    assert said == "the last 8 that ended, 4 at once"


def test_what_really_ran_at_once_counts_not_what_was_allowed() -> None:
    eta, said = estimate(past(*[10.0] * 8, beside=2), [], 100, 16)
    assert eta is not None
    assert eta.seconds == pytest.approx(500)
    assert said.endswith("2 at once")


def test_what_lies_between_two_rows_counts_and_a_pause_does_not() -> None:
    eta, _ = estimate(past(*[1.0] * 20, beside=1, apart=1.5), [], 100, 1)
    assert eta is not None
    assert eta.seconds == pytest.approx(150)
    paused = [*past(*[1.0] * 10, beside=1, apart=1.5)]
    paused += [one._replace(when=one.when + 7200) for one in paused]
    eta, _ = estimate(paused, [], 100, 1)
    assert eta is not None
    assert eta.seconds == pytest.approx(150, rel=0.15)


def test_the_range_is_wider_the_more_they_differ() -> None:
    even, _ = estimate(past(9.0, 10.0, 11.0, 10.0), [], 50, 4)
    uneven, _ = estimate(past(1.0, 5.0, 30.0, 4.0), [], 50, 4)
    assert even is not None
    assert uneven is not None
    assert even.seconds == uneven.seconds
    assert even.low < even.seconds < even.high
    assert uneven.high - uneven.low > 5 * (even.high - even.low)


def test_the_last_rows_take_as_long_as_one_of_them() -> None:
    eta, _ = estimate(past(*[10.0] * 8), [], 1, 4)
    assert eta is not None
    assert eta.seconds == 10.0


def test_one_that_takes_longer_than_any_before_is_not_said_to_be_over_at_once() -> None:
    eta, _ = estimate(past(*[10.0] * 8), [60.0], 0, 4)
    assert eta is not None
    assert eta.seconds == pytest.approx(30.0)


def test_only_what_ended_lately_counts() -> None:
    eta, _ = estimate([*past(*[1000.0] * 200), *past(*[1.0] * 50)], [], 4, 4)
    assert eta is not None
    assert eta.seconds == pytest.approx(1.0)


@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.integers(1, 64), st.floats(0, 1e6)), max_size=80),
    st.lists(st.floats(0, 1e6), max_size=20),
    st.integers(0, 10_000),
    st.integers(1, 64),
)
def test_an_estimate_is_in_its_own_range_and_never_nonsense(
    ended: list[tuple[float, int, float]], running: list[float], pending: int, slots: int
) -> None:
    by_end = sorted((Past(*one) for one in ended), key=lambda one: one.when)
    eta, said = estimate(by_end, running, pending, slots)
    assert said
    if eta is not None:
        assert 0 <= eta.low <= eta.seconds * (1 + 1e-9) <= eta.high * (1 + 2e-9) < float("inf")


def test_there_is_no_estimate_where_nobody_can_know() -> None:
    ledger = Ledger(None)
    ledger.reserve(9)
    for number in range(9):
        run(ledger, number, completed())
    assert ledger.progress(20.0, 4).eta is None
    assert ledger.progress(20.0, 4).basis == "nobody knows how many rows will come"
    ledger.total = 9
    ledger.reserve(12)
    assert ledger.progress(20.0, 4).eta is not None
    assert ledger.progress(20.0, 4, waits="the queue is paused").basis == "the queue is paused"
    assert ledger.progress(20.0, 4, waits="the queue is paused").eta is None


def test_what_is_on_hold_is_in_no_estimate() -> None:
    ledger = Ledger(12)
    for number in range(10):
        run(ledger, number, completed())
    ledger.admitted(10, "a", 11.0)
    ledger.held("a", held=True)
    assert ledger.progress(16.0, 4).basis.endswith(", without 1 on hold")
    run(ledger, 11, completed())
    told = ledger.progress(16.0, 4)
    assert (told.eta, told.basis) == (None, "1 on hold is all that is left")
    ledger.held("a", held=False)
    assert ledger.progress(16.0, 4).eta is not None


def test_what_a_stopped_batch_does_not_start_is_in_no_estimate() -> None:
    ledger = Ledger(100)
    for number in range(9):
        run(ledger, number, completed())
    ledger.admitted(9, "a", 11.0)
    ledger.changed("a", Seen(RUNNING), 11.0)
    told = ledger.progress(16.0, 4, stopped="Stopped at row 10: boom")
    assert told.eta is not None
    assert told.eta.seconds == pytest.approx(5.0)
    assert "Stopped at row 10: boom" in str(told)


def test_a_time_is_said_as_people_say_it() -> None:
    said = [span(one) for one in (0.2, 59.4, 61, 3599, 3600, 5400, 200_000)]
    assert said == ["0 s", "59 s", "1 min", "60 min", "1 h", "1 h 30 min", "2 days"]
    assert str(Eta(240, 180, 360)) == "about 4 min (3 min to 6 min)"
    assert str(Eta(240, 240, 240)) == "about 4 min"


def test_progress_reads_as_lines_of_text() -> None:
    ledger = Ledger(1000, budget_usd=5.0)
    for number in range(4):
        run(ledger, number, completed())
    run(ledger, 4, failed())
    lines = str(ledger.progress(20.0, 4)).splitlines()
    assert lines == [
        "5 of 1,000 rows: 4 completed, 995 pending, 1 failed",
        "$2.25 of $5.00 (estimated, list prices)",
        "about 2 h 23 min (1 h 53 min to 2 h 52 min) left, from the last 5 that ended, 1 at once",
        "1 failed (api_error), such as row 4: overloaded",
    ]
