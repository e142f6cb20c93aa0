"""Who hears of what happens: callbacks, each for one execution or for all.

The rule: routing and delivery, nothing else. A callback runs on the event loop that was running
where it was subscribed; where there was none, in a thread that waits for an execution, else on
the manager's thread. Callbacks of one subscription never run at the same time or out of order,
and one that raises is logged and harms nobody.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import deque
from collections.abc import Callable, Iterable

from claude_widget.errors import ClaudeWidgetError
from claude_widget.protocol import Notification

_LOG = logging.getLogger(__name__)
Callback = Callable[[Notification], object]


class Subscription:
    """One callback and what it has not heard yet."""

    def __init__(
        self,
        callback: Callback,
        execution_id: str | None,
        loop: asyncio.AbstractEventLoop | None,
    ) -> None:
        self.execution_id = execution_id
        self.loop = loop
        self.active = True
        self._callback = callback
        self._queue: deque[Notification] = deque()
        self._running = threading.Lock()

    def put(self, notification: Notification) -> None:
        """Queue one."""
        self._queue.append(notification)

    def schedule(self) -> bool:
        """Have the loop run what is queued; False if there is no loop that could."""
        if self.loop is None or self.loop.is_closed():
            return False
        try:
            self.loop.call_soon_threadsafe(self.run)
        except RuntimeError:  # closed between the two lines
            return False
        return True

    def run(self) -> None:
        """Call back for everything queued, unless another thread is at it."""
        while self._queue and self._running.acquire(blocking=False):
            try:
                while self._queue:
                    notification = self._queue.popleft()
                    if self.active:
                        self._call(notification)
            except IndexError:
                pass  # another thread took the last one
            finally:
                self._running.release()

    def _call(self, notification: Notification) -> None:
        try:
            self._callback(notification)
        except (Exception, SystemExit):  # noqa: BLE001 - logged; the others hear all the same
            _LOG.exception("A subscriber's callback failed for %s", notification.execution_id)


class Subscriptions:
    """All subscriptions of a manager. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_execution: dict[str | None, tuple[Subscription, ...]] = {}
        self._waiters: dict[threading.Event, str] = {}
        self._publisher: int | None = None

    def add(self, callback: Callback, execution_id: str | None) -> Callable[[], None]:
        """Subscribe; returns what unsubscribes, which may be called more than once."""
        try:
            loop: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            loop = None
        subscription = Subscription(callback, execution_id, loop)
        with self._lock:
            self._by_execution[execution_id] = (
                *self._by_execution.get(execution_id, ()),
                subscription,
            )

        def unsubscribe() -> None:
            subscription.active = False
            with self._lock:
                left = self._by_execution.get(execution_id, ())
                kept = tuple(one for one in left if one is not subscription)
                if kept:
                    self._by_execution[execution_id] = kept
                else:
                    self._by_execution.pop(execution_id, None)

        return unsubscribe

    def of(self, execution_id: str) -> tuple[Subscription, ...]:
        """Who hears of that execution."""
        by = self._by_execution
        return (*by.get(execution_id, ()), *by.get(None, ()))

    def publish(self, execution_id: str, notifications: Iterable[Notification]) -> None:
        """Tell who subscribed to it; called on the manager's thread, in order."""
        self._publisher = threading.get_ident()
        heard_by = self.of(execution_id)
        if not heard_by:
            return
        for notification in notifications:
            for subscription in heard_by:
                subscription.put(notification)
        with self._lock:
            waiters = list(self._waiters)
        for subscription in heard_by:
            if not subscription.schedule() and not waiters:
                subscription.run()
        for waiter in waiters:
            waiter.set()

    def start_waiting(self, execution_id: str) -> threading.Event:
        """A thread begins to wait; the event is set when there may be something to do.

        Raises:
            ClaudeWidgetError: it is the manager's own, in a callback; nothing would ever come.
        """
        self.check_may_wait(execution_id)
        event = threading.Event()
        with self._lock:
            self._waiters[event] = execution_id
        return event

    def check_may_wait(self, execution_id: str) -> None:
        """Refuse a wait on the thread that would bring what is waited for.

        Raises:
            ClaudeWidgetError: it is the manager's own, in a callback.
        """
        if threading.get_ident() == self._publisher:
            raise ClaudeWidgetError(
                "A callback on the manager's own thread cannot wait for an execution.",
                execution_id=execution_id,
                hint="Subscribe on an event loop, or start what waits in a thread of its own.",
            )

    def stop_waiting(self, event: threading.Event) -> None:
        """The thread waits no more; what was left to it is run first."""
        with self._lock:
            self._waiters.pop(event, None)
        self.run_here()

    def ended(self, execution_id: str) -> None:
        """Wake who waits for that execution."""
        with self._lock:
            waiters = [event for event, wanted in self._waiters.items() if wanted == execution_id]
        for event in waiters:
            event.set()

    def run_here(self) -> None:
        """In a waiting thread: run what is meant for the loop that it holds up, or for none."""
        try:
            held_up: asyncio.AbstractEventLoop | None = asyncio.get_running_loop()
        except RuntimeError:
            held_up = None
        with self._lock:
            every = [one for many in self._by_execution.values() for one in many]
        for subscription in every:
            if subscription.loop in (None, held_up) or subscription.loop.is_closed():
                subscription.run()
