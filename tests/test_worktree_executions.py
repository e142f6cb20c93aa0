"""Executions in worktrees of their own: where they work, and what becomes of that.

The rule: the fake CLI changes files in the folder that it was started in, and the real git says
what came of it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from claude_widget.errors import ExecutionActive, InvalidRequest
from claude_widget.manager import ProcessManager
from claude_widget.worktrees.errors import (
    NoWorktree,
    WorktreeConflict,
    WorktreeGone,
    WorktreeUnavailable,
)
from tests import trees
from tests.conftest import MakeManager
from tests.fake import ended, metas, running
from tests.trees import TREE, git, repository
from tests.waiting import BOUND, until
from tests.worktree_projects import Ask, branches, listed, project_files, settled


@pytest.fixture
def repo(project: Path) -> Path:
    """A project in a repository, all of it committed."""
    return repository(trees.write(TREE, project))


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """A prompt that has the CLI run such Python in its folder."""
    return Ask(tmp_path)


# -- where it works ----------------------------------------------------------------------------


def test_its_changes_are_in_its_worktree_and_the_project_is_as_it_was(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    execution = ended(manager.start_execution(ask(), repo, worktree=True), "completed", "success")
    info = execution.info.worktree
    assert info is not None
    assert info.branch == f"claude-widget/{execution.execution_id[:8]}"
    assert info.repository == str(repo)
    assert info.base == git(repo, "rev-parse", "HEAD").decode().strip()
    assert project_files(repo) == TREE
    assert (execution.worktree / "new").exists()
    assert execution.info.cwd == str(execution.worktree)
    assert [file.path for file in execution.changes.files] == ["code.py", "new"]
    assert "-two\n+TWO\n" in execution.diff


def test_it_is_locked_while_it_runs_and_nothing_is_decided_then(
    manager: ProcessManager, repo: Path, ask: Ask, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    asked = ask(more=f"fake:gate={gate}")
    execution = running(manager.start_execution(asked, repo, worktree=True))
    assert f"locked claude-widget: execution {execution.execution_id}" in listed(repo)
    for decide in (execution.apply, execution.keep_branch, execution.discard):
        with pytest.raises(ExecutionActive):
            decide()
    assert isinstance(execution.diff, str)
    gate.touch()
    ended(execution, "completed", "success")
    settled(execution)


def test_a_project_below_the_top_is_the_working_folder(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    asked = ask("from pathlib import Path; Path('er/file').write_text(str(Path.cwd()))")
    execution = manager.start_execution(asked, repo / "deep", worktree=True)
    ended(execution, "completed", "success")
    assert execution.changes.files[0].path == "deep/er/file"
    assert execution.worktree.name == "deep"
    assert (execution.worktree / "er/file").read_text() == str(execution.worktree)


def test_many_at_once_do_not_tread_on_each_others_files(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    asked = [ask(f"from pathlib import Path; Path('code.py').write_text('{n}')") for n in range(4)]
    found = [manager.start_execution(one, repo, worktree=True) for one in asked]
    for number, execution in enumerate(found):
        ended(execution, "completed", "success")
        assert f"+{number}\n" in execution.diff
    assert project_files(repo) == TREE


# -- what is refused ---------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["no_repository", "no_commit"])
def test_a_project_that_cannot_have_one_starts_nothing(
    manager: ProcessManager, project: Path, kind: str
) -> None:
    if kind == "no_commit":
        git(project, "init", "-q")
    with pytest.raises(WorktreeUnavailable) as caught:
        manager.start_execution("hello", project, worktree=True)
    assert caught.value.why == kind
    assert manager.get_all_executions() == []
    assert not (manager.state_dir / "worktrees").exists()


def test_a_dirty_index_is_no_obstacle_and_is_not_touched(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    (repo / "code.py").write_text("mine\n")
    git(repo, "add", "code.py")
    execution = manager.start_execution(ask(), repo, worktree=True)
    ended(execution, "completed", "success")
    assert git(repo, "status", "--porcelain") == b"M  code.py\n"
    assert (execution.worktree / "code.py").read_text() == "one\nTWO\nthree\n"
    with pytest.raises(WorktreeConflict):
        execution.apply()
    assert (repo / "code.py").read_text() == "mine\n"


def test_what_cannot_be_made_when_it_is_its_turn_is_told_as_the_reason(
    make_manager: MakeManager, repo: Path, ask: Ask, tmp_path: Path
) -> None:
    manager = make_manager(max_concurrency=1)
    gate = tmp_path / "gate"
    first = manager.start_execution(f"fake:gate={gate}", repo)
    execution = manager.start_execution(ask(), repo, worktree=True)
    (repo / ".git").rename(repo / "elsewhere")
    gate.touch()
    ended(first, "completed", "success")
    ended(execution, "failed", "startup")
    assert "worktree" in execution.info.errors[-1]
    until(lambda: not list((manager.state_dir / "worktrees").iterdir()), what="nothing is left")


def test_one_that_is_cancelled_while_it_waits_has_none(
    make_manager: MakeManager, repo: Path, ask: Ask, tmp_path: Path
) -> None:
    manager = make_manager(max_concurrency=1)
    gate = tmp_path / "gate"
    first = manager.start_execution(f"fake:gate={gate}", repo)
    execution = manager.start_execution(ask(), repo, worktree=True)
    execution.kill()
    gate.touch()
    ended(first, "completed", "success")
    ended(execution, "killed", "user")
    assert branches(repo) == []
    with pytest.raises(NoWorktree):
        _ = execution.diff


def test_without_one_nothing_is_told_kept_or_discarded(manager: ProcessManager, repo: Path) -> None:
    execution = ended(manager.start_execution("hello", repo), "completed", "success")
    for act in (lambda: execution.diff, execution.apply, execution.keep_branch, execution.discard):
        with pytest.raises(NoWorktree, match="worktree=True"):
            act()


# -- what becomes of it ------------------------------------------------------------------------


def test_its_changes_are_applied_kept_or_discarded(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    applied, kept, gone = (
        manager.start_execution(ask(), repo, worktree=True, name=name)
        for name in ("one", "two", "three")
    )
    for execution in (applied, kept, gone):
        ended(execution, "completed", "success")
    assert applied.apply() == ("code.py", "new")
    assert project_files(repo) == {**TREE, "code.py": b"one\nTWO\nthree\n", "new": b"n\n"}
    branch = kept.keep_branch()
    log = git(repo, "log", "-1", "--format=%s|%b", branch).decode()
    assert log.startswith("two|")
    assert kept.execution_id in log
    gone.discard()
    assert set(branches(repo)) == {branch, f"claude-widget/{applied.execution_id[:8]}"}
    for execution, outcome in ((kept, "kept"), (gone, "discarded")):
        with pytest.raises(WorktreeGone) as caught:
            _ = execution.diff
        assert caught.value.outcome == outcome
    gone.discard()


def test_one_that_changed_nothing_leaves_nothing_and_can_still_be_looked_into(
    manager: ProcessManager, repo: Path
) -> None:
    execution = manager.start_execution("hello", repo, worktree=True)
    ended(execution, "completed", "success")
    until(lambda: not branches(repo), what="it is removed")
    assert execution.diff == ""
    assert (execution.worktree / "code.py").exists()
    assert execution.diff == ""


def test_one_that_left_only_ignored_files_is_kept(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    (repo / ".gitignore").write_text("out\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "ignore")
    asked = ask("from pathlib import Path; Path('out').write_text('hours of work')")
    execution = manager.start_execution(asked, repo, worktree=True)
    ended(execution, "completed", "success")
    settled(execution)
    manager.close()
    assert execution.info.worktree is not None
    assert (Path(execution.info.worktree.cwd) / "out").exists()


def test_a_failed_one_keeps_what_it_did(manager: ProcessManager, repo: Path, ask: Ask) -> None:
    execution = manager.start_execution(ask(more="fake:crash"), repo, worktree=True)
    execution.wait(BOUND)
    assert execution.status == "failed"
    settled(execution)
    assert [file.path for file in execution.changes.files] == ["code.py", "new"]


def test_a_later_kernel_knows_the_same_and_tidies_up(
    make_manager: MakeManager, repo: Path, ask: Ask
) -> None:
    manager = make_manager()
    changed = manager.start_execution(ask(), repo, worktree=True)
    ended(changed, "completed", "success")
    manager.close()
    later = make_manager()
    found = later.get_execution(changed.execution_id)
    assert found is not None
    assert [file.path for file in found.changes.files] == ["code.py", "new"]
    settled(found)
    found.apply()
    assert (repo / "new").exists()


# -- sessions ----------------------------------------------------------------------------------


def test_a_follow_up_goes_on_in_the_same_worktree(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    first = ended(manager.start_execution(ask(), repo, worktree=True), "completed", "success")
    more = ask("from pathlib import Path; Path('new').write_text('m\\n')")
    second = ended(first.send(more), "completed", "success")
    assert second is not first
    assert second.info.worktree == first.info.worktree
    assert "+m\n" in first.diff
    assert first.diff == second.diff
    settled(first)
    second.discard()
    with pytest.raises(WorktreeGone):
        _ = first.diff


def test_a_follow_up_finds_a_worktree_again_that_was_removed_unchanged(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    first = manager.start_execution("hello", repo, worktree=True)
    ended(first, "completed", "success")
    until(lambda: not branches(repo), what="it is removed")
    second = ended(first.send(ask()), "completed", "success")
    assert second.info.worktree == first.info.worktree
    assert (second.worktree / "new").exists()
    assert project_files(repo) == TREE


def test_a_follow_up_of_a_discarded_one_is_refused_with_the_reason(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    first = ended(manager.start_execution(ask(), repo, worktree=True), "completed", "success")
    first.discard()
    second = ended(first.send("hello"), "failed", "startup")
    assert "was discarded" in second.info.errors[-1]


def test_a_session_of_the_project_does_not_move_to_a_worktree(
    manager: ProcessManager, repo: Path
) -> None:
    first = ended(manager.start_execution("hello", repo), "completed", "success")
    with pytest.raises(InvalidRequest, match="cannot move to a worktree"):
        manager.start_execution("more", repo, session_id=first.info.session_id, worktree=True)


def test_one_that_continues_another_works_where_that_has_worked(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    first = manager.start_execution(ask(), repo, worktree=True)
    more = ask("from pathlib import Path; Path('new').write_text('m\\n')")
    second = manager.start_execution(more, repo, continues=first, worktree=True)
    ended(second, "completed", "success")
    assert second.info.worktree == first.info.worktree
    assert len(branches(repo)) == 1
    assert [one["event"] for one in metas(second)].count("worktree") == 1


def test_one_that_continues_works_there_without_being_asked_to_and_after_a_cleanup(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    first = manager.start_execution(ask(), repo, worktree=True)
    second = manager.start_execution("more", repo, continues=first)
    ended(second, "completed", "success")
    manager.queue.pause()
    third = manager.start_execution("more", repo, continues=second)
    for one in (first, second):
        manager.cleanup_execution(one.execution_id)
    manager.queue.resume()
    ended(third, "completed", "success")
    cwds = {one.info.cwd for one in (first, second, third)}
    assert cwds == {str(first.worktree)}, "sessions are of their folder"
    third.discard()
    gone = manager.start_execution("more", repo, continues=third, worktree=True)
    ended(gone, "failed", "startup")
    assert "was discarded" in gone.info.errors[-1]
