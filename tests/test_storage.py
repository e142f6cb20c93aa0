"""Full disks, quotas and read-only state folders.

The rule: whatever is missing, the state is clear, what was written before it is readable, no CLI is
kept waiting, and what is started once there is room works.
"""

from __future__ import annotations

import errno
import os
import posix
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_widget.errors import ClaudeWidgetError
from claude_widget.manager import ProcessManager
from claude_widget.shim.streams import RESERVE, Transcript
from claude_widget.transcript import clock, read_records
from tests import fake
from tests.conftest import MakeManager
from tests.small_disk import Disk, as_root, may_mount, mounted
from tests.waiting import BOUND, until


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Disk | None]:
    """A small disk; None where the test will run itself again as root."""
    if not may_mount():
        yield None
        return
    with mounted(tmp_path / "disk") as made:
        yield made


# -- a full disk ------------------------------------------------------------------------------


@as_root
def test_full_disk_ends_it_with_the_figures_and_with_room_the_next_one_works(
    disk: Disk, make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(disk.path / "state")
    execution = manager.start_execution("fake:flood=8 fake:daemon fake:long", project)
    fake.ended(execution, "failed", "disk")
    told = [meta for meta in fake.metas(execution) if meta["event"] in ("limit", "ended")]
    assert [meta["event"] for meta in told] == ["limit", "ended"]
    assert told[0]["figure"] < 1 << 16
    assert "No space left on device" in told[0]["error"]
    assert "bytes are free" in execution.info.errors[0]
    assert len(execution.events) > 1000  # all that was there before is readable
    disk.fill()
    with pytest.raises(ClaudeWidgetError, match="state folder cannot be written"):
        manager.start_execution("hello", project)
    report = manager.prune(max_bytes=0)
    assert [one.execution_id for one in report.removed] == [execution.execution_id]
    until(lambda: disk.free > 1 << 19, what="the room is back, once the history reads it no more")
    fake.ended(manager.start_execution("hello", project), "completed", "success")


@as_root
def test_ending_is_written_once_room_returns(
    disk: Disk, make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(disk.path / "state")
    execution = fake.running(manager.start_execution("fake:long", project))
    pid = execution.info.pid or 0
    (execution.run.folder / RESERVE).unlink()  # before the shim needs it
    disk.fill()  # and somebody else takes the room that gives
    until(lambda: not fake.lives(pid), what="the CLI is not kept waiting")
    assert execution.status == "running"
    disk.make_room()
    fake.ended(execution, "failed", "disk")
    assert fake.metas(execution)[-1]["event"] == "ended"


@as_root
def test_shim_that_dies_on_a_full_disk_is_lost_and_is_written_so_when_there_is_room(
    disk: Disk, make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(disk.path / "state")
    execution = fake.running(manager.start_execution("fake:gate", project))
    shim = fake.shim_pid(execution)
    (execution.run.folder / RESERVE).unlink()
    disk.fill()
    os.kill(shim, signal.SIGKILL)
    execution.wait(BOUND)
    assert (execution.status, execution.info.reason) == ("failed", "lost")
    until(lambda: not fake.marked(execution.execution_id), what="nothing is left")
    disk.make_room()
    again = make_manager(disk.path / "state").get_execution(execution.execution_id)
    assert again is not None
    fake.ended(again, "failed", "lost")
    assert fake.metas(again)[-1]["event"] == "lost"


@as_root
def test_what_waits_can_be_cancelled_when_there_is_room_again(
    disk: Disk, make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(disk.path / "state", max_concurrency=1)
    runs = fake.running(manager.start_execution("fake:gate", project))
    waits = manager.start_execution("hello", project)
    disk.fill()
    try:
        waits.kill()
    except (OSError, ClaudeWidgetError) as error:
        assert "space" in str(error)  # noqa: PT017 - it may fit into what is left of a page
    disk.make_room()
    waits.kill()
    fake.ended(waits, "killed", "user")
    (project / "go").touch()
    fake.ended(runs, "completed", "success")


@as_root
def test_read_only_state_folder_shows_what_there_is_and_refuses_the_rest(
    disk: Disk, make_manager: MakeManager, project: Path
) -> None:
    state = disk.path / "state"
    first = make_manager(state)
    done = fake.ended(first.start_execution("hello", project), "completed", "success")
    dead = fake.running(first.start_execution("fake:gate", project))
    first.close()
    os.kill(fake.shim_pid(dead), signal.SIGKILL)
    until(lambda: not first.backend.alive(dead.run), what="its shim is gone")
    disk.remount("ro")
    second = make_manager(state)
    seen = {one.execution_id: one for one in second.get_all_executions()}
    assert seen[done.execution_id].result == "hello"
    seen[dead.execution_id].wait(BOUND)
    assert seen[dead.execution_id].info.reason == "lost"
    until(lambda: not fake.marked(dead.execution_id), what="nothing is left of it")
    with pytest.raises(ClaudeWidgetError, match="state folder cannot be written"):
        second.start_execution("hello", project)
    assert not second.prune(max_bytes=0)
    assert done.execution_id in second.prune(max_bytes=0).kept
    second.sweep()
    second.close()
    disk.remount("rw")
    third = make_manager(state)
    again = third.get_execution(dead.execution_id)
    assert again is not None
    fake.ended(again, "failed", "lost")
    assert fake.metas(again)[-1]["event"] == "lost"
    fake.ended(third.start_execution("hello", project), "completed", "success")


@pytest.mark.parametrize("number", [errno.EDQUOT, errno.ENOSPC])
def test_shim_at_its_quota_drops_output_and_tells_the_end_in_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    room = False

    def write(fd: int, data: bytes | memoryview) -> int:
        if not room:
            raise OSError(number, os.strerror(number))
        return posix.write(fd, data)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("claude_widget.shim.streams.os.write", write)
    reserve = Path(RESERVE)
    reserve.touch()
    with Path("transcript").open("a+b") as file:
        transcript = Transcript(file.fileno(), clock())
        assert not transcript.lines(b"out", b"{}")
        assert not transcript.meta(b'{"event":"limit"}')  # others were faster: there is no room
        assert not reserve.exists()
        room = True
        assert not transcript.lines(b"out", b"{}")  # all that comes from now on, or nothing
        assert transcript.meta(b'{"event":"ended"}')
        told = transcript.problem()
        assert os.strerror(number) in told["error"]
        assert f"{transcript.dropped} more were dropped" in told["error"]
    found = [(record.stream, record.data) for record in read_records(Path("transcript"))]
    assert found == [("meta", b'{"event":"limit"}'), ("meta", b'{"event":"ended"}')]


def test_start_that_is_cut_short_by_its_quota_leaves_nothing(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT))

    with monkeypatch.context() as patch:
        patch.setattr("claude_widget.transcript.Writer.begin", refuse)
        with pytest.raises(ClaudeWidgetError, match="state folder cannot be written"):
            manager.start_execution("hello", project)
    assert list((manager.state_dir / "executions").iterdir()) == []
    fake.ended(manager.start_execution("hello", project), "completed", "success")
