"""Kernel, Jupyter server and browser are killed, in any order, and the notebook is opened again.

The rule: all three are real, and each is killed by its process id; what comes back is a new server,
a new browser and a new kernel on the same notebook, run from the top. One order in every run, all
six with RESTARTS=all.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Browser, BrowserContext, Error, expect

from claude_widget.transcript import read_records
from scripts.browsers import CHROMIUM
from tests.ui.asking import PERMISSION, press
from tests.ui.conftest import FLAGS, end_leftovers
from tests.ui.dashboard import Dashboard
from tests.ui.kept import VIEWPORT
from tests.ui.notebook import Notebook
from tests.ui.servers import KERNELS, JupyterServer
from tests.ui.test_dashboard import MANAGER, SHOW, shown
from tests.waiting import until

ORDERS = list(itertools.permutations(("kernel", "server", "browser")))
FEW = [("server", "kernel", "browser")]
WANTED = ORDERS if os.environ.get("RESTARTS") == "all" else FEW
ASKS, ENDLESS, LATER = "fake:asks=Bash", "fake:long", "fake:deltas=3000 fake:gate fake:says=later"
QUERIES = (ASKS, ENDLESS, LATER)
START = f"""
for query in {QUERIES!r}:
    run = manager.start_execution(query)
    print(run.execution_id, run.attached)
"""
PATH = "restarts/work.ipynb"


class World:
    """A server, a browser and a notebook with a kernel; each can be killed.

    Attributes:
        notebook: as it is open now.
        dashboard: its manager's.
    """

    notebook: Notebook
    dashboard: Dashboard

    def __init__(self, root: Path, env: dict[str, str], chromium: BrowserContext) -> None:
        self._root, self._env = root, env
        assert chromium.browser is not None
        self._launcher = chromium.browser.browser_type
        self._server: JupyterServer | None = None
        self._browser: Browser | None = None
        self._pids: dict[str, int] = {}

    def come_back(self) -> list[list[str]]:
        """Start all anew and run the notebook from the top; the id and `attached` of each start."""
        server = self._server = JupyterServer(self._root, "lab")
        server.wait_ready()
        server.add_kernel("restarts", KERNELS["ipykernel74"], self._env)
        server.add_notebook(PATH, [MANAGER.format(4), SHOW, START], "restarts")
        self._browser = self._launch()
        page = self._browser.new_page(viewport=VIEWPORT, reduced_motion="reduce")
        self.notebook = Notebook(page, server, PATH).open()
        assert self.notebook.run(0) == ""
        self.notebook.run(1)
        said = self.notebook.run(2)
        self._pids["kernel"] = int(self.notebook.execute("import os; print(os.getpid())"))
        self.dashboard = shown(self.notebook)
        return [line.split() for line in said.splitlines()]

    def _launch(self) -> Browser:
        before = _browsers()
        browser = self._launcher.launch(
            executable_path=CHROMIUM.ensure(), chromium_sandbox=False, args=list(FLAGS)
        )
        (self._pids["browser"],) = _browsers() - before
        return browser

    def kill(self, what: str) -> None:
        """Kill one of the three with SIGKILL."""
        if what == "server":
            assert self._server is not None
            self._server.kill()
            self._server = None
            return
        with contextlib.suppress(ProcessLookupError):  # a kernel ends soon without its server
            os.kill(self._pids[what], signal.SIGKILL)
        until(lambda: not _lives(self._pids[what]), what=f"the {what} is dead")
        if what == "browser":
            self._let_go()

    def _let_go(self) -> None:
        browser, self._browser = self._browser, None
        if browser is not None:
            with contextlib.suppress(Error):
                browser.close()

    def close(self) -> None:
        """End whatever is there."""
        self._let_go()
        if self._server is not None:
            self._server.close()


def _browsers() -> set[int]:
    """The ids of the main processes of the browsers that these tests have started.

    A process that was forked just now still has the command line of its parent.
    """
    parents = {}
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):
            words = process.cmdline()
            if "--remote-debugging-pipe" in words and not any("--type=" in one for one in words):
                parents[process.pid] = process.ppid()
    return {pid for pid, parent in parents.items() if parent not in parents}


def _lives(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.fixture
def world(
    chromium: BrowserContext, tmp_path: Path, runtime_dir: Path, fake_cli: Path
) -> Iterator[World]:
    env = {
        "HOME": str(tmp_path / "home"),
        "CLAUDE_WIDGET_STATE_DIR": str(tmp_path / "state"),
        "XDG_RUNTIME_DIR": str(runtime_dir),
        "CLAUDE_WIDGET_CLI": str(fake_cli),
    }
    world = World(tmp_path / "server", env, chromium)
    (tmp_path / "server").mkdir()
    yield world
    world.close()
    end_leftovers(str(tmp_path))


@pytest.mark.timeout(150 + 150 * len(WANTED))
def test_executions_outlive_kernel_server_and_browser_killed_in_any_order(
    world: World, tmp_path: Path
) -> None:
    started = world.come_back()
    ids = [execution_id for execution_id, _ in started]
    assert [attached for _, attached in started] == ["False"] * 3
    until(lambda: _asks(tmp_path, ids[0]), what="the first one asks")
    for order in WANTED:
        for what in order:
            world.kill(what)
        assert world.come_back() == [[execution_id, "True"] for execution_id in ids], order
        for query in QUERIES:
            world.dashboard.has_status(query, "running")
    dashboard = world.dashboard
    dashboard.view(ASKS)
    press(dashboard.card(PERMISSION), "Allow once")
    dashboard.has_status(ASKS, "completed")
    dashboard.kill(ENDLESS)
    dashboard.has_status(ENDLESS, "killed")
    (tmp_path / "server" / "work" / "restarts" / "go").touch()
    dashboard.has_status(LATER, "completed")
    expect(dashboard.view(LATER)).to_contain_text("later")
    lines = sum(record.stream == "out" for record in read_records(_transcript(tmp_path, ids[2])))
    said = world.notebook.execute(
        "print(run.result, len(run.events), len(manager.get_all_executions()))"
    )
    assert said.split() == ["later", str(lines), "3"], "nothing is lost, and nothing is there twice"


def _transcript(tmp_path: Path, execution_id: str) -> Path:
    return tmp_path / "state" / "executions" / execution_id / "transcript"


def _asks(tmp_path: Path, execution_id: str) -> bool:
    return b"can_use_tool" in _transcript(tmp_path, execution_id).read_bytes()
