"""The queue, as the page sees it and changes it.

The rule: a state is small and whole, whatever waits: numbers, and why nothing is started.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from claude_widget.protocol.base import Message, Request

PauseKind = Literal["user", "rate_limit", "overload", "authentication"]


class QueuePause(Message):
    """Why nothing is started, or nothing of some models."""

    kind: PauseKind
    until: float | None = Field(
        None, description="Epoch seconds, the kernel's clock; None until somebody resumes."
    )
    said: str = Field("", description="What was heard of the API, at most 500 characters.")
    what_to_do: str = ""
    execution_id: str | None = Field(None, description="Who has heard it.")
    families: tuple[str, ...] = Field(
        (), description="Of the models that it holds for, such as opus; empty: it holds for all."
    )


class QueueState(Message):
    """The queue of one manager at one moment."""

    pause: QueuePause | None = None
    slots: int = Field(description="How many may run at once now.")
    taken: int = Field(0, description="How many of them are taken.")
    waiting: int = Field(0, description="How many wait for their start, those on hold included.")
    on_hold: int = Field(0, description="How many wait until somebody releases them.")
    notices: tuple[str, ...] = Field(
        (), description="What the user should know of these starts, newest last; a few, short."
    )


class QueueChanged(Message):
    """The queue is in another state."""

    type: Literal["claude:queue"] = "claude:queue"
    state: QueueState


QueueAction = Literal[
    "pause",
    "resume",
    "hold",
    "release",
    "front",
    "back",
    "before",
    "priority",
    "cancel-pending",
    "kill-all",
]


class ChangeQueue(Request):
    """Change which executions are started, and when."""

    type: Literal["claude:change-queue"] = "claude:change-queue"
    action: QueueAction
    execution_id: str | None = Field(
        None, max_length=100, description="Of hold, release, front, back, before and priority."
    )
    before: str | None = Field(None, max_length=100, description="In front of which it is put.")
    priority: int | None = Field(None, ge=-(2**31), le=2**31)
