"""What a user sees of an execution's worktree, and decides: applied, kept, or discarded.

The rule: an execution as somebody whose changes are looked at. Nothing is decided while somebody
works in the worktree. Of one that was played, the recorded changes take the worktree's place.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from claude_widget.changes import observed
from claude_widget.changes.overlaps import OVERLAPS
from claude_widget.errors import ExecutionActive
from claude_widget.models import ExecutionInfo
from claude_widget.worktrees.applying import apply, discard, keep_branch
from claude_widget.worktrees.diff import Diff, diff_in, diff_of
from claude_widget.worktrees.errors import NoWorktree
from claude_widget.worktrees.git_worktrees import held, restore, unlock
from claude_widget.worktrees.worktree import Worktree

if TYPE_CHECKING:
    from claude_widget.execution import Execution
    from claude_widget.steered import Keeper


class Decided:
    """What an execution has that was started with `worktree=True`."""

    _keeper: Keeper

    @property
    def info(self) -> ExecutionInfo:
        """All that is known of it."""
        raise NotImplementedError

    @property
    def _me(self) -> Execution:
        raise NotImplementedError

    @property
    def diff(self) -> str:
        """What it has changed in its worktree so far, as a unified diff; "" if nothing.

        Committed by the agent or not, but nothing that git ignores. Files that are no text, or are
        too much, are only said to differ. Of one that was replayed it is what was recorded, also of
        those that worked in the same worktree.

        Raises:
            NoWorktree: it has none.
            WorktreeGone: it was kept as a branch, discarded, or removed by somebody else.
            WorktreeFailed: it cannot be told.
        """
        recorded = self.recorded_changes
        return diff_of(self._worktree()).text if recorded is None else recorded.patch

    @property
    def changes(self) -> Diff:
        """The same as data: `files` (path, kind, lines added and removed, text) and `commits`.

        Of one that was replayed nobody knows the commits.

        Raises:
            NoWorktree, WorktreeGone, WorktreeFailed: as of `diff`.
        """
        recorded = self.recorded_changes
        if recorded is not None:
            return diff_in(recorded.patch, recorded.left_out)
        return diff_of(self._worktree())

    @property
    def known_worktree(self) -> Worktree | None:
        """What is known of its worktree, there or gone; None if it has none."""
        return self._keeper.worktrees.of(self._me)

    @property
    def recorded_changes(self) -> observed.Changes | None:
        """What was recorded, of one that was played; None if it ran, or nobody can tell.

        A worktree is that of all that went on with its session: so are its changes.

        Raises:
            PatchConflict: what was recorded of it is damaged.
        """
        keeper, me = self._keeper, self._me
        own = keeper.recorded_changes(me) if self.info.recorded else None
        if own is None:
            return None
        all_of_it = (
            own if one is me else keeper.recorded_changes(one)
            for one in keeper.worktrees.played_with(me)
        )
        return observed.together([one for one in all_of_it if one is not None])

    @property
    def worktree(self) -> Path:
        """The folder that it has worked in: what is the project there.

        A worktree is removed at the end if nothing was left in it; then it is made again.

        Raises:
            NoWorktree, WorktreeGone, WorktreeFailed: it cannot be had.
        """
        found = self._worktree()
        if found.outcome != "unchanged":
            return found.cwd
        with held(found) as current:
            made = restore(current, reason="claude-widget makes it again")
            unlock(made)
        return made.cwd

    def apply(self) -> tuple[str, ...]:
        """Make its changes in the project's own files: all of them, or none.

        The worktree stays, and so do the project's branches and what is staged. Twice is once.

        Returns:
            The files that were changed, below the top of the repository.

        Raises:
            WorktreeConflict, PatchConflict: they do not fit; nothing was changed.
            ExecutionActive: somebody works in it.
            NoWorktree, WorktreeGone, WorktreeFailed: there is nothing to apply.
        """
        recorded = self.recorded_changes
        worktree = self._worktree(decides=True) if recorded is None else None
        project = Path(self.info.project_path) if worktree is None else worktree.project
        stay = OVERLAPS.begin(project)  # who works in that folder meanwhile has not made them
        try:
            if worktree is not None:
                return apply(worktree)
            assert recorded is not None
            observed.apply(recorded, project)
        finally:
            OVERLAPS.end(stay)
        return recorded.paths

    def keep_branch(self, message: str | None = None) -> str:
        """Commit what is not committed to its branch, and remove the worktree.

        Files that git ignores go with it. Of one that was replayed there is none, and nothing
        happens.

        Args:
            message: of the commit; None says which execution it was.

        Returns:
            The branch; "" of one that was replayed.

        Raises:
            WorktreeNotClean: it has what no commit can hold; nothing was done.
            ExecutionActive: somebody works in it.
            NoWorktree, WorktreeGone, WorktreeFailed: there is nothing to keep.
        """
        if self._was_played_for_one:
            return ""
        worktree = self._worktree(decides=True)
        info = self.info
        title = info.name or info.query.strip().split("\n")[0][:72] or "Changes"
        told = message or f"{title}\n\nMade by claude-widget's execution {info.execution_id}."
        return keep_branch(worktree, told).branch

    def discard(self) -> None:
        """Remove its worktree and its branch, with all its changes. Asks nobody.

        Of one that was replayed there is neither, and nothing happens.

        Raises:
            ExecutionActive: somebody works in it.
            NoWorktree, WorktreeFailed: it cannot be removed.
        """
        if not self._was_played_for_one:
            discard(self._worktree(decides=True))

    @property
    def _was_played_for_one(self) -> bool:
        """It was played, and worked in a worktree when it was recorded."""
        if not self.info.recorded:
            return False
        return self._keeper.worktrees.played_with(self._me)[0].run.request.worktree

    def _worktree(self, *, decides: bool = False) -> Worktree:
        """What is known of its worktree.

        Args:
            decides: something is to become of it, so nobody may work in it.
        """
        worktrees, execution_id = self._keeper.worktrees, self.info.execution_id
        found = worktrees.of(self._me)
        if found is None:
            raise NoWorktree(execution_id, recorded=self.info.recorded)
        users = worktrees.users(found) if decides else []
        if users:
            whose = ", ".join(one.execution_id for one in users)
            raise ExecutionActive(
                f"The worktree {found.path} is worked in by {whose}.",
                execution_id=execution_id,
                hint="Wait for the end, or kill it.",
            )
        return found
