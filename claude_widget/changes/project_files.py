"""The files of a project as they lie there: found, looked at and read, within bounds.

The rule: nothing is followed out of the project, nothing makes the reader wait, and a bound that
is met is said. Links are files here, whose content is where they lead. It knows nothing of git,
and decides nothing about what changed.
"""

from __future__ import annotations

import errno
import os
import stat
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from claude_widget.changes.patches import EXECUTABLE, FILE, LINK, Content

HEAVY = frozenset(
    {
        *(".git", ".hg", ".svn", ".jj", ".bzr"),
        *("node_modules", "bower_components", "__pycache__", "__pypackages__", "site-packages"),
        *(".venv", ".tox", ".nox", ".eggs", ".conda", ".pixi", ".direnv"),
        *(".ipynb_checkpoints", ".virtual_documents", ".mypy_cache", ".ruff_cache"),
        *(".pytest_cache", ".hypothesis", ".cache", ".gradle", ".terraform", ".parcel-cache"),
    }
)
"""Folders that hold what tools make again, or a history: they are in no patch."""
SCRATCH = ".claude-widget-"
"""What a name of ours begins with while something is being made."""

Signature = tuple[int, int, int, int, int]
"""Mode, size, inode, times of content and of inode: another one means that it was written to."""


@dataclass(frozen=True)
class Bounds:
    """How much of a project is looked at.

    Attributes:
        files: how many files there may be.
        file_bytes: of one file; a larger one is left out alone.
        total_bytes: of all contents that have to be kept.
        patch_bytes: of all contents that one patch is made of.
        seconds: for one look at a project.
    """

    files: int = 100_000
    file_bytes: int = 8 << 20
    total_bytes: int = 64 << 20
    patch_bytes: int = 32 << 20
    seconds: float = 20.0


class TooMuch(Exception):
    """A project goes beyond a bound; the message says which, as the end of a sentence."""


def signature(found: os.stat_result) -> Signature:
    """What tells a file that was written to."""
    return (found.st_mode, found.st_size, found.st_ino, found.st_mtime_ns, found.st_ctime_ns)


def look(path: str) -> os.stat_result | None:
    """What lies there, if it is a file or a link."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return None
    return found if stat.S_ISREG(found.st_mode) or stat.S_ISLNK(found.st_mode) else None


def read(
    project: Path, path: str, bounds: Bounds, left: LeftOut
) -> tuple[Signature, Content] | None:
    """A file's signature and content, or None if there is none, or it is to be left out.

    Args:
        project: the folder.
        path: below it.
        bounds: how large it may be.
        left: gets the file if it is there and is left out.
    """
    full = f"{project}/{path}"
    found = look(full)
    if found is None or not can_keep(full, path, found, bounds, left):
        return None
    try:
        if stat.S_ISLNK(found.st_mode):
            return signature(found), Content(LINK, os.fsencode(Path(full).readlink()))
        return _read(full, bounds.file_bytes)
    except FileNotFoundError:
        return None
    except OSError:
        left.add(path, found, "cannot be read")
        return None


def is_small_file(path: Path) -> bool:
    """A regular file, perhaps by a link, of no more than half a gigabyte."""
    found = path.stat()
    return stat.S_ISREG(found.st_mode) and found.st_size <= 512 << 20


def can_keep(full: str, path: str, found: os.stat_result, bounds: Bounds, left: LeftOut) -> bool:
    """A file is not too large, and can be read; otherwise it is left out."""
    if found.st_size > bounds.file_bytes:
        left.add(path, found, f"is larger than {bounds.file_bytes >> 20} MB")
        return False
    if stat.S_ISREG(found.st_mode) and not os.access(full, os.R_OK):
        left.add(path, found, "cannot be read")
        return False
    return True


def _read(full: str, most: int) -> tuple[Signature, Content]:
    fd = os.open(full, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK)
    with open(fd, "rb") as file:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "is no regular file", full)
        data = file.read(most + 1)
    if len(data) > most:
        raise OSError(errno.EFBIG, "grows", full)
    mode = EXECUTABLE if found.st_mode & stat.S_IXUSR else FILE
    return signature(found), Content(mode, data)


def walk(project: Path, ignored: Iterable[Path], bounds: Bounds) -> list[str]:
    """The files of a project without its heavy folders, as sorted paths below it.

    Raises:
        TooMuch: there are more, or it takes longer, than the bounds allow.
    """
    until = time.monotonic() + bounds.seconds
    left = Ignored(project, ignored)
    found: list[str] = []
    for path in _files(str(project), left):
        found.append(path)
        if len(found) > bounds.files:
            raise TooMuch(f"has more than {bounds.files:,} files")
        if time.monotonic() > until:
            raise TooMuch(f"cannot be listed within {bounds.seconds:g} s")
    return sorted(found)


def _files(project: str, left: Ignored) -> Iterator[str]:
    waiting = [""]
    while waiting:
        below = waiting.pop()
        entries = _entries(f"{project}/{below}")
        if below and any(entry.name == "pyvenv.cfg" for entry in entries):
            continue
        for entry in entries:
            path = f"{below}{entry.name}"
            if entry.name in HEAVY or entry.name.startswith(SCRATCH) or path in left:
                continue
            if entry.is_dir(follow_symlinks=False):
                waiting.append(f"{path}/")
            elif entry.is_symlink() or entry.is_file(follow_symlinks=False):
                yield path


def _entries(folder: str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return list(entries)
    except OSError:
        return []


class Ignored:
    """Paths that others write to, with all that lies below them."""

    def __init__(self, project: Path, paths: Iterable[Path]) -> None:
        self._paths = tuple(
            os.path.relpath(path, project) for path in paths if Path(path).is_relative_to(project)
        )

    def __contains__(self, path: str) -> bool:
        return any(path == own or path.startswith(f"{own}/") for own in self._paths)


def heavy(path: str) -> bool:
    """It lies in a folder that is in no patch."""
    return any(part in HEAVY or part.startswith(SCRATCH) for part in path.split("/"))


class LeftOut:
    """Files that are too large, or cannot be read: only that they changed can be told."""

    def __init__(self, files: Mapping[str, tuple[Signature, str]] | None = None) -> None:
        self._files = dict(files or {})

    def __contains__(self, path: str) -> bool:
        return path in self._files

    @property
    def files(self) -> dict[str, tuple[Signature, str]]:
        """Each with what tells that it was written to, and why it is left out."""
        return dict(self._files)

    def add(self, path: str, found: os.stat_result, why: str) -> None:
        """One file, as it is now."""
        self._files[path] = (signature(found), why)

    def changed(self, after: LeftOut) -> dict[str, str]:
        """Those that are not as they were, with why they are left out."""
        was, now = self._files, after._files
        return {
            path: (now.get(path) or was[path])[1]
            for path in was.keys() | now.keys()
            if path not in was or path not in now or was[path][0] != now[path][0]
        }
