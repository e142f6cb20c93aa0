"""Equal starts, counted: the second one of two has a recording of its own.

The rule: no I/O. A cell that is run again asks for what it asked before, so its starts have the
numbers that they had; what is started where no cell is known counts on.
"""

from __future__ import annotations

import threading
from typing import NamedTuple


class Cell(NamedTuple):
    """A notebook's cell while it runs.

    Attributes:
        label: what people may find it by.
        id: stays the same when the cell is run again; None where it is not known.
        run: this run of it.
    """

    label: str
    id: str | None = None
    run: str = ""


class Occurrences:
    """Numbers of equal starts, from 1. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last: dict[str, int] = {}
        self._numbers: dict[tuple[str, str], list[int]] = {}
        self._runs: dict[tuple[str, str], tuple[str, int]] = {}

    def take(self, asked: str, cell: Cell | None) -> int:
        """The number of one more start.

        Args:
            asked: the same for equal starts, and for no others.
            cell: where it stands.
        """
        with self._lock:
            if cell is None or cell.id is None:
                return self._next(asked)
            place = (asked, cell.id)
            numbers = self._numbers.setdefault(place, [])
            run, before = self._runs.get(place, ("", 0))
            at = before if run == cell.run else 0
            self._runs[place] = (cell.run, at + 1)
            if at == len(numbers):
                numbers.append(self._next(asked))
            return numbers[at]

    def give_back(self, asked: str, cell: Cell | None, number: int) -> None:
        """That start did not come about: the next one has its number."""
        with self._lock:
            if cell is not None and cell.id is not None:
                place = (asked, cell.id)
                run, before = self._runs.get(place, ("", 0))
                if run == cell.run and before:
                    self._runs[place] = (run, before - 1)
            elif self._last.get(asked) == number:
                self._last[asked] = number - 1

    def _next(self, asked: str) -> int:
        self._last[asked] = self._last.get(asked, 0) + 1
        return self._last[asked]
