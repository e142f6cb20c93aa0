"""What can be asked of an execution, as its user calls it.

The rule: the methods of `Execution` that want something of its CLI. They check what is given and
pass it on to the manager's side, `Keeper`; an answer of the CLI's is translated, never judged.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, get_args

from claude_widget.errors import ControlFailed, InvalidRequest
from claude_widget.models import Effort, MCPServer, PermissionMode, Reason
from claude_widget.permissions import Answer, Decision, decision_of
from claude_widget.redaction.redactor import Redactor
from claude_widget.subscriptions import Subscriptions

if TYPE_CHECKING:
    from claude_widget.changes.observed import Changes
    from claude_widget.execution import Execution
    from claude_widget.worktrees.preparing import Worktrees


class Keeper(Protocol):
    """What an execution needs of its manager."""

    subscriptions: Subscriptions
    worktrees: Worktrees

    @property
    def closed(self) -> bool:
        """Nobody follows any more."""

    @property
    def redactor(self) -> Redactor:
        """Takes out what is secret to the manager's maker, and to this machine."""

    def recorded_changes(self, execution: Execution) -> Changes | None:
        """What one that is played changed when it was recorded; None if nobody can tell."""

    def is_held(self, execution: Execution) -> bool:
        """Pending, and nobody lives who would start it."""

    def await_end(self, execution: Execution) -> None:
        """Somebody waits for its end."""

    def attempts(self, execution: Execution) -> list[Execution]:
        """All attempts at what it was an attempt at, oldest first."""

    def next_attempt(self, execution: Execution) -> Execution | None:
        """The attempt that follows it, and is waited for as well; None if there is none."""

    def ask(self, execution: Execution, operation: str, **fields: Any) -> None:
        """Ask its shim."""

    def control(self, execution: Execution, subtype: str, **fields: Any) -> dict[str, Any]:
        """Ask its CLI; what that answered."""

    def answer(
        self, execution: Execution, control_id: str, decision: Decision, by: str, note: str = ""
    ) -> None:
        """Answer what its CLI asks."""

    def kill(self, execution: Execution, reason: Reason) -> None:
        """End it."""

    def follow_up(self, execution: Execution, text: str, *, fork: bool) -> Execution:
        """Send it a prompt, or resume or fork it with one."""

    def rerun(self, execution: Execution) -> Execution:
        """Start another one with the same request."""


class Steered:
    """An execution as somebody who may be asked things.

    All of these are bounded to a few seconds and raise, with the execution unchanged:
    `ExecutionActive` (it has not started), `ExecutionEnded`, `ControlFailed` (its shim or its CLI
    did not answer, or refused; the message has the CLI's own words).
    """

    _keeper: Keeper

    @property
    def _me(self) -> Execution:
        raise NotImplementedError

    # -- the turn ----------------------------------------------------------------------------

    def kill(self) -> None:
        """End it, with everything it started. Returns at once; nothing happens if it has ended."""
        self._keeper.kill(self._me, Reason.USER)

    def interrupt(self) -> None:
        """Stop the turn and keep the session."""
        self._keeper.ask(self._me, "interrupt")

    def send(self, text: str, *, fork: bool = False) -> Execution:
        """Send a follow-up prompt.

        Args:
            text: the prompt.
            fork: go on in a new session, in a new execution, and leave this one as it is.

        Returns:
            Itself while it runs (the CLI queues the prompt); once it has ended, or with `fork`, the
            new execution that resumes its session.
        """
        return self._keeper.follow_up(self._me, text, fork=fork)

    def fork(self, text: str) -> Execution:
        """The same as `send(text, fork=True)`."""
        return self.send(text, fork=True)

    def rerun(self) -> Execution:
        """Start another execution with the same request, whether this one runs or has ended."""
        return self._keeper.rerun(self._me)

    def end(self) -> None:
        """End an execution that was started with `keep_open`, once its turn is over."""
        self._keeper.ask(self._me, "end")

    def answer_request(self, control_id: str, decision: Answer, *, by: str = "page") -> None:
        """Answer one of its open `requests`. The first answer counts, whoever gives it.

        Args:
            control_id: of the request.
            decision: `Allow`, `Deny`, True or False.
            by: who decides: "page" (a person), "callable" or "policy".

        Raises:
            RequestGone: it was answered, taken back, or ended; nothing was changed.
            ControlFailed: the shim did not answer.
            TypeError: the decision is none.
        """
        self._keeper.answer(self._me, control_id, decision_of(decision), by)

    # -- the session -------------------------------------------------------------------------

    def set_model(self, name: str) -> None:
        """Go on with another model, from its next request to the API on.

        Args:
            name: a name or alias; `manager.models` has those that the CLI offers.
        """
        if not name.strip():
            raise InvalidRequest("model must be a name.", field="model")
        self._keeper.control(self._me, "set_model", model=name.strip())

    def set_permission_mode(self, mode: PermissionMode) -> None:
        """Go on in another permission mode, such as "plan" or "acceptEdits"."""
        _check("permission_mode", mode, get_args(PermissionMode))
        self._keeper.control(self._me, "set_permission_mode", mode=mode)

    def set_effort(self, level: Effort) -> None:
        """Go on with another effort: "low", "medium", "high", "xhigh" or "max"."""
        _check("effort", level, get_args(Effort))
        self._keeper.control(self._me, "apply_flag_settings", settings={"effortLevel": level})
        # The CLI says success to any value; what it applies it says only when it is asked.
        told = self._keeper.control(self._me, "get_settings").get("applied")
        applied = told.get("effort") if isinstance(told, dict) else level
        if applied != level:
            raise ControlFailed(
                f"The CLI did not take effort {level!r}: it has {applied!r}.",
                code="refused",
                execution_id=self._me.execution_id,
            )

    def mcp_status(self) -> tuple[MCPServer, ...]:
        """Its MCP servers and how each is, as the CLI says now."""
        self._keeper.control(self._me, "mcp_status")
        return self._me.info.mcp_servers  # folded from the very answer

    def reconnect_mcp_server(self, name: str) -> None:
        """Have the CLI connect one of its MCP servers again."""
        self._keeper.control(self._me, "mcp_reconnect", serverName=name)

    def ask_cost(self) -> float | None:
        """Have its CLI say what its session has cost, also in the middle of a turn.

        Returns:
            US dollars at list prices, this execution's share, of the calls to the API that are
            over; `info.cost_usd` says the same from then on. None if nothing was spent yet.
        """
        if not self._me.info.recorded:
            self._keeper.control(self._me, "get_session_cost")
        return self._me.info.cost_usd  # folded from the very answer

    def stop_task(self, task_id: str) -> None:
        """Stop a background task or subagent; nothing happens if there is none of that id."""
        self._keeper.control(self._me, "stop_task", task_id=task_id)


def _check(field: str, given: object, known: tuple[str, ...]) -> None:
    if given not in known:
        raise InvalidRequest(
            f"{field} cannot be {given!r}.", field=field, hint="One of: " + ", ".join(known) + "."
        )
