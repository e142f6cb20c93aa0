"""How many executions this machine can run at once.

The rule: a figure from cores and free memory, and nothing else; no execution is looked at.
"""

from __future__ import annotations

import os

import psutil

from claude_widget.errors import InvalidRequest

_MEMORY_EACH = 400 * 1024 * 1024
"""Bytes. A CLI that has just started holds 200 MB (measured, 2.1.330) and grows at work."""
_PER_CORE = 2
"""A CLI takes about one CPU-second to start, then mostly waits for the API."""
_MOST = 16


def default_concurrency() -> int:
    """How many executions run at once unless the user says otherwise; at least 1."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    by_memory = psutil.virtual_memory().available // 2 // _MEMORY_EACH
    return max(1, min((cores or 1) * _PER_CORE, by_memory, _MOST))


def concurrency(wanted: object = None) -> int:
    """How many executions run at once.

    Args:
        wanted: as a person, a form or a file says it; None for the machine's own figure.

    Raises:
        InvalidRequest: it is no whole number of at least 1.
    """
    if wanted is None:
        return default_concurrency()
    if not isinstance(wanted, int) or wanted < 1:
        raise InvalidRequest(
            f"max_concurrency must be at least 1, not {wanted!r}.", field="max_concurrency"
        )
    return wanted
