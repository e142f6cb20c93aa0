"""What a notebook shows of a value that is a cell's last: a seam to the faces.

The rule: it knows no Jupyter. The package's face sets who shows it; without one it is plain text.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar


class Shown:
    """What is shown by whoever the face has named; each subclass has its own."""

    viewer: ClassVar[Callable[[Any], None] | None] = None
    """Shows one that is a cell's value; set by the package's face."""
    widget: ClassVar[Callable[[Any], object] | None] = None
    """Makes what marimo shows of it; set by the package's face."""

    def _ipython_display_(self) -> None:
        if (viewer := type(self).viewer) is not None:
            viewer(self)

    def _display_(self) -> object:
        """What marimo shows of one that is a cell's value."""
        widget = type(self).widget
        return repr(self) if widget is None else widget(self)
