"""The queue as its user holds it: who waits, in what order, and what holds them up.

The rule: it changes the waiting line and writes what must outlive the kernel; who is started is
decided in `starting`. It knows no page and no magic.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol

from claude_widget.errors import ControlFailed, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.models import ExecutionStatus, Reason
from claude_widget.protocol.queue import QueuePause, QueueState
from claude_widget.quantities import PRIORITY, count
from claude_widget.queue.errors import NotInQueue
from claude_widget.queue.starting import Starting
from claude_widget.queue.waiting_line import Place, WaitingLine
from claude_widget.registry import Registry
from claude_widget.steering import Steering

_MOST_NOTICES = 5
_LONGEST_NOTICE = 1_000
"""Characters."""


class Pauses(Protocol):
    """Something beside the user that may pause the queue."""

    def pause(self) -> QueuePause | None:
        """The pause that holds now, of all models or of some, or None."""

    def pause_of(self, model: str | None, project_path: str) -> QueuePause | None:
        """The pause that holds up starts of that model in that project, or None."""

    def resume(self) -> None:
        """A person says that new ones may start all the same."""


class Queue:
    """The pending executions of one manager, and how they are started. Safe from any thread.

    Args:
        starting: starts them.
        line: their order.
        registry: keeps them.
        steering: ends those that run.
        look: has the manager start who may start, at once.
    """

    def __init__(
        self,
        starting: Starting,
        line: WaitingLine,
        registry: Registry,
        steering: Steering,
        *,
        look: Callable[[], None],
    ) -> None:
        self._starting = starting
        self._line = line
        self._registry = registry
        self._steering = steering
        self._look = starting.look = look
        self._listeners: tuple[Callable[[], None], ...] = ()
        self._notices: tuple[str, ...] = ()
        self.pauses: Pauses | None = None
        """What else may pause it; set by the manager."""
        self.cut_off: Callable[[], None] = lambda: None
        """Ends what would put more into it, such as rows of batches; set by the manager."""

    # -- what there is -----------------------------------------------------------------------

    @property
    def executions(self) -> tuple[Execution, ...]:
        """Those that wait, in the order in which they would start."""
        with self._starting.lock:
            found = [self._registry.get(one) for one in self._line.waiting]
        return tuple(one for one in found if one is not None)

    def __iter__(self) -> Iterator[Execution]:
        return iter(self.executions)

    def __len__(self) -> int:
        return self._line.waiting_count

    @property
    def slots(self) -> int:
        """How many may run at once; asked without a lock, by whoever holds one of its own."""
        return self._line.slots

    @property
    def paused(self) -> bool:
        """Nothing is started, whoever has paused it; `state.pause` says why."""
        pause = self.state.pause
        return pause is not None and not pause.families

    def pause_of(self, model: str | None, project_path: str) -> QueuePause | None:
        """What holds up such starts now, if anything: some limits are of one family of models."""
        if self._line.paused:
            return QueuePause(kind="user")
        return None if self.pauses is None else self.pauses.pause_of(model, project_path)

    @property
    def state(self) -> QueueState:
        """A snapshot, with `pause`, `slots`, `taken`, `waiting` and `on_hold`."""
        pause = QueuePause(kind="user") if self._line.paused else None
        if pause is None and self.pauses is not None:
            pause = self.pauses.pause()
        with self._starting.lock:
            if not self._line.taken and not self._line.waiting_count:
                self._notices = ()  # what they were about is over
            return QueueState(
                pause=pause,
                slots=self._line.slots,
                taken=self._line.taken,
                waiting=self._line.waiting_count,
                on_hold=self._line.held_count,
                notices=self._notices,
            )

    def rank_of(self, execution: Execution) -> float | None:
        """Its place among those of its priority, lower first; None if it does not wait here."""
        return self._line.rank_of(execution.execution_id)

    def on_change(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Be called, on any thread, when it was paused, resumed or given other slots.

        For faces; must return at once. Returns the way back.
        """
        self._listeners = (*self._listeners, listener)

        def remove() -> None:
            self._listeners = tuple(one for one in self._listeners if one is not listener)

        return remove

    def changed(self) -> None:
        """Tell that it is in another state, and start who may start."""
        for listener in self._listeners:
            listener()
        self._look()

    def note(self, text: str) -> None:
        """Have pages say something plainly, for as long as anything runs or waits."""
        self._notices = (*self._notices, text[:_LONGEST_NOTICE])[-_MOST_NOTICES:]
        for listener in self._listeners:
            listener()

    # -- all of it ---------------------------------------------------------------------------

    def pause(self) -> None:
        """Start nothing until `resume`; what runs goes on."""
        self._line.paused = True
        self.changed()

    def resume(self) -> None:
        """Start again, also where a limit of the API has paused it."""
        self._line.paused = False
        if self.pauses is not None:
            self.pauses.resume()
        self.changed()

    def cancel_pending(self) -> list[Execution]:
        """End all that wait, as killed by the user, rows of batches included.

        Returns:
            Those that were executions already.

        Raises:
            ControlFailed: the transcript of one cannot be written; the others are ended.
        """
        cancelled, refused = self._cancel_pending()
        if refused:
            raise refused[0]
        return cancelled

    def _cancel_pending(self) -> tuple[list[Execution], list[ControlFailed]]:
        self.cut_off()
        cancelled: list[Execution] = []
        refused: list[ControlFailed] = []
        for execution in self.executions:
            try:
                if self._starting.cancel(execution, Reason.USER):
                    cancelled.append(execution)
            except ControlFailed as error:
                refused.append(error)
        self.changed()
        return cancelled, refused

    def kill_all(self) -> list[Execution]:
        """End all that this manager owns, those that wait first, so that none is started.

        Returns:
            Those that had not ended.

        Raises:
            ControlFailed: one lives and does not answer; the others are ended all the same.
        """
        killed, refused = self._cancel_pending()
        for execution in self._registry.all():
            mine = execution.execution_id in self._registry.mine
            if execution.end_told or not mine or execution in killed:
                continue
            if not execution.status.ended:
                killed.append(execution)
            try:
                self._steering.kill(execution, Reason.USER)
            except ControlFailed as error:
                refused.append(error)
        if refused:
            raise refused[0]
        return killed

    # -- one execution -----------------------------------------------------------------------

    def hold(self, execution: Execution | str) -> None:
        """Do not start that one until it is released; a later kernel knows of it, too.

        Raises:
            NotInQueue: it does not wait here.
        """
        with self._starting.lock:
            waiting = self._waiting(execution)
            if not self._line.is_held(waiting.execution_id):
                self._write(waiting, "held")
                self._line.hold(waiting.execution_id)
        self._starting.tell(waiting)
        self.changed()

    def release(self, execution: Execution | str) -> None:
        """Start it when it is its turn.

        Raises:
            NotInQueue: it does not wait here.
        """
        with self._starting.lock:
            waiting = self._waiting(execution)
            if self._line.is_held(waiting.execution_id):
                self._write(waiting, "released")
                self._line.release(waiting.execution_id)
        self._starting.tell(waiting)
        self.changed()

    def set_priority(self, execution: Execution | str, priority: int) -> None:
        """Put it behind those of that priority that wait already; higher ones go first.

        Raises:
            NotInQueue: it does not wait here.
            InvalidRequest: that is no whole number.
        """
        priority = count("priority", priority, least=-PRIORITY, most=PRIORITY)
        with self._starting.lock:
            waiting = self._waiting(execution)
            self._write(waiting, "prioritised", priority=priority)
            self._line.prioritise(waiting.execution_id, priority)
        self._starting.tell(waiting)
        self.changed()

    def move(
        self,
        execution: Execution | str,
        *,
        before: Execution | str | None = None,
        to: Place = "front",
    ) -> None:
        """Put it in front of another one that waits, or to an end of the queue.

        It takes the priority of the one that it comes next to.

        Args:
            execution: it.
            before: the other one.
            to: "front" or "back", where no other one is named.

        Raises:
            NotInQueue: it, or the other one, does not wait here.
            InvalidRequest: there is no such end.
        """
        if to not in ("front", "back"):
            raise InvalidRequest(f"to is 'front' or 'back', not {to!r}.", field="to")
        with self._starting.lock:
            waiting = self._waiting(execution)
            other = None if before is None else self._waiting(before).execution_id
            if other == waiting.execution_id:
                return
            all_moved = self._line.move(waiting.execution_id, before=other, to=to)
            priority = self._line.priority_of(waiting.execution_id)
            if priority != waiting.info.priority:
                self._write(waiting, "prioritised", priority=priority)
        for moved in self.executions if all_moved else (waiting,):
            self._starting.tell(moved)
        self.changed()

    def _write(self, execution: Execution, event: str, **fields: object) -> None:
        """Note it. Whoever listens has locks, too, and is told once this one is let go."""
        if not self._starting.write_quietly(execution, event, **fields):
            raise NotInQueue(execution.execution_id, execution.status)

    def _waiting(self, execution: Execution | str) -> Execution:
        known = self._registry.known(str(getattr(execution, "execution_id", execution)))
        if not self._line.waits(known.execution_id):
            pending = known.status is ExecutionStatus.PENDING
            raise NotInQueue(known.execution_id, "not this manager's" if pending else known.status)
        return known

    def __repr__(self) -> str:
        state = self.state
        why = f" paused ({state.pause.kind})" if state.pause else ""
        return f"<Queue {state.waiting} waiting, {state.taken} of {state.slots} slots taken{why}>"
