"""Races and leaks: many threads, many quick starts and kills, and what is left of fifty runs.

The rule: nothing here depends on luck: whatever the order of events, every execution ends with one
ending record, every slot comes back, and no process, zombie or descriptor stays.
"""

from __future__ import annotations

import asyncio
import random
import threading
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from claude_widget.errors import ClaudeWidgetError, SessionInUse
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionStatus
from tests.conftest import MakeManager
from tests.fake import descriptors, ended, metas, running
from tests.waiting import BOUND, until


def in_threads(count: int, work: Callable[[int], None]) -> None:
    """Run it in so many threads at once; what one raises is raised here."""
    failures: list[BaseException] = []
    gate = threading.Barrier(count)

    def run(number: int) -> None:
        try:
            gate.wait(BOUND)
            work(number)
        except BaseException as error:  # noqa: BLE001 - raised again below
            failures.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(BOUND)
    assert not any(thread.is_alive() for thread in threads), "a thread hangs"
    if failures:
        raise failures[0]


def opened_since(before: list[str]) -> Counter[str]:
    """Descriptors that are open now and were not: then a thread may just have had a file open."""
    return Counter(descriptors()) - Counter(before)


def all_well(manager: ProcessManager) -> None:
    """Everything has ended, once, and all slots are free."""
    until(lambda: not manager.get_active_executions(), what="all have ended")
    for execution in manager.get_all_executions():
        endings = [
            m["event"] for m in metas(execution) if m["event"] in ("ended", "lost", "refused")
        ]
        assert endings == endings[:1], execution
        assert metas(execution)[-1]["event"] == endings[0]
    # What has ended is told after that, on the manager's own thread.
    line = manager._line
    until(lambda: not line._running and not line._places, what="all slots are free")


def test_starts_kills_and_reads_from_eight_threads(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(max_concurrency=3)

    def work(number: int) -> None:
        chance = random.Random(number)
        for _ in range(4):
            execution = manager.start_execution(
                chance.choice(["hello", "fake:long", "fake:deltas=50"]), project
            )
            for other in manager.get_all_executions():
                repr(other)
                assert other.info.execution_id == other.execution_id
                len(other.events)
            chance.choice(manager.get_all_executions()).kill()
            if chance.random() < 0.5:
                execution.kill()
        for execution in manager.get_all_executions():
            execution.kill()

    in_threads(8, work)
    all_well(manager)
    assert len(manager.get_all_executions()) == 32
    reasons = {e.info.reason for e in manager.get_all_executions()}
    assert reasons <= {"success", "user"}


@pytest.mark.slow  # a hundred interpreters are started, two at a time
def test_hundred_quick_starts_and_kills(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=2)
    chance = random.Random(1)
    for number in range(100):
        execution = manager.start_execution("fake:long", project)
        if number % 3 == 0:
            execution.kill()
        elif number % 3 == 1:
            chance.choice(manager.get_active_executions()).kill()
    until(lambda: _killed_again(manager), what="all have ended")
    all_well(manager)
    assert {e.info.reason for e in manager.get_all_executions()} == {"user"}


def _killed_again(manager: ProcessManager) -> bool:
    active = manager.get_active_executions()
    for execution in active:
        if execution.status is ExecutionStatus.RUNNING:
            execution.kill()
    return not active


@pytest.mark.slow  # fifty runs, four at a time
def test_fifty_runs_leave_no_zombie_and_no_descriptor(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(max_concurrency=4)
    ended(manager.start_execution("hello", project), "completed", "success")
    until(lambda: not psutil.Process().children(), what="the first shim is reaped")
    before, threads = descriptors(), threading.active_count()
    executions = [manager.start_execution("hello", project) for _ in range(50)]
    for execution in executions:
        execution.wait(BOUND)
        len(execution.events)
    assert {e.info.reason for e in executions} == {"success"}
    until(lambda: not psutil.Process().children(), what="no child is left, nor a zombie")
    until(lambda: not opened_since(before), what="nothing is open that was not before")
    # One of an earlier test may end; what keeps the history lingers for a moment.
    until(lambda: threading.active_count() <= threads, what="no thread is left")


def test_managers_come_and_go_without_a_trace(make_manager: MakeManager, project: Path) -> None:
    for _ in range(2):
        with make_manager() as manager:
            ended(manager.start_execution("hello", project), "completed", "success")
    before, threads = descriptors(), threading.active_count()
    for _ in range(10):
        with make_manager() as manager:
            manager.start_execution("hello", project).wait(BOUND)
            until(lambda: not psutil.Process().children(), what="its shim is reaped")
    until(lambda: not opened_since(before), what="nothing is open that was not before")
    # One of an earlier test's may have ended meanwhile; one of the last manager's ends just now.
    until(lambda: threading.active_count() <= threads, what="no thread is left")


def test_one_session_is_given_to_one_of_many(manager: ProcessManager, project: Path) -> None:
    session = str(uuid.uuid4())
    won: list[Execution] = []
    lost: list[SessionInUse] = []

    def start(_: int) -> None:
        try:
            won.append(manager.start_execution("fake:long", project, session_id=session))
        except SessionInUse as error:
            lost.append(error)

    in_threads(8, start)
    assert (len(won), len(lost)) == (1, 7)
    assert {error.holder_id for error in lost} == {won[0].execution_id}


def test_sends_from_many_threads_all_arrive(manager: ProcessManager, project: Path) -> None:
    execution = running(manager.start_execution("fake:gate", project))
    in_threads(8, lambda number: _send_five(execution, number))
    (project / "go").touch()
    ended(execution, "completed", "success")
    assert sum(event.raw.get("type") == "result" for event in execution.events) == 41
    assert execution.info.cost_usd == pytest.approx(41 * 0.005)


def _send_five(execution: Execution, number: int) -> None:
    for item in range(5):
        assert execution.send(f"fake:deltas=1 {number} {item}") is execution


def test_close_amid_starts_from_other_threads(make_manager: MakeManager, project: Path) -> None:
    for _ in range(3):
        manager = make_manager()

        def work(number: int, manager: ProcessManager = manager) -> None:
            if number == 0:
                manager.close(kill=True, timeout=BOUND)
                return
            with suppress(ClaudeWidgetError):  # it is closed by now
                for _ in range(5):
                    manager.start_execution("fake:long", project)

        in_threads(4, work)
        assert manager.closed


async def test_awaiting_and_killing_at_random(manager: ProcessManager, project: Path) -> None:
    chance = random.Random(2)
    executions = [manager.start_execution("fake:long", project) for _ in range(12)]

    async def kill(execution: Execution) -> None:
        for _ in range(chance.randrange(50)):
            await asyncio.sleep(0)
        await asyncio.to_thread(execution.kill)

    kills = [asyncio.create_task(kill(execution)) for execution in executions]
    done: list[Any] = await asyncio.wait_for(asyncio.gather(*executions), BOUND)
    assert [execution.status for execution in done] == ["killed"] * 12
    await asyncio.gather(*kills)


def test_subscriptions_come_and_go_while_it_streams(manager: ProcessManager, project: Path) -> None:
    executions = [running(manager.start_execution("fake:long", project)) for _ in range(2)]

    def work(number: int) -> None:
        execution = executions[number % 2]
        for _ in range(200):
            wrong: list[str] = []
            stop = manager.subscribe(
                lambda told, e=execution, w=wrong: (
                    w.append(told.execution_id)  # type: ignore[misc]
                    if told.execution_id != e.execution_id
                    else None
                ),
                execution.execution_id,
            )
            stop()
            assert not wrong

    in_threads(6, work)
    assert manager._subscriptions._by_execution == {}
    for execution in executions:
        execution.kill()
        ended(execution, "killed", "user")
