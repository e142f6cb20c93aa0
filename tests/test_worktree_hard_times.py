"""Worktrees in hard places: programs that a repository names, full disks, locks, and dead makers.

The rule: the real git. What would be run leaves a mark; what failed has left nothing.
"""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from claude_widget.worktrees import git_worktrees, safe_git
from claude_widget.worktrees.applying import remove_unchanged
from claude_widget.worktrees.diff import diff_of, state_of
from claude_widget.worktrees.errors import WorktreeFailed
from claude_widget.worktrees.git_worktrees import lock, unlock
from claude_widget.worktrees.locks import remove_tree
from claude_widget.worktrees.tidying import tidy
from claude_widget.worktrees.worktree import Worktree
from tests import trees
from tests.small_disk import as_root, mounted
from tests.trees import TREE, git, repository
from tests.waiting import until
from tests.worktree_projects import branches, files, listed, made, plant


@pytest.fixture
def repo(project: Path) -> Path:
    """A project in a repository, all of it committed."""
    return repository(trees.write(TREE, project))


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A state folder."""
    return tmp_path / "state"


# -- programs ----------------------------------------------------------------------------------


def test_nothing_that_the_repository_names_is_run(repo: Path, state: Path, tmp_path: Path) -> None:
    script, mark = plant(tmp_path)
    (repo / ".gitattributes").write_text("*.py filter=evil diff=evil\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "attributes")
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        (repo / ".git/hooks" / name).symlink_to(script)
    for name in ("smudge", "clean", "process"):
        git(repo, "config", f"filter.evil.{name}", script)
    git(repo, "config", "filter.evil.required", "true")
    git(repo, "config", "filter.a=b.clean", script)
    git(repo, "config", "core.fsmonitor", script)
    git(repo, "config", "diff.evil.textconv", script)
    worktree = made(repo, state)
    assert worktree.filters_left == ("a=b", "evil")
    assert "evil" in worktree.notes[-1]
    (worktree.path / "code.py").write_text("x\n")
    assert diff_of(worktree).files
    assert not mark.exists()
    unlock(worktree)
    git(repo, "config", "--unset", "filter.evil.process")
    git(repo, "worktree", "add", "-q", str(tmp_path / "by-git"))
    assert mark.exists(), "git itself would have run it"


def test_filters_of_the_users_own_settings_make_the_files(
    repo: Path, state: Path, tmp_path: Path
) -> None:
    home = Path(os.environ["HOME"])
    (home / ".gitconfig").write_text(
        '[filter "up"]\n\tclean = tr A-Z a-z\n\tsmudge = tr a-z A-Z\n\trequired\n'
    )
    git(repo, "config", "filter.up.smudge", "false")
    (repo / ".gitattributes").write_text("*.py filter=up\n")
    git(repo, "add", ".gitattributes")
    git(repo, "commit", "-qm", "attributes")
    worktree = made(repo, state)
    assert (worktree.path / "code.py").read_bytes() == b"ONE\nTWO\nTHREE\n"
    assert worktree.filters_left == ()
    assert state_of(worktree) == "clean"
    (worktree.path / "code.py").write_text("ONE\nNEW\nTHREE\n")
    assert "-TWO\n+NEW\n" in diff_of(worktree).text


def test_a_filter_of_the_users_that_fails_is_said_and_nothing_is_left(
    repo: Path, state: Path
) -> None:
    home = Path(os.environ["HOME"])
    (home / ".gitconfig").write_text('[filter "up"]\n\tsmudge = false\n\trequired\n')
    (repo / ".gitattributes").write_text("*.py filter=up\n")
    git(repo, "add", ".gitattributes")
    git(repo, "commit", "-qm", "attributes")
    with pytest.raises(WorktreeFailed) as caught:
        made(repo, state)
    assert "filter" in caught.value.hint
    assert branches(repo) == []
    assert listed(repo).count("worktree ") == 1
    assert list((state / "worktrees").iterdir()) == []


# -- hard times --------------------------------------------------------------------------------


@as_root
def test_a_full_disk_leaves_nothing_behind(repo: Path, tmp_path: Path) -> None:
    (repo / "large").write_bytes(os.urandom(300_000))
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "large")
    with mounted(tmp_path / "disk", "256k") as disk:
        with pytest.raises(WorktreeFailed) as caught:
            made(repo, disk.path)
        assert "room" in caught.value.hint
        assert list((disk.path / "worktrees").iterdir()) == []
    assert branches(repo) == []
    assert listed(repo).count("worktree ") == 1


def test_one_that_takes_too_long_is_given_up(
    repo: Path, state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = Path(os.environ["HOME"])
    (home / ".gitconfig").write_text('[filter "slow"]\n\tsmudge = sleep 1000\n')
    (repo / ".gitattributes").write_text("*.py filter=slow\n")
    git(repo, "add", ".gitattributes")
    git(repo, "commit", "-qm", "attributes")
    monkeypatch.setattr(git_worktrees, "_CHECKOUT", 0.5)
    with pytest.raises(WorktreeFailed, match="did not end within"):
        made(repo, state)
    assert branches(repo) == []


def test_what_a_dead_maker_has_left_is_taken_back(repo: Path, state: Path) -> None:
    worktree = made(repo, state).save(ready=False)
    assert tidy(state / "worktrees") == [worktree.folder]
    assert branches(repo) == []
    assert not worktree.folder.exists()


def test_locks_come_and_go_as_often_as_they_are_asked_for(repo: Path, state: Path) -> None:
    worktree = made(repo, state)
    unlock(worktree)
    unlock(worktree)
    assert "locked" not in listed(repo)
    lock(worktree, "again")
    lock(worktree, "again")
    assert "locked again" in listed(repo)


def test_one_whose_folder_was_removed_by_hand_is_given_up(repo: Path, state: Path) -> None:
    worktree = made(repo, state)
    remove_tree(worktree.path)
    assert state_of(worktree) == "removed"
    assert remove_unchanged(worktree).outcome == "removed"
    assert branches(repo) == []
    assert listed(repo).count("worktree ") == 1


def test_a_stale_lock_of_the_index_is_no_obstacle(repo: Path, state: Path) -> None:
    (repo / ".git/index.lock").touch()
    assert files(made(repo, state)) == TREE


def test_a_lock_that_goes_is_waited_for(
    repo: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safe_git, "_TRIES", 1000)  # however late it goes
    held = repo / ".git/refs/heads/claude-widget/a1b2c3d4.lock"
    held.parent.mkdir()
    held.touch()
    found: list[Worktree] = []
    maker = threading.Thread(target=lambda: found.append(made(repo, state)))
    maker.start()
    until(lambda: list((state / "worktrees").glob("*/worktree.json")))
    held.unlink()
    maker.join()
    assert found


def test_a_lock_that_stays_is_named(
    repo: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safe_git, "_TRIES", 1)
    held = repo / ".git/refs/heads/claude-widget/a1b2c3d4.lock"
    held.parent.mkdir()
    held.touch()
    with pytest.raises(WorktreeFailed) as caught:
        made(repo, state)
    assert "a1b2c3d4.lock" in caught.value.said
    assert "remove that lock" in caught.value.hint
    assert list((state / "worktrees").iterdir()) == []
