"""What becomes of worktrees once nobody works in them: unlocked, and removed if untouched.

The rule: on a thread of its own, since git may take long, and nobody waits for it. What was changed
stays until a person has decided; what a kernel could not do before it went, the next one does.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
from collections.abc import Callable
from pathlib import Path

from claude_widget.execution import Execution
from claude_widget.registry import Registry
from claude_widget.worktrees.applying import removed_if_untouched
from claude_widget.worktrees.errors import WorktreeFailed, WorktreeGone
from claude_widget.worktrees.git_worktrees import held, unlock
from claude_widget.worktrees.preparing import Worktrees
from claude_widget.worktrees.tidying import tidy
from claude_widget.worktrees.worktree import Worktree

_LOG = logging.getLogger(__name__)
_CLOSES_WITHIN = 30.0


class Settling:
    """Settles worktrees for one manager. Safe from any thread.

    Args:
        registry: knows who works.
        worktrees: knows where.
    """

    def __init__(self, registry: Registry, worktrees: Worktrees) -> None:
        self._registry = registry
        self._worktrees = worktrees
        self._queue: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._kept: set[str] = set()
        self._lock = threading.Lock()
        self._closed = False

    def begin(self) -> None:
        """Settle what earlier kernels have left; nothing happens where there is none."""
        if self._worktrees.folder.is_dir():
            self._put(self._settle_all)

    def ended(self, execution: Execution) -> None:
        """One has ended, and its changes were recorded: nobody works there, as far as it goes."""
        info = execution.state.life.worktree
        if info is not None and execution.execution_id in self._registry.mine:
            self._put(lambda: self._settle(Path(info.path).parent))

    def keep(self, execution: Execution) -> None:
        """Leave its worktree as it is after the end, since somebody will look into it."""
        with self._lock:
            self._kept.add(execution.execution_id)

    def let_go(self, execution: Execution) -> None:
        """Nobody looks any more."""
        with self._lock:
            self._kept.discard(execution.execution_id)
        if execution.status.ended:
            self.ended(execution)

    def close(self) -> None:
        """Wait for what is being settled, within bounds; nothing is from now on."""
        with self._lock:
            self._closed = True
            thread, self._thread = self._thread, None
        if thread is not None:
            self._queue.put(None)
            thread.join(_CLOSES_WITHIN)

    def _put(self, job: Callable[[], None]) -> None:
        with self._lock:
            if self._closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="claude-widget-worktrees", daemon=True
                )
                self._thread.start()
        self._queue.put(job)

    def _run(self) -> None:
        while (job := self._queue.get()) is not None:
            if self._closed:
                continue
            try:
                job()
            except Exception:  # noqa: BLE001 - the next one is settled all the same
                _LOG.exception("A worktree was not settled")

    def _settle_all(self) -> None:
        tidy(self._worktrees.folder)
        with contextlib.suppress(OSError):
            for folder in sorted(self._worktrees.folder.iterdir()):
                if self._closed:
                    return
                self._settle(folder)

    def _settle(self, folder: Path) -> None:
        worktree = Worktree.load(folder)
        if worktree is None or not worktree.ready or worktree.settled or worktree.outcome:
            return
        self._registry.look_around()
        try:
            with held(worktree) as current:
                if current.outcome or self._is_used(current):
                    return
                unlock(current)
                if not removed_if_untouched(current).outcome:
                    current.save(settled=True)
        except (WorktreeFailed, WorktreeGone, OSError) as error:
            _LOG.warning("The worktree %s was not settled: %s", worktree.path, error)

    def _is_used(self, worktree: Worktree) -> bool:
        """Whether somebody works in it, looks into it, or was given it and waits for the start."""
        execution_id = worktree.user or worktree.folder.name
        if not self._kept.isdisjoint((execution_id, worktree.folder.name)):
            return True
        execution = self._registry.get(execution_id)
        if execution is not None and not (execution.status.ended and self._is_ours(execution)):
            return True
        return bool(self._worktrees.users(worktree))

    def _is_ours(self, execution: Execution) -> bool:
        """Nobody else lives who would see to it."""
        mine = execution.execution_id in self._registry.mine
        return mine or not self._registry.has_owner(execution)
