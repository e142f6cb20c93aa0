"""What an older version, a power cut or a `kill -9` left is found, ended, removed and reported.

The rule: everything here was made by hand as such an event would leave it, beside things of the
same looks that live, are just being made, or are not ours: those must stay.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import uuid
from pathlib import Path

import pytest

from claude_widget import runtime
from claude_widget.cleanup.leftovers import look
from claude_widget.cleanup.remains import BREADCRUMB, leave_breadcrumb, read_breadcrumb
from claude_widget.command import MARK
from claude_widget.manager import ProcessManager
from claude_widget.reports import SweepReport
from claude_widget.transcript import Writer
from tests import fake
from tests.conftest import MakeManager
from tests.left_over import aged, linux, new_folder, transcript_of
from tests.waiting import until


def stale_socket(path: Path) -> Path:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
    return path


def test_sockets_on_which_nobody_listens_are_removed(swept: ProcessManager) -> None:
    folder = runtime.runtime_folder()
    stale = aged(stale_socket(folder / "0123456789abcdef.sock"))
    young = stale_socket(folder / "1123456789abcdef.sock")
    no_socket = folder / "2123456789abcdef.sock"
    no_socket.write_text("mine")
    aged(no_socket)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "3123456789abcdef.sock"))
        listener.listen()
        listening = aged(folder / "3123456789abcdef.sock")
        assert swept.sweep().sockets == (str(stale),)
    assert not stale.exists()
    assert young.exists()
    assert no_socket.exists()
    assert listening.exists()


def scratch_of(folder: Path) -> Path:
    scratch = runtime.scratch_path(folder)
    scratch.mkdir(parents=True)
    leave_breadcrumb(scratch, folder)
    (scratch / "claude-0").mkdir()
    return aged(scratch)


def test_a_temp_folder_goes_with_its_execution_whichever_state_folder_it_is_of(
    swept: ProcessManager, tmp_path: Path
) -> None:
    gone = scratch_of(tmp_path / "gone" / str(uuid.uuid4()))
    over = tmp_path / "elsewhere" / "executions" / str(uuid.uuid4())
    transcript_of(over, ending="ended")
    living = tmp_path / "elsewhere" / "executions" / str(uuid.uuid4())
    transcript_of(living)
    folders = [gone, scratch_of(over)]
    kept = scratch_of(living)
    young = scratch_of(tmp_path / "gone" / str(uuid.uuid4()))
    os.utime(young)
    with Writer(living / "transcript"):
        assert sorted(swept.sweep().scratch) == sorted(map(str, folders))
    assert not any(map(Path.exists, folders))
    assert kept.exists()
    assert young.exists()


@pytest.mark.parametrize("field", ["host", "pid_namespace"])
def test_a_temp_folder_of_another_container_is_left_alone(
    swept: ProcessManager, tmp_path: Path, field: str
) -> None:
    scratch = scratch_of(tmp_path / "gone" / str(uuid.uuid4()))
    said = read_breadcrumb(scratch)
    assert said is not None
    (scratch / BREADCRUMB).write_text(json.dumps({**said, field: "another"}))
    aged(scratch)
    assert swept.sweep().scratch == ()
    assert scratch.exists()


@linux
@pytest.mark.parametrize("here", [True, False])
def test_a_process_of_another_container_is_left_alone(swept: ProcessManager, here: bool) -> None:
    """Its state folder has the path of ours, and is another; the temp folder is shared."""
    folder = new_folder(swept)
    shutil.rmtree(folder, ignore_errors=True)
    scratch = scratch_of(folder)
    if not here:
        said = read_breadcrumb(scratch)
        (scratch / BREADCRUMB).write_text(json.dumps({**(said or {}), "pid_namespace": "another"}))
    env = {MARK: folder.name, "CLAUDE_CODE_TMPDIR": str(scratch)}
    process = subprocess.Popen(["sleep", "600"], env=env)
    try:
        until(lambda: look().get(process.pid) and look()[process.pid].mark, what="it runs")
        assert [one.pid for one in swept.sweep().processes] == [process.pid] * here
        assert (process.poll() is None) != here
    finally:
        process.kill()
        process.wait()


@linux
def test_a_temp_folder_that_a_living_process_names_is_left_alone(
    swept: ProcessManager, tmp_path: Path
) -> None:
    """Its transcript cannot be seen, as when its state folder's disk is not mounted."""
    scratch = scratch_of(tmp_path / "unmounted" / str(uuid.uuid4()))
    user = subprocess.Popen(["sleep", "600"], env={"CLAUDE_CODE_TMPDIR": str(scratch)})
    try:
        until(lambda: look().get(user.pid) and look()[user.pid].scratch, what="it runs")
        assert swept.sweep().scratch == ()
    finally:
        user.kill()
        user.wait()
    assert swept.sweep().scratch == (str(scratch),)


def test_a_temp_folder_of_an_older_version_goes_after_a_day(
    swept: ProcessManager, tmp_path: Path
) -> None:
    crumbs = [None, "", "{", "[]", "3", '{"folder": 3}', "\x00" * 100]
    folders = [runtime.scratch_path(tmp_path / str(number)) for number in range(len(crumbs))]
    for scratch, crumb in zip(folders, crumbs, strict=True):
        scratch.mkdir(parents=True)
        if crumb is not None:
            (scratch / BREADCRUMB).write_text(crumb)
        os.utime(scratch, (time.time() - 3600,) * 2)
    foreign = folders[0].with_name("not-ours")
    foreign.mkdir()
    aged(foreign)
    assert swept.sweep().scratch == ()
    for scratch in folders:
        aged(scratch)
    assert set(swept.sweep().scratch) == set(map(str, folders))
    assert foreign.exists()


# -- the state folder --------------------------------------------------------------------------


def test_half_made_folders_go_and_what_has_content_stays(swept: ProcessManager) -> None:
    empty, zeros, torn, damaged, young = (new_folder(swept) for _ in range(5))
    for folder in (empty, zeros, torn, damaged, young):
        folder.mkdir()
        (folder / "request.json").write_text("{}")
    (zeros / "transcript").write_bytes(b"\0" * 5000)
    (torn / "transcript").write_bytes(b'0.000000 meta {"event":"transcript","ver')
    (damaged / "transcript").write_bytes(b"\0" * 4096 + b'3.0 out {"type":"x"}\n')
    foreign = swept.state_dir / "executions" / "notes"
    removing = swept.state_dir / "executions" / f".removed-{uuid.uuid4()}"
    for folder in (foreign, removing):
        folder.mkdir()
    for folder in (empty, zeros, torn, damaged, foreign):
        aged(folder)
    report = swept.sweep()
    assert set(report.half_made) == {empty.name, zeros.name, torn.name}
    assert report.unreadable == (damaged.name,)
    left = {path.name for path in (swept.state_dir / "executions").iterdir()}
    assert left == {damaged.name, young.name, "notes"}
    shutil.rmtree(young)


def test_files_written_beside_others_go_and_a_users_own_stay(swept: ProcessManager) -> None:
    folder = new_folder(swept)
    transcript_of(folder, ending="ended")
    stale = [folder / ".ended.1", folder / ".fold.1.2", folder / "descendants.new"]
    stale.append(swept.state_dir / ".models.77")
    stays = [swept.state_dir / ".gitignore", swept.state_dir / ".models.mine"]
    for path in (*stale, *stays):
        path.write_text("x")
        aged(path)
    young = folder / ".ended.2"
    young.write_text("x")
    assert set(swept.sweep().temp_files) == set(map(str, stale))
    assert all(path.exists() for path in (*stays, young, folder / "transcript"))
    assert not any(map(Path.exists, stale))


def test_locks_of_managers_that_are_gone_are_removed(
    swept: ProcessManager, make_manager: MakeManager
) -> None:
    other = make_manager()
    gone = str(uuid.uuid4())
    (swept.state_dir / "managers" / gone).write_text("{}")
    reports = [swept.sweep()]
    until(lambda: other.swept is not None, what="the other's sweep")
    reports.append(other.swept or SweepReport())
    assert [name for report in reports for name in report.manager_locks] == [gone]
    left = {path.name for path in (swept.state_dir / "managers").iterdir()}
    assert left == {swept.manager_id, other.manager_id}


def test_nothing_found_is_said_in_one_line(swept: ProcessManager) -> None:
    report = swept.sweep()
    assert not report
    assert repr(report) == "<SweepReport: nothing was left behind>"
    assert report.complete


def test_what_cannot_be_removed_is_told_and_stops_nothing(
    swept: ProcessManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = new_folder(swept)
    transcript_of(folder, ending="ended")
    for name in (".ended.1", ".ended.2"):
        (folder / name).write_text("x")
        aged(folder / name)
    remove = os.unlink

    def refuse(path: str | os.PathLike[str], **more: object) -> None:
        if str(path).endswith(".ended.1"):
            raise PermissionError(1, "Operation not permitted")
        remove(path, **more)  # type: ignore[arg-type]

    monkeypatch.setattr("os.unlink", refuse)
    report = swept.sweep()
    assert report.temp_files == (str(folder / ".ended.2"),)
    assert ".ended.1: Operation not permitted" in report.problems[0]


def test_sweeps_from_two_managers_at_once_do_no_harm(
    swept: ProcessManager, make_manager: MakeManager, project: Path
) -> None:
    execution = fake.running(swept.start_execution("fake:gate", project))
    others = [make_manager() for _ in range(3)]
    for manager in (swept, *others):
        assert not manager.sweep().settled
    (project / "go").touch()
    fake.ended(execution, "completed", "success")
    until(lambda: not list(runtime.scratch_path(project).parent.glob("[0-9a-f]*")), what="clean")


def test_an_execution_leaves_no_socket_and_no_temp_folder(
    swept: ProcessManager, project: Path
) -> None:
    execution = fake.running(swept.start_execution("fake:gate", project))
    scratch = runtime.scratch_path(execution.run.folder)
    crumb = read_breadcrumb(scratch)
    assert crumb is not None
    assert crumb["folder"] == str(execution.run.folder)
    (project / "go").touch()
    fake.ended(execution, "completed", "success")
    assert not scratch.exists()
    assert not runtime.socket_path(execution.run.folder).exists()
    assert not swept.sweep()
