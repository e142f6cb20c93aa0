"""Why an execution ended: one row for every way to end."""

from __future__ import annotations

from typing import Any

import pytest

from claude_widget.events import Record
from claude_widget.models import KILL_REASONS, STATUS_OF, ExecutionInfo, Reason
from tests.recorded import (
    ended,
    header,
    line,
    meta,
    opening,
    out,
    prompt,
    requested,
    sent,
    state_of,
)

INIT = out({"type": "system", "subtype": "init", "session_id": "s"})
INTERRUPT = sent(
    {"type": "control_request", "request_id": "i", "request": {"subtype": "interrupt"}}
)
DENIED = out({"type": "system", "subtype": "permission_denied", "tool_name": "Read"})
HUNG = {"forced": True}


def text(said: str = "hello", **fields: object) -> Record:
    content = [{"type": "text", "text": said}]
    return out({"type": "assistant", "message": {"id": said, "content": content}, **fields})


def result(subtype: str = "success", /, **fields: object) -> Record:
    failed = fields.pop("is_error", subtype != "success")
    return out({"type": "result", "subtype": subtype, "is_error": failed, **fields})


def api_error(status: int | None = None, **fields: object) -> Record:
    return result(
        "success", is_error=True, api_error_status=status, terminal_reason="api_error", **fields
    )


DONE = result(result="done")
DURING = result("error_during_execution", errors=["it broke"])
ABORTED = result("error_during_execution", terminal_reason="aborted_tools")

ROWS: list[tuple[str, list[Record], Reason]] = [
    ("success", [INIT, DONE, ended()], Reason.SUCCESS),
    ("success, whatever the exit code", [INIT, DONE, ended(1)], Reason.SUCCESS),
    ("success, then hung", [INIT, DONE, ended(-9, **HUNG)], Reason.SUCCESS),
    ("denied by a rule", [INIT, DENIED, DONE, ended()], Reason.DENIED),
    (
        "denied, says the result",
        [INIT, result(permission_denials=[{"tool_name": "Bash", "tool_use_id": "t"}]), ended()],
        Reason.DENIED,
    ),
    ("interrupted", [INIT, INTERRUPT, DURING, ended(1)], Reason.INTERRUPTED),
    ("interrupted, it says", [INIT, ABORTED, ended(1)], Reason.INTERRUPTED),
    ("interrupted near its end", [INIT, INTERRUPT, DONE, ended()], Reason.INTERRUPTED),
    ("interrupted before its result", [INIT, INTERRUPT, ended()], Reason.INTERRUPTED),
    ("interrupted while idle", [INIT, DONE, INTERRUPT, ended()], Reason.SUCCESS),
    (
        "interrupted, then asked again",
        [INIT, INTERRUPT, DURING, prompt(), INIT, DONE, ended()],
        Reason.SUCCESS,
    ),
    ("API error 400", [INIT, api_error(400), ended(1)], Reason.API_ERROR),
    ("API error 500", [INIT, api_error(500), ended(1)], Reason.API_ERROR),
    ("API error without a number", [INIT, api_error(), ended(1)], Reason.API_ERROR),
    ("overloaded", [INIT, text(error="overloaded"), DURING, ended(1)], Reason.API_ERROR),
    ("no such model", [INIT, text(error="model_not_found"), DURING, ended(1)], Reason.API_ERROR),
    ("too many requests", [INIT, api_error(429), ended(1)], Reason.RATE_LIMIT),
    (
        "rate limit",
        [INIT, text(error="rate_limit"), result(is_error=True), ended(1)],
        Reason.RATE_LIMIT,
    ),
    (
        "rate limit rejected",
        [
            INIT,
            out({"type": "rate_limit_event", "rate_limit_info": {"status": "rejected"}}),
            result(is_error=True),
            ended(1),
        ],
        Reason.RATE_LIMIT,
    ),
    ("unauthorized", [INIT, api_error(401), ended(1)], Reason.AUTHENTICATION),
    ("forbidden", [INIT, api_error(403), ended(1)], Reason.AUTHENTICATION),
    *(
        (kind, [INIT, text(error=kind), api_error(), ended(1)], Reason.AUTHENTICATION)
        for kind in ("authentication_failed", "oauth_org_not_allowed", "billing_error")
    ),
    ("budget", [INIT, result("error_max_budget_usd"), ended(1)], Reason.BUDGET),
    (
        "budget, by its terminal reason",
        [INIT, result(is_error=True, terminal_reason="budget_exhausted"), ended(1)],
        Reason.BUDGET,
    ),
    ("turns", [INIT, result("error_max_turns"), ended(1)], Reason.MAX_TURNS),
    ("schema", [INIT, result("error_max_structured_output_retries"), ended(1)], Reason.SCHEMA),
    (
        "refused to start",
        [result("error_during_execution", startup_failure_reason="bypass_root"), ended(1)],
        Reason.STARTUP,
    ),
    (
        "no such session",
        [result("error_during_execution", errors=["No conversation found"]), ended(1)],
        Reason.STARTUP,
    ),
    ("died at once", [line("err", b"boom"), ended(1)], Reason.STARTUP),
    ("exit 0 and nothing said", [ended()], Reason.STARTUP),
    ("exec failed", [ended(None, error="No such file")], Reason.STARTUP),
    ("broke", [INIT, DURING, ended(1)], Reason.CRASHED),
    ("an error of a new kind", [INIT, result("error_of_tomorrow"), ended(1)], Reason.CRASHED),
    ("no result, exit 1", [INIT, text(), ended(1)], Reason.CRASHED),
    ("no result, exit 0, no text", [INIT, ended()], Reason.CRASHED),
    ("out of memory", [INIT, text(), ended(137)], Reason.CRASHED),
    ("killed by somebody else", [INIT, text(), ended(-9)], Reason.CRASHED),
    ("no result, but text and exit 0", [INIT, text(), ended()], Reason.SUCCESS),
    ("no result, but text, and denied", [INIT, DENIED, text(), ended()], Reason.DENIED),
    (
        "no result after an API error",
        [INIT, text(error="rate_limit"), ended(1)],
        Reason.RATE_LIMIT,
    ),
    ("only a subagent spoke", [INIT, text(parent_tool_use_id="t"), ended()], Reason.CRASHED),
    ("spurious error after a success", [INIT, DONE, INIT, DURING, ended(1)], Reason.SUCCESS),
    (
        "an error in a turn that was asked for",
        [INIT, DONE, prompt(), INIT, DURING, ended(1)],
        Reason.CRASHED,
    ),
    (
        "an error in a turn that was queued",
        [INIT, result(queued_turn_count=1), INIT, DURING, ended(1)],
        Reason.CRASHED,
    ),
    (
        "an API error after a success",
        [INIT, DONE, INIT, api_error(500), ended(1)],
        Reason.API_ERROR,
    ),
    ("a success after an error", [INIT, api_error(500), prompt(), DONE, ended()], Reason.SUCCESS),
    ("follow-up that killed it", [INIT, DONE, prompt(), INIT, ended(-11)], Reason.CRASHED),
    ("follow-up that came too late", [INIT, DONE, prompt(), ended()], Reason.SUCCESS),
    (
        "follow-up without a result",
        [INIT, DONE, prompt(), INIT, text("more"), ended()],
        Reason.SUCCESS,
    ),
    *(
        (f"killed: {reason}", [INIT, DONE, meta("kill", reason=reason), ended(143)], reason)
        for reason in KILL_REASONS
    ),
    *(
        (f"limit: {reason}", [INIT, meta("limit", reason=reason), ended(143)], reason)
        for reason in (
            Reason.TIMEOUT,
            Reason.IDLE,
            Reason.MEMORY,
            Reason.CPU,
            Reason.PROCESSES,
            Reason.DISK,
        )
    ),
    (
        "killed while a limit was being enforced",
        [INIT, meta("limit", reason="timeout"), meta("kill", reason="user"), ended(143)],
        Reason.TIMEOUT,
    ),
    (
        "a limit that came while it was being killed",
        [INIT, meta("kill", reason="user"), meta("limit", reason="timeout"), ended(143)],
        Reason.USER,
    ),
    (
        "killed twice",
        [meta("kill", reason="batch"), meta("kill", reason="close"), ended(143)],
        Reason.BATCH,
    ),
    ("lost", [INIT, DONE, meta("lost", error="gone")], Reason.LOST),
    ("lost, though it was to be killed", [meta("kill", reason="user"), meta("lost")], Reason.LOST),
]


@pytest.mark.parametrize(("records", "reason"), [row[1:] for row in ROWS], ids=[r[0] for r in ROWS])
def test_the_reason(records: list[Record], reason: Reason) -> None:
    info = state_of(*opening(), *records).info
    assert info.reason is reason
    assert info.status is STATUS_OF[reason]
    assert info.activity == ""
    assert info.end_time is not None


def test_a_refusal_gives_its_own_reason() -> None:
    refused = meta("refused", reason="dependency", error="Execution x failed.")
    info = state_of(header(), requested(), refused).info
    assert (info.reason, info.errors) == (Reason.DEPENDENCY, ("Execution x failed.",))
    assert info.start_time is None


def test_one_that_waits_can_be_killed() -> None:
    info = state_of(header(), requested(), meta("kill", reason="user"), ended(None)).info
    assert (info.status, info.reason) == ("killed", Reason.USER)


def test_every_reason_has_a_row() -> None:
    assert {row[2] for row in ROWS} | {Reason.DEPENDENCY} == set(Reason)


def end_of(*records: Record) -> ExecutionInfo:
    return state_of(*opening(), *records).info


def test_the_last_text_stands_in_for_a_missing_result() -> None:
    info = end_of(INIT, text("one"), text("two"), text("sub", parent_tool_use_id="t"), ended())
    assert info.result == "two"
    assert info.errors == ("The CLI printed no result.",)


@pytest.mark.parametrize("said", [None, ""])
def test_the_last_text_stands_in_for_an_empty_result(said: str | None) -> None:
    assert end_of(INIT, text("one"), result(result=said), ended()).result == "one"


def test_a_follow_up_without_a_result_gives_its_text() -> None:
    assert end_of(INIT, DONE, prompt(), INIT, text("more"), ended()).result == "more"
    late = end_of(INIT, DONE, prompt(), ended())
    assert (late.result, late.errors) == ("done", ("The CLI did not answer the last message.",))


def test_a_second_success_replaces_the_first() -> None:
    info = end_of(INIT, DONE, INIT, text("more"), result(result="more", num_turns=3), ended())
    assert (info.result, info.num_turns) == ("more", 3)


def test_a_spurious_error_leaves_the_success_as_it_was() -> None:
    broken = result("error_during_execution", num_turns=9, errors=["odd"], total_cost_usd=0.5)
    info = end_of(INIT, result(result="done", num_turns=1), broken, ended(1))
    assert (info.result, info.num_turns, info.errors) == ("done", 1, ())
    assert info.cost_usd == 0.5


def test_what_an_interrupted_turn_reports_is_no_error() -> None:
    said = result(
        "error_during_execution", errors=["[diagnostic]"], terminal_reason="aborted_tools"
    )
    assert end_of(INIT, said, ended(1)).errors == ()
    assert end_of(INIT, INTERRUPT, DURING, ended(1)).errors == ()


def test_a_failed_turn_has_errors_and_no_result() -> None:
    info = end_of(INIT, DONE, prompt(), api_error(500, result="API Error: 500"), ended(1))
    assert (info.result, info.errors) == (None, ("API Error: 500",))


def test_stderr_explains_a_failure_before_init_only() -> None:
    boom = line("err", b"boom")
    assert end_of(boom, ended(1)).errors[-1] == "boom"
    assert "boom" not in end_of(INIT, boom, ended(1)).errors
    assert "boom" not in end_of(boom, INIT, DONE, ended()).errors


def test_what_ended_the_process_is_said() -> None:
    assert "memory" in end_of(INIT, ended(137)).errors[-1]
    assert "SIGSEGV" in end_of(INIT, ended(-11)).errors[-1]
    assert "signal 99" in end_of(INIT, ended(-99)).errors[-1]
    assert "exit code 3" in end_of(INIT, ended(3)).errors[-1]
    assert "exit code 143 (SIGTERM)" in end_of(INIT, ended(143)).errors[-1]
    assert end_of(ended(None, error="No such file: claude")).errors[0] == "No such file: claude"


def test_a_limit_says_how_far_it_went() -> None:
    info = end_of(INIT, meta("limit", reason="timeout", figure=60.5, bound=60), ended(143))
    assert info.errors == ("Limit reached: timeout (60.5 of 60)",)


def test_a_hung_process_is_marked() -> None:
    assert end_of(INIT, DONE, ended(-9, forced=True)).exit_forced
    assert not end_of(INIT, DONE, ended()).exit_forced


def test_a_result_too_large_to_read_still_ends_the_turn() -> None:
    fields: dict[str, Any] = {"elided": 99}
    big = line("out", b'{"duration_api_ms":1,"subtype":"success","api_err')._replace(**fields)
    info = end_of(INIT, big, ended())
    assert (info.reason, info.result) == (Reason.SUCCESS, None)
    assert "too large" in info.errors[0]
