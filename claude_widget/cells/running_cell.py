"""The cell that runs, as the kernel's messages tell it.

The rule: a face that only reads: the cell's id from the message that has it run.
"""

from __future__ import annotations

import os
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote

from IPython.core.getipython import get_ipython

from claude_widget.recordings.call_sites import numbered_cell
from claude_widget.recordings.occurrences import Cell

_DELETED: set[str] = set()
"""Ids of cells that are there no more."""


def running_cell() -> Cell | None:
    """The cell that runs here; None outside of IPython.

    Its id comes with the message of JupyterLab, Notebook and VS Code. Whoever runs notebooks
    without a page names no cell: it is told by its number then. What is no cell's own name has the
    notebook's beside it, where that is known.
    """
    shell = get_ipython()
    if shell is None:
        return None
    if hasattr(shell, "events"):
        shell.events.register("pre_run_cell", _note_deleted)  # more than once does nothing
    parent = _parent(shell)
    metadata, header = parent.get("metadata"), parent.get("header")
    cell_id = metadata.get("cellId") if isinstance(metadata, dict) else None
    message = header.get("msg_id") if isinstance(header, dict) else None
    if isinstance(cell_id, str) and cell_id and isinstance(message, str):
        address, _, name = cell_id.rpartition("#")  # VS Code's, whose names every notebook has
        notebook = _name(unquote(address))
        _note_deleted()
        return Cell(f"{notebook} cell {name}".lstrip(), name, message, frozenset(_DELETED - {name}))
    return numbered_cell(
        _shown_number(shell, parent), _name(os.environ.get("JPY_SESSION_NAME", ""))
    )


def _shown_number(shell: Any, parent: dict[str, Any]) -> int:
    """The number that the cell is shown with.

    Some versions of IPython count on before the cell runs and some after it. What was put in is
    there as `_i<number>` while it runs, in all of them.
    """
    count, names = int(shell.execution_count), getattr(shell, "user_ns", None)
    content = parent.get("content")
    kept = not isinstance(content, dict) or content.get("store_history", True)
    if names is None or not kept or f"_i{count}" in names:
        return count
    return max(1, count - 1)


def _note_deleted(*_: object) -> None:
    """JupyterLab tells with the next cell that runs, whichever it is, what was deleted before."""
    metadata = _parent(get_ipython()).get("metadata")
    if isinstance(metadata, dict):
        deleted = metadata.get("deletedCells")
        _DELETED.update(one for one in deleted or () if isinstance(one, str))
        _DELETED.discard(metadata.get("cellId") or "")  # it was cut, and is there again


def _name(notebook: str) -> str:
    """The name of a notebook's file; empty if that is none, such as a server's own number."""
    return PurePosixPath(notebook).name if notebook.endswith(".ipynb") else ""


def _parent(shell: Any) -> dict[str, Any]:
    """The message that is being answered; empty in a shell without a kernel."""
    get_parent = getattr(shell, "get_parent", None)
    parent = get_parent() if callable(get_parent) else None
    return parent if isinstance(parent, dict) else {}
