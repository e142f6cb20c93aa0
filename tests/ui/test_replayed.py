"""What was replayed, and what is stale by now: in its cell, in the list and in its pane.

The rule: the same cell is run three times, as a person would: recorded, replayed, and changed.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import expect

from tests.ui.conftest import Desk
from tests.ui.dashboard import START_MS, Dashboard

LOAD = """%load_ext claude_widget
from claude_widget import ProcessManager
manager = ProcessManager(mode="auto")
word = "one"
open("make.py", "w").write("open('made.txt', 'w').write('made')")"""
RUN = "%claude_exec --wait --name run fake:tools fake:script=make.py fake:says={{ word }}"
QUERY = "run: fake:tools fake:script=make.py fake:says=one"


def test_a_replayed_one_and_a_stale_one_are_told_in_words(desk: Desk, fake_cli: Path) -> None:
    notebook = desk.open(LOAD, RUN, "manager", env={"CLAUDE_WIDGET_CLI": str(fake_cli)})
    notebook.run(0)
    assert "replayed" not in notebook.run(1)
    notebook.execute("import os; os.remove('made.txt')")
    assert " s (replayed from a recording of 20" in notebook.run(1)
    expect(notebook.output(1)).to_contain_text("replayed from a recording of 20")
    notebook.screenshot("replayed-cell-light")
    notebook.run(2)
    dashboard = Dashboard(notebook.output(2)).ready()
    dashboard.has_status(QUERY, "completed")
    expect(dashboard.row(QUERY)).to_contain_text("replayed", timeout=START_MS)
    dashboard.row(QUERY).get_by_role("button", name="View", exact=True).click()
    expect(dashboard.output).to_contain_text("Replayed from a recording of 20")
    expect(dashboard.output).to_contain_text("as recorded")
    expect(dashboard.output).not_to_contain_text("Stale")
    dashboard.output.get_by_role("tab", name="Changes", exact=True).click()
    changes = dashboard.output.get_by_role("region", name="Changes", exact=True)
    expect(changes).to_contain_text("1 file changed, +1 −0")
    notebook.screenshot("replayed-changes-light")
    changes.get_by_role("button", name="Apply to project", exact=True).click()
    expect(changes).to_contain_text("The project has these changes")
    notebook.execute("word = 'two'")
    notebook.run(1)
    shown = Dashboard(notebook.output(2))
    expect(shown.row(QUERY)).to_contain_text("stale")
    expect(shown.output).to_contain_text("asks for something else by now")
    for theme in ("light", "dark"):
        notebook.theme(theme)
        notebook.screenshot(f"replayed-{theme}")
    notebook.page.set_viewport_size({"width": 760, "height": 900})
    shown.output.get_by_role("button", name="Re-run", exact=True).scroll_into_view_if_needed()
    notebook.screenshot("replayed-narrow")
    said = notebook.execute("print(*[one.differences for one in manager.stale()])")
    assert "it is 'fake:says=two', and was 'fake:says=one'" in said
