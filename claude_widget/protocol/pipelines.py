"""A pipeline, as the page sees it.

The rule: bounded, however many steps there are: the first ones are told, the others counted.
"""

from __future__ import annotations

from pydantic import Field

from claude_widget.models import ExecutionStatus, Reason
from claude_widget.protocol.base import Message

MOST_STEPS = 150
"""Steps that are told."""


class PipelineStep(Message):
    """One step, as its latest attempt stands."""

    name: str = Field(description="At most 60 characters.")
    execution_id: str
    status: ExecutionStatus
    reason: Reason | None = None
    asks: bool = Field(False, description="It asks for an answer.")
    needs: tuple[int, ...] = Field((), description="Places of the steps that come first, from 0.")
    left_out: int = Field(0, description="How many more come first that are not told.")


class PipelineProgress(Message):
    """How far a pipeline is: a trait of its view, so that a page always has the latest."""

    total: int = Field(description="How many steps it has.")
    pending: int = 0
    running: int = 0
    completed: int = 0
    failed: int = 0
    killed: int = 0
    asking: int = Field(0, description="Steps that ask for an answer.")
    cost_usd: float = Field(0.0, description="Estimated by list prices; nothing for replays.")
    steps: tuple[PipelineStep, ...] = Field((), description="The first ones, as they were given.")
    ended: bool = False
