"""An execution as its user holds it: what is known of it, and what can be asked of it.

The rule: one door to its state, `advance`, which reads the transcript further and folds it.
Everything else here reads that state, or passes on what is asked to the manager. No thread and no
task is owned here.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from claude_widget import snapshot
from claude_widget.awaited import Awaited
from claude_widget.backend import Run
from claude_widget.cells.shown import Shown
from claude_widget.charts.calls import CallReader
from claude_widget.ended import Ended
from claude_widget.errors import (
    ExecutionFailed,
    InvalidTransition,
    ResultNotReady,
)
from claude_widget.event_log import EventLog
from claude_widget.events import NEUTRAL_PREFIX, ControlRequest, Event, Record, parse
from claude_widget.models import ExecutionInfo, ExecutionStatus, Reason
from claude_widget.outputs.output import Output
from claude_widget.page.gauges import Gauge
from claude_widget.permissions import Decider, PermissionRequest, request_of
from claude_widget.report.exported import Exported
from claude_widget.state import INITIAL, State, reduce
from claude_widget.stderr_tail import stderr_tail, without_stale_stderr
from claude_widget.steered import Keeper, Steered
from claude_widget.transcript import CHUNK, Follower, read_records
from claude_widget.user_code import UserCode
from claude_widget.worktrees.decided import Decided

_LOG = logging.getLogger(__name__)


class Execution(Awaited, Output, Decided, Steered, Exported, Shown):
    """One run of the CLI. Made by `ProcessManager.start_execution`; awaitable.

    Attributes:
        run: what its backend knows it by.
        decide: the callable that decides what it asks, or None.
        said_by_page: of each follow-up, interrupt and end so far, whether a page has asked for it.
        attached: the start that gave it found it running or waiting, and started no other.
        gauge: what it uses, with `cpu_percent` of a core and `memory_bytes`, as it was while a page
            last looked on and it ran; else None.
        unwanted: somebody has killed it once it had ended: no further attempt is to follow.
    """

    def __init__(self, keeper: Keeper, run: Run, ended: ExecutionInfo | None = None) -> None:
        self.run = run
        self.decide: Decider | None = None
        self.said_by_page: tuple[bool, ...] = ()
        self.attached = False
        self.unwanted = False
        self.gauge: Gauge | None = None
        self._keeper = keeper
        self._lock = threading.RLock()
        self._state = INITIAL if ended else State.initial(run.execution_id)
        self._ended = None if ended is None else Ended(ended)
        self._info: tuple[State, ExecutionInfo] | None = None
        self._events: EventLog | None = None
        self._calls: CallReader | None = None
        self._follower: Follower | None = None if ended is not None else Follower(run.transcript)
        self._read_to_end = 0
        self._kept_to = 0
        self._on_end: tuple[Callable[[], None], ...] = ()
        self.end_told = ended is not None

    # -- what is known -----------------------------------------------------------------------

    @property
    def execution_id(self) -> str:
        """Its UUID4."""
        return self.run.execution_id

    @property
    def user_code(self) -> UserCode:
        """What Python has of its start, in this kernel."""
        return UserCode(self.decide, self.schema_model)

    @user_code.setter
    def user_code(self, code: UserCode) -> None:
        self.decide, self.schema_model = code

    @property
    def info(self) -> ExecutionInfo:
        """A snapshot of everything known; it does not change, ask again for a newer one."""
        state, ended = self._state, self._ended  # the state is cut down once the text is there
        if ended is not None:
            return ended.info
        known = self._info  # with its state, as one: threads ask while another one folds
        if known is None or known[0] is not state:
            known = self._info = (state, state.info)
        return known[1]

    @property
    def attempt(self) -> int:
        """Which attempt it is, from 1."""
        state, ended = self._state, self._ended
        return state.asked.attempt if ended is None else ended.attempt

    @property
    def attempt_of(self) -> str | None:
        """Id of the first attempt, where this is a further one."""
        state, ended = self._state, self._ended
        return state.asked.attempt_of if ended is None else ended.attempt_of

    @property
    def status(self) -> ExecutionStatus:
        """pending, running, completed, failed or killed."""
        state, ended = self._state, self._ended  # in this order, as always
        return state.status if ended is None else ended.status

    @property
    def recording_key(self) -> str | None:
        """Key of its recording, if it is or was to be recorded or played."""
        state, ended = self._state, self._ended
        return state.asked.key if ended is None else ended.recording_key

    @property
    def owner(self) -> Mapping[str, Any]:
        """Whose it is, as its transcript says: `claude_widget.runtime.owner` and `manager_id`.

        Empty where it does not, or has not been read.
        """
        state, ended = self._state, self._ended
        return state.life.owner if ended is None else ended.owner

    @property
    def ran(self) -> tuple[float | None, float | None]:
        """From when to when it ran, in epoch seconds; None for what is not, or not yet."""
        life, ended = self._state.life, self._ended  # the state is cut down once that is there
        if ended is not None:
            return ended.start_time, ended.end_time
        return life.start_time, life.end_time

    @property
    def session_id(self) -> str | None:
        """Of its session; the one asked for until the CLI has told, and None without either."""
        return self.info.session_id if self._ended is None else self._ended.session_id

    @property
    def result(self) -> str | None:
        """The final text; None if it ended without one.

        Of one that was kept open, the answer of its last turn, once that is over.

        Raises:
            ResultNotReady: it is pending, or works: wait first. `info.result` does not raise.
        """
        info = self.info
        if not (info.status.ended or info.awaits_input):
            raise ResultNotReady(self.execution_id, info.status)
        return info.result

    @property
    def events(self) -> EventLog:
        """The CLI's frames in order, read from the transcript when asked for."""
        with self._lock:
            if self._events is None:  # most are never asked for theirs
                self._events = EventLog(self.run.transcript)
            return self._events

    @property
    def stderr(self) -> str:
        """The last 4,000 characters that the CLI wrote to stderr."""
        state, ended = self._state, self._ended
        if ended is None:
            return state.stderr_tail
        return stderr_tail(read_records(self.run.transcript))

    @property
    def calls(self) -> CallReader:
        """Tells when it called its tools: `calls.read()`, which reads each byte once."""
        with self._lock:
            if self._calls is None:
                self._calls = CallReader(self.run.transcript, self.info.cwd)
            return self._calls

    @property
    def requests(self) -> tuple[PermissionRequest, ...]:
        """What its CLI waits for an answer to, oldest first, whole, from the transcript."""
        waiting = () if self.status.ended else self._state.work.waiting
        found = (self._request_at(one.offset) for one in waiting)
        return tuple(request for request in found if request is not None)

    def request(self, control_id: str) -> PermissionRequest | None:
        """The open one of `requests` with that id; None if there is none."""
        waiting = () if self.status.ended else self._state.work.waiting
        found = next((one for one in waiting if one.request_id == control_id), None)
        return None if found is None else self._request_at(found.offset)

    def _request_at(self, offset: int) -> PermissionRequest | None:
        follower = self._follower
        epoch = follower.parser.epoch if follower is not None else 0.0
        for record in read_records(self.run.transcript, offset, epoch):
            if record.stream == "out":
                event = parse(record)
                if not isinstance(event, ControlRequest):
                    break
                return request_of(event, self.execution_id, self.info.cwd)
        return None

    # -- the one door to its state -----------------------------------------------------------

    def advance(self, limit: int = CHUNK, *, every_frame: bool = False) -> tuple[list[Event], bool]:
        """Read the transcript further and fold it; the events, and whether there is more.

        A lifecycle record that cannot be is logged and changes nothing.

        Args:
            limit: bytes to read at most.
            every_frame: also yield partial messages, which change no state and else are skipped.

        Raises:
            TranscriptError: the file is gone, or was cut short.
        """
        with self._lock:
            follower = self._follower
            if follower is None:
                return [], False
            follower.parser.skip = None if every_frame else NEUTRAL_PREFIX
            found, more = follower.read(limit)
            events = []
            state = self._state
            for record in without_stale_stderr(found):
                event = parse(record)
                try:
                    state = reduce(state, event)
                except InvalidTransition as error:
                    _LOG.warning("Execution %s: %s", self.execution_id, error)
                events.append(event)
            self._state = state
            if state.status.ended and not more:
                self._read_to_end = follower.parser.offset
                follower.close()
                self._follower = None
            return events, more

    def restore(self) -> None:
        """Begin where the fold was kept last, if it was kept, and nothing is read yet."""
        with self._lock:
            if self._follower is None or self._follower.parser.offset:
                return
            fold = snapshot.load(self.run)
            if fold is not None:
                self._state, self._kept_to = fold.state, fold.offset
                self._follower = Follower(self.run.transcript, fold.offset, fold.epoch)

    def keep_fold(self) -> None:
        """Keep the fold for a later manager, once enough has come since it was kept last."""
        with self._lock:
            parser = self._follower.parser if self._follower is not None else None
            if parser is None or parser.mid_line or self._state.status.ended:
                return
            if parser.offset - self._kept_to < snapshot.EVERY:
                return
            fold = snapshot.Fold(parser.offset, parser.epoch, self._state)
        self._kept_to = snapshot.keep(self.run, fold)

    def catch_up(self) -> None:
        """Read all that there is by now, however long a query is."""
        more = self.following
        while more:
            _, more = self.advance()

    def give_up(self, problem: str) -> None:
        """Its transcript cannot be read on: as far as can be known here, it is lost."""
        event = "lost" if self.status is ExecutionStatus.RUNNING else "refused"
        said = {"event": event, "reason": Reason.LOST, "error": problem}
        with self._lock:
            if self._follower is None:
                return
            record = Record(self.read_bytes, time.time(), "meta", json.dumps(said).encode())
            self._state = reduce(self._state, parse(record))
            self._follower.close()
            self._follower = None

    @property
    def state(self) -> State:
        """The fold so far; another object whenever something has changed.

        Of one whose end was told only its worktree and which requests were settled: see `info`.
        """
        return self._state

    @property
    def following(self) -> bool:
        """Its transcript may still grow, as far as is known."""
        return self._follower is not None

    def is_pending_at(self, size: int) -> bool:
        """Whether it is pending with that many bytes folded: the state and the bytes agree."""
        with self._lock:
            return self.read_bytes == size and self.status is ExecutionStatus.PENDING

    @property
    def read_bytes(self) -> int:
        """Bytes of the transcript that are folded."""
        follower = self._follower
        return follower.parser.offset if follower is not None else self._read_to_end

    def pause(self) -> None:
        """Let go of the file until it is read again."""
        with self._lock:
            if self._follower is not None:
                self._follower.close()

    def keep_end(self) -> bytes:
        """It has ended: from now on its fold is kept as text, which is returned.

        Of the state stays what is still asked for.
        """
        with self._lock:
            if self._ended is None:
                state, self._ended = self._state, Ended(self.info, self._state.life.owner)
                self._info = None
                self._state = _remains(state)
            return self._ended.text

    def tell_end(self) -> None:
        """It has ended, and everybody was told; called once, by the manager."""
        self.keep_end()
        self.end_told = True
        self.run.pack()
        self.wake_waiters()

    def note_said(self, *, by_page: bool) -> None:
        """Something was said to it; from a page or not."""
        with self._lock:
            self.said_by_page = (*self.said_by_page, by_page)

    def wake_waiters(self) -> None:
        """Have those who await it look again."""
        with self._lock:
            waiting, self._on_end = self._on_end, ()
        for wake in waiting:
            wake()

    # -- how it went -------------------------------------------------------------------------

    def raise_for_status(self) -> Execution:
        """Returns itself if it completed.

        Raises:
            ExecutionFailed: it failed or was killed.
        """
        info = self.info
        if info.status in (ExecutionStatus.FAILED, ExecutionStatus.KILLED):
            raise ExecutionFailed(
                self.execution_id, info.status, str(info.reason), info.errors, self.stderr
            )
        return self

    @property
    def _me(self) -> Execution:
        return self

    def __repr__(self) -> str:
        info = self.info
        name = f" {info.name!r}" if info.name else ""
        reason = f" ({info.reason})" if info.reason else ""
        attached = " attached" if self.attached else ""
        return f"<Execution{name} {self.execution_id} {info.status}{reason}{attached}>"


def _remains(state: State) -> State:
    """What is asked for of the fold of one that has ended; what is empty in it is shared by all."""
    life, settled = state.life, state.work.settled
    return INITIAL.replace(
        life=INITIAL.life._replace(worktree=life.worktree) if life.worktree else None,
        work=INITIAL.work._replace(settled=settled) if settled else None,
    )
