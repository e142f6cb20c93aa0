"""Open output panes: bytes of transcripts on their way to the page.

The rule: a pane costs something only while it is open and its file grows. It reads ranges of the
file and knows nothing of records; the page folds them. Only executions that the manager knows can
be opened.
"""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

from claude_widget.execution import Execution
from claude_widget.own_files import open_own
from claude_widget.protocol import MAX_BATCH, PaneData

MOST_PANES = 32
"""Open panes of one widget; the one opened first goes when there is one more."""
FORGOTTEN_AFTER = 180.0
"""Seconds after which a pane that no page's heartbeat names is closed: its page is gone."""


@dataclass
class Pane:
    """One open pane.

    Attributes:
        offset: of the next byte to send; negative, until something is read, is from the end.
    """

    pane_id: str
    execution: Execution
    offset: int
    told_end: bool = False
    named_at: float = field(default_factory=time.monotonic)

    def read(self) -> tuple[PaneData, bytes] | None:
        """What there is to send, at most one batch of it; None if there is nothing."""
        ended = self.execution.status.ended  # before the size: after it the file may still grow
        self.offset, data = _read(self.execution.run.transcript, self.offset)
        more = len(data) == MAX_BATCH
        if not data and (self.told_end or not ended):
            return None
        self.told_end = ended and not more
        message = PaneData(
            execution_id=self.execution.execution_id,
            pane_id=self.pane_id,
            offset=self.offset,
            next_offset=self.offset + len(data),
            ended=self.told_end,
        )
        self.offset = message.next_offset
        return message, data


def _read(path: Path, offset: int) -> tuple[int, bytes]:
    """One batch, and the byte of the file at which it begins."""
    try:
        fd = open_own(path)
    except OSError:
        return max(0, offset), b""  # the file has gone: the execution's own state says so
    try:
        start = offset if offset >= 0 else max(0, os.fstat(fd).st_size + offset)
        return start, os.pread(fd, MAX_BATCH, start)
    finally:
        os.close(fd)


class Panes:
    """The open panes of one widget, served in turn. Safe from any thread."""

    def __init__(self) -> None:
        self._panes: dict[str, Pane] = {}
        self._lock = threading.Lock()

    def open(self, pane: Pane) -> None:
        """Open it, or open it anew from another byte."""
        with self._lock:
            self._panes.pop(pane.pane_id, None)
            self._panes[pane.pane_id] = pane
            while len(self._panes) > MOST_PANES:
                del self._panes[next(iter(self._panes))]

    def close(self, pane_id: str) -> None:
        """Close it; nothing happens if it is not open."""
        with self._lock:
            self._panes.pop(pane_id, None)

    def name(self, pane_ids: tuple[str, ...]) -> tuple[str, ...]:
        """A page says which panes it has open; those that are not open here."""
        now = time.monotonic()
        with self._lock:
            for pane_id in pane_ids:
                if pane_id in self._panes:
                    self._panes[pane_id].named_at = now
            for pane in list(self._panes.values()):
                if now - pane.named_at > FORGOTTEN_AFTER:
                    del self._panes[pane.pane_id]
            return tuple(pane_id for pane_id in pane_ids if pane_id not in self._panes)

    def next(self) -> tuple[PaneData, bytes] | None:
        """The next batch of any of them; each has its turn."""
        with self._lock:
            for pane_id in list(self._panes):
                pane = self._panes.pop(pane_id)
                found = pane.read()
                if not pane.told_end:
                    self._panes[pane_id] = pane
                if found is not None:
                    return found
        return None

    def __len__(self) -> int:
        return len(self._panes)
