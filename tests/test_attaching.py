"""A start that equals one of the notebook's last kernel goes on with it: nothing is paid for twice.

The rule: each test starts with a manager that goes, and starts again with the next one.
"""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import (
    ClaudeWidgetError,
    InvalidRequest,
)
from claude_widget.local import LocalBackend
from tests import fake
from tests.asking import known_to
from tests.conftest import MakeManager
from tests.fake import ended, metas, running
from tests.owned import Elsewhere, elsewhere
from tests.waiting import BOUND, until

__all__ = ["elsewhere"]


def test_cells_that_are_run_again_go_on_with_what_still_runs(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager()
    before = [running(gone.start_execution("fake:gate", project)) for _ in range(3)]
    gone.close()
    manager = make_manager(max_concurrency=8)
    again = [manager.start_execution("fake:gate", project) for _ in range(4)]
    assert [one.execution_id for one in again[:3]] == [one.execution_id for one in before]
    assert [one.attached for one in again] == [True, True, True, False]
    assert not manager.start_execution("fake:gate", project).attached, "its own is never given"
    (project / "go").touch()
    for execution in again:
        ended(execution, "completed", "success")


@pytest.mark.parametrize(
    ("options", "attached"),
    [
        ({}, True),
        ({"name": "renamed"}, True),
        ({"again": True}, False),
        ({"model": "opus"}, False),
        ({"env": {"A": "1"}}, False),
        ({"max_turns": 3}, False),
        ({"permissions": "deny"}, False),
        ({"mcp_config": {"mcpServers": {"files": {"command": "true"}}}}, False),
    ],
)
def test_only_an_equal_start_goes_on_with_one(
    make_manager: MakeManager, project: Path, options: dict[str, Any], attached: bool
) -> None:
    gone = make_manager()
    started = running(gone.start_execution("fake:long", project, name="first"))
    gone.close()
    manager = make_manager()
    execution = manager.start_execution("fake:long", project, **{"name": "first", **options})
    assert execution.attached is attached
    assert (execution.execution_id == started.execution_id) is attached
    name = options.get("name", "first")
    until(lambda: execution.info.name == name, what="it has the name of the new start")


def test_values_of_variables_are_those_of_the_new_start(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager(max_concurrency=1)
    running(gone.start_execution("fake:gate", project))
    waiting = gone.start_execution("hello", project, env={"FAKE_CLAUDE": "says=old"}, name="w")
    gone.close()
    manager = make_manager(max_concurrency=1)
    execution = manager.start_execution("hello", project, env={"FAKE_CLAUDE": "says=new"})
    assert execution.execution_id == waiting.execution_id
    assert execution.attached
    assert not manager.is_held(execution)
    (project / "go").touch()
    ended(execution, "completed", "success")
    assert execution.result == "new"


def test_one_that_waited_is_started_only_when_it_is_asked_for(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager(max_concurrency=1)
    running(gone.start_execution("fake:gate", project))
    waiting = gone.start_execution("hello", project)
    secret = gone.start_execution("hello", project, env={"TOKEN": "x"})
    gone.close()
    manager = make_manager()
    held, unknown = known_to(manager, waiting), known_to(manager, secret)
    manager._adoption.look(within=5)
    assert manager.is_held(held)
    with pytest.raises(InvalidRequest, match="TOKEN"):
        manager.adopt(unknown.execution_id)
    assert manager.adopt(held.execution_id) is held
    ended(held, "completed", "success")
    assert manager.is_held(unknown)


def test_one_that_could_not_be_had_may_be_had_later(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = make_manager()
    started = running(gone.start_execution("fake:long", project))
    gone.close()
    manager = make_manager()
    with monkeypatch.context() as patch:  # another manager was quicker, and is gone again
        patch.setattr(manager._adoption, "_attach", lambda *_: False)
        assert not manager.start_execution("fake:long", project).attached
    assert manager.start_execution("fake:long", project).execution_id == started.execution_id


def test_another_notebooks_start_finds_nothing(
    make_manager: MakeManager, elsewhere: Elsewhere, project: Path
) -> None:
    gone = make_manager()
    running(gone.start_execution("fake:long", project))
    gone.close()
    assert not elsewhere().start_execution("fake:long", project).attached


def test_one_that_has_ended_is_not_given(make_manager: MakeManager, project: Path) -> None:
    gone = make_manager()
    started = ended(gone.start_execution("hello", project), "completed", "success")
    gone.close()
    again = make_manager().start_execution("hello", project)
    assert again.execution_id != started.execution_id
    ended(again, "completed", "success")


def test_one_that_is_being_killed_is_not_given(
    make_manager: MakeManager, fake_cli: Path, project: Path
) -> None:
    # It hears no interrupt, and is not sent a signal before this test is over.
    graces = fake.FAST._replace(interrupt=10 * BOUND)
    gone = make_manager(backend=LocalBackend(fake_cli, graces=graces))
    started = running(gone.start_execution("fake:hang-before", project))
    started.kill()
    told = [meta["event"] for meta in metas(started)]
    assert "kill" in told
    assert "ended" not in told
    gone.close()
    manager = make_manager()
    again = manager.start_execution("fake:hang-before", project)
    assert again.execution_id != started.execution_id
    again.kill()
    attached = manager.get_execution(started.execution_id)
    assert attached is not None
    assert attached.info.pid
    os.kill(attached.info.pid, signal.SIGKILL)
    ended(attached, "killed", "user")


def test_a_stopped_shim_is_not_paid_for_twice(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = make_manager()
    started = running(gone.start_execution("fake:long", project))
    gone.close()
    shim = fake.shim_pid(started)
    os.kill(shim, signal.SIGSTOP)
    try:
        manager = make_manager()
        with monkeypatch.context() as patch:  # only now: once it goes on, it may take its time
            patch.setattr("claude_widget.local._ANSWER_WITHIN", 0.3)
            with pytest.raises(ClaudeWidgetError, match="again=True"):
                manager.start_execution("fake:long", project)
        assert len(manager.get_all_executions()) == 1
    finally:
        os.kill(shim, signal.SIGCONT)
    assert manager.start_execution("fake:long", project).attached


@pytest.mark.parametrize("environment", [{}, {"CLAUDE_WIDGET_MODE": "replay"}])
def test_what_waited_to_be_run_is_not_run_where_the_mode_is_replay(
    make_manager: MakeManager,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    environment: dict[str, str],
) -> None:
    gone = make_manager(max_concurrency=1)
    running(gone.start_execution("fake:gate", project))
    waiting = gone.start_execution("hello", project)
    asked = gone.start_execution("hello", project, mode="live")
    gone.close()
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    manager = make_manager(mode="replay")
    held = known_to(manager, waiting)
    with pytest.raises(InvalidRequest, match="runs nothing"):
        manager.adopt(held.execution_id)
    assert manager.is_held(held)
    if environment:
        with pytest.raises(InvalidRequest, match="runs nothing"):
            manager.adopt(asked.execution_id)
    else:
        ended(manager.adopt(asked.execution_id), "completed", "success")
    monkeypatch.delenv("CLAUDE_WIDGET_MODE", raising=False)
    ended(make_manager().adopt(held.execution_id), "completed", "success")
