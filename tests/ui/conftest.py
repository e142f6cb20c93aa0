"""Fixtures of the browser tests: one Chromium and one server of each kind, shared by all tests.

The rule: what costs seconds (browser, servers) lives for the whole run; what holds state (pages,
kernels, notebooks, executions) is made for one test and gone after it, but for one page of
JupyterLab, which is emptied (see `kept`). A failed test leaves a picture of each page and its
console in test-results/ui.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Generator, Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import BrowserContext, Page, expect, sync_playwright

from scripts.browsers import CHROMIUM
from scripts.paths import RESULTS
from tests.real_cli import cli_environment, find_real_cli
from tests.scripted_api import ScriptedAPI, scripted_api
from tests.ui.kept import VIEWPORT, KeptPage
from tests.ui.notebook import Notebook
from tests.ui.plain import plain, plain_url
from tests.ui.servers import KERNELS, App, JupyterServer
from tests.waiting import BOUND

__all__ = ["plain", "plain_url", "scripted_api"]

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
expect.set_options(timeout=BOUND * 1000)
FAILED = pytest.StashKey[bool]()
LONGEST = ("test_soak.py", "test_demo.py", "test_hosts.py", "test_restarts.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first: in the end no process is to wait for the other's last test."""
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Remember that a test failed, for the fixtures that end after it."""
    report = yield
    if report.failed:
        item.stash[FAILED] = True
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[BrowserContext]:
    """The browser: one context, so that Jupyter's own scripts are fetched once."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM.ensure(),
            chromium_sandbox=False,
            args=list(FLAGS),
        )
        yield browser.new_context(viewport=VIEWPORT, reduced_motion="reduce")
        browser.close()


def _server(root: Path, app: App) -> Iterator[JupyterServer]:
    server = JupyterServer(root, app)
    try:
        server.wait_ready()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """JupyterLab."""
    yield from _server(tmp_path_factory.mktemp("lab"), "lab")


@pytest.fixture(scope="session")
def notebook7(tmp_path_factory: pytest.TempPathFactory) -> Iterator[JupyterServer]:
    """Notebook 7."""
    yield from _server(tmp_path_factory.mktemp("notebook"), "notebook")


@pytest.fixture(scope="session")
def kept_page() -> KeptPage:
    """JupyterLab's page, from test to test."""
    return KeptPage()


def keep_picture(page: Page, name: str, *told: str) -> None:
    """What a failed test's page shows, and what was told, below test-results/ui."""
    place = RESULTS / "ui"
    place.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(Exception):
        page.screenshot(path=place / f"failed-{name}.png", animations="disabled")
    (place / f"failed-{name}.log").write_text("\n".join(told))


class Desk:
    """Opens notebooks for one test, each kernel in the test's own world.

    Attributes:
        home: the kernel's home folder.
        state: its state folder.
        folder: where the notebooks lie, relative to what the server serves.
    """

    def __init__(
        self,
        request: pytest.FixtureRequest,
        context: BrowserContext,
        kept: KeptPage,
        env: dict[str, str],
    ) -> None:
        self._request, self._context, self._kept, self._env = request, context, kept, env
        self._fresh = request.node.get_closest_marker("fresh_page") is not None
        self._servers: dict[str, JupyterServer] = {}
        self.folder = re.sub(r"\W+", "-", request.node.name).strip("-")
        self.home, self.state = Path(env["HOME"]), Path(env["CLAUDE_WIDGET_STATE_DIR"])
        self.notebooks: list[Notebook] = []

    def server(self, app: App) -> JupyterServer:
        """The server of a kind, started when a test first asks for it."""
        if app not in self._servers:
            fixture = "lab" if app == "lab" else "notebook7"
            self._servers[app] = self._request.getfixturevalue(fixture)
            self._servers[app].reset_settings()
        return self._servers[app]

    def open(
        self,
        *cells: str,
        app: App = "lab",
        kernel: str = "ipykernel74",
        env: dict[str, str] | None = None,
    ) -> Notebook:
        """A new notebook with these cells, opened, its kernel idle."""
        return self.view(self.put(*cells, app=app, kernel=kernel, env=env), app=app)

    def put(
        self,
        *cells: str,
        app: App = "lab",
        kernel: str = "ipykernel74",
        env: dict[str, str] | None = None,
    ) -> str:
        """A new notebook with these cells and a kernel for it; its path."""
        server = self.server(app)
        number = len(self.notebooks)
        name, path = f"{self.folder}-{number}", f"{self.folder}/{number}.ipynb"
        server.add_kernel(name, KERNELS[kernel], {**self._env, **(env or {})})
        server.add_notebook(path, list(cells), name)
        return path

    def view(self, path: str, *, app: App = "lab", kernel: bool = True) -> Notebook:
        """A page on a notebook that is there; the first of a test may be the kept one."""
        server, may_keep = self.server(app), self._may_keep(app, len(self.notebooks))
        page = self._kept.take(server) if may_keep else None
        notebook = Notebook(page or self._context.new_page(), server, path)
        self.notebooks.append(notebook)
        notebook.open(kernel=kernel, loaded=page is not None)
        if may_keep:
            self._kept.loaded(notebook.page)
        return notebook

    def _may_keep(self, app: App, number: int) -> bool:
        """Whether the page of that number is, and will be, another test's."""
        return app == "lab" and number == 0 and not self._fresh

    def close(self, *, failed: bool) -> None:
        """Close the pages, end the kernels and whatever they have left running."""
        for number, notebook in enumerate(self.notebooks):
            if failed:
                told = [*notebook.console, "", "the server:", notebook.server.log_tail()]
                keep_picture(notebook.page, f"{self.folder}-{number}", *told)
            keeps = not failed and self._may_keep(notebook.server.app, number)
            if not (keeps and self._kept.keep(notebook)):
                notebook.page.close()
        for server in self._servers.values():
            server.end_kernels()
        end_leftovers(str(self.home.parent))


def end_leftovers(folder: str) -> None:
    """Executions outlive their kernel on purpose; after a test they must not."""
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            words = [*process.cmdline(), *process.environ().values(), process.cwd()]
            if process.is_running() and any(folder in word for word in words):
                process.kill()


@pytest.fixture
def desk(
    request: pytest.FixtureRequest,
    chromium: BrowserContext,
    kept_page: KeptPage,
    tmp_path: Path,
    runtime_dir: Path,
) -> Iterator[Desk]:
    """Opens notebooks, and cleans up after them."""
    home = tmp_path / "home"
    env = {
        "HOME": str(home),
        "CLAUDE_WIDGET_STATE_DIR": str(tmp_path / "state"),
        "XDG_RUNTIME_DIR": str(runtime_dir),
    }
    desk = Desk(request, chromium, kept_page, env)
    yield desk
    desk.close(failed=request.node.stash.get(FAILED, False))


@pytest.fixture
def claude(scripted_api: ScriptedAPI, tmp_path: Path) -> dict[str, str]:
    """What a kernel inherits that runs the real CLI against the scripted API."""
    return {
        **cli_environment(tmp_path, scripted_api.url),
        "CLAUDE_WIDGET_CLI": find_real_cli(),
    }
