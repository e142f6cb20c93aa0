"""Supervises one CLI from its start to its ending record: the loop that joins the shim's parts.

The rule: one thread, one loop, no wait without a bound. It decides when stdin is closed, when a
limit is passed and when the ladder begins; it judges nothing else. The ending record comes last,
after every descendant is gone and the streams are drained.
"""

import contextlib
import json
import os
import select
import shutil
import signal
import sys
import time
from collections.abc import Callable
from typing import Any

from . import descendants, records
from .config import Config, read_config
from .control import Control
from .ladder import Ladder
from .launch import Launched
from .operations import KILL_REASONS, Operations
from .session import Session
from .streams import STDERR_LIMIT, Input, Output, Transcript
from .watch import Watch

_QUIET = 0.25
"""Seconds without output after which what is there of a half line is written."""
_LONGEST_NAP = 3600.0
"""Seconds that one poll may take: the system's own bound is 24 days, a timeout's may be longer."""
_DRAIN = 2.0
"""Seconds that the streams may stay open after the last descendant has gone."""


def told_reason() -> str:
    """Why a SIGTERM came: the file `kill` says so, where the one who sent it could write it."""
    try:
        with open("kill", "rb") as file:
            said = file.read(100).decode("utf-8", "replace")
    except OSError:
        said = ""
    return said if said in KILL_REASONS else "close"


def start_ticks(pid: int) -> int:
    """When a process started, in the system's clock ticks since boot; 0 where /proc is absent."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
    except OSError:
        return 0
    return int(stat[stat.rindex(b")") + 2 :].split()[19])


class Supervisor:
    """One CLI, its streams, its socket and its end."""

    def __init__(self, launched: Launched, config: Config) -> None:
        self.config = config
        self.pid = launched.pid
        self.transcript = Transcript(0, config.epoch_clock)
        self.stdout = Output(launched.stdout, records.OUT, self.transcript)
        self.stderr = Output(launched.stderr, records.ERR, self.transcript, STDERR_LIMIT)
        self.stdin = Input(launched.stdin, self.transcript)
        self.session = Session()
        self.ladder = Ladder(self.pid, config.graces, self.ask_to_stop)
        self.watch = Watch(config.watching, config.unwatched)
        self.keep_open = config.keep_open
        self.kill_reason = ""
        self.limit_reason = ""
        self.wait_status: int | None = None
        self.forced = False
        self._started = launched.started - config.epoch_clock
        self._idle_since: float | None = None
        self._turn_over_since: float | None = None
        self._closed_at: float | None = None
        self._flush_at: float | None = None
        self._interrupts = 0
        self._told_to_end = False
        self._wake = self._catch_signals()
        greeting = {
            "execution_id": config.execution_id,
            "pid": self.pid,
            "shim_pid": os.getpid(),
        }
        self.operations = Operations(self)
        self.control = Control(config.socket, greeting, self._asked)
        self._poll = select.poll()
        for fd in (self.stdout.fd, self.stderr.fd, self._wake):
            self._poll.register(fd, select.POLLIN)
        if self.control.listener is not None:
            self._poll.register(self.control.listener, select.POLLIN)
        self._writing: set[int] = set()

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
        self.transcript.lines(records.META, line)

    # -- what may be asked -------------------------------------------------------------------

    def _asked(self, request: dict[str, Any]) -> dict[str, Any]:
        self.watch.seen(self.transcript.now())  # somebody is there
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

    def kill(self, reason: str) -> None:
        """End the execution; the first reason counts."""
        if not self.kill_reason:
            self.kill_reason = reason
            self.meta("kill", reason=reason)
        self.ladder.begin(self.transcript.now(), ask=True)

    def limit(self, reason: str, **told: Any) -> None:
        """A limit is passed: end the execution, which has failed for that reason."""
        if not self.limit_reason:
            self.limit_reason = reason
            self.meta("limit", reason=reason, **told)
        self.ladder.begin(self.transcript.now(), ask=True)

    # -- when stdin is closed ----------------------------------------------------------------

    def _close_stdin(self) -> None:
        if self.stdin.accepts:
            self.stdin.close()
            self._closed_at = self.transcript.now()
            self.meta("stdin_closed")

    def closing_may_change(self) -> None:
        """Something that decides when stdin is closed has changed."""
        now = self.transcript.now()
        deaf = not self.stdout.open  # whatever it still does, it can tell nothing of it
        if not self.session.turn_over and not deaf:
            self._turn_over_since = self._idle_since = None
        else:
            self._turn_over_since = self._turn_over_since or now
            idle = (self.session.idle and not self.keep_open) or deaf
            self._idle_since = (self._idle_since or now) if idle else None

    # -- the loop ----------------------------------------------------------------------------

    def run(self) -> None:
        """Until the CLI has exited."""
        self._reap()  # its end may have come before the handler that tells of one
        while self.wait_status is None:
            now = self.transcript.now()
            due = self._act_on_time(now)
            timeout = None if due is None else min(max(0.0, due - now), _LONGEST_NAP) * 1000 + 1
            for fd, happened in self._poll.poll(timeout):
                self._serve(fd, happened)
            if self._told_to_end:
                self.kill(told_reason())
            if self._writing or self.control.clients or self.stdin.waiting:
                self._watch_writers()

    def _act_on_time(self, now: float) -> float | None:
        """Do what is due; when to look again, or None."""
        deadlines = self._deadlines()
        passed = [act for due, act in deadlines if due <= now]
        if passed:
            for act in passed:
                act(now)
            deadlines = self._deadlines()
        return min((due for due, _ in deadlines), default=None)

    def _deadlines(self) -> list[tuple[float, Callable[[float], None]]]:
        """What will be due and when, as things stand."""
        found: list[tuple[float, Callable[[float], None]]] = []
        graces, over = self.config.graces, self._turn_over_since
        if self.stdin.accepts and self._idle_since is not None:
            found.append((self._idle_since + graces.settle, self._end_of_input))
        elif self.stdin.accepts and over is not None and not self.keep_open:
            found.append((over + self.config.background_grace, self._end_of_input))
        if self._flush_at is not None:
            found.append((self._flush_at, self._flush))
        if self.ladder.begun:
            if self.ladder.due is not None:
                found.append((self.ladder.due, self._step))
            return found
        if self._closed_at is not None and over is not None:
            # A task that ends after stdin was closed still brings a turn of its own.
            found.append((max(self._closed_at, over) + graces.exit, self._force))
        if self.config.timeout is not None:
            found.append((self._started + self.config.timeout, self._time_out))
        if self.transcript.failure is not None:
            found.append((0.0, self._disk_failed))
        look = self.watch.due(self.transcript.now(), waits=self._waits_for_somebody())
        if look is not None:
            found.append((look, self._look_for_kernel))
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

    def _time_out(self, now: float) -> None:
        self.limit("timeout", figure=round(now - self._started, 3), bound=self.config.timeout)

    def _waits_for_somebody(self) -> bool:
        """The CLI has asked something, or stays for a follow-up."""
        stays = self.keep_open and self.session.idle
        return self.stdin.accepts and (stays or self.session.state == "requires_action")

    def _look_for_kernel(self, now: float) -> None:
        if self.watch.look(now):
            what = "an answer" if self.session.state == "requires_action" else "input"
            bound = self.watch.bound
            said = f"It waited for {what}, and for {bound:g} s no kernel was there to give it."
            self.limit("idle", bound=bound, error=said)

    def _disk_failed(self, _now: float) -> None:
        self.limit("disk", figure=0, bound=0)

    def _serve(self, fd: int, happened: int) -> None:
        if fd == self.stdout.fd and self.stdout.open:
            if self.session.feed(self.stdout.read()):
                self.closing_may_change()
            self._after_output(self.stdout)
        elif fd == self.stderr.fd and self.stderr.open:
            self.stderr.read()
            self._after_output(self.stderr)
        elif fd == self._wake:
            os.read(self._wake, 1024)
            self._reap()
        elif fd == self.stdin.fd and self.stdin.open:
            self.stdin.write()
        elif self.control.listener is not None and fd == self.control.listener.fileno():
            self.control.accept()
        elif fd in self.control.clients:
            readable = happened & (select.POLLIN | select.POLLHUP | select.POLLERR)
            self.control.serve(fd, bool(readable))

    def _after_output(self, output: Output) -> None:
        if not output.open:
            self._poll.unregister(output.fd)
            self.closing_may_change()
        elif output.unfinished:
            self._flush_at = self.transcript.now() + _QUIET

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
        left = descendants.end_all(self.config.mark, self.config.graces.descendants)
        self._drain()
        shutil.rmtree(self.config.scratch, ignore_errors=True)
        self.meta(
            "ended",
            exit_code=os.waitstatus_to_exitcode(self.wait_status),
            error="",
            forced=self.forced,
            descendants=left,
        )
        self.transcript.sync()

    def _drain(self) -> None:
        until = time.monotonic() + _DRAIN
        poll = select.poll()
        outputs = [output for output in (self.stdout, self.stderr) if output.open]
        for output in outputs:
            poll.register(output.fd, select.POLLIN)
        while any(output.open for output in outputs) and time.monotonic() < until:
            poll.poll(50)
            for output in outputs:
                self._read_on(output, poll)
        for output in outputs:
            output.close()

    @staticmethod
    def _read_on(output: Output, poll: select.poll) -> None:
        if output.open:
            output.read()
        if not output.open:
            with contextlib.suppress(KeyError):
                poll.unregister(output.fd)


def supervise(launched: Launched) -> None:
    """From a started CLI to its ending record."""
    config = read_config()
    supervisor = Supervisor(launched, config)
    error = launched.exec_error()
    if error:
        os.waitpid(launched.pid, 0)
        supervisor.control.close()
        shutil.rmtree(config.scratch, ignore_errors=True)
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
    )
    if supervisor.control.problem:
        sys.stderr.write(supervisor.control.problem + "\n")
    with open("stdin", "rb") as file:
        first = file.read().rstrip(b"\n")
    if first:
        supervisor.stdin.send(first)
    supervisor.run()
    supervisor.finish()
