"""Which projects can have a worktree, and what it is made from.

The rule: it looks, and changes nothing. Every project that cannot have one is told apart, with what
to do about it, before anything is started.
"""

from __future__ import annotations

import contextlib
import os
from dataclasses import dataclass
from pathlib import Path

from claude_widget.changes.git_commands import GitFailed
from claude_widget.worktrees.errors import WorktreeUnavailable
from claude_widget.worktrees.safe_git import UserGit, find_git


@dataclass(frozen=True)
class Source:
    """What a worktree is made from.

    Attributes:
        project: the folder that was asked for.
        top: the top of its work tree.
        inside: the project below it; "" if it is the top.
        repository: the folder that git has for all work trees of the repository.
        base: the id of the current commit.
        hashes: how objects are named.
    """

    project: Path
    top: Path
    inside: str
    repository: Path
    base: str
    hashes: str


def source_of(project: Path) -> Source:
    """What a worktree of this project would be made from, as it is now.

    What is not committed is no obstacle: it is not in the worktree, and `add` says so.

    Args:
        project: the folder, links resolved.

    Raises:
        WorktreeUnavailable: it cannot have one, with what to do.
    """
    path = find_git()
    try:
        git = UserGit(path, project)
        asked = ("rev-parse", "--path-format=absolute", "--show-object-format", "--show-toplevel")
        lines = git.line(*asked, "--git-common-dir", "HEAD^{commit}").split("\n")
        if len(lines) != 4:  # a path with a newline
            lines = [git.line(*asked[:3]), git.line(*asked[:2], asked[3])]
            lines += [git.line(*asked[:2], "--git-common-dir"), git.line("rev-parse", "HEAD")]
    except GitFailed as error:
        raise _why_not(path, project, error) from error
    hashes, (top, repository), base = lines[0], map(Path, lines[1:3]), lines[3]
    if not project.is_relative_to(top.resolve()):
        raise WorktreeUnavailable(
            f"The repository of {project} has its work tree elsewhere: {top}.",
            why="no_repository",
            hint="Give a folder of that work tree as project_path.",
        )
    inside = project.relative_to(top.resolve()).as_posix()
    found = Source(project, top, "" if inside == "." else inside, repository, base, hashes)
    _check_inside(git, found)
    return found


def _why_not(path: str, project: Path, error: GitFailed) -> WorktreeUnavailable:
    """Why git says nothing of this project."""
    said = str(error)
    if "not a git repository" in said:
        return WorktreeUnavailable(
            f"{project} is in no git repository.",
            why="no_repository",
            hint="`git init`, then `git add` and `git commit` what the execution is to work on, "
            "or start without worktree=True.",
        )
    if "bare repository" in said or "work tree" in said:
        with contextlib.suppress(GitFailed, OSError):
            if UserGit(path, project).line("rev-parse", "--is-bare-repository") == "true":
                return WorktreeUnavailable(
                    f"{project} is a bare repository: it has no files.",
                    why="bare",
                    hint="Clone it, or add a work tree to it, and give that as project_path.",
                )
    with contextlib.suppress(GitFailed):
        git = UserGit(path, project)
        git.run("rev-parse", "--show-toplevel")
        if git.run("rev-parse", "--verify", "--quiet", "HEAD^{commit}", fine=(0, 1, 128)) == b"":
            return WorktreeUnavailable(
                f"The repository of {project} has no commit yet, and a worktree is made from one.",
                why="no_commit",
                hint="`git add` and `git commit` what the execution is to work on.",
            )
    return WorktreeUnavailable(
        f"Git does not work in {project}: {said}",
        why="refused",
        hint="Do what git says, or start without worktree=True.",
    )


def _check_inside(git: UserGit, source: Source) -> None:
    """A project below the top must be a folder of the commit, or it would not be there.

    Raises:
        WorktreeUnavailable: it is not.
    """
    if not source.inside:
        return
    with contextlib.suppress(GitFailed):
        asked = ("cat-file", "-t", f"{source.base}:{source.inside}")
        if git.line(*asked) == "tree":
            return
    with contextlib.suppress(GitFailed):
        if git.run("check-ignore", "-z", "--stdin", given=os.fsencode(source.project) + b"\0"):
            raise WorktreeUnavailable(
                f"The repository {source.top} ignores {source.inside}: no worktree has it.",
                why="ignored",
                hint="Make it a repository of its own (`git init` in it, and commit), or start "
                "without worktree=True.",
            )
    raise WorktreeUnavailable(
        f"The current commit of {source.top} has no folder {source.inside}, so a worktree has "
        "not got it either.",
        why="not_committed",
        hint="`git add` and `git commit` it first.",
    )
