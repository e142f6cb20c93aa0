"""Waiting for an execution, and for the further attempts that follow where it failed in passing.

The rule: the methods of `Execution` that wait. They end at the last attempt, whichever of them is
waited for; they start and decide nothing. Whoever waits is woken by the manager's thread.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

from claude_widget.errors import ClaudeWidgetError
from claude_widget.models import ExecutionStatus
from claude_widget.steered import Keeper

if TYPE_CHECKING:
    from claude_widget.execution import Execution

_POLL = 0.5
"""Seconds after which a waiting thread looks again, whatever happens."""


class Awaited:
    """An execution as somebody who is waited for.

    Attributes:
        end_told: it has ended, and everybody was told.
    """

    end_told: bool
    _keeper: Keeper
    _lock: threading.RLock
    _on_end: tuple[Callable[[], None], ...]

    @property
    def _me(self) -> Execution:
        raise NotImplementedError

    @property
    def execution_id(self) -> str:
        """Its UUID4."""
        raise NotImplementedError

    @property
    def status(self) -> ExecutionStatus:
        """pending, running, completed, failed or killed."""
        raise NotImplementedError

    # -- its attempts ------------------------------------------------------------------------

    @property
    def attempts(self) -> list[Execution]:
        """All attempts at what was asked for, oldest first, itself among them.

        There is more than one where an attempt failed for a reason that may pass by itself, and
        `retries` were asked for, or for a limit of the API whose reset was waited for.
        """
        return self._keeper.attempts(self._me)

    @property
    def latest(self) -> Execution:
        """The newest attempt; itself where there was no other."""
        return self.attempts[-1]

    # -- waiting -----------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, None, Execution]:
        return self._until_last().__await__()

    async def _until_last(self) -> Execution:
        following: Execution | None = self._me
        while True:
            last = following
            assert last is not None
            await last._until_end()  # noqa: SLF001 - another of its kind
            following = self._keeper.next_attempt(last)
            if following is None:
                return last

    async def _until_end(self) -> None:
        loop = asyncio.get_running_loop()
        ended: asyncio.Future[None] = loop.create_future()

        def set_ended() -> None:
            if not ended.done():
                ended.set_result(None)

        def wake() -> None:
            try:
                loop.call_soon_threadsafe(set_ended)
            except RuntimeError:
                return  # that loop is closed: nobody awaits any more

        with self._lock:
            over = self.end_told
            if not over:
                self._check_followed()
                self._on_end = (*self._on_end, wake)
        if over:
            await asyncio.sleep(0)  # what the loop was told before is heard before
            return
        try:
            self._keeper.await_end(self._me)
            await ended
        finally:
            with self._lock:
                self._on_end = tuple(one for one in self._on_end if one is not wake)
        if not self.end_told:
            self._check_followed()

    def _check_followed(self) -> None:
        """Refuse to wait for an end that nobody would notice, or that cannot come."""
        if self._keeper.closed:
            raise ClaudeWidgetError(
                f"The manager is closed; execution {self.execution_id} is {self.status}.",
                hint="A new ProcessManager on the same state folder follows it.",
                execution_id=self.execution_id,
            )
        if self._keeper.is_held(self._me):
            raise ClaudeWidgetError(
                f"Execution {self.execution_id} is held: whoever would have started it is gone.",
                hint="Run its cell again, take it over with manager.adopt(), or kill it.",
                execution_id=self.execution_id,
            )

    def wait(self, timeout: float | None = None) -> Execution:
        """Wait for the end from synchronous code; views and callbacks go on meanwhile.

        Args:
            timeout: seconds, None for ever.

        Returns:
            The execution itself, whatever its status; or the last attempt, where it was tried
            again. What failed for its login is tried again only once somebody resumes the queue,
            which is not waited for.

        Raises:
            TimeoutError: it has not ended by then. The execution goes on.
            ClaudeWidgetError: nobody would notice the end, since the manager was closed, or it is
                held: pending, and whoever would have started it is gone.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        following: Execution | None = self._me
        while True:
            last = following
            assert last is not None
            last._wait_for_end(deadline, timeout)  # noqa: SLF001 - another of its kind
            following = self._keeper.next_attempt(last)
            if following is None:
                return last

    def _wait_for_end(self, deadline: float | None, timeout: float | None) -> None:
        subscriptions = self._keeper.subscriptions
        woken = subscriptions.start_waiting(self.execution_id)
        try:
            self._keeper.await_end(self._me)
            while True:
                woken.clear()
                told = self.end_told  # before the callbacks: what led to the end has been queued
                subscriptions.run_here()
                if told:
                    return
                self._check_followed()
                left = _POLL if deadline is None else min(_POLL, deadline - time.monotonic())
                if left <= 0:
                    raise TimeoutError(
                        f"Execution {self.execution_id} is {self.status} after {timeout} s; "
                        "it goes on."
                    )
                woken.wait(left)
        finally:
            subscriptions.stop_waiting(woken)
