"""Records notebooks/reproducible.ipynb: the real CLI, with a scripted model behind it.

The rule: the notebook is run as it is, in mode record, in a world made from nothing; only its
recordings are kept, and none if they name a place of this machine. Nothing is paid.

    .venv/bin/python -m scripts.record_reproducible
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

import nbformat
from nbclient import NotebookClient

from scripts.failure import SetupFailed
from scripts.parts import RECORDINGS
from scripts.paths import ROOT
from tests.real_cli import cli_environment, find_real_cli
from tests.scenarios import Scenario, Text, ToolUse, Turn
from tests.scripted_api import ScriptedAPI

NOTEBOOK = ROOT / "notebooks" / "reproducible.ipynb"
BOUND = 120
SORTED = "run,seconds\n3,12.5\n1,14.0\n2,31.2\n"


def scripts(folder: Path) -> dict[str, Scenario]:
    """What the model answers to the notebook's prompts."""
    path = str(folder / "times.csv")

    def calls(name: str, **given: str) -> ToolUse:
        return ToolUse(name, {"file_path": path, **given}, chunk=1 << 20)

    return {
        "Which run was the slowest?": [
            Turn([Text("I'll look at the times."), calls("Read")]),
            Turn([Text("Run 2 was the slowest: 31.2 seconds, more than twice the others.")]),
        ],
        "And the fastest?": [Turn([Text("Run 3, with 12.5 seconds.")])],
        "Sort the rows of times.csv by seconds": [
            Turn([calls("Read")]),
            Turn([calls("Write", content=SORTED)]),
            Turn([Text("The rows of `times.csv` are sorted: run 3 comes first now.")]),
        ],
    }


def main() -> None:
    """Run the notebook, and put its recordings beside it."""
    root = Path(tempfile.mkdtemp(prefix="cw-")).resolve()
    try:
        place = root / "project"
        place.mkdir()
        kept = place / "recordings"
        with ScriptedAPI(scripts=scripts(place / "sample")) as api:
            environment = cli_environment(root, api.url, CLAUDE_WIDGET_MODE="record")
            environment |= {"HOME": str(root), "CLAUDE_WIDGET_CLI": find_real_cli()}
            environment |= {"CLAUDE_WIDGET_STATE_DIR": str(root / "state")}
            environment |= {"PATH": f"{Path(sys.executable).parent}:{environment['PATH']}"}
            run(place, environment)
        keep(kept, root)
    finally:
        shutil.rmtree(root, ignore_errors=True)


def run(place: Path, environment: dict[str, str]) -> None:
    """Run the notebook in that folder, with that environment and nothing else."""
    os.environ.clear()
    os.environ.update(environment)
    notebook = nbformat.read(NOTEBOOK, 4)
    resources = {"metadata": {"path": str(place)}}
    NotebookClient(notebook, timeout=BOUND, kernel_name="python3", resources=resources).execute()
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            print(output.get("text") or output.get("data", {}).get("text/plain", ""))


def keep(recorded: Path, root: Path) -> None:
    """Replace the notebook's recordings by these.

    Raises:
        SetupFailed: they name what is of this machine only.
    """
    words = [str(root), str(ROOT), root.name]
    for path in sorted(recorded.rglob("*")):
        if path.is_file():
            text = path.read_text("utf-8")
            text = text.replace(str(Path(find_real_cli()).resolve()), "/usr/local/bin/claude")
            text = text.replace(find_real_cli(), "/usr/local/bin/claude")
            if left := [word for word in words if word in text]:
                at = text.index(left[0])
                raise SetupFailed(f"{path} names {left[0]}: {text[max(0, at - 200) : at + 100]}")
            path.write_text(text, "utf-8")
    shutil.copytree(recorded, RECORDINGS, dirs_exist_ok=True)
    print(f"{len(list(recorded.glob('*/request.json')))} recordings")


if __name__ == "__main__":
    main()
