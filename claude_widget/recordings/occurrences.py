"""Equal starts, counted: the second one of two has a recording of its own.

The rule: no I/O. A cell that is run again asks for what it asked before, so its starts have the
numbers that they had; what is started where no cell is known counts on. A number that no cell has
in its last run, and one of a cell that is gone, is the next new start's: that is how a run of the
notebook from its top counts.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import NamedTuple


class Cell(NamedTuple):
    """A notebook's cell while it runs.

    Attributes:
        label: what people may find it by.
        id: stays the same when the cell is run again; None where it is not known.
        run: this run of it.
        gone: ids of cells that were deleted.
    """

    label: str
    id: str | None = None
    run: str = ""
    gone: frozenset[str] = frozenset()


@dataclass
class _Place:
    """The equal starts of one cell.

    Attributes:
        numbers: that they have had so far, in order.
        used: those of the cell's last run.
    """

    numbers: list[int] = field(default_factory=list)
    used: list[int] = field(default_factory=list)


@dataclass
class _Counter:
    """Equal starts of all cells.

    Attributes:
        places: by cell, in the order in which they first asked.
        taken: numbers that somebody has.
        free_from: all numbers below are taken.
    """

    places: dict[str, _Place] = field(default_factory=dict)
    taken: set[int] = field(default_factory=set)
    free_from: int = 1

    def free(self, number: int) -> None:
        self.taken.discard(number)
        self.free_from = min(self.free_from, number)

    def take_next(self) -> int:
        while self.free_from in self.taken:
            self.free_from += 1
        self.taken.add(self.free_from)
        return self.free_from

    def leave(self, cell_id: str) -> None:
        """Nothing of that cell counts any more until it asks again."""
        place = self.places.get(cell_id)
        if place is not None:
            for number in place.used:
                self.free(number)
            place.used.clear()


class Occurrences:
    """Numbers of equal starts, from 1. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counters: dict[str, _Counter] = {}
        self._runs: dict[str, str] = {}

    def take(self, asked: str, cell: Cell | None) -> int:
        """The number of one more start.

        Args:
            asked: the same for equal starts, and for no others.
            cell: where it stands.
        """
        with self._lock:
            counter = self._counters.setdefault(asked, _Counter())
            if cell is None or cell.id is None:
                return counter.take_next()
            self._turn(cell, cell.id)
            place = counter.places.setdefault(cell.id, _Place())
            number = self._own(place, counter)
            if number is None:
                number = counter.take_next()
                place.numbers.append(number)
            counter.taken.add(number)
            place.used.append(number)
            return number

    @staticmethod
    def _own(place: _Place, counter: _Counter) -> int | None:
        """The number that the cell had for this start before, if it is still its own."""
        if len(place.used) == len(place.numbers):
            return None
        return next((one for one in place.numbers if one not in counter.taken), None)

    def _turn(self, cell: Cell, cell_id: str) -> None:
        """What a cell asked for in its run before counts no more, nor does what is gone."""
        left = {one for one in cell.gone if self._runs.pop(one, None) is not None}
        if self._runs.get(cell_id) != cell.run:
            self._runs[cell_id] = cell.run
            left.add(cell_id)
        if left:  # most starts are of a cell that goes on, and there may be thousands of counters
            for counter in self._counters.values():
                for one in left:
                    counter.leave(one)

    def from_the_top(self, asked: str, cell: Cell | None, number: int) -> int:
        """The number that a start would have if the notebook were run once from its top.

        Args:
            asked: as for `take`.
            cell: as for `take`; cells stand in the order in which they first asked.
            number: that it has.
        """
        with self._lock:
            counter = self._counters.get(asked)
            if counter is None or cell is None or cell.id not in counter.places:
                return number
            before = 0
            for cell_id, place in counter.places.items():
                if cell_id == cell.id and number in place.used:
                    return before + place.used.index(number) + 1
                before += len(place.used)
            return number  # the cell was run again since

    def give_back(self, asked: str, cell: Cell | None, number: int) -> None:
        """That start did not come about: the next one has its number."""
        with self._lock:
            counter = self._counters[asked]
            if cell is not None and cell.id is not None:
                used = counter.places[cell.id].used
                if number not in used:  # the cell was run again since
                    return
                used.remove(number)
            counter.free(number)
