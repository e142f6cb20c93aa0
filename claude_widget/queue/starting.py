"""Who is started and when, who never will be, and what is made ready for a start.

The rule: it owns the waiting line and its lock, and hands transcripts over to the backend. What is
pending becomes running or refused here and nowhere else; it does not follow what became of it.
"""

from __future__ import annotations

import logging
import os
import threading
import time
from collections import ChainMap
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from claude_widget.backend import Backend, Run
from claude_widget.errors import ClaudeWidgetError, ControlFailed
from claude_widget.execution import Execution
from claude_widget.models import ExecutionStatus, Reason
from claude_widget.queue.waiting_line import Outcome, WaitingLine
from claude_widget.queue.warming import Warming, warmer_of
from claude_widget.recordings.planning import Planner
from claude_widget.recordings.recorder import Recorder
from claude_widget.registry import Registry
from claude_widget.request import check_root
from claude_widget.transcript import Writer
from claude_widget.trust import check_project
from claude_widget.worktrees.placing import place

_LOG = logging.getLogger(__name__)
_MOST_TOLD = 5
_LONGEST_WHY = 300
"""Characters of why another one failed, which may itself say so of others."""


class Gate(Protocol):
    """Something that may keep executions from being started."""

    def bars(self, execution: Execution) -> bool:
        """Whether that one may not be started now."""

    def opens_in(self) -> float | None:
        """Seconds until it may be otherwise; None if only news can make it so."""


class Preparation(Protocol):
    """Something that must be there before an execution is started, and may take long."""

    def is_needed(self, execution: Execution) -> bool:
        """Whether it is, for that one."""

    def prepare(self, execution: Execution) -> None:
        """Make it, on a thread of its own; its records are in the transcript afterwards.

        Raises:
            ClaudeWidgetError, OSError: it cannot be; the execution is refused.
        """

    def withdraw(self, execution: Execution) -> None:
        """It was made, and the execution is not started after all."""


class Starting:
    """Starts executions, as many at once as there are slots. Safe from any thread.

    Args:
        registry: keeps them.
        backend: runs them.
        line: of those that wait.
        tell: hears of one that has changed without being followed.
        planner: knows which of them are played.
        recorder: records the others.

    Attributes:
        lock: held while the line, or the records of one that waits, are looked at or changed.
        closed: nothing is started any more.
        gates: what may keep executions from being started.
        preparations: what must be there before a start, in the order in which it is made.
        warming: CLIs that were started ahead; the last of the preparations.
        look: has the manager look at what was started on another thread.
    """

    def __init__(
        self,
        registry: Registry,
        backend: Backend,
        line: WaitingLine,
        tell: Callable[[Execution], None],
        *,
        planner: Planner,
        recorder: Recorder,
    ) -> None:
        self.lock = threading.RLock()
        self.closed = False
        self.gates: list[Gate] = []
        self.preparations: list[Preparation] = []
        self.look: Callable[[], None] = lambda: None
        self._registry = registry
        self._backend = backend
        self._line = line
        self._tell = tell
        self._planner = planner
        self._recorder = recorder
        self._preparing: set[str] = set()
        self._cleaned_up: dict[str, Execution] = {}
        """Those that others wait for all the same; asked for at every look at the line."""
        self.warming = Warming(registry, warmer_of(backend))

    def tell(self, execution: Execution) -> None:
        """Whoever listens hears that it has changed; not while the lock is held."""
        self._tell(execution)

    # -- the line ----------------------------------------------------------------------------

    def wait_in_line(self, execution: Execution) -> None:
        """One that is this manager's waits for its start from now on."""
        request = execution.run.request
        with self.lock:
            self._line.add(
                execution.execution_id,
                execution.state.asked.priority,
                request.after,
                runs_anyway=request.on_failure == "run",
                held=execution.state.life.held,
            )

    def runs(self, execution: Execution) -> None:
        """One that runs has become this manager's, and takes a slot."""
        with self.lock:
            self._line.runs(execution.execution_id)
            if execution.status.ended:  # a moment ago, and nobody will tell it again
                self._line.freed(execution.execution_id)

    def freed(self, execution: Execution) -> None:
        """It has ended: its slot is free."""
        with self.lock:
            self._line.freed(execution.execution_id)
            self._line.remove(execution.execution_id)
        self.warming.ended(execution.execution_id)

    def has_spawned(self, execution: Execution) -> bool:
        """Whether it was handed to the backend here; not while that is being done."""
        execution_id = execution.execution_id
        with self.lock:
            return self._line.has_slot(execution_id) and execution_id not in self._preparing

    def waits(self, execution: Execution) -> bool:
        """Whether it is in the waiting line, or is being made ready."""
        execution_id = execution.execution_id
        with self.lock:
            return self._line.waits(execution_id) or execution_id in self._preparing

    def let_go(self) -> None:
        """Take those out of the line that another manager has cancelled.

        What waits is not followed; once it is out, it is, and its end is seen. A `stat` of each,
        once in a while, is all that this costs.
        """
        with self.lock:
            for execution_id in self._line.waiting:
                execution = self._registry.get(execution_id)
                if execution is None or not _still_waits(execution):
                    self._line.remove(execution_id)

    def close(self) -> None:
        """Start nothing from now on."""
        self.warming.close()
        with self.lock:
            self.closed = True

    # -- starting ----------------------------------------------------------------------------

    def fill_slots(self, *, checked: str = "") -> float | None:
        """Start who may start; seconds until the next start may be possible, or None.

        Args:
            checked: id of one whose project was looked at a moment ago.
        """
        with self.lock:
            while not self.closed:
                now = time.monotonic()
                found = self._line.next(now, self._outcome, self._is_barred)
                if found is None:
                    return self._due(now)
                execution = self._registry.known(found[0])
                if found[1]:
                    self._start(execution, is_checked=found[0] == checked)
                else:
                    self._refuse_dependant(execution)
        return None

    def _due(self, now: float) -> float | None:
        if not self._line.waiting_count:
            self._cleaned_up.clear()
            return None
        due = [self._line.due(now), *(gate.opens_in() for gate in self.gates)]
        return min((one for one in due if one is not None), default=None)

    def _is_barred(self, execution_id: str) -> bool:
        if not self.gates:
            return False
        execution = self._registry.get(execution_id)
        return execution is not None and any(gate.bars(execution) for gate in self.gates)

    def _outcome(self, execution_id: str) -> Outcome:
        execution = self._first(execution_id)
        if execution is None:
            return "did not complete"
        execution = execution.latest
        # Until its end was told, another attempt may follow.
        if not execution.end_told or self._recorder.is_saving(execution.execution_id):
            return "waits"
        done = execution.status is ExecutionStatus.COMPLETED
        return "completed" if done else "did not complete"

    def _first(self, execution_id: str) -> Execution | None:
        """One that others wait for; that it was cleaned up meanwhile does not undo how it went."""
        found = self._registry.get(execution_id) or self._cleaned_up.get(execution_id)
        if found is None and (found := self._registry.recall(execution_id)) is not None:
            self._cleaned_up[execution_id] = found
        return found

    def _start(self, execution: Execution, *, is_checked: bool) -> None:
        runs = not execution.state.asked.recorded
        self._line.started(execution.execution_id, time.monotonic(), staggers=runs)
        preparations = (*self.preparations, self.warming)
        needed = [one for one in preparations if one.is_needed(execution)]
        if not needed:
            self._spawn(execution, is_checked=is_checked)
            return
        self._preparing.add(execution.execution_id)
        try:
            threading.Thread(
                target=self._prepare,
                args=(execution, needed),
                name="claude-widget-preparing",
                daemon=True,
            ).start()
        except RuntimeError as error:  # the machine has no thread left
            self._preparing.discard(execution.execution_id)
            self.refuse(execution, Reason.STARTUP, str(error))

    def _prepare(self, execution: Execution, needed: list[Preparation]) -> None:
        """Make ready what it needs, then start it, unless it was cancelled meanwhile."""
        made: list[Preparation] = []
        problem: Exception | None = None
        try:
            for preparation in needed:
                made.append(preparation)
                preparation.prepare(execution)
        except Exception as error:  # noqa: BLE001 - it is refused with what went wrong
            problem = error
            if not isinstance(error, (ClaudeWidgetError, OSError)):
                _LOG.exception("Execution %s cannot be made ready", execution.execution_id)
        with self.lock:
            wanted = execution.execution_id in self._preparing and not self.closed
            self._preparing.discard(execution.execution_id)
            if wanted and problem is None:
                self._spawn(execution)
            elif wanted:
                self.refuse(execution, Reason.STARTUP, str(problem))
        if problem is not None or not wanted or execution.status.ended:
            for preparation in made[::-1]:
                preparation.withdraw(execution)
        self._tell(execution)
        self.look()

    def _spawn(self, execution: Execution, *, is_checked: bool = False) -> None:
        try:
            writer = Writer(execution.run.transcript)
            try:
                if writer.size != execution.read_bytes:  # another manager has cancelled it
                    writer.close()
                    return
                run = place(execution)
                if not execution.state.asked.recorded:
                    self._planner.check_runs(execution.run.request)
                    if not is_checked:  # a moment ago: this one may have waited long
                        self._check_project(execution, run)
                self._recorder.starts(execution, Path(run.request.project_path))
                self._backend.start(run, writer)
            except BaseException:
                writer.close()
                raise
        except (OSError, ClaudeWidgetError) as error:
            self.refuse(execution, Reason.STARTUP, str(error))

    def _check_project(self, execution: Execution, run: Run) -> None:
        request = execution.run.request
        check_root(request)
        state, env = self._registry.folder.path, ChainMap(request.env, os.environ)
        check_project(request, state, env, folder=Path(run.request.project_path))

    # -- those that are never started --------------------------------------------------------

    def _refuse_dependant(self, execution: Execution) -> None:
        self._line.remove(execution.execution_id)
        after = execution.run.request.after
        failed = [one for one in after if self._outcome(one) == "did not complete"]
        said = "; ".join(self._told(one) for one in failed[:_MOST_TOLD])
        more = f"; and {len(failed) - _MOST_TOLD} more" if len(failed) > _MOST_TOLD else ""
        self.refuse(execution, Reason.DEPENDENCY, f"Not started: {said}{more}.")

    def _told(self, execution_id: str) -> str:
        """How one went that another waited for, in a few words."""
        execution = self._first(execution_id)
        if execution is None:
            return f"{execution_id} was removed"
        info = execution.latest.info
        name = execution_id if info.name is None else f"{info.name} ({execution_id})"
        why = f": {info.errors[-1].strip()[:_LONGEST_WHY]}" if info.errors else ""
        return f"{name} {info.status} ({info.reason}){why}".rstrip(".")

    def refuse(self, execution: Execution, reason: Reason, error: str) -> None:
        """Write that it will never run."""
        try:
            with Writer(execution.run.transcript) as writer:
                writer.meta("refused", reason=reason, error=error)
        except OSError as problem:
            _LOG.error("Execution %s: %s (%s)", execution.execution_id, error, problem)

    def cancel(self, execution: Execution, reason: Reason, error: str = "") -> bool:
        """End one that was never started, with an error in words or none; False if it was.

        Another manager's too: whoever holds the transcript's lock decides, and its owner looks
        before it starts anything.

        Raises:
            ControlFailed: its transcript cannot be written; it waits as before.
        """
        execution_id = execution.execution_id
        with self.lock:
            mine = self._line.waits(execution_id) or execution_id in self._preparing
            if not mine and execution.status is not ExecutionStatus.PENDING:
                return False
            try:
                writer = Writer(execution.run.transcript)
            except BlockingIOError:
                return False  # it is being started this very moment
            except FileNotFoundError:
                self._leaves(execution_id)  # it is followed from now on, which tells that
                return False
            except OSError as problem:
                raise _cannot_be_cancelled(execution_id, problem) from problem
            self._leaves(execution_id)
            with writer:
                if not execution.is_pending_at(writer.size):
                    return mine  # another manager has cancelled it, or it has run meanwhile
                writer.meta("kill", reason=reason, error=error)
                writer.meta("ended", exit_code=None, error="", forced=False, descendants=0)
            return True

    def _leaves(self, execution_id: str) -> None:
        """It waits no more, nor is it made ready."""
        self._line.remove(execution_id)
        self._preparing.discard(execution_id)

    def write_quietly(self, execution: Execution, event: str, **fields: object) -> bool:
        """Add a record to one that waits, or is being made ready; False if it does so no more.

        Nobody is told: whoever holds the lock may not.
        """
        with self.lock:
            try:
                writer = Writer(execution.run.transcript)
            except OSError:
                return False
            with writer:
                if not execution.is_pending_at(writer.size):
                    return False
                writer.meta(event, **fields)
            execution.catch_up()
            execution.pause()
        return True


def _cannot_be_cancelled(execution_id: str, error: OSError) -> ControlFailed:
    return ControlFailed(
        f"Execution {execution_id} waits and cannot be cancelled: {error.strerror or error}.",
        code="unwritable",
        execution_id=execution_id,
        hint="Hold it or pause the queue, and kill it once its transcript can be written.",
    )


def _still_waits(execution: Execution) -> bool:
    """Whether nobody has written to its transcript since it was put into the line."""
    try:
        return execution.is_pending_at(execution.run.transcript.stat().st_size)
    except FileNotFoundError:
        return False  # which whoever follows it will say
    except OSError:
        return True  # it cannot be looked at for now
