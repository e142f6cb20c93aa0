"""Real CLIs that hear of an account's limit, and that are asked what they have cost."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from claude_widget.budgets import watching
from claude_widget.manager import ProcessManager
from tests.cli import checks
from tests.cli.conftest import MakeManager
from tests.scenarios import Failure, Never, Scenario, Text, ToolUse, Turn
from tests.scripted_api import ScriptedAPI
from tests.waiting import until

BOUND = 90.0


def bash(command: str) -> ToolUse:
    return ToolUse("Bash", {"command": command, "description": "Run a command"})


def limit(reset: int) -> Failure:
    """As the API answers a subscription whose limit is reached."""
    window = "anthropic-ratelimit-unified-"
    said = {"status": "rejected", "reset": str(reset), "representative-claim": "five_hour"}
    headers = {window + name: value for name, value in said.items()}
    return Failure(429, "rate_limit_error", "This would exceed your account's limit.", headers)


def test_after_an_accounts_limit_the_session_goes_on_by_itself(
    make_manager: MakeManager,
    scripted_api: ScriptedAPI,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setenv("CLAUDE_CODE_OAUTH_TOKEN", "sk-ant-oat01-made-up-for-tests")
    reset = int(time.time()) + 6
    work: Scenario = [Turn([Text("I begin."), bash("echo begun")]), Turn([limit(reset)])]
    scripted_api.scripts["Do the work."] = work
    manager = make_manager()
    first = manager.start_execution("Do the work.", project, allowed_tools=["Bash"])
    until(lambda: first.status.ended, what="it hears of the limit")
    pause = manager.queue.state.pause
    assert pause is not None
    assert (pause.kind, pause.until) == ("rate_limit", reset)
    work[1] = Turn([Text("It is done.")])
    other = manager.start_execution("SCENARIO:hello", project)
    last = first.wait(BOUND)
    assert (first.info.reason, last.attempt) == ("rate_limit", 2)
    checks.ended(last, "completed", "success", result="It is done.")
    checks.ended(other, "completed", "success", result="Hello from the scripted model.")
    assert last.info.session_id == first.info.session_id
    for started in (last.info.start_time, other.info.start_time):
        assert started is not None
        assert started >= reset
    assert last.info.tool_counts == {}, "what was done is not done again"


def test_a_budget_interrupts_a_cli_in_the_middle_of_its_turn(
    manager: ProcessManager,
    scripted_api: ScriptedAPI,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(watching, "EVERY", 0.2)
    turns: Scenario = [Turn([bash("echo one")]), Turn([bash("echo two")]), Turn([Never()])]
    scripted_api.scripts["Spend it."] = turns
    with manager.budget(usd=0.008) as budget:
        execution = manager.start_execution("Spend it.", project, allowed_tools=["Bash"])
        waits = manager.start_execution("Spend it.", project, after=[execution])
    assert execution.wait(BOUND).info.reason == "budget_scope"
    assert execution.status == "killed"
    until(lambda: not checks.left_of(execution), what="nothing of it is left")
    assert waits.wait(BOUND).info.reason in ("budget_scope", "dependency")
    assert budget.crossed == "usd"
    assert execution.info.cost_usd == pytest.approx(budget.spent_usd)
    assert 0.008 <= budget.spent_usd < 0.016, "one turn too much at most"
