"""Runs the example notebooks from their recordings, and saves them with their outputs.

The rule: each is run in a copy of its folder, in a world made from nothing: no CLI, no key, no
state. Nothing is saved that names a place of this machine.

    .venv/bin/python -m scripts.notebook_outputs [NAME.ipynb ...]
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from claude_widget.cells.freeze import freeze_file
from scripts.failure import SetupFailed
from scripts.paths import ROOT

NOTEBOOKS = ROOT / "notebooks"
BOUND = 120


def main(names: list[str]) -> None:
    """Run those notebooks, or all, and replace each by itself with its outputs.

    Raises:
        SetupFailed: an output names what is of this machine only.
    """
    for path in [NOTEBOOKS / name for name in names] or sorted(NOTEBOOKS.glob("*.ipynb")):
        root = Path(tempfile.mkdtemp(prefix="cw-")).resolve()
        try:
            text = with_outputs(path.name, root)
        finally:
            shutil.rmtree(root, ignore_errors=True)
        if left := [word for word in (str(root), root.name, str(ROOT)) if word in text]:
            at = text.index(left[0])
            raise SetupFailed(f"{path} names {left[0]}: {text[max(0, at - 300) : at + 100]}")
        path.write_text(text, "utf-8")
        print(f"{path.name} is saved with its outputs")


def with_outputs(name: str, root: Path) -> str:
    """The notebook as it is after Run All.

    Args:
        name: of its file.
        root: an empty folder, which is the home of that world.
    """
    copy = root / "notebooks" / name
    shutil.copytree(NOTEBOOKS, copy.parent, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    environment = {"PATH": str(Path(sys.executable).parent), "HOME": str(root), "LANG": "C.UTF-8"}
    environment |= {"CLAUDE_WIDGET_STATE_DIR": str(root / "state")}
    notebook: Any = nbformat.read(copy, 4)
    kernel = dict(notebook.metadata)
    resources = {"metadata": {"path": str(copy.parent)}}
    client = NotebookClient(
        notebook,
        timeout=BOUND,
        kernel_name="python3",
        resources=resources,
        record_timing=False,
        store_widget_state=False,
    )
    client.execute(env=environment)
    notebook.metadata = kernel  # not which Python it was
    nbformat.write(notebook, copy)
    freeze_file(copy, root / "state")
    return copy.read_text("utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
