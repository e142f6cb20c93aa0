"""The timeline as a static picture, as lines of text, and as rows for a chart.

The rule: pure; what was read of executions in, and each form has all of it that it has room for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from claude_widget.charts import svg
from claude_widget.charts.calls import CallSpan
from claude_widget.charts.lanes import Lane, lines_of, range_of
from claude_widget.charts.scale import Range, place_of, time_ticks
from claude_widget.markup.characters import visible

_WIDTH, _LABEL, _FIGURES, _MARGIN = 860.0, 246.0, 110.0, 12.0
_LANE, _BAR, _LINE, _TOP = 36.0, 9.0, 6.0, 34.0
_LEAST = 1.5
"""Pixels of what is very short."""
_TICKS = 6
_CHARACTERS = 32
_TEXT_WIDTH = 36
_MARKS = {"completed": "✓", "failed": "✕", "killed": "■", "running": "▶", "pending": "◷"}
_BAD = ("failed", "killed")

Across = tuple[float, float]
"""The upper edge of a bar, and its height."""


class Drawn(NamedTuple):
    """An execution, as it is drawn.

    Attributes:
        label: its name or query, as it may be shown.
        status: its status.
        lane: its moments.
        calls: of tools, in order.
        live: it has not ended.
    """

    label: str
    status: str
    lane: Lane
    calls: Sequence[CallSpan] = ()
    live: bool = False


def timeline_svg(drawn: Sequence[Drawn], now: float, zone: float) -> str:
    """The picture.

    Args:
        drawn: the executions, from top to bottom.
        now: epoch seconds.
        zone: seconds that the clock is ahead of UTC.
    """
    within = range_of([one.lane for one in drawn], now)
    height = _TOP + max(1, len(drawn)) * _LANE + 30
    parts = [*_axis(within, zone, height - 30)]
    for index, one in enumerate(drawn):
        parts += _lane(one, within, _TOP + index * _LANE)
    if not drawn:
        parts.append(svg.text("No executions.", _MARGIN, _TOP + 22, fill=svg.SOFT))
    return svg.picture(_WIDTH, height, "Timeline of executions", *parts, *_legend(height - 10))


def _x(fraction: float) -> float:
    return _LABEL + fraction * (_WIDTH - _LABEL - _FIGURES)


def _axis(within: Range, zone: float, bottom: float) -> list[str]:
    parts = []
    for at, label in time_ticks(within, _TICKS, zone):
        parts.append(svg.line(_x(at), _TOP - 8, _x(at), bottom))
        parts.append(svg.text(label, _x(at), _TOP - 14, text_anchor="middle", fill=svg.SOFT))
    return parts


def _lane(one: Drawn, within: Range, top: float) -> list[str]:
    mark, label = _MARKS.get(one.status, ""), _cut(one.label, _CHARACTERS)
    name = svg.text(f"{mark} {label}", _MARGIN, top + 16)
    created, started, ended = one.lane
    right = {"text_anchor": "end"}
    small = {**right, "fill": svg.SOFT, "font_size": "11"}
    parts = [
        svg.tag("svg", name, x=0, y=0, width=_LABEL - 6, height=top + _LANE),
        svg.text(one.status, _WIDTH - _MARGIN, top + 12, **right),
        svg.text(_figures(one), _WIDTH - _MARGIN, top + 27, **small),
    ]
    waits = (created, ended if started is None else started)
    waited = _bar(within, waits, (top + 7, 2), svg.WAITS)
    colour = svg.FAILS if one.status in _BAD else svg.LIVE if one.live else svg.RUNS
    ran = "" if started is None else _bar(within, (started, ended), (top + 3, _BAR), colour)
    return [*parts, waited, ran, *_calls(one, within, top + 3 + _BAR + 2)]


def _figures(one: Drawn) -> str:
    _, started, ended = one.lane
    ran = "" if started is None else seconds_told(ended - started)
    calls = f"{len(one.calls):,} call{'' if len(one.calls) == 1 else 's'}" if one.calls else ""
    return " · ".join(filter(None, (ran, calls)))


def _calls(one: Drawn, within: Range, top: float) -> list[str]:
    end = one.lane.ended
    return [
        _bar(
            within,
            (call.start_time, end if call.end_time is None else call.end_time),
            (top + line * _LINE, _LINE - 2),
            svg.FAILS if call.is_error else svg.CALLS,
            _told(call),
        )
        for call, line in zip(one.calls, lines_of(one.calls, end), strict=True)
    ]


def _bar(
    within: Range, moments: tuple[float, float], across: Across, fill: str, title: str = ""
) -> str:
    place = place_of(within, *moments)
    if place is None:
        return ""
    whole = _x(1) - _x(0)
    width = max(_LEAST, place.width * whole)
    y, height = across
    return svg.box((min(_x(place.at), _x(1) - width), y, width, height), fill, title)


def _told(call: CallSpan) -> str:
    took = "no result" if call.end_time is None else seconds_told(call.end_time - call.start_time)
    failed = "failed" if call.is_error else ""
    return ", ".join(filter(None, (f"{call.name} {call.subject}".strip(), took, failed)))


def _legend(y: float) -> list[str]:
    parts, x = [], _LABEL
    kinds = (
        ("waiting", svg.WAITS),
        ("running", svg.LIVE),
        ("completed", svg.RUNS),
        ("failed or killed", svg.FAILS),
        ("tool calls", svg.CALLS),
    )
    for said, fill in kinds:
        parts += [svg.box((x, y - 9, 12, 9), fill), svg.text(said, x + 17, y, fill=svg.SOFT)]
        x += 36 + 6.2 * len(said)
    return parts


def timeline_text(drawn: Sequence[Drawn], now: float) -> str:
    """The same as lines of text, for where there are no pictures."""
    if not drawn:
        return "Timeline: no executions."
    within = range_of([one.lane for one in drawn], now)
    lines = [f"Timeline over {seconds_told(within.last - within.first)}"]
    for one in drawn:
        bar = _text_bar(one.lane, within)
        figures = _figures(one)
        label = _cut(visible(" ".join(one.label.split())), _CHARACTERS).ljust(_CHARACTERS + 1)
        lines.append(f"{label} |{bar}| {one.status}{' · ' if figures else ''}{figures}")
    return "\n".join(lines)


def _text_bar(lane: Lane, within: Range) -> str:
    created, started, ended = lane
    cells = [" "] * _TEXT_WIDTH
    for mark, first, last in (
        ("·", created, ended if started is None else started),
        ("█", started, ended),
    ):
        place = None if first is None else place_of(within, first, last)
        if place is not None:
            begin = min(int(place.at * _TEXT_WIDTH), _TEXT_WIDTH - 1)
            end = max(begin + 1, round((place.at + place.width) * _TEXT_WIDTH))
            cells[begin:end] = mark * (min(end, _TEXT_WIDTH) - begin)
    return "".join(cells)


def timeline_rows(drawn: Sequence[Drawn]) -> list[dict[str, Any]]:
    """A row for each bar: those of executions and those of their calls."""
    rows = []
    for number, one in enumerate(drawn):
        created, started, ended = one.lane
        label = f"{number + 1}. {_cut(visible(one.label), _CHARACTERS)}"
        shared = {"execution": label, "status": one.status}
        waited = ended if started is None else started
        rows.append({**shared, "kind": "waiting", "what": "", "start": created, "end": waited})
        if started is not None:
            kind = one.status if one.status in _BAD else "running" if one.live else "completed"
            rows.append({**shared, "kind": kind, "what": "", "start": started, "end": ended})
        for call in one.calls:
            last = ended if call.end_time is None else call.end_time
            rows.append(
                {
                    **shared,
                    "kind": "failed tool call" if call.is_error else "tool call",
                    "what": visible(f"{call.name} {call.subject}".strip()),
                    "start": call.start_time,
                    "end": max(call.start_time, last),
                }
            )
    return rows


def seconds_told(seconds: float) -> str:
    """Such as `0.4 s`, `1:05` or `2:00:00`."""
    if seconds < 60:
        return f"{max(0.0, seconds):.1f} s"
    whole = int(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _cut(said: str, characters: int) -> str:
    whole = " ".join(said.split())
    return whole if len(whole) <= characters else f"{whole[: characters - 1]}…"
