"""The manager's one thread: follows transcripts, fills free slots, and sees who has died.

The rule: it reads files and tells what it read; the manager decides. Only this thread folds an
execution once it is known, so that whoever listens hears everything once and in order. Nothing it
does grows with the length of a transcript that nobody reads: it reads what is new, in chunks.
"""

from __future__ import annotations

import logging
import os
import select
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from typing import Protocol

from claude_widget.errors import TranscriptError
from claude_widget.events import (
    ApiRetry,
    ControlRequest,
    ControlResponse,
    Event,
    Frame,
    RateLimit,
    Result,
    Spawned,
    UnknownFrame,
)
from claude_widget.execution import Execution
from claude_widget.models import ExecutionInfo, ExecutionStatus
from claude_widget.protocol import Complete, Error, Notification, Started, Stream

_LOG = logging.getLogger(__name__)
_CHUNK = 1 << 18
_BUSY = 0.05
_QUIET = 0.25
_IDLE = 1.0
_CHECK = 1.0
"""Seconds between two looks whether a silent execution still lives."""


class Followed(Protocol):
    """What the thread needs of the manager."""

    def followed(self) -> Sequence[Execution]:
        """Executions whose transcript someone else may write."""

    def hears_frames(self, execution: Execution) -> bool:
        """Whether somebody subscribed to its frames."""

    def publish(self, execution: Execution, notifications: list[Notification]) -> None:
        """Tell subscribers."""

    def changed(self, execution: Execution) -> None:
        """Its state has changed."""

    def learn(self, execution: Execution, answer: ControlResponse) -> None:
        """A CLI has answered a request of ours; it may have told what it offers."""

    def asked(self, execution: Execution, request: ControlRequest) -> None:
        """A CLI asks its host for something; it may be what nobody can answer."""

    def heard(self, execution: Execution, event: Event) -> None:
        """A CLI has told how a call to the API went; it may have been refused."""

    def ended(self, execution: Execution, size: int) -> None:
        """It has ended, and `size` bytes of transcript say how."""

    def damaged(self, execution: Execution, problem: str) -> None:
        """It cannot be followed any more."""

    def check_alive(self, execution: Execution) -> bool:
        """It is silent; whether it was dead, and its transcript says so now."""

    def act(self) -> float | None:
        """Start who may start, and decide what is due; seconds until more is due, or None."""

    def look_around(self) -> object:
        """Take in what other managers have started."""

    def wait_handles(self) -> Sequence[int]:
        """Descriptors that become readable when one may have ended."""


class Following:
    """The thread. It runs from `start` to `stop`, or to the end of the process."""

    def __init__(self, manager: Followed) -> None:
        self._manager = manager
        self._wake_read, self._wake_write = os.pipe()
        for end in (self._wake_read, self._wake_write):
            os.set_blocking(end, False)
        self._pipe = threading.Lock()
        """Held while the pipe is written or closed: a closed descriptor may be another's."""
        self._stopped = False
        self._last_growth = 0.0
        self._last_check = self._last_look = 0.0
        self._thread = threading.Thread(target=self._run, name="claude-widget", daemon=True)

    def start(self) -> None:
        """Begin to follow."""
        self._thread.start()

    def wake(self) -> None:
        """Look at once."""
        with self._pipe:
            if self._wake_write >= 0:
                with suppress(BlockingIOError):  # it is awake already
                    os.write(self._wake_write, b"!")

    def stop(self) -> None:
        """Stop following; returns when the thread has ended."""
        self._stopped = True
        self.wake()
        if threading.current_thread() is not self._thread:
            self._thread.join(timeout=10)

    def _run(self) -> None:
        handles: Sequence[int] = ()
        while not self._stopped:
            try:
                pause = self._round(handles)
                handles = self._manager.wait_handles()
            except Exception:  # noqa: BLE001 - the thread must outlive it
                _LOG.exception("Following failed; it goes on")
                pause, handles = _IDLE, ()
            handles = self._sleep(pause, handles)
        for execution in self._manager.followed():
            execution.pause()
        with self._pipe:
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._wake_write = -1

    def _sleep(self, pause: float, handles: Sequence[int]) -> Sequence[int]:
        """Until there may be something to do; the handles that said so."""
        poll = select.poll()
        for fd in (self._wake_read, *handles):
            poll.register(fd, select.POLLIN)
        ready = {fd for fd, _ in poll.poll(pause * 1000)}
        if self._wake_read in ready:
            os.read(self._wake_read, 4096)
            ready.discard(self._wake_read)
        return list(ready)

    def _round(self, died: Sequence[int]) -> float:
        """Look at everything once; seconds until the next look."""
        manager = self._manager
        now = time.monotonic()
        checking = bool(died) or now - self._last_check >= _CHECK
        if checking:
            self._last_check = now
        if now - self._last_look >= _CHECK:  # not at each end: it lists the whole state folder
            self._last_look = now
            manager.look_around()
        more = False
        running = False
        for execution in manager.followed():
            grew, is_more = self._look_at(execution, checking=checking)
            more = more or is_more
            running = True
            if grew:
                self._last_growth = now
        due = manager.act()
        if more:
            return 0.0
        pause = _IDLE if not running else _BUSY if now - self._last_growth < 2.0 else _QUIET
        return pause if due is None else min(pause, due)

    def _look_at(self, execution: Execution, *, checking: bool) -> tuple[bool, bool]:
        """Follow one; whether it grew, and whether there is more. One that fails stops no other."""
        before = Known(execution)
        events: list[Event] = []
        more = False
        hears = self._manager.hears_frames(execution)
        try:
            events, more = execution.advance(_CHUNK, every_frame=hears)
            silent = checking and execution.read_bytes == before.size
            if silent and not execution.status.ended:
                more = self._manager.check_alive(execution)
        except (TranscriptError, OSError) as error:
            self._give_up(execution, str(error))
        except Exception as error:  # noqa: BLE001 - the others are followed all the same
            _LOG.exception("Execution %s cannot be followed", execution.execution_id)
            self._give_up(execution, f"{type(error).__name__}: {error}")
        self._tell(execution, before, events, hears=hears)
        execution.keep_fold()
        return execution.read_bytes != before.size, more

    def _give_up(self, execution: Execution, problem: str) -> None:
        self._manager.damaged(execution, problem)
        execution.give_up(problem)

    def _tell(
        self, execution: Execution, before: Known, events: list[Event], *, hears: bool
    ) -> None:
        """Tell whoever listens what has come, then that it has ended."""
        manager = self._manager
        for event in events:
            if isinstance(event, ControlResponse):
                manager.learn(execution, event)
            elif isinstance(event, ControlRequest):
                manager.asked(execution, event)
            elif isinstance(event, (RateLimit, ApiRetry, Result)):
                manager.heard(execution, event)
        if execution.state is not before.state:
            told = notifications(before.info, execution.info, events, hears)
            manager.publish(execution, told)
            manager.changed(execution)
        elif hears and events:
            manager.publish(execution, notifications(before.info, before.info, events, hears))
        if execution.status.ended and not before.info.status.ended:
            manager.ended(execution, execution.read_bytes)


class Known:
    """What was known of an execution before a look at it."""

    def __init__(self, execution: Execution) -> None:
        self.state = execution.state
        self.info = execution.info
        self.size = execution.read_bytes


def notifications(
    before: ExecutionInfo, after: ExecutionInfo, events: Sequence[Event], hears_frames: bool
) -> list[Notification]:
    """What subscribers are told of these events, in order."""
    told: list[Notification] = []
    execution_id = after.execution_id
    for event in events:
        if isinstance(event, Spawned):
            told.append(Started(execution_id=execution_id, pid=event.pid))
        elif hears_frames and isinstance(event, (Frame, UnknownFrame)) and event.raw:
            told.append(Stream(execution_id=execution_id, data=event.raw))
    new = [error for error in after.errors if error not in before.errors]
    told += [Error(execution_id=execution_id, error=error) for error in new]
    if after.status.ended and before.status is not after.status:
        assert after.reason is not None
        told.append(
            Complete(
                execution_id=execution_id,
                code=after.exit_code,
                status=ExecutionStatus(after.status),
                reason=after.reason,
            )
        )
    return told
