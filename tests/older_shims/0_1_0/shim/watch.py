"""Whether anybody is there who could answer: a kernel, told by a lock that each manager holds.

The rule: it counts seconds and looks at one lock, now and then, and only while the CLI waits for
somebody. Whoever asks anything over the control socket is somebody, too. What follows from it is
the supervisor's.
"""

import fcntl
import os

_LONGEST_PERIOD = 60.0
_SHORTEST_PERIOD = 0.01
_LOOKS = 4
"""Looks within the bound, at least."""


class Watch:
    """Counts how long the CLI has waited for somebody with nobody there.

    Args:
        path: the file on which every manager of the state folder holds a shared lock.
        bound: seconds that it may wait so.
    """

    def __init__(self, path: str, bound: float) -> None:
        self.bound = bound
        self._path = path
        self._period = max(_SHORTEST_PERIOD, min(_LONGEST_PERIOD, bound / _LOOKS))
        self._alone_since: float | None = None
        self._look_at = 0.0

    def due(self, now: float, *, waits: bool) -> float | None:
        """When to look next; None while the CLI does not wait for anybody."""
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
