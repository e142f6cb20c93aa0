"""The widget of a pipeline: its steps and what comes after what, as a trait.

The rule: a face. Only the steps that have changed are read anew; names are redacted, for the trait
is saved with a notebook.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, NamedTuple

from claude_widget import protocol
from claude_widget.dependencies.pipeline import Pipeline, is_over
from claude_widget.dependencies.view import pipeline_bundle, short_name
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionStatus
from claude_widget.page.connected import with_fallback
from claude_widget.page.many_view import ManyView


class _Step(NamedTuple):
    """What is known of a step: of its latest attempt, and what all of them have cost.

    It is over once no further attempt follows.
    """

    execution_id: str
    status: ExecutionStatus
    reason: str | None
    asks: bool
    cost_usd: float
    over: bool


class PipelineView(ManyView):
    """The view of one pipeline, for a cell.

    Args:
        manager: whose executions its steps are.
        pipeline: which.
    """

    def __init__(self, manager: ProcessManager, pipeline: Pipeline) -> None:
        self._pipeline = pipeline
        self._first = list(pipeline.values())
        ids = [one.execution_id for one in self._first]
        self._places = {  # what a cell that is run again goes on with may be a further attempt
            one.attempt_of or one.execution_id: place for place, one in enumerate(self._first)
        }
        redact = manager.redactor_for(ids[: protocol.MOST_STEPS]).text
        names = list(pipeline)[: protocol.MOST_STEPS]
        self._drawn = {name: place for place, name in enumerate(names)}
        self._names = [short_name(redact(name)) for name in names]
        self._steps = [_read(one) for one in self._first]
        self._stale: set[int] = set()
        super().__init__(manager, "pipeline", self._look({}))
        self._forget = manager.on_end(self._note)
        self._stale.update(self._places.values())  # what has changed while nobody listened
        self._hear()

    def _place(self, execution: Execution) -> int | None:
        return self._places.get(execution.attempt_of or execution.execution_id)

    def _has(self, execution: Execution) -> bool:
        return self._place(execution) is not None

    def _find(self, execution_id: str) -> Execution | None:
        found = self._manager.get_execution(execution_id)
        return found if found is not None and self._has(found) else None

    def _note(self, execution: Execution | str) -> None:
        place = None if isinstance(execution, str) else self._place(execution)
        if place is not None:
            self._stale.add(place)
        super()._note(execution)

    def _look(self, before: dict[str, Any]) -> dict[str, Any]:
        """How far it is by now."""
        del before
        while self._stale:
            place = self._stale.pop()
            self._steps[place] = _read(self._first[place])
        counts = Counter(step.status for step in self._steps)
        told = protocol.PipelineProgress(
            total=len(self._steps),
            **{status.value: counts[status] for status in ExecutionStatus},
            asking=sum(step.asks for step in self._steps),
            cost_usd=round(sum(step.cost_usd for step in self._steps), 10),
            steps=tuple(map(self._told, self._drawn)),
            ended=all(step.over for step in self._steps),
        )
        return told.model_dump(mode="json", by_alias=True)

    def _told(self, name: str) -> protocol.PipelineStep:
        place, needs = self._drawn[name], self._pipeline.needs[name]
        step = self._steps[place]
        drawn = tuple(self._drawn[one] for one in needs if one in self._drawn)
        return protocol.PipelineStep.model_validate(
            {
                "name": self._names[place],
                "executionId": step.execution_id,
                "status": step.status,
                "reason": step.reason,
                "asks": step.asks,
                "needs": drawn,
                "leftOut": len(needs) - len(drawn),
            }
        )

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        mark = {"executions": [step.execution_id for step in self._steps]}
        static = pipeline_bundle(self._pipeline)
        return with_fallback(super()._repr_mimebundle_(**kwargs), static, mark)

    def close(self) -> None:
        """Take the widget away; the pipeline goes on."""
        self._forget()
        super().close()


def _read(execution: Execution) -> _Step:
    over = is_over(execution)  # before the rest, which then is how it ended
    infos = [one.info for one in execution.attempts]
    latest = infos[-1]
    cost = sum(info.cost_usd or 0.0 for info in infos if not info.recorded)
    asks = bool(latest.open_requests) and not latest.status.ended
    return _Step(latest.execution_id, latest.status, latest.reason, asks, cost, over)
