"""The history as a table: for a cell, and for a terminal.

The rule: text in, markup or plain text out. What agents and users wrote is hostile, and is made
visible or escaped by the static view.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from claude_widget.cells.static_view import MOST_ROWS, MimeBundle, table_bundle
from claude_widget.history.entry import HistoryEntry
from claude_widget.history.history import History
from claude_widget.markup.characters import visible
from claude_widget.models import ExecutionInfo

_QUERY_CHARACTERS = 60
_ID_CHARACTERS = 8
_COLUMNS = ("Asked for", "Status", "Query", "Model", "Duration", "Cost", "Execution")


def history_bundle(history: History) -> MimeBundle:
    """A history as an output's data."""
    shown = history.entries[:MOST_ROWS]
    older = len(history) - len(shown)
    redactor = history.redactor_for(shown)
    bundle = table_bundle([_info_of(entry) for entry in reversed(shown)], older, redactor)
    for note in history.notes:
        bundle["text/plain"] += f"\n{visible(redactor.text(note))}"
    return bundle


def _info_of(entry: HistoryEntry) -> ExecutionInfo:
    """What a row needs of it; not validated: a later version may know further reasons."""
    names = ("execution_id", "query", "name", "status", "reason", "model", "recorded")
    figures = ("start_time", "end_time", "cost_usd")
    return ExecutionInfo.model_construct(**{n: getattr(entry, n) for n in (*names, *figures)})


def table(entries: Sequence[HistoryEntry]) -> str:
    """Entries as lines for a terminal, newest first; ids are cut to what tells them apart."""
    if not entries:
        return "Nothing was found."
    shown = _ID_CHARACTERS
    while len({entry.execution_id[:shown] for entry in entries}) < len(entries):
        shown += 4
    rows = [_COLUMNS, *(_cells(entry, shown) for entry in entries)]
    widths = [max(len(row[i]) for row in rows) for i in range(len(_COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def _cells(entry: HistoryEntry, id_characters: int) -> tuple[str, ...]:
    said = " ".join((entry.name or entry.query)[: 4 * _QUERY_CHARACTERS].split())
    status = entry.status if entry.reason == "success" else f"{entry.status} ({entry.reason})"
    pin = " (pinned)" if entry.pinned else ""
    return (
        moment(entry.created_time),
        status + pin,
        visible(said[:_QUERY_CHARACTERS]) + ("…" if len(said) > _QUERY_CHARACTERS else ""),
        visible((entry.model or "")[:_QUERY_CHARACTERS]),
        "" if entry.duration is None else f"{entry.duration:.1f} s",
        cost(entry),
        entry.execution_id[:id_characters],
    )


def cost(entry: HistoryEntry) -> str:
    """Such as `$0.0123`; empty where nobody knows."""
    if entry.cost_usd is None:
        return ""
    return f"${entry.cost_usd:.4f}" + (" (recorded)" if entry.recorded else "")


def moment(seconds: float | None) -> str:
    """A moment in local time; empty for none that a clock can show."""
    try:
        return datetime.fromtimestamp(seconds or 0.0).astimezone().strftime("%Y-%m-%d %H:%M")
    except (ValueError, OverflowError, OSError):
        return ""
