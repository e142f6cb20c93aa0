"""How many executions may run at once where nobody has said so.

The rule: pure; a clock and figures are given, nothing is read and nobody is told. It begins at the
machine's figure and never goes above it. Limits of the API halve it, and it grows by one after
each quiet minute in which all of it was used; while memory is short no more may run than do.
"""

from __future__ import annotations

QUIET = 60.0
"""Seconds without a limit, all slots in use, after which there is one slot more."""
SAME = 60.0
"""Seconds in which a limit that is heard again is the same one."""
GAP = 5.0
"""Seconds for which a slot may be empty between two executions, and counts as used."""
SETTLES = 5.0
"""Seconds in which a CLI that was just started has taken its memory."""
MEMORY_EACH = 400 * 1024 * 1024
"""Bytes. A CLI that has just started holds 200 MB (measured, 2.1.330) and grows at work."""


class Slots:
    """The slots of one manager.

    Args:
        machine: the machine's figure, from cores and memory; at least 1.
        memory_each: bytes that one execution needs.
    """

    def __init__(self, machine: int, memory_each: int = MEMORY_EACH) -> None:
        self._machine = self._by_limits = max(1, machine)
        self._memory_each = memory_each
        self._by_memory: int | None = None
        self._halved = self._widened = self._last_full = float("-inf")
        self._full_since: float | None = None

    @property
    def count(self) -> int:
        """How many may run at once, from 1 to the machine's figure."""
        if self._by_memory is None:
            return self._by_limits
        return min(self._by_limits, self._by_memory)

    def limit_heard(self, now: float, running: int) -> None:
        """The API has refused a call for want of capacity, to one of those that run.

        Args:
            now: seconds, any monotonic clock.
            running: how many run. While they are more than may, it is of the time before, when as
                many might: what they hear says nothing about fewer.
        """
        self._full_since = None
        if running > self._by_limits or now - self._halved < SAME:
            return
        self._halved = now
        self._by_limits = max(1, self._by_limits // 2)

    def look(self, now: float, running: int, free_memory: int) -> None:
        """See whether there may be more, or must be fewer; to be called about once a second.

        Args:
            now: seconds, any monotonic clock.
            running: how many run.
            free_memory: bytes that the machine could still give away.
        """
        self._look_at_memory(now, running, free_memory)
        self._look_at_use(now, running)

    def _look_at_memory(self, now: float, running: int, free: int) -> None:
        if free < self._memory_each:
            self._by_memory = max(1, min(running, self.count))
            self._widened = now
            self._full_since = None
        elif self._by_memory is not None and free >= 2 * self._memory_each:
            # One at a time: what was started a moment ago has not taken its memory yet.
            if now - self._widened >= SETTLES:
                self._widened = now
                self._by_memory += 1
            if self._by_memory >= self._machine:
                self._by_memory = None

    def _look_at_use(self, now: float, running: int) -> None:
        if running >= self.count:
            self._last_full = now
        elif now - self._last_full > GAP:
            self._full_since = None
            return
        if self._full_since is None or self._by_memory is not None:
            self._full_since = now
        elif now - self._full_since >= QUIET and self._by_limits < self._machine:
            self._full_since = now
            self._by_limits += 1
