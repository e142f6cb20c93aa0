"""What the processes of this machine are and use, in one pass over them.

The rule: it looks and signals nobody. A pid is only trusted together with the moment at which the
process started. Memory is what is resident, the sum over the processes, so that a page that several
share counts for each of them; `unshared` counts it once, and is slow.
"""

import os
import sys
from typing import NamedTuple

LINUX = sys.platform == "linux"
_TICK = 1.0 / os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_AFRESH = 20
"""Looks after which everything is read again."""


class Process(NamedTuple):
    """One process.

    Attributes:
        pid: of it.
        parent: pid of its parent.
        start: ticks of the system's clock since boot at which it started; 0 where /proc is absent.
        cpu: processor seconds, with those of the children that it has waited for.
        memory: bytes of resident memory.
        state: the letter by which the system tells it.
    """

    pid: int
    parent: int
    start: int
    cpu: float
    memory: int
    state: str

    @property
    def living(self) -> bool:
        """It is no zombie."""
        return self.state not in ("Z", "X")


def start_ticks(pid: int) -> int:
    """When a process started, in the system's clock ticks since boot; 0 where /proc is absent."""
    found = _by_proc(pid)
    return 0 if found is None else found.start


def processes() -> dict[int, Process]:
    """Every process of the machine that can be seen."""
    if not LINUX:
        return _by_ps()
    pids = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    return {pid: found for pid in pids if (found := _by_proc(pid)) is not None}


def children_of(found: dict[int, Process]) -> dict[int, list[Process]]:
    """The processes by their parents' pids."""
    children: dict[int, list[Process]] = {}
    for process in found.values():
        children.setdefault(process.parent, []).append(process)
    return children


def below(root: int, children: dict[int, list[Process]]) -> list[Process]:
    """All descendants of a process, zombies included, parents before children."""
    reached: list[Process] = []
    level = [root]
    while level:
        met = [child for pid in level for child in children.get(pid, [])]
        reached += met
        level = [child.pid for child in met]
    return reached


class Below:
    """The descendants of one process, looked at again and again.

    What is not below it never comes to be, so it need not be read each time: a look costs as much
    as the tree is large, not the machine. Now and then all is read, since pids are used again.
    """

    def __init__(self, root: int) -> None:
        self._root = root
        self._foreign: set[int] = set()
        self._looks = 0

    def look(self) -> list[Process]:
        """All descendants, zombies included, parents before children."""
        if not LINUX:
            return below(self._root, children_of(_by_ps()))
        pids = {int(name) for name in os.listdir("/proc") if name.isdigit()}
        self._looks += 1
        if self._looks % _AFRESH == 0:
            self._foreign.clear()
        found = {pid: one for pid in pids - self._foreign if (one := _by_proc(pid)) is not None}
        ours = below(self._root, children_of(found))
        others = pids - {one.pid for one in ours}
        # One whose parent has ended while it was read may be ours all the same.
        self._foreign &= others
        self._foreign |= {pid for pid in others & found.keys() if found[pid].parent in others | {0}}
        return ours


def is_stopped(pid: int) -> bool:
    """Somebody holds it (SIGSTOP): it does nothing until it is let go on."""
    found = _by_proc(pid) if LINUX else _by_ps().get(pid)
    return found is not None and found.state in ("T", "t")


def unshared(process: Process) -> int:
    """Bytes of its memory, of a shared page its part only; all of it where that is not told.

    Of one that has ended meanwhile nothing: its part of the pages counts for the others now.
    """
    try:
        with open(f"/proc/{process.pid}/smaps_rollup", "rb") as file:
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) * 1024
    except OSError:
        pass  # it ended, may not be looked into, or the system is too old to tell
    now = _by_proc(process.pid)
    lives = now is not None and now.living and now.start == process.start
    return process.memory if lives else 0


def _by_proc(pid: int) -> Process | None:
    try:
        with open(f"/proc/{pid}/stat", "rb") as file:
            stat = file.read()
    except OSError:
        return None  # it has ended
    fields = stat[stat.rindex(b")") + 2 :].split()
    cpu = sum(map(int, fields[11:15])) * _TICK
    return Process(
        pid, int(fields[1]), int(fields[19]), cpu, int(fields[21]) * _PAGE, chr(fields[0][0])
    )


def _by_ps() -> dict[int, Process]:
    import subprocess

    command = ["/bin/ps", "-axo", "pid=,ppid=,rss=,time=,stat="]
    said = subprocess.run(command, capture_output=True, check=False, timeout=10)
    rows = (line.split() for line in said.stdout.splitlines())
    return {int(row[0]): _by_row(row) for row in rows if len(row) > 4}


def _by_row(row: list[bytes]) -> Process:
    memory, state = int(row[2]) * 1024, chr(row[4][0])
    return Process(int(row[0]), int(row[1]), 0, _seconds(row[3]), memory, state)


def _seconds(told: bytes) -> float:
    """Of `[[days-]hours:]minutes:seconds`."""
    days, _, rest = told.rpartition(b"-")
    seconds = 0.0
    for part in rest.split(b":"):
        seconds = seconds * 60 + float(part)
    return seconds + (int(days) * 86400 if days else 0)
