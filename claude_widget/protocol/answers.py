"""From the kernel to the page: the answers to its requests.

The rule: each repeats the `requestId` of its request. What was refused changed nothing.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from claude_widget.models import MCPServer
from claude_widget.protocol.base import PROTOCOL_VERSION, Answer
from claude_widget.protocol.queue import QueueState
from claude_widget.protocol.requests import PartName
from claude_widget.protocol.rows import (
    ExecutionRow,
    HistoryRow,
    MCPConfigChoice,
    ModelChoice,
    SessionRow,
)


class BundleAnswer(Answer):
    """Two binary buffers follow: the bundle's JavaScript and its CSS."""

    type: Literal["claude:bundle"] = "claude:bundle"
    hash: str


class PartAnswer(Answer):
    """One binary buffer follows: the part's JavaScript."""

    type: Literal["claude:get-part"] = "claude:get-part"
    name: PartName


class Welcome(Answer):
    """All a page needs to draw the true state at once."""

    type: Literal["claude:welcome"] = "claude:welcome"
    protocol_version: int = PROTOCOL_VERSION
    manager_id: str
    backend: Literal["local", "replay"] = "local"
    notice: str = Field("", description="Said plainly above the list, such as that this is a demo.")
    now: float = Field(description="Epoch seconds of the kernel's clock, to correct the page's.")
    project_path: str = ""
    models: tuple[ModelChoice, ...] = Field(
        (), description="As a CLI has told; empty until one has. Any other text may be typed."
    )
    max_concurrency: int
    queue: QueueState | None = None
    sequence: int = Field(0, description="Of the last `claude:events` that these rows include.")
    suggested_queries: tuple[str, ...] = Field((), description="What a replay has recordings of.")
    executions: tuple[ExecutionRow, ...] = ()


class Pong(Answer):
    type: Literal["claude:pong"] = "claude:pong"
    now: float
    sequence: int = Field(0, description="Of the last `claude:events` that this widget has sent.")
    closed_panes: tuple[str, ...] = Field(
        (), description="Those of the page's panes that are not open here: to be opened again."
    )


class ExecuteAnswer(Answer):
    type: Literal["claude:execute"] = "claude:execute"
    execution_id: str


class ExecutionAnswer(Answer):
    type: Literal["claude:get-execution"] = "claude:get-execution"
    execution: ExecutionRow


class ExecutionsAnswer(Answer):
    type: Literal["claude:get-all-executions", "claude:get-active-executions"]
    executions: tuple[ExecutionRow, ...]


class SessionsAnswer(Answer):
    type: Literal["claude:get-sessions"] = "claude:get-sessions"
    sessions: tuple[SessionRow, ...]


class HistoryAnswer(Answer):
    """Some of what was found in the history; nothing of it is read from a transcript."""

    type: Literal["claude:search-history"] = "claude:search-history"
    found: tuple[HistoryRow, ...]
    total: int | None = Field(None, description="Of all that is found; only with the first ones.")
    following: int | None = Field(None, description="`before` of the next ones, if there are any.")
    models: tuple[str, ...] = Field((), description="Of the whole history; with the first ones.")
    notes: tuple[str, ...] = Field((), description="What was wrong with the index, in words.")


class PromptSent(Answer):
    """The follow-up is on its way, in the execution of that id: the same one, or a new one."""

    type: Literal["claude:send-prompt"] = "claude:send-prompt"
    execution_id: str


class RerunAnswer(Answer):
    type: Literal["claude:rerun-execution"] = "claude:rerun-execution"
    execution_id: str


class MCPStatusAnswer(Answer):
    type: Literal["claude:get-mcp-status"] = "claude:get-mcp-status"
    servers: tuple[MCPServer, ...]


class MCPConfigsAnswer(Answer):
    type: Literal["claude:get-mcp-configs"] = "claude:get-mcp-configs"
    configs: tuple[MCPConfigChoice, ...]


class Done(Answer):
    """The request was carried out and has nothing to say."""

    type: Literal["claude:done"] = "claude:done"


class Refused(Answer):
    """The request was not carried out; nothing changed."""

    type: Literal["claude:refused"] = "claude:refused"
    kind: str = Field(description="The error's class name.")
    message: str
    hint: str = ""
    execution_id: str | None = None
    mcp_config: MCPConfigChoice | None = Field(
        None,
        description="With ConfirmationNeeded: the file whose servers the user is to confirm.",
    )
