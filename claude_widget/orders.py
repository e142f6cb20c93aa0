"""What a manager can be told to do with executions, as its user calls it.

The rule: the methods of `ProcessManager` that end, take over, repeat, forget or remove. They find
the execution and pass the rest on; nothing is decided here.
"""

from __future__ import annotations

import os
from typing import Any

from claude_widget import quantities
from claude_widget.adoption import Adoption
from claude_widget.cleanup.retention import Retention
from claude_widget.cleanup.sweep import Sweep
from claude_widget.errors import ExecutionActive
from claude_widget.execution import Execution
from claude_widget.listeners import Listeners
from claude_widget.models import Reason
from claude_widget.queue.queue import Queue
from claude_widget.queue.starting import Starting
from claude_widget.queue.warming import Warm
from claude_widget.recordings.planning import Planner
from claude_widget.registry import Registry
from claude_widget.reports import PruneReport, SweepReport
from claude_widget.request import build_request
from claude_widget.steering import Steering


class Orders:
    """What a manager is told to do with the executions that it knows."""

    _registry: Registry
    _steering: Steering
    _adoption: Adoption
    _listeners: Listeners
    _retention: Retention
    _sweep: Sweep
    _starting: Starting
    _planner: Planner
    queue: Queue

    def _look(self) -> None:
        """Have the manager look at once."""
        raise NotImplementedError

    def _resume_batches(self) -> None:
        """Go on with the batches that are left."""
        raise NotImplementedError

    def kill_execution(self, execution_id: str) -> None:
        """End an execution and everything it started; nothing happens if it has ended.

        Raises:
            ExecutionNotFound: there is none of that id.
            ControlFailed: its shim lives and does not answer.
        """
        self._steering.kill(self._registry.known(execution_id), Reason.USER)

    def adopt(self, execution_id: str) -> Execution:
        """Own an execution whose manager is gone, whichever notebook's it was.

        What runs in a manager's own notebook it adopts by itself; what waited there for its start
        is started only when it is adopted so, or asked for again.

        Returns:
            The execution. Nothing happens if it is this manager's already.

        Raises:
            ExecutionNotFound: there is none of that id.
            ExecutionEnded: it has ended.
            ExecutionOwned: its manager lives, as far as can be known; `owner` says who.
            InvalidRequest: it waits, and cannot be started without the env that its kernel knew, or
                where the mode is replay.
            RecordingNotFound: it waits to be played, and its recording is there no more.
            ControlFailed: its shim did not answer.
        """
        execution = self._adoption.adopt(self._registry.known(execution_id))
        self._look()
        return execution

    def pause_queue(self) -> None:
        """Start nothing until `resume_queue`; what runs goes on."""
        self.queue.pause()

    def resume_queue(self) -> list[Execution]:
        """Start again, whoever or whatever has paused it.

        What waited in this notebook for a kernel that is gone is taken over: it waits here now,
        and the batches that such kernels have left go on.

        Returns:
            Those that were taken over, oldest first. One that cannot be, such as one with an `env`
            that only its kernel knew, stays held; `adopt` says why.
        """
        self._resume_batches()
        taken = self._adoption.take_up_held()
        self.queue.resume()
        return taken

    def kill_all(self) -> list[Execution]:
        """Kill all that this manager owns, those that wait included; those that had not ended.

        Raises:
            ControlFailed: the shim of one lives and does not answer; the others are ended.
        """
        return self.queue.kill_all()

    def warm(
        self,
        count: int,
        project_path: str | os.PathLike[str] = ".",
        *,
        most: int | None = None,
        **options: Any,
    ) -> Warm:
        """Keep CLIs ready that were started ahead, for executions that are started just like this.

        A start with the same `project_path` and options, whatever its query and name, then takes
        one over and sends it its prompt: a third of the time to the first answer. Limits count from
        then. Each takes memory while it waits; all that nobody took end when what is returned is
        closed, with the manager, and with the kernel. In mode replay there are none.

        Args:
            count: how many are to be ready, from 1 to 64.
            project_path: the folder that they work in.
            most: how many are started in all; None for as many as are taken.
            **options: as of `start_execution`.

        Returns:
            What keeps them: `ready`, `problem`, `close()`; a context manager.

        Raises:
            InvalidRequest: an option is wrong, or makes each start another (`session_id`,
                `worktree`, `sandbox="bubblewrap"`).
            ClaudeWidgetError: as for a start.
        """
        if most is not None:
            most = quantities.count("most", most, least=0)
        request = build_request("-", project_path, **options)
        runs = self._planner.mode_of(request) != "replay"
        kept = self._starting.warming.keep(count, request, runs=runs)
        kept.begin(most)
        return kept

    def rerun(self, execution_id: str) -> Execution:
        """Start another execution with the request of that one.

        Raises:
            ExecutionNotFound: there is none of that id.
            InvalidRequest: it was another kernel's and had an env, or its session is in use.
        """
        return self._steering.rerun(self._registry.known(execution_id))

    def cleanup_execution(self, execution_id: str) -> None:
        """Forget an ended execution here and in the dashboard; its transcript stays.

        For those that wait for it already it counts as it ended.

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
        self._listeners.tell(execution.execution_id)

    def prune(
        self,
        older_than: float | None = None,
        max_bytes: int | None = None,
        *,
        dry_run: bool = False,
    ) -> PruneReport:
        """Remove ended executions for good, transcripts included, oldest end first.

        What runs, waits, or is in use is never removed; nor what a waiting one comes `after`. The
        file of a batch goes once none of its executions is left.

        Args:
            older_than: seconds since the end after which one goes.
            max_bytes: bytes that all executions may take; the oldest go until they do.
            dry_run: only say what would be removed.

        Raises:
            InvalidRequest: neither bound is given, or one is negative.
        """
        return self._retention.prune(older_than, max_bytes, dry_run=dry_run)

    def sweep(self) -> SweepReport:
        """End and remove what dead executions left behind: processes, sockets, temp files.

        Every manager does so once when it is made; `swept` has what it found. Bounded to a minute.
        """
        return self._sweep.run()

    @property
    def swept(self) -> SweepReport | None:
        """What the last sweep found; None while the one at the start is not over."""
        return self._sweep.report
