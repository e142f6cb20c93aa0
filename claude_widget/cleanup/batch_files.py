"""Files of batches that nothing is left of: none of their executions, or they were never finished.

The rule: it looks, and holds the lock of each file that it gives until the next is asked for, so
that nobody goes on with a batch whose file is being removed. A file that somebody writes is left
alone, and so is one that cannot be read: it may be a later version's.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Collection, Iterator
from pathlib import Path

from claude_widget.batch.batch_file import BATCHES
from claude_widget.batch.kept import Kept, read_kept
from claude_widget.cleanup.remains import is_uuid
from claude_widget.errors import ClaudeWidgetError
from claude_widget.own_files import open_own

HALF_MADE = 86_400.0
"""Seconds after which a file that is being made never will be: its rows were read into it."""
_SUFFIX = ".jsonl"


def without_executions(
    state: Path,
    is_left: Callable[[str], bool],
    batches: Collection[str],
    *,
    older_than: float | None,
) -> Iterator[Path]:
    """Files of batches none of whose executions is left, each held until the next is asked for.

    Args:
        state: the state folder.
        is_left: says of an execution's id whether it is there; asked while the file is held.
        batches: ids of batches of which an execution is known to be left.
        older_than: seconds since the file was written to last after which it goes; None: those
            that were not over stay, and so do those that never had an execution.
    """
    for path in _files(state):
        if path.name.startswith(".") or path.stem in batches:
            continue
        with contextlib.suppress(ClaudeWidgetError, OSError), _unwritten(path) as hold:
            kept = read_kept(path)  # before it is held: it may be long
            hold()
            if not any(map(is_left, _executions(kept))):
                is_old = older_than is not None and _age(path) > older_than
                if is_old or (kept.ended and kept.executions):
                    yield path


def half_made(state: Path) -> Iterator[Path]:
    """Files of batches whose maker has not lived to finish them, held as well."""
    for path in _files(state):
        if not path.name.startswith("."):
            continue
        with contextlib.suppress(OSError), _unwritten(path) as hold:
            hold()
            if _age(path) > HALF_MADE:
                yield path


@contextlib.contextmanager
def _unwritten(path: Path) -> Iterator[Callable[[], None]]:
    """A call that holds a file until the end, and raises OSError if it was written meanwhile."""
    fd = open_own(path, os.O_RDWR)

    def hold() -> None:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if _version(fd) != before:
            raise BlockingIOError(f"{path} was written meanwhile")

    try:
        before = _version(fd)
        yield hold
    finally:
        os.close(fd)


def _version(fd: int) -> tuple[int, ...]:
    """Of a file's content; another one also if the file was removed."""
    found = os.fstat(fd)
    return found.st_size, found.st_mtime_ns, found.st_nlink


def id_of(path: Path) -> str:
    """The id of the batch whose file that is."""
    return path.name.removeprefix(".").removesuffix(_SUFFIX)


def _files(state: Path) -> list[Path]:
    try:
        with os.scandir(state / BATCHES) as entries:
            paths = [Path(one.path) for one in entries if one.is_file(follow_symlinks=False)]
    except OSError:
        return []
    return sorted(path for path in paths if path.suffix == _SUFFIX and is_uuid(id_of(path)))


def _executions(kept: Kept) -> Iterator[str]:
    for attempts in kept.executions.values():
        yield from attempts


def _age(path: Path) -> float:
    return time.time() - path.stat(follow_symlinks=False).st_mtime
