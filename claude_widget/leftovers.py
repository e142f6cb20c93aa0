"""Ends processes that a dead shim left behind, found by the mark in their environment.

The rule: only processes of this user on this machine that carry the execution's own id are
signalled; a pid alone is never trusted, since a pidfd or a start time is held while deciding.
"""

from __future__ import annotations

import os

import psutil

_ROUNDS = 20


def end_marked(name: str, value: str) -> int:
    """SIGKILL every process whose environment has `name=value`, until none is left.

    Returns:
        How many processes there were.
    """
    met: set[tuple[int, float]] = set()
    for _ in range(_ROUNDS):
        found = _marked(name, value)
        if not found:
            break
        for process in found:
            met.add((process.pid, process.create_time()))
            try:
                process.kill()  # psutil compares the start time first
            except psutil.Error:
                continue
        psutil.wait_procs(found, timeout=1.0)
    return len(met)


def _marked(name: str, value: str) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        if process.pid == os.getpid():
            continue
        try:
            if process.environ().get(name) == value and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue  # ended meanwhile, or another user's
    return found
