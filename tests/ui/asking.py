"""What the browser tests of the conversation share: starting, being asked, pressing, pictures.

The rule: by role and accessible name, as in `dashboard`; a press waits until it was taken, since a
card takes nothing in its first moment.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Literal

from playwright.sync_api import Locator, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.ui.dashboard import START_MS, Dashboard
from tests.ui.notebook import Notebook
from tests.waiting import until

THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
TOUCH = 'SCENARIO:bash {"command": "touch mark.txt"}'
PERMISSION = "Permission for Bash"


def folder_of(notebook: Notebook) -> Path:
    """The folder that the notebook's kernel, and so its executions, work in."""
    return Path(notebook.execute("import os; print(os.getcwd())").strip())


def pictured(notebook: Notebook, name: str) -> None:
    """A picture in each theme, to be looked at."""
    size = notebook.page.viewport_size
    notebook.page.set_viewport_size({"width": 1280, "height": 1500})
    for theme in THEMES:
        notebook.theme(theme)
        notebook.screenshot(f"{name}-{theme}")
    notebook.theme("light")
    if size:
        notebook.page.set_viewport_size(size)


def asked(dashboard: Dashboard, query: str, card: str = PERMISSION) -> Locator:
    """Start an execution that asks something, view it, and wait for the card."""
    dashboard.execute(query)
    row = dashboard.row(query)
    expect(row.get_by_text("Needs you")).to_be_visible(timeout=START_MS)
    dashboard.view(query)
    found = dashboard.card(card)
    expect(found).to_be_visible()
    return found


def press(place: Locator, name: str) -> None:
    """Press a button until it has its effect: a card takes nothing in its first moment."""
    button = place.get_by_role("button", name=name, exact=True)
    expect(button).to_be_visible(timeout=START_MS)  # not drawn yet is not gone

    def gone() -> bool:
        if button.count() > 0:
            with contextlib.suppress(PlaywrightTimeout):  # it may go while it is aimed at
                button.click(timeout=1000)
        return button.count() == 0

    until(gone, what=f"{name} to be taken")
