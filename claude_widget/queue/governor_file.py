"""What the API's limits allow now, kept in one file of the state folder for all its managers.

The rule: `governor.json` is read whole and written whole, by rename, under the lock of a file
beside it; what to write is decided in `governor`. A file that is damaged says nothing, one of a
later version says what can be understood, and where nothing can be written the process remembers by
itself. Safe from any thread.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from claude_widget.own_files import open_own, read_own
from claude_widget.queue.governor import (
    KINDS,
    LONGEST_PATH,
    LONGEST_SAID,
    MOST_HEARERS,
    MOST_PROJECTS,
    Heard,
    Kind,
    Pause,
    Ruling,
    resumed,
    ruled,
)

NAME = "governor.json"
LOCK = "governor.lock"
_MOST_BYTES = 1 << 19
_LOCK_TRIES = 100
_LOCK_PAUSE = 0.005
_VERSION = 1
_LONGEST_ID = 100
_MOST_FAMILIES = 20
_LONGEST_FAMILY = 40

_Stamp = tuple[int, int, int]
"""What tells one content of a file from the next: inode, nanoseconds, bytes."""


class GovernorFile:
    """The rulings of one state folder, as one manager reads and writes them.

    Args:
        folder: the state folder.
        clock: epoch seconds.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.time) -> None:
        self._path = folder / NAME
        self._clock = clock
        self._known = Ruling()
        self._stamp: _Stamp | None = None
        self._own = threading.Lock()

    def paused(self) -> Pause | None:
        """The pause of all models that holds now, or None."""
        return self.read().paused(self._clock())

    def holding(self) -> tuple[Pause, ...]:
        """All pauses that hold now; a `stat`, unless somebody has written since."""
        return self.read().holding(self._clock())

    def read(self) -> Ruling:
        """What the file says now."""
        with self._own:
            return self._read()

    def hear(self, heard: Heard) -> Ruling:
        """Note what an execution has heard; what is ruled from now on."""
        return self._change(lambda before: ruled(before, heard, self._clock()))

    def resume(self) -> Ruling:
        """Note that a person wants new ones to start, whatever was heard so far."""
        return self._change(lambda before: resumed(before, self._clock()))

    def _change(self, change: Callable[[Ruling], Ruling]) -> Ruling:
        with self._own:
            before = self._read()
            if change(before) == before:  # most that is heard was heard by others just before
                return before
            with _locked(self._path.with_name(LOCK)):
                self._known = change(self._read())
                self._write()
            return self._known

    def _read(self) -> Ruling:
        stamp = self._stamp_of_file()
        if stamp != self._stamp:
            self._stamp = stamp
            self._known = Ruling() if stamp is None else _parsed(self._path)
        return self._known

    def _stamp_of_file(self) -> _Stamp | None:
        try:
            found = self._path.stat(follow_symlinks=False)
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size

    def _write(self) -> None:
        name = f".{NAME}.{os.getpid()}.{threading.get_native_id()}"
        temporary = self._path.with_name(name)
        try:
            temporary.unlink(missing_ok=True)  # of a process of the same number, long gone
            fd = open_own(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            with os.fdopen(fd, "wb") as file:
                file.write(json.dumps(_plain(self._known)).encode("utf-8", "replace"))
            temporary.replace(self._path)
        except OSError:  # such as a full disk: this process knows all the same
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
        self._stamp = self._stamp_of_file()


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """One process at a time; one that was stopped with the lock is not waited for."""
    try:
        fd = open_own(path, os.O_RDWR | os.O_CREAT)
    except OSError:
        yield
        return
    try:
        for _ in range(_LOCK_TRIES):
            with contextlib.suppress(OSError):
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            time.sleep(_LOCK_PAUSE)
        yield
    finally:
        os.close(fd)


def _plain(ruling: Ruling) -> dict[str, Any]:
    said: dict[str, Any] = {"version": _VERSION, "resumed": ruling.resumed, "row": ruling.row}
    if ruling.pause is not None:
        said["pause"] = ruling.pause._asdict()
    if ruling.of_families:
        said["of_families"] = [pause._asdict() for pause in ruling.of_families]
    return said


def _parsed(path: Path) -> Ruling:
    """What a file says, as far as it can be believed."""
    try:
        said = json.loads(read_own(path, _MOST_BYTES))
    except (OSError, ValueError, RecursionError):
        return Ruling()
    if not isinstance(said, dict):
        return Ruling()
    row = said.get("row")
    return Ruling(
        _pause(said.get("pause")),
        row if type(row) is int and 0 <= row <= 16 else 0,
        _moment(said.get("resumed")) or 0.0,
        _of_families(said.get("of_families")),
    )


def _of_families(said: object) -> tuple[Pause, ...]:
    """The pauses of one family of models each; one that names none is none."""
    found: dict[str, Pause] = {}
    for one in said[:_MOST_FAMILIES] if isinstance(said, list) else []:
        pause, family = _pause(one), one.get("family") if isinstance(one, dict) else None
        if pause is not None and isinstance(family, str) and family.isalpha():
            family = family[:_LONGEST_FAMILY]
            found[family] = pause._replace(
                family=family,
                default_in=_texts(one.get("default_in"), MOST_PROJECTS, LONGEST_PATH),
                heard_by=_texts(one.get("heard_by"), MOST_HEARERS, _LONGEST_ID),
            )
    return tuple(found.values())


def _pause(said: object) -> Pause | None:
    if not isinstance(said, dict):
        return None
    since, until = _moment(said.get("since")), _moment(said.get("until"))
    kind: Kind = next((one for one in KINDS if one == said.get("kind")), "rate_limit")
    endless = said.get("until") is None and kind == "authentication"
    if since is None or (until is None and not endless):
        return None  # nothing else may last until somebody comes
    words, execution_id = said.get("said"), said.get("execution_id")
    return Pause(
        kind,
        since,
        until,
        said.get("told") is True,
        words[:LONGEST_SAID] if isinstance(words, str) else "",
        execution_id[:_LONGEST_ID] if isinstance(execution_id, str) else "",
    )


def _texts(said: object, most: int, longest: int) -> tuple[str, ...]:
    """The newest of them; one that is cut off would name something else."""
    found = said[-most:] if isinstance(said, list) else []
    return tuple(one for one in found if isinstance(one, str) and 0 < len(one) <= longest)


def _moment(said: object) -> float | None:
    """Epoch seconds, or None for what is none."""
    if isinstance(said, bool) or not isinstance(said, (int, float)):
        return None
    try:
        seconds = float(said)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) and seconds > 0 else None
