"""What a page is told of a batch, and what it asks of one.

The rule: it translates. How far a batch is has the same size for ten rows and for ten thousand;
rows are told by the page, and every answer is bounded in bytes.
"""

from __future__ import annotations

import itertools
import time
from typing import Any

from claude_widget import protocol
from claude_widget.batch.batch import Batch
from claude_widget.batch.lines import (
    COLUMN_CHARACTERS,
    Line,
    columns_of,
    lines_of,
    rows_shown,
    short,
)
from claude_widget.batch.progress import Progress
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionStatus, Reason
from claude_widget.page.estimating import estimate_told
from claude_widget.protocol import MAX_BATCH, MOST_ASKING
from claude_widget.redaction.redactor import Redactor

NAME_CHARACTERS = 100
_STOPPED_CHARACTERS = 500
_MOST_FAILURES = 20
"""Reasons that are told: there are hardly more."""


def progress_of(
    batch: Batch, progress: Progress, revision: int, redactor: Redactor
) -> protocol.BatchProgress:
    """How far a batch is; redacted, since a trait is saved with a notebook that nobody looks at.

    Args:
        batch: which.
        progress: how far it is.
        revision: of its table.
        redactor: takes secrets out.
    """
    with batch.feeding.lock:
        asking_ids = tuple(itertools.islice(batch.feeding.ledger.asking, MOST_ASKING))
    return protocol.BatchProgress(
        batch_id=batch.batch_id,
        revision=revision,
        name=batch.name and short(batch.name, NAME_CHARACTERS, redactor.text),
        total=progress.total,
        known=len(batch),
        pending=progress.pending,
        running=progress.running,
        completed=progress.completed,
        failed=progress.failed,
        killed=progress.killed,
        asking=progress.asking,
        asking_ids=asking_ids,
        cost_usd=progress.cost_usd,
        recorded_cost_usd=progress.recorded_cost_usd,
        budget_usd=progress.budget_usd,
        estimate=progress.estimate and estimate_told(progress.estimate),
        failures=_failures(progress, redactor),
        eta_low=_rough(progress.eta.low) if progress.eta else None,
        eta_high=_rough(progress.eta.high) if progress.eta else None,
        eta_time=time.time() if progress.eta else None,
        basis=progress.basis,
        stopped=short(progress.stopped, _STOPPED_CHARACTERS, redactor.text),
        paused=batch.feeding.paused,
        left=batch.feeding.waits_for_resume,
        ended=progress.ended,
    )


def _failures(progress: Progress, redactor: Redactor) -> tuple[protocol.BatchFailure, ...]:
    return tuple(
        protocol.BatchFailure(
            status=ExecutionStatus(one.status),
            reason=Reason(one.reason),
            rows=one.rows,
            row=one.row,
            execution_id=one.execution_id,
            error=redactor.text(one.error),
        )
        for one in progress.failures[:_MOST_FAILURES]
    )


def _rough(seconds: float) -> float:
    """As exact as anybody wants it: another figure is another message."""
    if seconds < 60:
        return float(round(seconds))
    step = 15 if seconds < 3600 else 60
    return float(round(seconds / step) * step)


def batch_rows(manager: ProcessManager, message: protocol.GetBatchRows) -> protocol.Answer:
    """Some rows of the table of a batch, as far as one answer holds them.

    Raises:
        BatchNotFound: there is none of that id.
        BatchDamaged: its file was changed by others.
    """
    batch = manager.batch(message.batch_id)
    numbers = rows_shown(
        batch, message.filter, message.reason, message.sort, descending=message.descending
    )
    wanted = numbers[message.offset : message.offset + message.limit]
    columns = columns_of(batch) if wanted else ()
    rows: list[protocol.BatchRow] = []
    room = MAX_BATCH
    for line in lines_of(batch, wanted, columns):
        row = _row_of(line)
        room -= len(row.model_dump_json(by_alias=True))
        if rows and room < 0:
            break
        rows.append(row)
    return protocol.BatchRowsAnswer(
        request_id=message.request_id,
        batch_id=batch.batch_id,
        offset=message.offset,
        total=len(numbers),
        columns=tuple(short(name, COLUMN_CHARACTERS) for name in columns),
        rows=tuple(rows),
    )


def _row_of(line: Line) -> protocol.BatchRow:
    return protocol.BatchRow.model_validate(line._asdict())


def kill_batch(manager: ProcessManager, message: protocol.KillBatch) -> None:
    """End what runs of it, and start no more of its rows.

    Raises:
        BatchNotFound: there is none of that id.
    """
    manager.batch(message.batch_id).kill()


def retry_batch(manager: ProcessManager, message: protocol.RetryBatch) -> None:
    """Start the rows that failed once more.

    Raises:
        BatchNotFound: there is none of that id.
        ClaudeWidgetError: it goes on in another kernel.
    """
    manager.batch(message.batch_id).retry_failed(killed=message.killed)


def resume_batch(manager: ProcessManager, message: protocol.ResumeBatch) -> None:
    """Go on with rows that wait, after a stop or another kernel.

    Raises:
        BatchNotFound: there is none of that id.
        ClaudeWidgetError: it goes on in another kernel.
    """
    manager.batch(message.batch_id).resume()


def wire_form(progress: protocol.BatchProgress) -> dict[str, Any]:
    """As the page gets it."""
    return progress.model_dump(mode="json", by_alias=True)
