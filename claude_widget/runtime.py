"""The short runtime folder, and who this process is to another.

The rule: where sockets lie, and who we are to another process. A Unix socket's path ends at 104
bytes, so sockets never lie in the state folder; their folder is the owner's alone or is not used
at all.
"""

from __future__ import annotations

import functools
import hashlib
import os
import socket as sockets
import stat
import struct
import tempfile
from pathlib import Path

import psutil

from claude_widget.errors import ClaudeWidgetError
from claude_widget.own_files import make_own
from claude_widget.transcript import boot_id

LONGEST_SOCKET_PATH = 103
_CREDENTIALS = struct.Struct("3i")
"""Of the other end of a socket: pid, user, group."""


def runtime_folder() -> Path:
    """A folder for sockets: short, mode 0700, ours. Made if it is not there.

    Raises:
        ClaudeWidgetError: someone else holds every place that it could have.
    """
    problems: list[str] = []
    for base in (os.environ.get("XDG_RUNTIME_DIR"), tempfile.gettempdir(), "/tmp"):  # noqa: S108
        if not base or len(base) > 60:
            continue
        folder = Path(base) / f"cw-{os.getuid()}"
        problem = own_folder(folder)
        if not problem:
            return folder
        problems.append(problem)
    raise ClaudeWidgetError(
        "There is no safe folder for control sockets: " + "; ".join(problems) + ".",
        hint="Set XDG_RUNTIME_DIR to a folder that is yours alone.",
    )


def own_folder(folder: Path, *, private: bool = True) -> str:
    """Make a folder that only its owner may enter, or say why it is not one.

    Args:
        folder: its path.
        private: False leaves the mode of one that was there as it is.
    """
    try:
        make_own(folder)
        found = folder.lstat()
    except OSError as error:
        return f"{folder}: {error.strerror}"
    if not stat.S_ISDIR(found.st_mode):
        return f"{folder} is no folder"
    if found.st_uid != os.getuid():
        return f"{folder} belongs to user {found.st_uid}"
    if not private and found.st_mode & 0o022:
        return f"{folder} can be written by others (chmod go-w makes it yours)"
    if private and found.st_mode & 0o077:
        try:
            folder.chmod(0o700)
        except OSError as error:
            return f"{folder}: {error.strerror}"
    return ""


def socket_path(folder: Path) -> Path:
    """The control socket of the execution in that folder, named by a hash of the folder's path."""
    digest = hashlib.blake2s(os.fsencode(folder.absolute()), digest_size=8).hexdigest()
    return runtime_folder() / f"{digest}.sock"


def scratch_path(folder: Path) -> Path:
    """The CLI's own temp folder: on disk, not in memory, and short, for sockets lie in it."""
    digest = hashlib.blake2s(os.fsencode(folder.absolute()), digest_size=8).hexdigest()
    base = tempfile.gettempdir()
    return Path(base if len(base) <= 60 else "/tmp") / f"cw-{os.getuid()}" / digest  # noqa: S108


def peer_is_ours(connection: sockets.socket) -> bool:
    """Whether who listens at the other end is this user; the folder alone says so on macOS."""
    if not hasattr(sockets, "SO_PEERCRED"):
        return True
    packed = connection.getsockopt(sockets.SOL_SOCKET, sockets.SO_PEERCRED, _CREDENTIALS.size)
    _, uid, _ = _CREDENTIALS.unpack(packed)
    return bool(uid == os.getuid())


def host_name() -> str:
    """This machine's name."""
    return sockets.gethostname()


def place() -> dict[str, str]:
    """Where processes of this one's see each other: the machine, its boot, the pid namespace."""
    return {"host": host_name(), "boot_id": boot_id(), "pid_namespace": _pid_namespace()}


def owner() -> dict[str, str | int | float]:
    """Who starts an execution: enough to tell later whether that process still lives."""
    return {
        **place(),
        "pid": os.getpid(),
        "start": _start_time(os.getpid()),
        "notebook": os.environ.get("JPY_SESSION_NAME") or str(Path.cwd()),
    }


@functools.cache
def _start_time(pid: int) -> float:
    """When a process started; asked by our own pid, which a fork changes."""
    return psutil.Process(pid).create_time()


def owner_lives(said: dict[str, object]) -> bool:
    """Whether the process that `owner` described still lives; True if that cannot be known."""
    if said.get("host") != host_name() or said.get("pid_namespace") != _pid_namespace():
        return True
    if said.get("boot_id") != boot_id():
        return False
    try:
        started = psutil.Process(int(str(said.get("pid")))).create_time()
        return abs(started - float(str(said.get("start")))) < 0.05
    except (psutil.Error, ValueError):
        return False


def _pid_namespace() -> str:
    try:
        return str(Path("/proc/self/ns/pid").readlink())
    except OSError:
        return ""
