"""A batch, as the page sees it and asks for it.

The rule: how far it is has the same size however many rows there are; rows come by the page, and
only when they are asked for.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from claude_widget.models import ExecutionStatus, Reason
from claude_widget.protocol.base import Answer, Message, Request
from claude_widget.protocol.estimates import CostEstimate

MOST_BATCH_ROWS = 200
"""Rows of a batch in one answer."""

MOST_ASKING = 20
"""Ids of executions that ask for an answer, in how far a batch is."""

BatchFilter = Literal["all", "needs", "pending", "running", "completed", "failed"]
BatchSort = Literal["row", "status", "cost", "duration"]


BatchId = Annotated[str, Field(min_length=1, max_length=100)]


class GetBatchRows(Request):
    """Some rows of its table."""

    type: Literal["claude:get-batch-rows"] = "claude:get-batch-rows"
    batch_id: BatchId
    offset: int = Field(0, ge=0, description="How many of those that are asked for come before.")
    limit: int = Field(50, ge=1, le=MOST_BATCH_ROWS)
    filter: BatchFilter = Field(
        "all",
        description='Those that were killed count as failed; "needs" are those that ask for '
        "an answer.",
    )
    reason: Reason | None = Field(None, description="Only those that ended for it.")
    sort: BatchSort = "row"
    descending: bool = False


class KillBatch(Request):
    """End what runs of it and start no more of its rows."""

    type: Literal["claude:kill-batch"] = "claude:kill-batch"
    batch_id: BatchId


class RetryBatch(Request):
    """Start the rows that failed once more."""

    type: Literal["claude:retry-batch"] = "claude:retry-batch"
    batch_id: BatchId
    killed: bool = Field(False, description="Also those that were killed.")


class ResumeBatch(Request):
    """Go on with rows that an earlier kernel has left, or that were stopped."""

    type: Literal["claude:resume-batch"] = "claude:resume-batch"
    batch_id: BatchId


class BatchFailure(Message):
    """Rows that did not complete for one reason, with one of them as an example."""

    status: ExecutionStatus
    reason: Reason
    rows: int = Field(description="How many there are.")
    row: int = Field(description="Of the example, from 0.")
    execution_id: str | None = None
    error: str = Field("", description="What the example said, at most 300 characters.")


class BatchProgress(Message):
    """How far a batch is: a trait of its view, so that a page always has the latest."""

    batch_id: str
    revision: int = Field(description="Another one once rows of its table may be others.")
    name: str | None = Field(None, description="At most 100 characters.")
    total: int | None = Field(None, description="None while nobody knows.")
    known: int = Field(description="How many rows the table has by now.")
    pending: int = 0
    running: int = 0
    completed: int = 0
    failed: int = 0
    killed: int = 0
    asking: int = Field(0, description="Rows that ask for an answer.")
    asking_ids: tuple[str, ...] = Field(
        (), description="Of their executions, the longest waiting first; at most 20."
    )
    cost_usd: float = Field(0.0, description="Estimated by list prices.")
    recorded_cost_usd: float = Field(0.0, description="What was only played had cost so much.")
    budget_usd: float | None = None
    estimate: CostEstimate | None = Field(
        None, description="As it began, of all rows or, where nobody knows how many, of one."
    )
    failures: tuple[BatchFailure, ...] = Field((), description="The most frequent first.")
    eta_low: float | None = Field(None, description="Seconds; four of five lie between this")
    eta_high: float | None = Field(None, description="and this. None where nobody can tell.")
    eta_time: float | None = Field(
        None, description="As of when: epoch seconds, the kernel's clock."
    )
    basis: str = Field("", description="Of the estimate, or why there is none.")
    stopped: str = Field("", description="Why no more rows are started.")
    paused: bool = Field(False, description="Nothing is started for now; `basis` says why.")
    left: bool = Field(False, description="Rows wait, and whoever started them is gone.")
    ended: bool = False


class BatchRow(Message):
    """One row of the table."""

    row: int = Field(description="Its number, from 0.")
    label: str | None = Field(None, description="What the input's index calls it.")
    cells: tuple[str, ...] = Field((), description="Of the first columns of the input.")
    status: ExecutionStatus
    reason: Reason | None = None
    result: str = Field("", description="How it begins, or what went wrong.")
    cost_usd: float | None = None
    duration: float | None = Field(None, description="Seconds.")
    attempts: int = 0
    requests: int = Field(0, description="How many wait for an answer.")
    execution_id: str | None = Field(None, description="Of its latest attempt.")


class BatchRowsAnswer(Answer):
    """As many of the rows as one answer holds, in order; the rest is to be asked for again."""

    type: Literal["claude:get-batch-rows"] = "claude:get-batch-rows"
    batch_id: str
    offset: int
    total: int = Field(description="How many there are of what was asked for.")
    columns: tuple[str, ...] = Field((), description="The names of the cells, at most three.")
    rows: tuple[BatchRow, ...]
