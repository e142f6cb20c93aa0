"""What a batch needs of its manager, and how it sees an execution.

The rule: a seam. What feeds rows knows no manager, and a manager no ledger.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from claude_widget.batch.ledger import Seen
from claude_widget.batch.row import Row
from claude_widget.execution import Execution
from claude_widget.models import ExecutionInfo, ExecutionStatus
from claude_widget.subscriptions import Subscriptions

_LOOKED_AT = 1000
"""Characters of what a failure says, of which less is kept."""


class Host(Protocol):
    """What a batch needs of its manager."""

    subscriptions: Subscriptions

    @property
    def closed(self) -> bool:
        """It starts and follows nothing any more."""

    @property
    def slots(self) -> int:
        """How many executions it runs at once."""

    @property
    def waits(self) -> str:
        """Why it starts nothing for now, such as that its queue is paused; empty if it does."""

    @property
    def spent(self) -> str:
        """Which budget of it allows no more, in words; empty while all do."""

    def note(self, info: ExecutionInfo) -> None:
        """What one of its executions has cost by now."""

    def admit(self, row: Row, before: Execution | None) -> Execution:
        """Make an execution of a row, a further attempt if there was one before.

        Raises:
            ClaudeWidgetError: it cannot be made.
        """

    def get(self, execution_id: str) -> Execution | None:
        """The execution of that id; None if it is there no more."""

    def recall(self, execution_id: str) -> Execution | None:
        """The same, also if it was cleaned up; None if its transcript is gone."""

    def is_held(self, execution_id: str) -> bool:
        """Whether that one waits, and nobody lives who would start it."""

    def output_of(self, execution: Execution) -> Any:
        """What came out of it; None where it did not complete."""

    def kill(self, executions: Iterable[Execution]) -> None:
        """End them, since their batch is killed."""

    def take_over(self, execution_ids: Iterable[str]) -> None:
        """Own those whose manager is gone, and start what waits of them.

        To be called where rows are started: the budgets there cover them from now on.
        """


def seen(info: ExecutionInfo) -> Seen:
    """What is known of an execution, as a ledger has it."""
    said = info.errors[-1] if info.errors else info.result or ""
    return Seen(
        info.status,
        info.reason,
        info.cost_usd,
        info.duration,
        info.recorded,
        "" if info.status is ExecutionStatus.COMPLETED else " ".join(said[:_LOOKED_AT].split()),
    )
