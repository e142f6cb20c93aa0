"""Comparisons: what is started, how it is ranked, and what is refused.

The rule: the fake CLI. Worktrees and what is promoted from them are in test_comparison_worktrees.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextvars import Context
from pathlib import Path
from typing import Any

import pytest

from claude_widget.comparison.asked import MOST, Start, may_write, starts_of
from claude_widget.comparison.comparison import Comparison
from claude_widget.comparison.errors import NothingToPromote
from claude_widget.comparison.scoring import Score, Scored, scored
from claude_widget.comparison.view import comparison_bundle
from claude_widget.errors import ClaudeWidgetError, ExecutionActive, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.retries import policy
from claude_widget.worktrees.errors import NoWorktree
from tests.conftest import MakeManager
from tests.fake import running
from tests.waiting import BOUND, until

MODELS = ["haiku", "sonnet", "opus"]


def over(comparison: Comparison) -> Comparison:
    comparison.wait(BOUND)
    assert comparison.over
    return comparison


def by_model(scores: dict[str, Any]) -> Callable[[Execution], Any]:
    """A score that is known by the model."""
    return lambda execution: scores[execution.run.request.model or ""]


@pytest.fixture
def one_fails(tmp_path: Path) -> str:
    """A prompt at which the model "sonnet" fails, as a CLI does that refuses its name."""
    script = tmp_path / "one_fails.py"
    script.write_text("if cli.model == 'sonnet': import os; os._exit(3)\n")
    return f"fake:script={script} which?"


# -- what is asked for ---------------------------------------------------------------------------


def test_models_and_repeat_make_one_execution_each() -> None:
    assert starts_of(["a", "b"], 2) == (Start("a", 1), Start("a", 2), Start("b", 1), Start("b", 2))
    assert starts_of(None, 2) == (Start(None, 1), Start(None, 2))
    assert starts_of(None, 2, "opus") == (Start("opus", 1), Start("opus", 2))
    assert starts_of(" one ", 1) == (Start("one", 1),)


@pytest.mark.parametrize(
    ("models", "repeat", "model", "field"),
    [
        (None, 1, None, "models"),
        ([], 3, None, "models"),
        (["a", "a"], 1, None, "models"),
        (["a", None], 1, None, "models"),
        (["a", " "], 1, None, "models"),
        (7, 1, None, "models"),
        ({"a": 1}, 1, None, "models"),
        (["a"], 1, "b", "models"),
        (["a", "b"], 0, None, "repeat"),
        (["a", "b"], -1, None, "repeat"),
        (["a", "b"], True, None, "repeat"),
        (["a", "b"], 1.5, None, "repeat"),
        (None, MOST + 1, None, "repeat"),
    ],
)
def test_what_cannot_be_compared_is_refused(
    models: Any, repeat: Any, model: Any, field: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        starts_of(models, repeat, model)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("options", "writes"),
    [
        ({}, True),
        ({"permission_mode": "plan"}, False),
        ({"permissions": "deny"}, False),
        ({"permissions": "deny", "allowed_tools": ["Read", "Grep"]}, False),
        ({"permissions": "deny", "allowed_tools": "Bash(git *)"}, True),
        ({"permissions": "deny", "permission_mode": "acceptEdits"}, True),
        ({"permission_mode": "dontAsk"}, False),
        ({"permissions": lambda request: True}, True),
    ],
)
def test_who_may_write_is_told_from_the_options(options: dict[str, Any], writes: bool) -> None:
    assert may_write(options) is writes


def test_nothing_is_started_where_an_argument_is_wrong(
    manager: ProcessManager, project: Path
) -> None:
    wrong: list[dict[str, Any]] = [
        {"models": ["a", "a"]},
        {"repeat": 0},
        {"models": ["a", "b"], "model": "c"},
        {"repeat": 2, "score": 5},
        {"repeat": 2, "score_timeout": 0},
        {"repeat": 2, "session_id": "s"},
        {"repeat": 2, "effort": "none"},
        {"repeat": 2, "worktree": True},
        {"repeat": 2, "keep_open": True},
        {"repeat": 2, "name": 5},
    ]
    for options in wrong:
        with pytest.raises(InvalidRequest):
            manager.compare("hello", project, **options)
    assert manager.get_all_executions() == []


def test_what_was_started_is_ended_where_a_later_one_cannot_be(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    start = manager.start_execution

    def refusing(query: str, **options: Any) -> Execution:
        if options["model"] == "opus":
            raise ClaudeWidgetError("No more.")
        return start(query, **options)

    monkeypatch.setattr(manager, "start_execution", refusing)
    with pytest.raises(ClaudeWidgetError, match=r"No more\."):
        manager.compare("fake:long", project, models=MODELS)
    until(lambda: not manager.get_active_executions(), what="they have ended")
    assert [one.status for one in manager.get_all_executions()] == ["killed", "killed"]


# -- ranking -------------------------------------------------------------------------------------


async def test_scores_rank_what_completed_and_failed_ones_come_last(
    manager: ProcessManager, project: Path, one_fails: str
) -> None:
    asked: list[str] = []

    def score(execution: Execution) -> float:
        asked.append(execution.run.request.model or "")
        return {"haiku": 0.25, "opus": 0.75}[asked[-1]]

    comparison = manager.compare(one_fails, project, models=MODELS, score=score, name="which")
    assert await comparison is comparison
    assert [one.info.name for one in comparison] == ["which haiku", "which sonnet", "which opus"]
    assert comparison.scores == (0.25, None, 0.75)
    assert comparison.ranking == (comparison[2], comparison[0], comparison[1])
    assert comparison.best is comparison[2]
    assert sorted(asked) == ["haiku", "opus"]
    assert comparison.counts == {"completed": 2, "failed": 1}
    assert comparison.cost_usd == sum(one.info.cost_usd or 0 for one in comparison)
    assert [one.label for one in comparison.ranked] == ["opus", "haiku", "sonnet"]


def test_further_attempts_are_paid_for(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = make_manager(max_concurrency=1)  # two at once may both find that none was refused
    monkeypatch.setattr(policy, "FIRST", 0.05)
    asked = "fake:costs=0.2 fake:refuses=500 fake:refused=1"
    comparison = manager.compare(asked, project, repeat=2, retries=1).wait(BOUND)
    assert comparison.counts == {"completed": 2}
    assert comparison.cost_usd == pytest.approx(0.6), "one of them has two attempts"


def test_of_equal_scores_the_first_as_given_is_the_best(
    manager: ProcessManager, project: Path
) -> None:
    scores = {"haiku": True, "sonnet": 1, "opus": False}
    comparison = over(manager.compare("hi", project, models=MODELS, score=by_model(scores)))
    assert comparison.scores == (1.0, 1.0, 0.0)
    assert comparison.ranking == tuple(comparison)
    assert comparison.best is comparison[0]


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise ValueError


NO_SCORES: dict[str, Any] = {
    "raised ZeroDivisionError: by nothing": ZeroDivisionError("by nothing"),
    "raised SystemExit: 3": SystemExit(3),
    "raised Unspeakable": Unspeakable(),
    "gave no number, but NoneType": None,
    "gave no number, but str": "0.5",
    "gave no number, but nan": float("nan"),
    "gave a number that is too large": 10**400,
}


def test_a_score_that_is_none_is_told_and_not_fatal(manager: ProcessManager, project: Path) -> None:
    def score(execution: Execution) -> Any:
        given = NO_SCORES.get(execution.run.request.model or "", -5)
        if isinstance(given, BaseException):
            raise given
        return given

    models = [*NO_SCORES, "opus"]
    comparison = over(manager.compare("hi", project, models=models, score=score))
    assert [one.problem for one in comparison.candidates] == [*NO_SCORES, ""]
    assert comparison.ranking == (comparison[-1], *comparison[:-1])
    with pytest.raises(NoWorktree):
        comparison.promote()


def test_a_score_may_be_async_and_may_run_executions_itself(
    manager: ProcessManager, project: Path
) -> None:
    async def judged(execution: Execution) -> float:
        assert threading.current_thread() is not threading.main_thread()
        model = execution.run.request.model
        judge = await manager.start_execution(f"fake:says={len(model or '')}", project)
        return float(judge.result or "nan")

    comparison = over(manager.compare("hi", project, models=["haiku", "opus"], score=judged))
    assert comparison.scores == (5.0, 4.0)


async def test_a_score_that_never_ends_is_left_alone_and_the_others_are_scored(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = threading.Event()

    def in_time(score: Score, execution: Execution, timeout: float, context: Context) -> Scored:
        """The one that ends by itself may take as long as the machine lets it wait."""
        assert timeout == 0.2
        bound = BOUND if execution.run.request.model == "opus" else timeout
        return scored(score, execution, bound, context)

    monkeypatch.setattr("claude_widget.comparison.judging.scored", in_time)

    def score(execution: Execution) -> Any:
        model = execution.run.request.model
        if model == "haiku":
            free.wait()
        return asyncio.Event().wait() if model == "sonnet" else 1

    comparison = manager.compare("hi", project, models=MODELS, score=score, score_timeout=0.2)
    await comparison
    free.set()
    told = "did not end within 0.2 s"
    assert [one.problem for one in comparison.candidates] == [told, told, ""]
    assert comparison.best is comparison[2]


def test_without_a_score_nothing_is_the_best(
    manager: ProcessManager, project: Path, one_fails: str
) -> None:
    comparison = over(manager.compare(one_fails, project, models=MODELS))
    assert comparison.best is None
    assert comparison.ranking == (comparison[0], comparison[2], comparison[1])
    with pytest.raises(NothingToPromote, match="compare with score="):
        comparison.promote()
    with pytest.raises(NoWorktree):
        comparison.promote(comparison[0])


# -- while they run ------------------------------------------------------------------------------


def test_nothing_is_promoted_while_one_is_not_over(manager: ProcessManager, project: Path) -> None:
    comparison = manager.compare("fake:long", project, models=MODELS[:2], score=lambda one: 1)
    with pytest.raises(TimeoutError):
        comparison.wait(0)
    with pytest.raises(ExecutionActive, match="haiku is"):
        comparison.promote()
    assert not comparison.over
    running(comparison[0])
    comparison.kill()
    over(comparison)
    assert comparison.counts == {"killed": 2}
    assert comparison.scores == (None, None)
    with pytest.raises(NothingToPromote):
        comparison.promote()


def test_a_manager_that_closes_leaves_nobody_waiting(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager()
    comparison = manager.compare("fake:long", project, repeat=2)
    running(comparison[0])
    manager.close()
    until(lambda: comparison.over, what="it is given up")
    assert "closed" in comparison.candidates[0].problem


def test_an_execution_of_another_comparison_is_not_promoted(
    manager: ProcessManager, project: Path
) -> None:
    comparison = over(manager.compare("hi", project, repeat=2, score=lambda one: 1))
    other = manager.start_execution("hi", project).wait(BOUND)
    with pytest.raises(InvalidRequest):
        comparison.promote(other)


# -- recordings ----------------------------------------------------------------------------------


def test_a_comparison_replays(record: ProcessManager, replay: MakeManager, project: Path) -> None:
    def compared(manager: ProcessManager) -> Comparison:
        return over(
            manager.compare(
                "fake:says=x", project, models=MODELS[:2], repeat=2, score=lambda one: 1
            )
        )

    first = compared(record)
    record.close()
    again = compared(replay())
    assert all(one.info.recorded for one in again)
    sessions = [one.info.session_id for one in first]
    assert [one.info.session_id for one in again] == sessions
    assert len(set(sessions)) == 4
    assert again.scores == (1.0,) * 4
    assert again.cost_usd == 0
    assert "recorded" in comparison_bundle(again)["text/plain"]
    for one in (first, again):
        assert [told["files"] for told in one.to_dicts()] == [None] * 4, "without a worktree"


# -- as a table ----------------------------------------------------------------------------------


def test_it_becomes_a_dataframe_with_the_best_first(manager: ProcessManager, project: Path) -> None:
    scores = {"haiku": 1, "opus": 2}
    comparison = over(
        manager.compare("fake:says=yes", project, models=["haiku", "opus"], score=by_model(scores))
    )
    frame = comparison.to_dataframe()
    assert list(frame["model"]) == ["opus", "haiku"]
    assert list(frame["score"]) == [2.0, 1.0]
    assert list(frame["result"]) == ["yes", "yes"]
    assert list(frame["execution_id"]) == [one.execution_id for one in comparison.ranking]
