"""A control group (version 2) of the execution's own, where whoever started us was given one.

The rule: files of one folder, read and written; where anything is missing or refused there is no
group, and what is used is sampled. The group's walls stand where sampling comes too late: the
system itself refuses memory beyond the bound, and a bomb of forks. Nothing outside of our own
folder is changed, but that a group of ours may count what it has to.
"""

import os
from collections.abc import Callable

from .limits import FAR_OVER, Breach, Limits, too_many_processes, too_much_memory

MOUNT = "/sys/fs/cgroup"
NOTE = "cgroup"
"""The file of the run folder that says where the group is, for who sweeps after a killed shim."""
_CONTROLLERS = ("cpu", "memory", "pids")
_THREADS = 32
"""The system counts threads, we count processes: the wall is for a bomb."""
_PERIOD = 100_000
"""Microseconds, of which the group may have its share of a core."""


def own_group() -> str:
    """This process's group, as a path below the mount; empty where there is no version 2."""
    try:
        with open("/proc/self/cgroup", encoding="utf-8") as file:
            return next((line[3:].strip() for line in file if line.startswith("0::")), "")
    except (OSError, ValueError):
        return ""


def is_delegated(folder: str) -> bool:
    """Whether the service manager has given that group away, as systemd marks it."""
    get: Callable[[str, str], bytes] | None = getattr(os, "getxattr", None)
    try:
        return get is not None and get(folder, "user.delegate") == b"1"
    except OSError:
        return False


class Cgroup:
    """One group.

    Args:
        path: its folder.
    """

    def __init__(self, path: str) -> None:
        self.path = path

    def bound(self, limits: Limits) -> None:
        """Put up the walls.

        Raises:
            OSError: one of them cannot stand.
        """
        if limits.max_memory is not None:
            _write(self.path, "memory.max", str(limits.max_memory))
            _write(self.path, "memory.oom.group", "1")
        if limits.max_processes is not None:
            _write(self.path, "pids.max", str(limits.max_processes * _THREADS))
        if limits.max_cpu is not None:
            share = max(1000, int(limits.max_cpu * FAR_OVER * _PERIOD))
            _write(self.path, "cpu.max", f"{share} {_PERIOD}")

    def take(self, pid: int) -> None:
        """Have a process in it, with what it starts from now on.

        Raises:
            OSError: it is refused.
        """
        _write(self.path, "cgroup.procs", str(pid))

    def cpu_seconds(self) -> float:
        """Processor seconds of all that was ever in it."""
        return self._fields("cpu.stat").get("usage_usec", 0) / 1e6

    def processes(self) -> int:
        """How many are in it."""
        return len(_read(self.path, "cgroup.procs").split())

    def peak_memory(self) -> int:
        """Bytes that it used at most, 0 where the system does not say."""
        return self._number("memory.peak")

    def breach(self, limits: Limits) -> Breach | None:
        """The wall that it ran against."""
        bound = limits.max_memory
        if bound is not None and self._fields("memory.events").get("oom_kill", 0):
            return too_much_memory(max(self.peak_memory(), bound), bound)
        most = limits.max_processes
        if most is not None and self._fields("pids.events").get("max", 0):
            return too_many_processes(max(self.processes(), most), most)
        return None

    def kill(self) -> None:
        """SIGKILL to all that is in it, however fast it forks."""
        try:
            _write(self.path, "cgroup.kill", "1")
        except OSError:
            pass  # an older system has no such file: they are killed one by one

    def remove(self) -> None:
        """Take it away; it is empty, or stays."""
        try:
            os.rmdir(self.path)
        except OSError:
            pass  # something in it cannot be killed

    def _number(self, name: str) -> int:
        said = _read(self.path, name).strip()
        return int(said) if said.isdigit() else 0

    def _fields(self, name: str) -> dict[str, int]:
        rows = (line.split() for line in _read(self.path, name).splitlines())
        return {row[0]: int(row[1]) for row in rows if len(row) == 2 and row[1].isdigit()}


def make_group(
    name: str,
    limits: Limits,
    *,
    mount: str = MOUNT,
    own: str | None = None,
    delegated: Callable[[str], bool] = is_delegated,
) -> Cgroup | None:
    """A group of that name with the walls of these limits; None where there can be none.

    Below our own group, or beside it where the one above was given away: a group that has both
    processes and groups below it cannot bound those.
    """
    own = own_group() if own is None else own
    if not own or not limits.of_processes:
        return None
    inside = os.path.normpath(mount + own)
    places = [inside]
    if own != "/" and delegated(os.path.dirname(inside)):
        places.append(os.path.dirname(inside))
    for place in places:
        if _offers(place):
            group = Cgroup(os.path.join(place, name))
            try:
                os.mkdir(group.path)
                group.bound(limits)
            except OSError:
                group.remove()
            else:
                return group
    return None


def name_of(execution_id: str) -> str:
    """Of the execution's group."""
    return f"claude-{execution_id}"


def end_group(run_folder: str, execution_id: str) -> None:
    """End what is left in the group of a shim that was killed, and take the group away."""
    try:
        with open(os.path.join(run_folder, NOTE), encoding="utf-8") as file:
            path = file.read(4096)
    except (OSError, ValueError):
        return  # it had none
    if os.path.isabs(path) and os.path.basename(path) == name_of(execution_id):
        group = Cgroup(path)
        group.kill()
        group.remove()


def _offers(place: str) -> bool:
    """Whether groups below it have their figures counted, or can be made to."""
    wanted = set(_CONTROLLERS)
    if wanted <= set(_read(place, "cgroup.subtree_control").split()):
        return os.access(os.path.join(place, "cgroup.procs"), os.W_OK)
    try:
        _write(place, "cgroup.subtree_control", " ".join(f"+{one}" for one in _CONTROLLERS))
    except OSError:
        return False
    return wanted <= set(_read(place, "cgroup.subtree_control").split())


def _write(folder: str, name: str, text: str) -> None:
    fd = os.open(os.path.join(folder, name), os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.write(fd, text.encode())
    finally:
        os.close(fd)


def _read(folder: str, name: str) -> str:
    try:
        with open(os.path.join(folder, name), encoding="ascii") as file:
            return file.read()
    except (OSError, ValueError):
        return ""
