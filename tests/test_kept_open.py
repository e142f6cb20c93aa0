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
from tests.replaying import MakeManager, done, results, told
from tests.waiting import until


def test_follow_ups_of_one_kept_open_are_taken_again(
    record: ProcessManager, replay: MakeManager, project: Path
) -> None:
    def talk(manager: ProcessManager) -> Execution:
        execution = manager.start_execution("hello", project, keep_open=True)
        until(lambda: execution.info.awaits_input, what="its turn is over")
        assert execution.result == "hello"
        assert execution.send("fake:says=more") is execution
        until(lambda: results(execution) == 2, what="it has answered")
        until(lambda: execution.info.awaits_input, what="and waits again")
        execution.end()
        return done(execution)

    first, again = talk(record), talk(replay())
    assert (first.result, again.result) == ("more", "more")
    assert told(again.info) | {"pid": 0} == told(first.info) | {"pid": 0}


def test_one_kept_open_waits_however_long_until_its_caller_goes_on(
    record: ProcessManager, replay: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def answers(manager: ProcessManager) -> list[str | None]:
        execution = manager.start_execution("hello", project, keep_open=True)
        until(lambda: execution.info.awaits_input, what="its turn is over")
        done(manager.start_execution("another cell", project))
        first = execution.result
        execution.send("fake:says=more")
        until(lambda: results(execution) == 2, what="it has answered")
        done(manager.start_execution("another cell", project))
        assert execution.status == "running"
        execution.end()
        return [first, done(execution).result]

    monkeypatch.setattr("claude_widget.recordings.replay._STOP", 0.0)
    assert answers(record) == ["hello", "more"]
    for pace in (0, 1000):
        assert answers(replay(pace=pace)) == ["hello", "more"]
    execution = replay().start_execution("hello", project, keep_open=True)
    until(lambda: execution.info.awaits_input, what="its turn is over")
    execution.kill()
    assert done(execution).status == "killed"


def test_a_follow_up_that_comes_late_changes_nothing(
    record: ProcessManager, replay: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claude_widget.recordings.replay._STOP", 0.01)
    execution = record.start_execution("hello", project, keep_open=True)
    until(lambda: execution.info.awaits_input, what="its turn is over")
    execution.send("fake:says=more")
    until(lambda: results(execution) == 2, what="it has answered")
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
    until(lambda: execution.info.awaits_input, what="its turn is over")
    by_page(execution.send, "fake:says=typed")
    until(lambda: results(execution) == 2, what="it has answered")
    execution.send("fake:says=said")
    until(lambda: results(execution) == 3, what="it has answered")
    by_page(execution.end)
    assert done(execution).said_by_page == [True, False, True]
    again = replay().start_execution("hello", project, keep_open=True)
    until(lambda: results(again) == 2, what="what was typed comes")
    again.send("fake:says=said")
    until(lambda: again.status.ended, what="it ends though no cell ends it")
    assert again.result == "said"
