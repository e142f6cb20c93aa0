"""The dashboard in JupyterLab and Notebook 7, with the real CLI against the scripted API."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

from tests.scenarios import Text, Turn
from tests.scripted_api import ScriptedAPI
from tests.ui.conftest import Desk
from tests.ui.dashboard import START_MS, Dashboard, grows
from tests.ui.notebook import Notebook
from tests.ui.servers import App
from tests.waiting import until

MANAGER = "from claude_widget import ProcessManager\nmanager = ProcessManager(max_concurrency={})"
SHOW = "manager"
HELLO = "Hello from the scripted model."
SLEEP = "import time; print('asleep', flush=True); time.sleep(300)"


def shown(notebook: Notebook, index: int = 1) -> Dashboard:
    return Dashboard(notebook.output(index)).ready()


def opened(
    desk: Desk,
    claude: dict[str, str],
    *more: str,
    at_once: int = 3,
    app: App = "lab",
    kernel: str = "ipykernel74",
) -> tuple[Notebook, Dashboard]:
    """A notebook that has made a manager and shows its dashboard."""
    cells = (MANAGER.format(at_once), SHOW, *more)
    notebook = desk.open(*cells, app=app, kernel=kernel, env=claude)
    assert notebook.run(0) == ""
    notebook.run(1)
    return notebook, shown(notebook)


def falls_asleep(notebook: Notebook) -> None:
    """Start the cell that sleeps: the kernel may be busy with something else before."""
    notebook.start(2)
    until(lambda: "asleep" in notebook.text(2), what="the cell is asleep")
    notebook.wait_kernel("connected busy")


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_execute_view_result(desk: Desk, claude: dict[str, str], app: App) -> None:
    notebook, dashboard = opened(desk, claude, app=app)
    for name in ("Project path", "Query", "Session", "MCP config", "Model"):
        expect(dashboard.field(name)).to_be_visible()
    query = "SCENARIO:hello first"
    dashboard.execute(query)
    dashboard.has_status(query, "completed")
    output = dashboard.view(query)
    expect(output).to_contain_text(HELLO)
    expect(output).to_contain_text("Result")
    expect(output).to_contain_text("1 turn")
    expect(dashboard.row(query)).to_contain_text("$")
    expect(dashboard.row(query).get_by_role("button", name="Kill")).to_have_count(0)
    notebook.screenshot(f"completed-{app}-light")
    notebook.theme("dark")
    notebook.screenshot(f"completed-{app}-dark")
    assert notebook.execute("print(manager.get_all_executions()[0].result)") == f"{HELLO}\n"
    assert notebook.uncaught() == []


def test_execute_all_runs_three_drafts_side_by_side(desk: Desk, claude: dict[str, str]) -> None:
    notebook, dashboard = opened(desk, claude)
    queries = [f"SCENARIO:minute draft {number}" for number in (1, 2, 3)]
    for query in queries:
        dashboard.draft(query)
    dashboard.button("Execute All").click()
    for query in queries:
        dashboard.has_status(query, "running")
    for query in queries:
        expect(dashboard.view(query)).to_contain_text("quick brown fox", timeout=START_MS)
    grows(dashboard.output)
    notebook.screenshot("three-running-light")
    notebook.theme("dark")
    notebook.screenshot("three-running-dark")
    for query in queries:
        dashboard.kill(query)
    for query in queries:
        dashboard.has_status(query, "killed")
        expect(dashboard.row(query)).to_contain_text("Killed by the user")


@pytest.mark.parametrize("kernel", ["ipykernel73", "ipykernel74"])
def test_kill_and_live_output_while_a_cell_sleeps(
    desk: Desk, claude: dict[str, str], kernel: str
) -> None:
    notebook, dashboard = opened(desk, claude, SLEEP, kernel=kernel)
    query = "SCENARIO:minute busy"
    dashboard.execute(query)
    dashboard.has_status(query, "running")
    falls_asleep(notebook)
    output = dashboard.view(query)
    expect(output).to_contain_text("quick brown fox", timeout=START_MS)
    grows(output)
    dashboard.kill(query)
    dashboard.has_status(query, "killed")
    assert not notebook.ended(2), "the cell was to be asleep the whole time"
    notebook.interrupt_kernel()
    notebook.wait_cell(2)


@pytest.mark.fresh_page(reason="settings are read when a page loads")
def test_where_nothing_arrives_during_a_cell_the_page_says_so(
    desk: Desk, claude: dict[str, str]
) -> None:
    settings = {"commsOverSubshells": "disabled"}
    desk.server("lab").reset_settings(
        **{"@jupyterlab/apputils-extension/kernels-settings": settings}
    )
    notebook, dashboard = opened(desk, claude, SLEEP)
    query = "SCENARIO:minute busy"
    dashboard.execute(query)
    dashboard.has_status(query, "running")
    falls_asleep(notebook)
    dashboard.kill(query)
    said = dashboard.root.get_by_text("Kernel busy: will act when the cell ends.")
    expect(said).to_be_visible()
    notebook.interrupt_kernel()
    notebook.wait_cell(2)
    dashboard.has_status(query, "killed")
    expect(said).to_have_count(0)


def test_reload_and_second_page_show_the_true_state(desk: Desk, claude: dict[str, str]) -> None:
    notebook, dashboard = opened(desk, claude)
    running, ended = "SCENARIO:minute reload", "SCENARIO:hello reload"
    dashboard.execute(ended)
    dashboard.has_status(ended, "completed")
    dashboard.execute(running)
    dashboard.has_status(running, "running")
    notebook.save()
    notebook.reload()
    shown(notebook)
    second = desk.view(notebook.path)
    for page in (notebook, second):
        dashboard = shown(page)
        dashboard.has_status(ended, "completed")
        dashboard.has_status(running, "running")
        grows(dashboard.view(running))
    shown(second).kill(running)
    shown(notebook).has_status(running, "killed")
    shown(second).has_status(running, "killed")


def test_two_views_of_one_widget_show_the_same(desk: Desk, claude: dict[str, str]) -> None:
    cells = ("from claude_widget import ClaudeWidget; widget = ClaudeWidget(manager); widget",) * 2
    notebook, _ = opened(desk, claude, cells[0], "widget")
    notebook.run(2)
    notebook.run(3)
    query = "SCENARIO:hello twice"
    shown(notebook, 2).execute(query)
    for index in (3, 2):
        view = shown(notebook, index)
        view.has_status(query, "completed")
        expect(view.view(query)).to_contain_text(HELLO)


def test_kernel_restart_says_disconnected(desk: Desk, claude: dict[str, str]) -> None:
    notebook, dashboard = opened(desk, claude)
    query = "SCENARIO:minute restart"
    dashboard.execute(query)
    dashboard.has_status(query, "running")
    notebook.restart_kernel()
    status = dashboard.root.get_by_role("status").filter(
        has_text=re.compile("disconnect", re.IGNORECASE)
    )
    expect(status).to_be_visible()
    expect(dashboard.button("Execute")).to_be_disabled()
    notebook.screenshot("disconnected")
    notebook.run(0)
    notebook.run(1)
    again = shown(notebook)
    again.has_status(query, "running")
    again.kill(query)
    again.has_status(query, "killed")


def test_pending_shows_its_place_and_can_be_killed(desk: Desk, claude: dict[str, str]) -> None:
    _, dashboard = opened(desk, claude, at_once=1)
    first, second, third = (f"SCENARIO:minute place {number}" for number in (1, 2, 3))
    for query in (first, second, third):
        dashboard.execute(query)
    dashboard.has_status(first, "running")
    expect(dashboard.row(second)).to_contain_text("#1 in the queue")
    expect(dashboard.row(third)).to_contain_text("#2 in the queue")
    names = [row.get_attribute("aria-label") for row in dashboard.rows().all()]
    assert names == [third, second, first], "newest first"
    dashboard.kill(second)
    dashboard.has_status(second, "killed")
    expect(dashboard.row(third)).to_contain_text("#1 in the queue")


def test_bad_input_is_said_beside_the_form_and_starts_nothing(
    desk: Desk, claude: dict[str, str]
) -> None:
    notebook, dashboard = opened(desk, claude)
    alert = dashboard.root.get_by_role("form").get_by_role("alert")
    dashboard.button("Execute").click()
    expect(alert).to_contain_text(re.compile("query|prompt", re.IGNORECASE))
    dashboard.field("Query").fill("SCENARIO:hello bad")
    dashboard.field("Project path").fill("/nowhere/at all")
    dashboard.button("Execute").click()
    expect(alert).to_contain_text("/nowhere/at all")
    dashboard.field("Project path").fill(str(desk.home))
    dashboard.field("MCP config").fill("{not json")
    dashboard.button("Execute").click()
    expect(alert).to_contain_text("JSON")
    notebook.screenshot("bad-input")
    expect(dashboard.rows()).to_have_count(0)
    assert notebook.execute("print(len(manager.get_all_executions()))") == "0\n"
    dashboard.field("MCP config").fill("")
    dashboard.button("Execute").click()
    dashboard.has_status("SCENARIO:hello bad", "completed")


def test_tools_and_errors_are_shown(desk: Desk, claude: dict[str, str]) -> None:
    bash = 'SCENARIO:bash {"command": "echo $((40 + 2)) apples"}'
    start = f"run = manager.start_execution({bash!r}, allowed_tools=['Bash'])"
    notebook, dashboard = opened(desk, claude, start)
    notebook.run(2)
    dashboard.has_status(bash, "completed")
    output = dashboard.view(bash)
    for text in ("Ran", "echo $((40 + 2)) apples", "42 apples", "It ran."):
        expect(output).to_contain_text(text)
    notebook.screenshot("tool-light")
    failing = "SCENARIO:http_400"
    dashboard.execute(failing)
    dashboard.has_status(failing, "failed")
    expect(dashboard.row(failing)).to_contain_text("API error")
    expect(dashboard.view(failing)).to_contain_text("scripted bad request")
    notebook.screenshot("failed-light")


def test_output_follows_the_tail_until_the_reader_scrolls_up(
    desk: Desk, claude: dict[str, str], scripted_api: ScriptedAPI
) -> None:
    query = "count for me"
    # Longer than a test may take: what is over does not grow, and cannot be killed.
    scripted_api.scripts[query] = [Turn([Text("another line\n", delay=0.02, times=20_000)])]
    _, dashboard = opened(desk, claude)
    dashboard.execute(query)
    output = dashboard.view(query)
    blocks = output.get_by_role("region", name="Blocks")
    expect(blocks).to_contain_text("another line", timeout=START_MS)
    overflows = "(box) => box.scrollHeight > box.clientHeight + 300"
    at_end = "(box) => box.scrollHeight - box.scrollTop - box.clientHeight < 60"
    until(lambda: blocks.evaluate(overflows), what="more lines than fit")
    until(lambda: blocks.evaluate(at_end), what="the tail in sight")
    blocks.hover()
    blocks.page.mouse.wheel(0, -200)
    follow = output.get_by_role("button", name="Follow", exact=True)
    expect(follow).to_be_visible()
    top = blocks.evaluate("(box) => box.scrollTop")
    grows(blocks)
    assert blocks.evaluate("(box) => box.scrollTop") == top, "it stays where the reader reads"
    follow.click()
    until(lambda: blocks.evaluate(at_end), what="the tail in sight again")
    dashboard.kill(query)


def test_keyboard_alone(desk: Desk, claude: dict[str, str]) -> None:
    notebook, dashboard = opened(desk, claude)
    keyboard, query = notebook.page.keyboard, "SCENARIO:minute keys"
    dashboard.field("Query").focus()
    keyboard.type(query)
    keyboard.press("Control+Enter")
    dashboard.has_status(query, "running")
    view = dashboard.row(query).get_by_role("button", name="View", exact=True)
    view.focus()
    for key in ("d", "d", "k", "x", "Escape", "Delete", "i", "i", "0", "0"):
        keyboard.press(key)
    dashboard.has_status(query, "running")
    assert notebook.kernel_status().startswith("connected"), "a stray key reached the notebook"
    view.focus()
    keyboard.press("Enter")
    expect(dashboard.output).to_contain_text(query)
    dashboard.row(query).get_by_role("button", name="Kill", exact=True).focus()
    keyboard.press("Space")
    dashboard.has_status(query, "killed")


def test_earlier_sessions_of_the_project_can_be_resumed(desk: Desk, claude: dict[str, str]) -> None:
    notebook, dashboard = opened(desk, claude)
    first, second = "SCENARIO:hello session", "SCENARIO:hello again"
    dashboard.execute(first)
    dashboard.has_status(first, "completed")
    dashboard.field("Session").focus()
    option = dashboard.field("Session").locator("option", has_text=first)
    expect(option).to_have_count(1)
    session_id = option.get_attribute("value")
    dashboard.field("Session").select_option(session_id)
    dashboard.execute(second)
    dashboard.has_status(second, "completed")
    said = notebook.execute("print(*{e.info.session_id for e in manager.get_all_executions()})")
    assert said.split() == [session_id]
