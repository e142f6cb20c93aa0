"""Many executions that depend on each other, as a manager's user starts them.

The rule: the methods of `ProcessManager` for the common shapes. Everything is checked before the
first one is started; what cannot be started after all takes the others with it, but for what has no
recording: that fails like any other step.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from typing import Any

from claude_widget.admission import Origin
from claude_widget.dependencies.pipeline import Pipeline
from claude_widget.dependencies.steps import Laid, Step, pipeline_of, sequence_of, tell_step
from claude_widget.errors import ClaudeWidgetError, ConfirmationNeeded, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.templates.template import Template

_PLACES = {"project_path": ".", "session_id": None, "mcp_config": None, "model": None}
"""What each step is started with, unless it says otherwise."""


class Pipelines:
    """A manager that starts pipelines."""

    def _start(self, given: dict[str, Any], origin: Origin, *, again: bool) -> Execution:
        """Start one."""
        raise NotImplementedError

    def pipeline(
        self,
        steps: Mapping[str, str | Template | Step],
        *,
        variables: Mapping[str, Any] | None = None,
        **options: Any,
    ) -> Pipeline:
        """Start steps that name each other, each once those that it names have completed.

        Prompts are templates: `{{ plan.result }}` is the result of the step `plan`, and makes this
        one wait for it. Steps that need none of the others start side by side.

        Args:
            steps: prompts by name, or `step(prompt, **options)`, whose `after` and `continues` may
                name other steps.
            variables: what prompts may read beside each other.
            **options: of all steps that have no other, as for `start_execution`.

        Returns:
            Their executions by name; returns at once.

        Raises:
            DependencyCycle: some steps need each other.
            UnknownStep: one needs a step that there is not.
            InvalidRequest: a prompt or an option is wrong. In each of these cases nothing was
                started; any other error of `start_execution` ends what was.
        """
        return self._start_all(pipeline_of(steps, variables, options))

    def sequence(
        self,
        queries: Iterable[str | Template | Step],
        *,
        one_session: bool = False,
        **options: Any,
    ) -> Pipeline:
        """Start prompts one after another, each once the one before has completed.

        Args:
            queries: prompts, sent as written, or `step(prompt, **options)`.
            one_session: each goes on with the session of the one before.
            **options: of all that have no other, as for `start_execution`. With `one_session` a
                session among them is the first one's.

        Returns:
            Their executions by name, or by "1", "2" and so on; returns at once.

        Raises:
            InvalidRequest: a prompt or an option is wrong; nothing was started.
        """
        return self._start_all(sequence_of(queries, options, one_session=one_session))

    def _start_all(self, laid: Laid) -> Pipeline:
        started: dict[str, Execution] = {}
        try:
            for name in laid.order:
                started[name] = self._start_step(laid, name, started)
        except BaseException:
            for one in list(started.values())[::-1]:
                with contextlib.suppress(ClaudeWidgetError):  # what was wrong first is told
                    one.kill()
            raise
        return Pipeline({name: started[name] for name in laid.steps}, laid.needs)

    def _start_step(self, laid: Laid, name: str, started: Mapping[str, Execution]) -> Execution:
        try:
            given = {**_PLACES, "query": laid.steps[name].query, **_resolved(laid, name, started)}
            again = bool(given.pop("again", False))
            return self._start(given, Origin(step=True), again=again)
        except ConfirmationNeeded:  # which is about its project
            raise
        except InvalidRequest as error:
            tell_step(error, name)
            raise


def _resolved(laid: Laid, name: str, started: Mapping[str, Execution]) -> dict[str, Any]:
    """The options of a step, with executions in place of the names of other steps."""
    options = dict(laid.steps[name].options)
    after = options.get("after") or ()
    many = after if isinstance(after, (list, tuple, set, frozenset)) else [after]
    after = [started.get(one, one) if isinstance(one, str) else one for one in many]
    options["after"] = [*after, *(started[one] for one in laid.needs[name])]
    continued = options.get("continues")
    if isinstance(continued, str):
        options["continues"] = started.get(continued, continued)
    if "variables" in options:
        read = {one: started[one] for one in laid.wanted[name]}
        options["variables"] = {**options["variables"], **read}
    return options
