"""The widget of a batch: how far it is, as a trait, and its table by the page.

The rule: a face. What the trait holds is redacted and safe to save, and of the same size whatever
the number of rows.
"""

from __future__ import annotations

from typing import Any

from claude_widget.batch.batch import Batch
from claude_widget.batch.progress import Progress
from claude_widget.batch.view import batch_bundle
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.batching import progress_of, wire_form
from claude_widget.page.connected import with_fallback
from claude_widget.page.many_view import ManyView
from claude_widget.redaction.redactor import Redactor

_APART = ("revision", "etaLow", "etaHigh", "etaTime", "basis")
"""Of the progress: what may change though every row is as it was."""


class BatchView(ManyView):
    """The view of one batch, for a cell.

    Args:
        manager: whose batch it is.
        batch: which.
    """

    def __init__(self, manager: ProcessManager, batch: Batch) -> None:
        self._manager = manager
        self._batch = batch
        super().__init__(manager, "batch", self._look({}))
        self._forget = (
            batch.feeding.listen(self._hear),
            manager.queue.on_change(self._hear),
        )
        self._hear()

    def _has(self, execution: Execution) -> bool:
        batch = execution.state.asked.batch
        return batch is not None and batch[0] == self._batch.batch_id

    def _find(self, execution_id: str) -> Execution | None:
        return self._batch.execution_of(execution_id)

    def _look(self, before: dict[str, Any]) -> dict[str, Any]:
        """How far it is by now; with another revision if rows may be others than before."""
        progress = self._batch.progress
        redactor = self._redactor(progress)
        told = wire_form(progress_of(self._batch, progress, before.get("revision", 0), redactor))
        if {**before, "etaTime": None} == {**told, "etaTime": None}:
            return before  # the page counts on from what it was told
        if {**told, **dict.fromkeys(_APART)} != {**before, **dict.fromkeys(_APART)}:
            told["revision"] += 1
        return told

    def _redactor(self, progress: Progress) -> Redactor:
        """For the examples of failures, which are all that executions have said in it."""
        failed = [one.execution_id for one in progress.failures]
        return self._manager.redactor_for(one for one in failed if one is not None)

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        mark = {"batch_id": self._batch.batch_id}
        return with_fallback(super()._repr_mimebundle_(**kwargs), batch_bundle(self._batch), mark)

    def close(self) -> None:
        """Take the widget away; the batch goes on."""
        for forget in self._forget:
            forget()
        super().close()
