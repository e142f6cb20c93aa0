"""A recorded change that is cut off by a kill: the next one puts everything back first.

The rule: the process that is killed is a real one, before each of the steps that it takes; what is
looked at afterwards are the files of the project.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from claude_widget.changes import patching
from claude_widget.changes.errors import PatchConflict
from claude_widget.changes.patches import FILE, Content, Difference, Section, sections_of
from claude_widget.changes.unfinished import Kept, Planned, undo_unfinished
from tests import trees
from tests.trees import Tree
from tests.waiting import BOUND

BEFORE: Tree = {"a.txt": b"one\n", "deep/er/gone": b"x\n", "file": b"f\n", "stays": b"s\n"}
AFTER: Tree = {"a.txt": b"two\n", "deep": b"d\n", "file/in/b": b"new\n", "stays": b"s\n"}
PROGRAM = """
import os, signal, sys
from pathlib import Path
from tests.test_unfinished_changes import BEFORE, SECTIONS, patching, trees

STEPS = {"os.rename", "os.remove", "os.rmdir", "os.mkdir"}
for number in range(1, 99):
    project = Path(sys.argv[1]) / str(number)
    project.mkdir()
    trees.write(BEFORE, project)
    child = os.fork()
    if child == 0:
        left = number
        def step(event, arguments):
            global left
            left -= event in STEPS
            if left == 0 and event in STEPS:
                os.kill(os.getpid(), signal.SIGKILL)
        sys.addaudithook(step)
        try:
            patching.apply(SECTIONS, project)
            os._exit(0)
        finally:
            os._exit(1)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0:
        break
print(number)
"""


def sections() -> list[Section]:
    found: list[Section] = []
    for path in sorted({*BEFORE, *AFTER}):
        pair = (BEFORE.get(path), AFTER.get(path))
        old, new = (Content(FILE, data) if isinstance(data, bytes) else None for data in pair)
        found += sections_of(Difference(path, old, new))
    return found


SECTIONS = sections()


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Projects in which a change was cut off, before its first step, its second, and so on."""
    folder = tmp_path_factory.mktemp("killed")
    command = [sys.executable, "-c", PROGRAM, str(folder)]
    said = subprocess.run(
        command,
        cwd=Path(__file__).parents[1],
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    assert int(said.stdout) > 8
    return [folder / str(number) for number in range(1, int(said.stdout))]


def test_a_kill_at_any_moment_is_undone_by_whoever_changes_next(killed: list[Path]) -> None:
    torn = [trees.read(project) for project in killed]
    assert sum(tree not in (BEFORE, AFTER) for tree in torn) > 4
    for project in killed:
        undo_unfinished(project)
        assert trees.read(project) in (BEFORE, AFTER)
        patching.apply(SECTIONS, project)
        assert trees.read(project) == AFTER
        left = [path for path in project.rglob("*") if ".claude-widget-" in str(path)]
        assert len(left) <= 1, "at most a folder with nothing in it, which may be a new one"


def cut_off(project: Path) -> None:
    """A change of one file, killed when the file was taken away, as its folder shows it."""
    trees.write(BEFORE, project)
    kept = Kept(project)
    kept.new(0).write_bytes(b"two\n")
    step = Planned("a.txt", Content(FILE, b"one\n"), Content(FILE, b"two\n"))
    kept.begin([step], [])
    (project / "a.txt").rename(kept.old(0))
    kept.close()


def test_what_was_written_since_then_is_not_touched_and_named(tmp_path: Path) -> None:
    cut_off(tmp_path)
    (tmp_path / "a.txt").write_bytes(b"by hand\n")
    with pytest.raises(PatchConflict, match="has changed since a change was cut off") as caught:
        patching.apply(SECTIONS, tmp_path)
    assert str(tmp_path) not in str(caught.value)
    assert (tmp_path / "a.txt").read_bytes() == b"by hand\n"
    (kept,) = tmp_path.glob(".claude-widget-apply-*/0.old")
    assert kept.read_bytes() == b"one\n"
    (tmp_path / "a.txt").unlink()
    patching.apply(SECTIONS, tmp_path)
    assert trees.read(tmp_path) == AFTER


def test_a_change_that_still_lives_is_left_alone(tmp_path: Path) -> None:
    trees.write(BEFORE, tmp_path)
    kept = Kept(tmp_path)
    kept.begin([], [])
    undo_unfinished(tmp_path)
    assert kept.path.exists()
    kept.close()
    undo_unfinished(tmp_path)
    assert not kept.path.exists()


@pytest.mark.parametrize(
    "journal",
    [
        "{",
        "[]",
        '{"version": 9}',
        '{"version": 1, "steps": [["../out", null, "x"]], "folders": []}',
        '{"version": 1, "steps": [["/out", null, "x"]], "folders": []}',
        '{"version": 1, "steps": [[".git/config", "x", null]], "folders": []}',
        '{"version": 1, "steps": [[".GIT/hooks/x", null, "x"]], "folders": []}',
        '{"version": 1, "steps": [7], "folders": []}',
        '{"version": 1, "steps": [], "folders": [".."]}',
    ],
)
def test_a_journal_that_nobody_can_trust_changes_nothing(tmp_path: Path, journal: str) -> None:
    project = tmp_path / "project"
    project.mkdir()
    cut_off(project)
    (folder,) = project.glob(".claude-widget-apply-*")
    (folder / "journal").write_text(journal)
    with pytest.raises(PatchConflict, match="cannot be undone"):
        patching.apply(SECTIONS, project)
    assert (folder / "0.old").read_bytes() == b"one\n"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.EOPNOTSUPP])
def test_where_there_are_no_locks_changes_are_made_and_old_ones_undone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    def flock(descriptor: int, how: int) -> None:
        raise OSError(number, "No locks available")

    monkeypatch.setattr("claude_widget.changes.unfinished.fcntl.flock", flock)
    cut_off(tmp_path)
    (folder,) = tmp_path.glob(".claude-widget-apply-*")
    undo_unfinished(tmp_path)
    assert folder.exists(), "it may be at work"
    os.utime(folder, (1, 1))
    patching.apply(SECTIONS, tmp_path)
    assert trees.read(tmp_path) == AFTER
    assert list(tmp_path.glob(".claude-widget-*")) == []


def test_folder_of_a_change_that_cannot_begin_goes_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(descriptor: int, how: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    trees.write(BEFORE, tmp_path)
    monkeypatch.setattr("claude_widget.changes.unfinished.fcntl.flock", flock)
    with pytest.raises(PatchConflict, match="Input/output error"):
        patching.apply(SECTIONS, tmp_path)
    assert trees.read(tmp_path) == BEFORE
    assert list(tmp_path.glob(".claude-widget-*")) == []
    held = [os.path.realpath(one) for one in Path("/proc/self/fd").iterdir()]
    assert [one for one in held if one.startswith(str(tmp_path))] == []
