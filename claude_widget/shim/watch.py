"""Whether a kernel is there, as a lock that each manager holds tells, and how long none may be.

The rule: it counts seconds and looks at one lock, now and then. There are two bounds: a short one
while the CLI waits for somebody, and a long one whatever it does. Whoever asks anything over the
control socket is somebody, too. That an execution is over is told, and is the supervisor's.
"""

import fcntl
import os
from collections.abc import Callable

from .closing import Deadline

_LONGEST_PERIOD = 60.0
_SHORTEST_PERIOD = 0.01
_LOOKS = 4
"""Looks within the bound, at least."""


class Watch:
    """Counts how long nobody has been there, while it matters.

    Args:
        path: the file on which every manager of the state folder holds a shared lock.
        bound: seconds that it may be so.
    """

    def __init__(self, path: str, bound: float) -> None:
        self.bound = bound
        self._path = path
        self._period = max(_SHORTEST_PERIOD, min(_LONGEST_PERIOD, bound / _LOOKS))
        self._alone_since: float | None = None
        self._look_at = 0.0

    def due(self, now: float, *, waits: bool) -> float | None:
        """When to look next; None while it does not matter."""
        if not waits:
            self._alone_since = None
            return None
        if self._alone_since is None:
            self.seen(now)
        return self._look_at

    def seen(self, now: float) -> None:
        """Somebody is there."""
        self._alone_since = now
        self._look_at = now + self._period

    def alone(self, now: float) -> float:
        """Seconds since somebody was there."""
        return 0.0 if self._alone_since is None else now - self._alone_since

    def look(self, now: float) -> bool:
        """Look for a kernel; whether there has been none for as long as the bound."""
        if self._alone_since is None or self._is_held():
            self.seen(now)
            return False
        self._look_at = min(now + self._period, self._alone_since + self.bound)
        return now >= self._alone_since + self.bound

    def _is_held(self) -> bool:
        try:
            fd = os.open(self._path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        except OSError:
            return False  # no manager has made it, or the state folder is gone
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return True  # held; or not to be known here, and then nothing is ended for it
        finally:
            os.close(fd)
        return False


class Attendance:
    """Sees that an execution does not go on for ever with nobody there.

    Args:
        path: see `Watch`.
        unwatched: seconds that the CLI may wait for somebody so, or None.
        unattended: seconds that the execution may go on so, whatever it does, or None.
        tell: is told in words that it is over, with the seconds and their bound.
    """

    def __init__(
        self,
        path: str,
        unwatched: float | None,
        unattended: float | None,
        tell: Callable[[float, float, str], None],
    ) -> None:
        self._tell = tell
        self._waits_for = ""
        self._waiting = None if unwatched is None else Watch(path, unwatched)
        self._any = None if unattended is None else Watch(path, unattended)

    def seen(self, now: float) -> None:
        """Somebody is there."""
        for watch in (self._waiting, self._any):
            if watch is not None:
                watch.seen(now)

    def deadlines(self, now: float, waits_for: str) -> list[Deadline]:
        """When to look.

        Args:
            now: seconds in which the machine was awake.
            waits_for: what the CLI waits for that only somebody can give it; empty if nothing.
        """
        self._waits_for = waits_for
        found: list[Deadline] = []
        if self._waiting is not None:
            due = self._waiting.due(now, waits=bool(waits_for))
            if due is not None:
                found.append((due, self._look_while_waiting))
        if self._any is not None:
            due = self._any.due(now, waits=True)
            if due is not None:
                found.append((due, self._look))
        return found

    def _look_while_waiting(self, now: float) -> None:
        assert self._waiting is not None
        if self._waiting.look(now):
            bound = self._waiting.bound
            said = f"It waited for {self._waits_for}, and for {bound:g} s no kernel was there"
            self._tell(self._waiting.alone(now), bound, f"{said} to give it.")

    def _look(self, now: float) -> None:
        assert self._any is not None
        if self._any.look(now):
            bound = self._any.bound
            said = f"It went on, and for {bound:g} s no kernel was there (unattended)."
            self._tell(self._any.alone(now), bound, said)
