"""Who decides what the CLI asks, and what became of it.

The rule: the fake CLI asks; its result tells, word for word, what it was answered.
"""

from __future__ import annotations

import json

import pytest

from claude_widget.errors import RequestGone
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.permissions import PermissionRequest
from claude_widget.protocol import Allow, Deny
from tests import fake
from tests.fake import ended, metas
from tests.waiting import until


def asked(execution: Execution) -> PermissionRequest:
    """Its one open request, once there is one."""
    until(lambda: execution.info.open_requests, timeout=fake.BOUND, what="it asks")
    (request,) = execution.requests
    return request


def told(execution: Execution) -> dict[str, object]:
    """What the CLI was answered."""
    said: dict[str, object] = json.loads(execution.result or "{}")
    return said


def test_open_request_is_told_and_answered(manager: ProcessManager, project: object) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash", str(project))
    request = asked(execution)
    assert (request.asks, request.tool_name) == ("permission", "Bash")
    assert request.input["command"] == "touch a.txt"
    (row,) = execution.info.open_requests
    assert (row.control_id, row.summary) == (request.control_id, "Make a file")
    assert execution.info.activity == "waiting for permission: Bash"
    execution.answer_request(request.control_id, Allow())
    ended(execution, "completed", "success")
    assert told(execution) == {"behavior": "allow", "updatedInput": request.input}
    assert execution.requests == ()
    assert execution.info.open_requests == ()
    (record,) = [meta for meta in metas(execution) if meta["event"] == "answered"]
    assert (record["request_id"], record["by"]) == (request.control_id, "page")


def test_second_answer_is_told_who_was_first(manager: ProcessManager, project: object) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash fake:gate", str(project))
    request = asked(execution)
    execution.answer_request(request.control_id, Deny(message="not now"))
    with pytest.raises(RequestGone) as caught:
        execution.answer_request(request.control_id, Allow())
    assert (caught.value.control_id, caught.value.became, caught.value.by) == (
        request.control_id,
        "answered",
        "page",
    )
