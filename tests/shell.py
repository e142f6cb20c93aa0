"""An IPython shell inside of the test's own process, with the extension loaded.

The rule: one at a time, without a history file, and gone afterwards.
"""

from __future__ import annotations

import atexit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from claude_widget.cells import output as cell_output

RunCell = Callable[[str], Any]


@contextmanager
def opened() -> Iterator[InteractiveShell]:
    """A shell."""
    config = Config()
    config.HistoryManager.enabled = False
    made = InteractiveShell.instance(config=config)
    try:
        made.run_line_magic("load_ext", "claude_widget")
        yield made
    finally:
        for output in list(cell_output._LIVE.values()):
            output.settle()  # else its end is told in the middle of the next test
        cell_output._BETWEEN.clear()
        atexit.unregister(made.atexit_operations)
        made.atexit_operations()
        InteractiveShell.clear_instance()


def cells(shell: InteractiveShell, folder: Path, monkeypatch: pytest.MonkeyPatch) -> RunCell:
    """Runs a cell in a folder; gives its value, or raises what it raised."""
    monkeypatch.chdir(folder)

    def run_cell(text: str) -> Any:
        done = shell.run_cell(text)
        done.raise_error()
        return done.result

    return run_cell
