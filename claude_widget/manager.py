"""The process manager: starts executions, many at once, and follows them to their end.

The rule: the public face of the work layer, and the only owner of the thread that follows. What
an execution is doing it learns from its transcript alone. It knows no widget and no Jupyter, and
works in plain asyncio and in plain scripts.
"""

from __future__ import annotations

import os
import re
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Self

from claude_widget.admission import Admission, Origin
from claude_widget.adoption import Adoption
from claude_widget.backend import Backend, Run
from claude_widget.backends import Recording, backend_for
from claude_widget.batch.mapping import Batched
from claude_widget.broker import DEFAULT_GRACE
from claude_widget.cells.shown import Shown
from claude_widget.cleanup.retention import Retention
from claude_widget.cleanup.sweep import Sweep
from claude_widget.comparison.comparing import Comparing
from claude_widget.dependencies.filling import Filling
from claude_widget.dependencies.pipelines import Pipelines
from claude_widget.execution import Execution
from claude_widget.following import Following
from claude_widget.history.looking_back import LookingBack
from claude_widget.listeners import Listener, Listeners
from claude_widget.local import DEFAULT_UNATTENDED, DEFAULT_UNWATCHED
from claude_widget.models import ExecutionInfo
from claude_widget.orders import Orders
from claude_widget.protocol import ModelChoice
from claude_widget.queue.capacity import concurrency
from claude_widget.queue.governing import Governing
from claude_widget.queue.governor_file import GovernorFile
from claude_widget.queue.queue import Queue
from claude_widget.queue.slots import Slots
from claude_widget.queue.starting import Starting
from claude_widget.queue.waiting_line import WaitingLine
from claude_widget.recordings.occurrences import Cell
from claude_widget.recordings.overview import RecordingsOverview
from claude_widget.recordings.planning import Planner
from claude_widget.recordings.recorder import Recorder
from claude_widget.registry import Registry
from claude_widget.request import build_request
from claude_widget.retries.retrying import Retrying
from claude_widget.state_folder import StateFolder
from claude_widget.steering import Steering
from claude_widget.subscriptions import Callback, Subscriptions
from claude_widget.templates.library import TemplateLibrary
from claude_widget.templates.template import Template
from claude_widget.upkeep import Upkeep
from claude_widget.user_code import user_code_of
from claude_widget.worktrees.preparing import Worktrees
from claude_widget.worktrees.settling import Settling
from claude_widget.worktrees.sharing import Sharing

DEFAULT_STAGGER = 0.25
"""Seconds between two starts: CLIs that start together rewrite the same config file."""
_ADOPTED_WITHIN = 1.0
"""Seconds that a new manager waits for the shims of its notebook's executions, together."""


class ProcessManager(
    Batched, Comparing, LookingBack, Orders, Pipelines, RecordingsOverview, Shown, TemplateLibrary
):
    """Runs many executions of Claude Code at once.

    Args:
        state_dir: where executions are kept; `CLAUDE_WIDGET_STATE_DIR`, else the platform's place
            for state.
        cli_path: the CLI; found anew at every start if None (see `claude_widget.doctor`).
        max_concurrency: how many run at once, at least 1; from cores and free memory if None.
        stagger: seconds between two starts.
        backend: what runs them; the real CLI if None.
        permission_grace: seconds that a permission request waits after the last sign of a page.
        unwatched: seconds that an execution may wait for an answer or for input while no kernel is
            there; None is for ever. It and `unattended` hold for what this manager starts.
        unattended: seconds that an execution may go on while no kernel is there, whatever it does;
            None is for ever.
        recordings: the folder of recordings; `CLAUDE_WIDGET_RECORDINGS`, else `recordings` in the
            kernel's working folder.
        mode: "live", "record", "replay" (nothing is run) or "auto" (what is recorded is replayed,
            the rest is recorded); `CLAUDE_WIDGET_MODE`, else the project's file, else live. If
            the environment says replay, so it is.
        pace: of what is replayed: 0 at once, 1 as recorded; `CLAUDE_WIDGET_PACE`, else 0.
        redact: regular expressions for what is secret to you: it is never recorded.

    Raises:
        ClaudeWidgetError: the state folder cannot be used.
        InvalidRequest: max_concurrency, unwatched or unattended is no positive number; a mode, a
            pace or a rule of redact is none.
    """

    queue: Queue
    """The executions that wait for their start, and how they are started."""
    cell: ClassVar[Callable[[], Cell | None] | None] = None
    """Says which cell runs; set by the package's face."""

    def __init__(
        self,
        state_dir: str | os.PathLike[str] | None = None,
        cli_path: str | os.PathLike[str] | None = None,
        max_concurrency: int | None = None,
        *,
        stagger: float = DEFAULT_STAGGER,
        backend: Backend | None = None,
        permission_grace: float = DEFAULT_GRACE,
        unwatched: float | None = DEFAULT_UNWATCHED,
        unattended: float | None = DEFAULT_UNATTENDED,
        recordings: str | os.PathLike[str] | None = None,
        mode: str | None = None,
        pace: float | None = None,
        redact: Iterable[str | re.Pattern[str]] = (),
    ) -> None:
        self._line = WaitingLine(concurrency(max_concurrency), stagger)
        self._slots = Slots(self._line.slots) if max_concurrency is None else None
        self.manager_id = str(uuid.uuid4())
        self.backend: Backend = backend_for(
            backend,
            cli_path,
            Recording(recordings, mode, pace, redact),
            unwatched=unwatched,
            unattended=unattended,
        )
        self._planner = Planner(self.backend, type(self).cell)
        self._registry = Registry(StateFolder(state_dir), self._make, self.manager_id)
        self._recorder = Recorder(self.backend, self._registry)
        self._listeners = Listeners()
        self._keep_history()
        self._make_parts(permission_grace)
        self._begin()

    def _make_parts(self, permission_grace: float) -> None:
        """What starts, takes over, steers and follows."""
        planner, recorder, tell = self._planner, self._recorder, self._listeners.tell
        self._starting = Starting(
            self._registry, self.backend, self._line, tell, planner=planner, recorder=recorder
        )
        filling = Filling(
            self._registry, self.backend, self._starting, tell, planner=planner, recorder=recorder
        )
        self._sharing = Sharing(self._registry, lambda: self._line.slots)
        worktrees = Worktrees(self._registry, self._starting, self._sharing)
        self._settling = Settling(self._registry, worktrees)
        self._starting.preparations += [filling, worktrees]
        self._admission = Admission(
            self._registry,
            self.backend,
            self._starting,
            self._make,
            tell,
            planner=planner,
            recorder=recorder,
            filling=filling,
            worktrees=worktrees,
        )
        self._adoption = Adoption(
            self._registry, self._admission, self._starting, self.backend, may_run=planner.may_run
        )
        self._subscriptions = Subscriptions()
        self._steering = Steering(
            self._registry,
            self._admission,
            self._starting,
            self.backend,
            self._subscriptions,
            worktrees=worktrees,
            look=self._look,
        )
        self._make_upkeep(permission_grace)

    def _make_upkeep(self, permission_grace: float) -> None:
        """What holds up the queue, and what sees to each execution."""
        self.queue = Queue(
            self._starting, self._line, self._registry, self._steering, look=self._look
        )
        self._sharing.tell = self.queue.note
        self._governing = Governing(
            GovernorFile(self.state_dir), self._line, self._slots, self.queue.changed
        )
        budgets, governing = self._keep_budgets(), self._governing
        retrying = Retrying(self._registry, self._admission, governing, admitted=budgets.inherit)
        self._starting.gates += [governing, retrying]
        self.queue.pauses = self._governing
        self._upkeep = Upkeep(
            self._registry,
            self._starting,
            self.backend,
            self._subscriptions,
            self._listeners,
            steering=self._steering,
            adoption=self._adoption,
            budgets=budgets,
            governing=governing,
            retrying=retrying,
            look=self._look,
            recorder=self._recorder,
            settling=self._settling,
            grace=permission_grace,
        )

    def _begin(self) -> None:
        """Take in what there is, and follow it from now on."""
        self._keep_batches()
        self._registry.folder.watch()
        self._registry.look_around()
        self._adoption.look(within=_ADOPTED_WITHIN)
        self._following = Following(self._upkeep)
        self._following.start()
        self._upkeep.gauges.start()
        self._settling.begin()
        self._retention = Retention(self._registry, self._listeners.tell, self._recorder.saving)
        self._sweep = Sweep(self._registry, self._upkeep)
        self._sweep.start()
        self._opened()

    def _make(self, run: Run, ended: ExecutionInfo | None) -> Execution:
        return Execution(self._steering, run, ended)

    def _look(self) -> None:
        self._following.wake()

    # -- what there is -----------------------------------------------------------------------

    @property
    def state_dir(self) -> Path:
        """Where executions are kept."""
        return self._registry.folder.path

    @property
    def closed(self) -> bool:
        """It follows nothing any more."""
        return self._steering.closed

    @property
    def models(self) -> tuple[ModelChoice, ...]:
        """What the CLI offers, each with `value`, `name`, `description` and `efforts`.

        As a CLI has told, here or in an earlier kernel; empty until one has.
        """
        return self._upkeep.models

    @property
    def max_concurrency(self) -> int:
        """How many run at once."""
        return self._line.slots

    def get_execution(self, execution_id: str) -> Execution | None:
        """The execution of that id, or None."""
        return self._registry.get(execution_id)

    def get_all_executions(self) -> list[Execution]:
        """All of them, oldest first."""
        return self._registry.all()

    def get_active_executions(self) -> list[Execution]:
        """Those that are pending or running, oldest first."""
        return self._registry.active()

    def is_held(self, execution: Execution) -> bool:
        """Whether it is pending and nobody lives who would start it."""
        return self._registry.is_held(execution)

    def owns(self, execution: Execution) -> bool:
        """Whether this manager has started it, or adopted it."""
        return execution.execution_id in self._registry.mine

    # -- starting ----------------------------------------------------------------------------

    def start_execution(
        self,
        query: str | Template,
        project_path: str | os.PathLike[str] = ".",
        session_id: str | None = None,
        mcp_config: str | Path | Mapping[str, Any] | None = None,
        model: str | None = None,
        *,
        again: bool = False,
        **options: Any,
    ) -> Execution:
        """Start an execution, or put it into the waiting line. Returns at once.

        An equal one that an earlier kernel of the same notebook has left is not paid for twice:
        it is given instead, each once, with `attached` set. See docs/guide.md.

        Args:
            query: the prompt, sent as written (`expand=True` lets the CLI expand it); or a template
                (`manager.template(name)`), whose `variables` are filled in.
            project_path: the folder that the CLI works in.
            session_id: an earlier session to resume.
            mcp_config: a file's path, JSON text, or a dict.
            model: name or alias, such as "sonnet" or "opus".
            again: start another one, whatever still runs.
            **options: `name`, `fork_session`, `keep_open`, `expand`, `effort`, `permission_mode`,
                `permissions` ("ask", "deny", or a sync or async callable that gets a
                `PermissionRequest` and decides), `allowed_tools`, `disallowed_tools`,
                `system_prompt`, `append_system_prompt`, `add_dirs`, `setting_sources`,
                `required_mcp_servers`, `max_turns`, `max_budget_usd`, `schema`, `after`
                (executions that must complete first), `variables`, `continues`, `on_failure`,
                `priority`, `retries`, `worktree`, `env`, `env_allow`, `sandbox`, `trust_project`,
                `extra_args`, `mode`, `key`, `key_ignore`, `inputs`, `apply_changes`, and the limits
                `timeout`, `idle_timeout`, `max_cpu`, `max_cpu_seconds`, `max_memory`,
                `max_processes`, `max_temp_size`: docs/guide.md, docs/reproducible.md.

        Raises:
            InvalidRequest: an argument is wrong (`SessionInUse`, `ProjectNotTrusted`,
                `SandboxUnavailable` are some); nothing was started.
            CLINotFound, UnsupportedPlatform: there is nothing to start.
            RecordingNotFound, RecordingDamaged, PatchConflict: it cannot be replayed.
            ClaudeWidgetError: an equal one still runs and does not answer; nothing was started.
        """
        places = {"query": query, "project_path": project_path, "session_id": session_id}
        given = {**places, "mcp_config": mcp_config, "model": model, **options}
        return self._start(given, Origin(), again=again)

    def _start(self, given: dict[str, Any], origin: Origin, *, again: bool) -> Execution:
        """Start it, and look at it at once."""
        if isinstance(query := given["query"], Template):
            origin = origin._replace(template=query.name or None)
            given = self._arguments_of(query, given)
        code, attach = user_code_of(given), None if again else self._adoption.attach
        execution = self._admission.admit(build_request(**given), origin, code, attach)
        self._look()
        return execution

    # -- pages -------------------------------------------------------------------------------

    def page_seen(self) -> None:
        """A page of this manager's has said something: permission requests may wait for it."""
        self._upkeep.presence.seen()

    def page_expected(self) -> None:
        """A widget of this manager's was made; its page will say hello within seconds."""
        self._upkeep.presence.expect()

    def subscribe(self, callback: Callback, execution_id: str | None = None) -> Callable[[], None]:
        """Hear of what happens: `Started`, `Stream` (a frame each), `Error`, `Complete`.

        Args:
            callback: called with one `claude_widget.protocol.Notification` at a time, on the event
                loop that runs here, else in a waiting thread, else on the manager's.
            execution_id: only of this one; of all if None.

        Returns:
            A function that unsubscribes.
        """
        return self._subscriptions.add(callback, execution_id)

    def on_change(self, listener: Listener) -> Callable[[], None]:
        """Be called, on the manager's thread, with each execution whose state has changed.

        A forgotten one is told by its id. For faces; must return at once. Returns the way back.
        """
        return self._listeners.add(listener)

    # -- the end ------------------------------------------------------------------------------

    def close(self, *, kill: bool = False, timeout: float = 15.0) -> None:
        """Stop following. Running executions go on, unless they are to be killed.

        Args:
            kill: kill what this manager owns and wait for it to end.
            timeout: seconds to wait for that.

        Raises:
            TimeoutError, ControlFailed: something goes on; the manager is closed all the same.
        """
        self._batches.close()
        self._starting.close()
        try:
            if kill:
                self._steering.end_mine(time.monotonic() + timeout)
        finally:
            self._steering.closed = True
            self._sweep.stop()
            self._following.stop()
            self._indexing.close()
            self._upkeep.close()
            self._recorder.close()
            self._settling.close()
            self._registry.close()
            self.backend.close()
            self._registry.folder.unwatch()
            self._not_open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        count, active = len(self.get_all_executions()), len(self.get_active_executions())
        return f"<ProcessManager {self.state_dir} {active} active of {count}>"
