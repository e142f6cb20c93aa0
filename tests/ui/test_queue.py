"""The queue's controls in JupyterLab: pause, hold, move, resume, and drafts in one session.

The rule: the fake CLI runs what is started; its gate is a file in the notebook's folder.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.ui.conftest import Desk
from tests.ui.dashboard import START_MS, Dashboard
from tests.ui.notebook import Notebook
from tests.ui.test_dashboard import MANAGER, SHOW, shown

LIMIT = """import time
from claude_widget.protocol.queue import QueuePause

class Limit:
    at = time.time() + 1018  # it says 16 minutes for most of one
    said = "429 You have reached your limit of tokens a minute; it is reset at 10:04 (UTC)."

    def pause(self):
        if self.at is None:
            return None
        told = "New executions start by themselves after the reset."
        return QueuePause(kind="rate_limit", until=self.at, said=self.said, what_to_do=told)

    def resume(self):
        self.at = None

manager.queue.pauses = Limit()
manager.queue.changed()"""


def opened(desk: Desk, fake_cli: Path, *, at_once: int) -> tuple[Notebook, Dashboard]:
    cells = (MANAGER.format(at_once), SHOW)
    notebook = desk.open(*cells, env={"CLAUDE_WIDGET_CLI": str(fake_cli)})
    assert notebook.run(0) == ""
    notebook.run(1)
    return notebook, shown(notebook)


def pictures(notebook: Notebook, dashboard: Dashboard, name: str) -> None:
    for theme in ("light", "dark"):
        notebook.theme(theme)
        dashboard.root.scroll_into_view_if_needed()
        notebook.screenshot(f"{name}-{theme}")
    notebook.page.set_viewport_size({"width": 700, "height": 900})
    notebook.screenshot(f"{name}-narrow")
    notebook.page.set_viewport_size({"width": 1280, "height": 900})


def press(place: Locator, name: str) -> None:
    place.get_by_role("button", name=name, exact=True).click()


def test_a_queue_is_paused_reordered_held_and_resumed(desk: Desk, fake_cli: Path) -> None:
    notebook, dashboard = opened(desk, fake_cli, at_once=1)
    bar = dashboard.root.get_by_role("region", name="Queue", exact=True)
    dashboard.execute("fake:gate first")
    expect(bar).to_contain_text("0 waiting · 1 of 1 running")
    press(bar, "Pause")
    expect(bar).to_contain_text("Paused")
    for number in (1, 2, 3):
        dashboard.execute(f"fake:plain number {number}")
    notebook.execute("open('go', 'w').close()")
    dashboard.has_status("fake:gate first", "completed")
    third = dashboard.row("fake:plain number 3")
    expect(third).to_contain_text("#3 in the queue")
    press(third, "Move up")
    expect(third).to_contain_text("#2 in the queue")
    dashboard.executions.get_by_label("Order").select_option("queue")
    third.focus()
    notebook.page.keyboard.press("f")
    expect(third).to_contain_text("#1 in the queue")
    expect(dashboard.rows().first).to_have_accessible_name("fake:plain number 3")
    expect(third).to_be_focused()
    press(third, "To the back")
    expect(third).to_contain_text("#3 in the queue")
    expect(third.get_by_role("button", name="To the back")).to_be_focused()
    press(third, "To the front")
    press(dashboard.row("fake:plain number 1"), "Hold")
    expect(bar).to_contain_text("2 waiting · 1 on hold · 0 of 1 running")
    pictures(notebook, dashboard, "queue-paused")
    press(bar, "Resume")
    for query in ("fake:plain number 3", "fake:plain number 2"):
        dashboard.has_status(query, "completed")
    notebook.execute(LIMIT)
    expect(bar).to_contain_text("Rate limit: starts again in 16:")
    pictures(notebook, dashboard, "queue-limit")
    press(bar, "Start anyway")
    expect(bar).not_to_contain_text("Rate limit")
    press(dashboard.row("fake:plain number 1"), "Release")
    dashboard.has_status("fake:plain number 1", "completed")
    expect(bar).to_have_count(0)


def test_what_a_restarted_kernel_has_left_is_held_and_starts_with_one_click(
    desk: Desk, fake_cli: Path
) -> None:
    notebook, dashboard = opened(desk, fake_cli, at_once=2)
    notebook.execute("manager.pause_queue()")
    for name in ("first", "second", "third"):
        dashboard.execute(f"fake:plain {name}")
    press(dashboard.row("fake:plain third"), "Hold")
    expect(dashboard.row("fake:plain third")).to_contain_text("on hold")
    notebook.restart_kernel()
    assert notebook.run(0) == ""
    notebook.run(1)
    dashboard = shown(notebook)
    bar = dashboard.root.get_by_role("region", name="Queue", exact=True)
    expect(bar).to_contain_text("3 executions left by an earlier kernel")
    expect(dashboard.row("fake:plain first")).to_contain_text("held: its kernel is gone")
    expect(dashboard.row("fake:plain third")).to_contain_text("on hold; its kernel is gone")
    pictures(notebook, dashboard, "queue-left")
    assert notebook.execute("print(len(manager.queue))") == "0\n", "nothing starts by itself"
    press(bar, "Resume those left by an earlier kernel")
    for query in ("fake:plain first", "fake:plain second"):
        dashboard.has_status(query, "completed")
    press(dashboard.row("fake:plain third"), "Release")
    dashboard.has_status("fake:plain third", "completed")
    expect(bar).to_have_count(0)
    count = "print(len(manager.get_all_executions()))"
    assert notebook.execute(count) == "3\n", "none was started twice"


def test_drafts_are_executed_one_after_another_in_one_session(desk: Desk, fake_cli: Path) -> None:
    notebook, dashboard = opened(desk, fake_cli, at_once=3)
    for query in ("fake:gate plan", "fake:plain write", "fake:plain review"):
        dashboard.draft(query)
    order = dashboard.root.get_by_label("Execute All starts them")
    order.select_option("one after another, in one session")
    pictures(notebook, dashboard, "queue-drafts")
    dashboard.button("Execute All").click()
    expect(dashboard.row("fake:plain review")).to_contain_text("#2 in the queue")
    dashboard.has_status("fake:gate plan", "running")
    notebook.execute("open('go', 'w').close()")
    dashboard.has_status("fake:plain review", "completed", timeout=START_MS / 1000)
    sessions = "print(len({one.info.session_id for one in manager.get_all_executions()}))"
    assert notebook.execute(sessions) == "1\n"
