"""Redaction of transcripts: what was streamed in deltas, cut in pieces, or never was JSON.

The rule: the same answer, however it was cut, gives the same records; nothing is left of a secret
in any of them; and a transcript without secrets says what it said before, to every fold.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from claude_widget.events import Record, is_neutral, parse
from claude_widget.redaction.redactor import PLACEHOLDER, Redactor
from claude_widget.shim import records as shim_records
from claude_widget.transcript import RecordParser
from tests.planted_secrets import AWKWARD, SHAPED, Person, encodings, left_of
from tests.recorded import NAMES, line, meta, out, sent, state_of, transcript

PERSON = Person()
REDACTOR = Redactor(
    [r"ACME-\d+"], environ={"AWKWARD_TOKEN": AWKWARD}, home=PERSON.home, user=PERSON.name
)
NOBODY = Redactor(environ={}, home=Path("/nowhere/at/all"), user="")
KINDS = {"text": "text_delta", "thinking": "thinking_delta", "partial_json": "input_json_delta"}


def delta(text: str, name: str = "text", index: int = 0, **more: Any) -> Record:
    event = {"type": "content_block_delta", "index": index}
    event["delta"] = {"type": KINDS[name], name: text}
    own = f"{abs(hash((text, name, index))) % 10**12:012}"
    return out({"type": "stream_event", "event": event, "session_id": "s", "uuid": own, **more})


def boundary(kind: str, **more: Any) -> Record:
    return out({"type": "stream_event", "event": {"type": kind, **more}, "session_id": "s"})


def streamed(texts: Sequence[str], name: str = "text") -> list[Record]:
    """One message of one block, in these deltas."""
    start = boundary("content_block_start", index=0, content_block={"type": "text", "text": ""})
    deltas = [delta(text, name) for text in texts]
    ends = [boundary("content_block_stop", index=0), boundary("message_stop")]
    return [boundary("message_start"), start, *deltas, *ends]


def said(records: Sequence[Record], name: str = "text") -> str:
    """What the deltas add up to."""
    frames = [json.loads(record.data) for record in records if is_neutral(record.data)]
    return "".join(frame["event"]["delta"][name] for frame in frames)


def without_ids(records: Sequence[Record]) -> list[Any]:
    frames = [json.loads(record.data) for record in records]
    return [{**frame, "uuid": None} for frame in frames]


def cuts(text: str, places: Sequence[int]) -> list[str]:
    ends = [*sorted({place % (len(text) + 1) for place in places}), len(text)]
    return [text[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]


@pytest.mark.parametrize("name", KINDS)
def test_secret_is_found_at_every_split(name: str) -> None:
    secret = SHAPED["anthropic-key"]
    text = f"the key is {secret} and so on"
    if name == "partial_json":
        text = json.dumps({"command": text})
    whole = list(REDACTOR.records(streamed([text], name)))
    assert left_of(secret, b"".join(record.data for record in whole)) == set()
    assert "[redacted:anthropic-key]" in said(whole, name)
    for place in range(1, len(text)):
        records = list(REDACTOR.records(streamed([text[:place], text[place:]], name)))
        assert said(records, name) == said(whole, name)
        assert len(records) == len(whole)


def test_secret_is_found_one_character_a_delta_between_other_frames() -> None:
    text = f"a {SHAPED['github-token']} b {PERSON.home}/p"
    records: list[Record] = []
    for one in text:
        records += [delta(one), delta(one, index=1), delta(one, parent_tool_use_id="t")]
        records += [line("err", b"noise"), sent({"type": "user"}), meta("killed")]
    redacted = list(REDACTOR.records(records))
    for lane in ({"index": 1}, {"index": 0}):
        frames = [json.loads(record.data) for record in redacted if is_neutral(record.data)]
        mine = [one for one in frames if one["event"]["index"] == lane["index"]]
        for parent in {one.get("parent_tool_use_id") for one in mine}:
            texts = [
                one["event"]["delta"]["text"]
                for one in mine
                if one.get("parent_tool_use_id") == parent
            ]
            assert "".join(texts) == "a [redacted:github-token] b ~/p"


def test_a_new_message_begins_a_new_text() -> None:
    half = SHAPED["github-token"][:20]
    records = [*streamed([half]), *streamed([SHAPED["github-token"][20:]])]
    redacted = list(REDACTOR.records(records))
    assert said(redacted) == SHAPED["github-token"], "two texts that no reader joins"


TEXTS = st.lists(
    st.one_of(
        st.sampled_from(
            [*SHAPED.values(), AWKWARD, f"{PERSON.home}/x", "ACME-12", "[redacted:jwt]"]
        ),
        st.sampled_from([form for form in encodings(AWKWARD).values() if len(form) < 300]),
        st.text(alphabet='ab1 /-@"\\\n%=:.[]{}', max_size=12),
        st.text(max_size=5),
    ),
    max_size=6,
).map("".join)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXTS, one=st.lists(st.integers(0, 500)), two=st.lists(st.integers(0, 500)))
def test_records_depend_on_the_text_alone(text: str, one: list[int], two: list[int]) -> None:
    first = list(REDACTOR.records(streamed(cuts(text, one))))
    second = list(REDACTOR.records(streamed(cuts(text, two))))
    assert without_ids(first) == without_ids(second)
    assert said(first) == REDACTOR.text(text)
    assert [record.data for record in REDACTOR.records(first)] == [one.data for one in first]
    ids = [json.loads(record.data)["uuid"] for record in first if is_neutral(record.data)]
    assert len(set(ids)) == len(ids)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXTS)
@example(text=AWKWARD + SHAPED["openai-key"])
@example(text="\\" + AWKWARD)
def test_redacting_twice_changes_nothing(text: str) -> None:
    once = REDACTOR.text(text)
    assert REDACTOR.text(once) == once
    for secret in (*SHAPED.values(), AWKWARD):
        assert secret not in once
    value = {text: [text, {"password": text}], "b": [text, "x"]}
    redacted = REDACTOR.value(value)
    assert REDACTOR.value(redacted) == redacted
    assert REDACTOR.data(REDACTOR.data(text.encode("utf-8", "replace"))) == REDACTOR.data(
        text.encode("utf-8", "replace")
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(text=TEXTS, lines=st.lists(TEXTS, max_size=4))
def test_lines_stay_as_many_and_are_found_together(text: str, lines: list[str]) -> None:
    redacted = REDACTOR.lines([text, *lines])
    assert len(redacted) == 1 + len(lines)
    assert REDACTOR.lines(redacted) == redacted


@pytest.mark.parametrize("name", NAMES)
def test_transcript_without_secrets_says_what_it_said(name: str) -> None:
    records = transcript(name)
    redacted = list(NOBODY.records(records))
    plain = [record for record in records if not is_neutral(record.data)]
    assert [record for record in redacted if not is_neutral(record.data)] == plain
    assert state_of(*redacted).info == state_of(*records).info
    assert all(parse(record) for record in redacted)


@pytest.mark.parametrize("name", NAMES)
def test_transcript_of_somebody_folds_to_the_same(name: str) -> None:
    records = transcript(name)
    redacted = list(Redactor(environ={}, home=Path("/home/user"), user="").records(records))
    told = b"\n".join(record.data for record in redacted)
    assert b"/home/user" not in told
    assert state_of(*redacted).info.status == state_of(*records).info.status
    kinds = [type(parse(record)) for record in records if not is_neutral(record.data)]
    assert [type(parse(record)) for record in redacted if not is_neutral(record.data)] == kinds


PROTOCOL = (
    "(?i)delta|event|content|message|model|tool|type|text|role|result|status|user|assistant|usage"
    "|system|request|response|token|cost|turn|success|error|index|input|reason|block|stop|thinking"
)
"""What a rule may mean by Delta, the airline, or a model, that of a car."""


@pytest.mark.parametrize("name", NAMES)
def test_rules_of_the_user_leave_the_protocols_own_names(name: str) -> None:
    records = transcript(name)
    redacted = list(Redactor([PROTOCOL], environ={}, home=Path("/x"), user="").records(records))
    kinds = [type(parse(one)) for one in records if not is_neutral(one.data)]
    assert [type(parse(one)) for one in redacted if not is_neutral(one.data)] == kinds
    info, told = state_of(*records).info, state_of(*redacted).info
    for field in ("status", "reason", "usage", "cost_usd", "num_turns", "unknown_frames"):
        assert getattr(told, field) == getattr(info, field), field
    assert sum(told.tool_counts.values()) == sum(info.tool_counts.values())
    assert (told.model is None) == (info.model is None)


def test_names_in_what_the_protocol_leaves_open_are_redacted_by_rules() -> None:
    redactor = Redactor(["Delta|message"], environ={}, home=Path("/x"), user="")
    use = {"type": "tool_use", "id": "t", "name": "mcp", "input": {"message": {"type": "Delta"}}}
    said = {"type": "assistant", "Delta": 1, "message": {"role": "Delta 1", "content": [use]}}
    (record,) = redactor.records([out(said)])
    free = "[redacted:rule]"
    use["input"] = {free: {"type": free}}
    message = {"role": f"{free} 1", "content": [use]}
    assert json.loads(record.data) == {"type": "assistant", free: 1, "message": message}


def test_pieces_of_a_long_line_are_one_line() -> None:
    secret = SHAPED["anthropic-key"]
    data = json.dumps({"type": "user", "message": {"content": f"a {secret} b"}}).encode()
    at = data.index(secret.encode()) + 9
    written = b"".join(
        [
            shim_records.encode_piece(1, b"out", data[:at]),
            shim_records.encode_lines(1, b"err", b"in between"),
            shim_records.encode_piece(2, b"out", data[at:], shim_records.LAST),
        ]
    )
    parser = RecordParser()
    records = list(REDACTOR.records([*parser.feed(written), *parser.finish()]))
    assert [record.stream for record in records] == ["err", "out"]
    content = json.loads(records[1].data)["message"]["content"]
    assert content == "a [redacted:anthropic-key] b"


def test_lines_that_are_no_json_are_one_text_a_stream() -> None:
    key = SHAPED["private-key"].split("\n")
    records = [record for text in key for record in _both(text)]
    redacted = list(REDACTOR.records(records))
    assert len(redacted) == len(records)
    assert {record.data for record in redacted} == {b"[redacted:private-key]", b'{"type":"x"}'}


def _both(text: str) -> Iterator[Record]:
    yield line("err", text.encode())
    yield out({"type": "x"})


@pytest.mark.parametrize(
    "data",
    [
        b'{"a":"SECRET","a":"x"}',
        b'{"a":"SECRET',
        b'{"a":"\xff SECRET"}',
        b'{"a":"\\ud800 SECRET"}',
        b'{"a":"SECRET","n":NaN,"big":123456789012345678901234567890}',
        b"[" * 5000 + b'"SECRET"' + b"]" * 5000,
        b'{"a":' * 700 + b'"SECRET"' + b"}" * 700,
        b'["SECRET"]',
        b'"SECRET"',
        b'\xef\xbb\xbf{"a":"SECRET"}',
        b'{"a":"SECRET"}\r',
        b'{"SECRET":{"SECRET":["SECRET"]}}',
    ],
)
@pytest.mark.parametrize("stream", ["out", "in", "meta", "err"])
def test_no_line_hides_a_secret(data: bytes, stream: str) -> None:
    secret = SHAPED["github-token"]
    record = line(stream, data.replace(b"SECRET", secret.encode()))
    (redacted,) = REDACTOR.records([record])
    assert left_of(secret, redacted.data) == set()
    assert (redacted.time, redacted.stream) == (record.time, record.stream)
    assert b"[redacted:github-token]" in redacted.data or b'"a","a"' not in redacted.data
    assert list(REDACTOR.records([redacted])) == [redacted]


def test_placeholder_is_never_cut() -> None:
    text = " ".join([SHAPED["github-token"], "x" * 61, SHAPED["jwt"], "é" * 200])
    records = list(REDACTOR.records(streamed([text])))
    pieces = [record for record in records if is_neutral(record.data)]
    found = [len(PLACEHOLDER.findall(record.data.decode())) for record in pieces]
    assert sum(found) == 2
    assert len(pieces) > 4


HOSTILE = [
    *("sk-ant-", "sk-", "eyJ", "eyJa.", "AKIA", "AKIA1234567890ABCDEF ", "1234567890:AA", "SG."),
    *("://a:", "://", "a:b@", "-u ", "--token ", "1//0", "login a ", "bearer ", "authorization: "),
    *("password=", 'token":"', "token: ", "[redacted:", "[redacted:jwt]", AWKWARD, AWKWARD[:-1]),
    *("-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG\n"),
    *("\\", "\\n", "\\\\u0041", "%41", "%e2%82", "%25", "QUFB", "Y3Vs", "A", " ", "\n", "a_"),
    *("/-a", "/home/alice/", "wilhelmina", "/wilhelmina", "-wilhelmina"),
]
"""What a pattern begins with, again and again: each place could be looked at from each other."""


@pytest.mark.parametrize("unit", HOSTILE, ids=range(len(HOSTILE)))
def test_long_hostile_text_is_read_in_one_go(unit: str) -> None:
    """A quadratic pattern would need minutes for it, and the bound of every test is 20 seconds."""
    text = unit * (40_000 // len(unit))
    redacted = REDACTOR.text(text + "!")
    assert REDACTOR.text(redacted) == redacted
