"""The queue: order, pauses, holds, and what of them outlives a kernel.

The rule: one slot is taken by an execution that waits at a gate, so that what stands in the queue
is known; order is read off the transcripts.
"""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from claude_widget import protocol
from claude_widget.errors import InvalidRequest
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.queueing import change_queue
from claude_widget.page.rows import row_in
from claude_widget.queue.errors import NotInQueue
from claude_widget.queue.waiting_line import WaitingLine
from tests.asking import known_to
from tests.conftest import MakeManager
from tests.fake import ended, metas, running
from tests.waiting import BOUND, until


def started_in_order(executions: list[Execution]) -> list[str | None]:
    """Their names, by when they were started."""
    begun = sorted(executions, key=lambda one: one.info.start_time or 0)
    return [one.info.name for one in begun]


def is_paused(manager: ProcessManager) -> bool:
    """Asked anew each time."""
    return manager.queue.paused


def rows(manager: ProcessManager, executions: list[Execution]) -> list[tuple[bool, bool]]:
    """Whether the page says that the kernel of each is gone, and that somebody holds it."""
    told = [row_in(manager, one) for one in executions]
    return [(row.get("held", False), row.get("onHold", False)) for row in told]


class Queued:
    """A manager with one slot, taken, and some that wait."""

    def __init__(self, manager: ProcessManager, project: Path, names: str = "abc") -> None:
        self.manager, self.project = manager, project
        self.gate = running(manager.start_execution("fake:gate", project, name="gate"))
        self.waiting = {
            name: manager.start_execution("hello", project, name=name) for name in names
        }

    def names(self) -> str:
        return "".join(str(one.info.name) for one in self.manager.queue)

    def let_all_run(self) -> list[str | None]:
        (self.project / "go").touch()
        every = [self.gate, *self.waiting.values()]
        for execution in every:
            ended(execution, "completed", "success")
        return started_in_order(every)[1:]


@pytest.fixture
def queued(make_manager: MakeManager, project: Path) -> Queued:
    return Queued(make_manager(max_concurrency=1), project)


def test_what_waits_can_be_put_elsewhere(queued: Queued) -> None:
    queue, waiting = queued.manager.queue, queued.waiting
    assert queued.names() == "abc"
    assert len(queue) == 3
    queue.move(waiting["c"])
    assert queued.names() == "cab"
    queue.move(waiting["c"], to="back")
    assert queued.names() == "abc"
    queue.move(waiting["c"], before=waiting["b"])
    assert queued.names() == "acb"
    queue.move(waiting["c"], before=waiting["c"])
    assert queued.let_all_run() == ["a", "c", "b"]


def test_priority_goes_before_all_else_and_is_written_down(queued: Queued) -> None:
    queue, waiting = queued.manager.queue, queued.waiting
    queue.set_priority(waiting["c"], 5)
    queue.set_priority(waiting["b"].execution_id, 5)
    assert queued.names() == "cba"
    queue.move(waiting["a"])  # it takes the priority of its neighbour
    assert queued.names() == "acb"
    assert [waiting[name].info.priority for name in "abc"] == [5, 5, 5]
    assert queued.let_all_run() == ["a", "c", "b"]


def test_a_paused_queue_starts_nothing_and_kills_nothing(queued: Queued) -> None:
    manager = queued.manager
    manager.pause_queue()
    assert is_paused(manager)
    (queued.project / "go").touch()
    ended(queued.gate, "completed", "success")
    until(lambda: manager.queue.state.taken == 0, what="the slot is free")
    assert {one.status for one in queued.waiting.values()} == {"pending"}
    late = manager.start_execution("hello", queued.project, name="late")
    assert late.status == "pending"
    assert manager.resume_queue() == []
    assert not is_paused(manager)
    for execution in (*queued.waiting.values(), late):
        ended(execution, "completed", "success")


def test_what_depends_on_a_failed_one_ends_while_the_queue_is_paused(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(max_concurrency=2)
    first = running(manager.start_execution("fake:gate", project))
    second = manager.start_execution("hello", project, after=first)
    manager.pause_queue()
    first.kill()
    ended(second, "failed", "dependency")


def test_one_on_hold_is_passed_by_and_starts_when_it_is_released(queued: Queued) -> None:
    queue, held = queued.manager.queue, queued.waiting["a"]
    queue.hold(held)
    queue.hold(held)
    assert (held.info.held, queue.state.on_hold) == (True, 1)
    (queued.project / "go").touch()
    for name in "bc":
        ended(queued.waiting[name], "completed", "success")
    assert held.status == "pending"
    queue.release(held)
    ended(held, "completed", "success")
    assert not held.info.held
    assert [meta["event"] for meta in metas(held)][2:4] == ["held", "released"]


def test_a_hold_outlives_the_kernel(make_manager: MakeManager, project: Path) -> None:
    first = make_manager(max_concurrency=1)
    running(first.start_execution("fake:gate", project))
    held = first.start_execution("hello", project, name="held")
    plain = first.start_execution("hello", project, name="plain")
    first.queue.set_priority(held, 3)
    first.queue.hold(held)
    second = make_manager(max_concurrency=2, stagger=0)
    shown = [known_to(second, one) for one in (held, plain)]
    until(lambda: shown[0].info.held, what="the hold is known")
    assert rows(second, shown) == [(False, True), (False, False)]
    first.close()
    assert all(map(second.is_held, shown))
    assert rows(second, shown) == [(True, True), (True, False)], "both are left"
    taken = second.resume_queue()
    assert rows(second, taken[:1]) == [(False, True)]
    assert [one.info.name for one in taken] == ["held", "plain"]
    ended(taken[1], "completed", "success")
    assert taken[0].status == "pending"
    assert (taken[0].info.held, taken[0].info.priority) == (True, 3)
    (project / "go").touch()
    second.queue.release(taken[0])
    ended(taken[0], "completed", "success")


def test_a_batch_that_a_kernel_has_left_goes_on_with_the_queue(
    make_manager: MakeManager, project: Path
) -> None:
    early = make_manager()
    left = early.map(
        "fake:gate fake:says={{ word }}", list("abc"), max_concurrency=1, project_path=project
    )
    until(lambda: left.progress.running == 1, what="one runs")
    early.close()
    late = make_manager()
    late.resume_queue()
    (project / "go").touch()
    assert late.batch(left.batch_id).wait(BOUND).results == list("abc")


def test_cancel_pending_ends_what_waits_and_nothing_else(queued: Queued) -> None:
    cancelled = queued.manager.queue.cancel_pending()
    assert [one.info.name for one in cancelled] == ["a", "b", "c"]
    for execution in cancelled:
        ended(execution, "killed", "user")
    assert queued.gate.status == "running"
    (queued.project / "go").touch()
    ended(queued.gate, "completed", "success")


def test_kill_all_starts_none_of_those_that_wait(queued: Queued) -> None:
    killed = queued.manager.kill_all()
    assert len(killed) == 4
    for execution in killed:
        ended(execution, "killed", "user")
    assert all(one.info.start_time is None for one in queued.waiting.values())


def test_what_does_not_wait_cannot_be_moved(queued: Queued) -> None:
    queue = queued.manager.queue
    for change in (queue.hold, queue.release, queue.move):
        with pytest.raises(NotInQueue) as refused:
            change(queued.gate)
        assert refused.value.status == "running"
        assert refused.value.execution_id == queued.gate.execution_id
    with pytest.raises(InvalidRequest, match="whole number"):
        queue.set_priority(queued.waiting["a"], 1.5)  # type: ignore[arg-type]
    with pytest.raises(InvalidRequest, match="front"):
        queue.move(queued.waiting["a"], to="middle")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("action", "more", "names"),
    [
        ("front", {}, "cab"),
        ("back", {}, "abc"),
        ("before", {"before": "b"}, "acb"),
        ("priority", {"priority": 2}, "cab"),
    ],
)
def test_the_page_changes_the_order(
    queued: Queued, action: str, more: dict[str, object], names: str
) -> None:
    ids = {name: one.execution_id for name, one in queued.waiting.items()}
    asked = {key: ids.get(str(value), value) for key, value in more.items()}
    message = protocol.ChangeQueue.model_validate(
        {"requestId": "1", "action": action, "executionId": ids["c"], **asked}
    )
    change_queue(queued.manager, message)
    assert queued.names() == names


def test_who_is_moved_is_told_to_whoever_listens_also_where_all_get_other_ranks(
    queued: Queued,
) -> None:
    queue, waiting = queued.manager.queue, queued.waiting
    told: list[tuple[str, float | None]] = []

    def hear(one: Execution | str) -> None:
        assert isinstance(one, Execution)
        if one is queued.gate:  # which may still say that it begins
            return
        told.append((str(one.info.name), queue.rank_of(one)))

    stop = queued.manager.on_change(hear)
    queue.move(waiting["b"], to="front")
    assert told == [("b", queue.rank_of(waiting["b"]))]
    for _ in range(40):  # halves what lies between two until there is nothing between
        queue.move(waiting["c"], before=waiting["a"])
        queue.move(waiting["b"], before=waiting["c"])
        queue.move(waiting["a"], before=waiting["c"])
        queue.move(waiting["c"], before=waiting["a"])
    stop()
    last = dict(told)
    assert last == {name: queue.rank_of(one) for name, one in waiting.items()}


@pytest.mark.parametrize("action", ["hold", "priority", "before"])
def test_a_request_that_lacks_something_changes_nothing(queued: Queued, action: str) -> None:
    message = protocol.ChangeQueue.model_validate({"requestId": "1", "action": action})
    with pytest.raises(InvalidRequest, match="execution_id"):
        change_queue(queued.manager, message)
    assert queued.names() == "abc"


def test_the_page_pauses_resumes_cancels_and_kills(queued: Queued) -> None:
    def ask(action: str, **more: object) -> None:
        given = {"requestId": "1", "action": action, **more}
        change_queue(queued.manager, protocol.ChangeQueue.model_validate(given))

    held = queued.waiting["a"].execution_id
    ask("pause")
    assert is_paused(queued.manager)
    ask("resume")
    assert not is_paused(queued.manager)
    ask("hold", executionId=held)
    assert queued.waiting["a"].info.held
    ask("release", executionId=held)
    assert queued.manager.queue.state.on_hold == 0
    ask("cancel-pending")
    ended(queued.waiting["b"], "killed", "user")
    ask("kill-all")
    ended(queued.gate, "killed", "user")


def test_whoever_listens_hears_of_a_pause(queued: Queued) -> None:
    heard: list[bool] = []
    queue = queued.manager.queue
    stop = queue.on_change(lambda: heard.append(queue.paused))
    queue.pause()
    queue.resume()
    stop()
    queue.pause()
    assert heard == [True, False]


def test_many_moves_between_the_same_two_keep_the_order() -> None:
    line = WaitingLine(1, 0.0)
    for name in ("first", "a", "b", "last"):
        line.add(name, 0, ())
    for turn in range(200):
        line.move("a" if turn % 2 else "b", before="b" if turn % 2 else "a")
    assert line.waiting == ("first", "a", "b", "last")
    line.move("last", to="front")
    line.add("newest", 0, ())
    assert list(line.waiting) == ["last", "first", "a", "b", "newest"]


def test_who_waits_for_others_is_no_reason_to_look_again_before_there_is_news() -> None:
    line = WaitingLine(2, 0.0)
    line.add("waits", 0, ("other",))
    assert line.next(1.0, lambda _: "waits") is None
    assert line.due(1.0) is None


def test_the_magic_changes_and_shows_the_queue(
    shell: InteractiveShell, queued: Queued, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(line: str) -> None:
        shell.run_line_magic("claude_queue", line)

    shell.user_ns["b"] = queued.waiting["b"]
    run("pause")
    assert is_paused(queued.manager)
    run("front c")
    run("priority b 5")
    assert queued.names() == "bca"
    run(f"hold {queued.waiting['a'].execution_id[:13]}")
    assert queued.waiting["a"].info.held
    capsys.readouterr()
    run("")
    assert "3 waiting, 1 of 1 slots taken; paused" in capsys.readouterr().out
    run("resume")
    assert not is_paused(queued.manager)
    run("kill")
    for execution in (queued.gate, *queued.waiting.values()):
        ended(execution, "killed", "user")


def test_the_magic_releases_moves_back_and_cancels(shell: InteractiveShell, queued: Queued) -> None:
    queued.manager.queue.hold(queued.waiting["a"])
    shell.run_line_magic("claude_queue", "release a")
    assert queued.manager.queue.state.on_hold == 0
    shell.run_line_magic("claude_queue", "back a")
    assert queued.names() == "bca"
    shell.run_line_magic("claude_queue", "cancel")
    for execution in queued.waiting.values():
        ended(execution, "killed", "user")
    assert queued.gate.status == "running"


def test_a_name_that_several_have_means_each_of_them(
    shell: InteractiveShell, queued: Queued
) -> None:
    other = queued.manager.start_execution("hello", queued.project, name="a")
    shell.run_line_magic("claude_queue", "hold a")
    assert queued.waiting["a"].info.held
    assert other.info.held
    assert queued.manager.queue.state.on_hold == 2


@pytest.mark.parametrize("line", ["stop", "hold", "pause now", "priority a", "priority a high"])
def test_a_line_of_the_magic_that_says_nothing(
    shell: InteractiveShell, queued: Queued, line: str
) -> None:
    assert queued.names() == "abc"
    with pytest.raises(UsageError):
        shell.run_line_magic("claude_queue", line)


def test_whoever_hears_of_a_change_in_the_queue_may_wait_for_its_lock(queued: Queued) -> None:
    manager, waiting = queued.manager, queued.waiting["a"]
    heard: list[bool] = []

    def listen(_: object) -> None:
        asking = threading.Thread(target=lambda: manager.queue.state)
        asking.start()
        asking.join(BOUND)
        heard.append(not asking.is_alive())

    remove = manager.on_change(listen)
    manager.queue.hold(waiting)
    manager.queue.release(waiting)
    manager.queue.set_priority(waiting, 3)
    manager.queue.move(waiting, before=queued.waiting["c"])
    remove()
    assert len(heard) >= 4
    assert all(heard), "it was told with the lock held"
