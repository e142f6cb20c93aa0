"""Executions that depend on others, recorded and replayed: at no cost, and never run instead.

The rule: what replays is on another machine, on which no process can be started at all.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_widget.dependencies.pipeline import Pipeline
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.recordings.errors import RecordingNotFound
from tests.asking import known_to
from tests.conftest import MakeManager
from tests.fake import ended, running
from tests.replaying import done, folders
from tests.waiting import BOUND, until


def cell(manager: ProcessManager, project: Path) -> Pipeline:
    """A notebook's cell: a result that goes on in a prompt, and a session that goes on."""
    return manager.pipeline(
        {"plan": "fake:says=plan", "tests": "fake:says=tests:{{ plan.result }}"},
        project_path=project,
    )


def in_one_session(manager: ProcessManager, project: Path) -> Pipeline:
    return manager.sequence(["fake:says=a", "fake:says=b"], project_path=project, one_session=True)


def test_what_depends_on_a_replayed_one_is_replayed(
    record: ProcessManager, replay: MakeManager, recordings: Path, project: Path
) -> None:
    for make in (cell, in_one_session):
        make(record, project).wait(BOUND).raise_for_status()
    until(lambda: len(folders(recordings)) == 4, what="all are recorded")
    manager = replay()
    again = [make(manager, project).wait(BOUND) for make in (cell, in_one_session)]
    executions = [one for pipeline in again for one in pipeline.values()]
    assert [one.status for one in executions] == ["completed"] * 4, [
        one.info.errors for one in executions
    ]
    assert all(one.info.recorded for one in executions)
    assert [pipeline.cost_usd for pipeline in again] == [0.0, 0.0]
    assert again[0].results == {"plan": "plan", "tests": "tests:plan"}
    assert again[1]["2"].info.session_id == again[1]["1"].info.session_id
    assert again[1]["2"].info.resumed_from == again[1]["1"].execution_id
    assert manager.stale() == []


def test_a_prompt_filled_at_once_and_one_filled_later_have_one_recording(
    record: ProcessManager, replay: MakeManager, recordings: Path, project: Path
) -> None:
    def ask(manager: ProcessManager, first: Execution) -> Execution:
        return manager.start_execution("go on: {{ a.result }}", project, variables={"a": first})

    first = record.start_execution("fake:gate fake:says=plan", project)
    second = ask(record, first)
    (project / "go").touch()
    done(second)
    manager = replay()
    played = ask(manager, done(manager.start_execution("fake:gate fake:says=plan", project)))
    assert (done(played).status, played.info.recorded) == ("completed", True)
    assert len(folders(recordings)) == 2


@pytest.mark.parametrize("pace", [0, 1])
def test_a_step_that_is_not_recorded_fails_with_the_reason_and_the_others_go_on(
    record: ProcessManager, replay: MakeManager, project: Path, pace: int
) -> None:
    done(record.start_execution("fake:says=plan", project))
    steps = {
        "plan": "fake:says=plan",
        "tests": "fake:says=tests:{{ plan.result }}",
        "after": "fake:says=after:{{ tests.result }}",
        "other": "fake:says=other",
    }
    manager = replay(pace=pace)
    found = manager.pipeline(steps, project_path=project).wait(BOUND)
    reasons = {name: str(one.info.reason) for name, one in found.items()}
    lacks, after = "startup", "dependency"
    assert reasons == {"plan": "success", "tests": lacks, "after": after, "other": lacks}
    for name, asked in (("tests", "fake:says=tests:plan"), ("other", "fake:says=other")):
        said = found[name].info.errors[-1]
        assert said.startswith(f"Nothing is recorded for the query {asked!r}")
    assert all(one.info.recorded for one in found.values())
    with pytest.raises(RecordingNotFound):
        manager.start_execution("fake:says=other", project)


def test_in_mode_auto_what_is_recorded_needs_no_cli(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    cell(record, project).wait(BOUND).raise_for_status()
    pipeline = cell(replay(mode="auto"), project).wait(BOUND)
    assert pipeline.counts == {"completed": 2}
    assert all(one.info.recorded for one in pipeline.values())


def test_in_mode_auto_what_is_not_recorded_is_run_and_recorded(
    make_manager: MakeManager, recordings: Path, project: Path
) -> None:
    done(
        make_manager(mode="record", recordings=recordings).start_execution(
            "fake:says=plan", project
        )
    )
    manager = make_manager(mode="auto", recordings=recordings)
    pipeline = cell(manager, project).wait(BOUND)
    assert [one.info.recorded for one in pipeline.values()] == [True, False]
    assert pipeline["tests"].result == "tests:plan"
    until(lambda: len(folders(recordings)) == 2, what="the other one is recorded")
    assert pipeline["tests"].info.recording_key in map(_key_of, folders(recordings))


@pytest.mark.parametrize("was", ["running", "pending"])
def test_in_mode_auto_a_later_kernel_goes_on_with_what_came_after_a_recorded_one(
    make_manager: MakeManager, recordings: Path, project: Path, was: str
) -> None:
    def cells(manager: ProcessManager, *, paused: bool) -> list[Execution]:
        first = manager.start_execution("fake:says=plan", project).wait(BOUND)
        if paused:
            manager.pause_queue()
        asked = "fake:gate fake:says={{ a.result }}"
        return [first, manager.start_execution(asked, project, variables={"a": first})]

    gone = make_manager(mode="auto", recordings=recordings)
    first, second = cells(gone, paused=was == "pending")
    if was == "running":
        running(second)
    gone.close()
    manager = make_manager(mode="auto", recordings=recordings)
    played, again = cells(manager, paused=False)
    assert (played.info.recorded, played.execution_id == first.execution_id) == (True, False)
    assert (again.attached, again.execution_id) == (True, second.execution_id)
    (project / "go").touch()
    ended(again, "completed", "success")
    assert len(manager.get_all_executions()) == 3, "none is started twice"
    until(lambda: len(folders(recordings)) == 2, what="the second one is recorded")
    assert again.info.recording_key in map(_key_of, folders(recordings))


def test_what_waited_unfilled_is_gone_on_with_once_what_it_waited_for_has_completed(
    make_manager: MakeManager, recordings: Path, project: Path
) -> None:
    def cells(manager: ProcessManager) -> list[Execution]:
        first = manager.start_execution("fake:gate fake:says=plan", project)
        asked = "fake:says={{ a.result }}"
        return [first, manager.start_execution(asked, project, variables={"a": first})]

    gone = make_manager(mode="auto", recordings=recordings)
    first, second = cells(gone)
    running(first)
    gone.close()
    (project / "go").touch()
    between = make_manager(mode="live")
    ended(known_to(between, first), "completed", "success")
    between.close()
    manager = make_manager(mode="auto", recordings=recordings)
    again = cells(manager)
    assert [one.execution_id for one in again] == [first.execution_id, second.execution_id]
    assert ended(again[1], "completed", "success").result == "plan"
    until(lambda: len(folders(recordings)) == 2, what="both are recorded")
    assert again[1].info.recording_key in map(_key_of, folders(recordings))


def _key_of(folder: Path) -> Any:
    return json.loads((folder / "request.json").read_text())["key"]


def test_what_was_to_be_played_is_never_run_instead(
    make_manager: MakeManager, recordings: Path, project: Path
) -> None:
    gone = make_manager(mode="replay", recordings=recordings, max_concurrency=1)
    gone.queue.pause()
    record = make_manager(mode="record", recordings=recordings)
    first = record.start_execution("fake:gate fake:says=plan", project)
    known_to(gone, first)
    waits = gone.start_execution("more {{ a.result }}", project, variables={"a": first})
    assert waits.info.recorded
    gone.close()
    (project / "go").touch()
    ended(first, "completed", "success")
    manager = make_manager(recordings=recordings)
    held = known_to(manager, waits)
    until(lambda: manager.is_held(held), what="it is held")
    manager.adopt(held.execution_id)
    assert "Nothing is recorded" in ended(held, "failed", "startup").info.errors[-1]


@pytest.mark.parametrize("forks", [True, False])
def test_what_goes_on_with_a_session_is_found_again_while_it_runs(
    make_manager: MakeManager, project: Path, forks: bool
) -> None:
    def go_on(manager: ProcessManager, first: Execution) -> Execution:
        asked = "fake:gate fake:says=more"
        return manager.start_execution(asked, project, continues=first, fork_session=forks)

    gone = make_manager()
    first = gone.start_execution("fake:says=one", project)
    left = go_on(gone, first)
    running(left)
    gone.close()
    manager = make_manager()
    again = go_on(manager, known_to(manager, first))
    assert (again.attached, again.execution_id) == (True, left.execution_id)
    (project / "go").touch()
    ended(again, "completed", "success")
