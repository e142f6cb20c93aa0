"""What a manager's user asks about money: a budget around starts, and what they are likely to cost.

The rule: the methods of `ProcessManager` about budgets. What is known of earlier executions is read
here; what follows from it is `estimate`'s.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator, Sized
from pathlib import Path

from claude_widget.admission import Admission
from claude_widget.backend import Backend
from claude_widget.budgets.estimate import Estimate, Like, Past, estimate_all
from claude_widget.budgets.scope import Budget
from claude_widget.budgets.watching import Watching
from claude_widget.errors import InvalidRequest
from claude_widget.execution import Execution
from claude_widget.models import ExecutionInfo, ExecutionStatus
from claude_widget.queue.starting import Starting
from claude_widget.registry import Registry
from claude_widget.steering import Steering
from claude_widget.templates.template import Template

_MOST_LOOKED_AT = 1_000
"""The newest executions; each is read from its text."""


class Budgeted:
    """A manager's budgets."""

    _registry: Registry
    _admission: Admission
    _starting: Starting
    _steering: Steering
    backend: Backend
    _watching: Watching

    def _look(self) -> None:
        """Have the manager look at once."""
        raise NotImplementedError

    def _keep_budgets(self) -> Watching:
        """What sees that budgets hold, from now on."""
        watching = Watching(
            self._registry, self.backend, self._steering, owner=self, look=self._look
        )
        self._watching = watching
        self._admission.cover = watching.cover
        self._starting.gates.append(watching)
        return watching

    def budget(self, usd: float | None = None, minutes: float | None = None) -> Budget:
        """A budget for what is started inside of it: `with manager.budget(usd=5, minutes=20):`.

        Nothing that it covers is started once a bound is crossed (what waits ends as killed, reason
        budget_scope), and what runs is interrupted. `spent_usd`, `left_usd`, `overshoot_usd` and
        `crossed` tell how it stands. What it covers is watched until it has ended, also after
        `with`, while this manager is open. Budgets may be nested, and entered again. Threads that
        are made inside take part only with the context: `contextvars.copy_context().run`.

        Args:
            usd: US dollars at list prices for all of it together, more than 0; None for no bound.
            minutes: from the first entering on, more than 0; None for no bound.

        Raises:
            InvalidRequest: neither is given, or one is no number above 0.
        """
        return Budget(usd, minutes, owner=self)

    def over_budget(self, execution: Execution) -> str:
        """What is over a budget that covers it, or over its own, in words; "" if nothing is."""
        return self._watching.over(execution)

    def estimate(
        self,
        query: str | Template,
        executions: int | Sized = 1,
        *,
        project_path: str | os.PathLike[str] = ".",
        model: str | None = None,
        effort: str | None = None,
    ) -> Estimate:
        """What starts are likely to cost, from like executions that this state folder has.

        Args:
            query: the prompt, or a template.
            executions: how many there are to be, or the rows that they are to be made from.
            project_path: the folder that they are to work in.
            model: as for the start; of a template its own, if it names one.
            effort: as for the start; of a template its own, if it names one.

        Returns:
            Low, middle and high amounts in US dollars at list prices, with `basis`, which says how
            many executions they rest on and how like these are. The amounts are None where no
            execution has ended whose cost is known.

        Raises:
            InvalidRequest: executions is no number from 0 on.
        """
        number = len(executions) if isinstance(executions, Sized) else executions
        if type(number) is not int or number < 0:
            raise InvalidRequest(
                f"executions must be a number from 0 on, not {number!r}.", field="executions"
            )
        like = self.like(query, project_path, model, effort)
        return estimate_all({like: number}, self._past())

    def estimate_all(self, executions: Iterable[Like]) -> Estimate:
        """What starts of several kinds are likely to cost together; for faces.

        Args:
            executions: what makes each of them like others.
        """
        return estimate_all(Counter(executions), self._past())

    def like(
        self,
        query: str | Template,
        project_path: str | os.PathLike[str],
        model: str | None,
        effort: str | None,
    ) -> Like:
        """What makes a start like others; arguments as for `estimate`."""
        prompt = query
        if isinstance(query, Template):
            prompt = query.name or query.query
            model = model or query.options.get("model")
            effort = effort or query.options.get("effort")
        project = str(Path(project_path).expanduser().resolve())
        return Like(str(prompt), model, effort, project)

    def _past(self) -> Iterator[Past]:
        """What has ended and was paid for, newest first."""
        for execution in self._registry.all()[: -_MOST_LOOKED_AT - 1 : -1]:
            if execution.status in (ExecutionStatus.COMPLETED, ExecutionStatus.FAILED):
                past = self._past_of(execution)
                if past is not None:
                    yield past

    def _past_of(self, execution: Execution) -> Past | None:
        """What it was and has cost; None if nothing was paid for it, or nobody knows what."""
        info = execution.info
        if info.recorded or not info.cost_usd:
            return None
        request = execution.run.request
        like = Like(self._prompt_of(info), request.model, request.effort, info.project_path)
        return Past(like, info.cost_usd)

    def _prompt_of(self, info: ExecutionInfo) -> str:
        """What it was asked, so that others are alike."""
        return info.template or info.query
