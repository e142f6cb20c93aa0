"""What is looked at once an execution of a comparison has ended: its diff's size, then its score.

The rule: on one thread of the comparison's own, one execution at a time in the order in which they
end, each once. Neither the manager's thread nor the user's loop ever waits for it.
"""

from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

from claude_widget.changes.errors import PatchConflict
from claude_widget.changes.patch_reading import parse
from claude_widget.comparison.scoring import Score, Scored, scored
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.models import ExecutionStatus
from claude_widget.worktrees.errors import NoWorktree

_LOG = logging.getLogger(__name__)


class Size(NamedTuple):
    """Of a diff.

    Attributes:
        files: how many it changes.
        added: how many lines are new.
        removed: how many are gone.
    """

    files: int
    added: int
    removed: int


class Judged(NamedTuple):
    """What is known of an execution of a comparison once it is over.

    Attributes:
        execution: the attempt that ended last.
        scored: its score; None if none was to be had.
        size: of its diff; None if it has none, or nobody can tell.
    """

    execution: Execution
    scored: Scored | None = None
    size: Size | None = None


class Looked(Protocol):
    """Who sees to worktrees once nobody works in them."""

    def keep(self, execution: Execution) -> None:
        """Somebody will look into its worktree after the end."""

    def let_go(self, execution: Execution) -> None:
        """Nobody looks any more."""


class Judging:
    """Judges the executions of one comparison.

    Args:
        executions: as they were started.
        score: the user's function, or None.
        timeout: seconds that one call of it may take.
        looked: keeps worktrees that nothing was changed in until they were looked at; those of
            `executions` are being kept.

    Attributes:
        over: all are judged.
    """

    def __init__(
        self,
        executions: Sequence[Execution],
        score: Score | None,
        timeout: float,
        looked: Looked,
    ) -> None:
        self.over = threading.Event()
        self._executions = tuple(executions)
        self._score = score
        self._timeout = timeout
        self._looked = looked
        self._context = contextvars.copy_context()
        self._judged: dict[int, Judged] = {}
        self._waiting: list[Callable[[], None]] = []
        self._watching: list[Callable[[], None]] = []
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin; returns at once."""
        threading.Thread(target=self._run, name="claude-widget-comparison", daemon=True).start()

    def of(self, index: int) -> Judged | None:
        """What is known of one; None while it is not over."""
        with self._lock:
            return self._judged.get(index)

    def when_over(self, wake: Callable[[], None]) -> None:
        """Be called once all are judged; at once if they are."""
        with self._lock:
            if not self.over.is_set():
                self._waiting.append(wake)
                return
        wake()

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call that whenever there is news; returns what takes it back."""
        with self._lock:
            self._watching.append(changed)

        def forget() -> None:
            with self._lock:
                self._watching = [one for one in self._watching if one is not changed]

        return forget

    def tell(self) -> None:
        """Tell those who watch."""
        with self._lock:
            watching = list(self._watching)
        for changed in watching:
            try:
                changed()
            except Exception:  # noqa: BLE001 - what shows it must not stop what judges
                _LOG.exception("A comparison could not be shown")

    def _run(self) -> None:
        try:
            asyncio.run(self._judge_all())
        finally:
            with self._lock:
                self.over.set()
                waiting, self._waiting = self._waiting, []
            for wake in waiting:
                wake()
            self.tell()

    async def _judge_all(self) -> None:
        await asyncio.gather(*map(self._judge, range(len(self._executions))))

    async def _judge(self, index: int) -> None:
        """Judge one; the others of this loop wait meanwhile, and so their turns are in order."""
        execution = ended = self._executions[index]
        try:
            ended = await execution
            judged = self._looked_at(ended)
        except ClaudeWidgetError as error:  # such as that the manager was closed
            judged = Judged(ended, Scored(None, error.message))
        except Exception as error:  # noqa: BLE001 - the others are judged all the same
            _LOG.exception("Execution %s could not be judged", ended.execution_id)
            judged = Judged(ended, Scored(None, f"could not be looked at: {error}"))
        with self._lock:
            self._judged[index] = judged
        self.tell()
        for one in {execution.execution_id: execution, ended.execution_id: ended}.values():
            self._looked.let_go(one)

    def _looked_at(self, execution: Execution) -> Judged:
        self._looked.keep(execution)  # it may be a later attempt, in another worktree
        size = _size_of(execution)
        if self._score is None or execution.info.status is not ExecutionStatus.COMPLETED:
            return Judged(execution, None, size)
        if execution.info.worktree is not None:
            _ = execution.worktree  # there again, if it was removed as nothing had changed
        return Judged(execution, scored(self._score, execution, self._timeout, self._context), size)


def _size_of(execution: Execution) -> Size | None:
    """The size of its diff, in its worktree or as it was recorded; None without a worktree.

    One that is played has none: it counts as one that ran where it had asked for a worktree.
    """
    try:
        if execution.info.recorded:
            return _size_of_patch(execution.diff) if execution.run.request.worktree else None
        if execution.info.worktree is None:
            return None
        diff = execution.changes
        return Size(len(diff.files), diff.added, diff.removed)
    except NoWorktree:
        return None
    except ClaudeWidgetError as error:
        _LOG.warning("The changes of execution %s: %s", execution.execution_id, error)
        return None


def _size_of_patch(patch: str) -> Size | None:
    try:
        sections = parse(patch)
    except PatchConflict:
        return None
    lines = [line for section in sections for hunk in section.hunks for line in hunk.lines]
    added, removed = (sum(line[:1] == mark for line in lines) for mark in (b"+", b"-"))
    return Size(len({section.path for section in sections}), added, removed)
