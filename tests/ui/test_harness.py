"""Proof of the harness itself, on a widget that has nothing to do with the package."""

from __future__ import annotations

import pytest

from tests.ui.conftest import Desk
from tests.ui.kept import KeptPage
from tests.ui.notebook import Notebook
from tests.ui.servers import App
from tests.waiting import until

COUNTER = '''
import anywidget, traitlets

class Counter(anywidget.AnyWidget):
    _esm = """
    export default { render({ model, el }) {
      const button = document.createElement('button');
      const draw = () => { button.textContent = `count ${model.get('count')}`; };
      button.onclick = () => { model.set('count', model.get('count') + 1); model.save_changes(); };
      model.on('change:count', draw);
      draw();
      el.append(button);
    } };
    """
    count = traitlets.Int(3).tag(sync=True)

counter = Counter()
counter
'''


def kernel_has_counted(notebook: Notebook) -> None:
    """A widget's messages may go to a thread of their own, which no cell waits for."""
    until(lambda: notebook.run(1) == "4\n", what="the kernel to hear of the click")


@pytest.mark.parametrize("app", ["lab", "notebook"])
def test_widget_lives_in_both_applications(desk: Desk, app: App) -> None:
    notebook = desk.open(COUNTER, "print(counter.count)", app=app)
    notebook.run(0)
    button = notebook.page.get_by_role("button", name="count 3")
    button.click()
    notebook.page.get_by_role("button", name="count 4").wait_for()
    kernel_has_counted(notebook)
    assert notebook.uncaught() == []


@pytest.mark.parametrize(("kernel", "version"), [("ipykernel73", "7.3"), ("ipykernel74", "7.4")])
def test_kernels_are_those_asked_for(desk: Desk, kernel: str, version: str) -> None:
    notebook = desk.open("import ipykernel; print(ipykernel.__version__)", kernel=kernel)
    assert notebook.run(0).startswith(version)


def test_kernel_world_is_private(desk: Desk) -> None:
    show = "import os; print({k: v for k, v in os.environ.items() if k.startswith(names)})"
    notebook = desk.open(
        "names = ('ANTHROPIC', 'CLAUDE')", show, env={"CLAUDE_WIDGET_CLI": "/nowhere"}
    )
    notebook.run(0)
    expected = {"CLAUDE_WIDGET_STATE_DIR": str(desk.state), "CLAUDE_WIDGET_CLI": "/nowhere"}
    seen = eval(notebook.run(1))
    assert seen == expected
    assert notebook.execute("print(os.environ['HOME'])") == f"{desk.home}\n"


def test_reload_restart_save_and_theme(desk: Desk) -> None:
    notebook = desk.open(COUNTER, "print(counter.count)")
    notebook.run(0)
    notebook.page.get_by_role("button", name="count 3").click()
    kernel_has_counted(notebook)
    notebook.save()
    assert "application/vnd.jupyter.widget-view+json" in str(notebook.saved().cells[0].outputs)
    notebook.reload()
    notebook.page.get_by_role("button", name="count 4").wait_for()
    notebook.theme("dark")
    assert notebook.screenshot("harness-dark").stat().st_size > 10_000
    notebook.restart_kernel()
    assert "NameError" in notebook.run(1)


def test_second_page_and_a_busy_cell(desk: Desk) -> None:
    notebook = desk.open(COUNTER, "import threading; gate = threading.Event(); gate.wait(300)")
    notebook.run(0)
    notebook.save()
    notebook.start(1)
    notebook.wait_kernel("connected busy")
    assert not notebook.ended(1)
    second = desk.view(notebook.path, kernel=False)
    second.wait_kernel("connected")
    second.interrupt_kernel()
    notebook.wait_cell(1)
    assert "KeyboardInterrupt" in notebook.text(1)


@pytest.mark.fresh_page(reason="it is kept here, and not after the test")
def test_a_page_is_kept_without_what_a_test_did_on_it(desk: Desk) -> None:
    notebook, kept = desk.open(COUNTER), KeptPage()
    kept.loaded(notebook.page)
    notebook.run(0)
    notebook.theme("dark")
    notebook.page.evaluate("window.left = 'by a test'")
    assert not kept.keep(notebook)
    assert kept.take(notebook.server) is None
    notebook.page.evaluate("delete window.left")
    assert kept.keep(notebook)
    page = kept.take(notebook.server)
    assert page is notebook.page
    assert page.locator(".jp-Notebook").count() == 0
    assert page.evaluate("document.body.dataset.jpThemeLight") == "true"
