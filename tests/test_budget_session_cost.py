"""What a session has cost so far, as the CLI answers in the middle of a turn.

The rule: the answers are those that CLI 2.1.330 gave; the recording of them is
`transcripts/session_cost.transcript`.
"""

from __future__ import annotations

import json

import pytest

from claude_widget.events import ControlResponse, Record, parse
from claude_widget.models import ExecutionInfo
from claude_widget.state import State, reduce
from claude_widget.state.accounting import session_cost
from tests.recorded import (
    ended,
    header,
    meta,
    opening,
    out,
    requested,
    sent,
    spawned,
    state_of,
    transcript,
)

TEXT = (
    "Estimated cost:        {}\nTotal duration (API):  0s\nTotal duration (wall): 2s\n"
    "Total code changes:    0 lines added, 0 lines removed\nUsage by model:\n"
    "     claude-opus-5-5:  1.2k input, 40 output, 0 cache read, 0 cache write ($0.0056)"
)


def asked(number: int, cost: str, **answer: object) -> list[Record]:
    """We ask, and the CLI answers."""
    name = f"get_session_cost-{number}"
    request = {"subtype": "get_session_cost"}
    body = {"subtype": "success", "request_id": name, "response": {"text": TEXT.format(cost)}}
    return [
        sent({"type": "control_request", "request_id": name, "request": request}),
        out({"type": "control_response", "response": {**body, **answer}}),
    ]


def result(total: float, share: float | None = None) -> Record:
    frame: dict[str, object] = {"type": "result", "subtype": "success", "total_cost_usd": total}
    if share is not None:
        frame["model_usage_since_last_result"] = {"some-model": {"costUSD": share}}
    return out(frame)


def info(*records: Record, **request: object) -> ExecutionInfo:
    return state_of(*opening(**request), *records).info


@pytest.mark.parametrize(
    ("text", "cost"),
    [
        (TEXT.format("$0.0000"), 0.0),
        (TEXT.format("$0.0056"), 0.0056),
        (TEXT.format("$1600.62"), 1600.62),
        ("Total cost:            $0.60 (costs may be inaccurate)", 0.6),
        ("Estimated cost:        $12", 12.0),
    ],
)
def test_the_cost_is_read_from_what_is_written_for_people(text: str, cost: float) -> None:
    assert session_cost({"text": text}) == cost


@pytest.mark.parametrize(
    "answer",
    [
        {},
        {"text": None},
        {"text": 5},
        {"text": ""},
        {"text": "You are on a plan: no costs."},
        {"text": "Estimated cost:        $"},
        {"text": "Estimated cost:        $-1"},
        {"text": "Estimated cost:        $" + "9" * 4000},
        {"text": "Estimated cost:" + " " * 100_000 + "$1"},
        {"text": "Usage:\nEstimated cost: $1"},
    ],
)
def test_an_answer_that_says_no_cost_says_none(answer: dict[str, object]) -> None:
    assert session_cost(answer) is None


def test_the_cost_so_far_is_known_before_the_first_result() -> None:
    assert info().cost_usd is None
    assert info(*asked(1, "$0.0000")).cost_usd is None, "which says nothing yet"
    assert info(*asked(1, "$0.0056")).cost_usd == 0.0056
    assert info(*asked(1, "$0.0056"), *asked(2, "$0.0113")).cost_usd == 0.0113


def test_a_result_has_the_last_word_on_what_was_rounded() -> None:
    assert info(*asked(1, "$0.0056"), result(0.00556)).cost_usd == 0.00556
    assert info(result(0.00556), *asked(1, "$0.0056")).cost_usd == 0.00556
    assert info(result(0.60016), *asked(1, "$0.60")).cost_usd == 0.60016
    assert info(result(0.598), *asked(1, "$0.60")).cost_usd == 0.598
    more = info(result(0.00556), *asked(1, "$0.0056"), *asked(2, "$0.0113"))
    assert more.cost_usd == 0.0113


def test_what_was_told_stays_where_a_crash_reports_nothing() -> None:
    assert info(*asked(1, "$0.0056"), result(0.0)).cost_usd == 0.0056
    killed = info(*asked(1, "$0.0056"), meta("kill", reason="user"), ended(143))
    assert killed.cost_usd == 0.0056


def test_a_resumed_session_costs_what_comes_on_top_of_the_first_answer() -> None:
    resumed = {"session_id": "11111111-1111-4111-8111-111111111111"}
    first = asked(1, "$0.0163")
    assert info(*first, **resumed).cost_usd == 0.0
    assert info(*first, *asked(2, "$0.0200"), **resumed).cost_usd == pytest.approx(0.0037)
    exact = info(*first, *asked(2, "$0.0200"), result(0.0213, share=0.00498), **resumed)
    assert exact.cost_usd == pytest.approx(0.00498)
    again = info(*first, result(0.0213, share=0.00498), *asked(3, "$0.0313"), **resumed)
    assert again.cost_usd == pytest.approx(0.01498)


def test_with_a_known_base_an_answer_that_came_late_counts_from_there() -> None:
    start = requested(session_id="11111111-1111-4111-8111-111111111111")
    known = b'"resumed_from": null, "base_cost_usd": 0.0163'
    start = start._replace(data=start.data.replace(b'"resumed_from": null', known))
    before = [header(), start, spawned()]
    late = state_of(*before, *asked(1, "$0.0200")).info
    assert late.cost_usd == pytest.approx(0.0037)
    assert late.session_cost_usd == 0.02
    lost = state_of(*before, *asked(1, "$0.0100"), *asked(2, "$0.0120")).info
    assert lost.cost_usd == pytest.approx(0.002), "the CLI has not kept all of it"


def test_a_cleared_conversation_begins_at_nothing_and_keeps_what_was_spent() -> None:
    cleared = out({"type": "conversation_reset", "new_conversation_id": "a"})
    before = [*asked(1, "$0.0100"), cleared]
    assert info(*before).cost_usd == 0.01
    assert info(*before, *asked(2, "$0.0020")).cost_usd == pytest.approx(0.012)


@pytest.mark.parametrize(
    "answer",
    [
        {"subtype": "error", "error": "Unknown request", "response": None},
        {"response": None},
        {"response": []},
        {"response": {"text": "no"}},
        {"request_id": "another"},
    ],
)
def test_an_answer_that_is_none_changes_nothing(answer: dict[str, object]) -> None:
    assert info(*asked(1, "$0.0056", **answer)).cost_usd is None


def test_only_the_answer_to_our_question_counts() -> None:
    answer = asked(1, "$9.00")[1]
    assert info(answer).cost_usd is None


def test_the_real_cli_answers_in_the_middle_of_a_turn_and_never_more_than_the_result_says() -> None:
    state, told = State(), []
    for record in transcript("session_cost"):
        event = parse(record)
        state = reduce(state, event)
        if isinstance(event, ControlResponse) and "text" in (event.response.response or {}):
            told.append((state.work.in_turn, state.info.cost_usd))
    in_turn = [cost for during, cost in told if during and cost]
    assert in_turn, json.dumps(told)
    final = state.info.cost_usd
    assert final is not None
    assert max(in_turn) < final
    assert told[-1] == (False, final), "between two turns it is exact"
