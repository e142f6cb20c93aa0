"""Many Claude Code executions at once, run from a Jupyter notebook.

    from claude_widget import ProcessManager
    manager = ProcessManager()
    execution = manager.start_execution("Explain what this project does")
    await execution          # or execution.wait()
    print(execution.result)

The rule: this module re-exports; it decides nothing. Everything is loaded when it is first asked
for, so that importing the package costs nothing, and a script pays for no notebook's libraries.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from claude_widget.batch.batch import Batch
    from claude_widget.cells.magic import load_ipython_extension
    from claude_widget.comparison.comparison import Comparison
    from claude_widget.dependencies.pipeline import Pipeline
    from claude_widget.dependencies.steps import step
    from claude_widget.diagnosis import doctor
    from claude_widget.errors import ClaudeWidgetError
    from claude_widget.execution import Execution
    from claude_widget.history.history import History
    from claude_widget.manager import ProcessManager
    from claude_widget.models import ExecutionInfo, ExecutionRequest, ExecutionStatus
    from claude_widget.page.widget import ClaudeWidget
    from claude_widget.permissions import PermissionRequest
    from claude_widget.protocol import Allow, Deny
    from claude_widget.recordings.occurrences import Cell

__version__ = "0.1.0"
__all__ = [
    "Allow",
    "ClaudeWidget",
    "ClaudeWidgetError",
    "Deny",
    "Execution",
    "ExecutionInfo",
    "ExecutionRequest",
    "ExecutionStatus",
    "PermissionRequest",
    "ProcessManager",
    "doctor",
    "load_ipython_extension",
    "step",
]
_HOMES = {
    "Allow": "claude_widget.protocol",
    "ClaudeWidget": "claude_widget.page.widget",
    "ClaudeWidgetError": "claude_widget.errors",
    "Deny": "claude_widget.protocol",
    "Execution": "claude_widget.execution",
    "ExecutionInfo": "claude_widget.models",
    "ExecutionRequest": "claude_widget.models",
    "ExecutionStatus": "claude_widget.models",
    "PermissionRequest": "claude_widget.permissions",
    "ProcessManager": "claude_widget.manager",
    "doctor": "claude_widget.diagnosis",
    "load_ipython_extension": "claude_widget.cells.magic",
    "step": "claude_widget.dependencies.steps",
}
_SHOWN_BY = ("ClaudeWidget", "Execution", "ProcessManager", "load_ipython_extension")
"""Whoever asks for one of these may have managers and executions as values of cells."""


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(_HOMES[name]), name)
    if name in _SHOWN_BY:
        _set_viewers()
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _set_viewers() -> None:
    """Tell managers and executions who shows them as a cell's value."""
    manager = import_module("claude_widget.manager").ProcessManager
    manager.viewer, manager.widget = staticmethod(_show), staticmethod(_widget_of)
    manager.cell = staticmethod(_running_cell)
    execution = import_module("claude_widget.execution").Execution
    execution.viewer, execution.widget = staticmethod(_show), staticmethod(_widget_of)
    import_module("claude_widget.history.history").History.bundler = staticmethod(_bundle_of)
    batches = import_module("claude_widget.batch.batch").Batch
    batches.viewer, batches.widget = staticmethod(_show_batch), staticmethod(_widget_of_batch)
    pipelines = import_module("claude_widget.dependencies.pipeline").Pipeline
    pipelines.bundler = staticmethod(_bundle_of_pipeline)
    pipelines.viewer, pipelines.widget = (
        staticmethod(_show_pipeline),
        staticmethod(_widget_of_steps),
    )
    comparisons = import_module("claude_widget.comparison.comparison").Comparison
    comparisons.bundler = staticmethod(_bundle_of_comparison)
    comparisons.viewer = staticmethod(_show_comparison)


def _show_batch(batch: Batch) -> None:
    import_module("claude_widget.cells.batch_output").show(batch)


def _widget_of_batch(batch: Batch) -> object:
    made: object = import_module("claude_widget.cells.batch_output").widget_of(batch)
    return made


def _show_pipeline(pipeline: Pipeline) -> None:
    import_module("claude_widget.cells.pipeline_output").show(pipeline)


def _widget_of_steps(pipeline: Pipeline) -> object:
    made: object = import_module("claude_widget.cells.pipeline_output").widget_of(pipeline)
    return made


def _bundle_of_pipeline(pipeline: Pipeline) -> dict[str, str]:
    view = import_module("claude_widget.dependencies.view")
    made: dict[str, str] = view.pipeline_bundle(pipeline)
    return made


def _show_comparison(comparison: Comparison) -> None:
    import_module("claude_widget.comparison.output").show(comparison)


def _bundle_of_comparison(comparison: Comparison) -> dict[str, str]:
    view = import_module("claude_widget.comparison.view")
    made: dict[str, str] = view.comparison_bundle(comparison)
    return made


def _bundle_of(history: History) -> dict[str, str]:
    made: dict[str, str] = import_module("claude_widget.history.view").history_bundle(history)
    return made


def _show(value: ProcessManager | Execution) -> None:
    manager = _manager_of(value)
    if manager is not None:
        import_module("claude_widget.cells.output").show(manager, value)


def _running_cell() -> Cell | None:
    if "IPython" not in sys.modules:  # a plain script pays for no notebook's libraries
        return None
    found: Cell | None = import_module("claude_widget.cells.running_cell").running_cell()
    return found


def _widget_of(value: ProcessManager | Execution) -> object:
    manager = _manager_of(value)
    made = import_module("claude_widget.cells.output")
    return repr(value) if manager is None else made.widget_of(manager, value)


def _manager_of(value: ProcessManager | Execution) -> ProcessManager | None:
    managers = import_module("claude_widget.manager").ProcessManager
    found: ProcessManager | None = value if isinstance(value, managers) else managers.holding(value)
    return found
