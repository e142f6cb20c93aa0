"""Many Claude Code executions at once, run from a Jupyter notebook.

    from claude_widget import ProcessManager
    manager = ProcessManager()
    execution = manager.start_execution("Explain what this project does")
    await execution          # or execution.wait()
    print(execution.result)

The rule: this module re-exports; it decides nothing. What needs the notebook's own libraries is
loaded when it is first asked for, so that a script pays for none of it.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from claude_widget.doctor import doctor
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionInfo, ExecutionRequest, ExecutionStatus

if TYPE_CHECKING:
    from claude_widget.magic import load_ipython_extension
    from claude_widget.widget import ClaudeWidget

__version__ = "0.1.0"
__all__ = [
    "ClaudeWidget",
    "ClaudeWidgetError",
    "Execution",
    "ExecutionInfo",
    "ExecutionRequest",
    "ExecutionStatus",
    "ProcessManager",
    "doctor",
    "load_ipython_extension",
]
_LAZY = {
    "ClaudeWidget": "claude_widget.widget",
    "load_ipython_extension": "claude_widget.magic",
}


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _show_manager(manager: ProcessManager) -> None:
    import_module("claude_widget.cell_output").show(manager, manager)


def _show_execution(execution: Execution) -> None:
    manager = ProcessManager.holding(execution)
    if manager is not None:
        import_module("claude_widget.cell_output").show(manager, execution)


ProcessManager.viewer = staticmethod(_show_manager)
Execution.viewer = staticmethod(_show_execution)
