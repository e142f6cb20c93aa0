"""What the lists of the page show, a row each: executions, sessions, models, MCP configurations.

The rule: bounded in size, whatever an agent or a project's files say, and safe to save into a
notebook.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from claude_widget.models import Effort, ExecutionStatus, Reason
from claude_widget.protocol.base import Message


class ExecutionRow(Message):
    """One execution as the list shows it; bounded in size, whatever the agent wrote."""

    execution_id: str
    name: str | None = None
    query: str = Field("", description="The first 300 characters.")
    project_path: str = ""
    status: ExecutionStatus = ExecutionStatus.PENDING
    reason: Reason | None = None
    session_id: str | None = None
    model: str | None = None
    activity: str = ""
    permission_mode: str | None = None
    priority: int = 0
    queue_rank: float | None = Field(
        None, description="Its place in the queue among those of its priority, lower first."
    )
    created_time: float | None = Field(None, description="Epoch seconds, the kernel's clock.")
    start_time: float | None = None
    end_time: float | None = None
    cost_usd: float | None = None
    over_budget: str | None = Field(
        None, description="What is over its budget, or one that covers it, in words."
    )
    num_turns: int | None = None
    tool_count: int = 0
    denial_count: int = 0
    error: str | None = Field(None, description="The last error, at most 300 characters.")
    recorded: bool = Field(False, description="Played from a recording: nothing ran.")
    recorded_time: float | None = Field(None, description="Epoch seconds of that recording.")
    stale: bool = Field(
        False, description="What made it asks for something else by now: its key has changed."
    )
    held: bool = Field(False, description="Pending, and the kernel that would start it is gone.")
    on_hold: bool = Field(False, description="Pending, and not started until it is released.")
    effort: Effort | None = None
    request_count: int = Field(
        0, description="Open requests: permissions, questions and plans that wait for the user."
    )
    awaits_input: bool = Field(
        False, description="Its turn is over, and it was asked to stay for follow-ups."
    )
    task_count: int = Field(0, description="Background tasks and subagents that are alive.")
    continues: str | None = Field(
        None, description="The execution before it in the same session, if it is known here."
    )
    after: tuple[str, ...] | None = Field(
        None, description="Ids of those that it comes after, at most 20; None if there are none."
    )
    after_count: int | None = Field(None, description="How many there are, where it is more.")
    batch_id: str | None = None
    attempt: int | None = Field(None, description="Which attempt it is, where it is no first one.")
    attempt_of: str | None = Field(None, description="The first attempt, where it is a later one.")
    branch: str | None = Field(None, description="Of the git worktree that it works in.")
    cpu_percent: int | None = Field(None, description="Of one core, now, with all that it started.")
    memory_bytes: int | None = Field(
        None, description="Resident memory of them all: now, and the most once it has ended."
    )
    cpu_seconds: float | None = Field(None, description="Of them all, once it has ended.")


class HistoryRow(ExecutionRow):
    """One execution of the history, whoever has started it."""

    pinned: bool = Field(False, description="Retention keeps it.")


class SessionRow(Message):
    """An earlier session of a project, from the CLI's session files."""

    session_id: str
    first_prompt: str = Field("", description="At most 120 characters.")
    modified_time: float = Field(description="Epoch seconds.")
    size_bytes: int = 0


class ModelChoice(Message):
    """A model that the CLI offers, as its answer to `initialize` says."""

    value: str = Field(description="What --model takes.")
    name: str = ""
    description: str = ""
    efforts: tuple[Effort, ...] = Field((), description="Effort levels that it takes.")


class MCPServerChoice(Message):
    """A server of an MCP configuration."""

    name: str
    runs: str = Field("", description="The command that it starts, or the address that it calls.")


class MCPConfigChoice(Message):
    """A file with MCP servers that was found for a project."""

    path: str
    scope: Literal["project", "user", "settings"] = Field(
        description='"settings": all that a project brings, whose folder `path` is.'
    )
    digest: str = Field(description="Of the file's content: what the user confirms is what runs.")
    servers: tuple[MCPServerChoice, ...] = ()
    problem: str = Field("", description="Why it cannot be used; empty if it can.")
