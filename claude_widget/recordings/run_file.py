"""What every run has otherwise, as the one small file of a recording.

The rule: data to text and back; it knows no file. The values that were taken out of the transcript
are here, so that the same frames can be played again; the rest is for people.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from claude_widget.events import Record
from claude_widget.recordings.format import FORMAT_VERSION, KINDS, Neutral
from claude_widget.state import State, fold

_LONGEST = 1e9
"""Seconds."""
PATCH_DIGEST = "patch_digest"
"""The name of what `digest_of_patch` gave when the patch was saved; not there without a patch."""


class RunFile(NamedTuple):
    """What is needed of it to play a recording.

    Attributes:
        values: what the placeholders of each kind stand for.
        times: seconds of each line since the first.
        digest: what `digest_of` gave when it was saved; empty if it does not say.
        recorded_time: epoch seconds of the end of what was recorded; None if it does not say.
        typed: which of what was said to it a person has typed on a page, counted from 0.
    """

    values: dict[str, list[str]]
    times: list[float]
    digest: str = ""
    recorded_time: float | None = None
    typed: tuple[int, ...] = ()


def describe_run(
    execution_id: str,
    records: Iterable[Record],
    kept: Neutral,
    typed: Sequence[int] = (),
    patch: bytes | None = None,
) -> bytes:
    """The file's content, a name a line.

    Args:
        execution_id: of the execution that was recorded.
        records: its transcript, redacted.
        kept: what has become of it.
        typed: which of what was said to it a person has typed on a page.
        patch: the file of what it changed; None if that is nothing.
    """
    info = fold(State.initial(execution_id), records).info
    told: dict[str, Any] = {
        "format": FORMAT_VERSION,
        "recorded": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(info.end_time)),
        "cli_version": info.cli_version,
        "execution_id": execution_id,
        "session_id": info.session_id,
        "seconds": None if info.duration is None else round(info.duration, 3),
        "cost_usd": info.cost_usd,
        "usage": info.usage.model_dump(),
        "digest": digest_of(kept.text.encode(), kept.values),
        **({} if patch is None else {PATCH_DIGEST: digest_of_patch(patch)}),
        **({"typed": list(typed)} if typed else {}),
        "times": kept.times,
        "values": kept.values,
    }
    rows = [f"  {json.dumps(name)}: {_row(value)}" for name, value in told.items()]
    return ("{\n" + ",\n".join(rows) + "\n}\n").encode("utf-8", "surrogateescape")


def _row(value: Any) -> str:
    if isinstance(value, dict) and any(isinstance(one, list) for one in value.values()):
        rows = [f"    {json.dumps(name)}: {_row(one)}" for name, one in value.items()]
        return "{\n" + ",\n".join(rows) + "\n  }"
    return json.dumps(value, ensure_ascii=False)


def run_of(told: Any) -> RunFile:
    """What the file says.

    Raises:
        ValueError: it does not say it.
    """
    try:
        lists = {kind: list(told["values"].get(kind, ())) for kind in KINDS}
        times = [float(one) for one in told["times"]]
        typed = tuple(int(one) for one in told.get("typed", ()))
    except (TypeError, ValueError, LookupError, AttributeError) as error:
        raise ValueError(f"it has no values, or no times: {error!r}") from None
    if not all(isinstance(one, str) for listed in lists.values() for one in listed):
        raise ValueError("one of the values is no text")
    if not all(abs(one) < _LONGEST for one in times):
        raise ValueError("one of the times is none")
    recorded_time = _epoch(told.get("recorded"))
    return RunFile(lists, times, str(told.get("digest", "")), recorded_time, typed)


def digest_of(transcript: bytes, values: Mapping[str, Sequence[object]]) -> str:
    """SHA-256 of a transcript's text and of what its placeholders stand for.

    It tells what nobody has edited, so that it need not be looked at line by line.
    """
    made = hashlib.sha256(transcript)
    made.update(json.dumps(values, sort_keys=True).encode())
    return made.hexdigest()


def digest_of_patch(patch: bytes) -> str:
    """SHA-256 of a patch's file: it tells one that was cut off, or edited."""
    return hashlib.sha256(patch).hexdigest()


def _epoch(moment: object) -> float | None:
    """Epoch seconds of a date that somebody may have edited: one that is none harms nothing."""
    try:
        return datetime.fromisoformat(str(moment)).timestamp()
    except (ValueError, OverflowError):
        return None
