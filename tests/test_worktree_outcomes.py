"""What becomes of a worktree: applied to the project, kept as a branch, discarded, or removed.

The rule: the real git. Each is seen in the project's files and its repository; what is refused has
changed neither.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from claude_widget.worktrees import applying, beginning
from claude_widget.worktrees.applying import apply, discard, keep_branch, remove_unchanged
from claude_widget.worktrees.diff import state_of
from claude_widget.worktrees.errors import (
    WorktreeConflict,
    WorktreeFailed,
    WorktreeGone,
    WorktreeNotClean,
)
from claude_widget.worktrees.locks import remove_tree
from claude_widget.worktrees.worktree import Worktree
from tests import trees
from tests.trees import TREE, git, repository
from tests.worktree_projects import branches, committed, listed, made, plant


@pytest.fixture
def repo(project: Path) -> Path:
    """A project in a repository, all of it committed."""
    return repository(trees.write(TREE, project))


@pytest.fixture
def worktree(repo: Path, tmp_path: Path) -> Worktree:
    """A worktree of it."""
    return made(repo, tmp_path / "state")


def work(worktree: Worktree) -> None:
    """What an agent does: some of it committed."""
    there = worktree.path
    (there / "code.py").write_text("one\nTWO\nthree\n")
    git(there, "commit", "-qam", "by the agent")
    (there / "new").write_text("n\n")
    (there / "deep/er/file").unlink()
    (there / "run.sh").chmod(0o644)


def project_files(repo: Path) -> trees.Tree:
    return {path: data for path, data in trees.read(repo).items() if not path.startswith(".git/")}


def head(repo: Path, ref: str = "HEAD") -> str:
    return git(repo, "rev-parse", ref).decode().strip()


WORKED: trees.Tree = {
    "code.py": b"one\nTWO\nthree\n",
    "link": "code.py",
    "new": b"n\n",
    "picture": TREE["picture"],
    "run.sh": TREE["run.sh*"],
}


# -- apply -------------------------------------------------------------------------------------


def test_changes_are_applied_to_the_project_and_to_nothing_else(
    worktree: Worktree, repo: Path
) -> None:
    work(worktree)
    was = head(repo)
    assert set(apply(worktree)) == {"code.py", "new", "deep/er/file", "run.sh"}
    assert project_files(repo) == WORKED
    assert head(repo) == was
    assert git(repo, "diff", "--cached", "--name-only") == b""
    assert worktree.path.exists()
    apply(worktree)
    assert project_files(repo) == WORKED


def test_what_the_project_has_changed_elsewhere_stays(worktree: Worktree, repo: Path) -> None:
    work(worktree)
    (repo / "picture").write_bytes(b"mine")
    (repo / "untracked").write_text("mine\n")
    apply(worktree)
    assert project_files(repo) == {**WORKED, "picture": b"mine", "untracked": b"mine\n"}


def test_a_conflict_changes_nothing_and_names_the_files(worktree: Worktree, repo: Path) -> None:
    work(worktree)
    (repo / "code.py").write_text("one\nzwei\nthree\n")
    was = project_files(repo)
    with pytest.raises(WorktreeConflict) as caught:
        apply(worktree)
    assert caught.value.paths == ("code.py",)
    assert caught.value.project == str(repo)
    assert project_files(repo) == was


def test_a_subfolders_changes_are_applied_where_they_belong(repo: Path, tmp_path: Path) -> None:
    worktree = made(repo / "deep", tmp_path / "state")
    (worktree.cwd / "er/file").write_text("deeper\n")
    assert apply(worktree) == ("deep/er/file",)
    assert (repo / "deep/er/file").read_text() == "deeper\n"


def test_what_cannot_all_be_applied_is_not_applied_in_part(
    worktree: Worktree, repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (worktree.path / "small").write_text("x\n")
    repository(trees.write({"x": b"x\n"}, worktree.path / "inner"))
    with pytest.raises(WorktreeConflict) as caught:
        apply(worktree)
    assert caught.value.paths == ("inner/",)
    remove_tree(worktree.path / "inner")
    (worktree.path / "large").write_bytes(bytes(400))
    bounds = beginning.BOUNDS.__class__
    monkeypatch.setattr(beginning, "BOUNDS", bounds(file_bytes=300))
    with pytest.raises(WorktreeConflict) as caught:
        apply(worktree)
    assert caught.value.paths == ("large",)
    monkeypatch.undo()
    monkeypatch.setattr(applying, "BOUNDS", bounds(patch_bytes=100))
    with pytest.raises(WorktreeConflict):
        apply(worktree)
    assert not (repo / "small").exists()


def test_a_link_out_of_the_project_is_not_applied(worktree: Worktree, repo: Path) -> None:
    (worktree.path / "out").symlink_to("/etc/passwd")
    (worktree.path / "new").write_text("x\n")
    with pytest.raises(WorktreeConflict) as caught:
        apply(worktree)
    assert caught.value.paths == ("out",)
    assert not (repo / "new").exists()


def test_a_project_that_was_moved_is_said(worktree: Worktree, repo: Path) -> None:
    work(worktree)
    repo.rename(repo.with_name("moved"))
    with pytest.raises((WorktreeConflict, WorktreeFailed)):
        apply(worktree)


# -- keep --------------------------------------------------------------------------------------


def test_a_kept_branch_has_all_that_was_changed_and_the_worktree_is_gone(
    worktree: Worktree, repo: Path
) -> None:
    work(worktree)
    git(repo, "config", "user.name", "Alice")
    git(repo, "config", "user.email", "alice@example.com")
    kept = keep_branch(worktree, "What it did\n\nmore")
    branch = worktree.branch
    assert kept.outcome == "kept"
    assert Worktree.load(worktree.folder) == kept
    assert committed(repo, branch) == {
        path.rstrip("*"): data.encode() if isinstance(data, str) else data
        for path, data in WORKED.items()
    }
    log = git(repo, "log", "--format=%an %ae %s", f"main..{branch}").decode().splitlines()
    assert log == ["Alice alice@example.com What it did", "a a@example.com by the agent"]
    assert not worktree.path.exists()
    assert listed(repo).count("worktree ") == 1
    assert project_files(repo) == TREE
    with pytest.raises(WorktreeGone) as caught:
        keep_branch(kept, "again")
    assert branch in caught.value.hint


def test_somebody_without_a_name_keeps_a_branch_as_well(worktree: Worktree, repo: Path) -> None:
    (worktree.path / "new").write_text("x\n")
    git(repo, "config", "user.useConfigOnly", "true")
    keep_branch(worktree, "kept")
    told = git(repo, "log", "-1", "--format=%an <%ae>", worktree.branch).decode().strip()
    assert told == "claude-widget <claude-widget@localhost>"


def test_nothing_uncommitted_makes_no_commit(worktree: Worktree, repo: Path) -> None:
    (worktree.path / "code.py").write_text("x\n")
    git(worktree.path, "commit", "-qam", "by the agent")
    tip = head(repo, worktree.branch)
    keep_branch(worktree, "kept")
    assert head(repo, worktree.branch) == tip


def test_what_the_agent_committed_and_took_back_is_taken_back_on_the_branch(
    worktree: Worktree, repo: Path
) -> None:
    there = worktree.path
    (there / "code.py").write_text("x\n")
    (there / "new").write_text("x\n")
    git(there, "add", "-A")
    git(there, "commit", "-qm", "by the agent")
    (there / "code.py").write_bytes(TREE["code.py"])  # type: ignore[arg-type]
    (there / "new").unlink()
    keep_branch(worktree, "kept")
    assert git(repo, "diff", "--name-only", "main", worktree.branch) == b""


def test_commits_that_the_agent_has_made_elsewhere_are_not_lost(
    worktree: Worktree, repo: Path
) -> None:
    there = worktree.path
    (there / "one").write_text("1\n")
    git(there, "add", "-A")
    git(there, "commit", "-qm", "on its branch")
    git(there, "checkout", "-q", "--detach", "main")
    (there / "two").write_text("2\n")
    git(there, "add", "-A")
    git(there, "commit", "-qm", "elsewhere")
    elsewhere, tip = head(there), head(repo, worktree.branch)
    keep_branch(worktree, "kept")
    parents = git(repo, "log", "-1", "--format=%P", worktree.branch).decode().split()
    assert sorted(parents) == sorted([elsewhere, tip])
    assert set(committed(repo, worktree.branch)) == {path.rstrip("*") for path in TREE} | {"two"}


def test_a_branch_that_the_agent_has_deleted_is_made_again(worktree: Worktree, repo: Path) -> None:
    git(worktree.path, "checkout", "-q", "--detach")
    git(worktree.path, "branch", "-qD", worktree.branch)
    (worktree.path / "new").write_text("x\n")
    keep_branch(worktree, "kept")
    assert "new" in committed(repo, worktree.branch)


def test_a_repository_within_is_not_lost_in_keeping(worktree: Worktree, repo: Path) -> None:
    repository(trees.write({"x": b"x\n"}, worktree.path / "inner"))
    tip = head(repo, worktree.branch)
    with pytest.raises(WorktreeNotClean) as caught:
        keep_branch(worktree, "kept")
    assert caught.value.left == (("inner/", "is a repository of its own"),)
    assert worktree.path.exists()
    assert head(repo, worktree.branch) == tip


def test_a_kept_branch_has_what_git_makes_of_files_by_the_users_settings(
    repo: Path, tmp_path: Path
) -> None:
    home = Path(os.environ["HOME"])
    (home / ".gitconfig").write_text('[filter "up"]\n\tclean = tr A-Z a-z\n\tsmudge = tr a-z A-Z\n')
    (repo / ".gitattributes").write_text("*.py filter=up\n*.txt text\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "attributes")
    worktree = made(repo, tmp_path / "state")
    (worktree.path / "code.py").write_text("ONE\nNEW\n")
    (worktree.path / "a.txt").write_bytes(b"one\r\n")
    (worktree.path / "raw").write_bytes(b"ONE\r\n")
    keep_branch(worktree, "kept")
    files = committed(repo, worktree.branch)
    assert files["code.py"] == b"one\nnew\n"
    assert files["a.txt"] == b"one\n"
    assert files["raw"] == b"ONE\r\n"


def test_an_agents_attributes_and_settings_run_nothing(
    worktree: Worktree, repo: Path, tmp_path: Path
) -> None:
    script, mark = plant(tmp_path)
    home = Path(os.environ["HOME"])
    (home / ".gitconfig").write_text(f'[filter "users"]\n\tclean = {script}\n')
    for name in ("core.fsmonitor", "filter.evil.clean", "gpg.program", "core.editor"):
        git(repo, "config", name, script)
    git(repo, "config", "commit.gpgSign", "true")
    for name in ("post-commit", "pre-commit", "reference-transaction", "post-index-change"):
        (repo / ".git/hooks" / name).symlink_to(script)
    (worktree.path / ".gitattributes").write_text("* filter=evil\n*.py filter=users\n")
    (worktree.path / "code.py").write_text("x\n")
    (worktree.path / "-n\new").write_text("y\n")
    apply(worktree)
    kept = keep_branch(worktree, "kept")
    assert committed(repo, kept.branch)["-n\new"] == b"y\n"
    other = made(repo, tmp_path / "state", "other")
    (other.path / "code.py").write_text("z\n")
    discard(other)
    assert not mark.exists()


def test_a_folder_that_became_a_link_is_kept_as_one(
    worktree: Worktree, repo: Path, tmp_path: Path
) -> None:
    outside = trees.write({"er/file": b"secret\n"}, tmp_path / "outside")
    remove_tree(worktree.path / "deep")
    (worktree.path / "deep").symlink_to(outside)
    keep_branch(worktree, "kept")
    assert committed(repo, worktree.branch)["deep"] == os.fsencode(outside)
    assert (outside / "er/file").exists()


def test_long_names_of_objects_are_kept_too(project: Path, tmp_path: Path) -> None:
    git(project, "init", "-q", "--object-format=sha256")
    trees.write(TREE, project)
    git(project, "add", "-A")
    git(project, "commit", "-qm", "first")
    worktree = made(project, tmp_path / "state")
    (worktree.path / "new").write_text("x\n")
    keep_branch(worktree, "kept")
    assert committed(project, worktree.branch)["new"] == b"x\n"


# -- discard, and what goes by itself ------------------------------------------------------------


def test_discarding_leaves_nothing(worktree: Worktree, repo: Path) -> None:
    work(worktree)
    (worktree.path / "locked").mkdir()
    (worktree.path / "locked/file").write_text("x")
    (worktree.path / "locked").chmod(0o500)
    gone = discard(worktree)
    assert gone.outcome == "discarded"
    assert branches(repo) == []
    assert listed(repo).count("worktree ") == 1
    assert not worktree.path.exists()
    assert project_files(repo) == TREE
    assert discard(gone) == gone
    with pytest.raises(WorktreeGone, match="was discarded"):
        apply(gone)


def test_discarding_follows_no_link(worktree: Worktree, tmp_path: Path) -> None:
    outside = trees.write({"file": b"x\n"}, tmp_path / "outside")
    (worktree.path / "link-out").symlink_to(outside)
    remove_tree(worktree.path / "deep")
    (worktree.path / "deep").symlink_to(outside)
    discard(worktree)
    assert (outside / "file").exists()


def test_a_worktree_that_is_a_link_by_now_is_taken_away_as_one(
    worktree: Worktree, tmp_path: Path, repo: Path
) -> None:
    outside = trees.write({"file": b"x\n"}, tmp_path / "outside")
    remove_tree(worktree.path)
    worktree.path.symlink_to(outside)
    assert state_of(worktree) == "removed"
    discard(worktree)
    assert (outside / "file").exists()
    assert branches(repo) == []


def test_a_branch_that_somebody_works_on_stays(
    worktree: Worktree, repo: Path, tmp_path: Path
) -> None:
    git(worktree.path, "checkout", "-q", "--detach")
    git(repo, "checkout", "-q", worktree.branch)
    assert discard(worktree).outcome == "discarded"
    assert branches(repo) == [worktree.branch]
    assert not worktree.path.exists()


def test_what_is_unchanged_goes_by_itself_and_what_is_changed_never_does(
    repo: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    clean, dirty, with_commits = (made(repo, state, name) for name in ("a", "b", "c"))
    (dirty.path / "untracked").write_text("x")
    git(with_commits.path, "commit", "-q", "--allow-empty", "-m", "one")
    assert remove_unchanged(clean).outcome == "unchanged"
    assert remove_unchanged(dirty).outcome == ""
    assert remove_unchanged(with_commits).outcome == ""
    assert branches(repo) == ["claude-widget/b", "claude-widget/c"]
    assert dirty.path.exists()
    assert with_commits.path.exists()


def test_one_removed_by_hand_keeps_its_commits(worktree: Worktree, repo: Path) -> None:
    work(worktree)
    remove_tree(worktree.path)
    assert remove_unchanged(worktree).outcome == "removed"
    assert branches(repo) == [worktree.branch]
    assert listed(repo).count("worktree ") == 1


def test_a_repository_that_is_gone_leaves_its_files_alone(worktree: Worktree, repo: Path) -> None:
    remove_tree(repo)
    assert remove_unchanged(worktree).outcome == ""
    (worktree.path / "new").write_text("x\n")
    with pytest.raises(WorktreeFailed):
        keep_branch(worktree, "kept")
    with pytest.raises(WorktreeConflict):
        apply(worktree)
    assert (worktree.path / "new").exists()
    assert discard(worktree).outcome == "discarded"
    assert not worktree.path.exists()


def test_what_git_knows_of_it_may_be_gone(worktree: Worktree, repo: Path) -> None:
    (worktree.path / "new").write_text("x\n")
    remove_tree(worktree.admin)
    assert apply(worktree) == ("new",)
    assert keep_branch(worktree, "kept").outcome == "kept"
    assert committed(repo, worktree.branch)["new"] == b"x\n"
