"""The plain page of the front end: the real views on recorded executions, with no kernel.

The rule: built from the sources as they are, served on loopback, and driven by its address (see
js/src/demo.ts). What a test changes of the page's world it changes through the page's own `demo`
object.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from scripts.paths import RESULTS
from scripts.plain_page import served
from tests.ui.dashboard import Dashboard
from tests.waiting import BOUND


@pytest.fixture(scope="session")
def plain_url() -> Iterator[str]:
    """Where the plain page is served."""
    with served() as url:
        yield url


class PlainPage:
    """An open plain page.

    Attributes:
        page: Playwright's page.
        dashboard: the dashboard on it.
        errors: what was thrown and caught by nobody.
    """

    def __init__(self, page: Page, url: str) -> None:
        self.page, self._url = page, url
        self.errors: list[str] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.set_default_timeout(BOUND * 1000)
        self.dashboard = Dashboard(page.get_by_role("main"))

    def open(self, query: str = "") -> PlainPage:
        """Load it with this query; wait until the dashboard has heard from its kernel."""
        self.page.goto(f"{self._url}?{query}")
        self.dashboard.ready()
        return self

    def change(self, execution_id: str, **fields: Any) -> None:
        """Let the world change a row, or make one."""
        self.page.evaluate(
            "([id, fields]) => demo.world.change(id, fields)", [execution_id, fields]
        )

    def focused(self) -> str:
        """The accessible name of what has the focus, as far as it has a label or text."""
        script = """() => {
          const active = document.activeElement;
          return active.getAttribute('aria-label') ?? active.textContent.trim();
        }"""
        return str(self.page.evaluate(script))

    def has_focus(self, name: str) -> None:
        """Wait until that has the focus."""
        expect(self.page.locator(":focus")).to_have_accessible_name(name)

    def screenshot(self, name: str) -> None:
        """A picture below test-results/ui."""
        place = RESULTS / "ui"
        place.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=place / f"{name}.png", animations="disabled")


@pytest.fixture
def plain(chromium: BrowserContext, plain_url: str) -> Iterator[PlainPage]:
    """A plain page that is not loaded yet; nothing may have been thrown on it in the end."""
    page = chromium.new_page()
    opened = PlainPage(page, plain_url)
    yield opened
    page.close()
    assert opened.errors == []
