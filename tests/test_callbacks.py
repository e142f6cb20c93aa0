"""Awaiting, waiting and hearing: in asyncio, in plain scripts, in threads.

The rule: a callback runs on the loop where it was subscribed, else in a thread that waits, else on
the manager's; each listener hears its own executions only, everything once, in order.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from claude_widget.errors import ClaudeWidgetError
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from claude_widget.protocol import Complete, Notification, Started, Stream
from claude_widget.subscriptions import Subscriptions
from tests import fake
from tests.conftest import MakeManager
from tests.fake import ended, lines, running
from tests.waiting import BOUND, until

ROOT = Path(__file__).parent.parent


def kinds(heard: list[Notification]) -> list[str]:
    """What was heard, each run of frames told once."""
    told = [one.type.removeprefix("claude:") for one in heard]
    return [kind for i, kind in enumerate(told) if i == 0 or told[i - 1] != kind]


async def test_await_in_asyncio(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("fake:gate fake:says=hello", project)
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while not execution.status.ended:
            ticks += 1
            if ticks == 10:  # the end waits for the loop, as the loop does not for the end
                (project / "go").touch()
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    assert await execution is execution
    assert execution.result == "hello"
    await ticking
    assert ticks >= 10
    assert await execution is execution


async def test_many_are_gathered(manager: ProcessManager, project: Path) -> None:
    executions = [manager.start_execution(f"fake:says={n}", project) for n in range(6)]
    done = await asyncio.wait_for(asyncio.gather(*executions), BOUND)
    assert [execution.result for execution in done] == [str(n) for n in range(6)]


async def test_one_may_be_awaited_by_many_and_given_up_by_some(
    manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution("fake:gate", project)

    async def wait() -> str | None:
        return (await execution).result

    tasks = [asyncio.create_task(wait()) for _ in range(3)]
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(tasks[0]), 0.05)
    tasks[1].cancel()
    with pytest.raises(asyncio.CancelledError):
        await tasks[1]
    assert execution.status in ("pending", "running")
    (project / "go").touch()
    assert await tasks[0] == await tasks[2] == "fake:gate"


def test_wait_with_a_bound(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("fake:gate", project)
    with pytest.raises(TimeoutError, match="it goes on"):
        execution.wait(0.1)
    with pytest.raises(TimeoutError):
        execution.wait(0)
    (project / "go").touch()
    assert execution.wait(BOUND) is execution
    assert execution.wait(0) is execution


def test_wait_in_a_plain_script_without_jupyter(
    fake_cli: Path, project: Path, tmp_path: Path
) -> None:
    script = tmp_path / "script.py"
    script.write_text(
        "import sys\n"
        "from claude_widget import ProcessManager\n"
        "manager = ProcessManager(max_concurrency=1)\n"
        "heard = []\n"
        "manager.subscribe(lambda told: heard.append(told.type))\n"
        "first = manager.start_execution('fake:says=one', sys.argv[1])\n"
        "second = manager.start_execution('fake:says=two', sys.argv[1])\n"
        "print(second.wait(50).result, first.wait(50).result)\n"
        "print(heard.count('claude:complete'))\n"
        "print([m for m in sys.modules if m.split('.')[0] in "
        "('IPython', 'ipywidgets', 'anywidget', 'zmq', 'tornado')])\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", script, project],
        env={**os.environ, "CLAUDE_WIDGET_CLI": str(fake_cli), "PYTHONPATH": str(ROOT)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=BOUND,
        check=False,
    )
    assert (done.stdout, done.stderr) == ("two one\n2\n[]\n", "")


# -- who hears what, and where -----------------------------------------------------------------


async def test_callback_runs_on_the_loop_that_subscribed(
    make_manager: MakeManager, fake_cli: Path, project: Path
) -> None:
    patient = fake.FAST._replace(exit=BOUND)  # a CLI that is slow to go is not forced to
    manager = make_manager(backend=LocalBackend(fake_cli, graces=patient))
    heard: list[Notification] = []
    threads: set[int] = set()

    def callback(notification: Notification) -> None:
        heard.append(notification)
        threads.add(threading.get_ident())

    manager.subscribe(callback)
    # It ends once the loop has its turn, and so not before it is awaited.
    asyncio.get_running_loop().call_soon((project / "go").touch)
    execution = await manager.start_execution("fake:gate", project)
    assert kinds(heard) == ["started", "stream", "complete"]
    assert threads == {threading.get_ident()}
    assert isinstance(heard[0], Started)
    assert heard[0].pid == execution.info.pid
    assert isinstance(heard[-1], Complete)
    assert heard[-1].code == 0
    assert len(heard) - 2 == len(lines(execution, "out"))


async def test_blocking_wait_on_the_loop_runs_its_callbacks(
    manager: ProcessManager, project: Path
) -> None:
    heard: list[Notification] = []
    manager.subscribe(heard.append)
    manager.start_execution("hello", project).wait(BOUND)
    assert kinds(heard) == ["started", "stream", "complete"]


def test_callback_without_a_loop_runs_in_the_thread_that_waits(
    manager: ProcessManager, project: Path
) -> None:
    threads: list[int] = []
    manager.subscribe(lambda _: threads.append(threading.get_ident()))
    execution = manager.start_execution("fake:gate", project)
    waiter = threading.Thread(target=execution.wait)
    waiter.start()
    until(lambda: manager._steering.subscriptions._waiters, what="it waits")
    (project / "go").touch()
    waiter.join(BOUND)
    assert execution.status.ended
    assert waiter.ident in threads


def test_callback_without_a_loop_and_without_a_wait(manager: ProcessManager, project: Path) -> None:
    heard: list[Notification] = []
    manager.subscribe(heard.append)
    manager.start_execution("hello", project)
    until(lambda: kinds(heard)[-1:] == ["complete"], what="all was heard")
    assert kinds(heard) == ["started", "stream", "complete"]


def test_callback_of_a_loop_that_is_closed_is_called_all_the_same(
    manager: ProcessManager, project: Path
) -> None:
    heard: list[Notification] = []

    async def subscribe() -> None:
        manager.subscribe(heard.append)

    asyncio.run(subscribe())
    ended(manager.start_execution("hello", project), "completed", "success")
    assert kinds(heard) == ["started", "stream", "complete"]


def test_what_was_left_to_a_waiter_that_has_gone_is_heard() -> None:
    subscriptions = Subscriptions()
    heard: list[Notification] = []
    subscriptions.add(heard.append, None)
    waiter = subscriptions.start_waiting("other")
    subscriptions.publish("one", [Started(execution_id="one", pid=1)])
    assert not heard
    subscriptions.stop_waiting(waiter)
    assert len(heard) == 1


def test_listener_of_one_never_hears_another(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=8)
    executions = [
        manager.start_execution(f"fake:gate fake:deltas=200 fake:says={n}", project)
        for n in range(8)
    ]
    heard: dict[str, list[Notification]] = {e.execution_id: [] for e in executions}
    everything: list[Notification] = []
    manager.subscribe(everything.append)  # first: each of the others hears a part of it
    for execution in executions:
        manager.subscribe(heard[execution.execution_id].append, execution.execution_id)
    (project / "go").touch()
    for execution in executions:
        ended(execution, "completed", "success")
    for execution in executions:
        own = heard[execution.execution_id]
        assert {one.execution_id for one in own} == {execution.execution_id}
        assert [one for one in everything if one.execution_id == execution.execution_id][
            -len(own) :
        ] == own
        deltas = [
            one for one in own if isinstance(one, Stream) and one.data["type"] == "stream_event"
        ]
        assert len(deltas) >= 200
        assert isinstance(own[-1], Complete)


def is_at_gate(told: Notification) -> bool:
    """Whether it is the last thing that a fake CLI says before its gate."""
    return isinstance(told, Stream) and told.data.get("status") == "requesting"


def test_unsubscribed_hears_no_more(manager: ProcessManager, project: Path) -> None:
    heard: list[Notification] = []
    kept: list[Notification] = []
    unsubscribe = manager.subscribe(heard.append)
    manager.subscribe(kept.append)

    def once(_: Notification) -> None:
        stop()
        calls.append(1)

    calls: list[int] = []
    stop: Callable[[], None] = manager.subscribe(once)
    execution = manager.start_execution("fake:gate", project)
    until(lambda: any(map(is_at_gate, list(kept))), what="all until its gate was heard")
    unsubscribe()
    unsubscribe()
    count = len(heard)
    (project / "go").touch()
    ended(execution, "completed", "success")
    assert len(heard) == count
    assert len(kept) > count
    assert calls == [1]


def test_callback_that_fails_harms_nobody(
    manager: ProcessManager, project: Path, caplog: pytest.LogCaptureFixture
) -> None:
    heard: list[Notification] = []

    def fail(_: Notification) -> None:
        raise RuntimeError("mine")

    manager.subscribe(fail)
    manager.subscribe(heard.append)
    ended(manager.start_execution("hello", project), "completed", "success")
    assert kinds(heard) == ["started", "stream", "complete"]
    assert "mine" in caplog.text


def test_callback_may_start_and_kill(manager: ProcessManager, project: Path) -> None:
    started: list[str] = []

    def react(notification: Notification) -> None:
        if isinstance(notification, Started) and not started:
            started.append(manager.start_execution("second", project).execution_id)
            manager.kill_execution(notification.execution_id)

    manager.subscribe(react)
    first = manager.start_execution("fake:long", project)
    ended(first, "killed", "user")
    second = manager.get_execution(started[0])
    assert second is not None
    ended(second, "completed", "success")


def test_waiting_in_a_callback_of_the_managers_thread_is_refused(
    manager: ProcessManager, project: Path
) -> None:
    caught: list[ClaudeWidgetError] = []
    other = running(manager.start_execution("fake:long", project))

    def wait(_: Notification) -> None:
        try:
            other.wait(5)
        except ClaudeWidgetError as error:
            caught.append(error)

    stop = manager.subscribe(wait)
    manager.start_execution("hello", project)
    until(lambda: caught, what="it was refused")
    stop()
    assert "thread" in str(caught[0])
