"""Supervises one CLI from its start to its ending record: the loop that joins the shim's parts.

The rule: one thread, one loop, no wait without a bound. It decides when stdin is closed, when a
limit is passed and when the ladder begins; it judges nothing else. The ending record comes last,
after every descendant is gone and the streams are drained.
"""

import json
import os
import select
import shutil
import signal
import sys
import time
from typing import Any

from . import descendants, records
from .awake import AwakeClock
from .closing import Closing, Deadline
from .config import Config, read_config
from .control import Control
from .ending import drain, told_reason
from .guard import Guard
from .ladder import Ladder
from .launch import CLOCK, Launched
from .limits import Breach
from .operations import Operations
from .session import Session
from .streams import STDERR_LIMIT, Input, Output, Transcript
from .tree import start_ticks
from .warm import PROMPT, HeldTranscript, Warm
from .watch import Attendance

_QUIET = 0.25
"""Seconds without output after which what is there of a half line is written."""
_ROOM_WITHIN = 20.0
"""Seconds that the ending record waits for room on a full disk; later it is `lost`."""


class Supervisor:
    """One CLI, its streams, its socket and its end."""

    def __init__(self, launched: Launched, config: Config) -> None:
        self.config = config
        self.pid = launched.pid
        self.warm = Warm() if config.warm else None
        self.transcript: Transcript = (
            HeldTranscript() if config.warm else Transcript(0, config.epoch_clock)
        )
        self.stdout = Output(launched.stdout, records.OUT, self.transcript)
        self.stderr = Output(launched.stderr, records.ERR, self.transcript, STDERR_LIMIT)
        self.stdin = Input(launched.stdin, self.transcript)
        self.session = Session()
        self.ladder = Ladder(self.pid, config.graces, self.ask_to_stop)
        self.attendance = Attendance(
            config.watching, config.unwatched, config.unattended, self._end_unattended
        )
        self.keep_open = config.keep_open
        self.kill_reason = ""
        self.limit_reason = ""
        self.wait_status: int | None = None
        self.forced = False
        self.clock = AwakeClock()
        started = self.clock.now() - (time.clock_gettime(CLOCK) - launched.started)
        self.guard = Guard(
            config, self.pid, started=started, clock=self.clock, breached=self._breached
        )
        self.closing = Closing(config.graces, config.background_grace, config.check_grace)
        self._flush_at: float | None = None
        self._interrupts = 0
        self._told_to_end = False
        self._wake = self._catch_signals()
        greeting = {"execution_id": config.execution_id, "pid": self.pid, "shim_pid": os.getpid()}
        self.operations = Operations(self)
        self.control = Control(config.socket, greeting, self._asked)
        self._poll = self._polled()
        self._writing: set[int] = set()

    def _polled(self) -> select.poll:
        """What wakes the loop from the start."""
        poll = select.poll()
        own = (0,) if self.config.warm else ()
        for fd in (self.stdout.fd, self.stderr.fd, self._wake, *own):
            poll.register(fd, select.POLLIN)
        if self.control.listener is not None:
            poll.register(self.control.listener, select.POLLIN)
        return poll

    def _catch_signals(self) -> int:
        """From now on they wake the loop; the descriptor that becomes readable then."""
        wake, wake_end = os.pipe()
        os.set_blocking(wake, False)
        os.set_blocking(wake_end, False)
        signal.set_wakeup_fd(wake_end, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.signal(signal.SIGTERM, self._note_sigterm)
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        return wake

    def _note_sigterm(self, *_: object) -> None:
        """Only noted: a handler must not write between two halves of a record."""
        self._told_to_end = True

    # -- records -----------------------------------------------------------------------------

    def meta(self, event: str, **fields: Any) -> None:
        """Append one lifecycle record."""
        line = json.dumps({"event": event, **fields}, separators=(",", ":")).encode()
        self.transcript.meta(line)

    # -- what may be asked -------------------------------------------------------------------

    def _asked(self, request: dict[str, Any]) -> dict[str, Any]:
        self.attendance.seen(self.clock.now())  # somebody is there
        return self.operations.answer(request)

    @property
    def ending(self) -> bool:
        """The CLI is being ended."""
        return self.ladder.begun

    def interrupt_line(self) -> bytes:
        """The control request that stops a turn."""
        self._interrupts += 1
        request_id = f"shim-interrupt-{self._interrupts}"
        frame = {
            "type": "control_request",
            "request_id": request_id,
            "request": {"subtype": "interrupt"},
        }
        return json.dumps(frame).encode()

    def ask_to_stop(self) -> None:
        """First step of the ladder: interrupt the turn, then no more input."""
        if self.stdin.accepts:
            self.stdin.send(self.interrupt_line())
        self._close_stdin()

    def kill(self, reason: str, *, error: str = "") -> None:
        """End the execution; the first reason counts."""
        if not self.kill_reason:
            self.kill_reason = reason
            self.meta("kill", reason=reason, error=error)
        self.ladder.begin(self.clock.now(), ask=True)

    def limit(self, reason: str, **told: Any) -> None:
        """A limit is passed: end the execution, which has failed for that reason."""
        if not self.limit_reason:
            self.limit_reason = reason
            self.meta("limit", reason=reason, **told)
        self.ladder.begin(self.clock.now(), ask=True)

    # -- when stdin is closed ----------------------------------------------------------------

    def _close_stdin(self) -> None:
        if self.stdin.accepts:
            self.stdin.close()
            self.closing.closed(self.clock.now())
            self.meta("stdin_closed")

    def closing_may_change(self) -> None:
        """Something that decides when stdin is closed has changed."""
        deaf = not self.stdout.open
        now = self.clock.now()
        self.closing.changed(now, self.session, stays=self.keep_open, deaf=deaf)

    # -- the loop ----------------------------------------------------------------------------

    def run(self) -> None:
        """Until the CLI has exited."""
        self._reap()  # its end may have come before the handler that tells of one
        while self.wait_status is None:
            now = self.clock.now()
            due = self._act_on_time(now)
            nap = self.clock.nap(due)
            if self.wait_status is None:
                self._serve_all(None if nap is None else nap * 1000 + 1)
            if self._told_to_end:
                reason, error = told_reason()
                self.kill(reason, error=error)
            if self._writing or self.control.clients or self.stdin.waiting:
                self._watch_writers()
            self.stdout.breathe()

    def _serve_all(self, milliseconds: float | None) -> None:
        """Wait so long at most for something to happen, for ever if None, and see to it."""
        happened = self._poll.poll(milliseconds)
        self.clock.woke()
        for fd, event in happened:
            self._serve(fd, event)

    def _act_on_time(self, now: float) -> float | None:
        """Do what is due; when to look again, or None."""
        deadlines = self._deadlines()
        if any(due <= now for due, _ in deadlines):
            # The shim may have stood still while the CLI talked: what it said comes first.
            self._serve_all(0)
            if self.wait_status is not None:
                return 0.0
            for act in [act for due, act in self._deadlines() if due <= now]:
                act(now)
            deadlines = self._deadlines()
        return min((due for due, _ in deadlines), default=None)

    def _deadlines(self) -> list[Deadline]:
        """What will be due and when, as things stand."""
        found: list[Deadline] = []
        if self.warm is None and self.stdin.accepts:
            found += self.closing.open_deadlines(self._end_of_input, stays=self.keep_open)
        if self._flush_at is not None:
            found.append((self._flush_at, self._flush))
        if self.warm is None:  # limits are an execution's, and count from its prompt
            found += self.guard.deadlines(self.session, ending=self.ladder.begun)
        if self.ladder.begun:
            if self.ladder.due is not None:
                found.append((self.ladder.due, self._step))
            return found
        if self.warm is not None:
            return found + self.attendance.deadlines(self.clock.now(), "an execution")
        found += self.closing.exit_deadlines(self._force)
        if self.transcript.failure is not None:
            found.append((0.0, self._disk_failed))
        found += self.attendance.deadlines(self.clock.now(), self._waits_for())
        return found

    def _end_of_input(self, _now: float) -> None:
        self._close_stdin()

    def _flush(self, _now: float) -> None:
        self.stdout.flush()
        self.stderr.flush()
        self._flush_at = None

    def _step(self, now: float) -> None:
        name = self.ladder.step(now)
        if name:
            self.meta("signalled", signal=name)

    def _force(self, now: float) -> None:
        """It hangs after its result."""
        self.forced = True
        self.ladder.begin(now, ask=False)

    def _breached(self, breach: Breach) -> None:
        self.limit(breach.reason, figure=breach.figure, bound=breach.bound, error=breach.error)

    def _waits_for(self) -> str:
        """What only somebody can give: the CLI has asked something, or stays for a follow-up."""
        if not self.stdin.accepts:
            return ""
        if self.session.state == "requires_action":
            return "an answer"
        return "input" if self.keep_open and self.session.idle else ""

    def _end_unattended(self, figure: float, bound: float, error: str) -> None:
        self.limit("idle", figure=round(figure, 3), bound=bound, error=error)

    def _disk_failed(self, _now: float) -> None:
        self.limit("disk", **self.transcript.problem())

    def _serve(self, fd: int, happened: int) -> None:
        if fd == self.stdout.fd and self.stdout.open:
            lines = self.stdout.read()
            self.guard.heard(lines)
            if self.session.feed(lines):
                self.closing_may_change()
            self._after_output(self.stdout)
        elif fd == self.stderr.fd and self.stderr.open:
            self.stderr.read()
            self.guard.heard()
            self._after_output(self.stderr)
        elif fd == self._wake:
            os.read(self._wake, 1024)
            self._reap()
        elif fd == self.stdin.fd and self.stdin.open:
            self.stdin.write()
        elif fd == 0 and self.warm is not None:
            self._meet(self.warm)
        elif self.control.listener is not None and fd == self.control.listener.fileno():
            self.control.accept()
        elif fd in self.control.clients:
            readable = happened & (select.POLLIN | select.POLLHUP | select.POLLERR)
            self.control.serve(fd, bool(readable))

    def _meet(self, warm: Warm) -> None:
        """The manager brings an execution, or nobody will any more."""
        assert isinstance(self.transcript, HeldTranscript)
        useless = self.transcript.overflowed or self.ending
        if not useless and warm.answered():
            return
        self._poll.unregister(0)
        found = warm.receive()
        if found is None or useless:
            self.kill("close")
            return
        said, transcript = found
        self.warm = None
        warm.taken(transcript)
        self.transcript.begin(0, said["epoch_clock"])
        self.guard.begin()
        with open(PROMPT, "rb") as file:
            self.stdin.send(file.read().rstrip(b"\n"))

    def _after_output(self, output: Output) -> None:
        if not output.open:
            self._poll.unregister(output.fd)
            self.closing_may_change()
        elif output.unfinished:
            self._flush_at = self.clock.now() + _QUIET

    def _watch_writers(self) -> None:
        """Have the poll look at stdin and at the clients just as far as they need it."""
        wanted = dict.fromkeys(self.control.clients, select.POLLIN)
        for fd, client in self.control.clients.items():
            if client.writing:
                wanted[fd] |= select.POLLOUT
        if self.stdin.waiting:
            wanted[self.stdin.fd] = select.POLLOUT
        for fd in self._writing - wanted.keys():
            self._poll.unregister(fd)
        for fd, events in wanted.items():
            self._poll.register(fd, events)
        self._writing = set(wanted)

    def _reap(self) -> None:
        ended = descendants.reap()
        if self.pid in ended:
            self.wait_status = ended[self.pid]

    # -- the end -----------------------------------------------------------------------------

    def finish(self) -> None:
        """After the CLI's exit: nothing is left behind, everything is drained, the end is told."""
        assert self.wait_status is not None
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self.control.close()
        self.guard.exited()
        if self.guard.outruns:
            self.guard.kill_all()
        left = descendants.end_all(self.config.mark, self.config.graces.descendants)
        drain([self.stdout, self.stderr])
        shutil.rmtree(self.config.scratch, ignore_errors=True)
        if self.warm is not None:
            self.warm.leave()
            return
        if self.transcript.failure is not None and not (self.kill_reason or self.limit_reason):
            self.meta("limit", reason="disk", **self.transcript.problem())
        self.transcript.release()
        self.meta(
            "ended",
            exit_code=os.waitstatus_to_exitcode(self.wait_status),
            error="",
            forced=self.forced,
            descendants=left,
            **self.guard.close(),
        )
        self.transcript.insist(_ROOM_WITHIN)
        self.transcript.sync()


def supervise(launched: Launched) -> None:
    """From a started CLI to its ending record."""
    os.umask(0o077)  # the CLI has the user's; what the shim makes is its owner's alone
    config = read_config()
    supervisor = Supervisor(launched, config)
    error = launched.exec_error()
    if error:
        os.waitpid(launched.pid, 0)
        supervisor.control.close()
        shutil.rmtree(config.scratch, ignore_errors=True)
        if supervisor.warm is not None:
            supervisor.warm.leave()
            return
        supervisor.meta("ended", exit_code=None, error=error, forced=False, descendants=0)
        supervisor.transcript.sync()
        return
    supervisor.meta(
        "spawned",
        pid=launched.pid,
        start=start_ticks(launched.pid),
        shim_pid=os.getpid(),
        shim_start=start_ticks(os.getpid()),
        cli_path=launched.executable,
        **supervisor.guard.told,
    )
    if supervisor.control.problem:
        sys.stderr.write(supervisor.control.problem + "\n")
    with open("stdin", "rb") as file:
        first = file.read().rstrip(b"\n")
    if first:
        supervisor.stdin.send(first)
    supervisor.run()
    supervisor.finish()
