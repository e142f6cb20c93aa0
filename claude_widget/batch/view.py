"""A batch as it is at this moment, without anything live: for a cell that is saved.

The rule: text in, markup or plain text out. What rows, agents and errors say is hostile: redacted,
made visible or escaped, and bounded, for it is saved with the notebook.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from claude_widget.batch.batch import Batch
from claude_widget.batch.lines import Line, columns_of, lines_of, rows_shown, short
from claude_widget.batch.progress import Progress
from claude_widget.cells.static_view import MimeBundle, html_table
from claude_widget.errors import ClaudeWidgetError
from claude_widget.manager import ProcessManager
from claude_widget.markup import escape, escape_words, visible, without_blank_lines
from claude_widget.redaction.redactor import Redactor
from claude_widget.report.reading import own_redactor

MOST_LINES = 20
"""Rows of the table; it says how many more there are."""
_MOST_FAILURES = 10
_NAME_CHARACTERS = 100
_PROBLEM_CHARACTERS = 400
_PLAIN_CHARACTERS = 60
_FIGURES = ("Duration", "Cost")
_BOX = "claude-widget-static mathjax_ignore tex2jax_ignore"


class _Told(NamedTuple):
    """What is shown; nothing of it is escaped yet."""

    head: str
    problems: Sequence[str]
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    left_out: str


def batch_bundle(batch: Batch) -> MimeBundle:
    """A batch as an output's data."""
    told = _told(batch)
    return {"text/plain": _text(told), "text/markdown": _markdown(told), "text/html": _html(told)}


def _told(batch: Batch) -> _Told:
    progress = batch.progress
    numbers = rows_shown(batch)[:MOST_LINES]
    redactor = _redactor(batch, numbers, progress)
    try:
        names = columns_of(batch) if numbers else ()
        lines = lines_of(batch, numbers, names, redactor.text)
    except (ClaudeWidgetError, OSError) as error:  # its file has gone, or was changed
        names, lines = (), []
        progress = progress._replace(stopped=progress.stopped or str(error))
    shown = [short(name, _PLAIN_CHARACTERS, redactor.text) for name in names]
    more = len(batch) - len(lines)
    return _Told(
        _head(batch, progress, redactor),
        _problems(progress, redactor),
        ("Row", *shown, "Status", "Result", *_FIGURES),
        [_cells(line) for line in lines],
        f"{more:,} more row{'s' if more > 1 else ''}: batch.to_dataframe() has all."
        if more
        else "",
    )


def _redactor(batch: Batch, numbers: Sequence[int], progress: Progress) -> Redactor:
    manager = batch.manager
    if not isinstance(manager, ProcessManager):
        return own_redactor()
    with batch.feeding.lock:
        ids = [batch.feeding.ledger.row(number).execution_id for number in numbers]
    ids += [failure.execution_id for failure in progress.failures]
    return manager.redactor_for(one for one in ids if one is not None)


def _head(batch: Batch, progress: Progress, redactor: Redactor) -> str:
    """Counts, cost and what is left, in a line."""
    name = f" {short(batch.name, _NAME_CHARACTERS, redactor.text)}" if batch.name else ""
    figures = progress._replace(failures=(), stopped="")
    return f"Claude Code batch{name}: " + " · ".join(str(figures).splitlines())


def _problems(progress: Progress, redactor: Redactor) -> list[str]:
    """Where it stopped, and the failures by reason, each with an example."""
    said = [progress.stopped] if progress.stopped else []
    said += [str(failure) for failure in progress.failures[:_MOST_FAILURES]]
    return [short(one, _PROBLEM_CHARACTERS, redactor.text) for one in said]


def _cells(line: Line) -> tuple[str, ...]:
    ended = line.status if line.reason in (None, "success") else f"{line.status} ({line.reason})"
    return (
        str(line.row) if line.label is None else line.label,
        *line.cells,
        str(ended),
        line.result,
        "" if line.duration is None else f"{line.duration:.1f} s",
        "" if line.cost_usd is None else f"${line.cost_usd:.4f}",
    )


def _text(told: _Told) -> str:
    rows = [[_cut(visible(cell)) for cell in row] for row in [told.columns, *told.rows]]
    widths = [max(len(row[i]) for row in rows) for i in range(len(told.columns))]
    table = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]
    lines = [visible(told.head), *map(visible, told.problems)]
    lines += ["", *table] if told.rows else []
    return "\n".join([*lines, *([told.left_out] if told.left_out else [])])


def _cut(cell: str) -> str:
    return cell if len(cell) <= _PLAIN_CHARACTERS else cell[: _PLAIN_CHARACTERS - 1] + "…"


def _markdown(told: _Told) -> str:
    parts = [f"**{escape_words(told.head)}**"]
    parts += ["\n".join(f"- {escape_words(problem)}" for problem in told.problems)]
    if told.rows:
        rows = [
            " | ".join(map(escape_words, told.columns)),
            " | ".join("---" for _ in told.columns),
        ]
        rows += [" | ".join(map(escape_words, row)) for row in told.rows]
        parts.append("\n".join(f"| {row} |" for row in rows))
    parts.append(escape_words(told.left_out))
    return "\n\n".join(part for part in parts if part)


def _html(told: _Told) -> str:
    parts = [f"<p><strong>{escape(told.head)}</strong></p>"]
    if told.problems:
        items = "".join(f"<li>{escape(problem)}</li>" for problem in told.problems)
        parts.append(f"<ul>{items}</ul>")
    if told.rows:
        parts.append(html_table(told.columns, told.rows, _FIGURES))
    if told.left_out:
        parts.append(f"<p><small>{escape(told.left_out)}</small></p>")
    return without_blank_lines(f'<div class="{_BOX}">\n' + "\n".join(parts) + "\n</div>")
