"""Which pending execution may start next.

The rule: pure bookkeeping of who waits, in what order and for whom; it starts nothing, reads no
clock of its own, and knows executions by id only.
"""

from __future__ import annotations

import bisect
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

Outcome = Literal["waits", "completed", "did not complete"]
Place = Literal["front", "back"]


@dataclass(order=True)
class _Waiting:
    rank: tuple[int, float]
    execution_id: str = field(compare=False)
    after: tuple[str, ...] = field(compare=False)
    runs_anyway: bool = field(compare=False, default=False)


class WaitingLine:
    """Pending executions: higher priority first, then first come, first served.

    Args:
        slots: how many may run at once.
        stagger: seconds between two starts.

    Attributes:
        slots: how many may run at once; may be changed at any time.
        paused: nothing is started; what depends on one that did not complete still ends.
    """

    def __init__(self, slots: int, stagger: float) -> None:
        self.slots = slots
        self.stagger = stagger
        self.paused = False
        self._places: list[_Waiting] = []
        self._waiting: dict[str, _Waiting] = {}
        self._dependants: dict[str, _Waiting] = {}
        self._held: set[str] = set()
        self._arrivals = 0
        self._running: set[str] = set()
        self._next_start = float("-inf")

    def add(
        self,
        execution_id: str,
        priority: int,
        after: tuple[str, ...],
        *,
        runs_anyway: bool = False,
        held: bool = False,
    ) -> None:
        """A new one waits.

        Args:
            execution_id: whose place it is.
            priority: higher goes first.
            after: ids of those that must end first.
            runs_anyway: it is started however those went.
            held: it is not started until it is released.
        """
        if not self._waiting:  # so that a place is a small number, however many have been started
            self._arrivals = 0
        self._arrivals += 1
        place = _Waiting((-priority, self._arrivals), execution_id, after, runs_anyway)
        self._waiting[execution_id] = place
        if after:
            self._dependants[execution_id] = place
        if held:
            self._held.add(execution_id)
        bisect.insort(self._places, place)

    def remove(self, execution_id: str) -> bool:
        """It waits no more; whether it did."""
        place = self._waiting.pop(execution_id, None)
        if place is None:
            return False
        self._dependants.pop(execution_id, None)
        self._held.discard(execution_id)
        del self._places[self._index(place)]
        return True

    def _index(self, place: _Waiting) -> int:
        return bisect.bisect_left(self._places, place)  # no two have one rank

    # -- their order -------------------------------------------------------------------------

    def hold(self, execution_id: str) -> None:
        """It is not started until it is released."""
        if execution_id in self._waiting:
            self._held.add(execution_id)

    def release(self, execution_id: str) -> None:
        """It may be started again."""
        self._held.discard(execution_id)

    def is_held(self, execution_id: str) -> bool:
        """Whether somebody holds it."""
        return execution_id in self._held

    def priority_of(self, execution_id: str) -> int:
        """Of one that waits."""
        return -self._waiting[execution_id].rank[0]

    def rank_of(self, execution_id: str) -> float | None:
        """Its place among those of its priority; None if it does not wait."""
        place = self._waiting.get(execution_id)
        return None if place is None else place.rank[1]

    def prioritise(self, execution_id: str, priority: int) -> None:
        """It goes behind those of that priority that wait already."""
        place = self._waiting[execution_id]
        self._arrivals += 1
        del self._places[self._index(place)]
        place.rank = (-priority, self._arrivals)
        bisect.insort(self._places, place)

    def move(self, execution_id: str, *, before: str | None = None, to: Place = "front") -> bool:
        """Put it in front of another one, or to an end of the line.

        It takes the priority of the one that it comes next to, since that goes before all else.

        Args:
            execution_id: of one that waits.
            before: another that waits.
            to: the end of the line, where no other one is named.

        Returns:
            Whether others have another rank by it, too.
        """
        place = self._waiting[execution_id]
        order = [one for one in self._places if one is not place]
        if not order:
            return False
        at = len(order) if to == "back" else 0
        if before is not None:
            at = order.index(self._waiting[before])
        place.rank = _between(order, at)
        order.insert(at, place)
        self._places = order
        beside = (*order[at - 1 : at], *order[at + 1 : at + 2])
        full = any(one.rank == place.rank for one in beside)
        if full:
            self._number_anew()
        self._arrivals = max(self._arrivals, math.ceil(place.rank[1]))
        return full

    def _number_anew(self) -> None:
        """Between two of them there is no number left."""
        for number, place in enumerate(self._places, 1):
            place.rank = (place.rank[0], float(number))

    # -- slots -------------------------------------------------------------------------------

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
    def taken(self) -> int:
        """How many slots are taken."""
        return len(self._running)

    @property
    def waiting(self) -> tuple[str, ...]:
        """Ids of all that are in the line, in the order in which they would start."""
        return tuple(place.execution_id for place in self._places)

    @property
    def waiting_count(self) -> int:
        """How many are in the line."""
        return len(self._waiting)

    @property
    def held_count(self) -> int:
        """How many of them somebody holds."""
        return len(self._held)

    def waits(self, execution_id: str) -> bool:
        """Whether it is in the line."""
        return execution_id in self._waiting

    # -- who is next -------------------------------------------------------------------------

    def due(self, now: float) -> float | None:
        """Seconds until the next start may be possible; None if only news can make one so.

        Asked when nobody was found to start `now`: those that wait for something else are no
        reason to ask again before there is news.
        """
        if self.paused or not self._places or len(self._running) >= self.slots:
            return None
        return self._next_start - now if now < self._next_start else None

    def next(
        self,
        now: float,
        outcome: Callable[[str], Outcome],
        barred: Callable[[str], bool] = lambda _: False,
    ) -> tuple[str, bool] | None:
        """Who is next, and whether it may start (else one it waits for did not complete).

        Args:
            now: seconds, any monotonic clock.
            outcome: how an execution that another waits for went.
            barred: whether one may not start now, for reasons that are no business of the line.
        """
        ready: dict[str, bool] = {}
        for place in self._dependants.values():
            outcomes = [outcome(execution_id) for execution_id in place.after]
            if "did not complete" in outcomes and not place.runs_anyway:
                return place.execution_id, False
            ready[place.execution_id] = "waits" not in outcomes
        if self.paused or len(self._running) >= self.slots or now < self._next_start:
            return None
        for place in self._places:
            execution_id = place.execution_id
            free = ready.get(execution_id, True) and execution_id not in self._held
            if free and not barred(execution_id):
                return execution_id, True
        return None


def _between(others: list[_Waiting], at: int) -> tuple[int, float]:
    """A rank in front of the one at that index, of its priority; behind the last one at the end."""
    if at >= len(others):
        priority, last = others[-1].rank
        return priority, last + 1
    priority, following = others[at].rank
    if at == 0 or others[at - 1].rank[0] != priority:
        return priority, following - 1
    return priority, (others[at - 1].rank[1] + following) / 2
