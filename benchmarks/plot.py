"""Draws charts as SVG: a few lines each, on axes that begin at zero.

The rule: data in, one file out; no library, no fonts of its own, and colours that can be read on
white and on black.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.measure import ROOT

IMAGE = ROOT / "docs" / "images" / "growth.svg"
_WIDTH, _HEIGHT, _GAP = 330, 230, 20
_LEFT, _TOP, _RIGHT, _BOTTOM = 52, 50, 14, 40
_COLOURS = ("#2f6fde", "#d9822b")
_GREY = "#808080"


class Line(NamedTuple):
    """Some points (x, y) and what they are of."""

    name: str
    points: Sequence[tuple[float, float]]


class Chart(NamedTuple):
    """Lines on the same axes."""

    title: str
    across: str
    up: str
    lines: tuple[Line, ...]


def draw(kept: Path) -> None:
    """Draw what `growth` has kept."""
    document = json.loads(kept.read_text())
    charts = [
        Chart(title, across, up, tuple(Line(*line) for line in lines))
        for title, across, up, lines in document["charts"]
    ]
    about = document["about"]
    said = f"{about['machine']}; Python {about['Python']}; {about['date'][:10]}"
    IMAGE.write_text(svg(charts, said))


def svg(charts: Sequence[Chart], said: str) -> str:
    """All of them side by side, with a line below."""
    width = len(charts) * _WIDTH + (len(charts) - 1) * _GAP
    parts = [_one(chart, index * (_WIDTH + _GAP)) for index, chart in enumerate(charts)]
    note = _text(width / 2, _HEIGHT + 14, said, "middle", _GREY)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {_HEIGHT + 24}" '
        f'font-family="sans-serif" font-size="11">\n{"".join(parts)}{note}</svg>\n'
    )


def _one(chart: Chart, left: float) -> str:
    inner_width, inner_height = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
    most_x = max(x for line in chart.lines for x, _ in line.points)
    most_y = max(y for line in chart.lines for _, y in line.points)

    def at(x: float, y: float) -> tuple[float, float]:
        across, up = x / most_x * inner_width, y / most_y * inner_height
        return left + _LEFT + across, _TOP + inner_height - up

    parts = [_text(left + _WIDTH / 2, 14, chart.title, "middle", _GREY, bold=True)]
    parts.append(_axes(chart, left, most_x, most_y))
    for index, line in enumerate(chart.lines):
        colour = _COLOURS[index]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (at(*point) for point in line.points))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [_dot(*at(*point), colour) for point in line.points]
        parts.append(_text(left + _LEFT + 6 + index * 110, 32, line.name, "start", colour))
    return "\n".join(parts) + "\n"


def _axes(chart: Chart, left: float, most_x: float, most_y: float) -> str:
    bottom, right, start = _HEIGHT - _BOTTOM, left + _WIDTH - _RIGHT, left + _LEFT
    path = f"M{start} {_TOP} V{bottom} H{right}"
    parts = [f'<path d="{path}" fill="none" stroke="{_GREY}"/>']
    for share in (0.0, 0.5, 1.0):
        y = bottom - share * (bottom - _TOP)
        parts.append(_text(start - 5, y + 4, number(most_y * share), "end", _GREY))
        x = start + share * (right - start)
        anchor = "end" if share == 1.0 else "middle"
        parts.append(_text(x, bottom + 14, number(most_x * share), anchor, _GREY))
    parts.append(_text((start + right) / 2, bottom + 30, chart.across, "middle", _GREY))
    parts.append(_text(left, 32, chart.up, "start", _GREY))
    return "\n".join(parts)


def number(value: float) -> str:
    """Three figures at the most below a thousand, whole thousands above."""
    if value == 0:
        return "0"
    digits = max(0, 2 - math.floor(math.log10(abs(value))))
    return f"{value:,.{digits}f}" if value < 1000 else f"{value:,.0f}"


def _dot(x: float, y: float, colour: str) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}"/>'


def _text(x: float, y: float, text: str, anchor: str, colour: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    safe = text.replace("&", "&amp;").replace("<", "&lt;")
    place = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"'
    return f"<text {place}{weight}>{safe}</text>"
