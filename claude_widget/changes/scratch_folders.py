"""Folders of ours for what one look at a project keeps: gone with their process, however it ends.

The rule: what a project holds does not stay in the temp folder. A folder is its maker's as long as
the lock of a file in it is held, which the system lets go of; whoever makes the next one removes
those of the dead.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
import weakref
from pathlib import Path

from claude_widget.changes.project_files import SCRATCH
from claude_widget.own_files import open_own

_PREFIX = f"{SCRATCH}changes-"
_LOCK = "lock"
_YOUNG = 60.0
"""Seconds in which a folder may just be being made."""


class ScratchFolder:
    """One folder; `close`, or the end of the process, removes it.

    Args:
        above: where it is made; None is the system's temp folder.

    Raises:
        OSError: it cannot be made.

    Attributes:
        path: the folder, links resolved.
    """

    def __init__(self, above: Path | None = None) -> None:
        place = Path(above or tempfile.gettempdir()).resolve()
        _remove_abandoned(place)
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
        lock = open_own(self.path / _LOCK, os.O_RDWR | os.O_CREAT)
        fcntl.flock(lock, fcntl.LOCK_EX)
        self._finalizer = weakref.finalize(self, _remove, self.path, lock)

    def close(self) -> None:
        """Remove it; more than once does no harm."""
        self._finalizer()


def _remove(path: Path, lock: int) -> None:
    shutil.rmtree(path, ignore_errors=True)
    os.close(lock)


def _remove_abandoned(place: Path) -> None:
    """Remove the folders there whose processes are over."""
    for path in place.glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            found = path.lstat()
            if found.st_uid != os.geteuid() or time.time() - found.st_mtime < _YOUNG:
                continue
            lock = open_own(path / _LOCK, os.O_RDWR)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
            finally:
                os.close(lock)
