"""`make demo` as a person meets it: the URL that it prints, every cell, the dashboard, Ctrl-C."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from scripts.demo import NOTEBOOK, is_free
from scripts.paths import RESULTS, ROOT, scrubbed
from tests.ui.dashboard import Dashboard
from tests.ui.servers import free_port
from tests.waiting import BOUND, until

ALL_CELLS_MS = 120_000
pytestmark = pytest.mark.xdist_group("demo")  # one folder for the settings of all demos


class Demo:
    """A running demo, and what it has printed so far."""

    def __init__(self, log: Path, port: int) -> None:
        self.port, self._log = port, log
        # As a shell starts what it runs in the background: with Ctrl-C ignored.
        command = ["sh", "-c", 'trap "" INT; exec "$@"', "sh"]
        command += [sys.executable, "-m", "scripts.demo", f"--port={port}", "--browser=none"]
        with open(log, "wb") as out:
            self.process = subprocess.Popen(command, cwd=ROOT, env=scrubbed(), stdout=out)

    @property
    def said(self) -> str:
        return self._log.read_text()

    def url(self) -> str:
        def urls() -> list[str]:
            assert self.process.poll() is None, f"the demo has ended:\n{self.said}"
            return re.findall(r"http://\S+token=\w+", self.said)

        return until(urls, timeout=150, what="URL")[0]

    def end(self) -> int:
        """What Ctrl-C does; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(BOUND)


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path / "demo.log", free_port())
    yield running
    running.end()


@pytest.fixture
def page(chromium: BrowserContext, request: pytest.FixtureRequest) -> Iterator[Page]:
    opened = chromium.new_page()
    yield opened
    folder = RESULTS / "ui"
    folder.mkdir(parents=True, exist_ok=True)
    opened.screenshot(path=folder / f"{request.node.name}-end.png")
    opened.close()


def kernel_is_idle(page: Page) -> None:
    """A kernel that starts slowly can miss the page's one question, as in `Notebook.open`."""
    idle = page.get_by_text("| Idle")
    try:
        expect(idle).to_be_visible()
    except AssertionError:
        page.reload()
        expect(idle).to_be_visible(timeout=90_000)


def test_demo_plays_every_cell(demo: Demo, page: Page) -> None:
    page.goto(demo.url())
    assert "recorded" in demo.said
    expect(page.get_by_role("heading", name="Quickstart", level=1)).to_be_visible(timeout=90_000)
    kernel_is_idle(page)
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    killed = page.locator(".jp-CodeCell").last.get_by_text("killed user")
    expect(killed).to_be_visible(timeout=ALL_CELLS_MS)
    expect(page.locator("[data-mime-type='application/vnd.jupyter.stderr']")).to_have_count(0)
    listed = page.locator(".jp-CodeCell").filter(has_text="%claude_list").get_by_role("table")
    expect(listed.get_by_role("row").filter(has_text="failed (rate_limit)")).to_have_count(1)
    page.locator(".jp-Notebook .jp-WindowedPanel-outer").evaluate("(all) => { all.scrollTop = 0; }")
    dashboard = Dashboard(page.locator(".jp-Notebook"))
    query = "Review every module and say what could break"
    dashboard.ready().execute(query)
    row = dashboard.row(query)
    expect(row).to_contain_text("replayed")
    expect(row).to_contain_text("running")
    row.get_by_role("button", name="Kill", exact=True).click()
    expect(row).to_contain_text("killed")


def test_a_taken_port_is_said_and_ctrl_c_ends_the_server(demo: Demo, tmp_path: Path) -> None:
    demo.url()
    second = Demo(tmp_path / "second.log", demo.port)
    assert second.process.wait(BOUND) == 1
    assert f"Port {demo.port} is taken" in second.said
    assert NOTEBOOK not in second.said
    assert demo.end() == 0
    assert "stopped" in demo.said
    assert is_free(demo.port)
