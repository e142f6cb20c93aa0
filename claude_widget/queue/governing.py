"""The limits of the API and of the machine, as they hold up one manager's queue.

The rule: it hears what the manager's thread reads and passes it to the folder's governor, bars
starts while there is a pause, and moves the number of slots where nobody has given one. What
follows from what was heard is decided in `governor` and `slots`. What is only played is never heard
and never barred: it needs no API.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence

from claude_widget.events import Event
from claude_widget.execution import Execution
from claude_widget.protocol.queue import QueuePause
from claude_widget.queue.capacity import free_memory
from claude_widget.queue.governor import (
    Heard,
    Pause,
    heard_at_end,
    heard_in,
    is_of_family,
    what_to_do,
)
from claude_widget.queue.governor_file import GovernorFile
from claude_widget.queue.slots import Slots
from claude_widget.queue.waiting_line import WaitingLine

_FRESH = 0.25
"""Seconds for which the file need not be looked at again; a long line asks for each that waits."""
_RECENT = 60.0
"""Seconds after which what was heard says nothing of how many may run now."""


class Governing:
    """Holds up one manager's queue. Safe from any thread.

    Args:
        file: the governor of the state folder.
        line: of those that wait.
        slots: how many may run at once; None where somebody has given a number.
        changed: hears that there is another pause, or another number of slots.
    """

    def __init__(
        self,
        file: GovernorFile,
        line: WaitingLine,
        slots: Slots | None,
        changed: Callable[[], None],
    ) -> None:
        self._file = file
        self._line = line
        self._slots = slots
        self._changed = changed
        self._lock = threading.Lock()
        self._looked = float("-inf")
        self._holding: tuple[Pause, ...] = ()
        self._told: tuple[tuple[Pause, ...], int] = ((), line.slots)

    # -- what holds up a start ---------------------------------------------------------------

    def bars(self, execution: Execution) -> bool:
        """Whether that one may not be started now."""
        asked = execution.state.asked
        if asked.recorded:
            return False
        return any(pause.covers(asked.model, asked.project_path) for pause in self.holding())

    def opens_in(self) -> float | None:
        """Seconds until a pause is over; None without one, or if only somebody can end it."""
        ends = (pause.until for pause in self.holding())
        end = min((one for one in ends if one is not None), default=None)
        return None if end is None else max(0.0, end - time.time())

    def holding(self) -> tuple[Pause, ...]:
        """The pauses that hold now, that of all models first."""
        now = time.monotonic()
        with self._lock:
            ends = (pause.until for pause in self._holding)
            is_over = any(end is not None and time.time() >= end for end in ends)
            if is_over or now - self._looked >= _FRESH:
                self._looked, self._holding = now, self._file.holding()
            return self._holding

    def was_limited(self, since: float | None, model: str | None, project_path: str) -> bool:
        """Whether a limit with a reset has held up starts since then, be it over by now or not.

        Args:
            since: epoch seconds.
            model: of those starts.
            project_path: of those starts.
        """
        if since is None:
            return False
        ruling = self._file.read()
        return any(
            pause.told and pause.until is not None and pause.until > since
            for pause in (ruling.pause, *ruling.of_families)
            if pause is not None and pause.covers(model, project_path)
        )

    def awaits_login(self) -> bool:
        """Whether a pause that holds now ends only when a person resumes."""
        return any(pause.kind == "authentication" for pause in self.holding())

    def pause(self) -> QueuePause | None:
        """The pause that holds now, as the page is told: of all models, else of some."""
        return _as_told(self.holding())

    def pause_of(self, model: str | None, project_path: str) -> QueuePause | None:
        """The pause that holds up starts of that model in that project now, or None."""
        return _as_told([one for one in self.holding() if one.covers(model, project_path)])

    def resume(self) -> None:
        """A person says that new ones may start all the same."""
        self._file.resume()
        self._forget()
        self._tell()

    # -- what is heard -----------------------------------------------------------------------

    def heard(self, execution: Execution, event: Event) -> None:
        """Something came of an execution, which may say that the API refuses."""
        if not execution.state.asked.recorded:
            started = execution.state.life.start_time
            self._hear(execution, heard_in(event, execution.execution_id, started))

    def ended(self, execution: Execution) -> None:
        """One has ended, which may say that the API refuses."""
        state = execution.state
        if state.asked.recorded or state.life.end_time is None:
            return
        errors = state.outcome.errors
        self._hear(
            execution,
            heard_at_end(
                state.life.reason,
                state.outcome.facts,
                time=state.life.end_time,
                execution_id=execution.execution_id,
                started=state.life.start_time,
                said=errors[-1] if errors else "",
            ),
        )

    def _hear(self, execution: Execution, heard: Heard | None) -> None:
        if heard is None:
            return
        asked = execution.state.asked
        heard = heard._replace(
            model=execution.state.session.model or asked.model or "",
            is_default=asked.model is None,
            project_path=asked.project_path,
        )
        ruling = self._file.hear(heard)
        self._forget()
        recent = time.time() - heard.time < _RECENT
        # A limit of one family says nothing of how many of the others may run.
        says_how_many = heard.kind != "authentication" and not heard.family
        says_how_many = says_how_many and not is_of_family(ruling, heard, time.time())
        if self._slots is not None and recent and says_how_many:
            self._slots.limit_heard(time.monotonic(), self._line.taken)
        self._tell()

    # -- what passes by itself ---------------------------------------------------------------

    def look(self) -> None:
        """See what the machine and other managers have become; about once a second."""
        if self._slots is not None:
            self._slots.look(time.monotonic(), self._line.taken, free_memory())
        self._tell()

    def _forget(self) -> None:
        with self._lock:
            self._looked = float("-inf")

    def _tell(self) -> None:
        """Tell of another pause, or of another number of slots."""
        if self._slots is not None:
            self._line.slots = self._slots.count
        now = (self.holding(), self._line.slots)
        with self._lock:
            news, self._told = now != self._told, now
        if news:
            self._changed()


def _as_told(holding: Sequence[Pause]) -> QueuePause | None:
    """The pause of all models, else those of some as one, which tells the first reset."""
    if not holding:
        return None
    pause = min(holding, key=lambda one: (bool(one.family), one.until or 0.0))
    families = sorted(holding, key=lambda one: one.family) if pause.family else []
    return QueuePause(
        kind=pause.kind,
        until=pause.until,
        said=pause.said,
        what_to_do=what_to_do(families) if families else pause.what_to_do,
        execution_id=pause.execution_id or None,
        families=tuple(one.family for one in families),
    )
