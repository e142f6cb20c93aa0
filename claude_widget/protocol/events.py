"""From the kernel to the page and to subscribers: what happened.

The rule: every event names its execution. To the page they travel together, numbered, so that one
that was lost is noticed.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from claude_widget.models import ExecutionStatus, Reason
from claude_widget.protocol.base import Event, Message
from claude_widget.protocol.queue import QueueChanged


class Started(Event):
    """Its CLI runs."""

    type: Literal["claude:started"] = "claude:started"
    pid: int | None = None


class Stream(Event):
    """Frames of its CLI, in order. To the page this travels as `PaneData` instead."""

    type: Literal["claude:stream"] = "claude:stream"
    data: dict[str, Any]


class Error(Event):
    """Something went wrong; the execution may go on."""

    type: Literal["claude:error"] = "claude:error"
    error: str


class Complete(Event):
    """It has ended. `code` is the CLI's exit code; negative is a signal, None unknown."""

    type: Literal["claude:complete"] = "claude:complete"
    code: int | None = None
    status: ExecutionStatus
    reason: Reason


class Changed(Event):
    """Fields of its row that changed, and only those. An unknown id is a new row."""

    type: Literal["claude:changed"] = "claude:changed"
    changes: dict[str, Any] = Field(description="Wire names of `ExecutionRow` and their values.")


class Removed(Event):
    """It was cleaned up."""

    type: Literal["claude:removed"] = "claude:removed"


class PaneData(Event):
    """Bytes of an execution's transcript for one pane: one binary buffer follows.

    The buffer is bytes `offset` to `nextOffset` of the transcript, and may end within a record.
    """

    type: Literal["claude:pane-data"] = "claude:pane-data"
    pane_id: str
    offset: int
    next_offset: int
    ended: bool = Field(False, description="The transcript will not grow past nextOffset.")


PageEvent = Annotated[
    Started | Error | Complete | Changed | Removed | QueueChanged, Field(discriminator="type")
]


class Events(Message):
    """What happened since the message before, in order: one message for any number of events."""

    type: Literal["claude:events"] = "claude:events"
    sequence: int = Field(
        description="From 1, by one for each of the widget. A page that meets a gap says hello."
    )
    events: tuple[PageEvent, ...]
