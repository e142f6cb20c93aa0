"""Removes ended executions by age and size, oldest end first.

The rule: it holds the transcript's lock while it removes, so that nothing goes that runs, waits,
or is read by one who may take it over. It decides by what the registry knows and by nothing else.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from claude_widget.backend import Run
from claude_widget.cleanup.remains import is_uuid, remove_folder
from claude_widget.errors import ClaudeWidgetError, ExecutionActive, InvalidRequest
from claude_widget.history.errors import ExecutionPinned
from claude_widget.history.pins import is_pinned
from claude_widget.models import ExecutionInfo
from claude_widget.reports import PrunedExecution, PruneReport
from claude_widget.state_folder import StateFolder
from claude_widget.transcript import Writer


class Known(Protocol):
    """An execution, as far as its removal needs it."""

    @property
    def execution_id(self) -> str:
        """Its UUID4."""

    @property
    def info(self) -> ExecutionInfo:
        """What is known of it."""

    run: Run


class Registered(Protocol):
    """What there is: a manager's registry, or the folder itself."""

    folder: StateFolder

    def get(self, execution_id: str) -> Known | None:
        """The execution of that id, or None."""

    def active(self) -> Sequence[Known]:
        """Those that are pending or running."""

    def drop(self, execution_id: str) -> None:
        """Leave one out from now on that was removed."""


class _Kept(NamedTuple):
    """One execution's folder. `end_time` is None while it has not ended, as far as is known."""

    folder: Path
    name: str | None
    end_time: float | None
    size: int


class Retention:
    """Removes what is not to be kept any longer.

    Args:
        registry: what there is.
        tell: hears of the id of each that was removed.
        saving: tells the ids of those whose transcripts are still to be recorded.
    """

    def __init__(
        self,
        registry: Registered,
        tell: Callable[[str], None],
        saving: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._registry = registry
        self._tell = tell
        self._saving = saving

    def prune(
        self, older_than: float | None, max_bytes: int | None, *, dry_run: bool
    ) -> PruneReport:
        """Remove what ended longer ago, then the oldest until all fit into that many bytes.

        Raises:
            InvalidRequest: neither bound is given, or one is no such number.
        """
        _check(older_than, max_bytes)
        everything = self._everything()
        before = total = sum(one.size for one in everything)
        needed = self._needed()
        removed: list[PrunedExecution] = []
        kept: dict[str, str] = {}
        latest = -math.inf if older_than is None else time.time() - older_than
        ended = [(one.end_time, one) for one in everything if one.end_time is not None]
        for end_time, one in sorted(ended, key=lambda pair: pair[0]):
            if end_time >= latest and (max_bytes is None or total <= max_bytes):
                break
            execution_id = one.folder.name
            why = needed.get(execution_id) or ("it is pinned" if is_pinned(one.folder) else "")
            why = why or self._remove(one.folder, dry_run=dry_run)
            if why:
                kept[execution_id] = why
                continue
            total -= one.size
            removed.append(
                PrunedExecution(
                    execution_id=execution_id, name=one.name, end_time=end_time, size=one.size
                )
            )
        return PruneReport(
            removed=tuple(removed),
            kept=kept,
            size_before=before,
            size_after=total,
            dry_run=dry_run,
        )

    def remove(self, execution_id: str) -> None:
        """Remove one that has ended.

        Raises:
            ExecutionPinned: it is pinned.
            ExecutionActive: another one comes after it, it is being recorded, or its files are in
                use.
            ClaudeWidgetError: its folder cannot be removed.
        """
        folder = self._registry.folder.executions / execution_id
        if is_pinned(folder):
            raise ExecutionPinned(execution_id)
        why = self._needed().get(execution_id)
        try:
            if why is None:
                self._take_away(folder)
        except BlockingIOError:
            why = "its transcript is in use"
        except OSError as error:
            raise ClaudeWidgetError(
                f"Execution {execution_id} cannot be removed: {error.strerror or error}.",
                execution_id=execution_id,
                hint="Its folder must be writable.",
            ) from error
        if why is not None:
            raise ExecutionActive(
                f"Execution {execution_id} was not removed: {why}.",
                execution_id=execution_id,
                hint="Remove it when nothing needs it any more.",
            )

    def _everything(self) -> list[_Kept]:
        try:
            with os.scandir(self._registry.folder.executions) as entries:
                folders = [
                    Path(entry.path)
                    for entry in entries
                    if is_uuid(entry.name) and entry.is_dir(follow_symlinks=False)
                ]
        except OSError:
            return []
        return [self._kept(folder) for folder in folders]

    def _kept(self, folder: Path) -> _Kept:
        execution = self._registry.get(folder.name)
        size = _size(folder)
        if execution is not None:
            info = execution.info
            ended = (info.end_time or _changed(folder)) if info.status.ended else None
            return _Kept(folder, info.name, ended, size)
        forgotten = (folder / "forgotten").exists()  # only what has ended can be forgotten
        return _Kept(folder, None, _changed(folder) if forgotten else None, size)

    def _needed(self) -> dict[str, str]:
        """Those whose end is still to be asked for, or to be recorded, and why."""
        after = {
            execution_id: f"{one.execution_id} comes after it"
            for one in self._registry.active()
            for execution_id in one.run.request.after
        }
        return after | dict.fromkeys(self._saving(), "it is being recorded")

    def _remove(self, folder: Path, *, dry_run: bool) -> str:
        """Why it was not removed; empty if it was."""
        try:
            if dry_run:
                with Writer(folder / "transcript"):
                    pass
            else:
                self._take_away(folder)
        except BlockingIOError:
            return "its transcript is in use"
        except OSError as error:
            return error.strerror or str(error)
        return ""

    def _take_away(self, folder: Path) -> None:
        """Remove a folder that nobody writes to, and say so.

        Raises:
            OSError: it cannot be removed; it is in use, if that is a BlockingIOError.
        """
        with Writer(folder / "transcript"):
            remove_folder(folder)
        self._registry.drop(folder.name)
        self._tell(folder.name)


def _check(older_than: float | None, max_bytes: int | None) -> None:
    if older_than is None and max_bytes is None:
        raise InvalidRequest(
            "Say what is to go: older_than (seconds), max_bytes, or both.", field="older_than"
        )
    for field, bound in (("older_than", older_than), ("max_bytes", max_bytes)):
        try:
            fits = bound is None or 0 <= bound < math.inf
        except TypeError:
            fits = False
        if not fits:
            raise InvalidRequest(f"{field} must be a number from 0 on, not {bound!r}.", field=field)


def _changed(folder: Path) -> float | None:
    """When its transcript was written to last, in epoch seconds."""
    try:
        return (folder / "transcript").stat(follow_symlinks=False).st_mtime
    except OSError:
        return None


def _size(folder: Path) -> int:
    """Bytes of the files in an execution's folder."""
    try:
        with os.scandir(folder) as entries:
            return sum(entry.stat(follow_symlinks=False).st_size for entry in entries)
    except OSError:
        return 0
