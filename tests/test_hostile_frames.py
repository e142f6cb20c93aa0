"""What nobody would send, and somebody did: findings of the fuzzer, and the monsters by name.

The rule: the least input that did harm is kept here, beside what must come of it. Memory and time
are bounds, never figures: those are in docs/reliability.md.
"""

from __future__ import annotations

import json
import math
import os
import re
import shutil
import socket
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from claude_widget.backend import Run
from claude_widget.errors import InvalidTransition
from claude_widget.manager import ProcessManager
from claude_widget.page.rows import row_of
from claude_widget.page.widget import ClaudeWidget
from claude_widget.protocol import Allow, Deny
from claude_widget.shim import records
from claude_widget.shim.control import Client
from claude_widget.shim.operations import Operations
from claude_widget.shim.streams import Output, Transcript
from claude_widget.state import State, fold
from claude_widget.transcript import RecordParser, read_records
from tests import fake, recorded
from tests.fuzz.asking import noting
from tests.monsters import read_by_a_kernel
from tests.recording_comm import answer_to, ask, say
from tests.waiting import BOUND, until

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


def test_nothing_changes_after_the_end_not_even_by_records_of_a_newer_version() -> None:
    ended = fold(State(), [*recorded.opening(), recorded.ended()])
    later = [recorded.meta("weather"), recorded.line("meta", b"{}"), recorded.line("side", b"x")]
    assert fold(ended, later) == ended


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


def deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    "decision",  # made in the test: a million levels take a second, in each process that collects
    [
        lambda: {"behavior": "allow", "updatedInput": {"a": deep(DEEP)}},
        lambda: {"behavior": "allow", "updatedInput": {"a": math.nan}},
        lambda: {"behavior": "allow", "updatedInput": {"a": [math.inf]}},
        lambda: deep(DEEP),
    ],
    ids=["nested", "no number", "no end", "only nested"],
)
def test_what_the_cli_could_not_be_told_is_refused_where_it_arrives(
    dashboard: ClaudeWidget, decision: Callable[[], Any]
) -> None:
    asked = {"type": "claude:answer-request", "executionId": "e", "controlId": "c"}
    say(dashboard, requestId="1", **asked, decision=decision())
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


def test_a_page_writes_no_trait_so_that_none_is_shown_to_another_page_or_saved(
    dashboard: ClaudeWidget,
) -> None:
    before = dashboard.get_state()
    said: list[Any] = [{"_esm": "evil()"}, {"row": 7}, {"execution_id": "e", "layout": 0}, [], None]
    for state in said:
        data = {"method": "update", "state": state, "buffer_paths": []}
        dashboard._handle_msg({"content": {"data": data}, "buffers": []})
    assert dashboard.get_state() == before


def test_what_is_forgotten_amid_a_look_around_does_not_come_back(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = manager._registry
    execution = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    manager._following.stop()  # it looks around as well
    find = registry.folder.find

    def find_and_forget(known: frozenset[str]) -> list[Run]:
        found = find(known - {execution.execution_id})
        manager.cleanup_execution(execution.execution_id)
        return found

    monkeypatch.setattr(registry.folder, "find", find_and_forget)
    monkeypatch.setattr(registry, "_seen_folder", -1)
    registry.look_around()
    assert manager.get_all_executions() == []


def test_one_whose_folder_was_taken_away_can_be_forgotten(
    manager: ProcessManager, project: Path
) -> None:
    execution = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    shutil.rmtree(execution.run.folder)
    manager.cleanup_execution(execution.execution_id)
    assert manager.get_all_executions() == []


# -- the monsters --------------------------------------------------------------------------------

ALL = os.environ.get("MONSTERS") == "all"
ROOM = 100 << 20


def read_without_growing(kind: str, count: int, folder: Path) -> dict[str, Any]:
    told = read_by_a_kernel(kind, count, folder)
    rate = count / told["seconds"]
    print(f"\n{count:,} of {kind}: {rate:,.0f} a second, {told['grown'] / 2**20:.0f} MB more")
    assert told["grown"] < ROOM
    return told


@pytest.mark.slow  # a kernel reads every one of them
@pytest.mark.timeout(3600 if ALL else 120)
def test_millions_of_tiny_frames_cost_a_kernel_no_memory(tmp_path: Path) -> None:
    count = 10_000_000 if ALL else 60_000
    told = read_without_growing("tiny", count, tmp_path)
    assert (told["status"], told["unknown_frames"]) == ("running", count)


@pytest.mark.slow  # as above
@pytest.mark.timeout(3600 if ALL else 120)
def test_a_million_unknown_types_of_frames_cost_a_kernel_no_memory(tmp_path: Path) -> None:
    count = 1_000_000 if ALL else 30_000
    told = read_without_growing("unknown", count, tmp_path)
    assert (told["status"], told["unknown_frames"]) == ("running", count)


def test_a_record_that_never_ends_is_given_up_without_eating_memory(tmp_path: Path) -> None:
    told = read_without_growing("endless", 20_000, tmp_path)
    assert "a record has no end" in told["problem"]
    assert told["status"] == "failed"


@pytest.mark.slow  # it is written, and read twice
def test_a_frame_of_100_megabytes_costs_neither_shim_nor_kernel_its_memory(
    manager: ProcessManager, project: Path
) -> None:
    megabytes = 100
    query = f"fake:big-line={megabytes}"
    execution = manager.start_execution(query, project, keep_open=True)
    until(lambda: execution.info.result, what="its result, behind the frame")
    assert execution.run.transcript.stat().st_size > megabytes << 20
    assert most_memory(fake.shim_pid(execution)) < 40 << 20
    execution.kill()
    execution.wait(BOUND)
    told = read_by_a_kernel("", 0, execution.run.folder)
    assert told["status"] == "killed"
    assert told["grown"] < ROOM


def most_memory(pid: int) -> int:
    """Bytes that a process has had at the most; those that it has, where that is not told."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return int(psutil.Process(pid).memory_info().rss)
    return int(re.findall(r"VmHWM:\s+(\d+) kB", status)[0]) << 10


def test_json_nested_a_million_deep_changes_nothing_of_an_execution(tmp_path: Path) -> None:
    lines = [(one.stream, one.data) for one in recorded.opening()]
    for stream in ("out", "in", "err", "meta"):
        lines += [(stream, nested()), (stream, b"[" * DEEP)]
    lines.append(("meta", recorded.ended().data))
    written = [b"1.0 %s %s\n" % (name.encode(), data) for name, data in lines]
    (tmp_path / "transcript").write_bytes(b"".join(written))
    told = read_by_a_kernel("", 0, tmp_path)
    assert (told["problem"], told["status"]) == ("", "failed")  # it ended without a result
    assert told["grown"] < ROOM


@pytest.mark.parametrize("data", [b"\x00" * 5000, b"\xff" * 5000, b"\xed\xa0\x80\x00\x1b[2J\r\r"])
@pytest.mark.parametrize("stream", ["out", "err", "in"])
def test_bytes_that_are_no_text_are_shown_as_text(stream: str, data: bytes) -> None:
    frame = b'{"type":"result","is_error":true,"errors":["' + data + b'"],"result":"' + data + b'"}'
    records = [*recorded.opening(), recorded.line(stream, data), recorded.line(stream, frame)]
    state = fold(State(), [*records, recorded.ended(1)])
    row = json.dumps(row_of(state.info), ensure_ascii=False, allow_nan=False)
    assert state.status == "failed"
    assert row.encode()


# -- one that speaks for another -----------------------------------------------------------------


def test_a_frame_that_claims_another_executions_ids_changes_its_own_execution_alone() -> None:
    other = "22222222-2222-4222-8222-222222222222"
    claims = {"execution_id": other, "executionId": other, "#offset": 0, "pid": 1, "owner": "me"}
    events = ["transcript", "requested", "spawned", "kill", "adopted", "ended", "lost"]
    before = fold(State(), recorded.opening())
    frames = [recorded.out({"type": kind, "event": kind, **claims}) for kind in events]
    after = fold(before, frames)
    assert after.info.unknown_frames == len(events)
    assert (after.life, after.asked) == (before.life, before.asked)


def test_output_that_looks_like_records_of_ours_stays_output(tmp_path: Path) -> None:
    path = tmp_path / "transcript"
    read_end, write_end = os.pipe()
    forged = b'x\n9.0 meta {"event":"ended","exit_code":0}\n9.0 out {}\n9.0 meta+ {}'
    with path.open("wb") as file:
        file.write(HEADER)
        file.flush()
        output = Output(read_end, records.OUT, Transcript(file.fileno(), 0.0))
        os.write(write_end, forged)
        os.close(write_end)
        while output.open:
            output.read()
    found = list(read_records(path))[1:]
    assert {record.stream for record in found} == {"out"}
    assert b"\n".join(record.data for record in found) == forged


def test_an_answer_to_one_is_none_to_another_that_asks_under_the_same_id(
    manager: ProcessManager, project: Path
) -> None:
    manager.page_seen()
    first, second = (manager.start_execution("fake:asks=Bash", project) for _ in range(2))
    for execution in (first, second):
        until(partial(getattr, execution, "requests"), what="it asks")
    assert first.requests[0].control_id == second.requests[0].control_id
    first.answer_request(first.requests[0].control_id, Allow())
    fake.ended(first, "completed", "success")
    assert second.requests
    second.answer_request(second.requests[0].control_id, Deny(message="no"))
    fake.ended(second, "completed", "denied")
    assert json.loads(second.result or "")["behavior"] == "deny"
