"""The process manager: starts executions, many at once, and follows them to their end.

The rule: the public face of the work layer, and the only owner of the thread that follows. What
an execution is doing it learns from its transcript alone. It knows no widget and no Jupyter, and
works in plain asyncio and in plain scripts.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import time
import uuid
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar, Self

from claude_widget import command
from claude_widget.admission import Admission
from claude_widget.backend import Backend, Run
from claude_widget.backends import backend_of_environment
from claude_widget.capacity import concurrency
from claude_widget.errors import (
    ClaudeWidgetError,
    ControlFailed,
    ExecutionActive,
    ExecutionEnded,
)
from claude_widget.events import ControlResponse
from claude_widget.execution import Execution
from claude_widget.following import Following
from claude_widget.listeners import Listener, Listeners
from claude_widget.models import ExecutionInfo, ExecutionRequest, Reason
from claude_widget.protocol import Notification
from claude_widget.recovery import settle_if_dead
from claude_widget.registry import Registry
from claude_widget.request import build_request, clean_query
from claude_widget.state_folder import StateFolder
from claude_widget.subscriptions import Callback, Subscriptions
from claude_widget.waiting_line import WaitingLine

_LOG = logging.getLogger(__name__)
DEFAULT_STAGGER = 0.25
"""Seconds between two starts: CLIs that start together rewrite the same config file."""


class ProcessManager:
    """Runs many executions of Claude Code at once.

    Args:
        state_dir: where executions are kept; `CLAUDE_WIDGET_STATE_DIR`, else the platform's place
            for state.
        cli_path: the CLI; found anew at every start if None (see `claude_widget.doctor`).
        max_concurrency: how many run at once, at least 1; from cores and free memory if None.
        stagger: seconds between two starts.
        backend: what runs them; the real CLI unless `CLAUDE_WIDGET_MODE=replay`.

    Raises:
        ClaudeWidgetError: the state folder cannot be used.
        InvalidRequest: max_concurrency is no positive number.
    """

    viewer: ClassVar[Callable[[ProcessManager, object], None] | None] = None
    """Shows a manager or an execution that is a cell's value; set by the package's face."""
    _open: ClassVar[list[weakref.ref[ProcessManager]]] = []

    def __init__(
        self,
        state_dir: str | os.PathLike[str] | None = None,
        cli_path: str | os.PathLike[str] | None = None,
        max_concurrency: int | None = None,
        *,
        stagger: float = DEFAULT_STAGGER,
        backend: Backend | None = None,
    ) -> None:
        slots = concurrency(max_concurrency)
        self.manager_id = str(uuid.uuid4())
        self.subscriptions = Subscriptions()
        self.backend: Backend = backend or backend_of_environment(cli_path)
        self._line = WaitingLine(slots, stagger)
        self._registry = Registry(StateFolder(state_dir), self._make)
        self._admission = Admission(
            self._registry, self.backend, self._line, self._make, self.manager_id
        )
        self.models: tuple[str, ...] = ()
        self.closed = False
        self._listeners = Listeners()
        self._registry.look_around()
        self._following = Following(self)
        self._following.start()
        ProcessManager._open.append(weakref.ref(self))

    @classmethod
    def latest(cls) -> ProcessManager | None:
        """The manager made last in this process that is not closed, or None."""
        alive = [ref for ref in cls._open if ref() is not None]
        cls._open[:] = alive
        return alive[-1]() if alive else None

    def _make(self, run: Run, ended: ExecutionInfo | None) -> Execution:
        return Execution(self, run, ended)

    # -- what there is -----------------------------------------------------------------------

    @property
    def state_dir(self) -> Path:
        """Where executions are kept."""
        return self._registry.folder.path

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

    # -- starting ----------------------------------------------------------------------------

    def start_execution(
        self,
        query: str,
        project_path: str | os.PathLike[str] = ".",
        session_id: str | None = None,
        mcp_config: str | Path | Mapping[str, Any] | None = None,
        model: str | None = None,
        **options: Any,
    ) -> Execution:
        """Start an execution, or put it into the waiting line. Returns at once.

        Args:
            query: the prompt, sent as written (`expand=True` lets the CLI expand it).
            project_path: the folder that the CLI works in.
            session_id: an earlier session to resume.
            mcp_config: a file's path, JSON text, or a dict.
            model: name or alias, such as "sonnet" or "opus".
            **options: `name`, `fork_session`, `keep_open`, `expand`, `effort`, `permission_mode`,
                `allowed_tools`, `disallowed_tools`, `system_prompt`, `append_system_prompt`,
                `add_dirs`, `setting_sources`, `max_turns`, `max_budget_usd`, `schema`, `after`
                (executions that must complete first), `priority`, `timeout` (seconds), `env`,
                `extra_args`. See docs/guide.md.

        Raises:
            InvalidRequest: an argument is wrong; nothing was started.
            SessionInUse: another execution holds that session.
            CLINotFound, UnsupportedPlatform: there is nothing to start.
        """
        request = build_request(query, project_path, session_id, mcp_config, model, **options)
        return self._start(request)

    def _start(self, request: ExecutionRequest, resumed_from: str | None = None) -> Execution:
        if request.session_id is not None:
            self.look_around()  # another manager may have just taken that session
        execution = self._admission.admit(request, resumed_from)
        self.changed(execution)
        self._following.wake()
        return execution

    def subscribe(self, callback: Callback, execution_id: str | None = None) -> Callable[[], None]:
        """Hear of what happens: `Started`, `Stream` (a frame each), `Error`, `Complete`.

        Args:
            callback: called with one `claude_widget.protocol.Notification` at a time, on the event
                loop that runs here, else in a waiting thread, else on the manager's.
            execution_id: only of this one; of all if None.

        Returns:
            A function that unsubscribes.
        """
        return self.subscriptions.add(callback, execution_id)

    def on_change(self, listener: Listener) -> Callable[[], None]:
        """Be called, on the manager's thread, with each execution whose state has changed.

        A forgotten one is told by its id. For faces; must return at once. Returns the way back.
        """
        return self._listeners.add(listener)

    def changed(self, execution: Execution | str) -> None:
        """Tell the faces."""
        self._listeners.tell(execution)

    # -- what the following thread asks ------------------------------------------------------

    def followed(self) -> Sequence[Execution]:
        """Executions whose transcript someone else may write."""
        active = [one for one in self._registry.all() if one.following]
        return [one for one in active if not self._admission.waits(one)]

    def hears_frames(self, execution: Execution) -> bool:
        """Whether somebody subscribed to its frames."""
        return bool(self.subscriptions.of(execution.execution_id))

    def publish(self, execution: Execution, notifications: list[Notification]) -> None:
        """Tell the subscribers."""
        self.subscriptions.publish(execution.execution_id, notifications)

    def learn(self, answer: ControlResponse) -> None:
        """A CLI has answered its `initialize`: it tells the models it offers."""
        said = answer.raw.get("response", {})
        body = said.get("response") if isinstance(said, dict) else None
        listed = body.get("models") if isinstance(body, dict) else None
        if isinstance(listed, list):
            values = [item.get("value") for item in listed if isinstance(item, dict)]
            self.models = tuple(value[:100] for value in values if isinstance(value, str))[:50]

    def ended(self, execution: Execution, size: int) -> None:
        """An execution has ended: its slot is free, and its fold is kept."""
        self._admission.freed(execution)
        self._registry.folder.save_ended(execution.run, execution.info, size)
        execution.tell_end()
        self.subscriptions.ended(execution.execution_id)

    def damaged(self, execution: Execution, error: ClaudeWidgetError) -> None:
        """Its transcript cannot be read on: end what runs, since nobody can follow it."""
        _LOG.error("Execution %s: %s", execution.execution_id, error)
        with contextlib.suppress(ControlFailed):
            self.backend.ask(execution.run, "kill", reason=Reason.SWEEP)

    def check_alive(self, execution: Execution) -> None:
        """It is silent; if it is dead, its transcript says so afterwards."""
        mine = execution.execution_id in self._registry.mine
        if settle_if_dead(execution, self.backend, was_spawned=mine):
            self._following.wake()

    def fill_slots(self) -> float | None:
        """Start who may start; seconds until the next may, or None."""
        return self._admission.fill_slots()

    def look_around(self) -> None:
        """Take in what other managers have started."""
        for execution in self._registry.look_around():
            self.changed(execution)

    def wait_handles(self) -> Sequence[int]:
        """Descriptors that become readable when one may have ended."""
        return self.backend.wait_handles()

    # -- what can be asked -------------------------------------------------------------------

    def kill_execution(self, execution_id: str) -> None:
        """End an execution and everything it started; nothing happens if it has ended.

        Raises:
            ExecutionNotFound: there is none of that id.
            ControlFailed: its shim lives and does not answer.
        """
        self.kill(self._registry.known(execution_id), Reason.USER)

    def kill(self, execution: Execution, reason: Reason) -> None:
        """End it for that reason. Safe from any thread, bounded to a few seconds."""
        if self._admission.cancel(execution, reason):
            self._following.wake()
            return
        if execution.status.ended:
            return
        try:
            self.backend.ask(execution.run, "kill", reason=str(reason))
        except ControlFailed:
            if self.backend.alive(execution.run):
                raise
        self._following.wake()

    def ask(self, execution: Execution, operation: str, **fields: Any) -> None:
        """Ask a running execution's shim.

        Raises:
            ExecutionEnded: it is not running.
            ControlFailed: the shim did not answer, or refused.
        """
        if self._admission.waits(execution):
            raise ExecutionActive(
                f"Execution {execution.execution_id} has not started.",
                execution_id=execution.execution_id,
                hint="Wait until it runs.",
            )
        if execution.status.ended:
            raise ExecutionEnded(
                f"Execution {execution.execution_id} has ended ({execution.info.reason}).",
                execution_id=execution.execution_id,
                hint="execution.send(text) resumes its session in a new execution.",
            )
        self.backend.ask(execution.run, operation, **fields)

    def follow_up(self, execution: Execution, text: str) -> Execution:
        """Send a prompt to a running execution, or resume an ended one with it."""
        if not execution.status.ended:
            message = command.user_message(clean_query(text), expand=execution.run.request.expand)
            try:
                self.ask(execution, "send", line=json.dumps(message))
            except (ControlFailed, ExecutionEnded) as error:
                if isinstance(error, ControlFailed) and error.code != "stdin_closed":
                    raise
                execution.wait()
            else:
                return execution
        info = execution.info
        if info.session_id is None:
            raise ExecutionEnded(
                f"Execution {execution.execution_id} ended before it had a session.",
                execution_id=execution.execution_id,
                hint="Start a new one.",
            )
        request = execution.run.request.model_copy(
            update={
                "query": clean_query(text),
                "session_id": info.session_id,
                "fork_session": False,
                "after": (),
            }
        )
        return self._start(request, resumed_from=execution.execution_id)

    def cleanup_execution(self, execution_id: str) -> None:
        """Forget an ended execution here and in the dashboard; its transcript stays.

        Raises:
            ExecutionNotFound: there is none of that id.
            ExecutionActive: it has not ended.
        """
        execution = self._registry.known(execution_id)
        if not execution.status.ended:
            raise ExecutionActive(
                f"Execution {execution_id} is {execution.status}.",
                execution_id=str(execution_id),
                hint="Kill it, or wait for its end.",
            )
        self._registry.forget(execution)
        self.changed(execution.execution_id)

    def close(self, *, kill: bool = False, timeout: float = 15.0) -> None:
        """Stop following. Running executions go on, unless they are to be killed.

        Args:
            kill: kill what this manager started and wait for it to end.
            timeout: seconds to wait for that.

        Raises:
            TimeoutError, ControlFailed: something goes on; the manager is closed all the same.
        """
        self._admission.close()
        try:
            if kill:
                self._kill_mine(time.monotonic() + timeout)
        finally:
            self.closed = True
            self._following.stop()
            self.backend.close()
            ProcessManager._open[:] = [ref for ref in ProcessManager._open if ref() is not self]

    def _kill_mine(self, deadline: float) -> None:
        active = self.get_active_executions()
        mine = [one for one in active if one.execution_id in self._registry.mine]
        refused: list[ControlFailed] = []
        for execution in mine[::-1]:
            try:
                self.kill(execution, Reason.CLOSE)
            except ControlFailed as error:
                refused.append(error)
                mine.remove(execution)
        for execution in mine:
            execution.wait(max(0.1, deadline - time.monotonic()))
        if refused:
            raise refused[0]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def show(self, value: object) -> None:
        """Show a manager or an execution that is a cell's value."""
        if (viewer := type(self).viewer) is not None:
            viewer(self, value)

    def _ipython_display_(self) -> None:
        self.show(self)

    def __repr__(self) -> str:
        count, active = len(self.get_all_executions()), len(self.get_active_executions())
        return f"<ProcessManager {self.state_dir} {active} active of {count}>"
