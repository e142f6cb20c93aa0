"""Static pictures as SVG: text, boxes and lines, and nothing that runs or loads.

The rule: pure; everything is escaped here, and characters that hide or that XML forbids are shown
as their code points. A picture brings its own light background, so that it can be read on a dark
page, too.
"""

from __future__ import annotations

import base64
from html import escape

from claude_widget.markup.characters import visible

INK = "#24292f"
SOFT = "#57606a"
RULE = "#d0d7de"
WAITS = "#8c959f"
RUNS = "#2e7d32"
LIVE = "#1565c0"
FAILS = "#c62828"
CALLS = "#6e7781"
PAID = OUT = "#004488"
IN = "#d55e00"
"""Each has a contrast of 4.5 at least with white where it is of text, and of 3 elsewhere. Amounts
have a blue of Tol's and the vermilion of Okabe and Ito's scales for every kind of colour vision;
one is more than twice as bright as the other, so that they differ in grey, too."""
PLAYED = "none"
"""What was only played is an outline, as in the page: nothing was paid."""
DASHES = (3, 2)
"""Pixels of its line, and between."""
_FONT = "system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif"


def tag(name: str, content: str = "", /, **attributes: str | float) -> str:
    """An element; `content` is markup already, attributes are escaped. `_` is written `-`."""
    said = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{_value(value)}"'
        for key, value in attributes.items()
    )
    return f"<{name}{said}>{content}</{name}>" if content else f"<{name}{said}/>"


def text(said: str, x: float, y: float, /, **attributes: str | float) -> str:
    """A line of text."""
    return tag("text", escaped(said), x=x, y=y, **attributes)


Box = tuple[float, float, float, float]
"""Its left and upper edge, its width and its height."""


def box(place: Box, fill: str, title: str = "") -> str:
    """A filled box, with what it means for who points at it."""
    x, y, width, height = place
    content = tag("title", escaped(title)) if title else ""
    edge = {"stroke": SOFT, "stroke_dasharray": " ".join(map(str, DASHES))}
    outline = edge if fill == PLAYED else {}
    return tag("rect", content, x=x, y=y, width=width, height=height, fill=fill, **outline)


def line(x1: float, y1: float, x2: float, y2: float, /) -> str:
    """A thin line of the picture's frame."""
    return tag("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=RULE)


def picture(width: float, height: float, title: str, *content: str) -> str:
    """A whole picture."""
    inside = tag("title", escaped(title)) + box((0, 0, width, height), "#ffffff") + "".join(content)
    return tag(
        "svg",
        inside,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {_value(width)} {_value(height)}",
        width=width,
        height=height,
        role="img",
        font_family=_FONT,
        font_size=12,
        fill=INK,
    )


def as_image(svg: str, told: str) -> str:
    """The picture as HTML, in which nothing of it can run; GitHub shows it, and no SVG else."""
    data = base64.b64encode(svg.encode()).decode()
    return (
        f'<img src="data:image/svg+xml;base64,{data}" alt="{escaped(told)}" '
        'style="max-width: 100%; height: auto">'
    )


def escaped(said: str) -> str:
    """As text of an element or an attribute, in one line."""
    shown = visible(" ".join(said.split()))
    return escape("".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in shown))


def _value(value: str | float) -> str:
    return escaped(value) if isinstance(value, str) else f"{round(value, 2):.10g}"
