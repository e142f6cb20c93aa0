"""Carries messages to the page: at most 20 a second for the kernel, over all widgets and panes.

The rule: pacing and fairness only; what is said is asked of an outlet at the moment it is sent,
so that many changes make one message. jupyter_server and ZMQ both drop bursts in silence, and
nobody is told (measured: of 10,000 messages 2,000 to 4,000 were lost); so there is one courier
for each process.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Protocol

MESSAGES_PER_SECOND = 20
_INTERVAL = 1.0 / MESSAGES_PER_SECOND
_POLL = 0.05
"""Seconds between two looks at outlets that have open panes."""
_LOG = logging.getLogger(__name__)


class Outlet(Protocol):
    """Something that has messages for the page."""

    def send_one(self) -> bool:
        """Send the most urgent message, if there is one; whether there was."""

    @property
    def watching(self) -> bool:
        """It must be asked again soon, though nobody calls: a pane is open on a growing file."""


class Courier:
    """One thread, one message at a time, outlets in turn."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._outlets: list[Outlet] = []
        self._called: dict[int, Outlet] = {}
        self._thread: threading.Thread | None = None

    def add(self, outlet: Outlet) -> None:
        """Carry for that outlet from now on."""
        new = None
        with self._changed:
            self._outlets.append(outlet)
            if self._thread is None or self._is_dead(self._thread):
                new = self._thread = threading.Thread(
                    target=self._run, name="claude-widget-courier", daemon=True
                )
        if new is not None:
            self._start(new)
        self.call(outlet)

    def _start(self, new: threading.Thread) -> None:
        """Without the lock: a widget that is collected in the new thread is removed there.

        `Thread.start` waits for that thread, which would wait for the lock.
        """
        try:
            new.start()
        except RuntimeError:  # the machine has no thread left: the next one may
            with self._changed:
                self._thread = None
            raise

    @staticmethod
    def _is_dead(thread: threading.Thread) -> bool:
        """It has ended, such as in a fork; not one that is about to be started."""
        return thread.ident is not None and not thread.is_alive()

    def remove(self, outlet: Outlet) -> None:
        """Carry for it no more."""
        with self._changed:
            self._outlets = [one for one in self._outlets if one is not outlet]
            self._called.pop(id(outlet), None)

    def call(self, outlet: Outlet) -> None:
        """The outlet has something to send."""
        with self._changed:
            self._called[id(outlet)] = outlet
            self._changed.notify()

    def _next(self) -> Outlet | None:
        """The next outlet that may have something; waits for one. None once nobody is left."""
        with self._changed:
            while True:
                if self._called:
                    return self._called.pop(next(iter(self._called)))
                if not self._outlets:
                    self._thread = None
                    return None
                watching = [one for one in self._outlets if one.watching]
                for outlet in watching:
                    self._called[id(outlet)] = outlet
                self._changed.wait(_POLL if watching else None)

    def _run(self) -> None:
        while (outlet := self._next()) is not None:
            try:
                sent = outlet.send_one()
            except Exception:  # noqa: BLE001 - the thread must outlive it
                _LOG.exception("A message to the page failed")
                sent = False
            if sent:
                self.call(outlet)  # there may be more; the others come first
                time.sleep(_INTERVAL)


COURIER = Courier()
"""The process's one courier."""
