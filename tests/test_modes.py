"""Modes through the manager: what is run, what is recorded, what is played, and by which key.

The rule: real managers, the fake CLI as the far end. What is replayed must need nothing: no CLI, no
PATH, no process at all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import (
    InvalidRequest,
    SessionOnlyReplayed,
)
from claude_widget.manager import ProcessManager
from claude_widget.recordings import inputs, reading, store
from claude_widget.recordings.errors import RecordingNotFound
from claude_widget.recordings.reading import Played
from tests.conftest import MakeManager
from tests.fake import ended, turn_over
from tests.replaying import done, folders, frames, told_elsewhere
from tests.waiting import until

# -- record, then replay -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "ends"),
    [
        ("hello fake:deltas=3", ("completed", "success")),
        ("fake:tools", ("completed", "success")),
        ("fake:exit=3 fake:crash", ("failed", "crashed")),
    ],
)
def test_replay_gives_the_same_frames_states_results_and_costs(
    record: ProcessManager, replay: MakeManager, project: Path, query: str, ends: tuple[str, str]
) -> None:
    first = ended(record.start_execution(query, project), *ends)
    again = done(replay().start_execution(query, project))
    assert (again.info.recorded, first.info.recorded) == (True, False)
    assert again.info.recording_key == first.info.recording_key
    assert told_elsewhere(again.info) == told_elsewhere(first.info)
    assert frames(again) == frames(first)


def test_replay_starts_no_process_and_needs_no_cli(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    done(record.start_execution("hello", project))
    manager = replay()
    execution = done(manager.start_execution("hello", project))
    assert (execution.result, execution.info.recorded) == ("hello", True)
    assert manager.backend.name == "replay"
    with pytest.raises(RecordingNotFound):
        manager.start_execution("something else", project)


def test_one_that_waited_to_be_played_is_played_by_whoever_adopts_it_and_never_run(
    record: ProcessManager, replay: MakeManager, recordings: Path, project: Path, tmp_path: Path
) -> None:
    for query in ("one", "two", "three"):
        done(record.start_execution(query, project))
    first = replay(max_concurrency=1, pace=1e-6)
    started = [first.start_execution(query, project) for query in ("one", "two", "three")]
    first.close()
    with ProcessManager(first.state_dir, mode="live", recordings=recordings) as second:
        two = second.adopt(started[1].execution_id)
        assert (done(two).result, two.info.recorded) == ("two", True)
    recordings.rename(tmp_path / "elsewhere")
    with ProcessManager(first.state_dir, mode="live", recordings=recordings) as third:
        with pytest.raises(RecordingNotFound):
            third.adopt(started[2].execution_id)
        assert third.is_held(third._registry.known(started[2].execution_id))


def test_a_recording_is_read_once_and_once_more_if_it_changed_while_its_play_waited(
    record: ProcessManager,
    replay: MakeManager,
    recordings: Path,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for query in ("one", "two"):
        done(record.start_execution(query, project))
    talks = turn_over(record.start_execution("talk", project, keep_open=True))
    talks.send("fake:says=again")
    until(
        lambda: (info := talks.info).awaits_input and info.result == "again",
        what="so is the second",
    )
    talks.end()
    done(talks)
    read: list[str] = []

    def counted(folder: Path) -> Played:
        read.append(folder.name.rpartition("-")[0])
        return reading.played_of(folder)

    monkeypatch.setattr(store, "played_of", counted)
    monkeypatch.setattr(store, "_KEPT_BYTES", 0)  # as for one that is too large to be kept
    assert done(replay().start_execution("one", project)).result == "one"
    assert read == ["one"]
    manager = replay(max_concurrency=1)
    first = manager.start_execution("talk", project, keep_open=True)  # waits to be told the same
    waits = manager.start_execution("two", project)
    assert waits.status == "pending"
    transcript = next(recordings.glob("two-*")) / "transcript"
    transcript.write_text(transcript.read_text().replace('"two"', '"2"'))
    first.kill()
    assert done(waits).result == "2"
    assert read == ["one", "talk", "two", "two"]


def test_what_is_missing_is_told_with_its_key_and_what_differs(
    record: ProcessManager, replay: MakeManager, project: Path, recordings: Path
) -> None:
    done(record.start_execution("hello there", project, "", None, "sonnet"))
    manager = replay()
    with pytest.raises(RecordingNotFound) as caught:
        manager.start_execution("hello there", project, model="opus")
    said = str(caught.value)
    assert caught.value.key[:12] in said
    assert "model" in said
    assert folders(recordings)[0].name in said
    assert manager.get_all_executions() == []


def test_record_again_changes_only_what_a_run_has_of_its_own(
    record: ProcessManager, make_manager: MakeManager, project: Path, recordings: Path
) -> None:
    def contents() -> dict[str, bytes]:
        files = (path for path in recordings.rglob("*") if path.is_file())
        return {str(path.relative_to(recordings)): path.read_bytes() for path in files}

    def recorded(manager: ProcessManager) -> dict[str, bytes]:
        done(manager.start_execution("hello", project))
        return contents()

    before = recorded(record)
    after = recorded(make_manager(mode="record"))
    assert [Path(name).name for name in after if before.get(name) != after[name]] == ["run.json"]


def test_live_keeps_no_recording(manager: ProcessManager, project: Path) -> None:
    execution = done(manager.start_execution("hello", project))
    assert execution.info.recording_key is None
    assert manager.stale() == []
    assert not any(Path.cwd().glob("recordings"))


def test_a_start_may_have_a_mode_of_its_own(
    make_manager: MakeManager, project: Path, recordings: Path
) -> None:
    manager = make_manager()
    one = done(manager.start_execution("hello", project, mode="record"))
    two = done(manager.start_execution("hello", project, mode="live"))
    three = done(manager.start_execution("hello", project, mode="replay"))
    assert [x.info.recorded for x in (one, two, three)] == [False, False, True]
    assert len(folders(recordings)) == 1


# -- repeats, sessions and keys --------------------------------------------------------------------


def test_equal_starts_have_a_recording_each(
    record: ProcessManager, replay: MakeManager, project: Path, recordings: Path
) -> None:
    first = [done(record.start_execution("fake:tools", project)) for _ in range(2)]
    manager = replay()
    again = [done(manager.start_execution("fake:tools", project)) for _ in range(2)]
    assert len(folders(recordings)) == 2
    sessions = [x.info.session_id for x in first]
    assert [x.info.session_id for x in again] == sessions
    assert len(set(sessions)) == 2
    with pytest.raises(RecordingNotFound, match="occurrence"):
        manager.start_execution("fake:tools", project)


def test_what_resumes_a_session_is_found_by_what_made_the_session(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    first = done(record.start_execution("hello", project))
    second = done(first.send("more"))
    third = done(record.start_execution("more", project))
    assert len({x.info.recording_key for x in (first, second, third)}) == 3
    manager = replay()
    again = done(manager.start_execution("hello", project))
    more = done(again.send("more"))
    assert (more.info.recorded, more.info.resumed_from) == (True, again.execution_id)
    assert more.info.recording_key == second.info.recording_key


def test_permission_answers_replay_without_being_asked(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    asked: list[str] = []

    def decide(request: Any) -> bool:
        asked.append(request.tool_name)
        return True

    first = done(record.start_execution("fake:asks=Bash", project, permissions=decide))
    again = done(replay().start_execution("fake:asks=Bash", project, permissions=decide))
    assert asked == ["Bash"]
    assert again.result == first.result
    assert json.loads(again.result or "")["behavior"] == "allow"


def test_a_prompt_with_a_date_is_found_by_its_key_or_without_it(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    done(record.start_execution("on 2026-01-01", project, key="daily"))
    done(record.start_execution("at 12:30 hello", project, key_ignore=[r"\d\d:\d\d"]))
    manager = replay()
    assert done(manager.start_execution("on 2026-02-02", project, key="daily")).info.recorded
    later = manager.start_execution("at 09:15 hello", project, key_ignore=[r"\d\d:\d\d"])
    assert done(later).info.recorded


def test_inputs_are_in_the_key(
    make_manager: MakeManager, replay: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    (project / "data.csv").write_text("1")
    record = make_manager(mode="record")
    done(record.start_execution("sum", inputs="*.csv"))
    assert done(replay().start_execution("sum", inputs=["*.csv"])).info.recorded
    (project / "data.csv").write_text("2")
    with pytest.raises(RecordingNotFound, match=r"data\.csv has changed"):
        replay().start_execution("sum", inputs=["*.csv"])
    with pytest.raises(InvalidRequest, match="inputs"):
        replay().start_execution("sum", inputs=["*.none"])


def test_inputs_are_read_once_for_a_start_whoever_has_its_session(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    (project / "data.csv").write_text("1")
    read: list[Path] = []
    digest_of = inputs._file_digest

    def noted(path: Path) -> str:
        read.append(path)
        return digest_of(path)

    monkeypatch.setattr(inputs, "_file_digest", noted)
    manager = make_manager(mode="auto")
    session = None
    for number, query in enumerate(("sum", "more", "still more")):
        assert len(read) == number
        started = manager.start_execution(query, session_id=session, inputs=["*.csv"])
        session = done(started).info.session_id
    assert len(read) == 3


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"key": "  "}, "key"),
        ({"key": 7}, "key"),
        ({"key_ignore": ["("]}, "key_ignore"),
        ({"key_ignore": 7}, "key_ignore"),
        ({"inputs": 7}, "inputs"),
        ({"mode": "fast"}, "mode"),
        ({"apply_changes": "perhaps"}, "apply_changes"),
    ],
)
def test_wrong_options_are_refused(
    manager: ProcessManager, project: Path, options: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as caught:
        manager.start_execution("hello", project, **options)
    assert caught.value.field == field


# -- auto ------------------------------------------------------------------------------------------


def test_auto_replays_what_is_there_and_records_what_is_not(
    make_manager: MakeManager, tmp_path: Path, project: Path, recordings: Path
) -> None:
    first = make_manager(mode="auto")
    assert not done(first.start_execution("hello", project)).info.recorded
    second = make_manager(tmp_path / "other", mode="auto")
    assert done(second.start_execution("hello", project)).info.recorded
    assert not done(second.start_execution("new", project)).info.recorded
    assert len(folders(recordings)) == 2


def test_auto_does_not_go_on_with_a_session_that_was_only_replayed(
    record: ProcessManager,
    make_manager: MakeManager,
    tmp_path: Path,
    project: Path,
    recordings: Path,
) -> None:
    done(record.start_execution("hello", project))
    manager = make_manager(tmp_path / "other", mode="auto")
    replayed = done(manager.start_execution("hello", project))
    with pytest.raises(SessionOnlyReplayed) as caught:
        replayed.send("something new")
    assert caught.value.recording == str(folders(recordings)[0])
    assert f"from recordings/{folders(recordings)[0].name}:" in str(caught.value)
    assert "run only after that execution is recorded again" in str(caught.value)


@pytest.mark.parametrize("mode", ["live", "record", "auto"])
def test_what_was_only_replayed_is_not_gone_on_with_in_any_mode(
    record: ProcessManager, replay: MakeManager, project: Path, mode: str
) -> None:
    session = done(record.start_execution("hello", project)).info.session_id
    manager = replay()
    done(manager.start_execution("hello", project))
    with pytest.raises(SessionOnlyReplayed):
        manager.start_execution("more", project, session, mode=mode)


def test_live_goes_on_with_a_replayed_session_that_is_here(
    record: ProcessManager, make_manager: MakeManager, project: Path
) -> None:
    session = done(record.start_execution("hello", project)).info.session_id
    manager = make_manager()
    assert done(manager.start_execution("hello", project, mode="replay")).info.recorded
    assert done(manager.start_execution("fake:says=more", project, session)).result == "more"


def test_a_failure_does_not_take_the_place_of_what_completed(
    make_manager: MakeManager,
    project: Path,
    recordings: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    done(make_manager(mode="record").start_execution("hello", project))
    monkeypatch.setenv("FAKE_CLAUDE", "exit=1 crash")
    manager = make_manager(mode="record")
    assert done(manager.start_execution("hello", project)).status == "failed"
    (folder,) = folders(recordings)
    (problem,) = manager.recording_problems
    assert folder.name in problem.problem
    later = make_manager(mode="replay")
    assert done(later.start_execution("hello", project)).result == "hello"


def test_auto_does_not_keep_what_failed(
    make_manager: MakeManager, project: Path, recordings: Path
) -> None:
    manager = make_manager(mode="auto")
    assert done(manager.start_execution("fake:exit=3 fake:crash", project)).status == "failed"
    assert folders(recordings) == []
