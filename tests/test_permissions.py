"""Who decides what the CLI asks, and what became of it.

The rule: the fake CLI asks; its result tells, word for word, what it was answered.
"""

from __future__ import annotations

import asyncio
import json
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from claude_widget import broker
from claude_widget.backend import Run
from claude_widget.errors import ControlFailed, InvalidRequest, RequestGone
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.permissions import PermissionRequest
from claude_widget.protocol import Allow, Deny
from claude_widget.request import build_request
from tests import fake
from tests.conftest import MakeManager
from tests.fake import ended, metas
from tests.waiting import until


def asked(execution: Execution) -> PermissionRequest:
    """Its one open request, once there is one."""
    until(lambda: execution.info.open_requests, timeout=fake.BOUND, what="it asks")
    (request,) = execution.requests
    return request


def known_to(manager: ProcessManager, execution: Execution) -> Execution:
    """The same execution as another manager has it."""
    until(lambda: manager.get_execution(execution.execution_id), what="the other one knows it")
    found = manager.get_execution(execution.execution_id)
    assert found is not None
    return found


def told(execution: Execution) -> dict[str, object]:
    """What the CLI was answered."""
    said: dict[str, object] = json.loads(execution.result or "{}")
    return said


def test_open_request_is_told_and_answered(manager: ProcessManager, project: Path) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash", project)
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


def test_second_answer_is_told_who_was_first(manager: ProcessManager, project: Path) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash fake:gate", project)
    request = asked(execution)
    execution.answer_request(request.control_id, Deny(message="not now"))
    with pytest.raises(RequestGone) as caught:
        execution.answer_request(request.control_id, Allow())
    assert (caught.value.control_id, caught.value.became, caught.value.by) == (
        request.control_id,
        "answered",
        "page",
    )


def test_two_managers_answer_and_the_first_wins(make_manager: MakeManager, project: Path) -> None:
    owner, other = make_manager(), make_manager()
    owner.page_seen()
    execution = owner.start_execution("fake:asks=Bash", project)
    request = asked(execution)
    theirs = known_to(other, execution)
    assert asked(theirs).input == request.input
    theirs.answer_request(request.control_id, Deny(message="no"))
    with pytest.raises(RequestGone) as caught:
        execution.answer_request(request.control_id, True)
    assert caught.value.became == "answered"
    ended(execution, "completed", "denied")
    assert told(execution)["behavior"] == "deny"
    assert theirs.wait(fake.BOUND).info.denials == execution.info.denials


def test_many_answers_at_once_are_one(manager: ProcessManager, project: Path) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash", project)
    request = asked(execution)
    gone: list[RequestGone] = []

    def answer(number: int) -> None:
        try:
            execution.answer_request(request.control_id, Deny(message=str(number)))
        except RequestGone as error:
            gone.append(error)

    threads = [threading.Thread(target=answer, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(gone) == 7
    ended(execution, "completed", "denied")
    assert len([meta for meta in metas(execution) if meta["event"] == "answered"]) == 1


def test_request_that_the_cli_takes_back_is_gone(manager: ProcessManager, project: Path) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:cancels=Bash fake:gate", project)
    until(lambda: execution.state.work.settled, what="it was taken back")
    assert execution.requests == ()
    with pytest.raises(RequestGone, match="taken back") as caught:
        execution.answer_request("ask-1", True)
    assert (caught.value.became, caught.value.by) == ("cancelled", "")
    (project / "go").touch()
    ended(execution, "completed", "success")
    assert execution.info.denials == ()


def test_answer_to_what_nobody_asked(manager: ProcessManager, project: Path) -> None:
    execution = fake.running(manager.start_execution("fake:long", project))
    with pytest.raises(RequestGone) as caught:
        execution.answer_request("none-such", True)
    assert caught.value.became == "unknown"
    execution.kill()
    ended(execution, "killed", "user")
    with pytest.raises(RequestGone) as caught:
        execution.answer_request("none-such", True)
    assert caught.value.became == "ended"


def test_answer_that_is_none(manager: ProcessManager, project: Path) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash", project)
    request = asked(execution)
    with pytest.raises(TypeError, match="str"):
        execution.answer_request(request.control_id, "yes")  # type: ignore[arg-type]
    assert execution.requests == (request,)
    execution.answer_request(request.control_id, False)
    ended(execution, "completed", "denied")


def test_edited_input_and_the_clis_own_rule(manager: ProcessManager, project: Path) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash fake:twice", project)
    first = asked(execution)
    execution.answer_request(first.control_id, Allow(updated_input={"command": "true"}))
    until(lambda: asked(execution) != first, what="the next is asked")
    second = asked(execution)
    execution.answer_request(second.control_id, second.allow_always())
    ended(execution, "completed", "success")
    assert json.loads(execution.result or "") == [
        {"behavior": "allow", "updatedInput": {"command": "true"}},
        {
            "behavior": "allow",
            "updatedInput": second.input,
            "updatedPermissions": list(second.suggestions[:1]),
        },
    ]


def test_a_shim_of_an_earlier_version_is_answered_as_well(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash", project)
    request = asked(execution)
    ask = manager.backend.ask

    def ask_old(run: Run, operation: str, **fields: Any) -> dict[str, Any]:
        if operation == "answer":
            raise ControlFailed("no such", code="unknown_op", execution_id=run.execution_id)
        return ask(run, operation, **fields)

    monkeypatch.setattr(manager.backend, "ask", ask_old)
    execution.answer_request(request.control_id, True)
    ended(execution, "completed", "success")
    assert told(execution)["behavior"] == "allow"


# -- callables -----------------------------------------------------------------------------------


async def allows_later(request: PermissionRequest) -> bool:
    await asyncio.sleep(0)
    return request.tool_name == "Bash"


CALLABLES: list[tuple[Any, str, str]] = [
    (lambda _: True, "allow", ""),
    (lambda _: Allow(), "allow", ""),
    (allows_later, "allow", ""),
    (lambda _: False, "deny", "did not permit"),
    (lambda _: Deny(message="not here"), "deny", "not here"),
    (lambda _: 1 / 0, "deny", "callable failed"),
    (lambda _: None, "deny", "NoneType, not Allow"),
    (lambda _: sys.exit(), "deny", "SystemExit"),
    (lambda: True, "deny", "TypeError"),
]


@pytest.mark.parametrize(("decide", "behavior", "says"), CALLABLES)
def test_callable_decides_in_one_cell_with_one_slot(
    make_manager: MakeManager, project: Path, decide: Any, behavior: str, says: str
) -> None:
    manager = make_manager(max_concurrency=1)
    execution = manager.start_execution("fake:asks=Bash", project, permissions=decide)
    execution.wait(fake.BOUND)
    said = told(execution)
    assert said["behavior"] == behavior
    assert says in str(said.get("message", ""))
    (record,) = [meta for meta in metas(execution) if meta["event"] == "answered"]
    assert record["by"] == "callable"


def test_callable_that_fails_is_noted_and_logged(
    manager: ProcessManager, project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def decide(_: PermissionRequest) -> bool:
        raise KeyError("oops")

    execution = manager.start_execution("fake:asks=Bash", project, permissions=decide)
    ended(execution, "completed", "denied")
    (error,) = execution.info.errors
    assert "permissions callable failed, so Bash was denied (KeyError: 'oops')" in error
    assert "callable failed for Bash" in caplog.text


def test_callable_gets_the_whole_request(manager: ProcessManager, project: Path) -> None:
    seen: list[PermissionRequest] = []

    def decide(request: PermissionRequest) -> Allow:
        seen.append(request)
        return request.answer({"Which colour?": ["Red", "Blue"]})

    execution = manager.start_execution("fake:asks=AskUserQuestion", project, permissions=decide)
    ended(execution, "completed", "success")
    (request,) = seen
    assert request.asks == "questions"
    assert request.execution_id == execution.execution_id
    assert request.project_path == str(project)
    assert request.questions[0]["header"] == "Colour"
    assert execution.info.created_time is not None
    assert request.time >= execution.info.created_time
    given = told(execution)["updatedInput"]
    assert given == {**request.input, "answers": {"Which colour?": "Red, Blue"}}


def test_callable_runs_on_a_thread_of_its_own(manager: ProcessManager, project: Path) -> None:
    release, names = threading.Event(), list[str]()

    def decide(_: PermissionRequest) -> bool:
        names.append(threading.current_thread().name)
        return release.wait(fake.BOUND)

    slow = manager.start_execution("fake:asks=Bash", project, permissions=decide)
    until(lambda: names, what="it is asked")
    ended(manager.start_execution("hello", project), "completed", "success")
    assert names == ["claude-widget-decision"]
    release.set()
    ended(slow, "completed", "success")


def test_another_manager_leaves_it_to_the_owner(make_manager: MakeManager, project: Path) -> None:
    release = threading.Event()
    owner, other = make_manager(), make_manager()
    execution = owner.start_execution(
        "fake:asks=Bash", project, permissions=lambda _: release.wait(fake.BOUND)
    )
    theirs = known_to(other, execution)
    until(lambda: theirs.info.open_requests, what="it is seen to ask")
    ended(other.start_execution("hello", project), "completed", "success")
    assert theirs.info.open_requests
    release.set()
    ended(execution, "completed", "success")


# -- nobody there --------------------------------------------------------------------------------


def test_without_any_page_it_is_denied_at_once_and_says_why(
    manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution("fake:asks=Bash", project)
    ended(execution, "completed", "denied")
    message = str(told(execution)["message"])
    assert "no notebook page" in message
    assert "allowed_tools" in message
    assert [meta["by"] for meta in metas(execution) if meta["event"] == "answered"] == ["policy"]
    assert execution.info.denials[0].message == message


def test_page_that_is_expected_is_waited_for(manager: ProcessManager, project: Path) -> None:
    manager.page_expected()
    execution = manager.start_execution("fake:asks=Bash", project)
    request = asked(execution)
    manager.page_seen()
    execution.answer_request(request.control_id, True)
    ended(execution, "completed", "success")


def test_page_that_never_comes_is_waited_for_in_vain(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "ARRIVAL", 0.3)
    manager = make_manager()
    manager.page_expected()
    execution = manager.start_execution("fake:asks=Bash", project)
    ended(execution, "completed", "denied")
    assert "no notebook page" in str(told(execution)["message"])


def test_page_that_has_gone_is_waited_for_within_the_grace(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(permission_grace=0.3)
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash", project)
    ended(execution, "completed", "denied")
    assert "no notebook page was connected for 0.3 s" in str(told(execution)["message"])


def test_permissions_deny_asks_nobody(manager: ProcessManager, project: Path) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash", project, permissions="deny")
    ended(execution, "completed", "denied")
    assert "permissions='deny'" in str(told(execution)["message"])


@pytest.mark.parametrize("given", ["maybe", "callable", 7, None])
def test_permissions_that_are_none(manager: ProcessManager, project: Path, given: Any) -> None:
    if given is None:  # as if it were not given
        assert build_request("x", project, permissions=None).permissions == "ask"
        return
    with pytest.raises(InvalidRequest) as caught:
        manager.start_execution("hello", project, permissions=given)
    assert caught.value.field == "permissions"


# -- the shim's own serializer -------------------------------------------------------------------


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"request_id": "r", "line": "{}"},
        {"request_id": "r", "line": "{}", "by": "me"},
        {"request_id": "", "line": "{}", "by": "page"},
        {"request_id": "r", "line": "[]", "by": "page"},
        {"request_id": 7, "line": "{}", "by": "page"},
    ],
)
def test_answers_that_the_shim_does_not_take(
    manager: ProcessManager, project: Path, fields: dict[str, Any]
) -> None:
    execution = fake.running(manager.start_execution("fake:long", project))
    with pytest.raises(ControlFailed) as caught:
        manager.backend.ask(execution.run, "answer", **fields)
    assert caught.value.code == "malformed"
    assert "answered" not in [meta["event"] for meta in metas(execution)]
