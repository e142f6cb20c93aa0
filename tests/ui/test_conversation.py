"""What executions are told, on the page: JupyterLab, the real CLI, the scripted API."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.scenarios import Text, ToolUse, Turn
from tests.scripted_api import ScriptedAPI
from tests.ui.asking import TOUCH, asked, folder_of, pictured, press
from tests.ui.conftest import Desk
from tests.ui.dashboard import START_MS
from tests.ui.test_dashboard import opened
from tests.waiting import until


def test_a_follow_up_is_queued_interrupted_resumed_and_forked(
    desk: Desk, claude: dict[str, str]
) -> None:
    notebook, dashboard = opened(desk, claude)
    query = "SCENARIO:minute long"
    dashboard.execute(query)
    output = dashboard.view(query)
    expect(output).to_contain_text("quick brown fox", timeout=START_MS)
    expect(output).to_contain_text("Will be queued until this turn is over.")
    dashboard.send('SCENARIO:say {"text": "The second answer."}')
    expect(output.get_by_text("queued", exact=True)).to_be_visible()
    pictured(notebook, "follow-up-queued")
    output.get_by_role("button", name="Interrupt", exact=True).click()
    expect(output).to_contain_text("The second answer.", timeout=START_MS)
    dashboard.has_status(query, "completed")
    expect(output.get_by_text("queued", exact=True)).to_have_count(0)

    expect(output).to_contain_text("Resumes the session in a new execution.")
    third = 'SCENARIO:say {"text": "The third answer."}'
    dashboard.send(third)
    dashboard.has_status(third, "completed")
    expect(output).to_contain_text("The third answer.")
    fourth = 'SCENARIO:say {"text": "The fourth answer."}'
    output.get_by_label("Fork", exact=True).check()
    dashboard.send(fourth)
    dashboard.has_status(fourth, "completed")
    expect(output).to_contain_text("The fourth answer.")
    said = notebook.execute(
        "print(*[e.info.session_id for e in manager.get_all_executions()], sep='\\n')"
    )
    first_session, second_session, forked = said.split()
    assert first_session == second_session != forked


def test_one_that_is_kept_open_waits_for_input_and_is_ended(
    desk: Desk, claude: dict[str, str]
) -> None:
    notebook, dashboard = opened(desk, claude)
    query = "SCENARIO:hello kept open"
    dashboard.root.get_by_text("More options", exact=True).click()
    dashboard.field("Keep open for follow-ups").check()
    dashboard.execute(query)
    expect(dashboard.row(query)).to_contain_text("waits for input", timeout=START_MS)
    output = dashboard.view(query)
    expect(output).to_contain_text("It waits for your input.")
    dashboard.send('SCENARIO:say {"text": "Still here."}')
    expect(output).to_contain_text("Still here.", timeout=START_MS)
    expect(dashboard.row(query)).to_contain_text("waits for input")
    pictured(notebook, "kept-open")
    output.get_by_role("button", name="End session", exact=True).click()
    dashboard.has_status(query, "completed")
    assert notebook.execute("print(len(manager.get_all_executions()))").strip() == "1"


def test_model_and_permission_mode_are_changed_while_it_runs(
    desk: Desk, claude: dict[str, str]
) -> None:
    notebook, dashboard = opened(desk, claude)
    query = "SCENARIO:minute settings"
    dashboard.execute(query)
    output = dashboard.view(query)
    expect(output).to_contain_text("quick brown fox", timeout=START_MS)
    output.get_by_text(re.compile("^Session: ")).click()
    settings = output.get_by_role("group", name="Session settings")
    models = settings.get_by_label("Model").locator("option")
    expect(models.filter(has_text="Haiku")).not_to_have_count(0)
    settings.get_by_label("Model").select_option("haiku")
    settings.get_by_label("Permission mode").select_option("acceptEdits")
    settings.get_by_role("button", name="Apply").click()
    expect(output.get_by_text(re.compile("^Session: .*haiku.*acceptEdits"))).to_be_visible()
    pictured(notebook, "session-settings")
    dashboard.kill(query)
    dashboard.has_status(query, "killed")


def test_a_background_task_is_stopped(
    desk: Desk, claude: dict[str, str], scripted_api: ScriptedAPI
) -> None:
    notebook, dashboard = opened(desk, claude)
    query = "Watch the log."
    watch = {"command": "sleep 600", "description": "Watch the log", "run_in_background": True}
    scripted_api.scripts[query] = [
        Turn([ToolUse("Bash", watch)]),
        Turn([Text("I watch it.")]),
        Turn([Text("It was stopped.")]),
    ]
    dashboard.execute(query)
    dashboard.view(query)
    stop = dashboard.output.get_by_role("button", name="Stop background task", exact=True)
    expect(stop).to_be_visible(timeout=START_MS)
    pictured(notebook, "background-task")
    stop.click()
    dashboard.has_status(query, "completed")
    expect(dashboard.card("Background task")).to_contain_text("stopped")


def test_a_projects_mcp_file_is_confirmed_before_it_starts_anything(
    desk: Desk, claude: dict[str, str]
) -> None:
    notebook, dashboard = opened(desk, claude)
    server = Path(__file__).parents[1] / "mcp_server.py"
    config = {"mcpServers": {"greeter": {"command": sys.executable, "args": [str(server)]}}}
    path = folder_of(notebook) / ".mcp.json"
    path.write_text(json.dumps(config))
    dashboard.root.get_by_text("MCP files of the project and of yours").click()
    dashboard.button("Use").click()
    confirm = dashboard.root.get_by_role("group", name="Confirm MCP servers")
    expect(confirm).to_contain_text(str(server))
    pictured(notebook, "mcp-confirm")
    press(confirm, "Confirm and use")
    expect(dashboard.field("MCP config")).to_have_value(str(path))
    query = "SCENARIO:minute with servers"
    dashboard.execute(query)
    output = dashboard.view(query)
    output.get_by_text(re.compile("^Session: .*1 MCP server")).click(timeout=START_MS)
    servers = output.get_by_role("group", name="MCP servers")
    expect(servers).to_contain_text("connected", timeout=START_MS)
    servers.get_by_role("button", name="Reconnect").click()
    expect(servers.get_by_role("button", name="Reconnect")).to_be_visible()
    expect(servers).to_contain_text("connected")
    dashboard.kill(query)
    dashboard.has_status(query, "killed")

    changed = {"mcpServers": {"greeter": {"command": "/bin/false"}}}
    path.write_text(json.dumps(changed))
    dashboard.field("Query").fill("SCENARIO:hello changed")
    dashboard.button("Execute").click()
    expect(confirm).to_contain_text("/bin/false")
    press(confirm, "Confirm and execute")
    dashboard.has_status("SCENARIO:hello changed", "completed")


def test_a_follow_up_to_one_that_has_just_died_says_so_or_goes_on(
    desk: Desk, claude: dict[str, str]
) -> None:
    notebook, dashboard = opened(desk, claude)
    query = "SCENARIO:minute dies"
    dashboard.execute(query)
    output = dashboard.view(query)
    expect(output).to_contain_text("quick brown fox", timeout=START_MS)
    follow_up = 'SCENARIO:say {"text": "After its death."}'
    output.get_by_label("Follow-up", exact=True).fill(follow_up)
    # Until it is gone it is not dead: a prompt that is sent meanwhile still goes into its pipe.
    died = notebook.execute(
        "import psutil\ndead = psutil.Process(manager.get_active_executions()[0].info.pid)\n"
        "dead.kill()\ndead.wait()"
    )
    assert died == ""
    output.get_by_role("button", name="Send", exact=True).click()
    dashboard.has_status(query, "failed")
    gone_on = dashboard.row(follow_up)
    expect(gone_on.or_(output.get_by_role("alert")).first).to_be_visible(timeout=START_MS)
    assert notebook.uncaught() == []


@pytest.mark.fresh_page(reason="its Notification and visibilityState are replaced")
@pytest.mark.parametrize("state", ["hidden", "visible"])
def test_the_browser_tells_of_what_needs_an_answer_while_the_page_is_hidden(
    desk: Desk, claude: dict[str, str], state: str
) -> None:
    notebook, dashboard = opened(desk, claude)
    page = notebook.page
    page.evaluate(
        """(state) => {
          window.told = [];
          window.Notification = class {
            static permission = 'granted';
            static requestPermission = async () => 'granted';
            constructor(title, { body }) { window.told.push([title, body]); }
            close() {}
          };
          Object.defineProperty(document, 'visibilityState', { get: () => state });
        }""",
        state,
    )
    notify = dashboard.button("Notify me")
    if notify.get_attribute("aria-pressed") == "false":  # the browser remembers it
        notify.click()
    expect(notify).to_have_attribute("aria-pressed", "true")
    card = asked(dashboard, TOUCH)
    press(card, "Allow once")
    dashboard.has_status(TOUCH, "completed")
    told = [[TOUCH, "Needs your answer"], [TOUCH, "Completed"]] if state == "hidden" else []
    until(lambda: page.evaluate("window.told") == told, what="it is told")
    notify.click()
    expect(notify).to_have_attribute("aria-pressed", "false")
