"""What is given to a batch for all of its rows: priority, timeout, retries, worktrees, budgets.

The rule: real executions of the fake CLI; what one row has, no other has.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import pytest

from claude_widget.batch.errors import RowsInvalid
from claude_widget.dependencies.errors import UnknownDependency
from claude_widget.errors import InvalidRequest
from claude_widget.following import Following
from claude_widget.manager import ProcessManager
from claude_widget.retries import policy
from claude_widget.templates.errors import VariablesWrong
from tests import trees
from tests.conftest import MakeManager
from tests.trees import TREE, git, repository
from tests.waiting import BOUND, until
from tests.worktree_projects import Ask, branches

LARGE = 1_000_000
LOOPS = "".join(["{% for a in n %}"] * 3 + ["{% endfor %}"] * 3)


def test_what_is_given_for_all_rows_is_each_ones(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=1)
    manager.pause_queue()
    alone = manager.start_execution("fake:says=alone", project)
    batch = manager.map(None, ["a", "b"], project_path=project, priority=3, timeout=60, retries=2)
    until(lambda: len(manager.queue) == 3, what="all of them wait")
    rows = [one.run.request for one in manager.queue.executions[:2]]
    assert [(one.priority, one.timeout, one.retries) for one in rows] == [(3, 60, 2)] * 2
    assert manager.queue.executions[-1] == alone, "it has no priority"
    batch.kill()
    assert batch.wait(BOUND).progress.killed == 2
    alone.kill()


def test_what_rows_come_after_is_checked_once_and_stays_met_when_it_is_cleaned_up(
    manager: ProcessManager, project: Path
) -> None:
    with pytest.raises(UnknownDependency):
        manager.map(None, ["a"], project_path=project, after=["nowhere"])
    assert manager.batches == []
    first = manager.start_execution("fake:says=first", project).wait(BOUND)
    given: dict[str, Any] = {"project_path": project, "max_concurrency": 1}
    says = f"fake:gate={project / 'gate'} fake:says="
    rows = [{"n": n, "first": first} for n in "ab"]
    after = manager.map(f"{says}{{{{ n }}}}", list("ab"), after=[first], **given)
    named = manager.map(f"{says}{{{{ n }}}}-{{{{ first.result }}}}", rows, **given)
    until(lambda: (after.progress.running, named.progress.running) == (1, 1), what="both run")
    manager.cleanup_execution(first.execution_id)
    (project / "gate").touch()
    assert after.wait(BOUND).results == ["a", "b"]
    assert named.wait(BOUND).results == ["a-first", "b-first"]
    row = after.executions[0]
    assert row is not None
    manager.cleanup_execution(row.execution_id)
    assert after.results == ["a", "b"], "also of a row that was cleaned up"
    assert [one["result"] for one in after.to_dicts()] == ["a", "b"]


def test_the_manager_is_told_of_each_row_that_it_starts(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[str] = []
    wake = Following.wake

    def told(following: Following) -> None:
        woken.append(threading.current_thread().name)
        wake(following)

    monkeypatch.setattr(Following, "wake", told)
    manager.map(None, ["a", "b"], project_path=project).wait(BOUND)
    assert woken.count("claude-widget-batch") == 2, "else an idle one looks once a second"


def test_a_row_that_fails_in_passing_is_tried_again_and_counts_once(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "FIRST", 0.05)
    monkeypatch.setattr(policy, "LEAST", 0.0)
    rows = ["fake:says=well", "fake:refuses=500 fake:refused=1 fake:says=again"]
    batch = manager.map(None, rows, project_path=project, retries=1).wait(BOUND)
    assert batch.results == ["well", "again"]
    assert (batch.progress.completed, batch.progress.failed) == (2, 0)
    last = batch.executions[1]
    assert last is not None
    assert [str(one.info.reason) for one in last.attempts] == ["api_error", "success"]
    assert batch.progress.cost_usd == sum(
        one.info.cost_usd or 0.0 for one in manager.get_all_executions()
    ), "a further attempt is paid for, too, and once"


def test_each_row_has_a_worktree_of_its_own(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    repo = repository(trees.write(TREE, project))
    rows = [Ask(tmp_path)() for _ in range(2)]
    batch = manager.map(None, rows, project_path=repo, worktree=True).wait(BOUND)
    assert batch.progress.completed == 2
    found = [one for one in batch.executions if one is not None]
    assert len({one.worktree for one in found}) == 2
    assert len(branches(repo)) == 2
    assert all("TWO" in one.diff for one in found)
    assert git(repo, "status", "--porcelain") == b""


@pytest.mark.parametrize("worktree", [False, True])
def test_rows_that_write_to_one_folder_are_warned_of_once(
    manager: ProcessManager, project: Path, worktree: bool
) -> None:
    repo = repository(trees.write(TREE, project))
    rows = ["a", "b", "c"]
    options: dict[str, Any] = {"permission_mode": "acceptEdits", "worktree": worktree}
    batch = manager.map("{{ n }} fake:hang-before", rows, project_path=repo, **options)
    until(lambda: batch.progress.running > 1, what="several run")
    notices = manager.queue.state.notices
    batch.kill()
    batch.wait(BOUND)
    assert len(notices) == (0 if worktree else 1)
    assert all("worktree=True" in one for one in notices)


def test_a_budget_around_starts_covers_rows_candidates_and_steps(
    manager: ProcessManager, project: Path
) -> None:
    with manager.budget(usd=5) as budget:
        batch = manager.map(None, ["a", "b", "c"], project_path=project, max_concurrency=1)
        comparison = manager.compare("hello", project, repeat=2)
        sequence = manager.sequence(["one", "two"], project_path=project)
    outside = manager.start_execution("hello", project)
    batch.wait(BOUND)
    comparison.wait(BOUND)
    sequence.wait(BOUND)
    outside.wait(BOUND)
    inside = {one.execution_id for one in manager.get_all_executions()} - {outside.execution_id}
    assert len(inside) == 7, "also rows that were started after the block"
    assert set(budget.execution_ids) == inside


def test_a_cell_of_a_megabyte_reaches_its_execution(manager: ProcessManager, project: Path) -> None:
    rows = [{"n": "x" * LARGE}, {"n": "y"}]
    batch = manager.map("fake:says=well {{ n }}", rows, project_path=project).wait(BOUND)
    assert batch.results == ["well", "well"]
    first = batch.executions[0]
    assert first is not None
    assert len(first.run.request.query) > LARGE


def test_a_gap_and_bytes_are_told_by_their_rows(manager: ProcessManager, project: Path) -> None:
    with pytest.raises(VariablesWrong) as missing:
        manager.map("{{ n }}", [{"n": "a"}, {"n": float("nan")}], project_path=project)
    assert [(one.row, one.name) for one in missing.value.problems] == [(1, "n")]
    with pytest.raises(RowsInvalid, match=r"Row 1: .*bytes"):
        manager.map("{{ n }}", [{"n": "a"}, {"n": b"\xff"}], project_path=project)
    assert manager.get_all_executions() == []


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (LOOPS, "steps|takes longer"),  # whichever a busy machine comes to first
        ("{{ n.__class__ }}", "begins with an underscore"),
    ],
    ids=["endless", "attributes"],
)
def test_a_template_that_does_what_none_may_starts_no_row(
    manager: ProcessManager, project: Path, source: str, said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        manager.map(source, ["x" * 2000], project_path=project)
    assert manager.get_all_executions() == []
