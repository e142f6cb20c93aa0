"""What every test stands on: no inherited keys, a home of its own, bounds by where a test lies.

The rule: a test sees nothing of the developer's own Claude session, settings or state, and writes
only below its own temporary folder. `pytest` alone runs the unit tests; tests/cli, tests/ui and
test_packaging.py run when they are named: a browser and an event loop do not share a process.
"""

from __future__ import annotations

import gc
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from IPython.core.interactiveshell import InteractiveShell

from claude_widget.backend import Backend
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from scripts.paths import SCRUBBED
from tests import fake
from tests.dashboards import dashboard, page_comms
from tests.replaying import record, recordings, replay
from tests.second_user import reachable, second_user, theirs
from tests.shell import RunCell, cells, opened
from tests.waiting import BOUND, until

__all__ = [
    "dashboard",
    "page_comms",
    "reachable",
    "record",
    "recordings",
    "replay",
    "second_user",
    "theirs",
]

HERE = Path(__file__).parent
APART = {
    HERE / "cli": ("cli", 240),
    HERE / "ui": ("ui", 300),
    HERE / "test_packaging.py": ("packaging", 300),
}
"""What runs only when named: its marker, and the bound of each test in seconds."""
SLOW_BOUND = 240
# How long an example takes says how busy the machine is; seconds are the benchmarks' alone.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")
UNUSED_PARSERS = "rfc3987_syntax"
"""What jsonschema would import to build 38 parsers of addresses that nothing here has: more than a
second in each process that reads a notebook. It does without what is not there."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out what is apart unless the command line names it or something in it."""
    if collection_path not in APART:
        return None
    named = [Path(config.invocation_params.dir, arg.split("::")[0]) for arg in config.args]
    wanted = any(path.resolve().is_relative_to(collection_path) for path in named)
    return None if wanted else True


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Collect without looking for garbage, and never look at what was imported for it again.

    Half a million objects that all stay: looking through them again and again is a third of what
    collecting costs, in each process of the run.
    """
    sys.modules.setdefault(UNUSED_PARSERS, None)  # type: ignore[arg-type]
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests by where they lie, and give the marked ones their larger bounds."""
    for item in items:
        for place, (marker, bound) in APART.items():
            if item.path.is_relative_to(place):
                item.add_marker(marker)
                _bound(item, bound)
        if item.get_closest_marker("slow"):
            _bound(item, SLOW_BOUND)


def _bound(item: pytest.Item, seconds: int) -> None:
    if item.get_closest_marker("timeout") is None:
        item.add_marker(pytest.mark.timeout(seconds))


@pytest.fixture(scope="session")
def runtime_dir() -> Iterator[Path]:
    """A short folder for sockets: their paths end at 104 bytes, and pytest's folders are deep."""
    path = Path(tempfile.mkdtemp(prefix="cw-"))
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture(autouse=True)
def private_world(tmp_path: Path, runtime_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment with a home, state and runtime folder of the test's own, and no keys."""
    for name in [name for name in os.environ if name.startswith(SCRUBBED)]:
        monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir(exist_ok=True)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime_dir))
    # On a busy machine a shim may stand still for longer than a person would wait for it.
    monkeypatch.setattr("claude_widget.local._ANSWER_WITHIN", BOUND)
    monkeypatch.setenv("CLAUDE_WIDGET_STATE_DIR", str(tmp_path / "state"))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def own_temp(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temp and runtime folder of the test's own: nobody else's CLIs have anything there."""
    with tempfile.TemporaryDirectory(prefix="cw-", dir="/tmp") as folder:
        monkeypatch.setattr("tempfile.tempdir", folder)
        monkeypatch.setenv("XDG_RUNTIME_DIR", folder)
        yield Path(folder)


@pytest.fixture(scope="session")
def fake_cli(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The fake CLI: an executable named `claude`."""
    return fake.install(tmp_path_factory.mktemp("fake"))


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """An empty folder for executions to work in."""
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """An IPython with the extension loaded."""
    with opened() as made:
        yield made


@pytest.fixture
def run(
    shell: InteractiveShell, manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> RunCell:
    """Run a cell in the project's folder; its value, or what it raised."""
    return cells(shell, project, monkeypatch)


MakeManager = Callable[..., ProcessManager]


@pytest.fixture
def make_manager(fake_cli: Path, tmp_path: Path) -> Iterator[MakeManager]:
    """Make managers that run the fake CLI, all on one state folder unless told otherwise.

    At the end everything is killed, and no process of any execution may be left.
    """
    made: list[ProcessManager] = []

    def make(
        state_dir: Path | None = None, backend: Backend | None = None, **options: Any
    ) -> ProcessManager:
        kept = tmp_path / "recordings"
        options = {"max_concurrency": 4, "stagger": 0.0, "recordings": kept, **options}
        backend = backend or LocalBackend(fake_cli, graces=fake.FAST)
        manager = ProcessManager(state_dir or tmp_path / "state", backend=backend, **options)
        made.append(manager)
        return manager

    yield make
    folders = {manager.state_dir for manager in made}
    last = [make(folder) for folder in folders]
    try:
        for manager in last:
            for execution in manager.get_active_executions():
                execution.kill()
            _until_none_is_active(manager)
        ids = [path.name for folder in folders for path in (folder / "executions").iterdir()]
        until(lambda: not any(map(fake.marked, ids)), what="no process is left")
    finally:
        for manager in made:
            manager.close()


def _until_none_is_active(manager: ProcessManager) -> None:
    until(lambda: not manager.get_active_executions(), what="all have ended")


@pytest.fixture
def manager(make_manager: MakeManager) -> ProcessManager:
    """A manager that runs the fake CLI, four at once."""
    return make_manager()


@pytest.fixture
def swept(own_temp: Path, make_manager: MakeManager) -> ProcessManager:
    """A manager whose sweep at the start is over."""
    manager = make_manager()
    until(lambda: manager.swept is not None, what="the first sweep")
    return manager
