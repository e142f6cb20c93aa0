"""Which kernel writes a batch's file: this one, another one, or none.

The rule: it takes the file, writes in it while it has it, and says what another one has written
meanwhile. What follows from that for rows and executions it does not know.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from claude_widget.batch.batch_file import BatchFile
from claude_widget.batch.restoring import Left
from claude_widget.errors import ClaudeWidgetError

_LOG = logging.getLogger(__name__)
Read = Callable[[bool], Left]
"""Reads all of it anew; told whether another kernel goes on with it."""


class Writing:
    """The file of one batch between kernels. Its batch sees to threads.

    Args:
        file: of the batch.
        read: reads it anew; None for one that no other kernel writes.
        maker: who has made the batch, as its file says.

    Attributes:
        elsewhere: another kernel went on with it when it was read last.
    """

    def __init__(
        self, file: BatchFile, read: Read | None = None, maker: Mapping[str, Any] | None = None
    ) -> None:
        self.file = file
        self.elsewhere = file.is_written_elsewhere
        self._read = read
        self._maker = maker or {}

    @property
    def batch_id(self) -> str:
        """Of the batch."""
        return self.file.path.stem

    def news(self) -> Left | None:
        """All of it, if another kernel has written, begun or ended since; else None.

        Raises:
            BatchDamaged, BatchTooNew, OSError: it cannot be read.
        """
        if self._read is None or self.file.held:
            return None
        elsewhere = self.file.is_written_elsewhere
        if elsewhere == self.elsewhere and not self.file.has_grown:
            return None
        return self._read(elsewhere)

    def know(self, left: Left) -> bool:
        """Go by what was read; False if this kernel writes it by now."""
        if self.file.held:
            return False
        self.elsewhere = left.goes_on
        self.file.know(left.kept.file)
        return True

    def take(self) -> None:
        """Write it from now on.

        Raises:
            ClaudeWidgetError: another kernel does.
            OSError: it cannot be opened.
        """
        if self.file.hold():
            self.elsewhere = False
            return
        made = ""
        if self._maker:
            process, host = self._maker.get("pid"), self._maker.get("host")
            made = f", made by process {process} on {host} ({self._maker.get('notebook')})"
        raise ClaudeWidgetError(
            f"Batch {self.batch_id}{made}, goes on in another kernel.",
            hint="Ask for that there, or close its manager first. Each of its executions can be "
            "killed from here.",
        )

    def note(self, event: str, **fields: object) -> None:
        """Write it down, if that can be done: each transcript says the same of its execution."""
        if not self.file.held:
            return
        try:
            self.file.note(event, **fields)
        except OSError as error:
            _LOG.warning("Batch file %s: %s", self.file.path, error)


def closed_error(batch_id: str) -> ClaudeWidgetError:
    """The manager is closed, and the batch has not ended."""
    return ClaudeWidgetError(
        f"The manager of batch {batch_id} is closed.",
        hint=f"manager.batch({batch_id!r}).resume() on a new ProcessManager of the same state "
        "folder goes on with it.",
    )
