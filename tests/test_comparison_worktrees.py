"""Comparisons in real git worktrees: what a score sees, and what becomes of the best changes.

The rule: the fake CLI writes files, the real git does the rest. What is refused changed nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import comm
import pytest

from claude_widget.comparison.comparison import Comparison
from claude_widget.comparison.errors import AlreadyPromoted
from claude_widget.comparison.judging import Size
from claude_widget.comparison.view import promotion_bundle
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.comparing import promotion_of
from claude_widget.page.comparison_view import ComparisonView
from claude_widget.worktrees.errors import WorktreeConflict, WorktreeGone
from tests import trees
from tests.conftest import MakeManager
from tests.recording_comm import RecordingComm, ask
from tests.trees import git, repository
from tests.waiting import BOUND, until

FILES: trees.Tree = {"answer.txt": b"?\n", "other.txt": b"same\n"}
WRITES = """
import os
if cli.model != "idle":
    with open("answer.txt", "w") as file:
        file.write(cli.model + "\\n")
    with open(cli.model + ".txt", "w") as file:
        file.write("one\\ntwo\\n")
"""
LENGTHS = {"b": 1, "abc": 3, "idle": 0}


@pytest.fixture
def repo(project: Path) -> Path:
    """A project in a repository, all of it committed."""
    return repository(trees.write(FILES, project))


@pytest.fixture
def writes(tmp_path: Path) -> str:
    """A prompt at which each model but "idle" writes its name into files."""
    script = tmp_path / "writes.py"
    script.write_text(WRITES)
    return f"fake:script={script} write"


def longest(execution: Execution) -> int:
    """A score that reads the worktree: the length of the model's name, as it was written."""
    assert execution.info.worktree is not None
    assert str(execution.worktree) == execution.info.worktree.cwd
    return len((execution.worktree / "answer.txt").read_text().replace("?", "").strip())


def compared(manager: ProcessManager, writes: str, repo: Path) -> Comparison:
    comparison = manager.compare(writes, repo, models=list(LENGTHS), score=longest)
    return comparison.wait(BOUND)


def project_files(repo: Path) -> trees.Tree:
    return {path: data for path, data in trees.read(repo).items() if not path.startswith(".git/")}


def test_each_works_in_a_worktree_and_the_best_is_promoted(
    manager: ProcessManager, writes: str, repo: Path
) -> None:
    comparison = compared(manager, writes, repo)
    assert [one.problem for one in comparison.candidates] == ["", "", ""]
    assert comparison.scores == (1.0, 3.0, 0.0)
    assert [one.size for one in comparison.candidates] == [Size(2, 3, 1)] * 2 + [Size(0, 0, 0)]
    assert project_files(repo) == FILES, "nothing was changed yet"
    assert set(comparison.promote()) == {"answer.txt", "abc.txt"}
    assert comparison.promoted is comparison[1]
    after = {**FILES, "answer.txt": b"abc\n", "abc.txt": b"one\ntwo\n"}
    assert project_files(repo) == after
    (repo / "abc.txt").write_text("changed since\n")
    assert set(comparison.promote(comparison[1])) == {"answer.txt", "abc.txt"}
    assert (repo / "abc.txt").read_text() == "changed since\n", "a second time changes nothing"
    with pytest.raises(AlreadyPromoted) as caught:
        comparison.promote(comparison[0])
    assert caught.value.promoted_id == comparison[1].execution_id
    assert not (repo / "b.txt").exists()


def test_the_worktrees_of_the_others_are_discarded(
    manager: ProcessManager, writes: str, repo: Path
) -> None:
    comparison = compared(manager, writes, repo)
    comparison.discard_others()
    with pytest.raises(WorktreeGone):
        _ = comparison[0].diff
    assert comparison[1].diff
    branches = git(repo, "for-each-ref", "--format=%(refname:short)", "refs/heads/claude-widget")
    assert branches.decode().split() == [f"claude-widget/{comparison[1].execution_id[:8]}"]


def test_changes_that_do_not_fit_are_refused_and_nothing_is_half_applied(
    manager: ProcessManager, writes: str, repo: Path
) -> None:
    comparison = compared(manager, writes, repo)
    (repo / "answer.txt").write_text("mine\n")
    with pytest.raises(WorktreeConflict) as caught:
        comparison.promote()
    assert caught.value.paths == ("answer.txt",)
    assert project_files(repo) == {**FILES, "answer.txt": b"mine\n"}
    assert comparison.promoted is None
    (repo / "answer.txt").write_text("?\n")
    assert set(comparison.promote()) == {"answer.txt", "abc.txt"}


def test_the_page_promotes_one_that_has_a_diff_and_is_told_why_another_is_refused(
    manager: ProcessManager, writes: str, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    comparison = compared(manager, writes, repo)
    view = ComparisonView(manager, comparison)
    asked = {"type": "claude:promote-execution", "comparisonId": comparison.comparison_id}
    try:
        told = view.promotion
        best, other = told["choices"]
        assert (best["label"], best["rank"], best["score"]) == ("abc", 1, "3")
        assert (best["fileCount"], best["added"], best["removed"]) == (2, 3, 1)
        assert (other["label"], told["waiting"], told["promotedId"]) == ("b", 0, None)
        assert "To be promoted" in promotion_bundle(comparison)["text/plain"]
        (repo / "answer.txt").write_text("mine\n")
        refused, _ = ask(view, "1", **asked, executionId=best["executionId"])
        assert (refused["type"], refused["kind"]) == ("claude:refused", "WorktreeConflict")
        assert "answer.txt" in refused["message"]
        assert project_files(repo) == {**FILES, "answer.txt": b"mine\n"}
        (repo / "answer.txt").write_text("?\n")
        done, _ = ask(view, "2", **asked, executionId=best["executionId"])
        assert done["fileCount"] == 2
        assert (repo / "abc.txt").exists()
        until(lambda: view.promotion["promotedId"] == best["executionId"], what="the page knows")
        late, _ = ask(view, "3", **asked, executionId=other["executionId"])
        assert late["kind"] == "AlreadyPromoted"
        said = promotion_bundle(comparison)["text/plain"]
        assert said == "Promoted: abc (2 files, +3 -1). In the project: abc.txt, answer.txt."
        for wrong in ({"executionId": "unknown"}, {"comparisonId": "gone", "executionId": "x"}):
            assert ask(view, str(wrong), **{**asked, **wrong})[0]["kind"] == "InvalidRequest"
    finally:
        view.close()


def test_what_the_page_is_told_is_of_one_moment_though_scores_come_meanwhile(
    manager: ProcessManager, writes: str, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    comparison = compared(manager, writes, repo)
    scored, redactor = comparison.candidates, comparison.redactor
    early = tuple(one._replace(over=False, score=None, size=None) for one in scored)
    moments = iter([early])
    monkeypatch.setattr(Comparison, "redactor", redactor)
    monkeypatch.setattr(Comparison, "candidates", property(lambda _: next(moments, scored)))
    told = promotion_of(comparison)
    assert (told.waiting, told.choices) == (3, ())
    told = promotion_of(comparison)
    assert [one.rank for one in told.choices] == [1, 2]


def test_one_that_has_changed_nothing_has_nothing_to_apply(
    manager: ProcessManager, writes: str, repo: Path
) -> None:
    comparison = manager.compare(writes, repo, models=["idle"], score=longest).wait(BOUND)
    assert comparison.scores == (0.0,)
    worktree = comparison[0].info.worktree
    assert worktree is not None
    until(lambda: not Path(worktree.path).exists(), what="it is removed once it was scored")
    assert comparison.promote() == ()
    assert project_files(repo) == FILES


@pytest.mark.parametrize("options", [{"permission_mode": "plan"}, {"worktree": False}])
def test_who_writes_nothing_gets_no_worktree(
    manager: ProcessManager, repo: Path, options: dict[str, Any]
) -> None:
    comparison = manager.compare("hi", repo, repeat=2, **options).wait(BOUND)
    assert [one.info.worktree for one in comparison] == [None, None]
    assert [one.size for one in comparison.candidates] == [None, None]


def test_a_replayed_comparison_has_the_diffs_and_applies_the_best(
    record: ProcessManager, replay: MakeManager, writes: str, repo: Path
) -> None:
    def by_diff(execution: Execution) -> int:
        return len(execution.diff)

    def run(manager: ProcessManager) -> Comparison:
        comparison = manager.compare(writes, repo, models=list(LENGTHS), score=by_diff)
        return comparison.wait(BOUND)

    first = run(record)
    record.close()
    again = run(replay())
    assert [one.size for one in again.candidates] == [one.size for one in first.candidates]
    assert again.ranking.index(again[1]) == first.ranking.index(first[1]) == 0
    again.promote()
    assert (repo / "answer.txt").read_text() == "abc\n"
