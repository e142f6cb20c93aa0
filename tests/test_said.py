"""What was said to an execution while it was recorded, and may be said again in its replay."""

from __future__ import annotations

import json

import pytest

from claude_widget.events import Record
from claude_widget.recordings.said import Said, not_printed, typed_in


def said(text: str) -> bytes:
    return b"in " + json.dumps({"type": "user", "message": {"content": text}}).encode()


def control(subtype: str) -> bytes:
    return (
        b"in " + json.dumps({"type": "control_request", "request": {"subtype": subtype}}).encode()
    )


def frame(text: str) -> str:
    return said(text)[3:].decode()


PRINTED = b'out {"type":"assistant"}'
CLOSED = b'meta {"event":"stdin_closed"}'
KILLED = b'meta {"event":"kill","reason":"user"}'
TALK = [
    control("initialize"),
    said("first"),
    PRINTED,
    said("second"),
    PRINTED,
    said("third"),
    CLOSED,
]


def test_follow_ups_are_taken_in_their_order_once_each() -> None:
    heard = Said(TALK, keep_open=True)
    assert heard.next_said == "second"
    assert not heard.take("send", frame("third"))
    assert heard.take("send", frame("second"))
    assert not heard.take("send", frame("second"))
    assert heard.take("send", frame("third"))
    assert heard.take("end", "")
    assert not heard.take("end", "")
    assert not heard.left


def test_first_prompt_is_no_follow_up() -> None:
    assert not Said([said("first"), PRINTED], keep_open=True).left


def test_blocks_of_text_are_one_text() -> None:
    blocks = {"message": {"content": [{"type": "text", "text": "second"}]}, "type": "user"}
    heard = Said([said("first"), b"in " + json.dumps(blocks).encode()], keep_open=False)
    assert heard.take("send", frame("second"))


def test_one_that_was_not_kept_open_stops_nowhere_and_takes_no_end() -> None:
    heard = Said(TALK, keep_open=False)
    assert heard.stops == frozenset()
    assert not heard.take("end", "")
    assert heard.take("send", frame("second"))


def test_one_that_was_kept_open_stops_where_something_was_said() -> None:
    assert Said(TALK, keep_open=True).stops == {3, 5, 6}


def test_stop_is_over_once_it_was_said() -> None:
    heard = Said(TALK, keep_open=True)
    heard.at = 3
    assert not heard.was_said
    assert heard.take("send", frame("second"))
    assert heard.was_said


def test_what_follows_a_kill_is_the_shims_doing() -> None:
    lines = [said("first"), KILLED, control("interrupt"), CLOSED]
    assert not Said(lines, keep_open=True).left
    assert Said([said("first"), control("interrupt")], keep_open=True).take("interrupt", "")


@pytest.mark.parametrize(
    "line", ["", "{", "[]", "null", '{"type":"user"}', '{"type":"user","message":5}']
)
def test_what_is_no_prompt_is_not_taken(line: str) -> None:
    assert not Said(TALK, keep_open=True).take("send", line)


def test_lines_that_no_cli_has_printed() -> None:
    assert not_printed([PRINTED, CLOSED, b"err x", said("a")]) == [(1, CLOSED), (3, said("a"))]


def test_what_was_typed_is_known_only_if_nobody_else_has_said_anything() -> None:
    streams = [line.partition(b" ") for line in TALK]
    records = [Record(0, 0.0, stream.decode(), data) for stream, _, data in streams]
    assert typed_in(records, [True, False, True]) == [0, 2]
    assert typed_in(records, [True, False]) == []
    assert Said(TALK, keep_open=True, typed=[0, 2]).typed == {3, 6}
