"""Processes that a dead shim left are found and ended, and no others.

The rule: each stands beside one of the same looks that lives, is a stranger's, or is not ours.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import psutil
import pytest

from claude_widget.cleanup.leftovers import DESCENDANTS, end_leftovers, look
from claude_widget.command import MARK
from claude_widget.manager import ProcessManager
from claude_widget.shim.tree import start_ticks
from claude_widget.transcript import Writer
from tests import fake
from tests.conftest import MakeManager
from tests.left_over import aged, linux, new_folder, sleeper, transcript_of
from tests.second_user import SecondUser
from tests.waiting import BOUND, until


@linux
def test_a_shim_killed_by_kill_9_is_told_with_what_it_left(
    swept: ProcessManager, make_manager: MakeManager, project: Path
) -> None:
    """Nobody follows when it happens, as after a crash of the kernel."""
    execution = fake.running(swept.start_execution("fake:daemon fake:long", project))
    until(lambda: b"stream_event" in fake.lines(execution, "out")[-1], what="it streams")
    daemon = int((project / "daemon.pid").read_text())
    swept.close()
    os.kill(fake.shim_pid(execution), signal.SIGKILL)
    until(lambda: not swept.backend.alive(execution.run), what="the shim is gone")
    second = make_manager()
    seen = second.get_execution(execution.execution_id)
    assert seen is not None
    fake.ended(seen, "failed", "lost")
    assert not fake.lives(daemon)
    assert any(event.raw["type"] == "stream_event" for event in seen.events)
    assert second.sweep().settled == ()  # it was told once


@linux
def test_the_sweep_itself_settles_and_names_what_it_ended(
    swept: ProcessManager, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(swept._upkeep, "check_alive", lambda _: False)  # else it may be first
    folder = new_folder(swept)
    stray = sleeper(folder.name)
    transcript_of(folder)
    until(lambda: swept.get_execution(folder.name), what="it is known")
    report = swept.sweep()
    assert report.settled == (folder.name,)
    assert [one.pid for one in report.processes] == [stray.pid]
    assert stray.wait(BOUND) == -signal.SIGKILL
    assert str(stray.pid) in repr(report)
    assert "1 execution settled" in caplog.text
    assert swept.swept is report


@linux
def test_a_daemon_that_dropped_the_mark_is_found_by_what_the_shim_wrote_down(
    swept: ProcessManager,
) -> None:
    folder = new_folder(swept)
    daemon, other = sleeper(""), sleeper("")
    folder.mkdir()
    recorded = f"{daemon.pid} {start_ticks(daemon.pid)}\n{other.pid} {start_ticks(other.pid) + 1}\n"
    (folder / DESCENDANTS).write_text(recorded + "nonsense\n1 2 3\n-1 5\n\n\x00\x00")
    transcript_of(folder)  # from now on anybody may settle it, by what was written down
    try:
        report = swept.sweep()
        until(lambda: not fake.lives(daemon.pid), what="the daemon is gone")
        assert other.poll() is None  # the pid alone says nothing
        assert {one.pid for one in report.processes} <= {daemon.pid}  # or it was settled before
    finally:
        for process in (daemon, other):
            process.kill()
            process.wait()


@linux
def test_what_an_earlier_boot_wrote_down_is_nobody(swept: ProcessManager) -> None:
    folder = new_folder(swept)
    transcript_of(folder, ending="ended")
    bystander = sleeper("")
    text = (folder / "transcript").read_text()
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    (folder / "transcript").write_text(text.replace(boot, str(uuid.uuid4())))
    (folder / DESCENDANTS).write_text(f"{bystander.pid} {start_ticks(bystander.pid)}\n")
    try:
        assert swept.sweep().processes == ()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


@linux
@pytest.mark.parametrize("what", ["ended", "gone"])
def test_what_carries_the_mark_of_one_that_is_over_is_ended(
    swept: ProcessManager, what: str
) -> None:
    folder = new_folder(swept)
    transcript_of(folder, ending="ended")
    stray = sleeper(folder.name, cwd=folder)
    if what == "gone":
        shutil.rmtree(folder)
    report = swept.sweep()
    assert [one.pid for one in report.processes] == [stray.pid]
    assert report.processes[0].execution_id == folder.name
    assert stray.wait(BOUND) == -signal.SIGKILL


@linux
@pytest.mark.parametrize("whose", ["another host", "another state folder", "nobody knows", "live"])
def test_what_may_live_is_left_alone(
    swept: ProcessManager, tmp_path: Path, whose: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Until its lock is held it looks dead, and the manager would settle it.
    monkeypatch.setattr(swept._upkeep, "check_alive", lambda _: False)
    folder = new_folder(swept)
    if whose == "another state folder":
        folder = tmp_path / "elsewhere" / "executions" / folder.name
    if whose != "nobody knows":
        transcript_of(folder, host="elsewhere" if whose == "another host" else None)
    stray = sleeper(folder.name)
    writer = Writer(folder / "transcript") if whose == "live" else None
    try:
        report = swept.sweep()
        assert (report.settled, report.processes) == ((), ())
        assert stray.poll() is None
    finally:
        stray.kill()
        stray.wait()
        if writer is not None:
            writer.meta("ended", exit_code=0)
            writer.close()
        if whose == "another host":  # it would run for ever, as far as this one knows
            with Writer(folder / "transcript") as ending:
                ending.meta("ended", exit_code=0)


def test_shim_that_ends_after_its_manager_was_closed_is_no_zombie(
    manager: ProcessManager, project: Path
) -> None:
    execution = fake.running(manager.start_execution("fake:gate", project))
    manager.close()
    assert psutil.Process().children()
    (project / "go").touch()
    until(lambda: fake.metas(execution)[-1]["event"] == "ended", what="it has ended")
    until(lambda: not psutil.Process().children(), what="its shim is reaped")


@linux
def test_another_users_process_is_left_alone_whatever_it_carries(
    swept: ProcessManager, second_user: SecondUser
) -> None:
    folder = new_folder(swept)
    transcript_of(folder, ending="ended")
    command = ["setpriv", "--pdeathsig", "KILL", "sleep", "600"]

    def start() -> int:
        return subprocess.Popen(command, env={**os.environ, MARK: folder.name}).pid

    with second_user.doing(start) as pid:
        assert swept.sweep().processes == ()
        assert psutil.pid_exists(pid)


@linux
def test_one_that_runs_on_with_no_beginning_is_ended_since_nobody_can_follow_it(
    swept: ProcessManager, project: Path
) -> None:
    execution = fake.running(swept.start_execution("fake:gate fake:daemon", project))
    # After its output the shim looks once, and what it writes down then makes the folder young.
    until((execution.run.folder / DESCENDANTS).exists, what="its shim has looked")
    with execution.run.transcript.open("r+b") as file:
        file.write(b"\0" * 40)
    swept.close()
    aged(execution.run.folder)
    with ProcessManager(swept.state_dir) as later:
        until(lambda: later.swept, what="it is found")
        assert later.swept is not None
        assert fake.shim_pid(execution) in {one.pid for one in later.swept.processes}
        assert later.swept.unreadable == (execution.execution_id,)
    until(lambda: not fake.marked(execution.execution_id), what="nothing runs on")


@linux
def test_what_cannot_be_read_just_now_is_not_taken_for_over(
    swept: ProcessManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    folder = new_folder(swept)
    transcript_of(folder, ending="ended")
    aged(folder)
    marked = sleeper(folder.name)
    try:
        with monkeypatch.context() as patched:
            patched.setattr("claude_widget.header.open_own", full)
            assert swept.sweep().processes == ()
        assert [one.pid for one in swept.sweep().processes] == [marked.pid]
    finally:
        marked.kill()
        marked.wait()


@linux
def test_what_forks_on_is_ended_whole() -> None:
    mark = str(uuid.uuid4())
    code = (
        "import os,time\n"
        "for _ in range(100):\n"
        "    if os.fork(): break\n"
        "    time.sleep(0.01)\n"
        "time.sleep(600)"
    )
    first = subprocess.Popen([sys.executable, "-ISc", code], env={MARK: mark})
    until(lambda: len(fake.marked(mark)) > 3, what="it forks")
    try:
        assert len(end_leftovers(mark)) > 3
        assert fake.marked(mark) == []
    finally:
        first.kill()
        first.wait()


@linux
def test_a_child_without_the_mark_goes_with_its_parent_and_another_execution_does_not() -> None:
    mark, other = str(uuid.uuid4()), str(uuid.uuid4())
    code = (
        "import subprocess,sys,time\n"
        f"for env in ({{}}, {{{MARK!r}: {other!r}}}):\n"
        "    print(subprocess.Popen(['sleep', '600'], env=env).pid, flush=True)\n"
        "time.sleep(600)"
    )
    command = [sys.executable, "-ISc", code]
    parent = subprocess.Popen(command, env={MARK: mark}, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    nameless, foreign = int(parent.stdout.readline()), int(parent.stdout.readline())
    parent.stdout.close()
    until(lambda: look()[foreign].mark == other, what="both are there")
    assert {one.pid for one in end_leftovers(mark)} == {parent.pid, nameless}
    assert fake.lives(foreign)
    assert [one.pid for one in end_leftovers(other)] == [foreign]
    parent.wait(BOUND)
