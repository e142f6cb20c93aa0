"""Tokens and money: each message once, the session's total less what it had cost before."""

from __future__ import annotations

import json

import pytest

from claude_widget.events import Record
from claude_widget.models import ExecutionInfo, Usage
from claude_widget.state import shape
from tests.recorded import (
    NAMES,
    frames,
    header,
    line,
    opening,
    out,
    requested,
    spawned,
    state_of,
    transcript,
)

ASKED_COST = b'"resumed_from": null, "base_cost_usd": 0.02256'


def usage(given: int, taken: int) -> dict[str, int]:
    return {"input_tokens": given, "output_tokens": taken}


def wrote(message: str, given: int, taken: int, lane: str | None = None) -> Record:
    body = {"id": message, "content": [], "usage": usage(given, taken)}
    return out({"type": "assistant", "message": body, "parent_tool_use_id": lane})


def streamed(kind: str, lane: str | None = None, **event: object) -> Record:
    frame = {"type": "stream_event", "event": {"type": kind, **event}, "parent_tool_use_id": lane}
    return out(frame)


def result(
    cost: float | None = None, since: tuple[int, int] | None = None, **more: object
) -> Record:
    fields: dict[str, object] = {"type": "result", "subtype": "success", "total_cost_usd": cost}
    if since is not None:
        share = more.pop("share", 0.0)
        model = {"inputTokens": since[0], "outputTokens": since[1], "costUSD": share}
        fields["model_usage_since_last_result"] = {"some-model": model}
    return out({**fields, **more})


def info(*records: Record, **request: object) -> ExecutionInfo:
    return state_of(*opening(**request), *records).info


def tokens(*records: Record, **request: object) -> tuple[int, int]:
    used = info(*records, **request).usage
    return used.input_tokens, used.output_tokens


def test_a_message_counts_once_and_its_last_word_wins() -> None:
    assert tokens(wrote("a", 10, 1), wrote("a", 10, 1), wrote("a", 10, 7)) == (10, 7)
    assert tokens(wrote("a", 10, 1), wrote("b", 20, 2), wrote("a", 10, 5)) == (30, 7)


def test_all_lanes_count() -> None:
    assert tokens(wrote("a", 10, 1), wrote("b", 5, 2, lane="t")) == (15, 3)


def test_partial_messages_correct_the_count() -> None:
    start = streamed("message_start", message={"id": "a", "usage": usage(10, 1)})
    assert tokens(start) == (10, 1)
    end = streamed("message_delta", usage={"output_tokens": 42})
    assert tokens(start, wrote("a", 10, 1), end) == (10, 42)
    inner = streamed("message_start", "t", message={"id": "b", "usage": usage(5, 1)})
    inner_end = streamed("message_delta", "t", usage={"output_tokens": 9})
    assert tokens(start, inner, inner_end, end) == (15, 51)
    assert tokens(end) == (0, 0)


def test_messages_without_an_id_or_usage_do_not_count() -> None:
    nobody = out({"type": "assistant", "message": {"usage": usage(1, 1)}})
    assert tokens(nobody, out({"type": "assistant", "message": {"id": "a"}})) == (0, 0)


def test_a_result_says_what_was_really_used() -> None:
    first = [wrote("a", 10, 1), wrote("b", 5, 1, lane="t"), result(0.1, (15, 60))]
    assert tokens(*first) == (15, 60)
    assert tokens(*first, wrote("c", 7, 1)) == (22, 61)
    assert tokens(*first, wrote("c", 7, 1), result(0.2, (7, 30))) == (22, 90)


def test_a_result_never_takes_back_what_was_counted() -> None:
    assert tokens(wrote("a", 10, 4), result(0.0, (0, 0))) == (10, 4)
    assert tokens(wrote("a", 10, 4), result(0.0)) == (10, 4)


def test_totals_of_clis_that_give_no_difference() -> None:
    model = {"modelUsage": {"m": {"inputTokens": 30, "outputTokens": 90}}}
    assert tokens(wrote("a", 10, 1), result(0.1, None, **model)) == (30, 90)
    assert tokens(wrote("a", 10, 1), result(0.1, None, **model), session_id="s") == (10, 1)


def test_the_cost_is_the_last_total_and_never_a_sum() -> None:
    assert info().cost_usd is None
    assert info(result()).cost_usd is None
    assert info(result(0.1)).cost_usd == 0.1
    assert info(result(0.1), result(0.3)).cost_usd == 0.3


def test_a_crash_that_reports_nothing_loses_nothing() -> None:
    assert info(result(0.3), result(0.0)).cost_usd == 0.3


def test_a_resumed_session_costs_what_it_added() -> None:
    records = [line("out", data) for data in frames("resumed")]
    resumed = info(*records, session_id="13626804-aa20-4a3b-a325-863b229bd28a")
    assert resumed.cost_usd == 0.00564
    assert resumed.usage == Usage(input_tokens=1200, output_tokens=42)


def test_a_base_that_was_recorded_serves_where_the_cli_does_not_say() -> None:
    asked = requested(session_id="s")
    asked = asked._replace(data=asked.data.replace(b'"resumed_from": null', ASKED_COST))
    assert state_of(header(), asked, spawned(), result(0.0282)).info.cost_usd == 0.00564
    said = result(0.0282, (1, 1), share=0.0282)
    assert state_of(header(), asked, spawned(), said).info.cost_usd == 0.0282


def test_a_base_above_the_total_was_not_restored() -> None:
    asked = requested(session_id="s")
    asked = asked._replace(data=asked.data.replace(b'"resumed_from": null', ASKED_COST))
    found = state_of(header(), asked, spawned()).info
    assert (found.cost_usd, found.session_cost_usd) == (None, 0.02256)
    found = state_of(header(), asked, spawned(), result(0.005)).info
    assert (found.cost_usd, found.session_cost_usd) == (0.005, 0.005)


def test_a_cleared_conversation_starts_anew_and_keeps_what_was_spent() -> None:
    reset = out({"type": "conversation_reset", "new_conversation_id": "n"})
    before = [wrote("a", 10, 1), result(0.3, (10, 50), share=0.3), reset]
    assert info(*before).cost_usd == 0.3
    after = info(*before, wrote("b", 5, 1), result(0.1, (5, 20), share=0.1))
    assert after.cost_usd == 0.4
    assert (after.usage.input_tokens, after.usage.output_tokens) == (15, 70)


def test_the_window_of_messages_is_bounded() -> None:
    records = [wrote(f"m{n}", 1, 1) for n in range(500)]
    state = state_of(*opening(), *records)
    assert state.info.usage == Usage(input_tokens=500, output_tokens=500)
    assert len(state.account.recent) == shape.RECENT_MESSAGES


@pytest.mark.parametrize("name", sorted({*NAMES} - {"resumed", "cleared"}))
def test_what_real_runs_used_is_what_their_last_result_says(name: str) -> None:
    results = [frame for frame in map(json.loads, frames(name)) if frame["type"] == "result"]
    info_of = state_of(*transcript(name)).info
    last = results[-1] if results else {"total_cost_usd": None, "modelUsage": {}}
    models = last["modelUsage"].values()
    assert info_of.usage == Usage(
        input_tokens=sum(model["inputTokens"] for model in models),
        output_tokens=sum(model["outputTokens"] for model in models),
        cache_creation_input_tokens=sum(model["cacheCreationInputTokens"] for model in models),
        cache_read_input_tokens=sum(model["cacheReadInputTokens"] for model in models),
    )
    assert info_of.cost_usd == pytest.approx(last["total_cost_usd"])
