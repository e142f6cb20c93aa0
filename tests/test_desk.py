"""What the page asks beyond watching: follow-ups, interrupts, answers, and what a start confirms.

The rule: a real manager and real executions of the fake CLI; the page's end is a recording comm.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from functools import partial
from pathlib import Path
from typing import Any, get_args

import pytest

from claude_widget import local, presence, protocol
from claude_widget.cells.static_view import execution_text
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.answering import _TABLE
from claude_widget.page.lanes import Lanes
from claude_widget.page.widget import ClaudeWidget
from tests import fake
from tests.recording_comm import answer_to, ask, comm_of, rows, say
from tests.waiting import BOUND, until


def to(execution: Execution, kind: str, **more: Any) -> dict[str, Any]:
    """A request to an execution."""
    return {"type": f"claude:{kind}", "executionId": execution.execution_id, **more}


def prompts(execution: Execution) -> list[str]:
    """The prompts that its CLI got."""
    sent = [json.loads(line) for line in fake.lines(execution, "in")]
    return [line["message"]["content"] for line in sent if line["type"] == "user"]


def test_a_follow_up_to_a_running_one_is_its_own(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    run = fake.running(manager.start_execution("fake:long", project))
    answer, _ = ask(dashboard, "1", **to(run, "send-prompt", query="and then this"))
    assert answer == {
        "type": "claude:send-prompt",
        "requestId": "1",
        "executionId": run.execution_id,
    }
    assert prompts(run) == ["fake:long", "and then this"]


def test_a_follow_up_to_an_ended_one_is_a_new_one_of_the_same_session(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    run = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    answer, _ = ask(dashboard, "1", **to(run, "send-prompt", query="fake:says=more"))
    after = manager.get_execution(answer["executionId"])
    assert after is not None
    fake.ended(after, "completed", "success")
    assert (after is run, after.info.session_id) == (False, run.info.session_id)
    row = until(lambda: rows(dashboard).get(after.execution_id), what="its row") or {}
    assert row["continues"] == run.execution_id


def test_an_interrupt_stops_the_turn_and_keeps_the_session(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    run = fake.running(manager.start_execution("fake:long", project, keep_open=True))
    answer, _ = ask(dashboard, "1", **to(run, "interrupt-execution"))
    assert answer["type"] == "claude:done"
    until(lambda: rows(dashboard).get(run.execution_id, {}).get("awaitsInput"), what="it waits")
    assert ask(dashboard, "2", **to(run, "end-execution"))[0]["type"] == "claude:done"
    fake.ended(run, "completed", "interrupted")


def test_what_is_kept_open_comes_from_the_form(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    start = {"query": "fake:plain", "projectPath": str(project), "keepOpen": True, "effort": "high"}
    answer, _ = ask(dashboard, "1", type="claude:execute", **start)
    run = manager.get_execution(answer["executionId"])
    assert run is not None
    fake.turn_over(run)
    row = until(lambda: rows(dashboard).get(run.execution_id), what="its row") or {}
    assert row["effort"] == "high"
    ask(dashboard, "2", **to(run, "end-execution"))
    fake.ended(run, "completed", "success")


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("send-prompt", {"query": "fake:says=once"}),
        ("interrupt-execution", {}),
    ],
)
def test_what_is_asked_twice_is_done_once(
    dashboard: ClaudeWidget,
    manager: ProcessManager,
    project: Path,
    kind: str,
    more: dict[str, Any],
) -> None:
    run = fake.running(manager.start_execution("fake:long", project))
    before = len(fake.lines(run, "in"))
    request = to(run, kind, **more)
    first, _ = ask(dashboard, "same", **request)
    say(dashboard, requestId="same", **request)
    until(lambda: len(answers(dashboard, "same")) == 2, what="both are answered")
    assert answers(dashboard, "same") == [first, first]
    assert len(fake.lines(run, "in")) == before + 1


def answers(widget: ClaudeWidget, request_id: str) -> list[dict[str, Any]]:
    return [c for c, _ in comm_of(widget).custom() if c.get("requestId") == request_id]


def test_a_request_is_answered_by_the_page_and_a_second_page_is_told(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    second = ClaudeWidget(manager)
    ask(dashboard, "hello", type="claude:hello")  # a page is there: the request waits for it
    run = manager.start_execution("fake:asks=Bash fake:gate", project)
    until(lambda: rows(dashboard).get(run.execution_id, {}).get("requestCount"), what="it asks")
    (request,) = run.requests
    allow = {"behavior": "allow", "updatedInput": {"command": "ls"}}
    answer = to(run, "answer-request", controlId=request.control_id, decision=allow)
    assert ask(dashboard, "1", **answer)[0]["type"] == "claude:done"
    refused, _ = ask(second, "2", **answer)
    assert refused["kind"] == "RequestGone"
    (project / "go").touch()
    fake.ended(run, "completed", "success")
    assert json.loads(run.result or "") == {"behavior": "allow", "updatedInput": {"command": "ls"}}
    until(lambda: not rows(dashboard)[run.execution_id].get("requestCount"), what="it is settled")
    second.close()


def test_a_request_waits_for_the_page_of_what_was_just_displayed(
    dashboard: ClaudeWidget,
    manager: ProcessManager,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(presence, "ARRIVAL", BOUND)  # a CLI may take longer to start than 5 s
    dashboard._repr_mimebundle_()
    run = manager.start_execution("fake:asks=Bash", project)
    until(lambda: run.info.open_requests, what="it asks")
    (request,) = run.requests
    decision = {"behavior": "allow"}
    ask(dashboard, "1", **to(run, "answer-request", controlId="ask-1", decision=decision))
    fake.ended(run, "completed", "success")
    assert json.loads(run.result or "")["updatedInput"] == request.input


def test_without_a_page_a_request_is_denied_and_the_output_says_why(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    run = manager.start_execution("fake:asks=Bash", project)
    run.wait(BOUND)
    assert json.loads(run.result or "")["behavior"] == "deny"
    assert [denial.tool_name for denial in run.info.denials] == ["Bash"]
    assert "denied: Bash: Not permitted: there is no notebook page" in execution_text(run.info)


def test_a_rerun_and_a_fork_are_new_ones(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    run = fake.running(manager.start_execution("fake:long", project, model="opus"))
    answer, _ = ask(dashboard, "1", **to(run, "rerun-execution"))
    again = manager.get_execution(answer["executionId"])
    assert again is not None
    assert (again is run, again.run.request) == (False, run.run.request)
    until(lambda: run.info.session_id, what="it has named its session")
    answer, _ = ask(dashboard, "2", **to(run, "send-prompt", query="fake:says=fork", fork=True))
    fork = manager.get_execution(answer["executionId"])
    assert fork is not None
    fake.ended(fork, "completed", "success")
    assert fork.info.session_id not in (None, run.info.session_id)
    assert prompts(run) == ["fake:long"]


def test_the_session_is_changed_by_control_requests(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    run = fake.running(manager.start_execution("fake:long", project))
    change = {"model": "opus", "effort": "low", "permissionMode": "plan"}
    assert ask(dashboard, "1", **to(run, "change-session", **change))[0]["type"] == "claude:done"
    for kind, more in (("stop-task", {"taskId": "b1"}), ("reconnect-mcp-server", {"server": "s"})):
        assert ask(dashboard, kind, **to(run, kind, **more))[0]["requestId"] == kind
    servers, _ = ask(dashboard, "servers", **to(run, "get-mcp-status"))
    assert servers["servers"] == [{"name": "files", "status": "connected"}]
    sent = [json.loads(line) for line in fake.lines(run, "in")]
    asked = [one["request"]["subtype"] for one in sent if one["type"] == "control_request"]
    assert asked[:2] == ["initialize", "set_model"]
    assert {"set_permission_mode", "stop_task", "mcp_reconnect", "mcp_status"} <= set(asked)


def test_every_request_that_there_is_has_its_answer() -> None:
    requests = get_args(get_args(protocol.PageMessage)[0])
    of_the_widget = {"Bundle", "GetPart", "Hello"}
    assert {one.__name__ for one in requests} - of_the_widget == {one.__name__ for one in _TABLE}


@pytest.mark.parametrize(
    ("request_", "kind"),
    [
        ({"type": "claude:interrupt-execution"}, "ExecutionEnded"),
        ({"type": "claude:change-session", "model": "opus"}, "ExecutionEnded"),
        ({"type": "claude:stop-task", "taskId": "b1"}, "ExecutionEnded"),
        ({"type": "claude:get-mcp-status"}, "ExecutionEnded"),
        ({"type": "claude:end-execution"}, "ExecutionEnded"),
        ({"type": "claude:send-prompt", "query": " "}, "InvalidRequest"),
        (
            {
                "type": "claude:answer-request",
                "controlId": "gone",
                "decision": {"behavior": "allow"},
            },
            "RequestGone",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) else value["type"],
)
def test_what_comes_too_late_is_refused_with_words(
    dashboard: ClaudeWidget,
    manager: ProcessManager,
    project: Path,
    request_: dict[str, Any],
    kind: str,
) -> None:
    run = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    answer, _ = ask(dashboard, "1", executionId=run.execution_id, **request_)
    assert (answer["type"], answer["kind"]) == ("claude:refused", kind)
    assert answer["message"]
    if kind != "InvalidRequest":
        assert answer["executionId"] == run.execution_id
    assert manager.get_all_executions() == [run]


@pytest.mark.parametrize(
    "request_",
    [
        {"type": "claude:answer-request", "controlId": "c", "decision": {"behavior": "maybe"}},
        {"type": "claude:answer-request", "controlId": "c", "decision": None},
        {"type": "claude:send-prompt", "query": ["a", "b"]},
        {"type": "claude:change-session", "effort": "enormous"},
        {"type": "claude:stop-task", "taskId": "t" * 201},
    ],
    ids=lambda value: value["type"],
)
def test_what_cannot_be_meant_is_refused(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path, request_: dict[str, Any]
) -> None:
    run = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    answer, _ = ask(dashboard, "1", executionId=run.execution_id, **request_)
    assert (answer["type"], answer["kind"]) == ("claude:refused", "InvalidMessage")


def test_a_shim_that_does_not_answer_holds_up_no_other(
    dashboard: ClaudeWidget,
    manager: ProcessManager,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stuck, other = (fake.running(manager.start_execution("fake:long", project)) for _ in range(2))
    monkeypatch.setattr(local, "_ANSWER_WITHIN", BOUND)  # not before the others have answers
    os.kill(fake.shim_pid(stuck), signal.SIGSTOP)
    try:
        say(dashboard, requestId="stuck", **to(stuck, "send-prompt", query="anybody there?"))
        answer, _ = ask(dashboard, "other", **to(other, "send-prompt", query="next"))
        assert answer["executionId"] == other.execution_id
        assert ask(dashboard, "ping", type="claude:ping")[0]["type"] == "claude:pong"
        monkeypatch.setattr(local, "_ANSWER_WITHIN", 1.0)
        given_up, _ = ask(dashboard, "given up", **to(stuck, "interrupt-execution"))
        said = [c.get("requestId") for c, _ in comm_of(dashboard).custom() if "requestId" in c]
        assert said == ["other", "ping", "given up"]
    finally:
        os.kill(fake.shim_pid(stuck), signal.SIGCONT)
    assert given_up["kind"] == "ControlFailed"
    until(lambda: answer_to(dashboard, "stuck"), what="it hears again")


# -- the queue ---------------------------------------------------------------------------------


def test_the_page_starts_one_behind_another_in_its_session(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    first = fake.running(manager.start_execution("fake:gate", project))
    start = {"type": "claude:execute", "query": "fake:plain", "projectPath": str(project)}
    named = first.execution_id
    answer, _ = ask(dashboard, "1", **start, after=[named], continues=named)
    second = manager.get_execution(answer["executionId"])
    assert second is not None
    assert second.info.after == (named,)
    assert second.status == "pending"
    (project / "go").touch()
    fake.ended(second, "completed", "success")
    assert second.info.session_id == first.info.session_id
    refused, _ = ask(dashboard, "2", **start, after=["nobody"])
    assert refused["type"] == "claude:refused"
    assert "nobody" in refused["message"]


@pytest.mark.parametrize("action", ["pause", "kill-all"])
def test_what_stops_the_queue_waits_for_no_start(
    dashboard: ClaudeWidget,
    manager: ProcessManager,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    action: str,
) -> None:
    let_go, run = threading.Event(), fake.running(manager.start_execution("fake:long", project))
    monkeypatch.setattr(manager, "start_execution", lambda *_, **__: let_go.wait(BOUND))
    say(dashboard, requestId="slow", type="claude:execute", query="x", projectPath=str(project))
    answer, _ = ask(dashboard, "now", type="claude:change-queue", action=action)
    assert answer["type"] == "claude:done"
    assert answers(dashboard, "slow") == []
    assert manager.queue.paused == (action == "pause")
    if action == "kill-all":
        fake.ended(run, "killed", "user")
    let_go.set()


# -- the project's MCP file --------------------------------------------------------------------


def config(command: str) -> str:
    server = {"command": command, "args": ["--token", "s3cret"], "env": {"KEY": "s3cret"}}
    return json.dumps({"mcpServers": {"files": server}})


def test_a_projects_file_starts_nothing_until_that_content_is_confirmed(
    dashboard: ClaudeWidget, manager: ProcessManager, project: Path
) -> None:
    file = project / ".mcp.json"
    file.write_text(config("serve"))
    start = {"query": "fake:plain", "projectPath": str(project), "mcpConfig": ".mcp.json"}
    refused, _ = ask(dashboard, "1", type="claude:execute", **start)
    assert (refused["type"], refused["kind"]) == ("claude:refused", "ConfirmationNeeded")
    told = refused["mcpConfig"]
    assert told["servers"] == [{"name": "files", "runs": "KEY=... serve --token ..."}]
    assert "s3cret" not in json.dumps(refused)
    file.write_text(config("other"))
    changed, _ = ask(dashboard, "2", type="claude:execute", **start, confirmedDigest=told["digest"])
    assert changed["kind"] == "ConfirmationNeeded"
    digest = changed["mcpConfig"]["digest"]
    answer, _ = ask(dashboard, "3", type="claude:execute", **start, confirmedDigest=digest)
    run = manager.get_execution(answer["executionId"])
    assert run is not None
    assert json.loads((run.run.folder / "mcp.json").read_text()) == json.loads(config("other"))
    assert run.info.mcp_config is not None
    assert run.info.mcp_config.path == str(file)
    assert manager.get_all_executions() == [run]


def test_the_files_of_a_project_are_told_to_the_page(
    dashboard: ClaudeWidget, project: Path
) -> None:
    (project / ".mcp.json").write_text(config("serve"))
    answer, _ = ask(dashboard, "1", type="claude:get-mcp-configs", projectPath=str(project))
    (found,) = answer["configs"]
    assert (found["path"], found["scope"]) == (str(project / ".mcp.json"), "project")
    answer, _ = ask(dashboard, "2", type="claude:get-mcp-configs", projectPath="/no/such")
    assert answer["kind"] == "InvalidRequest"


# -- lanes -------------------------------------------------------------------------------------


def test_a_lane_keeps_its_order_and_has_an_end() -> None:
    lanes = Lanes("test", 4)
    done: list[int] = []
    for number in range(50):
        assert lanes.put("one", partial(done.append, number))
    until(lambda: len(done) == 50, what="all are done")
    assert done == list(range(50))
    until(lambda: lanes._threads == 0, what="no thread is kept")


def test_more_lanes_than_threads_all_have_their_turn_and_a_full_one_says_so() -> None:
    lanes, go = Lanes("test", 2), threading.Event()
    done: list[int] = []

    def wait(lane: int) -> None:
        go.wait(BOUND)
        done.append(lane)
        raise ValueError(lane)  # the thread must outlive it

    for lane in range(5):
        lanes.put(lane, partial(wait, lane))
    accepted = [lanes.put(0, lambda: None) for _ in range(120)]
    assert (accepted[0], accepted[-1]) == (True, False)
    assert lanes._threads == 2
    go.set()
    until(lambda: sorted(done) == [0, 1, 2, 3, 4], what="every lane is served")
    until(lambda: lanes._threads == 0, what="no thread is kept")
