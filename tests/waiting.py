"""The one place where a test waits for something to become true.

The rule: no test sleeps. It names the state that it waits for and a bound; past the bound it fails
and says what it waited for and what it saw last.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
STEP = 0.02
BOUND = 60.0
"""Seconds in which a state comes: the bound of a hang, no claim of speed. A machine that runs other
things may stand still for many seconds; how fast a thing is, the benchmarks tell."""


def until(check: Callable[[], T], *, timeout: float = BOUND, what: str = "") -> T:
    """Call `check` until it gives something true, and return that."""
    end = time.monotonic() + timeout
    while True:
        seen = check()
        if seen:
            return seen
        if time.monotonic() > end:
            waited = what or getattr(check, "__name__", "it")
            raise AssertionError(f"waited {timeout} s for: {waited}; saw last: {seen!r}")
        time.sleep(STEP)
