"""The kernel's side of the widgets: requests, events, panes, pacing, and what is saved.

The rule: a real manager and real executions of the fake CLI; the page's end is a recording comm.
"""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

import pytest
from ipywidgets.widgets.widget import _instances

from claude_widget import protocol
from claude_widget.cells.static_view import MARK
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.courier import COURIER, MESSAGES_PER_SECOND
from claude_widget.page.front_end import front_end
from claude_widget.page.widget import ClaudeWidget, ExecutionView
from tests import fake
from tests.conftest import MakeManager
from tests.recording_comm import answer_to, ask, comm_of, rows, say
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("page_comms")


def test_the_esm_is_a_loader_and_the_bundle_comes_on_request(dashboard: ClaudeWidget) -> None:
    assert len(dashboard._esm.encode()) < 2048
    built = front_end()
    assert built.hash in dashboard._esm
    answer, buffers = ask(dashboard, "1", type="claude:bundle", hash=built.hash)
    assert answer == {"type": "claude:bundle", "requestId": "1", "hash": built.hash}
    assert buffers == [built.script, built.style]


@pytest.mark.parametrize("name", ["highlighter", "panels"])
def test_parts_of_the_front_end_are_fetched_by_name(dashboard: ClaudeWidget, name: str) -> None:
    answer, buffers = ask(dashboard, "1", type="claude:get-part", name=name)
    assert answer == {"type": "claude:get-part", "requestId": "1", "name": name}
    assert buffers == [front_end().parts[name]]


def test_hello_gets_the_true_state_at_once(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    execution = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    answer, _ = ask(dashboard, "1", type="claude:hello")
    welcome = protocol.Welcome.model_validate(answer)
    assert [row.execution_id for row in welcome.executions] == [execution.execution_id]
    assert welcome.executions[0].status == "completed"
    assert (welcome.manager_id, welcome.max_concurrency) == (
        manager.manager_id,
        manager.max_concurrency,
    )
    assert welcome.protocol_version == protocol.PROTOCOL_VERSION
    assert abs(welcome.now - time.time()) < 60


def test_execute_from_the_page_starts_one_and_its_row_follows_to_the_end(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    answer, _ = ask(
        dashboard, "1", type="claude:execute", query="fake:plain", projectPath=str(project)
    )
    execution = manager.get_execution(answer["executionId"])
    assert execution is not None
    fake.ended(execution, "completed", "success")
    row = until(lambda: _ended_row(dashboard, execution), what="its row has ended") or {}
    assert (row["query"], row["reason"]) == ("fake:plain", "success")
    events = [
        event
        for content, _ in comm_of(dashboard).custom()
        for event in content.get("events", [])
        if event.get("executionId") == execution.execution_id
    ]
    milestones = [event for event in events if event["type"] != "claude:changed"]
    assert milestones[-1]["type"] == "claude:complete"
    # A CLI that was slow to exit has been ended; and a row that is noted late is told once more.
    assert milestones[-1]["code"] == execution.info.exit_code


def _ended_row(widget: ClaudeWidget, execution: Execution) -> dict[str, Any] | None:
    row = rows(widget).get(execution.execution_id, {})
    return row if row.get("endTime") else None


def test_a_repeated_request_starts_nothing_twice(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    request = {"type": "claude:execute", "query": "fake:plain", "projectPath": str(project)}
    first, _ = ask(dashboard, "same", **request)
    say(dashboard, requestId="same", **request)
    ask(dashboard, "next", type="claude:ping")  # the desk takes them in order
    assert len(manager.get_all_executions()) == 1
    again = [c for c, _ in comm_of(dashboard).custom() if c.get("requestId") == "same"]
    assert again == [first, first]


@pytest.mark.parametrize(
    ("request_", "kind", "words"),
    [
        ({"type": "claude:execute", "query": "   "}, "InvalidRequest", "blank"),
        (
            {"type": "claude:execute", "query": "x", "projectPath": "/no/such/folder"},
            "InvalidRequest",
            "does not exist",
        ),
        (
            {"type": "claude:execute", "query": "x", "mcpConfig": "{not json"},
            "InvalidRequest",
            "not JSON",
        ),
        ({"type": "claude:kill-execution", "executionId": "nope"}, "ExecutionNotFound", "nope"),
        (
            {"type": "claude:open-pane", "paneId": "p", "executionId": "../../etc/passwd"},
            "ExecutionNotFound",
            "passwd",
        ),
        ({"type": "claude:execute", "query": 7}, "InvalidMessage", "query"),
        ({"type": "claude:execute", "query": "x", "env": {"A": "b"}}, "InvalidMessage", "env"),
        ({"type": "claude:format-disk"}, "InvalidMessage", "tag"),
        ({"type": "claude:bundle"}, "InvalidMessage", "hash"),
        ({"type": "claude:hello", "more": 1}, "InvalidMessage", "more"),
        (
            {"type": "claude:open-pane", "paneId": "p", "executionId": "x", "offset": 2**63},
            "InvalidMessage",
            "offset",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value["type"],
)
def test_what_cannot_be_done_is_refused_with_words(
    dashboard: ClaudeWidget,
    manager: ProcessManager,
    request_: dict[str, Any],
    kind: str,
    words: str,
) -> None:
    answer, _ = ask(dashboard, "1", **request_)
    assert (answer["type"], answer["kind"]) == ("claude:refused", kind)
    assert words in answer["message"]
    assert manager.get_all_executions() == []


@pytest.mark.parametrize("content", [None, 7, "text", [], {}, {"type": []}, {"requestId": {}}])
def test_messages_that_are_none_harm_nobody(dashboard: ClaudeWidget, content: Any) -> None:
    message = {"content": {"data": {"method": "custom", "content": content}}, "buffers": []}
    dashboard._handle_msg(message)
    answer, _ = ask(dashboard, "after", type="claude:ping")
    assert answer["type"] == "claude:pong"


def test_one_request_id_for_two_kinds_of_request_does_both(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    answer, _ = ask(
        dashboard, "same", type="claude:execute", query="fake:long", projectPath=str(project)
    )
    execution = manager.get_execution(answer["executionId"])
    assert execution is not None
    say(
        dashboard,
        type="claude:kill-execution",
        requestId="same",
        executionId=execution.execution_id,
    )
    fake.ended(execution, "killed", "user")


def test_events_are_numbered_and_a_heartbeat_tells_the_last(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    until(lambda: any(row.get("endTime") for row in rows(dashboard).values()), what="its end")
    numbers = [
        content["sequence"]
        for content, _ in comm_of(dashboard).custom()
        if content["type"] == "claude:events"
    ]
    assert numbers == list(range(1, len(numbers) + 1))
    for name in ("ping", "hello"):  # the queue may be told of at any moment
        said = ask(dashboard, name, type=f"claude:{name}")[0]["sequence"]
        assert said == _last_before(dashboard, name) >= numbers[-1]


def _last_before(widget: ClaudeWidget, request_id: str) -> int:
    """The number of the last events that were sent before an answer."""
    sent = [content for content, _ in comm_of(widget).custom()]
    answered = next(n for n, one in enumerate(sent) if one.get("requestId") == request_id)
    return max(int(one["sequence"]) for one in sent[:answered] if one["type"] == "claude:events")


def test_kill_acts_where_it_arrives(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    execution = fake.running(manager.start_execution("fake:long", project))
    say(
        dashboard,
        type="claude:kill-execution",
        requestId="k",
        executionId=execution.execution_id,
    )
    # No waiting in between: the handler itself has asked the shim, whatever the other threads do.
    assert fake.metas(execution)[-1]["event"] in {"kill", "stdin_closed", "signalled", "ended"}
    fake.ended(execution, "killed", "user")


def test_a_pane_gets_the_transcript_byte_for_byte(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution("fake:stream", project)
    ask(
        dashboard,
        "1",
        type="claude:open-pane",
        paneId="p",
        executionId=execution.execution_id,
    )
    fake.ended(execution, "completed", "success")
    until(lambda: _pane(dashboard, "p")[1], what="the pane is told the end")
    got, _ = _pane(dashboard, "p")
    assert got == execution.run.transcript.read_bytes()


def test_a_pane_can_begin_anywhere_and_be_closed(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    execution = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    whole = execution.run.transcript.read_bytes()
    open_pane = {"type": "claude:open-pane", "executionId": execution.execution_id}
    ask(dashboard, "1", **open_pane, paneId="late", offset=len(whole) - 10)
    until(lambda: _pane(dashboard, "late")[1], what="the pane is told the end")
    assert _pane(dashboard, "late")[0] == whole[-10:]
    answer, _ = ask(dashboard, "2", type="claude:close-pane", paneId="late")
    assert answer["type"] == "claude:done"
    answer, _ = ask(dashboard, "3", type="claude:ping", paneIds=["late"])
    assert answer["closedPanes"] == ["late"]


@pytest.mark.parametrize(("before", "expected"), [(-10, -10), (-(2**40), 0)])
def test_a_pane_can_begin_before_the_end(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path, before: int, expected: int
) -> None:
    execution = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    whole = execution.run.transcript.read_bytes()
    open_pane = {"type": "claude:open-pane", "executionId": execution.execution_id}
    ask(dashboard, "1", **open_pane, paneId="end", offset=before)
    until(lambda: _pane(dashboard, "end")[1], what="the pane is told the end")
    assert _pane(dashboard, "end")[0] == whole[expected:]
    first = next(
        content
        for content, _ in comm_of(dashboard).custom()
        if content.get("type") == "claude:pane-data"
    )
    assert first["offset"] == (len(whole) - 10 if expected else 0)


def _pane(widget: ClaudeWidget, pane_id: str) -> tuple[bytes, bool]:
    """What a pane was sent, without gap, and whether it was told the end."""
    got, ended = b"", False
    for content, buffers in comm_of(widget).custom():
        if content.get("type") == "claude:pane-data" and content["paneId"] == pane_id:
            assert len(buffers[0]) <= protocol.MAX_BATCH
            assert content["nextOffset"] - content["offset"] == len(buffers[0])
            got, ended = got + buffers[0], content["ended"]
    return got, ended


def test_no_more_than_20_messages_a_second_and_none_starves(
    manager: ProcessManager, project: Path
) -> None:
    widgets = [ClaudeWidget(manager) for _ in range(3)]
    executions = [fake.running(manager.start_execution("fake:long", project)) for _ in range(3)]
    begun, before = time.monotonic(), _sent(widgets)
    for index, execution in enumerate(executions):
        for widget in widgets:
            request = {"paneId": f"p{index}", "executionId": execution.execution_id}
            say(widget, type="claude:open-pane", requestId=f"o{index}", **request)
    for widget in widgets:
        until(lambda w=widget: _pane(w, "p0")[0], what="output has come")  # type: ignore[misc]
        ask(widget, "ping", type="claude:ping")
    sent = _sent(widgets) - before
    assert sent <= (time.monotonic() - begun) * MESSAGES_PER_SECOND + 2
    for execution in executions:
        execution.kill()
    for widget in widgets:
        widget.close()


def _sent(widgets: list[ClaudeWidget]) -> int:
    return sum(len(comm_of(widget).custom()) for widget in widgets)


def test_a_forgotten_execution_leaves_the_list(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    execution = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    until(lambda: _ended_row(dashboard, execution), what="its row has ended")
    request = {"type": "claude:cleanup-execution", "executionId": execution.execution_id}
    assert ask(dashboard, "1", **request)[0]["type"] == "claude:done"
    until(lambda: not rows(dashboard), what="its row is gone")


def test_a_view_of_one_execution_has_its_row_as_a_trait_and_hears_no_other(
    manager: ProcessManager, project: Path
) -> None:
    watched = manager.start_execution("fake:plain", project)
    view = ExecutionView(manager, watched)
    other = manager.start_execution("fake:plain", project)
    for execution in (watched, other):
        fake.ended(execution, "completed", "success")
    until(lambda: (view.row or {}).get("status") == "completed", what="the trait has ended")
    told = json.dumps(comm_of(view).updates())
    assert other.execution_id not in told
    view.close()


def test_traits_hold_no_output_and_no_secret(manager: ProcessManager, project: Path) -> None:
    planted = "sk-ant-planted-secret"
    execution = manager.start_execution(
        "fake:plain",
        project,
        env={"ANTHROPIC_API_KEY": planted},
        mcp_config={"mcpServers": {"db": {"command": "x", "env": {"TOKEN": planted}}}},
    )
    view, dashboard = ExecutionView(manager, execution), ClaudeWidget(manager)
    fake.ended(execution, "completed", "success")
    until(lambda: (view.row or {}).get("status") == "completed", what="the trait has ended")
    for widget in (view, dashboard):
        saved = json.dumps(widget.get_state(), default=str)
        assert planted not in saved
        assert len(saved) < 10_000
        widget.close()


def test_both_widgets_can_be_read_without_a_page(manager: ProcessManager, project: Path) -> None:
    execution = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    for widget in (ClaudeWidget(manager), ExecutionView(manager, execution)):
        found = widget._repr_mimebundle_()
        data = found[0] if isinstance(found, tuple) else found
        assert "application/vnd.jupyter.widget-view+json" in data
        assert "fake:plain" in data["text/plain"]
        assert "fake:plain" in data["text/html"]
        widget.close()


def test_answers_are_one_for_each_request(dashboard: ClaudeWidget) -> None:
    for index in range(5):
        ask(dashboard, f"r{index}", type="claude:get-all-executions")
    answers = [answer_to(dashboard, f"r{index}") for index in range(5)]
    assert all(answer is not None and answer[0]["executions"] == [] for answer in answers)


def test_nothing_is_left_of_a_closed_widget(manager: ProcessManager, project: Path) -> None:
    execution = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    before = len(COURIER._outlets), len(manager._listeners._all), set(_instances)
    widgets = [ClaudeWidget(manager), *(ExecutionView(manager, execution) for _ in range(20))]
    assert len(COURIER._outlets) == before[0] + 21
    for widget in widgets:
        widget.close()
    assert (len(COURIER._outlets), len(manager._listeners._all), set(_instances)) == before


def test_the_saved_table_is_of_this_notebook(
    make_manager: MakeManager, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = make_manager()
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    for query, folder in (("fake:plain here", project), ("fake:plain there", elsewhere)):
        fake.ended(earlier.start_execution(query, folder), "completed", "success")
    monkeypatch.chdir(project)
    manager = make_manager()
    widget = ClaudeWidget(manager)
    data, metadata = widget._repr_mimebundle_()
    assert "plain here" in data["text/html"]
    assert "plain there" not in data["text/html"]
    mine = manager.start_execution("fake:plain mine", elsewhere)
    data, metadata = widget._repr_mimebundle_()
    assert "plain mine" in data["text/plain"]
    assert "plain here" not in data["text/plain"]
    assert metadata[MARK] == {
        "manager_id": manager.manager_id,
        "executions": [mine.execution_id],
    }
    view = ExecutionView(manager, mine)
    assert view._repr_mimebundle_()[1][MARK] == {"execution_id": mine.execution_id}
    fake.ended(mine, "completed", "success")
    for shown in (widget, view):
        shown.close()
