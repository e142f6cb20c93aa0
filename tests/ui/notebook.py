"""One open notebook, in JupyterLab or Notebook 7, as a test handles it.

The rule: cells are run, read and saved through the application's own objects (`window.jupyterapp`),
never by clicks on Jupyter's interface, which changes; what is clicked is ours. Every wait is for a
state and bounded.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import ConsoleMessage, Error, Locator, Page
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from scripts.paths import RESULTS
from tests.ui.servers import JupyterServer
from tests.waiting import BOUND

LOAD_MS = 90_000
KERNEL_MS = 90_000
CELL = 150.0
"""Seconds in which a cell ends that waits for a few executions, each of which may start slowly."""
CURRENT = "window.jupyterapp.shell.currentWidget"
THEMES = {
    "light": "JupyterLab Light",
    "dark": "JupyterLab Dark",
    "contrast": "JupyterLab Dark High Contrast",
}
OPEN = """async (path) => {
  const { commands, serviceManager, shell } = window.jupyterapp;
  await serviceManager.kernelspecs.refreshSpecs();
  const opened = await commands.execute('docmanager:open', { path, factory: 'Notebook' });
  for (const other of [...shell.widgets('main')]) if (other !== opened) other.dispose();
}"""
"""Leaves the notebook alone on the page, as it is when its address is loaded."""
OPENED = f"""(path) => !!window.jupyterapp?.shell
  && {CURRENT}?.context?.path === path && !!{CURRENT}.content?.widgets?.length"""
KERNEL_STATUS = f"""() => {{
  const kernel = {CURRENT}?.sessionContext?.session?.kernel;
  return kernel ? `${{kernel.connectionStatus}} ${{kernel.status}}` : 'none';
}}"""
RUN = f"""(index) => {{
  const notebook = {CURRENT}.content;
  notebook.activeCellIndex = index;
  notebook.deselectAll();
  window.cellRuns ??= {{}};
  window.cellRuns[index] = '';
  window.jupyterapp.commands.execute('notebook:run-cell').then(
    () => {{ window.cellRuns[index] = 'ended'; }},
    (error) => {{ window.cellRuns[index] = `failed: ${{error}}`; }},
  );
}}"""
OUTPUTS = f"(index) => {CURRENT}.content.widgets[index].model.sharedModel.getOutputs()"
ADD_CELL = f"""(source) => {{
  const {{ sharedModel }} = {CURRENT}.content.model;
  sharedModel.insertCell(sharedModel.cells.length, {{ cell_type: 'code', source }});
  return sharedModel.cells.length - 1;
}}"""
SCROLL = f"(index) => {CURRENT}.content.scrollToItem(index, 'start')"


class Notebook:
    """A page with a notebook open.

    Attributes:
        page: Playwright's page.
        console: what the page printed, as "type: text", with uncaught errors as "pageerror: ...".
    """

    def __init__(self, page: Page, server: JupyterServer, path: str) -> None:
        self.page, self.server, self.path = page, server, path
        self.console: list[str] = []
        page.set_default_timeout(BOUND * 1000)
        page.on("console", self._printed)
        page.on("pageerror", self._raised)

    def _printed(self, message: ConsoleMessage) -> None:
        self.console.append(f"{message.type}: {message.text}")

    def _raised(self, error: Error) -> None:
        self.console.append(f"pageerror: {error.stack or error}")

    # -- the page ------------------------------------------------------------------------------

    def open(self, *, kernel: bool = True, loaded: bool = False) -> Notebook:
        """Load the page; wait for its kernel to be idle unless it has none.

        A kernel that starts slowly can miss the page's one question for its state, which then stays
        unknown for ever: the page is loaded once more.

        Args:
            kernel: it has one.
            loaded: the page shows JupyterLab already, and opens the notebook in it.
        """
        wanted, url = "connected idle" if kernel else "", self.server.page_url(self.path)
        if loaded:
            self.page.evaluate(f"(path) => void ({OPEN})(path)", self.path)
        else:
            self.page.goto(url, timeout=LOAD_MS)
        try:
            self._loaded(kernel=wanted)
        except PlaywrightTimeout:
            self.console.append(f"harness: loaded again, the kernel was {self.kernel_status()}")
            self.page.goto(url, timeout=LOAD_MS)
            self._loaded(kernel=wanted)
        return self

    def leave(self) -> None:
        """Hear no more of the page, which another notebook is opened on."""
        self.page.remove_listener("console", self._printed)
        self.page.remove_listener("pageerror", self._raised)

    def reload(self, *, kernel: str = "connected") -> None:
        """Load the page again; by default the kernel may be busy."""
        self.page.reload(timeout=LOAD_MS)
        self._loaded(kernel=kernel)

    def _loaded(self, *, kernel: str) -> None:
        self.page.wait_for_function(OPENED, arg=self.path, timeout=LOAD_MS)
        if kernel:
            self.wait_kernel(kernel)

    def theme(self, name: str) -> None:
        """Switch to one of `THEMES` and wait until the page is drawn in it."""
        self.command("apputils:change-theme", {"theme": THEMES[name]})
        self.page.wait_for_function(
            "(light) => document.body.dataset.jpThemeLight === light",
            arg="true" if name == "light" else "false",
        )
        self.page.wait_for_load_state("networkidle")

    def screenshot(self, name: str) -> Path:
        """A picture of the page below test-results/ui."""
        path = RESULTS / "ui" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=path, animations="disabled")
        return path

    def uncaught(self) -> list[str]:
        """Errors of a widget's own code (it runs from a blob: URL) that nothing caught."""
        return [line for line in self.console if line.startswith("pageerror") and "blob:" in line]

    # -- the application -----------------------------------------------------------------------

    def command(self, name: str, args: dict[str, Any] | None = None) -> None:
        """Execute one of the application's commands and wait for it."""
        script = "([name, args]) => window.jupyterapp.commands.execute(name, args).then(() => null)"
        self.page.evaluate(script, [name, args or {}])

    def save(self) -> None:
        """Save the file and wait until it is saved."""
        self.command("docmanager:save")
        self.page.wait_for_function(f"() => !{CURRENT}.context.model.dirty")

    def saved(self) -> Any:
        """The file as it lies on disk."""
        return nbformat.read(self.server.work / self.path, as_version=4)

    # -- the kernel ----------------------------------------------------------------------------

    def kernel_status(self) -> str:
        """Connection and status, such as "connected idle"; "none" without a kernel."""
        return str(self.page.evaluate(KERNEL_STATUS))

    def wait_kernel(self, beginning: str) -> None:
        """Wait until `kernel_status` begins so."""
        script = f"(beginning) => ({KERNEL_STATUS})().startsWith(beginning)"
        self.page.wait_for_function(script, arg=beginning, timeout=KERNEL_MS)

    def restart_kernel(self) -> None:
        """Restart the kernel and wait until it is idle."""
        self.page.evaluate(f"() => {CURRENT}.sessionContext.restartKernel().then(() => null)")
        self.wait_kernel("connected idle")

    def interrupt_kernel(self) -> None:
        """What the Stop button does."""
        self.page.evaluate(f"() => {CURRENT}.sessionContext.session.kernel.interrupt()")

    # -- cells ---------------------------------------------------------------------------------

    def start(self, index: int) -> None:
        """Run a cell and return at once."""
        self.page.evaluate(RUN, index)

    def wait_cell(self, index: int, *, timeout: float = CELL) -> None:
        """Wait until a started cell has ended."""
        script = "(index) => !!window.cellRuns[index]"
        self.page.wait_for_function(script, arg=index, timeout=timeout * 1000)
        assert self.page.evaluate("(index) => window.cellRuns[index]", index) == "ended"

    def ended(self, index: int) -> bool:
        """Whether a started cell has ended."""
        return bool(self.page.evaluate("(index) => !!window.cellRuns[index]", index))

    def run(self, index: int, *, timeout: float = CELL) -> str:
        """Run a cell, wait for its end, and return its text."""
        self.start(index)
        self.wait_cell(index, timeout=timeout)
        return self.text(index)

    def execute(self, code: str, *, timeout: float = CELL) -> str:
        """Add a cell at the end, run it, and return its text."""
        return self.run(self.add_cell(code), timeout=timeout)

    def add_cell(self, code: str) -> int:
        """Add a code cell at the end, and return its index."""
        return int(self.page.evaluate(ADD_CELL, code))

    def outputs(self, index: int) -> list[dict[str, Any]]:
        """The outputs of a cell out of the notebook's model, whether they are drawn or not."""
        return list(self.page.evaluate(OUTPUTS, index))

    def text(self, index: int) -> str:
        """The outputs of a cell as text, errors included."""
        return "".join(_text(output) for output in self.outputs(index))

    def output(self, index: int) -> Locator:
        """The outputs of a cell, scrolled to: Jupyter takes far cells off the page."""
        self.page.evaluate(SCROLL, index)
        cell = self.page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')
        return cell.locator(".jp-Cell-outputArea")


def _text(output: dict[str, Any]) -> str:
    if "ename" in output:
        return f"{output['ename']}: {output['evalue']}"
    found = output.get("text", output.get("data", {}).get("text/plain", ""))
    return "".join(found) if isinstance(found, list) else str(found)
