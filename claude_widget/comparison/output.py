"""What a cell shows of a comparison: its table, what can be promoted of it, and their views.

The rule: it displays and replaces outputs; what they hold is the views'. The table is made anew as
executions are over. While they run, the first few are shown below it as each would be alone, so
that what they ask can be answered. Promote is live from the first moment on, since no output can be
put into a cell later, and until one was promoted.
"""

from __future__ import annotations

import threading
import time
import uuid

from IPython.core.getipython import get_ipython
from IPython.display import display

from claude_widget.cells.output import LiveOutput, show_in_cell
from claude_widget.cells.static_view import MimeBundle
from claude_widget.comparison.comparison import Comparison
from claude_widget.comparison.view import comparison_bundle, promotion_bundle
from claude_widget.manager import ProcessManager
from claude_widget.page.comparison_view import ComparisonView

_MOST_VIEWS = 4
_PLAYED_WITHIN = 5.0
"""Seconds in which what was replayed at once has been read, and scored."""
_PAUSE = 0.5
"""Seconds between two tables, but for the last one."""
_SHOWN: dict[int, int] = {}
"""By comparison: the cell whose magic has just shown it."""


class ComparisonOutput:
    """One output of a cell, with the table of a comparison as it is by now."""

    def __init__(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._display_id = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._again_at = 0.0
        self._said = comparison_bundle(comparison)
        display(self._said, raw=True, display_id=self._display_id)
        comparison.watch(self.update)

    def update(self) -> None:
        """Put the table as it is now in its place; nothing happens if it is the same."""
        with self._lock:
            over, now = self._comparison.over, time.monotonic()
            if not over and now < self._again_at:
                return
            self._again_at = now + _PAUSE
            made = comparison_bundle(self._comparison)
            if made != self._said:
                self._said = made
                display(made, raw=True, display_id=self._display_id, update=True)


class PromotionOutput(LiveOutput):
    """One output of a cell: what can be promoted of a comparison, and in the end what was."""

    def __init__(self, manager: ProcessManager, comparison: Comparison) -> None:
        self._comparison = comparison
        super().__init__(ComparisonView(manager, comparison), comparison.watch)

    @property
    def ended(self) -> bool:
        """One was promoted, or none can be."""
        return not _may_promote(self._comparison)

    def _result(self) -> MimeBundle:
        return promotion_bundle(self._comparison)


def _may_promote(comparison: Comparison) -> bool:
    """Whether one can be promoted now, or may be once all are over."""
    if comparison.promoted is not None:
        return False
    isolated = any(one.run.request.worktree and not one.info.recorded for one in comparison)
    return bool(comparison.changed) if comparison.over else isolated


def show(comparison: Comparison) -> None:
    """Show a comparison that is a cell's value, unless that cell's magic has shown it."""
    if _SHOWN.pop(id(comparison), None) == _cell_number():
        return
    infos = [one.info for one in comparison]
    if all(info.recorded for info in infos):  # nobody has to watch what is played at once
        comparison.settle(_PLAYED_WITHIN)
    ComparisonOutput(comparison)
    manager = ProcessManager.holding(comparison[0])
    if manager is None or manager.closed:
        return
    if not all(info.recorded for info in infos) and _may_promote(comparison):
        PromotionOutput(manager, comparison)
    if comparison.over:
        return
    for execution in [one for one in comparison if not one.status.ended][:_MOST_VIEWS]:
        show_in_cell(manager, execution)


def show_in_magic(comparison: Comparison) -> None:
    """Show a comparison in the running cell; as that cell's value it is not shown again."""
    show(comparison)
    _SHOWN[id(comparison)] = _cell_number()


def _cell_number() -> int:
    shell = get_ipython()
    return -1 if shell is None else int(shell.execution_count)
