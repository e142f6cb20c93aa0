"""A manager as one batch sees it.

The rule: it passes on what a batch asks for, to whoever does it in the manager; it decides nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from claude_widget.admission import Admission, Origin
from claude_widget.adoption import Adoption
from claude_widget.batch.recipe import Recipe
from claude_widget.batch.row import Row
from claude_widget.budgets.scope import Budget, budgets_inside
from claude_widget.dependencies.errors import UnknownDependency
from claude_widget.errors import ClaudeWidgetError, ControlFailed, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.models import ExecutionInfo, ExecutionRequest, ExecutionStatus, Reason
from claude_widget.outputs.errors import OutputInvalid
from claude_widget.queue.queue import Queue
from claude_widget.recordings.occurrences import Cell
from claude_widget.registry import Registry
from claude_widget.steering import Steering
from claude_widget.subscriptions import Subscriptions

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class Parts:
    """The parts of a manager that batches need.

    Attributes:
        owner: the manager itself.
        look: has it see at once what was started on another thread.
    """

    registry: Registry
    admission: Admission
    adoption: Adoption
    steering: Steering
    subscriptions: Subscriptions
    queue: Queue
    owner: object
    look: Callable[[], None]


class Hosting:
    """What a batch needs of its manager. Safe from any thread.

    Args:
        parts: of the manager.
        batch_id: of the batch.
        recipe: makes requests of its rows.
        call: where it was asked for; None where that counts for nothing.
        budget: what it may cost; None without a bound of its own.
    """

    def __init__(
        self,
        parts: Parts,
        batch_id: str,
        recipe: Recipe,
        call: Cell | None,
        budget: Budget | None = None,
    ) -> None:
        self._budget = budget
        self.recipe = recipe
        self.subscriptions = parts.subscriptions
        self._parts = parts
        self._batch_id = batch_id
        self._call = call
        self._firsts: dict[str, Execution] = {}
        """What the last row came after: kept, so that one cleaned up is read once for all rows."""

    @property
    def closed(self) -> bool:
        """It starts and follows nothing any more."""
        return self._parts.steering.closed

    @property
    def slots(self) -> int:
        """How many executions it runs at once."""
        return self._parts.queue.slots

    @property
    def waits(self) -> str:
        """Why it starts nothing for now; empty if it does."""
        base = self.recipe.base
        pause = self._parts.queue.pause_of(base.model, base.project_path)
        if pause is None:
            return ""
        return f"the queue is paused ({pause.said or pause.kind.replace('_', ' ')})"

    @property
    def spent(self) -> str:
        """Which budget of it allows no more, in words; empty while all do.

        To be asked where rows are started: budgets hold where the code runs.
        """
        crossed = [one for one in budgets_inside(self._parts.owner) if one.crossed is not None]
        return f"{crossed[0]!r} is used up" if crossed else ""

    def note(self, info: ExecutionInfo) -> None:
        """What one of its executions has cost by now."""
        if self._budget is not None:
            self._budget.cover(info.execution_id)
            self._budget.note(info)

    def admit(self, row: Row, before: Execution | None) -> Execution:
        """Make an execution of a row, a further attempt if there was one before.

        Raises:
            ClaudeWidgetError: it cannot be made.
        """
        if self.recipe.lacking:
            lost = ", ".join(self.recipe.lacking)
            raise InvalidRequest(
                f"The batch was started with {lost}, which is never kept.",
                field="env",
                hint="Run its cell again: that goes on with this batch.",
            )
        request = self._request_of(row)
        origin = Origin(
            batch=(self._batch_id, row.number),
            template=self.recipe.template.name or None,
            call=self._call,
        )
        if before is not None:
            info = before.info
            first = info.attempt_of or info.execution_id
            origin = origin._replace(attempt=info.attempt + 1, attempt_of=first)
        execution = self._parts.admission.admit(request, origin, self.recipe.code)
        self._parts.look()
        return execution

    def _request_of(self, row: Row) -> ExecutionRequest:
        """What a row asks for; what it comes after counts as it ended, also if it was cleaned up.

        Raises:
            InvalidRequest: it cannot be made, or comes after what is gone.
        """
        firsts: dict[str, Execution] = {}

        def first(execution_id: str, field: str = "variables") -> Execution:
            found = self.recall(execution_id)
            if found is None:
                raise UnknownDependency(execution_id, field)
            firsts[execution_id] = found
            return found

        request = self.recipe.request_of(row, first)
        for execution_id in request.after:
            first(execution_id, "after")
        self._firsts = firsts  # not before: what the last row came after need not be read again
        return request

    def get(self, execution_id: str) -> Execution | None:
        """The execution of that id; None if it is there no more."""
        return self._parts.registry.get(execution_id)

    def recall(self, execution_id: str) -> Execution | None:
        """The same, also if it was cleaned up; None if its transcript is gone."""
        return self._parts.registry.recall(execution_id)

    def is_held(self, execution_id: str) -> bool:
        """Whether that one waits, and nobody lives who would start it."""
        found = self.get(execution_id)
        return found is not None and self._parts.registry.is_held(found)

    def output_of(self, execution: Execution) -> Any:
        """What came out of it; None where it did not complete."""
        if execution.status is not ExecutionStatus.COMPLETED:
            return None
        if self.recipe.base.output_schema is None:
            return execution.info.result
        execution.schema_model = self.recipe.code.model  # of one that an earlier kernel has started
        try:
            return execution.output
        except OutputInvalid:
            return None

    def kill(self, executions: Iterable[Execution]) -> None:
        """End them, those that wait first: a slot that is free would be theirs."""
        waiting_first = sorted(executions, key=lambda one: one.status is ExecutionStatus.RUNNING)
        for execution in waiting_first:
            try:
                self._parts.steering.kill(execution, Reason.BATCH)
            except ControlFailed as error:
                _LOG.warning("%s", error)

    def take_over(self, execution_ids: Iterable[str]) -> None:
        """Own those whose manager is gone, and start what waits of them; budgets here cover all.

        To be called where rows are started, as for `spent`.
        """
        for execution in filter(None, map(self.get, execution_ids)):
            if not execution.end_told:
                self._parts.admission.cover(execution.execution_id)
            mine = execution.execution_id in self._parts.registry.mine
            if mine or not self._parts.registry.has_owner(execution):
                try:
                    self._go_on(execution)
                except ClaudeWidgetError as error:
                    _LOG.warning("%s", error)

    def _go_on(self, execution: Execution) -> None:
        """Own one, with all that rows are started with as far as this kernel knows it."""
        adoption, recipe = self._parts.adoption, self.recipe
        if recipe.lacking:
            adoption.adopt(execution)
        else:
            adoption.go_on(execution, recipe.base, recipe.code)
