"""What can go wrong with charts that a user can do something about.

The rule: errors only, leaves of the tree in `errors`.
"""

from __future__ import annotations

from claude_widget.errors import ClaudeWidgetError


class AltairMissing(ClaudeWidgetError, ImportError):
    """A chart was asked for as Altair's, and Altair is not installed."""

    def __init__(self) -> None:
        super().__init__(
            "This chart needs Altair, which is not installed.",
            hint="pip install altair (or claude-widget[charts]); chart.svg is there without it.",
        )
