"""A manager whose CLIs hear of the API's limits: what is started meanwhile, and what is not.

The rule: real processes, and a clock of the governor's that a test puts on: a limit that is over
within a second may be over before anybody has looked.
"""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path

import pytest

from claude_widget.manager import ProcessManager
from claude_widget.protocol.queue import QueuePause
from claude_widget.queue import governing, governor
from claude_widget.queue.governor_file import NAME, GovernorFile
from tests.conftest import MakeManager
from tests.fake import ended, metas, running
from tests.waiting import BOUND, until


class Clock:
    """What the governors of a test take for the time."""

    monotonic = staticmethod(time.monotonic)

    def __init__(self) -> None:
        self._ahead = 0.0

    def time(self) -> float:
        """Epoch seconds."""
        return time.time() + self._ahead

    def put_on(self, until_then: float | None) -> float:
        """It is that moment; the epoch seconds at which it has come."""
        now = time.time()
        self._ahead = (until_then or now) - now
        return now


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Of all managers that are made; and no pause is over before it was looked at."""
    made = Clock()
    monkeypatch.setattr(governing, "time", made)
    file = partial(GovernorFile, clock=made.time)
    monkeypatch.setattr("claude_widget.manager.GovernorFile", file)
    monkeypatch.setattr(governor, "FIRST", governor.MOST)
    return made


def pause_of(manager: ProcessManager, kind: str) -> QueuePause:
    """The pause of that kind, once there is one."""

    def found() -> QueuePause | None:
        pause = manager.queue.state.pause
        return pause if pause is not None and pause.kind == kind else None

    pause = until(found, what=f"a pause: {kind}")
    assert pause is not None
    return pause


def spawned_at(manager: ProcessManager, execution_id: str) -> float:
    """Epoch seconds of its spawn."""
    execution = manager.get_execution(execution_id)
    assert execution is not None
    assert execution.info.start_time is not None
    return execution.info.start_time


def test_a_limit_that_is_heard_of_holds_up_all_starts_until_its_reset(
    clock: Clock, manager: ProcessManager, project: Path
) -> None:
    limited = manager.start_execution("fake:limit=3600 fake:gate=never", project)
    pause = pause_of(manager, "rate_limit")
    assert pause.until is not None
    assert pause.execution_id == limited.execution_id
    assert "five hour" in pause.said
    assert "after the reset" in pause.what_to_do
    other = manager.start_execution("hello", project)
    assert (other.status, manager.queue.paused) == ("pending", True)
    reset = clock.put_on(pause.until)
    ended(other, "completed", "success")
    assert spawned_at(manager, other.execution_id) >= reset
    assert manager.queue.state.pause is None


def test_a_limit_of_one_family_of_models_holds_up_only_those(
    clock: Clock, manager: ProcessManager, project: Path
) -> None:
    limited = "fake:limit=3600 fake:limits=seven_day_opus"
    first = manager.start_execution(limited, project, model="claude-opus-5-5")
    pause = pause_of(manager, "rate_limit")
    assert (pause.families, manager.queue.paused) == (("opus",), False)
    assert pause.what_to_do == (
        "Executions with Opus start after the reset; other models start now."
    )
    waits = manager.start_execution("hello", project, model="opus")
    other = manager.start_execution("hello", project, model="sonnet")
    ended(other, "completed", "success")
    assert waits.status == "pending"
    reset = clock.put_on(pause.until)
    ended(waits, "completed", "success")
    assert spawned_at(manager, waits.execution_id) >= reset
    assert first.wait(BOUND).status == "completed", "its session went on after the reset"


def test_a_familys_limit_holds_up_no_other_projects_default_and_no_slots(
    make_manager: MakeManager, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(governing, "free_memory", lambda: 1 << 50)
    monkeypatch.setattr("claude_widget.queue.capacity.default_concurrency", lambda: 4)
    manager = make_manager(max_concurrency=None)
    for seconds in (3600, 3000):  # a phase of each is of another family than its model's name says
        planned = f"fake:limit={seconds} fake:limits=seven_day_sonnet"
        started = manager.start_execution(planned, project, model="opusplan")
        ended(started, "failed", "rate_limit")
    pause = manager.queue.state.pause
    assert pause is not None
    assert pause.families == ("sonnet",), "the second one's refusal is no other matter"
    manager.start_execution("fake:limit=3600 fake:limits=seven_day_opus", project)
    until(lambda: getattr(manager.queue.state.pause, "families", ()) == ("opus", "sonnet"))
    assert manager.max_concurrency == 4
    waits = manager.start_execution("hello", project)
    other = tmp_path / "other"
    other.mkdir()
    ended(manager.start_execution("hello", other), "completed", "success")
    assert waits.status == "pending"
    assert manager.queue.pause_of(None, str(other)) is None
    assert manager.queue.pause_of(None, str(project)) is not None
    manager.queue.resume()
    ended(waits, "completed", "success")


def test_what_runs_goes_on_while_nothing_new_is_started(
    manager: ProcessManager, project: Path
) -> None:
    runs = running(manager.start_execution("fake:gate=go", project))
    manager.start_execution("fake:retries=529 hello", project)
    pause_of(manager, "overload")
    (project / "go").touch()
    ended(runs, "completed", "success")


def test_a_warning_pauses_nothing(manager: ProcessManager, project: Path) -> None:
    ended(manager.start_execution("fake:warns hello", project), "completed", "success")
    assert manager.queue.state.pause is None
    ended(manager.start_execution("hello", project), "completed", "success")


def test_a_failed_login_pauses_every_manager_of_the_folder_once(
    make_manager: MakeManager, project: Path
) -> None:
    one, other = make_manager(), make_manager()
    running_on = running(one.start_execution("fake:gate=go fake:refuses=401", project))
    ended(one.start_execution("fake:refuses=401", project), "failed", "authentication")
    pause = pause_of(one, "authentication")
    assert pause.until is None
    assert "claude /login" in pause.what_to_do
    pause_of(other, "authentication")
    waits = other.start_execution("hello", project)
    assert waits.status == "pending"
    one.resume_queue()
    ended(waits, "completed", "success")
    (project / "go").touch()
    ended(running_on, "failed", "authentication")
    assert one.queue.state.pause is None, "it had the login of before"
    ended(one.start_execution("fake:refuses=401", project), "failed", "authentication")
    pause_of(one, "authentication")


def test_a_person_may_start_new_ones_all_the_same(manager: ProcessManager, project: Path) -> None:
    manager.start_execution("fake:limit=3600", project)
    pause_of(manager, "rate_limit")
    waits = manager.start_execution("hello", project)
    manager.queue.resume()
    ended(waits, "completed", "success")


def test_a_manager_that_is_made_during_a_pause_obeys_it(
    clock: Clock, make_manager: MakeManager, tmp_path: Path, project: Path
) -> None:
    state = tmp_path / "state"
    state.mkdir(mode=0o700)
    until_then = time.time() + 3600
    said = {"kind": "rate_limit", "since": time.time(), "until": until_then, "told": True}
    (state / NAME).write_text(json.dumps({"version": 1, "pause": said}))
    manager = make_manager()
    execution = manager.start_execution("hello", project)
    assert execution.status == "pending"
    reset = clock.put_on(until_then)
    ended(execution, "completed", "success")
    assert spawned_at(manager, execution.execution_id) >= reset


def test_faces_hear_of_a_pause_and_of_its_end(
    clock: Clock, manager: ProcessManager, project: Path
) -> None:
    heard: list[str | None] = []

    def note() -> None:
        pause = manager.queue.state.pause
        heard.append(None if pause is None else pause.kind)

    manager.queue.on_change(note)
    manager.start_execution("fake:limit=3600", project)
    until(lambda: "rate_limit" in heard, what="the pause is told")
    clock.put_on(time.time() + 3600)
    until(lambda: heard[-1] is None, what="its end is told")


def test_what_is_only_played_is_neither_held_up_nor_heard(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    ended(record.start_execution("fake:retries=529 hello", project), "completed", "success")
    manager = replay()
    (manager.state_dir / NAME).write_text(
        json.dumps({"pause": {"kind": "authentication", "since": time.time(), "until": None}})
    )
    pause_of(manager, "authentication")
    execution = manager.start_execution("fake:retries=529 hello", project).wait(BOUND)
    assert (execution.status, execution.info.recorded) == ("completed", True)
    manager.resume_queue()
    until(lambda: manager.queue.state.pause is None, what="nothing of what it plays is heard")


def test_slots_that_nobody_has_given_are_halved_by_a_limit(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(governing, "free_memory", lambda: 1 << 50)
    monkeypatch.setattr("claude_widget.queue.capacity.default_concurrency", lambda: 4)
    manager = make_manager(max_concurrency=None)
    given = make_manager(max_concurrency=4)
    assert (manager.max_concurrency, given.max_concurrency) == (4, 4)
    manager.start_execution("fake:retries=429 hello", project)
    until(lambda: manager.max_concurrency == 2, what="it starts fewer at once")
    pause_of(given, "rate_limit")
    assert given.max_concurrency == 4, "a number that was given is kept"


def test_while_memory_is_short_no_more_are_started(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = [1 << 50]
    monkeypatch.setattr(governing, "free_memory", lambda: free[0])
    monkeypatch.setattr("claude_widget.queue.capacity.default_concurrency", lambda: 4)
    manager = make_manager(max_concurrency=None)
    first = running(manager.start_execution("fake:gate=go", project))
    free[0] = 0
    until(lambda: manager.queue.state.slots == 1, what="no more may run than do")
    second = manager.start_execution("hello", project)
    assert second.status == "pending"
    (project / "go").touch()
    ended(first, "completed", "success")
    ended(second, "completed", "success")
    assert [one["event"] for one in metas(second)].count("spawned") == 1
