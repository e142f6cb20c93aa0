"""What can go wrong with a batch that a user can do something about.

The rule: errors only, leaves of the tree in `errors`, and which of all errors concern one row.
"""

from __future__ import annotations

from collections.abc import Sequence

from claude_widget.errors import ClaudeWidgetError, InvalidRequest, end_of
from claude_widget.recordings.errors import RecordingDamaged, RecordingNotFound, RecordingTooNew

_OF_THE_ROW = ("query", "variables", "rows")
"""Arguments that are a row's own: if one is wrong, the other rows may start all the same."""
_UNPLAYABLE = (RecordingNotFound, RecordingDamaged, RecordingTooNew)
_MISSING_ROWS = "Its executions can be opened all the same; start the missing rows anew."
_ERROR_CHARACTERS = 500
_SHOWN = 10
"""Rows that an error names; all of them are in its data."""


class RowsInvalid(InvalidRequest):
    """Rows of a table cannot be used. Nothing was started.

    Attributes:
        problems: what is wrong, as (number of the row from 0, or None for the table itself; what
            is wrong with it), at most a thousand.
        count: how many there are in all.
    """

    def __init__(
        self,
        problems: Sequence[tuple[int | None, str]],
        *,
        count: int | None = None,
        hint: str = "",
    ) -> None:
        self.problems = tuple(problems)
        self.count = len(self.problems) if count is None else count
        shown = [_told(row, said) for row, said in self.problems[:_SHOWN]]
        more = self.count - len(shown)
        message = f"{shown[0].rstrip('.')}."
        if self.count > 1:
            message = f"{self.count:,} problems with the rows:"
            message += "".join(f"\n  - {one}" for one in shown)
            message += f"\n  - and {more:,} more" if more > 0 else ""
            message += "\n"
        super().__init__(message, field="rows", hint=hint)


def _told(row: int | None, said: str) -> str:
    return said if row is None else f"Row {row}: {said}"


class BatchNotFound(ClaudeWidgetError, KeyError):
    """There is no batch of that name or id.

    Attributes:
        asked: the name or id.
    """

    def __init__(self, asked: str) -> None:
        self.asked = asked
        super().__init__(
            f"There is no batch {asked!r}.", hint="manager.batches lists those there are."
        )

    def __str__(self) -> str:  # KeyError would print the repr
        return f"{self.message} {self.hint}"


class BatchDamaged(ClaudeWidgetError):
    """The file of a batch cannot be read; its executions are as they were.

    Attributes:
        path: the file.
        line: the line, from 1, at which it went wrong; None if that is not known.
    """

    def __init__(
        self, message: str, *, path: str, line: int | None = None, hint: str = _MISSING_ROWS
    ) -> None:
        self.path = path
        self.line = line
        place = "" if line is None else f" at line {line}"
        super().__init__(
            f"The batch file {end_of(path, 2)} cannot be read{place}: {message}.", hint=hint
        )


class BatchTooNew(ClaudeWidgetError):
    """The file of a batch was written by a later version of this package.

    Attributes:
        path: the file.
        version: of its format.
    """

    def __init__(self, path: str, version: object) -> None:
        self.path = path
        self.version = version
        super().__init__(
            f"The batch file {end_of(path, 2)} has format {version!r}, which this version of "
            "claude-widget does not know.",
            hint="Update claude-widget; nothing was changed.",
        )


class BatchFailed(ClaudeWidgetError):
    """What `Batch.raise_for_status` raises for one that did not complete as a whole.

    Attributes:
        batch_id: the batch.
        failed: how many rows failed.
        killed: how many were killed.
        stopped: why no more rows were started; empty if all were.
    """

    def __init__(self, batch_id: str, *, failed: int, killed: int, stopped: str) -> None:
        self.batch_id = batch_id
        self.failed = failed
        self.killed = killed
        self.stopped = stopped
        told = [f"{failed:,} failed"] if failed else []
        told += [f"{killed:,} were killed"] if killed else []
        told += [stopped] if stopped else []
        super().__init__(
            f"Batch {batch_id}: {'; '.join(told)}.",
            hint="batch.progress tells why; batch.retry_failed() starts those that failed again.",
        )


def is_of_the_row(error: ClaudeWidgetError) -> bool:
    """Whether only that row cannot be started, and the others may."""
    if isinstance(error, InvalidRequest):
        return error.field in _OF_THE_ROW
    return isinstance(error, _UNPLAYABLE)


def said(error: BaseException) -> str:
    """What an error says, of whatever kind it is, as a line of a report can have it."""
    text = str(error)[:_ERROR_CHARACTERS]
    if isinstance(error, ClaudeWidgetError):
        return text
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
