"""One bad execution stops no other; what a closed manager or a dead kernel left is told plainly."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import shutil
import signal
from pathlib import Path

import pytest

from claude_widget.errors import ClaudeWidgetError, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionStatus
from claude_widget.transcript import lock_is_held
from tests import fake
from tests.conftest import MakeManager
from tests.waiting import BOUND, until


def test_a_run_folder_that_goes_ends_that_one_and_no_other(
    manager: ProcessManager, project: Path
) -> None:
    victim = fake.running(manager.start_execution("fake:long", project))
    pid = fake.shim_pid(victim)
    shutil.rmtree(victim.run.folder)
    with contextlib.suppress(ProcessLookupError):  # it was told to end as soon as that was seen
        os.kill(pid, signal.SIGKILL)
    other = manager.start_execution("fake:plain", project)
    fake.ended(other, "completed", "success")
    victim.wait(BOUND)
    assert (victim.info.status, victim.info.reason) == ("failed", "lost")
    assert victim.info.errors


def test_processes_that_cannot_be_looked_for_hold_up_no_other(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    victim = fake.running(manager.start_execution("fake:long", project))
    pid = fake.shim_pid(victim)
    looked: list[object] = []

    def blind(*asked: object, **_: object) -> None:
        looked.append(asked)
        raise PermissionError(errno.EACCES, "Permission denied", "/proc")

    with monkeypatch.context() as patch:
        patch.setattr(manager.backend, "ask", blind)
        patch.setattr(manager.backend, "sweep", blind)
        shutil.rmtree(victim.run.folder)
        victim.wait(BOUND)
        assert len(looked) >= 2
        seen = len(looked)
        other = manager.start_execution("fake:plain", project)
        fake.ended(other, "completed", "success")
        assert len(looked) == seen, "it is looked at once"
    with contextlib.suppress(ProcessLookupError):  # it may have seen that its folder is gone
        os.kill(pid, signal.SIGKILL)


def test_a_state_folder_that_goes_is_said_at_the_next_start(
    manager: ProcessManager, project: Path
) -> None:
    shutil.rmtree(manager.state_dir / "executions")
    with pytest.raises(ClaudeWidgetError, match="state folder cannot be written"):
        manager.start_execution("fake:plain", project)
    assert manager.get_all_executions() == []


async def test_awaiting_one_of_a_closed_manager_is_told(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager()
    execution = fake.running(manager.start_execution("fake:long", project))
    awaiting = asyncio.ensure_future(_awaited(execution))
    await asyncio.sleep(0)
    await asyncio.to_thread(manager.close)
    with pytest.raises(ClaudeWidgetError, match="manager is closed"):
        await awaiting
    with pytest.raises(ClaudeWidgetError, match="manager is closed"):
        await execution


async def _awaited(execution: object) -> None:
    await execution  # type: ignore[misc]


def full(manager: ProcessManager, project: Path) -> tuple[Execution, Execution]:
    """Of one that runs one at once: the one that runs, and one that waits behind it."""
    runs = fake.running(manager.start_execution("fake:long", project))
    return runs, manager.start_execution("fake:plain", project)


def test_what_a_closed_manager_had_not_started_is_held(
    make_manager: MakeManager, project: Path
) -> None:
    first = make_manager(max_concurrency=1)
    runs, waits = full(first, project)
    second = make_manager()
    seen = second.get_execution(waits.execution_id)
    assert seen is not None
    assert not second.is_held(seen)
    first.close()
    assert second.is_held(seen)
    with pytest.raises(ClaudeWidgetError, match="held"):
        seen.wait(5)
    with pytest.raises(InvalidRequest, match="nobody will start"):
        second.start_execution("fake:plain", project, after=[seen])
    seen.kill()
    fake.ended(seen, "killed", "user")
    second.kill_execution(runs.execution_id)


def test_one_that_another_manager_cancelled_is_never_started(
    make_manager: MakeManager, project: Path
) -> None:
    first = make_manager(max_concurrency=1)
    runs, waits = full(first, project)
    second = make_manager()
    second.kill_execution(waits.execution_id)
    runs.kill()
    fake.ended(waits, "killed", "user")
    assert not any(meta["event"] == "spawned" for meta in fake.metas(waits))


def test_one_that_another_manager_cancelled_has_ended_before_a_slot_is_free(
    make_manager: MakeManager, project: Path
) -> None:
    first = make_manager(max_concurrency=1)
    runs = fake.running(first.start_execution("fake:long", project))
    waits, next_one = (first.start_execution("fake:plain", project) for _ in range(2))
    make_manager().kill_execution(waits.execution_id)
    fake.ended(waits, "killed", "user")
    assert runs.status is ExecutionStatus.RUNNING
    runs.kill()
    fake.ended(next_one, "completed", "success")


def test_one_whose_files_go_while_it_waits_has_ended(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(max_concurrency=1)
    runs, waits = full(manager, project)
    shutil.rmtree(waits.run.folder)
    until(lambda: waits.status.ended, what="it is said")
    assert runs.status is ExecutionStatus.RUNNING


def test_what_resumes_one_of_an_earlier_kernel_keeps_its_mcp_config_and_asks_for_its_env(
    make_manager: MakeManager, project: Path
) -> None:
    servers = {"mcpServers": {"db": {"command": "true"}}}
    first = make_manager()
    with_mcp = first.start_execution("fake:plain", project, mcp_config=servers)
    with_env = first.start_execution("fake:plain", project, env={"TOKEN": "planted"})
    for execution in (with_mcp, with_env):
        fake.ended(execution, "completed", "success")
    first.close()
    second = make_manager()
    resumed = second.get_execution(with_mcp.execution_id).send("fake:plain")  # type: ignore[union-attr]
    assert resumed.run.request.mcp_config == servers
    fake.ended(resumed, "completed", "success")
    with pytest.raises(InvalidRequest, match="TOKEN"):
        second.get_execution(with_env.execution_id).send("fake:plain")  # type: ignore[union-attr]


def test_a_path_that_is_not_utf_8_is_refused_and_nothing_is_left(
    manager: ProcessManager, tmp_path: Path
) -> None:
    odd = tmp_path / os.fsdecode(b"p\xff")
    odd.mkdir()
    with pytest.raises(InvalidRequest, match="UTF-8"):
        manager.start_execution("fake:plain", odd)
    for options in ({"model": "\udc80"}, {"extra_args": ["\udc80"]}, {"allowed_tools": "\udc80"}):
        with pytest.raises(InvalidRequest, match="UTF-8"):
            manager.start_execution("fake:plain", tmp_path, **options)
    assert list((manager.state_dir / "executions").iterdir()) == []


def test_a_callback_that_exits_harms_nobody(manager: ProcessManager, project: Path) -> None:
    def leave(_: object) -> None:
        raise SystemExit

    manager.subscribe(leave)
    fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    again = manager.start_execution("fake:plain", project)
    until(lambda: again.status is ExecutionStatus.COMPLETED, what="it is followed all the same")


def test_two_managers_that_cancel_one_end_it_once(make_manager: MakeManager, project: Path) -> None:
    first = make_manager(max_concurrency=1)
    runs, waits = full(first, project)
    second = make_manager()
    second.kill_execution(waits.execution_id)
    first.kill_execution(waits.execution_id)
    fake.ended(waits, "killed", "user")
    assert [meta["event"] for meta in fake.metas(waits)].count("ended") == 1
    runs.kill()


def test_one_that_waits_for_its_turn_is_never_taken_for_dead(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(max_concurrency=1)
    fake.running(manager.start_execution("fake:gate", project))
    waiting = manager.start_execution("hello", project)
    assert manager._upkeep.settle(waiting) is None, "as a sweep that saw it before it waited"
    (project / "go").touch()
    fake.ended(waiting, "completed", "success")


def test_a_lock_that_cannot_be_looked_at_for_now_counts_as_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    path = tmp_path / "transcript"
    assert not lock_is_held(path)
    monkeypatch.setattr("claude_widget.transcript.open_own", full)
    assert lock_is_held(path)
