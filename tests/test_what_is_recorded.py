"""What belongs into a recording: the execution's own changes and ends, and nothing of others.

The rule: as in `test_modes`.
"""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claude_widget.changes.overlaps import Overlaps
from claude_widget.errors import ExecutionActive
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.recordings import recorder
from claude_widget.recordings.store import Recordings
from tests import trees
from tests.conftest import MakeManager
from tests.fake import ended, running, shim_pid
from tests.replaying import done, folders
from tests.trees import TREE, repository
from tests.waiting import BOUND, until
from tests.worktree_projects import Ask


@pytest.fixture
def forgets(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on this process knows of no execution that it ran before, as another would."""
    return lambda: monkeypatch.setattr(recorder, "_OVERLAPS", Overlaps())


def go_on(project: Path, *executions: Execution) -> None:
    """Open the gate that these wait at, and wait until they have ended."""
    (project / "go").touch()
    for execution in executions:
        done(execution)


def patch_of(recordings: Path) -> str:
    """The only recorded patch."""
    (patch,) = recordings.rglob("changes.patch")
    return patch.read_text()


def test_changes_beside_an_execution_of_another_process_are_mixed(
    record: ProcessManager,
    make_manager: MakeManager,
    project: Path,
    recordings: Path,
    forgets: Callable[[], None],
) -> None:
    other = running(make_manager().start_execution("fake:gate fake:says=2", project))
    forgets()
    execution = running(record.start_execution("fake:gate", project))
    go_on(project, execution, other)
    assert "mixed: " in patch_of(recordings)


def test_changes_beside_one_that_was_over_before_it_was_known_are_mixed(
    record: ProcessManager,
    make_manager: MakeManager,
    project: Path,
    recordings: Path,
    forgets: Callable[[], None],
) -> None:
    execution = running(record.start_execution("fake:gate", project))
    forgets()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(record._registry, "look_around", lambda: None)
        done(make_manager().start_execution("hello", project))
    go_on(project, execution)
    assert "mixed: " in patch_of(recordings)


def test_changes_beside_a_worktrees_that_were_applied_are_mixed(
    record: ProcessManager,
    make_manager: MakeManager,
    project: Path,
    recordings: Path,
    tmp_path: Path,
) -> None:
    repository(trees.write(TREE, project))
    worktree = make_manager().start_execution(Ask(tmp_path)(), project, worktree=True)
    ended(worktree, "completed", "success")
    execution = running(record.start_execution("fake:gate", project))
    assert worktree.apply()
    go_on(project, execution)
    assert "mixed: " in patch_of(recordings)


def test_a_patch_leaves_out_the_notebook_its_recordings_and_its_checkpoints(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setenv("JPY_SESSION_NAME", "study.ipynb")
    manager = make_manager(mode="record", recordings=None)
    for name in ("study.ipynb", ".ipynb_checkpoints/study.ipynb"):
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text("before\n")
    execution = running(manager.start_execution("fake:gate"))
    done(manager.start_execution("hello"))
    for name in ("study.ipynb", ".ipynb_checkpoints/study.ipynb", "made.txt", "other.ipynb"):
        (project / name).write_text("after\n")
    go_on(project, execution)
    (patch,) = (path for path in project.glob("recordings/fake-gate*/changes.patch"))
    headers = re.findall(r"^diff --git a/(\S+)", patch.read_text(), re.MULTILINE)
    assert headers == ["go", "made.txt", "other.ipynb"]


def test_a_kill_is_recorded_and_one_that_was_lost_is_not(
    record: ProcessManager, replay: MakeManager, project: Path, recordings: Path
) -> None:
    lost = running(record.start_execution("fake:long", project))
    os.kill(shim_pid(lost), signal.SIGKILL)
    ended(lost, "failed", "lost")
    assert folders(recordings) == []
    killed = running(record.start_execution("fake:long fake:says=2", project))
    killed.kill()
    ended(killed, "killed", "user")
    assert len(folders(recordings)) == 1
    ended(replay().start_execution("fake:long fake:says=2", project), "killed", "user")


def test_a_startup_that_fails_is_recorded_once_its_cli_has_begun_and_else_it_is_told(
    record: ProcessManager, replay: MakeManager, project: Path, recordings: Path
) -> None:
    env = {"FAKE_CLAUDE": "dies=1"}
    ended(record.start_execution("hello", project, env=env), "failed", "startup")
    (problem,) = record.recording_problems
    assert "not recorded: it failed before its CLI had begun" in problem.problem
    assert folders(recordings) == []
    asked, required = "fake:servers=files:failed fake:long", ["files"]
    failed = record.start_execution(asked, project, required_mcp_servers=required)
    ended(failed, "failed", "startup")
    assert record.recording_problems == (problem,)
    played = replay().start_execution(asked, project, required_mcp_servers=required)
    ended(played, "failed", "startup")
    assert played.info.errors == failed.info.errors


def test_what_is_still_being_recorded_is_not_removed(
    record: ProcessManager, project: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_save = threading.Event()
    save = Recordings.save

    def held_up(*given: Any, **named: Any) -> Path:
        assert may_save.wait(BOUND)
        return save(*given, **named)

    monkeypatch.setattr(Recordings, "save", held_up)
    execution = record.start_execution("hello", project)
    try:
        until(lambda: execution.status.ended, what="it has ended")
        with pytest.raises(ExecutionActive, match="it is being recorded"):
            record.delete_execution(execution.execution_id)
        kept = record.prune(older_than=0).kept
        assert kept == {execution.execution_id: "it is being recorded"}
    finally:
        may_save.set()
    done(execution)
    assert len(folders(recordings)) == 1
    record.delete_execution(execution.execution_id)
    assert record.get_all_executions() == []
