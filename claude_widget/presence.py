"""Whether there is a page that could be asked, for all managers of one state folder.

The rule: it counts signs of pages and asks none. Within a process a page of one manager stands for
the others as well, because its list has their executions, and cells that make a manager are run
again. What pages other kernels have heard of is told by the time of a file.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path

from claude_widget.state_folder import StateFolder

ARRIVAL = 5.0
"""Seconds that the page of a widget just made may need until it says hello."""
RETURN, RECENT = 60.0, 600.0
"""Seconds that a new kernel waits for a page, if one was heard of so lately: when a kernel has been
restarted, executions may be started in cells before the one that shows something."""
_BETWEEN_NOTES = 10.0
_KNOWN: dict[Path, Presence] = {}
_LOCK = threading.Lock()


class Presence:
    """Signs of pages of one state folder in this process. Safe from any thread."""

    def __init__(self, folder: StateFolder) -> None:
        self._folder = folder
        self._noted = float("-inf")
        self._seen: float | None = None
        self._expected_until: float | None = None
        if time.time() - folder.page_noted() < RECENT:
            self._expected_until = time.monotonic() + RETURN

    @property
    def ever(self) -> bool:
        """A page has been heard of in this process."""
        return self._seen is not None

    def seen(self) -> None:
        """A page has said something, so somebody can be asked."""
        now = self._seen = time.monotonic()
        if now - self._noted >= _BETWEEN_NOTES:
            self._noted = now
            self._folder.note_page()

    def expect(self) -> None:
        """A widget was made: its page will say hello within seconds, if there is one."""
        until = time.monotonic() + ARRIVAL
        self._expected_until = max(until, self._expected_until or until)

    def left(self, grace: float) -> float:
        """Seconds that a request may still wait for a page; not positive where none is there.

        Args:
            grace: seconds that it waits after the last sign of a page.
        """
        now = time.monotonic()
        if self._seen is not None:
            return self._seen + grace - now
        return 0.0 if self._expected_until is None else self._expected_until - now

    def left_anywhere(self, grace: float) -> float:
        """The same, with pages that other kernels have heard of."""
        age = time.time() - self._folder.page_noted()
        return max(self.left(grace), grace - max(age, 0.0))


def presence_of(folder: StateFolder) -> Presence:
    """The one of that folder."""
    with _LOCK:
        return _KNOWN.setdefault(folder.path, Presence(folder))
