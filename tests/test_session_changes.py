"""What is asked of a running CLI: model, effort, permission mode, MCP servers, tasks; fork, re-run.

The rule: the fake CLI answers as the real one does; what it refuses is told in its own words, and
the state says what it answered, never what was asked.
"""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from claude_widget import controls
from claude_widget.errors import (
    ClaudeWidgetError,
    ControlFailed,
    ExecutionEnded,
    InvalidRequest,
    SessionInUse,
)
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.mcp import requirements
from claude_widget.models import MCPServer
from claude_widget.protocol import Deny
from tests import fake
from tests.conftest import MakeManager
from tests.fake import ended, running
from tests.waiting import BOUND, until


@pytest.fixture(autouse=True)
def slow_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """A CLI may take as long as the machine does."""
    monkeypatch.setattr(controls, "ANSWER_WITHIN", BOUND)


@pytest.fixture
def open_one(manager: ProcessManager, project: Path) -> Execution:
    """One that streams until it is told to stop."""
    return running(manager.start_execution("fake:long", project))


def sent(execution: Execution, subtype: str) -> list[dict[str, Any]]:
    """The control requests of that subtype that went to its CLI."""
    frames = (json.loads(line) for line in fake.lines(execution, "in"))
    asked = (frame["request"] for frame in frames if frame["type"] == "control_request")
    return [request for request in asked if request["subtype"] == subtype]


def test_model_effort_and_mode_follow_what_the_cli_answers(open_one: Execution) -> None:
    open_one.set_model("sonnet")
    assert open_one.info.model == "sonnet"
    open_one.set_permission_mode("acceptEdits")
    assert open_one.info.permission_mode == "acceptEdits"
    open_one.set_effort("high")
    assert open_one.info.effort == "high"
    assert sent(open_one, "apply_flag_settings")[0]["settings"] == {"effortLevel": "high"}


def test_what_the_cli_refuses_is_told_in_its_words(open_one: Execution) -> None:
    before = until(lambda: open_one.info.model, what="its CLI has told its model")
    with pytest.raises(ControlFailed, match="Model 'none-such' not found") as caught:
        open_one.set_model("none-such")
    assert (caught.value.code, caught.value.execution_id) == ("refused", open_one.execution_id)
    assert open_one.info.model == before
    with pytest.raises(ControlFailed, match="Server not found: none-such"):
        open_one.reconnect_mcp_server("none-such")


def test_effort_that_the_cli_does_not_take_is_an_error(
    manager: ProcessManager, project: Path
) -> None:
    execution = running(manager.start_execution("fake:long fake:keeps=low", project))
    with pytest.raises(ControlFailed, match="did not take effort 'max': it has 'low'"):
        execution.set_effort("max")
    assert execution.info.effort == "low"


def test_what_cannot_be_is_refused_before_it_is_sent(open_one: Execution) -> None:
    with pytest.raises(InvalidRequest, match="effort"):
        open_one.set_effort("enormous")  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match="permission_mode"):
        open_one.set_permission_mode("careless")  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match="model"):
        open_one.set_model("  ")
    assert not sent(open_one, "set_model")


def test_servers_and_tasks(open_one: Execution) -> None:
    assert open_one.mcp_status() == (MCPServer(name="files", status="connected"),)
    assert open_one.info.mcp_servers == open_one.mcp_status()
    open_one.reconnect_mcp_server("files")
    open_one.stop_task("b1")
    assert sent(open_one, "stop_task") == [{"subtype": "stop_task", "task_id": "b1"}]
    assert sent(open_one, "mcp_reconnect")[0]["serverName"] == "files"


def test_another_manager_changes_it_as_well(make_manager: MakeManager, project: Path) -> None:
    mine = running(make_manager().start_execution("fake:long", project))
    theirs = make_manager().get_execution(mine.execution_id)
    assert theirs is not None
    theirs.set_model("sonnet")
    assert theirs.info.model == "sonnet"
    until(lambda: mine.info.model == "sonnet", what="its own manager sees it")


def test_cli_that_does_not_answer_is_told_as_that(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controls, "ANSWER_WITHIN", 0.3)
    execution = running(manager.start_execution("fake:long fake:no-answer", project))
    with pytest.raises(ControlFailed, match="did not answer 'set_model' within") as caught:
        execution.set_model("sonnet")
    assert caught.value.code == "timeout"


def test_wait_for_an_answer_ends_with_the_execution(manager: ProcessManager, project: Path) -> None:
    execution = running(manager.start_execution("fake:long fake:no-answer", project))
    raised: list[BaseException] = []

    def change() -> None:
        try:
            execution.set_model("sonnet")
        except ClaudeWidgetError as error:
            raised.append(error)

    thread = threading.Thread(target=change)
    thread.start()
    until(lambda: sent(execution, "set_model"), what="it was asked")
    execution.kill()
    thread.join(BOUND)
    assert isinstance(raised[0], ExecutionEnded)
    with pytest.raises(ExecutionEnded):
        execution.set_model("sonnet")


def test_a_callback_on_the_managers_thread_cannot_wait_for_an_answer(
    manager: ProcessManager, project: Path
) -> None:
    execution = running(manager.start_execution("fake:long", project))
    raised: list[BaseException] = []

    def change(_: object) -> None:
        try:
            execution.set_model("sonnet")
        except ClaudeWidgetError as error:
            raised.append(error)

    stop = manager.subscribe(change, execution.execution_id)
    until(lambda: raised, what="it was refused")
    stop()
    assert "own thread" in str(raised[0])


# -- another execution from this one -----------------------------------------------------------


def test_rerun_asks_the_same_again(manager: ProcessManager, project: Path) -> None:
    first = manager.start_execution("hello", project, model="opus", name="one", effort="low")
    ended(first, "completed", "success")
    second = ended(first.rerun(), "completed", "success")
    assert second is not first
    assert second.run.request == first.run.request
    third = ended(manager.rerun(first.execution_id), "completed", "success")
    assert third.info.resumed_from is None


def test_those_that_wait_for_a_slot_are_told_of_at_once(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(max_concurrency=1)
    first = running(manager.start_execution("fake:gate", project))
    told: list[Execution | str] = []
    manager.on_change(told.append)
    again, fork = first.rerun(), first.fork("and then")
    assert again in told
    assert fork in told
    assert (again.status, fork.status) == ("pending", "pending")
    (project / "go").touch()
    for each in (first, again, fork):
        ended(each, "completed", "success")


def test_rerun_of_one_that_came_after_others_does_not_wait_for_them_again(
    manager: ProcessManager, project: Path
) -> None:
    first = manager.start_execution("fake:crash", project)
    second = manager.start_execution("hello", project, after=first)
    ended(second, "failed", "dependency")
    ended(second.rerun(), "completed", "success")


def test_fork_goes_on_in_a_session_of_its_own(manager: ProcessManager, project: Path) -> None:
    first = running(manager.start_execution("fake:long", project))
    fork = first.fork("hello")
    assert fork is not first
    assert fork.run.request.fork_session
    assert fork.info.resumed_from == first.execution_id
    ended(fork, "completed", "success")
    assert fork.info.session_id != first.info.session_id
    assert first.status == "running"
    first.kill()
    ended(first, "killed", "user")
    ended(first.send("again", fork=True), "completed", "success")


def test_resuming_by_session_id_says_what_it_goes_on_with(
    manager: ProcessManager, project: Path
) -> None:
    first = ended(manager.start_execution("hello", project), "completed", "success")
    second = manager.start_execution("again", project, first.info.session_id)
    assert second.info.resumed_from == first.execution_id
    ended(second, "completed", "success")
    third = manager.start_execution("once more", project, first.info.session_id)
    assert third.info.resumed_from == second.execution_id
    ended(third, "completed", "success")
    stranger = manager.start_execution("hello", project, "1" * 36)
    assert stranger.info.resumed_from is None
    ended(stranger, "completed", "success")


def test_a_callable_goes_along_with_follow_ups_forks_and_reruns(
    manager: ProcessManager, project: Path
) -> None:
    first = manager.start_execution("hello", project, permissions=lambda _: Deny(message="no"))
    ended(first, "completed", "success")
    for later in (first.send("fake:asks=Bash"), first.fork("fake:asks=Bash")):
        ended(later, "completed", "denied")
        assert [meta["by"] for meta in fake.metas(later) if meta["event"] == "answered"] == [
            "callable"
        ]
    assert first.rerun().decide is first.decide


# -- a follow-up to one that has just died -----------------------------------------------------


def test_follow_up_to_one_that_was_killed_a_moment_ago_resumes_it(
    manager: ProcessManager, project: Path
) -> None:
    execution = running(manager.start_execution("fake:long fake:deaf", project))
    execution.kill()
    later = execution.send("hello")
    assert later is not execution
    assert later.info.resumed_from == execution.execution_id
    ended(later, "completed", "success")


def test_follow_up_to_one_whose_shim_has_just_died_resumes_it(
    manager: ProcessManager, project: Path
) -> None:
    execution = running(manager.start_execution("fake:long", project))
    os.kill(fake.shim_pid(execution), signal.SIGKILL)
    later = execution.send("hello")
    assert later.info.resumed_from == execution.execution_id
    ended(later, "completed", "success")
    ended(execution, "failed", "lost")


def test_follow_up_to_one_that_never_had_a_session_is_an_error(
    manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution("hello", project, env={"FAKE_CLAUDE": "dies"})
    ended(execution, "failed", "startup")
    with pytest.raises(ExecutionEnded, match="before it had a session"):
        execution.send("and?")


def test_two_follow_ups_to_one_that_has_ended_are_not_two_on_one_session(
    manager: ProcessManager, project: Path
) -> None:
    execution = ended(manager.start_execution("hello", project), "completed", "success")
    first = running(execution.send("fake:long"))
    with pytest.raises(SessionInUse) as caught:
        execution.send("hello")
    assert caught.value.holder_id == first.execution_id


# -- MCP servers that must be there ------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("fake:servers=files:failed", "'files' is not connected: failed"),
        ("fake:servers=other:connected", "'files' is not connected: not configured"),
        ("fake:servers=files:pending fake:then=files:needs-auth", "connected: needs-auth"),
    ],
)
def test_required_server_that_is_not_connected_fails_it(
    manager: ProcessManager, project: Path, words: str, says: str
) -> None:
    execution = manager.start_execution(
        f"{words} fake:long", project, required_mcp_servers=["files"]
    )
    ended(execution, "failed", "startup")
    (error,) = execution.info.errors
    assert says in error


def test_required_server_of_which_the_cli_says_nothing_more_fails_it(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controls, "ANSWER_WITHIN", 0.1)
    monkeypatch.setattr(requirements, "CONNECT_WITHIN", 0.3)
    words = "fake:servers=files:pending fake:no-answer fake:long"
    execution = manager.start_execution(words, project, required_mcp_servers=["files"])
    ended(execution, "failed", "startup")
    assert "'files' is not connected: pending" in execution.info.errors[0]


@pytest.mark.parametrize(
    "words",
    ["fake:servers=files:connected", "fake:servers=files:pending fake:then=files:connected"],
)
def test_required_server_that_is_connected_is_no_matter(
    manager: ProcessManager, project: Path, words: str
) -> None:
    execution = running(
        manager.start_execution(f"{words} fake:gate", project, required_mcp_servers="files")
    )
    if "pending" in words:
        until(lambda: sent(execution, "mcp_status"), what="it is asked again")
    (project / "go").touch()
    ended(execution, "completed", "success")
