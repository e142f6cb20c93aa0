"""Finds and ends every process that the CLI left behind.

The rule: only processes below this shim are ever signalled. On Linux the shim is a child
subreaper, so whatever calls setsid or forks twice becomes its child when its parent dies: nothing
escapes. Elsewhere an escaped process keeps only its environment, and is found, best effort, by
the execution's mark in it.
"""

import os
import signal
import time

from . import tree

_FREEZING = 2.0
"""Seconds in which a bomb that forks has to stand still."""


def below(root: int) -> list[int]:
    """All living descendants of a process, parents before children."""
    found = tree.below(root, tree.children_of(tree.processes()))
    return [one.pid for one in found if one.living]


def marked(mark: str) -> list[int]:
    """Other processes whose environment holds the mark, where there is no subreaper."""
    if tree.LINUX:
        return []
    import subprocess

    said = subprocess.run(
        ["/bin/ps", "-axEwwo", "pid=,command="], capture_output=True, check=False, timeout=10
    )
    needle = mark.encode()
    pids = [int(line.split(None, 1)[0]) for line in said.stdout.splitlines() if needle in line]
    return [pid for pid in pids if pid != os.getpid()]


def reap() -> dict[int, int]:
    """Wait for every child that has ended; wait status by pid."""
    ended: dict[int, int] = {}
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return ended
        if pid == 0:
            return ended
        ended[pid] = status


def end_all(mark: str, grace: float, bound: float = 10.0) -> int:
    """SIGTERM to all descendants, SIGKILL after the grace, until none is left; how many there were.

    Args:
        mark: `NAME=value` in the environment of every descendant.
        grace: seconds between the two.
        bound: seconds after which it gives up on what cannot be killed (uninterruptible sleep).
    """
    met: set[int] = set()
    start = time.monotonic()
    asked: set[int] = set()
    pause = 0.002
    while True:
        reap()
        left = below(os.getpid()) or marked(mark)
        waited = time.monotonic() - start
        if not left or waited > bound:
            return len(met)
        met.update(left)
        firm = waited >= grace
        for pid in left:
            if firm or pid not in asked:
                _signal(pid, signal.SIGKILL if firm else signal.SIGTERM)
        asked.update(left)
        time.sleep(pause)
        pause = min(pause * 1.5, 0.05)


def freeze_and_kill() -> int:
    """Stop all descendants until there are no new ones, then SIGKILL them; how many there were.

    Killing one after the other frees places for what goes on forking; what is stopped forks not.
    """
    until = time.monotonic() + _FREEZING
    met: dict[int, None] = {}
    while time.monotonic() < until:
        new = [pid for pid in below(os.getpid()) if pid not in met]
        if not new:
            break
        for pid in new:
            _signal(pid, signal.SIGSTOP)
        met.update(dict.fromkeys(new))
    for pid in met:
        _signal(pid, signal.SIGKILL)
    return len(met)


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
        if number == signal.SIGTERM:
            os.kill(pid, signal.SIGCONT)  # a stopped process would never see the other
    except OSError:
        pass  # it has ended, or changed its user: SIGKILL is tried again above
