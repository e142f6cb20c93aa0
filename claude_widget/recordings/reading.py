"""What the files of one recording say, checked.

The rule: it reads, and believes nothing: whatever cannot be played is refused by file and line
before anything is written. The lock of the folder is held by whoever asks.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from claude_widget.errors import InvalidTransition, TranscriptError
from claude_widget.events import Adopted, Record, parse
from claude_widget.events.decode import decode
from claude_widget.models import ExecutionStatus
from claude_widget.own_files import open_any
from claude_widget.recordings import format as recording_format
from claude_widget.recordings.errors import RecordingDamaged
from claude_widget.recordings.format import FormatProblem
from claude_widget.recordings.run_file import digest_of, run_of
from claude_widget.recordings.said import not_printed
from claude_widget.shim.records import LAST
from claude_widget.state import State, fold, reduce
from claude_widget.transcript import read_records

REQUEST, TRANSCRIPT, RUN, PATCH = "request.json", "transcript", "run.json", "changes.patch"
OLDEST = "recording.json"
"""Of format 0, which the query alone finds: it holds the query, beside a transcript as it was."""
_LATEST = 1e12
"""Epoch seconds."""
_LARGEST = {REQUEST: 16 << 20, OLDEST: 16 << 20, RUN: 256 << 20, TRANSCRIPT: 1 << 30}
"""Bytes; more is taken for damaged."""
_META = b"meta "
_ASKED = b'{"event": "requested", "request": {"query": "", "project_path": ""}}'
_PENDING = fold(State.initial(""), [Record(0, 0.0, "meta", _ASKED)])
"""What a recording's lines follow when they are played."""


class Played(NamedTuple):
    """What a recording writes when it is played.

    Attributes:
        lines: `<stream> <data>` each, without newlines.
        times: seconds of each since the first; there may be fewer.
        recorded_time: epoch seconds of when it was recorded; None if it does not say.
        typed: which of what was said to it a person has typed on a page, counted from 0.
        signature: of the files that were read.
    """

    lines: list[bytes]
    times: list[float]
    recorded_time: float | None = None
    typed: tuple[int, ...] = ()
    signature: tuple[object, ...] = ()


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object that a recording's file holds.

    Raises:
        RecordingDamaged: it holds none, or there is no such file.
    """
    try:
        told = json.loads(_content(path))
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        raise RecordingDamaged(str(path), f"it is no JSON: {error}", line=line) from None
    if not isinstance(told, dict):
        raise RecordingDamaged(str(path), "it is no JSON object")
    return told


def _content(path: Path) -> bytes:
    most = _LARGEST[path.name]
    try:
        with os.fdopen(open_any(path), "rb") as file:
            content = file.read(most + 1)
    except OSError as error:
        raise RecordingDamaged(str(path), error.strerror or str(error)) from None
    if len(content) > most:
        raise RecordingDamaged(str(path), f"it has more than {most:,} bytes")
    return content


def played_of(folder: Path) -> Played:
    """What the recording of a folder writes.

    Raises:
        RecordingDamaged: a file is missing, a line is none, or one of ours cannot stand there.
    """
    try:
        run = run_of(read_object(folder / RUN))
    except ValueError as error:
        raise RecordingDamaged(str(folder / RUN), str(error)) from None
    path = folder / TRANSCRIPT
    try:
        content = _content(path)
        edited = digest_of(content, run.values) != run.digest
        lines = recording_format.real(content.decode(), run.values, check=edited)
        _check_own(lines)
    except FormatProblem as error:
        raise RecordingDamaged(str(path), error.problem, line=error.line) from None
    except ValueError as error:
        raise RecordingDamaged(str(path), f"it is no text: {error}") from None
    return Played(lines, run.times, run.recorded_time, run.typed)


def oldest_played_of(folder: Path) -> Played:
    """The same of format 0: a transcript as the shim wrote it.

    Raises:
        RecordingDamaged: it is none, or one of our records cannot stand there.
    """
    path = folder / TRANSCRIPT
    try:
        records = list(read_records(path, own=False))
    except OSError as error:
        raise RecordingDamaged(str(path), error.strerror or str(error)) from None
    except TranscriptError as error:
        raise RecordingDamaged(str(path), str(error)) from None
    if not records or not recording_format.is_own(records[0]):
        raise RecordingDamaged(str(path), "it is no transcript")
    body = [record for record in records if not recording_format.is_own(record)]
    zero = body[0].time if body else 0.0
    lines = [_whole(record) for record in body]
    try:
        _check_own(lines)
    except FormatProblem as error:
        raise RecordingDamaged(str(path), error.problem) from None
    return Played(lines, [record.time - zero for record in body], _begun(records[0]))


def _begun(header: Record) -> float | None:
    """Epoch seconds that the first record says."""
    epoch = (decode(header.data) or {}).get("epoch")
    if isinstance(epoch, int | float) and abs(epoch) < _LATEST:  # NaN is neither
        return float(epoch)
    return None


def _whole(record: Record) -> bytes:
    mark = b"" if record.complete else LAST
    return record.stream.encode() + mark + b" " + record.data


def _check_own(lines: Sequence[bytes]) -> None:
    """See that our own records can follow each other, whoever has edited them or their values.

    The fold is strict with them: one that it refuses would leave an execution that never ends.

    Raises:
        FormatProblem: one cannot stand where it stands.
    """
    state = _PENDING
    for number, line in not_printed(lines):
        if not line.startswith(_META):
            continue
        event = parse(Record(0, 0.0, "meta", line[len(_META) :]))
        if isinstance(event, Adopted):
            raise FormatProblem(number + 1, "'adopted' is of another kernel")
        try:
            state = reduce(state, event)
        except InvalidTransition as error:
            said = f"record {error.event} cannot follow status {error.status!r}"
            raise FormatProblem(number + 1, said) from None
        if state.life.status.ended:  # nothing after it is played
            return


def has_completed(played: Played) -> bool:
    """Whether what a recording plays ends well."""
    state = _PENDING
    for line in played.lines:
        stream, _, data = line.partition(b" ")
        record = Record(0, 0.0, stream.decode().removesuffix(LAST.decode()), data)
        state = reduce(state, parse(record))
    return state.life.status is ExecutionStatus.COMPLETED


def signature_of(folder: Path) -> tuple[object, ...]:
    """What tells that the files of a recording are those that were read."""
    said: list[object] = [folder]
    for name in (TRANSCRIPT, RUN):
        with contextlib.suppress(OSError):
            found = (folder / name).stat()
            said += [found.st_ino, found.st_size, found.st_mtime_ns]
    return tuple(said)
