"""The history in JupyterLab: found, opened, run again, resumed, pinned and deleted."""

from __future__ import annotations

from playwright.sync_api import Locator, expect

from tests.ui.conftest import VIEWPORT, Desk
from tests.ui.dashboard import START_MS
from tests.ui.test_dashboard import HELLO, opened

RUN = """
runs = [manager.start_execution(query) for query in {queries!r}]
for run in runs:
    run.wait(60)
manager.cleanup_execution(runs[0].execution_id)
"""
ALPHA, BETA, GAMMA = (f"SCENARIO:hello {name}" for name in ("alpha", "beta", "gamma"))


def test_what_was_forgotten_is_found_opened_run_again_resumed_pinned_and_deleted(
    desk: Desk, claude: dict[str, str]
) -> None:
    notebook, dashboard = opened(desk, claude)
    page = notebook.page
    notebook.execute(RUN.format(queries=[ALPHA, BETA, GAMMA]), timeout=120)
    expect(dashboard.rows()).to_have_count(2, timeout=START_MS)
    page.get_by_role("tab", name="History", exact=True).click()
    history = dashboard.root.get_by_role("region", name="History", exact=True)

    def row(query: str) -> Locator:
        return history.get_by_role("row", name=query, exact=True)

    expect(history.get_by_role("row")).to_have_count(3)
    expect(history).to_contain_text("3 executions")
    notebook.screenshot("history-light")

    page.get_by_label("Search the history").fill('alph" OR NOT')
    expect(history).to_contain_text("Nothing in the history matches")
    page.get_by_label("Search the history").fill("alph")
    expect(history.get_by_role("row")).to_have_count(1)
    page.keyboard.press("Enter")
    expect(row(ALPHA)).to_be_focused()
    page.keyboard.press("Enter")
    expect(dashboard.output).to_contain_text(HELLO)
    page.keyboard.press("p")
    expect(row(ALPHA).get_by_text("pinned", exact=True)).to_be_visible()
    page.keyboard.press("Delete")
    expect(history.get_by_role("alert")).to_contain_text("What is pinned is not deleted")
    notebook.screenshot("history-pinned-light")

    page.keyboard.press("s")
    expect(dashboard.output.get_by_label("Follow-up", exact=True)).to_be_focused()
    dashboard.send("SCENARIO:hello resumed")
    expect(dashboard.output).to_contain_text("SCENARIO:hello resumed")

    page.get_by_label("Search the history").fill("")
    expect(history.get_by_role("row")).to_have_count(4, timeout=START_MS)
    row(BETA).click()
    row(BETA).get_by_role("button", name="Re-run…").click()
    page.get_by_role("dialog").get_by_role("button", name="Re-run 1 execution").click()
    expect(history.get_by_role("row", name=BETA, exact=True)).to_have_count(2, timeout=START_MS)

    row(GAMMA).click()
    row(GAMMA).get_by_role("button", name="Delete…").click()
    page.get_by_role("dialog").get_by_role("button", name="Delete 1 execution").click()
    expect(row(GAMMA)).to_have_count(0)
    page.get_by_label("Status", exact=True).select_option("Failed")
    expect(history).to_contain_text("Nothing in the history matches")
    history.get_by_role("button", name="Show all").click()
    expect(history.get_by_role("row")).to_have_count(4)
    left = notebook.execute("print([one.query for one in manager.history().entries])")
    assert "gamma" not in left
    notebook.theme("dark")
    notebook.screenshot("history-dark")
    page.set_viewport_size({"width": 760, "height": 900})
    row(BETA).first.scroll_into_view_if_needed()
    notebook.screenshot("history-narrow-dark")
    page.set_viewport_size(VIEWPORT)
    assert notebook.uncaught() == []
