"""Who owns an execution, and whether that manager still lives: told by a lock that it holds.

The rule: small files and locks, no decisions. Each open manager holds the lock of
`<state_dir>/managers/<manager_id>`; on the same host a lock that is free says that its manager is
gone. What cannot be known from here counts as living: nothing is taken from another host.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from claude_widget.backend import Run
from claude_widget.own_files import open_own, read_own
from claude_widget.runtime import host_name, own_folder, owner, owner_lives
from claude_widget.state_folder import is_open_at
from claude_widget.transcript import lock_is_held

MANAGERS = "managers"
"""The folder below the state folder with one file for each open manager."""
CLAIM = "owner"
"""The file of a run folder that says who took it over from a shim that cannot note it."""
_LOCK_TRIES = 40
_LOCK_PAUSE = 0.005
_FLAGS = os.O_RDWR | os.O_CREAT


class Owners:
    """The managers of one state folder, as one of them sees them. Safe from any thread.

    Args:
        state_dir: the state folder.
        manager_id: of the manager that looks.

    Attributes:
        me: what is written down of an execution that this manager owns.
    """

    def __init__(self, state_dir: Path, manager_id: str) -> None:
        self.me = {**owner(), "manager_id": manager_id, "holds_lock": True}
        self._folder = state_dir / MANAGERS
        self._path = self._folder / manager_id
        self._fd = -1

    @property
    def notebook(self) -> str:
        """The notebook of this manager, or the folder that its process worked in."""
        return str(self.me["notebook"])

    def hold(self) -> bool:
        """Tell the others that this manager lives, until `release`; False if it cannot be told.

        To be called now and then: a lock on a file that somebody has taken away tells nothing.
        """
        if self._fd >= 0:
            if is_open_at(self._fd, self._path):
                return True
            self._close()
        if own_folder(self._folder):
            return False
        try:
            fd = open_own(self._path, _FLAGS)
        except OSError:
            return False
        if not _lock(fd):
            os.close(fd)
            return False
        self._fd = fd
        with contextlib.suppress(OSError):  # a full disk: the lock is what counts
            _rewrite(fd, self.me)
        return is_open_at(fd, self._path)

    def release(self) -> None:
        """This manager is closed: it owns nothing any more."""
        if self._fd >= 0:
            with contextlib.suppress(OSError):
                self._path.unlink()
        self._close()

    def _close(self) -> None:
        fd, self._fd = self._fd, -1
        if fd >= 0:
            os.close(fd)

    def tidy(self) -> list[str]:
        """Remove what managers of this host left that did not come to close themselves.

        Returns:
            Their ids.
        """
        removed: list[str] = []
        try:
            entries = list(self._folder.iterdir())
        except OSError:
            return removed
        for entry in entries:
            if not _is_uuid(entry.name) or lock_is_held(entry):
                continue
            if _read(entry).get("host", host_name()) == host_name():
                with contextlib.suppress(OSError):
                    entry.unlink()
                    removed.append(entry.name)
        return removed

    def lives(self, said: Mapping[str, Any]) -> bool:
        """Whether that owner lives; True if that cannot be known, False if there is none.

        A free lock tells it on the same host. One that is held may have been inherited by a child
        of a process that is gone. Versions before the lock are told by their process alone.
        """
        if not said:
            return False
        manager_id = said.get("manager_id")
        if manager_id == self.me["manager_id"]:
            return True
        if said.get("host", host_name()) != host_name():
            return True
        if said.get("holds_lock"):
            named = isinstance(manager_id, str) and _is_uuid(manager_id)
            if not named or not lock_is_held(self._folder / str(manager_id)):
                return False
        return owner_lives(dict(said))

    # -- executions whose shim is of a version that cannot note a new owner ------------------

    def claimed(self, run: Run) -> dict[str, Any]:
        """Who has claimed it; empty if nobody has."""
        return _read(run.folder / CLAIM)

    def claim(self, run: Run, instead_of: str) -> bool:
        """Take over a run from the owner named, if nobody else has by now; whether it is ours."""
        try:
            with _locked(run.folder / CLAIM) as fd:
                before = _parsed(os.pread(fd, 1 << 16, 0))
                if before and before.get("manager_id") != instead_of:
                    return False
                _rewrite(fd, self.me)
        except OSError:
            return False
        return True


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[int]:
    fd = open_own(path, _FLAGS)
    try:
        if not _lock(fd):
            raise BlockingIOError(f"{path} is locked")
        yield fd
    finally:
        os.close(fd)


def _lock(fd: int) -> bool:
    """Take a lock that whoever looks at it holds for microseconds."""
    for _ in range(_LOCK_TRIES):
        with contextlib.suppress(OSError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(_LOCK_PAUSE)
    return False


def _rewrite(fd: int, content: Mapping[str, Any]) -> None:
    os.ftruncate(fd, 0)
    os.pwrite(fd, json.dumps(content).encode(), 0)


def _read(path: Path) -> dict[str, Any]:
    try:
        return _parsed(read_own(path, 1 << 16))
    except OSError:
        return {}


def _parsed(content: bytes) -> dict[str, Any]:
    try:
        found = json.loads(content)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _is_uuid(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False
