"""The history in JupyterLab: found, opened, run again, resumed, pinned and deleted."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect

from tests.ui.conftest import Desk
from tests.ui.dashboard import START_MS, Dashboard
from tests.ui.kept import VIEWPORT
from tests.ui.test_dashboard import HELLO, opened

RUN = """
runs = [manager.start_execution(query) for query in {queries!r}]
for run in runs:
    run.wait()
manager.cleanup_execution(runs[0].execution_id)
"""
ALPHA, BETA, GAMMA = (f"SCENARIO:hello {name}" for name in ("alpha", "beta", "gamma"))


class HistoryTab:
    """The History tab of a dashboard, opened."""

    def __init__(self, dashboard: Dashboard, page: Page) -> None:
        self.dashboard, self.page = dashboard, page
        page.get_by_role("tab", name="History", exact=True).click()
        self.region = dashboard.root.get_by_role("region", name="History", exact=True)
        self.rows = self.region.get_by_role("row")

    def row(self, query: str) -> Locator:
        """The rows of a query."""
        return self.region.get_by_role("row", name=query, exact=True)

    def search(self, text: str) -> None:
        """Type it into the search."""
        self.page.get_by_label("Search the history").fill(text)

    def answer(self, action: str) -> None:
        """Press the button of the question."""
        question = self.page.get_by_role("dialog")
        question.get_by_role("button", name=f"{action} 1 execution").click()


def test_what_was_forgotten_is_found_opened_run_again_resumed_pinned_and_deleted(
    desk: Desk, claude: dict[str, str]
) -> None:
    notebook, dashboard = opened(desk, claude)
    notebook.execute(RUN.format(queries=[ALPHA, BETA, GAMMA]))
    expect(dashboard.rows()).to_have_count(2, timeout=START_MS)
    tab = HistoryTab(dashboard, notebook.page)
    expect(tab.rows).to_have_count(3)
    expect(tab.region).to_contain_text("3 executions")
    by_keys(tab)
    notebook.screenshot("history-pinned-light")
    by_mouse(tab)
    left = notebook.execute("print([one.query for one in manager.history().entries])")
    assert "gamma" not in left
    notebook.theme("dark")
    notebook.screenshot("history-dark")
    notebook.page.set_viewport_size({"width": 760, "height": 900})
    tab.row(BETA).first.scroll_into_view_if_needed()
    notebook.screenshot("history-narrow-dark")
    notebook.page.set_viewport_size(VIEWPORT)
    assert notebook.uncaught() == []


def by_keys(tab: HistoryTab) -> None:
    """Search, open, pin, and try to delete."""
    page = tab.page
    tab.search('alph" OR NOT')
    expect(tab.region).to_contain_text("Nothing in the history matches")
    tab.search("alph")
    expect(tab.rows).to_have_count(1)
    page.keyboard.press("Enter")
    expect(tab.row(ALPHA)).to_be_focused()
    page.keyboard.press("Enter")
    expect(tab.dashboard.output).to_contain_text(HELLO)
    page.keyboard.press("p")
    expect(tab.row(ALPHA).get_by_text("pinned", exact=True)).to_be_visible()
    page.keyboard.press("Delete")
    expect(tab.region.get_by_role("alert")).to_contain_text("What is pinned is not deleted")
    page.keyboard.press("s")
    expect(tab.dashboard.output.get_by_label("Follow-up", exact=True)).to_be_focused()


def by_mouse(tab: HistoryTab) -> None:
    """Go on with its session; run one again and delete one, both after a question; filter."""
    tab.dashboard.send("SCENARIO:hello resumed")
    expect(tab.dashboard.output).to_contain_text("SCENARIO:hello resumed")
    tab.search("")
    expect(tab.rows).to_have_count(4, timeout=START_MS)
    tab.row(BETA).click()
    tab.row(BETA).get_by_role("button", name="Re-run…").click()
    tab.answer("Re-run")
    expect(tab.row(BETA)).to_have_count(2, timeout=START_MS)
    tab.row(GAMMA).click()
    tab.row(GAMMA).get_by_role("button", name="Delete…").click()
    tab.answer("Delete")
    expect(tab.row(GAMMA)).to_have_count(0)
    expect(tab.dashboard.output).to_contain_text("View an execution")
    tab.page.get_by_label("Status", exact=True).select_option("Failed")
    expect(tab.region).to_contain_text("Nothing in the history matches")
    tab.region.get_by_role("button", name="Show all").click()
    expect(tab.rows).to_have_count(4)
