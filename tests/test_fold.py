"""The fold as a whole: golden states, every split point, skipped deltas, hostile frames.

The golden files are made anew by `.venv/bin/python -m tests.recorded`; look at what changed.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_widget.errors import InvalidTransition
from claude_widget.events import NEUTRAL_PREFIX, Record, is_neutral, parse
from claude_widget.events.frames import FRAMES, SENT
from claude_widget.events.lifecycle import LIFECYCLE
from claude_widget.events.system import SYSTEM
from claude_widget.state import State, fold, reduce
from claude_widget.stderr_tail import without_stale_stderr
from tests import recorded
from tests.recorded import GOLDEN, NAMES, line, opening, out, sent, state_of, transcript

UNBOUNDED = {"query", "result", "structured_output", "last_text"}
"""What an execution is for is kept whole, as long as one line of the CLI's can be."""
BOUND = 600_000


def decoded_all(state: State, records: list[Record]) -> State:
    """The fold that skips nothing."""
    for record in records:
        state = reduce(state, parse(record))
    return state


@pytest.mark.parametrize("name", NAMES)
def test_recorded_runs_give_their_golden_state(name: str) -> None:
    assert recorded.golden(name) == (GOLDEN / f"{name}.json").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_split_point_gives_the_same_state(name: str) -> None:
    records = transcript(name)
    whole = decoded_all(State(), records)
    assert fold(State(), records) == whole
    for at in range(len(records) + 1):
        assert fold(fold(State(), records[:at]), records[at:]) == whole


@pytest.mark.parametrize("name", NAMES)
def test_reducing_changes_no_earlier_state(name: str) -> None:
    state, seen = State(), []
    for record in transcript(name):
        seen.append((state, state.info.model_dump_json()))
        state = reduce(state, parse(record))
    assert [kept.info.model_dump_json() for kept, _ in seen] == [said for _, said in seen]


@pytest.mark.parametrize("name", NAMES)
def test_the_clis_frames_alone_raise_nothing(name: str) -> None:
    info = fold(State.initial("e"), [line("out", data) for data in recorded.frames(name)]).info
    assert info.status == "pending"
    assert info.session_id


def size_of(value: Any) -> int:
    """Characters and items in all of it."""
    if isinstance(value, str):
        return len(value)
    if hasattr(value, "_asdict"):
        return size_of({k: v for k, v in value._asdict().items() if k not in UNBOUNDED})
    if hasattr(value, "__dataclass_fields__"):
        return sum(size_of(getattr(value, name)) for name in value.__dataclass_fields__)
    if hasattr(value, "model_dump"):
        return size_of(value.model_dump())
    if hasattr(value, "items"):
        return sum(size_of(k) + size_of(v) for k, v in value.items())
    if isinstance(value, tuple | list):
        return sum(size_of(item) for item in value) + len(value)
    return 1


def check(state: State) -> None:
    """What holds of every state."""
    info = state.info
    assert size_of(state) < BOUND
    assert len(info.activity) <= 200
    assert info.activity.isprintable()
    assert len(info.errors) <= 20
    info.model_dump_json().encode()
    json.dumps(info.model_dump(mode="json"), allow_nan=False, ensure_ascii=False).encode()


KEYS = st.sampled_from(
    [
        *("type", "subtype", "message", "id", "content", "usage", "name", "input", "text", "tools"),
        *("thinking", "tool_use_id", "is_error", "error", "parent_tool_use_id", "event", "delta"),
        *("content_block", "input_tokens", "output_tokens", "result", "errors", "tasks", "task_id"),
        *("task_type", "description", "patch", "status", "permission_denials", "tool_name"),
        *("request", "request_id", "response", "is_backgrounded", "session_id", "model"),
        *("permissionMode", "mcp_servers", "modelUsage", "inputTokens", "costUSD", "num_turns"),
        *("model_usage_since_last_result", "total_cost_usd", "structured_output", "command"),
        *("api_message_id", "terminal_reason", "api_error_status", "queued_turn_count", "attempt"),
        *("rate_limit_info", "hook_name", "new_conversation_id", "mcp_server_errors"),
    ]
)
WORDS = st.sampled_from(
    [
        *(*FRAMES, *SYSTEM, "message_start", "message_delta", "content_block_start", "text"),
        *("thinking", "tool_use", "tool_result", "can_use_tool", "interrupt", "success", "Bash"),
        *("completed", "error_during_execution", "error_max_turns", "api_error", "aborted_tools"),
        *("rejected", "api_retry"),
    ]
)
LEAVES = st.one_of(
    WORDS,
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(st.characters(codec=None), max_size=20),
    st.sampled_from(["t1", "t2", "m1", "m2", "\ud83d", "x" * 3000, "\u202e\x00\n"]),
)
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=12,
)


@st.composite
def wild_frames(draw: st.DrawFn) -> dict[str, Any]:
    """A frame of a known type, most likely, with anything in it."""
    frame = draw(st.dictionaries(KEYS, VALUES, max_size=8))
    table = draw(st.sampled_from([FRAMES, SYSTEM, SENT]))
    kind = draw(st.sampled_from(sorted(table)))
    return frame | ({"type": "system", "subtype": kind} if table is SYSTEM else {"type": kind})


@settings(deadline=None, max_examples=60)
@given(frames=st.lists(wild_frames(), max_size=8), exit_code=st.sampled_from([0, 1, 137, -9, None]))
def test_any_frames_at_all_give_a_state(
    frames: list[dict[str, Any]], exit_code: int | None
) -> None:
    records = [*opening(), *(out(f) for f in frames), *(sent(f) for f in frames)]
    records.append(recorded.ended(exit_code))
    state = State()
    for record in records:
        state = reduce(state, parse(record))
        check(state)
    assert state.status.ended
    assert fold(fold(State(), records[:7]), records[7:]) == state


@settings(deadline=None, max_examples=150)
@given(events=st.lists(st.tuples(st.sampled_from(sorted(LIFECYCLE)), st.booleans()), max_size=12))
def test_any_order_of_our_records_is_followed_or_refused(events: list[tuple[str, bool]]) -> None:
    whole = {
        "transcript": recorded.header(),
        "requested": recorded.requested(),
        "spawned": recorded.spawned(),
        "refused": recorded.meta("refused", reason="dependency", error="x"),
        "kill": recorded.meta("kill", reason="user"),
        "limit": recorded.meta("limit", reason="timeout"),
        "signalled": recorded.meta("signalled", signal="SIGTERM"),
        "ended": recorded.ended(),
    }
    state = State()
    for name, with_frame in events:
        before = state
        try:
            state = reduce(state, parse(whole.get(name) or recorded.meta(name)))
        except InvalidTransition:
            assert state is before
        else:
            assert state.life.story == (*before.life.story, name)
        if with_frame:
            state = reduce(state, parse(out({"type": "result", "result": "x"})))
    ends = [name for name in state.life.story if name in {"ended", "refused", "lost"}]
    assert len(ends) == state.status.ended
    assert not ends or state.life.story[-1] == ends[0]


@settings(deadline=None, max_examples=60)
@given(tails=st.lists(st.binary(max_size=60) | wild_frames(), max_size=6))
def test_neutral_lines_change_nothing_whatever_follows(tails: list[bytes | dict[str, Any]]) -> None:
    state = state_of(*opening())
    for tail in tails:
        rest = tail if isinstance(tail, bytes) else b"}," + json.dumps(tail).encode()[1:]
        record = line("out", NEUTRAL_PREFIX + rest)
        assert is_neutral(record.data)
        assert reduce(state, parse(record)) is state
        assert reduce(state, parse(record._replace(complete=False))) is state
        assert reduce(state, parse(record._replace(elided=7))) is state


LONG = "x" * 10_000


def hostile(n: int) -> list[Record]:
    """Frames that would fill any state that keeps all that it is told."""
    name = f"{n} {LONG}"
    system = {"type": "system", "task_id": name, "task_type": name, "tool_name": name}
    block = {"type": "tool_use", "id": name, "name": name, "input": {"command": LONG}}
    body = {"id": name, "content": [block], "usage": {"input_tokens": 1}}
    start = {"type": "message_start", "message": body}
    ask = {"subtype": "can_use_tool", "tool_name": name}
    return [
        out({"type": "assistant", "message": body, "parent_tool_use_id": name}),
        out({"type": "assistant", "message": {"content": name}, "error": name}),
        out({"type": "stream_event", "event": start, "parent_tool_use_id": name}),
        out({"type": "control_request", "request_id": name, "request": ask}),
        out({**system, "subtype": "task_started"}),
        out({**system, "subtype": "permission_denied", "message": name}),
        out({**system, "subtype": "api_retry", "error": name}),
        line("err", name.encode()),
    ]


def test_a_state_stays_bounded_whatever_it_is_told() -> None:
    servers = [{"name": LONG, "status": LONG}] * 500
    init = {"session_id": LONG, "model": LONG, "permissionMode": LONG, "mcp_servers": servers}
    records = [record for n in range(300) for record in hostile(n)]
    records.append(out({"type": "system", "subtype": "init", **init}))
    check(state_of(*opening(), *records))


def test_stderr_that_is_pushed_out_of_the_tail_changes_nothing() -> None:
    lines = [Record(i, 1.0, "err", (b"\xf0\x9f\x98\x80" * (i % 40))) for i in range(3000)]
    frame = Record(0, 1.0, "out", b'{"type":"system","subtype":"init","session_id":"s"}')
    found = [*lines[:1500], frame, *lines[1500:]]
    kept = without_stale_stderr(found)
    assert len(kept) < 1000
    assert frame in kept
    whole, less = fold(State.initial("x"), found), fold(State.initial("x"), kept)
    assert whole == less
    assert len(whole.stderr_tail) == 4000
