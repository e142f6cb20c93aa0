"""What JupyterLab saves of live views when it is set to save the state of widgets.

The rule: the file is looked at as it lies on disk; the setting is JupyterLab's own.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.ui.conftest import Desk
from tests.ui.dashboard import START_MS, Dashboard
from tests.ui.notebook import Notebook

SAVE_STATE = {"@jupyter-widgets/jupyterlab-manager/plugin": {"saveState": True}}
START = "from claude_widget import ProcessManager\nmanager = ProcessManager(None, None, 20)"
VIEWS, MOST = 4, 10 * 1024
RUN = 'run = manager.start_execution("SCENARIO:minute " + "this and that, " * 500)'


def size(notebook: Notebook) -> int:
    notebook.save()
    return (notebook.server.work / notebook.path).stat().st_size


@pytest.mark.fresh_page(reason="settings are read when a page loads")
def test_each_view_adds_at_most_10_kb_with_the_state_of_widgets(
    desk: Desk, claude: dict[str, str]
) -> None:
    desk.server("lab").reset_settings(**SAVE_STATE)
    notebook = desk.open(START, RUN, *["run"] * (1 + VIEWS), env=claude)
    for index in (0, 1, 2):
        notebook.run(index)
    shown = Dashboard(notebook.output(2)).output
    expect(shown).to_contain_text("quick brown fox", timeout=START_MS)
    first = size(notebook)
    assert "widget-state" in str(notebook.saved().metadata)
    for index in range(3, 3 + VIEWS):
        notebook.run(index)
        expect(Dashboard(notebook.output(index)).output).to_contain_text("quick brown fox")
    assert (size(notebook) - first) / VIEWS < MOST
    notebook.execute("run.kill()")
