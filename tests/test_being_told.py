"""What an execution says of itself while its state goes on: nobody is told what is over by then."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import comm
import pytest

from claude_widget.backend import Run
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.gauges import Gauge
from claude_widget.page.rows import row_in
from claude_widget.page.widget import ClaudeWidget
from claude_widget.state import State
from tests import fake
from tests.recording_comm import RecordingComm, ask, comm_of, rows
from tests.waiting import until

READERS, STATES = 3, 20_000


@pytest.fixture
def quick_switches() -> Iterator[None]:
    """Threads take turns after microseconds, as they do on a busy machine once in hours."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Numbered:
    """Stands for a state; its info is only its number, so that there can be many."""

    def __init__(self, number: int) -> None:
        self.number = number

    @property
    def info(self) -> int:
        """After a while, in which other threads have their turn."""
        return self.number + 0 * sum(number for number in range(100))


@pytest.mark.usefixtures("quick_switches")
def test_info_is_never_older_than_the_state(tmp_path: Path) -> None:
    execution: Any = Execution(None, Run("x", tmp_path, None))  # type: ignore[arg-type]
    execution._state = Numbered(0)
    reached, wrong = [0], list[str]()

    def read() -> None:
        while reached[0] < STATES:
            least, said = reached[0], execution.info
            if said < least:
                wrong.append(f"{said} after {least}")

    readers = [threading.Thread(target=read) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for number in range(1, STATES + 1):
        execution._state = Numbered(number)
        reached[0] = number
    for reader in readers:
        reader.join()
    assert wrong == []


class CutDown(Execution):
    """One whose fold becomes text in the very moment in which its state is asked for."""

    @property
    def _state(self) -> State:
        if self.armed:
            self.armed = False
            self.tell_end()
        return self.held

    @_state.setter
    def _state(self, state: State) -> None:
        self.held = state

    armed = False


def test_info_is_whole_while_its_fold_becomes_text(manager: ProcessManager, project: Path) -> None:
    execution = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    copy = CutDown(execution._keeper, execution.run)
    copy.catch_up()
    copy.armed = True
    assert copy.info == execution.info
    copy.pause()


def test_what_a_welcome_was_ahead_of_is_told_again(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    dashboard = ClaudeWidget(manager)
    manager._upkeep.gauges.close()  # figures are set here
    execution = fake.running(manager.start_execution("fake:gate", project))

    def all_told() -> bool:
        said = any(event.raw.get("subtype") == "status" for event in execution.events)
        row = rows(dashboard).get(execution.execution_id, {})
        known = {name: value for name, value in row.items() if value is not None}
        whole = execution.read_bytes == execution.run.transcript.stat().st_size
        return said and whole and known == row_in(manager, execution)

    until(all_told, what="all that it says before its gate is told")
    execution.gauge = Gauge(50, 1 << 20)  # by now, and not told yet
    answer, _ = ask(dashboard, "1", type="claude:hello")
    (row,) = answer["executions"]
    assert row["cpuPercent"] == 50
    execution.gauge = None
    seen = len(comm_of(dashboard).custom())
    dashboard._note(execution)

    def told() -> dict[str, Any] | None:
        contents = (content for content, _ in comm_of(dashboard).custom()[seen:])
        events = (event for content in contents for event in content.get("events", []))
        return next((event["changes"] for event in events if "changes" in event), None)

    row |= until(told, what="it is told again") or {}
    assert row["cpuPercent"] is None
    assert {name: value for name, value in row.items() if value is not None} == row_in(
        manager, execution
    )
    execution.kill()
    dashboard.close()
