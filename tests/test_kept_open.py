"""What was kept open for follow-ups, replayed: it waits for its caller, and for nobody else.

The rule: as in `test_modes`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from tests.fake import turn_over
from tests.replaying import MakeManager, answered, done, results, told_elsewhere
from tests.waiting import until


def test_follow_ups_of_one_kept_open_are_taken_again(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    def talk(manager: ProcessManager) -> Execution:
        execution = manager.start_execution("hello", project, keep_open=True)
        turn_over(execution)
        assert execution.result == "hello"
        assert execution.send("fake:says=more") is execution
        answered(execution, 2)
        turn_over(execution)
        execution.end()
        return done(execution)

    first, again = talk(record), talk(replay())
    assert (first.result, again.result) == ("more", "more")
    assert told_elsewhere(again.info) == told_elsewhere(first.info)


def test_one_kept_open_waits_however_long_until_its_caller_goes_on(
    record: ProcessManager, replay: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers(manager: ProcessManager) -> list[str | None]:
        execution = manager.start_execution("hello", project, keep_open=True)
        turn_over(execution)
        done(manager.start_execution("another cell", project))
        first = execution.result
        execution.send("fake:says=more")
        answered(execution, 2)
        done(manager.start_execution("another cell", project))
        assert execution.status == "running"
        execution.end()
        return [first, done(execution).result]

    monkeypatch.setattr("claude_widget.recordings.replay._STOP", 0.0)
    assert answers(record) == ["hello", "more"]
    for pace in (0, 1000):
        assert answers(replay(pace=pace)) == ["hello", "more"]
    execution = replay().start_execution("hello", project, keep_open=True)
    turn_over(execution)
    execution.kill()
    assert done(execution).status == "killed"


def test_a_follow_up_that_comes_late_changes_nothing(
    record: ProcessManager, replay: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claude_widget.recordings.replay._STOP", 0.01)
    execution = record.start_execution("hello", project, keep_open=True)
    turn_over(execution)
    execution.send("fake:says=more")
    answered(execution, 2)
    execution.end()
    done(execution)
    again = done(replay().start_execution("hello", project, keep_open=True))
    assert again.send("fake:says=more") is again
    again.end()
    assert again.result == "more"


def test_what_a_person_typed_on_the_page_comes_by_itself(
    record: ProcessManager, replay: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def by_page(ask: Callable[..., object], *given: str) -> None:
        thread = threading.Thread(target=ask, args=given)  # no code of a notebook's is below it
        thread.start()
        thread.join()

    monkeypatch.setattr("claude_widget.recordings.replay._STOP", 0.01)
    execution = record.start_execution("hello", project, keep_open=True)
    turn_over(execution)
    by_page(execution.send, "fake:says=typed")
    answered(execution, 2)
    execution.send("fake:says=said")
    answered(execution, 3)
    by_page(execution.end)
    assert done(execution).said_by_page == (True, False, True)
    again = replay().start_execution("hello", project, keep_open=True)
    until(lambda: results(again) == 2, what="what was typed comes")
    again.send("fake:says=said")
    until(lambda: again.status.ended, what="it ends though no cell ends it")
    assert again.result == "said"
