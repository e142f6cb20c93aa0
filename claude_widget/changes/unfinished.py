"""Changes that were cut off: what is noted before the first file changes, and undone by the next.

The rule: whoever is killed in the middle leaves a folder in the project with all that was there and
a journal of what was to be done. The next who changes files there puts everything back first. A
file that somebody has changed since then is not touched: it is named, and nothing else is done.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

from claude_widget.changes.errors import PatchConflict
from claude_widget.changes.patches import Content, blob_id
from claude_widget.changes.permitted_paths import why_forbidden
from claude_widget.changes.project_files import SCRATCH, Bounds, LeftOut, read
from claude_widget.own_files import NO_LOCKS, open_own

_LOG = logging.getLogger(__name__)
_PREFIX = f"{SCRATCH}apply-"
_LOCK, _JOURNAL = "lock", "journal"
_YOUNG = 60.0
"""Seconds in which a folder may just be being made."""
_VERSION = 1
_BOUNDS = Bounds(file_bytes=1 << 30)
_Told = tuple[str, str | None, str | None]
"""A path, and what tells the content before and after."""


class Planned(NamedTuple):
    """One file that is to change: as it is, and as it is to be; None where there is none."""

    path: str
    present: Content | None
    wanted: Content | None


class Kept:
    """The folder of one change: new contents wait in it, and old ones are kept.

    Args:
        root: the project.

    Attributes:
        path: the folder.
    """

    def __init__(self, root: Path) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=root))
        with contextlib.ExitStack() as undo:
            undo.callback(_remove, self.path)
            self._lock = open_own(self.path / _LOCK, os.O_RDWR | os.O_CREAT)
            undo.callback(self.close)
            _take(self._lock, fcntl.LOCK_EX)
            undo.pop_all()

    def new(self, number: int) -> Path:
        """Where the new content of that file waits."""
        return self.path / f"{number}.new"

    def old(self, number: int) -> Path:
        """Where the old one is kept."""
        return self.path / f"{number}.old"

    def begin(self, steps: Iterable[Planned], missing_folders: Iterable[str]) -> None:
        """From now on it is undone if it is not finished."""
        told = [[step.path, _id_of(step.present), _id_of(step.wanted)] for step in steps]
        journal = {"version": _VERSION, "steps": told, "folders": sorted(missing_folders)}
        part = self.path / f"{_JOURNAL}.part"
        with open(open_own(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
            file.write(json.dumps(journal).encode())
            file.flush()
            os.fsync(file.fileno())
        part.rename(self.path / _JOURNAL)

    def finish(self) -> None:
        """All is done, or all is undone: nothing of it is needed any longer."""
        (self.path / _JOURNAL).unlink(missing_ok=True)
        _remove(self.path)

    def close(self) -> None:
        """Let go of it."""
        os.close(self._lock)


def _take(lock: int, how: int) -> bool:
    """Take a lock; whether there are locks where it lies.

    Raises:
        BlockingIOError: another process holds it, and it is not waited for.
    """
    try:
        fcntl.flock(lock, how)
    except OSError as error:
        if error.errno not in NO_LOCKS:
            raise
        return False
    return True


def _id_of(content: Content | None) -> str | None:
    return None if content is None else f"{content.mode:o} {blob_id(content.data)}"


def undo_unfinished(root: Path) -> None:
    """Undo each change of this project whose process was killed in the middle of it.

    Raises:
        PatchConflict: a file has changed since then; nothing was touched.
    """
    for folder in sorted(root.glob(f"{_PREFIX}*")):
        try:
            found = folder.lstat()
        except FileNotFoundError:  # somebody else was faster
            continue
        if folder.is_symlink() or found.st_uid != os.geteuid():
            continue
        try:
            with _abandoned(folder, young=time.time() - found.st_mtime < _YOUNG) as abandoned:
                if abandoned:
                    _undo(root, folder)
        except OSError as error:
            reason = error.strerror or error
            why = f"a change was cut off, and cannot be undone ({reason}): see {folder.name} in it"
            raise PatchConflict([("", why)], project=str(root)) from error


@contextlib.contextmanager
def _abandoned(folder: Path, *, young: bool) -> Iterator[bool]:
    """Whether whoever made it is gone; nobody else takes it meanwhile."""
    try:
        lock = open_own(folder / _LOCK, os.O_RDWR)
    except FileNotFoundError:  # it has come no further, or was being removed
        yield not young
        return
    try:
        yield _is_free(lock, young=young)
    finally:
        os.close(lock)


def _is_free(lock: int, *, young: bool) -> bool:
    """Whether nobody holds that lock, which is held from now on; without locks age must tell."""
    try:
        return _take(lock, fcntl.LOCK_EX | fcntl.LOCK_NB) or not young
    except BlockingIOError:
        return False


def _undo(root: Path, folder: Path) -> None:
    journal = _journal(folder)
    if journal is not None:
        steps, folders = journal
        undone = [_Undo(root, folder, number, step) for number, step in enumerate(steps)]
        if conflicts := [(one.path, why) for one in undone if (why := one.conflict)]:
            raise PatchConflict(conflicts, project=str(root))
        for one in undone:
            one.take_away()
        for made in sorted(folders, reverse=True):
            with contextlib.suppress(OSError):  # something else is in it
                (root / made).rmdir()
        for one in undone:
            one.put_back()
        (folder / _JOURNAL).unlink()
        _LOG.warning("A recorded change of %s was cut off; it is undone", root.name)
    _remove(folder)


def _remove(folder: Path) -> None:
    """Remove it, the lock last: what is left on the way is still seen to be nobody's."""
    with contextlib.suppress(OSError):
        for path in folder.iterdir():
            if path.name != _LOCK:
                path.unlink()
    shutil.rmtree(folder, ignore_errors=True)


def _journal(folder: Path) -> tuple[list[_Told], list[str]] | None:
    """What was to be done; None if nothing was begun.

    Raises:
        PatchConflict: nobody can tell.
    """
    path = folder / _JOURNAL
    try:
        with open(open_own(path, os.O_RDONLY), "rb") as file:
            told = json.loads(file.read())
        if told["version"] != _VERSION:
            raise ValueError("it is of another version of claude-widget")
        steps = [(_inside(one), old, new) for one, old, new in told["steps"]]
        return steps, [_inside(one) for one in told["folders"]]
    except FileNotFoundError:
        return None
    except (ValueError, TypeError, LookupError) as error:
        where = f"{folder.name}/{path.name}"
        why = f"a recorded change was cut off, and cannot be undone: {where}: {error}"
        raise PatchConflict([("", why)], project=str(folder.parent)) from None


def _inside(path: str) -> str:
    """A path that is one of the project.

    Raises:
        ValueError: it is not.
    """
    if why := why_forbidden(str(path)):
        raise ValueError(f"{path!r} {why}")
    return str(path)


class _Undo:
    """One file, put back; one that is so already stays."""

    def __init__(self, root: Path, folder: Path, number: int, step: _Told) -> None:
        self.path, old, self._new = step
        self._root = root
        self._folder = folder
        self._full = root / self.path
        self._old = folder / f"{number}.old"
        taken = os.path.lexists(self._old)
        put = self._new is not None and not os.path.lexists(folder / f"{number}.new")
        self._begun = taken if old is not None else put

    @property
    def conflict(self) -> str:
        """Why it cannot be put back; empty if it can."""
        if not self._begun:
            return ""
        if any((self._root / above).is_symlink() for above in PurePosixPath(self.path).parents):
            return f"lies beyond a link by now; what it was is in {self._folder.name}"
        found = read(self._root, self.path, _BOUNDS, LeftOut())
        now = _id_of(found[1]) if found else None
        if os.path.lexists(self._full) and now != self._new:
            return f"has changed since a change was cut off; what it was is in {self._folder.name}"
        return ""

    def take_away(self) -> None:
        """Remove what was put in its place."""
        if self._begun and self._new is not None:
            self._full.unlink(missing_ok=True)

    def put_back(self) -> None:
        """And put back what was there."""
        if self._begun and os.path.lexists(self._old):
            self._full.parent.mkdir(parents=True, exist_ok=True)
            self._old.rename(self._full)
