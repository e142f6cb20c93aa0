"""What the page's charts ask for, and what is answered.

The rule: bounded in bytes, however many calls and days there are.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from claude_widget.protocol.base import Answer, Message, Request

MOST_SPANS = 300
"""Calls of one execution in an answer; the longest, since one of thousands could not be seen."""


class GetToolCalls(Request):
    """When executions called their tools."""

    type: Literal["claude:get-tool-calls"] = "claude:get-tool-calls"
    execution_ids: tuple[Annotated[str, Field(max_length=100)], ...] = Field((), max_length=100)


class GetSpending(Request):
    """What executions cost, by day."""

    type: Literal["claude:get-spending"] = "claude:get-spending"
    days: int = Field(30, ge=1, le=366, description="How many, up to today.")


class ToolSpan(Message):
    """A call of a tool, from the call to its result; moments are epoch seconds."""

    name: str = Field(description="At most 60 characters.")
    subject: str = Field("", description="What it was about, at most 100 characters.")
    start_time: float
    end_time: float | None = None
    is_error: bool = False
    nested: bool = Field(False, description="A subagent made it.")


class ExecutionCalls(Message):
    execution_id: str
    calls: tuple[ToolSpan, ...] = Field(
        (), description="In the order in which they began; the longest 300 if there are more."
    )
    left_out: int = Field(0, description="How many more there are.")


class ToolCallsAnswer(Answer):
    """Of the executions that were asked for, as many as one answer holds, in the same order.

    The rest is to be asked for again; one that cannot be read has no calls.
    """

    type: Literal["claude:get-tool-calls"] = "claude:get-tool-calls"
    found: tuple[ExecutionCalls, ...]


class SpendingDay(Message):
    """Sums over the executions that were asked for on a day."""

    day: str = Field(description="Such as 2026-01-31, local time of the kernel.")
    executions: int = 0
    cost_usd: float = 0.0
    recorded_cost_usd: float = Field(0.0, description="What was only played had cost so much.")
    input_tokens: int = Field(0, description="Those of the cache as well.")
    output_tokens: int = 0
    recorded_tokens: int = Field(0, description="Of both kinds, that what was played had used.")


class SpendingAnswer(Answer):
    """Days without an execution are left out."""

    type: Literal["claude:get-spending"] = "claude:get-spending"
    today: str
    days: tuple[SpendingDay, ...]
