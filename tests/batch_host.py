"""A manager as a batch sees it, whose executions end when a test says so.

The rule: no process and no thread of its own; what it was asked for is written down.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from claude_widget.batch.batch import Batch
from claude_widget.batch.batch_file import BatchFile
from claude_widget.batch.feeding import Feeding
from claude_widget.batch.kept import read_kept
from claude_widget.batch.ledger import Ledger
from claude_widget.batch.row import Row
from claude_widget.batch.supply import Supply
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.models import STATUS_OF, ExecutionInfo, ExecutionStatus, Reason
from claude_widget.subscriptions import Subscriptions
from tests.waiting import until

NAME = "00000000-0000-4000-8000-000000000000"


class Played:
    """An execution that does what it is told."""

    def __init__(self, row: int) -> None:
        self.execution_id = str(uuid.uuid4())
        self.row = row
        self.info = ExecutionInfo(execution_id=self.execution_id, batch_id=NAME, batch_row=row)

    def become(self, **changed: Any) -> None:
        """It has changed."""
        self.info = self.info.model_copy(update=changed)


class PlayedHost:
    """Starts nothing; `admitted` are those that were asked for, in order."""

    def __init__(self, slots: int = 4) -> None:
        self.subscriptions = Subscriptions()
        self.closed = False
        self.slots = slots
        self.waits = self.spent = ""
        self.noted: list[float | None] = []
        self.admitted: list[Played] = []
        self.rows: list[Row] = []
        self.befores: list[Played | None] = []
        self.killed: list[str] = []
        self.taken_over: list[str] = []
        self.held: set[str] = set()
        self.refuse: Callable[[Row], ClaudeWidgetError | None] = lambda _: None
        self.at_once: Callable[[Played], None] = lambda _: None
        self.feeding: Feeding | None = None

    def admit(self, row: Row, before: Execution | None) -> Execution:
        error = self.refuse(row)
        if error is not None:
            raise error
        made = Played(row.number)
        self.rows.append(row)
        self.befores.append(cast("Played | None", before))
        self.admitted.append(made)
        self.at_once(made)
        return cast(Execution, made)

    def get(self, execution_id: str) -> Execution | None:
        found = [one for one in self.admitted if one.execution_id == execution_id]
        return cast(Execution, found[0]) if found else None

    def recall(self, execution_id: str) -> Execution | None:
        return self.get(execution_id)

    def is_held(self, execution_id: str) -> bool:
        return execution_id in self.held

    def output_of(self, execution: Execution) -> Any:
        done = execution.info.status is ExecutionStatus.COMPLETED
        return execution.info.result if done else None

    def note(self, info: ExecutionInfo) -> None:
        self.noted.append(info.cost_usd)

    def kill(self, executions: Iterable[Execution]) -> None:
        self.killed += [one.execution_id for one in executions]

    def take_over(self, execution_ids: Iterable[str]) -> None:
        self.taken_over += list(execution_ids)

    def runs(self, played: Played) -> None:
        """It has started."""
        assert self.feeding is not None
        played.become(status=ExecutionStatus.RUNNING)
        self.feeding.changed(cast(Execution, played))

    def ends(self, played: Played, reason: Reason = Reason.SUCCESS, **changed: Any) -> None:
        """It has ended."""
        assert self.feeding is not None
        now = time.time()
        told = {"start_time": now - 1, "end_time": now, "result": f"of {played.row}"}
        played.become(status=STATUS_OF[reason], reason=reason, **{**told, **changed})
        self.feeding.finished(cast(Execution, played))


def batch_of(
    folder: Path, host: PlayedHost, rows: int | Iterator[Row] = 3, limit: int | None = None
) -> Batch:
    """A batch of so many rows, or of those that come, which is being fed."""
    counted = isinstance(rows, int)
    file = BatchFile.create(folder, NAME, {"name": "test", "created_time": 1.0})
    for number in range(rows) if isinstance(rows, int) else ():
        file.add(Row(number, {"n": number}))
    file.publish()
    if counted:
        file.note("rows", count=file.count, columns=["n"])
    supply = Supply(file, None if isinstance(rows, int) else rows)
    feeding = Feeding(host, file, supply, Ledger(file.count if counted else None), limit=limit)
    host.feeding = feeding
    made = Batch(host, feeding, file, _header(folder), columns=lambda: ("n",))
    feeding.start()
    return made


def _header(folder: Path) -> dict[str, Any]:
    return read_kept(folder / f"{NAME}.jsonl").header


def lines_of(rows: Iterable[Any]) -> Iterator[Row]:
    """Rows as a generator of the user's gives them."""
    for number, value in enumerate(rows):
        yield value if isinstance(value, Row) else Row(number, {"n": value})


def fed(host: PlayedHost, count: int) -> list[Played]:
    """Wait until so many rows are executions."""
    until(lambda: len(host.admitted) == count, what=f"{count} admitted")
    return host.admitted
