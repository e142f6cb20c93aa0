"""Real CLIs that fail: what the API answers, and what they are started with."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from claude_widget.errors import ExecutionFailed
from claude_widget.manager import ProcessManager
from tests.cli import checks
from tests.waiting import BOUND

PAUSES = {
    "http_401": "authentication",
    "http_403": "authentication",
    "http_429": "rate_limit",
    "http_529": "overload",
}
"""What the queue is paused for after such a failure; the others pause nothing."""
UNKNOWN = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def long_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """A pause is not over before it is looked at."""
    monkeypatch.setattr("claude_widget.queue.governor.FIRST", 2 * BOUND)


@pytest.mark.usefixtures("long_pauses")
@pytest.mark.parametrize(
    ("name", "reason", "says"),
    [
        ("http_400", "api_error", "API Error: 400 messages: scripted bad request"),
        ("http_401", "authentication", "Invalid API key"),
        ("http_403", "authentication", "scripted: not allowed"),
        ("http_429", "rate_limit", "scripted rate limit"),
        ("http_500", "api_error", "scripted server error"),
        ("http_529", "api_error", "Overloaded"),
    ],
)
def test_api_refuses(
    manager: ProcessManager, project: Path, name: str, reason: str, says: str
) -> None:
    env = {"CLAUDE_CODE_MAX_RETRIES": "1"}  # it would go on for minutes
    execution = manager.start_execution(f"SCENARIO:{name}", project, env=env)
    checks.ended(execution, "failed", reason, costs=False)
    assert says in execution.info.errors[-1]
    assert execution.info.exit_code == 1
    pause = manager.queue.state.pause
    assert (pause.kind if pause else None) == PAUSES.get(name)
    retried = name not in ("http_400", "http_403")
    assert len(checks.frames(execution, "system", "api_retry")) == int(retried)
    with pytest.raises(ExecutionFailed) as failed:
        execution.raise_for_status()
    assert execution.execution_id in str(failed.value)


def test_api_refuses_in_the_middle(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:late_400", project)
    checks.ended(execution, "failed", "api_error")
    assert "scripted late bad request" in execution.info.errors[-1]
    assert execution.info.tool_counts == {"Bash": 1}


@pytest.mark.parametrize(
    ("name", "reason", "costs"),
    [("no_stream", "api_error", False), ("no_block", "crashed", True)],
)
def test_api_answers_what_is_no_answer(
    manager: ProcessManager, project: Path, name: str, reason: str, costs: bool
) -> None:
    env = {"CLAUDE_CODE_MAX_RETRIES": "1"}
    execution = manager.start_execution(f"SCENARIO:{name}", project, env=env)
    checks.ended(execution, "failed", reason, costs=costs)
    assert execution.info.errors
    assert manager.queue.state.pause is None, "that is no limit"
    other = manager.start_execution("SCENARIO:hello", project)
    checks.ended(other, "completed", "success", result="Hello from the scripted model.")


def test_not_logged_in(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    execution = manager.start_execution("SCENARIO:hello", project)
    checks.ended(execution, "failed", "authentication", costs=False)
    assert execution.info.api_key_source == "none"


def test_slow_first_byte(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:slow_first_byte", project)
    checks.ended(execution, "completed", "success", result="Better late than never.")


def test_unknown_model(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:hello", project, model="no-such-model")
    checks.ended(execution, "failed", "api_error", costs=False)
    assert "selected model (no-such-model)" in execution.info.errors[-1]
    assert "unrecognized_model" in execution.stderr


@pytest.mark.parametrize("session_id", [UNKNOWN, "no-uuid"])
def test_unknown_session(manager: ProcessManager, project: Path, session_id: str) -> None:
    execution = manager.start_execution("SCENARIO:hello", project, session_id)
    checks.ended(execution, "failed", "startup", costs=False, session=False)
    assert session_id in execution.info.errors[0]
    assert execution.info.session_id == session_id, "the one asked for, not one made up"


def test_unknown_flag(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:hello", project, extra_args=["--no-such-flag"])
    checks.ended(execution, "failed", "startup", costs=False, session=False)
    assert "unknown option '--no-such-flag'" in execution.stderr
    assert any("--no-such-flag" in error for error in execution.info.errors)


def test_mcp_server_that_is_not_there(manager: ProcessManager, project: Path) -> None:
    config = {"mcpServers": {"broken": {"command": "/nonexistent"}, "odd": {"foo": 1}}}
    execution = manager.start_execution("SCENARIO:hello", project, mcp_config=config)
    checks.ended(execution, "completed", "success", result="Hello from the scripted model.")
    info = execution.info
    assert info.mcp_config is not None
    assert info.mcp_config.servers == ("broken", "odd")
    assert ("broken", "failed") in [(server.name, server.status) for server in info.mcp_servers]
    assert any("odd" in error for error in info.errors)


def test_mcp_secrets_stay_in_a_private_file(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    secret = "made-up-token-" + "4711"
    config = {"mcpServers": {"web": {"command": "/nonexistent", "env": {"TOKEN": secret}}}}
    execution = manager.start_execution("SCENARIO:hello", project, mcp_config=config)
    checks.ended(execution, "completed", "success", result="Hello from the scripted model.")
    assert secret not in execution.info.model_dump_json()
    holding = [
        path
        for path in (tmp_path / "state").rglob("*")
        if path.is_file() and secret.encode() in path.read_bytes()
    ]
    assert [stat.S_IMODE(path.stat().st_mode) for path in holding] == [0o600] * len(holding)
    assert not [path for path in holding if path.name == "transcript"]
