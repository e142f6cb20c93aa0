"""Brings the history's index in line with the transcripts of a state folder.

The rule: the folder is the truth, and each transcript is read once, through the fold. What cannot
be read is named and left out; what runs, or waits to, has no history yet.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from claude_widget.cleanup.remains import is_uuid
from claude_widget.errors import ClaudeWidgetError
from claude_widget.header import read_header
from claude_widget.history.entry import HistoryEntry, read_entry
from claude_widget.history.index import HistoryIndex
from claude_widget.history.pins import is_pinned
from claude_widget.reports import HistoryReport
from claude_widget.transcript import lock_is_held

_BATCH = 200
_BATCH_CHARACTERS = 8_000_000
"""Of one transaction: nobody is to hold the index for long."""


_NO_BEGINNING = "it does not begin as a transcript does: it is empty, cut, or something else"


class HistorySync:
    """Fills an index.

    Args:
        executions: the folder with one folder for each execution.
        index: what is filled.
    """

    def __init__(self, executions: Path, index: HistoryIndex) -> None:
        self._executions = executions
        self._index = index

    def take(self, ids: Sequence[str]) -> None:
        """Take in those of these executions that have ended, and leave out those that are gone.

        Who was heard to have ended may hold the lock of its transcript for a moment more.

        Raises:
            HistoryUnavailable: the index cannot be used now.
        """
        for start in range(0, len(ids), _BATCH):
            some = ids[start : start + _BATCH]
            self._index.remove(one for one in some if not self._is_there(one))
            known = self._index.known(some)
            self._fill(self._entries([one for one in some if one not in known], {}))

    def sync(self, stopped: Callable[[], bool] = lambda: False) -> HistoryReport:
        """Take in all that has ended and is not in the index, and leave out all that is gone.

        Args:
            stopped: says that no more is wanted.

        Raises:
            HistoryUnavailable: the index cannot be used now.
        """
        begun = time.monotonic()
        unreadable: dict[str, str] = {}
        indexed = removed = 0
        while True:
            before, there, known = self._index.renewals, self._ids(), self._index.sizes()
            gone = known.keys() - set(there)
            self._index.remove(gone)
            removed += len(gone)
            new = (one for one in there if one not in known and not self._runs(one))
            indexed += self._fill(self._entries(new, unreadable), stopped)
            if stopped():
                break
            if self._index.renewals == before:  # else it is empty by now
                self._index.set_complete()
                break
        return HistoryReport(
            indexed=indexed,
            removed=removed,
            unreadable=unreadable,
            notes=tuple(self._index.notes),
            seconds=time.monotonic() - begun,
        )

    def rebuild(self) -> HistoryReport:
        """Make the index anew from the transcripts; meanwhile it has what is read so far.

        Raises:
            HistoryUnavailable: the index cannot be used now.
        """
        before = self._index.begin_anew()
        report = self.sync()
        if before is not None:
            _remove(before)
        return report

    def _fill(
        self, entries: Iterable[HistoryEntry], stopped: Callable[[], bool] = lambda: False
    ) -> int:
        new = 0
        batch: list[HistoryEntry] = []
        characters = 0
        for entry in entries:
            batch.append(entry)
            characters += len(entry.query) + len(entry.result) + len(entry.inputs)
            if len(batch) >= _BATCH or characters > _BATCH_CHARACTERS:
                new += self._index.put(batch)
                batch, characters = [], 0
            if stopped():
                break
        return new + (self._index.put(batch) if batch else 0)

    def _entries(self, ids: Iterable[str], unreadable: dict[str, str]) -> Iterator[HistoryEntry]:
        for execution_id in ids:
            folder = self._executions / execution_id
            transcript = folder / "transcript"
            try:
                entry = read_entry(execution_id, transcript, pinned=is_pinned(folder))
            except (OSError, ClaudeWidgetError) as error:
                if os.path.lexists(transcript):  # else it is still to come, or was removed
                    unreadable[execution_id] = str(error)
                continue
            if entry is not None and entry.execution_id == execution_id:
                yield entry
            elif entry is not None:
                unreadable[execution_id] = f"it is the transcript of {entry.execution_id}"
            elif read_header(transcript) is None:  # else it has not ended
                unreadable[execution_id] = _NO_BEGINNING

    def _ids(self) -> list[str]:
        try:
            with os.scandir(self._executions) as entries:
                return [
                    entry.name
                    for entry in entries
                    if is_uuid(entry.name) and entry.is_dir(follow_symlinks=False)
                ]
        except OSError:
            return []

    def _runs(self, execution_id: str) -> bool:
        """Whether somebody writes its transcript, which may be long."""
        return lock_is_held(self._executions / execution_id / "transcript")

    def _is_there(self, execution_id: str) -> bool:
        return is_uuid(execution_id) and (self._executions / execution_id).is_dir()


def _remove(path: Path) -> None:
    for suffix in ("", "-journal", "-wal", "-shm"):
        with suppress(OSError):
            path.with_name(path.name + suffix).unlink()
