"""The history as a user has it: what has ended is found again, opens, and can be counted."""

from __future__ import annotations

import fcntl
import json
import shutil
import sqlite3
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import claude_widget
from claude_widget.errors import ExecutionNotFound, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.history.errors import PandasMissing
from claude_widget.history.filter import wanted
from claude_widget.history.index import NAME, HistoryIndex
from claude_widget.history.sync import HistorySync
from claude_widget.manager import ProcessManager
from tests import fake
from tests.conftest import MakeManager
from tests.waiting import BOUND, until


def ended(manager: ProcessManager, query: str, project: Path, **options: Any) -> Execution:
    """One that has ended; its shim has let go of its transcript, which is locked until then."""
    execution = manager.start_execution(query, project, **options).wait(BOUND)
    until(lambda: not fake.marked(execution.execution_id), what="its processes are gone")
    return execution


def test_what_has_ended_is_found_at_once_and_is_the_same_execution(
    manager: ProcessManager, project: Path
) -> None:
    run = ended(manager, "hello there", project, name="greeting")
    history = manager.history()
    assert list(history) == [run]
    assert history[0] is run
    (entry,) = history.entries
    info = run.info
    assert (entry.status, entry.reason, entry.name) == ("completed", "success", "greeting")
    assert (entry.query, entry.result) == (info.query, info.result)
    assert entry.project_path == str(project)
    assert entry.cost_usd == info.cost_usd
    assert entry.output_tokens == info.usage.output_tokens
    assert entry.duration == info.duration


def test_words_filters_and_what_tools_were_called_with_are_found(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    first = ended(manager, "hello alpha", project)
    second = ended(manager, "fake:tools", other)
    third = ended(manager, "fake:half-line fake:exit=3", project)
    history = manager.history
    assert list(history("hello alph")) == [first]
    assert list(history("bash ls")) == [second], "a tool's name and its input"
    assert list(history(project=other)) == [second]
    assert list(history(project=tmp_path)) == [third, second, first]
    assert list(history(status="failed")) == [third]
    assert list(history(limit=1)) == [third]
    assert history()[1:] == [second, first]
    assert repr(history()) == "<History: 3 executions>"


def test_a_part_of_the_models_name_finds_its_executions(
    manager: ProcessManager, project: Path
) -> None:
    runs = {}
    for model in ("opus", "haiku"):
        runs[model] = manager.start_execution("hello", project, model=model).wait(BOUND)
        assert model in str(runs[model].info.model)
    assert list(manager.history(model="opus")) == [runs["opus"]]
    assert list(manager.history(model="hai")) == [runs["haiku"]]
    assert list(manager.history(model="sonnet")) == []


def test_follow_ups_are_found(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("hello", project, keep_open=True)
    fake.turn_over(execution)
    execution.send("and now about zebras")
    until(lambda: b"zebras" in execution.run.transcript.read_bytes(), what="it was sent")
    execution.end()
    execution.wait(BOUND)
    assert list(manager.history("zebras")) == [execution]


def test_since_is_a_moment_or_so_long_ago(manager: ProcessManager, project: Path) -> None:
    run = ended(manager, "hello", project)
    hour = timedelta(hours=1)
    yesterday = date.today() - timedelta(days=1)  # noqa: DTZ011 - as a user says it
    for since in (0, hour, datetime.now(UTC) - hour, yesterday, "2020-01-01"):
        assert list(manager.history(since=since)) == [run]
    assert not manager.history(since=timedelta(days=-1))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("status", "running"),
        ("status", "done"),
        ("since", "yesterday"),
        ("since", float("nan")),
        ("since", []),
        ("limit", -1),
        ("limit", "10"),
        ("limit", True),
        ("text", 5),
        ("project", 5),
        ("model", ["opus"]),
    ],
)
def test_what_is_no_filter_is_refused(field: str, value: object) -> None:
    with pytest.raises(InvalidRequest, match=field) as caught:
        wanted(**{field: value})  # type: ignore[arg-type]
    assert caught.value.field == field


# -- opening -------------------------------------------------------------------------------------


def test_a_forgotten_one_stays_and_opens_from_its_transcript(
    manager: ProcessManager, project: Path
) -> None:
    run = ended(manager, "fake:tools", project)
    result, frames = run.result, [event.raw for event in run.events]
    manager.cleanup_execution(run.execution_id)
    assert manager.get_execution(run.execution_id) is None
    (opened,) = manager.history("tools")
    assert opened is not run
    assert (opened.result, opened.info) == (result, run.info)
    assert [event.raw for event in opened.events] == frames
    assert opened.wait(1) is opened
    assert manager.history()[0] is opened, "it is opened once"
    assert ProcessManager.holding(opened) is manager, "so that a cell can show it"
    again = opened.rerun()
    fake.ended(again, "completed", "success")
    resumed = opened.send("go on")
    fake.ended(resumed, "completed", "success")
    assert resumed.info.resumed_from == run.execution_id


def test_one_of_an_earlier_kernel_is_found_and_opens(
    make_manager: MakeManager, project: Path
) -> None:
    first = make_manager()
    run = ended(first, "hello", project)
    first.cleanup_execution(run.execution_id)
    first.close()
    (opened,) = make_manager().history()
    assert opened.execution_id == run.execution_id
    assert opened.info == run.info


def test_one_that_ended_with_no_kernel_there_is_found(
    make_manager: MakeManager, project: Path
) -> None:
    first = make_manager()
    run = fake.running(first.start_execution("fake:gate", project))
    assert not first.history(), "it runs"
    first.close()
    (project / "go").touch()
    until(lambda: b'"ended"' in run.run.transcript.read_bytes(), what="it has ended")
    until(lambda: not fake.marked(run.execution_id), what="its transcript is let go of")
    (opened,) = make_manager().history()
    assert opened.execution_id == run.execution_id


def test_one_whose_folder_was_removed_by_others_is_gone(
    manager: ProcessManager, make_manager: MakeManager, project: Path
) -> None:
    run = ended(manager, "hello", project)
    manager.cleanup_execution(run.execution_id)
    history = manager.history()
    shutil.rmtree(run.run.folder)
    with pytest.raises(ExecutionNotFound):
        history[0]
    assert len(history.entries) == 1
    assert not make_manager().history(), "another look finds it gone"


# -- retention -----------------------------------------------------------------------------------


def test_pinned_ones_are_kept_and_pruned_ones_leave_the_history(
    manager: ProcessManager, project: Path
) -> None:
    first, second = (ended(manager, f"hello {number}", project) for number in range(2))
    manager.pin(first.execution_id)
    assert manager.history().entries[1].pinned
    planned = manager.prune(older_than=0, dry_run=True)
    assert planned.kept == {first.execution_id: "it is pinned"}
    assert len(manager.history()) == 2
    assert [one.execution_id for one in manager.prune(older_than=0).removed] == [
        second.execution_id
    ]
    assert list(manager.history()) == [first]
    manager.rebuild_history()
    assert manager.history().entries[0].pinned, "the pin lies beside the transcript"
    manager.pin(first.execution_id, pinned=False)
    assert manager.prune(max_bytes=0)
    assert not manager.history()


def test_what_is_no_execution_cannot_be_pinned(manager: ProcessManager) -> None:
    for execution_id in ("nope", "../executions", "", "a" * 36):
        with pytest.raises(ExecutionNotFound):
            manager.pin(execution_id)


# -- the index and the transcripts ---------------------------------------------------------------


def test_rebuilt_index_has_the_very_rows_of_the_one_that_grew(
    manager: ProcessManager, project: Path
) -> None:
    for query in ("hello", "fake:tools", "fake:exit=3", "fake:garbage", "fake:deltas=50"):
        ended(manager, query, project, name=f"n {query}")
    manager.cleanup_execution(manager.get_all_executions()[0].execution_id)
    grown = manager.history(limit=None).entries
    assert len(grown) == 5
    report = manager.rebuild_history()
    assert (report.indexed, report.removed, report.unreadable) == (5, 0, {})
    assert manager.history(limit=None).entries == grown
    assert not list(manager.state_dir.glob("history-*.sqlite3.*")), "what it replaced is gone"


def test_corrupt_index_is_made_anew_by_the_next_look(
    manager: ProcessManager, project: Path
) -> None:
    run = ended(manager, "hello", project)
    assert list(manager.history()) == [run]
    (manager.state_dir / NAME).write_bytes(b"garbage " * 10_000)
    history = manager.history("hello")
    assert list(history) == [run], "nothing is lost"
    (note,) = history.notes
    assert "corrupt" in note
    assert note in repr(history)
    second = ended(manager, "hello again", project)
    assert list(manager.history("hello")) == [second, run]
    assert manager.history().notes == (note,), "it is said once"


def test_what_has_ended_is_taken_in_while_its_watcher_still_holds_the_transcript(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    run = ended(manager, "hello", project)
    index = HistoryIndex(tmp_path)
    sync = HistorySync(manager.state_dir / "executions", index)
    with run.run.transcript.open("rb") as transcript:
        fcntl.flock(transcript, fcntl.LOCK_EX)
        assert sync.sync().indexed == 0, "what may still be written is not read as a whole"
        sync.take([run.execution_id])
    assert index.known([run.execution_id]) == {run.execution_id}


def test_index_whose_words_are_corrupt_is_found_out_by_the_search_and_nothing_is_lost(
    manager: ProcessManager, project: Path
) -> None:
    run = ended(manager, "hello", project)
    assert list(manager.history("hello")) == [run]
    with sqlite3.connect(manager.state_dir / NAME) as db:
        db.execute("DELETE FROM search_data WHERE id > 10")  # where the words lie
    db.close()
    history = manager.history("hello")
    assert list(history) == [run]
    assert "corrupt" in history.notes[0]


def test_an_unreadable_transcript_is_named_and_the_others_are_found(
    manager: ProcessManager, project: Path
) -> None:
    good, bad = (ended(manager, f"hello {number}", project) for number in range(2))
    manager.close()
    path = bad.run.transcript
    path.unlink()
    path.mkdir()
    index = manager._indexing.index
    report = HistorySync(manager.state_dir / "executions", index).rebuild()
    assert report.unreadable.keys() == {bad.execution_id}
    assert [one.execution_id for one in index.search(wanted())] == [good.execution_id]
    assert "1 cannot be read" in repr(report)


def test_an_index_that_cannot_be_used_harms_no_execution(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError("no index today")

    monkeypatch.setattr(manager._indexing._sync, "take", fail)
    assert ended(manager, "hello", project).result is not None
    assert ended(manager, "hello", project).result is not None


def test_two_managers_at_once_keep_each_execution_once(
    make_manager: MakeManager, project: Path
) -> None:
    one, other = make_manager(), make_manager()
    started = [manager.start_execution("hello", project) for manager in (one, other) * 4]
    for execution in started:
        execution.wait(BOUND)
    ids = {execution.execution_id for execution in started}
    for manager in (one, other):
        until(
            lambda manager=manager: len(manager.history()) == len(ids),  # type: ignore[misc]
            what="all are in the history",
        )
        assert {entry.execution_id for entry in manager.history().entries} == ids


# -- tables --------------------------------------------------------------------------------------


def test_tables(manager: ProcessManager, project: Path) -> None:
    first = ended(manager, "hello", project)
    second = ended(manager, "fake:tools fake:deltas=3", project)
    history = manager.history()
    table = history.to_dataframe()
    assert list(table["execution_id"]) == [second.execution_id, first.execution_id]
    assert table["created_time"][0].timestamp() == pytest.approx(second.info.created_time, abs=1e-5)
    assert table["duration"][1] == pytest.approx(first.info.duration)
    calls = history.tool_calls()
    assert list(calls["name"]) == ["Bash"]
    assert calls["input"][0] == {"command": "ls"}
    assert calls["duration"][0] >= 0
    assert not calls["is_error"][0]
    frames = history.frames()
    assert set(frames["execution_id"]) == {first.execution_id, second.execution_id}
    whole = history.frames(partial=True)
    assert len(whole) == len(first.events) + len(second.events)
    assert len(whole) > len(frames)
    assert set(whole["type"]) - set(frames["type"]) <= {"stream_event"}
    assert frames["raw"][0]["type"] == frames["type"][0]
    shutil.rmtree(first.run.folder)  # by another kernel, since it was searched
    assert list(history.tool_calls()["name"]) == ["Bash"]
    shutil.rmtree(second.run.folder)
    assert len(history.tool_calls()) == 0
    manager.cleanup_execution(second.execution_id)
    assert len(history.tool_calls()) == len(history.frames()) == 0


def test_sums_are_of_all_that_was_asked_for(manager: ProcessManager, project: Path) -> None:
    runs = [ended(manager, f"hello {number}", project) for number in range(3)]
    history = manager.history("hello", limit=1)
    assert len(history) == 1
    totals = history.totals
    assert totals.executions == 3
    assert totals.failed == 0
    assert totals.cost_usd == pytest.approx(sum(run.info.cost_usd or 0 for run in runs))
    assert totals.output_tokens == sum(run.info.usage.output_tokens for run in runs)
    daily = history.daily()
    assert daily["executions"].sum() == 3
    assert set(daily["project_path"]) == {str(project)}
    assert daily["day"][0].date() == datetime.fromtimestamp(runs[0].info.created_time or 0).date()  # noqa: DTZ006 - a user's day
    assert manager.history("nothing").totals.executions == 0
    assert manager.history("nothing").daily().empty


def test_tables_of_nothing_have_their_columns(manager: ProcessManager) -> None:
    history = manager.history()
    for table in (history.to_dataframe(), history.tool_calls(), history.frames()):
        assert table.empty
        assert "execution_id" in table.columns


def test_without_pandas_it_is_said_and_everything_else_works(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = ended(manager, "hello", project)
    history = manager.history()
    monkeypatch.setitem(sys.modules, "pandas", None)
    for table in (history.to_dataframe, history.tool_calls, history.frames, history.daily):
        with pytest.raises(PandasMissing, match="pip install pandas"):
            table()
    assert list(history) == [run]
    assert history.totals.executions == 1


def test_cell_shows_a_table_in_which_nothing_is_markup(
    manager: ProcessManager, project: Path
) -> None:
    assert claude_widget.ProcessManager is ProcessManager, "which has the faces loaded"
    ended(manager, "hello <script>alert(1)</script>", project)
    bundle = manager.history()._repr_mimebundle_()
    assert "&lt;script&gt;" in bundle["text/html"]
    assert "<script" not in bundle["text/html"]
    assert "hello" in bundle["text/plain"]
    json.dumps(bundle)
