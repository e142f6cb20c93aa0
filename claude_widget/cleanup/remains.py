"""What executions that are over have left on disk: sockets, temp folders, half-written files.

The rule: it removes only what it can tell to be ours and over, and only what is not just being
made. A temp folder holds a breadcrumb that names its execution's folder, so that one of another
state folder is left alone while it lives; a socket that is missing proves nothing.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import stat
import time
import uuid
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import Any

from claude_widget import runtime
from claude_widget.errors import ClaudeWidgetError
from claude_widget.header import read_header
from claude_widget.own_files import open_own, read_own
from claude_widget.shim.warm import WARM
from claude_widget.transcript import boot_id, lock_is_held

BREADCRUMB = ".claude-widget"
"""In a temp folder: JSON with the execution's `folder`, and where its processes can be seen."""
REMOVED = ".removed-"
"""Before the name of an execution's folder that is being removed."""
YOUNG = 60.0
"""Seconds in which what looks left over may just be being made."""
_NAMELESS = 86_400.0
"""Seconds that a temp folder without a breadcrumb, an older version's, is left alone."""
_HALF_WRITTEN = ("descendants.new",)
_ANSWERS_WITHIN = 1.0
Stopped = Callable[[], bool]


class Remains:
    """Removes what is over. Every method is bounded by what there is, and looks at `stopped`.

    Args:
        executions: the folder with one folder for each execution of this state folder.
        stopped: says that no more is wanted.

    Attributes:
        problems: what could not be removed, and why.
    """

    def __init__(self, executions: Path, stopped: Stopped) -> None:
        self._executions = executions
        self._stopped = stopped
        self.problems: list[str] = []

    # -- the runtime folder ------------------------------------------------------------------

    def sockets(self) -> tuple[str, ...]:
        """Remove control sockets on which nobody listens."""
        try:
            folder = runtime.runtime_folder()
        except ClaudeWidgetError as error:
            self.problems.append(error.message)
            return ()
        removed = []
        for entry in self._entries(folder):
            if not entry.name.endswith(".sock") or not _is_old(entry, YOUNG):
                continue
            found = entry.stat(follow_symlinks=False)
            if stat.S_ISSOCK(found.st_mode) and not _listens(entry.path) and self._unlink(entry):
                removed.append(entry.path)
        return tuple(removed)

    def scratch(self, used: Collection[str]) -> tuple[str, ...]:
        """Remove CLIs' temp folders whose execution is over.

        Args:
            used: those that the environment of a living process names.
        """
        removed = []
        for entry in self._entries(runtime.scratch_path(self._executions).parent):
            if not entry.is_dir(follow_symlinks=False) or not _is_hash(entry.name):
                continue
            if entry.path not in used and self._is_over(Path(entry.path), entry):
                shutil.rmtree(entry.path, ignore_errors=True)
                removed.append(entry.path)
        return tuple(removed)

    def _is_over(self, scratch: Path, entry: os.DirEntry[str]) -> bool:
        crumb = read_breadcrumb(scratch)
        if crumb is None:
            return _is_old(entry, _NAMELESS)
        folder = Path(str(crumb["folder"]))
        if is_warm(folder):
            return False
        if (folder / "transcript").exists():
            return not lock_is_held(folder / "transcript") and _is_old(entry, YOUNG)
        # Its transcript cannot be seen from here: gone, or in another container that shares the
        # temp folder. Where its processes would be seen, there are none.
        return _is_old(entry, YOUNG) and is_here(crumb)

    # -- the state folder --------------------------------------------------------------------

    def half_made(self) -> tuple[list[str], list[str]]:
        """Remove the folders of starts that never were, and what a removal has left.

        Returns:
            The ids removed; and those that have no beginning, yet something in their transcript.
        """
        removed, kept = [], []
        for entry in self._entries(self._executions):
            if entry.name.startswith(REMOVED) and is_uuid(entry.name[len(REMOVED) :]):
                shutil.rmtree(entry.path, ignore_errors=True)
                continue
            if not entry.is_dir(follow_symlinks=False) or not is_uuid(entry.name):
                continue
            transcript = Path(entry.path, "transcript")
            if not _is_old(entry, YOUNG) or read_header(transcript) is not None:
                continue
            if lock_is_held(transcript) or is_warm(Path(entry.path)):
                continue
            if _has_content(transcript):
                kept.append(entry.name)
            elif self._remove(Path(entry.path)):
                removed.append(entry.name)
        return removed, kept

    def temp_files(self) -> tuple[str, ...]:
        """Remove what was written beside a file to take its place, and never did."""
        removed = []
        for folder in (self._executions.parent, *self._folders()):
            top = folder == self._executions.parent
            for entry in self._entries(folder):
                over = _is_half_written(entry.name, top=top) and _is_old(entry, YOUNG)
                if over and self._unlink(entry):
                    removed.append(entry.path)
        return tuple(removed)

    def _folders(self) -> Iterator[Path]:
        for entry in self._entries(self._executions):
            if entry.is_dir(follow_symlinks=False) and is_uuid(entry.name):
                yield Path(entry.path)

    # -- how ---------------------------------------------------------------------------------

    def _entries(self, folder: Path) -> Iterator[os.DirEntry[str]]:
        try:
            with os.scandir(folder) as entries:
                found = list(entries)[::-1]
        except OSError:
            return  # there is no such folder
        while found and not self._stopped():
            entry = found.pop()  # let go of with its status: there may be thousands
            with contextlib.suppress(OSError):  # it has gone meanwhile
                if entry.stat(follow_symlinks=False).st_uid == os.getuid():
                    yield entry

    def _unlink(self, entry: os.DirEntry[str]) -> bool:
        try:
            os.unlink(entry.path)  # noqa: PTH108 - an entry of scandir is no Path
        except FileNotFoundError:
            return False
        except OSError as error:
            self.problems.append(f"{entry.path}: {error.strerror}")
            return False
        return True

    def _remove(self, folder: Path) -> bool:
        try:
            remove_folder(folder)
        except FileNotFoundError:
            return False
        except OSError as error:
            self.problems.append(f"{folder}: {error.strerror}")
            return False
        return True


def remove_folder(folder: Path) -> None:
    """Remove an execution's folder: it is there whole, or not at all, for whoever looks.

    Raises:
        OSError: it cannot be removed.
    """
    going = folder.with_name(REMOVED + folder.name)
    folder.rename(going)
    shutil.rmtree(going, ignore_errors=True)


def is_warm(folder: Path) -> bool:
    """Whether a CLI waits there that was started ahead: its shim lives, and has no transcript."""
    return lock_is_held(folder / WARM)


def leave_breadcrumb(scratch: Path, folder: Path) -> None:
    """Say in a CLI's temp folder which execution's it is.

    Raises:
        OSError: it cannot be written.
    """
    said = json.dumps({"folder": str(folder), **runtime.place()}).encode("utf-8", "surrogateescape")
    fd = open_own(scratch / BREADCRUMB, os.O_WRONLY | os.O_CREAT)
    with os.fdopen(fd, "wb") as file:
        if os.fstat(fd).st_size:  # to cut an empty one, too, has ext4 write it out at once
            file.truncate()
        file.write(said)


def read_breadcrumb(scratch: Path) -> dict[str, Any] | None:
    """What `leave_breadcrumb` said; None where that cannot be read."""
    try:
        said = json.loads(read_own(scratch / BREADCRUMB, 1 << 16))
        return said if isinstance(said["folder"], str) else None
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return None


def is_here(crumb: dict[str, Any]) -> bool:
    """Whether its execution's processes would be seen from here, if there were any."""
    here = runtime.place()
    if crumb.get("host") != here["host"]:
        return False
    if crumb.get("boot_id") != boot_id():
        return True  # that boot is over, and they with it
    return bool(crumb.get("pid_namespace") == here["pid_namespace"])


def _listens(path: str) -> bool:
    """Whether anybody does; what cannot be known counts as yes."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
        connection.settimeout(_ANSWERS_WITHIN)
        try:
            connection.connect(path)
        except ConnectionRefusedError:
            return False
        except OSError:
            return True
    return True


def _is_old(entry: os.DirEntry[str], seconds: float) -> bool:
    return time.time() - entry.stat(follow_symlinks=False).st_mtime > seconds


def _has_content(transcript: Path) -> bool:
    """Whether there is more in it than a header and the zeros that a power cut leaves."""
    try:
        with transcript.open("rb") as file:
            found = file.read(1 << 16).strip(b"\0")
    except FileNotFoundError:
        return False
    except OSError:
        return True
    first, _, rest = found.partition(b"\n")
    return b"\n" in (rest if b' meta {"event":"transcript"' in first else found)


def _is_half_written(name: str, *, top: bool) -> bool:
    """Whether a file is one of those that `StateFolder` writes beside the one that it replaces."""
    if top:  # a state folder may be anybody's, with files in it that are not ours
        what, _, numbers = name[1:].partition(".")
        return what in ("models", "pages") and numbers.replace(".", "").isdigit()
    return name.startswith(".") or name in _HALF_WRITTEN


def _is_hash(name: str) -> bool:
    return len(name) == 16 and all(letter in "0123456789abcdef" for letter in name)


def is_uuid(name: str) -> bool:
    """Whether a folder's name is that of an execution."""
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False
