"""Further attempts: what fails in passing is tried again, linked, and waited for to the last one.

The rule: real processes that fail so often, and then do not; waits of a retry are made short.
"""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionRequest
from claude_widget.queue.starting import Starting
from claude_widget.retries import policy
from claude_widget.retries.retrying import Retrying
from claude_widget.trust import check_project
from tests.asking import known_to
from tests.conftest import MakeManager
from tests.fake import ended, lines, running, shim_pid
from tests.test_governor_queue import Clock, clock
from tests.waiting import BOUND, until

__all__ = ["clock"]


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Retries wait for a moment only."""
    monkeypatch.setattr(policy, "FIRST", 0.05)
    monkeypatch.setattr(policy, "LEAST", 0.0)


def reasons(execution: Execution) -> list[str]:
    return [str(one.info.reason) for one in execution.attempts]


def test_a_failure_that_passes_is_tried_again_and_the_last_attempt_is_given(
    manager: ProcessManager, project: Path
) -> None:
    first = manager.start_execution("fake:refuses=500 fake:refused=2", project, retries=2)
    last = first.wait(BOUND)
    assert (last.status, last.attempt) == ("completed", 3)
    assert reasons(first) == reasons(last) == ["api_error", "api_error", "success"]
    assert first.latest is last
    assert [one.attempt for one in last.attempts] == [1, 2, 3]
    assert [one.attempt_of for one in last.attempts] == [None, *[first.execution_id] * 2]
    assert (first.status, first.info.api_error_status) == ("failed", 500)
    for attempt in last.attempts:
        assert attempt.run.transcript.stat().st_size > 0, "each keeps its transcript"
        assert attempt.info.query == first.info.query


async def test_await_follows_to_the_last_attempt_as_well(
    manager: ProcessManager, project: Path
) -> None:
    run = await manager.start_execution("fake:refuses=500 fake:refused=1", project, retries=2)
    assert (run.status, run.attempt) == ("completed", 2)


def test_without_retries_it_fails_at_once(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("fake:refuses=500", project)
    assert execution.wait(BOUND) is execution
    assert reasons(execution) == ["api_error"]
    assert manager.get_all_executions() == [execution]


def test_it_gives_up_after_as_many_retries_as_were_asked_for(
    manager: ProcessManager, project: Path
) -> None:
    last = manager.start_execution("fake:refuses=503", project, retries=1).wait(BOUND)
    assert (last.status, last.info.reason, reasons(last)) == (
        "failed",
        "api_error",
        ["api_error"] * 2,
    )


@pytest.mark.parametrize("words", ["hello", "fake:refuses=400", "fake:crash", "fake:exit=3 hello"])
def test_what_completed_or_fails_for_good_is_not_tried_again(
    manager: ProcessManager, project: Path, words: str
) -> None:
    execution = manager.start_execution(words, project, retries=3)
    assert execution.wait(BOUND) is execution
    assert len(execution.attempts) == 1


def test_a_startup_that_fails_is_tried_again(manager: ProcessManager, project: Path) -> None:
    env = {"FAKE_CLAUDE": "dies=1"}
    last = manager.start_execution("hello", project, retries=1, env=env).wait(BOUND)
    assert reasons(last) == ["startup", "startup"]


def test_one_that_is_lost_is_tried_again(manager: ProcessManager, project: Path) -> None:
    first = running(manager.start_execution("fake:gate=go", project, retries=1))
    os.kill(shim_pid(first), signal.SIGKILL)
    until(lambda: first.status.ended, what="its loss is told")
    (project / "go").touch()
    last = first.wait(BOUND)
    assert (last.status, reasons(first)) == ("completed", ["lost", "success"])


def test_what_was_killed_is_not_tried_again_and_a_kill_ends_the_attempt_that_waits(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = running(manager.start_execution("fake:gate=never", project, retries=3))
    execution.kill()
    assert execution.wait(BOUND) is execution
    monkeypatch.setattr(policy, "LEAST", 60.0)
    monkeypatch.setattr(policy, "FIRST", 60.0)
    first = manager.start_execution("fake:refuses=500", project, retries=3)
    until(lambda: len(first.attempts) == 2, what="another attempt waits")
    assert first.latest.status == "pending"
    first.kill()
    assert reasons(first.wait(BOUND)) == ["api_error", "user"]


@pytest.mark.parametrize("everything", [False, True])
def test_a_kill_that_comes_between_two_attempts_ends_the_second(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch, *, everything: bool
) -> None:
    try_again = Retrying.ended

    def killed_before(self: Retrying, execution: Execution, tell: Callable[[], None]) -> None:
        if execution.attempt == 1:
            manager.kill_all() if everything else execution.kill()
        try_again(self, execution, tell)

    monkeypatch.setattr(Retrying, "ended", killed_before)
    first = manager.start_execution("fake:refuses=500 fake:refused=1", project, retries=1)
    last = first.wait(BOUND)
    assert (last.attempt, last.status, last.info.reason) == (2, "killed", "user")


@pytest.mark.parametrize("is_decided", [True, False])
def test_what_cannot_be_tried_again_has_ended_all_the_same(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch, *, is_decided: bool
) -> None:
    start = threading.Thread.start

    def started(thread: threading.Thread) -> None:
        if thread.name == "claude-widget-retrying":
            raise RuntimeError("can't start new thread")
        start(thread)

    def broken(*_: object, **__: object) -> None:
        raise ValueError("made-up")

    if is_decided:
        monkeypatch.setattr(threading.Thread, "start", started)
    else:
        monkeypatch.setattr("claude_widget.retries.retrying.decide", broken)
    first = manager.start_execution("fake:refuses=500 fake:refused=1", project, retries=1)
    assert first.wait(BOUND) is first
    assert reasons(first) == ["api_error"]


def test_a_first_attempt_that_is_cleaned_up_is_still_followed_by_the_others(
    manager: ProcessManager, project: Path
) -> None:
    words = "fake:refuses=500 fake:refused=1 fake:gate"
    first = manager.start_execution(words, project, retries=1)
    after = manager.start_execution("hello", project, after=[first])
    until(lambda: first.latest.attempt == 2, what="it is tried again")
    running(first.latest)
    manager.cleanup_execution(first.execution_id)
    assert [one.attempt for one in first.attempts] == [1, 2]
    assert after.status == "pending"
    first.kill()
    assert first.wait(BOUND).info.reason == "user"
    told = ended(after, "failed", "dependency").info.errors[-1]
    assert f"{first.execution_id} killed (user)" in told


def test_a_wait_that_is_bounded_ends_in_time_while_an_attempt_waits(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "LEAST", 60.0)
    monkeypatch.setattr(policy, "FIRST", 60.0)
    first = manager.start_execution("fake:refuses=500", project, retries=1)
    until(lambda: len(first.attempts) == 2, what="another attempt waits")
    until(lambda: first.end_told, what="so that the other one is waited for")
    with pytest.raises(TimeoutError, match="is pending after"):
        first.wait(0.1)


def test_an_attempt_whose_time_has_come_and_that_waits_for_a_slot_asks_for_no_more_looks(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = make_manager(max_concurrency=1)
    asked: list[float | None] = []
    fill = Starting.fill_slots

    def counted(self: Starting, *, checked: str = "") -> float | None:
        with self.lock:  # so that they stand in the order in which they looked
            asked.append(fill(self, checked=checked))
            return asked[-1]

    monkeypatch.setattr(Starting, "fill_slots", counted)
    first = manager.start_execution("fake:refuses=500 fake:refused=1", project, retries=1)
    manager.start_execution("fake:gate", project, priority=1)
    until(lambda: first.status.ended and len(first.attempts) == 2, what="it is to be tried again")
    before = len(asked) + 1  # a look that is under way may not know of it
    until(lambda: None in asked[before:], what="its time has come")
    come = asked.index(None, before)
    until(lambda: len(asked) > come + 4, what="some more looks")
    assert asked[come:] == [None] * len(asked[come:])
    (project / "go").touch()
    assert first.wait(BOUND).status == "completed"


def test_who_comes_after_it_waits_for_its_last_attempt(
    manager: ProcessManager, project: Path
) -> None:
    first = manager.start_execution("fake:refuses=500 fake:refused=1", project, retries=1)
    after = manager.start_execution("hello", project, after=[first])
    ended(after, "completed", "success")
    assert reasons(first) == ["api_error", "success"]
    other = manager.start_execution("fake:refuses=502", project, retries=1)
    failed = manager.start_execution("hello", project, after=[other])
    ended(failed, "failed", "dependency")
    assert reasons(other) == ["api_error", "api_error"]


def test_after_a_limit_its_session_goes_on_after_the_reset_and_no_retry_is_counted(
    clock: Clock, manager: ProcessManager, project: Path
) -> None:
    first = manager.start_execution("fake:limit=3600 fake:says=done", project)
    until(lambda: len(first.attempts) == 2, what="it is to go on after the reset")
    assert first.latest.status == "pending"
    reset = clock.put_on(time.time() + 3600)
    last = first.wait(BOUND)
    assert (last.status, last.attempt, reasons(last)) == ("completed", 2, ["rate_limit", "success"])
    assert last.info.session_id == first.info.session_id
    assert last.info.resumed_from == first.execution_id
    assert last.run.request.session_id == first.info.session_id
    assert b"Continue where you left off." in lines(last, "in")[-1]
    assert first.info.end_time is not None
    assert last.info.start_time is not None
    assert last.info.start_time > reset > first.info.end_time


def test_after_a_failed_login_it_goes_on_once_the_queue_is_resumed(
    manager: ProcessManager, project: Path
) -> None:
    words = "fake:refuses=401 fake:refused=1"
    first = manager.start_execution(words, project)
    assert first.wait(BOUND) is first, "nobody waits for a person"
    assert (first.status, first.latest.status) == ("failed", "pending")
    manager.resume_queue()
    assert first.wait(BOUND).status == "completed"
    assert reasons(first) == ["authentication", "success"]


def test_a_limit_without_a_reset_counts_as_a_retry(manager: ProcessManager, project: Path) -> None:
    once = manager.start_execution("fake:refuses=529", project)
    assert once.wait(BOUND) is once
    manager.queue.resume()
    first = manager.start_execution("fake:refuses=529 fake:refused=2", project, retries=1)
    until(lambda: first.status.ended, what="it has failed")
    manager.queue.resume()
    last = first.wait(BOUND)
    assert (last.status, last.attempt, last.info.resumed_from) == ("completed", 2, None)


def test_a_cell_that_is_run_again_goes_on_with_the_attempt_that_waited(
    make_manager: MakeManager, project: Path
) -> None:
    early = make_manager()
    first = early.start_execution("fake:limit=600", project)
    until(lambda: len(first.attempts) == 2, what="it is to go on after the reset")
    early.close()
    late = make_manager()
    again = late.start_execution("fake:limit=600", project)
    assert (again.attached, again.execution_id) == (True, first.latest.execution_id)
    late.resume_queue()
    last = again.wait(BOUND)
    assert (last.status, last.info.session_id) == ("completed", first.info.session_id)
    assert len(late.get_all_executions()) == 2


def test_without_the_env_that_only_its_gone_kernel_knew_it_is_not_tried_again(
    make_manager: MakeManager, project: Path
) -> None:
    early = make_manager()
    asked = "fake:gate fake:refuses=500"
    before = running(early.start_execution(asked, project, retries=2, env={"WHOSE": "mine"}))
    early.close()
    late = make_manager()
    execution = late.get_execution(before.execution_id)
    assert execution is not None
    until(lambda: late.owns(execution), what="it is adopted")
    (project / "go").touch()
    assert execution.wait(BOUND).status == "failed"
    assert len(late.get_all_executions()) == 1


def test_the_callable_of_a_gone_kernel_is_replaced_by_a_person_in_a_further_attempt(
    make_manager: MakeManager, project: Path
) -> None:
    early = make_manager()
    asked = "fake:gate fake:refuses=500 fake:refused=1"
    before = running(early.start_execution(asked, project, retries=1, permissions=lambda _: True))
    early.close()
    late = make_manager()
    execution = known_to(late, before)
    until(lambda: late.owns(execution), what="it is adopted")
    (project / "go").touch()
    assert execution.wait(BOUND).attempt == 2
    permissions = [one.run.request.permissions for one in execution.attempts]
    assert permissions == ["callable", "ask"]


def test_a_project_that_answers_slowly_holds_up_only_the_attempt_in_it(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = threading.Event()

    def check(request: ExecutionRequest, *given: Any, **more: Any) -> None:
        if threading.current_thread() is not threading.main_thread():
            assert slow.wait(BOUND)
        check_project(request, *given, **more)

    monkeypatch.setattr("claude_widget.admission.check_project", check)
    first = manager.start_execution("fake:refuses=500 fake:refused=1", project, retries=1)
    until(lambda: first.status.ended, what="it has failed")
    ended(manager.start_execution("hello", project), "completed", "success")
    assert not first.end_told, "whoever waits for it would not find the one that follows"
    slow.set()
    assert first.wait(BOUND).attempt == 2


def test_attempts_are_known_to_a_later_manager(make_manager: MakeManager, project: Path) -> None:
    one = make_manager()
    first = one.start_execution("fake:refuses=500 fake:refused=1", project, retries=1)
    last = first.wait(BOUND)
    later = make_manager()
    known = later.get_execution(first.execution_id)
    assert known is not None
    assert [each.execution_id for each in known.attempts] == [first.execution_id, last.execution_id]
    assert known.latest.status == "completed"


def test_what_is_recorded_is_the_last_attempt_and_what_all_of_them_changed(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    touch = "import os\nopen('second' if os.path.exists('refused') else 'first', 'w').close()\n"
    (project / "touch").write_text(touch)
    words = "fake:script=touch fake:refuses=500 fake:refused=1 fake:says=well"
    last = record.start_execution(words, project, retries=1).wait(BOUND)
    assert (last.status, last.attempt) == ("completed", 2)
    assert record.recording_problems == ()
    for name in ("first", "second", "refused"):
        (project / name).unlink()
    played = replay().start_execution(words, project, retries=1, apply_changes=True).wait(BOUND)
    assert (played.status, played.result, played.attempt) == ("completed", "well", 1)
    assert {path.name for path in project.iterdir()} == {"touch", "first", "second", "refused"}


def test_what_is_played_is_never_tried_again(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    ended(record.start_execution("fake:refuses=500", project), "failed", "api_error")
    played = replay().start_execution("fake:refuses=500", project, retries=3)
    assert played.wait(BOUND) is played
    assert (played.status, len(played.attempts)) == ("failed", 1)
