"""What becomes of a worktree's changes: applied to the project, kept on the branch, or discarded.

The rule: each is all or nothing, and none runs while the execution does, which the caller sees to.
A worktree is only removed where nothing would be lost with it, unless it is discarded.
"""

from __future__ import annotations

import contextlib
import time

from claude_widget.changes import patching
from claude_widget.changes.errors import PatchConflict
from claude_widget.changes.git_commands import GitFailed
from claude_widget.changes.patches import Section, sections_of
from claude_widget.worktrees.beginning import BOUNDS, check_there, compared
from claude_widget.worktrees.committing import commit_rest
from claude_widget.worktrees.diff import is_untouched, state_of
from claude_widget.worktrees.errors import WorktreeConflict, WorktreeFailed, WorktreeGone
from claude_widget.worktrees.git_worktrees import (
    branch_tip,
    delete_branch,
    held,
    is_orphaned,
    remove,
)
from claude_widget.worktrees.locks import remove_tree, repository_lock
from claude_widget.worktrees.worktree import Outcome, Worktree

_BRANCH_HINT = "Keep the branch instead, and merge it with git."


def apply(worktree: Worktree) -> tuple[str, ...]:
    """Make a worktree's changes in the project's own files: all of them, or none.

    The project's index and branches are not touched. What is there already stays, so twice is once.

    Returns:
        The files that the changes are in, below the top of the repository.

    Raises:
        WorktreeGone: it is not there any more.
        WorktreeConflict: they do not fit, or not all of them can be applied; nothing was changed.
        WorktreeFailed: they cannot be told.
    """
    with held(worktree) as current:
        applied = _applied(current)
        with contextlib.suppress(OSError):  # only so that a page can say when
            current.save(applied=time.time())
    return applied


def _applied(worktree: Worktree) -> tuple[str, ...]:
    project = str(worktree.project)
    if not worktree.project.is_dir():
        why = [("", "the folder is not there any more")]
        raise WorktreeConflict(why, project=project, hint=_BRANCH_HINT)
    sections = _sections(worktree)
    try:
        with repository_lock(worktree.repository):
            patching.apply(sections, worktree.project)
    except PatchConflict as error:
        raise WorktreeConflict(
            error.conflicts,
            project=project,
            hint="The project has changed there since the worktree was made. Commit or undo that, "
            f"or: {_BRANCH_HINT[0].lower()}{_BRANCH_HINT[1:]}",
        ) from error
    except (GitFailed, OSError) as error:
        raise WorktreeFailed(f"Nothing was applied to {project}: {error}.") from error
    return tuple(dict.fromkeys(section.path for section in sections))


def _sections(worktree: Worktree) -> list[Section]:
    """All changes, as a patch has them.

    Raises:
        WorktreeConflict: not all of them can be in one.
    """
    sections: list[Section] = []
    room = BOUNDS.patch_bytes
    conflicts: list[tuple[str, str]] = []
    with compared(worktree) as comparison:
        for difference in comparison.state.differences():
            room -= sum(len(one.data) for one in (difference.old, difference.new) if one)
            if room < 0:
                conflicts = [("", f"they have more than {BOUNDS.patch_bytes >> 20} MB")]
                break
            sections += sections_of(difference)
        conflicts += comparison.state.left_out().items()
        conflicts += [(path, "is a repository of its own") for path in comparison.nested]
    if conflicts:
        project = str(worktree.project)
        raise WorktreeConflict(sorted(conflicts), project=project, hint=_BRANCH_HINT)
    return sections


def keep_branch(worktree: Worktree, message: str) -> Worktree:
    """Commit what is not committed onto the worktree's branch, and remove the worktree.

    Files that git ignores are gone with it.

    Args:
        worktree: it.
        message: of the commit.

    Raises:
        WorktreeGone: it is not there any more.
        WorktreeNotClean: it has what no commit can hold; nothing was done.
        WorktreeFailed: git fails. What is not on the branch is still in the worktree.
    """
    with held(worktree) as current:
        check_there(current)
        commit_rest(current, message)
        return _ended(current, "kept")


def discard(worktree: Worktree) -> Worktree:
    """Remove a worktree and its branch, with all changes; the caller has asked.

    A branch that is checked out in another work tree by now stays.

    Raises:
        WorktreeFailed: it cannot be removed.
    """
    with held(worktree) as current:
        return current if current.outcome else _ended(current, "discarded")


def remove_unchanged(worktree: Worktree) -> Worktree:
    """Remove a worktree if nobody has left anything in it; what is known of it then.

    One with files that git ignores stays: nobody can make them again. One that somebody else has
    removed is given up: its branch stays if it has commits.
    """
    try:
        with held(worktree) as current:
            return current if current.outcome else removed_if_untouched(current)
    except (WorktreeFailed, WorktreeGone):  # it stays, for a person to look at
        return worktree


def removed_if_untouched(worktree: Worktree) -> Worktree:
    """The same for one that is there as far as is known, and is held.

    Raises:
        WorktreeFailed, WorktreeGone: it cannot be told, or removed.
    """
    if state_of(worktree) == "removed":
        return _ended(worktree, "removed")
    goes = not is_orphaned(worktree) and is_untouched(worktree)
    return _ended(worktree, "unchanged") if goes else worktree


def _ended(worktree: Worktree, outcome: Outcome) -> Worktree:
    """Remove it, and its branch if nothing is to stay on it."""
    goes = outcome in ("discarded", "unchanged") or (
        outcome == "removed" and branch_tip(worktree) == worktree.base
    )
    remove(worktree)
    if goes:
        delete_branch(worktree)
    remove_tree(worktree.beginning)
    try:
        return worktree.save(outcome=outcome)
    except OSError as error:
        raise WorktreeFailed(f"{worktree.folder} cannot be written: {error}.") from error
