"""The harness: rounds in turn, medians of ratios, the table, and processes that play a part.

The rule: it knows nothing of what is measured. A benchmark is a module with `run(quick) ->
figures`; a bound that is broken is measured a second time before it counts, because one round of
a busy machine says nothing.
"""

from __future__ import annotations

import argparse
import inspect
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
_PLAY = (
    "import importlib,json,sys;"
    "module,name,fields=json.loads(sys.argv[1]);"
    "found=getattr(importlib.import_module(module),name)(**fields);"
    "print(chr(10)+json.dumps(found))"
)
_CALIBRATED = 200_000


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        name: what is compared with what.
        ratio: ours divided by the peer's, the median of the rounds.
        bound: the largest ratio allowed; None for what is only reported.
        ours: our own figure, with its unit, for the reader.
        peer: the peer's.
        rounds: how many there were.
        spread: the smallest and the largest ratio of a round.
        benchmark: the module that measured it; filled in by the harness.
    """

    name: str
    ratio: float
    bound: float | None = None
    ours: str = ""
    peer: str = ""
    rounds: int = 1
    spread: tuple[float, float] | None = None
    benchmark: str = ""

    @property
    def kept(self) -> bool:
        """Whether the bound holds."""
        return self.bound is None or self.ratio <= self.bound


Run = Callable[[bool], list[Figure]]


def in_turn(rounds: int, *sides: Callable[[], Any]) -> list[list[Any]]:
    """Each side once a round, in an order that turns around; the values of each side."""
    values: list[list[Any]] = [[] for _ in sides]
    for number in range(rounds):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        for index in order:
            values[index].append(sides[index]())
    return values


def compared(
    name: str,
    ours: Sequence[float],
    peers: Sequence[float],
    *,
    bound: float | None = None,
    unit: str = "s",
    scale: float = 1.0,
) -> Figure:
    """The figure of two sides that were measured in turn.

    Args:
        name: what is compared with what.
        ours: our value of each round.
        peers: the peer's.
        bound: of the ratio.
        unit: of the values shown.
        scale: what a value is multiplied by to be shown in that unit.
    """
    ratios = [
        mine / other if other else float("inf") for mine, other in zip(ours, peers, strict=True)
    ]
    return Figure(
        name,
        statistics.median(ratios),
        bound,
        f"{statistics.median(ours) * scale:.3g} {unit}",
        f"{statistics.median(peers) * scale:.3g} {unit}",
        len(ratios),
        (min(ratios), max(ratios)),
    )


def in_new_process(function: Callable[..., Any], *, within: float = 300.0, **fields: Any) -> Any:
    """Call a module's function in a process of its own; what it returns travels as JSON.

    Args:
        function: of a module of this package.
        within: seconds that it may take.
        **fields: its arguments, values of JSON.

    Raises:
        RuntimeError: it failed or took too long.
    """
    module = f"benchmarks.{Path(inspect.getfile(function)).stem}"  # not "__main__"
    asked = json.dumps([module, function.__name__, fields])
    command = [sys.executable, "-c", _PLAY, asked]
    child = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=within, check=False
    )
    if child.returncode != 0:
        raise RuntimeError(f"{module}: {child.stderr[-3000:]}")
    return json.loads(child.stdout.rstrip("\n").rpartition("\n")[2])


def until(fact: Callable[[], object], *, within: float = 60.0, every: float = 0.005) -> None:
    """Wait for a fact, bounded.

    Raises:
        TimeoutError: it did not come true.
    """
    deadline = time.monotonic() + within
    while not fact():
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {within} s: {fact}")
        time.sleep(every)


def loop_seconds() -> float:
    """CPU seconds of a fixed pure-Python loop: how fast this machine is just now."""
    begun = time.thread_time()
    total = 0
    for number in range(_CALIBRATED):
        total += number & 3
    return time.thread_time() - begun


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


# -- the face ----------------------------------------------------------------------------------


def table(figures: Sequence[Figure]) -> str:
    """The ratios first."""
    rows = [("ratio", "bound", "", "rounds", "from", "to", "ours", "peer", "figure")]
    for one in figures:
        low, high = one.spread or (one.ratio, one.ratio)
        rows.append(
            (
                _number(one.ratio),
                "-" if one.bound is None else _number(one.bound),
                "" if one.bound is None else "ok" if one.kept else "BROKEN",
                str(one.rounds),
                _number(low),
                _number(high),
                one.ours,
                one.peer,
                f"{one.benchmark}: {one.name}",
            )
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell.rjust(width) for cell, width in zip(row[:-1], widths[:-1], strict=True)]
        lines.append("  ".join([*cells, row[-1]]).rstrip())
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:.3f}" if value < 100 else f"{value:.0f}"


def measured(name: str, run: Run, *, quick: bool) -> list[Figure]:
    """The figures of one benchmark; what breaks its bound is measured once more."""
    figures = [replace(one, benchmark=name) for one in run(quick)]
    if all(one.kept for one in figures):
        return figures
    again = {one.name: replace(one, benchmark=name) for one in run(quick)}
    return [one if one.kept else again.get(one.name, one) for one in figures]


def report(figures: Sequence[Figure], *, as_json: bool) -> int:
    """Print them; the exit code is 1 when a bound is broken."""
    if as_json:
        said = [{**asdict(one), "kept": one.kept} for one in figures]
        print(json.dumps({"cores": os.cpu_count(), "figures": said}, indent=1))
    else:
        print(table(figures))
    return int(not all(one.kept for one in figures))


def options(arguments: Sequence[str] | None, names: Sequence[str] = ()) -> argparse.Namespace:
    """What the command line asks for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks")
    parser.add_argument("--quick", action="store_true", help="the bounded form, for CI")
    parser.add_argument("--json", action="store_true", help="print JSON")
    if names:
        parser.add_argument("names", nargs="*", choices=[*names, []], help="only these")
    return parser.parse_args(arguments)


def main(module: str, run: Run, arguments: Sequence[str] | None = None) -> int:
    """The `main` of one benchmark."""
    said = options(arguments)
    name = Path(sys.modules[module].__file__ or module).stem
    return report(measured(name, run, quick=said.quick), as_json=said.json)
