"""What executions cost, summed by day.

The rule: pure; rows of the history's totals in, days out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple


class Day(NamedTuple):
    """Sums over the executions that were asked for on one day.

    Attributes:
        day: such as "2026-01-31", local time.
        executions: how many there were.
        cost_usd: US dollars that were paid.
        recorded_cost_usd: US dollars that recordings had cost, which were only played.
        input_tokens: tokens that went in, those of the cache as well.
        output_tokens: tokens that came out.
    """

    day: str
    executions: int = 0
    cost_usd: float = 0.0
    recorded_cost_usd: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0


_INPUT = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")


def per_day(rows: Iterable[Mapping[str, Any]]) -> list[Day]:
    """Days in order, those without an execution left out.

    Args:
        rows: a row a day, model and project, with the fields of `Totals`.
    """
    days: dict[str, Day] = {}
    for row in rows:
        name = row["day"]
        if not isinstance(name, str):  # a moment that no calendar has
            continue
        day = days.get(name, Day(name))
        days[name] = Day(
            name,
            day.executions + row["executions"],
            day.cost_usd + row["cost_usd"],
            day.recorded_cost_usd + row["recorded_cost_usd"],
            day.input_tokens + sum(row[field] for field in _INPUT),
            day.output_tokens + row["output_tokens"],
        )
    return [days[name] for name in sorted(days)]
