"""One prompt for several models, or several times, as a manager's user starts it.

The rule: part of `ProcessManager`. Everything is checked before the first one is started; what
cannot be started after all takes the others with it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from claude_widget.comparison.asked import (
    check_ends,
    check_score,
    check_session,
    may_write,
    named,
    starts_of,
)
from claude_widget.comparison.comparison import Comparison
from claude_widget.comparison.judging import Judging
from claude_widget.comparison.scoring import SCORE_TIMEOUT, Score
from claude_widget.errors import ClaudeWidgetError, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.history.looking_back import LookingBack
from claude_widget.request import build_request, check_name
from claude_widget.templates.library import TemplateLibrary
from claude_widget.templates.template import Template
from claude_widget.worktrees.settling import Settling
from claude_widget.worktrees.source import source_of


class Comparing(LookingBack, TemplateLibrary):
    """A manager that compares."""

    _settling: Settling

    def start_execution(self, query: Any, *args: Any, **options: Any) -> Execution:
        """Start one."""
        raise NotImplementedError

    def compare(
        self,
        query: str | Template,
        project_path: str | os.PathLike[str] = ".",
        *,
        models: Iterable[str] | None = None,
        repeat: int = 1,
        score: Score | None = None,
        score_timeout: float = SCORE_TIMEOUT,
        worktree: bool | None = None,
        name: str | None = None,
        **options: Any,
    ) -> Comparison:
        """Start one prompt with several models, or several times. Returns at once.

        Args:
            query: the prompt, or a template.
            project_path: the folder that all of them work in, or on a copy of.
            models: names or aliases, each once; None for the one of `model`.
            repeat: how often each model, at least 1.
            score: called with each execution that has completed, once, on a thread of its own; it
                gives a number (True is 1), higher is better, or is async and does. The worktree is
                at `execution.worktree`. What it raises is in `candidates`, and stops nothing.
            score_timeout: seconds that one call may take. A call that goes on beyond cannot be
                stopped unless it is async; what it says then is dropped.
            worktree: each works in a git worktree of its own; None: if they may write and the
                project can have worktrees.
            name: what people call it; each execution's name begins with it.
            **options: of each, as for `start_execution`.

        Returns:
            Its executions, side by side.

        Raises:
            InvalidRequest: there is nothing to compare, or an argument is wrong. Any error of
                `start_execution` ends what was started.
        """
        check_score(score, score_timeout)
        given = {"project_path": project_path, **options}
        if isinstance(query, Template):
            given = self._arguments_of(query, given)
        else:
            given["query"] = query
        starts = starts_of(models, repeat, (given if models is None else options).get("model"))
        check_name(name)
        check_session(given)
        check_ends(given)
        if worktree is None:
            worktree = given.get("worktree", self._isolates(given))
        given["worktree"] = worktree
        executions = self._start_each(
            [{**named(given, start, name, repeat), "model": start.model} for start in starts]
        )
        judging = Judging(executions, score, score_timeout, self._settling)
        judging.start()
        return Comparison(
            zip(starts, executions, strict=True),
            judging,
            name=name,
            scored=score is not None,
            redactor_for=self.redactor_for,
        )

    def _isolates(self, given: dict[str, Any]) -> bool:
        """Whether each gets a worktree where nobody has said so; played ones do as they did."""
        resumes = given.get("session_id") is not None or given.get("continues") is not None
        if resumes or not may_write(given):
            return False
        try:
            request = build_request("-", given["project_path"], mode=given.get("mode"))
            project = Path(request.project_path)
            if self._planner.mode_of(request) == "replay":  # which starts no process, nor git
                return any(os.access(one / ".git", os.R_OK) for one in (project, *project.parents))
            source_of(project)
        except InvalidRequest:  # no worktree, or no project, which the start says
            return False
        return True

    def _start_each(self, arguments: list[dict[str, Any]]) -> list[Execution]:
        started: list[Execution] = []
        try:
            for one in arguments:
                execution = self.start_execution(**one)
                started.append(execution)
                self._settling.keep(execution)
        except BaseException:
            for execution in started[::-1]:
                self._settling.let_go(execution)
                with contextlib.suppress(ClaudeWidgetError):  # what was wrong first is told
                    execution.kill()
            raise
        return started
