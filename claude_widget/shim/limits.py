"""How much an execution may use, and in which words it is told that it used more.

The rule: figures and bounds only; it reads no clock and looks at no process. What follows from a
breach is the supervisor's.
"""

from typing import NamedTuple

FAR_OVER = 1.5
"""Times the bound, above which memory and processes are not asked to end but killed at once."""


class Limits(NamedTuple):
    """What an execution may use; None is no limit.

    Attributes:
        timeout: seconds from the CLI's start, those not counted in which the machine slept.
        idle_timeout: seconds without output while the CLI waits for nothing of its own.
        max_cpu: processor cores, on average over ten seconds.
        max_cpu_seconds: processor seconds of the whole tree.
        max_memory: bytes of resident memory of the whole tree.
        max_processes: living processes of the whole tree, without the shim.
        max_temp_size: bytes on disk below the CLI's own temp folder.
    """

    timeout: float | None = None
    idle_timeout: float | None = None
    max_cpu: float | None = None
    max_cpu_seconds: float | None = None
    max_memory: int | None = None
    max_processes: int | None = None
    max_temp_size: int | None = None

    @property
    def of_processes(self) -> bool:
        """One of them is about what the processes use."""
        bounds = (self.max_cpu, self.max_cpu_seconds, self.max_memory, self.max_processes)
        return any(bound is not None for bound in bounds)


class Figures(NamedTuple):
    """What the tree uses now.

    Attributes:
        cpu_seconds: of all its processes since the start.
        cpu: cores on average over the last seconds; None while it is too early to tell.
        memory: bytes.
        processes: how many.
    """

    cpu_seconds: float = 0.0
    cpu: float | None = None
    memory: int = 0
    processes: int = 0


class Breach(NamedTuple):
    """A limit that is passed.

    Attributes:
        reason: the execution's.
        figure: what it used.
        bound: what it might.
        error: the same in words.
        far: it is so much over that there is no time to ask.
    """

    reason: str
    figure: float
    bound: float
    error: str
    far: bool = False


def breach_of(limits: Limits, figures: Figures) -> Breach | None:
    """The limit that the figures pass, the most urgent first."""
    memory, processes = limits.max_memory, limits.max_processes
    if processes is not None and figures.processes > processes:
        return too_many_processes(figures.processes, processes)
    if memory is not None and figures.memory > memory:
        return too_much_memory(figures.memory, memory)
    cores, seconds = limits.max_cpu, limits.max_cpu_seconds
    if seconds is not None and figures.cpu_seconds > seconds:
        used = f"{figures.cpu_seconds:,.1f} of {seconds:,g} processor seconds"
        return Breach("cpu", figures.cpu_seconds, seconds, _said(used, "max_cpu_seconds"))
    if cores is not None and figures.cpu is not None and figures.cpu > cores:
        used = f"{figures.cpu:.2f} of {cores:g} processor cores on average over ten seconds"
        return Breach("cpu", round(figures.cpu, 3), cores, _said(used, "max_cpu"))
    return None


def too_many_processes(figure: int, bound: int) -> Breach:
    """There are more of them than may be."""
    said = _said(f"{figure:,} of {bound:,} processes", "max_processes")
    return Breach("processes", figure, bound, said, far=figure > bound * FAR_OVER)


def too_much_memory(figure: int, bound: int) -> Breach:
    """The tree's memory is over its bound."""
    said = _said(f"{_megabytes(figure)} of {_megabytes(bound)} MB of memory", "max_memory")
    return Breach("memory", figure, bound, said, far=figure > bound * FAR_OVER)


def too_much_temp(figure: int, bound: int) -> Breach:
    """The temp folder is over its bound."""
    told = f"{_megabytes(figure)} of {_megabytes(bound)} MB in its temp folder"
    return Breach("disk", figure, bound, _said(told, "max_temp_size"))


def too_long(figure: float, bound: float) -> Breach:
    """It has run for too long."""
    return Breach("timeout", round(figure, 3), bound, f"It ran for its {bound:,g} s (timeout).")


def too_silent(figure: float, bound: float) -> Breach:
    """It has been silent for too long."""
    said = f"For {bound:,g} s it printed nothing, with no tool at work (idle_timeout)."
    return Breach("idle", round(figure, 3), bound, said)


def _said(used: str, option: str) -> str:
    return f"It used {used} ({option})."


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.1f}"
