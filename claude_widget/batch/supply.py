"""The rows of a batch that are still to be started, wherever they come from.

The rule: it gives one row after the other and remembers which it gave. A row of a generator is
written into the batch's file before anything is made of it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable, Iterator

from claude_widget.batch.batch_file import BatchFile
from claude_widget.batch.row import Row


class RowsRaised(Exception):
    """Reading the rows raised something, which is the cause of this."""


class Supply:
    """Rows to start. Safe from any thread, but rows are taken by one at a time.

    Args:
        file: has the rows that were read.
        source: gives those that were not; None if all were.
        waiting: numbers of rows in the file that are to be started; all of them if None.
    """

    def __init__(
        self,
        file: BatchFile,
        source: Iterator[Row] | None = None,
        waiting: Iterable[int] | None = None,
    ) -> None:
        self._file = file
        self._source = source
        self._next = 0 if waiting is None else file.count
        self._first: deque[int] = deque(waiting or ())
        self._lock = threading.Lock()

    @property
    def has_more(self) -> bool:
        """Whether rows in the file are still to be started."""
        return bool(self._first) or self._next < self._file.count

    def give_back(self, numbers: Iterable[int]) -> None:
        """Give those first, in that order."""
        with self._lock:
            self._first.extendleft(reversed([n for n in numbers if n < self._next]))

    def end(self) -> None:
        """Read no more from the source, and give nothing more."""
        with self._lock:
            self._source = None
            self._first.clear()
            self._next = self._file.count

    def take(self) -> Row | None:
        """The next row, however long that takes; None if there is none.

        Raises:
            RowsRaised: the source did.
            BatchDamaged, OSError: the file cannot be read.
        """
        with self._lock:
            number = self._first.popleft() if self._first else None
            if number is None and self._next < self._file.count:
                number = self._next
                self._next += 1
            source = self._source
        if number is not None:
            return self._file.row(number)
        if source is None:
            return None
        try:
            row = next(source, None)
        except BaseException as error:  # also what would end the thread: it is the user's code
            self._source = None
            raise RowsRaised from error
        if row is None:
            self._source = None
        return row

    def keep(self, row: Row) -> bool:
        """Write a row down that has just been taken; False if it was there already.

        Raises:
            ClaudeWidgetError: it cannot be written.
        """
        if row.number < self._file.count:
            return False
        self._file.add(row)
        self._file.flush()
        with self._lock:
            self._next = self._file.count
        return True
