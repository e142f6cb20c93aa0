"""A batch in a cell of JupyterLab: its bar, its failures, its table, and what is left at the end.

The rule: the fake CLI runs the rows; its gate is a file in the notebook's folder.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Locator, expect

from tests.ui.asking import press
from tests.ui.axe import findings
from tests.ui.conftest import Desk
from tests.ui.dashboard import START_MS
from tests.ui.kept import VIEWPORT
from tests.ui.notebook import Notebook
from tests.ui.test_cells import WIDGET, is_static

MANAGER = """
from claude_widget import ProcessManager
manager = ProcessManager(max_concurrency=11)
"""
BATCH = """
ways = ["fake:says=Nothing_to_do"] * 19 + ["fake:crash", "fake:asks=Bash"] + ["fake:gate=open"] * 9
files = [f"src/package/module_{number}.py" for number in range(30)]
table = [{"path": path, "way": way} for path, way in zip(files, ways)]
batch = manager.map("Review {{ path }}. {{ way }}", table, name="review", budget_usd=5)
batch
"""


class BatchCell:
    """The view of a batch in the output of a cell."""

    def __init__(self, notebook: Notebook, index: int) -> None:
        self.root = notebook.output(index)
        self.page = notebook.page
        self.bar = self.root.get_by_role("progressbar", name="Rows that have ended")
        self.table = self.root.get_by_role("grid", name="Rows", exact=True)
        self.output = self.root.get_by_role("region", name="Output", exact=True)

    def row(self, number: int) -> Locator:
        """A row by its number, once it is in the page."""
        return self.table.get_by_role("row", name=f"Row {number}", exact=True)

    def press(self, name: str) -> None:
        """Press a button of it."""
        self.root.get_by_role("button", name=name, exact=True).click()

    def answer(self, name: str) -> None:
        """Press the button of the question."""
        self.page.get_by_role("dialog").get_by_role("button", name=name, exact=True).click()


def test_a_batch_is_watched_retried_and_static_once_it_is_over(desk: Desk, fake_cli: Path) -> None:
    notebook = desk.open(MANAGER, BATCH, env={"CLAUDE_WIDGET_CLI": str(fake_cli)})
    assert notebook.run(0) == ""
    notebook.run(1)
    cell = BatchCell(notebook, 1)
    expect(cell.bar).to_have_attribute("aria-valuenow", "20", timeout=START_MS)
    asking = cell.root.locator(".cw-batch-asking")
    expect(asking).to_contain_text("1 row asks for an answer")
    notebook.screenshot("batch-light")
    assert findings(notebook.page, ".claude-widget-batch") == []
    cell.row(1).click()
    expect(cell.output).to_contain_text("Nothing_to_do", timeout=START_MS)
    notebook.screenshot("batch-opened-light")
    rows_open(cell)
    cell.press("Open it")
    press(cell.output, "Allow once")
    expect(asking).to_have_count(0)
    cell.row(0).click()
    cell.row(0).click()  # it was open
    retried(cell)
    pictures(notebook, cell)
    cell.row(0).click()
    notebook.execute("open('open', 'w').close()")
    expect(cell.bar).to_have_attribute("aria-valuenow", "30", timeout=START_MS)
    expect(cell.output).to_contain_text("Nothing_to_do")
    cell.row(0).click()  # what a reader has open stays until it is closed
    expect(notebook.output(1)).to_contain_text("30 of 30 rows: 29 completed", timeout=START_MS)
    assert is_static(notebook, 1)
    notebook.screenshot("batch-static-light")
    notebook.save()
    kept = str(notebook.saved().cells[1].outputs)
    assert WIDGET not in kept
    assert "Nothing_to_do" in kept
    assert notebook.uncaught() == []


def rows_open(cell: BatchCell) -> None:
    """By keys and by the mouse; what is far down is drawn once somebody goes there."""
    expect(cell.row(29)).to_have_count(0)
    cell.row(0).click()
    expect(cell.output).to_contain_text("Nothing_to_do", timeout=START_MS)
    cell.page.keyboard.press("End")
    expect(cell.row(29)).to_be_focused()
    cell.page.keyboard.press("Home")
    expect(cell.row(0)).to_be_focused()
    cell.page.keyboard.press("Enter")  # it was open
    expect(cell.output).to_have_count(0)


def retried(cell: BatchCell) -> None:
    """A click on a reason shows its rows; the question starts them once more."""
    cell.press("1 failed (crashed)")
    expect(cell.table.get_by_role("row")).to_have_count(2)
    expect(cell.row(19)).to_contain_text("src/package/module_19.py")
    cell.press("Retry failed…")
    cell.answer("Retry failed")
    expect(cell.row(19)).to_contain_text("attempt 2", timeout=START_MS)
    cell.root.get_by_role("button", name="All 30").click()
    expect(cell.row(0)).to_be_visible()


def pictures(notebook: Notebook, cell: BatchCell) -> None:
    """In the dark, and in little room."""
    notebook.theme("dark")
    notebook.screenshot("batch-dark")
    notebook.page.set_viewport_size({"width": 620, "height": 900})
    cell.bar.scroll_into_view_if_needed()
    notebook.screenshot("batch-narrow-dark")
    notebook.theme("light")
    notebook.page.set_viewport_size(VIEWPORT)
