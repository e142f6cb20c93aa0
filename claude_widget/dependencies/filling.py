"""What an execution asks for, once those that it names have ended.

The rule: the prompt and the session are filled in when it is its turn, on a thread of its own; only
then it is known whether it is run or played, and from which recording. What it was asked to do
before that is kept, since a later kernel may have to fill it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

from claude_widget.backend import Backend
from claude_widget.dependencies.errors import UnknownDependency
from claude_widget.dependencies.shown import ShownExecution, shown
from claude_widget.dependencies.variables import fill, named_in
from claude_widget.errors import ClaudeWidgetError, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.history.entry import fold
from claude_widget.models import ExecutionInfo, ExecutionRequest, ExecutionStatus
from claude_widget.queue.starting import Starting
from claude_widget.recordings.claims import Claim
from claude_widget.recordings.occurrences import Cell
from claude_widget.recordings.planning import Plan, Planner
from claude_widget.recordings.recorder import Recorder
from claude_widget.registry import Registry
from claude_widget.request import clean_query
from claude_widget.session_use import base_cost, check_session, holders


class Filling:
    """Fills for one manager; a `Preparation` of its starts. Safe from any thread.

    Args:
        registry: knows the executions that are named.
        backend: runs what is not played.
        starting: starts it afterwards.
        tell: hears of each that has changed without being followed.
        planner: decides what is played.
        recorder: records the others.
    """

    def __init__(
        self,
        registry: Registry,
        backend: Backend,
        starting: Starting,
        tell: Callable[[Execution], None],
        *,
        planner: Planner,
        recorder: Recorder,
    ) -> None:
        self._registry = registry
        self._backend = backend
        self._starting = starting
        self._tell = tell
        self._planner = planner
        self._recorder = recorder
        self._lock = threading.Lock()
        self._calls: WeakKeyDictionary[Execution, Cell | None] = WeakKeyDictionary()
        self._plans: dict[str, Plan] = {}
        """Of those that waited for an earlier kernel, and that a start goes on with."""

    # -- filling -----------------------------------------------------------------------------

    def can_be_filled(self, request: ExecutionRequest) -> bool:
        """Whether all that it names have completed."""
        found = (self._info(one) for one in needed_by(request))
        return all(info.status is ExecutionStatus.COMPLETED for info in found)

    def filled(self, request: ExecutionRequest) -> ExecutionRequest:
        """What it asks for by now.

        Raises:
            InvalidRequest: it does not fill, or names what is not known (any more).
        """
        known: dict[str, Any] = {"continues": None, "variables": None}
        if request.variables is not None:
            known["query"] = clean_query(fill(request.query, request.variables, self._shown))
        if request.continues is not None:
            known["session_id"] = self._session_of(request)
        return request.model_copy(update=known)

    def filled_now(self, request: ExecutionRequest) -> ExecutionRequest | None:
        """What it asks for if it were its turn now; None if that is not known yet."""
        try:
            return self.filled(request) if self.can_be_filled(request) else None
        except ClaudeWidgetError:
            return None  # as is told when it is its turn

    def _info(self, execution_id: str, field: str = "variables") -> ExecutionInfo:
        """What is known of one that is named.

        What was played at once has ended before it is followed. So that it does not depend on that
        when a start is filled, and refused if nothing is recorded for it, it is read here.
        """
        execution = self._latest(execution_id, field)
        info = execution.info
        if info.status.ended or not info.recorded or self._backend.alive(execution.run):
            return info
        return fold(execution.execution_id, execution.run.transcript)[0]

    def _latest(self, execution_id: str, field: str) -> Execution:
        """The newest attempt of the one that is named, also if it was cleaned up since."""
        execution = self._registry.recall(execution_id)
        if execution is None:
            raise UnknownDependency(execution_id, field)
        return execution.latest

    def continued(self, request: ExecutionRequest) -> str | None:
        """Id of the execution whose session it goes on with; None if it names none.

        Raises:
            UnknownDependency: it is not known (any more).
        """
        if request.continues is None:
            return None
        return self._latest(request.continues, "continues").execution_id

    def _shown(self, execution_id: str) -> ShownExecution:
        return shown(self._info(execution_id))

    def _session_of(self, request: ExecutionRequest) -> str:
        assert request.continues is not None
        continued = self._info(request.continues, "continues")
        if continued.session_id is None:
            raise InvalidRequest(
                f"Execution {continued.execution_id} has ended without a session to go on with.",
                field="continues",
            )
        if continued.project_path != request.project_path:
            raise InvalidRequest(
                f"Execution {continued.execution_id} has worked in {continued.project_path}, and "
                "sessions are of their folder.",
                field="continues",
                hint=f"Give project_path={continued.project_path!r}.",
            )
        return continued.session_id

    # -- when it is its turn -------------------------------------------------------------------

    def waits(self, execution: Execution, call: Cell | None) -> None:
        """That start was made there; it is filled later."""
        with self._lock:
            self._calls[execution] = call

    def planned(self, claim: Claim, plan: Plan) -> Claim:
        """The claim of a start, so that what waits and is gone on with is filled by its plan."""

        def begin(execution_id: str) -> None:
            claim.begin(execution_id)
            known = self._registry.get(execution_id)
            if known is not None and known.status is ExecutionStatus.PENDING:
                self._plans[execution_id] = plan

        def withdraw(execution_id: str) -> None:
            self._plans.pop(execution_id, None)
            claim.withdraw(execution_id)

        return claim._replace(begin=begin, withdraw=withdraw)

    def is_needed(self, execution: Execution) -> bool:
        """Whether it is not known yet what it asks for."""
        return execution.run.request.is_filled_later

    def prepare(self, execution: Execution) -> None:
        """Fill it, and decide what is to become of it.

        Raises:
            ClaudeWidgetError, OSError: it cannot be filled, or what it asks for cannot be had.
        """
        asked = execution.run.request
        request = self.filled(asked)
        check_session(self._registry, request, execution.execution_id)
        plan = self._planned(execution, request)
        try:
            if plan.recording is None and not self._planner.plays_all:
                self._backend.check(request)
            written = self._written(execution, request, plan)
        except BaseException:
            self._planner.give_back(plan)
            raise
        if not written:
            self._planner.give_back(plan)
            return
        changed = self._planner.made(plan, execution.execution_id)
        for other in (self._registry.get(one) for one in changed):
            if other is not None:
                self._tell(other)

    def _planned(self, execution: Execution, request: ExecutionRequest) -> Plan:
        planned = self._plans.pop(execution.execution_id, None)
        if planned is not None:
            return planned
        with self._lock:
            call = self._calls.pop(execution, None)
        had_by = holders(self._registry, request, self.continued(execution.run.request))
        if execution.state.asked.recorded:  # it is to be played, and never run instead
            request = request.model_copy(update={"mode": "replay"})
        return self._planner.plan(request, had_by, named=True, call=call)

    def _written(self, execution: Execution, request: ExecutionRequest, plan: Plan) -> bool:
        """Note it; False if the execution was cancelled meanwhile."""
        run = execution.run
        is_played = self._planner.plays_all or plan.recording is not None
        continued = self.continued(run.request)
        base = None if is_played else base_cost(self._registry, request, continued)
        with self._starting.lock:  # nobody cancels it before it is known to be recorded
            written = self._starting.write_quietly(
                execution,
                "filled",
                query=request.query,
                session_id=request.session_id,
                resumed_from=continued,
                base_cost_usd=base,
                recorded=is_played,
                key=None if plan.key is None else plan.key.key,
                recorded_time=None if plan.played is None else plan.played.recorded_time,
                lacking=plan.lacking,
            )
            if written:
                self._recorder.admitted(plan, request, run.execution_id)
                execution.run = run.filled(request)
        return written

    def withdraw(self, execution: Execution) -> None:
        """It is not started after all, which leaves nothing behind."""


def needed_by(request: ExecutionRequest) -> frozenset[str]:
    """Ids of the executions without which it cannot be filled."""
    continued = () if request.continues is None else (request.continues,)
    return frozenset([*named_in(request.variables), *continued])


def asked_again(execution: Execution) -> ExecutionRequest:
    """What an execution was asked, to be asked again: filled as it was, if it ever was started.

    A callable that decided what its CLI asked has gone with its kernel; a person is asked then.
    """
    request = as_filled(execution)
    if request.permissions == "callable" and execution.decide is None:
        return request.model_copy(update={"permissions": "ask"})
    return request


def as_filled(execution: Execution) -> ExecutionRequest:
    """What an execution was asked, filled as it was when it was started, if it ever was."""
    request, info = execution.run.request, execution.info
    if not request.is_filled_later or info.start_time is None:
        return request
    known: dict[str, Any] = {"query": info.query, "variables": None}
    if not request.fork_session and request.continues is not None:
        known |= {"session_id": info.session_id, "continues": None}
    return request.model_copy(update=known)
