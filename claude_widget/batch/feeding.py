"""Feeds the rows of a batch to its manager, as many at once as may be, and ends them.

The rule: one thread, which lives while there are rows to start and is all that ever waits for a
generator. Only who has the batch's file starts or ends its rows; what has become of them is kept in
`standing`, under a lock that nobody holds while anything is started or read.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from collections.abc import Iterable, Mapping
from typing import Any

from claude_widget.batch.batch_file import BatchFile
from claude_widget.batch.errors import is_of_the_row, said
from claude_widget.batch.host import Host
from claude_widget.batch.ledger import Ledger
from claude_widget.batch.row import Row
from claude_widget.batch.standing import Standing
from claude_widget.batch.supply import RowsRaised, Supply
from claude_widget.batch.writing import Read, closed_error
from claude_widget.errors import ClaudeWidgetError
from claude_widget.models import ExecutionStatus, Reason

_LOG = logging.getLogger(__name__)
_AHEAD = 4
"""Rows that wait in the manager's line, so that a free slot need not wait for a row."""
_MOST_ASIDE = 100
"""Rows on hold beside which others are started: each is an execution, with its files."""
_LOOK = 1.0
"""Seconds after which it is looked whether there are more slots by now."""
_LONGEST = 500


class Feeding(Standing):
    """The rows of one batch on their way. Safe from any thread.

    Args:
        host: starts them.
        file, supply, ledger, limit, read, maker: as of any `Standing`.
        context: that rows are started in; that of whoever makes this if None.
    """

    def __init__(
        self,
        host: Host,
        file: BatchFile,
        supply: Supply,
        ledger: Ledger,
        *,
        limit: int | None = None,
        context: contextvars.Context | None = None,
        read: Read | None = None,
        maker: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(host, file, supply, ledger, limit=limit, read=read, maker=maker)
        self._context = contextvars.copy_context() if context is None else context
        self._rest_ended_for: Reason | None = None

    # -- what it is told ----------------------------------------------------------------------

    def start(self) -> None:
        """Feed what waits, on a thread of its own."""
        with self.lock:
            self._over, self._stopped, self._killed = False, "", False
            self._rest_ended_for = None
            if self._thread is not None or self._closing:
                return
            self._thread = threading.Thread(
                target=self._context.copy().run,
                args=(self._run,),
                name="claude-widget-batch",
                daemon=True,
            )
            self._thread.start()

    def resume(self) -> None:
        """Go on with what waits, after a stop or another kernel.

        Raises:
            ClaudeWidgetError: another manager has the batch by now, or this one is closed.
            OSError: the file cannot be opened.
        """
        self.read_anew()
        with self.lock:
            live = list(self.ledger.live)
            if self._supply.has_more or live:
                self.hold()
                if self._stopped:
                    self._note("resumed")
                self.start()
        self._context.copy().run(self._host.take_over, live)

    def retry(self, statuses: Iterable[ExecutionStatus]) -> int:
        """Start rows again that ended so; how many.

        Raises:
            ClaudeWidgetError: another manager has the batch by now, or this one is closed.
            OSError: the file cannot be written.
        """
        self.read_anew()
        with self.lock:
            self.hold()
            found = self.ledger.retry(statuses)
            if found:
                self._writing.file.note("retried", rows=found)
                self._supply.give_back(found)
            self.start()
            self.lock.notify_all()
        return len(found)

    def hold(self) -> None:
        """Write the file from now on.

        Raises:
            ClaudeWidgetError: another manager does, or this one is closed.
            OSError: it cannot be opened.
        """
        if self._closing:
            raise closed_error(self._writing.batch_id)
        self._writing.take()

    def kill(self) -> None:
        """End what runs, and start no more.

        Raises:
            ClaudeWidgetError: another manager has the batch, or this one is closed.
            OSError: the file cannot be opened.
        """
        self.read_anew()
        with self.lock:
            if self._over or self._killed:
                return
            self.hold()
            self._killed = True
            live = [self._host.get(one) for one in self.ledger.live]
            self._end_rest(Reason.BATCH, "It was killed.")
        self._host.kill(one for one in live if one is not None)
        self.tell()

    def cancel(self) -> None:
        """Start no more; what runs goes on."""
        with self.lock:
            if self._thread is not None and not self._closing:
                self._end_rest(Reason.USER, "What waited was cancelled.")
        self.tell()

    def _end_rest(self, reason: Reason, why: str) -> None:
        """No row is started that is not yet; they end for that reason."""
        with self.lock:
            self._note("killed", reason=reason)
            self._rest_ended_for = reason
            self._stop(why)
            self._supply.end()
            self._thread = None  # a generator may never come back
            for number, row in enumerate(self.ledger):
                waits = row.status is ExecutionStatus.PENDING and number != self._admitting
                if waits and row.execution_id not in self.ledger.live:
                    self.ledger.refused(number, reason, "")
            self._settle()

    def close(self) -> None:
        """Its manager is closed: nothing is started or heard of any more."""
        with self.lock:
            self._closing = True
            self.lock.notify_all()
            self._writing.file.close()
        self.tell()

    # -- the thread ---------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while self._wait_for_room():
                row = self._take()
                if row is None:
                    break
                self._admit(row)
        except Exception as error:  # noqa: BLE001 - whatever it is, the batch must say where it stopped
            _LOG.exception("Feeding batch %s failed", self._writing.batch_id)
            self._stop(f"Stopped: {said(error)}")
        with self.lock:
            if self._is_wanted():
                self._thread = None
                if self._supply.has_more and not self._stopped:
                    self.start()
                self._settle()
        self.tell()

    def _is_wanted(self) -> bool:
        """This is the thread that feeds; not one that a kill has left behind."""
        return self._thread is threading.current_thread() and not self._closing

    def _wait_for_room(self) -> bool:
        """Until another row may become an execution; False if none is to any more."""
        with self.lock:
            while self._is_wanted() and not self._stopped:
                most = self._host.slots + _AHEAD if self._limit is None else self._limit
                if spent := self._host.spent:
                    self._end_rest(Reason.BUDGET_SCOPE, f"Stopped: {spent}")
                    break
                if len(self.ledger.live) - self._aside() < most:
                    return True
                self.lock.wait(_LOOK)
        return False

    def _aside(self) -> int:
        """How many are on hold, and need no slot: others may start. A limit counts them, too.

        Once they are released they would otherwise run beside as many others as it allows.
        """
        return min(len(self.ledger.on_hold), _MOST_ASIDE) if self._limit is None else 0

    def _take(self) -> Row | None:
        """The next row; None if there is none, or nobody wants it any more."""
        try:
            row, problem = self._supply.take(), ""
        except RowsRaised as error:
            row, problem = None, said(error.__cause__ or error)
        with self.lock:
            if not self._is_wanted():
                return None
            if row is None:
                self.ledger.total = len(self.ledger)
                if problem:
                    self._stop(f"Stopped at row {self.ledger.total}: the rows raised {problem}")
            elif self._supply.keep(row):
                self.ledger.reserve(row.number + 1)
        return row

    def _admit(self, row: Row) -> None:
        with self.lock:
            if not self._is_wanted():  # also once it was killed
                return
            self._admitting = row.number
            before = self.ledger.row(row.number).execution_id
        try:
            if row.problem:
                self._refuse(row.number, row.problem)
                return
            execution = self._host.admit(row, self._host.get(before) if before else None)
            self.changed(execution)
            if self._thread is not threading.current_thread():  # nobody wants it any more
                self._host.kill([execution])
        except ClaudeWidgetError as error:
            if is_of_the_row(error):
                self._refuse(row.number, said(error))
            elif self._rest_ended_for is not None:
                with self.lock:
                    self.ledger.refused(row.number, self._rest_ended_for, "")
            elif not self._closing:
                self._supply.give_back([row.number])
                self._stop(f"Stopped at row {row.number}: {said(error)}")
        finally:
            with self.lock:
                self._admitting = None
                left_behind = self._thread is not threading.current_thread()
                if left_behind:  # a kill has settled all but this
                    self._settle()
            if left_behind:
                self.tell()

    def _refuse(self, number: int, error: str) -> None:
        """That row will never be an execution."""
        with self.lock:
            self.ledger.refused(number, Reason.STARTUP, error)
            self._note("refused", row=number, reason=Reason.STARTUP, error=error[:_LONGEST])
        self.tell()
