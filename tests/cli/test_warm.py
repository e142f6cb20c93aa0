"""The real CLI, started ahead: what takes it over is as any other, and costs as much."""

from __future__ import annotations

from pathlib import Path

import pytest

from claude_widget import warm_clis
from claude_widget.manager import ProcessManager
from claude_widget.shim.warm import PROMPT
from tests.cli import checks
from tests.scripted_api import ScriptedAPI
from tests.waiting import BOUND, until


def test_it_waits_without_a_call_then_answers_as_any_other(
    manager: ProcessManager,
    project: Path,
    scripted_api: ScriptedAPI,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(warm_clis, "ANSWER_WITHIN", BOUND)  # else another is started in its place
    with manager.warm(1, project, most=1) as warm:
        until(lambda: warm.ready == 1, what="one waits")
        execution = manager.start_execution("SCENARIO:hello", project, name="taken over")
        checks.ended(execution, "completed", "success", result="Hello from the scripted model.")
    assert (execution.run.folder / PROMPT).exists()
    assert "SCENARIO:hello" in scripted_api.messages[0].prompts[-1]


def test_one_that_nobody_takes_asks_the_api_nothing_and_goes(
    manager: ProcessManager, project: Path, scripted_api: ScriptedAPI
) -> None:
    with manager.warm(1, project, most=1) as warm:
        until(lambda: warm.ready == 1, what="one waits")
    folder = manager.state_dir / "executions"
    until(lambda: not list(folder.iterdir()), what="it has gone")
    assert scripted_api.messages == []
