"""What a run of the real CLI in a test stands on: a scripted API, a scrubbed world, a manager.

The rule: the manager starts CLIs with the environment of this process, so for the length of a test
that environment is `cli_environment` and nothing else. Every manager made here is closed at the
end, and whatever still runs then is killed by it.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_widget.manager import ProcessManager
from tests.real_cli import cli_environment, find_real_cli
from tests.scripted_api import ScriptedAPI, scripted_api
from tests.waiting import until

__all__ = ["scripted_api"]

_KEPT = ("XDG_RUNTIME_DIR", "PYTEST_CURRENT_TEST", "PYTEST_VERSION", "PYTEST_XDIST_WORKER")

MakeManager = Callable[..., ProcessManager]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: in the end no process is to wait for another's last test."""
    items.sort(key=lambda item: item.path.name != "test_notebooks.py")


@pytest.fixture
def world(
    private_world: None,
    tmp_path: Path,
    scripted_api: ScriptedAPI,
    monkeypatch: pytest.MonkeyPatch,
) -> dict[str, str]:
    """The whole environment of this process, and so of the CLI."""
    environment = cli_environment(tmp_path, scripted_api.url)
    for name in [name for name in os.environ if name not in _KEPT]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    return environment


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty folder to run in, with a name that is easy to get wrong."""
    folder = tmp_path / "my próject 日本"
    folder.mkdir()
    return folder.resolve()


@pytest.fixture
def make_manager(world: dict[str, str], tmp_path: Path) -> Iterator[MakeManager]:
    """Make managers of the real CLI; close them, and kill what they still run, at the end."""
    made: list[ProcessManager] = []

    def make(**options: Any) -> ProcessManager:
        options = {"max_concurrency": 3, "stagger": 0.0, **options}
        manager = ProcessManager(tmp_path / "state", find_real_cli(), **options)
        made.append(manager)
        return manager

    yield make
    last = make()  # some tests close theirs while executions run
    for execution in last.get_active_executions():
        execution.kill()
    until(lambda: not last.get_active_executions(), what="all have ended")
    for manager in made:
        manager.close()


@pytest.fixture
def manager(make_manager: MakeManager) -> ProcessManager:
    """A manager of the real CLI."""
    return make_manager()
