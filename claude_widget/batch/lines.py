"""The rows of a batch as a reader looks at them: some at a time, each a short line.

The rule: it reads and cuts, and changes nothing. What a line costs is bounded, however large a
cell or a result is; of rows that nobody looks at nothing is read. What is in it is hostile, and
is for others to escape.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, NamedTuple

from claude_widget.batch.batch import Batch
from claude_widget.batch.ledger import RowState
from claude_widget.batch.values import with_ids
from claude_widget.execution import Execution
from claude_widget.models import ExecutionStatus, Reason

MOST_COLUMNS = 3
CELL_CHARACTERS = 80
COLUMN_CHARACTERS = 40
RESULT_CHARACTERS = 200
_LOOKED_AT = 2_000
"""Characters in which secrets are looked for before a text is cut: half of one is not found."""
_MOST_READ = 4 << 20
"""Bytes of the input that are read for one answer: rows may be of megabytes."""

Shown = Literal["all", "needs", "pending", "running", "completed", "failed"]
Order = Literal["row", "status", "cost", "duration"]
Redact = Callable[[str], str]

_STATUSES: dict[Shown, frozenset[ExecutionStatus]] = {
    "all": frozenset(ExecutionStatus),
    "needs": frozenset({ExecutionStatus.RUNNING}),
    "pending": frozenset({ExecutionStatus.PENDING}),
    "running": frozenset({ExecutionStatus.RUNNING}),
    "completed": frozenset({ExecutionStatus.COMPLETED}),
    "failed": frozenset({ExecutionStatus.FAILED, ExecutionStatus.KILLED}),
}
_STANDING = {status: place for place, status in enumerate(ExecutionStatus)}
_KEYS: dict[Order, Callable[[RowState], Any]] = {
    "status": lambda row: _STANDING[row.status],
    "cost": lambda row: row.cost_usd,
    "duration": lambda row: row.seconds,
}


class Line(NamedTuple):
    """A row, as short as a reader needs it.

    Attributes:
        row: its number, from 0.
        label: what the input's index calls it; None where that is its number.
        cells: the beginnings of its values in the first columns.
        status: of its latest attempt.
        reason: why that ended; None while it has not.
        result: how what came out begins, or what went wrong.
        cost_usd: US dollars of all attempts; None if nobody knows.
        duration: seconds of the latest; None while it has not ended.
        attempts: how many there were.
        execution_id: of the latest; None if there is none.
        requests: how many of its requests wait for an answer.
    """

    row: int
    label: str | None
    cells: tuple[str, ...]
    status: ExecutionStatus
    reason: Reason | None
    result: str
    cost_usd: float | None
    duration: float | None
    attempts: int
    execution_id: str | None
    requests: int


def rows_shown(
    batch: Batch,
    shown: Shown = "all",
    reason: Reason | None = None,
    order: Order = "row",
    *,
    descending: bool = False,
) -> list[int]:
    """The numbers of the rows to be shown, in the order in which they are.

    Args:
        batch: whose.
        shown: which statuses; those that were killed count as failed, and "needs" are those that
            ask for an answer.
        reason: only those that ended for it, if it is given.
        order: of what; rows that have nothing of it come last.
        descending: the largest first.
    """
    wanted = _STATUSES[shown]
    with batch.feeding.lock:
        found = [
            (None if order == "row" else _KEYS[order](row), number)
            for number, row in enumerate(batch.feeding.ledger)
            if row.status in wanted
            and (reason is None or row.reason is reason)
            and (shown != "needs" or row.requests)
        ]
    known = [one for one in found if order == "row" or one[0] is not None]
    without = [number for value, number in found if order != "row" and value is None]
    key = (lambda one: one[1]) if order == "row" else (lambda one: one[0])
    return [number for _, number in sorted(known, key=key, reverse=descending)] + without


def columns_of(batch: Batch) -> tuple[str, ...]:
    """The names of the first columns, as the first row has them."""
    return tuple(next(iter(batch.input_rows([0], _MOST_READ))).values)[:MOST_COLUMNS]


def lines_of(
    batch: Batch, numbers: Sequence[int], columns: Sequence[str], redact: Redact = str
) -> list[Line]:
    """Rows as lines, in that order; as many of the first of them as are read for one answer.

    Args:
        batch: whose.
        numbers: of rows that it has.
        columns: the columns whose values are told.
        redact: takes secrets out of a text.

    Raises:
        BatchDamaged: the batch's file was changed by others.
        OSError: it cannot be read.
    """
    ledger = batch.feeding.ledger
    told = []
    for given in batch.input_rows(numbers, _MOST_READ):
        with batch.feeding.lock:
            state = _copy(ledger.row(given.number))
        values = with_ids({name: given.values.get(name) for name in columns})
        label = None if given.label is None else short(given.label, CELL_CHARACTERS, redact)
        told.append(
            Line(
                given.number,
                label,
                tuple(short(values.get(name), CELL_CHARACTERS, redact) for name in columns),
                state.status,
                state.reason,
                short(_said(batch, state), RESULT_CHARACTERS, redact),
                state.cost_usd,
                state.seconds,
                len(state.executions),
                state.execution_id,
                state.requests,
            )
        )
    return told


def short(value: Any, characters: int, redact: Redact = str) -> str:
    """The beginning of a value as one line of text; empty for None."""
    if value is None:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    line = redact(" ".join(text[:_LOOKED_AT].split()))
    cut = len(line) > characters or len(text) > _LOOKED_AT
    return line[:characters] + ("…" if cut else "")


def _copy(row: RowState) -> RowState:
    made = RowState()
    for name in RowState.__slots__:
        setattr(made, name, getattr(row, name))
    return made


def _said(batch: Batch, row: RowState) -> Any:
    """What came out of a row, or what went wrong; None while there is neither."""
    execution = batch.execution_of(row.execution_id)
    if execution is None:
        return row.error or None
    return _output(execution) if row.status is ExecutionStatus.COMPLETED else _problem(execution)


def _output(execution: Execution) -> Any:
    info = execution.info
    structured: Mapping[str, Any] | Any = info.structured_output
    return info.result if structured is None else structured


def _problem(execution: Execution) -> str | None:
    errors = execution.info.errors
    return errors[-1] if errors else None
