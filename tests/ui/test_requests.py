"""What executions ask, answered on the page: JupyterLab, the real CLI, the scripted API."""

from __future__ import annotations

import json
import re
from typing import Any

from playwright.sync_api import expect

from tests.scenarios import Text, ToolUse, Turn
from tests.scripted_api import ScriptedAPI
from tests.ui.asking import PERMISSION, TOUCH, asked, folder_of, pictured, press
from tests.ui.conftest import Desk
from tests.ui.dashboard import START_MS
from tests.ui.test_dashboard import opened, shown


def test_a_permission_is_allowed_on_the_page(desk: Desk, claude: dict[str, str]) -> None:
    notebook, dashboard = opened(desk, claude)
    card = asked(dashboard, TOUCH)
    expect(card).to_contain_text("touch mark.txt")
    expect(dashboard.root.get_by_text("1 execution needs you")).to_be_visible()
    notebook.page.wait_for_function("document.title.startsWith('(1) ')")
    expect(card.get_by_role("button", name="Allow once", exact=True)).not_to_be_focused()
    pictured(notebook, "permission")
    mark = folder_of(notebook) / "mark.txt"
    assert not mark.exists(), "nobody has allowed it yet"
    press(card, "Allow once")
    dashboard.has_status(TOUCH, "completed")
    expect(dashboard.output).to_contain_text("It ran.")
    expect(card).to_have_text("Allowed Bash")
    assert mark.exists()
    notebook.page.wait_for_function("!document.title.startsWith('(')")
    assert notebook.uncaught() == []


def test_no_stray_key_answers_and_a_reload_keeps_it_open(
    desk: Desk, claude: dict[str, str]
) -> None:
    notebook, dashboard = opened(desk, claude)
    dashboard.execute(TOUCH)
    dashboard.view(TOUCH)
    for _ in range(40):
        notebook.page.keyboard.press("Enter")
        notebook.page.keyboard.press("Space")
    expect(dashboard.card(PERMISSION)).to_be_visible(timeout=START_MS)
    for _ in range(10):
        notebook.page.keyboard.press("Enter")
        notebook.page.keyboard.press("Space")
    expect(dashboard.card(PERMISSION)).to_contain_text("Needs you")
    notebook.save()
    notebook.reload()
    dashboard = shown(notebook)
    dashboard.view(TOUCH)
    press(dashboard.card(PERMISSION), "Allow once")
    dashboard.has_status(TOUCH, "completed")


def test_the_first_of_two_pages_wins_and_the_other_says_so(
    desk: Desk, claude: dict[str, str]
) -> None:
    notebook, dashboard = opened(desk, claude)
    card = asked(dashboard, TOUCH)
    notebook.save()
    second = desk.view(notebook.path)
    other = shown(second)
    other.view(TOUCH)
    line = other.card(PERMISSION).get_by_label("Message with Deny", exact=True)
    line.fill("Rather not")
    press(card, "Allow once")
    expect(other.card(PERMISSION)).to_contain_text("Answered elsewhere: Allowed Bash")
    expect(other.card(PERMISSION)).to_be_focused()
    other.has_status(TOUCH, "completed")
    assert second.uncaught() == []


def test_an_edit_is_shown_as_a_change_and_denied_with_a_message(
    desk: Desk, claude: dict[str, str], scripted_api: ScriptedAPI
) -> None:
    notebook, dashboard = opened(desk, claude)
    path = folder_of(notebook) / "greet.py"
    path.write_text('def greet():\n    return "Hello"\n')
    query = "Make greet() greet by name."
    edit = {"file_path": str(path), "old_string": '"Hello"', "new_string": 'f"Hello, {name}"'}
    scripted_api.scripts[query] = [
        Turn([ToolUse("Read", {"file_path": str(path)})]),
        Turn([ToolUse("Edit", edit)]),
        Turn([Text("Then I leave it.")]),
    ]
    card = asked(dashboard, query, "Permission for Edit")
    expect(card).to_contain_text("greet.py")
    expect(card).to_contain_text('f"Hello, {name}"')
    pictured(notebook, "permission-edit")
    card.get_by_label("Message with Deny", exact=True).fill("Keep the plain greeting.")
    press(card, "Deny")
    dashboard.has_status(query, "completed")
    expect(card).to_contain_text("Denied Edit")
    expect(card).to_contain_text("Keep the plain greeting.")
    assert "Keep the plain greeting." in json.dumps(scripted_api.messages[-1].body)
    assert '"Hello"' in path.read_text()


def test_always_is_what_the_user_picks_of_the_suggestions(
    desk: Desk, claude: dict[str, str], scripted_api: ScriptedAPI
) -> None:
    notebook, dashboard = opened(desk, claude)
    query = "Make a mark twice."
    touch = ToolUse("Bash", {"command": "touch mark.txt", "description": "Make a mark"})
    scripted_api.scripts[query] = [Turn([touch]), Turn([touch]), Turn([Text("Both are made.")])]
    card = asked(dashboard, query)
    press(card, "Always allow…")
    boxes = card.get_by_role("checkbox")
    expect(boxes.first).to_be_visible()
    expect(card.get_by_role("checkbox", checked=True)).to_have_count(0)
    card.get_by_label("Always allow Bash(touch mark.txt)").check()
    pictured(notebook, "permission-always")
    press(card, "Allow and remember")
    dashboard.has_status(query, "completed")
    settings = folder_of(notebook) / ".claude" / "settings.local.json"
    assert "Bash(touch mark.txt)" in settings.read_text()
    expect(card).to_contain_text("Always allow Bash(touch mark.txt)")


def test_a_command_is_changed_before_it_is_allowed(desk: Desk, claude: dict[str, str]) -> None:
    notebook, dashboard = opened(desk, claude)
    card = asked(dashboard, TOUCH)
    press(card, "Edit input…")
    card.get_by_label("Command", exact=True).fill("touch other.txt")
    press(card, "Allow with this input")
    dashboard.has_status(TOUCH, "completed")
    folder = folder_of(notebook)
    assert (folder / "other.txt").exists()
    assert not (folder / "mark.txt").exists()
    expect(card).to_contain_text("with changed input")


def test_an_interrupt_takes_the_request_back(desk: Desk, claude: dict[str, str]) -> None:
    _, dashboard = opened(desk, claude)
    card = asked(dashboard, TOUCH)
    dashboard.output.get_by_role("button", name="Interrupt", exact=True).click()
    expect(card).to_have_text("Taken back by the CLI: Bash", timeout=START_MS)
    dashboard.has_status(TOUCH, "completed")


def test_questions_are_answered_by_choice_and_in_own_words(
    desk: Desk, claude: dict[str, str], scripted_api: ScriptedAPI
) -> None:
    notebook, dashboard = opened(desk, claude)
    colour = {
        "question": "Which colour should the button have?",
        "header": "Colour",
        "multiSelect": False,
        "options": [
            {"label": "Green", "description": "Go"},
            {"label": "Red", "description": "Stop"},
        ],
    }
    sizes = {**colour, "question": "Which of them are needed?", "multiSelect": True}
    words = {**colour, "question": "What should it say?"}
    query = "Design a button with me."
    scripted_api.scripts[query] = [
        Turn([ToolUse("AskUserQuestion", {"questions": [colour, sizes, words]})]),
        Turn([Text("A fine button.")]),
    ]
    card = asked(dashboard, query, "Questions for you")
    first, second, third = (card.get_by_role("group").nth(index) for index in range(3))
    first.get_by_role("radio", name="Green").check()
    for name in ("Green", "Red"):
        second.get_by_role("checkbox", name=re.compile(name)).check()
    third.get_by_label("Other, in your own words").fill("Keep it safe")
    pictured(notebook, "questions")
    press(card, "Answer")
    dashboard.has_status(query, "completed")
    expect(card).to_contain_text("Keep it safe")
    sent = json.dumps(scripted_api.messages[-1].body)
    for answer in ("Green", "Green, Red", "Keep it safe"):
        assert f'=\\"{answer}\\"' in sent.replace('\\\\"', '\\"')


class Planning(list[Turn]):
    """A plan is written into the file that the CLI names, which is known as soon as it asks."""

    def __init__(self, api: ScriptedAPI, plan: str) -> None:
        super().__init__(
            [
                Turn([ToolUse("Bash", {"command": "ls", "description": "Look around"})]),
                Turn([Text("(the plan is written)")]),
                Turn([ToolUse("ExitPlanMode", {})]),
                Turn([ToolUse("ExitPlanMode", {})]),
                Turn([Text("I begin now.")]),
            ]
        )
        self._api, self._plan = api, plan

    def __getitem__(self, number: Any) -> Any:
        if number != 1:
            return super().__getitem__(number)
        bodies = json.dumps([message.body for message in self._api.messages])
        found = re.search(r'[^"\s\\`]*plans/[a-z-]+\.md', bodies)
        assert found, "the CLI names the file of the plan"
        return Turn([ToolUse("Write", {"file_path": found[0], "content": self._plan})])


def test_a_plan_is_sent_back_and_then_approved(
    desk: Desk, claude: dict[str, str], scripted_api: ScriptedAPI
) -> None:
    notebook, dashboard = opened(desk, claude)
    query = "Plan how to greet by name."
    plan = "# Greet by name\n\n1. Give `greet` a parameter.\n2. Run the tests.\n"
    scripted_api.scripts[query] = Planning(scripted_api, plan)
    dashboard.root.get_by_text("More options", exact=True).click()
    dashboard.field("Permission mode").select_option("plan")
    dashboard.execute(query)
    dashboard.view(query)
    card = dashboard.card("Plan to approve")
    expect(card).to_contain_text("Give greet a parameter.", timeout=START_MS)
    pictured(notebook, "plan")
    card.get_by_label("Message with Keep planning", exact=True).fill("Leave the tests out.")
    press(card.first, "Keep planning")
    expect(card.first).to_contain_text("Not approved the plan")
    expect(card).to_have_count(2, timeout=START_MS)
    assert "Leave the tests out." in json.dumps(scripted_api.messages[-1].body)
    press(card.last, "Approve")
    dashboard.has_status(query, "completed")
    expect(card.last).to_contain_text("Approved the plan")
