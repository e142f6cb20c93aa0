"""Worktrees of executions: checked at the start call, made when it is their turn.

The rule: the commit is fixed when the start is asked for; the worktree is made from it on a thread,
never under the queue's lock. An execution that goes on with a session works where that has worked,
since sessions are of their folder. What is played needs no worktree.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict
from pathlib import Path

from claude_widget.backend import Run
from claude_widget.errors import InvalidRequest
from claude_widget.execution import Execution
from claude_widget.models import ExecutionRequest
from claude_widget.own_files import open_own, read_own
from claude_widget.queue.starting import Starting
from claude_widget.registry import Registry
from claude_widget.session_use import holders
from claude_widget.worktrees.errors import WorktreeFailed
from claude_widget.worktrees.git_worktrees import add, held, restore, take_back, unlock
from claude_widget.worktrees.sharing import Sharing
from claude_widget.worktrees.source import Source, source_of
from claude_widget.worktrees.tidying import FOLDER
from claude_widget.worktrees.worktree import Worktree

_SOURCE = "worktree.json"
"""The file of an execution's folder that says what its worktree is to be made from."""
_SHORT = 8


class Worktrees:
    """Worktrees for one manager; a `Preparation` of its starts. Safe from any thread.

    Args:
        registry: knows the executions.
        starting: starts them afterwards.
        sharing: warns of those that have none, and should.
    """

    def __init__(self, registry: Registry, starting: Starting, sharing: Sharing) -> None:
        self._sharing = sharing
        self._registry = registry
        self._starting = starting
        self.folder = registry.folder.path / FOLDER

    # -- when the start is asked for ----------------------------------------------------------

    def check(self, request: ExecutionRequest, resumed_from: str | None) -> Source | None:
        """What a start needs a worktree from; None if it needs none of its own.

        Args:
            request: of the start.
            resumed_from: id of the execution whose session it goes on with.

        Raises:
            WorktreeUnavailable: its project cannot have one.
            InvalidRequest: it goes on with a session, which is of another folder.
        """
        if not request.worktree:
            self._sharing.check(request)
            return None
        if request.session_id is None and request.continues is None:
            return source_of(Path(request.project_path))
        if not any(_has_worktree(one) for one in self._before(request, resumed_from)):
            raise InvalidRequest(
                "A session goes on in the folder that it began in, and cannot move to a worktree.",
                field="worktree",
                hint="Start without worktree=True, or without the session.",
            )
        return None

    def admitted(self, run: Run, source: Source | None) -> None:
        """That start has become an execution, whose worktree is made later.

        Raises:
            OSError: it cannot be written.
        """
        self._sharing.note(run)
        if source is None:
            return
        fd = open_own(run.folder / _SOURCE, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        with os.fdopen(fd, "wb") as file:
            file.write(json.dumps(asdict(source), default=os.fspath).encode())

    # -- when it is its turn -------------------------------------------------------------------

    def is_needed(self, execution: Execution) -> bool:
        """Whether it is to work in a worktree, as far as is known by now."""
        if execution.state.asked.recorded or execution.state.life.worktree is not None:
            return False
        if execution.run.request.worktree:
            return True
        return any(_has_worktree(one) for one in self._before_it(execution))

    def prepare(self, execution: Execution) -> None:
        """Make its worktree, or lock that of its session or of an earlier attempt.

        Raises:
            WorktreeUnavailable, WorktreeFailed, WorktreeGone: it cannot be had.
        """
        if execution.state.asked.recorded:  # by now it is known to be played
            return
        reason = f"claude-widget: execution {execution.execution_id} works in it"
        worktree = self._shared(execution)
        if worktree is not None:
            with held(worktree) as current:
                worktree = restore(current, reason=reason, user=execution.execution_id)
        else:
            source = _noted(execution.run) or source_of(Path(execution.run.request.project_path))
            name = execution.execution_id[:_SHORT]
            worktree = add(source, self.folder / execution.execution_id, name, reason=reason)
        self._starting.write_quietly(
            execution,
            "worktree",
            path=str(worktree.path),
            cwd=str(worktree.cwd),
            branch=worktree.branch,
            base=worktree.base,
            repository=str(worktree.project),
        )

    def withdraw(self, execution: Execution) -> None:
        """It is not started after all: nobody has worked in what was made."""
        own = Worktree.load(self.folder / execution.execution_id)
        if own is not None:
            take_back(own)
            return
        shared = self._shared(execution)
        if shared is not None and not self.users(shared):
            with contextlib.suppress(WorktreeFailed):
                unlock(shared)

    def _before(self, request: ExecutionRequest, resumed_from: str | None) -> list[Execution]:
        """The executions whose session it goes on with, the one that it names first.

        That one may have been cleaned up since; its worktree is there all the same.
        """
        name = resumed_from or request.continues
        named = self._registry.recall(name) if name else None
        found = holders(self._registry, request, name)
        return [*([named] if named is not None else []), *found]

    def _before_it(self, execution: Execution) -> list[Execution]:
        return self._before(execution.run.request, execution.state.asked.resumed_from)

    def _shared(self, execution: Execution) -> Worktree | None:
        """The worktree of its session, or of an earlier attempt at the same."""
        for one in self._before_it(execution):
            found = None if one is execution else self.of(one)
            if found is not None:
                return found
        earlier = [one for one in self._registry.attempts(execution) if one is not execution]
        tried = [found for one in earlier if (found := self.of(one)) is not None]
        there = [one for one in tried if one.outcome not in ("discarded", "removed")]
        return there[-1] if there else None

    # -- what there is -------------------------------------------------------------------------

    def of(self, execution: Execution) -> Worktree | None:
        """The worktree that an execution works, or has worked, in; None if there was none."""
        info = execution.info.worktree
        if info is None:
            return None
        folder = Path(info.path).parent
        return Worktree.load(folder) if folder.parent == self.folder else None

    def played_with(self, execution: Execution) -> list[Execution]:
        """It was played: all that worked in its worktree when they were recorded, oldest first.

        They are those that go on with its session, or with a fork of it; it alone if it had none.
        """
        first, info = execution, execution.info
        while info.resumed_from is not None:
            before = self._registry.get(info.resumed_from)
            if before is None:
                break
            first, info = before, before.info
        if not first.run.request.worktree:
            return [execution]
        found = {first.execution_id: first}
        for one in self._registry.all():
            if one.recording_key is None or one.run.request.session_id is None:
                continue
            info = one.info
            if info.recorded and info.resumed_from in found:
                found[one.execution_id] = one
        return list(found.values())

    def users(self, worktree: Worktree) -> list[Execution]:
        """The executions that work in it now, or wait to."""
        return [one for one in self._registry.active() if _works_in(one, worktree)]


def _has_worktree(execution: Execution) -> bool:
    return execution.run.request.worktree or execution.info.worktree is not None


def _works_in(execution: Execution, worktree: Worktree) -> bool:
    info = execution.info.worktree
    return info is not None and Path(info.path) == worktree.path


def _noted(run: Run) -> Source | None:
    """What was noted at the start call; None if the start was to be played then."""
    try:
        told = json.loads(read_own(run.folder / _SOURCE))
        paths = {name: Path(told[name]) for name in ("project", "top", "repository")}
        return Source(**{**told, **paths})
    except (OSError, ValueError, TypeError, KeyError):
        return None
