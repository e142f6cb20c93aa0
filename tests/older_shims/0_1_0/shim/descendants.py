"""Finds and ends every process that the CLI left behind.

The rule: only processes below this shim are ever signalled. On Linux the shim is a child
subreaper, so whatever calls setsid or forks twice becomes its child when its parent dies: nothing
escapes. Elsewhere an escaped process keeps only its environment, and is found, best effort, by
the execution's mark in it.
"""

import os
import signal
import sys
import time

LINUX = sys.platform == "linux"


def parents() -> dict[int, int]:
    """Parent of every process of the machine that can be seen, zombies left out."""
    return _parents_by_proc() if LINUX else _parents_by_ps()


def _parents_by_proc() -> dict[int, int]:
    found: dict[int, int] = {}
    for name in os.listdir("/proc"):
        if not name.isdigit():
            continue
        try:
            with open(f"/proc/{name}/stat", "rb") as file:
                stat = file.read()
        except OSError:
            continue  # it ended meanwhile
        state, ppid = stat[stat.rindex(b")") + 2 :].split(b" ", 2)[:2]
        if state not in (b"Z", b"X"):
            found[int(name)] = int(ppid)
    return found


def _parents_by_ps() -> dict[int, int]:
    import subprocess

    said = subprocess.run(
        ["/bin/ps", "-axo", "pid=,ppid=,stat="], capture_output=True, check=False, timeout=10
    )
    rows = (line.split() for line in said.stdout.splitlines())
    return {int(row[0]): int(row[1]) for row in rows if len(row) > 2 and b"Z" not in row[2]}


def below(root: int) -> list[int]:
    """All living descendants of a process, parents before children."""
    children: dict[int, list[int]] = {}
    for pid, parent in parents().items():
        children.setdefault(parent, []).append(pid)
    found: list[int] = []
    queue = [root]
    while queue:
        queue = [child for pid in queue for child in children.get(pid, [])]
        found += queue
    return found


def marked(mark: str) -> list[int]:
    """Other processes whose environment holds the mark, where there is no subreaper."""
    if LINUX:
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


def _signal(pid: int, number: int) -> None:
    try:
        os.kill(pid, number)
        if number == signal.SIGTERM:
            os.kill(pid, signal.SIGCONT)  # a stopped process would never see the other
    except OSError:
        pass  # it has ended, or changed its user: SIGKILL is tried again above
