"""Which executions have a session: what a start may go on with, and what it must wait for.

The rule: two executions at once on one session would interleave its file (two CLIs write it), so
the second is refused. It looks at what is known, and changes nothing.
"""

from __future__ import annotations

from claude_widget.budgets.spending import restored_cost
from claude_widget.errors import InvalidRequest, SessionInUse
from claude_widget.execution import Execution
from claude_widget.models import ExecutionRequest
from claude_widget.registry import Registry


def holders(registry: Registry, request: ExecutionRequest, named: str | None) -> list[Execution]:
    """The executions of the session that is to be resumed: the named one, then the latest."""
    if request.session_id is None:
        return []
    latest = registry.all()[::-1]
    wanted = request.session_id
    found = [one for one in latest if named == one.execution_id or one.session_id == wanted]
    return sorted(found, key=lambda one: one.execution_id != named)


def base_cost(registry: Registry, request: ExecutionRequest, named: str | None) -> float | None:
    """US dollars that the session which is resumed has cost so far; None if nobody knows.

    That is what the last of its executions has left, whichever of them a start names; the named
    one counts where all were cleaned up.
    """
    if request.session_id is None:
        return None
    last = None if named is None else registry.recall(named)
    for one in (*holders(registry, request, None), *([] if last is None else [last])):
        info, asked = one.info, one.run.request
        is_a_fork = asked.fork_session and info.session_id == asked.session_id  # or not yet told
        if not (is_a_fork or info.recorded or info.start_time is None):
            return restored_cost(info, resumed=asked.session_id is not None)
    return None


def check_session(registry: Registry, request: ExecutionRequest, own: str | None = None) -> None:
    """Refuse a start on a session that another execution has, or is to have next.

    Args:
        registry: knows the others.
        request: of the start.
        own: id of the execution that is to have it.

    Raises:
        SessionInUse: another one has it.
        InvalidRequest: another one waits to go on with it.
    """
    if request.fork_session:
        return
    if request.continues is not None:
        _check_continues(registry, request.continues)
    wanted = request.session_id
    if wanted is None:
        return
    registry.look_around()  # another manager may have taken it a moment ago
    for execution in registry.active():
        if execution.execution_id == own or execution.execution_id in request.after:
            continue
        asked = execution.run.request
        held = execution.session_id
        if asked.fork_session and held == asked.session_id:
            held = None  # a fork has a session of its own, which it has not told yet
        if held == wanted:
            raise SessionInUse(wanted, execution.execution_id)


def _check_continues(registry: Registry, continued: str) -> None:
    for execution in registry.active():
        asked = execution.run.request
        if asked.continues == continued and not asked.fork_session:
            raise InvalidRequest(
                f"Execution {execution.execution_id} continues {continued} already.",
                field="continues",
                hint=f"Continue {execution.execution_id}, or give fork_session=True.",
            )
