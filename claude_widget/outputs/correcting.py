"""Sees that an output meets its schema before its CLI goes: one correction, then a failure.

The rule: only for what this manager owns and runs, on a thread of its own, since validators are
the user's code. The shim keeps stdin open for a short while after a turn (`check_grace`), so that
the model can be told what is wrong in the session that it knows; what is decided goes through the
shim, so that the transcript has it.
"""

from __future__ import annotations

import json
import logging
import threading
from typing import Any, Protocol

from claude_widget import command
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.models import ExecutionStatus, Reason
from claude_widget.outputs.checking import Unmet, checked, shown
from claude_widget.registry import Registry
from claude_widget.state.shape import Facts

_LOG = logging.getLogger(__name__)
_ASKED_AGAIN = (
    "Your structured output does not meet the schema: {problem}\n\n"
    "Call StructuredOutput once more, with the whole output corrected."
)


class Asks(Protocol):
    """What carries a wish to the shim."""

    def ask(self, execution: Execution, operation: str, **fields: Any) -> None:
        """Ask its shim."""


class Corrections:
    """Checks outputs. `changed` is called on the manager's thread."""

    def __init__(self, registry: Registry, asks: Asks) -> None:
        self._registry = registry
        self._asks = asks
        self._judged: dict[str, Facts] = {}
        self._corrected: set[str] = set()

    def changed(self, execution: Execution) -> None:
        """Look at it, if its turn is over and its output was not looked at yet."""
        if execution.state.asked.recorded or not execution.state.asked.has_schema:
            return
        execution_id = execution.execution_id
        if execution.status.ended:
            self._judged.pop(execution_id, None)
            self._corrected.discard(execution_id)
            return
        facts = _turn_over(execution)
        if facts is None or execution_id not in self._registry.mine:
            return
        if self._judged.get(execution_id) is facts:
            return
        self._judged[execution_id] = facts
        threading.Thread(
            target=self._judge, args=(execution, facts), name="claude-widget-output", daemon=True
        ).start()

    def _judge(self, execution: Execution, facts: Facts) -> None:
        stays = execution.run.request.keep_open
        try:
            problem = "" if facts.failed or facts.interrupted else problem_of(execution)
            if problem:
                self._tell(execution, problem)
            else:
                self._corrected.discard(execution.execution_id)  # a later turn has its own try
                if not stays:
                    self._asks.ask(execution, "end")
        except ClaudeWidgetError as error:  # it has ended meanwhile, or its shim is stuck
            _LOG.info("Output of execution %s: %s", execution.execution_id, error)

    def _tell(self, execution: Execution, problem: str) -> None:
        """The model has one try more; what then is no output is a failure."""
        execution_id = execution.execution_id
        if execution_id not in self._corrected:
            self._corrected.add(execution_id)
            message = command.user_message(_ASKED_AGAIN.format(problem=problem))
            self._asks.ask(execution, "send", line=json.dumps(message))
            return
        said = shown(execution.info.structured_output)
        problem = problem.rstrip(".")
        error = f"The output does not meet the schema: {problem}. The output: {said}"
        self._asks.ask(execution, "limit", reason=str(Reason.SCHEMA), error=error)


def problem_of(execution: Execution) -> str:
    """What is wrong with the output that it has by now; empty if nothing is."""
    schema = execution.run.request.output_schema
    if schema is None:
        return ""
    try:
        checked(execution.info.structured_output, schema, execution.schema_model)
    except Unmet as unmet:
        return str(unmet)
    return ""


def _turn_over(execution: Execution) -> Facts | None:
    """What is known of the turn that is over, while its CLI waits for more."""
    state = execution.state
    open_ = not state.life.stdin_closed and state.life.kill is state.life.limit is None
    idle = not state.work.in_turn and state.session.session_state in (None, "idle")
    if state.status is ExecutionStatus.RUNNING and open_ and idle:
        return state.outcome.facts
    return None
