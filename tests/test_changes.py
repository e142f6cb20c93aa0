"""What an execution changed: seen with git and without, and of whom it is.

The rule: real projects and the real git. A repository is taken for a stranger's: each test that
says that nothing is run plants something that would leave a mark if it were.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import nbformat
import papermill  # type: ignore[import-untyped]
import pytest
from papermill.engines import NotebookExecutionManager  # type: ignore[import-untyped]

from claude_widget.changes.observed import Changes, apply, before
from claude_widget.changes.overlaps import Overlaps, Span, overlapped
from claude_widget.changes.project_files import Bounds
from claude_widget.redaction.redactor import Redactor
from tests import trees
from tests.trees import TREE, by_git, edit, repository, seen

ROOT = Path(__file__).parent.parent

# -- with git and without ------------------------------------------------------------------------


@pytest.mark.parametrize("in_git", [True, False])
def test_all_kinds_of_change_are_in_the_patch_and_nothing_else(in_git: bool, project: Path) -> None:
    trees.write(TREE, project)
    if in_git:
        repository(project)
    state = before(project)
    assert by_git(state) is in_git
    new: trees.Tree = {
        "code.py*": b"one\nTWO\nthree\n",
        "run.sh*": b"#!/bin/sh\n",
        "picture": b"\0new",
        "link": "run.sh",
        "made/new": b"new\n",
        "empty": b"",
    }
    trees.write(new, project)
    changes = state.after()
    assert changes is not None
    assert changes.paths == ("code.py", "deep/er/file", "empty", "link", "made/new", "picture")
    copy = trees.write(TREE, project.parent / "copy")
    apply(changes, copy)
    assert trees.read(copy) == new


@pytest.mark.parametrize("in_git", [True, False])
def test_nothing_changed_is_no_patch(in_git: bool, project: Path) -> None:
    trees.write(TREE, project)
    if in_git:
        repository(project)
    assert seen(project, lambda: os.utime(project / "code.py")) is None


@pytest.mark.parametrize("in_git", [True, False])
def test_a_change_of_the_same_length_at_the_same_time_is_seen(in_git: bool, project: Path) -> None:
    trees.write(TREE, project)
    if in_git:
        repository(project)
    was = (project / "code.py").stat()

    def in_secret() -> None:
        edit(project)
        os.utime(project / "code.py", ns=(was.st_atime_ns, was.st_mtime_ns))

    changes = seen(project, in_secret)
    assert changes is not None
    assert changes.paths == ("code.py",)


@pytest.mark.parametrize("in_git", [True, False])
def test_heavy_folders_and_what_others_write_are_not_in_it(in_git: bool, project: Path) -> None:
    trees.write(TREE, project)
    if in_git:
        repository(project)
    heavy = ("node_modules/a", "x/__pycache__/b", ".ipynb_checkpoints/c", "env/pyvenv.cfg", "env/d")

    def act() -> None:
        for name in (*heavy, "recordings/r/transcript", "notebook.ipynb"):
            (project / name).parent.mkdir(parents=True, exist_ok=True)
            (project / name).write_text("x")
        edit(project)

    changes = seen(project, act, ignored=(project / "recordings", project / "notebook.ipynb"))
    assert changes is not None
    assert changes.paths == ("code.py",)


@pytest.mark.parametrize("in_git", [True, False])
def test_special_files_are_passed_over_and_make_nobody_wait(in_git: bool, project: Path) -> None:
    trees.write(TREE, project)
    if in_git:
        repository(project)
    os.mkfifo(project / "pipe")

    def act() -> None:
        (project / "code.py").unlink()
        os.mkfifo(project / "code.py")

    changes = seen(project, act)
    assert changes is not None
    assert changes.paths == ("code.py",)
    assert "deleted file" in changes.patch


@pytest.mark.parametrize("in_git", [True, False])
def test_what_is_too_large_is_left_out_and_named(in_git: bool, project: Path) -> None:
    odd = "a\u2028mixed: (b) c\x85"
    trees.write({**TREE, "large": b"x" * 3000, "still": b"y" * 3000, odd: b"x" * 3000}, project)
    if in_git:
        repository(project)

    def act() -> None:
        (project / "large").write_bytes(b"z" * 3000)
        (project / odd).write_bytes(b"z" * 3000)
        (project / "picture").write_bytes(b"grown" * 1000)
        edit(project)

    changes = seen(project, act, bounds=Bounds(file_bytes=2000))
    assert changes is not None
    assert changes.paths == ("code.py",)
    assert [path for path, _ in changes.left_out] == [odd, "large", "picture"]
    assert Changes.from_text(changes.text) == changes


@pytest.mark.parametrize("in_git", [True, False])
def test_the_notebook_that_papermill_runs_is_no_execution_s_work(
    in_git: bool, project: Path
) -> None:
    trees.write(TREE, project)
    if in_git:
        repository(project)
    other = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    nbformat.write(other, project / "other.ipynb")
    running = papermill.iorw.load_notebook_node(str(project / "other.ipynb"))
    papermill.execute.prepare_notebook_metadata(running, "other.ipynb", "out.ipynb")
    runs = NotebookExecutionManager(
        running, output_path=str(project / "out.ipynb"), progress_bar=False, autosave_cell_every=0
    )
    runs.notebook_start()

    def act() -> None:
        runs.cell_start(running.cells[0], 0)
        other.cells[0].source = "2"
        nbformat.write(other, project / "other.ipynb")

    changes = seen(project, act)
    assert changes is not None
    assert (changes.paths, changes.left_out) == (("other.ipynb",), ())
    runs.notebook_complete()
    changes = seen(project, lambda: nbformat.write(other, project / "out.ipynb"))
    assert changes is not None
    assert changes.paths == ("out.ipynb",), "papermill is done with it"


@pytest.mark.parametrize("in_git", [True, False])
def test_work_in_a_notebook_that_papermill_left_unfinished_is_seen(
    in_git: bool, project: Path
) -> None:
    stale = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")])
    stale.metadata.papermill = {"start_time": "2026-01-01T00:00:00", "end_time": None}
    nbformat.write(stale, project / "stale.ipynb")
    if in_git:
        repository(project)
    stale.cells[0].source = "2"
    changes = seen(project, lambda: nbformat.write(stale, project / "stale.ipynb"))
    assert changes is not None
    assert changes.paths == ("stale.ipynb",)


@pytest.mark.parametrize(
    "bounds",
    [Bounds(files=3), Bounds(total_bytes=10), Bounds(seconds=0)],
    ids=["files", "bytes", "seconds"],
)
def test_a_project_beyond_the_bounds_is_told_and_is_no_error(bounds: Bounds, project: Path) -> None:
    trees.write(TREE, project)
    changes = seen(project, lambda: edit(project), bounds=bounds)
    assert changes is not None
    assert changes.incomplete.startswith("the project ")
    assert not changes.patch


def test_a_patch_has_a_bound_of_its_own(project: Path) -> None:
    trees.write(TREE, project)

    def act() -> None:
        for name in ("a", "b", "c"):
            (project / name).write_bytes(b"x" * 400)

    changes = seen(project, act, bounds=Bounds(patch_bytes=1000))
    assert changes is not None
    assert changes.paths == ("a", "b")
    assert changes.left_out == (("c", "is too much for one patch"),)


def test_nothing_is_left_in_the_temp_folder(project: Path, own_temp: Path) -> None:
    repo = repository(trees.write(TREE, project))
    state = before(repo)
    assert any(own_temp.iterdir())
    edit(repo)
    assert state.after()
    before(repo).close()
    assert not any(own_temp.iterdir())


def test_what_a_killed_process_kept_goes_with_the_next_look(project: Path, own_temp: Path) -> None:
    trees.write(TREE, project)
    code = (
        "import os, sys; from claude_widget.changes.observed import before; b = before(sys.argv[1])"
    )
    ended = [sys.executable, "-c", f"{code}; os.kill(os.getpid(), 9)", str(project)]
    env = {**os.environ, "TMPDIR": str(own_temp)}
    assert subprocess.run(ended, env=env, check=False, cwd=ROOT).returncode == -9
    (abandoned,) = own_temp.iterdir()
    mine = before(project)
    young = [path for path in own_temp.iterdir() if path != abandoned]
    for path in (abandoned, *young):
        os.utime(path, (1, 1))
    before(project).close()
    assert list(own_temp.iterdir()) == young
    mine.close()


# -- whose -----------------------------------------------------------------------------------------


def test_executions_in_one_folder_or_in_one_that_holds_it_are_mixed(tmp_path: Path) -> None:
    overlaps = Overlaps()
    first = overlaps.begin(tmp_path / "a")
    beside = overlaps.begin(tmp_path / "b")
    within = overlaps.begin(tmp_path / "a/sub")
    assert not overlaps.end(beside)
    assert overlaps.end(first)
    later = overlaps.begin(tmp_path / "a/other")
    assert overlaps.end(within)
    assert not overlaps.end(later)


def test_spans_of_other_processes_overlap_in_time_and_place(tmp_path: Path) -> None:
    own = Span(tmp_path / "a", 10.0, 20.0)
    assert overlapped(own, [Span(tmp_path, 19.0, None)])
    assert overlapped(own, [Span(tmp_path / "a/b", 5.0, 11.0)])
    assert not overlapped(own, [Span(tmp_path / "a", 20.0, None), Span(tmp_path / "a", 1.0, 10.0)])
    assert not overlapped(own, [Span(tmp_path / "b", 10.0, 20.0)])
    assert overlapped(own._replace(ended=None), [Span(tmp_path / "a", 30.0, 31.0)])


# -- redaction -------------------------------------------------------------------------------------

KEY = "sk-ant-api03-" + "Ab3dE6gH9jK2mN5pQ8sT1vW4yZ7" * 3


def test_a_redacted_patch_has_no_secret_and_can_still_be_applied(project: Path) -> None:
    lines = [f"line {at}" for at in range(20)]
    lines[5] = f"key = {KEY}"
    (project / "settings").write_text("\n".join(lines))
    (project / "cache").write_bytes(b"\0" + KEY.encode())

    def act() -> None:
        text = (project / "settings").read_text().replace("line 6", f"line six {KEY}")
        (project / "settings").write_text(text)
        (project / "cache").write_bytes(b"\0\0" + KEY.encode())
        (project / KEY).write_text("named")

    old = trees.read(project)
    found = seen(project, act)
    assert found is not None
    changes = found.redacted(Redactor(environ={}, user=""))
    assert changes.was_redacted
    assert KEY[:40] not in changes.text
    assert changes.left_out == (("cache", "is no text and holds what is secret"),)
    copy = trees.write(old, project.parent / "copy")
    for _ in range(2):
        apply(Changes.from_text(changes.text), copy)
        made = (copy / "settings").read_text()
        assert f"key = {KEY}" in made
        assert "line six [redacted" in made
    assert changes.redacted(Redactor(environ={}, user="")) == changes


def test_a_secret_over_many_lines_is_taken_out_of_a_patch(project: Path) -> None:
    body = "\n".join("MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7" for _ in range(6))
    secret = f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n"
    found = seen(project, lambda: (project / "key.pem").write_text(f"first\n{secret}last\n"))
    assert found is not None
    changes = found.redacted(Redactor(environ={}, user=""))
    assert "MIIEvQ" not in changes.text
    apply(Changes.from_text(changes.text), project.parent / project.name)
    copy = project.parent / "copy"
    copy.mkdir()
    apply(Changes.from_text(changes.text), copy)
    assert (copy / "key.pem").read_text().startswith("first\n")


def test_what_holds_no_secret_is_not_marked(project: Path) -> None:
    found = seen(project, lambda: (project / "a").write_text("plain\n"))
    assert found is not None
    assert found.redacted(Redactor(environ={}, user="")) == found


def test_a_project_of_somebody_called_data_keeps_its_folder_data(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    somebody = Redactor(environ={}, home=Path("/home/user/data"), user="data")
    (project / "data").mkdir()
    (project / "data" / "load.py").write_text('read("data/a.csv")\nread("/home/user/data/b.csv")\n')

    def act() -> None:
        with (project / "data" / "load.py").open("a") as file:
            file.write('open("/mnt/data/c.csv"); import data; ask("data@example.org")\n')
        (project / "data" / "new.py").write_text('read("data/d.csv")\n')

    old = trees.read(project)
    found = seen(project, act)
    assert found is not None
    changes = found.redacted(somebody)
    assert changes.paths == ("data/load.py", "data/new.py")
    assert changes.placeholders == ("data/load.py",)
    assert "user/data" not in changes.text
    assert "data@" not in changes.text
    assert changes.redacted(somebody) == changes
    copy = trees.write(old, project.parent / "copy")
    (copy / "other").write_text("that was not there then")
    for _ in range(2):
        apply(Changes.from_text(changes.text), copy)
    made = (copy / "data" / "load.py").read_text().splitlines()
    assert made[1] == 'read("/home/user/data/b.csv")', "what was there stays as it is"
    assert made[2] == 'open("/mnt/data/c.csv"); import data; ask("user@example.org")'
    assert (copy / "data" / "new.py").read_text() == 'read("data/d.csv")\n'
    assert [path for path in copy.rglob("*") if path.name == "user"] == []
    assert caplog.messages[-1].endswith("redacted in: data/load.py")


def test_warning_of_placeholders_can_be_printed_whatever_the_file_is_called(
    project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    name = os.fsdecode(b"a\n\x1b[2J\xff") + "\u202egpj"
    found = seen(project, lambda: (project / name).write_text(f"key = {KEY}\n"))
    assert found is not None
    copy = project.parent / "copy"
    copy.mkdir()
    apply(found.redacted(Redactor(environ={}, user="")), copy)
    assert (copy / name).read_text().startswith("key = ")
    told = caplog.messages[-1]
    assert told.isprintable()
    assert told.endswith(r'redacted in: "a\n\033[2J\377\u202egpj"')
