"""What executions cost, summed by day, as a static picture, as text, and as rows for a chart.

The rule: pure; rows of the history's totals in, days out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from claude_widget.charts import svg
from claude_widget.charts.scale import amount_ticks, dollars, short_amount

_WIDTH, _LEFT, _PLOT = 860.0, 70.0, 110.0
_MOST_NAMES = 8

Series = tuple[str, str, Sequence[float]]
"""A colour, what it stands for, and an amount for each day."""


class Day(NamedTuple):
    """Sums over the executions that were asked for on one day.

    Attributes:
        day: such as "2026-01-31", local time.
        executions: how many there were.
        cost_usd: US dollars that were paid.
        recorded_cost_usd: US dollars that recordings had cost, which were only played.
        input_tokens: tokens that went in, those of the cache as well.
        output_tokens: tokens that came out.
        recorded_tokens: tokens of both kinds that recordings had used.
    """

    day: str
    executions: int = 0
    cost_usd: float = 0.0
    recorded_cost_usd: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    recorded_tokens: int = 0


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
            day.recorded_tokens + row["recorded_tokens"],
        )
    return [days[name] for name in sorted(days)]


def spending_svg(days: Sequence[Day]) -> str:
    """Costs and tokens as two pictures over the same days, one below the other."""
    height = 2 * (_PLOT + 52.0) + 8
    if not days:
        said = svg.text("No executions.", 12, 40, fill=svg.SOFT)
        return svg.picture(_WIDTH, height, "Cost and tokens a day", said)
    names = [day.day for day in days]
    costs = [
        (svg.PAID, "paid", [day.cost_usd for day in days]),
        (svg.PLAYED, "as recorded, not paid", [day.recorded_cost_usd for day in days]),
    ]
    tokens = [
        (svg.IN, "in, with those of the cache", [day.input_tokens for day in days]),
        (svg.OUT, "out", [day.output_tokens for day in days]),
        (svg.PLAYED, "as recorded", [day.recorded_tokens for day in days]),
    ]
    above = _bars(
        "Cost a day, US dollars, estimate at list prices", names, _present(costs), dollars, 0
    )
    below = _bars("Tokens a day", names, _present(tokens), short_amount, _PLOT + 56.0)
    return svg.picture(_WIDTH, height, "Cost and tokens a day", *above, *below)


def _present(series: Sequence[Series]) -> list[Series]:
    """The first, and of the others those that there are."""
    return [series[0], *(one for one in series[1:] if any(one[2]))]


def _bars(
    title: str,
    days: Sequence[str],
    series: Sequence[Series],
    label: Callable[[float, float], str],
    top: float,
) -> list[str]:
    """Stacked bars, a bar a day."""
    ticks = amount_ticks(max(map(sum, zip(*(amounts for _, _, amounts in series), strict=True))))
    step = ticks[1] if len(ticks) > 1 else 0.0
    floor, most = top + 26 + _PLOT, ticks[-1] or 1.0
    parts = _key(title, series, top + 14)
    for amount in ticks:
        y = floor - amount / most * _PLOT
        parts.append(svg.line(_LEFT, y, _WIDTH - 12, y))
        said = label(amount, step)
        parts.append(svg.text(said, _LEFT - 6, y + 4, text_anchor="end", fill=svg.SOFT))
    slot = (_WIDTH - 12 - _LEFT) / len(days)
    width = min(48.0, slot * 0.8)
    every = -(-len(days) // _MOST_NAMES)
    for index, day in enumerate(days):
        middle, y = _LEFT + slot * (index + 0.5), floor
        for fill, said, amounts in series:
            height = amounts[index] / most * _PLOT
            y -= height
            if height > 0:
                told = f"{day}: {amounts[index]:,.10g} {said}"
                parts.append(svg.box((middle - width / 2, y, width, height), fill, told))
        if index % every == 0:
            parts.append(svg.text(day, middle, floor + 16, text_anchor="middle", fill=svg.SOFT))
    return parts


def _key(title: str, series: Sequence[Series], y: float) -> list[str]:
    parts, x = [svg.text(title, 12, y)], 190.0
    for fill, said, _ in series:
        parts += [svg.box((x, y - 9, 12, 9), fill), svg.text(said, x + 17, y, fill=svg.SOFT)]
        x += 40 + 6.6 * len(said)
    return parts


def spending_text(days: Sequence[Day]) -> str:
    """The same as lines of text, for where there are no pictures."""
    if not days:
        return "Cost and tokens a day: no executions."
    lines = ["Cost and tokens a day"]
    for day in days:
        played = f" (and ${day.recorded_cost_usd:.4f} as recorded)" if day.recorded_cost_usd else ""
        tokens = f"{day.input_tokens:,} tokens in, {day.output_tokens:,} out"
        if day.recorded_tokens:
            tokens += f" (and {day.recorded_tokens:,} as recorded)"
        lines.append(f"{day.day}  ${day.cost_usd:.4f}{played}, {tokens}")
    return "\n".join(lines)


def spending_rows(days: Sequence[Day]) -> list[dict[str, Any]]:
    """A row for each bar."""
    rows = []
    for day in days:  # a day in which nothing was paid is there, too
        for measure, kind, amount in (
            ("US dollars", "paid", day.cost_usd),
            ("US dollars", "as recorded, not paid", day.recorded_cost_usd),
            ("tokens", "in, with those of the cache", day.input_tokens),
            ("tokens", "out", day.output_tokens),
            ("tokens", "as recorded", day.recorded_tokens),
        ):
            if amount or not kind.startswith("as recorded"):
                rows.append({"day": day.day, "measure": measure, "kind": kind, "amount": amount})
    return rows
