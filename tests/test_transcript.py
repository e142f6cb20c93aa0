"""The transcript's reader and writer: whole, byte by byte, torn, and cut at every byte.

The rule: whatever way the bytes come, the same records come out, and a reader that is cut off sees
a prefix of them. What the shim writes is what the reader gives back, byte for byte.
"""

from __future__ import annotations

import json
import os
import stat
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from claude_widget import transcript
from claude_widget.errors import TranscriptError
from claude_widget.event_log import STRIDE, EventLog
from claude_widget.events import NEUTRAL_PREFIX, Record
from claude_widget.shim import records
from claude_widget.shim.session import Session
from claude_widget.shim.streams import PIECE_BYTES, Output, Transcript
from claude_widget.transcript import Follower, RecordParser, Writer, lock_is_held, read_records
from tests.waiting import BOUND

HEADER = b'0.000000 meta {"event":"transcript","epoch":1000.5,"version":1}\n'
SAMPLE = (
    HEADER
    + b'0.100000 in {"type":"user"}\n'
    + b"0.200000 out \n"
    + b"0.200000 out  two  spaces \n"
    + b"0.300000 out+ {piece\n"
    + b"0.310000 err between\n"
    + b"0.320000 out+  of \n"
    + b"0.330000 out line}\n"
    + b"0.400000 err \xff\xfe\x00\x1b\n"
    + b"0.500000 err+ half\n"
    + b"0.510000 err-  a line\n"
    + b"0.600000 out- never ended\n"
    + b'1.000000 meta {"event":"ended"}\n'
)
EXPECTED = [
    (1000.5, "meta", HEADER[14:-1], True),
    (1000.6, "in", b'{"type":"user"}', True),
    (1000.7, "out", b"", True),
    (1000.7, "out", b" two  spaces ", True),
    (1000.81, "err", b"between", True),
    (1000.83, "out", b"{piece of line}", True),
    (1000.9, "err", b"\xff\xfe\x00\x1b", True),
    (1001.01, "err", b"half a line", False),
    (1001.1, "out", b"never ended", False),
    (1001.5, "meta", b'{"event":"ended"}', True),
]


def told(found: list[Record]) -> list[tuple[float, str, bytes, bool]]:
    return [(round(r.time, 6), r.stream, r.data, r.complete) for r in found]


def parsed(chunks: Iterator[bytes] | list[bytes]) -> list[Record]:
    parser = RecordParser()
    return [record for chunk in chunks for record in parser.feed(chunk)]


def test_whole() -> None:
    assert told(parsed([SAMPLE])) == EXPECTED


def test_byte_by_byte() -> None:
    assert told(parsed([bytes([byte]) for byte in SAMPLE])) == EXPECTED


@pytest.mark.parametrize("size", [2, 3, 7, 64, 100])
def test_in_chunks(size: int) -> None:
    chunks = [SAMPLE[i : i + size] for i in range(0, len(SAMPLE), size)]
    assert told(parsed(chunks)) == EXPECTED


def test_cut_at_every_byte_gives_a_prefix() -> None:
    for end in range(len(SAMPLE) + 1):
        assert told(parsed([SAMPLE[:end]])) == EXPECTED[: len(parsed([SAMPLE[:end]]))]
        parser = RecordParser()
        first = list(parser.feed(SAMPLE[:end]))
        assert told(first + list(parser.feed(SAMPLE[end:]))) == EXPECTED


def test_reading_goes_on_from_its_offset() -> None:
    for record in parsed([SAMPLE]):
        parser = RecordParser(record.offset, epoch=1000.5)
        again = list(parser.feed(SAMPLE[record.offset :]))
        assert told([record])[0] in told(again)
        assert parser.offset == len(SAMPLE)


def test_line_whose_end_nobody_wrote(tmp_path: Path) -> None:
    path = tmp_path / "transcript"
    path.write_bytes(HEADER + b"1.0 out+ one\n1.1 out+ two\n1.2 err- x\n1.3 out to")
    assert told(list(read_records(path)))[1:] == [
        (1001.7, "err", b"x", False),
        (1000.5, "out", b"onetwo", False),
    ]


@pytest.mark.parametrize(
    "line", [b"", b"x", b"1.0", b"1.0 out", b"soon out x", b"\xff\xfe", b"nan", b" out x"]
)
def test_line_that_is_no_record_is_counted_and_left_out(line: bytes) -> None:
    parser = RecordParser()
    found = list(parser.feed(HEADER + line + b"\n1.0 out good\n"))
    assert told(found)[1:] == [(1001.5, "out", b"good", True)]
    assert parser.damaged == 1


@given(
    st.lists(st.binary(max_size=40).filter(lambda data: b"\n" not in data), max_size=8), st.data()
)
@settings(max_examples=60, deadline=None)
def test_any_lines_come_back_whatever_the_chunks(lines: list[bytes], data: st.DataObject) -> None:
    written = HEADER + b"".join(records.encode_lines(1.0, b"out", line) for line in lines)
    cuts = data.draw(st.lists(st.integers(0, len(written)), max_size=5).map(sorted))
    edges = [0, *cuts, len(written)]
    chunks = [written[a:b] for a, b in pairwise(edges)]
    assert [r.data for r in parsed(chunks)][1:] == lines


@given(st.binary(max_size=300))
@settings(max_examples=100, deadline=None)
def test_any_bytes_harm_nothing(data: bytes) -> None:
    whole = told(parsed([data]))
    assert told(parsed([data[i : i + 1] for i in range(len(data))])) == whole


def test_partial_messages_are_skipped_and_nothing_else() -> None:
    partial = b"1.0 out " + NEUTRAL_PREFIX + b'"x":1}\n'
    like = [b"1.0 err " + NEUTRAL_PREFIX, b"1.0 out  " + NEUTRAL_PREFIX, b"1.0 outout x"]
    written = HEADER + partial + b"\n".join(like) + b"\n" + partial + b"2.0 out end\n"
    parser = RecordParser(skip=NEUTRAL_PREFIX)
    found = list(parser.feed(written))
    assert parser.skipped == 2
    assert len(found) == 2 + len(like)
    assert parser.offset == len(written)


def test_a_hundred_megabytes_in_one_line_cost_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "transcript"
    piece = b"1.0 out+ " + b"x" * (1 << 20) + b"\n"
    with path.open("wb") as file:
        file.write(HEADER)
        for _ in range(100):
            file.write(piece)
        file.write(b"1.0 out end\n")
    tracemalloc.start()
    (record,) = (r for r in read_records(path) if r.stream == "out")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(record.data) == transcript.LONGEST_LINE
    assert record.elided == (100 << 20) + 3 - transcript.LONGEST_LINE
    assert peak < 3 * transcript.LONGEST_LINE


def test_record_without_an_end_is_an_error_in_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transcript, "LONGEST_LINE", 1000)
    parser = RecordParser()
    for _ in range(4):
        assert list(parser.feed(b"x" * 500)) == []
    with pytest.raises(TranscriptError, match="no end"):
        list(parser.feed(b"x"))


# -- following ---------------------------------------------------------------------------------


def test_follower_reads_what_comes(tmp_path: Path) -> None:
    path = tmp_path / "transcript"
    path.touch()
    follower = Follower(path)
    found: list[Record] = []
    with path.open("ab", buffering=0) as file:
        for byte in SAMPLE:
            file.write(bytes([byte]))
            new, more = follower.read()
            found += new
            assert not more
    follower.close()
    follower.close()
    assert told(found) == EXPECTED
    assert follower.read() == ([], False)
    follower.close()


def test_follower_reads_in_bites(tmp_path: Path) -> None:
    path = tmp_path / "transcript"
    path.write_bytes(SAMPLE)
    follower = Follower(path)
    found: list[Record] = []
    more = True
    while more:
        new, more = follower.read(10)
        found += new
    assert told(found) == EXPECTED
    follower.close()


@pytest.mark.parametrize("spoil", [Path.unlink, lambda path: os.truncate(path, 5)])
def test_follower_of_a_spoilt_file_says_so(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path = tmp_path / "transcript"
    path.write_bytes(SAMPLE)
    follower = Follower(path)
    follower.read()
    follower.close()
    spoil(path)
    with pytest.raises(TranscriptError) as caught:
        follower.read()
    assert caught.value.path == str(path)
    follower.close()


def test_links_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_bytes(SAMPLE)
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(TranscriptError):
        Follower(tmp_path / "link").read()
    with pytest.raises(OSError, match="symbolic"):
        Writer(tmp_path / "link")


# -- writing -----------------------------------------------------------------------------------


def test_writer_and_reader_agree(tmp_path: Path) -> None:
    path = tmp_path / "transcript"
    with Writer(path, create=True) as writer:
        writer.begin("id", "host", text="\ud83d \n é")
        writer.lines(b"out", b"one\n\ntwo\xff")
    header, requested, *out = read_records(path)
    assert json.loads(header.data)["execution_id"] == "id"
    assert header.time == pytest.approx(json.loads(header.data)["epoch"])
    assert json.loads(requested.data)["text"] == "\ud83d \n é"
    assert [r.data for r in out] == [b"one", b"", b"two\xff"]


def test_later_writer_goes_on_with_the_clock_and_mends_a_torn_record(tmp_path: Path) -> None:
    path = tmp_path / "transcript"
    with Writer(path, create=True) as writer:
        writer.begin("id", "host")
    with path.open("ab") as file:
        file.write(b"1.0 out {torn")
    with Writer(path) as writer:
        writer.meta("lost", error="")
    first, _, torn, last = read_records(path)
    assert torn.data == b"{torn"
    assert json.loads(last.data)["event"] == "lost"
    assert 0 <= last.time - first.time < BOUND


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    path = tmp_path / "transcript"
    assert not lock_is_held(path)
    with Writer(path, create=True):
        assert lock_is_held(path)
        with pytest.raises(BlockingIOError):
            Writer(path)
        with pytest.raises(FileExistsError):
            Writer(path, create=True)
    assert not lock_is_held(path)


def test_who_looks_at_the_lock_does_not_hold_up_a_writer(tmp_path: Path) -> None:
    path = tmp_path / "transcript"
    Writer(path, create=True).close()
    done = threading.Event()

    def look() -> None:
        while not done.is_set():
            lock_is_held(path)

    lookers = [threading.Thread(target=look) for _ in range(2)]
    for looker in lookers:
        looker.start()
    try:
        for _ in range(300):
            Writer(path).close()
    finally:
        done.set()
        for looker in lookers:
            looker.join()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_file_is_its_owners_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        Writer(tmp_path / "transcript", create=True).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "transcript").stat().st_mode) == 0o600


# -- what the shim writes ----------------------------------------------------------------------


def through_the_shim(tmp_path: Path, chunks: list[bytes]) -> tuple[list[Record], bytes, Session]:
    """What the reader gives back of what a CLI wrote in these chunks."""
    path = tmp_path / "transcript"
    path.write_bytes(HEADER)
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    read_end, write_end = os.pipe()
    output = Output(read_end, records.OUT, Transcript(fd, 0.0))
    session, seen = Session(), b""
    for chunk in chunks:
        os.write(write_end, chunk)
        lines = output.read()
        seen += lines
        session.feed(lines)
        output.flush()
    os.close(write_end)
    while output.open:
        output.read()
    os.close(fd)
    return [r for r in read_records(path) if r.stream == "out"], seen, session


@given(st.lists(st.binary(min_size=1, max_size=50), max_size=8))
@settings(max_examples=60, deadline=None)
def test_what_a_cli_writes_comes_back(
    tmp_path_factory: pytest.TempPathFactory, chunks: list[bytes]
) -> None:
    written = b"".join(chunks)
    found, _, _ = through_the_shim(tmp_path_factory.mktemp("t"), chunks)
    again = b"".join(r.data + (b"\n" if r.complete else b"") for r in found)
    assert again == written


def test_long_line_is_written_in_pieces(tmp_path: Path) -> None:
    line = b"{" + b"x" * (3 * PIECE_BYTES) + b"}"
    chunks = [line[i : i + 10_000] for i in range(0, len(line), 10_000)]
    (found,), seen, _ = through_the_shim(tmp_path, [*chunks, b"\n"])
    assert found.data == line
    assert len(seen) < PIECE_BYTES


@pytest.mark.parametrize("spaces", [(",", ":"), (", ", ": ")])
@pytest.mark.parametrize("size", [100, 70_000, 200_000])
def test_long_result_of_an_old_cli_ends_the_turn(
    tmp_path: Path, size: int, spaces: tuple[str, str]
) -> None:
    frame = {"type": "result", "subtype": "success", "is_error": False, "result": "x" * size}
    line = json.dumps({**frame, "uuid": "1"}, separators=spaces).encode() + b"\n"
    chunks = [line[i : i + 60_000] for i in range(0, len(line), 60_000)]
    _, _, session = through_the_shim(tmp_path, chunks)
    assert session.turn_over


def test_text_that_talks_of_results_does_not_end_the_turn(tmp_path: Path) -> None:
    text = json.dumps({"type": "assistant", "text": 'it printed {"type":"result"} "result"'})
    line = text.encode() + b"\n"
    for chunks in ([line], [line[:30], line[30:]], [line[:-3], line[-3:]]):
        _, _, session = through_the_shim(tmp_path, chunks)
        assert not session.turn_over


def test_text_that_talks_of_states_does_not_change_them(tmp_path: Path) -> None:
    idle = '{"type":"system","subtype":"session_state_changed","state":"idle"}'
    lines = [json.dumps({"type": "assistant", "text": idle}), json.dumps({"x": json.loads(idle)})]
    _, _, session = through_the_shim(tmp_path, [line.encode() + b"\n" for line in lines])
    assert session.state is None


# -- frames as a sequence ----------------------------------------------------------------------


def test_event_log_grows_and_is_a_sequence(tmp_path: Path) -> None:
    path = tmp_path / "transcript"
    log = EventLog(path)
    assert len(log) == 0
    assert list(log) == []
    path.write_bytes(HEADER)
    with path.open("ab", buffering=0) as file:
        for number in range(3 * STRIDE + 5):
            line = b'{"type":"x","n":%d}' % number
            if number % 7 == 0:
                file.write(records.encode_piece(1.0, b"out", line[:4]))
                assert len(log) == number
                line = line[4:]
            file.write(records.encode_lines(1.0, b"out", line) + b"1.0 err noise\n")
            assert len(log) == number + 1
    numbers = list(range(3 * STRIDE + 5))
    assert [event.raw["n"] for event in log] == numbers
    assert [log[i].raw["n"] for i in (0, STRIDE, -1, STRIDE - 1)] == [0, 64, numbers[-1], 63]
    assert [event.raw["n"] for event in log[5:150:13]] == numbers[5:150:13]
    assert [event.raw["n"] for event in log[::-50]] == numbers[::-50]
    assert log[10:5] == []
    with pytest.raises(IndexError):
        log[len(numbers)]
