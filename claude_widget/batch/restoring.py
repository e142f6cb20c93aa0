"""What has become of a batch by what its file and its executions say: for whoever has not made it.

The rule: it puts together what was read, and starts, writes and follows nothing. The file may lack
lines that its kernel had no time to write; each execution says itself which row it is of.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import NamedTuple

from claude_widget.batch.host import seen
from claude_widget.batch.kept import Kept
from claude_widget.batch.ledger import Ledger
from claude_widget.execution import Execution

Find = Callable[[str], Execution | None]


class Left(NamedTuple):
    """A batch as another kernel has left it, or has written it so far.

    Attributes:
        kept: what its file says.
        ledger: what has become of its rows.
        waiting: numbers of the rows that are still to be started.
        stopped: why no more rows are started; empty if nothing keeps them.
        goes_on: another kernel writes it.
    """

    kept: Kept
    ledger: Ledger
    waiting: list[int]
    stopped: str
    goes_on: bool


def left_in(
    kept: Kept, executions: Iterable[Execution], find: Find, *, goes_on: bool = False
) -> Left:
    """What a file says, with what it misses.

    Args:
        kept: the file; what it misses is added.
        executions: all that there are.
        find: gives one of them by its id.
        goes_on: another kernel writes it, so that a generator may still give rows.
    """
    _add_missed(kept, executions)
    ledger, waiting = _ledger_of(kept, find)
    if kept.total is None and goes_on and not kept.stopped:
        ledger.total = None
        return Left(kept, ledger, waiting, "", goes_on)
    return Left(kept, ledger, waiting, _stopped(kept), goes_on)


def _stopped(kept: Kept) -> str:
    """Why no more rows are started; of a generator's those that it had not given are lost."""
    if kept.stopped or kept.ended or kept.total is not None:
        return kept.stopped
    return f"Stopped at row {len(kept.offsets)}: its generator is gone with its kernel."


def _add_missed(kept: Kept, executions: Iterable[Execution]) -> None:
    """Rows that became executions, which their kernel had no time to note: each says so itself."""
    batch_id, begun = kept.header["batch_id"], float(kept.header["created_time"])
    known = {one for attempts in kept.executions.values() for one in attempts}
    for execution in executions:
        over = execution.ran[1]
        if execution.execution_id in known or (over is not None and over < begun):
            continue
        info = execution.info
        row = info.batch_row
        if info.batch_id == batch_id and row is not None and 0 <= row < len(kept.offsets):
            kept.executions.setdefault(row, []).append(info.execution_id)
            kept.finished.pop(row, None)
            kept.retried.discard(row)


def _ledger_of(kept: Kept, find: Find) -> tuple[Ledger, list[int]]:
    """What had become of the rows, and which of them still wait."""
    ledger = Ledger(kept.total, kept.header.get("budget_usd"))
    ledger.reserve(len(kept.offsets))
    waiting = []
    for number in range(len(kept.offsets)):
        executions = kept.executions.get(number, ())
        if number in kept.retried:
            _pay_for(ledger, number, executions, find)
            waiting.append(number)
        elif number in kept.finished:
            ledger.restored(number, executions, kept.finished[number])
        elif number in kept.refused:
            ledger.refused(number, *kept.refused[number])
        elif executions:
            _pay_for(ledger, number, executions[:-1], find)
            ledger.admitted(number, executions[-1], time.monotonic())
        elif kept.killed is not None:
            ledger.refused(number, kept.killed, "")
        else:
            waiting.append(number)
    ledger.total = len(ledger)
    return ledger, waiting


def _pay_for(
    ledger: Ledger,
    number: int,
    attempts: Iterable[str],
    find: Find,
) -> None:
    """Have the attempts of a row count that others have followed, or are to."""
    for execution_id in attempts:
        found = find(execution_id)
        ledger.attempted(number, execution_id, None if found is None else seen(found.info))
