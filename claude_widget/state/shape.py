"""The state of one execution: its parts, all immutable and all bounded.

The rule: data only. A part holds what one kind of frame changes, so that a change copies a few
fields and never the whole. Every tuple has a bound below, every string is clipped, except the
query, the result and the structured output, which are what the execution is for.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from claude_widget.models import (
    Asks,
    BackgroundTask,
    Denial,
    ExecutionStatus,
    MCPConfigInfo,
    MCPServer,
    Reason,
    WorktreeInfo,
)

MAX_STORY = 50
MAX_ERRORS = 20
MAX_DENIALS = 100
MAX_SERVERS = 100
MAX_TASKS = 100
MAX_TOOL_NAMES = 200
MAX_OPEN_TOOLS = 100
MAX_WAITING = 256
"""More than a CLI asks at once (20 subagents, 10 calls each): one left out is never answered."""
MAX_SETTLED = 64
MAX_REQUESTS = 16
RECENT_TOOLS = 64
"""Calls that are recognised when a frame repeats them."""
RECENT_MESSAGES = 32
"""Messages whose usage can still be corrected; more than the CLI streams at once (20 subagents)."""
STDERR_TAIL = 4000
OWNER = (
    "host",
    "boot_id",
    "pid_namespace",
    "pid",
    "start",
    "notebook",
    "manager_id",
    "holds_lock",
)
"""What is kept of an owner, see `claude_widget.runtime.owner` and `claude_widget.owners`."""
MAX_OWNER = 4096
"""Characters of one part of it; the longest is the path of a notebook."""

Tokens = tuple[int, int, int, int]
"""Input, output, cache creation, cache read."""
NO_TOKENS: Tokens = (0, 0, 0, 0)


class Life(NamedTuple):
    """What our own records say."""

    execution_id: str = ""
    status: ExecutionStatus = ExecutionStatus.PENDING
    reason: Reason | None = None
    story: tuple[str, ...] = ()
    created_time: float | None = None
    start_time: float | None = None
    end_time: float | None = None
    pid: int | None = None
    kill: Reason | None = None
    limit: Reason | None = None
    exit_code: int | None = None
    exit_forced: bool = False
    cpu_seconds: float | None = None
    peak_memory: int | None = None
    peak_processes: int | None = None
    stdin_closed: bool = False
    owner: Mapping[str, Any] = MappingProxyType({})
    """Whose it is: `claude_widget.runtime.owner` and `manager_id`; empty where it is not told."""
    held: bool = False
    worktree: WorktreeInfo | None = None


class Asked(NamedTuple):
    """What was asked for."""

    query: str = ""
    project_path: str = ""
    name: str | None = None
    session_id: str | None = None
    model: str | None = None
    permission_mode: str | None = None
    effort: str | None = None
    mcp_config: MCPConfigInfo | None = None
    recorded: bool = False
    key: str | None = None
    recorded_time: float | None = None
    lacking: tuple[str, ...] = ()
    resumed_from: str | None = None
    base_cost_usd: float | None = None
    has_schema: bool = False
    keep_open: bool = False
    priority: int = 0
    after: tuple[str, ...] = ()
    attempt: int = 1
    attempt_of: str | None = None
    batch: tuple[str, int] | None = None
    template: str | None = None


class Session(NamedTuple):
    """What the CLI says of itself.

    Attributes:
        requests: ids and subtypes of control requests of ours whose answer will say more.
    """

    initialized: bool = False
    session_id: str | None = None
    model: str | None = None
    permission_mode: str | None = None
    cli_version: str | None = None
    api_key_source: str | None = None
    mcp_servers: tuple[MCPServer, ...] = ()
    session_state: str | None = None
    effort: str | None = None
    requests: tuple[tuple[str, str], ...] = ()


class Tool(NamedTuple):
    """A tool call that has no result yet; `lane` is the call that its subagent belongs to."""

    id: str
    name: str
    summary: str
    lane: str


class Waiting(NamedTuple):
    """A control request that the CLI waits for the answer of.

    Attributes:
        text: as an activity.
        offset: byte of the transcript at which the request itself is.
        agent_id: of the subagent that asks; empty for the main conversation.
    """

    request_id: str
    tool_use_id: str
    text: str
    asks: Asks = "other"
    tool_name: str = ""
    summary: str = ""
    offset: int = 0
    agent_id: str = ""


class Settled(NamedTuple):
    """A control request of the CLI's that waits no more: answered, or taken back.

    Attributes:
        by: who answered, where the transcript says so.
    """

    request_id: str
    answered: bool
    by: str = ""
    tool_use_id: str = ""


class Work(NamedTuple):
    """What goes on right now, and what was done."""

    activity: str = ""
    in_turn: bool = False
    tools: tuple[Tool, ...] = ()
    recent_tools: tuple[str, ...] = ()
    tool_counts: Mapping[str, int] = MappingProxyType({})
    waiting: tuple[Waiting, ...] = ()
    settled: tuple[Settled, ...] = ()
    tasks: tuple[BackgroundTask, ...] = ()
    retry: str = ""


class Counted(NamedTuple):
    """A message whose usage is in the total, and may still be corrected."""

    id: str
    tokens: Tokens


class Account(NamedTuple):
    """Tokens and money.

    Attributes:
        settled: tokens up to the last result.
        running: tokens of the messages since then.
        recent: the last of those messages.
        streaming: lane and message id of the partial messages under way.
        cost: latest total of the session, US dollars; None before the first result.
        base: what the session had cost before this execution, US dollars.
        told: total of the session as it was asked for in the turn under way, US dollars; None if
            it was not, or says no more than the last result.
        told_first: what was answered first, in a resumed session its base, or more.
        carried: cost and tokens of conversations that were cleared.
    """

    settled: Tokens = NO_TOKENS
    running: Tokens = NO_TOKENS
    recent: tuple[Counted, ...] = ()
    streaming: tuple[tuple[str, str], ...] = ()
    cost: float | None = None
    base: float | None = None
    told: float | None = None
    told_first: float | None = None
    carried: float = 0.0
    carried_tokens: Tokens = NO_TOKENS


class Facts(NamedTuple):
    """What a result frame says about how the turn went."""

    failed: bool = False
    subtype: str = ""
    terminal_reason: str = ""
    api_error_status: int | None = None
    error_kind: str = ""
    startup: bool = False
    interrupted: bool = False


class Outcome(NamedTuple):
    """What came of it.

    Attributes:
        facts: of the result that counts, or None before the first.
        unanswered: a message was sent that no result has covered yet.
        interrupted: the turn under way was asked to stop.
        error_kind: of the assistant's last error in the turn under way.
        last_text: the main lane's last text since the last result.
    """

    facts: Facts | None = None
    unanswered: bool = False
    interrupted: bool = False
    error_kind: str = ""
    last_text: str | None = None
    result: str | None = None
    structured_output: Any = None
    num_turns: int | None = None
    duration_ms: int | None = None
    duration_api_ms: int | None = None
    denials: tuple[Denial, ...] = ()
    errors: tuple[str, ...] = ()
    stderr_tail: str = ""
    unknown_frames: int = 0
