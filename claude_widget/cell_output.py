"""What a cell shows of an execution: live while it runs, its static result once it has ended.

The rule: it displays and replaces outputs; what they hold is the widget's and the static view's. An
output is replaced by its display id, from the manager's thread or from the cell that waits, once.
"""

from __future__ import annotations

import threading
import uuid

from IPython.core.getipython import get_ipython
from IPython.display import display

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.static_view import execution_bundle
from claude_widget.widget import ClaudeWidget, ExecutionView


class CellOutput:
    """One output of a cell, showing one execution."""

    def __init__(self, manager: ProcessManager, execution: Execution) -> None:
        self._execution = execution
        self._display_id = uuid.uuid4().hex
        self._lock = threading.Lock()
        self._static = False
        self._stop = manager.on_change(self._note)
        display(ExecutionView(manager, execution), display_id=self._display_id)
        if execution.status.ended:
            self.settle()

    def _note(self, changed: Execution | str) -> None:
        """On the manager's thread."""
        if changed is self._execution and self._execution.status.ended:
            self.settle()

    def settle(self) -> None:
        """Put the static result in the view's place; the first call does it."""
        with self._lock:
            if self._static:
                return
            self._static = True
        self._stop()
        display(
            execution_bundle(self._execution.info),
            raw=True,
            display_id=self._display_id,
            update=True,
        )


_SHOWN: dict[str, int] = {}
"""By execution: the cell whose magic has just shown it."""


def show_in_cell(manager: ProcessManager, execution: Execution) -> CellOutput:
    """Show an execution in the running cell; as that cell's value it is not shown a second time."""
    output = CellOutput(manager, execution)
    _SHOWN[execution.execution_id] = _cell_number()
    return output


def show(manager: ProcessManager, value: object) -> None:
    """Show a manager or an execution that is a cell's value."""
    if isinstance(value, ProcessManager):
        display(ClaudeWidget(value))
    elif isinstance(value, Execution) and _SHOWN.pop(value.execution_id, None) != _cell_number():
        CellOutput(manager, value)


def _cell_number() -> int:
    shell = get_ipython()
    return -1 if shell is None else int(shell.execution_count)
