"""What a cell shows of a pipeline: live while it goes on, its static result once it is over.

The rule: as for a batch, whose outputs it shares the ways of.
"""

from __future__ import annotations

import contextlib

from IPython.display import display

from claude_widget.cells.many_output import ManyOutput
from claude_widget.cells.static_view import MimeBundle
from claude_widget.dependencies.pipeline import Pipeline
from claude_widget.dependencies.view import pipeline_bundle
from claude_widget.errors import ClaudeWidgetError
from claude_widget.manager import ProcessManager
from claude_widget.page.pipeline_view import PipelineView

_PLAYED_WITHIN = 5.0
"""Seconds in which a pipeline that is replayed at once is over."""


class PipelineOutput(ManyOutput):
    """One output of a cell, showing one pipeline."""

    def __init__(self, manager: ProcessManager, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        super().__init__(PipelineView(manager, pipeline))

    @property
    def over(self) -> bool:
        """All of its steps have ended."""
        return self._pipeline.ended

    def _result(self) -> MimeBundle:
        return pipeline_bundle(self._pipeline)


def show(pipeline: Pipeline) -> None:
    """Show a pipeline that is a cell's value; one that is only played is shown once it is over."""
    first = next(iter(pipeline.values()))
    if first.info.recorded:
        with contextlib.suppress(TimeoutError, ClaudeWidgetError):
            pipeline.wait(_PLAYED_WITHIN)
    manager = ProcessManager.holding(first)
    if manager is None or manager.closed or pipeline.ended:
        display(pipeline_bundle(pipeline), raw=True)
    else:
        PipelineOutput(manager, pipeline)


_VIEWS: dict[str, PipelineView] = {}
"""By the first step's execution: what shows it where outputs are not replaced."""


def widget_of(pipeline: Pipeline) -> object:
    """The one widget of a pipeline, for a host without IPython's display."""
    first = next(iter(pipeline.values()))
    manager = ProcessManager.holding(first)
    if manager is None or manager.closed:
        return repr(pipeline)
    found = _VIEWS.get(first.execution_id)
    if found is None or found.comm is None:
        found = _VIEWS[first.execution_id] = PipelineView(manager, pipeline)
    return found
