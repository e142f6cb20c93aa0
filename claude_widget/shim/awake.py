"""Seconds in which the machine and the shim were awake: what limits and graces are counted in.

The rule: a clock and the naps of one loop. A machine that sleeps stops the clock by itself. A shim
that was stopped finds it when it has napped far longer than it meant to, and such a nap counts for
nothing; so a nap is short beside what is still to be waited for. Between two naps the loop does
little, and what took it far longer was a stop as well. The transcript's own seconds are another
clock: they go on during a sleep.
"""

import time
from collections.abc import Callable

_LATE = 0.5
"""Seconds that a nap may be too long on a busy machine, and still count."""
_BUSY = 3.0
"""Seconds that the loop may take between two looks at the clock, and still count."""
_SHORT = 1.0
_LONGEST = 10.0
_SHARE = 0.1
"""Of what is still to be waited for, which a stop within one nap may take off it."""


class AwakeClock:
    """Tells the seconds of one loop, which naps between its turns.

    Args:
        read: seconds that stand still while the machine sleeps.

    Attributes:
        stopped: seconds that were not counted so far.
    """

    def __init__(self, read: Callable[[], float] = time.monotonic) -> None:
        self.stopped = 0.0
        self._read = read
        self._looked: float | None = None
        self._napping_since: float | None = None
        self._meant = 0.0

    def now(self) -> float:
        """Seconds since some moment, those left out in which nothing could be seen."""
        at = self._read()
        if self._looked is not None and at - self._looked > _BUSY:
            self.stopped += at - self._looked
        self._looked = at
        return at - self.stopped

    def nap(self, due: float | None) -> float | None:
        """Seconds to nap at most, with what is due next; None is until something happens."""
        left = 0.0 if due is None else max(0.0, due - self.now())
        self._looked = None
        if due is None:
            self._napping_since = None
            return None
        self._napping_since = self._read()
        self._meant = min(left, max(_SHORT, min(left * _SHARE, _LONGEST)))
        return self._meant

    def woke(self) -> None:
        """The nap is over."""
        self._looked = self._read()
        if self._napping_since is None:
            return
        slept = self._looked - self._napping_since
        if slept > self._meant + _LATE:
            self.stopped += slept
        self._napping_since = None
