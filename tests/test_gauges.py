"""What executions use right now: read for a page that looks on, and told when it has changed.

The rule: real executions of the fake CLI; only what a page is told of figures is tested with
figures that are set.
"""

from __future__ import annotations

import errno
import os
import threading
from pathlib import Path
from typing import Any

import pytest

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page import gauges
from claude_widget.page.gauges import Gauge, Gauges, Used, read_usage
from claude_widget.page.rows import changes, row_in
from claude_widget.shim import tree
from tests.conftest import MakeManager
from tests.fake import ended, running
from tests.waiting import BOUND, until

MB = 1 << 20


@pytest.fixture(autouse=True)
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Figures are read as often as the test needs them, and as long.

    However slow a pass is, and however long ago the page was seen.
    """
    monkeypatch.setattr(gauges, "PERIOD", 0.05)
    monkeypatch.setattr(gauges, "_COST", 0)
    monkeypatch.setattr(gauges, "SEEN_LATELY", 10 * BOUND)


def at_gate(execution: Execution) -> Execution:
    """Wait until it has said all that it says before its gate, and that is folded."""

    def waits() -> bool:
        said = any(event.raw.get("subtype") == "status" for event in execution.events)
        return said and execution.read_bytes == execution.run.transcript.stat().st_size

    until(waits, what="it waits at its gate")
    return execution


def test_a_page_is_told_what_runs_uses_also_that_of_another_kernel(
    make_manager: MakeManager, project: Path
) -> None:
    theirs, mine = make_manager(), make_manager()
    execution = running(theirs.start_execution("fake:memory=60 fake:cpu=60", project))
    until(lambda: mine.get_execution(execution.execution_id), what="it is known here")
    seen = mine.get_execution(execution.execution_id)
    assert seen is not None
    mine.page_seen()
    until(lambda: seen.gauge and seen.gauge.memory_bytes > 60 * MB, what="its memory")

    def row_at_work() -> dict[str, Any] | None:
        row = row_in(mine, seen)  # the next figures may be of a moment without a core
        return row if row.get("cpuPercent", 0) > 10 else None

    row = until(row_at_work, what="its processor") or {}
    assert row["memoryBytes"] > 60 * MB
    execution.kill()
    until(lambda: seen.info.status == "killed", what="its end is known here")
    row = row_in(mine, seen)
    assert "cpuPercent" not in row
    assert row["cpuSeconds"] > 0
    assert row["memoryBytes"] == seen.info.peak_memory_bytes


def test_processes_that_its_tools_left_behind_count(manager: ProcessManager, project: Path) -> None:
    execution = running(manager.start_execution("fake:daemon fake:gate", project))
    until((project / "daemon.pid").exists, what="its daemon")
    daemon = int((project / "daemon.pid").read_text())
    pid, start = map(int, (execution.run.folder / "shim.pid").read_bytes().split())
    used = read_usage({"x": (pid, start)})["x"]
    assert execution.info.pid is not None
    processes = tree.processes()
    alone = processes[execution.info.pid].memory
    assert used.memory_bytes >= alone + processes[daemon].memory // 2
    (project / "go").touch()
    ended(execution, "completed", "success")


def test_a_pid_is_never_trusted_alone() -> None:
    start = tree.start_ticks(os.getpid())
    assert list(read_usage({"x": (os.getpid(), start)})) == ["x"]
    assert read_usage({"x": (os.getpid(), start + 1), "y": (0, 0)}) == {}


def test_a_pass_that_fails_is_not_the_last() -> None:
    passes = threading.Semaphore(0)

    def active() -> list[Execution]:
        passes.release()
        raise OSError(errno.EMFILE, "Too many open files")

    kept = Gauges(active, lambda _: 1.0, lambda _: None)
    kept.start()
    for _ in range(3):
        assert passes.acquire(timeout=BOUND)
    kept.close()


def test_without_a_page_nothing_is_read() -> None:
    asked = threading.Semaphore(0)

    def watched(seconds: float) -> float:
        assert seconds == gauges.SEEN_LATELY
        asked.release()
        return 0.0

    def active() -> list[Execution]:
        raise AssertionError("looked at what runs")

    kept = Gauges(active, watched, lambda _: None)
    kept.start()
    for _ in range(3):
        assert asked.acquire(timeout=BOUND)
    kept.close()


def test_only_figures_that_round_to_others_are_told(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = at_gate(manager.start_execution("fake:gate", project))
    name = execution.execution_id
    told: list[Gauge | None] = []
    kept = Gauges(list, lambda _: 0.0, lambda one: told.append(one.gauge))
    readings = [
        Used(0.0, 5.0, 311_000_000),
        Used(2.0, 5.25, 312_000_000),  # the first is only the beginning
        Used(4.0, 5.49, 308_000_000),
        Used(6.0, 5.49, 308_000_000),
        Used(8.0, 5.55, 9_999_000),
        Used(10.0, 5.40, 999),
    ]
    for used in readings:
        monkeypatch.setattr(gauges, "read_usage", lambda _, used=used: {name: used})
        kept.look([execution])
    assert told == [
        Gauge(10, 310_000_000),
        Gauge(0, 310_000_000),
        Gauge(3, 10_000_000),
        Gauge(0, 1000),
    ]
    before = row_in(manager, execution)
    execution.gauge = Gauge(5, 1000)
    assert changes(before, row_in(manager, execution)) == {"cpuPercent": 5}
    (project / "go").touch()
    ended(execution, "completed", "success")
