"""What was run is recorded: seen before and after, and saved at its end.

The rule: what has ended goes to a thread of its own, which sees what the project has become and
saves. Whatever goes wrong in that is told and harms no execution. What is recorded and what is
played others decide (`planning`).
"""

from __future__ import annotations

import atexit
import logging
import os
import queue
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from claude_widget.backend import Backend
from claude_widget.changes import observed as changes
from claude_widget.changes.overlaps import OVERLAPS, Span, Stay, overlapped
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.markup.characters import visible
from claude_widget.models import ExecutionInfo, ExecutionRequest, ExecutionStatus, Reason
from claude_widget.recordings.backend import RecordedBackend
from claude_widget.recordings.claims import Claim, RecordingProblem
from claude_widget.recordings.key import RecordingKey
from claude_widget.recordings.planning import Plan
from claude_widget.recordings.reading import has_completed
from claude_widget.recordings.recorded_patch import changes_of
from claude_widget.registry import Registry

_LOG = logging.getLogger(__name__)
_OVERLAPS = OVERLAPS
"""Of all managers of this process: several may work in one folder."""
_SAVED_WITHIN = 30.0
"""Seconds that closing a manager waits for what is being saved."""
_NOT_ITS_OWN = (Reason.LOST, Reason.CLOSE, Reason.SWEEP, Reason.DEPENDENCY)
"""Ends that are the machine's or the kernel's doing; nobody wants them again."""


_BEGUN = "the kernel in which it began is gone"
_NOT_BEGUN = "it failed before its CLI had begun. Run it again once that can start"


class _Running(NamedTuple):
    """One that is run, and where; what the folder was before, if it is recorded."""

    plan: Plan
    stay: Stay | None = None
    since: float = 0.0
    before: changes.Before | None = None


class Recorder:
    """Records for one manager. Safe from any thread.

    Args:
        backend: what runs and plays; nothing is recorded by one that can only run, or only play.
        registry: knows what else runs.

    Attributes:
        problems: recordings that could not be saved.
    """

    def __init__(self, backend: Backend, registry: Registry) -> None:
        self._backend = backend if isinstance(backend, RecordedBackend) else None
        self._registry = registry
        self._lock = threading.Lock()
        self._running: dict[str, _Running] = {}
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._missed: set[str] = set()
        self._handed_over: set[str] = set()
        self.problems: tuple[RecordingProblem, ...] = ()

    # -- starting ----------------------------------------------------------------------------

    def admitted(self, plan: Plan, request: ExecutionRequest, execution_id: str) -> None:
        """That start has become an execution, which is not started yet.

        Raises:
            PatchConflict: what its recording has changed in the project cannot be changed again.
        """
        if self._backend is None:
            return
        if plan.recording is not None:
            assert plan.played is not None
            if request.apply_changes and (recorded := changes_of(plan.recording)) is not None:
                self._apply(recorded, Path(request.project_path), execution_id)
            self._backend.choose(execution_id, plan.recording, plan.played)
        else:
            with self._lock:
                self._running[execution_id] = _Running(plan)
        if plan.mode != "replay" and plan.number != plan.from_the_top:
            self._failed(execution_id, _out_of_order(plan))

    def _apply(self, recorded: changes.Changes, project: Path, execution_id: str) -> None:
        """Make recorded changes again; who works in that folder meanwhile has not made them."""
        stay = _OVERLAPS.begin(project)
        try:
            changes.apply(recorded, project)
        finally:
            _OVERLAPS.end(stay)
        if recorded.lacking:
            missing = "; ".join(recorded.lacking)
            self._failed(execution_id, f"it changed what its recording lacks: {missing}")

    def plan_of(self, execution_id: str) -> Plan | None:
        """How that one is recorded; None if it is not."""
        with self._lock:
            running = self._running.get(execution_id)
        return running.plan if running is not None and running.plan.records else None

    def hand_over(self, execution_id: str, to: str) -> None:
        """What is recorded of one that has failed goes on with another attempt at it.

        What the project was before the first of them is what all of them together change.
        """
        with self._lock:
            running = self._running.get(execution_id)
            if running is not None and running.plan.records:
                self._running[to] = self._running.pop(execution_id)
                self._handed_over.add(execution_id)

    def claim(self, plan: Plan) -> Claim | None:
        """How that start is recorded if it goes on with what is there; None if it is not."""
        if plan.key is None or plan.recording is not None:
            return None

        def begin(execution_id: str) -> None:
            with self._lock:
                self._running[execution_id] = _Running(plan)
                if execution_id in self._missed:
                    self._missed.discard(execution_id)
                    left = (one for one in self.problems if one.execution_id != execution_id)
                    self.problems = tuple(left)

        def finish(execution: Execution) -> None:
            self.ended(execution, lambda: None)

        is_missed = self._missed.__contains__
        key, auto = plan.key.key, plan.mode == "auto"
        return Claim(key, begin, self._leave, finish, is_missed, takes_completed=auto)

    def choose_again(self, execution: Execution) -> None:
        """Find anew what it is played from, if it is played and another manager has admitted it.

        Raises:
            RecordingNotFound: it is there no more; what was to be played is never run instead.
            RecordingDamaged, RecordingTooNew: it cannot be played.
        """
        backend, execution_id = self._backend, execution.execution_id
        if backend is None or not execution.state.asked.recorded or backend.is_chosen(execution_id):
            return
        info, recordings = execution.info, backend.recordings
        found = backend.recording_of(info)
        if found is None:
            key = RecordingKey(info.recording_key or "", {"query": info.query})
            raise recordings.missing(key, execution.run.request)
        backend.choose(execution_id, found, recordings.read(found))

    def starts(self, execution: Execution, folder: Path) -> None:
        """It is started this moment: what its project is now is what it changes.

        Args:
            execution: it.
            folder: where it works: its project, or what is the project in its worktree.

        Raises:
            RecordingNotFound, RecordingDamaged, RecordingTooNew: as for `choose_again`.
        """
        self.choose_again(execution)
        with self._lock:
            running = self._running.get(execution.execution_id)
        if running is None or running.stay is not None:  # which is of an earlier attempt
            return
        running = running._replace(stay=_OVERLAPS.begin(folder), since=time.time())
        if running.plan.records:
            running = running._replace(before=self._before(execution.execution_id, folder))
        with self._lock:
            self._running[execution.execution_id] = running

    def _before(self, execution_id: str, project: Path) -> changes.Before | None:
        try:
            return changes.before(project, ignored=self._written_by_others())
        except (ClaudeWidgetError, OSError) as error:
            self._failed(execution_id, f"what it changes is not recorded: {error}")
            return None

    def _written_by_others(self) -> list[Path]:
        """What lies in a project and is no execution's work."""
        assert self._backend is not None
        base = self._backend.base
        written = [self._backend.recordings.folder, self._registry.folder.path]
        if notebook := os.environ.get("JPY_SESSION_NAME"):
            written.append(base / notebook)
        return [*written, base / ".ipynb_checkpoints"]

    # -- ending ------------------------------------------------------------------------------

    def is_saving(self, execution_id: str) -> bool:
        """It is recorded, and what it changed is not known yet."""
        with self._lock:
            running = self._running.get(execution_id)
        return running is not None and running.plan.records

    def saving(self) -> tuple[str, ...]:
        """Ids of all those of which `is_saving` is true."""
        with self._lock:
            return tuple(one for one, running in self._running.items() if running.plan.records)

    def ended(self, execution: Execution, tell: Callable[[], None]) -> None:
        """It has ended: save it, if it is recorded, then tell so.

        Args:
            execution: it.
            tell: tells its end; called at once if nothing is saved, else when it was.
        """
        if not self.is_saving(execution.execution_id):
            self._leave(execution.execution_id)
            if self._was_to_be_recorded(execution):
                self._failed(execution.execution_id, f"it is not recorded: {_BEGUN}")
                self._missed.add(execution.execution_id)
            tell()
            return

        def save() -> None:
            try:
                self._save(execution)
            finally:
                self._leave(execution.execution_id)
                tell()

        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="claude-widget-recorder", daemon=True
                )
                self._thread.start()
                atexit.register(self.close)
        self._queue.put(save)

    def _was_to_be_recorded(self, execution: Execution) -> bool:
        """Whether it is this manager's by now, which would record it, and another began to."""
        asked = execution.state.asked
        if execution.execution_id in self._handed_over:
            return False
        if asked.key is None or asked.recorded or execution.info.start_time is None:
            return False
        if self._backend is None or execution.execution_id not in self._registry.mine:
            return False
        return self._backend.mode_of(execution.run.request) in ("record", "auto")

    def _leave(self, execution_id: str) -> None:
        with self._lock:
            running = self._running.pop(execution_id, None)
        if running is not None and running.stay is not None:
            _OVERLAPS.end(running.stay)

    def _run(self) -> None:
        while (save := self._queue.get()) is not None:
            try:
                save()
            except Exception:  # noqa: BLE001 - the next one is saved all the same
                _LOG.exception("A recording was not saved")

    def _save(self, execution: Execution) -> None:
        assert self._backend is not None
        info = execution.info
        with self._lock:
            running = self._running.get(execution.execution_id)
        if running is None:  # it was saved meanwhile
            return
        plan = running.plan
        assert plan.key is not None
        assert plan.call is not None
        recordings = self._backend.recordings
        try:
            changed = self._changed(execution, running)
            if not _is_worth(plan, info):
                _LOG.info("Execution %s is not recorded: %s", info.execution_id, info.reason)
                if plan.mode == "record" and info.reason is Reason.STARTUP:
                    self._failed(info.execution_id, f"it is not recorded: {_NOT_BEGUN}")
                return
            if kept := self._better_than(plan.key, info):
                self._failed(info.execution_id, kept)
                return
            if changed is not None:
                changed = changed.redacted(recordings.redactor.for_request(execution.run.request))
            recordings.save(
                plan.key,
                execution.run,
                made_by=plan.call.label,
                changes=changed,
                by_page=execution.said_by_page,
            )
            self._registry.folder.note_recorded(execution.run)
            if changed is not None and changed.lacking:
                missing = "; ".join(changed.lacking)
                self._failed(info.execution_id, f"its recording lacks what it changed: {missing}")
        except Exception as error:  # noqa: BLE001 - the execution has its result all the same
            self._failed(info.execution_id, f"it is not recorded: {type(error).__name__}: {error}")

    def _better_than(self, key: RecordingKey, info: ExecutionInfo) -> str:
        """Why that end is not recorded: it is no success, and one is; empty if it is."""
        assert self._backend is not None
        recordings = self._backend.recordings
        if info.status is ExecutionStatus.COMPLETED:
            return ""
        try:
            found = recordings.find(key)
            completed = found is not None and has_completed(recordings.read(found))
        except ClaudeWidgetError:  # one that cannot be played gives way
            return ""
        if found is None or not completed:
            return ""
        return (
            f"it is not recorded: it has {info.status}, and what is recorded for it, which "
            f"completed, is kept. Remove {found.folder.name} to have this recorded instead"
        )

    def _changed(self, execution: Execution, running: _Running) -> changes.Changes | None:
        """What it changed in its project, as far as it was seen."""
        before, stay = running.before, running.stay
        if stay is None:
            return changes.Changes("", incomplete=_BEGUN)
        if before is None:
            return None
        own = Span(stay.project, running.since, time.time())
        mixed = stay.mixed or overlapped(own, self._others(execution, running.since))
        return before.after(mixed=mixed)

    def _others(self, execution: Execution, since: float) -> Iterator[Span]:
        """What else of this state folder has run since then, as far as it was followed.

        Earlier attempts at the same are nobody else: what they changed is in its patch.
        """
        self._registry.look_around()  # another kernel may have begun a moment ago
        own = {one.execution_id for one in self._registry.attempts(execution)}
        for other in self._registry.all():
            started, over = other.ran
            if other.execution_id in own or started is None or (over is not None and over < since):
                continue
            project = Path(other.info.cwd)
            if not other.info.recorded:
                yield Span(project, started, over)
            elif other.run.request.apply_changes:  # made before it is played
                yield Span(project, other.info.created_time or started, started)

    def _failed(self, execution_id: str, problem: str) -> None:
        if self._backend is not None:  # a notebook keeps it
            problem = self._backend.recordings.redactor.text(problem)
        _LOG.error("Execution %s: %s", execution_id, visible(problem))
        with self._lock:
            self.problems = (*self.problems, RecordingProblem(execution_id, problem))

    def close(self) -> None:
        """Wait for what is being saved, within bounds; nothing is recorded from now on."""
        with self._lock:
            thread, self._thread = self._thread, None
        if thread is None:
            return
        atexit.unregister(self.close)
        self._queue.put(None)
        if thread is not threading.current_thread():
            thread.join(_SAVED_WITHIN)
            if thread.is_alive():
                _LOG.error("Recordings are still being saved after %.0f s", _SAVED_WITHIN)


def _out_of_order(plan: Plan) -> str:
    assert plan.call is not None
    return (
        f"run from its top, the notebook would show here, in {plan.call.label}, number "
        f"{plan.from_the_top} of these equal starts, and this is number {plan.number}. Restart the "
        "kernel and record them all again, or tell them apart with key="
    )


def _is_worth(plan: Plan, info: ExecutionInfo) -> bool:
    """Whether it is to be played from now on.

    Who records on purpose gets what was, also a failure or a kill that the notebook shows; what is
    recorded on the way is played for ever after, so only what completed is.
    """
    if info.start_time is None or info.reason in _NOT_ITS_OWN:
        return False
    if info.reason is Reason.STARTUP and info.cli_version is None:  # its CLI said nothing
        return False
    return plan.mode == "record" or info.status is ExecutionStatus.COMPLETED
