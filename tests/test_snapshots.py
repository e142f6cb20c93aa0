"""The fold of a transcript kept beside it: exact, believed only of its own transcript, and in time.

The rule: transcripts are files here, written as the shim writes them; the fold that begins at a
snapshot is compared with the fold that begins at the first byte.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.stage import Stage
from claude_widget import snapshot
from claude_widget.backend import Run
from claude_widget.events import Record, is_neutral, parse
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import BackgroundTask, Denial, ExecutionRequest, MCPConfigInfo, MCPServer
from claude_widget.shim import records
from claude_widget.state import State, reduce
from claude_widget.state.codec import decode, encode
from claude_widget.state.shape import Counted, Facts, Settled, Tool, Waiting
from claude_widget.transcript import Writer
from tests import recorded
from tests.waiting import BOUND, until

PLACES = 4
"""Places of a recorded transcript at which a whole execution goes on from its snapshot."""
ID = recorded.EXECUTION_ID
MB = 1 << 20


def recorded_run(folder: Path, name: str) -> tuple[Run, list[int]]:
    """A run with a recorded transcript, byte for byte where it was recorded so."""
    if not recorded.whole(name).exists():
        return written(folder, recorded.transcript(name))
    run, _ = written(folder, [])
    lines = recorded.whole(name).read_bytes().splitlines(keepends=True)
    run.transcript.write_bytes(b"".join(lines))
    return run, list(itertools.accumulate(map(len, lines)))


def written(folder: Path, found: list[Record]) -> tuple[Run, list[int]]:
    """A run whose transcript has these records, and where each ends."""
    folder.mkdir(parents=True, exist_ok=True)
    request = ExecutionRequest(query="do it", project_path="/home/user/project")
    run = Run(ID, folder, request)
    ends, data = [], b""
    for record in found:
        kind = record.stream.encode()
        data += records.encode_lines(record.time - recorded.EPOCH, kind, record.data)
        ends.append(len(data))
    run.transcript.write_bytes(data)
    return run, ends


def execution(run: Run) -> Execution:
    """One that nobody manages."""
    return Execution(None, run)  # type: ignore[arg-type]


def folded(run: Run, *, restored: bool = False) -> Execution:
    """One that has read all there is, from its snapshot or from the first byte."""
    one = execution(run)
    if restored:
        one.restore()
        assert one.read_bytes, "its snapshot was not believed"
    one.catch_up()
    return one


def kept_at(run: Run, offset: int) -> None:
    """Keep the snapshot that a manager has at that byte."""
    whole = run.transcript.read_bytes()
    (run.folder / snapshot.NAME).unlink(missing_ok=True)
    run.transcript.write_bytes(whole[:offset])
    one = folded(run)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(snapshot, "EVERY", 0)
        one.keep_fold()
    fold = snapshot.load(run)
    assert fold is not None
    assert fold.offset == offset
    run.transcript.write_bytes(whole)


# -- exact ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", recorded.NAMES)
def test_state_kept_and_read_back_at_every_record_goes_on_as_the_full_fold(name: str) -> None:
    full, restored = State.initial(ID), State.initial(ID)
    for record in recorded.transcript(name):
        if record.stream == "out" and is_neutral(record.data):
            continue
        event = parse(record)
        full = reduce(full, event)
        restored = decode(json.loads(json.dumps(encode(reduce(restored, event)))))
        assert restored == full, record
    assert restored.info == full.info


@pytest.mark.parametrize("name", recorded.NAMES)
def test_execution_that_begins_at_its_snapshot_is_the_one_that_never_stopped(
    name: str, tmp_path: Path
) -> None:
    run, ends = recorded_run(tmp_path / ID, name)
    full = folded(run)
    for offset in ends[1 : -1 : max(1, len(ends) // PLACES)]:
        kept_at(run, offset)
        later = folded(run, restored=True)
        assert later.state == full.state
        assert (later.info, later.requests) == (full.info, full.requests)
        assert (later.read_bytes, later.stderr) == (full.read_bytes, full.stderr)
        assert (len(later.events), list(later.events)) == (len(full.events), list(full.events))


def test_open_requests_are_whole_after_a_snapshot(tmp_path: Path) -> None:
    run, ends = recorded_run(tmp_path / ID, "questions")
    whole = run.transcript.read_bytes()
    asked_by = next(end for end in ends if end > whole.index(b'"can_use_tool"'))
    run.transcript.write_bytes(whole[:asked_by])
    kept_at(run, asked_by)
    asked = folded(run).requests
    assert [one.tool_name for one in asked] == ["AskUserQuestion"]
    assert folded(run, restored=True).requests == asked


TEXT = st.text(st.characters(exclude_categories=()), max_size=20)
"""Lone surrogates too: whatever a state holds must survive."""
NUMBER = st.floats(allow_nan=False) | st.integers()
JSON = st.recursive(
    st.none() | st.booleans() | NUMBER | TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXT, inner, max_size=3),
    max_leaves=8,
)


def tuples(kind: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(kind, max_size=3).map(tuple)


@st.composite
def states(draw: st.DrawFn) -> State:
    """States that no transcript has led to: any text, number and value in any part."""
    state = State.initial(draw(TEXT))
    servers = tuples(st.builds(MCPServer, name=TEXT, status=TEXT))
    pairs = tuples(st.tuples(TEXT, TEXT))
    tokens = st.tuples(*[st.integers()] * 4)
    counts = st.dictionaries(TEXT, st.integers(), max_size=3)
    return state.replace(
        life=state.life._replace(
            created_time=draw(st.none() | NUMBER), story=draw(tuples(TEXT)), stdin_closed=True
        ),
        asked=state.asked._replace(
            query=draw(TEXT),
            mcp_config=draw(st.none() | st.builds(MCPConfigInfo, path=TEXT, servers=tuples(TEXT))),
        ),
        session=state.session._replace(mcp_servers=draw(servers), requests=draw(pairs)),
        work=state.work._replace(
            tools=draw(tuples(st.builds(Tool, TEXT, TEXT, TEXT, TEXT))),
            tool_counts=draw(counts | counts.map(MappingProxyType)),
            waiting=draw(tuples(st.builds(Waiting, TEXT, TEXT, TEXT, offset=st.integers()))),
            settled=draw(tuples(st.builds(Settled, TEXT, st.booleans(), TEXT))),
            tasks=draw(tuples(st.builds(BackgroundTask, task_id=TEXT, description=TEXT))),
        ),
        account=state.account._replace(
            recent=draw(tuples(st.builds(Counted, TEXT, tokens))), cost=draw(st.none() | NUMBER)
        ),
        outcome=state.outcome._replace(
            facts=draw(st.none() | st.builds(Facts, st.booleans(), TEXT)),
            structured_output=draw(JSON),
            denials=draw(tuples(st.builds(Denial, tool_name=TEXT, message=TEXT))),
        ),
    )


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(states())
def test_any_state_is_read_back_as_it_was(state: State) -> None:
    assert decode(json.loads(json.dumps(encode(state)))) == state


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(states(), JSON, st.randoms(use_true_random=False))
def test_what_no_state_can_be_is_refused_or_a_state(
    state: State, value: object, chance: random.Random
) -> None:
    said = json.loads(json.dumps(encode(state)))
    part = said[chance.choice(sorted(said))]
    part[chance.choice(sorted(part))] = value
    with contextlib.suppress(ValueError, TypeError):
        assert isinstance(decode(said), State)


@pytest.mark.parametrize("value", [None, [], {}, {"life": {}}, "state", 7])
def test_no_state_at_all_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="fields"):
        decode(value)


# -- believed only if it is right ----------------------------------------------------------------


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run with a snapshot about its middle."""
    run, ends = recorded_run(tmp_path / ID, "subagent_in_background")
    kept_at(run, ends[len(ends) // 2])
    assert snapshot.load(run) is not None
    return run


def test_snapshot_damaged_or_cut_anywhere_is_not_believed(run: Run) -> None:
    path = run.folder / snapshot.NAME
    whole = path.read_bytes()
    for place in range(0, len(whole), 5):
        flipped = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
        path.write_bytes(flipped)
        assert snapshot.load(run) is None, place
    for size in range(0, len(whole), 50):
        path.write_bytes(whole[:size])
        assert snapshot.load(run) is None, size
    one = execution(run)
    one.restore()
    assert one.read_bytes == 0, "it is folded from the first byte"


def _cut(run: Run) -> None:
    fold = snapshot.load(run)
    assert fold is not None
    os.truncate(run.transcript, fold.offset - 1)


def _zeroed_at_the_end(run: Run) -> None:
    fold = snapshot.load(run)
    assert fold is not None
    with run.transcript.open("r+b") as file:
        file.seek(fold.offset - 512)
        file.write(bytes(512))


def _replaced(run: Run) -> None:
    data = run.transcript.read_bytes()
    run.transcript.write_bytes(data.replace(b'"host"', b'"most"', 1))


def _gone(run: Run) -> None:
    run.transcript.unlink()


@pytest.mark.parametrize("harm", [_cut, _zeroed_at_the_end, _replaced, _gone])
def test_snapshot_of_another_transcript_is_not_believed(
    run: Run, harm: Callable[[Run], None]
) -> None:
    harm(run)
    assert snapshot.load(run) is None


def test_snapshot_of_another_version_is_not_believed(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(snapshot, "folding_code", lambda: "0" * 64)
    assert snapshot.load(run) is None


def test_snapshot_of_another_execution_is_not_believed(run: Run) -> None:
    other = Run("11111111-1111-4111-8111-111111111111", run.folder, run.request)
    assert snapshot.load(other) is None


def test_snapshot_that_is_a_link_or_a_pipe_is_not_read(run: Run, tmp_path: Path) -> None:
    path = run.folder / snapshot.NAME
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert snapshot.load(run) is None
    path.unlink()
    os.mkfifo(path)
    assert snapshot.load(run) is None


# -- kept in time --------------------------------------------------------------------------------


@pytest.fixture
def staged(tmp_path: Path) -> Iterator[tuple[ProcessManager, Execution, Writer]]:
    """A manager, one execution, and the writer of its transcript."""
    stage = Stage()
    with ProcessManager(tmp_path / "state", None, 2, stagger=0, backend=stage) as manager:
        one = manager.start_execution("go", str(tmp_path))
        yield manager, one, stage.writers[one.execution_id]
    stage.close()


def some(size: int) -> bytes:
    """Recorded frames of about that many bytes."""
    frames = [line for line in recorded.frames("bash_tool") if b'"result"' not in line[:20]]
    data = b"\n".join(frames[:4])
    return b"\n".join([data] * (size // len(data)))


def followed(one: Execution, writer: Writer) -> None:
    until(lambda: one.read_bytes == writer.size, what="all is folded")


def test_snapshot_lags_at_most_four_megabytes_and_is_the_owners_alone(
    staged: tuple[ProcessManager, Execution, Writer],
) -> None:
    _, one, writer = staged
    for _ in range(4):
        writer.lines(b"out", some(2 * MB))
        followed(one, writer)

        def lag() -> int:
            fold = snapshot.load(one.run)
            return writer.size - (fold.offset if fold else 0)

        until(lambda: lag() <= 4 * MB, what="the fold was kept")
    assert (one.run.folder / snapshot.NAME).stat().st_mode & 0o777 == 0o600
    assert not list(one.run.folder.glob(".fold*")), "a temporary file is left"


def test_later_manager_folds_only_what_came_after_the_snapshot(
    staged: tuple[ProcessManager, Execution, Writer], tmp_path: Path
) -> None:
    _, one, writer = staged
    writer.lines(b"out", some(3 * MB))
    followed(one, writer)
    until(lambda: snapshot.load(one.run), what="the fold was kept")
    with one.run.transcript.open("r+b") as file:
        file.seek(MB // 2)
        file.write(b'\n0.1 out {"type":"nobody knows it"}\n')  # who reads it all counts it
    writer.lines(b"out", some(MB // 8))
    followed(one, writer)
    with ProcessManager(tmp_path / "state", None, 2, stagger=0, backend=Stage()) as later:
        again = later.get_execution(one.execution_id)
        assert again is not None
        assert again.state == one.state
    assert (one.info.unknown_frames, folded(one.run).info.unknown_frames) == (0, 1)


def test_two_managers_keep_one_snapshot_between_them(
    staged: tuple[ProcessManager, Execution, Writer], tmp_path: Path
) -> None:
    _, one, writer = staged
    with ProcessManager(tmp_path / "state", None, 2, stagger=0, backend=Stage()) as second:
        other = until(lambda: second.get_execution(one.execution_id), what="it is found")
        assert isinstance(other, Execution)
        for _ in range(3):
            writer.lines(b"out", some(2 * MB))
            followed(one, writer)
            followed(other, writer)
        until(lambda: snapshot.load(one.run), what="the fold was kept")
        assert other.state == one.state
    until(lambda: not list(one.run.folder.glob(".fold*")), what="no temporary file is left")


def test_snapshot_that_cannot_be_written_harms_nobody(
    staged: tuple[ProcessManager, Execution, Writer],
) -> None:
    _, one, writer = staged
    (one.run.folder / snapshot.NAME).mkdir()
    for _ in range(2):
        writer.lines(b"out", some(2 * MB))
        followed(one, writer)
    writer.meta("ended", exit_code=0, error="", forced=False, descendants=0)
    assert one.wait(BOUND).status.ended
    assert not list(one.run.folder.glob(".fold*"))


def test_no_snapshot_is_taken_amid_a_line(tmp_path: Path) -> None:
    run, _ = written(tmp_path / ID, recorded.opening())
    with run.transcript.open("ab") as file:
        for _ in range(3):
            file.write(records.encode_piece(1.0, records.OUT, b"x" * MB))
    one = folded(run)
    one.keep_fold()
    assert snapshot.load(run) is None
    with run.transcript.open("ab") as file:
        file.write(records.encode_lines(1.0, records.OUT, b"its end"))
    one.catch_up()
    one.keep_fold()
    fold = snapshot.load(run)
    assert fold is not None
    assert fold.offset == run.transcript.stat().st_size
