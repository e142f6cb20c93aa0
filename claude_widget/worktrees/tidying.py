"""What worktrees leave behind: those whose maker died, and those that somebody else has removed.

The rule: it removes nothing in which an execution may have worked, changed or not: that is decided
by whoever knows the execution. As long as a worktree is there, so is its execution.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from claude_widget.worktrees.applying import remove_unchanged
from claude_widget.worktrees.errors import WorktreeFailed
from claude_widget.worktrees.git_worktrees import take_back
from claude_widget.worktrees.locks import is_worked_on, remove_tree
from claude_widget.worktrees.worktree import Worktree

FOLDER = "worktrees"
"""The folder of a state folder that has a folder for each worktree, named by its execution."""


def undecided(state: Path) -> set[str]:
    """The executions whose worktrees are still there.

    Args:
        state: the state folder.
    """
    found: set[str] = set()
    with contextlib.suppress(OSError):
        for folder in (state / FOLDER).iterdir():
            worktree = Worktree.load(folder)
            if worktree is not None and not worktree.outcome and worktree.path.is_dir():
                found |= {folder.name, worktree.user} - {""}
    return found


def forget(state: Path, execution_id: str) -> None:
    """Remove what is known of a worktree that is gone, once its execution is.

    Args:
        state: the state folder.
        execution_id: of the execution.
    """
    folder = state / FOLDER / execution_id
    worktree = Worktree.load(folder)
    if worktree is not None and worktree.outcome:
        remove_tree(folder)


def tidy(folder: Path) -> list[Path]:
    """Take back what was never finished, and give up what is gone; the folders of those.

    Args:
        folder: that has a folder for each worktree.
    """
    found: list[Path] = []
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        folders = [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
        for one in folders:
            with contextlib.suppress(OSError, WorktreeFailed):
                if _tidied(one):
                    found.append(one)
    return found


def _tidied(folder: Path) -> bool:
    if is_worked_on(folder):
        return False
    worktree = Worktree.load(folder)
    if worktree is None:
        nothing = not any(path.is_dir() for path in folder.iterdir())
        if nothing:
            remove_tree(folder)
        return nothing
    if not worktree.ready:
        take_back(worktree)
        return True
    gone = not worktree.outcome and not worktree.path.exists()
    return gone and bool(remove_unchanged(worktree).outcome)
