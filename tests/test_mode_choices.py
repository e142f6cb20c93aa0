"""What a person chooses beside the mode: one live start, the pace, the folder of recordings.

The rule: as in `test_modes`. Nothing is timed: what would go on for days has not ended.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import InvalidRequest
from claude_widget.manager import ProcessManager
from claude_widget.recordings.errors import RecordingNotFound, RecordingsUnwritable
from tests.conftest import MakeManager
from tests.fake import metas
from tests.replaying import done, folders
from tests.small_disk import as_root, mounted


def test_a_live_start_of_a_manager_that_replays_is_run_and_leaves_recordings_alone(
    make_manager: MakeManager, project: Path, recordings: Path
) -> None:
    manager = make_manager(mode="replay", recordings=recordings)
    live = done(manager.start_execution("hello", project, mode="live"))
    assert (live.result, live.info.recorded) == ("hello", False)
    assert folders(recordings) == []
    with pytest.raises(RecordingNotFound):
        manager.start_execution("hello", project)


SLOW = "0.000001"
"""A pace at which nothing would end within a test."""


def test_the_pace_is_the_arguments_else_the_environments_else_at_once(
    record: ProcessManager, replay: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done(record.start_execution("fake:deltas=3", project))

    def is_over(**options: Any) -> bool:
        """Whether all of it is there when the start returns."""
        execution = replay(**options).start_execution("fake:deltas=3", project)
        over = bool(metas(execution)[-1]["event"] == "ended")
        execution.kill()
        return over

    assert is_over()
    assert not is_over(pace=float(SLOW))
    monkeypatch.setenv("CLAUDE_WIDGET_PACE", SLOW)
    assert not is_over()
    assert is_over(pace=0)


def test_the_folder_is_the_arguments_else_the_environments(
    make_manager: MakeManager,
    replay: MakeManager,
    project: Path,
    recordings: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(recordings.parent)
    record = make_manager(mode="record", recordings=recordings)
    done(record.start_execution("hello", project))
    monkeypatch.setenv("CLAUDE_WIDGET_RECORDINGS", "nowhere")
    with pytest.raises(RecordingNotFound, match=r"no recording in .*nowhere"):
        replay(recordings=None).start_execution("hello", project)
    assert done(replay().start_execution("hello", project)).info.recorded
    monkeypatch.setenv("CLAUDE_WIDGET_RECORDINGS", recordings.name)
    assert done(replay(recordings=None).start_execution("hello", project)).info.recorded


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CLAUDE_WIDGET_PACE", "fast"),
        ("CLAUDE_WIDGET_PACE", "-1"),
        ("CLAUDE_WIDGET_PACE", "inf"),
        ("CLAUDE_WIDGET_MODE", "Replay!"),
    ],
)
def test_a_wrong_variable_is_named(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(InvalidRequest, match=f"{variable}='{value}'"):
        ProcessManager()


@as_root
def test_a_folder_on_a_disk_that_may_only_be_read_is_replayed_and_not_recorded_to(
    make_manager: MakeManager, project: Path, tmp_path: Path
) -> None:
    with mounted(tmp_path / "disk") as disk:
        kept = disk.path / "recordings"
        record = make_manager(mode="record", recordings=kept)
        done(record.start_execution("hello", project))
        disk.remount("ro")
        replay = make_manager(mode="replay", recordings=kept)
        played = done(replay.start_execution("hello", project))
        assert (played.result, played.info.recorded) == ("hello", True)
        with pytest.raises(RecordingsUnwritable, match="may only be read"):
            record.start_execution("new", project)
        assert "new" not in [one.info.query for one in record.get_all_executions()]
