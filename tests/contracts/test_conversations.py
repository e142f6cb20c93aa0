"""What every backend promises of a conversation: what is asked, answered, stopped and gone on with.

The rule: as in test_backends.py, whose subjects these are. A backend either does what is asked of a
running execution or refuses it with an error that says why; a refusal changes nothing.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from claude_widget.errors import ControlFailed, RequestGone
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionInfo
from claude_widget.permissions import PermissionRequest
from claude_widget.protocol import Allow
from tests.contracts import test_backends as suite
from tests.contracts.test_backends import ASKS, ASKS_LONG, LONG, Subject, mid_run
from tests.fake import ended, metas
from tests.waiting import until

recordings, subject, manager = suite.recordings, suite.subject, suite.manager


def asking(manager: ProcessManager, project: Path, query: str) -> Execution:
    """One that is going to ask, and would wait for a page."""
    manager.page_seen()
    return manager.start_execution(query, project)


def asked(execution: Execution) -> tuple[ExecutionInfo, PermissionRequest]:
    """What is told of it while it asks, and what it asks."""

    def look() -> tuple[ExecutionInfo, PermissionRequest] | None:
        info, requests = execution.info, execution.requests
        return (info, requests[0]) if info.open_requests and requests else None

    return until(look, what="it asks") or pytest.fail("it never asks")


def answer(execution: Execution, request: PermissionRequest, subject: Subject) -> None:
    """Allow what is asked; of a recording that is refused, and the recorded answer comes by itself.

    It may come before the refusal: then there is nothing to answer any more.
    """
    if subject.name == "local":
        execution.answer_request(request.control_id, Allow())
        return
    with pytest.raises((ControlFailed, RequestGone)) as caught:
        execution.answer_request(request.control_id, Allow())
    assert "recording" in str(caught.value) or isinstance(caught.value, RequestGone)


def test_what_is_asked_is_told_and_answered_once(
    manager: ProcessManager, project: Path, subject: Subject
) -> None:
    execution = asking(manager, project, ASKS)
    info, request = asked(execution)
    (row,) = info.open_requests
    assert (request.control_id, request.asks) == (row.control_id, row.asks)
    assert info.activity == "waiting for permission: Bash"
    answer(execution, request, subject)
    ended(execution, "completed", "success")
    assert json.loads(execution.result or "")["behavior"] == "allow"
    answers = [meta for meta in metas(execution) if meta["event"] == "answered"]
    assert [meta["request_id"] for meta in answers] == [request.control_id]
    assert execution.info.open_requests == ()
    with pytest.raises(RequestGone):
        execution.answer_request(request.control_id, Allow())


def test_a_running_one_does_what_is_asked_or_says_why_not(
    manager: ProcessManager, project: Path, subject: Subject
) -> None:
    execution = mid_run(manager.start_execution(LONG, project, keep_open=True))
    asked: list[Callable[[], object]] = [
        lambda: execution.set_model("sonnet"),
        execution.mcp_status,
        lambda: execution.stop_task("b1"),
        execution.interrupt,
        lambda: execution.send("hello"),
        execution.end,
    ]
    before = len(metas(execution))
    if subject.name == "replay":
        for ask in asked:
            with pytest.raises(ControlFailed, match="recording") as caught:
                ask()
            assert caught.value.execution_id == execution.execution_id
        assert len(metas(execution)) == before
        assert execution.status == "running"
        execution.kill()
        ended(execution, "killed", "user")
    else:
        for ask in asked:
            ask()
        ended(execution, "completed", "success")
        assert execution.result == "hello"


def test_kill_of_one_that_waits_for_an_answer(manager: ProcessManager, project: Path) -> None:
    execution = asking(manager, project, ASKS_LONG)
    asked(execution)
    execution.kill()
    ended(execution, "killed", "user")
    assert execution.info.open_requests == ()
    assert execution.requests == ()
