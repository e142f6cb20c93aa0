"""When the CLI's stdin is closed: an end of input too early loses a turn, one never keeps it alive.

The rule: it remembers since when the turn is over and the session idle, and decides what is due. It
closes nothing itself.
"""

from collections.abc import Callable

from .ladder import Graces
from .session import Session

Act = Callable[[float], None]
Deadline = tuple[float, Act]


class Closing:
    """Counts the seconds after which stdin is closed, and those that the CLI has to exit then.

    Args:
        graces: of the ladder.
        background_grace: seconds that background tasks may outlive the turn.
        check_grace: seconds that a manager has to look at what came of the turn.

    Attributes:
        checked: it has looked, or there is nothing to look at.
    """

    def __init__(self, graces: Graces, background_grace: float, check_grace: float = 0.0) -> None:
        self.checked = check_grace <= 0
        self._check_grace = check_grace
        self._graces = graces
        self._background_grace = background_grace
        self._idle_since: float | None = None
        self._turn_over_since: float | None = None
        self._closed_at: float | None = None

    def changed(self, now: float, session: Session, *, stays: bool, deaf: bool) -> None:
        """Something that decides when stdin is closed has changed.

        Args:
            now: seconds.
            session: what is known of it.
            stays: the CLI is to stay for follow-ups.
            deaf: it has closed its stdout, and can tell nothing of whatever it still does.
        """
        if not session.turn_over and not deaf:
            self._turn_over_since = self._idle_since = None
            return
        self._turn_over_since = self._turn_over_since or now
        idle = (session.idle and not stays) or deaf
        self._idle_since = (self._idle_since or now) if idle else None

    def closed(self, now: float) -> None:
        """It was told that nothing more will come."""
        self._closed_at = now

    def open_deadlines(self, act: Act, *, stays: bool) -> list[Deadline]:
        """When to close stdin, while it is open."""
        if self._idle_since is not None:
            grace = self._graces.settle if self.checked else self._check_grace
            return [(self._idle_since + grace, act)]
        if self._turn_over_since is not None and not stays:
            return [(self._turn_over_since + self._background_grace, act)]
        return []

    def exit_deadlines(self, act: Act) -> list[Deadline]:
        """When a CLI that was told to end, and has no turn to finish, hangs."""
        if self._closed_at is None or self._turn_over_since is None:
            return []
        # A task that ends after stdin was closed still brings a turn of its own.
        since = max(self._closed_at, self._turn_over_since)
        return [(since + self._graces.exit, act)]
