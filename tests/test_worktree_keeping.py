"""Worktrees of executions beside all else: what keeps them, trusts them, isolates and records them.

The rule: the fake CLI changes files in the folder that it was started in, and the real git says
what came of it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from claude_widget.changes.observed import Changes
from claude_widget.errors import ProjectNotTrusted
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.worktrees import diff_of
from claude_widget.protocol import GetDiff
from claude_widget.trust import accept
from claude_widget.worktrees.errors import NoWorktree
from tests import trees
from tests.fake import ended
from tests.replaying import MakeManager as ReplayManager
from tests.replaying import done
from tests.trees import TREE, git, repository
from tests.waiting import BOUND, until
from tests.worktree_projects import Ask, branches, project_files, settled


@pytest.fixture
def repo(project: Path) -> Path:
    """A project in a repository, all of it committed."""
    return repository(trees.write(TREE, project))


@pytest.fixture
def ask(tmp_path: Path) -> Ask:
    """A prompt that has the CLI run such Python in its folder."""
    return Ask(tmp_path)


def test_what_is_undecided_keeps_its_execution_and_what_is_decided_goes_with_it(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    execution = ended(manager.start_execution(ask(), repo, worktree=True), "completed", "success")
    settled(execution)
    kept = manager.prune(older_than=0).kept
    assert "worktree" in kept[execution.execution_id]
    execution.discard()
    assert manager.prune(older_than=0).removed
    assert list((manager.state_dir / "worktrees").iterdir()) == []


def test_a_further_attempt_goes_on_in_the_worktree_of_the_first(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    asked = ask(more="fake:refuses=500 fake:refused=1")
    first = manager.start_execution(asked, repo, worktree=True, retries=1)
    last = ended(first.wait(BOUND), "completed", "success")
    assert last is not first
    assert last.info.worktree == first.info.worktree
    assert len(branches(repo)) == 1
    assert last.diff == first.diff != ""


def test_what_the_commit_would_have_run_is_asked_about_as_what_the_project_would(
    manager: ProcessManager, repo: Path, ask: Ask
) -> None:
    settings = repo / ".claude/settings.json"
    settings.parent.mkdir()
    settings.write_text('{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "x"}]}]}}')
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "with a hook")
    with pytest.raises(ProjectNotTrusted):
        manager.start_execution(ask(), repo, worktree=True)
    settings.unlink()
    execution = manager.start_execution(ask(), repo, worktree=True)
    ended(execution, "failed", "startup")
    assert "hook Stop" in execution.info.errors[-1]
    until(lambda: not branches(repo), what="its worktree is taken back")
    settings.write_text('{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "x"}]}]}}')
    with pytest.raises(ProjectNotTrusted) as caught:
        manager.start_execution(ask(), repo, worktree=True)
    accept(manager.state_dir, str(repo), caught.value.items)
    ended(manager.start_execution(ask(), repo, worktree=True), "completed", "success")


@pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap")
def test_in_a_sandbox_the_repository_can_be_read_and_not_written(
    manager: ProcessManager, repo: Path, tmp_path: Path
) -> None:
    script = """
import subprocess
from pathlib import Path
told = subprocess.run(["git", "log", "--format=%s"], capture_output=True, text=True)
Path("log").write_text(told.stdout + told.stderr)
try:
    Path(__import__("os").environ["OF_REPOSITORY"], "config").open("a").write("x")
except OSError as error:
    Path("refused").write_text(str(error))
"""
    scripts = tmp_path / "scripts"
    scripts.mkdir()
    execution = manager.start_execution(
        Ask(scripts)(script),
        repo,
        worktree=True,
        sandbox="bubblewrap",
        add_dirs=[scripts],
        env={"OF_REPOSITORY": str(repo / ".git")},
    )
    ended(execution, "completed", "success")
    assert (execution.worktree / "log").read_text() == "first\n"
    assert "Read-only" in (execution.worktree / "refused").read_text()


def test_a_follow_up_in_a_worktree_is_replayed_with_all_that_changed_there(
    record: ProcessManager, replay: ReplayManager, repo: Path, ask: Ask
) -> None:
    first = ask()
    more = """
from pathlib import Path
with Path("code.py").open("a") as code: code.write("four\\n")
Path("new").unlink(), Path("newer").write_text("x\\n")
"""
    second = ask(more)
    follow_up = done(record.start_execution(first, repo, worktree=True)).send(second).wait(BOUND)
    live, files = follow_up.diff, [file.path for file in follow_up.changes.files]
    assert record.recording_problems == ()
    run = done(replay().start_execution(first, repo, worktree=True))
    before = run.diff
    played = done(run.send(second))
    assert (played.diff, run.diff) == (live, live)
    assert played.changes.text == live != before
    assert [file.path for file in played.changes.files] == files == ["code.py", "newer"]
    for _ in range(2):
        assert played.apply() == ("code.py", "newer")
        code = (repo / "code.py").read_text()
        assert (code, (repo / "new").exists()) == ("one\nTWO\nthree\nfour\n", False)
    run.discard()
    assert played.keep_branch("told") == ""


def test_what_was_recorded_is_told_and_applied_without_a_worktree(
    record: ProcessManager,
    replay: ReplayManager,
    repo: Path,
    ask: Ask,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = ask()
    execution = record.start_execution(asked, repo, worktree=True)
    ended(execution, "completed", "success")
    assert record.recording_problems == ()
    played = done(replay().start_execution(asked, repo, worktree=True))
    assert played.info.worktree is None
    assert "-two\n+TWO\n" in played.diff
    assert project_files(repo) == TREE
    asks = GetDiff(request_id="1", execution_id=played.execution_id)
    told = diff_of(played, asks)
    assert (told.recorded, told.may_apply, told.state) == (True, True, "changed")
    assert [(one.path, one.kind, one.added, one.removed) for one in told.files] == [
        ("code.py", "changed", 1, 1),
        ("new", "added", 1, 0),
    ]
    assert told.text == played.diff
    assert played.apply() == ("code.py", "new")
    assert diff_of(played, asks).state == "applied"
    unsure = Changes("", mixed=True, left_out=(("big", "is too much"),), was_redacted=True)
    monkeypatch.setattr(Execution, "recorded_changes", unsure)
    told = diff_of(played, asks)
    assert (told.may_apply, told.state, told.files[0].note) == (False, "changed", "is too much")
    assert len(told.notes) == 2
    monkeypatch.setattr(Execution, "recorded_changes", None)
    assert "is not known" in diff_of(played, asks).notes[0]
    monkeypatch.undo()
    assert (repo / "new").read_text() == "n\n"
    with pytest.raises(NoWorktree, match="`diff` and `changes`"):
        _ = played.worktree
