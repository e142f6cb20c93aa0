"""What a kernel was recording when it ended: nobody pays for it twice.

The rule: as in `test_modes`.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from claude_widget.manager import ProcessManager
from claude_widget.transcript import lock_is_held
from tests.asking import known_to
from tests.conftest import MakeManager
from tests.fake import ended, running
from tests.replaying import done, folders
from tests.waiting import until


@pytest.mark.parametrize("mode", ["record", "auto"])
def test_what_a_kernel_left_at_work_is_gone_on_with_and_recorded(
    make_manager: MakeManager, project: Path, recordings: Path, mode: str
) -> None:
    first = make_manager(mode=mode)
    left = running(first.start_execution("fake:gate", project))
    first.close()
    later = make_manager(mode=mode)
    again = later.start_execution("fake:gate", project)
    assert (again.execution_id, again.attached) == (left.execution_id, True)
    other = later.start_execution("fake:gate", project)
    assert other.execution_id != left.execution_id, "the second one of equal starts is another"
    (project / "go").touch()
    ended(again, "completed", "success"), done(other)
    assert len(folders(recordings)) == 2
    patches = [path.read_text() for path in recordings.rglob("changes.patch")]
    assert sorted("incomplete: " in patch for patch in patches) == [False, True]
    assert [one.execution_id for one in later.recording_problems] == [left.execution_id]
    third = make_manager(mode="replay")
    assert done(third.start_execution("fake:gate", project)).info.recorded


def test_what_a_kernel_that_replays_was_recording_is_gone_on_with(
    make_manager: MakeManager, project: Path, recordings: Path
) -> None:
    first = make_manager(mode="replay")
    left = running(first.start_execution("fake:gate", project, mode="record"))
    first.close()
    later = make_manager(mode="replay")
    theirs = known_to(later, left)
    until(lambda: later.owns(theirs), what="it is adopted by itself")
    again = later.start_execution("fake:gate", project, mode="record")
    assert (again.execution_id, again.attached) == (left.execution_id, True)
    (project / "go").touch()
    done(again)
    assert len(folders(recordings)) == 1


def test_where_the_environment_replays_nothing_is_adopted(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = make_manager()
    left = running(first.start_execution("fake:gate", project))
    first.close()
    monkeypatch.setenv("CLAUDE_WIDGET_MODE", "replay")
    later = make_manager()
    later._adoption.look(within=5)
    assert not later.owns(known_to(later, left))


SERVERS = {"mcpServers": {"files": {"command": "true"}}}


@pytest.mark.parametrize("options", [{}, {"mcp_config": SERVERS}], ids=["plain", "mcp"])
@pytest.mark.parametrize("is_adopted", [True, False])
def test_what_completed_without_the_kernel_that_records_it_is_not_paid_again(
    make_manager: MakeManager, project: Path, is_adopted: bool, options: dict[str, Any]
) -> None:
    def make() -> ProcessManager:
        return make_manager(mode="auto")

    first = make()
    left = running(first.start_execution("fake:gate fake:says=paid", project, **options))
    first.close()
    later = make() if is_adopted else None
    if later is not None:
        seen, theirs = later, known_to(later, left)
        until(lambda: seen.owns(theirs), what="it is adopted by itself")
    (project / "go").touch()
    until(lambda: b'"event":"ended"' in left.run.transcript.read_bytes(), what="it has ended")
    until(lambda: not lock_is_held(left.run.transcript), what="its shim has ended")
    if later is not None:
        until(lambda: theirs.end_told, what="it is seen that it was not recorded")
        assert later.recording_problems
    later = later or make()
    again = done(later.start_execution("fake:gate fake:says=paid", project, **options))
    assert (again.execution_id, again.attached, again.result) == (left.execution_id, True, "paid")
    later.close()
    assert [one.problem for one in later.recording_problems] == [
        "its recording lacks what it changed: the kernel in which it began is gone"
    ]
    third = make_manager(mode="replay")
    played = done(third.start_execution("fake:gate fake:says=paid", project, **options))
    assert played.result == "paid"


def test_what_was_recorded_is_run_again_once_its_recording_is_removed(
    make_manager: MakeManager, project: Path, recordings: Path
) -> None:
    first, later = make_manager(mode="auto"), make_manager(mode="auto")
    before = running(first.start_execution("fake:gate", project))
    seen = known_to(later, before)
    (project / "go").touch()
    done(before), done(seen)
    first.close()
    (folder,) = folders(recordings)
    shutil.rmtree(folder)
    again = done(later.start_execution("fake:gate", project))
    assert again.execution_id != before.execution_id
    assert not again.attached
    assert len(folders(recordings)) == 1
    assert not list(recordings.rglob("changes.patch")), "it is known what it changed: nothing"


def test_what_was_played_is_no_answer_once_its_recording_is_removed(
    make_manager: MakeManager, project: Path, recordings: Path
) -> None:
    for _ in range(2):
        with make_manager(mode="auto") as manager:
            played = done(manager.start_execution("hello", project))
    assert played.info.recorded
    (folder,) = folders(recordings)
    shutil.rmtree(folder)
    again = done(make_manager(mode="auto").start_execution("hello", project))
    assert (again.attached, again.info.recorded) == (False, False)


def test_what_a_kernel_began_to_record_and_another_saw_end_is_told(
    record: ProcessManager, make_manager: MakeManager, project: Path, recordings: Path
) -> None:
    execution = running(record.start_execution("fake:gate", project))
    record.close()
    later = make_manager(mode="record")
    again = later.adopt(execution.execution_id)
    (project / "go").touch()
    ended(again, "completed", "success")
    (problem,) = later.recording_problems
    assert problem.execution_id == execution.execution_id
    assert folders(recordings) == []


def test_a_live_start_that_goes_on_with_what_was_recorded_has_no_problem_of_recordings(
    make_manager: MakeManager, project: Path
) -> None:
    first = make_manager(mode="auto")
    left = running(first.start_execution("fake:gate", project))
    first.close()
    live = make_manager(mode="live")
    again = live.start_execution("fake:gate", project)
    assert (again.execution_id, again.attached) == (left.execution_id, True)
    (project / "go").touch()
    done(again)
    assert live.recording_problems == ()
    live.close()
    later = make_manager(mode="auto")
    assert later.start_execution("fake:gate", project).execution_id == left.execution_id
