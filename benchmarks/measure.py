"""The harness: rounds in turn, medians of ratios, stretched bounds, and processes that play a part.

The rule: it knows nothing of what is measured. A benchmark is a module with `run(quick) ->
figures`; a bound that is broken is measured a second time before it counts, because one round of
a busy machine says nothing. How figures are printed is `report`.
"""

from __future__ import annotations

import inspect
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

from benchmarks import calibration

ROOT = Path(__file__).parent.parent
_PLAY = (
    "import importlib,json,sys;"
    "module,name,fields=json.loads(sys.argv[1]);"
    "found=getattr(importlib.import_module(module),name)(**fields);"
    "print(chr(10)+json.dumps(found))"
)
Timed = Literal["", "wall", "cpu"]


@dataclass(frozen=True)
class Figure:
    """One line of the table.

    Attributes:
        name: what is compared with what.
        ratio: ours divided by the peer's, the median of the rounds.
        bound: the largest ratio allowed; None for what is only reported.
        timed: what is allowed is seconds: by the clock ("wall") or of the processor ("cpu").
        stretch: how much slower than the reference the machine was; the bound times that counts.
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
    timed: Timed = ""
    stretch: float = 1.0

    @property
    def limit(self) -> float | None:
        """The largest ratio that counts as kept, on this machine as it was."""
        return None if self.bound is None else self.bound * self.stretch

    @property
    def kept(self) -> bool:
        """Whether the bound holds."""
        return self.limit is None or self.ratio <= self.limit


Run = Callable[[bool], list[Figure]]


def in_turn(rounds: int, *sides: Callable[[], Any]) -> list[list[Any]]:
    """Each side once a round, in an order that turns around; the values of each side."""
    values: list[list[Any]] = [[] for _ in sides]
    for number in range(rounds):
        order = range(len(sides)) if number % 2 == 0 else reversed(range(len(sides)))
        for index in order:
            values[index].append(sides[index]())
    return values


def at_once(*sides: Callable[[], Any]) -> list[Any]:
    """The value of each side, all at the same time: for bytes, and for those that mostly wait.

    Args:
        *sides: each measures in a process of its own.
    """
    with ThreadPoolExecutor(len(sides)) as pool:
        return [made.result() for made in [pool.submit(side) for side in sides]]


def compared(
    name: str,
    ours: Sequence[float],
    peers: Sequence[float],
    *,
    bound: float | None = None,
    unit: str = "s",
    scale: float = 1.0,
    timed: Timed = "",
) -> Figure:
    """The figure of two sides that were measured in turn.

    Args:
        name: what is compared with what.
        ours: our value of each round.
        peers: the peer's.
        bound: of the ratio.
        unit: of the values shown.
        scale: what a value is multiplied by to be shown in that unit.
        timed: the peer is no peer but the seconds that are allowed.
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
        timed=timed,
    )


def allowed(
    name: str,
    found: Sequence[float],
    most: float,
    *,
    unit: str = "s",
    scale: float = 1.0,
    timed: Timed = "wall",
) -> Figure:
    """The figure of what has a bound of its own, in its own unit, instead of a peer.

    Args:
        name: what is measured.
        found: its value of each round.
        most: what is allowed.
        unit: of the values shown.
        scale: what a value is multiplied by to be shown in that unit.
        timed: whether the bound is of time, and of which; "" for bytes and counts.
    """
    name = f"{name} / what is allowed"
    return compared(
        name, found, [most] * len(found), bound=1.0, unit=unit, scale=scale, timed=timed
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


def percentile(values: Iterable[float], share: float) -> float:
    """The value below which that share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def mended(figures: Sequence[Figure], again: Sequence[Figure]) -> list[Figure]:
    """The figures, with the later one in place of each that broke its bound."""
    later = {one.name: one for one in again}
    return [one if one.kept else later.get(one.name, one) for one in figures]


def measured(name: str, run: Run, *, quick: bool) -> list[Figure]:
    """The figures of one benchmark, with the machine's slowness before it and after it."""
    before = calibration.paces()
    figures = run(quick)
    slow = calibration.slowness([*before, *calibration.paces()])
    stretches = {"": 1.0, "wall": slow.wall, "cpu": slow.cpu}
    return [replace(one, benchmark=name, stretch=stretches[one.timed]) for one in figures]
