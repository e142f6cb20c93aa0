"""What a worktree was when it was made, byte for byte, and what is not as it was.

The rule: the work tree is an agent's by now, with the file that leads from it to its repository:
nothing is asked of git in it that goes by that file or by its attributes. A git folder of ours has
an index of what was checked out, since what git has of a file is not the file where a filter or
line ends stand between. Nothing runs, and nothing of the repository is written.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from claude_widget.changes.git_changes import GitState
from claude_widget.changes.git_commands import Git, GitFailed, Repository
from claude_widget.changes.project_files import HEAVY, Bounds, Ignored, LeftOut, TooMuch
from claude_widget.changes.scratch_folders import ScratchFolder
from claude_widget.own_files import open_any, open_own, read_own
from claude_widget.worktrees.errors import WorktreeFailed, WorktreeGone
from claude_widget.worktrees.safe_git import UserGit, find_git
from claude_widget.worktrees.worktree import Worktree

BOUNDS = Bounds(
    files=500_000,
    file_bytes=64 << 20,
    total_bytes=512 << 20,
    patch_bytes=128 << 20,
    seconds=120.0,
)
"""How much of a worktree is looked at."""
ATTRIBUTES = "repository-attributes"
"""The file of the git folder of ours with what was in the repository's `info/attributes`."""
_LEFT = "left.json"
_LARGEST = 1 << 20


def note_beginning(worktree: Worktree, git: UserGit) -> Worktree:
    """Note what a work tree is that was made just now, and in which nobody has worked.

    Args:
        worktree: it.
        git: in its project, to ask what the user ignores everywhere.

    Returns:
        The worktree, with why it cannot be told if it is too large.

    Raises:
        GitFailed: git fails.
        OSError: it cannot be written.
    """
    own = worktree.beginning
    try:
        made = _Known(find_git(), worktree, own)
        state = GitState(made, worktree.path, Ignored(worktree.path, ()), BOUNDS)
    except TooMuch as error:
        return dataclasses.replace(worktree, incomplete=f"the project {error}")
    left = json.dumps(state.left_before.files)
    with open(open_own(own / _LEFT, os.O_WRONLY | os.O_CREAT), "wb") as file:
        file.write(left.encode())
    for source, copy in (("info/exclude", "info/exclude"), ("info/attributes", ATTRIBUTES)):
        (own / copy).write_bytes(_read_any(worktree.repository / source))
    asked = ("config", "--type=path", "core.excludesFile")
    if excluded := git.run(*asked, fine=(0, 1)).removesuffix(b"\n"):
        name = os.fsdecode(excluded).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
        with open(own / "config", "ab") as file:
            file.write(os.fsencode(f'excludesFile = "{name}"\n'))
    return worktree


def _read_any(path: Path) -> bytes:
    """The beginning of a file that need not be there."""
    try:
        with open(open_any(path), "rb") as file:
            return file.read(_LARGEST)
    except OSError:
        return b""


class _Known(Git):
    """Git in a worktree whose places are known: they are not asked for."""

    def __init__(self, path: str, worktree: Worktree, own: Path) -> None:
        self._worktree = worktree
        super().__init__(path, worktree.path, own, BOUNDS.seconds)

    def _found(self) -> Repository:
        worktree = self._worktree
        usable = worktree.hashes == "sha1"
        objects = worktree.repository / "objects"
        return Repository(worktree.path, objects, worktree.admin / "index", usable)


class _Kept(_Known):
    """Git that knows a worktree by what was noted of it, and looks nothing up in it."""

    def __init__(self, path: str, worktree: Worktree, own: Path) -> None:
        self.nested: tuple[str, ...] = ()
        super().__init__(path, worktree, own)
        for name in ("index", "config", "info/exclude"):
            with contextlib.suppress(FileNotFoundError):  # an empty commit has no index
                # With its time, by which git knows of what it must look into again.
                shutil.copy2(worktree.beginning / name, own / name)

    def listed(self, left: Iterable[str]) -> list[tuple[str, str]]:
        """As of any project; with what the agent has added to its own index, ignored or not."""
        without = [f"--exclude={name}/" for name in sorted(left)]
        which = ("--cached", "--others", "--exclude-standard", *without)
        told = self._run(self._made, "ls-files", "-z", "-t", *which)
        lines = [os.fsdecode(line) for line in told.split(b"\0")[:-1]]
        found = [(line[0], line[2:]) for line in lines]
        self.nested = tuple(path for tag, path in found if tag == "?" and path.endswith("/"))
        return found + [("H", path) for path in self._added()]

    def ignored(self) -> bool:
        """Whether there are files that git ignores, but for what tools make again."""
        without = [f"--exclude={name}/" for name in sorted(HEAVY)]
        return bool(self._run(self._made, "ls-files", "-z", "--others", *without))

    def _added(self) -> list[str]:
        env = {"GIT_DIR": str(self._worktree.admin), "GIT_WORK_TREE": str(self._worktree.path)}
        with contextlib.suppress(GitFailed):
            told = UserGit(self._path, self._worktree.path, env).run("ls-files", "-z", "--cached")
            return [os.fsdecode(line) for line in told.split(b"\0")[:-1]]
        return []

    def _reading(self) -> dict[str, str]:
        folders = [self._worktree.beginning / "objects"]
        folders += [self.repository.objects] if self.repository.usable else []
        quoted = (str(one).replace("\\", r"\\").replace('"', r"\"") for one in folders)
        among = os.pathsep.join(f'"{one}"' for one in quoted)
        return {**self._made, "GIT_ALTERNATE_OBJECT_DIRECTORIES": among}


class Comparison:
    """A work tree beside what it was. `compared` makes it.

    Attributes:
        state: tells what is not as it was; one of its ways is asked, once.
        scratch: a folder that is gone afterwards.
    """

    def __init__(self, state: GitState, git: _Kept, scratch: Path) -> None:
        self.state = state
        self.scratch = scratch
        self._git = git

    def has_ignored(self) -> bool:
        """Whether, with nothing changed, there are files that git ignores and a person may not."""
        return self._git.ignored()

    @property
    def nested(self) -> tuple[str, ...]:
        """Repositories within that somebody has made; known once the state was asked."""
        return self._git.nested


@contextlib.contextmanager
def compared(worktree: Worktree) -> Iterator[Comparison]:
    """Look at what is not as it was when the worktree was made.

    Raises:
        WorktreeGone: it is not there any more.
        WorktreeFailed: it cannot be told.
    """
    check_there(worktree)
    if worktree.incomplete:
        raise _not_told(worktree, worktree.incomplete)
    try:
        scratch = ScratchFolder(worktree.folder)
        try:
            git = _Kept(find_git(), worktree, scratch.path / "git")
            ignored = Ignored(worktree.path, ())
            left = LeftOut(_left(worktree))
            state = GitState(git, worktree.path, ignored, BOUNDS, known=left)
            yield Comparison(state, git, scratch.path)
        finally:
            scratch.close()
    except TooMuch as error:
        raise _not_told(worktree, f"it {error}") from error
    except (GitFailed, ValueError) as error:
        raise _not_told(worktree, str(error)) from error


def _left(worktree: Worktree) -> dict[str, tuple[Any, str]]:
    told: dict[str, list[Any]] = json.loads(read_own(worktree.beginning / _LEFT))
    return {path: (tuple(signature), str(why)) for path, (signature, why) in told.items()}


def _not_told(worktree: Worktree, why: str) -> WorktreeFailed:
    return WorktreeFailed(
        f"What changed in {worktree.path} cannot be told: {why}.",
        said=why,
        hint="Look at it with git in that folder; it stays until it is discarded.",
    )


def check_there(worktree: Worktree) -> None:
    """See that a work tree is there.

    Raises:
        WorktreeGone: it is not, with what became of it.
    """
    there = worktree.path.is_dir() and not worktree.path.is_symlink()
    if worktree.outcome or not there:
        outcome = worktree.outcome or "removed"
        raise WorktreeGone(str(worktree.path), outcome, branch=worktree.branch)
