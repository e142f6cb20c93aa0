"""What an execution changed, as git sees it.

The rule: the real git. A repository is taken for a stranger's: the test that says that nothing is
run plants what would leave a mark if it were, and sees that it does when git itself works there.
"""

from __future__ import annotations

import os
import shutil
from functools import partial
from pathlib import Path

import pytest

from claude_widget.changes.observed import Changes, apply, before
from claude_widget.changes.project_files import Bounds
from claude_widget.changes.snapshot_changes import SnapshotState
from tests import trees
from tests.second_user import NOBODYS_ID
from tests.trees import TREE, by_git, edit, git, repository, seen


@pytest.fixture
def repo(project: Path) -> Path:
    """A project in a repository, all of it committed."""
    return repository(trees.write(TREE, project))


def everything(folder: Path) -> dict[str, tuple[int, bytes]]:
    """All that is in a repository's own folder, with its times."""
    found = {}
    for at, _, names in os.walk(folder):
        for name in names:
            full = Path(at, name)
            found[str(full)] = (full.lstat().st_mtime_ns, full.read_bytes())
    return found


def test_the_repository_is_not_written_to(repo: Path) -> None:
    edit(repo)
    (repo / "untracked").write_text("x")
    (repo / "same").write_bytes((repo / "deep/er/file").read_bytes())
    was = everything(repo / ".git")
    assert seen(repo, lambda: (repo / "untracked").write_text("y"))
    assert everything(repo / ".git") == was


def test_what_was_there_before_is_not_the_executions_and_ignored_files_are_nobodys(
    repo: Path,
) -> None:
    (repo / ".gitignore").write_text("secret\n")
    (repo / "secret").write_text("x")
    edit(repo)
    git(repo, "add", "code.py")
    (repo / "untracked").write_text("mine\n")

    def act() -> None:
        (repo / "secret").write_text("y")
        (repo / "untracked").write_text("mine\nand its\n")
        git(repo, "commit", "-qam", "by the execution")

    changes = seen(repo, act)
    assert changes is not None
    assert changes.paths == ("untracked",)


def test_a_subfolder_of_a_repository_is_a_project_of_its_own(repo: Path) -> None:
    def act() -> None:
        edit(repo)
        (repo / "deep/er/file").write_text("deeper\n")

    changes = seen(repo / "deep", act)
    assert changes is not None
    assert changes.paths == ("er/file",)


def test_files_are_taken_byte_for_byte_whatever_git_makes_of_them(repo: Path) -> None:
    git(repo, "config", "filter.up.clean", "tr a-z A-Z")
    (repo / ".gitattributes").write_text("*.txt text eol=crlf\n*.id ident\n*.up filter=up\n")
    lines = {"a.txt": b"one\r\ntwo\r\n", "b.id": b"$Id: 0123 $\n", "c.up": b"low\n"}
    for name, data in lines.items():
        (repo / name).write_bytes(data)
        os.utime(repo / name, (1, 1))  # so long ago that git believes its index
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "second")
    old = trees.read(repo)

    def act() -> None:
        for name, data in lines.items():
            (repo / name).write_bytes(data + b"new\r\n")

    changes = seen(repo, act)
    assert changes is not None
    copy = trees.write(old, repo.parent / "copy")
    apply(Changes.from_text(changes.text), copy)
    assert trees.read(copy) == trees.read(repo)
    assert not [line for line in changes.patch.splitlines() if line.startswith(("-o", "-L", "-$"))]


def test_what_git_remembers_is_not_read_again(repo: Path) -> None:
    for path in trees.read(repo):
        os.utime(repo / path.rstrip("*"), (1, 1), follow_symlinks=False)
    git(repo, "add", "-A")
    (repo / "untracked").write_text("x")
    state = before(repo)
    kept = [path for path in (state._scratch.path / "git/objects").rglob("*") if path.is_file()]
    assert len(kept) == 1
    state.close()


def test_entries_that_git_was_told_to_believe_are_looked_at(repo: Path) -> None:
    git(repo, "update-index", "--assume-unchanged", "code.py")
    git(repo, "update-index", "--skip-worktree", "run.sh")

    def act() -> None:
        edit(repo)
        (repo / "run.sh").write_text("#!/bin/bash\n")

    changes = seen(repo, act)
    assert changes is not None
    assert changes.paths == ("code.py", "run.sh")


def test_no_commit_yet_a_worktree_a_detached_head_and_a_conflict(repo: Path) -> None:
    (repo.parent / "fresh").mkdir()
    git(repo.parent / "fresh", "init", "-q")
    (repo.parent / "fresh/code.py").write_text("one\ntwo\nthree\n")
    git(repo, "worktree", "add", "-q", "../tree")
    git(repo, "checkout", "-q", "--detach")
    for place in ("fresh", "tree", repo.name):
        project = repo.parent / place
        state = before(project)
        assert by_git(state)
        edit(project)
        changes = state.after()
        assert changes is not None
        assert changes.paths == ("code.py",), place


def test_a_folder_that_its_repository_ignores_is_looked_at_without_git(repo: Path) -> None:
    (repo / ".gitignore").write_text("scratch/\n")
    trees.write(TREE, repo / "scratch/mine")
    state = before(repo / "scratch/mine")
    assert not by_git(state)
    edit(repo / "scratch/mine")
    changes = state.after()
    assert changes is not None
    assert changes.paths == ("code.py",)


@pytest.mark.parametrize("target", ["/dev/zero", "pipe"])
def test_an_index_that_never_ends_is_not_copied(target: str, repo: Path) -> None:
    (repo / ".git/index").unlink()
    (repo / ".git/index").symlink_to(target)
    os.mkfifo(repo / ".git/pipe")
    state = before(repo, bounds=Bounds(seconds=1.0))
    edit(repo)
    changes = state.after()
    assert changes is not None
    assert changes.paths == ("code.py",)


def test_submodules_are_left_alone(repo: Path, tmp_path: Path) -> None:
    other = repository(trees.write({"inner": b"x\n"}, tmp_path / "other"))
    git(repo, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(other), "sub")

    def act() -> None:
        (repo / "sub/inner").write_text("y\n")
        edit(repo)

    changes = seen(repo, act)
    assert changes is not None
    assert changes.paths == ("code.py",)


def test_a_repository_that_breaks_meanwhile_is_told(repo: Path) -> None:
    changes = seen(repo, lambda: shutil.rmtree(repo / ".git"))
    assert changes is not None
    assert "cannot be looked at" in changes.incomplete


def test_a_damaged_index_and_an_odd_repository_are_looked_at_all_the_same(repo: Path) -> None:
    (repo / ".git/index").write_bytes(b"no index")
    changes = seen(repo, lambda: edit(repo))
    assert changes is not None
    assert changes.paths == ("code.py",)
    (repo / ".git/config").write_text("[core]\nrepositoryformatversion = 99\n")
    changes = seen(repo, lambda: (repo / "code.py").write_text("other\n"))
    assert changes is not None
    assert changes.paths == ("code.py",)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_anothers_repository_is_looked_at_without_git(repo: Path) -> None:
    for at, folders, names in os.walk(repo):
        for name in [".", *folders, *names]:
            os.lchown(Path(at, name), NOBODYS_ID, -1)
    state = before(repo)
    assert isinstance(state._state, SnapshotState)
    edit(repo)
    changes = state.after()
    assert changes is not None
    assert changes.paths == ("code.py",)


# -- a stranger's repository ---------------------------------------------------------------------


@pytest.fixture
def trap(tmp_path: Path) -> tuple[Path, Path]:
    """A program that leaves a mark when it is run, and the mark."""
    program, mark = tmp_path / "trap", tmp_path / "mark"
    program.write_text(f'#!/bin/sh\necho "$0 $*" >>{mark}\ncat\n')
    program.chmod(0o755)
    return program, mark


@pytest.mark.parametrize("at_work", [False, True], ids=["ours", "git itself"])
def test_nothing_that_a_repository_names_is_run(
    at_work: bool, repo: Path, trap: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    program, mark = trap
    (repo / ".gitattributes").write_text("* filter=evil diff=evil\n")
    for name, value in {
        "core.fsmonitor": program,
        "core.hooksPath": program.parent / "hooks",
        "filter.evil.clean": program,
        "filter.evil.smudge": program,
        "filter.evil.required": "true",
        "diff.evil.textconv": program,
        "diff.evil.command": program,
        "diff.external": program,
        "core.pager": program,
        "core.sshCommand": program,
    }.items():
        git(repo, "config", name, str(value))
    for hooks in (program.parent / "hooks", repo / ".git/hooks"):
        hooks.mkdir(exist_ok=True)
        for hook in ("post-index-change", "pre-commit", "fsmonitor-watchman"):
            shutil.copy(program, hooks / hook)
    edit(repo)
    if at_work:
        git(repo, "add", "-A")
        assert mark.exists(), "the trap works"
        return
    monkeypatch.setenv("GIT_EXTERNAL_DIFF", str(program))
    monkeypatch.setenv("GIT_DIR", str(repo.parent / "elsewhere"))
    state = before(repo)
    assert by_git(state)
    (repo / "code.py").write_text("more\n")
    (repo / "new").write_text("new\n")
    changes = state.after()
    assert changes is not None
    assert changes.paths == ("code.py", "new")
    assert not mark.exists()


def test_a_repository_whose_work_tree_is_elsewhere_has_no_say(repo: Path) -> None:
    git(repo, "config", "core.worktree", str(repo.parent / "home"))
    state = before(repo)
    assert not by_git(state)
    edit(repo)
    changes = state.after()
    assert changes is not None
    assert changes.paths == ("code.py",)


def test_git_that_does_not_come_back_is_given_up(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = tmp_path / "bin" / "git"
    slow.parent.mkdir()
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    slow.chmod(0o755)
    monkeypatch.setenv("PATH", f"{slow.parent}:{os.environ['PATH']}")
    state = before(repo, bounds=Bounds(seconds=0.5))
    assert not by_git(state)
    edit(repo)
    assert state.after()


def test_the_patch_is_the_same_with_git_and_without(repo: Path) -> None:
    plain = trees.copy(repo, repo.parent / "plain")
    ways = [seen(place, partial(edit, place)) for place in (repo, plain)]
    assert ways[0] is not None
    assert ways[0] == ways[1]
