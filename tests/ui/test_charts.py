"""Charts in JupyterLab: the dashboard's timeline while something runs, and as cells' values."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.ui.axe import findings
from tests.ui.conftest import Desk
from tests.ui.kept import VIEWPORT
from tests.ui.test_dashboard import opened

START = """
def start(query, **more):
    return manager.start_execution(query, allowed_tools=["Bash"], **more)
start('SCENARIO:bash {"command": "ls"} List the files').wait()
start("SCENARIO:hello Say hello").wait()
start("SCENARIO:http_400 Look what is wrong").wait()
run = start("SCENARIO:minute Write it up")
"""
NARROW = 480


def test_the_timeline_shows_what_ran_and_what_runs(desk: Desk, claude: dict[str, str]) -> None:
    notebook, dashboard = opened(desk, claude, START)
    notebook.run(2)
    dashboard.root.get_by_role("tab", name="Timeline").click()
    timeline = dashboard.root.get_by_role("region", name="Timeline", exact=True)
    lanes = timeline.get_by_role("list", name="Executions in time").get_by_role("listitem")
    expect(lanes).to_have_count(4)
    expect(lanes.nth(1)).to_contain_text("failed")
    first = lanes.nth(3)
    expect(first).to_contain_text("1 tool call")
    name = first.get_by_role("button")
    name.focus()
    name.press("ArrowRight")
    expect(first.get_by_role("status")).to_contain_text("Bash ls")
    expect(timeline.get_by_role("region", name="Cost and tokens")).to_be_visible()
    expect(timeline).to_contain_text("Cost of the last day, added up: $")
    grown = timeline.locator("path.cw-grows")
    before = str(grown.get_attribute("d"))
    expect(grown).not_to_have_attribute("d", before)
    notebook.screenshot("timeline-light")
    notebook.theme("dark")
    notebook.screenshot("timeline-dark")
    assert findings(notebook.page, ".cw-charts") == []
    timeline.get_by_text("As a table").click()
    timeline.get_by_role("table").scroll_into_view_if_needed()
    notebook.screenshot("spending-dark")
    notebook.command("application:toggle-left-area")
    notebook.page.set_viewport_size({"width": NARROW, "height": 900})
    lanes.first.scroll_into_view_if_needed()
    notebook.screenshot("timeline-narrow")
    notebook.page.set_viewport_size(VIEWPORT)
    notebook.command("application:toggle-left-area")
    name.click()
    expect(dashboard.output).to_contain_text("It ran.")
    notebook.execute("run.kill()")


def test_charts_are_values_of_cells(desk: Desk, claude: dict[str, str]) -> None:
    cells = ("manager.timeline()", "manager.history().spending()")
    notebook, _ = opened(desk, claude, START, *cells)
    notebook.run(2)
    for index in (3, 4):
        notebook.run(index)
        expect(notebook.output(index).locator("canvas, svg.marks").first).to_be_visible()
        assert "text/markdown" in notebook.outputs(index)[0]["data"]
    notebook.screenshot("charts-light")
    notebook.theme("dark")
    notebook.screenshot("charts-dark")
    notebook.execute("run.kill()")
