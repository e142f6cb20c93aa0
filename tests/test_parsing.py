"""Parsing what should not be there: no bytes make `parse` raise, and none get lost."""

from __future__ import annotations

import json
import sys

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from claude_widget import events as ev
from tests import recorded
from tests.recorded import ended, line, out

TOOL_USE = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"[SandboxDebug] hello",
        b"null",
        b"[1, 2]",
        b'"text"',
        b'{"type":"result"',
        b'{"type":"result","total_cost_usd":NaN}',
        b'{"type":"result","total_cost_usd":Infinity}',
        b'{"a":' * 1_000_000,
        b"[" * 1_000_000,
        b'{"type":"result","num_turns":' + b"9" * 10_000 + b"}",
        b'{"type":"assistant"}{"type":"assistant"}',
        b"\xff\xfe\x00",
    ],
    ids=lambda data: repr(data[:24]),
)
def test_what_is_no_json_object_is_a_raw_line(data: bytes) -> None:
    event = ev.parse(line("out", data))
    assert type(event) is ev.RawLine
    assert event.raw == {}
    event.text.encode()


@pytest.mark.parametrize(
    "frame",
    [{"type": "brand_new"}, {"type": "system", "subtype": "brand_new"}, {}, {"type": 5}, {"a": 1}],
)
def test_unknown_frames_are_kept(frame: dict[str, object]) -> None:
    event = ev.parse(out(frame))
    assert type(event) is ev.UnknownFrame
    assert event.raw == frame


def test_a_field_that_does_not_fit_costs_that_field_only() -> None:
    frame = {"type": "result", "subtype": "success", "result": "done", "num_turns": "many"}
    event = ev.parse(out(frame))
    assert isinstance(event, ev.Result)
    assert (event.result, event.num_turns) == ("done", None)
    assert "num_turns" in event.problem
    assert event.raw == frame


def test_a_nested_field_that_does_not_fit_costs_that_field_only() -> None:
    blocks: list[object] = [{"type": "text", "text": ["odd"]}, 5, TOOL_USE]
    message = {"id": "m", "content": blocks, "usage": {"input_tokens": -1, "output_tokens": 4}}
    event = ev.parse(out({"type": "assistant", "message": message}))
    assert isinstance(event, ev.Assistant)
    assert [block.type for block in event.message.content] == ["text", None, "tool_use"]
    assert event.message.usage == ev.TokenUsage(output_tokens=4)
    assert event.raw["message"] == message


@pytest.mark.parametrize(
    "frame", [{"type": "assistant", "message": "hi"}, {"type": "stream_event", "event": [1]}]
)
def test_a_frame_without_its_payload_is_unknown(frame: dict[str, object]) -> None:
    event = ev.parse(out(frame))
    assert type(event) is ev.UnknownFrame
    assert event.type == frame["type"]
    assert event.problem


def test_many_faults_are_mended_and_very_many_are_another_frame() -> None:
    for count, known in ((900, ev.Assistant), (100_000, ev.UnknownFrame)):
        blocks: list[object] = [0] * count
        event = ev.parse(out({"type": "assistant", "message": {"id": "m", "content": blocks}}))
        assert type(event) is known
        assert event.problem
        assert event.raw["message"]["content"] == blocks


def test_nulls_are_nothing_wrong() -> None:
    fields = {"result", "errors", "usage", "modelUsage", "permission_denials", "origin", "is_error"}
    event = ev.parse(out({"type": "result", **dict.fromkeys(fields)}))
    assert event.problem == ""


def test_the_clis_own_fields_never_take_the_place_of_ours() -> None:
    frame = {"type": "keep_alive", "time": "x", "offset": "y", "raw": 1, "#time": 9, "#raw": 2}
    event = ev.parse(out(frame, 5.0))
    assert (event.time, event.offset, event.raw) == (5.0, 0, frame)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (rb'{"type":"keep_alive","text":"a\ud82db"}', "a\ufffdb"),
        (rb'{"type":"keep_alive","text":"\ud83d\ude00"}', "\U0001f600"),
        (rb'{"type":"keep_alive","text":"\ude00\ud83d"}', "\ufffd\ufffd"),
        (b'{"type":"keep_alive","text":"a\xffb"}', "a\ufffdb"),
        (b'{"type":"keep_alive","text":"a\xed\xa0\xbdb"}', "a\ufffd\ufffd\ufffdb"),
        (b'\xef\xbb\xbf{"type":"keep_alive","text":"bom"}', "bom"),
        (b'{"type":"keep_alive","text":"cr"}\r', "cr"),
        (b'  {"type" : "keep_alive", "text": "spaces"}  ', "spaces"),
        (b'{"text":"one","type":"keep_alive","text":"two"}', "two"),
    ],
)
def test_odd_encodings_are_read_all_the_same(data: bytes, text: str) -> None:
    event = ev.parse(line("out", data))
    assert event.raw["text"] == text
    json.dumps(event.raw, ensure_ascii=False).encode()


def test_nesting_that_only_the_slow_decoder_takes() -> None:
    deep = b'{"type":"keep_alive","x":' + b"[" * 300 + b"]" * 300 + b"}"
    assert type(ev.parse(line("out", deep))) is ev.KeepAlive


def test_stderr_is_text() -> None:
    event = ev.parse(line("err", b'{"type":"result"}\xff\r'))
    assert isinstance(event, ev.StderrLine)
    assert event.text == '{"type":"result"}\ufffd'
    assert event.raw == {}


def test_a_line_without_its_end_says_so() -> None:
    event = ev.parse(ev.Record(0, 1.0, "out", b'{"type":"resu', complete=False))
    assert isinstance(event, ev.RawLine)
    assert not event.complete


@pytest.mark.parametrize("data", [b"garbage", b'{"type":"new"}', b'{"type":"user","message":3}'])
def test_what_we_sent_and_do_not_know_is_a_line(data: bytes) -> None:
    event = ev.parse(line("in", data))
    assert isinstance(event, ev.SentLine)
    assert event.text == data.decode()


def test_a_line_too_large_still_says_its_type() -> None:
    data = b'{"type":"user","message":{"content":"' + b"x" * 1000
    event = ev.parse(ev.Record(0, 1.0, "out", data, elided=10**9))
    assert isinstance(event, ev.OversizedFrame)
    assert (event.type, event.subtype, event.elided) == ("user", "", 10**9)


def test_a_result_too_large_still_says_how_it_went() -> None:
    data = recorded.frames("max_turns")[-1]
    event = ev.parse(ev.Record(0, 1.0, "out", data, elided=1))
    assert isinstance(event, ev.OversizedFrame)
    assert (event.type, event.subtype) == ("result", "error_max_turns")


def test_other_lines_too_large_keep_their_start() -> None:
    err = ev.parse(ev.Record(0, 1.0, "err", b"head", elided=5))
    assert isinstance(err, ev.StderrLine)
    assert err.text == "head [5 bytes more]"


@pytest.mark.parametrize(
    ("data", "name", "damaged"),
    [
        (b"{", "", True),
        (b'{"event":"ended"}', "ended", True),
        (b'{"event":"ended","exit_code":"0"}', "ended", True),
        (b'{"event":"kill","reason":"success"}', "kill", True),
        (b'{"event":"limit","reason":"nonsense"}', "limit", True),
        (b'{"event":"from_the_future","x":1}', "from_the_future", False),
        (b"{}", "", False),
    ],
)
def test_records_of_ours_are_strict(data: bytes, name: str, damaged: bool) -> None:
    event = ev.parse(line("meta", data))
    assert isinstance(event, ev.UnknownRecord)
    assert (event.name, event.damaged) == (name, damaged)
    assert event.problem


def test_a_field_more_in_a_record_of_ours_is_a_newer_versions() -> None:
    assert isinstance(ev.parse(ended(0, weather="fine")), ev.Ended)


def test_an_unknown_stream_is_kept() -> None:
    assert isinstance(ev.parse(line("side", b"x")), ev.UnknownRecord)


DELTA = ev.NEUTRAL_PREFIX + b',"index":0,"delta":{"type":"text_delta","text":"x"}}}'


def test_the_cli_spells_deltas_as_the_neutral_prefix_does() -> None:
    lines = [data for name in recorded.NAMES for data in recorded.frames(name)]
    deltas = [data for data in lines if b'"content_block_delta"' in data]
    assert deltas
    assert [data for data in lines if ev.is_neutral(data)] == deltas


@pytest.mark.parametrize(
    "tail",
    [
        b"",
        b"}}garbage",
        b'},"type":"result","subtype":"success"}',
        b'},"event":{"type":"message_start"}}',
        b'},"event":7}',
    ],
)
def test_a_neutral_line_is_never_anything_else(tail: bytes) -> None:
    event = ev.parse(line("out", ev.NEUTRAL_PREFIX + tail))
    assert type(event) in {ev.PartialDelta, ev.RawLine}


def test_events_cannot_be_changed() -> None:
    event = ev.parse(out({"type": "keep_alive"}))
    with pytest.raises(ValueError, match="frozen"):
        event.time = 3.0


STREAMS = st.sampled_from(["out", "in", "err", "meta", "side"])


@settings(deadline=None, max_examples=400)
@given(
    data=st.binary(max_size=400), stream=STREAMS, complete=st.booleans(), elided=st.integers(0, 3)
)
@example(data=b'{"type":"\\ud800"}', stream="out", complete=True, elided=0)
def test_no_bytes_make_it_raise(data: bytes, stream: str, complete: bool, elided: int) -> None:
    event = ev.parse(ev.Record(1, 2.0, stream, data, complete, elided))
    assert (event.time, event.offset) == (2.0, 1)
    repr(event).encode()


@settings(deadline=None, max_examples=300)
@given(data=st.data(), stream=STREAMS)
def test_no_torn_or_altered_frame_makes_it_raise(data: st.DataObject, stream: str) -> None:
    name = data.draw(st.sampled_from(["partial_text", "max_turns", "background_subagent"]))
    frame = data.draw(st.sampled_from(recorded.frames(name)))
    start = data.draw(st.integers(0, len(frame)))
    put = data.draw(st.binary(max_size=8))
    cut = data.draw(st.integers(0, 40))
    ev.parse(line(stream, frame[:start] + put + frame[start + cut :]))


def test_deep_nesting_leaves_the_recursion_limit_alone() -> None:
    before = sys.getrecursionlimit()
    ev.parse(line("out", b'{"x":' * 100_000 + b"1" + b"}" * 100_000))
    assert sys.getrecursionlimit() == before
