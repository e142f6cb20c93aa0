"""A chart as the value of a cell: a picture that moves where it can, and a static one beside it.

The rule: what it shows was redacted and made visible before. Altair is imported only where it is
there or asked for: without it the static picture and the text remain.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

from claude_widget.charts.errors import AltairMissing
from claude_widget.charts.svg import as_image

VEGA_LITE = "application/vnd.vegalite.v5+json"
"""What JupyterLab 4, Notebook 7 and VS Code draw without a network."""
_SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"

Rows = list[dict[str, Any]]


class Chart:
    """A chart of executions.

    As a cell's value it is drawn with Altair where that is installed, and as a static picture
    where a notebook is only read.

    Attributes:
        svg: the static picture, on a light background of its own.
        text: the same as lines of text.
        rows: what is drawn, a dict for each bar, as for a DataFrame.
    """

    def __init__(self, svg: str, text: str, rows: Rows, draw: Callable[[Any, Rows], Any]) -> None:
        self.svg = svg
        self.text = text
        self.rows = rows
        self._draw = draw

    def to_altair(self) -> Any:
        """The chart as Altair's, to be changed further.

        Raises:
            AltairMissing: Altair is not installed.
        """
        try:
            altair = import_module("altair")
        except ImportError:
            raise AltairMissing from None
        return self._draw(altair, self.rows)

    def _repr_mimebundle_(self, **_: object) -> dict[str, Any]:
        image = as_image(self.svg, self.text)
        try:
            drawn = self.to_altair()
        except AltairMissing:
            return {"text/plain": self.text, "text/html": image}
        # All that is used here is in version 5, too, which is the one that hosts can draw. They
        # would draw HTML rather than it; Markdown, in which the same image is one, comes after it.
        moving = {**drawn.to_dict(), "$schema": _SCHEMA}
        return {VEGA_LITE: moving, "text/plain": self.text, "text/markdown": image}

    def __repr__(self) -> str:
        return self.text
