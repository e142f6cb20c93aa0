"""The beginning of a transcript: whose it is, and of which machine and boot.

The rule: it reads the first two records and no more, and believes nothing that is not whole.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, NamedTuple

from claude_widget.own_files import open_own
from claude_widget.transcript import LONGEST_LINE, PASSING

_LONGEST_HEADER = 4096


class Header(NamedTuple):
    """What a transcript says of itself.

    Attributes:
        execution_id: whose it is.
        host: the machine that it was written on.
        boot_id: of that machine then; empty where the system does not tell.
        clock: its zero on that boot's clock, seconds.
        epoch: the same moment in epoch seconds.
    """

    execution_id: str
    host: str
    boot_id: str
    clock: float
    epoch: float


def read_header(path: Path, *, strict: bool = False) -> Header | None:
    """The header of a transcript that has begun; None for any other file, or none.

    It has begun with its second record, what was asked for: both are written at once, before
    anything is started, so a file with less belongs to a start that never was, or is damaged.

    Args:
        path: the transcript.
        strict: raise what is of this process or this moment: it says nothing of the file.

    Raises:
        OSError: it cannot be read now; only if `strict`.
    """
    first, second = _first_two(path, strict=strict)
    try:
        told = json.loads(first)
        if told["event"] != "transcript" or not second.startswith(b'{"event":"requested"'):
            return None
        return Header(
            str(told["execution_id"]),
            str(told["host"]),
            str(told.get("boot_id") or ""),
            float(told["clock"]),
            float(told["epoch"]),
        )
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return None


def read_request(path: Path) -> dict[str, Any]:
    """What a transcript says was asked for; `env` has names only. Empty where it says nothing."""
    try:
        told = json.loads(_first_two(path)[1])["request"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def read_attempt_of(path: Path) -> str | None:
    """The first attempt's id, where that transcript is of a further one; None of any other."""
    try:
        told = json.loads(_first_two(path)[1])["attempt_of"]
    except (ValueError, TypeError, LookupError, RecursionError):
        return None
    return told if isinstance(told, str) else None


def _first_two(path: Path, *, strict: bool = False) -> tuple[bytes, bytes]:
    """What the first two records hold, if both are whole and of the lifecycle; else nothing."""
    try:
        with os.fdopen(open_own(path), "rb") as file:
            lines = (file.readline(_LONGEST_HEADER), file.readline(2 * LONGEST_LINE))
    except OSError as error:
        if strict and error.errno in PASSING:
            raise
        return b"", b""
    if not all(line.endswith(b"\n") for line in lines):
        return b"", b""
    parts = [line.split(b" ", 2) for line in lines]
    if not all(len(part) == 3 and part[1] == b"meta" for part in parts):
        return b"", b""
    return parts[0][2], parts[1][2]
