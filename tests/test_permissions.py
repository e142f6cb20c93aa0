"""Who decides what the CLI asks, and what became of it.

The rule: the fake CLI asks; its result tells, word for word, what it was answered.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest

from claude_widget.backend import Run
from claude_widget.errors import ControlFailed, InvalidRequest, RequestGone
from claude_widget.manager import ProcessManager
from claude_widget.permissions import PermissionRequest
from claude_widget.protocol import Allow, Deny
from tests import fake
from tests.asking import asked, known_to, told
from tests.conftest import MakeManager
from tests.fake import ended, metas
from tests.waiting import BOUND, until


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
    execution = owner.start_execution("fake:asks=Bash fake:gate", project)
    request = asked(execution)
    theirs = known_to(other, execution)
    assert asked(theirs).input == request.input
    theirs.answer_request(request.control_id, Deny(message="no"))
    with pytest.raises(RequestGone) as caught:
        execution.answer_request(request.control_id, True)
    assert caught.value.became == "answered"
    (project / "go").touch()
    ended(execution, "completed", "denied")
    assert told(execution)["behavior"] == "deny"
    assert theirs.wait(BOUND).info.denials == execution.info.denials


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


def test_answer_that_is_too_long(manager: ProcessManager, project: Path) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash", project)
    request = asked(execution)
    with pytest.raises(InvalidRequest, match="takes at most"):
        execution.answer_request(
            request.control_id, Allow(updated_input={"command": "x" * 9_500_000})
        )
    assert execution.requests == (request,)


def test_edited_input_and_the_clis_own_rule(manager: ProcessManager, project: Path) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash fake:twice", project)
    first = asked(execution)
    execution.answer_request(first.control_id, Allow(updated_input={"command": "true"}))

    def others() -> list[PermissionRequest]:  # none is open once the first answer was heard
        return [one for one in execution.requests if one != first]

    (second,) = until(others, what="the next is asked")
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


def test_a_page_accepts_no_rule_that_the_cli_did_not_suggest(
    manager: ProcessManager, project: Path
) -> None:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Bash", project)
    request = asked(execution)
    everything = {"type": "setMode", "mode": "bypassPermissions", "destination": "userSettings"}
    (rule,) = request.suggestions
    for wider in (everything, {**rule, "destination": "userSettings"}, {**rule, "rules": []}):
        with pytest.raises(InvalidRequest, match="suggested"):
            execution.answer_request(
                request.control_id, Allow(updated_permissions=(rule, wider)), by="page"
            )
    assert execution.requests == (request,)
    execution.answer_request(request.control_id, Allow(updated_permissions=(rule,)))
    ended(execution, "completed", "success")
    assert told(execution)["updatedPermissions"] == [rule]


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
