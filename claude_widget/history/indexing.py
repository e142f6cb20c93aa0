"""Keeps the history up to date while a manager works: what ends goes in, what is removed goes out.

The rule: whoever tells of an execution is never held up. The work is done in batches, on a thread
that lives only while there is some. What is missed, such as by a kernel that was killed, the next
look over the state folder finds; an index that cannot be used harms nothing else.
"""

from __future__ import annotations

import logging
import threading

from claude_widget.execution import Execution
from claude_widget.history.index import HistoryIndex
from claude_widget.history.sync import HistorySync
from claude_widget.reports import HistoryReport
from claude_widget.state_folder import StateFolder

_LOG = logging.getLogger(__name__)
_MOST = 50
"""Executions of one batch: no more of their texts are in memory at once."""
_QUIET = 0.25
"""Seconds without another one after which a batch is taken in: nobody's cell waits beside it."""
_LINGERS = 1.0
"""Seconds that the thread waits for more."""
_ENDS_WITHIN = 10.0


class Indexing:
    """Fills the history's index of one state folder. Safe from any thread.

    Args:
        folder: the state folder.

    Attributes:
        index: what is filled.
        report: what the last look over the whole folder found; None before the first.
    """

    def __init__(self, folder: StateFolder) -> None:
        self.index = HistoryIndex(folder.path)
        self.report: HistoryReport | None = None
        self._sync = HistorySync(folder.executions, self.index)
        self._one_at_a_time = threading.Lock()
        self._changed = threading.Condition()
        self._waiting: dict[str, None] = {}
        self._thread: threading.Thread | None = None
        self._busy = self._closed = self._failed = False
        self._asked_for = 0

    def heard(self, changed: Execution | str) -> None:
        """Note an execution that has ended, or was removed or forgotten. Returns at once."""
        if isinstance(changed, str):
            self._note(changed)
        elif changed.status.ended:
            self._note(changed.execution_id)

    def _note(self, execution_id: str) -> None:
        with self._changed:
            if self._closed:
                return
            self._waiting[execution_id] = None
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="claude-widget-history", daemon=True
                )
                self._thread.start()
            self._changed.notify_all()

    def settle(self) -> None:
        """Return when all that was noted is in the index, and whatever else has ended.

        The first call looks over the whole state folder.

        Raises:
            HistoryUnavailable: the index cannot be used now.
        """
        with self._changed:
            self._asked_for += 1
            self._changed.notify_all()
            while (self._waiting or self._busy) and self._thread is not None:
                self._changed.wait(_LINGERS)
            self._asked_for -= 1
        with self._one_at_a_time:
            if self.report is None or not self.index.is_complete():
                self.report = self._sync.sync()

    def rebuild(self) -> HistoryReport:
        """Make the index anew from the transcripts.

        Raises:
            HistoryUnavailable: the index cannot be used now.
        """
        with self._one_at_a_time:
            self.report = self._sync.rebuild()
            return self.report

    def close(self) -> None:
        """Take in what was noted, bounded, and note nothing any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=_ENDS_WITHIN)

    def _run(self) -> None:
        while batch := self._batch():
            try:
                self._sync.take(batch)
                self._failed = False
            except Exception as error:  # noqa: BLE001 - the executions are as they were
                if not self._failed:
                    self._failed = True
                    _LOG.warning("The history was not kept: %s", error)
            with self._changed:
                self._busy = False
                self._changed.notify_all()

    def _batch(self) -> list[str]:
        """What is to be taken in next; nothing if the thread is to end."""
        with self._changed:
            while not self._waiting:
                # What was noted in the moment in which the wait ran out is waiting, too.
                if self._closed or not (self._changed.wait(_LINGERS) or self._waiting):
                    self._thread = None
                    self._changed.notify_all()
                    return []
            while not (self._closed or self._asked_for) and len(self._waiting) < _MOST:
                if not self._changed.wait(_QUIET):
                    break
            batch = list(self._waiting)[:_MOST]
            for execution_id in batch:
                del self._waiting[execution_id]
            self._busy = True
            return batch
