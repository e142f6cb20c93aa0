"""Sees that the execution keeps its limits, with the kernel busy or gone.

The rule: it says when it has to look next, looks, and tells a breach; that ends the execution by
the ladder, which asks first. Only what grows while it is asked, memory and processes, is killed at
once when it is far over its bound.
"""

from collections.abc import Callable
from typing import Any

from . import descendants, tree
from .awake import AwakeClock
from .cgroup import NOTE, Cgroup, make_group, name_of
from .closing import Deadline
from .config import Config
from .limits import Breach, too_long, too_silent
from .session import Session
from .stall import Stall
from .usage import Usage

_GROWING = ("memory", "processes")


class Guard:
    """Watches one CLI and all that it has started.

    Args:
        config: with the limits.
        pid: of the CLI.
        started: seconds at which it was started.
        clock: counts them.
        breached: is told of a limit that is passed.
    """

    def __init__(
        self,
        config: Config,
        pid: int,
        *,
        started: float,
        clock: AwakeClock,
        breached: Callable[[Breach], None],
    ) -> None:
        self._limits = config.limits
        self._pid = pid
        self._started = started
        self._clock = clock
        self._stopped = clock.stopped
        self._breached = breached
        self._breach: Breach | None = None
        self._group = self._own_group(name_of(config.execution_id))
        self._stall = Stall(self._limits.idle_timeout, started)
        self._usage = Usage(self._limits, config.scratch, self._group, started)

    def begin(self) -> None:
        """Count from now on: the CLI has waited for its prompt until now."""
        self._started = now = self._clock.now()
        self._stall.heard(now)

    def _own_group(self, name: str) -> Cgroup | None:
        group = make_group(name, self._limits)
        if group is None:
            return None
        try:
            with open(NOTE, "w", encoding="utf-8") as file:
                file.write(group.path)
            for pid in (self._pid, *descendants.below(self._pid)):
                group.take(pid)
        except OSError:
            group.remove()
            return None
        return group

    @property
    def told(self) -> dict[str, Any]:
        """How limits on processes are held, for the record of the start."""
        if not self._limits.of_processes:
            return {}
        return {"limits_by": "cgroup", "cgroup": self._group.path} if self._group else _SAMPLING

    def heard(self, lines: bytes = b"") -> None:
        """There was output, with these whole lines of stdout."""
        now = self._clock.now()
        self._stall.heard(now, lines)
        self._usage.heard(now)

    def deadlines(self, session: Session, *, ending: bool) -> list[Deadline]:
        """When to look at what.

        Args:
            session: what is known of it.
            ending: the CLI is being ended already.
        """
        found: list[Deadline] = []
        look = self._usage.due()
        if look is not None and (self.outruns or not ending):
            found.append((look, self._look))
        if ending:
            return found
        if self._limits.timeout is not None:
            found.append((self._started + self._limits.timeout, self._time_out))
        silent = self._stall.due(session, self._clock.now())
        if silent is not None:
            found.append((silent, self._fall_silent))
        return found

    def _look(self, now: float) -> None:
        if self._clock.stopped != self._stopped:
            self._stopped = self._clock.stopped
            self._usage.forget_average()
        breach = self._usage.look(now)
        if breach is not None:
            self._tell(breach)
        if breach is not None and breach.far:
            self.kill_all()

    def _time_out(self, now: float) -> None:
        assert self._limits.timeout is not None
        self._tell(too_long(now - self._started, self._limits.timeout))

    def _fall_silent(self, now: float) -> None:
        assert self._stall.bound is not None
        if tree.is_stopped(self._pid):
            self._stall.hold(now)
        elif self._stall.held:
            self._stall.heard(now)
        else:
            self._tell(too_silent(self._stall.bound, self._stall.bound))

    def _tell(self, breach: Breach) -> None:
        if self._breach is None:
            self._breach = breach
            self._breached(breach)

    def kill_all(self) -> None:
        """End everything below the shim without asking."""
        if self._group is not None:
            self._group.kill()
        descendants.freeze_and_kill()

    @property
    def outruns(self) -> bool:
        """What is left may go on growing while it is asked to end."""
        return self._breach is not None and self._breach.reason in _GROWING

    def exited(self) -> None:
        """The CLI is gone: perhaps it was the system that ended it, for a limit of ours."""
        breach = self._usage.breach_at_end()
        if breach is not None:
            self._tell(breach)

    def close(self) -> dict[str, Any]:
        """Nothing lives any more; what was used, for the ending record."""
        total = self._usage.total()
        if self._group is not None:
            self._group.remove()
        return total


_SAMPLING = {"limits_by": "sampling"}
