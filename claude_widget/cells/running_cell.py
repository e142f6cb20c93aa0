"""The cell that runs, as the kernel's messages tell it.

The rule: a face that only reads: the cell's id from the message that has it run.
"""

from __future__ import annotations

from typing import Any

from IPython.core.getipython import get_ipython

from claude_widget.recordings.occurrences import Cell


def running_cell() -> Cell | None:
    """The cell that runs here; None outside of IPython.

    Its id comes with the message of JupyterLab, Notebook and VS Code. Whoever runs notebooks
    without a page names no cell: it is told by its number then.
    """
    shell = get_ipython()
    if shell is None:
        return None
    parent = _parent(shell)
    metadata, header = parent.get("metadata"), parent.get("header")
    cell_id = metadata.get("cellId") if isinstance(metadata, dict) else None
    message = header.get("msg_id") if isinstance(header, dict) else None
    if isinstance(cell_id, str) and cell_id and isinstance(message, str):
        name = cell_id.rpartition("#")[2]  # VS Code's begins with the file's address
        return Cell(f"cell {name}", name, message)
    return Cell(f"cell [{shell.execution_count}]")


def _parent(shell: Any) -> dict[str, Any]:
    """The message that is being answered; empty in a shell without a kernel."""
    get_parent = getattr(shell, "get_parent", None)
    parent = get_parent() if callable(get_parent) else None
    return parent if isinstance(parent, dict) else {}
