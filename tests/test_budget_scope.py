"""A budget's bounds, what it covers, and where in the code it holds.

The rule: no manager; a clock of the test's own.
"""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context

import pytest

from claude_widget.budgets.scope import Budget, budgets_inside
from claude_widget.errors import InvalidRequest
from claude_widget.models import ExecutionInfo


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def costs(budget: Budget, name: str, cost: float, **more: object) -> None:
    budget.cover(name)
    fields = {"execution_id": name, "cost_usd": cost, **more}
    budget.note(ExecutionInfo.model_validate(fields))


@pytest.mark.parametrize("bound", [0, 0.0, -1, float("nan"), float("inf"), "5", True, 10**400, []])
@pytest.mark.parametrize("field", ["usd", "minutes"])
def test_a_bound_that_is_no_number_above_nothing_is_refused(field: str, bound: object) -> None:
    with pytest.raises(InvalidRequest, match=f"{field} must be a number above 0") as refused:
        Budget(**{field: bound})  # type: ignore[arg-type]
    assert refused.value.field == field
    assert "start nothing" in refused.value.hint


def test_a_budget_without_a_bound_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="needs a bound"):
        Budget()


def test_money_is_counted_over_all_that_it_covers() -> None:
    budget = Budget(usd=1)
    costs(budget, "a", 0.6)
    costs(budget, "played", 9.0, recorded=True)
    assert (budget.spent_usd, budget.left_usd, budget.crossed) == (0.6, 0.4, None)
    costs(budget, "b", 0.5)
    assert budget.crossed == "usd"
    assert budget.left_usd == 0.0
    assert budget.overshoot_usd == pytest.approx(0.1)
    assert budget.execution_ids == ("a", "played", "b")


def test_it_is_crossed_at_the_very_bound_and_stays_so() -> None:
    budget = Budget(usd=0.5)
    costs(budget, "a", 0.5)
    assert (budget.crossed, budget.overshoot_usd) == ("usd", 0.0)
    costs(budget, "a", 0.4999)
    assert budget.crossed == "usd", "what was rounded up has ended others already"


def test_minutes_count_from_the_first_entering() -> None:
    clock = Clock()
    budget = Budget(minutes=1, clock=clock)
    clock.now += 600
    assert (budget.left_minutes, budget.due()) == (1, 60)
    with budget:
        clock.now += 45
    with budget:
        assert (budget.left_minutes, budget.due()) == (0.25, 15)
    clock.now += 15
    assert (budget.left_minutes, budget.crossed) == (0, "minutes")
    assert budget.due() is None, "nothing more is due"
    assert budget.overshoot_usd == 0.0


def test_a_bound_that_is_not_given_bounds_nothing() -> None:
    clock = Clock()
    money, time = Budget(usd=1, clock=clock), Budget(minutes=1, clock=clock)
    costs(time, "a", 1e6)
    money.begin()
    clock.now += 1e6
    assert (money.crossed, money.left_minutes, money.due()) == (None, None, None)
    assert (time.left_usd, time.overshoot_usd) == (None, 0.0)


def test_it_holds_for_the_code_inside_and_budgets_nest() -> None:
    owner = object()
    outer, inner = Budget(usd=2, owner=owner), Budget(usd=1, owner=owner)
    assert budgets_inside(owner) == []
    with outer:
        with inner:
            assert budgets_inside(owner) == [outer, inner]
        assert budgets_inside(owner) == [outer]
        with outer:
            assert budgets_inside(owner) == [outer], "once, however often it was entered"
        assert budgets_inside(owner) == [outer]
    assert budgets_inside(owner) == []


def test_it_covers_starts_of_its_own_manager_only() -> None:
    one, other = object(), object()
    with Budget(usd=1, owner=one) as budget:
        assert budgets_inside(one) == [budget]
        assert budgets_inside(other) == []


def test_an_error_inside_closes_it_as_well() -> None:
    owner = object()
    with pytest.raises(ZeroDivisionError), Budget(usd=1, owner=owner):
        _ = 1 / 0
    assert budgets_inside(owner) == []


async def test_coroutines_inside_are_covered_and_those_beside_it_are_not() -> None:
    owner = object()
    inside, beside = asyncio.Event(), asyncio.Event()

    async def starts() -> list[Budget]:
        await asyncio.sleep(0)
        return list(budgets_inside(owner))

    async def other() -> list[Budget]:
        await inside.wait()
        found = list(budgets_inside(owner))
        beside.set()
        return found

    task = asyncio.ensure_future(other())
    await asyncio.sleep(0)
    with Budget(usd=1, owner=owner) as budget:
        inside.set()
        await beside.wait()
        assert await starts() == [budget]
        assert await asyncio.create_task(starts()) == [budget]
    assert await task == []


def test_another_thread_is_not_inside() -> None:
    owner = object()
    found: list[object] = []
    with Budget(usd=1, owner=owner):
        thread = threading.Thread(target=lambda: found.extend(budgets_inside(owner)))
        thread.start()
        thread.join()
    assert found == []


async def test_a_thread_is_inside_with_the_context_that_it_is_given() -> None:
    budget = Budget(usd=1)
    with budget, ThreadPoolExecutor(2) as pool:
        given = [pool.submit(copy_context().run, budgets_inside, None) for _ in range(3)]
        assert [one.result() for one in given] == [[budget]] * 3
        assert await asyncio.to_thread(budgets_inside, None) == [budget]


def test_it_says_what_was_spent_and_that_it_was_crossed() -> None:
    budget = Budget(usd=0.5, minutes=20, clock=Clock())
    costs(budget, "a", 0.6)
    assert repr(budget) == (
        "<Budget $0.6000 of $0.5, 0.0 of 20 minutes at list prices, usd crossed by $0.1000>"
    )
