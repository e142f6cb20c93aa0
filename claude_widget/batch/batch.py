"""A batch as its user holds it: how far it is, what came out, and what can be asked of it.

The rule: it waits and reads; what has become of the rows is in the ledger, and whoever feeds it
changes that. Nothing here owns a thread, and nothing that is awaited grows with the rows.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Generator, Iterable, Iterator, Mapping
from typing import Any

from claude_widget.batch.batch_file import BatchFile
from claude_widget.batch.errors import BatchDamaged, BatchFailed
from claude_widget.batch.feeding import Feeding
from claude_widget.batch.host import Host
from claude_widget.batch.ledger import RowState
from claude_widget.batch.news import heard
from claude_widget.batch.progress import Progress
from claude_widget.batch.results import Result, Table, as_validated, result_columns, to_frame
from claude_widget.batch.row import Kind, Row
from claude_widget.batch.values import with_ids
from claude_widget.batch.writing import closed_error
from claude_widget.budgets.estimate import Estimate
from claude_widget.budgets.spending import dollars
from claude_widget.cells.shown import Shown
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.models import ExecutionStatus

_POLL = 0.5
"""Seconds after which a waiting thread looks again, whatever happens."""
_GONE = "manager.prune removes it with the last of its executions; map the rows again."


class Batch(Shown):
    """Many executions of one template, a row of a table each. Made by `ProcessManager.map`.

    Attributes:
        batch_id: its UUID4.
        name: what people call it; several may have one name.
        created_time: epoch seconds.
        schema: JSON schema of its results; None where they are text.
        attached: the call that gave it found it, unfinished, and started no other.
        manager: whose it is; None for one that no manager has.
        estimate: what its rows were likely to cost when it began; None until that is known.
    """

    def __init__(
        self,
        host: Host,
        feeding: Feeding,
        file: BatchFile,
        header: dict[str, Any],
        *,
        columns: Callable[[], tuple[str, ...]],
        frame: Any = None,
        schema: dict[str, Any] | None = None,
        manager: object = None,
    ) -> None:
        self.manager = manager
        self.batch_id: str = header["batch_id"]
        self.name: str | None = header.get("name")
        self.created_time: float = header["created_time"]
        self.schema = schema
        self.attached = False
        self.estimate: Estimate | None = None
        self.feeding = feeding
        self._host = host
        self._file = file
        self._header = header
        self._columns = columns
        self._frame = frame

    # -- what is known -----------------------------------------------------------------------

    @property
    def progress(self) -> Progress:
        """How far it is: counts, cost, failures by reason, and when it may be over."""
        progress = self.feeding.progress()
        return progress._replace(estimate=None if progress.ended else self.estimate)

    def expect(self, estimate: Estimate) -> None:
        """Keep what it is likely to cost, and tell whoever listens; for whoever has found it."""
        self.estimate = estimate
        self.feeding.tell()

    @property
    def ended(self) -> bool:
        """Nothing of it runs or waits; or it is stopped, and nothing runs."""
        return self.feeding.over

    @property
    def stopped(self) -> str:
        """Why no more rows are started, and at which row; empty if nothing keeps them."""
        return self.feeding.stopped

    @property
    def is_written_here(self) -> bool:
        """This kernel goes on with it: what becomes of it is written down here."""
        return self._file.held

    @property
    def columns(self) -> tuple[str, ...]:
        """Names of the input's columns, as far as rows were read."""
        return self._columns()

    def __len__(self) -> int:
        """How many rows were read so far."""
        return len(self.feeding.ledger)

    @property
    def executions(self) -> list[Execution | None]:
        """The latest attempt of each row, in row order; None where there is none."""
        return [None if one is None else self._host.get(one) for one in self._ids()]

    @property
    def results(self) -> list[Any]:
        """What came out of each row, in row order; None where it did not complete.

        The text, or with a schema the structured output: a validated instance where the schema is
        a pydantic model of this kernel.
        """
        found = [None if one is None else self._host.recall(one) for one in self._ids()]
        return [None if one is None else self._host.output_of(one) for one in found]

    def execution_of(self, execution_id: str | None) -> Execution | None:
        """One of its executions; None if it is there no more."""
        return None if execution_id is None else self._host.get(execution_id)

    def input_rows(self, numbers: Iterable[int], most: int) -> Iterator[Row]:
        """Rows of the input by number, until so many bytes are read; the first in any case.

        Raises:
            BatchDamaged: the batch's file was changed by others.
            OSError: it cannot be read.
        """
        return self._file.some(numbers, most)

    def _ids(self) -> list[str | None]:
        with self.feeding.lock:
            return [row.execution_id for row in self.feeding.ledger]

    # -- tables ------------------------------------------------------------------------------

    def to_dataframe(self) -> Any:
        """The input's columns and index, and what has come out by now.

        Beside the input: the fields of the structured output, or `result`; `status`, `reason`,
        `cost_usd` (of all attempts), `duration` (seconds), `execution_id`. What has the name of a
        column of the input gets `result_` before it. A table of polars if the input was one, else
        of pandas.

        Raises:
            PandasMissing: it is to be one of pandas, which is not installed.
            BatchDamaged: the batch's file was changed by others, or has gone.
        """
        return to_frame(self._table())

    def to_dicts(self, first: int = 0, last: int | None = None) -> list[dict[str, Any]]:
        """The same table as a dict for each row.

        Args:
            first: the first row, from 0.
            last: the row after the last; all that there are if None.

        Raises:
            BatchDamaged: as for `to_dataframe`.
        """
        table = self._table(first, last)
        columns = result_columns(table.columns, table.results, table.schema)
        return [
            {name: values.get(name) for name in table.columns}
            | {name: cells[number] for name, cells in columns.items()}
            for number, values in enumerate(table.values)
        ]

    def _table(self, first: int = 0, last: int | None = None) -> Table:
        """The table, or some rows of it; the values are read from the file."""
        whole = first == 0 and last is None
        with self.feeding.lock:
            states = list(self.feeding.ledger)[first:last]
            found = [_result(row) for row in states]
        results = [self._with_output(one) for one in found]
        try:
            rows = list(self._file.rows(first, first + len(states)))
        except FileNotFoundError:
            raise BatchDamaged("it was removed", path=str(self._file.path), hint=_GONE) from None
        kind: Kind = self._header.get("kind", "pandas")
        return Table(
            self.columns,
            [with_ids(row.values) for row in rows],
            results,
            self.schema,
            kind,
            self._frame if whole else None,
            self._header.get("index_names", ()) if whole else (),
            [row.label for row in rows],
        )

    def _with_output(self, result: Result) -> Result:
        """With what came out, read without the lock: there may be thousands."""
        if result.execution_id is None or result.status != ExecutionStatus.COMPLETED:
            return result
        execution = self._host.recall(result.execution_id)
        if execution is None:
            return result
        info = execution.info
        if self.schema is None:
            return result._replace(output=info.result)
        validated = self._host.output_of(execution)
        return result._replace(output=as_validated(info.structured_output, validated))

    # -- waiting -----------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, None, Batch]:
        return self._until_ended().__await__()

    async def _until_ended(self) -> Batch:
        news = asyncio.Event()
        with heard(self.feeding, news):
            while not self.ended:
                news.clear()
                self._check_followed()
                if not self.ended:
                    await news.wait()
        return self

    async def as_completed(self) -> AsyncIterator[Execution]:
        """Each row's last attempt as it ends, however it ends, those that have ended first.

        Rows that could not become executions are in none of them; `progress.failures` has those.

        Raises:
            ClaudeWidgetError: the manager was closed before the end.
        """
        news = asyncio.Event()
        given: set[str] = set()
        ledger, place = self.feeding.ledger, 0
        with heard(self.feeding, news):
            while True:
                news.clear()
                over = self.ended
                if ledger is not self.feeding.ledger:  # another kernel's writing was read
                    ledger, place = self.feeding.ledger, 0
                while place < len(ledger.ended):
                    execution_id, place = ledger.ended[place], place + 1
                    execution = self._host.get(execution_id)
                    if execution is None or execution_id in given:
                        continue
                    if ledger.is_last(execution.info.batch_row, execution_id):
                        given.add(execution_id)
                        yield execution
                if over:
                    return
                self._check_followed()
                await news.wait()

    def wait(self, timeout: float | None = None) -> Batch:
        """Wait for the end from synchronous code; views and callbacks go on meanwhile.

        Args:
            timeout: seconds, None for ever.

        Returns:
            The batch itself, whatever became of its rows.

        Raises:
            TimeoutError: it has not ended by then. It goes on.
            ClaudeWidgetError: the manager was closed, or the batch waits to be resumed.
        """
        subscriptions = self._host.subscriptions
        deadline = None if timeout is None else time.monotonic() + timeout
        woken = subscriptions.start_waiting(self.batch_id)
        forget = self.feeding.listen(woken.set)
        try:
            while True:
                woken.clear()
                over = self.ended
                subscriptions.run_here()
                if over:
                    return self
                self._check_followed()
                left = _POLL if deadline is None else min(_POLL, deadline - time.monotonic())
                if left <= 0:
                    done = self.progress.done
                    raise TimeoutError(
                        f"{done:,} of {len(self):,} rows have ended after {timeout} s; it goes on."
                    )
                woken.wait(left)
        finally:
            forget()
            subscriptions.stop_waiting(woken)

    def _check_followed(self) -> None:
        """Refuse to wait for an end that nobody would notice, or that cannot come."""
        if self._host.closed:
            raise closed_error(self.batch_id)
        if self.feeding.waits_for_resume:
            raise ClaudeWidgetError(
                f"Batch {self.batch_id} waits: whoever would have started its rows is gone.",
                hint="batch.resume() goes on with it.",
            )

    def raise_for_status(self) -> Batch:
        """Returns itself if all rows completed, or may still do so.

        Raises:
            BatchFailed: some failed or were killed, or it is stopped.
        """
        progress = self.progress
        if progress.failed or progress.killed or progress.stopped:
            raise BatchFailed(
                self.batch_id,
                failed=progress.failed,
                killed=progress.killed,
                stopped=progress.stopped,
            )
        return self

    @property
    def owner(self) -> Mapping[str, Any]:
        """The manager that has made it, as its file says."""
        owner = self._header.get("owner")
        return owner if isinstance(owner, dict) else {}

    # -- what can be asked of it -------------------------------------------------------------

    def kill(self) -> None:
        """End what runs and start no more rows. Returns at once; nothing happens once it is over.

        Rows that were not executions yet are `killed` with reason `batch`, like those that ran.
        Only the kernel that goes on with it can do that, or any one once that one is gone.

        Raises:
            ClaudeWidgetError: the batch goes on in another kernel, or its manager is closed.
        """
        self.feeding.kill()

    def retry_failed(self, *, killed: bool = False) -> Batch:
        """Start the rows that failed once more, as further attempts. Returns itself, at once.

        Args:
            killed: also those that were killed.

        Raises:
            ClaudeWidgetError: the batch goes on in another kernel, or its manager is closed.
        """
        statuses = {ExecutionStatus.FAILED} | ({ExecutionStatus.KILLED} if killed else set())
        self.feeding.retry(statuses)
        return self

    def resume(self) -> Batch:
        """Go on with rows that are not executions yet. Returns itself, at once.

        For one that an earlier kernel has left, and for one that is stopped, once its reason is
        mended. What was killed is not started: `retry_failed(killed=True)` does that.

        Raises:
            ClaudeWidgetError: the batch goes on in another kernel, or its manager is closed.
        """
        self.feeding.resume()
        return self

    def __repr__(self) -> str:
        name = f" {self.name!r}" if self.name else ""
        attached = " attached" if self.attached else ""
        progress = self.progress
        total = "?" if progress.total is None else f"{progress.total:,}"
        counts = [
            f"{count:,} {status}"
            for status in ("completed", "running", "pending", "failed", "killed")
            if (count := getattr(progress, status))
        ]
        said = f"{progress.done:,} of {total}: {', '.join(counts)}" if counts else "no rows"
        return f"<Batch{name} {self.batch_id} {said}, {dollars(progress.cost_usd)}{attached}>"


def _result(row: RowState) -> Result:
    reason = None if row.reason is None else str(row.reason)
    return Result(None, str(row.status), reason, row.cost_usd, row.seconds, row.execution_id)
