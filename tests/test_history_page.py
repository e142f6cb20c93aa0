"""What the page asks of the history: search, page by page, open, run again, resume, pin, delete.

The rule: a real manager and real executions of the fake CLI; the page's end is a recording comm.
"""

from __future__ import annotations

import json
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import ExecutionActive, ExecutionNotFound
from claude_widget.execution import Execution
from claude_widget.history.entry import HistoryEntry
from claude_widget.history.errors import ExecutionPinned
from claude_widget.history.index import NAME, HistoryIndex
from claude_widget.manager import ProcessManager
from claude_widget.page.rows import history_row_of
from claude_widget.page.widget import ClaudeWidget
from claude_widget.transcript import Writer
from tests import fake
from tests.conftest import MakeManager
from tests.history_entries import ZERO, made
from tests.recording_comm import answer_to, ask, comm_of, rows, say
from tests.waiting import BOUND, until

ON_ONE: tuple[tuple[str, dict[str, Any]], ...] = (
    ("open-pane", {"paneId": "p"}),
    ("rerun-execution", {}),
    ("pin-execution", {"pinned": True}),
)
"""What can be asked of one of the history, beside its end."""
NOBODY = "00000000-0000-4000-8000-000000000000"


def ended(manager: ProcessManager, query: str, project: Path, **options: Any) -> Execution:
    """One that has ended; its shim has let go of its transcript, which is locked until then."""
    execution = manager.start_execution(query, project, **options).wait(BOUND)
    until(lambda: not fake.marked(execution.execution_id), what="its processes are gone")
    return execution


_asked = iter(range(10**6))


def request(widget: ClaudeWidget, kind: str, **content: Any) -> dict[str, Any]:
    """Ask; the answer."""
    answer, _ = ask(widget, f"request-{next(_asked)}", type=f"claude:{kind}", **content)
    return answer


def search(widget: ClaudeWidget, **content: Any) -> dict[str, Any]:
    return request(widget, "search-history", **content)


def queries(answer: dict[str, Any]) -> list[str]:
    return [row["query"] for row in answer["found"]]


def fill(manager: ProcessManager, count: int, **fields: Any) -> list[HistoryEntry]:
    """Made-up entries in the manager's index, oldest first."""
    manager.history()  # has looked over the folder, so that they are not taken for gone
    entries = [made(number, **fields) for number in range(count)]
    HistoryIndex(manager.state_dir).put(entries)
    return entries


# -- searching -----------------------------------------------------------------------------------


def test_what_has_ended_is_found_newest_first_with_its_figures(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    first = ended(manager, "hello alpha", project, name="greeting")
    second = ended(manager, "fake:half-line fake:exit=3", project)
    manager.pin(first.execution_id)
    answer = search(dashboard)
    assert queries(answer) == [second.info.query, first.info.query]
    failed, row = answer["found"]
    assert (failed["status"], failed["reason"]) == ("failed", second.info.reason)
    assert failed["error"] == second.info.errors[-1]
    assert (row["name"], row["pinned"], row["status"]) == ("greeting", True, "completed")
    assert (row["model"], row["costUsd"]) == (first.info.model, first.info.cost_usd)
    assert row["sessionId"] == first.info.session_id
    assert row["endTime"] - row["startTime"] == first.info.duration
    assert (answer["total"], answer["models"]) == (2, [first.info.model])
    assert "following" not in answer
    assert not answer["notes"]


def test_words_status_model_project_and_moment_narrow_it_together(
    dashboard: ClaudeWidget, manager: ProcessManager
) -> None:
    fill(manager, 4)
    index = HistoryIndex(manager.state_dir)
    told = {"status": "failed", "model": "claude-opus-4-1", "project_path": "/projects/two/deep"}
    index.put([made(10, query="the needle", **told), made(11, query="needle, too")])
    assert queries(search(dashboard, text="needl")) == ["needle, too", "the needle"]
    assert queries(search(dashboard, text="needle", status="failed")) == ["the needle"]
    assert queries(search(dashboard, projectPath="/projects/two")) == ["the needle"]
    assert queries(search(dashboard, model="claude-opus-4-1")) == ["the needle"]
    assert queries(search(dashboard, since=ZERO + 3)) == ["needle, too", "the needle", "query 3"]
    assert search(dashboard)["models"] == ["claude-sonnet-4-5", "claude-opus-4-1"]


def test_what_is_typed_is_text_to_be_found(
    dashboard: ClaudeWidget, manager: ProcessManager
) -> None:
    texts = ['"', "NEAR(a b)", "result:*", "a AND NOT b", "-1 ^x", "%_\\", "→", "x" * 10_000]
    fill(manager, 1, result="")
    said = [made(9 + n, query=f"it says {text}", result="") for n, text in enumerate(texts)]
    HistoryIndex(manager.state_dir).put(said)
    for text, entry in zip(texts, said, strict=True):
        assert queries(search(dashboard, text=text)) == [entry.query[:300]]


@pytest.mark.parametrize("text", ["", "query"])
def test_pages_follow_each_other_without_gap_or_repeat(
    dashboard: ClaudeWidget, manager: ProcessManager, text: str
) -> None:
    fill(manager, 3)
    index = HistoryIndex(manager.state_dir)
    same = [made(n, query=f"query {n}", created_time=ZERO + 3) for n in range(3, 7)]
    index.put(same)  # asked for within one millisecond
    seen: list[str] = []
    answer = search(dashboard, text=text, limit=3)
    assert answer["total"] == 7
    while True:
        seen += queries(answer)
        if "following" not in answer:
            break
        index.put([made(100 + len(seen), query="query newer")])  # ends meanwhile
        answer = search(dashboard, text=text, limit=3, before=answer["following"])
        assert "total" not in answer
    assert seen == [f"query {n}" for n in (6, 5, 4, 3, 2, 1, 0)]


def test_an_answer_is_bounded_whatever_is_in_the_history(
    dashboard: ClaudeWidget, manager: ProcessManager
) -> None:
    long = "\U0001f600" * 3_000
    fill(manager, 120, query=long, name=long, error=long, result=long)
    answer = search(dashboard, limit=100)
    assert len(answer["found"]) == 100
    assert len(json.dumps(answer["found"], ensure_ascii=False).encode()) < 100 * 4_000
    assert search(dashboard, limit=101)["kind"] == "InvalidMessage"


def test_a_reason_that_nobody_knows_yet_is_none() -> None:
    assert "reason" not in history_row_of(made(reason="of tomorrow"))
    assert history_row_of(made(reason="budget"))["reason"] == "budget"


def test_what_is_no_search_is_refused(dashboard: ClaudeWidget) -> None:
    contents: list[dict[str, Any]] = [
        {"text": "x" * 10_001},
        {"status": "running"},
        {"since": float("nan")},
        {"before": 2**60},
        {"limit": 0},
        {"projectPath": "/" * 5000},
        {"unknown": 1},
    ]
    for content in contents:
        assert search(dashboard, **content)["kind"] == "InvalidMessage", content


def test_a_search_that_takes_long_holds_up_nothing_else(
    dashboard: ClaudeWidget, manager: ProcessManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    go, begun = threading.Event(), threading.Event()
    over: list[bool] = []

    def slow(*_: object) -> None:
        begun.set()
        over.append(go.wait(BOUND))

    monkeypatch.setattr(manager, "history_page", slow)
    say(dashboard, type="claude:search-history", requestId="slow")
    assert not over, "the thread of the page's messages goes on"
    begun.wait(BOUND)
    assert request(dashboard, "ping")["type"] == "claude:pong"
    assert answer_to(dashboard, "slow") is None
    go.set()
    until(lambda: answer_to(dashboard, "slow"), what="its answer")


# -- what the index is like ----------------------------------------------------------------------


def test_a_corrupt_index_is_made_anew_and_the_page_is_told(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    ended(manager, "hello", project)
    manager.history()
    (manager.state_dir / NAME).write_bytes(b"no database" * 500)
    answer = search(dashboard)
    assert queries(answer) == ["hello"]
    (note,) = answer["notes"]
    assert "corrupt" in note
    assert search(dashboard)["notes"] == [note], "it is the page that shows it once"


def test_an_index_that_cannot_be_used_is_an_error_that_says_so(
    dashboard: ClaudeWidget, manager: ProcessManager, monkeypatch: pytest.MonkeyPatch
) -> None:
    index = manager._indexing.index
    monkeypatch.setattr(index, "_opened", lambda: (_ for _ in ()).throw(OSError(5, "I/O error")))
    monkeypatch.setattr(index, "_go_to_memory", lambda _why: None)
    answer = search(dashboard)
    assert (answer["type"], answer["kind"]) == ("claude:refused", "HistoryUnavailable")
    assert "rebuild" in answer["hint"]


# -- what is done with one -----------------------------------------------------------------------


def test_a_forgotten_one_opens_runs_again_and_is_resumed(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    run = ended(manager, "fake:plain", project)
    manager.cleanup_execution(run.execution_id)
    assert queries(search(dashboard)) == ["fake:plain"]
    to = {"executionId": run.execution_id}
    assert request(dashboard, "open-pane", paneId="p", **to)["type"] == "claude:done"

    def shown() -> bytes:
        sent = comm_of(dashboard).custom()
        return b"".join(raw[0] for said, raw in sent if said["type"] == "claude:pane-data")

    until(lambda: shown() == run.run.transcript.read_bytes(), what="its transcript")
    again = manager.get_execution(request(dashboard, "rerun-execution", **to)["executionId"])
    assert again is not None
    assert again.run.request.query == "fake:plain"
    fake.ended(again, "completed", "success")
    sent = request(dashboard, "send-prompt", query="fake:says=more", **to)
    resumed = manager.get_execution(sent["executionId"])
    assert resumed is not None
    fake.ended(resumed, "completed", "success")
    assert resumed.info.session_id == run.info.session_id
    assert manager.get_execution(run.execution_id) is None, "it stays forgotten"


def test_pins_are_kept_and_taken_away(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    run = ended(manager, "hello", project)
    to = {"executionId": run.execution_id}
    assert request(dashboard, "pin-execution", pinned=True, **to)["type"] == "claude:done"
    assert search(dashboard)["found"][0]["pinned"]
    refused = request(dashboard, "delete-execution", **to)
    assert (refused["kind"], refused["executionId"]) == ("ExecutionPinned", run.execution_id)
    assert run.run.transcript.exists()
    assert request(dashboard, "pin-execution", pinned=False, **to)["type"] == "claude:done"
    assert not search(dashboard)["found"][0]["pinned"]


def test_a_deleted_one_is_gone_from_the_disk_the_list_and_the_history(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    run, other = (ended(manager, query, project) for query in ("hello", "stays"))
    until(lambda: run.execution_id in rows(dashboard), what="its row")
    answer = request(dashboard, "delete-execution", executionId=run.execution_id)
    assert answer["type"] == "claude:done"
    assert not run.run.folder.exists()
    assert queries(search(dashboard)) == ["stays"]
    until(lambda: list(rows(dashboard)) == [other.execution_id], what="its row is gone")
    again = request(dashboard, "delete-execution", executionId=run.execution_id)
    assert again["kind"] == "ExecutionNotFound"


def test_what_another_manager_has_started_can_be_deleted_once_it_has_ended(
    dashboard: ClaudeWidget, make_manager: MakeManager, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    other = make_manager()
    run = fake.running(other.start_execution("fake:long", elsewhere))
    to = {"executionId": run.execution_id}
    refused = request(dashboard, "delete-execution", **to)
    assert refused["kind"] in {"ExecutionActive", "ExecutionNotFound"}, "not known yet, or runs"
    run.kill()
    fake.ended(run, "killed", "user")
    until(lambda: search(dashboard)["total"] == 1, what="it is in the index")
    until(
        lambda: request(dashboard, "delete-execution", **to)["type"] == "claude:done",
        what="this manager knows that it has ended",
    )
    assert not run.run.folder.exists()


def test_one_whose_files_are_in_use_is_not_deleted(manager: ProcessManager, project: Path) -> None:
    run = ended(manager, "hello", project)
    manager.history()
    with Writer(run.run.transcript), pytest.raises(ExecutionActive, match="in use"):
        manager.delete_execution(run.execution_id)
    assert run.run.transcript.exists()


def test_one_that_a_waiting_one_comes_after_is_not_deleted(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(max_concurrency=1)
    first = ended(manager, "hello", project)
    blocker = manager.start_execution("fake:long", project)
    second = manager.start_execution("then", project, after=[first])
    with pytest.raises(ExecutionActive, match=second.execution_id):
        manager.delete_execution(first.execution_id)
    for one in (second, blocker):
        one.kill()


def test_one_whose_files_went_meanwhile_leaves_the_history(
    dashboard: ClaudeWidget, manager: ProcessManager
) -> None:
    (entry,) = fill(manager, 1)
    assert queries(search(dashboard)) == ["query 0"]
    to = {"executionId": entry.execution_id}
    for kind, more in ON_ONE:
        assert request(dashboard, kind, **to, **more)["kind"] == "ExecutionNotFound"
    assert request(dashboard, "delete-execution", **to)["type"] == "claude:done"
    assert queries(search(dashboard)) == []


def test_ids_that_are_none_are_not_found(dashboard: ClaudeWidget, manager: ProcessManager) -> None:
    for execution_id in (NOBODY, "..", "../../etc", "", "x" * 10_000, "\ud800"):
        to = {"executionId": execution_id}
        for kind, more in (*ON_ONE, ("delete-execution", {})):
            assert request(dashboard, kind, **to, **more)["kind"] == "ExecutionNotFound"
        with pytest.raises(ExecutionNotFound):
            manager.recall(execution_id)


def test_a_folder_that_the_index_does_not_list_is_not_deleted(
    manager: ProcessManager, project: Path
) -> None:
    run = ended(manager, "hello", project)
    manager.history()
    foreign = run.run.folder.with_name(NOBODY)
    foreign.mkdir()
    shutil.copy(run.run.transcript, foreign)  # says another id than that of its folder
    with pytest.raises(ExecutionNotFound):
        manager.delete_execution(NOBODY)
    assert foreign.exists()


def test_a_pinned_one_is_not_deleted_by_python_either(
    manager: ProcessManager, project: Path
) -> None:
    run = ended(manager, "hello", project)
    manager.pin(run.execution_id)
    with pytest.raises(ExecutionPinned, match="pin away") as caught:
        manager.delete_execution(run.execution_id)
    assert caught.value.execution_id == run.execution_id
