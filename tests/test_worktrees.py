"""Worktrees as they are made: which projects can have one, what is in it, and what holds it.

The rule: the real git. What is said of a project that cannot have one is said before anything was
written.
"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from claude_widget.worktrees.diff import diff_of, state_of
from claude_widget.worktrees.errors import WorktreeUnavailable
from claude_widget.worktrees.git_worktrees import add
from claude_widget.worktrees.source import source_of
from claude_widget.worktrees.worktree import Worktree
from tests import trees
from tests.trees import TREE, git, repository
from tests.worktree_projects import REASON, files, listed, made


@pytest.fixture
def repo(project: Path) -> Path:
    """A project in a repository, all of it committed."""
    return repository(trees.write(TREE, project))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder."""
    return tmp_path / "state"


def why(project: Path) -> tuple[str, WorktreeUnavailable]:
    with pytest.raises(WorktreeUnavailable) as caught:
        source_of(project)
    assert caught.value.field == "worktree"
    assert caught.value.hint
    return caught.value.why, caught.value


# -- who can have one --------------------------------------------------------------------------


def test_a_project_in_no_repository_is_told_what_to_do(project: Path) -> None:
    reason, error = why(project)
    assert reason == "no_repository"
    assert "git init" in error.hint


def test_a_repository_without_a_commit_is_told_to_commit(project: Path) -> None:
    git(project, "init", "-q")
    (project / "file").write_text("x")
    reason, error = why(project)
    assert reason == "no_commit"
    assert "commit" in error.hint


def test_a_bare_repository_has_no_files_to_work_on(project: Path) -> None:
    git(project, "init", "-q", "--bare")
    assert why(project)[0] == "bare"


def test_an_ignored_folder_is_in_no_worktree(repo: Path) -> None:
    (repo / ".gitignore").write_text("out/\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "ignore")
    (repo / "out").mkdir()
    assert why(repo / "out")[0] == "ignored"


def test_a_folder_that_was_never_committed_is_in_no_worktree(repo: Path) -> None:
    (repo / "new").mkdir()
    (repo / "new/file").write_text("x")
    assert why(repo / "new")[0] == "not_committed"


def test_without_git_it_is_said(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert why(repo)[0] == "no_git"


def test_a_git_that_is_too_old_is_said(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = tmp_path / "bin/git"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho git version 2.17.1\n")
    old.chmod(0o755)
    monkeypatch.setenv("PATH", str(old.parent))
    reason, error = why(repo)
    assert reason == "no_git"
    assert "2.17.1" in error.message


# -- what it is --------------------------------------------------------------------------------


def test_it_has_the_commits_files_a_branch_of_its_own_and_a_lock(repo: Path, state: Path) -> None:
    worktree = made(repo, state)
    assert files(worktree) == TREE
    assert worktree.cwd == worktree.path
    assert worktree.path.name == repo.name
    assert worktree.branch == "claude-widget/a1b2c3d4"
    assert git(worktree.path, "symbolic-ref", "--short", "HEAD").decode().strip() == worktree.branch
    assert f"locked {REASON}" in listed(repo)
    assert git(worktree.path, "status", "--porcelain") == b""
    assert state_of(worktree) == "clean"


def test_another_kernel_knows_the_same_of_it(repo: Path, state: Path) -> None:
    worktree = made(repo, state)
    assert Worktree.load(worktree.folder) == worktree
    assert worktree.ready


@pytest.mark.parametrize("content", ["", "{}", "[]", '{"version": 1}', "\x00"])
def test_facts_that_are_damaged_are_none(repo: Path, state: Path, content: str) -> None:
    worktree = made(repo, state)
    (worktree.folder / "worktree.json").write_text(content)
    assert Worktree.load(worktree.folder) is None


def test_a_subfolder_stays_the_working_folder(repo: Path, state: Path) -> None:
    worktree = made(repo / "deep", state)
    assert worktree.cwd == worktree.path / "deep"
    assert (worktree.cwd / "er/file").read_bytes() == b"deep\n"


def test_it_is_made_from_the_commit_and_says_what_that_has_not(repo: Path, state: Path) -> None:
    (repo / "code.py").write_text("changed\n")
    git(repo, "add", "code.py")
    (repo / "untracked").write_text("x")
    worktree = made(repo, state)
    assert (worktree.path / "code.py").read_bytes() == TREE["code.py"]
    assert worktree.uncommitted == ("code.py", "untracked")
    assert "2 uncommitted changes" in worktree.notes[0]
    assert git(repo, "status", "--porcelain") == b"M  code.py\n?? untracked\n"


def test_the_commit_is_the_one_that_was_current_when_it_was_asked_for(
    repo: Path, tmp_path: Path
) -> None:
    source = source_of(repo)
    (repo / "later").write_text("x")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "later")
    worktree = add(source, tmp_path / "worktrees/one", "one", reason=REASON)
    assert not (worktree.path / "later").exists()


def test_names_of_branches_are_never_taken_twice(repo: Path, state: Path) -> None:
    found = [made(repo, state).branch for _ in range(3)]
    assert found == [f"claude-widget/a1b2c3d4{end}" for end in ("", "-2", "-3")]


def test_a_branch_named_as_our_folder_of_branches_is_no_obstacle(repo: Path, state: Path) -> None:
    git(repo, "branch", "claude-widget")
    assert made(repo, state).branch == "claude-widget-a1b2c3d4"


def test_many_at_once_do_not_collide(repo: Path, state: Path) -> None:
    found: list[Worktree] = []
    threads = [threading.Thread(target=lambda: found.append(made(repo, state))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({worktree.branch for worktree in found}) == 6
    assert all(files(worktree) == TREE for worktree in found)


def test_submodules_are_left_empty_and_change_nothing(
    repo: Path, state: Path, tmp_path: Path
) -> None:
    other = repository(trees.write({"inner": b"x\n"}, tmp_path / "other"))
    add = ("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "sub")
    git(repo, *add)
    git(repo, "commit", "-qm", "with a submodule")
    worktree = made(repo, state)
    assert (worktree.path / "sub").is_dir()
    assert state_of(worktree) == "clean"


def test_a_project_that_is_a_submodule_has_worktrees_as_well(
    repo: Path, state: Path, tmp_path: Path
) -> None:
    other = repository(trees.write({"inner": b"x\n"}, tmp_path / "other"))
    add = ("-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "sub")
    git(repo, *add)
    worktree = made(repo / "sub", state)
    assert files(worktree) == {"inner": b"x\n"}
    (worktree.path / "inner").write_text("y\n")
    assert diff_of(worktree).files[0].path == "inner"


def test_a_project_in_a_linked_worktree_has_worktrees_as_well(
    repo: Path, state: Path, tmp_path: Path
) -> None:
    linked = tmp_path / "linked"
    git(repo, "worktree", "add", "-q", "-b", "other", str(linked))
    (linked / "more").write_text("x")
    git(linked, "add", "-A")
    git(linked, "commit", "-qm", "more")
    worktree = made(linked, state)
    assert (worktree.path / "more").exists()
    assert worktree.project == linked


def test_what_is_not_checked_out_is_no_change(repo: Path, state: Path) -> None:
    git(repo, "sparse-checkout", "set", "--no-cone", "/code.py")
    worktree = made(repo, state)
    assert files(worktree) == {"code.py": TREE["code.py"]}
    assert state_of(worktree) == "clean"
    (worktree.path / "code.py").write_text("x\n")
    assert [file.path for file in diff_of(worktree).files] == ["code.py"]


def test_names_of_objects_may_be_long(project: Path, state: Path) -> None:
    git(project, "init", "-q", "--object-format=sha256")
    trees.write(TREE, project)
    git(project, "add", "-A")
    git(project, "commit", "-qm", "first")
    worktree = made(project, state)
    assert state_of(worktree) == "clean"
    (worktree.path / "code.py").write_text("x\n")
    assert [file.path for file in diff_of(worktree).files] == ["code.py"]


def test_a_repository_that_ignores_everything_but_some_has_worktrees(
    repo: Path, state: Path
) -> None:
    (repo / ".gitignore").write_text("*\n!/code.py\n")
    git(repo, "add", "-f", ".gitignore")
    git(repo, "commit", "-qm", "ignore")
    worktree = made(repo, state)
    (worktree.path / "code.py").write_text("x\n")
    (worktree.path / "ignored").write_text("x\n")
    assert [file.path for file in diff_of(worktree).files] == ["code.py"]


@pytest.mark.parametrize("name", ["new\nline", "-dash", "sp ace", 'q"t', "ü"])
def test_projects_of_odd_names_have_worktrees(tmp_path: Path, state: Path, name: str) -> None:
    repo = repository(trees.write(TREE, tmp_path / name))
    worktree = made(repo, state)
    assert files(worktree) == TREE
    (worktree.path / "code.py").write_text("x\n")
    assert [file.path for file in diff_of(worktree).files] == ["code.py"]
    assert Worktree.load(worktree.folder) == worktree
