"""What the views of many executions share: how far all are, as a trait, and which a page has open.

The rule: a face. The trait is small and changes at most four times a second; of single executions
only those that are open are told. What the many belong to is for others to know.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import traitlets

from claude_widget import protocol
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.connected import Connected
from claude_widget.page.courier import COURIER
from claude_widget.page.panes import FORGOTTEN_AFTER, MOST_PANES
from claude_widget.page.rows import row_in, whole

_PAUSE = 0.25
"""Seconds between two looks at how far they are."""
_NEXT_WITHIN = 1.0
"""Seconds in which a reader who has closed one may have opened another."""
_KEPT_FOR = 600.0
"""Seconds after the end of all for which what is open keeps the view live: a notebook that is saved
with a live view shows nothing once its kernel has gone."""
_OPEN, _CLOSE = "claude:open-pane", "claude:close-pane"


class ManyView(Connected):
    """The view of many executions, for a cell.

    Args:
        manager: whose they are.
        kind: which view the page draws.
        progress: how far they are; "ended" says whether all have.
    """

    progress = traitlets.Dict().tag(sync=True)

    def __init__(self, manager: ProcessManager, kind: str, progress: dict[str, Any]) -> None:
        self._news = True
        self._again_at = 0.0
        self._opened: dict[str, Execution] = {}
        self._read: dict[str, float] = {}
        self._closed_at: float | None = None
        self._ended_at = -math.inf
        self._when_over: Callable[[], None] | None = None
        super().__init__(manager, kind=kind, progress=progress)

    # -- of whoever knows what they belong to --------------------------------------------------

    def _has(self, execution: Execution) -> bool:
        """Whether that is one of them."""
        raise NotImplementedError

    def _find(self, execution_id: str) -> Execution | None:
        """One of them; None if it is none."""
        raise NotImplementedError

    def _look(self, before: dict[str, Any]) -> dict[str, Any]:
        """How far they are by now."""
        raise NotImplementedError

    # -- what a page has open ------------------------------------------------------------------

    @property
    def reading(self) -> bool:
        """A page has one open, or goes from one to another; for ten minutes at most once over."""
        now = time.monotonic()
        if self.progress["ended"] and now > self._ended_at + _KEPT_FOR:
            return False
        return self._closed_at is not None or any(
            now <= asked_at + FORGOTTEN_AFTER for asked_at in self._read.values()
        )

    def when_over(self, hear: Callable[[], None]) -> Callable[[], None]:
        """Be called once all is over and nobody reads; returns what takes that back.

        On the courier's thread, and more than once.
        """
        self._when_over = hear

        def forget() -> None:
            self._when_over = None

        return forget

    @property
    def watching(self) -> bool:
        """There is news that is not to be told yet, a pane is open, or was closed this moment.

        Or all is over and somebody waits until nobody reads: of what ends that, nobody tells.
        """
        waits = self._when_over is not None and self.progress["ended"] and bool(self._read)
        return self._news or self._closed_at is not None or waits or super().watching

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:
        """The state; a later page that reads all of it may have taken the place of one that read.

        What is open counts until the heartbeat should have named it again.
        """
        if key is None:
            self._read = dict.fromkeys(self._read, time.monotonic())
        return super().get_state(key, drop_defaults)

    def _receive(self, widget: Any, content: Any, buffers: Any) -> None:
        """A message of the page; an execution whose pane it opens is told from then on."""
        if isinstance(content, dict):
            self._note_named(content.get("paneIds"))
            self._note_panes(content.get("type"), str(content.get("paneId"))[:100], content)
        super()._receive(widget, content, buffers)

    def _note_named(self, pane_ids: Any) -> None:
        """A page's heartbeat names what it has open."""
        if isinstance(pane_ids, list):
            named = [pane_id for pane_id in self._read if pane_id in pane_ids]
            self._read = self._read | dict.fromkeys(named, math.inf)

    def _note_panes(self, kind: Any, pane_id: str, content: dict[str, Any]) -> None:
        if kind == _OPEN:
            read = {**self._read, pane_id: math.inf}
            self._read = dict(list(read.items())[-MOST_PANES:])
            self._closed_at = None
            found = self._find(str(content.get("executionId")))
            if found is not None:
                self._opened = {found.execution_id: found}
                super()._note(found)
        elif kind == _CLOSE and pane_id in self._read:
            self._read = {one: at for one, at in self._read.items() if one != pane_id}
            self._closed_at = None if self._read else time.monotonic()
        COURIER.call(self)

    # -- what a page is told -------------------------------------------------------------------

    def _hear(self) -> None:
        """Something may have become of them; on any thread."""
        self._news = True
        COURIER.call(self)

    def _note(self, execution: Execution | str) -> None:
        """An execution has changed, on the manager's thread."""
        if not isinstance(execution, str) and self._has(execution):
            self._hear()
        name = execution if isinstance(execution, str) else execution.execution_id
        if name in self._opened:
            super()._note(execution)

    def _send_changes(self) -> bool:
        sent = self._send_progress() or self._send_opened()
        self._tell_over()
        return sent

    def _tell_over(self) -> None:
        closed_at = self._closed_at
        if closed_at is not None and time.monotonic() > closed_at + _NEXT_WITHIN:
            self._closed_at = None
        if self._when_over is not None and self.progress["ended"] and not self.reading:
            self._when_over()

    def _send_progress(self) -> bool:
        now = time.monotonic()
        if not self._news or now < self._again_at:
            return False
        self._news = False
        self._again_at = now + _PAUSE
        told = self._look(self.progress)
        if told["ended"] and not self.progress["ended"]:
            self._ended_at = now
        if told == self.progress:
            return False
        self.progress = told
        return True

    def _send_opened(self) -> bool:
        """The row of an open execution, as far as it is followed here."""
        events: list[Any] = []
        for execution_id in self._take_dirty():
            execution = self._manager.get_execution(execution_id)
            if execution is not None:
                changes = whole(row_in(self._manager, execution))
                events.append(protocol.Changed(execution_id=execution_id, changes=changes))
        if not events:
            return False
        self._sequence += 1
        self._send_message(protocol.Events(sequence=self._sequence, events=tuple(events)), [])
        return True
