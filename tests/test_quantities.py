"""Money, counts and seconds that callers give: what is no number is refused where it is given.

The rule: each argument of the public interface, with everything that is not meant as a number.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from claude_widget.errors import InvalidRequest
from claude_widget.manager import ProcessManager
from claude_widget.quantities import _shown, above_zero, count
from claude_widget.queue.capacity import concurrency

Give = Callable[[ProcessManager, Path, Any], object]
NO_NUMBERS = (True, False, "5", "", math.nan, math.inf, -math.inf, b"1", [1])
HUGE = 10**5000
"""Python itself refuses to write it out."""


def _start(name: str) -> Give:
    return lambda manager, project, given: manager.start_execution("hi", project, **{name: given})


def _map(name: str) -> Give:
    return lambda manager, project, given: manager.map(
        None, ["a"], project_path=project, **{name: given}
    )


MONEY_AND_TIME: dict[str, Give] = {
    **{
        f"start_execution {name}": _start(name)
        for name in ("max_budget_usd", "timeout", "idle_timeout", "max_cpu", "max_cpu_seconds")
    },
    **{f"map {name}": _map(name) for name in ("budget_usd", "timeout", "max_budget_usd")},
    "budget usd": lambda manager, _, given: manager.budget(usd=given),
    "budget minutes": lambda manager, _, given: manager.budget(minutes=given),
    "budget minutes beside usd": lambda manager, _, given: manager.budget(usd=1, minutes=given),
}
COUNTS: dict[str, Give] = {
    **{f"start_execution {name}": _start(name) for name in ("retries", "max_turns")},
    **{f"map {name}": _map(name) for name in ("max_concurrency", "retries", "warm")},
    "compare repeat": lambda manager, project, given: manager.compare(
        "hi", project_path=project, repeat=given
    ),
    "warm": lambda manager, project, given: manager.warm(given, project),
    "warm most": lambda manager, project, given: manager.warm(1, project, most=given),
    "ProcessManager max_concurrency": lambda _manager, _, given: concurrency(given),
}
ORDERS: dict[str, Give] = {
    "start_execution priority": _start("priority"),
    "map priority": _map("priority"),
}


def refused(give: Give, manager: ProcessManager, project: Path, given: object) -> bool:
    """Whether it is refused, by the argument's name, with what was given."""
    try:
        give(manager, project, given)
    except InvalidRequest as error:
        return bool(error.field) and _shown(given) in str(error)
    return False


@pytest.mark.parametrize("name", [*MONEY_AND_TIME, *COUNTS, *ORDERS])
def test_what_is_no_number_is_refused_and_starts_nothing(
    manager: ProcessManager, project: Path, name: str
) -> None:
    give = {**MONEY_AND_TIME, **COUNTS, **ORDERS}[name]
    bad: list[object] = list(NO_NUMBERS)
    bad += [0, -0.5, HUGE] if name in MONEY_AND_TIME else [1.5, 2.0]
    bad += [-1] if name in COUNTS else [-HUGE] if name in ORDERS else []
    assert [one for one in bad if not refused(give, manager, project, one)] == []
    assert manager.get_all_executions() == []
    assert manager.batches == []


@pytest.mark.parametrize("given", [0.5, 5, Fraction(1, 2), np.float32(0.5), np.int64(3)])
def test_any_kind_of_number_is_an_amount(given: Any) -> None:
    assert above_zero("usd", given) == pytest.approx(float(given))


def test_a_whole_number_may_have_bounds() -> None:
    assert [count("n", one) for one in (-3, 0, np.int64(4))] == [-3, 0, 4]
    assert type(count("n", np.int64(4))) is int
    with pytest.raises(InvalidRequest, match="n must be a whole number of at least 1, not 0"):
        count("n", 0, least=1)
    with pytest.raises(InvalidRequest, match="n must be a whole number from 0 to 20, not 21"):
        count("n", 21, least=0, most=20)
