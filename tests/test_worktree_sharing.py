"""Several executions that write to one folder at once: said once, and only where it is so.

The rule: the fake CLI waits, so that they do run at the same time.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest

from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionRequest
from claude_widget.worktrees.errors import SharedFolderWarning
from claude_widget.worktrees.sharing import writes_unasked
from tests import trees
from tests.conftest import MakeManager
from tests.fake import ended
from tests.trees import TREE, repository

WRITES: dict[str, Any] = {"permission_mode": "acceptEdits"}


@pytest.fixture
def waits(tmp_path: Path) -> str:
    """A prompt that goes on until the test is over."""
    return f"fake:gate={tmp_path / 'gate'}"


def test_the_second_writer_of_a_folder_is_warned_of_once_where_it_was_started(
    manager: ProcessManager, project: Path, waits: str
) -> None:
    manager.start_execution(waits, project, **WRITES)
    with pytest.warns(SharedFolderWarning, match="worktree=True") as caught:
        manager.start_execution(waits, project, **WRITES)
    assert caught[0].filename == __file__
    (notice,) = manager.queue.state.notices
    assert str(project) in notice
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        manager.start_execution(waits, project, **WRITES)
    assert manager.queue.state.notices == (notice,)


def test_a_folder_within_another_is_the_same_folder(
    manager: ProcessManager, project: Path, waits: str
) -> None:
    (project / "inner").mkdir()
    manager.start_execution(waits, project / "inner", **WRITES)
    with pytest.warns(SharedFolderWarning):
        manager.start_execution(waits, project, **WRITES)


def test_who_cannot_tread_on_anothers_files_is_not_warned_of(
    make_manager: MakeManager, project: Path, waits: str, tmp_path: Path
) -> None:
    repository(trees.write(TREE, project))
    other = tmp_path / "other"
    other.mkdir()
    manager = make_manager(max_concurrency=8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        first = manager.start_execution(waits, project, **WRITES)
        manager.start_execution(waits, project, worktree=True, **WRITES)
        manager.start_execution(waits, project)
        manager.start_execution(waits, project, permission_mode="plan")
        manager.start_execution(waits, other, **WRITES)
        second = manager.start_execution(waits, project, after=first, **WRITES)
        manager.start_execution(waits, project, after=second, **WRITES)
        one_by_one = make_manager(tmp_path / "one by one", max_concurrency=1)
        for _ in range(2):
            one_by_one.start_execution(waits, project, **WRITES)
    assert manager.queue.state.notices == ()


def test_who_has_ended_is_no_danger_and_a_notice_ends_with_what_it_was_about(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for _ in range(2):
            ended(manager.start_execution("hello", project, **WRITES), "completed", "success")
    asked = f"fake:gate={tmp_path / 'gate'}"
    found = [manager.start_execution(asked, project, **WRITES)]
    with pytest.warns(SharedFolderWarning):
        found.append(manager.start_execution(asked, project, **WRITES))
    assert manager.queue.state.notices
    (tmp_path / "gate").touch()
    for execution in found:
        ended(execution, "completed", "success")
    assert manager.queue.state.notices == ()


@pytest.mark.parametrize(
    ("options", "writes"),
    [
        ({}, False),
        ({"allowed_tools": ("Read", "Grep")}, False),
        ({"allowed_tools": ("Bash(ls:*)",)}, True),
        ({"allowed_tools": ("Edit",)}, True),
        ({"allowed_tools": ("Edit",), "permission_mode": "plan"}, False),
        ({"permission_mode": "bypassPermissions"}, True),
        ({"permissions": "callable"}, True),
        ({"permissions": "deny"}, False),
        ({"permission_mode": "acceptEdits", "worktree": True}, False),
    ],
)
def test_a_writer_is_who_changes_files_unasked(options: dict[str, Any], writes: bool) -> None:
    request = ExecutionRequest(query="q", project_path="/p", **options)
    assert writes_unasked(request) is writes
