"""What every backend promises the manager: one suite, run against each of them.

The rule: a test here knows the `Backend` protocol and transcripts, and no backend's class. A new
backend joins by another `Subject` in `subjects`.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from claude_widget.backend import Backend
from claude_widget.errors import ClaudeWidgetError, ControlFailed
from claude_widget.execution import Execution
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from claude_widget.recordings.replay import ReplayBackend
from claude_widget.transcript import Writer
from tests import fake
from tests.conftest import MakeManager
from tests.fake import descriptors, ended, lines, metas
from tests.waiting import BOUND, until

QUICK = "fake:deltas=20 fake:says=quick"
LONG = "fake:long"
ASKS = "fake:asks=Bash"
ASKS_LONG = "fake:asks=Bash fake:long"
ENDINGS = ("ended", "lost", "refused")
HOUR = 3600.0
ANSWERED = 6.0
"""Seconds in which it is seen that something is asked."""
STEP = 2.0
PATIENT = fake.FAST._replace(exit=BOUND)
"""A CLI that is slow to go by itself is not forced to, and has its own exit code."""


@dataclass(frozen=True)
class Subject:
    """A backend under test: makes a new one that answers QUICK at once and LONG until killed."""

    name: str
    make: Callable[[], Backend]


def retimed(transcript: bytes) -> bytes:
    """As slow as a test needs it, however slow the machine was.

    All of it comes at once, but for an answer, what comes last before a kill, and the kill.
    """
    records = [line.partition(b" ")[2] for line in transcript.splitlines(keepends=True)]
    kills = [at for at, one in enumerate(records) if one.startswith(b'meta {"event":"kill"')]
    slow = range(kills[0] - 10, kills[0]) if kills else range(0)
    seconds, lines_ = 0.0, []
    for at, record in enumerate(records):
        answers = record.startswith(b'meta {"event":"answered"')
        seconds += HOUR if at in kills else ANSWERED if answers else STEP if at in slow else 0.0
        lines_.append(b"%.6f %s" % (seconds, record))
    return b"".join(lines_)


@pytest.fixture(scope="session")
def recordings(fake_cli: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Recordings of these queries, made by real runs of the fake CLI."""
    base = tmp_path_factory.mktemp("recorded")
    backend = LocalBackend(fake_cli, graces=PATIENT)
    with ProcessManager(base / "state", stagger=0, backend=backend) as manager:
        for query in (QUICK, LONG, ASKS, ASKS_LONG):
            execution = manager.start_execution(query, base, permissions=lambda _: True)
            if LONG in query:
                until(lambda e=execution: len(lines(e, "out")) > 20, what="it streams")  # type: ignore[misc]
                execution.kill()
            execution.wait(BOUND)
            folder = base / "recordings" / execution.execution_id
            folder.mkdir(parents=True)
            transcript = retimed(execution.run.transcript.read_bytes())
            (folder / "transcript").write_bytes(transcript)
            (folder / "recording.json").write_text(json.dumps({"query": query}))
    return base / "recordings"


@pytest.fixture(params=["local", "replay"])
def subject(request: pytest.FixtureRequest, fake_cli: Path) -> Subject:
    """Each backend in turn."""
    if request.param == "local":
        return Subject("local", lambda: LocalBackend(fake_cli, graces=PATIENT))
    recorded: Path = request.getfixturevalue("recordings")
    return Subject("replay", lambda: ReplayBackend(recorded, pace=1))


@pytest.fixture
def manager(subject: Subject, make_manager: MakeManager) -> ProcessManager:
    """A manager with that backend."""
    return make_manager(backend=subject.make())


def mid_run(execution: Execution) -> Execution:
    """Wait until it has printed something."""
    until(lambda: execution.status == "running", what="it runs")
    until(lambda: lines(execution, "out"), what="it has printed something")
    return execution


def test_it_says_what_it_is(subject: Subject) -> None:
    backend = subject.make()
    assert backend.name == subject.name
    assert isinstance(backend.notice(), str)
    assert all(isinstance(query, str) for query in backend.suggested_queries())
    assert list(backend.wait_handles()) == []
    backend.close()


def test_run_is_told_by_its_transcript_alone(manager: ProcessManager, project: Path) -> None:
    execution = ended(manager.start_execution(QUICK, project), "completed", "success")
    events = [meta["event"] for meta in metas(execution)]
    assert events[:3] == ["transcript", "requested", "spawned"]
    assert events[-1] == "ended"
    assert sum(event in ENDINGS for event in events) == 1
    assert (execution.result, execution.info.exit_code) == ("quick", 0)
    assert execution.info.cost_usd == pytest.approx(0.005)
    frames = [event.raw for event in execution.events]
    assert sum(frame["type"] == "stream_event" for frame in frames) == 25
    assert execution.info.recorded is (manager.backend.name == "replay")
    assert execution.info.execution_id == execution.execution_id


def test_start_returns_at_once_and_hands_over_the_lock(
    manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution(LONG, project)
    with pytest.raises(BlockingIOError):
        Writer(execution.run.transcript)
    assert manager.backend.alive(execution.run)
    mid_run(execution)
    with pytest.raises(BlockingIOError):
        Writer(execution.run.transcript)
    execution.kill()
    ended(execution, "killed", "user")
    until(lambda: not manager.backend.alive(execution.run), what="nothing writes any more")
    Writer(execution.run.transcript).close()


def test_kill_ends_it_with_its_reason(manager: ProcessManager, project: Path) -> None:
    execution = mid_run(manager.start_execution(LONG, project))
    assert manager.backend.ask(execution.run, "kill", reason="batch")["ok"] is True
    ended(execution, "killed", "batch")
    assert metas(execution)[-1]["event"] == "ended"
    for _ in range(2):
        execution.kill()
    assert execution.info.reason == "batch"


def test_kill_of_one_leaves_the_other(manager: ProcessManager, project: Path) -> None:
    first, second = (mid_run(manager.start_execution(LONG, project)) for _ in range(2))
    first.kill()
    ended(first, "killed", "user")
    assert manager.backend.alive(second.run)
    assert second.status == "running"
    second.kill()
    ended(second, "killed", "user")


@pytest.mark.parametrize("operation", ["interrupt", "send", "end", "status", "kill", "dance"])
def test_one_that_has_ended_is_asked_in_vain(
    manager: ProcessManager, project: Path, operation: str
) -> None:
    execution = ended(manager.start_execution(QUICK, project), "completed", "success")
    until(lambda: not manager.backend.alive(execution.run), what="nothing writes any more")
    before = metas(execution)
    with pytest.raises(ControlFailed) as caught:
        manager.backend.ask(execution.run, operation, reason="user", line="{}")
    assert caught.value.execution_id == execution.execution_id
    assert caught.value.code
    assert metas(execution) == before


def test_what_it_does_not_know_is_refused(manager: ProcessManager, project: Path) -> None:
    execution = mid_run(manager.start_execution(LONG, project))
    with pytest.raises(ControlFailed):
        manager.backend.ask(execution.run, "dance")
    assert manager.backend.alive(execution.run)
    execution.kill()
    ended(execution, "killed", "user")


def test_one_that_ended_well_leaves_nothing_to_sweep(
    manager: ProcessManager, project: Path
) -> None:
    execution = ended(manager.start_execution(QUICK, project), "completed", "success")
    assert manager.backend.sweep(execution.run) == ()


def test_check_refuses_with_our_own_errors_alone(subject: Subject, project: Path) -> None:
    backend = subject.make()
    for query in (QUICK, "nothing is recorded for this", "\n", "x" * 100_000):
        request: Any = fake.request_for(query, project)
        refused = query not in (backend.suggested_queries() or (query,))
        with pytest.raises(ClaudeWidgetError) if refused else nullcontext():
            backend.check(request)
    backend.close()


def test_many_threads_may_use_it(manager: ProcessManager, project: Path) -> None:
    executions = [manager.start_execution(LONG, project) for _ in range(4)]
    threads = [threading.Thread(target=e.kill) for e in executions for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(BOUND)
    for execution in executions:
        ended(execution, "killed", "user")


def test_second_manager_sees_it_and_does_not_disturb_it(
    subject: Subject, manager: ProcessManager, make_manager: MakeManager, project: Path
) -> None:
    execution = mid_run(manager.start_execution(LONG, project))
    other = make_manager(backend=subject.make())
    seen = other.get_execution(execution.execution_id)
    assert seen is not None
    other._upkeep.check_alive(seen)
    assert seen.status == execution.status == "running"
    execution.kill()
    ended(execution, "killed", "user")
    ended(seen, "killed", "user")


def test_closing_lets_go_of_everything(
    subject: Subject, make_manager: MakeManager, project: Path
) -> None:
    first = subject.make()
    ended(make_manager(backend=first).start_execution(QUICK, project), "completed", "success")
    until(lambda: not first.wait_handles(), what="the first one is reaped")
    # What the first manager does just now, in passing, may be over by then: no more is meant.
    before, threads = Counter(descriptors()), set(threading.enumerate())
    backend = subject.make()
    manager = make_manager(backend=backend)
    execution = mid_run(manager.start_execution(LONG, project))
    manager.close(kill=True, timeout=BOUND)
    backend.close()
    assert execution.info.reason == "close"
    until(lambda: set(threading.enumerate()) <= threads, what="no thread is left")
    until(lambda: not Counter(descriptors()) - before, what="no descriptor is left")
