"""The fold of a conversation: what is open, who settled it, and what the session became.

The rule: records in, a state out; pure. What the real CLI prints for it is in tests/transcripts.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from claude_widget.errors import InvalidRequest, InvalidTransition
from claude_widget.events import Record
from claude_widget.models import OpenRequest
from claude_widget.permissions import decision_of, request_of, response_line
from claude_widget.protocol import Allow, Deny
from claude_widget.state import State, reduce
from claude_widget.state.shape import MAX_SETTLED, MAX_WAITING
from tests.recorded import ended, events_of, meta, opening, out, prompt, sent, state_of


def asks(control_id: str = "c1", tool: str = "Bash", **given: object) -> Record:
    """A request for permission."""
    body = {"subtype": "can_use_tool", "tool_name": tool, "input": given, "tool_use_id": "t1"}
    return out({"type": "control_request", "request_id": control_id, "request": body})


def answers(control_id: str = "c1", **body: object) -> Record:
    """An answer of ours."""
    told = {"subtype": "success", "request_id": control_id, "response": body}
    return sent({"type": "control_response", "response": told})


def says(state: str) -> Record:
    return out({"type": "system", "subtype": "session_state_changed", "state": state})


def result(**more: object) -> Record:
    return out({"type": "result", "subtype": "success", "is_error": False, "result": "ok", **more})


INIT = out({"type": "system", "subtype": "init", "session_id": "s", "model": "m"})


@pytest.mark.parametrize(
    ("tool", "given", "expected"),
    [
        (
            "Bash",
            {"command": "ls", "description": "List"},
            OpenRequest(control_id="c1", asks="permission", tool_name="Bash", summary="List"),
        ),
        (
            "AskUserQuestion",
            {"questions": [{"question": "Which\ncolour?"}]},
            OpenRequest(
                control_id="c1",
                asks="questions",
                tool_name="AskUserQuestion",
                summary="Which colour?",
            ),
        ),
        (
            "ExitPlanMode",
            {"plan": "# Do\n\n1. it"},
            OpenRequest(control_id="c1", asks="plan", tool_name="ExitPlanMode", summary="Do 1. it"),
        ),
        (
            "AskUserQuestion",
            {"questions": [7]},
            OpenRequest(control_id="c1", asks="questions", tool_name="AskUserQuestion"),
        ),
        ("", {}, OpenRequest(control_id="c1", asks="permission")),
    ],
)
def test_open_request(tool: str, given: dict[str, object], expected: OpenRequest) -> None:
    info = state_of(*opening(), INIT, asks("c1", tool, **given)).info
    assert info.open_requests == (expected,)


def test_open_requests_are_bounded() -> None:
    many = [asks(f"c{number}") for number in range(MAX_WAITING + 3 * MAX_SETTLED)]
    state = state_of(*opening(), INIT, *many)
    assert len(state.info.open_requests) == MAX_WAITING
    state = state_of(
        *opening(), INIT, *many, *(answers(f"c{n}") for n in range(MAX_WAITING + 3 * MAX_SETTLED))
    )
    assert state.info.open_requests == ()
    assert len(state.work.settled) <= MAX_SETTLED


def test_who_answered_is_kept() -> None:
    answered = meta("answered", request_id="c1", by="page")
    state = state_of(*opening(), INIT, asks(), answered, answers(behavior="allow"))
    assert [(one.request_id, one.answered, one.by) for one in state.work.settled] == [
        ("c1", True, "page")
    ]
    earlier = state_of(*opening(), INIT, asks(), answers(behavior="allow"))
    assert [(one.answered, one.by) for one in earlier.work.settled] == [(True, "")]


def test_what_went_wrong_while_it_was_decided_is_an_error() -> None:
    answered = meta("answered", request_id="c1", by="callable", note="It raised.")
    assert state_of(*opening(), INIT, asks(), answered).info.errors == ("It raised.",)


def test_answer_is_no_record_of_one_that_does_not_run() -> None:
    answered = meta("answered", request_id="c1", by="page")
    state = state_of(*opening(), ended())
    with pytest.raises(InvalidTransition):
        reduce(state, events_of(answered)[0])


def test_call_that_was_given_up_unanswered_is_no_denial() -> None:
    cancel = out({"type": "control_cancel_request", "request_id": "c1"})
    denials = [{"tool_name": "Bash", "tool_use_id": "t1"}, {"tool_name": "Edit"}]
    state = state_of(*opening(), INIT, asks(), cancel, result(permission_denials=denials))
    assert [denial.tool_name for denial in state.info.denials] == ["Edit"]
    assert [(one.answered, one.tool_use_id) for one in state.work.settled] == [(False, "t1")]


def test_limit_that_says_what_happened_is_told_in_its_words() -> None:
    limit = meta("limit", reason="idle", bound=1800, error="Nobody was there.")
    info = state_of(*opening(), INIT, limit, ended(143)).info
    assert (info.status, info.reason) == ("failed", "idle")
    assert info.errors == ("Nobody was there.",)


# -- waiting for input ---------------------------------------------------------------------------


def test_one_that_stays_open_awaits_input_between_its_turns() -> None:
    begun = [*opening(keep_open=True), says("running"), INIT]
    over = [*begun, result(), says("idle")]
    assert not state_of(*begun).info.awaits_input
    assert not state_of(*begun, result()).info.awaits_input
    assert state_of(*over).info.awaits_input
    assert not state_of(*over, prompt("more")).info.awaits_input
    assert not state_of(*over, meta("stdin_closed")).info.awaits_input
    assert not state_of(*over, meta("kill", reason="user")).info.awaits_input
    assert not state_of(*over, ended()).info.awaits_input


def test_one_that_does_not_stay_never_awaits_input() -> None:
    assert not state_of(*opening(), INIT, result(), says("idle")).info.awaits_input


def test_cli_that_does_not_tell_its_state_awaits_input_after_its_result() -> None:
    assert state_of(*opening(keep_open=True), INIT, result()).info.awaits_input


# -- what the session became ---------------------------------------------------------------------


def asked_and_told(subtype: str, response: object, *, success: bool = True) -> list[Record]:
    request = {"type": "control_request", "request_id": "r", "request": {"subtype": subtype}}
    kind = "success" if success else "error"
    told = {"subtype": kind, "request_id": "r", "response": response}
    return [sent(request), out({"type": "control_response", "response": told})]


@pytest.mark.parametrize(
    ("subtype", "response", "field", "value"),
    [
        ("set_model", {"model": "other"}, "model", "other"),
        ("set_permission_mode", {"mode": "plan"}, "permission_mode", "plan"),
        ("get_settings", {"applied": {"effort": "high"}}, "effort", "high"),
        ("set_model", {"model": 7}, "model", "m"),
        ("set_model", None, "model", "m"),
        ("set_model", "other", "model", "m"),
        ("get_settings", {"applied": None}, "effort", "low"),
        ("rename_session", {"model": "other"}, "model", "m"),
    ],
)
def test_the_session_is_what_the_cli_answers(
    subtype: str, response: object, field: str, value: str
) -> None:
    info = state_of(*opening(effort="low"), INIT, *asked_and_told(subtype, response)).info
    assert getattr(info, field) == value


def test_what_was_refused_or_never_asked_changes_nothing() -> None:
    refused = asked_and_told("set_model", {"model": "other"}, success=False)
    assert state_of(*opening(), INIT, *refused).info.model == "m"
    (_, told) = asked_and_told("set_model", {"model": "other"})
    assert state_of(*opening(), INIT, told).info.model == "m"


def test_servers_are_what_mcp_status_says() -> None:
    listed = [{"name": "a", "status": "connected"}, {"name": "b\n"}, 7]
    told = asked_and_told("mcp_status", {"mcpServers": listed})
    servers = state_of(*opening(), INIT, *told).info.mcp_servers
    assert [(one.name, one.status) for one in servers] == [("a", "connected"), ("b", "")]


# -- requests and responses ----------------------------------------------------------------------


def test_other_requests_are_answered_as_their_protocol_says() -> None:
    body = {"subtype": "elicitation", "mcp_server_name": "files", "message": "Name?"}
    asked = out({"type": "control_request", "request_id": "e1", "request": body})
    (event,) = events_of(asked)
    request = request_of(event, "x", "/p")  # type: ignore[arg-type]
    assert (request.asks, request.tool_name, request.title) == ("other", "files", "Name?")
    assert '"action":"decline"' in response_line(request, Deny())
    accepted = response_line(request, Allow(updated_input={"name": "x"}))
    assert '"action":"accept","content":{"name":"x"}' in accepted


def test_what_an_mcp_server_asks_outlives_the_result_until_it_is_taken_back() -> None:
    body = {"subtype": "elicitation", "mcp_server_name": "files", "message": "Name?"}
    asked = out({"type": "control_request", "request_id": "e", "request": body})
    done = out({"type": "result", "subtype": "success", "is_error": False, "session_id": "s"})
    back = out({"type": "control_cancel_request", "request_id": "e"})
    told = state_of(*opening(), INIT, asked, done).info
    assert [one.control_id for one in told.open_requests] == ["e"]
    assert state_of(*opening(), INIT, asked, done, back).info.open_requests == ()


def test_a_dialog_of_the_clis_is_answered_as_it_expects() -> None:
    body = {"subtype": "request_user_dialog", "dialog_kind": "k", "payload": {}}
    (event,) = events_of(out({"type": "control_request", "request_id": "d", "request": body}))
    request = request_of(event, "x", "/p")  # type: ignore[arg-type]
    assert '"response":{"behavior":"cancelled"}' in response_line(request, Deny())
    accepted = response_line(request, Allow(updated_input={"a": 1}))
    assert '"response":{"behavior":"completed","result":{"a":1}}' in accepted


def test_an_answer_bricks_no_session() -> None:
    (event,) = events_of(asks(tool="Write", content="\ud800 \U0001f600"))
    request = request_of(event, "x", "/p")  # type: ignore[arg-type]
    said = json.loads(response_line(request, Allow()))["response"]["response"]
    assert said["updatedInput"] == {"content": "\ufffd \U0001f600"}


@pytest.mark.parametrize("given", [object(), float("nan"), {"a": {1, 2}}])
def test_an_answer_that_is_not_json_is_refused(given: Any) -> None:
    (event,) = events_of(asks(tool="Bash", command="ls"))
    request = request_of(event, "x", "/p")  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match="not JSON"):
        response_line(request, Allow(updated_input={"command": given}))


@pytest.mark.parametrize("given", [{"Nobody asked": "x"}, {}])
def test_answers_to_what_was_not_asked(given: dict[str, str]) -> None:
    (event,) = events_of(asks(tool="Bash", command="ls"))
    request = request_of(event, "x", "/p")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="asks no questions"):
        request.answer(given)
    (event,) = events_of(asks(tool="AskUserQuestion", questions=[{"question": "Q"}]))
    request = request_of(event, "x", "/p")  # type: ignore[arg-type]
    assert request.answer({"Q": ["a", "b"]}).updated_input == {
        "questions": [{"question": "Q"}],
        "answers": {"Q": "a, b"},
    }
    if given:
        with pytest.raises(ValueError, match="does not ask 'Nobody asked'"):
            request.answer(given)


def test_large_input_is_not_repeated() -> None:
    (event,) = events_of(asks(tool="Write", content="x" * (2 << 20)))
    request = request_of(event, "x", "/p")  # type: ignore[arg-type]
    assert "updatedInput" not in response_line(request, Allow())
    assert len(response_line(request, Allow(updated_input=request.input))) > 2 << 20


@pytest.mark.parametrize("said", [None, "yes", 1, {}, object()])
def test_decision_that_is_none(said: Any) -> None:
    with pytest.raises(TypeError, match=type(said).__name__):
        decision_of(said)


def test_the_request_is_read_whatever_it_is_made_of() -> None:
    body = {"subtype": "can_use_tool", "input": [1], "permission_suggestions": [{"a": 1}, 2]}
    (event,) = events_of(out({"type": "control_request", "request_id": "c", "request": body}))
    request = request_of(event, "x", "/p")  # type: ignore[arg-type]
    assert (request.input, request.suggestions, request.tool_name) == ({}, ({"a": 1},), "")
    assert State().info.open_requests == ()
