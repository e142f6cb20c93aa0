"""What each execution of the soak does, and how it must end.

The rule: data that follows from the execution's number alone, so that a kernel that was restarted
in the middle and the user at the page know the same as the one that started it.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

Does = Literal[
    "", "kill", "interrupt", "allow", "deny", "end the shim", "page kills", "page allows"
]


class Kind(NamedTuple):
    """One kind of execution.

    Attributes:
        query: its prompt, less its number.
        status, reason: how it must end.
        does: what is done to it, by the kernel or on the page.
        options: of the start.
    """

    query: str
    status: str
    reason: str
    does: Does = ""
    options: dict[str, Any] = {}  # noqa: RUF012 - never changed


WELL = Kind("fake:tools fake:deltas=30", "completed", "success")
FLOOD = Kind("fake:flood=1 fake:stderr=0.2", "completed", "success")
RARE = (
    Kind("fake:long", "failed", "lost", "end the shim"),
    Kind("fake:long", "completed", "interrupted", "interrupt"),
    Kind("fake:daemon", "completed", "success"),
    Kind("fake:long", "killed", "user", "kill", {"env": {"FAKE_CLAUDE": "deaf"}}),
)
"""They take turns."""
MIX = (
    WELL,
    WELL,
    Kind("fake:crash", "failed", "crashed"),
    FLOOD,
    Kind("fake:long", "killed", "user", "page kills"),
    WELL,
    Kind("fake:asks=Bash", "completed", "success", "allow"),
    Kind("fake:long", "killed", "user", "kill"),
    WELL,
    Kind("fake:background=0.3", "completed", "success"),
    Kind("fake:asks=Bash", "completed", "success", "page allows"),
    Kind("fake:long", "failed", "timeout", options={"timeout": 1.5}),
    WELL,
    FLOOD,
    Kind("fake:half-line fake:exit=3", "failed", "crashed"),
    WELL,
    Kind("fake:asks=Bash", "completed", "denied", "deny"),
    Kind("", "failed", "startup", options={"env": {"FAKE_CLAUDE": "dies=2"}}),
    WELL,
)
"""What comes in turn; after all of them one of `RARE`."""


class Planned(NamedTuple):
    """One execution.

    Attributes:
        number: from 0.
        kind: of what kind it is.
    """

    number: int
    kind: Kind

    @property
    def name(self) -> str:
        """What it is called."""
        return f"soak-{self.number}"

    @property
    def query(self) -> str:
        """Its prompt; no two are equal, and none begins another."""
        return f"Soak number {self.number:05} {self.kind.query}".strip()


def planned(number: int) -> Planned:
    """The execution of that number."""
    turn, place = divmod(number, len(MIX) + 1)
    kind = MIX[place] if place < len(MIX) else RARE[turn % len(RARE)]
    return Planned(number, kind)


class Size(NamedTuple):
    """How long a soak is. Its quarters are of equal numbers of waves.

    Attributes:
        waves: a multiple of four. In each all that it started ends before the next begins.
        in_wave: executions of each, at least `AT_ONCE`.
    """

    waves: int
    in_wave: int

    @property
    def executions(self) -> int:
        """How many there are in all."""
        return self.waves * self.in_wave

    @property
    def quarter(self) -> int:
        """Waves in a quarter."""
        return self.waves // 4

    def of_wave(self, wave: int) -> list[Planned]:
        """Those of one wave."""
        first = wave * self.in_wave
        return [planned(number) for number in range(first, first + self.in_wave)]


AT_ONCE = 16
LONG = Size(waves=40, in_wave=50)
SHORT = Size(waves=8, in_wave=16)
