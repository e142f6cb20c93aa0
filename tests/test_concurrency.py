"""How many run at once, who is next, and who waits for whom.

The rule: order is read off the transcripts (when was each spawned?), and each test holds the line
up with a gate, so that nothing depends on how fast a process is.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from claude_widget.errors import InvalidRequest
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.queue.capacity import default_concurrency
from claude_widget.queue.slots import MEMORY_EACH
from claude_widget.queue.waiting_line import Outcome, WaitingLine
from claude_widget.transcript import read_records
from tests.conftest import MakeManager
from tests.fake import ended, running
from tests.waiting import BOUND, until


def spans(execution: Execution) -> tuple[float, float]:
    """When it was spawned and when it ended, on one clock."""
    times = {}
    for record in read_records(execution.run.transcript):
        for event in (b"spawned", b"ended"):
            if record.stream == "meta" and b'"event":"%s"' % event in record.data:
                times[event] = record.time
    return times[b"spawned"], times[b"ended"]


def most_at_once(executions: list[Execution]) -> int:
    edges = sorted(
        (time, step)
        for execution in executions
        for time, step in zip(spans(execution), (1, -1), strict=True)
    )
    most = now = 0
    for _, step in edges:
        now += step
        most = max(most, now)
    return most


def in_order(executions: list[Execution]) -> list[str | None]:
    """Their names, in the order of their starts."""
    return [e.info.name for e in sorted(executions, key=lambda e: spans(e)[0])]


@pytest.mark.parametrize("slots", [1, 2])
def test_no_more_run_at_once_than_may(make_manager: MakeManager, project: Path, slots: int) -> None:
    manager = make_manager(max_concurrency=slots)
    assert manager.max_concurrency == slots
    executions = [manager.start_execution("fake:gate=one", project) for _ in range(slots)]
    executions += [manager.start_execution("hello", project) for _ in range(4)]
    for execution in executions[:slots]:
        running(execution)
    assert [e.status for e in executions[slots:]] == ["pending"] * 4
    (project / "one").touch()
    for execution in executions:
        ended(execution, "completed", "success")
    assert most_at_once(executions) <= slots


def test_one_slot_and_two_starts_both_waited_for_in_one_function(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(max_concurrency=1)
    heard: list[str] = []
    manager.subscribe(lambda notification: heard.append(notification.type))

    def cell() -> list[str | None]:
        first = manager.start_execution("fake:says=one", project)
        second = manager.start_execution("fake:says=two", project)
        return [second.wait(BOUND).result, first.wait(BOUND).result]

    assert cell() == ["two", "one"]
    assert heard.count("claude:complete") == 2


def test_line_goes_by_priority_then_by_arrival(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=1)
    gate = manager.start_execution("fake:gate", project, name="gate")
    asked = [("a", 0), ("b", 5), ("c", -1), ("d", 5), ("e", 0)]
    executions = [
        manager.start_execution("hello", project, name=name, priority=priority)
        for name, priority in asked
    ]
    (project / "go").touch()
    for execution in executions:
        ended(execution, "completed", "success")
    assert in_order([gate, *executions]) == ["gate", "b", "d", "a", "e", "c"]


def test_starts_are_staggered(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=4, stagger=0.2)
    asked = time.time()
    executions = [manager.start_execution("hello", project) for _ in range(4)]
    for execution in executions:
        ended(execution, "completed", "success")
    # Not how far apart they are: each shim takes as long as it takes.
    after = [begun - asked for begun in sorted(spans(execution)[0] for execution in executions)]
    assert all(later >= 0.2 * turn - 0.01 for turn, later in enumerate(after)), after


def test_after_waits_for_completion(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=4)
    first = running(manager.start_execution("fake:gate", project))
    second = manager.start_execution("hello", project, after=first)
    third = manager.start_execution("hello", project, after=[first.execution_id, second])
    beside = ended(manager.start_execution("hello", project), "completed", "success")
    assert (second.status, third.status) == ("pending", "pending")
    (project / "go").touch()
    ended(third, "completed", "success")
    assert spans(first)[1] <= spans(second)[0] <= spans(second)[1] <= spans(third)[0]
    assert spans(beside)[0] < spans(first)[1]
    late = manager.start_execution("hello", project, after=first)
    ended(late, "completed", "success")


def test_after_one_that_fails_fails_and_so_does_what_comes_after(
    manager: ProcessManager, project: Path
) -> None:
    first = running(manager.start_execution("fake:long", project))
    second = manager.start_execution("hello", project, after=first)
    third = manager.start_execution("hello", project, after=second)
    first.kill()
    for execution, culprit in ((second, first), (third, second)):
        ended(execution, "failed", "dependency")
        assert culprit.execution_id in " ".join(execution.info.errors)
        assert execution.info.start_time is None
    late = manager.start_execution("hello", project, after=[first])
    ended(late, "failed", "dependency")


def test_who_waits_for_another_does_not_hold_up_the_line(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(max_concurrency=2)
    first = running(manager.start_execution("fake:gate", project))
    blocked = manager.start_execution("hello", project, after=first, priority=9)
    ended(manager.start_execution("hello", project), "completed", "success")
    assert blocked.status == "pending"
    (project / "go").touch()
    ended(blocked, "completed", "success")


def test_killed_one_gives_its_slot_back(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=1)
    first = running(manager.start_execution("fake:long", project))
    second = manager.start_execution("hello", project)
    third = manager.start_execution("hello", project)
    second.kill()
    ended(second, "killed", "user")
    first.kill()
    ended(third, "completed", "success")


def test_one_that_cannot_start_gives_its_slot_back(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(max_concurrency=1)
    gone = project / "gone"
    gone.mkdir()
    first = running(manager.start_execution("fake:gate", project))
    bad = [manager.start_execution("hello", gone) for _ in range(3)]
    last = manager.start_execution("hello", project)
    gone.rmdir()
    (project / "go").touch()
    for execution in bad:
        ended(execution, "failed", "startup")
    ended(last, "completed", "success")
    ended(first, "completed", "success")


def test_hundreds_may_wait_with_few_descriptors(make_manager: MakeManager, project: Path) -> None:
    resource = pytest.importorskip("resource")
    manager = make_manager(max_concurrency=1)
    running(manager.start_execution("fake:long", project))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    here = psutil.Process().num_fds()  # whatever other tests of this process have left open
    resource.setrlimit(resource.RLIMIT_NOFILE, (here + 50, hard))
    try:
        executions = [manager.start_execution("hello", project) for _ in range(200)]
        for execution in executions:
            execution.kill()
        until(lambda: len(manager.get_active_executions()) == 1, what="all are cancelled")
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert {e.info.reason for e in executions} == {"user"}


def test_after_itself_or_nobody(manager: ProcessManager, project: Path) -> None:
    with pytest.raises(InvalidRequest, match="nobody"):
        manager.start_execution("hello", project, after="nobody")


def test_default_concurrency_is_at_least_one(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= default_concurrency() <= 16
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("M", (), {"available": 0}))
    assert default_concurrency() == 1


@pytest.mark.parametrize(
    ("cores", "executions_of_memory", "most"), [(1, 100, 2), (4, 100, 8), (64, 100, 16), (64, 5, 5)]
)
def test_default_concurrency_follows_cores_and_free_memory(
    monkeypatch: pytest.MonkeyPatch, cores: int, executions_of_memory: int, most: int
) -> None:
    free = 2 * MEMORY_EACH * executions_of_memory  # half of it stays free
    monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(cores)), raising=False)
    monkeypatch.setattr("psutil.virtual_memory", lambda: type("M", (), {"available": free}))
    assert default_concurrency() == most


# -- the line alone ----------------------------------------------------------------------------


WAITS: Outcome = "waits"


def simulate(seed: int) -> tuple[list[str], dict[str, Any]]:
    """A random history of the waiting line; starts in order, and what was asked."""
    chance = random.Random(seed)
    line = WaitingLine(slots=chance.randint(1, 3), stagger=0.0)
    asked: dict[str, Any] = {}
    done: dict[str, Outcome] = {}
    started: list[str] = []
    active: list[str] = []
    for number in range(30):
        name = f"e{number}"
        after = tuple(chance.sample(sorted(asked), min(len(asked), chance.choice([0, 0, 1, 2]))))
        asked[name] = (chance.randint(-1, 1), after)
        line.add(name, *asked[name])
    for now in range(1000):
        while (found := line.next(now, lambda e: done.get(e, WAITS))) is not None:
            if found[1]:
                line.started(found[0], now)
                started.append(found[0])
                active.append(found[0])
                assert len(active) <= line.slots
            else:
                line.remove(found[0])
                done[found[0]] = "did not complete"
        if not active:
            break
        over = active.pop(chance.randrange(len(active)))
        done[over] = "completed" if chance.random() < 0.7 else "did not complete"
        line.freed(over)
    assert set(done) == set(asked), "everyone has had a turn or was refused"
    return started, asked


@pytest.mark.parametrize("seed", range(20))
def test_line_serves_everyone_and_nobody_before_what_it_waits_for(seed: int) -> None:
    started, asked = simulate(seed)
    for name in started:
        for other in asked[name][1]:
            assert started.index(other) < started.index(name)
