"""Which executions there are: those in memory and those in the state folder.

The rule: it finds, keeps and forgets executions. It starts and ends none, and owns no thread.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakValueDictionary

from claude_widget.backend import Run
from claude_widget.errors import ClaudeWidgetError, ExecutionNotFound
from claude_widget.execution import Execution
from claude_widget.models import ExecutionInfo, ExecutionStatus
from claude_widget.owners import Owners
from claude_widget.state_folder import StateFolder

_YOUNG = 2_000_000_000
"""Nanoseconds after a change in which the state folder may not show all of it."""
_LOG = logging.getLogger(__name__)
MakeExecution = Callable[[Run, ExecutionInfo | None], Execution]


class Registry:
    """All executions that a manager knows. Safe from any thread.

    Attributes:
        owners: the managers of the state folder; this one is open from now on.
        mine: ids of those that this manager owns: it has started or adopted them.
        awaits_login: says whether nothing is started until somebody has logged in again.
    """

    def __init__(self, folder: StateFolder, make: MakeExecution, manager_id: str) -> None:
        self.folder = folder
        self.owners = Owners(folder.path, manager_id)
        self.owners.hold()
        self._adopted: dict[str, tuple[str, float]] = {}
        self._growing: dict[str, Execution] = {}
        self._new: list[Execution] = []
        self.mine: set[str] = set()
        self.awaits_login: Callable[[], bool] = lambda: False
        self._make = make
        self._lock = threading.RLock()
        self._executions: dict[str, Execution] = {}
        self._further: dict[str, dict[int, Execution]] = {}
        self._attempt_of: dict[str, tuple[str, int]] = {}
        self._forgotten: set[str] = set()
        self._recalled = WeakValueDictionary[str, Execution]()
        self._seen_folder = -1

    def get(self, execution_id: str) -> Execution | None:
        """The execution of that id, or None."""
        with self._lock:
            return self._executions.get(str(execution_id))

    def known(self, execution_id: str) -> Execution:
        """The execution of that id.

        Raises:
            ExecutionNotFound: there is none.
        """
        execution = self.get(execution_id)
        if execution is None:
            raise ExecutionNotFound(str(execution_id))
        return execution

    def recall(self, execution_id: str) -> Execution | None:
        """The one of that id, also if it has ended and was cleaned up; None if it is gone.

        For the history, and for those that were to wait for it: what has completed stays so.
        """
        found = self.get(execution_id) or self._recalled.get(execution_id)
        if found is not None:
            return found
        run = self.folder.find_one(execution_id)
        if run is None:
            return None
        execution = self._make(run, self.folder.load_ended(run))
        _fold_all(execution)
        if not execution.status.ended:  # one that another manager has just started
            execution.pause()
            return None
        return self._recalled.setdefault(execution_id, execution)

    def is_recalled(self, execution: Execution) -> bool:
        """Whether it is none of those that there are, and was read from its transcript."""
        return self._recalled.get(execution.execution_id) is execution

    def attempts(self, execution: Execution) -> list[Execution]:
        """All attempts at what that one was an attempt at, oldest first, itself among them."""
        first_id = execution.attempt_of or execution.execution_id
        with self._lock:
            first = self._executions.get(first_id)
            found = {} if first is None else {first.attempt: first}
            found |= self._further.get(first_id, {})
        found.setdefault(execution.attempt, execution)  # which may have been cleaned up
        return [found[number] for number in sorted(found)]

    def further_attempts(self) -> dict[str, list[str]]:
        """Ids of all further attempts, forgotten or not, by the first one's."""
        with self._lock:
            return {
                first_id: [one.execution_id for one in found.values()]
                for first_id, found in self._further.items()
            }

    def next_attempt(self, execution: Execution) -> Execution | None:
        """The attempt that follows that one, and is waited for as well; None if there is none.

        Nobody waits for a person: after a failed login it is none until somebody has resumed.
        """
        following = (one for one in self.attempts(execution) if one.attempt > execution.attempt)
        found = next(following, None)
        if found is not None and found.status is ExecutionStatus.PENDING and self.awaits_login():
            return None
        return found

    def all(self) -> list[Execution]:
        """All of them, oldest first."""
        with self._lock:
            return list(self._executions.values())

    def active(self) -> list[Execution]:
        """Those that are pending or running, oldest first."""
        return [one for one in self.all() if not one.status.ended]

    def growing(self) -> list[Execution]:
        """Those whose transcript may still grow; the others cost nothing any more."""
        with self._lock:
            for execution_id in [key for key, one in self._growing.items() if not one.following]:
                del self._growing[execution_id]
            return list(self._growing.values())

    def close(self) -> None:
        """Its manager follows no more: what it has not started is held, and nobody waits."""
        self.owners.release()
        for execution in self.active():
            execution.wake_waiters()

    def claim(self, execution_id: str, *, ours: bool = True) -> None:
        """That one is being made here: it is not to be taken in as another manager's."""
        with self._lock:
            (self.mine.add if ours else self.mine.discard)(execution_id)

    def add_mine(self, execution: Execution) -> None:
        """Keep one that this manager starts."""
        with self._lock:
            self._keep(execution)
            self._growing[execution.execution_id] = execution
            self.mine.add(execution.execution_id)

    def _keep(self, execution: Execution) -> None:
        self._executions[execution.execution_id] = execution
        self._link(execution)

    def _link(self, execution: Execution) -> None:
        """It stays one of the attempts, also if it is forgotten: what completed stays so."""
        if execution.attempt_of is not None:
            place = (execution.attempt_of, execution.attempt)
            self._attempt_of[execution.execution_id] = place
            self._further.setdefault(place[0], {})[place[1]] = execution

    def forget(self, execution: Execution) -> None:
        """Leave one out from now on, here and in later managers; its transcript stays."""
        with self._lock:
            self.folder.forget(execution.run)
            self._leave_out(execution.execution_id)
            self._forgotten.add(execution.execution_id)

    def drop(self, execution_id: str) -> None:
        """Leave one out from now on that is in the state folder no more."""
        with self._lock:
            self._leave_out(execution_id)
            self._forgotten.discard(execution_id)
            first_id, number = self._attempt_of.pop(execution_id, ("", 0))
            found = self._further.get(first_id, {})
            if number in found and found[number].execution_id == execution_id:
                del found[number]
            if not found:
                self._further.pop(first_id, None)

    def _leave_out(self, execution_id: str) -> None:
        self._executions.pop(execution_id, None)
        self.mine.discard(execution_id)

    def adopt(self, execution: Execution, instead_of: str) -> None:
        """This manager owns one from now on that was another's."""
        with self._lock:
            self._adopted[execution.execution_id] = (instead_of, time.monotonic())
            self.mine.add(execution.execution_id)
        self.renew(execution)

    def adopted_for(self, execution: Execution) -> float | None:
        """Seconds since this manager has adopted it; None if it has started it itself."""
        found = self._adopted.get(execution.execution_id)
        return None if found is None else time.monotonic() - found[1]

    def is_taken_away(self, execution: Execution) -> bool:
        """Whether it was ours, and its transcript names another owner by now; it is let go then."""
        execution_id = execution.execution_id
        named = execution.owner.get("manager_id")
        before, _ = self._adopted.get(execution_id, ("", 0.0))
        with self._lock:
            if named in (None, before, self.owners.me["manager_id"]):
                return False
            gone = execution_id in self.mine and execution_id in self._executions
            if gone:
                self.mine.discard(execution_id)
            return gone

    def renew(self, execution: Execution) -> None:
        """Have the next look around tell of it again, as of a new one."""
        with self._lock:
            self._new.append(execution)

    def take_new(self) -> list[Execution]:
        """Those that were taken in since the last call, for whoever tells the faces."""
        with self._lock:
            found, self._new = self._new, []
        return found

    def look_around(self) -> None:
        """Take in the executions that others have put into the state folder since the last look."""
        changed = self.folder.changed()
        if changed == self._seen_folder:
            return
        # Of a folder that is just being made there may be no transcript yet, and a second one made
        # within the same tick of the file system's clock would not show: it is looked at again.
        young = time.time_ns() - changed < _YOUNG
        self._seen_folder = -1 if young else changed
        with self._lock:
            known = frozenset(self._executions)
        self._link_forgotten()  # first: whoever comes after one of them may be found below
        for run in self.folder.find(known):
            execution = self._make(run, self.folder.load_ended(run))
            _fold_all(execution)
            if not self._take_in(execution):
                execution.pause()

    def _link_forgotten(self) -> None:
        """What was forgotten under an earlier kernel is still an attempt for those who wait."""
        with self._lock:
            seen = frozenset((*self._executions, *self._forgotten))
        for execution_id in self.folder.forgotten(seen):
            is_further = self.folder.first_attempt(execution_id) is not None
            execution = self.recall(execution_id) if is_further else None
            with self._lock:
                self._forgotten.add(execution_id)
                if execution is not None:
                    self._link(execution)

    def _take_in(self, execution: Execution) -> bool:
        """Keep one that another manager has started; False if it is known, ours or gone by now."""
        execution_id = execution.execution_id
        with self._lock:
            if execution_id in self._executions or execution_id in self.mine:
                return False
            if not self.folder.has(execution.run):  # it was forgotten since it was found
                return False
            self._keep(execution)
            self._new.append(execution)
            if execution.following:
                self._growing[execution_id] = execution
            return True

    def is_held(self, execution: Execution) -> bool:
        """Pending, and nobody lives who would start it."""
        if execution.status is not ExecutionStatus.PENDING or execution.execution_id in self.mine:
            return False
        try:
            if not execution.is_pending_at(execution.run.transcript.stat().st_size):
                return False  # there is news that has not been folded
        except OSError:
            return False  # its files are gone, which whoever follows it will say
        return not self.has_owner(execution)

    def owner_of(self, execution: Execution) -> Mapping[str, Any]:
        """Who owns it, as its files say; empty if they name nobody."""
        told = self.owners.claimed(execution.run) or execution.owner
        return told or (self.folder.load_owner(execution.run) if execution.status.ended else {})

    def has_owner(self, execution: Execution) -> bool:
        """Whether the manager that owns it lives; True if that cannot be known."""
        if execution.execution_id in self.mine:
            return True
        return self.owners.lives(self.owner_of(execution))


def _fold_all(execution: Execution) -> None:
    """Fold what is there of an earlier one's transcript, from where its fold was kept."""
    execution.restore()
    try:
        execution.catch_up()
    except ClaudeWidgetError as error:
        _LOG.warning("Execution %s cannot be read: %s", execution.execution_id, error)
    if execution.status.ended:
        execution.tell_end()
