"""The charts as Altair draws them.

The rule: only what Vega-Lite 5 knows, since that is what notebooks can draw. Rows in, a chart out;
the library is handed in by whoever has found it. A light background and dark text of its own, so
that it can be read in any theme.
"""

from __future__ import annotations

from typing import Any

from claude_widget.charts import svg

_WIDTH = 560
_KINDS = {
    "waiting": svg.WAITS,
    "running": svg.LIVE,
    "completed": svg.RUNS,
    "failed": svg.FAILS,
    "killed": "#8e1b1b",
    "tool call": svg.CALLS,
    "failed tool call": "#e57373",
}
_AMOUNTS = {
    "paid": svg.PAID,
    "as recorded, not paid": svg.PLAYED,
    "in, with those of the cache": svg.IN,
    "out": svg.OUT,
    "as recorded": svg.PLAYED,
}


def timeline(altair: Any, rows: list[dict[str, Any]]) -> Any:
    """Executions over time: a bar for each, those of its calls below it."""
    told = [
        {
            **row,
            "start": row["start"] * 1000,
            "end": row["end"] * 1000,
            "seconds": round(row["end"] - row["start"], 3),
            "line": 1 if "tool call" in row["kind"] else 0,
        }
        for row in rows
    ]
    order = list(dict.fromkeys(row["execution"] for row in rows))
    present = [kind for kind in _KINDS if any(row["kind"] == kind for row in rows)]
    chart = (
        altair.Chart(altair.Data(values=told))
        .mark_bar(height={"band": 0.9}, minBandSize=2)
        .encode(
            x=altair.X("start:T", title=None, axis={"format": _clock(told), "tickCount": 6}),
            x2="end:T",
            y=altair.Y("execution:N", sort=order, title=None, axis={"labelLimit": 220}),
            yOffset=altair.YOffset("line:O", sort=[0, 1]),
            color=altair.Color(
                "kind:N", title=None, scale={"domain": present, "range": _colours(_KINDS, present)}
            ),
            tooltip=["execution:N", "kind:N", "what:N", "seconds:Q"],
        )
        .properties(width=_WIDTH, height={"step": 16})
    )
    return _in_light(chart)


def _clock(told: list[dict[str, Any]]) -> str:
    """How moments are written on an axis over all of them."""
    first = min((row["start"] for row in told), default=0)
    length = max((row["end"] for row in told), default=0) - first
    if length > 2 * 86_400_000:
        return "%Y-%m-%d"
    return "%H:%M" if length > 7_200_000 else "%H:%M:%S" if length > 6_000 else "%H:%M:%S.%L"


def spending(altair: Any, rows: list[dict[str, Any]]) -> Any:
    """Costs and tokens a day, as bars above each other."""
    present = [kind for kind in _AMOUNTS if any(row["kind"] == kind for row in rows)]

    def bars(measure: str) -> Any:
        place = {kind: number for number, kind in enumerate(present)}
        told = [{**row, "place": place[row["kind"]]} for row in rows if row["measure"] == measure]
        kinds = [kind for kind in present if any(row["kind"] == kind for row in told)]
        return (
            altair.Chart(altair.Data(values=told))
            .mark_bar(size=14)
            .encode(
                x=altair.X("day:O", title=None, axis={"labelAngle": -40, "labelOverlap": True}),
                y=altair.Y("amount:Q", title=measure),
                order=altair.Order("place:Q"),  # from below, as in the static picture
                tooltip=["day:O", "kind:N", "amount:Q"],
                **_by_kind(altair, kinds),
            )
            .properties(width=_WIDTH, height=140)
        )

    both = altair.vconcat(bars("US dollars"), bars("tokens"))
    own = dict.fromkeys(("fill", "stroke", "strokeDash"), "independent")
    return _in_light(both.resolve_scale(**own))


def _by_kind(altair: Any, kinds: list[str]) -> dict[str, Any]:
    """A colour for each kind of amount, or an outline, in the bars and in the key."""
    fills = _colours(_AMOUNTS, kinds)
    ranges = {
        "fill": ["#ffffff" if fill == svg.PLAYED else fill for fill in fills],
        "stroke": [svg.SOFT if fill == svg.PLAYED else fill for fill in fills],
        "strokeDash": [list(svg.DASHES) if fill == svg.PLAYED else [1, 0] for fill in fills],
    }
    channels = {"fill": altair.Fill, "stroke": altair.Stroke, "strokeDash": altair.StrokeDash}
    return {
        name: channel("kind:N", title=None, scale={"domain": kinds, "range": ranges[name]})
        for name, channel in channels.items()
    }


def _colours(kinds: dict[str, str], present: list[str]) -> list[str]:
    return [kinds[kind] for kind in present]


def _in_light(chart: Any) -> Any:
    words = {"labelColor": svg.INK, "titleColor": svg.INK}
    axis = {**words, "gridColor": svg.RULE, "domainColor": svg.RULE, "tickColor": svg.RULE}
    return (
        chart.configure(background="#ffffff")
        .configure_axis(**axis)
        .configure_legend(orient="bottom", **words)
    )
