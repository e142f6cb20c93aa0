"""Time to import the package, against ipywidgets, in fresh processes whose files are warm.

The rule: the clock runs around the import alone, inside the process, so that the interpreter's
own start makes neither side look better. CPU is compared as well: it is what a busy machine
changes least.
"""

from __future__ import annotations

import json
import subprocess
import sys
from functools import partial

from benchmarks import measure

BOUND = 1.5
ROUNDS, QUICK_ROUNDS = 15, 5
PEER = "import ipywidgets"
OURS = {
    "import claude_widget": BOUND,
    "from claude_widget import ProcessManager": None,  # mostly pydantic and asyncio: for the reader
    "from claude_widget import ProcessManager, ClaudeWidget": None,
}
_TIMED = """
import json, time
wall, cpu = time.perf_counter(), time.process_time()
{}
print(json.dumps([time.perf_counter() - wall, time.process_time() - cpu]))
"""


def _once(statement: str) -> tuple[float, float]:
    code = _TIMED.format(statement)
    said = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    wall, cpu = json.loads(said.stdout)
    return wall, cpu


def run(quick: bool) -> list[measure.Figure]:
    """Each statement against the peer."""
    sides = [partial(_once, statement) for statement in (PEER, *OURS)]
    for side in sides:
        side()  # warm: bytecode written, files in memory
    peer, *ours = measure.in_turn(QUICK_ROUNDS if quick else ROUNDS, *sides)
    figures = []
    for (statement, bound), found in zip(OURS.items(), ours, strict=True):
        for index, kind in enumerate(("time", "CPU")):
            figures.append(
                measure.compared(
                    f"{kind} of `{statement}` / `{PEER}`",
                    [pair[index] for pair in found],
                    [pair[index] for pair in peer],
                    bound=bound,
                    unit="ms",
                    scale=1e3,
                )
            )
    return figures
