"""The graph in JupyterLab: drawn while a pipeline goes, and gone through by its keys."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.ui.axe import findings
from tests.ui.conftest import Desk
from tests.ui.dashboard import START_MS
from tests.ui.kept import VIEWPORT
from tests.ui.notebook import Notebook
from tests.ui.test_dashboard import opened

START = """
from claude_widget import step
made = manager.pipeline({
    "plan": "SCENARIO:hello Plan the tests",
    "unit tests of the readers": "SCENARIO:hello Write them: {{ plan.result }}",
    "docs": step("SCENARIO:minute Document it: {{ plan.result }}"),
    "examples": "SCENARIO:minute Make examples of: {{ plan.result }}",
    "join": step("Check {{ docs.result }} and {{ examples.result }}", after=["plan"]),
})
manager.sequence(["SCENARIO:hello One", "SCENARIO:minute Two", "Three"], one_session=True)
made["plan"].wait()
made["docs"].kill()
"""
NARROW = 480


def test_the_graph_shows_who_comes_after_whom(desk: Desk, claude: dict[str, str]) -> None:
    notebook, dashboard = opened(desk, claude, START, "made")
    notebook.run(2)
    dashboard.root.get_by_role("tab", name="Graph").click()
    graph = dashboard.root.get_by_role("region", name="Graph", exact=True)
    pipeline = graph.get_by_role("list", name="Graph: 5 executions")
    expect(graph.get_by_role("list")).to_have_count(2)
    join = pipeline.get_by_role("button", name="join")
    expect(join).to_have_accessible_name("failed join (comes after plan, docs, examples)")
    expect(pipeline.locator(".cw-node-running").first).to_be_visible()
    notebook.screenshot("graph-light")
    notebook.theme("dark")
    notebook.screenshot("graph-dark")
    assert findings(notebook.page, ".cw-charts") == []
    plan = pipeline.get_by_role("button").first
    plan.focus()
    plan.press("ArrowRight")
    notebook.page.keyboard.press("Enter")
    expect(pipeline.locator(".cw-node[aria-pressed=true]")).to_have_count(1)
    notebook.command("application:toggle-left-area")
    notebook.page.set_viewport_size({"width": NARROW, "height": 900})
    plan.scroll_into_view_if_needed()
    notebook.screenshot("graph-narrow")
    notebook.page.set_viewport_size(VIEWPORT)
    notebook.command("application:toggle-left-area")
    in_a_cell(notebook)


def in_a_cell(notebook: Notebook) -> None:
    """The pipeline alone: live, each step a click away; its table once it is over and closed."""
    notebook.run(3)
    cell = notebook.output(3)
    bar = cell.get_by_role("progressbar", name="Steps that have ended")
    expect(bar).to_have_attribute("aria-valuemax", "5", timeout=START_MS)
    steps = cell.get_by_role("list", name="Graph: 5 executions")
    steps.get_by_role("button", name="completed plan").click()
    output = cell.get_by_role("region", name="Output", exact=True)
    expect(output).to_contain_text("Plan the tests", timeout=START_MS)
    assert findings(notebook.page, ".claude-widget-pipeline") == []
    for theme in ("dark", "light"):
        notebook.theme(theme)
        notebook.screenshot(f"pipeline-cell-{theme}")
    notebook.execute("manager.kill_all()")
    expect(bar).to_have_attribute("aria-valuenow", "5", timeout=START_MS)
    expect(output).to_contain_text("Plan the tests")
    steps.get_by_role("button", name="completed plan").click()
    expect(cell).to_contain_text("plan → unit tests of the readers, docs, examples")
    notebook.screenshot("pipeline-static-light")
