"""What can be wrong with a worktree, as errors of the tree in `errors`.

The rule: as in `errors`: an error says what happened and what to do next, and carries that as data.
"""

from __future__ import annotations

from collections.abc import Sequence

from claude_widget.errors import ClaudeWidgetError, InvalidRequest

_TOLD = 20
_WITHOUT = (
    "What is replayed has no worktree: `diff` and `changes` tell what it changed when it was "
    "recorded, and `apply()` changes the project so."
)


def _listed(items: Sequence[tuple[str, str]]) -> str:
    """One line for each of the first, and how many more there are."""
    lines = [f"\n  - {path}{': ' if path else ''}{why}" for path, why in items[:_TOLD]]
    if (more := len(items) - _TOLD) > 0:
        lines.append(f"\n  - and {more} more")
    return "".join(lines)


class SharedFolderWarning(UserWarning):
    """Several executions write to one folder at the same time, without worktrees."""


class WorktreeUnavailable(InvalidRequest):
    """The project cannot have a worktree. Nothing was started and nothing was written.

    Attributes:
        why: "no_git", "no_repository", "no_commit", "bare", "ignored", "not_committed" (a subfolder
            that the commit does not have) or "refused" (by git itself).
    """

    def __init__(self, message: str, *, why: str, hint: str) -> None:
        self.why = why
        super().__init__(message, field="worktree", hint=hint)


class NoWorktree(ClaudeWidgetError):
    """The execution has no worktree, so nothing of it can be told, kept or discarded."""

    def __init__(self, execution_id: str, *, recorded: bool) -> None:
        why = "was replayed" if recorded else "did not work in a worktree"
        super().__init__(
            f"Execution {execution_id} {why}.",
            execution_id=execution_id,
            hint=_WITHOUT if recorded else "Start it with worktree=True.",
        )


class WorktreeFailed(ClaudeWidgetError):
    """Git could not do what was asked of it, such as on a full disk. What was begun is undone.

    Attributes:
        said: what git said.
    """

    def __init__(self, message: str, *, said: str = "", hint: str = "") -> None:
        self.said = said
        super().__init__(message, hint=hint)


class WorktreeGone(ClaudeWidgetError):
    """The worktree is not there any more.

    Attributes:
        path: where it was.
        outcome: "discarded", "kept" (its branch is there), "unchanged" (there was nothing to keep),
            or "removed" by somebody else.
    """

    def __init__(self, path: str, outcome: str, *, branch: str = "") -> None:
        self.path = path
        self.outcome = outcome
        said = {
            "discarded": "was discarded",
            "kept": f"is gone, and its changes are on the branch {branch}",
            "unchanged": "had no changes, and is gone",
        }.get(outcome, "was removed by somebody else")
        hint = "Start it again for another one." if outcome == "discarded" else ""
        if outcome == "kept":
            hint = f"`git diff ...{branch}` shows them, `git merge {branch}` takes them over."
        super().__init__(f"The worktree {path} {said}.", hint=hint)


class WorktreeConflict(ClaudeWidgetError):
    """The changes of a worktree do not fit the project. No file was changed.

    Attributes:
        conflicts: what does not fit, as (path in the repository, why); the path is empty where it
            is all of it.
        paths: the paths alone, each once.
        project: the folder that they were to be applied to.
    """

    def __init__(self, conflicts: Sequence[tuple[str, str]], *, project: str, hint: str) -> None:
        self.conflicts = tuple(conflicts)
        self.project = project
        self.paths = tuple(dict.fromkeys(path for path, _ in self.conflicts if path))
        super().__init__(
            f"The changes cannot be applied to {project}:{_listed(self.conflicts)}\n", hint=hint
        )


class WorktreeNotClean(ClaudeWidgetError):
    """A worktree was not removed, since something in it would be lost.

    Attributes:
        left: what that is, as (path in the worktree, why); the path is empty for what is no file.
        path: the worktree.
    """

    def __init__(self, path: str, left: Sequence[tuple[str, str]], *, hint: str) -> None:
        self.path = path
        self.left = tuple(left)
        super().__init__(f"The worktree {path} was not removed:{_listed(self.left)}\n", hint=hint)
