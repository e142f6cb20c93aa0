"""How figures grow with their input: a few points of each, and a picture of them.

    python -m benchmarks.growth

The rule: it bounds nothing, and `make test` does not run it. What is measured are bytes and seconds
of the processor, which a busy machine changes least. The points go to build/benchmarks/growth.json,
and `plot` draws docs/images/growth.svg from them.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from benchmarks import fleet, memory, plot, reattach, report

_MB = 2**-20
_ATTACHED = 10
_SECONDS = 5.0
_FRAMES = (10_000, 30_000, 100_000)
_SIZES = (1_000_000, 4_000_000, 16_000_000)
_FLEETS = (5, 20, 50)


def _memory() -> plot.Chart:
    ours = [(count, memory.of_kernel(count, 4)["memory"] * _MB) for count in _FRAMES]
    peer = [(count, memory.of_sdk(count) * _MB) for count in _FRAMES]
    return plot.Chart(
        "Memory of one execution",
        "frames",
        "MB",
        (plot.Line("kernel", ours), plot.Line("SDK, messages kept", peer)),
    )


def _attaching() -> plot.Chart:
    kept, anew = [], []
    for size in _SIZES:
        with reattach.left_running(_ATTACHED, size) as left:
            total = left.size / 1e6
            kept.append((total, left.attach()["cpu"]))
            anew.append((total, left.attach_without()["cpu"]))
    return plot.Chart(
        f"Attaching to {_ATTACHED} that run",
        "MB of transcripts",
        "CPU s",
        (plot.Line("from snapshots", kept), plot.Line("without", anew)),
    )


def _following() -> plot.Chart:
    sides = {"kernel": fleet.play_ours, "SDK": fleet.play_peer}
    lines = []
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        file = Path(folder, "frames")
        fleet.prepare(file)
        for name, play in sides.items():
            found = [(count, fleet.once(play, file, _SECONDS, count)) for count in _FLEETS]
            points = [(count * one["rate"], one["cpu"]) for count, one in found]
            lines.append(plot.Line(name, points))  # frames that came, also on a busy machine
    return plot.Chart("Following", "frames a second", "cores", tuple(lines))


def main() -> int:
    """Measure the points, keep them, draw them."""
    charts = [_memory(), _attaching(), _following()]
    report.FOLDER.mkdir(parents=True, exist_ok=True)
    kept = report.FOLDER / "growth.json"
    about = report.surroundings(quick=False)
    kept.write_text(json.dumps({"about": about, "charts": charts}, indent=1) + "\n")
    plot.draw(kept)
    return 0


if __name__ == "__main__":
    sys.exit(main())
