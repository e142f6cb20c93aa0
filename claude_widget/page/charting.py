"""What the page's charts are told of a manager's executions.

The rule: it translates, and bounds every answer in bytes. Transcripts are read in the thread of the
request, which is one of the lanes'.
"""

from __future__ import annotations

from datetime import date, timedelta

from claude_widget import protocol
from claude_widget.charts.calls import longest
from claude_widget.charts.spending import per_day
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.protocol import MAX_BATCH, MOST_SPANS


def tool_calls(manager: ProcessManager, message: protocol.GetToolCalls) -> protocol.ToolCallsAnswer:
    """When the executions called their tools, as far as one answer holds them."""
    told: list[protocol.ExecutionCalls] = []
    room = MAX_BATCH
    for execution_id in message.execution_ids:
        found = _calls_of(execution_id, manager.get_execution(execution_id))
        room -= len(found.model_dump_json(by_alias=True))
        if told and room < 0:
            break
        told.append(found)
    return protocol.ToolCallsAnswer(request_id=message.request_id, found=tuple(told))


def _calls_of(execution_id: str, execution: Execution | None) -> protocol.ExecutionCalls:
    spans = () if execution is None else execution.calls.read()
    left_out = 0 if execution is None else execution.calls.left_out
    kept = longest(spans, MOST_SPANS)
    return protocol.ExecutionCalls(
        execution_id=execution_id,
        calls=tuple(protocol.ToolSpan.model_validate(span._asdict()) for span in kept),
        left_out=left_out + len(spans) - len(kept),
    )


def spending(manager: ProcessManager, message: protocol.GetSpending) -> protocol.SpendingAnswer:
    """What the executions of the state folder cost, by day."""
    today = date.today()  # noqa: DTZ011 - a day of the user's
    first = today - timedelta(days=message.days - 1)
    days = per_day(manager.history(since=first, limit=0).daily_rows())
    told = [protocol.SpendingDay.model_validate(day._asdict()) for day in days[-message.days :]]
    return protocol.SpendingAnswer(
        request_id=message.request_id, today=today.isoformat(), days=tuple(told)
    )
