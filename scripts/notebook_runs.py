"""Runs notebooks/reproducible.ipynb in a world made from nothing, and says what its cells gave.

The rule: the notebook is run as it is. Live and recorded it has the real CLI with a scripted model
behind it; replayed it has neither a CLI nor a key, nor a PATH on which one could be found.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from claude_widget.command_line import NBVAL_SANITIZE
from scripts.parts import RECORDINGS
from scripts.paths import ROOT
from tests.real_cli import cli_environment, find_real_cli
from tests.scenarios import Scenario, Text, ToolUse, Turn
from tests.scripted_api import ScriptedAPI

NOTEBOOK = ROOT / "notebooks" / "reproducible.ipynb"
BOUND = 120
SORTED = "run,seconds\n3,12.5\n1,14.0\n2,31.2\n"
_IGNORED = "nbval-ignore-output"


def scripts(folder: Path) -> dict[str, Scenario]:
    """What the model answers to the notebook's prompts.

    Args:
        folder: where the notebook's sample project is to be.
    """
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


def run_on_the_cli(root: Path, mode: str) -> Any:
    """The notebook after a run on the real CLI.

    Args:
        root: an empty folder, which is the home of that world; the notebook's is `project` in it.
        mode: "live" or "record".
    """
    place = root / "project"
    place.mkdir(exist_ok=True)
    with ScriptedAPI(scripts=scripts(place / "sample")) as api:
        environment = cli_environment(root, api.url, CLAUDE_WIDGET_MODE=mode)
        environment |= {"HOME": str(root), "CLAUDE_WIDGET_CLI": find_real_cli()}
        environment |= {"CLAUDE_WIDGET_STATE_DIR": str(root / "state")}
        environment |= {"PATH": f"{Path(sys.executable).parent}:{environment['PATH']}"}
        return _run(place, environment)


def run_replayed(root: Path) -> Any:
    """The notebook after a run from its recordings, in the same folder."""
    environment = {"PATH": str(Path(sys.executable).parent), "HOME": str(root)}
    environment |= {"CLAUDE_WIDGET_MODE": "replay", "LANG": "C.UTF-8"}
    environment |= {"CLAUDE_WIDGET_STATE_DIR": str(root / "replayed")}
    return _run(root / "project", environment)


def _run(place: Path, environment: Mapping[str, str]) -> Any:
    notebook = nbformat.read(NOTEBOOK, 4)
    resources = {"metadata": {"path": str(place)}}
    client = NotebookClient(notebook, timeout=BOUND, kernel_name="python3", resources=resources)
    client.execute(env=dict(environment))
    return notebook


def live_and_replayed(root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """What the cells gave live and replayed, by their ids, as nbval compares it.

    Args:
        root: as for `run_on_the_cli`.
    """
    shutil.copytree(RECORDINGS, root / "project" / "recordings")
    return compared(run_on_the_cli(root, "live")), compared(run_replayed(root))


def compared(notebook: Any) -> dict[str, str]:
    """The outputs of the cells that are compared, after the sanitize file."""
    rules = re.findall(r"^regex: (.*)$\n^replace: (.*)$", NBVAL_SANITIZE.read_text(), re.MULTILINE)
    found = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and _IGNORED not in cell.metadata.get("tags", ()):
            text = "\n".join(str(one.get("data", one.get("text"))) for one in cell.outputs)
            for pattern, instead in rules:
                text = re.sub(pattern, instead, text)
            found[cell.id] = text
    return found
