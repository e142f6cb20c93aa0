"""`%claude_exec` in cells of a real JupyterLab: live, waiting, static at the end, saved."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest
from playwright.sync_api import expect

from tests.scenarios import Text, Turn
from tests.scripted_api import ScriptedAPI
from tests.ui.conftest import Desk
from tests.ui.dashboard import START_MS, Dashboard, grows
from tests.ui.notebook import Notebook

LOAD = (
    "%load_ext claude_widget\nfrom claude_widget import ProcessManager\nmanager = ProcessManager()"
)
WIDGET = "application/vnd.jupyter.widget-view+json"
HELLO = "Hello from the scripted model."
MINUTE = "quick brown fox"


def opened(desk: Desk, claude: Mapping[str, str], *cells: str, **more: Any) -> Notebook:
    notebook = desk.open(LOAD, *cells, env=dict(claude), **more)
    assert notebook.run(0) == ""
    return notebook


def view(notebook: Notebook, index: int = 1) -> Dashboard:
    return Dashboard(notebook.output(index))


def is_static(notebook: Notebook, index: int) -> bool:
    """Whether the output of a cell is there and nothing in it is live."""
    kinds = [kind for output in notebook.outputs(index) for kind in output.get("data", {})]
    return bool(kinds) and WIDGET not in kinds


def test_cell_is_live_then_static(desk: Desk, claude: dict[str, str]) -> None:
    notebook = opened(desk, claude, "%claude_exec --name run SCENARIO:minute in a cell")
    notebook.run(1)
    output = view(notebook).output
    expect(output).to_contain_text(MINUTE, timeout=START_MS)
    grows(output)
    notebook.screenshot("cell-light")
    assert notebook.execute("print(run.status)") == "running\n"
    output.get_by_role("button", name="Kill", exact=True).click()
    static = notebook.output(1)
    expect(static).to_contain_text("killed (user)")
    expect(output).to_have_count(0)
    assert is_static(notebook, 1)
    notebook.save()
    assert WIDGET not in str(notebook.saved().cells[1].outputs)
    notebook.screenshot("cell-static-light")


def test_reloaded_page_shows_the_end(desk: Desk, claude: dict[str, str]) -> None:
    notebook = opened(desk, claude, "%claude_exec --name run SCENARIO:minute and a reload")
    notebook.run(1)
    expect(view(notebook).output).to_contain_text(MINUTE, timeout=START_MS)
    notebook.save()
    notebook.reload()
    expect(view(notebook).output).to_contain_text(MINUTE, timeout=START_MS)
    notebook.execute("%claude_kill run")
    notebook.execute("run.wait(20)")
    expect(view(notebook).output).to_be_visible()  # that page does not hear of the static result
    expect(notebook.output(1)).to_contain_text("killed")


@pytest.mark.parametrize("kernel", ["ipykernel73", "ipykernel74"])
def test_waiting_cell_updates_and_stop_stops_the_waiting_only(
    desk: Desk, claude: dict[str, str], kernel: str
) -> None:
    cell = "%claude_exec --wait --name run SCENARIO:minute waited for"
    notebook = opened(desk, claude, cell, kernel=kernel)
    notebook.start(1)
    output = view(notebook).output
    expect(output).to_contain_text(MINUTE, timeout=START_MS)
    grows(output)
    assert not notebook.ended(1)
    notebook.interrupt_kernel()
    notebook.wait_cell(1)
    assert "Stopped waiting" in notebook.text(1)
    assert notebook.execute("print(run.status)") == "running\n"
    grows(output)
    notebook.execute("%claude_kill run")
    expect(notebook.output(1)).to_contain_text("killed (user)")


def test_kill_reaches_a_waiting_cell(desk: Desk, claude: dict[str, str]) -> None:
    notebook = opened(desk, claude, "%claude_exec --wait SCENARIO:minute to be killed")
    notebook.start(1)
    output = view(notebook).output
    expect(output).to_contain_text(MINUTE, timeout=START_MS)
    output.get_by_role("button", name="Kill", exact=True).click()
    notebook.wait_cell(1)
    expect(notebook.output(1)).to_contain_text("killed (user)")


def test_three_at_once_in_a_loop(desk: Desk, claude: dict[str, str]) -> None:
    loop = 'for n in (1, 2, 3):\n    %claude_exec SCENARIO:say {"text": "Number {{ n }} here."}'
    notebook = opened(desk, claude, loop)
    notebook.run(1)
    for number in (1, 2, 3):
        said = notebook.output(1).get_by_text(f"Number {number} here.", exact=True)
        expect(said.first).to_be_visible(timeout=START_MS)


def test_undefined_name_starts_nothing(desk: Desk, claude: dict[str, str]) -> None:
    notebook = opened(desk, claude, "%claude_exec Say {{ nobody }}")
    assert "nobody" in notebook.run(1)
    assert notebook.execute("print(len(manager.get_all_executions()))") == "0\n"


def name_no_kernel(file: Path) -> None:
    """Take its language from a notebook: the server would choose another kernel by it."""
    notebook = nbformat.read(file, as_version=4)
    notebook.metadata = {"kernelspec": {"name": "gone", "display_name": "Gone"}}
    nbformat.write(notebook, file)


def test_saved_notebook_is_readable_without_a_kernel(desk: Desk, claude: dict[str, str]) -> None:
    notebook = opened(desk, claude, "%claude_exec --wait SCENARIO:hello saved", "manager")
    notebook.run(1)
    notebook.run(2)
    Dashboard(notebook.output(2)).ready()
    notebook.save()
    saved = notebook.server.work / notebook.path
    copy = saved.with_name("frozen.ipynb")
    shutil.copy(saved, copy)
    command = [sys.executable, "-m", "claude_widget.command_line", "freeze", str(copy)]
    subprocess.run(command, check=True, capture_output=True)
    notebook.server.end_kernels()
    name_no_kernel(copy)
    reopened = desk.view(f"{desk.folder}/{copy.name}", kernel=False)
    reopened.page.get_by_role("dialog").get_by_role("button", name="No Kernel").click()
    expect(reopened.page.get_by_role("button", name="No Kernel", exact=True)).to_be_visible()
    expect(reopened.output(1)).to_contain_text(HELLO)
    expect(reopened.output(2).get_by_role("table")).to_contain_text("SCENARIO:hello saved")
    expect(reopened.page.get_by_text("Loading widget")).to_have_count(0)
    reopened.screenshot("reopened-no-kernel")


def test_agent_text_never_becomes_markup(
    desk: Desk, claude: dict[str, str], scripted_api: ScriptedAPI
) -> None:
    attack = "<img src=x onerror='window.pwned=1'><script>window.pwned=1</script>"
    scripted_api.scripts["attack me"] = [Turn([Text(attack)])]
    notebook = opened(desk, claude, "%claude_exec --wait attack me", "manager")
    notebook.run(1)
    expect(notebook.output(1)).to_contain_text("<script>window.pwned=1</script>")
    notebook.run(2)
    dashboard = Dashboard(notebook.output(2)).ready()
    expect(dashboard.view("attack me")).to_contain_text("<img src=x onerror")
    assert notebook.page.evaluate("() => window.pwned") is None
    assert notebook.page.locator(".jp-Notebook img[src='x']").count() == 0
