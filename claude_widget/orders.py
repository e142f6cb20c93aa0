"""What a manager can be told to do with executions, as its user calls it.

The rule: the methods of `ProcessManager` that end, take over, repeat, forget or remove. They find
the execution and pass the rest on; nothing is decided here.
"""

from __future__ import annotations

from claude_widget.adoption import Adoption
from claude_widget.cleanup.retention import Retention
from claude_widget.cleanup.sweep import Sweep
from claude_widget.errors import ExecutionActive
from claude_widget.execution import Execution
from claude_widget.listeners import Listeners
from claude_widget.models import Reason
from claude_widget.registry import Registry
from claude_widget.reports import PruneReport, SweepReport
from claude_widget.steering import Steering


class Orders:
    """What a manager is told to do with the executions that it knows."""

    _registry: Registry
    _steering: Steering
    _adoption: Adoption
    _listeners: Listeners
    _retention: Retention
    _sweep: Sweep

    def _look(self) -> None:
        """Have the manager look at once."""
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

    def rerun(self, execution_id: str) -> Execution:
        """Start another execution with the request of that one.

        Raises:
            ExecutionNotFound: there is none of that id.
            InvalidRequest: it was another kernel's and had an env, or its session is in use.
        """
        return self._steering.rerun(self._registry.known(execution_id))

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
        self._listeners.tell(execution.execution_id)

    def prune(
        self,
        older_than: float | None = None,
        max_bytes: int | None = None,
        *,
        dry_run: bool = False,
    ) -> PruneReport:
        """Remove ended executions for good, transcripts included, oldest end first.

        What runs, waits, or is in use is never removed; nor what a waiting one comes `after`.

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
