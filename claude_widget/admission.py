"""From a request to a spawned execution: what is written first, who may start, and who never will.

The rule: it writes the records before the spawn and hands the transcript over to the backend. It
decides who starts and when; it does not follow what became of it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from claude_widget.backend import Backend, Run
from claude_widget.errors import ClaudeWidgetError, InvalidRequest, SessionInUse
from claude_widget.execution import Execution
from claude_widget.mcp.config import describe_mcp_config
from claude_widget.models import ExecutionRequest, ExecutionStatus, Reason
from claude_widget.permissions import Decider
from claude_widget.recordings.planning import Plan, Planner
from claude_widget.recordings.recorder import Claim, Recorder
from claude_widget.registry import MakeExecution, Registry
from claude_widget.request import check_root
from claude_widget.runtime import host_name
from claude_widget.transcript import Writer
from claude_widget.trust import check_project
from claude_widget.waiting_line import Outcome, WaitingLine

_LOG = logging.getLogger(__name__)
Attach = Callable[[ExecutionRequest, Decider | None, Claim | None], Execution | None]
"""Finds an execution of an earlier kernel that an equal start goes on with."""


class Admission:
    """Starts executions, as many at once as there are slots. Safe from any thread.

    Args:
        registry: keeps them.
        backend: runs them.
        line: of those that wait.
        make: makes one of a run.
        tell: hears of each new one, whoever asked for it; one that waits does not change for long.
        planner: decides which of them are played.
        recorder: records the others.
    """

    def __init__(
        self,
        registry: Registry,
        backend: Backend,
        line: WaitingLine,
        make: MakeExecution,
        tell: Callable[[Execution], None],
        *,
        planner: Planner,
        recorder: Recorder,
    ) -> None:
        self._planner = planner
        self._recorder = recorder
        self._tell = tell
        self._registry = registry
        self._backend = backend
        self._line = line
        self._make = make
        self._lock = threading.RLock()
        self._closed = False

    def admit(
        self,
        request: ExecutionRequest,
        resumed_from: str | None = None,
        decide: Decider | None = None,
        attach: Attach | None = None,
    ) -> Execution:
        """A new execution, started if a slot is free, else waiting.

        Args:
            request: what is asked for.
            resumed_from: the execution whose session it goes on with.
            decide: decides what its CLI asks; kept in memory only.
            attach: finds what is there already and need not be started; None: another is started.

        Raises:
            InvalidRequest: it names what is not there, or a session in use.
            ProjectNotTrusted: the project's own files would do what nobody has seen.
            RecordingNotFound: it is to be played, and nothing is recorded for it.
            SessionOnlyReplayed: it is to be run, on a session that was only replayed.
            ClaudeWidgetError: the state folder cannot be written; nothing is left of it.
        """
        holders = self._holders(request, resumed_from)
        before = holders[0].execution_id if holders else resumed_from
        plan = self._planner.plan(request, holders, named=resumed_from is not None)
        try:
            found = self._attached(request, plan, decide, attach)
            return self._admit(request, plan, before, decide) if found is None else found
        except BaseException:
            self._planner.give_back(plan)
            raise

    def _attached(
        self, request: ExecutionRequest, plan: Plan, decide: Decider | None, attach: Attach | None
    ) -> Execution | None:
        """What an earlier kernel has left, in place of a start that is not played."""
        if attach is None or plan.recording is not None:
            return None
        execution = attach(request, decide, self._recorder.claim(plan))
        if execution is not None:
            self._tell_others(self._planner.made(plan, execution.execution_id))
        return execution

    def _admit(
        self, request: ExecutionRequest, plan: Plan, before: str | None, decide: Decider | None
    ) -> Execution:
        if plan.recording is None:
            self._backend.check(request)
            self._check_project(request)
        with self._lock:
            if self._closed:
                raise ClaudeWidgetError("The manager is closed.", hint="Make a new ProcessManager.")
            self._check_after(request)
            self._check_session(request)
            run = self._create(request, plan, before)
            changed = self._planner.made(plan, run.execution_id)
            execution = self._make(run, None)
            execution.decide = decide
            execution.catch_up()
            execution.pause()  # a long line of them must not hold a descriptor each
            self._registry.add_mine(execution)
            self._line.add(run.execution_id, request.priority, request.after)
            self.fill_slots()
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
            check_project(request, self._registry.folder.path, {**os.environ, **request.env})

    def _create(self, request: ExecutionRequest, plan: Plan, resumed_from: str | None) -> Run:
        """The execution's folder with its first records, or nothing at all."""
        run = self._registry.folder.new_run(request)
        self._registry.claim(run.execution_id)
        try:
            self._registry.folder.create(run)
            self._write_request(run, plan, resumed_from)
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
            self._recorder.choose_again(execution)
        else:
            self._planner.check_runs(request)
            self._backend.check(request)
        with self._lock:
            try:
                writer = Writer(execution.run.transcript)
            except OSError:
                return False
            with writer:
                if self._closed or not execution.is_pending_at(writer.size):
                    return False
                named = {} if name is None else {"name": name}
                writer.meta("adopted", owner=owner, **named)
            execution.catch_up()
            execution.pause()
            self._line.add(execution.execution_id, request.priority, request.after)
            self._registry.adopt(execution, instead_of)
            self.fill_slots()
        return True

    def runs(self, execution: Execution) -> None:
        """One that runs has become this manager's, and takes a slot."""
        with self._lock:
            self._line.runs(execution.execution_id)
            if execution.status.ended:  # a moment ago, and nobody will tell it again
                self._line.freed(execution.execution_id)

    def _check_after(self, request: ExecutionRequest) -> None:
        for execution_id in request.after:
            first = self._registry.get(execution_id)
            if first is None:
                raise InvalidRequest(
                    f"after names {execution_id!r}, which this manager does not know.",
                    field="after",
                )
            if self._registry.is_held(first):
                raise InvalidRequest(
                    f"after names {execution_id!r}, which nobody will start.", field="after"
                )

    def _check_session(self, request: ExecutionRequest) -> None:
        """Two executions at once on one session would interleave its file (cli-facts E4)."""
        wanted = request.session_id
        if wanted is None or request.fork_session:
            return
        self._registry.look_around()  # another manager may have taken it a moment ago
        for execution in self._registry.active():
            if execution.execution_id in request.after:
                continue
            asked = execution.run.request
            held = execution.info.session_id
            if asked.fork_session and held == asked.session_id:
                held = None  # a fork has a session of its own, which it has not told yet
            if held == wanted:
                raise SessionInUse(wanted, execution.execution_id)

    def _holders(self, request: ExecutionRequest, named: str | None) -> list[Execution]:
        """The executions of the session that is to be resumed: the named one, then the latest."""
        if request.session_id is None:
            return []
        latest = self._registry.all()[::-1]
        found = [one for one in latest if one.info.session_id == request.session_id]
        return sorted(found, key=lambda one: one.execution_id != named)

    def _write_request(self, run: Run, plan: Plan, resumed_from: str | None) -> None:
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
                recorded=self._planner.plays_all or plan.recording is not None,
                key=None if plan.key is None else plan.key.key,
                recorded_time=plan.recorded_time,
                lacking=plan.lacking,
                resumed_from=resumed_from,
            )

    def fill_slots(self) -> float | None:
        """Start who may start; seconds until the next start may be possible, or None."""
        with self._lock:
            while not self._closed:
                now = time.monotonic()
                found = self._line.next(now, self._outcome)
                if found is None:
                    return self._line.due(now)
                execution = self._registry.known(found[0])
                if found[1]:
                    self._spawn(execution)
                else:
                    self._refuse_dependant(execution)
        return None

    def _outcome(self, execution_id: str) -> Outcome:
        execution = self._registry.get(execution_id)
        if execution is None:
            return "did not complete"
        if not execution.status.ended or self._recorder.is_saving(execution_id):
            return "waits"
        done = execution.status is ExecutionStatus.COMPLETED
        return "completed" if done else "did not complete"

    def _spawn(self, execution: Execution) -> None:
        runs = not execution.state.asked.recorded
        self._line.started(execution.execution_id, time.monotonic(), staggers=runs)
        try:
            writer = Writer(execution.run.transcript)
            try:
                if writer.size != execution.read_bytes:  # another manager has cancelled it
                    writer.close()
                    return
                if runs:
                    self._planner.check_runs(execution.run.request)
                    self._check_project(execution.run.request)  # it may have waited long
                self._recorder.starts(execution)
                self._backend.start(execution.run, writer)
            except BaseException:
                writer.close()
                raise
        except (OSError, ClaudeWidgetError) as error:
            self.refuse(execution, Reason.STARTUP, str(error))

    def _refuse_dependant(self, execution: Execution) -> None:
        self._line.remove(execution.execution_id)
        after = execution.run.request.after
        failed = [one for one in after if self._outcome(one) == "did not complete"]
        said = f"Not started: {', '.join(failed)} did not complete."
        self.refuse(execution, Reason.DEPENDENCY, said)

    def refuse(self, execution: Execution, reason: Reason, error: str) -> None:
        """Write that it will never run."""
        try:
            with Writer(execution.run.transcript) as writer:
                writer.meta("refused", reason=reason, error=error)
        except OSError as problem:
            _LOG.error("Execution %s: %s (%s)", execution.execution_id, error, problem)

    def has_spawned(self, execution: Execution) -> bool:
        """Whether it was handed to the backend here; not while that is being done."""
        with self._lock:
            return self._line.has_slot(execution.execution_id)

    def waits(self, execution: Execution) -> bool:
        """Whether it is in the waiting line."""
        with self._lock:
            return self._line.waits(execution.execution_id)

    def cancel(self, execution: Execution, reason: Reason) -> bool:
        """End one that was never started; False if it is not one of those.

        Another manager's too: whoever holds the transcript's lock decides, and its owner looks
        before it starts anything.
        """
        with self._lock:
            mine = self._line.remove(execution.execution_id)
            if not mine and execution.status is not ExecutionStatus.PENDING:
                return False
            try:
                writer = Writer(execution.run.transcript)
            except OSError:
                return False  # it is being started this very moment
            with writer:
                if not execution.is_pending_at(writer.size):
                    return mine  # another manager has cancelled it, or it has run meanwhile
                writer.meta("kill", reason=reason)
                writer.meta("ended", exit_code=None, error="", forced=False, descendants=0)
            return True

    def let_go(self) -> None:
        """Take those out of the line that another manager has cancelled.

        What waits is not followed; once it is out, it is, and its end is seen. A `stat` of each,
        once in a while, is all that this costs.
        """
        with self._lock:
            for execution_id in self._line.waiting:
                execution = self._registry.get(execution_id)
                if execution is None or not _still_waits(execution):
                    self._line.remove(execution_id)

    def freed(self, execution: Execution) -> None:
        """It has ended: its slot is free."""
        with self._lock:
            self._line.freed(execution.execution_id)
            self._line.remove(execution.execution_id)

    def close(self) -> None:
        """Start nothing from now on."""
        with self._lock:
            self._closed = True


def _still_waits(execution: Execution) -> bool:
    """Whether nobody has written to its transcript since it was put into the line."""
    try:
        return execution.is_pending_at(execution.run.transcript.stat().st_size)
    except FileNotFoundError:
        return False  # which whoever follows it will say
    except OSError:
        return True  # it cannot be looked at for now
