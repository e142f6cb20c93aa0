"""The manager's face: starting, knowing, forgetting, closing, and what it refuses.

The rule: what is refused leaves nothing behind, neither a folder nor a process. Topics of their own
have files of their own: concurrency, callbacks, endings, other managers, secrets, stress.
"""

from __future__ import annotations

import json
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import (
    ClaudeWidgetError,
    ExecutionActive,
    ExecutionEnded,
    ExecutionFailed,
    ExecutionNotFound,
    InvalidRequest,
    SessionInUse,
)
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from tests import fake
from tests.conftest import MakeManager
from tests.fake import ended, running
from tests.waiting import BOUND, until


def folders(manager: ProcessManager) -> list[Path]:
    return list((manager.state_dir / "executions").iterdir())


def test_start_returns_at_once_and_all_is_known(manager: ProcessManager, project: Path) -> None:
    began = time.time()
    execution = manager.start_execution("fake:gate", project, model="opus", name="first")
    assert manager.get_execution(execution.execution_id) is execution
    assert manager.get_all_executions() == [execution] == manager.get_active_executions()
    assert uuid.UUID(execution.execution_id).version == 4
    running(execution)
    info = execution.info
    assert info is execution.info
    assert (info.query, info.name, info.model) == ("fake:gate", "first", "opus")
    assert info.project_path == str(project)
    assert info.pid
    assert info.start_time
    assert began <= info.start_time <= time.time()
    assert (info.end_time, info.reason, info.result) == (None, None, None)
    (project / "go").touch()
    ended(execution, "completed", "success")
    assert manager.get_active_executions() == []
    assert execution.info.duration
    assert execution.info.end_time
    assert info.status == "running", "a snapshot does not change"
    assert execution.raise_for_status() is execution


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"query": " \n"}, "blank"),
        ({"project_path": "missing"}, "does not exist"),
        ({"project_path": "a_file"}, "not a folder"),
        ({"mcp_config": "{nonsense"}, "not JSON"),
        ({"mcp_config": {"mcpServers": {}}}, "names no servers"),
        ({"mcp_config": "missing.json"}, "no MCP config file"),
        ({"modle": "opus"}, "no option"),
        ({"after": ["nobody"]}, "does not know"),
        ({"env": {"A": "\0"}}, "NUL"),
    ],
)
def test_refused_start_leaves_nothing(
    manager: ProcessManager, project: Path, arguments: dict[str, Any], said: str
) -> None:
    (project / "a_file").touch()
    given: dict[str, Any] = {"query": "hello", "project_path": project, **arguments}
    if isinstance(arguments.get("project_path"), str):
        given["project_path"] = project / arguments["project_path"]
    with pytest.raises(InvalidRequest, match=said):
        manager.start_execution(**given)
    assert manager.get_all_executions() == []
    assert folders(manager) == []
    ended(manager.start_execution("hello", project), "completed", "success")


def test_project_with_spaces_and_other_letters(manager: ProcessManager, tmp_path: Path) -> None:
    folder = tmp_path / "my próject 日本 🙂"
    folder.mkdir()
    execution = ended(manager.start_execution("fake:echo", folder), "completed", "success")
    assert json.loads(execution.result or "")["cwd"] == str(folder)


@pytest.mark.parametrize("name", ["d" * 200, "ordner-ü-日本-🙂", "with space/and 'quotes'"])
def test_state_folder_that_is_long_or_has_other_letters(
    make_manager: MakeManager, tmp_path: Path, project: Path, name: str
) -> None:
    manager = make_manager(tmp_path / name / "state")
    execution = running(manager.start_execution("fake:long", project))
    execution.kill()
    ended(execution, "killed", "user")


def test_state_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ClaudeWidgetError, match="state folder cannot be used") as caught:
        ProcessManager(tmp_path / "file")
    assert "state_dir" in caught.value.hint


@pytest.mark.parametrize("wrong", [0, -1, 1.5, "many"])
def test_concurrency_that_is_none_is_refused(tmp_path: Path, wrong: Any) -> None:
    with pytest.raises(InvalidRequest, match="max_concurrency"):
        ProcessManager(tmp_path / "state", max_concurrency=wrong)


def test_state_folder_that_cannot_be_written_starts_nothing(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (manager.state_dir / "executions").rmdir()
    with pytest.raises((OSError, ClaudeWidgetError)):
        manager.start_execution("hello", project)
    assert manager.get_all_executions() == []
    (manager.state_dir / "executions").mkdir(0o700)
    ended(manager.start_execution("hello", project), "completed", "success")


def test_unknown_execution(manager: ProcessManager) -> None:
    assert manager.get_execution("nobody") is None
    for ask in (manager.kill_execution, manager.cleanup_execution):
        with pytest.raises(ExecutionNotFound, match="no execution 'nobody'"):
            ask("nobody")
        with pytest.raises(KeyError):
            ask("nobody")


def test_cleanup_is_refused_while_it_runs(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=1)
    first = running(manager.start_execution("fake:long", project))
    second = manager.start_execution("hello", project)
    for execution in (first, second):
        with pytest.raises(ExecutionActive) as caught:
            manager.cleanup_execution(execution.execution_id)
        assert caught.value.execution_id == execution.execution_id
    first.kill()
    ended(first, "killed", "user")
    ended(second, "completed", "success")
    manager.cleanup_execution(first.execution_id)
    assert manager.get_all_executions() == [second]
    assert first.run.transcript.exists()
    assert len(first.events) > 0
    assert make_manager().get_execution(first.execution_id) is None


def test_session_in_use_is_refused_and_names_the_other(
    manager: ProcessManager, project: Path
) -> None:
    session = str(uuid.uuid4())
    holder = running(manager.start_execution("fake:gate", project, session_id=session))
    with pytest.raises(SessionInUse) as caught:
        manager.start_execution("hello", project, session_id=session)
    assert caught.value.holder_id == holder.execution_id
    assert holder.execution_id in str(caught.value)
    assert caught.value.session_id == session
    assert len(folders(manager)) == 1
    options: list[dict[str, Any]] = [{"fork_session": True}, {"after": holder}]
    allowed = [
        manager.start_execution("hello", project, session_id=session, **more) for more in options
    ]
    (project / "go").touch()
    for execution in (holder, *allowed):
        ended(execution, "completed", "success")
    assert allowed[0].info.session_id != session
    assert allowed[1].info.session_id == session
    ended(manager.start_execution("again", project, session_id=session), "completed", "success")


def test_session_that_the_cli_has_just_named_is_in_use(
    manager: ProcessManager, project: Path
) -> None:
    holder = running(manager.start_execution("fake:long", project))
    until(lambda: holder.info.session_id, what="it has named its session")
    with pytest.raises(SessionInUse):
        manager.start_execution("hello", project, session_id=holder.info.session_id)


def test_session_in_use_by_another_manager(make_manager: MakeManager, project: Path) -> None:
    session = str(uuid.uuid4())
    first, second = make_manager(), make_manager()
    holder = first.start_execution("fake:long", project, session_id=session)
    with pytest.raises(SessionInUse) as caught:
        second.start_execution("hello", project, session_id=session)
    assert caught.value.holder_id == holder.execution_id


def test_failed_execution_raises_when_asked_to(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CLAUDE", "dies=3")
    execution = ended(manager.start_execution("hello", project), "failed", "startup")
    with pytest.raises(ExecutionFailed, match="wrong from the start") as caught:
        execution.raise_for_status()
    error = caught.value
    assert (error.execution_id, error.status, error.reason) == (
        execution.execution_id,
        "failed",
        "startup",
    )
    assert "wrong from the start" in error.stderr_tail


def test_cli_that_goes_away_before_a_waiting_one_starts(
    make_manager: MakeManager, tmp_path: Path, project: Path
) -> None:
    cli = fake.install(tmp_path / "cli")
    manager = make_manager(backend=LocalBackend(cli, graces=fake.FAST), max_concurrency=1)
    first = running(manager.start_execution("fake:gate", project))
    second = manager.start_execution("hello", project)
    cli.unlink()
    (project / "go").touch()
    ended(first, "completed", "success")
    ended(second, "failed", "startup")
    assert "not found" in " ".join(second.info.errors)


def test_closed_manager_starts_nothing(manager: ProcessManager, project: Path) -> None:
    manager.close()
    manager.close()
    with pytest.raises(ClaudeWidgetError, match="closed"):
        manager.start_execution("hello", project)
    assert folders(manager) == []


def test_close_lets_executions_go_on(make_manager: MakeManager, project: Path) -> None:
    with make_manager() as manager:
        execution = running(manager.start_execution("fake:gate", project))
    pid = execution.info.pid or 0
    assert fake.lives(pid)
    (project / "go").touch()
    until(lambda: not fake.lives(pid), what="it has ended by itself")
    later = make_manager().get_execution(execution.execution_id)
    assert later is not None
    ended(later, "completed", "success")


def test_waiting_for_a_closed_managers_execution_says_so(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager()
    execution = running(manager.start_execution("fake:long", project))
    manager.close()
    with pytest.raises(ClaudeWidgetError, match="closed"):
        execution.wait(BOUND)


def test_close_with_kill_ends_what_it_started(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=2)
    executions = [manager.start_execution("fake:long", project) for _ in range(3)]
    running(executions[0])
    manager.close(kill=True, timeout=BOUND)
    assert [(e.status, e.info.reason) for e in executions] == [("killed", "close")] * 3
    until(lambda: not any(fake.marked(e.execution_id) for e in executions), what="none is left")


def test_reprs_say_what_they_are(manager: ProcessManager, project: Path) -> None:
    execution = ended(manager.start_execution("hello", project, name="n"), "completed", "success")
    assert repr(execution) == f"<Execution 'n' {execution.execution_id} completed (success)>"
    assert "0 active of 1" in repr(manager)
    assert repr(execution.events).startswith("<EventLog of")


def test_latest_manager_is_the_one_made_last(make_manager: MakeManager) -> None:
    first, second = make_manager(), make_manager()
    assert ProcessManager.latest() is second
    second.close()
    assert ProcessManager.latest() is first


def test_asking_what_has_not_started_or_has_ended(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=1)
    first = running(manager.start_execution("fake:gate", project))
    second = manager.start_execution("hello", project)
    for ask in (second.interrupt, second.end, lambda: second.send("more")):
        with pytest.raises(ExecutionActive, match="has not started"):
            ask()
    (project / "go").touch()
    ended(first, "completed", "success")
    for ask in (first.interrupt, first.end):
        with pytest.raises(ExecutionEnded, match="success"):
            ask()


def test_models_are_learnt_from_the_cli_and_remembered(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager()
    assert not manager.models
    ended(manager.start_execution("hello", project), "completed", "success")
    assert [model.value for model in manager.models] == ["default", "opus", "sonnet"]
    first = manager.models[0]
    assert (first.name, first.description) == ("Default (recommended)", "The default")
    assert first.efforts == ("low", "high")
    assert make_manager().models == manager.models


@pytest.mark.parametrize("content", [b"", b"[1]", b'{"a":1}', b"\xff", b'[{"value":1}]'])
def test_models_that_cannot_be_read_are_none(
    make_manager: MakeManager, tmp_path: Path, content: bytes
) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "models.json").write_bytes(content)
    assert make_manager().models == ()


def test_working_folder_may_change(
    make_manager: MakeManager, tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    manager = make_manager(Path("relative"))
    monkeypatch.chdir(project)
    ended(manager.start_execution("hello"), "completed", "success")
    assert (tmp_path / "relative" / "executions").is_dir()
    assert list(project.iterdir()) == []
