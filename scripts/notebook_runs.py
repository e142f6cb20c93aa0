"""Runs the example notebooks in a world made from nothing, and says what their cells gave.

The rule: a notebook is run as it is. Live and recorded it has the real CLI with a scripted model
behind it; replayed it has neither a CLI nor a key, nor a PATH on which one could be found, and
knows that it is to be replayed from the file beside it alone.

What is compared is all that a cell keeps, but for what has to differ (`DIFFERS`). The tag
`nbval-ignore-output` has a few more, which nbval cannot compare and this can: it hears no
replacement of an output, so of an execution that is shown as it runs it knows the beginning; and
it runs in a state folder that has other notebooks' executions, which `%claude_list` lists.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from claude_widget.command_line import NBVAL_SANITIZE
from claude_widget.recordings.modes import PROJECT_FILE
from scripts.demo_queries import DEMOS
from scripts.demo_sample import write_sample
from scripts.notebook_answers import ANSWERS
from scripts.parts import RECORDINGS
from scripts.paths import ROOT
from scripts.record_demo import scripts_of
from tests.real_cli import cli_environment, find_real_cli
from tests.scenarios import Block, Failure, Scenario, Text, Thinking, ToolUse, Turn
from tests.scripted_api import ScriptedAPI

NOTEBOOKS = ROOT / "notebooks"
EXAMPLES = (
    "quickstart.ipynb",
    "history.ipynb",
    "reproducible.ipynb",
    "batch.ipynb",
    "pipelines.ipynb",
)
RECORDED = ("reproducible.ipynb", "batch.ipynb", "pipelines.ipynb")
"""Those that are recorded as they are; the others show the demo's queries."""
BOUND = 120
SORTED = "run,seconds\n3,12.5\n1,14.0\n2,31.2\n"
DIFFERS = {
    "reproducible-01": "says whether the notebook is live or replayed",
    "history-21": "a chart of times and durations, as a packed picture",
    "batch-07": "says what was paid and, apart from it, what was only replayed",
    "history-22": "a chart of what was paid and, apart from it, of what was only replayed",
}
"""The cells that are not compared, by their ids, and why."""
_LIVE_VIEW = "application/vnd.jupyter.widget-view+json"
"""The id of a widget; what it shows without a kernel stands beside it, and is compared."""


def scripts(folder: Path) -> dict[str, Scenario]:
    """What the model answers to the notebooks' prompts.

    Args:
        folder: the notebook's, with the project of the demo in it.
    """
    found = _of_reproducible(folder / "sample") | ANSWERS
    for demo in DEMOS:
        for query, scenario in scripts_of(demo, folder).items():
            found[query] = [_hurried(turn) for turn in scenario]
    return found


def _of_reproducible(sample: Path) -> dict[str, Scenario]:
    path = str(sample / "times.csv")

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


def _hurried(turn: Turn) -> Turn:
    """The turn without a model's pace."""
    return replace(turn, before=0.0, blocks=[_at_once(block) for block in turn.blocks])


def _at_once(block: Block) -> Block:
    if isinstance(block, Text | Thinking | ToolUse):
        return replace(block, delay=0.0)  # in as many pieces: they are counted as its tokens
    if isinstance(block, Failure):
        return replace(block, headers={})
    return block


def run_on_the_cli(name: str, root: Path, mode: str) -> Any:
    """That notebook after a run on the real CLI.

    Args:
        name: of its file.
        root: an empty folder, which is the home of that world; the notebook's is `project` in it.
        mode: "live" or "record".
    """
    place = root / "project"
    write_sample(place)
    with ScriptedAPI(scripts=scripts(place)) as api:
        environment = cli_environment(root, api.url, CLAUDE_WIDGET_MODE=mode)
        environment |= {"HOME": str(root), "CLAUDE_WIDGET_CLI": find_real_cli()}
        environment |= {"CLAUDE_WIDGET_STATE_DIR": str(root / "state")}
        environment |= {"PATH": f"{Path(sys.executable).parent}:{environment['PATH']}"}
        environment |= {"CLAUDE_CODE_MAX_RETRIES": "0", "PYTHONDONTWRITEBYTECODE": "1"}
        return _run(name, place, environment)


def run_replayed(name: str, root: Path) -> Any:
    """That notebook after a run from its recordings, in the same folder."""
    environment = {"PATH": str(Path(sys.executable).parent), "HOME": str(root)}
    environment |= {"LANG": "C.UTF-8", "TMPDIR": str(root / "temp")}
    environment |= {"CLAUDE_WIDGET_STATE_DIR": str(root / "replayed")}
    return _run(name, root / "project", environment)


def _run(name: str, place: Path, environment: Mapping[str, str]) -> Any:
    notebook = nbformat.read(NOTEBOOKS / name, 4)
    resources = {"metadata": {"path": str(place)}}
    client = NotebookClient(notebook, timeout=BOUND, kernel_name="python3", resources=resources)
    client.execute(env=dict(environment))
    return notebook


def live_and_replayed(name: str, root: Path) -> tuple[dict[str, str], dict[str, str]]:
    """What the cells gave live and replayed, by their ids, as nbval compares it.

    Args:
        name: of the notebook's file.
        root: as for `run_on_the_cli`.
    """
    place = root / "project"
    shutil.copytree(RECORDINGS, place / "recordings")
    (place / PROJECT_FILE).parent.mkdir()
    shutil.copy(NOTEBOOKS / PROJECT_FILE, place / PROJECT_FILE)
    return compared(run_on_the_cli(name, root, "live")), compared(run_replayed(name, root))


def compared(notebook: Any) -> dict[str, str]:
    """The outputs of the cells that are compared, after the sanitize file."""
    rules = re.findall(r"^regex: (.*)$\n^replace: (.*)$", NBVAL_SANITIZE.read_text(), re.MULTILINE)
    found = {}
    for cell in notebook.cells:
        if cell.cell_type == "code" and cell.id not in DIFFERS:
            # Joined as they are: what is printed comes in as many pieces as it happens to.
            text = "".join(map(_shown, cell.outputs))
            for pattern, instead in rules:
                text = re.sub(pattern, instead, text)
            found[cell.id] = text
    return found


def _shown(output: Any) -> str:
    if output.get("name") == "stderr":
        return ""  # a warning is about what runs, such as several that write to one folder
    data = output.get("data")
    if data is None:
        return str(output.get("text"))
    return str({kind: data[kind] for kind in sorted(data) if kind != _LIVE_VIEW})
