"""What executions are likely to cost, as a page asks for it before it starts them.

The rule: amounts are US dollars at list prices, and always come with what they rest on.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from claude_widget.models import Effort
from claude_widget.protocol.base import Answer, Message, Request

MOST_ESTIMATED = 200
"""Executions that one request asks about."""


class ToEstimate(Message):
    """One execution that may be started."""

    query: str = ""
    template: str | None = Field(
        None, max_length=200, description="Its name, in the query's place."
    )
    project_path: str = Field(".", max_length=4096)
    model: str | None = Field(None, max_length=200)
    effort: Effort | None = None


class GetEstimate(Request):
    """What these are likely to cost together."""

    type: Literal["claude:get-estimate"] = "claude:get-estimate"
    executions: tuple[ToEstimate, ...] = Field(min_length=1, max_length=MOST_ESTIMATED)


class CostEstimate(Message):
    """What a number of executions is likely to cost."""

    executions: int = Field(description="How many there are.")
    low_usd: float | None = Field(None, description="None, as the next two, if nothing is known.")
    median_usd: float | None = None
    high_usd: float | None = None
    basis: str = Field(description="What it rests on, or why there is none.")


class EstimateAnswer(Answer):
    type: Literal["claude:get-estimate"] = "claude:get-estimate"
    estimate: CostEstimate
