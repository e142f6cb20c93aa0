"""Files of our own: opened only if they are what they should be.

The rule: the one place that opens what lies in a state folder. No link is followed, nothing makes
the opener wait, and what belongs to another user, such as by a hard link, is neither read nor
written. What is made here is its owner's alone, whatever the umask.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_ALWAYS = os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
LARGEST = 64 << 20
"""Bytes of the largest of our small files."""
NO_LOCKS = {errno.ENOLCK, errno.EOPNOTSUPP, errno.EBADF, errno.EINVAL, errno.ENOSYS}
"""What file systems say that have no locks."""


def open_own(path: str | os.PathLike[str], flags: int = os.O_RDONLY) -> int:
    """A descriptor of a regular file of ours.

    Args:
        path: the file.
        flags: as for `os.open`; a file that it makes gets mode 0600. O_TRUNC only with O_EXCL: a
            file is looked at before anything is done to it.

    Raises:
        OSError: there is none, it is a link or no regular file, or it is another user's.
    """
    fd = os.open(path, flags | _ALWAYS, 0o600)
    try:
        found = os.fstat(fd)
        if not stat.S_ISREG(found.st_mode):
            raise OSError(errno.EINVAL, "is no regular file", str(path))
        if found.st_uid != os.geteuid():
            raise PermissionError(errno.EPERM, f"belongs to user {found.st_uid}", str(path))
        if flags & os.O_CREAT and stat.S_IMODE(found.st_mode) != 0o600:
            os.fchmod(fd, 0o600)
    except BaseException:
        os.close(fd)
        raise
    return fd


def open_any(path: str | os.PathLike[str]) -> int:
    """A descriptor of anybody's regular file, to be read: a pipe must make nobody wait.

    Raises:
        OSError: there is none, or it is no regular file.
    """
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(fd).st_mode):
        os.close(fd)
        raise OSError(errno.EINVAL, "is no regular file", str(path))
    return fd


def read_own(path: str | os.PathLike[str], most: int = LARGEST) -> bytes:
    """The content of a regular file of ours, at most so many bytes.

    Raises:
        OSError: as for `open_own`, or it has more.
    """
    with os.fdopen(open_own(path), "rb") as file:
        content = file.read(most + 1)
    if len(content) > most:
        raise OSError(errno.EFBIG, f"has more than {most:,} bytes", str(path))
    return content


def make_own(path: Path) -> None:
    """Make a folder of ours, and those above it that are missing, with mode 0700 each.

    Raises:
        OSError: it cannot be made, or something else is there.
    """
    if not path.is_dir():
        make_own(path.parent)
        try:
            path.mkdir(mode=0o700)
        except FileExistsError:
            if not path.is_dir():
                raise
        else:
            path.chmod(0o700)
