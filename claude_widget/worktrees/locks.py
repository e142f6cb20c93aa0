"""Who works on a repository's worktrees now, and folders that go.

The rule: one of ours at a time changes a repository's worktrees and branches, whichever kernel it
is in, because git's own commands collide there; a dead one holds nothing.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import stat
import time
from collections.abc import Iterator
from pathlib import Path

from claude_widget.changes.git_commands import GitFailed
from claude_widget.own_files import NO_LOCKS, open_own

PREFIX = "claude-widget"
"""What the names of our branches, and of our file in a repository, begin with."""
LOCK = "lock"
"""The file in a worktree's folder that whoever works on it has locked."""
_WITHIN = 120.0
_PAUSE = 0.05


@contextlib.contextmanager
def repository_lock(repository: Path, seconds: float = _WITHIN) -> Iterator[None]:
    """Nobody else of ours changes the worktrees and branches of this repository meanwhile.

    Raises:
        GitFailed: another one does, for longer than that.
        OSError: the repository cannot be written.
    """
    with _locked(repository / f"{PREFIX}-{os.geteuid()}.lock", seconds):
        yield


@contextlib.contextmanager
def working_on(folder: Path, seconds: float = _WITHIN) -> Iterator[None]:
    """Nobody else looks at this worktree, changes or removes it meanwhile.

    Args:
        folder: ours, of the worktree.
        seconds: how long somebody else is waited for.

    Raises:
        GitFailed: somebody else goes on for longer.
        OSError: the folder is gone.
    """
    with _locked(folder / LOCK, seconds):
        yield


@contextlib.contextmanager
def _locked(path: Path, seconds: float) -> Iterator[None]:
    fd = open_own(path, os.O_RDWR | os.O_CREAT)
    try:
        until = time.monotonic() + seconds
        while not _taken(fd):
            if time.monotonic() > until:
                raise GitFailed(f"another claude-widget holds {path}")
            time.sleep(_PAUSE)
        yield
    finally:
        os.close(fd)


def is_worked_on(folder: Path) -> bool:
    """Whether somebody makes the worktree of that folder, or looks at it, now."""
    try:
        fd = open_own(folder / LOCK, os.O_RDWR)
    except OSError:
        return False
    try:
        return not _taken(fd)
    finally:
        os.close(fd)


def _taken(fd: int) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
    return True


def remove_tree(path: Path) -> None:
    """Remove a folder with all that is in it, as far as that is possible; links are not followed.

    Folders that nobody may write to (as some tools make them) are opened first.
    """

    def open_it(_: object, failed: str, __: object) -> None:
        above = Path(failed).parent
        for folder in (above, Path(failed)):
            with contextlib.suppress(OSError):
                if stat.S_ISDIR(folder.lstat().st_mode) and folder.is_relative_to(path):
                    folder.chmod(0o700)

    for ways in ({"onerror": open_it}, {"onerror": open_it}, {"ignore_errors": True}):
        if not os.path.lexists(path):
            return
        if path.is_symlink() or not path.is_dir():
            with contextlib.suppress(OSError):
                path.unlink()
            return
        shutil.rmtree(path, **ways)
