"""How a folder of recordings is written: a recording is there whole or not at all.

The rule: whoever writes holds the exclusive lock of the folder, whoever reads several files the
shared one; it is the folder itself that is locked, so no further file lies beside the notebook. A
lock is waited for within bounds. Everything takes its place by rename, and what a dead process has
left halfway is put right by the next one. What a recording means is not known here.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import logging
import os
import shutil
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from claude_widget.own_files import NO_LOCKS
from claude_widget.recordings.errors import RecordingsLocked

_LOG = logging.getLogger(__name__)
INDEX = "index.json"
INDEX_FORMAT = 1
CHANGING = "run.json"
"""The one file that differs between two recordings of an equal answer."""
_SAVING, _BEFORE = ".saving-", ".before-"
LONGEST_WAIT = 10.0
"""Seconds that another process may hold the lock; whoever saves does so for milliseconds."""
_PAUSE, _LONGEST_PAUSE = 0.0005, 0.02


class FolderLock:
    """The lock of a folder, for a `with`; none if the folder is not there, or cannot be locked.

    Args:
        folder: of recordings.
        shared: for readers.
        wait: seconds that another process may hold it.
    """

    def __init__(self, folder: Path, *, shared: bool, wait: float = LONGEST_WAIT) -> None:
        self._folder = folder
        self._kind = fcntl.LOCK_SH if shared else fcntl.LOCK_EX
        self._wait = wait
        self._fd = -1

    def __enter__(self) -> bool:
        """Take it; whether there is one.

        Raises:
            RecordingsLocked: another process holds it for too long.
        """
        with contextlib.suppress(FileNotFoundError, NotADirectoryError, PermissionError):
            self._fd = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        if self._fd < 0:
            return False
        try:
            self._take()
        except OSError as error:
            self.__exit__()
            if error.errno not in NO_LOCKS:
                raise
        except RecordingsLocked:
            self.__exit__()
            raise
        return self._fd >= 0

    def _take(self) -> None:
        until, pause = time.monotonic() + self._wait, _PAUSE
        while True:
            try:
                fcntl.flock(self._fd, self._kind | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() >= until:
                    raise RecordingsLocked(str(self._folder), self._wait) from None
                time.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
            else:
                return

    def __exit__(self, *_: object) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1


def replace_folder(folder: Path, files: Mapping[str, bytes], *, instead_of: Path | None) -> Path:
    """Put a recording's files into place. The exclusive lock is held.

    Args:
        folder: where the recording is to be.
        files: its files by name.
        instead_of: where another one of the same key is, if there is one.

    Returns:
        Where it is by now: in place of the other one, if something is at `folder` as well.

    Raises:
        OSError: it cannot be written, or something else is there; nothing has changed.
    """
    parent = folder.parent
    for old in {folder, instead_of or folder}:
        if old.is_symlink():
            raise OSError(errno.ELOOP, "is a link, and recordings are folders", str(old))
    if instead_of is not None and folder.exists():
        folder = instead_of
    if instead_of == folder and _differ_only_in_run(folder, files):
        _write_file(folder / CHANGING, files[CHANGING])
        return folder
    put_right(parent)
    saving, before = parent / f"{_SAVING}{folder.name}", parent / f"{_BEFORE}{folder.name}"
    old = folder if instead_of is None else instead_of
    saving.mkdir()
    try:
        for name, content in files.items():
            _write_through(saving / name, content)
        if old.exists():
            old.rename(before)
        saving.rename(folder)
    except OSError:
        shutil.rmtree(saving, ignore_errors=True)
        if before.exists() and not old.exists():
            before.rename(old)
        raise
    shutil.rmtree(before, ignore_errors=True)
    return folder


def is_halfway(parent: Path) -> bool:
    """Whether somebody replaces a recording of this folder, or died while they did."""
    try:
        with os.scandir(parent) as entries:
            return any(entry.name.startswith((_SAVING, _BEFORE)) for entry in entries)
    except OSError:
        return False


def put_right(parent: Path) -> None:
    """Finish, or undo, what somebody began who died meanwhile. The exclusive lock is held.

    The old recording only makes room for one that is whole: where it has, and its place is empty,
    the new one goes there.

    Raises:
        OSError: the folder cannot be written.
    """
    for before in parent.glob(f"{_BEFORE}*"):
        name = before.name.removeprefix(_BEFORE)
        folder, saving = parent / name, parent / f"{_SAVING}{name}"
        if not folder.exists():
            (saving if saving.is_dir() else before).rename(folder)
        shutil.rmtree(before, ignore_errors=True)
    for saving in parent.glob(f"{_SAVING}*"):
        shutil.rmtree(saving, ignore_errors=True)


def _write_through(path: Path, content: bytes) -> None:
    """Write a file that a power cut does not take away once its folder has its name."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _differ_only_in_run(folder: Path, files: Mapping[str, bytes]) -> bool:
    """Whether a recording has the same files with the same content, but for that of its run."""
    try:
        there = {path.name for path in folder.iterdir()}
        equal = (
            (folder / name).read_bytes() == content
            for name, content in files.items()
            if name != CHANGING
        )
        return there == set(files) and all(equal)
    except OSError:
        return False


def _write_file(path: Path, content: bytes) -> None:
    made = path.with_name(f".{path.name}")
    made.write_bytes(content)
    made.replace(path)


# -- the index ---------------------------------------------------------------------------------


def index_with(folder: Path, name: str, entry: Mapping[str, Any]) -> None:
    """Add a recording to the readable index, and leave out those that are gone.

    An index that cannot be read is made anew from the recordings; one of a later version stays as
    it is, since nothing is looked up in it.
    """
    path = folder / INDEX
    known = _entries(path)
    if known is None:
        return
    there = {one.parent.name for one in folder.glob("[!.]*/request.json")}
    entries = {one: known.get(one) or _entry_of(folder / one) for one in there}
    entries[name] = dict(entry)
    rows = [
        json.dumps({"folder": one, **entries[one]}, ensure_ascii=False) for one in sorted(there)
    ]
    listed = ",\n    ".join(rows)
    text = f'{{\n  "format": {INDEX_FORMAT},\n  "recordings": [\n    {listed}\n  ]\n}}\n'
    content = text.encode("utf-8", "replace")
    if not path.is_file() or path.read_bytes() != content:
        _write_file(path, content)


def _entries(path: Path) -> dict[str, dict[str, Any]] | None:
    """The entries of an index by folder; none of a damaged one; None of one of a later version."""
    try:
        told = json.loads(path.read_bytes())
        if int(told["format"]) > INDEX_FORMAT:
            return None
        return {str(one.pop("folder")): one for one in told["recordings"]}
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        _LOG.warning("%s is made anew: %s", path, error)
        return {}


def _entry_of(folder: Path) -> dict[str, Any]:
    """What a recording says of itself, where the index does not know it."""
    try:
        told = json.loads((folder / "request.json").read_bytes())
        material = told["material"]
        query = beginning(material)
        return {"key": str(told["key"]), "made_by": "", "query": query}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return {"key": "", "made_by": "", "query": ""}


def beginning(material: Mapping[str, Any]) -> str:
    """The first words of what was asked, on one line."""
    text = str(material.get("query") or material.get("key") or "")
    line = " ".join(text[:400].split())
    return line if len(line) <= 80 else line[:79].rstrip() + "…"
