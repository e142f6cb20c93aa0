"""A manager's budgets: what is started inside, what it costs while it runs, and what a bound ends.

The rule: real processes that say what they cost, when they are asked.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from claude_widget.batch.batch import Batch
from claude_widget.batch.mapping import Batched
from claude_widget.batch.recipe import Recipe
from claude_widget.batch.view import batch_bundle
from claude_widget.budgets import watching
from claude_widget.budgets.budgeted import Budgeted
from claude_widget.budgets.scope import Budget
from claude_widget.budgets.watching import Watching
from claude_widget.errors import ExecutionFailed, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.rows import row_in
from claude_widget.queue import governor
from claude_widget.registry import Registry
from claude_widget.retries import policy
from tests.asking import known_to
from tests.conftest import MakeManager
from tests.fake import ended, lines, metas, running
from tests.waiting import BOUND, until

COSTLY = "fake:costs=0.3 fake:gate=never"


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """CLIs are asked many times a second."""
    monkeypatch.setattr(watching, "EVERY", 0.02)
    monkeypatch.setattr(watching, "LOOK", 0.02)


def questions(execution: Execution) -> int:
    """How often its CLI was asked what it had cost."""
    return sum(b"get_session_cost" in line for line in lines(execution, "in"))


def was_spawned(execution: Execution) -> bool:
    return any(meta["event"] == "spawned" for meta in metas(execution))


def test_when_a_budget_is_crossed_what_runs_is_interrupted_and_what_waits_never_starts(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told_again: list[Execution] = []
    monkeypatch.setattr(Registry, "renew", lambda self, execution: told_again.append(execution))
    manager = make_manager(max_concurrency=2)
    with manager.budget(usd=0.5) as budget:
        runs = [manager.start_execution(COSTLY, project) for _ in range(2)]
        waits = manager.start_execution("hello", project)
    for execution in (*runs, waits):
        ended(execution, "killed", "budget_scope")
    assert [was_spawned(one) for one in (*runs, waits)] == [True, True, False]
    for execution in (*runs, waits):
        with pytest.raises(ExecutionFailed, match=r"budget of \$0\.5 .* is spent .*larger budget"):
            execution.raise_for_status()
    assert budget.crossed == "usd"
    assert budget.spent_usd == pytest.approx(0.6)
    assert budget.overshoot_usd == pytest.approx(0.1), "at most a turn of each that ran"
    assert runs[0].info.cost_usd == pytest.approx(0.3)
    until(lambda: told_again == runs, what="pages hear what it came to, once all have ended")
    said = "spent $0.60 of $0.50, $0.10 over (estimate at list prices)"
    assert [row_in(manager, one).get("overBudget") for one in (*runs, waits)] == [said, said, None]
    with budget:
        late = manager.start_execution("hello", project)
    ended(late, "killed", "budget_scope")
    assert not was_spawned(late)


def test_one_that_cannot_be_looked_at_keeps_no_other_from_being_watched(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def broken(execution: Execution) -> str:
        asked.append(execution.execution_id)
        if len(asked) < 3:
            raise RuntimeError("of a test")
        return ""

    monkeypatch.setattr(watching, "_over_its_own", broken)
    with manager.budget(usd=0.2):
        execution = manager.start_execution(COSTLY, project)
    ended(execution, "killed", "budget_scope")


def test_a_manager_that_is_closed_watches_no_more(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager()
    with manager.budget(usd=100):
        execution = running(manager.start_execution(COSTLY, project))
    until(lambda: questions(execution) > 0, what="it is watched")
    manager.close()
    until(
        lambda: not any(one.name == "claude-widget-budgets" for one in threading.enumerate()),
        what="nobody watches",
    )


def test_what_is_started_outside_is_none_of_it(manager: ProcessManager, project: Path) -> None:
    before = running(manager.start_execution(COSTLY, project))
    with manager.budget(usd=0.2) as budget:
        inside = manager.start_execution(COSTLY, project)
    after = running(manager.start_execution(COSTLY, project))
    ended(inside, "killed", "budget_scope")
    assert (before.status, after.status) == ("running", "running")
    assert budget.execution_ids == (inside.execution_id,)
    assert questions(before) == questions(after) == 0, "nobody asks without a budget"


def test_what_is_paid_within_it_completes_and_counts_exactly(
    manager: ProcessManager, project: Path
) -> None:
    with manager.budget(usd=1) as budget:
        runs = [manager.start_execution("fake:costs=0.12345", project) for _ in range(3)]
    for execution in runs:
        ended(execution, "completed", "success")
    assert budget.spent_usd == pytest.approx(0.37035)
    assert (budget.crossed, budget.overshoot_usd) == (None, 0)
    assert all(manager.over_budget(execution) == "" for execution in runs)


def test_when_its_time_is_over_everything_in_it_ends(
    manager: ProcessManager, project: Path
) -> None:
    with manager.budget(minutes=0.5 / 60) as budget:
        execution = manager.start_execution("fake:gate=never", project)
    ended(execution, "killed", "budget_scope")
    assert (budget.crossed, budget.left_minutes) == ("minutes", 0)
    assert questions(execution) == 0, "time is no question of money"
    assert "minutes that covers it is over" in execution.info.errors[-1]


def test_of_nested_budgets_the_narrower_ends_only_its_own(
    manager: ProcessManager, project: Path
) -> None:
    with manager.budget(usd=10) as outer:
        first = running(manager.start_execution(COSTLY, project))
        with manager.budget(usd=0.1) as inner:
            second = manager.start_execution(COSTLY, project)
    ended(second, "killed", "budget_scope")
    assert (inner.crossed, outer.crossed, first.status) == ("usd", None, "running")
    until(lambda: outer.spent_usd == pytest.approx(0.6), what="both count for the outer one")
    first.kill()


def test_a_cli_is_asked_again_only_once_something_has_come_of_it(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "_AT_LEAST_EVERY", 10 * BOUND)  # however long the machine stops
    with manager.budget(usd=10) as budget:
        execution = running(manager.start_execution(COSTLY, project))
    until(lambda: budget.spent_usd == pytest.approx(0.3), what="its cost is known while it runs")
    other = running(manager.start_execution("fake:gate=go", project))
    (project / "go").touch()
    ended(other, "completed", "success")
    assert questions(execution) <= 2
    execution.kill()


def test_further_attempts_belong_to_the_budget_of_the_first(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "FIRST", 0.05)
    with manager.budget(usd=1) as budget:
        first = manager.start_execution(
            "fake:costs=0.2 fake:refuses=500 fake:refused=1", project, retries=1
        )
    last = first.wait(BOUND)
    assert last.status == "completed"
    assert budget.execution_ids == (first.execution_id, last.execution_id)
    assert budget.spent_usd == pytest.approx(0.4)


def test_what_goes_on_with_a_session_counts_its_own_share_while_it_runs(
    manager: ProcessManager, project: Path
) -> None:
    first = ended(manager.start_execution("fake:costs=0.3", project), "completed", "success")
    with manager.budget(usd=10) as budget:
        second = running(manager.start_execution(COSTLY, project, first.session_id))
        until(lambda: budget.spent_usd == pytest.approx(0.3), what="not 0.6, and not nothing")
        third = manager.start_execution(COSTLY, project, continues=second, on_failure="run")
        second.kill()
        until(lambda: budget.spent_usd == pytest.approx(0.6), what="the third's share as well")
    assert running(third).info.cost_usd == pytest.approx(0.3)
    assert third.info.session_cost_usd == pytest.approx(0.9)
    third.kill()


def test_a_row_whose_session_goes_on_after_a_limit_is_paid_for_once(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(governor, "FIRST", 0.05)
    batch = manager.map("fake:costs={{ n }} fake:limit=0.3", ["0.2"], project_path=project)
    batch.wait(BOUND)
    last = batch.executions[0]
    assert last is not None
    assert [one.info.cost_usd for one in last.attempts] == pytest.approx([0.2, 0.005])
    assert batch.progress.cost_usd == pytest.approx(0.205)
    asked = [meta["base_cost_usd"] for meta in metas(last) if meta["event"] == "requested"]
    assert asked == pytest.approx([0.2])


def test_what_is_played_costs_nothing(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    ended(record.start_execution("fake:costs=0.4", project), "completed", "success")
    manager = replay()
    with manager.budget(usd=0.1) as budget:
        played = manager.start_execution("fake:costs=0.4", project).wait(BOUND)
    assert (played.status, played.info.cost_usd) == ("completed", 0.4)
    assert (budget.spent_usd, budget.crossed) == (0, None)


def test_a_bound_of_its_own_is_seen_to_even_if_the_cli_does_not(
    manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution(COSTLY, project, max_budget_usd=0.1)
    ended(execution, "failed", "budget")
    assert "$0.3000 at list prices" in execution.info.errors[0]
    said = "spent $0.30 of $0.10, $0.20 over (estimate at list prices)"
    assert row_in(manager, execution)["overBudget"] == said


def test_the_bound_of_an_execution_is_watched_by_its_own_manager_only(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    watchers: list[Watching] = []
    run = Watching._run

    def noted(self: Watching) -> None:
        watchers.append(self)
        run(self)

    monkeypatch.setattr(Watching, "_run", noted)
    owner, onlooker = make_manager(), make_manager()
    execution = owner.start_execution(COSTLY, project, max_budget_usd=100)
    seen = known_to(onlooker, execution)
    until(lambda: seen.info.cost_usd, what="the other sees that it has cost something")
    assert set(watchers) == {owner._upkeep._budgets}
    execution.kill()


def test_a_budget_of_a_batch_ends_its_rows(manager: ProcessManager, project: Path) -> None:
    rows = [{"words": "fake:costs=0.3"} for _ in range(6)]
    batch = manager.map(
        "{{ words }}", rows, project_path=project, max_concurrency=1, budget_usd=0.5
    )
    batch.wait(BOUND)
    assert batch.progress.cost_usd == pytest.approx(0.6)
    assert "$0.6000 of $0.5000, $0.1000 over (estimated, list prices)" in str(batch.progress)
    assert batch.progress.killed >= 4


def test_what_has_its_result_is_not_ended_for_what_that_has_cost(
    manager: ProcessManager, project: Path
) -> None:
    with manager.budget(usd=0.2) as budget:
        execution = manager.start_execution("fake:costs=0.3 fake:hang-after", project)
        until(lambda: budget.crossed, what="its result crosses the bound")
        late = manager.start_execution("hello", project)
    ended(late, "killed", "budget_scope")
    assert execution.info.result is not None
    ended(execution, "completed", "success")


@pytest.mark.parametrize("bounds", [{}, {"usd": 0}, {"minutes": 0}, {"usd": -1}])
def test_a_budget_that_lets_nothing_start_is_refused(
    manager: ProcessManager, bounds: dict[str, float]
) -> None:
    with pytest.raises(InvalidRequest):
        manager.budget(**bounds)


def test_an_estimate_rests_on_what_like_executions_have_cost(
    manager: ProcessManager, project: Path
) -> None:
    unknown = manager.estimate("fake:costs=0.2", project_path=project)
    assert (unknown.median_usd, unknown.based_on) == (None, 0)
    for _ in range(3):
        ended(manager.start_execution("fake:costs=0.2", project), "completed", "success")
    ended(manager.start_execution("fake:costs=9 other", project), "completed", "success")
    found = manager.estimate("fake:costs=0.2", range(100), project_path=project)
    assert found.median_usd == pytest.approx(20)
    assert (found.executions, found.based_on) == (100, 3)
    assert found.basis == "3 executions with the same prompt, model and effort"
    for wrong in (-1, 1.5, True):
        with pytest.raises(InvalidRequest):
            manager.estimate("a", wrong)  # type: ignore[arg-type]


def test_a_batch_says_what_it_is_likely_to_cost_from_rows_of_the_same_template(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked: list[tuple[Batched, Batch, Recipe]] = []
    look = Batched._estimate_soon

    def note(*given: Any) -> None:
        looked.append(given)
        look(*given)

    monkeypatch.setattr(Batched, "_estimate_soon", note)

    def batch(*words: str) -> Batch:
        rows = [{"word": word} for word in words]
        return manager.map("fake:costs=0.2 {{ word }}", rows, project_path=project)

    first = batch("a", "b", "c").wait(BOUND)
    assert first.progress.estimate is None, "it has ended: what it has cost is known"
    ended(manager.start_execution("fake:costs=9 other", project), "completed", "success")
    manager.pause_queue()
    second = batch("d", "e")
    found = until(lambda: second.progress.estimate, what="the estimate is made")
    assert found is not None
    assert (found.based_on, found.executions) == (3, 2)
    assert found.median_usd == pytest.approx(0.4)
    assert found.like == ("prompt", "model", "effort")
    said = "before the start: estimate $0.4000 at list prices, from 3 executions with the same"
    assert said in str(second.progress)
    assert said in batch_bundle(second)["text/plain"]
    second.kill()
    second.wait(BOUND)
    second.estimate = None
    look(*looked[-1])
    late = until(lambda: second.estimate, what="its thread has looked once more")
    assert late is not None
    assert late.executions == 2, "of all rows, though all have ended by now"


def test_a_batch_runs_though_nobody_can_tell_what_it_will_cost(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Budgeted, "_past", lambda self: 1 / 0)
    batch = manager.map("{{ word }}", ["a"], project_path=project).wait(BOUND)
    assert (batch.progress.completed, batch.estimate) == (1, None)


def test_budgets_of_two_managers_do_not_mix(make_manager: MakeManager, project: Path) -> None:
    one, other = make_manager(), make_manager()
    with one.budget(usd=1) as budget:
        execution = other.start_execution("hello", project)
    ended(execution, "completed", "success")
    assert isinstance(budget, Budget)
    assert budget.execution_ids == ()
