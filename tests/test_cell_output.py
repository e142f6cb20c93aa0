"""What cells show of executions: live, then static; nothing of a view is left behind.

The rule: in this process what is displayed is recorded; what a notebook run without a page keeps of
it is looked at in a real kernel.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import comm
import nbformat
import pytest
from IPython.core.events import EventManager, available_events
from ipywidgets.widgets.widget import _instances

import claude_widget
from claude_widget.cells import output as cell_output
from claude_widget.cells.freeze import freeze_file
from claude_widget.cells.output import CellOutput, dashboard_of
from claude_widget.execution import Execution
from claude_widget.last_text import last_text
from claude_widget.manager import ProcessManager
from claude_widget.page.courier import COURIER, MESSAGES_PER_SECOND
from claude_widget.page.widget import ClaudeWidget, ExecutionView
from tests import fake
from tests.conftest import MakeManager
from tests.kernels import LEFT_OVER, executed, notebook_of, prepare
from tests.recording_comm import RecordingComm, comm_of
from tests.waiting import BOUND, until

VIEW = "application/vnd.jupyter.widget-view+json"
KEPT = {"text/plain", "text/markdown", "text/html"}
Test = Callable[..., None]
kernel = [
    pytest.mark.slow,  # a kernel takes seconds to start
    *LEFT_OVER,
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
]


def in_a_kernel(test: Test) -> Test:
    """Mark a test that starts a kernel."""
    for mark in kernel:
        test = mark(test)
    return test


class Page:
    """What was displayed: first outputs, and replacements with the time of each."""

    def __init__(self) -> None:
        self.shown: list[Any] = []
        self.replaced: list[tuple[float, dict[str, str]]] = []

    def display(self, value: Any, **how: Any) -> None:
        """Stand in for IPython's."""
        if how.get("update"):
            self.replaced.append((time.monotonic(), value))
        else:
            self.shown.append(value)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Iterator[Page]:
    """A page that records."""
    monkeypatch.setattr(comm, "create_comm", RecordingComm)
    recording = Page()
    monkeypatch.setattr(cell_output, "display", recording.display)
    monkeypatch.setattr(cell_output, "_CELLS", cell_output._Cells())
    yield recording
    for shown in recording.shown:
        shown.close()


@pytest.fixture
def cells(monkeypatch: pytest.MonkeyPatch) -> EventManager:
    """A shell that says when a cell begins and ends; it runs one."""
    shell: Any = SimpleNamespace(execution_count=1)
    events = shell.events = EventManager(shell, available_events)
    monkeypatch.setattr(cell_output, "get_ipython", lambda: shell)
    return events


def listeners(manager: ProcessManager) -> int:
    return len(manager._listeners._all)


def test_nothing_is_left_of_a_view_once_its_result_is_in_place(
    page: Page, manager: ProcessManager, project: Path
) -> None:
    before = len(COURIER._outlets), listeners(manager), set(_instances)
    executions = [manager.start_execution("fake:plain", project) for _ in range(20)]
    for execution in executions:
        CellOutput(manager, execution)
    until(lambda: len(page.replaced) == 20, what="every result is in place")
    until(
        lambda: (len(COURIER._outlets), listeners(manager), set(_instances)) == before,
        what="outlets, listeners and models are gone",
    )
    assert all("completed" in data["text/plain"] for _, data in page.replaced)
    assert not cell_output._LIVE


def test_one_that_ends_while_its_view_is_made_leaves_nothing(
    page: Page, manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(manager: ProcessManager, execution: Execution) -> ExecutionView:
        view = ExecutionView(manager, execution)
        execution.wait(BOUND)
        return view

    monkeypatch.setattr(cell_output, "ExecutionView", slow)
    before = len(COURIER._outlets), listeners(manager), set(_instances)
    CellOutput(manager, manager.start_execution("fake:plain", project))
    until(lambda: len(page.replaced) == 1, what="its result is in place")
    until(
        lambda: (len(COURIER._outlets), listeners(manager), set(_instances)) == before,
        what="outlets, listeners and models are gone",
    )


def test_many_that_end_at_once_take_turns(
    page: Page, manager: ProcessManager, project: Path
) -> None:
    executions = [fake.running(manager.start_execution("fake:long", project)) for _ in range(3)]
    for execution in executions * 5:
        CellOutput(manager, execution)
    for execution in executions:
        execution.kill()
    until(lambda: len(page.replaced) == 15, what="every result is in place")
    times = [when for when, _ in page.replaced]
    assert times[-1] - times[0] >= 0.9 * 14 / MESSAGES_PER_SECOND


def test_the_first_to_settle_does_it_and_the_comm_is_closed_after_it(
    page: Page, manager: ProcessManager, project: Path
) -> None:
    execution = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    output = CellOutput(manager, execution)
    (view,) = page.shown
    assert isinstance(view, ExecutionView)
    assert len(page.replaced) == 1
    assert view.comm is None
    assert not output.settle()
    assert len(page.replaced) == 1


def test_a_result_that_came_between_cells_is_said_again_in_the_next(
    page: Page, cells: EventManager, manager: ProcessManager, project: Path
) -> None:
    execution = fake.running(manager.start_execution("fake:long", project))
    CellOutput(manager, execution)
    cells.trigger("post_execute")
    execution.kill()
    until(lambda: page.replaced, what="the result is in place")
    for before in (1, 2):
        cells.trigger("pre_execute")
        assert len(page.replaced) == before
        cells.trigger("post_execute")
        assert len(page.replaced) == 2


def test_what_ends_while_its_cell_runs_is_replaced_at_the_cells_end(
    page: Page, cells: EventManager, manager: ProcessManager, project: Path
) -> None:
    execution = fake.running(manager.start_execution("fake:long", project))
    CellOutput(manager, execution)
    execution.kill()
    fake.ended(execution, "killed", "user")
    assert not page.replaced
    cells.trigger("post_execute")
    assert len(page.replaced) == 1


def test_a_killed_one_keeps_what_it_had_written(
    page: Page, manager: ProcessManager, project: Path
) -> None:
    execution = fake.running(manager.start_execution("fake:long", project))
    until(lambda: len(last_text(execution.run.transcript)) > 100, what="it has written something")
    CellOutput(manager, execution)
    execution.kill()
    until(lambda: page.replaced, what="the result is in place")
    (_, result) = page.replaced[0]
    said = last_text(execution.run.transcript)
    assert len(said) > 100
    for text in result.values():
        assert said[:1_000] in text.replace("\\", "")
        assert "roken off" in text


def test_a_page_that_was_reloaded_keeps_its_view(
    page: Page, manager: ProcessManager, project: Path
) -> None:
    execution = fake.running(manager.start_execution("fake:long", project))
    CellOutput(manager, execution)
    (view,) = page.shown
    assert not view.has_later_page
    view._handle_msg({"content": {"data": {"method": "request_state"}}, "buffers": []})
    assert view.has_later_page
    execution.kill()
    until(lambda: page.replaced, what="the result is in place")
    until(lambda: view.row.get("status") == "killed", what="the view goes on to the end")
    assert comm_of(view).updates()


def test_marimo_gets_the_one_widget_of_a_manager_and_of_an_execution(
    page: Page, manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution("fake:plain", project)
    claude_widget._set_viewers()
    for value in (manager, execution):
        shown = value._display_()
        assert isinstance(shown, (ClaudeWidget, ExecutionView))
        assert value._display_() is shown
        shown.close()
        another = value._display_()
        assert isinstance(another, (ClaudeWidget, ExecutionView))
        assert another is not shown
        another.close()


def test_a_manager_has_one_dashboard(page: Page, manager: ProcessManager) -> None:
    before = len(COURIER._outlets)
    for _ in range(3):
        cell_output.show(manager, manager)
    assert len(set(page.shown)) == 1
    assert isinstance(page.shown[0], ClaudeWidget)
    assert len(COURIER._outlets) == before + 1
    page.shown[0].close()
    assert dashboard_of(manager) is not page.shown[0]
    dashboard_of(manager).close()


@pytest.fixture
def in_kernel(
    project: Path, fake_cli: Path, make_manager: MakeManager, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., nbformat.NotebookNode]:
    """Runs cells without a page."""
    make_manager()  # nothing of what the kernel starts may be left
    prepare(fake_cli, monkeypatch)
    return lambda *cells: executed(notebook_of(cells), project)


def kinds(cell: nbformat.NotebookNode) -> list[set[str]]:
    return [set(output["data"]) for output in cell.outputs if "data" in output]


@in_a_kernel
def test_waiting_cells_keep_their_results(
    in_kernel: Callable[..., nbformat.NotebookNode], tmp_path: Path
) -> None:
    waiting = [f"%claude_exec --wait fake:says={n}" for n in range(5)]
    done = in_kernel("%load_ext claude_widget", *waiting)
    for number, cell in enumerate(done.cells[1:]):
        assert kinds(cell) == [KEPT]
        assert f"\n{number}" in cell.outputs[0]["data"]["text/plain"]
    path = tmp_path / "done.ipynb"
    nbformat.write(done, path)
    freeze_file(path)  # nbclient keeps the state of widgets that were closed
    assert "widgets" not in json.loads(path.read_text("utf-8"))["metadata"]


@in_a_kernel
def test_those_waited_for_in_a_later_cell_keep_theirs(
    in_kernel: Callable[..., nbformat.NotebookNode],
) -> None:
    loop = "for n in range(3):\n    r = %claude_exec fake:says={{ n }}\n    runs.append(r)"
    start = f"runs = []\n{loop}"
    wait = "for r in runs: r.wait()\nNone"  # some have ended by then, while no cell ran
    done = in_kernel("%load_ext claude_widget", start, wait)
    assert kinds(done.cells[1]) == [KEPT] * 3
    assert all("completed" in output["data"]["text/plain"] for output in done.cells[1].outputs)


@in_a_kernel
def test_a_dashboard_shown_first_is_frozen_with_what_came_after(
    in_kernel: Callable[..., nbformat.NotebookNode], tmp_path: Path
) -> None:
    done = in_kernel(
        "from claude_widget import ProcessManager\nmanager = ProcessManager()\nmanager",
        "manager",
        "runs = [manager.start_execution(f'fake:says={n}') for n in range(7)]",
        "for run in runs: run.wait()",
    )
    first = done.cells[0].outputs[0]
    assert "no executions yet" in first["data"]["text/plain"]
    shown = {cell.outputs[0]["data"][VIEW]["model_id"] for cell in done.cells[:2]}
    assert len(shown) == 1
    path = tmp_path / "done.ipynb"
    nbformat.write(done, path)
    assert freeze_file(path) == 2
    for cell in nbformat.read(path, 4).cells[:2]:
        text = cell.outputs[0]["data"]["text/plain"]
        assert VIEW not in cell.outputs[0]["data"]
        assert all(f"fake:says={n}" in text for n in range(7))
        assert text.count("completed") == 7


LARGE = "Look at {{ 'this and that, ' * 500 }}"


@in_a_kernel
@pytest.mark.parametrize("word", ["fake:long", "fake:deltas=2000"])
def test_a_notebook_grows_by_at_most_10_kb_for_each_view(
    in_kernel: Callable[..., nbformat.NotebookNode], word: str
) -> None:
    def size(count: int) -> int:
        wait = "" if word == "fake:long" else "--wait"
        starts = [f"%claude_exec {wait} {word} fake:says=done {LARGE}"] * count
        made = "from claude_widget import ProcessManager\nmanager = ProcessManager(None, None, 20)"
        done = in_kernel("%load_ext claude_widget", made, *starts)
        assert len(kinds(done.cells[-1])) == 1
        assert "widgets" in done.metadata  # their state is saved as well
        return len(nbformat.writes(done))

    few, many = size(2), size(8)
    assert (many - few) / 6 < 10 * 1024


@in_a_kernel
def test_without_a_page_a_cell_says_that_and_why_a_tool_was_denied(
    in_kernel: Callable[..., nbformat.NotebookNode],
) -> None:
    done = in_kernel("%load_ext claude_widget", "%claude_exec --wait fake:asks=Bash")
    (output,) = done.cells[1].outputs
    for text in (output["data"]["text/plain"], output["data"]["text/html"]):
        assert "completed (denied)" in text
        assert "Bash: Not permitted: there is no notebook page that could be asked" in text
