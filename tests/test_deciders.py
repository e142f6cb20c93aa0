"""Who decides where no person does: the callable of the start, or the policy where nobody is there.

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

from claude_widget import broker, presence
from claude_widget.backend import Run
from claude_widget.errors import ControlFailed, InvalidRequest
from claude_widget.manager import ProcessManager
from claude_widget.permissions import PermissionRequest
from claude_widget.protocol import Allow, Deny
from claude_widget.request import build_request
from tests.asking import asked, known_to, told
from tests.conftest import MakeManager
from tests.fake import ended, metas
from tests.waiting import BOUND, until

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
    (lambda _: (_ for _ in ()).throw(KeyboardInterrupt), "deny", "KeyboardInterrupt"),
    (lambda _: Allow(updated_input={"command": Path()}), "deny", "not JSON"),
    (lambda _: Allow(updated_input={"command": "x" * 9_500_000}), "deny", "takes at most"),
]


@pytest.mark.parametrize(("decide", "behavior", "says"), CALLABLES)
def test_callable_decides_in_one_cell_with_one_slot(
    make_manager: MakeManager, project: Path, decide: Any, behavior: str, says: str
) -> None:
    manager = make_manager(max_concurrency=1)
    execution = manager.start_execution("fake:asks=Bash", project, permissions=decide)
    execution.wait(BOUND)
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
        return release.wait(BOUND)

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
        "fake:asks=Bash", project, permissions=lambda _: release.wait(BOUND)
    )
    theirs = known_to(other, execution)
    until(lambda: theirs.info.open_requests, what="it is seen to ask")
    ended(other.start_execution("hello", project), "completed", "success")
    assert theirs.info.open_requests
    release.set()
    ended(execution, "completed", "success")


def test_callable_of_another_kernel_is_asked_no_more(
    make_manager: MakeManager, project: Path
) -> None:
    first = make_manager().start_execution("hello", project, permissions=lambda _: True)
    ended(first, "completed", "success")
    other = make_manager()
    later = known_to(other, first).send("fake:asks=Bash")
    assert later.run.request.permissions == "ask"
    ended(later, "completed", "denied")
    assert "no notebook page" in str(told(later)["message"])


def test_decision_is_told_again_to_a_shim_that_heard_nothing(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broker, "_PAUSE", 0.001)
    ask, failed = manager.backend.ask, list[str]()

    def ask_late(run: Run, operation: str, **fields: Any) -> dict[str, Any]:
        if operation == "answer" and len(failed) < 8:
            code = ("timeout", "unreachable")[len(failed) % 2]
            failed.append(code)
            raise ControlFailed("busy", code=code, execution_id=run.execution_id)
        return ask(run, operation, **fields)

    monkeypatch.setattr(manager.backend, "ask", ask_late)
    ended(manager.start_execution("fake:asks=Bash", project), "completed", "denied")
    assert len(failed) == 8


def test_each_of_many_requests_at_once_is_answered(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution(
        "fake:asks=Bash fake:at-once=100", project, permissions=lambda _: True
    )
    ended(execution, "completed", "success")
    said = json.loads(execution.result or "")
    assert [one["behavior"] for one in said] == ["allow"] * 100


@pytest.mark.parametrize("kind", ["hook_callback", "mcp_message", "none-such"])
def test_what_nobody_can_answer_is_refused_at_once(
    manager: ProcessManager, project: Path, kind: str
) -> None:
    manager.page_seen()
    execution = manager.start_execution(f"fake:asks=Bash fake:kind={kind}", project)
    execution.wait(BOUND)
    assert told(execution)["error"] == f"Unsupported control request subtype: {kind}"
    (error,) = execution.info.errors
    assert f"({kind})" in error


def test_what_cannot_be_read_is_refused_at_once(manager: ProcessManager, project: Path) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash fake:deep", project)
    execution.wait(BOUND)
    assert "too deep to be read" in str(told(execution)["error"])


def test_an_mcp_servers_question_is_declined_where_nobody_is(
    manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution("fake:asks=Bash fake:kind=elicitation", project)
    execution.wait(BOUND)
    assert told(execution) == {"action": "decline"}


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


def test_page_that_is_expected_is_waited_for(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "ARRIVAL", BOUND)
    manager.page_expected()
    execution = manager.start_execution("fake:asks=Bash", project)
    request = asked(execution)
    manager.page_seen()
    execution.answer_request(request.control_id, True)
    ended(execution, "completed", "success")


def test_page_that_never_comes_is_waited_for_in_vain(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presence, "ARRIVAL", 0.3)
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
