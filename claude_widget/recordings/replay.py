"""The backend that plays recorded executions instead of running the CLI.

The rule: it writes a recording's records into the new execution's transcript, at once or at the
recorded pace, and everything else works as it does live: the fold, the view, Kill. It never starts
a process. What is played always ends: a recording that stops before its end is ended here. What was
asked of the execution while it was recorded may be asked again; it changes nothing, since it is in
the recording.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from claude_widget.backend import Run
from claude_widget.errors import ControlFailed
from claude_widget.models import ExecutionRequest
from claude_widget.recordings.inputs import digests
from claude_widget.recordings.key import key_of
from claude_widget.recordings.reading import Played
from claude_widget.recordings.said import Said, not_printed
from claude_widget.recordings.store import Recording, Recordings
from claude_widget.redaction.redactor import Redactor
from claude_widget.reports import EndedProcess
from claude_widget.transcript import Writer

_LOG = logging.getLogger(__name__)
_ENDINGS = ("ended", "lost", "refused")
_STOP = 1.0
"""Seconds that one whose end is awaited waits for what was said when it was recorded: whoever waits
is hardly going to say it."""
_AT_ONCE = 8 << 20
"""Bytes that are written in the thread that starts; more would keep it too long."""
_ASKED = {
    "send": "no follow-ups and no changes but those that were recorded",
    "interrupt": "no interrupt but one that was recorded",
    "end": "no input that could end",
    "answer": "no answers but those that were given when it was recorded",
}


@dataclass
class _Playing:
    """One execution that is being played."""

    said: Said
    awaited: bool = False
    thread: threading.Thread | None = None
    wake: threading.Event = field(default_factory=threading.Event)
    kill_reason: str = ""
    kill_error: str = ""


class ReplayBackend:
    """Plays recordings.

    Args:
        recordings: where they are; one folder each.
        pace: how fast: 1 as recorded, 2 twice as fast, 0 at once.
    """

    name: Literal["replay"] = "replay"

    def __init__(self, recordings: Recordings | str | Path, *, pace: float = 1.0) -> None:
        if not isinstance(recordings, Recordings):
            recordings = Recordings(recordings, Redactor())
        self.recordings: Recordings = recordings
        self.pace = pace
        self._lock = threading.Lock()
        self._playing: dict[str, _Playing] = {}
        self._over: dict[str, Said] = {}
        self._awaited: set[str] = set()
        self._ended = _Bell()

    def check(self, request: ExecutionRequest) -> None:
        """Refuse what nothing is recorded for, and a recording that cannot be played.

        Raises:
            RecordingNotFound: there is none.
            RecordingDamaged, RecordingTooNew: there is one, and it cannot be played.
        """
        self.recordings.read(self.find(request))

    def find(self, request: ExecutionRequest) -> Recording:
        """The recording of a request that was made once; else the one that has its query.

        Raises:
            RecordingNotFound, RecordingDamaged, RecordingTooNew: as for `check`.
        """
        base, redactor = self.recordings.folder.parent, self.recordings.redactor
        inputs = digests(request.inputs, base, self.recordings.folder) if request.inputs else {}
        key = key_of(request, base=base, redactor=redactor, inputs=inputs)
        found = self.recordings.find(key) or self.recordings.by_query(request.query)
        if found is None:
            raise self.recordings.missing(key, request)
        return found

    def start(self, run: Run, writer: Writer) -> None:
        """Begin to play what is recorded for its request."""
        self.play(run, writer, self.find(run.request))

    def play(
        self, run: Run, writer: Writer, recording: Recording, read: Played | None = None
    ) -> None:
        """Write a recording into a transcript: at once, or on a thread of its own.

        Args:
            run: the execution that shows it.
            writer: of its transcript; closed when all is written.
            recording: what is played.
            read: what was read of it when it was chosen; it is read again if it has changed since.

        Raises:
            RecordingDamaged: it cannot be played; the writer is still open.
            OSError: nothing could be written; the writer is still open.
        """
        if read is None or not self.recordings.is_as_read(recording, read):
            read = self.recordings.read(recording)
        played = _with_an_end(read, recording)
        keep_open = run.request.keep_open
        playing = _Playing(Said(played.lines, keep_open=keep_open, typed=played.typed))
        with self._lock:
            playing.awaited = run.execution_id in self._awaited
            self._playing[run.execution_id] = playing
        small = sum(map(len, played.lines)) <= _AT_ONCE
        if self.pace == 0 and small and not playing.said.stops:
            self._play(run, writer, played, playing)
            return
        playing.thread = threading.Thread(
            target=self._play,
            args=(run, writer, played, playing),
            name="claude-widget-replay",
            daemon=True,
        )
        playing.thread.start()

    def _play(self, run: Run, writer: Writer, played: Played, playing: _Playing) -> None:
        try:
            with writer:
                if not self._write(writer, played, playing):
                    writer.meta("kill", reason=playing.kill_reason, error=playing.kill_error)
                    code = -15 if _has_spawned(played.lines[: playing.said.at]) else None
                    writer.meta("ended", exit_code=code, error="", forced=False, descendants=0)
        except OSError as error:
            _LOG.error("Execution %s cannot be played: %s", run.execution_id, error)
        finally:
            with self._lock:
                self._playing.pop(run.execution_id, None)
                self._awaited.discard(run.execution_id)
                if playing.said.left:
                    self._over[run.execution_id] = playing.said
            self._ended.ring()

    def _write(self, writer: Writer, played: Played, playing: _Playing) -> bool:
        """Write what is due, as much at once as there is; False if it is to be ended."""
        said = playing.said
        begun = time.monotonic()
        while said.at < len(played.lines):
            after = self._after(played, said.at)
            if said.at in said.stops:
                before = self._after(played, max(0, said.at - 1))
                _wait_to_be_said(playing, after - before if self.pace > 0 else _STOP)
                begun = time.monotonic() - after  # what follows comes as long after it as then
            else:
                _wait_until(begun + after, playing)
            if playing.kill_reason:
                return False
            upto = self._upto(played, said, begun)
            writer.records(b"\n".join(played.lines[said.at : upto]))
            said.at = upto
        return True

    def _after(self, played: Played, line: int) -> float:
        """Seconds from the beginning until a line is due."""
        return _time(played, line) / self.pace if self.pace > 0 else 0.0

    def _upto(self, played: Played, said: Said, begun: float) -> int:
        """The line after the last one that is due as well."""
        upto = said.at + 1
        now = time.monotonic() - begun
        while upto < len(played.lines) and upto not in said.stops:
            if self._after(played, upto) > now:
                break
            upto += 1
        return upto

    def await_end(self, run: Run) -> None:
        """Somebody waits for its end: what is not said soon by then nobody will say."""
        with self._lock:
            self._awaited.add(run.execution_id)
            playing = self._playing.get(run.execution_id)
        if playing is not None:
            playing.awaited = True
            playing.wake.set()

    def ask(self, run: Run, operation: str, **fields: Any) -> dict[str, Any]:
        """Kill ends the play; what was asked when it was recorded is taken, and nothing else."""
        with self._lock:
            playing = self._playing.get(run.execution_id)
            said = playing.said if playing is not None else self._over.get(run.execution_id)
            taken = said is not None and said.take(operation, str(fields.get("line", "")))
        if operation == "kill" and playing is not None:
            playing.kill_reason = str(fields.get("reason") or "user")
            playing.kill_error = str(fields.get("error") or "")
        elif not taken:
            raise self._refusal(run, operation, said if playing is not None else None)
        if playing is not None:
            playing.wake.set()
        return {"ok": True}

    @staticmethod
    def _refusal(run: Run, operation: str, said: Said | None) -> ControlFailed:
        asked = _ASKED.get(operation, f"no {operation!r}")
        what = "has ended" if said is None else f"is a recording: it takes {asked}"
        recorded = said.next_said if said is not None and operation == "send" else ""
        then = f" What was recorded next is {recorded[:200]!r}." if recorded else ""
        return ControlFailed(
            f"Execution {run.execution_id} {what}.{then}",
            code="replay",
            execution_id=run.execution_id,
            hint="Run it live to talk to it.",
        )

    def alive(self, run: Run) -> bool:
        """Whether it is being played here."""
        with self._lock:
            return run.execution_id in self._playing

    def sweep(self, run: Run) -> tuple[EndedProcess, ...]:
        """A recording leaves no processes."""
        del run
        return ()

    def wait_handles(self) -> Sequence[int]:
        """One that becomes readable when a play has ended, while there are any."""
        with self._lock:
            return self._ended.handles(waiting=bool(self._playing))

    def notice(self) -> str:
        """That nothing here is live."""
        return (
            "Playing recorded executions: no Claude Code is started and nothing is charged. "
            "Only recorded queries have an answer."
        )

    def suggested_queries(self) -> tuple[str, ...]:
        """The recorded ones, each once."""
        asked = (one.material.get("query") for one in self.recordings.all())
        return tuple(dict.fromkeys(str(query) for query in asked if query))

    def close(self) -> None:
        """End what is being played; a recording has nothing that could go on without us."""
        with self._lock:
            playing = list(self._playing.values())
        for one in playing:
            one.kill_reason = one.kill_reason or "close"
            one.wake.set()
        for one in playing:
            if one.thread is not None:
                one.thread.join(timeout=5)
        self._ended.close()


class _Bell:
    """Tells whoever polls that a play has ended, until it was looked at."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._ends: tuple[int, int] | None = None
        self._rung = self._shown = False

    def ring(self) -> None:
        with self._lock:
            if self._ends is not None and not self._rung:
                os.write(self._ends[1], b"!")
            self._rung = True

    def handles(self, *, waiting: bool) -> tuple[int, ...]:
        """The descriptor to poll, if anything is awaited, or was told and not yet looked at."""
        with self._lock:
            if self._shown:  # whoever got it then has looked since
                assert self._ends is not None
                os.read(self._ends[0], 1)
                self._rung = self._shown = False
            if not (waiting or self._rung):
                return ()
            if self._ends is None:
                self._ends = os.pipe()
                if self._rung:
                    os.write(self._ends[1], b"!")
            self._shown = self._rung
            return (self._ends[0],)

    def close(self) -> None:
        with self._lock:
            for end in self._ends or ():
                os.close(end)
            self._ends = None
            self._rung = self._shown = False


def _wait_until(due: float, playing: _Playing) -> None:
    """Until that monotonic second, or until it is killed."""
    while (left := due - time.monotonic()) > 0 and not playing.kill_reason:
        playing.wake.wait(left)
        playing.wake.clear()


def _wait_to_be_said(playing: _Playing, pause: float) -> None:
    """Until its caller says what the next line has; until soon, if its caller awaits the end.

    Args:
        playing: it.
        pause: seconds after which what a person has typed comes by itself.
    """
    is_typed = playing.said.at in playing.said.typed
    due = time.monotonic() + pause if is_typed else None
    while not (playing.said.was_said or playing.kill_reason):
        if playing.awaited and due is None:
            due = time.monotonic() + _STOP
        left = None if due is None else due - time.monotonic()
        if left is not None and left <= 0:
            return
        playing.wake.wait(left)
        playing.wake.clear()


def _time(played: Played, line: int) -> float:
    """When a line is due; those that have no time come with the last that has one."""
    times = played.times
    return times[min(line, len(times) - 1)] if times else 0.0


def _with_an_end(played: Played, recording: Recording) -> Played:
    """The lines up to the ending; one of our own where there is none."""
    for number, line in not_printed(played.lines):
        if line.startswith(b"meta ") and _event(line) in _ENDINGS:
            return played._replace(lines=played.lines[: number + 1])
    said = f"The recording {recording.folder.name} stops before its end: record it anew."
    lost = b"meta " + json.dumps({"event": "lost", "error": said}).encode()
    return played._replace(lines=[*played.lines, lost])


def _has_spawned(lines: Sequence[bytes]) -> bool:
    return any(line.startswith(b"meta ") and _event(line) == "spawned" for line in lines)


def _event(line: bytes) -> str:
    """The name of one of our own records."""
    try:
        return str(json.loads(line[5:])["event"])
    except (ValueError, KeyError, TypeError):
        return ""
