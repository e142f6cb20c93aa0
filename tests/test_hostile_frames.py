"""What nobody would send, and somebody did: findings of the fuzzer, and the monsters by name.

The rule: the least input that did harm is kept here, beside what must come of it. Memory and time
are bounds, never figures: those are in docs/reliability.md.
"""

from __future__ import annotations

import json
import math
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import comm
import pytest

from claude_widget.errors import InvalidTransition
from claude_widget.manager import ProcessManager
from claude_widget.shim.control import Client
from claude_widget.shim.operations import Operations
from claude_widget.state import State, fold
from claude_widget.transcript import RecordParser
from claude_widget.widget import ClaudeWidget
from tests import recorded
from tests.fuzz.asking import noting
from tests.recording_comm import RecordingComm, answer_to, ask, say
from tests.waiting import until

HEADER = b'0.000000 meta {"event":"transcript","epoch":1000.5,"version":1,"execution_id":"e"}\n'
DEEP = 1_000_000


def nested(depth: int = DEEP) -> bytes:
    """JSON within JSON."""
    return b'{"a":' * depth + b"1" + b"}" * depth


# -- the reader ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [b"nan", b"-nan", b"inf", b"-inf", b"1e999", b"1e300"])
def test_a_record_whose_time_is_none_is_counted_and_left_out(seconds: bytes) -> None:
    parser = RecordParser()
    found = list(parser.feed(HEADER + seconds + b" out {}\n1.0 out good\n"))
    assert [record.data for record in found[1:]] == [b"good"]
    assert parser.damaged == 1


@pytest.mark.parametrize(
    "epoch", [b"NaN", b"Infinity", b"1e999", b"9" * 400, b"9" * 5000, b'"1"', b"[" * DEEP]
)
def test_a_header_without_a_time_leaves_the_records_theirs(epoch: bytes) -> None:
    parser = RecordParser()
    header = b'0.0 meta {"event":"transcript","epoch":' + epoch + b"}\n"
    found = list(parser.feed(header + b"1.5 out x\n"))
    assert [record.time for record in found] == [0.0, 1.5]
    fold(State(), [record for record in found if record.stream == "out"])


def test_a_lifecycle_record_nested_a_million_deep_is_damage_and_no_more() -> None:
    parser = RecordParser()
    (record,) = parser.feed(b"0.0 meta " + nested() + b"\n")
    before = fold(State(), recorded.opening())
    with pytest.raises(InvalidTransition, match="unreadable"):
        fold(before, [record])


# -- the control socket --------------------------------------------------------------------------


def test_a_client_that_asks_and_never_reads_is_dropped_amid_its_questions() -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        ours.setblocking(False)
        theirs.setblocking(False)
        client = Client(theirs, b"")
        asked = 0
        while client.open and asked < 4 << 20:
            asked += ours.send(b"\n" * (1 << 18))
            client.read(lambda _: {"ok": True})
        assert not client.open
        assert asked < 1 << 20


@pytest.mark.parametrize(
    "request_",
    [
        nested(),
        b'{"op":"send","line":"' + nested().replace(b'"', b'\\"') + b'"}',
        b'{"op":' + b"[" * DEEP,
        b'{"op":"' + b"x" * DEEP + b'"}',
    ],
    ids=["nested", "line nested", "name nested", "name long"],
)
def test_a_control_message_of_a_million_levels_or_letters_is_refused_in_few_words(
    request_: bytes, tmp_path: Path
) -> None:
    ours, theirs = socket.socketpair()
    with (tmp_path / "t").open("wb") as transcript, (tmp_path / "i").open("wb") as stdin:
        operations = Operations(noting(transcript.fileno(), stdin.fileno()))
        theirs.setblocking(False)
        client = Client(theirs, b"")
        asked = memoryview(request_ + b"\n")
        while asked:
            asked = asked[ours.send(asked[: 1 << 15]) :]
            client.read(operations.answer)
        answer = json.loads(ours.recv(1 << 16))
        assert client.open
        assert not answer["ok"]
        assert len(json.dumps(answer)) < 1000
    for end in (ours, theirs):
        end.close()


# -- what a page sends ---------------------------------------------------------------------------


@pytest.fixture
def dashboard(manager: ProcessManager, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClaudeWidget]:
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    widget = ClaudeWidget(manager)
    yield widget
    widget.close()


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "decision",
    [
        {"behavior": "allow", "updatedInput": {"a": deep(DEEP)}},
        {"behavior": "allow", "updatedInput": {"a": math.nan}},
        {"behavior": "allow", "updatedInput": {"a": [math.inf]}},
        deep(DEEP),
    ],
    ids=["nested", "no number", "no end", "only nested"],
)
def test_what_the_cli_could_not_be_told_is_refused_where_it_arrives(
    dashboard: ClaudeWidget, decision: Any
) -> None:
    asked = {"type": "claude:answer-request", "executionId": "e", "controlId": "c"}
    say(dashboard, requestId="1", **asked, decision=decision)
    answer, _ = until(lambda: answer_to(dashboard, "1"), what="a refusal") or ({}, [])
    assert (answer["type"], answer["kind"]) == ("claude:refused", "InvalidMessage")
    assert ask(dashboard, "2", type="claude:ping")[0]["type"] == "claude:pong"


def test_half_a_character_in_a_message_is_answered_in_text_that_can_be_sent(
    dashboard: ClaudeWidget,
) -> None:
    say(dashboard, type="claude:get-execution", requestId="\ud83d", executionId="\udc00gone")
    answer, _ = until(lambda: answer_to(dashboard, "\ufffd"), what="an answer") or ({}, [])
    assert answer["kind"] == "ExecutionNotFound"
    json.dumps(answer, ensure_ascii=False).encode()


@pytest.mark.parametrize("content", [None, 7, "text", [], {"type": []}, {"requestId": {}}])
def test_what_is_no_message_is_left_alone(dashboard: ClaudeWidget, content: Any) -> None:
    dashboard._receive(dashboard, content, [])
    assert ask(dashboard, "1", type="claude:ping")[0]["type"] == "claude:pong"
