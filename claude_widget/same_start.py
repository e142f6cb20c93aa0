"""Whether a start asks for what an execution that is there already was asked.

The rule: requests are compared, nothing is started or changed. They are the same if they differ in
no more than the name, the values of environment variables, and an MCP configuration that was never
kept. Executions that they name count by their recordings: a notebook that is run again plays anew
what it comes after. One whose prompt is filled later is also compared as it is filled.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from claude_widget.dependencies.filling import as_filled
from claude_widget.execution import Execution
from claude_widget.mcp.config import describe_mcp_config
from claude_widget.models import ExecutionRequest, ExecutionStatus
from claude_widget.registry import Registry


class SameStart:
    """Compares starts with the executions of one manager.

    Args:
        registry: knows the executions.
        filled_now: what a request asks for whose prompt is filled later; None if that is not known
            yet.
    """

    def __init__(
        self,
        registry: Registry,
        filled_now: Callable[[ExecutionRequest], ExecutionRequest | None],
    ) -> None:
        self._registry = registry
        self._filled_now = filled_now

    def asks_for(self, request: ExecutionRequest, execution: Execution) -> bool:
        """Whether a start asks for an execution.

        Of a further attempt it is to ask for the first one: that may have to go on where it
        stopped.
        """
        run = execution.run
        if sorted(request.env) != sorted(run.forgotten_env or run.asked.env):
            return False
        wanted = self._rest(request)
        if all(self._rest(one) != wanted for one in self._forms(self._first(execution))):
            return False
        if run.asked.mcp_config is not None:
            return run.asked.mcp_config == request.mcp_config
        described = describe_mcp_config(request.mcp_config, request.mcp_config_path)
        return execution.info.mcp_config == described

    def _first(self, execution: Execution) -> Execution:
        """The first attempt at it, which says what was asked for; itself if that is not known."""
        first_id = execution.attempt_of
        return execution if first_id is None else self._registry.get(first_id) or execution

    def _forms(self, execution: Execution) -> Iterator[ExecutionRequest]:
        """What was asked for, as it was asked, and as it is filled, as far as that is known."""
        asked = execution.run.asked
        yield asked
        if asked.is_filled_later:
            started = execution.ran[0] is not None
            if started:
                yield as_filled(execution)
            # What a fork goes on with is not kept in what it was filled with.
            if not started or asked.fork_session:
                filled = self._filled_now(asked)
                if filled is not None:
                    yield filled

    def _rest(self, request: ExecutionRequest) -> dict[str, Any]:
        rest = request.model_dump(mode="json", exclude={"name", "env", "mcp_config"})
        named = {"after": request.after, "continues": request.continues}
        for field, value in {**named, "variables": request.variables}.items():
            rest[field] = self._by_recording(value)
        return rest

    def _by_recording(self, value: Any) -> Any:
        """The same with ids of recordings in place of those of executions."""
        if isinstance(value, dict):
            return {name: self._by_recording(one) for name, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._by_recording(one) for one in value]
        named = self._registry.get(value) if isinstance(value, str) else None
        return value if named is None else named.recording_key or value


def is_unfilled(execution: Execution) -> bool:
    """Whether it waits, and what it asks for is filled when it is its turn."""
    if execution.status is not ExecutionStatus.PENDING:
        return False
    return execution.run.request.is_filled_later and execution.info.recording_key is None
