"""Finds and ends processes that a dead shim left behind.

The rule: a process belongs to an execution by the mark in its environment, by what the shim wrote
down of it (pid and start), or by standing below one that does; never by a pid alone. Only this
user's processes are looked at. A process that carries another execution's mark is that one's, and
so is what stands below it.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import sys
import time
from collections.abc import Collection, Container, Iterator
from pathlib import Path
from typing import NamedTuple

import psutil

from claude_widget.command import MARK
from claude_widget.header import read_header
from claude_widget.own_files import open_own
from claude_widget.reports import EndedProcess
from claude_widget.transcript import boot_id

DESCENDANTS = "descendants"
"""In a run folder: `pid start` of each process that its shim saw last below it."""
SCRATCH = "CLAUDE_CODE_TMPDIR"
"""In the environment of the CLI: its temp folder."""
_PROC_BYTES = 1 << 16
_LINUX = sys.platform == "linux"
_LONGEST_LIST = 1 << 20
_STOPPED_WITHIN = 5.0
"""Seconds in which what forks on has to stand still; then what is there is killed."""
_GONE_WITHIN = 5.0
"""Seconds that the killed have to go; more needs only what hangs in the kernel."""


class Seen(NamedTuple):
    """A living process of this user.

    Attributes:
        pid: its number.
        parent: its parent's.
        start: when it started: clock ticks since boot on Linux, microseconds elsewhere.
        name: the system's short name.
        mark: the execution that it says it belongs to, or the empty string.
        scratch: the temp folder that its environment names, or the empty string.
    """

    pid: int
    parent: int
    start: int
    name: str
    mark: str
    scratch: str


def look() -> dict[int, Seen]:
    """All living processes of this user but this one, by pid."""
    return {one.pid: one for one in _living()}


def _living(known: Container[int] = ()) -> Iterator[Seen]:
    """Those whose pid is not among the known, the latest first as far as pids tell."""
    for one in _by_proc(known) if _LINUX else _by_psutil():
        if one.pid != os.getpid():
            yield one


def _by_proc(known: Container[int]) -> Iterator[Seen]:
    user = os.getuid()
    names = os.listdir("/proc")  # noqa: PTH208 - a Path for each would be most of the time
    pids = sorted((int(name) for name in names if name.isdigit()), reverse=True)
    for pid in pids:
        if pid in known:
            continue
        try:
            if os.stat(f"/proc/{pid}").st_uid == user:  # noqa: PTH116
                seen = _read(pid)
                if seen is not None:
                    yield seen
        except OSError:
            continue  # it ended meanwhile


def _read(pid: int) -> Seen | None:
    stat = _content(f"/proc/{pid}/stat")
    begin, end = stat.index(b"(") + 1, stat.rindex(b")")
    rest = stat[end + 2 :].split()
    if rest[0] in (b"Z", b"X"):
        return None
    try:
        environment = _content(f"/proc/{pid}/environ")
    except PermissionError:  # it may not be looked at, as one that has raised its rights
        environment = b""
    return Seen(
        pid,
        int(rest[1]),
        int(rest[19]),
        stat[begin:end].decode("utf-8", "replace"),
        _value(environment, MARK.encode()),
        _value(environment, SCRATCH.encode()),
    )


def _content(path: str) -> bytes:
    """All of a file below /proc; a look at everything is mostly this."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        found = os.read(fd, _PROC_BYTES)
        while more := os.read(fd, _PROC_BYTES):
            found += more
        return found
    finally:
        os.close(fd)


def _value(environment: bytes, name: bytes) -> str:
    """A variable's value; empty where there is none."""
    if environment.startswith(name + b"="):
        start = len(name) + 1
    else:
        at = environment.find(b"\0" + name + b"=")
        if at < 0:
            return ""
        start = at + len(name) + 2
    end = environment.find(b"\0", start)
    return os.fsdecode(environment[start : end if end >= 0 else None])


def _by_psutil() -> Iterator[Seen]:
    user = os.getuid()
    for process in psutil.process_iter():
        try:
            if process.uids().real != user or process.status() == psutil.STATUS_ZOMBIE:
                continue
            told = process.environ()
            start = int(process.create_time() * 1e6)
            mark, scratch = told.get(MARK, ""), told.get(SCRATCH, "")
            yield Seen(process.pid, process.ppid() or 0, start, process.name(), mark, scratch)
        except (psutil.Error, OSError):
            continue  # ended meanwhile, or may not be looked at


def recorded(folder: Path) -> frozenset[tuple[int, int]]:
    """What its shim wrote down of the processes below it; nothing of an earlier boot's.

    Args:
        folder: the run folder.
    """
    header = read_header(folder / "transcript")
    if not _LINUX or header is None or header.boot_id != boot_id():
        return frozenset()
    try:
        with os.fdopen(open_own(folder / DESCENDANTS), "rb") as file:
            lines = file.read(_LONGEST_LIST).split(b"\n")
    except OSError:
        return frozenset()
    pairs = (line.split() for line in lines)
    return frozenset(
        (int(pair[0]), int(pair[1]))
        for pair in pairs
        if len(pair) == 2 and all(part.isdigit() and len(part) < 20 for part in pair)
    )


def end_leftovers(
    execution_id: str, known: Collection[tuple[int, int]] = ()
) -> tuple[EndedProcess, ...]:
    """End all processes of an execution whose shim is dead, and what stands below them.

    They are stopped before they are killed, so that none forks in between.

    Args:
        execution_id: whose mark they carry.
        known: pid and start of further ones, see `recorded`.

    Returns:
        Those that are gone now. What does not go within a few seconds is logged.
    """
    met = _stop(execution_id, known)
    if not met:
        return ()
    left = _kill(execution_id, met)
    return tuple(
        EndedProcess(pid=one.pid, name=one.name, execution_id=execution_id)
        for key, one in met.items()
        if key not in left
    )


def _stop(execution_id: str, known: Collection[tuple[int, int]]) -> dict[tuple[int, int], Seen]:
    """SIGSTOP to all, until there are no new ones; who they are.

    Each at once, the latest first: what forks on is faster than a look at everything.
    """
    met: dict[tuple[int, int], Seen] = {}
    seen: dict[int, Seen] = {}
    until = time.monotonic() + _STOPPED_WITHIN
    while time.monotonic() < until:
        before = len(met)
        for one in _living(seen):
            seen[one.pid] = one
            if one.mark == execution_id:
                met[one.pid, one.start] = one
                _signal(one, signal.SIGSTOP)
        for one in _of(execution_id, {*known, *met}, seen):
            if (one.pid, one.start) not in met:
                met[one.pid, one.start] = one
                _signal(one, signal.SIGSTOP)
        if len(met) == before:
            break
    return met


def _kill(execution_id: str, met: dict[tuple[int, int], Seen]) -> set[tuple[int, int]]:
    """SIGKILL until they are gone; those that are not."""
    until = time.monotonic() + _GONE_WITHIN
    pause = 0.002
    while True:
        found = _of(execution_id, set(met), look())
        for one in found:
            met[one.pid, one.start] = one
            _signal(one, signal.SIGKILL)
        left = {(one.pid, one.start) for one in found}
        if not left:
            return left
        if time.monotonic() > until:
            pids = ", ".join(str(pid) for pid, _ in left)
            logging.getLogger(__name__).warning(
                "Processes of execution %s do not go: %s", execution_id, pids
            )
            return left
        time.sleep(pause)
        pause = min(2 * pause, 0.1)


def _of(execution_id: str, known: set[tuple[int, int]], seen: dict[int, Seen]) -> list[Seen]:
    """What belongs to an execution, of those."""
    children: dict[int, list[Seen]] = {}
    for one in seen.values():
        children.setdefault(one.parent, []).append(one)
    ours = {
        one.pid: one
        for one in seen.values()
        if one.mark == execution_id or ((one.pid, one.start) in known and not one.mark)
    }
    queue = list(ours.values())
    while queue:
        for child in children.get(queue.pop().pid, []):
            if child.pid not in ours and child.mark in ("", execution_id):
                ours[child.pid] = child
                queue.append(child)
    return list(ours.values())


def _signal(one: Seen, number: signal.Signals) -> None:
    """Signal exactly that process: whatever has its pid by now, if it is another, is not met."""
    with contextlib.suppress(OSError, psutil.Error):
        if not _LINUX:
            process = psutil.Process(one.pid)
            if int(process.create_time() * 1e6) == one.start:
                process.send_signal(number)
            return
        handle = os.pidfd_open(one.pid)
        try:
            still = _read(one.pid)
            if still is not None and still.start == one.start:
                signal.pidfd_send_signal(handle, number)
        finally:
            os.close(handle)
