"""Removes ended executions by age and size, oldest end first.

The rule: it holds the transcript's lock while it removes, so that nothing goes that runs, waits,
or is read by one who may take it over. It decides by what the registry knows and by nothing else.
"""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol

from claude_widget.backend import Run
from claude_widget.cleanup.batch_files import half_made, id_of, without_executions
from claude_widget.cleanup.remains import is_uuid, remove_folder
from claude_widget.errors import ClaudeWidgetError, ExecutionActive, InvalidRequest
from claude_widget.history.errors import ExecutionPinned
from claude_widget.history.pins import is_pinned
from claude_widget.models import ExecutionInfo
from claude_widget.reports import PrunedExecution, PruneReport
from claude_widget.state_folder import StateFolder
from claude_widget.transcript import Writer
from claude_widget.worktrees.tidying import forget, undecided


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

    def further_attempts(self) -> Mapping[str, Sequence[str]]:
        """Ids of all further attempts, forgotten or not, by the first one's."""

    def drop(self, execution_id: str) -> None:
        """Leave one out from now on that was removed."""


class _Kept(NamedTuple):
    """One execution's folder. `end_time` is None while it has not ended, as far as is known."""

    folder: Path
    name: str | None
    end_time: float | None
    size: int
    batch_id: str | None = None


class Retention:
    """Removes what is not to be kept any longer.

    Args:
        registry: what there is.
        tell: hears of the id of each that was removed, and of each batch of which nothing is left.
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

        The file of a batch goes with the last of its executions.

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
        gone = {one.execution_id for one in removed}
        left = {one.batch_id for one in everything if one.batch_id and one.folder.name not in gone}
        return PruneReport(
            removed=tuple(removed),
            kept=kept,
            batches=self._prune_batches(gone, left, older_than, dry_run=dry_run),
            size_before=before,
            size_after=total,
            dry_run=dry_run,
        )

    def _prune_batches(
        self, gone: set[str], left: set[str], older_than: float | None, *, dry_run: bool
    ) -> tuple[str, ...]:
        """Remove the files of batches that nothing is left of; their ids."""
        state = self._registry.folder.path
        removed = []

        def is_left(execution_id: str) -> bool:  # others may have started it since the listing
            folder = self._registry.folder.executions / execution_id
            return execution_id not in gone and folder.is_dir()

        over = without_executions(state, is_left, left, older_than=older_than)
        for path in chain(over, half_made(state)):  # one by one: each is held meanwhile
            try:
                if not dry_run:
                    path.unlink()
            except OSError:  # it has gone meanwhile, or stays
                continue
            removed.append(id_of(path))
            if not dry_run:
                self._tell(id_of(path))
        return tuple(removed)

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
            return _Kept(folder, info.name, ended, size, info.batch_id)
        forgotten = (folder / "forgotten").exists()  # only what has ended can be forgotten
        return _Kept(folder, None, _changed(folder) if forgotten else None, size)

    def _needed(self) -> dict[str, str]:
        """Those whose end is still to be asked for, or to be recorded, and why."""
        decides = "its worktree has changes that were neither kept as a branch nor discarded"
        return {
            **self._awaited(),
            **dict.fromkeys(self._saving(), "it is being recorded"),
            **dict.fromkeys(undecided(self._registry.folder.path), decides),
        }

    def _awaited(self) -> dict[str, str]:
        """Those that others come after, each with all attempts: any of them may have completed."""
        after = {
            execution_id: f"{one.execution_id} comes after it"
            for one in self._registry.active()
            for execution_id in one.run.request.after
        }
        further = self._registry.further_attempts() if after else {}
        first_ids = {one: first_id for first_id, ids in further.items() for one in ids}
        found = dict(after)
        for execution_id, why in after.items():
            first_id = first_ids.get(execution_id, execution_id)
            found |= dict.fromkeys((first_id, *further.get(first_id, ())), why)
        return found

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
        forget(self._registry.folder.path, folder.name)
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
