"""The steps from asking the CLI to end to killing it, each with a bounded grace.

The rule: it decides what is due at which second and does it; it never waits. The order is the
CLI's own: an interrupt lets it write its session file, end of input lets it flush, SIGTERM takes
the shells of its Bash tools along, SIGKILL is the last word.
"""

import os
import signal
from collections.abc import Callable
from typing import NamedTuple


class Graces(NamedTuple):
    """Seconds that each step of the ladder has.

    Attributes:
        interrupt: from the interrupt request and end of input to SIGTERM.
        terminate: from SIGTERM to SIGKILL.
        exit: from end of input after the last turn to the ladder.
        descendants: from SIGTERM to SIGKILL for what the CLI left behind.
        settle: from an idle session to end of input, in which a follow-up may still come, or the
            turn that a background task's end brings (measured: 3 to 55 ms later, 2.1.330).
    """

    interrupt: float = 1.0
    terminate: float = 3.0
    exit: float = 20.0
    descendants: float = 0.5
    settle: float = 0.25


class Ladder:
    """Ends one CLI. Idle until `begin`.

    Attributes:
        due: seconds at which the next step is due, or None.
    """

    def __init__(self, pid: int, graces: Graces, ask: Callable[[], None]) -> None:
        self.due: float | None = None
        self.begun = False
        self._pid = pid
        self._graces = graces
        self._ask = ask
        self._steps: list[int] = []

    def begin(self, now: float, *, ask: bool) -> None:
        """Start; `ask=False` leaves out the interrupt of a CLI that is idle already."""
        if self.begun:
            return
        self.begun = True
        self._steps = [signal.SIGTERM, signal.SIGKILL]
        if ask:
            self._ask()
        self.due = now + (self._graces.interrupt if ask else 0.0)

    def step(self, now: float) -> str:
        """Do what is due; the name of the signal sent, or the empty string."""
        if self.due is None or now < self.due or not self._steps:
            return ""
        number = signal.Signals(self._steps.pop(0))
        self.due = now + self._graces.terminate if self._steps else None
        try:
            # The CLI leads its own group. Its Bash tools have groups of their own: a CLI that gets
            # SIGTERM ends them itself, and after SIGKILL they are among the descendants.
            os.killpg(self._pid, number)
        except OSError:
            return ""
        return number.name
