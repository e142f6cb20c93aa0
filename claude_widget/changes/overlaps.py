"""Which executions changed one folder at the same time: nobody can say whose changes are whose.

The rule: times and folders only. Two folders touch if one is, or holds, the other. What other
processes ran is told by whoever knows.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Span(NamedTuple):
    """One execution in its folder.

    Attributes:
        project: the folder.
        started: in seconds of any one clock.
        ended: None while it runs.
    """

    project: Path
    started: float
    ended: float | None


class Stay:
    """One execution that `Overlaps` knows of.

    Attributes:
        project: its folder, links resolved.
        mixed: another one was there meanwhile.
    """

    def __init__(self, project: Path) -> None:
        self.project = project
        self.mixed = False


class Overlaps:
    """The executions of this process that change folders now. Safe from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._stays: set[Stay] = set()

    def begin(self, project: Path) -> Stay:
        """One begins to work in a folder; call it before the folder is looked at."""
        stay = Stay(Path(project).resolve())
        with self._lock:
            for other in self._stays:
                if touch(stay.project, other.project):
                    stay.mixed = other.mixed = True
            self._stays.add(stay)
        return stay

    def end(self, stay: Stay) -> bool:
        """It has ended, and the folder was looked at; whether another one was there meanwhile."""
        with self._lock:
            self._stays.discard(stay)
            return stay.mixed


OVERLAPS = Overlaps()
"""Of this process."""


def overlapped(own: Span, others: Iterable[Span]) -> bool:
    """Whether any of the others, such as those of other processes, worked there meanwhile.

    Args:
        own: the one that is asked about.
        others: without it; their clock is the same.
    """
    project, end = own.project.resolve(), own.ended
    return any(
        (end is None or other.started < end)
        and (other.ended is None or other.ended > own.started)
        and touch(project, other.project.resolve())
        for other in others
    )


def touch(one: Path, other: Path) -> bool:
    """One of two resolved folders is, or holds, the other."""
    return one.is_relative_to(other) or other.is_relative_to(one)
