"""The fold of a transcript, kept beside it, so that a later manager need not fold it all again.

The rule: only ever a short cut. The transcript is the truth, and a snapshot is believed only if it
is whole, was made by the very code that would fold now, and the transcript still has the bytes
that it was made of. Any other is as good as none, and none is an error. It is JSON, not pickle:
what is read from a file must not be able to run anything.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from claude_widget.backend import Run
from claude_widget.own_files import open_own, read_own
from claude_widget.state import State
from claude_widget.state.codec import decode, encode

NAME = "fold.json"
EVERY = 3 << 20
"""Bytes of transcript after which the fold is kept again; with one look more it lags under 4 MB."""
_LARGEST = 1 << 28
_EDGE = 1024
"""Bytes at the beginning of a transcript, and before the snapshot's place in it, that are compared.
Each record has its time in microseconds, so that no other transcript has the same."""
_HEAD, _MIDDLE, _END = b'{"digest":"', b'","fold":', b"}"
_DIGEST_LENGTH = 64
_UNREADABLE = (OSError, ValueError, TypeError, KeyError, RecursionError)
_PACKAGE = Path(__file__).parent


class Fold(NamedTuple):
    """A transcript folded up to a byte.

    Attributes:
        offset: byte at which the next record begins.
        epoch: epoch seconds of the transcript's zero.
        state: what the records before it fold to.
    """

    offset: int
    epoch: float
    state: State


def load(run: Run) -> Fold | None:
    """The fold that was kept of this execution's transcript; None if none can be believed."""
    try:
        body = _body(_read(run.folder / NAME))
        said: dict[str, Any] = json.loads(body)
        fold = Fold(said["offset"], said["epoch"], decode(said["state"]))
        known = (said["code"], said["execution_id"], fold.state.life.execution_id)
        if known != (folding_code(), run.execution_id, run.execution_id) or not said["code"]:
            return None
        return fold if said["seal"] == _seal(run.transcript, fold.offset) else None
    except _UNREADABLE:
        return None


def keep(run: Run, fold: Fold) -> int:
    """Keep a fold, unless another manager has kept one about as far; up to where one is kept now.

    That no file can be written is no error: the next manager then has more to fold.
    """
    there = load(run)
    if there is not None and there.offset > fold.offset - EVERY:
        return there.offset
    temporary = run.folder / f".fold.{os.getpid()}.{threading.get_native_id()}"
    try:
        _write(temporary, _content(run, fold))
        temporary.replace(run.folder / NAME)
    except _UNREADABLE:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return fold.offset


def _content(run: Run, fold: Fold) -> bytes:
    said = {
        "code": folding_code(),
        "execution_id": run.execution_id,
        "offset": fold.offset,
        "epoch": fold.epoch,
        "seal": _seal(run.transcript, fold.offset),
        "state": encode(fold.state),
    }
    body = json.dumps(said, separators=(",", ":")).encode("ascii")
    return _HEAD + _digest(body) + _MIDDLE + body + _END


def _body(content: bytes) -> bytes:
    """The part that the digest is of.

    Raises:
        ValueError: it is not what was written.
    """
    start = len(_HEAD) + _DIGEST_LENGTH + len(_MIDDLE)
    body = content[start : -len(_END)]
    if content != _HEAD + _digest(body) + _MIDDLE + body + _END:
        raise ValueError("the snapshot is damaged")
    return body


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).hexdigest().encode()


def _seal(transcript: Path, offset: int) -> str:
    """What tells a transcript, up to that byte, from any other.

    Raises:
        ValueError: it is not as long as that.
    """
    with os.fdopen(open_own(transcript), "rb") as file:
        first = file.read(min(_EDGE, offset))
        file.seek(max(0, offset - _EDGE))
        last = file.read(min(_EDGE, offset))
    if len(first) != len(last) or len(last) != min(_EDGE, offset) or last[-1:] != b"\n":
        raise ValueError("the transcript is another")
    return _digest(first + last).decode()


def _read(path: Path) -> bytes:
    return read_own(path, _LARGEST)


def _write(path: Path, content: bytes) -> None:
    with os.fdopen(open_own(path, os.O_WRONLY | os.O_CREAT), "wb") as file:
        file.truncate()
        file.write(content)


@functools.cache
def folding_code() -> str:
    """A digest of the code that folds; empty where it cannot be read.

    A version number would have to be raised by whoever changes what a record means, and one who
    forgets it would show old figures.
    """
    folders = (_PACKAGE / "events", _PACKAGE / "state")
    files = [path for folder in folders for path in sorted(folder.glob("*.py"))]
    beside = ("models.py", "transcript.py", "snapshot.py", "shim/records.py")
    files += [_PACKAGE / name for name in beside]
    try:
        return _digest(b"\0".join(path.read_bytes() for path in files)).decode()
    except OSError:
        return ""
