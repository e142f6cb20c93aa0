"""Taking over executions whose own manager is gone, and starts that go on with one of them.

The rule: it decides whose an execution is, never what it does. What runs changes its owner through
its shim, what waits under its transcript's lock, so that of several managers exactly one has it. A
manager takes what is its own notebook's by itself, and the rest when it is asked to.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from typing import Any

from claude_widget.admission import Admission
from claude_widget.backend import Backend, Run
from claude_widget.errors import (
    ClaudeWidgetError,
    ControlFailed,
    ExecutionEnded,
    ExecutionOwned,
    InvalidRequest,
)
from claude_widget.execution import Execution
from claude_widget.models import ExecutionRequest, ExecutionStatus
from claude_widget.queue.starting import Starting
from claude_widget.recordings.claims import Claim
from claude_widget.registry import Registry
from claude_widget.same_start import SameStart, is_unfilled
from claude_widget.user_code import UserCode

_LOG = logging.getLogger(__name__)
Owner = Mapping[str, Any]
_AGAIN_AFTER = 10.0
"""Seconds until a shim that did not answer is asked again."""


class Adoption:
    """Takes executions over for one manager. Safe from any thread.

    Args:
        registry: keeps the executions, and knows whether an owner lives.
        admission: takes up what was pending.
        starting: knows who takes a slot.
        backend: asks the shims.
        may_run: the manager may run something; where it may not, it takes nothing over by itself.
    """

    def __init__(
        self,
        registry: Registry,
        admission: Admission,
        starting: Starting,
        backend: Backend,
        *,
        may_run: bool,
    ) -> None:
        self._registry = registry
        self._admission = admission
        self._starting = starting
        self._backend = backend
        self._may_run = may_run
        self._lock = threading.Lock()
        self._not_before: dict[str, float] = {}
        self._offered: set[str] = set()
        self._attached: set[str] = set()
        self._same = SameStart(registry, admission.filled_now)

    # -- what has lost its manager -------------------------------------------------------------

    def look(self, within: float = 0.0) -> None:
        """Adopt what runs, is this notebook's, and whose manager is gone.

        Each on a thread of its own: a shim that does not answer holds up nobody.

        Args:
            within: seconds to wait for it at most.
        """
        if not self._may_run:
            return
        now = time.monotonic()
        deadline = now + within
        threads = []
        for execution in self._registry.active():
            execution_id = execution.execution_id
            if self._not_before.get(execution_id, 0.0) > now:
                continue
            gone = self._owner_gone(execution)
            if gone is not None and execution.status is ExecutionStatus.RUNNING:
                self._not_before[execution_id] = now + _AGAIN_AFTER
                threads.append(self._start(execution, gone))
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _start(self, execution: Execution, gone: Owner) -> threading.Thread:
        thread = threading.Thread(
            target=self._try, args=(execution, gone), name="claude-widget-adoption", daemon=True
        )
        thread.start()
        return thread

    def _try(self, execution: Execution, gone: Owner) -> None:
        try:
            self._take(execution, gone)
        except ClaudeWidgetError as error:  # another was faster, or it has just ended
            _LOG.info("%s", error)

    def _owner_gone(self, execution: Execution) -> Owner | None:
        """The owner that it has lost, if it is this notebook's; else None."""
        if execution.execution_id in self._registry.mine or execution.state.asked.recorded:
            return None
        owner = self._registry.owner_of(execution)
        ours = owner.get("notebook") == self._registry.owners.notebook
        return owner if ours and not self._registry.owners.lives(owner) else None

    # -- one execution -------------------------------------------------------------------------

    def adopt(self, execution: Execution) -> Execution:
        """Own it from now on, whichever notebook's it was.

        Raises:
            ExecutionEnded: it has ended.
            ExecutionOwned: its manager lives.
            InvalidRequest: it waits, and cannot be started without what its kernel knew, or where
                the mode is replay.
            RecordingNotFound: it is to be played, and its recording is there no more.
            ControlFailed: its shim did not answer.
        """
        if execution.execution_id in self._registry.mine:
            return execution
        if execution.status.ended:
            raise ExecutionEnded(
                f"Execution {execution.execution_id} has ended.",
                execution_id=execution.execution_id,
                hint="execution.send(text) resumes its session, manager.rerun() starts it anew.",
            )
        if self._is_mine_by_now(execution):
            return execution
        owner = self._registry.owner_of(execution)
        if self._registry.owners.lives(owner):
            raise ExecutionOwned(execution.execution_id, owner)
        if execution.status is ExecutionStatus.PENDING and not execution.state.asked.recorded:
            check_startable(execution)
        self._take(execution, owner)
        return execution

    def go_on(self, execution: Execution, known: ExecutionRequest, code: UserCode) -> None:
        """Own it from now on, with what is never kept of a start and is known again.

        Args:
            execution: it; of an earlier kernel, or this manager's already.
            known: has the values of env, and the MCP servers.
            code: what Python has of it; what it has already stays where there is none.

        Raises:
            ClaudeWidgetError: as for `adopt`; it is as it was.
        """
        before = execution.run, execution.user_code
        execution.user_code = code.or_else(before[1])
        if _forgotten(execution) is not None:
            request = _own_request(execution, known)
            execution.run = Run(execution.execution_id, execution.run.folder, request)
        try:
            self.adopt(execution)
        except ClaudeWidgetError:
            execution.run, execution.user_code = before
            raise
        self._registry.renew(execution)  # whoever decides looks again at what it asks

    def take_up_held(self) -> list[Execution]:
        """Take over all that waits for this notebook's kernels that are gone; those taken."""
        taken = []
        for execution in self._registry.active():
            mine = execution.execution_id in self._registry.mine
            pending = execution.status is ExecutionStatus.PENDING
            if mine or not pending or not self._is_this_notebooks(execution):
                continue
            try:
                taken.append(self.adopt(execution))
            except ClaudeWidgetError as error:
                _LOG.warning("%s", error)
        return taken

    def _is_this_notebooks(self, execution: Execution) -> bool:
        owner = self._registry.owner_of(execution)
        return owner.get("notebook") == self._registry.owners.notebook

    def _take(self, execution: Execution, gone: Owner, name: str | None = None) -> None:
        """Take it over from that owner, and from no other that it may have by now."""
        instead_of = str(gone.get("manager_id", ""))
        if gone.get("notebook") == self._registry.owners.notebook:
            self._offered.add(execution.execution_id)  # before: the shim's answer may be lost
        if execution.status is ExecutionStatus.PENDING:
            self._take_up(execution, instead_of, name)
        else:
            self._ask(execution, instead_of, name)
            self._registry.adopt(execution, instead_of)
            self._starting.runs(execution)

    def _ask(self, execution: Execution, instead_of: str, name: str | None) -> None:
        """Have its shim write down who owns it.

        Raises:
            ExecutionOwned: another manager was faster.
            ControlFailed: its shim did not answer.
        """
        run, owners = execution.run, self._registry.owners
        named = {} if name is None else {"name": name}
        try:
            self._backend.ask(run, "adopt", owner=owners.me, instead_of=instead_of, **named)
        except ControlFailed as error:
            if error.code == "owned":
                told = error.told.get("owner")
                now_of = told if isinstance(told, Mapping) else {}
                me = str(owners.me["manager_id"])
                if now_of.get("manager_id") == me != instead_of:
                    return self._ask(execution, me, name)  # another thread of ours was faster
                raise ExecutionOwned(execution.execution_id, now_of) from None
            if error.code != "unknown_op":
                raise
            # A shim of an earlier version runs on.
            if not owners.claim(run, instead_of):
                raise ExecutionOwned(execution.execution_id, owners.claimed(run)) from None

    def _take_up(self, execution: Execution, instead_of: str, name: str | None) -> None:
        """Start one that waited for a manager that is gone, once there is a slot."""
        taken = self._admission.take_up(execution, self._registry.owners.me, name, instead_of)
        if not taken and execution.execution_id not in self._registry.mine:
            raise ExecutionOwned(execution.execution_id, self._registry.owner_of(execution))

    def _is_mine_by_now(self, execution: Execution) -> bool:
        """Whether it is this manager's, as another thread of ours may not have noted yet."""
        me = self._registry.owners.me["manager_id"]
        if self._registry.owner_of(execution).get("manager_id") == me:
            self.noted(execution)
        return execution.execution_id in self._registry.mine

    def noted(self, execution: Execution) -> None:
        """Its transcript may have named another owner."""
        mine = execution.execution_id in self._registry.mine
        me = self._registry.owners.me["manager_id"]
        if not mine and execution.owner.get("manager_id") == me:
            self._registry.adopt(execution, str(me))  # the shim's answer was lost
            self._starting.runs(execution)
        elif self._registry.is_taken_away(execution):
            self._starting.freed(execution)

    # -- starts that are there already -----------------------------------------------------------

    def attach(
        self, request: ExecutionRequest, code: UserCode, recorded: Claim | None = None
    ) -> Execution | None:
        """The execution that an equal start of the notebook's last kernel left; None without one.

        Each is given once, so that as many equal starts as before find as many executions. What
        this manager has started itself is never given.

        Args:
            request: what is asked for now; it need not have the same name, nor values of env.
            code: what Python has of it from now on.
            recorded: how it is to be recorded; None if it is not.

        Raises:
            ClaudeWidgetError: there is one, and its shim does not answer.
        """
        if not self._may_run:
            return None
        if recorded is not None and (over := self._completed(request, recorded)) is not None:
            return over
        for execution in self._equal(request, None if recorded is None else recorded.key):
            execution_id = execution.execution_id
            with self._lock:
                if execution_id in self._attached:
                    continue
                self._attached.add(execution_id)
            attached = False
            if recorded is not None:
                recorded.begin(execution_id)  # before: it may end, or start, at any moment
            try:
                attached = self._attach(execution, request, code)
            finally:
                if not attached:
                    self._attached.discard(execution_id)
                    if recorded is not None:
                        recorded.withdraw(execution_id)
            if attached:
                return execution
        return None

    def _completed(self, request: ExecutionRequest, recorded: Claim) -> Execution | None:
        """One that has completed, and there was no kernel to record it: it is recorded now.

        One that was recorded is not given: whoever removed its recording wants another answer.
        """
        for one in self._registry.all() if recorded.takes_completed else ():
            if (
                one.status is ExecutionStatus.COMPLETED
                and one.recording_key == recorded.key
                and not one.info.recorded
                and one.execution_id not in self._attached
                and (recorded.is_missed(one.execution_id) or self._owner_gone(one) is not None)
                and self._same.asks_for(request, one)
                and not self._registry.folder.was_recorded(one.run)
            ):
                self._attached.add(one.execution_id)
                one.attached = True
                recorded.begin(one.execution_id)
                recorded.finish(one)
                self._registry.renew(one)
                return one
        return None

    def _equal(self, request: ExecutionRequest, key: str | None) -> list[Execution]:
        """Those that it may be, first the ones that have its name, then the oldest.

        Args:
            request: what is asked for.
            key: of the recording that is to be made; one of another key is not the same start.
        """
        found = [
            one
            for one in self._registry.active()
            if one.execution_id not in self._attached
            and (one.execution_id in self._offered or self._owner_gone(one) is not None)
            and one.state.life.kill is one.state.life.limit is None
            and (key is None or one.info.recording_key == key or is_unfilled(one))
            and self._same.asks_for(request, one)
        ]
        return sorted(found, key=lambda one: one.info.name != request.name)

    def _attach(self, execution: Execution, request: ExecutionRequest, code: UserCode) -> bool:
        """Go on with one; False if it has ended meanwhile, or is another manager's."""
        before = execution.run, execution.user_code
        name = None if request.name == execution.info.name else request.name
        if execution.attempt_of is not None or is_unfilled(execution):
            # What it is to do is its own, such as to go on, or to be filled.
            request = _own_request(execution, request)
        execution.run = Run(execution.execution_id, execution.run.folder, request)
        execution.user_code = code
        try:
            gone = self._owner_gone(execution)
            if gone is not None:
                self._take(execution, gone, name)
            elif not self._is_mine_by_now(execution):
                raise ExecutionOwned(execution.execution_id, self._registry.owner_of(execution))
            elif name is not None and execution.status is ExecutionStatus.RUNNING:
                self._ask(execution, str(self._registry.owners.me["manager_id"]), name)
        except ClaudeWidgetError as error:
            execution.run, execution.user_code = before
            if isinstance(error, ExecutionOwned) or not self._backend.alive(execution.run):
                return False
            raise ClaudeWidgetError(
                f"An equal execution still runs, and does not answer. {error.message}",
                hint="Kill it, or start another one with again=True.",
                execution_id=execution.execution_id,
            ) from error
        execution.attached = True
        self._registry.renew(execution)  # whoever decides looks again at what it asks
        return True


def check_startable(execution: Execution) -> None:
    """Refuse to start without what was never kept.

    Raises:
        InvalidRequest: its kernel is gone, and knew what it is to be started with.
    """
    lost = _forgotten(execution)
    if lost is not None:
        raise InvalidRequest(
            f"Execution {execution.execution_id} was to start with {lost[1]}, which is never kept.",
            field=lost[0],
            hint="Start it from its cell again: that goes on with this one.",
        )


def _forgotten(execution: Execution) -> tuple[str, str] | None:
    """What it is to be started with and only its kernel knew: an argument, and what of it."""
    run = execution.run
    if run.forgotten_env:
        return "env", ", ".join(run.forgotten_env)
    if execution.state.asked.mcp_config and run.request.mcp_config is None:
        return "mcp_config", "its MCP servers"
    return None


def _own_request(execution: Execution, known: ExecutionRequest) -> ExecutionRequest:
    """What it is asked itself, with what is never kept of it."""
    update = {"env": known.env, "mcp_config": known.mcp_config}
    return execution.run.request.model_copy(update=update)
