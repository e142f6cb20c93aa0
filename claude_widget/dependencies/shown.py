"""What a prompt sees of an execution: what came of it, and nothing that it could be told to do.

The rule: data only. A template may be a stranger's, so an execution itself is never given to one.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

from claude_widget.models import ExecutionInfo


@dataclass(frozen=True, slots=True)
class ShownExecution:
    """An execution in a prompt; by its name alone it is its result.

    Attributes:
        result: the final text; None if it ended without one.
        output: its structured result, as JSON data; None without a schema.
        status: "completed", "failed" or "killed".
        reason: why it ended.
        name: what people call it, or None.
        execution_id: its id.
        session_id: of its session, if it had one.
        cost_usd: US dollars, or None.
    """

    result: str | None
    output: Any
    status: str
    reason: str | None
    name: str | None
    execution_id: str
    session_id: str | None
    cost_usd: float | None

    def __str__(self) -> str:
        return self.result or ""


FIELDS = tuple(field.name for field in fields(ShownExecution))
"""What may be read of one."""


def shown(info: ExecutionInfo) -> ShownExecution:
    """What a prompt sees of an execution.

    Args:
        info: what is known of it.
    """
    return ShownExecution(
        result=info.result,
        output=info.structured_output,
        status=info.status.value,
        reason=None if info.reason is None else info.reason.value,
        name=info.name,
        execution_id=info.execution_id,
        session_id=info.session_id,
        cost_usd=info.cost_usd,
    )
