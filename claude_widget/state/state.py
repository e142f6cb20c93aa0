"""The whole state of one execution, and the snapshot that everybody else sees of it.

The rule: `State` is its parts and nothing more; `info` is derived from them on demand, so that a
change of state costs nothing for whoever does not look.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from claude_widget.models import (
    ExecutionInfo,
    ExecutionStatus,
    MCPServer,
    OpenRequest,
    OpenTool,
)
from claude_widget.state.accounting import cost_of, total_of, usage_of
from claude_widget.state.shape import Account, Asked, Life, Outcome, Session, Work

_STATUS_OF_KIND = {
    "authentication_failed": 401,
    "rate_limit": 429,
    "server_error": 500,
    "overloaded": 529,
}
"""What the API answers with, where the CLI tells only the kind."""


@dataclass(frozen=True, slots=True)
class State:
    """All that is known of one execution. Only `reduce` makes another one of it."""

    life: Life = field(default_factory=Life)
    asked: Asked = field(default_factory=Asked)
    session: Session = field(default_factory=Session)
    work: Work = field(default_factory=Work)
    account: Account = field(default_factory=Account)
    outcome: Outcome = field(default_factory=Outcome)

    @staticmethod
    def initial(execution_id: str) -> State:
        """The state before the first record; what is empty in it is shared by all."""
        return _EMPTY.replace(life=Life(execution_id=execution_id))

    def replace(
        self,
        *,
        life: Life | None = None,
        asked: Asked | None = None,
        session: Session | None = None,
        work: Work | None = None,
        account: Account | None = None,
        outcome: Outcome | None = None,
    ) -> State:
        """A copy with these parts changed; itself where none of them is another one."""
        parts = (
            life or self.life,
            asked or self.asked,
            session or self.session,
            work or self.work,
            account or self.account,
            outcome or self.outcome,
        )
        same = (
            parts[0] is self.life
            and parts[1] is self.asked
            and parts[2] is self.session
            and parts[3] is self.work
            and parts[4] is self.account
            and parts[5] is self.outcome
        )
        return self if same else State(*parts)

    @property
    def status(self) -> ExecutionStatus:
        """Pending, running, completed, failed or killed."""
        return self.life.status

    @property
    def awaits_input(self) -> bool:
        """Its turn is over, and it was asked to stay for follow-ups."""
        life, work = self.life, self.work
        stays = self.asked.keep_open and not life.stdin_closed and life.kill is life.limit is None
        idle = not work.in_turn and self.session.session_state in (None, "idle")
        over = self.outcome.facts is not None
        return life.status is ExecutionStatus.RUNNING and stays and idle and over

    @property
    def stderr_tail(self) -> str:
        """The last 4,000 characters of the CLI's stderr."""
        return self.outcome.stderr_tail

    @property
    def info(self) -> ExecutionInfo:
        """The snapshot that everybody else sees, built anew on each call."""
        return ExecutionInfo(
            **_of_request(self),
            **_of_session(self),
            **_of_work(self),
            **_of_outcome(self),
        )


_EMPTY = State()


def _of_request(state: State) -> dict[str, Any]:
    asked, life = state.asked, state.life
    return {
        "execution_id": life.execution_id,
        "query": asked.query,
        "project_path": asked.project_path,
        "name": asked.name,
        "mcp_config": asked.mcp_config,
        "recorded": asked.recorded,
        "recording_key": asked.key,
        "recorded_time": asked.recorded_time,
        "changes_lacking": asked.lacking,
        "resumed_from": asked.resumed_from,
        "held": life.held,
        "priority": asked.priority,
        "after": asked.after,
        "attempt": asked.attempt,
        "attempt_of": asked.attempt_of,
        "batch_id": asked.batch and asked.batch[0],
        "batch_row": asked.batch and asked.batch[1],
        "template": asked.template,
        "worktree": life.worktree,
        "status": life.status,
        "reason": life.reason,
        "pid": life.pid,
        "created_time": life.created_time,
        "start_time": life.start_time,
        "end_time": life.end_time,
        "exit_code": life.exit_code,
        "exit_forced": life.exit_forced,
        "cpu_seconds": life.cpu_seconds,
        "peak_memory_bytes": life.peak_memory,
        "peak_processes": life.peak_processes,
    }


def _of_session(state: State) -> dict[str, Any]:
    asked, session = state.asked, state.session
    return {
        "session_id": session.session_id or asked.session_id,
        "model": session.model or asked.model,
        "permission_mode": session.permission_mode or asked.permission_mode,
        "cli_version": session.cli_version,
        "api_key_source": session.api_key_source,
        "mcp_servers": session.mcp_servers or _configured(asked),
        "session_state": session.session_state,
        "effort": session.effort or asked.effort,
    }


def _configured(asked: Asked) -> tuple[MCPServer, ...]:
    names = asked.mcp_config.servers if asked.mcp_config else ()
    return tuple(MCPServer(name=name) for name in names)


def _of_work(state: State) -> dict[str, Any]:
    work, account, asked = state.work, state.account, state.asked
    resumed = asked.session_id is not None
    return {
        "activity": work.activity,
        "open_tools": tuple(
            OpenTool(tool_use_id=tool.id, name=tool.name, summary=tool.summary)
            for tool in work.tools
        ),
        "tool_counts": dict(work.tool_counts),
        "background_tasks": work.tasks,
        "open_requests": tuple(
            OpenRequest(
                control_id=one.request_id,
                asks=one.asks,
                tool_name=one.tool_name,
                summary=one.summary,
            )
            for one in work.waiting
        ),
        "awaits_input": state.awaits_input,
        "usage": usage_of(account),
        "cost_usd": cost_of(account, base_cost_usd=asked.base_cost_usd, resumed=resumed),
        "session_cost_usd": total_of(account, base_cost_usd=asked.base_cost_usd),
    }


def _of_outcome(state: State) -> dict[str, Any]:
    outcome = state.outcome
    return {
        "num_turns": outcome.num_turns,
        "duration_ms": outcome.duration_ms,
        "duration_api_ms": outcome.duration_api_ms,
        "result": outcome.result,
        "structured_output": outcome.structured_output,
        "denials": outcome.denials,
        "errors": outcome.errors,
        "api_error_status": _error_status(outcome),
        "unknown_frames": outcome.unknown_frames,
    }


def _error_status(outcome: Outcome) -> int | None:
    """HTTP status of the API's error that the last result, or the end without one, is about."""
    facts = outcome.facts
    if facts is None:
        return _STATUS_OF_KIND.get(outcome.error_kind)
    if not facts.failed:
        return None
    return facts.api_error_status or _STATUS_OF_KIND.get(facts.error_kind)
