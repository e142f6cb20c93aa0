"""The widgets: the dashboard of a manager, and the view of one execution.

The rule: a face. It passes what the page says to the desk, and what the manager tells to the page,
through the courier. Traits are small and safe to save: which manager, which execution, and that
execution's row; output and secrets never are one.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from claude_widget import protocol
from claude_widget.cells.static_view import (
    MOST_ROWS,
    MimeBundle,
    report_bundle,
    table_bundle,
)
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionStatus, Reason
from claude_widget.page.connected import Connected, with_fallback
from claude_widget.page.courier import COURIER
from claude_widget.page.rows import (
    ERROR_CHARACTERS,
    QUERY_CHARACTERS,
    changes,
    row_in,
    whole,
)
from claude_widget.report.reading import read_digest

_REDACTED = 4_000
_SHOWN = {"query": QUERY_CHARACTERS, "name": 100, "error": ERROR_CHARACTERS}
"""Characters of a row's texts that are looked at, and that a saved row holds."""
_ENDED = {status.value: {"status": status.value} for status in ExecutionStatus if status.ended}
"""What is kept of the row of one that has ended: one object for all that ended alike."""


class ClaudeWidget(Connected):
    """The dashboard: a form to start executions, their list, and their output.

    Args:
        manager: whose executions it shows; a new manager of the default state folder if None.
    """

    def __init__(self, manager: ProcessManager | None = None) -> None:
        super().__init__(manager or ProcessManager(), kind="dashboard")
        self._stop_watching = self._manager.queue.on_change(lambda: COURIER.call(self))

    def close(self) -> None:
        """Take the widget away; executions go on."""
        self._stop_watching()
        super().close()

    @property
    def manager(self) -> ProcessManager:
        """Whose executions it shows."""
        return self._manager

    def _send_changes(self) -> bool:
        events: list[Any] = []
        for execution_id in self._take_dirty():
            events += self._events(execution_id)
        events += self._queue_events()
        if not events:
            return False
        self._sequence += 1
        self._send_message(protocol.Events(sequence=self._sequence, events=tuple(events)), [])
        if self._dirty:
            COURIER.call(self)
        return True

    def _queue_events(self) -> list[Any]:
        """What the page must be told of the queue since it was told last."""
        state = self._manager.queue.state
        if state == self._queue:
            return []
        self._queue = state
        return [protocol.QueueChanged(state=state)]

    def _events(self, execution_id: str) -> list[Any]:
        """What the page must be told of one execution since it was told last."""
        execution = self._manager.get_execution(execution_id)
        if execution is None:
            self._rows.pop(execution_id, None)
            self._unsure.discard(execution_id)
            return [protocol.Removed(execution_id=execution_id)]
        before = self._rows.get(execution_id, {})
        after = row_in(self._manager, execution)
        # Of one that has ended only the status is kept, since the rows of thousands are megabytes;
        # and a page that was welcomed meanwhile has another row than was told last. Such a page is
        # told all of it.
        self._rows[execution_id] = _ENDED.get(after["status"], after)
        unknown = len(before) < 2 or execution_id in self._unsure
        self._unsure.discard(execution_id)
        changed = whole(after) if unknown else changes(before, after)
        if not changed:
            return []
        events: list[Any] = [protocol.Changed(execution_id=execution_id, changes=changed)]
        if before.get("status") != after["status"]:
            events += _milestones(execution)
        return events

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        every = self._of_this_notebook()
        newest = [execution.info for execution in every[-MOST_ROWS:]]
        mark = {
            "manager_id": self.manager_id,
            "executions": [info.execution_id for info in newest],
        }
        redactor = self._manager.redactor_for(mark["executions"])
        table = table_bundle(newest, len(every) - len(newest), redactor)
        return with_fallback(super()._repr_mimebundle_(**kwargs), table, mark)

    def _of_this_notebook(self) -> list[Execution]:
        """What a reader of the saved notebook is shown: not what other projects did.

        Those that this manager has started or adopted; if there are none yet, those that worked in
        the kernel's folder.
        """
        every = self._manager.get_all_executions()
        mine = [one for one in every if self._manager.owns(one)]
        here = str(Path.cwd())
        return mine or [one for one in every if one.run.request.project_path == here]


class ExecutionView(Connected):
    """The view of one execution, for a cell."""

    def __init__(self, manager: ProcessManager, execution: Execution) -> None:
        self._execution = execution
        super().__init__(
            manager,
            kind="execution",
            execution_id=execution.execution_id,
            row=_saved_row(manager, execution),
        )

    def _send_changes(self) -> bool:
        if not self._take_dirty():
            return False
        row = _saved_row(self._manager, self._execution)
        if row == self.row:
            return False
        self.row = row
        return True

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        mark = {"execution_id": self._execution.execution_id}
        static = bundle_of(self._execution)
        return with_fallback(super()._repr_mimebundle_(**kwargs), static, mark)


def _saved_row(manager: ProcessManager, execution: Execution) -> dict[str, Any]:
    """A row as a trait: who runs a notebook without a page keeps all traits in it.

    Its texts are redacted before they are cut: half of a secret is not found.
    """
    info, redactor = execution.info, execution.redactor
    row: dict[str, Any] = redactor.value(row_in(manager, execution), protocol.ExecutionRow)
    texts = {"query": info.query, "name": info.name, "error": "".join(info.errors[-1:])}
    for name, text in texts.items():
        if row.get(name) and text:
            row[name] = redactor.text(text[:_REDACTED])[: _SHOWN[name]]
    return row


def bundle_of(execution: Execution) -> MimeBundle:
    """One execution as an output's data."""
    digest = read_digest(execution.info, execution.run.transcript, execution.redactor)
    return report_bundle(digest)


def _milestones(execution: Execution) -> list[Any]:
    info = execution.info
    if info.status is ExecutionStatus.RUNNING:
        return [protocol.Started(execution_id=info.execution_id, pid=info.pid)]
    if not info.status.ended:
        return []
    errors = [protocol.Error(execution_id=info.execution_id, error=e) for e in info.errors[-1:]]
    end = protocol.Complete(
        execution_id=info.execution_id,
        code=info.exit_code,
        status=info.status,
        reason=info.reason or Reason.LOST,
    )
    return [*errors, end]
