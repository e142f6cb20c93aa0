"""JupyterLab's page, kept from one test to the next: it takes seconds to load, a notebook does not.

The rule: a page is kept only after a test that went well, and only if nothing of that test is left
on it: no document, no dialog, no error, no other theme, nothing on `window`. In any doubt it is
closed, and the next test loads another. What a test changes beyond that (JavaScript's or the
browser's own objects) is not looked for: such a test has the marker `fresh_page`.
"""

from __future__ import annotations

from playwright.sync_api import Error, Page, ViewportSize

from tests.ui.notebook import Notebook
from tests.ui.servers import JupyterServer

VIEWPORT: ViewportSize = {"width": 1280, "height": 900}
GLOBALS = "() => Object.keys(window)"
CLEAR = """() => {
  for (const widget of [...window.jupyterapp.shell.widgets('main')]) {
    if (widget.title.label !== 'Launcher') widget.dispose();
  }
  for (const style of document.querySelectorAll('style[id^="claude-widget-"]')) style.remove();
  delete window.__claudeWidget;
  delete window.cellRuns;
  sessionStorage.clear();
}"""
"""Disposed of and not closed: nobody is asked whether to save. JupyterLab then shows its launcher.
The next kernel is asked for the front end anew, as on a page that was just loaded."""
IS_CLEAR = """(globals) => {
  const documents = [...window.jupyterapp.shell.widgets('main')];
  return documents.length === 1 && documents[0].title.label === 'Launcher'
    && document.title.startsWith('JupyterLab')
    && !document.querySelector('.jp-Dialog, dialog[open]')
    && Object.keys(window).every((name) => globals.includes(name));
}"""
CLEAR_MS = 20_000
LAZY = ["MathJax"]
"""JupyterLab's own, on `window` from the first text that is typeset."""


class KeptPage:
    """The page of one server that waits for the next test, if there is one."""

    def __init__(self) -> None:
        self._page: Page | None = None
        self._server: JupyterServer | None = None
        self._globals: list[str] = []

    def take(self, server: JupyterServer) -> Page | None:
        """The page that was kept of this server; the caller's from now on."""
        if self._server is not server:
            return None
        page, self._page = self._page, None
        return page

    def loaded(self, page: Page) -> None:
        """Hear of a page that was just loaded: what is on `window` now is no test's."""
        self._globals = page.evaluate(GLOBALS) + LAZY

    def keep(self, notebook: Notebook) -> bool:
        """Keep the page of a test that went well, if it can be made as it was."""
        try:
            self._clear(notebook)
        except Error:  # it has crashed, or something is left on it
            return False
        if any(line.startswith("pageerror") for line in notebook.console):
            return False
        notebook.leave()
        self._page, self._server = notebook.page, notebook.server
        return True

    def _clear(self, notebook: Notebook) -> None:
        page = notebook.page
        page.evaluate(CLEAR)
        if page.evaluate("document.body.dataset.jpThemeLight") != "true":
            notebook.theme("light")
        page.set_viewport_size(VIEWPORT)
        page.mouse.move(0, 0)
        page.wait_for_function(IS_CLEAR, arg=self._globals, timeout=CLEAR_MS)
