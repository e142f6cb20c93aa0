"""What the file of a batch says when it is read again, such as after a kernel's restart.

The rule: reading only. A file of a later version is refused, and so is one with a line that is
none; a last line without its end is held back.
"""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from claude_widget.batch.batch_file import ROW, VERSION, BatchFile
from claude_widget.batch.errors import BatchDamaged, BatchTooNew
from claude_widget.batch.ledger import Seen
from claude_widget.models import ExecutionStatus, Reason
from claude_widget.own_files import open_own


@dataclass
class Kept:
    """What a file says.

    Attributes:
        path: of the file.
        header: what the batch is; `batch_id`, `name` and `created_time` are always there.
        offsets: where the row of each number begins.
        sizes: bytes of each row's line.
        executions: by row, what it became, each further attempt after the one before.
        finished: by row, how it ended and what it cost.
        refused: by row, why it never will be one, as (reason, error).
        retried: rows that are to be started once more.
        total: how many rows there are; None while nobody knows, such as of a generator's.
        columns: of the input, as far as that was written down.
        digest: of the rows.
        stopped: why no more rows are started, in words; empty if nothing keeps it.
        killed: why the rows that were not started ended; None if they did not.
        ended: nothing was left to do.
        end: bytes that are whole.
    """

    path: Path
    header: dict[str, Any] = field(default_factory=dict)
    offsets: array[int] = field(default_factory=lambda: array("Q"))
    sizes: array[int] = field(default_factory=lambda: array("Q"))
    executions: dict[int, list[str]] = field(default_factory=dict)
    finished: dict[int, Seen] = field(default_factory=dict)
    refused: dict[int, tuple[Reason, str]] = field(default_factory=dict)
    retried: set[int] = field(default_factory=set)
    total: int | None = None
    columns: tuple[str, ...] = ()
    digest: str = ""
    stopped: str = ""
    killed: Reason | None = None
    ended: bool = False
    end: int = 0

    @property
    def file(self) -> BatchFile:
        """The file itself, to read its rows, and to be held by whoever writes it on."""
        return BatchFile(self.path, self.end, self.offsets, self.sizes)


def read_kept(path: Path) -> Kept:
    """What a file says.

    Raises:
        BatchDamaged: a line is none.
        BatchTooNew: it is of a later version.
        OSError: it cannot be read, or is not ours.
    """
    kept = Kept(path)
    for number, (offset, line) in enumerate(_lines(path), 1):
        try:
            if number == 1:
                _read_header(kept, json.loads(line))
            elif line.startswith(ROW):
                _read_row(kept, offset, line)
            else:
                _read_event(kept, json.loads(line))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            said = f"{type(error).__name__}: {str(error)[:200]}"
            raise BatchDamaged(said, path=str(path), line=number) from None
        kept.end = offset + len(line)
    if not kept.header:
        raise BatchDamaged("it has no first line", path=str(path), line=1)
    return kept


def read_header(path: Path) -> dict[str, Any]:
    """Only the first line, of a file that may be large.

    Raises:
        BatchDamaged, BatchTooNew, OSError: as for `read_kept`.
    """
    kept = Kept(path)
    _, line = next(_lines(path), (0, b""))
    try:
        _read_header(kept, json.loads(line))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        raise BatchDamaged("it is no header", path=str(path), line=1) from None
    return kept.header


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """The lines that have an end, with where each begins."""
    offset = 0
    with os.fdopen(open_own(path), "rb", buffering=1 << 20) as file:
        for line in file:
            if line.endswith(b"\n"):
                yield offset, line
            offset += len(line)


def _read_header(kept: Kept, told: dict[str, Any]) -> None:
    if told["event"] != "batch":
        raise ValueError("the first line is no header")
    version = told["version"]
    if not isinstance(version, int) or version > VERSION:
        raise BatchTooNew(str(kept.path), version)
    kept.header = {"name": None, **told}
    str(told["batch_id"]), float(told["created_time"])


def _read_row(kept: Kept, offset: int, line: bytes) -> None:
    number = int(line[len(ROW) : line.index(b",", len(ROW))])
    if number != len(kept.offsets):
        raise ValueError(f"row {number} stands where row {len(kept.offsets)} belongs")
    kept.offsets.append(offset)
    kept.sizes.append(len(line))


def _read_event(kept: Kept, told: dict[str, Any]) -> None:
    match told["event"]:
        case "admitted":
            kept.executions.setdefault(int(told["row"]), []).append(str(told["execution_id"]))
            kept.retried.discard(int(told["row"]))
            kept.finished.pop(int(told["row"]), None)
        case "finished":
            kept.finished[int(told["row"])] = _seen(told)
        case "refused":
            kept.refused[int(told["row"])] = (Reason(told["reason"]), str(told["error"]))
            kept.retried.discard(int(told["row"]))
        case "retried":
            kept.retried.update(int(row) for row in told["rows"])
            kept.ended, kept.killed = False, None
            kept.stopped = ""
        case "resumed":
            kept.stopped = ""
        case "rows":
            kept.total = int(told["count"])
            kept.columns = tuple(str(name) for name in told["columns"])
            kept.digest = str(told.get("digest", ""))
        case "stopped":
            kept.stopped = str(told["why"])
        case "killed":
            kept.killed = Reason(told.get("reason", Reason.BATCH))
        case "ended":
            kept.ended = True
        case _:
            pass  # one that a later version of the same format adds: it says no more of rows


def _seen(told: dict[str, Any]) -> Seen:
    cost, seconds = told["cost_usd"], told["seconds"]
    return Seen(
        ExecutionStatus(told["status"]),
        None if told["reason"] is None else Reason(told["reason"]),
        None if cost is None else float(cost),
        None if seconds is None else float(seconds),
        bool(told["recorded"]),
        str(told["error"]),
    )
