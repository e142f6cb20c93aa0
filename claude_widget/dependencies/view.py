"""A pipeline as a table, and its order in a line: for a cell.

The rule: text in, markup or plain text out, as it is at this moment. Names and reasons are made
visible or escaped, and bounded: they are saved with the notebook.
"""

from __future__ import annotations

from claude_widget.cells.static_view import MOST_ROWS, MimeBundle, html_table
from claude_widget.dependencies.graph import levels
from claude_widget.dependencies.pipeline import Pipeline
from claude_widget.execution import Execution
from claude_widget.markup import escape, visible
from claude_widget.models import ExecutionInfo, ExecutionStatus
from claude_widget.report.content import cost_of, duration_of, status_of

_NAME_CHARACTERS = 60
_NAMES_IN_A_LEVEL = 6
_MOST_LEVELS = 12
_BOX = "claude-widget-static mathjax_ignore tex2jax_ignore"
_COLUMNS = ("Step", "Comes after", "Status", "Duration", "Cost", "Execution")


def pipeline_bundle(pipeline: Pipeline) -> MimeBundle:
    """A pipeline as an output's data."""
    shown = list(pipeline.items())[:MOST_ROWS]
    rows = [_cells(pipeline, name, execution) for name, execution in shown]
    more = len(pipeline) - len(rows)
    notes = [f"{more:,} more steps are left out."] if more else []
    head = [_in_short(pipeline), _graph(pipeline)]
    widths = [max(len(row[i]) for row in [_COLUMNS, *rows]) for i in range(len(_COLUMNS))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [_COLUMNS, *rows]
    ]
    table = html_table(_COLUMNS, rows, ("Duration", "Cost"))
    said = "".join(f"<p>{escape(line)}</p>" for line in head)
    left_out = "".join(f"<p>{escape(note)}</p>" for note in notes)
    return {
        "text/plain": "\n".join([*head, "", *lines, *notes]),
        "text/html": f'<div class="{_BOX}">{said}{table}{left_out}</div>',
    }


def _in_short(pipeline: Pipeline) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in pipeline.counts.items())
    cost = f"; ${pipeline.cost_usd:.4f}" if pipeline.cost_usd else ""
    return f"Claude Code: {len(pipeline):,} steps, {counts}{cost}"


def _graph(pipeline: Pipeline) -> str:
    """Such as `plan → tests, docs → join`: each comes after some that stand before it."""
    told = []
    found = levels(pipeline.needs)
    for names in found[:_MOST_LEVELS]:
        more = [f"{len(names) - _NAMES_IN_A_LEVEL} more"] if len(names) > _NAMES_IN_A_LEVEL else []
        told.append(", ".join([*map(short_name, names[:_NAMES_IN_A_LEVEL]), *more]))
    return " → ".join([*told, *(["…"] if len(found) > _MOST_LEVELS else [])])


def _cells(pipeline: Pipeline, name: str, execution: Execution) -> tuple[str, ...]:
    info = execution.latest.info
    needed = pipeline.needs[name]
    after = ", ".join(map(short_name, needed[:_NAMES_IN_A_LEVEL]))
    if len(needed) > _NAMES_IN_A_LEVEL:
        after += f" and {len(needed) - _NAMES_IN_A_LEVEL} more"
    return (
        short_name(name),
        after,
        _status(info),
        duration_of(info),
        cost_of(info),
        info.execution_id,
    )


def _status(info: ExecutionInfo) -> str:
    if info.status is ExecutionStatus.PENDING and info.held:
        return "pending, held"
    return str(info.status) if info.status is ExecutionStatus.RUNNING else status_of(info)


def short_name(name: str) -> str:
    """A step's name in a line of its own, at most 60 characters of it."""
    short = " ".join(name[: 4 * _NAME_CHARACTERS].split())
    return visible(short[:_NAME_CHARACTERS]) + ("…" if len(short) > _NAME_CHARACTERS else "")
