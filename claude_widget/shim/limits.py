"""How much an execution may use.

The rule: figures and bounds only; it reads no clock and looks at no process. What follows from a
breach is the supervisor's.
"""

from typing import NamedTuple


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
