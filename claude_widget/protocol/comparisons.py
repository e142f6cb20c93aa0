"""A comparison, as the page sees what can be promoted of it, and promotes one.

The rule: bounded, since a comparison has at most a hundred executions; their diffs are asked for
one by one.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from claude_widget.models import ExecutionStatus
from claude_widget.protocol.base import Answer, Message, Request


class PromoteExecution(Request):
    """Apply the changes of one execution of a comparison to the project: all of them, or none."""

    type: Literal["claude:promote-execution"] = "claude:promote-execution"
    comparison_id: str = Field(max_length=100)
    execution_id: str = Field(max_length=100)


class Promoted(Answer):
    """It was done, all of it."""

    type: Literal["claude:promote-execution"] = "claude:promote-execution"
    file_count: int = Field(description="How many files the changes are in.")


class PromotionChoice(Message):
    """An execution that has changed files."""

    execution_id: str
    label: str = Field(description="Such as its model, at most 60 characters.")
    status: ExecutionStatus
    rank: int | None = Field(None, description="By its score, from 1.")
    score: str = Field("", description="A number; empty if it has none.")
    file_count: int
    added: int = Field(description="Lines that are new.")
    removed: int


class Promotion(Message):
    """What can be promoted of a comparison: a trait of its view, so that a page has the latest."""

    comparison_id: str
    waiting: int = Field(description="How many have not ended, or are being scored.")
    choices: tuple[PromotionChoice, ...] = Field((), description="The best first.")
    promoted_id: str | None = None
