"""From a start to the first frame of an answer: a CLI that was started ahead, against a cold start.

The rule: the real CLI against a scripted API, one at a time, in turn. The moment of the first frame
is that of its record in the transcript; a CLI that was started ahead has been left alone for long
enough to be up.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

from benchmarks import measure
from claude_widget import ProcessManager
from claude_widget.execution import Execution
from claude_widget.transcript import read_records
from tests.real_cli import cli_environment, find_real_cli
from tests.scripted_api import ScriptedAPI

BOUND = 0.4
ROUNDS, QUICK_ROUNDS = 9, 3
_UP = 3.0
"""Seconds that a CLI is given to be up."""


def _first_frame(execution: Execution, begun: float) -> float:
    """Seconds from that moment to the first frame of the answer."""
    execution.wait(60).raise_for_status()
    for record in read_records(execution.run.transcript):
        if record.stream == "out" and b'"stream_event"' in record.data:
            return record.time - begun
    raise RuntimeError("there was no answer")


def play(folder: str, rounds: int) -> dict[str, list[float]]:
    """A kernel that starts both kinds in turn."""
    cli, own = find_real_cli(), Path(folder)
    project = own / "project"
    project.mkdir()
    with ScriptedAPI() as api:
        environment = cli_environment(own, api.url)
        os.environ.clear()
        os.environ.update(environment)
        with ProcessManager(own / "state", cli, 4, stagger=0) as manager:

            def start() -> float:
                begun = time.time()
                execution = manager.start_execution("SCENARIO:hello", project, again=True)
                return _first_frame(execution, begun)

            def warm() -> float:
                with manager.warm(1, project, most=1) as kept:
                    measure.until(lambda: kept.ready)
                    time.sleep(_UP)
                    return start()

            start()  # the first one writes the CLI's own configuration
            ours, peers = measure.in_turn(rounds, warm, start)
    return {"warm": ours, "cold": peers}


def run(quick: bool) -> list[measure.Figure]:
    """The ratio."""
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        rounds = QUICK_ROUNDS if quick else ROUNDS
        found = measure.in_new_process(play, folder=folder, rounds=rounds)
    name = "start to first frame, CLI started ahead / cold start"
    return [measure.compared(name, found["warm"], found["cold"], bound=BOUND, unit="s")]
