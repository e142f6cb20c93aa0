"""A batch over 10,000 rows: how long `map` takes, and a look at how far it is.

The rule: the table is a user's, of pandas, with text, numbers and gaps; the template has types and
fills with each row. Nothing runs: the queue is paused, and the backend is a stage. A process of its
own for each round, whose imports are over.
"""

from __future__ import annotations

import tempfile
import time
from functools import partial
from typing import Any

from benchmarks import measure
from benchmarks.stage import Stage
from claude_widget.manager import ProcessManager
from claude_widget.templates.template import make_template

ROWS = 10_000
ROUNDS, QUICK_ROUNDS = 5, 1
MAP, PROGRESS, PAGE = 2.0, 0.002, 0.05
"""Seconds that are allowed."""
_QUERY = "Review {{ path }} of {{ lines }} lines.{% if note %} {{ note }}{% endif %}"
_VARIABLES: dict[str, Any] = {
    "path": "str",
    "lines": "int",
    "note": {"type": "str", "default": "-"},
}


def timed() -> dict[str, float]:
    """Seconds of each part."""
    import pandas as pd  # noqa: PLC0415 - not by the parent, which measures other things, too

    numbers = range(ROWS)
    frame = pd.DataFrame(
        {
            "path": [f"src/module_{number}.py" for number in numbers],
            "lines": list(numbers),
            "note": [None if number % 7 else "some text about it " * 5 for number in numbers],
        }
    )
    template = make_template(_QUERY, variables=_VARIABLES)
    with (
        tempfile.TemporaryDirectory(prefix="cw-bench-") as folder,
        ProcessManager(folder, backend=Stage()) as manager,
    ):
        manager.queue.pause()
        manager.map(template, frame[:10]).kill()  # what is imported on the way is in memory
        begun = time.perf_counter()
        batch = manager.map(template, frame)
        mapped = time.perf_counter()
        _ = batch.progress
        told = time.perf_counter()
        _ = batch.to_dicts(5_000, 5_100)
        shown = time.perf_counter()
        batch.kill()
    return {"map": mapped - begun, "progress": told - mapped, "page": shown - told}


def run(quick: bool) -> list[measure.Figure]:
    """Each part against what is allowed."""
    (found,) = measure.in_turn(
        QUICK_ROUNDS if quick else ROUNDS, partial(measure.in_new_process, timed)
    )
    parts = (
        ("map", f"`map` over {ROWS:,} rows: read, checked, filled once, and queued", MAP),
        ("progress", f"`batch.progress` of {ROWS:,} rows", PROGRESS),
        ("page", f"100 rows of the table of {ROWS:,}", PAGE),
    )
    return [
        measure.allowed(name, [one[part] for one in found], most, unit="ms", scale=1e3)
        for part, name, most in parts
    ]
