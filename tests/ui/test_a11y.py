"""Accessibility: axe finds nothing, the keyboard reaches everything, and motion is asked for."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from tests.ui.axe import findings
from tests.ui.conftest import Desk
from tests.ui.dashboard import grows
from tests.ui.kept import VIEWPORT
from tests.ui.notebook import THEMES
from tests.ui.plain import PlainPage
from tests.ui.test_dashboard import opened

LOOKS: dict[str, Any] = {
    "light": {"color_scheme": "light"},
    "dark": {"color_scheme": "dark"},
    "forced": {"forced_colors": "active"},
    "narrow": {"viewport": {"width": 420, "height": 900}},
}
RECORDED = ("edit", "bad", "killed", "live")


@pytest.fixture(params=LOOKS)
def look(
    request: pytest.FixtureRequest, chromium: BrowserContext, plain_url: str
) -> Iterator[PlainPage]:
    """The plain page as somebody has asked their system to show pages."""
    assert chromium.browser is not None
    settings = {"viewport": VIEWPORT, "reduced_motion": "reduce", **LOOKS[request.param]}
    context = chromium.browser.new_context(**settings)
    page = PlainPage(context.new_page(), plain_url)
    yield page
    page.screenshot(f"a11y-{request.node.name}")
    context.close()
    assert page.errors == []


def test_axe_finds_nothing_in_the_list(look: PlainPage) -> None:
    page = look.open().page
    look.change("live", requestCount=2)
    look.change("p1", awaitsInput=True)
    expect(look.dashboard.row("Write the changelog")).to_contain_text("waits for input")
    assert findings(page) == []
    look.dashboard.rows().nth(2).click()
    look.dashboard.rows().nth(4).click(modifiers=["Shift"])
    expect(look.dashboard.executions).to_contain_text("3 selected")
    assert findings(page) == []
    page.keyboard.press("k")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.get_by_label("Search executions").fill("nobody")
    expect(look.dashboard.executions).to_contain_text("No execution matches")
    assert findings(page) == []


def test_axe_finds_nothing_in_a_thousand_rows(look: PlainPage) -> None:
    look.open("executions=1000")
    assert findings(look.page) == []


def test_axe_finds_nothing_in_an_output(look: PlainPage) -> None:
    look.open()
    for execution_id in RECORDED:
        row = look.page.locator(f"[data-execution={execution_id}]")
        row.get_by_role("button", name="View", exact=True).click()
        expect(look.dashboard.output.get_by_role("region").first).to_be_visible()
        assert findings(look.page) == [], execution_id


def test_the_keyboard_reaches_everything_and_shows_where_it_is(plain: PlainPage) -> None:
    page = plain.open().page
    stops = _stops(page)
    for name in ("New execution", "Keys", "Query", "Execute", "Search executions", "Order"):
        assert name in stops
    assert "Update the docs" in stops
    # The list is one stop: a row and its buttons.
    assert stops.count("View") == 1


def _stops(page: Page) -> list[str]:
    """The names of what the Tab key stops at; each must show that it has the focus."""
    script = """() => {
      const active = document.activeElement;
      if (active === document.body || window.firstStop === active) return null;
      window.firstStop ??= active;
      const { outlineStyle, outlineWidth } = getComputedStyle(active);
      const label = active.getAttribute('aria-label') ?? active.labels?.[0]?.textContent;
      return [label ?? active.textContent.trim(), outlineStyle, outlineWidth];
    }"""
    names: list[str] = []
    for _ in range(100):
        page.keyboard.press("Tab")
        stop = page.evaluate(script)
        if stop is None:
            return names
        name, style, width = stop
        assert style != "none", f"no outline: {name}"
        assert float(width.removesuffix("px")) >= 1, f"a thin outline: {name}"
        names.append(name)
    raise AssertionError(f"no end: {names}")


def test_nothing_moves_by_itself_where_less_motion_is_wanted(plain: PlainPage) -> None:
    plain.open("streaming=2&rate=20")
    plain.dashboard.view("Stream number 0")
    expect(plain.dashboard.output).to_contain_text("Stream number 0")
    moving = "() => document.getAnimations().filter((one) => one.playState === 'running').length"
    assert plain.page.evaluate(moving) == 0
    plain.page.emulate_media(reduced_motion="no-preference")
    plain.page.wait_for_function(f"({moving})() > 0")


HEAR = """() => {
  window.told = [];
  const live = '[aria-live=polite], [aria-live=assertive], [role=status], [role=log], [role=alert]';
  new MutationObserver((changes) => {
    for (const { target } of changes) {
      const text = (target.parentElement ?? target).closest(live)?.textContent;
      if (text) window.told.push(text);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


def test_ends_and_requests_are_told_and_tokens_are_not(plain: PlainPage) -> None:
    plain.open("streaming=2&rate=20")
    plain.dashboard.view("Stream number 0")
    plain.page.evaluate(HEAR)
    grows(plain.dashboard.output)
    assert plain.page.evaluate("() => window.told") == []
    # Both in one turn of the page: the sentence is about what comes within a second.
    plain.page.evaluate("""() => {
      demo.world.change('stream0', { status: 'completed', reason: 'success' });
      demo.world.change('stream1', { requestCount: 1 });
    }""")
    plain.page.wait_for_function("() => window.told.length > 0")
    told = plain.page.evaluate("() => window.told")
    assert told == ["Stream number 1: needs you. Stream number 0: completed."]


def test_axe_finds_nothing_in_the_history(look: PlainPage) -> None:
    page = look.open().page
    page.get_by_role("tab", name="History", exact=True).click()
    history = page.get_by_role("region", name="History", exact=True)
    history.get_by_role("row").first.click()
    expect(history.get_by_role("button", name="Delete…")).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Space")
    page.keyboard.press("Delete")
    expect(page.get_by_role("dialog")).to_be_visible()
    assert findings(page) == []
    page.keyboard.press("Escape")
    page.get_by_label("Search the history").fill("nobody")
    expect(history).to_contain_text("Nothing in the history matches")
    assert findings(page) == []
    page.get_by_label("Search the history").fill("")
    expect(history.get_by_role("row").first).to_be_visible()


@pytest.mark.parametrize("theme", THEMES)
def test_axe_finds_nothing_in_jupyterlab(desk: Desk, claude: dict[str, str], theme: str) -> None:
    notebook, dashboard = opened(desk, claude)
    query = "SCENARIO:hello to axe"
    dashboard.execute(query)
    dashboard.has_status(query, "completed")
    dashboard.view(query)
    notebook.theme(theme)
    notebook.screenshot(f"a11y-lab-{theme}")
    assert findings(notebook.page) == []
