"""What changed in a project, by a copy of its files: where there is no git to ask.

The rule: every file within the bounds is read once, and copied to one file of ours; later only
what was written to is read again. A project beyond the bounds is refused, never half looked at.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO, NamedTuple

from claude_widget.changes.patches import Content, Difference
from claude_widget.changes.project_files import (
    Bounds,
    LeftOut,
    Signature,
    TooMuch,
    look,
    read,
    signature,
    walk,
)

_FRESH_NS = 2_000_000_000
"""What was written to so shortly before it was copied may have been again, with nothing to tell
it by: some file systems count in seconds."""


class _Kept(NamedTuple):
    """One file as it was; its copy lies from `start` to `end`."""

    signature: Signature
    mode: int
    start: int
    end: int


class SnapshotState:
    """The files of a project at one moment.

    Args:
        project: the folder.
        scratch: an empty folder of ours, for the copies.
        ignored: paths that others write to.
        bounds: how much is looked at.

    Raises:
        TooMuch: the project goes beyond the bounds.
        OSError: there is no room for the copies.
    """

    def __init__(
        self, project: Path, scratch: Path, ignored: Iterable[Path], bounds: Bounds
    ) -> None:
        self._project = project
        self._ignored = tuple(ignored)
        self._bounds = bounds
        self._copies = scratch / "contents"
        self._files: dict[str, _Kept] = {}
        self._left = LeftOut()
        self._left_after = LeftOut()
        self._since = time.time_ns() - _FRESH_NS
        with open(self._copies, "xb") as copies:
            self._copy(copies)

    def _copy(self, copies: BinaryIO) -> None:
        until = time.monotonic() + self._bounds.seconds
        for path in walk(self._project, self._ignored, self._bounds):
            found = read(self._project, path, self._bounds, self._left)
            if found is not None:
                start = copies.tell()
                end = start + copies.write(found[1].data)
                self._files[path] = _Kept(found[0], found[1].mode, start, end)
                if end > self._bounds.total_bytes:
                    raise TooMuch(f"has more than {self._bounds.total_bytes >> 20} MB of files")
            if time.monotonic() > until:
                raise TooMuch(f"cannot be read within {self._bounds.seconds:g} s")

    def differences(self) -> Iterator[Difference]:
        """What is not as it was, by path; the contents of one are in memory at a time.

        Raises:
            TooMuch: the project has grown beyond the bounds.
        """
        paths = set(walk(self._project, self._ignored, self._bounds))
        with open(self._copies, "rb") as copies:
            for path in sorted(paths | self._files.keys()):
                found = look(f"{self._project}/{path}") if path in paths else None
                kept = self._files.get(path)
                if kept and found and self._untouched(kept.signature, found):
                    continue
                new = read(self._project, path, self._bounds, self._left_after) if found else None
                if path not in self._left and path not in self._left_after:
                    old = _copy_of(kept, copies) if kept else None
                    yield Difference(path, old, new[1] if new else None)

    def left_out(self) -> dict[str, str]:
        """What changed and cannot be in a patch, with why; known after `differences`."""
        return self._left.changed(self._left_after)

    def _untouched(self, kept: Signature, found: os.stat_result) -> bool:
        fresh = max(found.st_mtime_ns, found.st_ctime_ns) > self._since
        return signature(found) == kept and not fresh


def _copy_of(kept: _Kept, copies: BinaryIO) -> Content:
    copies.seek(kept.start)
    return Content(kept.mode, copies.read(kept.end - kept.start))
