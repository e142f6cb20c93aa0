"""An execution as a row of the list: small, whatever the agent wrote.

The rule: from what is known of an execution to `ExecutionRow`, and from two rows to what differs.
"""

from __future__ import annotations

from typing import Any, get_args

from claude_widget.execution import Execution
from claude_widget.history.entry import HistoryEntry
from claude_widget.manager import ProcessManager
from claude_widget.models import Effort, ExecutionInfo, ExecutionStatus, Reason
from claude_widget.page.gauges import Gauge
from claude_widget.protocol import ExecutionRow, HistoryRow

QUERY_CHARACTERS = 300
ERROR_CHARACTERS = 300
_NAME_CHARACTERS = 100
_PATH_CHARACTERS = 4096
_MOST_AFTER = 20
_REASONS = frozenset(Reason)
_EFFORTS = get_args(Effort)


def row_in(manager: ProcessManager, execution: Execution) -> dict[str, Any]:
    """The execution's row as its manager knows it, in wire form."""
    held = manager.is_held(execution)
    stale = manager.is_stale(execution)
    rank = manager.queue.rank_of(execution)
    row = row_of(execution.info, rank=rank, held=held, stale=stale, gauge=execution.gauge)
    over = manager.over_budget(execution)
    return {**row, "overBudget": over} if over else row


def row_of(
    info: ExecutionInfo,
    *,
    rank: float | None = None,
    held: bool = False,
    stale: bool = False,
    gauge: Gauge | None = None,
) -> dict[str, Any]:
    """The row in wire form, what is empty left out.

    Args:
        info: what is known of it.
        rank: its place in the queue among those of its priority.
        held: pending, and whoever would start it is gone.
        stale: the cell or call that made it asks for something else by now.
        gauge: what it uses now.
    """
    row = ExecutionRow(
        execution_id=info.execution_id,
        name=None if info.name is None else info.name[:_NAME_CHARACTERS],
        query=info.query[:QUERY_CHARACTERS],
        project_path=info.project_path,
        status=info.status,
        reason=info.reason,
        session_id=info.session_id,
        model=info.model,
        activity=info.activity,
        permission_mode=info.permission_mode,
        priority=info.priority,
        queue_rank=rank,
        created_time=info.created_time,
        start_time=info.start_time,
        end_time=info.end_time,
        cost_usd=info.cost_usd,
        num_turns=info.num_turns,
        tool_count=sum(info.tool_counts.values()),
        denial_count=len(info.denials),
        error=info.errors[-1][:ERROR_CHARACTERS] if info.errors else None,
        recorded=info.recorded,
        recorded_time=info.recorded_time,
        held=held,
        on_hold=info.held,
        stale=stale,
        effort=info.effort if info.effort in _EFFORTS else None,
        request_count=len(info.open_requests),
        awaits_input=info.awaits_input,
        task_count=len(info.background_tasks),
        continues=info.resumed_from,
        **_relations(info),
        **_used(info, gauge),
    )
    return row.model_dump(mode="json", by_alias=True, exclude_none=True)


def _relations(info: ExecutionInfo) -> dict[str, Any]:
    """What it belongs to, and what it waits for."""
    return {
        "after": info.after[:_MOST_AFTER] or None,
        "after_count": len(info.after) if len(info.after) > _MOST_AFTER else None,
        "batch_id": info.batch_id,
        "attempt": info.attempt if info.attempt > 1 else None,
        "attempt_of": info.attempt_of,
        "branch": info.worktree.branch[:_NAME_CHARACTERS] if info.worktree else None,
    }


def _used(info: ExecutionInfo, gauge: Gauge | None) -> dict[str, Any]:
    """What of the machine it uses now, or has used."""
    now = gauge if info.status is ExecutionStatus.RUNNING else None
    return {
        "cpu_percent": now.cpu_percent if now else None,
        "memory_bytes": now.memory_bytes if now else info.peak_memory_bytes,
        "cpu_seconds": info.cpu_seconds,
    }


def history_row_of(entry: HistoryEntry) -> dict[str, Any]:
    """The row of one of the history in wire form, what is empty left out."""
    row = HistoryRow(
        execution_id=entry.execution_id,
        name=None if entry.name is None else entry.name[:_NAME_CHARACTERS],
        query=entry.query[:QUERY_CHARACTERS],
        project_path=entry.project_path[:_PATH_CHARACTERS],
        status=ExecutionStatus(entry.status),
        reason=Reason(entry.reason) if entry.reason in _REASONS else None,
        session_id=entry.session_id,
        model=None if entry.model is None else entry.model[:_NAME_CHARACTERS],
        created_time=entry.created_time,
        start_time=entry.start_time,
        end_time=entry.end_time,
        cost_usd=entry.cost_usd,
        num_turns=entry.num_turns,
        tool_count=entry.tool_count,
        error=entry.error[:ERROR_CHARACTERS] or None,
        recorded=entry.recorded,
        continues=entry.resumed_from,
        pinned=entry.pinned,
    )
    return row.model_dump(mode="json", by_alias=True, exclude_none=True)


def whole(row: dict[str, Any]) -> dict[str, Any]:
    """A row as changes of whatever is known of it: what is empty in it is None."""
    named = ExecutionRow.model_construct(execution_id="").model_dump(mode="json", by_alias=True)
    return {name: None for name, value in named.items() if value is None} | row


def changes(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Fields that differ, with their new values; one that is gone is None."""
    changed = {name: value for name, value in after.items() if before.get(name) != value}
    return changed | {name: None for name in before if name not in after}
