"""What can go wrong with the history that a user can do something about.

The rule: errors only, leaves of the tree in `errors`.
"""

from __future__ import annotations

from claude_widget.errors import ClaudeWidgetError


class HistoryUnavailable(ClaudeWidgetError):
    """The history's index cannot be used now; executions and transcripts are as they were.

    Attributes:
        path: the index.
    """

    def __init__(self, message: str, *, path: str) -> None:
        self.path = path
        super().__init__(
            message, hint="Once that is mended, `claude-widget history rebuild` makes it anew."
        )


class ExecutionPinned(ClaudeWidgetError):
    """Refused because the execution is pinned."""

    def __init__(self, execution_id: str) -> None:
        super().__init__(
            f"Execution {execution_id} is pinned.",
            execution_id=execution_id,
            hint="Take its pin away first.",
        )


class PandasMissing(ClaudeWidgetError, ImportError):
    """A table was asked for as a DataFrame, and pandas is not installed."""

    def __init__(self, instead: str = "history.entries has the same without it.") -> None:
        super().__init__(
            "A DataFrame needs pandas, which is not installed.",
            hint=f"pip install pandas (or claude-widget[history]); {instead}",
        )
