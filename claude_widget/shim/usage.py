"""What the CLI and everything below the shim use: sampled, since an ordinary user may ask no more.

The rule: it looks only when something is to be learned from it: while a limit is set, and else
seldom, after output. However slow a look is, it takes a small share of a core at most. Where there
is a control group (see `cgroup`) it is asked as well, for it misses nothing.
"""

import os
import resource
import sys
import time
from collections import deque
from typing import Any, NamedTuple

from . import tree
from .cgroup import Cgroup
from .limits import Breach, Figures, Limits, breach_of, too_much_temp

DESCENDANTS = "descendants"
"""The file that says what lived below the shim: `pid start` a line, for who sweeps after it."""
PERIOD = 0.5
"""Seconds between two looks while there is a limit."""
SELDOM = 10.0
_SETTLED = 1.0
"""Seconds after output at which it is worth a look: what a tool starts has started then."""
_TEMP_PERIOD = 1.0
_WINDOW = 10.0
_COST = 50
"""A look costs at most this part of the time between two."""
_COST_SELDOM = 500
_MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


class _Sample(NamedTuple):
    now: float
    cpu_seconds: float


class Usage:
    """Looks at the tree below this process, now and then.

    Args:
        limits: decide how often.
        scratch: the CLI's own temp folder.
        cgroup: the control group that the tree is in, if any.
        now: seconds.
    """

    def __init__(self, limits: Limits, scratch: str, cgroup: Cgroup | None, now: float) -> None:
        self._limits = limits
        self._scratch = scratch
        self._cgroup = cgroup
        self._below = tree.Below(os.getpid())
        self._looked = now - SELDOM
        self._period = PERIOD if limits.of_processes else SELDOM
        self._heard_at: float | None = None
        self._temp_due = now + _TEMP_PERIOD
        self._samples: deque[_Sample] = deque()
        self._cpu_seconds = 0.0
        self._peak_memory = 0
        self._peak_processes = 1
        self._noted: list[tuple[int, int]] | None = None

    def heard(self, now: float) -> None:
        """There was output, so something may have been started."""
        if self._heard_at is None:
            self._heard_at = now

    def due(self) -> float | None:
        """When to look next, or None."""
        found = [] if self._limits.max_temp_size is None else [self._temp_due]
        if self._limits.of_processes:
            found.append(self._looked + self._period)
        elif self._heard_at is not None:
            found.append(max(self._looked + self._period, self._heard_at + _SETTLED))
        return min(found, default=None)

    def forget_average(self) -> None:
        """The clock has stood still while the tree may have gone on."""
        self._samples.clear()

    def look(self, now: float) -> Breach | None:
        """Do what is due; the limit that is passed."""
        bound = self._limits.max_temp_size
        if bound is not None and now >= self._temp_due:
            began = time.monotonic()
            size = size_below(self._scratch)
            took = time.monotonic() - began
            self._temp_due = now + max(_TEMP_PERIOD, took * _COST)
            if size > bound:
                return too_much_temp(size, bound)
        if now < self._looked + self._period:
            return None
        began = time.monotonic()
        figures = self._figures(now)
        took = time.monotonic() - began
        held = self._limits.of_processes
        self._period = max(PERIOD, took * _COST) if held else max(SELDOM, took * _COST_SELDOM)
        self._looked, self._heard_at = now, None
        wall = self._cgroup.breach(self._limits) if self._cgroup else None
        return wall or breach_of(self._limits, figures)

    def _figures(self, now: float) -> Figures:
        found = self._below.look()
        living = [one for one in found if one.living]
        memory = sum(one.memory for one in living)
        processes = len(living)
        self._count(sum(one.cpu for one in found) + _reaped_seconds())
        if self._cgroup:
            self._count(self._cgroup.cpu_seconds())
            processes = max(processes, self._cgroup.processes())
        if self._limits.max_memory is not None and memory > self._limits.max_memory:
            memory = sum(map(tree.unshared, living))
        self._peak_memory = max(self._peak_memory, memory)
        self._peak_processes = max(self._peak_processes, processes)
        self._note(living)
        return Figures(self._cpu_seconds, self.average(now, self._cpu_seconds), memory, processes)

    def _count(self, cpu_seconds: float) -> None:
        """Never less than before: what ends with nobody waiting for it takes its seconds along."""
        self._cpu_seconds = max(self._cpu_seconds, cpu_seconds)

    def average(self, now: float, cpu_seconds: float) -> float | None:
        """Cores over the last ten seconds, by what was used until now; None if it is too early."""
        self._samples.append(_Sample(now, cpu_seconds))
        while len(self._samples) > 1 and self._samples[1].now <= now - _WINDOW:
            self._samples.popleft()
        first = self._samples[0]
        if now - first.now < _WINDOW:
            return None
        return (cpu_seconds - first.cpu_seconds) / (now - first.now)

    def _note(self, living: list[tree.Process]) -> None:
        """Write down what lives, if it is not what lived before."""
        lives = [(one.pid, one.start) for one in living]
        if not tree.LINUX or lives == self._noted:
            return
        self._noted = lives
        text = "".join(f"{pid} {start}\n" for pid, start in lives)
        try:
            with open(DESCENDANTS + ".new", "w", encoding="ascii") as file:
                file.write(text)
            os.replace(DESCENDANTS + ".new", DESCENDANTS)
        except OSError:
            pass  # the disk is full: who sweeps has the mark in the environments, too

    def breach_at_end(self) -> Breach | None:
        """What the system has ended by itself, because it ran against its control group's wall."""
        return self._cgroup.breach(self._limits) if self._cgroup else None

    def total(self) -> dict[str, Any]:
        """Once all have ended and were waited for: the fields of the ending record."""
        used = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._count(_reaped_seconds())
        if self._cgroup:
            self._count(self._cgroup.cpu_seconds())
        peak = max(self._peak_memory, used.ru_maxrss * _MAXRSS_UNIT)
        return {
            "cpu_seconds": round(self._cpu_seconds, 3),
            "peak_memory": peak,
            "peak_processes": self._peak_processes,
        }


def _reaped_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def size_below(folder: str) -> int:
    """Bytes on disk of all that is below a folder; a file with several names counts once."""
    total = 0
    seen: set[tuple[int, int]] = set()
    folders = [folder]
    while folders:
        try:
            with os.scandir(folders.pop()) as entries:
                for entry in entries:
                    total += _size(entry, seen, folders)
        except OSError:
            continue  # it was removed meanwhile, or may not be looked into
    return total


def _size(entry: os.DirEntry[str], seen: set[tuple[int, int]], folders: list[str]) -> int:
    if entry.is_dir(follow_symlinks=False):
        folders.append(entry.path)
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError:
        return 0
    if status.st_nlink > 1 and not entry.is_dir(follow_symlinks=False):
        if (status.st_dev, status.st_ino) in seen:
            return 0
        seen.add((status.st_dev, status.st_ino))
    return status.st_blocks * 512
