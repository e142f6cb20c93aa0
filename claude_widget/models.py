"""The data that everything else passes around: what is asked for, and what is known of it.

The rule: pydantic models and enumerations only, no behaviour beyond validation, no I/O, no clock.
`ExecutionRequest` is what a start asks for; `ExecutionInfo` is what the fold of a transcript says.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal

from pydantic import BaseModel, ByteSize, ConfigDict, Field


class ExecutionStatus(StrEnum):
    """Where an execution is. The last three are final."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    KILLED = "killed"

    @property
    def ended(self) -> bool:
        """True for completed, failed and killed."""
        return self in _ENDED


_ENDED = frozenset({ExecutionStatus.COMPLETED, ExecutionStatus.FAILED, ExecutionStatus.KILLED})


class Reason(StrEnum):
    """Why an execution ended; the status follows from it (`STATUS_OF`)."""

    SUCCESS = "success"
    DENIED = "denied"
    INTERRUPTED = "interrupted"

    API_ERROR = "api_error"
    RATE_LIMIT = "rate_limit"
    AUTHENTICATION = "authentication"
    BUDGET = "budget"
    MAX_TURNS = "max_turns"
    SCHEMA = "schema"
    STARTUP = "startup"
    DEPENDENCY = "dependency"
    LOST = "lost"
    CRASHED = "crashed"
    TIMEOUT = "timeout"
    IDLE = "idle"
    MEMORY = "memory"
    CPU = "cpu"
    PROCESSES = "processes"
    DISK = "disk"

    USER = "user"
    BATCH = "batch"
    BUDGET_SCOPE = "budget_scope"
    CLOSE = "close"
    SWEEP = "sweep"


_COMPLETED = (Reason.SUCCESS, Reason.DENIED, Reason.INTERRUPTED)
KILL_REASONS = (Reason.USER, Reason.BATCH, Reason.BUDGET_SCOPE, Reason.CLOSE, Reason.SWEEP)
STATUS_OF: dict[Reason, ExecutionStatus] = {
    reason: (
        ExecutionStatus.COMPLETED
        if reason in _COMPLETED
        else ExecutionStatus.KILLED
        if reason in KILL_REASONS
        else ExecutionStatus.FAILED
    )
    for reason in Reason
}

Effort = Literal["low", "medium", "high", "xhigh", "max"]
PermissionMode = Literal["default", "acceptEdits", "plan", "bypassPermissions", "dontAsk", "auto"]
SettingSource = Literal["user", "project", "local"]
Permissions = Literal["ask", "deny", "callable"]
Sandbox = Literal["cli", "bubblewrap"]
Asks = Literal["permission", "questions", "plan", "other"]
Mode = Literal["live", "record", "replay", "auto"]
OnFailure = Literal["fail", "run"]


class ExecutionRequest(BaseModel):
    """What one start asks for. Field names are those of `ProcessManager.start_execution`."""

    model_config = ConfigDict(extra="forbid", frozen=True, defer_build=True)

    query: str = Field(description="The prompt, sent as written.")
    project_path: str = Field(description="Folder the CLI runs in, absolute.")
    session_id: str | None = Field(None, description="Session to resume.")
    fork_session: bool = Field(False, description="Resume into a new session, leave the old one.")
    mcp_config: dict[str, Any] | None = Field(
        None, repr=False, description="As given to --mcp-config."
    )
    mcp_config_path: str | None = Field(None, description="The file it was read from, if any.")
    required_mcp_servers: tuple[str, ...] = Field(
        (), description="Names of MCP servers without which it fails."
    )
    model: str | None = Field(None, description="Model name or alias; None is the CLI's default.")
    name: str | None = Field(None, description="What people call it.")
    keep_open: bool = Field(False, description="Stay for follow-ups after the turn has ended.")
    expand: bool = Field(False, description="Let the CLI expand a leading /command and @paths.")
    effort: Effort | None = None
    permission_mode: PermissionMode | None = None
    permissions: Permissions = Field(
        "ask", description="Who decides on what nothing permits; a callable is kept in memory only."
    )
    allowed_tools: tuple[str, ...] = ()
    disallowed_tools: tuple[str, ...] = ()
    system_prompt: str | None = None
    append_system_prompt: str | None = None
    add_dirs: tuple[str, ...] = Field(
        (), description="Further folders the tools may use, absolute."
    )
    setting_sources: tuple[SettingSource, ...] | None = Field(
        None, description="Settings the CLI loads; None is its default, () is none."
    )
    max_turns: int | None = Field(None, ge=1)
    max_budget_usd: float | None = Field(None, gt=0, allow_inf_nan=False, description="US dollars.")
    output_schema: dict[str, Any] | None = Field(
        None, alias="schema", description="JSON schema that the result must meet."
    )
    after: tuple[str, ...] = Field((), description="Ids of executions that must complete first.")
    on_failure: OnFailure = Field(
        "fail", description="If one of those does not complete: fail too, or run all the same."
    )
    continues: str | None = Field(
        None, description="Id of the execution whose session it resumes, once that has ended."
    )
    variables: dict[str, Any] | None = Field(
        None,
        repr=False,
        description="The query is a template, filled with these when it is its turn.",
    )
    priority: int = Field(0, description="Higher goes first.")
    retries: int = Field(
        0, ge=0, le=20, description="Further attempts after a failure that may pass by itself."
    )
    worktree: bool = Field(False, description="Work in a git worktree and branch of its own.")
    timeout: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="Seconds, a sleep of the machine left out."
    )
    idle_timeout: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="Seconds without output and with no tool open."
    )
    max_cpu: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="Cores on average over ten seconds."
    )
    max_cpu_seconds: float | None = Field(
        None, gt=0, allow_inf_nan=False, description="Processor seconds of the whole tree."
    )
    max_memory: ByteSize | None = Field(
        None, gt=0, description="Bytes of resident memory of the whole tree, or as '2 GB'."
    )
    max_processes: int | None = Field(None, ge=1, description="Living processes of the whole tree.")
    max_temp_size: ByteSize | None = Field(
        None, gt=0, description="Bytes on disk below the CLI's own temp folder, or as '2 GB'."
    )
    env: dict[str, str] = Field(default_factory=dict, repr=False)
    env_allow: tuple[str, ...] | None = Field(
        None,
        description="Names, or beginnings with a *, of what the CLI inherits; None is everything.",
    )
    sandbox: Sandbox | dict[str, Any] | None = Field(
        None,
        description="The CLI isolates its commands (by such settings), or bubblewrap all of it.",
    )
    trust_project: bool | None = Field(
        None,
        description="Whether the project's own settings count; None: if harmless or known.",
    )
    extra_args: tuple[str, ...] = Field((), description="Appended to the CLI's arguments.")
    mode: Mode | None = Field(
        None, description="Live, recorded or played from its recording; None is the manager's own."
    )
    key: str | None = Field(
        None, description="What its recording is found by, in place of what is asked."
    )
    key_ignore: tuple[str, ...] = Field(
        (), description="Regular expressions; what they match in prompts is not in the key."
    )
    inputs: tuple[str, ...] = Field(
        (), description="Globs of files, relative to the notebook, whose content is in the key."
    )
    apply_changes: bool = Field(
        False, description="Where it is replayed, change the project as was recorded."
    )

    @property
    def is_filled_later(self) -> bool:
        """What it asks for is known only once those that it names have ended."""
        return self.continues is not None or self.variables is not None


class Usage(BaseModel):
    """Tokens, each message counted once."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0


class OpenTool(BaseModel):
    """A tool call that has no result yet."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    tool_use_id: str
    name: str
    summary: str = Field("", description="What it works on, at most 200 characters.")


class OpenRequest(BaseModel):
    """What the CLI waits for an answer to; the whole of it is in `Execution.requests`."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    control_id: str
    asks: Asks = "other"
    tool_name: str = ""
    summary: str = Field("", description="What the call works on, at most 200 characters.")


class Denial(BaseModel):
    """A tool call that was not permitted."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    tool_name: str
    tool_use_id: str | None = None
    message: str = ""


class MCPServer(BaseModel):
    """An MCP server's name and the status that the CLI reports; never its command or secrets."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    name: str
    status: str = "configured"


class MCPConfigInfo(BaseModel):
    """What may be shown of an MCP configuration: its path and server names only."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    path: str | None = None
    servers: tuple[str, ...] = ()


class BackgroundTask(BaseModel):
    """A background task or subagent that is still alive."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    task_id: str
    task_type: str = ""
    description: str = ""


class WorktreeInfo(BaseModel):
    """The git worktree that an execution works in."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    path: str = Field(description="Its work tree.")
    cwd: str = Field("", description="The folder in it that is the project, where the CLI works.")
    branch: str
    base: str = Field(description="The commit that it was made from.")
    repository: str = Field(description="The work tree of the project that it belongs to.")


class ExecutionInfo(BaseModel):
    """What is known of one execution: an immutable snapshot of the fold of its transcript."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    execution_id: str
    query: str = Field("", repr=False)
    project_path: str = ""
    name: str | None = None
    status: ExecutionStatus = ExecutionStatus.PENDING
    reason: Reason | None = Field(None, description="Why it ended; None while it has not.")
    session_id: str | None = Field(None, description="From the CLI; the one asked for until then.")
    model: str | None = Field(None, description="From the CLI; the one asked for until then.")
    permission_mode: str | None = None
    effort: str | None = None
    mcp_config: MCPConfigInfo | None = None
    mcp_servers: tuple[MCPServer, ...] = ()
    cli_version: str | None = None
    api_key_source: str | None = Field(None, description="Where the login came from.")
    pid: int | None = Field(None, description="Of the CLI, while it runs and after.")
    created_time: float | None = Field(None, description="Epoch seconds of the request.")
    start_time: float | None = Field(None, description="Epoch seconds of the CLI's start.")
    end_time: float | None = Field(None, description="Epoch seconds of the ending record.")
    activity: str = Field("", description="What it does right now, at most 200 characters.")
    session_state: str | None = Field(None, description="idle, running or requires_action.")
    open_tools: tuple[OpenTool, ...] = ()
    open_requests: tuple[OpenRequest, ...] = Field((), description="At most 32, oldest first.")
    awaits_input: bool = Field(
        False, description="Its turn is over, and it was asked to stay for follow-ups."
    )
    tool_counts: dict[str, int] = Field(default_factory=dict, description="Calls by tool name.")
    background_tasks: tuple[BackgroundTask, ...] = ()
    usage: Usage = Usage()
    cost_usd: float | None = Field(
        None, description="US dollars at list prices, this execution's share so far."
    )
    session_cost_usd: float | None = Field(
        None, description="US dollars of its whole session, with what others spent in it before."
    )
    num_turns: int | None = None
    duration_ms: int | None = Field(None, description="As the CLI reports it, milliseconds.")
    duration_api_ms: int | None = Field(None, description="As the CLI reports it, milliseconds.")
    result: str | None = Field(None, repr=False, description="The final text.")
    structured_output: Any = None
    denials: tuple[Denial, ...] = ()
    errors: tuple[str, ...] = Field((), description="At most 20, each at most 4,000 characters.")
    api_error_status: int | None = Field(
        None, description="HTTP status of the API's error, where its turn failed for one."
    )
    exit_code: int | None = Field(None, description="Of the CLI; negative is a signal's number.")
    exit_forced: bool = Field(False, description="It hung after its result and was ended.")
    cpu_seconds: float | None = Field(
        None, description="Processor seconds of the CLI and all that it started, once it has ended."
    )
    peak_memory_bytes: int | None = Field(
        None, description="Resident memory of them all, the most that was seen."
    )
    peak_processes: int | None = Field(None, description="How many there were, the most seen.")
    unknown_frames: int = Field(0, description="Frames of a type that this version does not know.")
    recorded: bool = Field(False, description="Played from a recording, at no cost.")
    recording_key: str | None = Field(
        None, description="What its recording is found by; None where it has none."
    )
    recorded_time: float | None = Field(
        None, description="Epoch seconds of the recording that it is played from, if it says."
    )
    changes_lacking: tuple[str, ...] = Field(
        (),
        description="Replayed with `apply_changes`: what was changed and is not in the recording.",
    )
    resumed_from: str | None = Field(None, description="Execution whose session it resumes.")
    held: bool = Field(False, description="Pending, and not started until somebody releases it.")
    priority: int = Field(0, description="Of its start; higher goes first.")
    after: tuple[str, ...] = Field((), description="Ids of those that it comes after; at most 100.")
    attempt: int = Field(1, description="Which attempt it is, from 1.")
    attempt_of: str | None = Field(
        None, description="The first attempt, where this is a further one."
    )
    batch_id: str | None = None
    batch_row: int | None = Field(None, description="Of its batch, from 0.")
    template: str | None = Field(None, description="Name of the template its query is made from.")
    worktree: WorktreeInfo | None = None

    @property
    def cwd(self) -> str:
        """The folder that its CLI works in: the project's, or that of its worktree."""
        return self.project_path if self.worktree is None else self.worktree.cwd

    @property
    def duration(self) -> float | None:
        """Seconds from the CLI's start to the end, or None while it runs."""
        if self.start_time is None or self.end_time is None:
            return None
        return self.end_time - self.start_time
