"""What executions cost together: each once, with its own share, and what is only played not at all.

The rule: pure sums, and folds of frames as the CLI prints them.
"""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_widget.budgets.spending import Spending, restored_cost
from claude_widget.models import ExecutionInfo
from claude_widget.state import State, reduce
from tests.recorded import events_of, opening, out, transcript


def info(name: str, cost: float | None, **more: object) -> ExecutionInfo:
    return ExecutionInfo.model_validate({"execution_id": name, "cost_usd": cost, **more})


def spent(*infos: ExecutionInfo) -> float:
    spending = Spending()
    for one in infos:
        spending.cover(one.execution_id)
        spending.note(one)
    return spending.usd


def test_each_counts_once_however_often_it_is_told() -> None:
    assert spent(*[info("a", 0.5)] * 5, info("b", 0.25)) == 0.75


def test_the_latest_word_counts_even_if_it_is_less() -> None:
    assert spent(info("a", 0.61), info("a", 0.60016)) == 0.60016


def test_what_is_played_costs_nothing_and_what_has_no_cost_yet_neither() -> None:
    assert spent(info("a", 0.5, recorded=True), info("b", None)) == 0.0


def test_what_is_not_covered_is_none_of_it() -> None:
    spending = Spending()
    spending.cover("a")
    assert spending.note(info("a", 0.1))
    assert not spending.note(info("a", 0.1)), "nothing new"
    assert not spending.note(info("b", 9.0))
    assert (spending.usd, len(spending), list(spending)) == (0.1, 1, ["a"])
    assert "a" in spending
    assert "b" not in spending


def test_to_cover_one_twice_changes_nothing() -> None:
    spending = Spending()
    spending.cover("a")
    spending.note(info("a", 0.1))
    spending.cover("a")
    assert spending.usd == 0.1


def test_the_overshoot_is_what_is_above_the_bound() -> None:
    spending = Spending()
    for name, cost in (("a", 0.7), ("b", 0.4)):
        spending.cover(name)
        spending.note(info(name, cost))
    assert spending.over(1.0) == pytest.approx(0.1)
    assert spending.over(2.0) == 0.0


@given(
    costs=st.lists(
        st.tuples(st.integers(0, 5), st.none() | st.floats(0, 1e4), st.booleans()), max_size=40
    )
)
def test_the_sum_is_that_of_the_last_word_of_each(
    costs: list[tuple[int, float | None, bool]],
) -> None:
    last: dict[str, float] = {}
    spending = Spending()
    for number, cost, recorded in costs:
        name = str(number)
        spending.cover(name)
        spending.note(info(name, cost, recorded=recorded))
        last[name] = 0.0 if recorded else cost or 0.0
    assert spending.usd == pytest.approx(sum(last.values()), abs=1e-6)


def test_repeated_usage_and_split_reading_do_not_count_twice() -> None:
    """Every content block repeats its message's usage, and each state is told as it comes."""
    spending = Spending()
    state = State()
    chance = random.Random(5)
    for record in transcript("session_cost"):
        for event in events_of(record):
            state = reduce(state, event)
        if state.life.execution_id:
            spending.cover(state.life.execution_id)
        if chance.random() < 0.5:
            spending.note(state.info)
            spending.note(state.info)
    spending.note(state.info)
    assert spending.usd == state.info.cost_usd


def test_a_session_that_is_resumed_is_paid_for_once() -> None:
    """The CLI's total of the second goes on where the first one's ended (cli-facts D6)."""

    def result(total: float, share: float) -> State:
        frame = {
            "type": "result",
            "subtype": "success",
            "total_cost_usd": total,
            "model_usage_since_last_result": {"some-model": {"costUSD": share}},
        }
        state = State()
        for event in events_of(*opening(session_id="s" if total != share else None), out(frame)):
            state = reduce(state, event)
        return state

    first, second = result(0.0163, 0.0163).info, result(0.0213, 0.005).info
    together = spent(
        first.model_copy(update={"execution_id": "a"}),
        second.model_copy(update={"execution_id": "b", "resumed_from": "a"}),
    )
    assert together == pytest.approx(0.0213)


@pytest.mark.parametrize(
    ("known", "resumed", "expected"),
    [
        ({"status": "running", "session_cost_usd": 0.3}, False, None),
        ({"exit_code": 0, "session_cost_usd": 0.3, "cost_usd": 0.1}, True, 0.3),
        ({"exit_code": 143, "session_cost_usd": 0.3, "cost_usd": 0.1}, True, 0.3),
        ({"exit_code": -9, "session_cost_usd": 0.3, "cost_usd": 0.1}, True, 0.2),
        ({"exit_code": None, "session_cost_usd": 0.3, "cost_usd": 0.3}, False, 0.0),
        ({"exit_code": 1}, False, 0.0),
        ({"exit_code": 1}, True, None),
        ({"exit_code": 0, "cost_usd": 0.1}, False, None),
    ],
)
def test_what_the_cli_restores_is_what_it_has_kept(
    known: dict[str, Any], resumed: bool, expected: float | None
) -> None:
    one = ExecutionInfo.model_validate({"execution_id": "a", "status": "failed", **known})
    assert restored_cost(one, resumed=resumed) == pytest.approx(expected)
