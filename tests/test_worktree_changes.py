"""What changed in a worktree: told as a diff, whatever an agent has left there.

The rule: the real git. An agent may write everything in its worktree, the file by which git finds
the repository and the repository's own settings included: nothing of it is run, and nothing of it
hides what was changed.
"""

from __future__ import annotations

import dataclasses
import os
from pathlib import Path

import pytest

from claude_widget.worktrees import beginning, diff
from claude_widget.worktrees.diff import ChangedFile, Diff, diff_of, state_of
from claude_widget.worktrees.errors import WorktreeFailed, WorktreeGone
from claude_widget.worktrees.locks import remove_tree
from claude_widget.worktrees.worktree import Worktree
from tests import trees
from tests.trees import TREE, git, repository
from tests.worktree_projects import made, plant


@pytest.fixture
def repo(project: Path) -> Path:
    """A project in a repository, all of it committed."""
    return repository(trees.write(TREE, project))


@pytest.fixture
def worktree(repo: Path, tmp_path: Path) -> Worktree:
    """A worktree of it."""
    return made(repo, tmp_path / "state")


def paths(found: Diff) -> list[str]:
    return [file.path for file in found.files]


def facts(found: Diff) -> list[ChangedFile]:
    """Its files, less their text."""
    return [dataclasses.replace(file, text="") for file in found.files]


def test_nothing_was_changed(worktree: Worktree) -> None:
    assert not diff_of(worktree)
    assert diff_of(worktree) == Diff()


def test_what_is_committed_staged_and_neither_is_one_diff(worktree: Worktree) -> None:
    there = worktree.path
    (there / "committed").write_text("c\n")
    git(there, "add", "-A")
    git(there, "commit", "-qm", "by the agent")
    (there / "staged").write_text("s\n")
    git(there, "add", "staged")
    (there / "untracked").write_text("u\n")
    (there / "code.py").write_text("one\nTWO\nthree\nfour\n")
    (there / "deep/er/file").unlink()
    found = diff_of(worktree)
    assert paths(found) == ["code.py", "committed", "deep/er/file", "staged", "untracked"]
    assert facts(found)[0] == ChangedFile("code.py", "changed", added=2, removed=1)
    assert facts(found)[2] == ChangedFile("deep/er/file", "deleted", removed=1)
    assert found.commits == 1
    assert (found.added, found.removed) == (5, 2)
    assert "-two\n+TWO\n three\n+four\n" in found.text
    assert state_of(worktree) == "changed"


def test_it_is_told_again_and_again(worktree: Worktree) -> None:
    (worktree.path / "code.py").write_text("x\n")
    first = diff_of(worktree)
    assert diff_of(worktree) == first
    (worktree.path / "code.py").write_bytes(TREE["code.py"])  # type: ignore[arg-type]
    assert state_of(worktree) == "clean"


def test_git_itself_can_apply_the_diff(worktree: Worktree, repo: Path) -> None:
    (worktree.path / "code.py").write_text("one\nTWO\nthree\n")
    (worktree.path / "new file").write_text("n\n")
    git(repo, "apply", given=diff_of(worktree).text.encode())
    assert (repo / "code.py").read_text() == "one\nTWO\nthree\n"
    assert (repo / "new file").read_text() == "n\n"


def test_what_git_ignores_is_no_change_unless_the_agent_has_added_it(
    repo: Path, tmp_path: Path
) -> None:
    (repo / ".gitignore").write_text("*.log\n")
    (repo / ".git/info/exclude").write_text("*.tmp\n")
    home = Path(os.environ["HOME"])
    (home / ".gitconfig").write_text(f"[core]\n\texcludesFile = {home}/ig nored\n")
    (home / "ig nored").write_text("*.own\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "ignore")
    worktree = made(repo, tmp_path / "state")
    for name in ("a.log", "a.tmp", "a.own", "forced.log"):
        (worktree.path / name).write_text("x\n")
    assert state_of(worktree) == "clean"
    git(worktree.path, "add", "-f", "forced.log")
    assert paths(diff_of(worktree)) == ["forced.log"]


def test_binary_files_are_said(worktree: Worktree) -> None:
    (worktree.path / "picture").write_bytes(bytes(1000))
    found = diff_of(worktree)
    why = "is no text; 256 bytes before, 1,000 after"
    assert facts(found) == [ChangedFile("picture", "changed", note=why)]
    assert "Binary files a/picture and b/picture differ" in found.text


def test_what_is_too_much_is_said_file_by_file(
    worktree: Worktree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(diff, "MOST_TEXT", 3000)
    monkeypatch.setattr(diff, "MOST_OF_A_FILE", 2000)
    for name, size in (("a", 1500), ("b", 2500), ("c", 1400), ("d", 1000)):
        (worktree.path / name).write_text("x" * size)
    found = diff_of(worktree)
    assert paths(found) == ["a", "b", "c", "d"]
    assert [bool(file.note) for file in found.files] == [False, True, False, True]
    assert len(found.text) < 4000


def test_what_is_beyond_all_bounds_is_refused_and_nothing_else(
    worktree: Worktree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "BOUNDS", beginning.BOUNDS.__class__(files=3))
    for number in range(4):
        (worktree.path / str(number)).write_text("x")
    with pytest.raises(WorktreeFailed, match="more than 3 files"):
        diff_of(worktree)


def test_a_project_that_is_too_large_to_be_noted_still_has_a_worktree(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "BOUNDS", beginning.BOUNDS.__class__(files=3))
    worktree = made(repo, tmp_path / "state")
    assert "more than 3 files" in worktree.notes[-1]
    with pytest.raises(WorktreeFailed, match="more than 3 files"):
        state_of(worktree)


def test_a_file_too_large_to_keep_is_told_once_it_changes(
    repo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(beginning, "BOUNDS", beginning.BOUNDS.__class__(file_bytes=100))
    worktree = made(repo, tmp_path / "state")
    assert state_of(worktree) == "clean"
    (worktree.path / "picture").write_bytes(bytes(257))
    found = diff_of(worktree)
    assert paths(found) == ["picture"]
    assert "larger than" in found.files[0].note


def test_line_ends_that_git_changes_are_no_change(repo: Path, tmp_path: Path) -> None:
    (repo / ".gitattributes").write_text("*.txt text eol=crlf\n")
    (repo / "a.txt").write_bytes(b"one\r\ntwo\r\n")
    git(repo, "add", "-A")
    git(repo, "commit", "-qm", "line ends")
    worktree = made(repo, tmp_path / "state")
    assert (worktree.path / "a.txt").read_bytes() == b"one\r\ntwo\r\n"
    assert state_of(worktree) == "clean"
    (worktree.path / "a.txt").write_bytes(b"one\r\nTWO\r\n")
    assert "-two\r\n+TWO\r\n" in diff_of(worktree).text


# -- an agent that means harm ------------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["new\nline", "-rf", "--output=x", "\udcff\udcfe", 'q"t', "a\tb", "\u202eevil", " "]
)
def test_names_are_told_as_they_are(worktree: Worktree, name: str) -> None:
    (worktree.path / name).write_text("x\n")
    found = diff_of(worktree)
    assert paths(found) == [name]
    assert found.text.count("\n") == 7


def test_the_file_that_leads_to_the_repository_leads_nobody_astray(
    worktree: Worktree, tmp_path: Path
) -> None:
    script, mark = plant(tmp_path)
    evil = repository(trees.write(TREE, tmp_path / "evil"))
    git(evil, "config", "core.fsmonitor", script)
    git(evil, "config", "filter.evil.clean", script)
    (evil / ".git/info/exclude").write_text("*\n")
    (worktree.path / ".gitattributes").write_text("* filter=evil\n")
    (worktree.path / "hidden").write_text("x\n")
    (worktree.path / ".git").write_text(f"gitdir: {evil}/.git\n")
    assert paths(diff_of(worktree)) == [".gitattributes", "hidden"]
    (worktree.path / ".git").unlink()
    assert paths(diff_of(worktree)) == [".gitattributes", "hidden"]
    (worktree.path / ".git").symlink_to(evil / ".git")
    assert paths(diff_of(worktree)) == [".gitattributes", "hidden"]
    assert not mark.exists()


def test_settings_that_an_agent_writes_into_the_repository_run_nothing(
    worktree: Worktree, repo: Path, tmp_path: Path
) -> None:
    script, mark = plant(tmp_path)
    for name in ("core.fsmonitor", "filter.evil.clean", "diff.external", "diff.evil.textconv"):
        git(repo, "config", name, script)
    for name in ("core.sshCommand", "gpg.program", "core.alternateRefsCommand", "core.editor"):
        git(repo, "config", name, script)
    git(repo, "config", "log.showSignature", "true")
    git(repo, "config", "extensions.worktreeConfig", "true")
    git(worktree.path, "config", "--worktree", "filter.mine.clean", script)
    (worktree.path / ".gitattributes").write_text("*.py filter=evil diff=evil\n* filter=mine\n")
    (worktree.path / "code.py").write_text("x\n")
    git(repo, "-C", str(worktree.path), "-c", "filter.evil.clean=", "-c", "filter.mine.clean=",
        "-c", "core.fsmonitor=", "commit", "-qam", "agent")  # fmt: skip
    mark.unlink(missing_ok=True)
    assert paths(diff_of(worktree)) == [".gitattributes", "code.py"]
    assert not mark.exists()


def test_what_lies_beyond_a_link_is_not_read(worktree: Worktree, tmp_path: Path) -> None:
    outside = trees.write({"er/file": b"secret\n", "more": b"secret\n"}, tmp_path / "outside")
    remove_tree(worktree.path / "deep")
    (worktree.path / "deep").symlink_to(outside)
    found = diff_of(worktree)
    assert [(file.path, file.kind) for file in found.files] == [
        ("deep", "added"),
        ("deep/er/file", "deleted"),
    ]
    assert "secret" not in found.text


def test_repositories_within_are_named(worktree: Worktree) -> None:
    repository(trees.write({"x": b"x\n"}, worktree.path / "inner"))
    found = diff_of(worktree)
    assert found.nested == ("inner/",)
    assert state_of(worktree) == "changed"


def test_an_agent_that_goes_elsewhere_with_git_hides_nothing(worktree: Worktree) -> None:
    there = worktree.path
    git(there, "checkout", "-q", "--orphan", "nowhere")
    git(there, "rm", "-rq", "--cached", ".")
    (there / "code.py").write_text("x\n")
    assert paths(diff_of(worktree)) == ["code.py"]
    git(there, "add", "-A")
    git(there, "commit", "-qm", "all anew")
    found = diff_of(worktree)
    assert paths(found) == ["code.py"]
    assert found.commits == 1


def test_commits_count_though_no_file_differs(worktree: Worktree) -> None:
    git(worktree.path, "commit", "-q", "--allow-empty", "-m", "nothing")
    assert diff_of(worktree).commits == 1
    assert state_of(worktree) == "changed"


def test_one_that_is_gone_says_so(worktree: Worktree) -> None:
    remove_tree(worktree.path)
    assert state_of(worktree) == "removed"
    with pytest.raises(WorktreeGone) as caught:
        diff_of(worktree)
    assert caught.value.outcome == "removed"


def test_looking_writes_nothing_of_the_repository_or_the_work_tree(
    worktree: Worktree, repo: Path
) -> None:
    (worktree.path / "code.py").write_text("x\n")

    def everything() -> dict[str, int]:
        found = [*repo.rglob("*"), *worktree.path.rglob("*")]
        return {str(path): path.lstat().st_mtime_ns for path in found}

    was = everything()
    assert diff_of(worktree)
    assert everything() == was
    assert sorted(path.name for path in worktree.folder.iterdir()) == sorted(
        ["git", "lock", "project", "worktree.json"]
    )
