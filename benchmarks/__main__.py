"""All benchmarks, one table: `python -m benchmarks [--quick] [--json] [NAME ...]`.

The rule: each runs whatever became of the ones before it, and once more after all of them if it
broke a bound; one that fails to run counts as a broken bound. Exit code 0 only if every bound
holds.
"""

from __future__ import annotations

import argparse
import sys
import time
from importlib import import_module

from benchmarks import measure, report

NAMES = (
    "import_time",
    "start_to_exec",
    "cpu_per_frame",
    "write_while_blocked",
    "fleet",
    "throughput",
    "admission",
    "warm",
    "memory",
    "reattach",
    "replay",
    "same_outputs",
    "kill_to_gone",
    "bytes_per_change",
    "idle_cpu",
    "history",
    "batch_rows",
    "page_list",
    "page_open",
    "page_stream",
    "page_scroll",
    "page_lab",
)


def options() -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="the bounded form, for CI")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("names", nargs="*", choices=[*NAMES, []], help="only these")
    return parser.parse_args()


def main() -> int:
    """Run those that are named, all of them by default."""
    said = options()
    found = {name: measured(name, quick=said.quick) for name in said.names or NAMES}
    for name, figures in found.items():
        # Only now: what kept the machine busy for a moment is over.
        if figures is not None and not all(one.kept for one in figures):
            found[name] = measure.mended(figures, measured(name, quick=said.quick) or [])
    told = [one for figures in found.values() for one in figures or []]
    return report.tell(told, quick=said.quick, as_json=said.json) or int(None in found.values())


def measured(name: str, *, quick: bool) -> list[measure.Figure] | None:
    """The figures of one benchmark; None if it could not be run, which is told."""
    begun = time.monotonic()
    try:
        run = import_module(f"benchmarks.{name}").run
        figures = measure.measured(name, run, quick=quick)
    except Exception as error:  # noqa: BLE001 - the others must run, and this one is told
        print(f"FAILED {name}: {error}", file=sys.stderr)
        return None
    print(f"{name}: {time.monotonic() - begun:.1f} s", file=sys.stderr, flush=True)
    return figures


if __name__ == "__main__":
    sys.exit(main())
