"""Replay: the pace, what cannot be played, recordings that stop too early, and what is refused.

The rule: recordings are either real runs of the fake CLI or written here line by line, with the
times that a test is about. What every backend promises is in tests/contracts.
"""

from __future__ import annotations

import json
import shutil
import threading
import time
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from claude_widget.backend import Run
from claude_widget.errors import ControlFailed
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.recordings.errors import RecordingDamaged, RecordingNotFound
from claude_widget.recordings.replay import ReplayBackend
from claude_widget.recordings.store import Recordings
from claude_widget.redaction.redactor import Redactor
from claude_widget.transcript import Writer
from tests.conftest import MakeManager
from tests.fake import ended, lines, metas, running
from tests.replaying import player
from tests.waiting import BOUND, until

QUERY = "Say hello"
HOUR = 3600.0
RESULT = {
    "type": "result",
    "subtype": "success",
    "is_error": False,
    "result": "hello",
    "num_turns": 1,
    "session_id": "s",
}
ENDED = {"event": "ended", "exit_code": 0, "error": "", "forced": False, "descendants": 0}


def written(folder: Path, *records: tuple[float, str, object], query: str = QUERY) -> Path:
    """A recording with these records behind its header; its transcript."""
    header = {"event": "transcript", "version": 1, "execution_id": "e", "epoch": 1.7e9}
    asked = {"event": "requested", "request": {"query": query, "project_path": "/p"}}
    head = [(0.0, "meta", header), (0.0, "meta", asked)]
    place = folder / f"recording-{len(list(folder.glob('*')))}"
    place.mkdir(parents=True)
    (place / "recording.json").write_text(json.dumps({"query": query}))
    rows = [f"{when:.6f} {stream} {json.dumps(data)}\n" for when, stream, data in (*head, *records)]
    (place / "transcript").write_text("".join(rows))
    return place / "transcript"


def spawned(when: float = 0.0) -> tuple[float, str, object]:
    return when, "meta", {"event": "spawned", "pid": 0, "shim_pid": 0, "cli_path": "claude"}


def recorded(folder: Path, execution: Execution, query: str) -> Path:
    """A recording of a real run; its transcript."""
    place = folder / execution.execution_id
    place.mkdir(parents=True)
    (place / "recording.json").write_text(json.dumps({"query": query}))
    shutil.copy(execution.run.transcript, place / "transcript")
    return place / "transcript"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the recordings are."""
    made = tmp_path / "recordings"
    made.mkdir()
    return made


# -- pace --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("pace", "least"), [(1.0, 0.4), (2.0, 0.2), (0.5, 0.8)])
def test_it_takes_as_long_as_it_was_recorded(
    make_manager: MakeManager, folder: Path, project: Path, pace: float, least: float
) -> None:
    written(folder, spawned(HOUR), (HOUR + 0.2, "out", RESULT), (HOUR + 0.4, "meta", ENDED))
    manager = player(make_manager, folder, pace)
    begun = time.monotonic()
    execution = ended(manager.start_execution(QUERY, project), "completed", "success")
    assert time.monotonic() - begun >= least
    # A player that stands still behind its first look at the clock writes the spawn late, and
    # the end when it was due: only from the start on it takes as long as that for sure.
    assert 0 < (execution.info.duration or 0.0) < least + BOUND  # the wait for the spawn is left


def test_pace_0_waits_for_nothing(make_manager: MakeManager, folder: Path, project: Path) -> None:
    written(folder, spawned(HOUR), (2 * HOUR, "out", RESULT), (3 * HOUR, "meta", ENDED))
    manager = player(make_manager, folder)
    execution = ended(manager.start_execution(QUERY, project), "completed", "success")
    assert execution.result == "hello"
    assert (execution.info.duration or 0.0) < BOUND


def test_kill_does_not_wait_for_the_next_record(
    make_manager: MakeManager, folder: Path, project: Path
) -> None:
    written(folder, spawned(), (HOUR, "out", RESULT), (HOUR, "meta", ENDED))
    execution = player(make_manager, folder, 1).start_execution(QUERY, project)
    until(lambda: execution.status == "running", what="it runs")
    execution.kill()
    ended(execution, "killed", "user")
    assert execution.info.exit_code == -15


# -- recordings that are not whole -------------------------------------------------------------


def test_recording_that_stops_before_its_end_says_so(
    make_manager: MakeManager, folder: Path, project: Path
) -> None:
    live = make_manager()
    path = recorded(
        folder,
        ended(live.start_execution("fake:deltas=50", project), "completed", "success"),
        QUERY,
    )
    whole = path.read_bytes()
    for size in (len(whole) // 2, len(whole) - 3, whole.index(b"spawned")):
        path.write_bytes(whole[:size])  # torn amid a line
        manager = player(make_manager, folder)
        execution = ended(manager.start_execution(QUERY, project), "failed", "lost")
        (said,) = execution.info.errors
        assert "stops before its end" in said
        assert path.parent.name in said
        assert metas(execution)[-1]["event"] == "lost"
        until(partial(is_over, manager, execution), what="nothing writes any more")


def is_over(manager: ProcessManager, execution: Execution) -> bool:
    """Whether its player has let go, which is a moment after its last record."""
    return not manager.backend.alive(execution.run)


def test_nothing_is_played_behind_the_end(
    make_manager: MakeManager, folder: Path, project: Path
) -> None:
    stray = (0.3, "out", {**RESULT, "result": "stray"})
    written(folder, spawned(), (0.1, "out", RESULT), (0.2, "meta", ENDED), stray)
    execution = player(make_manager, folder).start_execution(QUERY, project)
    assert ended(execution, "completed", "success").result == "hello"
    assert len(lines(execution, "out")) == 1


def spoil_missing(path: Path) -> None:
    path.unlink()


def spoil_unreadable(path: Path) -> None:
    path.unlink()
    path.mkdir()


def spoil_empty(path: Path) -> None:
    path.write_bytes(b"")


def spoil_binary(path: Path) -> None:
    path.write_bytes(b"\x00\xff" * 5000)


def spoil_headless(path: Path) -> None:
    path.write_bytes(b'0.0 meta {"event":"ended"}\n0.0 out {}\n')


@pytest.mark.parametrize(
    "spoil",
    [spoil_missing, spoil_unreadable, spoil_empty, spoil_binary, spoil_headless],
    ids=lambda spoil: spoil.__name__,
)
def test_recording_that_cannot_be_played_is_refused_before_anything_is_written(
    make_manager: MakeManager, folder: Path, project: Path, spoil: Any
) -> None:
    path = written(folder, spawned(), (0.1, "out", RESULT), (0.2, "meta", ENDED))
    spoil(path)
    manager = player(make_manager, folder)
    with pytest.raises(RecordingDamaged, match="cannot be played") as caught:
        manager.start_execution(QUERY, project)
    assert caught.value.path == str(path)
    assert caught.value.hint
    assert manager.get_all_executions() == []
    assert list((manager.state_dir / "executions").iterdir()) == []


def test_recording_that_vanishes_while_it_waits_its_turn_is_refused_with_words(
    make_manager: MakeManager, folder: Path, project: Path
) -> None:
    written(folder, spawned(), (HOUR, "meta", ENDED), query="first")
    path = written(folder, spawned(), (0.1, "meta", ENDED), query="second")
    manager = player(make_manager, folder, 1, max_concurrency=1)
    first = manager.start_execution("first", project)
    second = manager.start_execution("second", project)
    path.unlink()
    first.kill()
    ended(second, "failed", "startup")
    assert "/".join(path.parts[-2:]) in second.info.errors[0]


def test_unknown_query_names_the_known_ones(
    make_manager: MakeManager, folder: Path, project: Path
) -> None:
    written(folder, spawned(), (0.1, "meta", ENDED))
    manager = player(make_manager, folder)
    with pytest.raises(RecordingNotFound, match="something else") as caught:
        manager.start_execution("something else", project)
    assert caught.value.nearest == str(folder / "recording-0")
    assert QUERY in str(caught.value)
    assert manager.get_all_executions() == []
    with pytest.raises(RecordingNotFound, match="no recording"):
        player(make_manager, folder / "nowhere").start_execution(QUERY, project)


def test_damaged_descriptions_are_left_out(folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = written(folder, spawned(), (0.1, "meta", ENDED))
    for name, text in (("a", "{"), ("b", "{}"), ("c", "[]"), ("d", "\udcff")):
        (folder / name).mkdir()
        (folder / name / "recording.json").write_bytes(text.encode("utf-8", "surrogateescape"))
    found = Recordings(folder, Redactor(environ={})).all()
    assert [(one.query, one.folder) for one in found] == [(QUERY, path.parent)]
    assert len(caplog.records) == 4


# -- two at once, kill, and what a recording cannot do -----------------------------------------


def test_two_of_one_recording_at_once(
    make_manager: MakeManager, folder: Path, project: Path
) -> None:
    written(folder, spawned(), (HOUR, "out", RESULT), (HOUR, "meta", ENDED))
    manager = player(make_manager, folder, 1)
    first, second = (manager.start_execution(QUERY, project) for _ in range(2))
    until(lambda: {first.status, second.status} == {"running"}, what="both run")
    first.kill()
    ended(first, "killed", "user")
    assert manager.backend.alive(second.run)
    assert second.status == "running"
    second.kill()
    ended(second, "killed", "user")


def test_many_of_one_recording_are_all_whole(
    make_manager: MakeManager, folder: Path, project: Path
) -> None:
    written(folder, spawned(), (0.1, "out", RESULT), (0.2, "meta", ENDED))
    manager = player(make_manager, folder)
    for execution in [manager.start_execution(QUERY, project) for _ in range(12)]:
        assert ended(execution, "completed", "success").result == "hello"


class Held(ReplayBackend):
    """Plays nothing until it is let go."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder, pace=1)
        self.go = threading.Event()

    def _play(self, run: Run, writer: Writer, *args: Any) -> None:
        assert self.go.wait(BOUND)
        super()._play(run, writer, *args)


def test_kill_before_the_first_record(
    make_manager: MakeManager, folder: Path, project: Path
) -> None:
    written(folder, spawned(), (0.1, "out", RESULT), (0.2, "meta", ENDED))
    backend = Held(folder)
    execution = make_manager(backend=backend).start_execution(QUERY, project)
    execution.kill()
    backend.go.set()
    ended(execution, "killed", "user")
    assert [meta["event"] for meta in metas(execution)] == [
        "transcript",
        "requested",
        "kill",
        "ended",
    ]
    assert execution.info.exit_code is None
    assert execution.result is None


def test_recording_takes_no_input_and_says_so(
    make_manager: MakeManager, folder: Path, project: Path
) -> None:
    live = make_manager().start_execution("fake:long", project)
    running(live).kill()
    recorded(folder, ended(live, "killed", "user"), QUERY)
    execution = player(make_manager, folder, 0.001).start_execution(QUERY, project)
    until(lambda: execution.status == "running", what="it runs")
    for ask, said in (
        (lambda: execution.send("and then?"), "takes no follow-ups"),
        (execution.interrupt, "takes no interrupt"),
        (execution.end, "takes no input"),
    ):
        with pytest.raises(ControlFailed, match=said) as caught:
            ask()
        assert caught.value.execution_id == execution.execution_id
        assert "live" in caught.value.hint
    assert execution.status == "running"
    execution.kill()
    ended(execution, "killed", "user")


@pytest.mark.parametrize(
    ("epoch", "expected"), [("1.7e9", 1.7e9), ("NaN", None), ("1e999", None), ('"x"', None)]
)
def test_an_old_recording_says_when_it_was_made_if_its_header_does(
    folder: Path, epoch: str, expected: float | None
) -> None:
    transcript = written(folder, spawned(), (0.1, "meta", ENDED))
    text = transcript.read_text().replace("1700000000.0", epoch)
    transcript.write_text(text)
    recordings = Recordings(folder, Redactor(environ={}))
    found = recordings.by_query(QUERY)
    assert found is not None
    assert recordings.read(found).recorded_time == expected
