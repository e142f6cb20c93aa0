"""The example notebooks live and replayed: how many of their cells give something else.

The rule: live is the real CLI with a scripted model behind it; replayed there is no CLI and no key.
Outputs are compared as nbval compares them, after the sanitize file that is shipped; what is not
compared is said in scripts/notebook_runs.py.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from benchmarks import measure


def run(quick: bool) -> list[measure.Figure]:
    """Cells that differ; none is allowed to. CI compares the same in tests/cli, so not twice."""
    if quick:
        return []
    from scripts.notebook_runs import EXAMPLES  # noqa: PLC0415 - only this one needs it

    return [_figure(name) for name in EXAMPLES]


def _figure(notebook: str) -> measure.Figure:
    from scripts.notebook_runs import live_and_replayed  # noqa: PLC0415 - only this one needs it

    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        live, replayed = live_and_replayed(notebook, Path(folder).resolve())
    differing = [cell for cell in live if live[cell] != replayed.get(cell)]
    name = f"of {len(live)} compared cells of {notebook}, those that differ, live and replayed"
    ours = f"{len(differing)} cells"
    return measure.Figure(name, float(len(differing)), 0.0, ours=ours, peer="0 cells")
