"""What a work tree has beside its commits, committed: without its index, and without its programs.

The rule: the commit is made of the files as they are, in an index of ours. Contents go through
what git makes of them on their way in (line ends, and filters of the user's own settings, such as
for large files), by the attributes of the commit that the worktree was made from: an agent's own
attributes name no program here. Commits that the agent has made are never lost by it.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from claude_widget.changes.git_commands import GitFailed
from claude_widget.changes.patches import EXECUTABLE, FILE
from claude_widget.worktrees.beginning import ATTRIBUTES, Comparison, compared
from claude_widget.worktrees.diff import head_of
from claude_widget.worktrees.errors import WorktreeFailed, WorktreeNotClean
from claude_widget.worktrees.git_worktrees import branch_tip, git_of_repository
from claude_widget.worktrees.locks import repository_lock
from claude_widget.worktrees.safe_git import UserGit, find_git
from claude_widget.worktrees.worktree import Worktree

_RAW = "* -text -eol -crlf -ident -filter -working-tree-encoding\n"
_CONVERTING = ("text", "eol", "crlf", "ident", "filter", "working-tree-encoding")
_SETTINGS = ("core.autocrlf", "core.eol", "core.safecrlf", "core.bigFileThreshold")
_SLOW = 600.0
_NEUTRAL = ("claude-widget", "claude-widget@localhost")
_MODES = {b"100644", b"100755", b"120000"}


def commit_rest(worktree: Worktree, message: str) -> str:
    """Have the worktree's branch hold all that was changed; the id of its commit.

    Args:
        worktree: it; nobody works in it.
        message: of the commit that is made of what is not committed.

    Raises:
        WorktreeGone: it is not there any more.
        WorktreeNotClean: it has what no commit can hold.
        WorktreeFailed: git fails; the branch is as it was.
    """
    try:
        with compared(worktree) as comparison:
            changed = comparison.state.changed_paths()
            _check_all_can_be(worktree, comparison, changed)
            return _Commit(worktree, comparison.scratch).make(changed, message)
    except GitFailed as error:
        raise WorktreeFailed(
            f"The changes of {worktree.path} cannot be committed: {error}",
            said=str(error),
            hint="Nothing was removed: commit them yourself in that folder.",
        ) from error


def _check_all_can_be(worktree: Worktree, comparison: Comparison, changed: dict[str, bool]) -> None:
    left = [(path, "is a repository of its own") for path in comparison.nested]
    for path, there in changed.items():
        full = worktree.path / path
        if there and not full.is_symlink() and not os.access(full, os.R_OK):
            left.append((path, "cannot be read"))
    if left:
        raise WorktreeNotClean(
            str(worktree.path),
            sorted(left),
            hint="Move it away, or discard the worktree; nothing was committed.",
        )


class _Commit:
    """One commit on its way. The scratch folder has two git folders of ours.

    One takes files byte for byte; the other as the attributes of the base say.
    """

    def __init__(self, worktree: Worktree, scratch: Path) -> None:
        self._worktree = worktree
        self._repository = git_of_repository(worktree)
        self._plain = self._own_git(scratch / "plain", worktree.path, _RAW.encode())
        attributes = (worktree.beginning / ATTRIBUTES).read_bytes()
        self._base_files = scratch / "base"
        self._base_files.mkdir()
        self._converting = self._own_git(scratch / "converting", self._base_files, attributes)

    def _own_git(self, folder: Path, work_tree: Path, attributes: bytes) -> UserGit:
        """Git with an index of ours that writes its objects where the repository has them."""
        for name in ("refs", "info"):
            (folder / name).mkdir(parents=True)
        config = "[core]\nrepositoryformatversion = 1\nfilemode = true\n"
        for name in _SETTINGS:
            if value := self._repository.run("config", name, fine=(0, 1)).decode().strip():
                config += f"{name.removeprefix('core.')} = {value}\n"
        config += f"[extensions]\nobjectformat = {self._worktree.hashes}\n"
        (folder / "HEAD").write_text("ref: refs/heads/none\n")
        (folder / "config").write_text(config)
        (folder / "info/attributes").write_bytes(attributes)
        env = {
            "GIT_DIR": str(folder),
            "GIT_WORK_TREE": str(work_tree),
            "GIT_INDEX_FILE": str(folder / "index"),
            "GIT_OBJECT_DIRECTORY": str(self._worktree.repository / "objects"),
        }
        return UserGit(find_git(), work_tree, env)

    def make(self, changed: dict[str, bool], message: str) -> str:
        """Commit, and move the branch; the id."""
        worktree = self._worktree
        with repository_lock(worktree.repository):
            tip = branch_tip(worktree)
            parents = self._parents(head_of(worktree) or tip or worktree.base, tip)
            self._fill_index(parents[0], changed)
            tree = self._plain.line("write-tree")
            commit = parents[0]
            if len(parents) > 1 or tree != self._plain.line("rev-parse", f"{commit}^{{tree}}"):
                commit = self._committed(tree, parents, message)
            if commit != tip:
                moved = ("update-ref", "-m", "claude-widget: kept", f"refs/heads/{worktree.branch}")
                self._repository.run(*moved, commit, tip or "0" * len(commit))
        return commit

    def _parents(self, head: str, tip: str | None) -> list[str]:
        """What the commit comes after: where the work tree is, and all that its branch has."""
        if tip is None or tip == head or self._is_before(tip, head):
            return [head]
        return [tip] if self._is_before(head, tip) else [head, tip]

    def _is_before(self, one: str, other: str) -> bool:
        try:
            self._repository.run("merge-base", "--is-ancestor", one, other)
        except GitFailed:
            return False
        return True

    def _fill_index(self, parent: str, changed: dict[str, bool]) -> None:
        """Our index is that commit, with all that differs from it in the files."""
        self._plain.run("read-tree", parent)
        lines = list(self._as_in_base(parent, changed))
        lines += [(b"0", path, b"0" * len(parent)) for path, there in changed.items() if not there]
        self._put(lines)
        there = sorted(path for path, is_there in changed.items() if is_there)
        converted = self._converted(there)
        plain = b"".join(os.fsencode(one) + b"\0" for one in there if one not in converted)
        ways = ("--add", "--remove", "--replace", "-z", "--stdin")
        self._plain.run("update-index", *ways, given=plain, seconds=_SLOW)
        self._put(self._hashed(path) for path in converted)

    def _put(self, lines: Iterable[tuple[bytes, str, bytes]]) -> None:
        given = b"".join(
            mode + b" " + name + b"\t" + os.fsencode(path) + b"\0" for mode, path, name in lines
        )
        self._plain.run("update-index", "--add", "--replace", "-z", "--index-info", given=given)

    def _as_in_base(
        self, parent: str, changed: dict[str, bool]
    ) -> Iterator[tuple[bytes, str, bytes]]:
        """What the agent's commits have changed, and its files have as they were."""
        asked = ("diff-tree", "-r", "-z", "--raw", "--no-renames", "--no-ext-diff")
        told = self._plain.run(*asked, self._worktree.base, parent).split(b"\0")
        for facts, name in zip(told[::2], told[1::2], strict=False):
            old_mode, new_mode, old, *_ = facts.removeprefix(b":").split(b" ")
            path = os.fsdecode(name)
            if path not in changed and {old_mode, new_mode} - {b"000000"} <= _MODES:
                yield (b"0" if old_mode == b"000000" else old_mode, path, old)

    # -- what git makes of files ------------------------------------------------------------------

    def _converted(self, paths: list[str]) -> set[str]:
        """Those that git does not take byte for byte, by the attributes of the base."""
        git = self._converting
        git.run("read-tree", self._worktree.base)
        named = b"\0".join(git.run("ls-files", "-z", "--", ":(glob)**/.gitattributes").split(b"\0"))
        git.run("checkout-index", "-z", "--stdin", given=named, seconds=_SLOW)
        given = b"".join(os.fsencode(path) + b"\0" for path in paths)
        asked = ("check-attr", "-z", "--stdin", *_CONVERTING)
        told = [os.fsdecode(part) for part in git.run(*asked, given=given).split(b"\0")]
        off = ("unspecified", "unset")
        found = {one for one, value in zip(told[::3], told[2::3], strict=False) if value not in off}
        if git.run("config", "core.autocrlf", fine=(0, 1)).strip() in (b"true", b"input"):
            found |= set(paths)
        return {path for path in found if not (self._worktree.path / path).is_symlink()}

    def _hashed(self, path: str) -> tuple[bytes, str, bytes]:
        """A file in the repository, as git would add it."""
        with _opened(self._worktree.path / path) as file:
            runs = bool(os.fstat(file.fileno()).st_mode & stat.S_IXUSR)
            asked = ("hash-object", "-w", "--stdin", f"--path={path}")
            name = self._converting.run(*asked, given=file, seconds=_SLOW).strip()
        return (b"%o" % (EXECUTABLE if runs else FILE), path, name)

    def _committed(self, tree: str, parents: list[str], message: str) -> str:
        before = [word for parent in parents for word in ("-p", parent)]
        asked = ("commit-tree", tree, *before, "-F", "-")
        text = message.encode("utf-8", "replace").replace(b"\0", b"")
        return self._plain.run(*asked, given=text, env=self._identity()).decode().strip()

    def _identity(self) -> dict[str, str]:
        """The user's, or one that says that there is none."""
        env: dict[str, str] = {}
        for role in ("AUTHOR", "COMMITTER"):
            try:
                self._repository.run("var", f"GIT_{role}_IDENT")
            except GitFailed:
                env |= {f"GIT_{role}_NAME": _NEUTRAL[0], f"GIT_{role}_EMAIL": _NEUTRAL[1]}
                continue
            for what in ("name", "email"):
                named = os.fsdecode(self._repository.run("config", f"user.{what}", fine=(0, 1)))
                variable = f"GIT_{role}_{what.upper()}"
                if named.strip() and variable not in os.environ:
                    env[variable] = named.strip()
        return env


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[BinaryIO]:
    """A regular file, and no link: it may have become one since it was looked at."""
    try:
        flags = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
        with open(os.open(path, flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise GitFailed(f"{path} is no regular file any more")
            yield file
    except OSError as error:
        if isinstance(error, GitFailed):
            raise
        raise GitFailed(f"{path} cannot be read: {error.strerror}") from error
