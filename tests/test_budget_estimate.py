"""What executions are likely to cost, and what the estimate rests on.

The rule: pure; earlier executions are given.
"""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from claude_widget.budgets.estimate import Like, Past, estimate, estimate_all

REVIEW = Like("review", "opus", None, "/p")


def past(*costs: float, like: Like = REVIEW) -> list[Past]:
    return [Past(like, cost) for cost in costs]


def test_one_execution_lies_among_those_that_were_like_it() -> None:
    found = estimate(REVIEW, past(0.1, 0.2, 0.3, 0.4, 0.5))
    assert found.median_usd == 0.3
    assert found.low_usd == pytest.approx(0.14)
    assert found.high_usd == pytest.approx(0.46)
    assert (found.executions, found.based_on) == (1, 5)
    assert found.brief.startswith("estimate $0.1400 to $0.4600 (median $0.3000) at list prices, ")
    assert found.basis == "5 executions with the same prompt, model and effort"


def test_many_cost_their_number_times_the_mean_and_vary_less_than_each() -> None:
    one = estimate(REVIEW, past(*[0.1, 0.3] * 50))
    many = estimate(REVIEW, past(*[0.1, 0.3] * 50), 400)
    assert many.median_usd == pytest.approx(80)
    assert one.high_usd is not None
    assert many.high_usd is not None
    assert many.low_usd is not None
    assert 80 < many.high_usd < 400 * one.high_usd
    assert 0.1 * 400 < many.low_usd < 80


def test_the_sum_of_many_lies_within_as_often_as_it_says() -> None:
    chance = random.Random(7)

    def cost() -> float:
        return chance.lognormvariate(-3, 0.8)

    within = 0
    for _ in range(300):
        found = estimate(REVIEW, past(*(cost() for _ in range(60))), 40)
        total = sum(cost() for _ in range(40))
        assert found.low_usd is not None
        assert found.high_usd is not None
        within += found.low_usd <= total <= found.high_usd
    assert 0.72 <= within / 300 <= 0.88, "eight in ten are"


def test_the_likest_count_and_less_like_ones_only_where_there_is_nothing_else() -> None:
    other_model = past(5.0, 5.0, 5.0, like=REVIEW._replace(model="haiku"))
    other_prompt = past(7.0, 7.0, 7.0, like=Like("write", "opus", None, "/p"))
    elsewhere = past(9.0, 9.0, 9.0, like=Like("write", "opus", "max", "/q"))
    every = [*other_prompt, *other_model, *elsewhere]
    one = estimate(REVIEW, [*every, *past(1.0)])
    assert (one.median_usd, one.like) == (1.0, ("prompt", "model"))
    assert estimate(REVIEW, every).like == ("prompt",)
    project = estimate(Like("new", "opus", None, "/p"), every)
    assert (project.median_usd, project.like) == (7.0, ("model", "effort", "project"))
    model = estimate(Like("new", "opus", None, "/r"), every)
    assert (model.median_usd, model.like) == (8.0, ("model",))
    other = estimate(Like("new", "sonnet", None, "/r"), every)
    assert (other.based_on, other.like) == (9, ())
    assert other.basis == "9 executions of any kind"


def test_several_kinds_are_added_up_and_rest_on_what_all_of_them_share() -> None:
    write = Like("write", "opus", None, "/p")
    known = [*past(0.1, 0.2, 0.3), *past(1.0, 2.0, 3.0, like=write)]
    found = estimate_all({REVIEW: 2, write: 1}, known)
    assert found.median_usd == pytest.approx(2.4)
    assert (found.executions, found.based_on) == (3, 6)
    assert found.like == ("prompt", "model", "effort")
    assert found.low_usd is not None
    assert found.high_usd is not None
    assert 1.2 <= found.low_usd < 2.4 < found.high_usd <= 3.6, "between all the least and the most"
    vague = estimate_all({REVIEW: 1, Like("new", "haiku"): 1}, known)
    assert (vague.like, vague.based_on) == ((), 6)
    assert estimate_all({REVIEW: 4}, known) == estimate(REVIEW, known, 4)


def test_what_is_known_is_read_as_often_for_many_kinds_as_for_one() -> None:
    reads = 0

    class Read(Past):
        def __getattribute__(self, name: str) -> object:
            nonlocal reads
            reads += name == "like"
            return super().__getattribute__(name)

    kinds = [REVIEW._replace(prompt=f"{n % 50}", project=f"/{n % 7}") for n in range(200)]
    known = [Read(like, n / 100) for n, like in enumerate(kinds)]
    strange = Like("none", "none")
    found = estimate_all({strange: 1}, known)
    assert (found.based_on, found.like) == (200, ())
    one, reads = reads, 0
    many = estimate_all(dict.fromkeys([*kinds, strange], 1), known)
    assert (many.executions, many.based_on, many.like) == (len(set(kinds)) + 1, 200, ())
    assert reads <= one
    assert estimate(kinds[3], known).based_on == 4


def test_where_nothing_is_known_it_says_so() -> None:
    found = estimate(REVIEW, [], 10_000)
    assert (found.low_usd, found.median_usd, found.high_usd) == (None, None, None)
    assert str(found) == (
        "The cost of 10,000 executions cannot be estimated: "
        "no execution with a known cost has ended yet."
    )


def test_it_says_the_prices_and_the_basis() -> None:
    said = str(estimate(REVIEW, past(0.5), 100))
    assert said == (
        "100 executions: about $50.00 ($50.00 to $50.00) at list prices, "
        "from 1 execution with the same prompt and model."
    )
    assert "$0.5000" in str(estimate(REVIEW, past(0.5)))


def test_costs_that_are_none_are_left_out() -> None:
    found = estimate(REVIEW, past(math.nan, math.inf, -1.0, 0.25))
    assert (found.median_usd, found.based_on) == (0.25, 1)


@given(
    costs=st.lists(st.floats(0, 1e6), max_size=30),
    executions=st.integers(0, 10_000),
)
def test_low_is_never_above_the_middle_nor_that_above_high(
    costs: list[float], executions: int
) -> None:
    found = estimate(REVIEW, past(*costs), executions)
    if not costs:
        assert found.median_usd is None
        return
    assert found.low_usd is not None
    assert found.median_usd is not None
    assert found.high_usd is not None
    assert 0 <= found.low_usd <= found.median_usd <= found.high_usd
    assert found.high_usd <= executions * max(costs) * (1 + 1e-9)
