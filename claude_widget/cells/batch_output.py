"""What a cell shows of a batch: live while it goes on, its static result once it is over.

The rule: as for one execution, whose outputs it shares the ways of; a row that a reader has open
keeps it live. A batch that is over goes on if somebody has its rows retried: it is shown live by
the next cell whose value it is.
"""

from __future__ import annotations

import contextlib
import itertools
import time

from IPython.display import display

from claude_widget.batch.batch import Batch
from claude_widget.batch.view import batch_bundle
from claude_widget.cells.many_output import ManyOutput
from claude_widget.cells.static_view import MimeBundle
from claude_widget.errors import ClaudeWidgetError
from claude_widget.manager import ProcessManager
from claude_widget.page.batch_view import BatchView

_PLAYED_WITHIN = 5.0
"""Seconds in which a batch that is replayed at once is over."""
_FIRST_WITHIN = 0.3
"""Seconds in which the first row of a batch is an execution."""
_LOOK = 0.01


class BatchOutput(ManyOutput):
    """One output of a cell, showing one batch."""

    def __init__(self, manager: ProcessManager, batch: Batch) -> None:
        self._batch = batch
        super().__init__(BatchView(manager, batch))

    @property
    def over(self) -> bool:
        """Nothing of its batch is left to be done."""
        return self._batch.ended

    def _result(self) -> MimeBundle:
        return batch_bundle(self._batch)


def show(batch: Batch) -> None:
    """Show a batch that is a cell's value; one that is only played is shown once it is over."""
    manager = batch.manager
    if _is_played(batch):
        with contextlib.suppress(TimeoutError, ClaudeWidgetError):
            batch.wait(_PLAYED_WITHIN)
    if isinstance(manager, ProcessManager) and not manager.closed and not batch.ended:
        BatchOutput(manager, batch)
    else:
        display(batch_bundle(batch), raw=True)


def _is_played(batch: Batch) -> bool:
    """Its first row is: whoever compares outputs is to find the same from the first moment on."""
    end = time.monotonic() + _FIRST_WITHIN
    while not batch.ended and time.monotonic() < end:
        ids = [row.execution_id for row in itertools.islice(batch.feeding.ledger, 1)]
        first = batch.execution_of(ids[0]) if ids else None
        if first is not None:
            return first.info.recorded
        time.sleep(_LOOK)
    return False


_VIEWS: dict[str, BatchView] = {}
"""By batch: what shows it where outputs are not replaced."""


def widget_of(batch: Batch) -> object:
    """The one widget of a batch, for a host without IPython's display."""
    manager = batch.manager
    if not isinstance(manager, ProcessManager) or manager.closed:
        return repr(batch)
    found = _VIEWS.get(batch.batch_id)
    if found is None or found.comm is None:
        found = _VIEWS[batch.batch_id] = BatchView(manager, batch)
    return found
