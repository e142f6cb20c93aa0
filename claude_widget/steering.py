"""What can be asked of an execution: kill, interrupt, end, and follow-up prompts.

The rule: the execution's side of its manager. It asks the backend and the admission; it follows
nothing and decides nothing about what an execution's state is.
"""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Callable
from typing import Any

from claude_widget import command
from claude_widget.admission import Admission, Origin
from claude_widget.backend import Backend
from claude_widget.changes.observed import Changes
from claude_widget.controls import Controls, was_sent
from claude_widget.dependencies.filling import asked_again, needed_by
from claude_widget.errors import (
    ControlFailed,
    ExecutionActive,
    ExecutionEnded,
    InvalidRequest,
    RequestGone,
)
from claude_widget.execution import Execution
from claude_widget.models import ExecutionRequest, Reason
from claude_widget.permissions import Decision, check_rules, refusal_line, response_line
from claude_widget.protocol import Allow
from claude_widget.queue.starting import Starting
from claude_widget.reach import check_input
from claude_widget.recordings.backend import RecordedBackend
from claude_widget.recordings.call_sites import asked_by_page
from claude_widget.recordings.recorded_patch import changes_of
from claude_widget.recordings.replay import ReplayBackend
from claude_widget.redaction.redactor import Redactor
from claude_widget.registry import Registry
from claude_widget.request import clean_query
from claude_widget.subscriptions import Subscriptions
from claude_widget.trust import accept_rules
from claude_widget.worktrees.preparing import Worktrees

_LOOKS = 20
_BETWEEN_LOOKS = 0.01
_GONE_WITHIN = 10.0
"""Seconds in which the end of a CLI that has gone is written."""
_END_WITHIN = 60.0
"""Seconds in which a CLI whose input was closed has ended, with all graces."""


class Steering:
    """Carries out what executions are asked. Safe from any thread, bounded to a few seconds.

    Attributes:
        worktrees: of the executions.
        subscriptions: of the manager; a waiting thread runs their callbacks.
        controls: control requests that have no answer yet.
        closed: the manager is closed, so nobody follows any more.
        redactor: takes out what is secret to the manager's maker, and to this machine.
    """

    def __init__(
        self,
        registry: Registry,
        admission: Admission,
        starting: Starting,
        backend: Backend,
        subscriptions: Subscriptions,
        *,
        worktrees: Worktrees,
        look: Callable[[], None],
    ) -> None:
        self.worktrees = worktrees
        self.subscriptions = subscriptions
        self.controls = Controls(subscriptions)
        self.closed = False
        self._registry = registry
        self.attempts, self.next_attempt = registry.attempts, registry.next_attempt
        self._admission = admission
        self._starting = starting
        self._backend = backend
        self._look = look
        self.redactor = (
            backend.recordings.redactor
            if isinstance(backend, RecordedBackend | ReplayBackend)
            else Redactor()
        )

    def recorded_changes(self, execution: Execution) -> Changes | None:
        """What one that is played changed when it was recorded; None if nobody can tell.

        Raises:
            PatchConflict, RecordingDamaged: what was recorded of it is damaged.
        """
        if not isinstance(self._backend, RecordedBackend):
            return None
        recording = self._backend.recording_of(execution.info)
        return None if recording is None else changes_of(recording) or Changes("")

    def is_held(self, execution: Execution) -> bool:
        """Pending, and nobody lives who would start it."""
        return self._registry.is_held(execution)

    def await_end(self, execution: Execution) -> None:
        """Somebody waits for its end: what is played is not to wait for more to be said."""
        if execution.status.ended or not execution.info.recorded:
            return
        if isinstance(self._backend, RecordedBackend | ReplayBackend):
            self._backend.await_end(execution.run)

    def kill(self, execution: Execution, reason: Reason, error: str = "") -> None:
        """End it for that reason, or the attempt that follows it; nothing happens if it has ended.

        Raises:
            ControlFailed: its shim lives and does not answer, or it waits, and cannot be cancelled.
        """
        execution = self._registry.attempts(execution)[-1]
        if execution.status.ended:
            execution.unwanted = True  # another attempt may be admitted this very moment
            return
        if self._starting.cancel(execution, reason, error):
            self._look()
            return
        try:
            self._backend.ask(execution.run, "kill", reason=str(reason), error=error)
        except ControlFailed:
            if self._lives_on(execution) or self._starting.waits(execution):
                raise
        self._look()

    def _lives_on(self, execution: Execution) -> bool:
        """Whether its shim still lives. Another thread's kill holds the lock for a moment, too."""
        for _ in range(_LOOKS):
            if execution.status.ended or not self._backend.alive(execution.run):
                return False
            time.sleep(_BETWEEN_LOOKS)
        return True

    def ask(self, execution: Execution, operation: str, **fields: Any) -> None:
        """Ask a running execution's shim.

        Raises:
            ExecutionActive: it has not started.
            ExecutionEnded: it is not running any more.
            ControlFailed: the shim did not answer, or refused.
        """
        if self._starting.waits(execution):
            raise ExecutionActive(
                f"Execution {execution.execution_id} has not started.",
                execution_id=execution.execution_id,
                hint="Wait until it runs.",
            )
        if execution.status.ended:
            if self._asked_again(execution, operation, **fields):
                return
            raise _has_ended(execution)
        try:
            self._backend.ask(execution.run, operation, **fields)
        except ControlFailed as error:
            if error.code == "unreachable" and not self._lives_on(execution):
                raise _has_ended(execution) from None
            raise
        if operation in ("send", "interrupt", "end"):
            execution.note_said(by_page=asked_by_page())

    def _asked_again(self, execution: Execution, operation: str, **fields: Any) -> bool:
        """Whether that was asked of one that was replayed while it was recorded: it is done."""
        if not execution.info.recorded:
            return False
        try:
            self._backend.ask(execution.run, operation, **fields)
        except ControlFailed:
            return False
        return True

    def answer(
        self, execution: Execution, control_id: str, decision: Decision, by: str, note: str = ""
    ) -> None:
        """Answer what its CLI asks; the shim takes the first answer only.

        Raises:
            RequestGone: it needs no answer any more.
            InvalidRequest: the answer is not JSON or too long, or accepts what was not suggested.
            ControlFailed: the shim did not answer.
        """
        request = execution.request(control_id)
        if request is None:
            raise _gone(execution, control_id)
        if by == "page":
            check_rules(request, decision)
            if isinstance(decision, Allow) and decision.updated_input is not None:
                asked = execution.run.request
                folders = (execution.info.cwd, *asked.add_dirs)
                check_input(decision.updated_input, request.input, folders)
        line = response_line(request, decision)
        try:
            self._send_answer(execution, request_id=control_id, line=line, by=by, note=note)
        except ControlFailed as error:
            if error.code == "answered":
                by = str(error.told.get("by", ""))
                raise _gone(execution, control_id, became="answered", by=by) from None
            if error.code != "stdin_closed":
                raise
            raise _gone(execution, control_id, became="ended") from None
        except ExecutionEnded:
            raise _gone(execution, control_id, became="ended") from None
        if isinstance(decision, Allow) and decision.updated_permissions:
            project, updates = execution.info.project_path, decision.updated_permissions
            accept_rules(self._registry.folder.path, project, updates)

    def _send_answer(self, execution: Execution, **fields: Any) -> None:
        try:
            self.ask(execution, "answer", **fields)
        except ControlFailed as error:
            if error.code != "unknown_op":
                raise
            self.ask(execution, "send", line=fields["line"])  # a shim of an earlier version

    def refuse(self, execution: Execution, control_id: str, subtype: str) -> None:
        """Tell its CLI that nobody here can answer a request of that kind.

        Raises:
            ExecutionEnded, ControlFailed: it was not told.
        """
        kind = subtype[:100]
        note = f"The CLI asked its host for something that nobody here can answer ({kind})."
        line = refusal_line(control_id, kind)
        self.ask(execution, "answer", request_id=control_id, line=line, by="policy", note=note)

    def control(self, execution: Execution, subtype: str, **fields: Any) -> dict[str, Any]:
        """Send a control request to its CLI; what that answered.

        Raises:
            ExecutionActive, ExecutionEnded, ControlFailed: there was no answer, or a refusal.
        """
        if execution.info.recorded and was_sent(execution.run, subtype):
            return {}  # what came of it is in the recording, and in the fold
        return self.controls.request(self, execution, subtype, fields)

    def follow_up(self, execution: Execution, text: str, *, fork: bool) -> Execution:
        """Send a prompt to a running execution, or resume an ended one, or fork any, with it."""
        text = clean_query(text)
        if not fork and (not execution.status.ended or execution.info.recorded):
            message = command.user_message(text, expand=execution.run.request.expand)
            with contextlib.suppress(ExecutionEnded):
                if self._sent(execution, json.dumps(message)):
                    return execution
            self._wait_for_end(execution)
        return self._resume(execution, text, fork=fork)

    @staticmethod
    def _wait_for_end(execution: Execution) -> None:
        """It takes no more input, so it ends, within the graces of its shim."""
        try:
            execution.wait(_END_WITHIN)
        except TimeoutError:
            raise ControlFailed(
                f"Execution {execution.execution_id} takes no more input and has not ended yet.",
                code="stdin_closed",
                execution_id=execution.execution_id,
                hint="Send it again when it has ended, or kill it.",
            ) from None

    def _sent(self, execution: Execution, line: str) -> bool:
        """Whether the CLI took it; not if its stdin was closed a moment ago."""
        try:
            self.ask(execution, "send", line=line)
        except ControlFailed as error:
            if error.code == "unreachable":
                return not self._is_going(execution, error)
            if error.code != "stdin_closed":
                raise
            return False
        return True

    @staticmethod
    def _is_going(execution: Execution, error: ControlFailed) -> bool:
        """Its shim hears nothing: once its CLI has gone, the end follows at once.

        Raises:
            ControlFailed: the same error; it goes on, and cannot be reached.
        """
        try:
            execution.wait(_GONE_WITHIN)
        except TimeoutError:
            raise error from None
        return True

    def _resume(self, execution: Execution, text: str, *, fork: bool) -> Execution:
        session_id = execution.info.session_id
        if session_id is None:
            when = "ended before it had" if execution.status.ended else "does not have"
            raise ExecutionEnded(
                f"Execution {execution.execution_id} {when} a session.",
                execution_id=execution.execution_id,
                hint="Start a new one.",
            )
        asked = self._request_of(
            execution, f"start_execution(text, session_id={session_id!r}, env=...) resumes it."
        )
        request = asked.model_copy(
            update={
                "query": text,
                "session_id": session_id,
                "fork_session": fork,
                "after": (),
                "continues": None,
                "variables": None,
            }
        )
        if execution.execution_id not in self._registry.mine:
            request = _in_mode_of_manager(request)
        origin, code = Origin(execution.execution_id), execution.user_code
        resumed = self._admission.admit(request, origin, code)
        self._look()
        return resumed

    def rerun(self, execution: Execution) -> Execution:
        """Start another one with the same request; what it came after need not be waited for twice.

        It is started in the manager's mode: a cell that was run live once says nothing about a
        later kernel that replays.

        Raises:
            InvalidRequest: its environment was another kernel's, or its session is in use.
        """
        asked = self._request_of(execution, "Start it anew with start_execution(..., env=...).")
        needed = needed_by(asked)
        after = tuple(one for one in asked.after if one in needed or self._goes_on(one))
        request = _in_mode_of_manager(asked.model_copy(update={"after": after}))
        again = self._admission.admit(request, code=execution.user_code)
        self._look()
        return again

    def _goes_on(self, execution_id: str) -> bool:
        """Whether that one is known, and has not ended."""
        execution = self._registry.get(execution_id)
        return execution is not None and not execution.status.ended

    @staticmethod
    def _request_of(execution: Execution, hint: str) -> ExecutionRequest:
        """What it was asked, to be asked again."""
        run = execution.run
        if run.forgotten_env:
            names = ", ".join(run.forgotten_env)
            raise InvalidRequest(
                f"Execution {execution.execution_id} was started by another kernel with env for "
                f"{names}, and values are never kept.",
                field="env",
                hint=hint,
            )
        return asked_again(execution)

    def end_mine(self, deadline: float) -> None:
        """Kill all that this manager owns, and wait for it until that monotonic second.

        Raises:
            ControlFailed, TimeoutError: something goes on.
        """
        mine = [one for one in self._registry.active() if one.execution_id in self._registry.mine]
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


def _in_mode_of_manager(request: ExecutionRequest) -> ExecutionRequest:
    """Without a mode of its own that runs; what was only to be played is never run."""
    return request if request.mode == "replay" else request.model_copy(update={"mode": None})


def _has_ended(execution: Execution) -> ExecutionEnded:
    why = execution.info.reason
    return ExecutionEnded(
        f"Execution {execution.execution_id} has ended{f' ({why})' if why else ''}.",
        execution_id=execution.execution_id,
        hint="execution.send(text) resumes its session in a new execution.",
    )


def _gone(execution: Execution, control_id: str, *, became: str = "", by: str = "") -> RequestGone:
    """Why there is nothing to answer, from what was asked and settled so far."""
    settled = execution.state.work.settled
    before = next((one for one in settled if one.request_id == control_id), None)
    if not became and before is not None:
        became, by = "answered" if before.answered else "cancelled", before.by
    if not became:
        became = "ended" if execution.status.ended else "unknown"
    return RequestGone(control_id, execution_id=execution.execution_id, became=became, by=by)
