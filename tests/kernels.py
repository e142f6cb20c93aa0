"""Notebooks that tests run in real kernels, without a page.

The rule: what a kernel finds is the fake CLI and this checkout; what a cell shows is kept.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from tests.waiting import BOUND

LEFT_OVER = [
    # jupyter_client and nbclient leave their sockets and loops to the garbage collector.
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
"""Marks of tests in whose own process a kernel's client is."""


def prepare(fake_cli: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kernels that are started from here on find the fake CLI, and this package."""
    monkeypatch.setenv("CLAUDE_WIDGET_CLI", str(fake_cli))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent.parent))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")


def notebook_of(cells: Iterable[str]) -> nbformat.NotebookNode:
    """A notebook with these cells of code."""
    made: nbformat.NotebookNode = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "P", "language": "python"}
    return made


def executed(notebook: nbformat.NotebookNode, folder: Path) -> nbformat.NotebookNode:
    """The notebook, run in that folder by nbclient."""
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=BOUND, kernel_name="python3", resources=resources).execute()
    return notebook
