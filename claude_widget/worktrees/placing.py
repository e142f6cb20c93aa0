"""Where an execution works: in its project, or in its worktree.

The rule: a run in another folder, and nothing else; who starts it need not know of worktrees.
"""

from __future__ import annotations

from pathlib import Path

from claude_widget.backend import Run
from claude_widget.execution import Execution
from claude_widget.worktrees.errors import WorktreeGone
from claude_widget.worktrees.worktree import Worktree


def place(execution: Execution) -> Run:
    """The run of an execution, in the folder that it works in.

    Raises:
        WorktreeGone: its worktree is not there any more.
    """
    info, run = execution.info.worktree, execution.run
    if info is None:
        return run
    worktree = Worktree.load(Path(info.path).parent)
    if worktree is None or not worktree.cwd.is_dir():
        raise WorktreeGone(info.path, "removed")
    placed = run.filled(run.request.model_copy(update={"project_path": str(worktree.cwd)}))
    placed.worktree = worktree
    return placed
