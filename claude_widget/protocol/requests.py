"""From the page to the kernel: what can be asked.

The rule: every request carries a `requestId` chosen by the page; its answer repeats it, and a
repeated request starts nothing a second time: the first answer is sent again.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, TypeAdapter

from claude_widget.models import Effort, PermissionMode
from claude_widget.protocol.base import LATER, Message, Request
from claude_widget.protocol.batches import GetBatchRows, KillBatch, ResumeBatch, RetryBatch
from claude_widget.protocol.charts import GetSpending, GetToolCalls
from claude_widget.protocol.comparisons import PromoteExecution
from claude_widget.protocol.estimates import GetEstimate
from claude_widget.protocol.queue import ChangeQueue
from claude_widget.protocol.templates import GetTemplates, PreviewTemplate, Variables
from claude_widget.protocol.worktrees import GetDiff, SettleWorktree


class Bundle(Request):
    """The page has no bundle of that hash yet."""

    type: Literal["claude:bundle"] = "claude:bundle"
    hash: str


PartName = Literal["highlighter", "panels"]
"""Of a part of the front end that is fetched when it is first needed."""


class GetPart(Request):
    """The page needs a part of the front end, and does not have it yet."""

    type: Literal["claude:get-part"] = "claude:get-part"
    name: PartName


class Hello(Request):
    """A page (re)connects."""

    type: Literal["claude:hello"] = "claude:hello"


class Ping(Request):
    """Heartbeat: is the kernel there, and does it listen?"""

    type: Literal["claude:ping"] = "claude:ping"
    pane_ids: tuple[str, ...] = Field((), max_length=100, description="Panes this page has open.")


class Execute(Request):
    """Start an execution."""

    type: Literal["claude:execute"] = "claude:execute"
    query: str
    project_path: str = Field(".", max_length=4096)
    session_id: str | None = Field(None, max_length=200)
    fork_session: bool = False
    mcp_config: str | None = Field(None, description="A file's path, or JSON text.")
    model: str | None = Field(None, max_length=200)
    name: str | None = Field(None, max_length=200)
    effort: Effort | None = None
    permission_mode: PermissionMode | None = None
    keep_open: bool = Field(False, description="Stay for follow-ups after the turn has ended.")
    confirmed_digest: str | None = Field(
        None,
        max_length=100,
        description="Of the project's MCP file whose commands the user has confirmed.",
    )
    confirmed_settings: str | None = Field(
        None,
        max_length=100,
        description="Digest of what the project's settings would do, as the user has confirmed it.",
    )
    after: tuple[str, ...] = Field(
        (), max_length=100, description="Ids of executions that must complete first."
    )
    continues: str | None = Field(
        None, max_length=100, description="Id of the one whose session it goes on with, once ended."
    )
    template: str | None = Field(
        None, max_length=200, description="Name of the template that is the query, in its place."
    )
    variables: Variables | None = Field(None, max_length=200, description="Of the template.")


class GetExecution(Request):
    type: Literal["claude:get-execution"] = "claude:get-execution"
    execution_id: str


class GetAllExecutions(Request):
    type: Literal["claude:get-all-executions"] = "claude:get-all-executions"


class GetActiveExecutions(Request):
    type: Literal["claude:get-active-executions"] = "claude:get-active-executions"


class KillExecution(Request):
    type: Literal["claude:kill-execution"] = "claude:kill-execution"
    execution_id: str


class CleanupExecution(Request):
    type: Literal["claude:cleanup-execution"] = "claude:cleanup-execution"
    execution_id: str


class GetSessions(Request):
    """The earlier sessions of a project, newest first."""

    type: Literal["claude:get-sessions"] = "claude:get-sessions"
    project_path: str = "."


class SearchHistory(Request):
    """What has ended, newest first: of all projects, from this kernel or another."""

    type: Literal["claude:search-history"] = "claude:search-history"
    text: str = Field("", max_length=10_000, description="Words; nothing in it is syntax.")
    status: Literal["completed", "failed", "killed"] | None = None
    model: str | None = Field(None, max_length=200, description="A part of its name.")
    project_path: str | None = Field(
        None, max_length=4096, description="A folder; those below it count as well."
    )
    since: float | None = Field(None, description="Epoch seconds, the kernel's clock.")
    before: int | None = Field(
        None, ge=-(2**53), le=2**53, description="`following` of the page before."
    )
    limit: int = Field(50, ge=1, le=100)


class PinExecution(Request):
    """Have retention keep an execution, or no longer."""

    type: Literal["claude:pin-execution"] = "claude:pin-execution"
    execution_id: str
    pinned: bool


class DeleteExecution(Request):
    """Remove an execution of the history for good, with its transcript."""

    type: Literal["claude:delete-execution"] = "claude:delete-execution"
    execution_id: str


class OpenPane(Request):
    """Send an execution's transcript from that byte on, as it grows.

    A pane that meets a gap (an `offset` other than the `nextOffset` before it) opens itself again
    from the byte that it has.
    """

    type: Literal["claude:open-pane"] = "claude:open-pane"
    pane_id: str = Field(min_length=1, max_length=100)
    execution_id: str
    offset: int = Field(
        0,
        ge=-(2**53),
        le=2**53,
        description="Negative: so many bytes before the end, if there are.",
    )


class ClosePane(Request):
    type: Literal["claude:close-pane"] = "claude:close-pane"
    pane_id: str


class SendPrompt(Request):
    """A follow-up: queued by the CLI while it runs, else resumed in a new execution."""

    type: Literal["claude:send-prompt"] = "claude:send-prompt"
    execution_id: str
    query: str
    fork: bool = Field(False, description="Go on in a new session, and leave this one as it is.")


class InterruptExecution(Request):
    """Stop the turn, keep the session."""

    type: Literal["claude:interrupt-execution"] = "claude:interrupt-execution"
    execution_id: str


class EndExecution(Request):
    """End one that stays open for follow-ups, once its turn is over."""

    type: Literal["claude:end-execution"] = "claude:end-execution"
    execution_id: str


class RerunExecution(Request):
    """Start another one with the same request; an ended or running one alike."""

    type: Literal["claude:rerun-execution"] = "claude:rerun-execution"
    execution_id: str


class Allow(Message):
    """The call may be made."""

    behavior: Literal["allow"] = "allow"
    updated_input: dict[str, Any] | None = Field(
        None, description="The input to use instead; answers to questions go here."
    )
    updated_permissions: tuple[dict[str, Any], ...] = Field(
        (), description="Of the CLI's own suggestions, those that the user accepts for good."
    )


class Deny(Message):
    """The call may not be made."""

    behavior: Literal["deny"] = "deny"
    message: str = Field("", max_length=20_000, description="What the agent is told.")
    interrupt: bool = Field(False, description="Stop the turn as well.")


class AnswerRequest(Request):
    """Decide on what an execution asks. The first answer counts; a later one is refused."""

    type: Literal["claude:answer-request"] = "claude:answer-request"
    execution_id: str
    control_id: str = Field(max_length=200, description="`request_id` of the CLI's own request.")
    decision: Annotated[Allow | Deny, Field(discriminator="behavior")]


class ChangeSession(Request):
    """Change the model, effort or permission mode of a running execution."""

    type: Literal["claude:change-session"] = "claude:change-session"
    execution_id: str
    model: str | None = Field(None, max_length=200)
    effort: Effort | None = None
    permission_mode: PermissionMode | None = None


class StopTask(Request):
    """Stop a background task or subagent of a running execution."""

    type: Literal["claude:stop-task"] = "claude:stop-task"
    execution_id: str
    task_id: str = Field(max_length=200)


class GetMCPStatus(Request):
    """How the MCP servers of a running execution are."""

    type: Literal["claude:get-mcp-status"] = "claude:get-mcp-status"
    execution_id: str


class ReconnectMCPServer(Request):
    """Have a running execution connect one of its MCP servers again."""

    type: Literal["claude:reconnect-mcp-server"] = "claude:reconnect-mcp-server"
    execution_id: str
    server: str = Field(max_length=200)


class GetMCPConfigs(Request):
    """The MCP configurations of a project and of the user."""

    type: Literal["claude:get-mcp-configs"] = "claude:get-mcp-configs"
    project_path: str = "."


PageMessage = Annotated[
    Bundle
    | GetPart
    | Hello
    | Ping
    | Execute
    | GetExecution
    | GetAllExecutions
    | GetActiveExecutions
    | KillExecution
    | CleanupExecution
    | GetSessions
    | SearchHistory
    | PinExecution
    | DeleteExecution
    | OpenPane
    | ClosePane
    | SendPrompt
    | InterruptExecution
    | EndExecution
    | RerunExecution
    | AnswerRequest
    | ChangeSession
    | StopTask
    | GetMCPStatus
    | ReconnectMCPServer
    | GetMCPConfigs
    | GetToolCalls
    | GetSpending
    | ChangeQueue
    | GetBatchRows
    | KillBatch
    | RetryBatch
    | ResumeBatch
    | GetDiff
    | SettleWorktree
    | PromoteExecution
    | GetEstimate
    | GetTemplates
    | PreviewTemplate,
    Field(discriminator="type"),
]
PAGE_MESSAGE: TypeAdapter[PageMessage] = TypeAdapter(PageMessage, config=LATER)
