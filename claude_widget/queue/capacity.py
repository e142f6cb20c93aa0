"""How many executions this machine can run at once.

The rule: a figure from cores and free memory, and nothing else; no execution is looked at.
"""

from __future__ import annotations

import os

import psutil

from claude_widget.quantities import count
from claude_widget.queue.slots import MEMORY_EACH

_PER_CORE = 2
"""A CLI takes about one CPU-second to start, then mostly waits for the API."""
_MOST = 16


def default_concurrency() -> int:
    """How many executions run at once unless the user says otherwise; at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    by_memory = free_memory() // 2 // MEMORY_EACH
    return max(1, min((cores or 1) * _PER_CORE, by_memory, _MOST))


def free_memory() -> int:
    """Bytes that the machine can still give away without swapping."""
    return int(psutil.virtual_memory().available)


def concurrency(wanted: object = None) -> int:
    """How many executions run at once.

    Args:
        wanted: as a person, a form or a file says it; None for the machine's own figure.

    Raises:
        InvalidRequest: it is no whole number of at least 1.
    """
    if wanted is None:
        return default_concurrency()
    return count("max_concurrency", wanted, least=1)
