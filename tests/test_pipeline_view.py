"""A pipeline as a cell's value: what the page is told, and what is left once it is over.

The rule: a real manager and the fake CLI; the page's end is a recording comm.
"""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path
from typing import Any

import comm
import pytest

import claude_widget
from claude_widget import protocol, step
from claude_widget.cells import output as cell_output
from claude_widget.cells import pipeline_output
from claude_widget.cells.pipeline_output import PipelineOutput
from claude_widget.dependencies.pipeline import Pipeline
from claude_widget.dependencies.steps import Step
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.pipeline_view import PipelineView
from claude_widget.protocol import Allow
from claude_widget.retries import policy
from claude_widget.retries.retrying import Retrying
from claude_widget.upkeep import Upkeep
from tests.conftest import MakeManager
from tests.fake import running, shim_pid
from tests.recording_comm import RecordingComm, ask, rows
from tests.test_batch_view import SECRET, WIDGET
from tests.waiting import BOUND, until

Displayed = list[tuple[Any, dict[str, Any]]]


@pytest.fixture
def displayed(monkeypatch: pytest.MonkeyPatch) -> Displayed:
    """What cells show from here on; widgets have a recording comm."""
    shown: Displayed = []
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    for module in (cell_output, pipeline_output):
        monkeypatch.setattr(module, "display", lambda value, **how: shown.append((value, how)))
    claude_widget.__getattr__("ProcessManager")  # whoever asks for it shows pipelines, too
    return shown


def test_a_pipeline_is_watched_answered_and_static_once_it_is_over(
    manager: ProcessManager, project: Path, displayed: Displayed
) -> None:
    manager.page_seen()
    steps: dict[str, str | Step] = {
        "join": step("fake:gate=go", after=["plan", "docs"]),
        "plan": "fake:asks=Bash",
        f"docs {SECRET}": "fake:says=docs",
        "docs": "fake:says={{ plan.status }}",
    }
    pipeline = manager.pipeline(steps, project_path=project)
    pipeline._ipython_display_()
    (live, _), *_ = displayed
    assert isinstance(live, PipelineView)
    data, metadata = live._repr_mimebundle_()
    assert WIDGET in data
    assert "<table>" in data["text/html"]
    assert len(metadata["claude_widget"]["executions"]) == 4
    until(lambda: live.progress["asking"] == 1, what="plan asks")
    told = live.progress["steps"]
    assert [one["needs"] for one in told] == [[1, 3], [], [], [1]]
    assert [one["asks"] for one in told] == [False, True, False, False]
    assert SECRET not in str(live.progress)
    ask(live, "1", type="claude:open-pane", paneId="p", executionId=told[1]["executionId"])
    until(lambda: told[1]["executionId"] in rows(live), what="its row is told")
    ask(live, "2", type="claude:close-pane", paneId="p")
    pipeline["plan"].answer_request(pipeline["plan"].requests[0].control_id, Allow())
    until(lambda: live.progress["completed"] == 3, what="all but the last have completed")
    assert live.progress["costUsd"] == pytest.approx(pipeline.cost_usd)
    (project / "go").touch()
    pipeline.wait(BOUND)
    until(lambda: len(displayed) == 2, what="it is replaced")
    static, how = displayed[1]
    assert how["update"]
    assert "4 steps, 4 completed" in static["text/plain"]
    until(lambda: live.comm is None, what="the view is closed once it is replaced")


def test_it_stays_live_while_the_next_attempt_of_a_step_is_admitted(
    manager: ProcessManager, project: Path, displayed: Displayed, monkeypatch: pytest.MonkeyPatch
) -> None:
    admitted, told = threading.Event(), threading.Event()
    try_again, tell_end = Retrying._try_again, Upkeep._tell_end

    def admit_late(self: Retrying, *given: Any) -> None:
        assert admitted.wait(BOUND)
        try_again(self, *given)

    def tell_late(self: Upkeep, execution: Execution, size: int) -> None:
        assert execution.attempt == 1 or told.wait(BOUND)
        tell_end(self, execution, size)

    monkeypatch.setattr(Retrying, "_try_again", admit_late)
    monkeypatch.setattr(Upkeep, "_tell_end", tell_late)
    monkeypatch.setattr(policy, "FIRST", 0.05)
    pipeline = manager.pipeline({"a": step("fake:gate=go", retries=1)}, project_path=project)
    output = PipelineOutput(manager, pipeline)
    ((live, _),) = displayed
    os.kill(shim_pid(running(pipeline["a"])), signal.SIGKILL)
    until(lambda: live.progress["failed"] == 1, what="it is lost")
    assert not pipeline.ended
    assert not live.progress["ended"]
    assert not output.send_one(), "a turn that comes too early changes nothing"
    admitted.set()
    (project / "go").touch()
    until(lambda: live.progress["completed"] == 1, what="the second completes")
    assert not live.progress["ended"]
    told.set()
    until(lambda: len(displayed) == 2, what="it is replaced")
    assert "1 steps, 1 completed" in displayed[1][0]["text/plain"]


def test_a_further_attempt_that_a_cell_run_again_goes_on_with_is_told(
    make_manager: MakeManager, project: Path, displayed: Displayed
) -> None:
    gone = make_manager()
    before = gone.pipeline({"a": "fake:limit=600"}, project_path=project)
    until(lambda: len(before["a"].attempts) == 2, what="it is to be tried again")
    gone.close()
    manager = make_manager()
    pipeline = manager.pipeline({"a": "fake:limit=600"}, project_path=project)
    assert (pipeline["a"].attached, pipeline["a"].attempt) == (True, 2)
    pipeline._ipython_display_()
    ((live, _),) = displayed
    assert (live.progress["pending"], live.progress["ended"]) == (1, False)
    manager.resume_queue()
    until(lambda: len(displayed) == 2, what="it is replaced")
    assert "1 steps, 1 completed" in displayed[1][0]["text/plain"]


def test_what_is_told_of_a_long_pipeline_is_bounded(
    manager: ProcessManager, project: Path, displayed: Displayed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(protocol, "MOST_STEPS", 3)
    manager.pause_queue()
    named = {f"{n} " + "x" * 5_000: "fake:plain" for n in range(5)}
    pipeline = manager.pipeline(named, project_path=project)
    shown = pipeline._display_()
    assert isinstance(shown, PipelineView)
    assert (len(shown.progress["steps"]), shown.progress["total"]) == (3, 5)
    assert len(str(shown.progress)) < 3 * 500
    shown.close()
    pipeline.kill()
    assert displayed == []


def test_what_is_only_played_is_static_from_the_first_moment_on(
    make_manager: MakeManager, project: Path, displayed: Displayed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline_output, "_PLAYED_WITHIN", BOUND)
    for mode in ("record", "replay"):
        manager = make_manager(project.parent / mode, mode=mode)
        pipeline: Pipeline = manager.pipeline(
            {"a": "fake:says=one", "b": "fake:says={{ a.result }}"}, project_path=project
        )
        if mode == "replay":
            pipeline_output.show(pipeline)
        pipeline.wait(BOUND)
    ((static, _),) = displayed
    assert "2 steps, 2 completed" in static["text/plain"]
