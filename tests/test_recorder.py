"""What becomes of recordings: changes of the project, what goes wrong, results, stale ones, modes.

The rule: as in `test_modes`.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from claude_widget.changes.errors import PatchConflict
from claude_widget.errors import (
    ExecutionActive,
    InvalidRequest,
    ResultNotReady,
)
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.rows import row_in
from claude_widget.page.widget import ExecutionView
from claude_widget.recordings.errors import (
    RecordingDamaged,
    RecordingNotFound,
    RecordingsUnwritable,
)
from claude_widget.recordings.occurrences import Cell
from tests.conftest import MakeManager
from tests.fake import ended, running, turn_over
from tests.replaying import done, folders, in_cell
from tests.waiting import until

# -- what it changed -------------------------------------------------------------------------------


def changing(manager: ProcessManager, project: Path, text: str = "made\n") -> Execution:
    """One in whose time a file of the project is made."""
    execution = running(manager.start_execution("fake:gate", project))
    (project / "made.txt").write_text(text)
    (project / "go").touch()
    return ended(execution, "completed", "success")


def test_what_it_changed_is_made_again_when_asked_for(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    changing(record, project)
    (project / "made.txt").unlink()
    (project / "go").unlink()
    done(replay().start_execution("fake:gate", project))
    assert list(project.iterdir()) == []
    done(replay().start_execution("fake:gate", project, apply_changes=True))
    assert (project / "made.txt").read_text() == "made\n"


def test_changes_that_no_longer_fit_start_nothing(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    changing(record, project)
    (project / "made.txt").write_text("another\n")
    (project / "go").unlink()
    manager = replay()
    with pytest.raises(PatchConflict, match=r"made\.txt"):
        manager.start_execution("fake:gate", project, apply_changes=True)
    assert sorted(path.name for path in project.iterdir()) == ["made.txt"]
    assert manager.get_all_executions() == []
    assert list((manager.state_dir / "executions").iterdir()) == []
    (project / "made.txt").unlink()
    done(manager.start_execution("fake:gate", project, apply_changes=True))
    assert (project / "made.txt").read_text() == "made\n"


def test_changes_of_two_at_once_are_mixed(
    record: ProcessManager, replay: MakeManager, project: Path, recordings: Path
) -> None:
    one = record.start_execution("fake:gate", project)
    two = running(record.start_execution("fake:gate fake:says=2", project))
    (project / "go").touch()
    done(one), done(two)
    (project / "go").unlink()
    patches = [path.read_text() for path in recordings.rglob("changes.patch")]
    assert len(patches) == 2
    assert all("mixed" in patch for patch in patches)
    with pytest.raises(PatchConflict):
        replay().start_execution("fake:gate", project, apply_changes=True)


def test_changes_that_are_made_again_while_one_works_there_are_mixed_with_its_own(
    make_manager: MakeManager, project: Path, recordings: Path
) -> None:
    changing(make_manager(mode="record"), project)
    for name in ("made.txt", "go"):
        (project / name).unlink()
    manager = make_manager(mode="auto")
    works = running(manager.start_execution("fake:gate fake:says=2", project))
    done(manager.start_execution("fake:gate", project, apply_changes=True))
    done(works)
    patches = {path.parent.name: path.read_text() for path in recordings.rglob("changes.patch")}
    assert {name: "mixed: " in patch for name, patch in patches.items()} == {
        name: "says" in name for name in patches
    }
    assert len(patches) == 2


# -- what goes wrong -------------------------------------------------------------------------------


def test_a_recording_that_cannot_be_saved_harms_nothing(
    make_manager: MakeManager, project: Path, tmp_path: Path
) -> None:
    manager = make_manager(mode="record", recordings=tmp_path / "recordings")
    execution = manager.start_execution("fake:gate", project)
    (tmp_path / "recordings").write_text("a file")
    (project / "go").touch()
    ended(execution, "completed", "success")
    (problem,) = manager.recording_problems
    assert problem.execution_id == execution.execution_id
    assert "ClaudeWidgetError" in problem.problem
    assert "cannot be written" in problem.problem


def test_rules_that_match_names_of_the_protocol_cost_no_recording(
    make_manager: MakeManager, project: Path, tmp_path: Path
) -> None:
    told = []
    for mode in ("record", "replay"):
        manager = make_manager(
            tmp_path / mode,
            mode=mode,
            recordings=tmp_path / "recordings",
            redact=["(?i)delta", "event|content|tool|message", "completed", "(?i)model"],
        )
        execution = manager.start_execution("fake:tools fake:says=Delta", project)
        ended(execution, "completed", "success")
        assert manager.recording_problems == ()
        page = execution.export(tmp_path / f"{mode}.md").read_text()
        assert f"completed · {execution.info.model} · " in page
        view = ExecutionView(manager, execution)
        assert (view.row["status"], view.row["model"]) == ("completed", execution.info.model)
        view.close()
        told.append((execution.info.model, execution.info.tool_counts, len(execution.events)))
    assert told[0] == told[1]
    assert execution.result == "[redacted:rule]"


@pytest.mark.parametrize("mode", ["record", "auto"])
@pytest.mark.parametrize("below", ["", "below"])
def test_what_could_not_be_saved_is_not_paid_for(
    make_manager: MakeManager, project: Path, tmp_path: Path, mode: str, below: str
) -> None:
    (tmp_path / "recordings").write_text("a file")
    manager = make_manager(mode=mode, recordings=tmp_path / "recordings" / below)
    with pytest.raises(RecordingsUnwritable, match="is no folder"):
        manager.start_execution("hello", project)
    assert manager.get_all_executions() == []
    ended(manager.start_execution("hello", project, mode="live"), "completed", "success")


def test_a_folder_that_may_only_be_read_is_told_before_anything_is_started(
    record: ProcessManager, project: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recordings.mkdir()
    monkeypatch.setattr(
        os, "access", lambda path, mode: not (path == recordings and mode & os.W_OK)
    )
    with pytest.raises(RecordingsUnwritable, match="may only be read"):
        record.start_execution("hello", project)


def test_a_recording_that_is_cut_off_or_damaged_starts_nothing(
    record: ProcessManager, replay: MakeManager, project: Path, recordings: Path
) -> None:
    done(record.start_execution("hello", project))
    (folder,) = folders(recordings)
    (folder / "run.json").write_text("{")
    manager = replay()
    for _ in range(2):  # a start that was refused counts for none
        with pytest.raises(RecordingDamaged, match=r"run\.json"):
            manager.start_execution("hello", project)
    assert manager.get_all_executions() == []


def test_closing_waits_for_what_is_being_saved(
    record: ProcessManager, project: Path, recordings: Path
) -> None:
    execution = record.start_execution("hello", project)
    until(lambda: execution.status.ended, what="it has ended")
    record.close()
    assert len(folders(recordings)) == 1


# -- results ---------------------------------------------------------------------------------------


def test_a_result_that_is_read_too_early_says_to_wait(
    manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution("fake:gate fake:says=late", project)
    with pytest.raises(ResultNotReady, match="await execution") as caught:
        _ = execution.result
    assert isinstance(caught.value, ExecutionActive)
    assert execution.info.result is None
    (project / "go").touch()
    assert done(execution).result == "late"


def test_one_that_ended_without_a_result_has_none(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("fake:gate", project)
    execution.kill()
    assert done(execution).result is None


def test_while_a_later_turn_works_there_is_no_result(
    manager: ProcessManager, project: Path
) -> None:
    execution = turn_over(manager.start_execution("fake:says=first", project, keep_open=True))
    assert execution.result == "first"
    execution.send("fake:gate fake:says=second")
    until(lambda: not execution.info.awaits_input, what="it works again")
    with pytest.raises(ResultNotReady):
        _ = execution.result
    (project / "go").touch()
    execution.end()
    assert done(execution).result == "second"


# -- stale -----------------------------------------------------------------------------------------


def test_stale_ones_are_those_whose_call_asks_for_something_else(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    def ask(manager: ProcessManager, text: str) -> None:
        done(manager.start_execution(text, project))

    ask(record, "one")
    ask(record, "two")
    done(record.start_execution("three", project))
    assert record.stale() == []
    manager = replay()
    ask(manager, "one")
    with pytest.raises(RecordingNotFound):
        ask(manager, "two, changed")
    stale = {one.folder.name.split("-")[0]: one for one in manager.stale()}
    assert {name: one.reason for name, one in stale.items()} == {
        "two": "changed",
        "three": "unasked",
    }
    assert len(stale["two"].now) == 2
    assert stale["three"].now == ()
    assert stale["three"].differences == ()
    assert "it is 'two, changed', and was 'two'" in " ".join(stale["two"].differences)


# -- the mode that counts ----------------------------------------------------------------------


def mode_chosen(**options: Any) -> str:
    with ProcessManager(**options) as manager:
        mode: str = manager.backend.mode  # type: ignore[attr-defined]
        return mode


def test_the_argument_counts_before_the_environment_and_that_before_the_project(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project)
    assert mode_chosen() == "live"
    (project / ".git").mkdir()
    (project / ".claude_widget").mkdir()
    (project / ".claude_widget" / "config.toml").write_text('mode = "auto"')
    assert mode_chosen() == "auto"
    (project / "below").mkdir()
    monkeypatch.chdir(project / "below")
    assert mode_chosen() == "auto"
    monkeypatch.setenv("CLAUDE_WIDGET_MODE", "record")
    assert mode_chosen() == "record"
    assert mode_chosen(mode="replay") == "replay"


def test_an_environment_that_replays_counts_before_every_notebook_and_start(
    project: Path, monkeypatch: pytest.MonkeyPatch, make_manager: MakeManager
) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setenv("CLAUDE_WIDGET_MODE", "replay")
    assert mode_chosen(mode="auto") == "replay"
    manager = make_manager(mode="live")
    for mode in (None, "live", "record", "auto"):
        with pytest.raises(RecordingNotFound):
            manager.start_execution("hello", project, mode=mode)


def test_a_re_run_has_the_mode_of_its_manager(make_manager: MakeManager, project: Path) -> None:
    first = make_manager(mode="replay")
    live = done(first.start_execution("hello", project, mode="live"))
    with pytest.raises(RecordingNotFound):
        first.rerun(live.execution_id)
    record = make_manager()
    done(record.start_execution("hello", project, mode="record"))
    played = done(first.rerun(live.execution_id))
    assert played.info.recorded
    first.close()
    later = make_manager(mode="replay")
    with pytest.raises(RecordingNotFound):
        later.get_execution(live.execution_id).send("more")  # type: ignore[union-attr]


@pytest.mark.parametrize(
    "said",
    ['mode = "live"', 'mode = "record"', "mode = 7", 'modes = "auto"', "mode", "mode = [", ""],
)
def test_a_project_can_choose_nothing_but_replay_and_auto(
    project: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    monkeypatch.chdir(project)
    (project / ".claude_widget").mkdir()
    (project / ".claude_widget" / "config.toml").write_text(said)
    if not said:
        assert mode_chosen() == "live"
        return
    with pytest.raises(InvalidRequest, match=r"^project/\.claude_widget/config\.toml ") as caught:
        ProcessManager()
    assert str(project) not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "field"),
    [({"mode": "fast"}, "mode"), ({"pace": -1}, "pace"), ({"pace": "slow"}, "pace")],
)
def test_wrong_arguments_are_refused(options: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        ProcessManager(**options)
    assert caught.value.field == field


def test_recordings_lie_beside_the_notebook(
    project: Path, monkeypatch: pytest.MonkeyPatch, make_manager: MakeManager
) -> None:
    monkeypatch.chdir(project)
    manager = make_manager(mode="record", recordings=None)
    done(manager.start_execution("hello"))
    assert len(folders(project / "recordings")) == 1


@pytest.mark.parametrize(
    ("label", "reason"), [("cell [3]", "unasked"), ("a.ipynb cell [3]", "changed")]
)
def test_a_number_that_each_notebook_has_blames_none_of_them(
    make_manager: MakeManager, project: Path, label: str, reason: str
) -> None:
    def run(mode: str, *texts: str) -> ProcessManager:
        manager = make_manager(mode=mode)
        in_cell(manager, Cell(label))
        for text in texts:
            done(manager.start_execution(text, project))
        return manager

    run("record", "one", "two").close()
    (stale,) = run("replay", "two").stale()
    assert (stale.folder.name[:3], stale.made_by, stale.reason) == ("one", label, reason)


def test_a_cell_that_asks_for_something_else_leaves_a_stale_recording(
    make_manager: MakeManager, project: Path
) -> None:
    def run(text: str, number: str) -> Execution:
        in_cell(manager, Cell("cell a", "a", number))
        return done(manager.start_execution(text, project))

    manager = make_manager(mode="auto")
    first = run("one", "1")
    assert (manager.stale(), manager.is_stale(first)) == ([], False)
    heard: list[Execution | str] = []
    manager.on_change(heard.append)
    second = run("two", "2")
    until(lambda: first in heard, what="who listens hears that the first has become stale")
    (stale,) = manager.stale()
    assert (stale.key, stale.reason) == (first.info.recording_key, "changed")
    assert [row_in(manager, one)["stale"] for one in (first, second)] == [True, False]
    third = run("one", "3")
    assert [row_in(manager, one)["stale"] for one in (first, second, third)] == [False, True, False]
