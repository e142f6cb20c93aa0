"""Our own records: the lifecycle of an execution, stream `meta`.

The rule: strict. These are written by this package, so a missing field or a wrong type is damage
and never guessed at. Only a field more is let pass: it is a newer version's. The table is in
docs/design.md.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from claude_widget.events.record import Event
from claude_widget.models import KILL_REASONS, STATUS_OF, ExecutionStatus, MCPConfigInfo, Reason


def _is_failure(reason: Reason) -> Reason:
    if STATUS_OF[reason] is ExecutionStatus.COMPLETED:
        raise ValueError("is no reason to fail")
    return reason


def _is_kill(reason: Reason) -> Reason:
    if reason not in KILL_REASONS:
        raise ValueError("is no reason to kill")
    return reason


AnyFailure = Annotated[Reason, Field(strict=False), AfterValidator(_is_failure)]
AnyKill = Annotated[Reason, Field(strict=False), AfterValidator(_is_kill)]


class Lifecycle(Event):
    """Base of our records."""

    model_config = ConfigDict(strict=True, coerce_numbers_to_str=False)

    event: str


class TranscriptOpened(Lifecycle):
    """`transcript`, the header."""

    version: int
    epoch: float = Field(description="Epoch seconds that the records' times count from.")
    execution_id: str
    host: str = ""
    boot_id: str | None = None


class AskedFor(BaseModel):
    """What the state needs of the request; the whole of it is in the event's `raw`."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    query: str
    project_path: str
    session_id: str | None = None
    fork_session: bool = False
    model: str | None = None
    name: str | None = None
    effort: str | None = None
    permission_mode: str | None = None
    keep_open: bool = False
    after: list[str] = []
    priority: int = 0
    output_schema: Any = Field(None, validation_alias="schema")


class InBatch(BaseModel):
    """Which row of which batch it is for."""

    model_config = ConfigDict(frozen=True, extra="ignore", defer_build=True)

    id: str
    row: int = Field(ge=0)


class Requested(Lifecycle):
    """`requested`: the execution exists, and waits."""

    request: AskedFor
    mcp_config: MCPConfigInfo | None = None
    owner: Any = None
    recorded: bool = False
    key: str | None = Field(None, description="What its recording is found by.")
    recorded_time: float | None = Field(None, description="Epoch seconds of that recording.")
    lacking: list[str] = Field([], description="What that one changed and is not in it.")
    resumed_from: str | None = None
    base_cost_usd: float | None = Field(
        None, ge=0, description="US dollars that the session cost before, if anybody knows."
    )
    attempt: int = Field(1, ge=1)
    attempt_of: str | None = Field(None, description="The first attempt.")
    batch: InBatch | None = None
    template: str | None = Field(None, description="Name of what its query was made from.")


class Held(Lifecycle):
    """`held`: it is not started until it is released."""


class Released(Lifecycle):
    """`released`: it may be started again."""


class Prioritised(Lifecycle):
    """`prioritised`: those of a higher priority are started before it, of a lower one after it."""

    priority: int


class Filled(Lifecycle):
    """`filled`: what it came after has ended, so that what it asks for is known."""

    query: str
    session_id: str | None = None
    resumed_from: str | None = None
    base_cost_usd: float | None = Field(None, ge=0, description="As of a request.")
    recorded: bool = False
    key: str | None = None
    recorded_time: float | None = None
    lacking: list[str] = Field([], description="As of a request.")


class WorktreeMade(Lifecycle):
    """`worktree`: the folder and the branch that it works in are there."""

    path: str
    cwd: str = ""
    branch: str
    base: str
    repository: str


class Adopted(Lifecycle):
    """`adopted`: another manager owns it from now on, since the one before is gone."""

    owner: Any
    name: str | None = Field(None, description="What its new owner calls it; unchanged if null.")


class Refused(Lifecycle):
    """`refused`: it will never be started. Ends the execution."""

    reason: AnyFailure
    error: str = ""


class Spawned(Lifecycle):
    """`spawned`: the CLI runs."""

    pid: int
    shim_pid: int | None = None
    shim_start: float | str | None = None
    cli_path: str = ""


class KillAsked(Lifecycle):
    """`kill`: somebody wants it ended."""

    reason: AnyKill
    error: str = Field("", description="More in words, where the reason says too little.")


class LimitReached(Lifecycle):
    """`limit`: it used more than it may."""

    reason: AnyFailure
    figure: float | None = None
    bound: float | None = None
    error: str = Field("", description="What happened, where the figures do not say it.")


class Answered(Lifecycle):
    """`answered`: a request of the CLI's has its answer, which is the next line sent."""

    request_id: str
    by: str = Field("", description="page, callable or policy.")
    note: str = Field("", description="What went wrong while it was decided.")


class StdinClosed(Lifecycle):
    """`stdin_closed`: the CLI was told that nothing more will come."""


class Signalled(Lifecycle):
    """`signalled`: a step of the ladder."""

    signal: str


class Ended(Lifecycle):
    """`ended`: the process is gone, its streams are drained. Ends the execution."""

    exit_code: int | None = Field(description="Negative is a signal's number; null: it never ran.")
    error: str | None = None
    forced: bool = False
    descendants: int = 0
    cpu_seconds: float | None = Field(None, ge=0)
    peak_memory: int | None = Field(None, ge=0, description="Bytes.")
    peak_processes: int | None = Field(None, ge=0)


class Lost(Lifecycle):
    """`lost`: the shim died and nobody knows how it went. Ends the execution."""

    error: str | None = None


LIFECYCLE: dict[str, type[Lifecycle]] = {
    "transcript": TranscriptOpened,
    "requested": Requested,
    "adopted": Adopted,
    "held": Held,
    "released": Released,
    "prioritised": Prioritised,
    "filled": Filled,
    "worktree": WorktreeMade,
    "refused": Refused,
    "spawned": Spawned,
    "kill": KillAsked,
    "limit": LimitReached,
    "answered": Answered,
    "stdin_closed": StdinClosed,
    "signalled": Signalled,
    "ended": Ended,
    "lost": Lost,
}
Ending = Literal["refused", "ended", "lost"]
