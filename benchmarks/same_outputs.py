"""The example notebook live and replayed: how many of its cells give something else.

The rule: live is the real CLI with a scripted model behind it; replayed there is no CLI and no key.
Outputs are compared as nbval compares them, after the sanitize file that is shipped. A notebook
that names its mode itself, as notebooks/history.ipynb does, has nothing to be compared with; that
of the demo shows tables of durations, and a kill that comes when it comes.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import measure


def run(quick: bool) -> list[measure.Figure]:
    """Cells that differ; none is allowed to. CI compares the same in tests/cli, so not twice."""
    if quick:
        return []
    from scripts.notebook_runs import live_and_replayed  # noqa: PLC0415 - only this one needs it

    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        live, replayed = live_and_replayed(Path(folder).resolve())
    differing = [cell for cell in live if live[cell] != replayed.get(cell)]
    name = f"of {len(live)} cells of the example notebook, those that differ, live and replayed"
    ours = f"{len(differing)} cells"
    return [measure.Figure(name, float(len(differing)), 0.0, ours=ours, peer="0 cells")]
