"""News of a batch, for a coroutine that waits for some.

The rule: an event of the waiting loop is set from whichever thread has the news, once however many
come. What the news is, whoever waits looks for itself.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from claude_widget.batch.feeding import Feeding


class heard:  # noqa: N801 - a context manager reads as a word
    """While a coroutine waits, the news of a batch set its event, once however many come."""

    def __init__(self, feeding: Feeding, news: asyncio.Event) -> None:
        self._feeding = feeding
        self._news = news
        self._loop = asyncio.get_running_loop()
        self._due = False
        self._forget: Callable[[], None] | None = None

    def __enter__(self) -> None:
        self._forget = self._feeding.listen(self._hear)

    def __exit__(self, *_: object) -> None:
        if self._forget is not None:
            self._forget()

    def _hear(self) -> None:
        if self._due:
            return
        self._due = True
        try:
            self._loop.call_soon_threadsafe(self._set)
        except RuntimeError:
            return  # that loop is closed: nobody awaits any more

    def _set(self) -> None:
        self._due = False
        self._news.set()
