"""Scarce resources and bad moments: no descriptors, no room on the disk, kills amid a start.

The rule: whatever runs out, an execution ends with a reason or is refused with an error, nothing is
left behind, and what is started afterwards works.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.transcript import read_records
from tests.conftest import MakeManager
from tests.fake import descriptors, ended, marked, metas, running
from tests.waiting import BOUND, until


@contextmanager
def limited(kind: int, soft: int) -> Iterator[None]:
    """With a lower limit of this process, which what it starts inherits."""
    before, hard = resource.getrlimit(kind)
    resource.setrlimit(kind, (soft, hard))
    try:
        yield
    finally:
        resource.setrlimit(kind, (before, hard))


@pytest.mark.parametrize("room", range(1, 8))
def test_without_descriptors_it_is_refused_or_fails_and_the_next_one_works(
    manager: ProcessManager, project: Path, room: int
) -> None:
    until(lambda: manager.swept is not None, what="the first sweep, which opens files, too")
    used = len(descriptors())
    started: Execution | None = None
    with limited(resource.RLIMIT_NOFILE, used + room):
        try:
            started = manager.start_execution("hello", project)
        except (OSError, ClaudeWidgetError):
            assert manager.get_all_executions() == []
    if started is not None:
        started.wait(BOUND)
        assert started.info.reason in ("startup", "success"), started.info.errors
        execution_id = started.execution_id
        until(lambda: not marked(execution_id), what="nothing of it is left")
    ended(manager.start_execution("hello", project), "completed", "success")


def test_without_room_for_the_transcript_it_ends(manager: ProcessManager, project: Path) -> None:
    with limited(resource.RLIMIT_FSIZE, 300_000):
        execution = manager.start_execution("fake:flood=4 fake:long", project)
    execution.wait(BOUND)
    assert execution.status == "failed"
    assert execution.info.reason in ("disk", "lost")
    until(lambda: not marked(execution.execution_id), what="nothing is left")
    assert execution.run.transcript.stat().st_size < 400_000
    assert all(record.time > 0 for record in read_records(execution.run.transcript))


def test_without_room_for_the_run_folder_it_is_refused(
    manager: ProcessManager, project: Path
) -> None:
    with (
        limited(resource.RLIMIT_FSIZE, 0),
        pytest.raises((OSError, ClaudeWidgetError), match="too large"),
    ):
        manager.start_execution("hello", project)
    assert manager.get_all_executions() == []
    assert list((manager.state_dir / "executions").iterdir()) == []
    ended(manager.start_execution("hello", project), "completed", "success")


def _child_of(execution: Execution) -> psutil.Process | None:
    """Its shim, once it has become one: right after the fork it still looks like this process."""
    found = (one for one in marked(execution.execution_id) if one.ppid() == os.getpid())
    return next(found, None)


def test_shim_killed_amid_its_start(manager: ProcessManager, project: Path) -> None:
    for _ in range(8):
        execution = manager.start_execution("fake:daemon fake:long", project)
        shim = until(lambda e=execution: _child_of(e), what="its shim is there")  # type: ignore[misc]
        assert shim is not None
        shim.send_signal(signal.SIGKILL)
        execution.wait(BOUND)
        assert execution.status == "failed"
        assert execution.info.reason in ("startup", "lost")
        until(lambda e=execution: not marked(e.execution_id), what="nothing is left")  # type: ignore[misc]
    assert not psutil.Process().children() or until(
        lambda: not psutil.Process().children(), what="all shims are reaped"
    )


def test_cli_killed_amid_its_start(manager: ProcessManager, project: Path) -> None:
    for _ in range(5):
        execution = manager.start_execution("fake:long", project)
        until(lambda e=execution: e.info.pid, what="it was spawned")  # type: ignore[misc]
        os.kill(execution.info.pid or 0, signal.SIGKILL)
        ended(execution, "failed", execution.wait(BOUND).info.reason or "")
        assert execution.info.reason in ("startup", "crashed")


def cut(path: Path) -> None:
    os.truncate(path, 10)


def cut_and_regrown(path: Path) -> None:
    """In one go, so that it is never seen shorter than it was."""
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.write(b"x" * size)


def replaced(path: Path) -> None:
    copy = path.with_name("copy")
    copy.write_bytes(path.read_bytes())
    copy.replace(path)


def vanished_with_its_folder(path: Path) -> None:
    shutil.rmtree(path.parent)


@pytest.mark.parametrize("happens", [cut, cut_and_regrown, replaced, vanished_with_its_folder])
def test_transcript_that_others_take_or_change_ends_the_execution_and_all_it_started(
    manager: ProcessManager, project: Path, happens: Callable[[Path], None]
) -> None:
    execution = running(manager.start_execution("fake:daemon fake:long", project))
    happens(execution.run.transcript)
    execution.wait(BOUND)
    assert execution.status == "failed"
    assert execution.info.reason in ("lost", "disk")
    assert execution.info.errors
    until(lambda: not marked(execution.execution_id), what="nothing runs on that nobody sees")
    ended(manager.start_execution("hello", project), "completed", "success")


@pytest.mark.parametrize("happens", [cut, replaced, vanished_with_its_folder])
def test_shim_alone_sees_that_its_transcript_was_taken_or_changed(
    manager: ProcessManager, project: Path, happens: Callable[[Path], None]
) -> None:
    """No kernel is there that could notice."""
    execution = running(manager.start_execution("fake:daemon fake:long", project))
    manager.close()
    happens(execution.run.transcript)
    until(lambda: not marked(execution.execution_id), what="nothing runs on that nobody sees")


def test_state_folder_taken_away_while_it_runs_harms_no_other(
    make_manager: MakeManager, tmp_path: Path, project: Path
) -> None:
    manager = make_manager()
    execution = running(manager.start_execution("fake:gate", project))
    moved = tmp_path / "moved"
    manager.state_dir.rename(moved)
    with pytest.raises((OSError, ClaudeWidgetError)):
        manager.start_execution("hello", project)

    def back() -> bool:  # meanwhile the manager may have made its lock anew, and folders for it
        shutil.rmtree(manager.state_dir, ignore_errors=True)
        with suppress(OSError):
            moved.rename(manager.state_dir)
        return not moved.exists()

    until(back, what="it is there again")
    (project / "go").touch()
    ended(execution, "completed", "success")
    ended(manager.start_execution("hello", project), "completed", "success")
    assert metas(execution)[-1]["event"] == "ended"
