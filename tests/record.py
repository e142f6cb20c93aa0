"""Records the runs of `recorded_runs`: the real CLI, through the manager, a scripted model.

The rule: what is kept is what went in and out, and when; only what is true of one machine is
written over. Nothing is paid. Look at what changed before committing it.

    .venv/bin/python -m tests.record [NAME ...]     # all of them without names
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from claude_widget.manager import ProcessManager
from scripts.record_demo import check_neutral, neutral_transcript
from tests.real_cli import cli_environment, find_real_cli
from tests.recorded import TRANSCRIPTS
from tests.recorded_runs import RUNS, Recorded
from tests.recorded_users import World
from tests.scenarios import Block, Scenario, ToolUse, Turn
from tests.scripted_api import ScriptedAPI
from tests.waiting import BOUND

CELL: dict[str, Any] = {
    "cell_type": "code",
    "id": "first",
    "metadata": {},
    "outputs": [],
    "execution_count": None,
}
NOTEBOOK = {
    "cells": [{**CELL, "source": "print(1)"}],
    "metadata": {"language_info": {"name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


def main(names: list[str]) -> None:
    """Record the runs named, or all of them."""
    for name in names or RUNS:
        root = Path(tempfile.mkdtemp(prefix="cw-run-")).resolve()
        try:
            transcript = record(name, RUNS[name], root)
        finally:
            shutil.rmtree(root, ignore_errors=True)
        (TRANSCRIPTS / f"{name}.transcript").write_bytes(transcript)
        print(f"{name}: {len(transcript):,} bytes", flush=True)


def record(name: str, run: Recorded, root: Path) -> bytes:
    """Play one run in a world of its own; its transcript, true of no machine."""
    project = root / "project"
    project.mkdir()
    (project / "greet.py").write_text('def greet(name):\n    return "Hello"\n')
    (project / "notes.ipynb").write_text(json.dumps(NOTEBOOK, indent=1))
    (project / "old").mkdir()
    cli = find_real_cli()
    scripts = {query: list(_placed(turns, project)) for query, turns in run.scenarios.items()}
    with ScriptedAPI(scripts=scripts) as api:
        os.environ.clear()
        os.environ.update(cli_environment(root, api.url, XDG_RUNTIME_DIR=str(root / "run")))
        query = next(iter(scripts))
        with ProcessManager(root / "state", cli, max_concurrency=1) as manager:
            manager.page_seen()
            execution = manager.start_execution(query, project, timeout=BOUND, **run.options)
            run.act(World(execution, api, project, scripts[query]))
            info = execution.wait(BOUND + 30).info
        if info.reason != run.reason:
            raise SystemExit(f"{name} ended as {info.status} ({info.reason}): {info.errors}")
        transcript = neutral_transcript(execution, root, api.url)
    check_neutral(name, transcript, root)
    return transcript


def _placed(turns: Scenario, project: Path) -> Iterator[Turn]:
    for turn in turns:
        yield replace(turn, blocks=[_filled(block, project) for block in turn.blocks])


def _filled(block: Block, project: Path) -> Block:
    if not isinstance(block, ToolUse):
        return block
    return replace(block, input={key: _named(value, project) for key, value in block.input.items()})


def _named(value: Any, project: Path) -> Any:
    return value.replace("${project}", str(project)) if isinstance(value, str) else value


if __name__ == "__main__":
    main(sys.argv[1:])
