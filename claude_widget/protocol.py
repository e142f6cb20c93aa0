"""The messages between kernel and page: the one source of their shapes.

The rule: every message that crosses the comm is one of these models, in both directions; the page's
TypeScript types are generated from this module (`js/src/protocol.ts`) and a test fails when the two
drift apart. Python names are snake_case, wire names camelCase. Nothing here knows how messages are
sent, paced or drawn.

Every request carries a `requestId` chosen by the page; its answer repeats it, and a repeated
request starts nothing a second time: the first answer is sent again. State is level-triggered: a
page that (re)connects says `claude:hello` and gets a snapshot, then changes.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter
from pydantic.alias_generators import to_camel

from claude_widget.models import Effort, ExecutionStatus, PermissionMode, Reason

PROTOCOL_VERSION = 1
MAX_PAGE_MESSAGE = 8 * 1024 * 1024
"""Bytes of the largest message from the page; jupyter_server drops one above 10 MiB in silence."""
MAX_BATCH = 256 * 1024
"""Bytes of the largest binary buffer to the page."""
_LATER = ConfigDict(defer_build=True)
"""Built at the first use: a script that shows nothing never pays for it."""


class Message(BaseModel):
    """Base of all wire models."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        alias_generator=to_camel,
        populate_by_name=True,
        defer_build=True,
    )


class Request(Message):
    """From the page; answered by a message with the same `requestId`."""

    request_id: str = Field(min_length=1, max_length=100)


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
    created_time: float | None = Field(None, description="Epoch seconds, the kernel's clock.")
    start_time: float | None = None
    end_time: float | None = None
    cost_usd: float | None = None
    num_turns: int | None = None
    tool_count: int = 0
    denial_count: int = 0
    error: str | None = Field(None, description="The last error, at most 300 characters.")
    recorded: bool = False
    held: bool = Field(False, description="Pending, and the kernel that would start it is gone.")


class SessionRow(Message):
    """An earlier session of a project, from the CLI's session files."""

    session_id: str
    first_prompt: str = Field("", description="At most 120 characters.")
    modified_time: float = Field(description="Epoch seconds.")
    size_bytes: int = 0


# -- page to kernel ----------------------------------------------------------------------------


class Bundle(Request):
    """The page has no bundle of that hash yet."""

    type: Literal["claude:bundle"] = "claude:bundle"
    hash: str


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


class OpenPane(Request):
    """Send an execution's transcript from that byte on, as it grows.

    A pane that meets a gap (an `offset` other than the `nextOffset` before it) opens itself again
    from the byte that it has.
    """

    type: Literal["claude:open-pane"] = "claude:open-pane"
    pane_id: str = Field(min_length=1, max_length=100)
    execution_id: str
    offset: int = Field(0, ge=0, le=2**53)


class ClosePane(Request):
    type: Literal["claude:close-pane"] = "claude:close-pane"
    pane_id: str


PageMessage = Annotated[
    Bundle
    | Hello
    | Ping
    | Execute
    | GetExecution
    | GetAllExecutions
    | GetActiveExecutions
    | KillExecution
    | CleanupExecution
    | GetSessions
    | OpenPane
    | ClosePane,
    Field(discriminator="type"),
]
PAGE_MESSAGE: TypeAdapter[PageMessage] = TypeAdapter(PageMessage, config=_LATER)

# -- kernel to page: answers -------------------------------------------------------------------


class Answer(Message):
    """Base of the answers."""

    request_id: str


class BundleAnswer(Answer):
    """Two binary buffers follow: the bundle's JavaScript and its CSS."""

    type: Literal["claude:bundle"] = "claude:bundle"
    hash: str


class Welcome(Answer):
    """All a page needs to draw the true state at once."""

    type: Literal["claude:welcome"] = "claude:welcome"
    protocol_version: int = PROTOCOL_VERSION
    manager_id: str
    backend: Literal["local", "replay"] = "local"
    notice: str = Field("", description="Said plainly above the list, such as that this is a demo.")
    now: float = Field(description="Epoch seconds of the kernel's clock, to correct the page's.")
    project_path: str = ""
    models: tuple[str, ...] = Field((), description="Suggestions; any other text may be typed.")
    max_concurrency: int
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


# -- kernel to page: events --------------------------------------------------------------------


class Event(Message):
    """Base of what happened to one execution."""

    execution_id: str


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


PageEvent = Annotated[Started | Error | Complete | Changed | Removed, Field(discriminator="type")]


class Events(Message):
    """What happened since the message before, in order: one message for any number of events."""

    type: Literal["claude:events"] = "claude:events"
    sequence: int = Field(
        description="From 1, by one for each of the widget. A page that meets a gap says hello."
    )
    events: tuple[PageEvent, ...]


KernelMessage = Annotated[
    BundleAnswer
    | Welcome
    | Pong
    | ExecuteAnswer
    | ExecutionAnswer
    | ExecutionsAnswer
    | SessionsAnswer
    | Done
    | Refused
    | Events
    | PaneData,
    Field(discriminator="type"),
]
KERNEL_MESSAGE: TypeAdapter[KernelMessage] = TypeAdapter(KernelMessage, config=_LATER)

Notification = Started | Stream | Error | Complete
"""What a subscriber of `ProcessManager.subscribe` gets."""
