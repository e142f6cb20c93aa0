"""Which pending execution may start next.

The rule: pure bookkeeping of who waits, in what order and for whom; it starts nothing, reads no
clock of its own, and knows executions by id only.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["waits", "completed", "did not complete"]


@dataclass(order=True)
class _Place:
    rank: tuple[int, int]
    execution_id: str = field(compare=False)
    after: tuple[str, ...] = field(compare=False)


class WaitingLine:
    """Pending executions: higher priority first, then first come, first served.

    Args:
        slots: how many may run at once.
        stagger: seconds between two starts.
    """

    def __init__(self, slots: int, stagger: float) -> None:
        self.slots = slots
        self.stagger = stagger
        self._places: list[_Place] = []
        self._waiting: set[str] = set()
        self._arrivals = 0
        self._running: set[str] = set()
        self._next_start = float("-inf")

    def add(self, execution_id: str, priority: int, after: tuple[str, ...]) -> None:
        """A new one waits."""
        self._arrivals += 1
        self._waiting.add(execution_id)
        bisect.insort(self._places, _Place((-priority, self._arrivals), execution_id, after))

    def remove(self, execution_id: str) -> bool:
        """It waits no more; whether it did."""
        if execution_id not in self._waiting:
            return False
        self._waiting.discard(execution_id)
        self._places = [place for place in self._places if place.execution_id != execution_id]
        return True

    def started(self, execution_id: str, now: float, *, staggers: bool = True) -> None:
        """It takes a slot from now on; what starts no CLI holds up no other start."""
        self.remove(execution_id)
        self._running.add(execution_id)
        if staggers:
            self._next_start = now + self.stagger

    def runs(self, execution_id: str) -> None:
        """It takes a slot, whoever has started it."""
        self._running.add(execution_id)

    def freed(self, execution_id: str) -> None:
        """It gives its slot back."""
        self._running.discard(execution_id)

    def has_slot(self, execution_id: str) -> bool:
        """Whether it takes a slot."""
        return execution_id in self._running

    @property
    def waiting(self) -> frozenset[str]:
        """Ids of all that are in the line."""
        return frozenset(self._waiting)

    def waits(self, execution_id: str) -> bool:
        """Whether it is in the line."""
        return execution_id in self._waiting

    def due(self, now: float) -> float | None:
        """Seconds until the next start may be possible; None if only an end can make one so."""
        if not self._places or len(self._running) >= self.slots:
            return None
        return max(0.0, self._next_start - now)

    def next(self, now: float, outcome: Callable[[str], Outcome]) -> tuple[str, bool] | None:
        """Who is next, and whether it may start (else one it waits for did not complete).

        Args:
            now: seconds, any monotonic clock.
            outcome: how an execution that another waits for went.
        """
        for place in self._places:
            outcomes = [outcome(execution_id) for execution_id in place.after]
            if "did not complete" in outcomes:
                return place.execution_id, False
            full = len(self._running) >= self.slots or now < self._next_start
            if not full and "waits" not in outcomes:
                return place.execution_id, True
        return None
