"""The beginning of a transcript: whose it is, and of which machine and boot.

The rule: it reads the first two records and no more, and believes nothing that is not whole.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import NamedTuple

from claude_widget.transcript import LONGEST_LINE

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


def read_header(path: Path) -> Header | None:
    """The header of a transcript that has begun; None for any other file, or none.

    It has begun with its second record, what was asked for: both are written at once, before
    anything is started, so a file with less belongs to a start that never was, or is damaged.
    """
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW)
        with os.fdopen(fd, "rb") as file:
            first = file.readline(_LONGEST_HEADER)
            second = file.readline(2 * LONGEST_LINE)
        told = json.loads(first.split(b" ", 2)[2])
        if told["event"] != "transcript" or not second.endswith(b"\n"):
            return None
        if not second.split(b" ", 2)[2].startswith(b'{"event":"requested"'):
            return None
        return Header(
            str(told["execution_id"]),
            str(told["host"]),
            str(told["boot_id"]),
            float(told["clock"]),
            float(told["epoch"]),
        )
    except (OSError, ValueError, TypeError, LookupError, RecursionError):
        return None
