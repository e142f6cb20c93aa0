"""The same front end in hosts other than JupyterLab in Chromium.

The rule: the flow that a user comes for (start one from the form, watch it live, end it), by roles
and names, with the real CLI against the scripted API.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from scripts.browsers import FIREFOX
from scripts.paths import JS, RESULTS, scrubbed
from tests.ui.conftest import FAILED, Desk, end_leftovers, keep_picture
from tests.ui.dashboard import START_MS, Dashboard, grows
from tests.ui.servers import MarimoServer

MINUTE = "SCENARIO:minute in another host"
CELL = "from claude_widget import ProcessManager\nmanager = ProcessManager()\nmanager"
MARIMO_NOTEBOOK = """
import marimo

app = marimo.App()


@app.cell
def _():
    from claude_widget import ProcessManager

    manager = ProcessManager()
    manager
    return (manager,)


@app.cell
def _(manager):
    execution = manager.start_execution("SCENARIO:hello from a cell")
    execution
    return


if __name__ == "__main__":
    app.run()
"""


@pytest.fixture
def marimo_page(
    request: pytest.FixtureRequest,
    chromium: BrowserContext,
    claude: dict[str, str],
    tmp_path: Path,
    runtime_dir: Path,
) -> Iterator[Page]:
    """marimo's editor on a notebook that shows the dashboard."""
    world = {
        "CLAUDE_WIDGET_STATE_DIR": str(tmp_path / "state"),
        "XDG_RUNTIME_DIR": str(runtime_dir),
    }
    server = MarimoServer(tmp_path / "marimo", MARIMO_NOTEBOOK, {**claude, **world})
    page = chromium.new_page()
    try:
        server.wait_ready()
        page.goto(server.page_url)
        yield page
        if request.node.stash.get(FAILED, False):
            keep_picture(page, "marimo", server.log_tail())
    finally:
        page.close()
        server.close()
        end_leftovers(str(tmp_path))


def test_marimo_starts_watches_and_kills(marimo_page: Page) -> None:
    shown = marimo_page.locator("marimo-anywidget")
    dashboard = Dashboard(shown.nth(0)).ready()
    dashboard.execute(MINUTE)
    dashboard.has_status(MINUTE, "running")
    output = dashboard.view(MINUTE)
    expect(output).to_contain_text("quick brown fox", timeout=START_MS)
    grows(output)
    marimo_page.screenshot(path=RESULTS / "ui" / "marimo.png")
    dashboard.kill(MINUTE)
    dashboard.has_status(MINUTE, "killed")
    said = Dashboard(shown.nth(1)).output  # of an execution that is a cell's value
    expect(said).to_contain_text("Hello from the scripted model.", timeout=START_MS)


def test_firefox_starts_watches_and_kills(
    desk: Desk, claude: dict[str, str], tmp_path: Path
) -> None:
    path = desk.put(CELL, env=claude)
    told = {
        "url": desk.server("lab").page_url(path),
        "query": MINUTE,
        "streams": "quick brown fox",
        "firefox": str(FIREFOX.ensure()),
        "profile": str(tmp_path / "profile"),
        "packages": str(JS / "package.json"),
        "picture": str(RESULTS / "ui" / "firefox.png"),
    }
    script = Path(__file__).with_name("firefox.mjs")
    done = subprocess.run(
        ["node", str(script), json.dumps(told)],
        env={**scrubbed(), "HOME": str(tmp_path), "TMPDIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    steps = ("notebook", "dashboard", "running", "live", "killed")
    assert done.stdout.splitlines() == [f"reached: {step}" for step in steps], done.stderr
