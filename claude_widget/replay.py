"""The backend that plays recorded executions instead of running the CLI.

The rule: it writes a recording's records into the new execution's transcript, at the recorded
pace, and everything else works as it does live: the fold, the view, Kill. A recording is a folder
with a `transcript`, and `recording.json`, whose `query` it is looked up by. It never starts a
process. What is played always ends: a recording that stops before its end is ended here.
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
from claude_widget.errors import (
    ControlFailed,
    InvalidRequest,
    RecordingNotFound,
    TranscriptError,
)
from claude_widget.events import Record
from claude_widget.models import ExecutionRequest
from claude_widget.own_files import open_any
from claude_widget.reports import EndedProcess
from claude_widget.shim import records
from claude_widget.transcript import Writer, read_records

MODE_VARIABLE = "CLAUDE_WIDGET_MODE"
"""`live` or `replay`."""
RECORDINGS_VARIABLE = "CLAUDE_WIDGET_RECORDINGS"
"""The folder of recordings, in replay mode."""
PACE_VARIABLE = "CLAUDE_WIDGET_PACE"
"""How fast recordings are played: 1 (the default) as recorded, 2 twice as fast, 0 at once."""

_LOG = logging.getLogger(__name__)
_HEAD = ("transcript", "requested")
"""Records that the new execution has of its own."""
_ENDINGS = ("ended", "lost", "refused")
_LARGEST_DESCRIPTION = 16 << 20
"""Bytes."""
_ASKED = {
    "send": "no follow-ups and no changes",
    "interrupt": "no interrupt",
    "end": "no input that could end",
    "answer": "no answers but those that were given when it was recorded",
}


def find_recordings(folder: Path) -> dict[str, Path]:
    """The recordings of a folder: transcript by query."""
    found: dict[str, Path] = {}
    for described in sorted(folder.glob("*/recording.json")):
        try:
            with os.fdopen(open_any(described), "rb") as file:
                query = json.loads(file.read(_LARGEST_DESCRIPTION))["query"]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            _LOG.warning("%s is left out: %s", described, error)
            continue
        found[str(query)] = described.parent / "transcript"
    return found


@dataclass
class _Playing:
    """One execution that is being played."""

    thread: threading.Thread | None = None
    wake: threading.Event = field(default_factory=threading.Event)
    kill_reason: str = ""


class ReplayBackend:
    """Plays recordings.

    Args:
        folder: where they are; one folder each.
        pace: how fast: 1 as recorded, 2 twice as fast, 0 at once.
    """

    name: Literal["replay"] = "replay"

    def __init__(self, folder: str | Path, *, pace: float = 1.0) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.pace = pace
        self._lock = threading.Lock()
        self._playing: dict[str, _Playing] = {}

    def check(self, request: ExecutionRequest) -> None:
        """Refuse a query that nothing is recorded for, and a recording that cannot be played.

        Raises:
            RecordingNotFound: there is none of that query.
            InvalidRequest: its transcript is missing, or is none.
        """
        path = self._find(request)
        try:
            first = next(read_records(path, own=False), None)
            problem = "it is no transcript"
        except (OSError, TranscriptError) as error:
            first, problem = None, str(error)
        if first is None or _event(first) != "transcript":
            raise InvalidRequest(
                f"The recording {path.parent} cannot be played: {problem}.",
                field="query",
                hint="Record it anew, or run it live.",
            )

    def _find(self, request: ExecutionRequest) -> Path:
        known = find_recordings(self.folder)
        try:
            return known[request.query]
        except KeyError:
            raise RecordingNotFound(request.query, sorted(known)) from None

    def start(self, run: Run, writer: Writer) -> None:
        """Begin to play, on a thread of its own."""
        recorded = list(read_records(self._find(run.request), own=False))
        playing = _Playing()
        playing.thread = threading.Thread(
            target=self._play,
            args=(run, writer, recorded, playing),
            name="claude-widget-replay",
            daemon=True,
        )
        with self._lock:
            self._playing[run.execution_id] = playing
        playing.thread.start()

    def _play(self, run: Run, writer: Writer, recorded: list[Record], playing: _Playing) -> None:
        try:
            with writer:
                self._write(writer, recorded, playing)
        except OSError as error:
            _LOG.error("Execution %s cannot be played: %s", run.execution_id, error)
        finally:
            with self._lock:
                self._playing.pop(run.execution_id, None)

    def _write(self, writer: Writer, recorded: list[Record], playing: _Playing) -> None:
        body = [record for record in recorded if _event(record) not in _HEAD]
        begun = time.monotonic()
        spawned = False
        for record in body:
            if self.pace > 0:
                due = begun + (record.time - body[0].time) / self.pace
                playing.wake.wait(max(0.0, due - time.monotonic()))
            if playing.kill_reason:
                code = -15 if spawned else None
                writer.meta("kill", reason=playing.kill_reason)
                writer.meta("ended", exit_code=code, error="", forced=False, descendants=0)
                return
            stream = record.stream.encode() + (b"" if record.complete else records.LAST)
            writer.lines(stream, record.data)
            event = _event(record)
            if event in _ENDINGS:
                return
            spawned = spawned or event == "spawned"
        writer.meta("lost", error="The recording stops before its end.")

    def ask(self, run: Run, operation: str, **fields: Any) -> dict[str, Any]:
        """Kill ends the play; nothing else can be asked of a recording."""
        with self._lock:
            playing = self._playing.get(run.execution_id)
        if operation != "kill" or playing is None:
            asked = _ASKED.get(operation, f"no {operation!r}")
            what = "has ended" if playing is None else f"is a recording: it takes {asked}"
            raise ControlFailed(
                f"Execution {run.execution_id} {what}.",
                code="replay",
                execution_id=run.execution_id,
                hint="Run it live to talk to it.",
            )
        playing.kill_reason = str(fields.get("reason") or "user")
        playing.wake.set()
        return {"ok": True}

    def alive(self, run: Run) -> bool:
        """Whether it is being played here."""
        with self._lock:
            return run.execution_id in self._playing

    def sweep(self, run: Run) -> tuple[EndedProcess, ...]:
        """A recording leaves no processes."""
        del run
        return ()

    def wait_handles(self) -> Sequence[int]:
        """There is no process to wait for."""
        return ()

    def notice(self) -> str:
        """That nothing here is live."""
        return (
            "Playing recorded executions: no Claude Code is started and nothing is charged. "
            "Only recorded queries have an answer."
        )

    def suggested_queries(self) -> tuple[str, ...]:
        """The recorded ones."""
        return tuple(find_recordings(self.folder))

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


def _event(record: Record) -> str:
    """The name of one of our own records; empty for what the CLI wrote or read."""
    if record.stream != "meta":
        return ""
    try:
        return str(json.loads(record.data)["event"])
    except (ValueError, KeyError, TypeError):
        return ""
