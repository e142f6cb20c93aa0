"""What is refused because of the queue.

The rule: as in `claude_widget.errors`, whose tree these belong to.
"""

from __future__ import annotations

from claude_widget.errors import ClaudeWidgetError


class NotInQueue(ClaudeWidgetError):
    """Refused: that execution does not wait in this manager's queue.

    Attributes:
        status: what it is instead.
    """

    def __init__(self, execution_id: str, status: str) -> None:
        self.status = status
        super().__init__(
            f"Execution {execution_id} does not wait in this manager's queue (it is {status}).",
            hint="manager.queue.executions lists those that do.",
            execution_id=execution_id,
        )
