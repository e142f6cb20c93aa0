"""From a request to an execution that waits for its start: what is refused, and what is written.

The rule: it writes the records before the spawn, and puts the execution into the waiting line. Who
is started, and when, `queue/starting` decides.
"""

from __future__ import annotations

import os
from collections import ChainMap
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from claude_widget.backend import Backend, Run
from claude_widget.dependencies.errors import UnknownDependency
from claude_widget.dependencies.filling import Filling
from claude_widget.errors import ClaudeWidgetError, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.mcp.config import describe_mcp_config
from claude_widget.models import ExecutionRequest, Reason
from claude_widget.queue.starting import Starting
from claude_widget.recordings.claims import Claim
from claude_widget.recordings.errors import RecordingDamaged, RecordingNotFound, RecordingTooNew
from claude_widget.recordings.occurrences import Cell
from claude_widget.recordings.planning import Plan, Planner
from claude_widget.recordings.recorder import Recorder
from claude_widget.registry import MakeExecution, Registry
from claude_widget.request import check_root
from claude_widget.runtime import host_name
from claude_widget.session_use import base_cost, check_session, holders
from claude_widget.transcript import Writer
from claude_widget.trust import check_project
from claude_widget.user_code import NO_CODE, UserCode
from claude_widget.worktrees.preparing import Worktrees
from claude_widget.worktrees.source import Source

Attach = Callable[[ExecutionRequest, UserCode, Claim | None], Execution | None]
"""Finds an execution of an earlier kernel that an equal start goes on with."""
Find = Callable[[str], Execution | None]


class Origin(NamedTuple):
    """Where a start comes from, as its transcript says.

    Attributes:
        resumed_from: id of the execution whose session it goes on with.
        attempt: which attempt it is, from 1.
        attempt_of: id of the first attempt, where it is a further one.
        batch: id of its batch and the number of its row, from 0.
        template: name of the template that its query was made from.
        step: it is one of a pipeline: what cannot be played fails, and the others go on.
        call: where it was asked for; None if that is being done just now.
        base_cost_usd: US dollars that its session has cost before; None if nobody knows.
    """

    resumed_from: str | None = None
    attempt: int = 1
    attempt_of: str | None = None
    batch: tuple[str, int] | None = None
    template: str | None = None
    step: bool = False
    call: Cell | None = None
    base_cost_usd: float | None = None


_NEW = Origin()


class Admission:
    """Admits executions. Safe from any thread.

    Args:
        registry: keeps them.
        backend: runs them.
        starting: starts them.
        make: makes one of a run.
        tell: hears of each new one, whoever asked for it; one that waits does not change for long.
        planner: decides which of them are played.
        recorder: records the others.
        filling: fills what is known only once others have ended.
        worktrees: makes those that are asked for.

    Attributes:
        cover: hears the id of each new one, before it may be started, in the context of the call.
    """

    def __init__(
        self,
        registry: Registry,
        backend: Backend,
        starting: Starting,
        make: MakeExecution,
        tell: Callable[[Execution], None],
        *,
        planner: Planner,
        recorder: Recorder,
        filling: Filling,
        worktrees: Worktrees,
    ) -> None:
        self._worktrees = worktrees
        self.cover: Callable[[str], None] = lambda _: None
        self._planner = planner
        self._filling = filling
        self._recorder = recorder
        self._tell = tell
        self._registry = registry
        self._backend = backend
        self._starting = starting
        self._make = make
        self.filled_now = filling.filled_now

    def admit(
        self,
        request: ExecutionRequest,
        origin: Origin = _NEW,
        code: UserCode = NO_CODE,
        attach: Attach | None = None,
    ) -> Execution:
        """A new execution, started if a slot is free, else waiting.

        Args:
            request: what is asked for.
            origin: where it comes from.
            code: what Python has of it; kept in memory only.
            attach: finds what is there already and need not be started; None: another is started.

        Raises:
            InvalidRequest: it names what is not there, or a session in use.
            ProjectNotTrusted: the project's own files would do what nobody has seen.
            RecordingNotFound: it is to be played, and nothing is recorded for it.
            SessionOnlyReplayed: it is to be run, on a session that was only replayed.
            ClaudeWidgetError: the state folder cannot be written; nothing is left of it.
        """
        # What a batch waits for is checked when the batch is made; cleaned up since, it stays met.
        self.check_after(request, self._registry.recall if origin.batch else None)
        try:
            return self._admit_now(request, origin, code, attach)
        except (RecordingNotFound, RecordingDamaged, RecordingTooNew) as error:
            if not origin.step:
                raise
            plan = Plan("replay", call=origin.call)  # so that it is never run
            return self._admit(request, plan, origin, code, problem=str(error))

    def _admit_now(
        self, request: ExecutionRequest, origin: Origin, code: UserCode, attach: Attach | None
    ) -> Execution:
        if request.is_filled_later:
            if not self._filling.can_be_filled(request):
                return self._wait_for_others(request, origin, code, attach)
            continued = self._filling.continued(request)
            origin = origin._replace(resumed_from=continued or origin.resumed_from)
            request = self._filling.filled(request)
        named = origin.resumed_from is not None
        had_by = holders(self._registry, request, origin.resumed_from)
        if had_by:
            origin = origin._replace(resumed_from=had_by[0].execution_id)
        plan = self._planner.plan(request, had_by, named=named, call=origin.call)
        try:
            found = self._attached(request, plan, code, attach)
            return self._admit(request, plan, origin, code) if found is None else found
        except BaseException:
            self._planner.give_back(plan)
            raise

    def admit_again(
        self,
        request: ExecutionRequest,
        origin: Origin,
        before: Execution,
        admitted: Callable[[str], None],
    ) -> Execution:
        """Another attempt at what an execution has failed at, started when it is its turn.

        What is recorded of that one, and what it changed, goes on with the attempt.

        Args:
            request: what the attempt is asked.
            origin: which attempt it is.
            before: the one before, whose end was not told yet.
            admitted: hears its id before it may be started.

        Raises:
            ClaudeWidgetError: it cannot be started.
        """
        plan = self._recorder.plan_of(before.execution_id) or Plan()

        def made(execution_id: str) -> None:
            self._recorder.hand_over(before.execution_id, execution_id)
            admitted(execution_id)

        plan = plan._replace(from_the_top=plan.number)  # that it is out of order was told
        return self._admit(request, plan, origin, before.user_code, made)

    def _wait_for_others(
        self, request: ExecutionRequest, origin: Origin, code: UserCode, attach: Attach | None
    ) -> Execution:
        """One whose prompt or session is known only once others have ended."""
        plan = Plan(self._planner.mode_of(request), call=origin.call or self._planner.call())
        found = None
        if attach is not None and plan.mode != "replay":
            found = attach(request, code, None)
        if found is None:
            return self._admit(request, plan, origin, code)
        self.cover(found.execution_id)
        return found

    def _attached(
        self, request: ExecutionRequest, plan: Plan, code: UserCode, attach: Attach | None
    ) -> Execution | None:
        """What an earlier kernel has left, in place of a start that is not played."""
        if attach is None or plan.recording is not None:
            return None
        claim = self._recorder.claim(plan)
        if claim is not None:
            claim = self._filling.planned(claim, plan)
        execution = attach(request, code, claim)
        if execution is not None:
            self.cover(execution.execution_id)
            self._tell_others(self._planner.made(plan, execution.execution_id))
        return execution

    def _admit(
        self,
        request: ExecutionRequest,
        plan: Plan,
        origin: Origin,
        code: UserCode,
        made: Callable[[str], None] | None = None,
        *,
        problem: str = "",
    ) -> Execution:
        may_be_played = request.is_filled_later and plan.mode in ("replay", "auto")
        source = None
        if plan.recording is None and not (may_be_played or problem):
            self._backend.check(request)
            self._check_project(request)
            if not self._planner.plays_all:
                source = self._worktrees.check(request, origin.resumed_from)
        if plan.recording is None:
            base = base_cost(self._registry, request, origin.resumed_from)
            origin = origin._replace(base_cost_usd=base)
        with self._starting.lock:
            if self._starting.closed:
                raise ClaudeWidgetError("The manager is closed.", hint="Make a new ProcessManager.")
            self.check_after(request, self._registry.recall)  # cleaned up since, it stays met
            check_session(self._registry, request)
            run = self._create(request, plan, origin, source)
            (made or self.cover)(run.execution_id)
            changed = self._planner.made(plan, run.execution_id)
            execution = self._make(run, None)
            execution.user_code = code
            if request.is_filled_later:
                self._filling.waits(execution, plan.call)
            execution.catch_up()
            execution.pause()  # a long line of them must not hold a descriptor each
            self._registry.add_mine(execution)
            if problem:
                self._starting.refuse(execution, Reason.STARTUP, problem)
            else:
                self._starting.wait_in_line(execution)
                self._starting.fill_slots(checked=run.execution_id)
            self._registry.folder.keep_request(run)  # which need not be there before a start
        self._tell_others(changed)
        self._tell(execution)
        return execution

    def _tell_others(self, changed: Iterable[str]) -> None:
        """Tell of those that may be stale from now on, or no more."""
        for other in (self._registry.get(one) for one in changed):
            if other is not None:
                self._tell(other)

    def _check_project(self, request: ExecutionRequest) -> None:
        if not self._planner.plays_all:  # a recording runs nothing
            check_root(request)
            check_project(request, self._registry.folder.path, ChainMap(request.env, os.environ))

    def _create(
        self, request: ExecutionRequest, plan: Plan, origin: Origin, source: Source | None
    ) -> Run:
        """The execution's folder with its first records, or nothing at all."""
        warm = None if self._is_played(plan) else self._starting.warming.give(request)
        run = warm or self._registry.folder.new_run(request)
        self._registry.claim(run.execution_id)
        try:
            self._registry.folder.create(run)
            self._worktrees.admitted(run, source)
            self._write_request(run, plan, origin)
            if not request.is_filled_later and (plan.recording or plan.mode != "replay"):
                self._recorder.admitted(plan, request, run.execution_id)
        except ClaudeWidgetError:
            self._take_back(run)
            raise
        except OSError as error:
            self._take_back(run)
            raise ClaudeWidgetError(
                f"The state folder cannot be written: {error}.",
                hint="Nothing was started. Make room, or give another state_dir.",
            ) from error
        return run

    def _take_back(self, run: Run) -> None:
        self._starting.warming.ended(run.execution_id)
        self._registry.folder.discard(run)
        self._registry.claim(run.execution_id, ours=False)

    def take_up(
        self, execution: Execution, owner: Mapping[str, Any], name: str | None, instead_of: str
    ) -> bool:
        """Put one into the line that waited for a manager that is gone.

        Args:
            execution: it.
            owner: whose it is from now on: this manager.
            name: what it is called from now on; unchanged if None.
            instead_of: id of the manager that is gone.

        Returns:
            False if it is another manager's by now, or waits no more.

        Raises:
            RecordingNotFound, RecordingDamaged, RecordingTooNew: it is to be played, and cannot be.
            InvalidRequest: it is to be run, and the mode is replay.
        """
        request = execution.run.request
        if execution.state.asked.recorded:
            if not request.is_filled_later:
                self._recorder.choose_again(execution)
        else:
            self._planner.check_runs(request)
            self._backend.check(request)
        with self._starting.lock:
            try:
                writer = Writer(execution.run.transcript)
            except OSError:
                return False
            with writer:
                if self._starting.closed or not execution.is_pending_at(writer.size):
                    return False
                named = {} if name is None else {"name": name}
                writer.meta("adopted", owner=owner, **named)
            execution.catch_up()
            execution.pause()
            self._starting.wait_in_line(execution)
            self._registry.adopt(execution, instead_of)
            self._starting.fill_slots()
        return True

    def _is_played(self, plan: Plan) -> bool:
        """Whether it runs nothing, as far as is known by now."""
        return self._planner.plays_all or plan.recording is not None or plan.mode == "replay"

    def check_after(self, request: ExecutionRequest, find: Find | None = None) -> None:
        """Refuse what comes after something that is not there, or that nobody will start."""
        find = find or self._registry.get
        if any(find(one) is None for one in request.after):
            self._registry.look_around()  # another manager may have started it a moment ago
        for execution_id in request.after:
            first = find(execution_id)
            if first is None:
                raise UnknownDependency(execution_id)
            if self._registry.is_held(first):
                raise InvalidRequest(
                    f"after names {execution_id!r}, which nobody will start.", field="after"
                )

    def _write_request(self, run: Run, plan: Plan, origin: Origin) -> None:
        request = run.request
        public: dict[str, Any] = request.model_dump(
            mode="json", by_alias=True, exclude={"mcp_config", "env"}
        )
        mcp = describe_mcp_config(request.mcp_config, request.mcp_config_path)
        with Writer(run.transcript, create=True) as writer:
            writer.begin(
                run.execution_id,
                host_name(),
                request={**public, "env": sorted(request.env)},
                mcp_config=None if mcp is None else mcp.model_dump(mode="json"),
                owner=self._registry.owners.me,
                recorded=self._is_played(plan),
                key=None if plan.key is None else plan.key.key,
                recorded_time=None if plan.played is None else plan.played.recorded_time,
                lacking=plan.lacking,
                **_told(origin),
            )


def _told(origin: Origin) -> dict[str, Any]:
    """What the request's record says of it; what is not so is left out."""
    told: dict[str, Any] = {"resumed_from": origin.resumed_from}
    if origin.base_cost_usd is not None:
        told["base_cost_usd"] = origin.base_cost_usd
    if origin.attempt_of is not None:
        told |= {"attempt": origin.attempt, "attempt_of": origin.attempt_of}
    if origin.batch is not None:
        told["batch"] = {"id": origin.batch[0], "row": origin.batch[1]}
    if origin.template is not None:
        told["template"] = origin.template
    return told
