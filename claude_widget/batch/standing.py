"""What has become of the rows of a batch, whichever kernel starts them, and who hears of it.

The rule: it hears of executions and of what other kernels write, and keeps both in the ledger under
one lock, which nobody holds while anything is started. It starts and ends nothing.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from claude_widget.batch.batch_file import BatchFile
from claude_widget.batch.host import Host, seen
from claude_widget.batch.ledger import Ledger, Seen
from claude_widget.batch.progress import Progress
from claude_widget.batch.restoring import Left
from claude_widget.batch.supply import Supply
from claude_widget.batch.writing import Read, Writing
from claude_widget.execution import Execution
from claude_widget.models import ExecutionInfo, ExecutionStatus, Reason


class Standing:
    """How far the rows of one batch are. Safe from any thread.

    Args:
        host: knows the executions.
        file: is told what becomes of them, while this kernel writes it.
        supply: the rows that are still to be started.
        ledger: is told, too.
        limit: how many may be executions at once; None for as many as the manager runs.
        read: reads the file anew; None for one that no other kernel writes.
        maker: who has made the batch, as its file says.

    Attributes:
        lock: held while the ledger is read or changed.
        ledger: what has become of the rows.
    """

    def __init__(
        self,
        host: Host,
        file: BatchFile,
        supply: Supply,
        ledger: Ledger,
        *,
        limit: int | None = None,
        read: Read | None = None,
        maker: Mapping[str, Any] | None = None,
    ) -> None:
        self.lock = threading.Condition(threading.RLock())
        self.ledger = ledger
        self._host = host
        self._reading = threading.Lock()
        self._writing = Writing(file, read, maker)
        self._note = self._writing.note
        self._limit = limit
        self._supply = supply
        self._thread: threading.Thread | None = None
        self._stopped = ""
        self._killed = False
        self._admitting: int | None = None
        self._closing = False
        self._over = False
        self._waited = False
        self._hear: tuple[Callable[[], None], ...] = ()

    # -- what is known ------------------------------------------------------------------------

    @property
    def over(self) -> bool:
        """Nothing is left to be done, or it is stopped and all that was started has ended."""
        return self._over

    @property
    def stopped(self) -> str:
        """Why no more rows are started, in words; empty if nothing keeps them."""
        return self._stopped

    @property
    def waits_for_resume(self) -> bool:
        """Rows wait, as such or as executions, and nobody starts them."""
        if self._thread is not None or self._over:
            return False
        with self.lock:
            live = list(self.ledger.live)
        more = self._supply.has_more and not self._stopped
        if not more and not any(map(self._host.is_held, live)):
            return False
        return not self._writing.file.is_written_elsewhere

    @property
    def paused(self) -> bool:
        """Nothing is started for now; how far it is says why."""
        return bool(self._host.waits)

    @property
    def slots(self) -> int:
        """How many of its rows may run at once."""
        return min(self._limit or self._host.slots, self._host.slots)

    def progress(self) -> Progress:
        """How far it is."""
        waits = self._host.waits
        with self.lock:
            return self.ledger.progress(
                time.monotonic(), self.slots, waits=waits, stopped=self._stopped, over=self._over
            )

    def listen(self, hear: Callable[[], None]) -> Callable[[], None]:
        """Be called whenever a row has ended, or all have; returns what takes that back."""
        with self.lock:
            self._hear = (*self._hear, hear)

        def forget() -> None:
            with self.lock:
                self._hear = tuple(one for one in self._hear if one is not hear)

        return forget

    def tell(self) -> None:
        """Have those hear that listen."""
        for hear in self._hear:
            hear()

    # -- what is heard ------------------------------------------------------------------------

    def restore(self, stopped: str) -> None:
        """Take up what an earlier kernel has left; nothing is started.

        Args:
            stopped: why no more rows were started.
        """
        with self.lock:
            self._stopped = stopped
            live = [self._host.get(one) for one in list(self.ledger.live)]
        for execution in filter(None, live):
            (self.finished if execution.status.ended else self.changed)(execution)
        with self.lock:
            gone = [one for one in self.ledger.live if self._host.get(one) is None]
            for execution_id in () if self._writing.elsewhere else gone:  # it may be new
                lost = Seen(ExecutionStatus.FAILED, Reason.LOST, error="It is there no more.")
                self.ledger.finished(execution_id, lost, time.monotonic())
            self._settle()

    def look(self) -> None:
        """See what another kernel has made of it, and whether that one lives; for now and then.

        Raises:
            BatchDamaged, BatchTooNew, OSError: the file cannot be read.
        """
        self.read_anew()
        before, self._waited = self._waited, self.waits_for_resume
        if before != self._waited:
            self.tell()

    def read_anew(self) -> None:
        """Know what another kernel has written by now; nothing changes if none has.

        Raises:
            BatchDamaged, BatchTooNew, OSError: the file cannot be read.
        """
        with self._reading:
            left = self._writing.news()  # without the lock: it may be long
            if left is None or not self._take_up(left):
                return
        self.restore(left.stopped)
        self.tell()

    def _take_up(self, left: Left) -> bool:
        """Go by what was read; not if this kernel writes it by now."""
        with self.lock:
            if self._thread is not None or not self._writing.know(left):
                return False
            new = left.ledger.follow(self.ledger)
            self.ledger = left.ledger
            self._supply = Supply(self._writing.file, None, left.waiting)
            self._over = self._killed = False
        for execution in filter(None, map(self._host.get, new)):
            self._host.note(execution.info)
        return True

    def changed(self, execution: Execution) -> None:
        """One of its executions has changed."""
        info = execution.info
        self._host.note(info)
        with self.lock:
            self._know(info)
            self.ledger.changed(info.execution_id, seen(info), time.monotonic())
            self.ledger.asked(info.execution_id, len(info.open_requests))
            self.ledger.held(info.execution_id, held=info.held)
            if info.held:  # another one may start instead
                self.lock.notify_all()

    def finished(self, execution: Execution) -> None:
        """The last attempt of a row has ended, and all of it is known."""
        info = execution.info
        self._host.note(info)
        with self.lock:
            self._know(info)
            number = self.ledger.live.get(info.execution_id)
            if number is None:
                return
            told = seen(info)
            self.ledger.finished(info.execution_id, told, time.monotonic())
            cost = self.ledger.row(number).cost_usd  # of all attempts
            self._note("finished", row=number, **told._replace(cost_usd=cost)._asdict())
            self._settle()
            self.lock.notify_all()
        self.tell()

    def _know(self, info: ExecutionInfo) -> None:
        """Keep that a row has become an execution.

        The manager may tell of it before its start has returned, and of further attempts only so.
        """
        number = info.batch_row
        if number is None or not 0 <= number < len(self.ledger):
            return
        if info.execution_id not in self.ledger.row(number).executions:
            self.ledger.admitted(number, info.execution_id, time.monotonic())
            self._note("admitted", row=number, execution_id=info.execution_id)

    # -- the end ------------------------------------------------------------------------------

    def _stop(self, why: str) -> None:
        with self.lock:
            if not self._stopped:
                self._stopped = why
                self._note("stopped", why=why)
            self.lock.notify_all()

    def _settle(self) -> None:
        """See whether nothing is left to be done, or to be waited for."""
        feeds = (self._thread is not None or self._supply.has_more) and not self._stopped
        if feeds or self.ledger.live or self._over or self._writing.elsewhere:
            return
        if self._admitting is not None:  # it becomes an execution this very moment
            return
        self._over = True
        if not self._closing:
            self._note("ended")
            self._writing.file.close()
