"""Managers that record and replay, as tests make them, and what is compared.

The rule: what is replayed is on another machine: another state folder, no CLI, no PATH, and no
process can be started at all.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionInfo
from claude_widget.recordings.occurrences import Cell
from claude_widget.recordings.replay import ReplayBackend
from claude_widget.recordings.store import Recordings
from tests.waiting import BOUND, until

MakeManager = Callable[..., ProcessManager]


@pytest.fixture
def recordings(tmp_path: Path) -> Path:
    return tmp_path / "recordings"


@pytest.fixture
def record(make_manager: MakeManager, recordings: Path) -> ProcessManager:
    return make_manager(mode="record", recordings=recordings)


@pytest.fixture
def replay(
    tmp_path: Path, recordings: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[MakeManager]:
    """Managers of another machine, on which no process can be started."""
    made: list[ProcessManager] = []

    def make(**options: Any) -> ProcessManager:
        without_processes(monkeypatch)
        options = {"mode": "replay", "recordings": recordings, **options}
        manager = ProcessManager(tmp_path / f"other{len(made)}", stagger=0.0, **options)
        made.append(manager)
        return manager

    yield make
    for manager in made:
        manager.close()


def without_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on nothing is found on the PATH, and no process can be started."""

    def refused(*_: object, **__: object) -> NoReturn:
        raise AssertionError("a process was to be started")

    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(subprocess, "Popen", refused)


def player(
    make_manager: MakeManager, recordings: Recordings | Path, pace: float = 0, **options: Any
) -> ProcessManager:
    """A manager that can do nothing but play these."""
    return make_manager(backend=ReplayBackend(recordings, pace=pace), **options)


def in_cell(manager: ProcessManager, cell: Cell) -> None:
    """From now on it is started from that cell, as far as the manager knows."""
    manager._planner._cell = lambda: cell


def done(execution: Execution) -> Execution:
    return execution.wait(BOUND)


def told(info: ExecutionInfo) -> dict[str, Any]:
    """What is known of an execution, less what each has of its own."""
    own = {"execution_id", "created_time", "start_time", "end_time", "pid", "recorded"}
    return info.model_dump(exclude=own)


def told_elsewhere(info: ExecutionInfo) -> dict[str, Any]:
    """The same, less what is of one machine."""
    return {k: v for k, v in told(info).items() if k not in {"owner", "recorded_time"}}


def frames(execution: Execution) -> tuple[list[dict[str, Any]], str]:
    """The whole frames, and the text of the partial ones, which redaction may split otherwise."""
    raw = [event.raw for event in execution.events]
    deltas = [one["event"].get("delta", {}) for one in raw if one["type"] == "stream_event"]
    text = "".join(str(delta.get("text", "")) for delta in deltas)
    return [one for one in raw if one["type"] != "stream_event"], text


def results(execution: Execution) -> int:
    """How many turns have ended."""
    return sum(event.raw.get("type") == "result" for event in execution.events)


def answered(execution: Execution, turns: int) -> Execution:
    """Wait until so many turns have ended."""
    until(lambda: results(execution) == turns, what="it has answered")
    return execution


def folders(recordings: Path) -> list[Path]:
    return sorted(path.parent for path in recordings.glob("*/request.json"))
