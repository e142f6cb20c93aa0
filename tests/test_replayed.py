"""What is recorded of real runs is what is replayed of them: frames, states, results, follow-ups.

The rule: recordings are saved as they are in a notebook's folder, from runs of the fake CLI.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from claude_widget.errors import ControlFailed
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.recordings.key import key_of
from claude_widget.recordings.store import Recordings
from claude_widget.redaction.redactor import Redactor
from tests import saved_recordings as suite
from tests.conftest import MakeManager
from tests.fake import ended, lines, metas, running, turn_over
from tests.replaying import done, player, told
from tests.waiting import until

QUERY = "Say hello"
recordings = suite.recordings


def keep(recordings: Recordings, execution: Execution) -> None:
    """Record one that has ended, for starts with its request."""
    asked = execution.run.request
    key = key_of(asked, base=recordings.folder.parent, redactor=recordings.redactor)
    recordings.save(key, execution.run, made_by="cell")


@pytest.fixture
def hello(make_manager: MakeManager, recordings: Recordings, project: Path) -> Execution:
    """One that has said hello, and is recorded."""
    live = ended(make_manager().start_execution(QUERY, project), "completed", "success")
    keep(recordings, live)
    return live


@pytest.fixture
def conversation(make_manager: MakeManager, recordings: Recordings, project: Path) -> Execution:
    """One that was kept open for a follow-up, and is recorded."""
    live = turn_over(make_manager().start_execution(QUERY, project, keep_open=True))
    live.send("fake:says=again")

    def answered() -> bool:  # of one moment: between two looks it may begin to work
        info = live.info
        return info.awaits_input and info.result == "again"

    until(answered, what="so is the second")
    live.end()
    keep(recordings, ended(live, "completed", "success"))
    return live


def without_deltas(execution: Execution) -> list[bytes]:
    return [line for line in lines(execution, "out") if b'"content_block_delta"' not in line]


@pytest.mark.parametrize(
    "query",
    [
        "fake:tools fake:deltas=9 fake:says=done",
        "fake:asks=Bash",
        "fake:garbage fake:stderr=0.01",
        "fake:bad-utf8",
        "fake:half-line",
        "fake:exit=3",
        "fake:crash",
    ],
)
def test_replay_gives_the_same_frames_states_results_and_costs(
    make_manager: MakeManager, recordings: Recordings, project: Path, query: str
) -> None:
    nobody = Redactor(environ={}, home=project / "nobody", user="nobody")
    recordings = Recordings(recordings.folder, nobody)
    live = make_manager().start_execution(query, project, permissions=lambda _: True)
    keep(recordings, done(live))
    manager = player(make_manager, recordings)
    replayed = manager.start_execution(query, project, permissions=lambda _: False)
    assert told(done(replayed).info) == told(live.info)
    assert without_deltas(replayed) == without_deltas(live)
    assert lines(replayed, "in") == lines(live, "in")
    assert (replayed.info.recorded, live.info.recorded) == (True, False)


@pytest.mark.usefixtures("hello")
def test_recording_is_written_at_once(
    make_manager: MakeManager, recordings: Recordings, project: Path
) -> None:
    manager = player(make_manager, recordings)
    execution = manager.start_execution(QUERY, project)
    assert metas(execution)[-1]["event"] == "ended", "it is whole when its start returns"
    assert not manager.backend.alive(execution.run)
    ended(execution, "completed", "success")


def test_recording_that_was_cut_off_plays_what_there_is(
    hello: Execution, make_manager: MakeManager, recordings: Recordings, project: Path
) -> None:
    (kept,) = recordings.folder.glob("*/transcript")
    kept.write_bytes(kept.read_bytes()[:-200])
    manager = player(make_manager, recordings)
    execution = ended(manager.start_execution(QUERY, project), "failed", "lost")
    assert kept.parent.name in execution.info.errors[0]
    assert lines(execution, "in") == lines(hello, "in")


@pytest.mark.usefixtures("conversation")
def test_what_was_said_then_goes_on_with_it_and_nothing_else_does(
    make_manager: MakeManager, recordings: Recordings, project: Path
) -> None:
    manager = player(make_manager, recordings, 0.001)  # it would go on by itself in an hour
    execution = manager.start_execution(QUERY, project, keep_open=True)
    until(lambda: execution.status == "running", what="it runs")
    with pytest.raises(ControlFailed, match="fake:says=again"):
        execution.send("something else")
    assert execution.send("fake:says=again") is execution
    execution.kill()
    ended(execution, "killed", "user")


@pytest.mark.usefixtures("conversation")
def test_what_nobody_says_again_comes_by_itself(
    make_manager: MakeManager, recordings: Recordings, project: Path
) -> None:
    manager = player(make_manager, recordings)
    execution = manager.start_execution(QUERY, project, keep_open=True)
    assert ended(execution, "completed", "success").result == "again"
    assert sum(b'"user"' in line for line in lines(execution, "in")) >= 2


def test_a_model_and_an_interrupt_are_taken_as_they_were_then(
    make_manager: MakeManager, recordings: Recordings, project: Path
) -> None:
    def talk(manager: ProcessManager) -> Execution:
        execution = turn_over(manager.start_execution(QUERY, project, keep_open=True))
        execution.set_model("opus")
        execution.send("fake:long")
        running(execution).interrupt()  # of a turn that has not begun nothing would be stopped
        turn_over(execution).end()
        return done(execution)

    live = talk(make_manager())
    keep(recordings, live)
    replayed = talk(player(make_manager, recordings))
    assert told(replayed.info) == told(live.info)
    assert lines(replayed, "in") == lines(live, "in")


@pytest.mark.usefixtures("hello")
def test_starts_that_run_no_cli_are_not_spread_over_time(
    make_manager: MakeManager, recordings: Recordings, project: Path
) -> None:
    manager = player(make_manager, recordings, stagger=3600.0)
    for execution in [manager.start_execution(QUERY, project) for _ in range(5)]:
        ended(execution, "completed", "success")


def test_many_at_once_of_one_recording_are_whole(
    hello: Execution, make_manager: MakeManager, recordings: Recordings, project: Path
) -> None:
    manager = player(make_manager, recordings, max_concurrency=2)
    with ThreadPoolExecutor(8) as pool:
        starts = [pool.submit(manager.start_execution, QUERY, project) for _ in range(24)]
        for start in starts:
            assert told(done(start.result()).info) == told(hello.info)
    until(lambda: not manager.backend.wait_handles(), what="there is nothing to wait for")
