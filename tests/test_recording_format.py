"""The neutral form of a transcript: there and back byte for byte, and equal for equal runs."""

from __future__ import annotations

import json
import re
import uuid

import pytest

from claude_widget.events import Record
from claude_widget.recordings.format import FormatProblem, Neutral, is_own, neutral, real
from claude_widget.recordings.run_file import describe_run
from tests.recorded import NAMES, meta, out, sent, transcript

PLACES = ("/home/user/project",)


def back(kept: Neutral) -> list[bytes]:
    return real(kept.text, kept.values)


def lines_of(records: list[Record]) -> list[bytes]:
    """What is played of a transcript: all of it but what is of one kernel and one process."""
    return [
        one.stream.encode() + (b"" if one.complete else b"-") + b" " + one.data
        for one in records
        if one.stream != "meta" and not is_own(one)
    ]


def spoken(lines: list[bytes]) -> list[bytes]:
    return [line for line in lines if not line.startswith(b"meta ")]


@pytest.mark.parametrize("name", NAMES)
def test_recorded_run_comes_back_byte_for_byte(name: str) -> None:
    records = transcript(name)
    kept = neutral(records, PLACES)
    assert spoken(back(kept)) == lines_of(records)
    ours = [json.loads(line[5:]) for line in back(kept) if line.startswith(b"meta ")]
    told = [json.loads(one.data) for one in records if one.stream == "meta" and not is_own(one)]
    assert [one["event"] for one in ours] == [one["event"] for one in told]
    assert len(kept.times) == len(kept.text.splitlines()) == len(back(kept))


def test_that_somebody_asked_what_it_cost_is_not_in_the_recording() -> None:
    records = transcript("session_cost")
    asked = [one for one in records if b"get_session_cost" in one.data]
    assert len(asked) == 8
    assert "get_session_cost" not in neutral(records, PLACES).text
    named = out({"type": "assistant", "request_id": f"get_session_cost-{uuid.uuid4()}"})
    assert not is_own(named), "only the question and its answer are left out"


@pytest.mark.parametrize("name", NAMES)
def test_what_changes_with_every_run_is_small_beside_what_is_reviewed(name: str) -> None:
    records = transcript(name)
    kept = neutral(records, PLACES)
    assert len(describe_run("5f0e", records, kept)) <= 1_000 + 0.15 * len(kept.text.encode())


def another_run(data: bytes) -> bytes:
    """A line as another run of equal content has it: other ids, times, usage and costs."""
    text = data.decode()

    def other_id(found: re.Match[str]) -> str:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, found[0]))

    text = re.sub(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", other_id, text)
    text = re.sub(r"(toolu|msg|req)_\w*?(\d{4})\b", r"\1_other99\2", text)
    text = re.sub(
        r'("(?:duration\w*_ms|ttft_ms|\w+_tokens|\w*cost_usd)":)\d[\d.]*', r"\g<1>77", text
    )
    text = re.sub(r'("timestamp":")[^"]+', r"\g<1>2031-01-01T00:00:00.000Z", text)
    text = text.replace('"claude_code_version":"2.1.330"', '"claude_code_version":"3.0.0"')
    text = text.replace("/home/user/project", "/srv/elsewhere/app")
    return text.replace("-home-user-project", "-srv-elsewhere-app").encode()


@pytest.mark.parametrize("name", NAMES)
def test_runs_of_equal_content_have_one_text(name: str) -> None:
    records = transcript(name)
    others = [one._replace(data=another_run(one.data), time=one.time * 2) for one in records]
    first, second = neutral(records, PLACES), neutral(others, ["/srv/elsewhere/app"])
    assert first.text == second.text
    assert first.values != second.values
    assert spoken(back(second)) == lines_of(others)


def test_no_id_time_cost_or_place_is_left_in_the_text() -> None:
    kept = neutral(transcript("permission_allowed"), PLACES)
    for pattern in (
        r"[0-9a-f]{8}-[0-9a-f]{4}-",
        r"(?:toolu|msg|req)_scripted",
        r"\d{4}-\d\d-\d\dT\d\d:",
        r'"total_cost_usd":\d',
        r'"input_tokens":\d',
        r'"duration_ms":\d',
        "/home/user/project",
        "2\\.1\\.330",
    ):
        assert not re.search(pattern, kept.text), pattern
    assert '"result":"I made the change' in kept.text or '"type":"result"' in kept.text


def test_id_in_other_places_is_found_by_its_value() -> None:
    frames = [
        out({"type": "assistant", "message": {"id": "msg_01AbCdEf99", "content": "x"}}),
        out({"type": "user", "text": "see /tmp/msg_01AbCdEf99.json\n\\nmsg_01AbCdEf99"}),
        out({"type": "user", "text": json.dumps({"id": "msg_01AbCdEf99"})}),
    ]
    kept = neutral(frames)
    assert "AbCdEf" not in kept.text
    assert kept.values["id"] == ["msg_01AbCdEf99"]
    assert back(kept) == [b"out " + one.data for one in frames]


def test_ids_and_numbers_in_what_an_agent_says_stay() -> None:
    said = "The record 0b5fc2f1-2cc7-4b2e-a8ff-0c9e1d3f5a77 took 12 ms and cost $0.02 at 10:00."
    kept = neutral([out({"type": "result", "result": said, "session_id": str(uuid.uuid4())})])
    assert said in kept.text


@pytest.mark.parametrize(
    "text",
    [
        "@{id:1}",
        "@{",
        "@{}",
        "@@{{id:1}}",
        "@{byte:10}",
        "@{nothing:3}",
        "@{}id:1}",
        "{@{number:2}}",
    ],
)
def test_what_looks_like_a_placeholder_is_text(text: str) -> None:
    frames = [
        out({"type": "assistant", "uuid": str(uuid.uuid4()), "text": text, "pid": 5}),
        out({"type": "user", "time": f"2024-01-01T00:00:00{text[:6]}", "signature": text}),
        out({"type": "user", "path": f"/home/user/p{text}", "task_id": f"12345{text}"}),
        Record(0, 0.0, "err", text.encode()),
        Record(0, 0.0, "out", text.encode()),
    ]
    kept = neutral(frames, ["/home/user/p@"])
    assert back(kept) == [one.stream.encode() + b" " + one.data for one in frames]


@pytest.mark.parametrize(
    "data",
    [
        b"plain \xff\xfe bytes",
        b"\x00\x01\x1b[31mred\x1b[0m\x7f",
        "caf\u00e9 \u2028 \U0001f600 \u0085".encode(),
        b"",
        b"  spaces  ",
        b"carriage\r",
        b"{not json",
        b'"a string"',
        b"[1, 2]",
        b'{"type":"x","text":"\xff"}',
    ],
)
@pytest.mark.parametrize("stream", ["out", "err"])
def test_any_line_comes_back(stream: str, data: bytes) -> None:
    for complete in (True, False):
        kept = neutral([Record(0, 0.0, stream, data, complete)])
        mark = b"" if complete else b"-"
        assert back(kept) == [stream.encode() + mark + b" " + data]
        kept.text.encode()  # a text file that anybody can open
        assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", kept.text)


def test_what_a_process_had_is_not_kept() -> None:
    spawned = meta("spawned", pid=4242, shim_pid=4241, shim_start=12.5, cli_path="/opt/x/claude")
    (line,) = back(neutral([spawned]))
    assert json.loads(line[5:]) == {
        "event": "spawned", "pid": 0, "shim_pid": 0, "shim_start": 0, "cli_path": "claude",
    }  # fmt: skip


def test_what_belongs_to_one_kernel_is_left_out() -> None:
    adopted = meta("adopted", owner={"host": "here"})
    kept = neutral([*transcript("denied")[:2], adopted, sent({"type": "user"})])
    assert kept.text == 'in {"type": "user"}\n'


def test_path_with_a_longer_name_is_another_one() -> None:
    frame = out(
        {"a": "/home/user/project2/x", "b": "/home/user/project/x", "c": "/home/user/projec"}
    )
    kept = neutral([frame], PLACES)
    assert kept.values["place"] == ["/home/user/project"]
    assert back(kept) == [b"out " + frame.data]


def test_places_that_anything_may_hold_are_left() -> None:
    assert neutral([out({"a": "/tmp/x"})], ["/", "/tmp", "~"]).text == 'out {"a":"/tmp/x"}\n'


# -- what somebody has edited ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("nonsense {}", "no stream's name"),
        ("out", "no stream's name"),
        ("", "no stream's name"),
        ("<<<<<<< HEAD", "no stream's name"),
        ("out {broken", "no JSON object"),
        ("meta []", "no JSON object"),
        ('out {"a":@{id:7}}', "@{id:7} has no value"),
        ('out {"a":@{id:0}}', "@{id:0} has no value"),
        ('out {"a":"@{what:1}"}', "@{what:1} has no value"),
        ('out {"a":@{number:1}}', "@{number:1} has no value"),
        ('out {"a":@{time:1}}', "@{time:1} has no value"),
        ("err @{byte:10}", "@{byte:10} has no value"),
        ("err @{byte:256}", "@{byte:256} has no value"),
        ('out {"a":1},{"b":2}', "no JSON object"),
    ],
)
def test_line_that_is_none_is_named(line: str, said: str) -> None:
    values = {"id": ["a"], "number": [3], "time": ["x\ny"]}
    with pytest.raises(FormatProblem, match=re.escape(said)) as caught:
        real(f'out {{"a":1}}\n{line}\nout {{"b":1}}\n', values)  # type: ignore[arg-type]
    assert caught.value.line == 2


def test_last_line_that_was_cut_off_is_left_out() -> None:
    whole = 'out {"a":1}\nout {"b":2}\n'
    for size in range(len(whole)):
        lines = real(whole[:size], {})
        assert lines == [b'out {"a":1}', b'out {"b":2}'][: len(lines)]
        assert len(lines) >= whole[:size].count("\n")


def test_last_line_that_an_editor_left_without_its_newline_counts() -> None:
    assert real('out {"a":1}\nout {"b":2}', {}) == [b'out {"a":1}', b'out {"b":2}']
