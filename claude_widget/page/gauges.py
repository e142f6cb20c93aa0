"""What running executions use right now, for the page: processor and memory, of any kernel's.

The rule: one pass over the machine's processes for all of them, on a thread of its own, while a
page has been seen lately and something runs; however slow the pass is, it takes a small share of a
core. Figures are rounded, and nobody is told of one that rounds to the same. Limits are not held
here: the shim holds them.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

from claude_widget.models import ExecutionStatus
from claude_widget.own_files import read_own
from claude_widget.shim import tree

if TYPE_CHECKING:
    from claude_widget.execution import Execution

_LOG = logging.getLogger(__name__)
PERIOD = 2.0
"""Seconds between two passes."""
SEEN_LATELY = 15.0
"""Seconds after a page's last sign in which it may be looked at; a hidden one says less."""
_COST = 100
"""A pass costs at most this part of the time between two."""


class Gauge(NamedTuple):
    """What one execution uses.

    Attributes:
        cpu_percent: of one core, rounded.
        memory_bytes: resident, rounded to two digits.
    """

    cpu_percent: int
    memory_bytes: int


class Used(NamedTuple):
    """What one has used at a moment, exactly."""

    at: float
    cpu_seconds: float
    memory_bytes: int


class Gauges:
    """Reads what the running executions of one manager use, and puts it into their `gauge`.

    Args:
        active: those that may run.
        watched: seconds for which a page may still be looked at; not positive: there is none.
        tell: is told of each whose figures have changed.
    """

    def __init__(
        self,
        active: Callable[[], Iterable[Execution]],
        watched: Callable[[float], float],
        tell: Callable[[Execution], None],
    ) -> None:
        self._active = active
        self._watched = watched
        self._tell = tell
        self._before: dict[str, Used] = {}
        self._shims: dict[str, tuple[int, int]] = {}
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="claude-widget-gauges", daemon=True)

    def start(self) -> None:
        """From now on."""
        self._thread.start()

    def close(self) -> None:
        """No more; the thread is on its way out."""
        self._closing.set()

    def _run(self) -> None:
        pause = PERIOD
        while not self._closing.wait(pause):
            began = time.monotonic()
            try:
                self.look(self._running() if self._watched(SEEN_LATELY) > 0 else [])
            except Exception:  # noqa: BLE001 - the thread must outlive it: no descriptor is free
                _LOG.exception("What executions use cannot be read; it is tried again")
            pause = max(PERIOD, (time.monotonic() - began) * _COST)

    def _running(self) -> list[Execution]:
        status = ExecutionStatus.RUNNING
        return [one for one in self._active() if one.info.status is status]

    def look(self, running: list[Execution]) -> None:
        """Read what these use, and tell those that differ from before."""
        shims = {one.execution_id: self._shim(one) for one in running}
        used = read_usage(shims) if shims else {}
        for execution in running:
            before = self._before.get(execution.execution_id)
            gauge = _gauge(before, used.get(execution.execution_id))
            if gauge is not None and gauge != execution.gauge:
                execution.gauge = gauge
                self._tell(execution)
        self._before = used
        self._shims = {name: shims[name] for name in used}

    def _shim(self, execution: Execution) -> tuple[int, int]:
        """Pid and start of its shim; of one that has none, a pid that there is not."""
        known = self._shims.get(execution.execution_id)
        if known is not None:
            return known
        try:
            pid, start = map(int, read_own(execution.run.folder / "shim.pid").split())
        except (OSError, ValueError):
            return (0, 0)
        return (pid, start)


def read_usage(shims: Mapping[str, tuple[int, int]]) -> dict[str, Used]:
    """What the trees below these shims have used, in one pass over the machine's processes.

    Args:
        shims: pid and start of each shim. One whose start differs is another process.
    """
    found = tree.processes()
    children = tree.children_of(found)
    now = time.monotonic()
    used = {}
    for name, (pid, start) in shims.items():
        shim = found.get(pid)
        if shim is None or shim.start != start:
            continue
        below = tree.below(pid, children)
        cpu = shim.cpu + sum(one.cpu for one in below)  # the shim has waited for those that ended
        used[name] = Used(now, cpu, sum(one.memory for one in below if one.living))
    return used


def _gauge(before: Used | None, used: Used | None) -> Gauge | None:
    if before is None or used is None or used.at <= before.at:
        return None
    percent = max(0.0, used.cpu_seconds - before.cpu_seconds) / (used.at - before.at) * 100
    step = 1 if percent < 9.5 else 5
    return Gauge(step * round(percent / step), _two_digits(used.memory_bytes))


def _two_digits(size: int) -> int:
    scale = int(10 ** max(0, len(str(size)) - 2))
    return round(size / scale) * scale
