"""What a soak's figures must be: counts that balance, ends that were planned, nothing that grows.

The rule: from what was written down to checks that passed or did not; nothing is measured here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

from claude_widget.events import parse
from claude_widget.state import State, reduce
from claude_widget.transcript import read_records
from tests.soak.plan import Planned

ENDINGS = ("ended", "lost", "refused")
Figures = Mapping[str, float]
Ends = Mapping[str, Sequence[str]]


class Check(NamedTuple):
    """One thing that must hold.

    Attributes:
        name: what must hold.
        problem: why it does not; empty if it does.
    """

    name: str
    problem: str

    def __str__(self) -> str:
        return f"FAIL {self.name}: {self.problem}" if self.problem else f"PASS {self.name}"


class Growth(NamedTuple):
    """A figure in the second and in the last quarter of a soak.

    Attributes:
        name: of the figure.
        before, after: its median in the second and in the last quarter.
        bound: the last may be more than the second by this part of it.
    """

    name: str
    before: float
    after: float
    bound: float

    @property
    def ratio(self) -> float:
        """How much of the second quarter's the last is; 1 if both are 0."""
        if self.before == 0:
            return 1.0 if self.after == 0 else float("inf")
        return self.after / self.before

    @property
    def check(self) -> Check:
        """Whether it stays within its bound."""
        within = self.ratio <= 1 + self.bound
        problem = "" if within else f"{self.before:g} became {self.after:g}, x {self.ratio:.3f}"
        return Check(f"{self.name} within {self.bound:.0%} of the second quarter's", problem)


def growth(waves: Sequence[Figures], bounds: Mapping[str, float]) -> list[Growth]:
    """Each figure's growth from the second to the last quarter of the waves."""
    quarter = len(waves) // 4
    second, last = waves[quarter : 2 * quarter], waves[3 * quarter :]
    return [
        Growth(name, median(w[name] for w in second), median(w[name] for w in last), bound)
        for name, bound in bounds.items()
    ]


def ended_as_planned(every: Sequence[Planned], ends: Ends) -> Check:
    """Each of them ended, with the status and the reason that were planned."""
    wrong = []
    for one in every:
        _, *end = ends.get(one.name, ("", "never", "told"))
        if end != [one.kind.status, one.kind.reason]:
            wrong.append(f"{one.name} ({one.kind.query}): {'/'.join(end)}")
    problem = f"{len(wrong)} did not: {'; '.join(wrong[:10])}" if wrong else ""
    return Check(f"all {len(every)} ended with the right status and reason", problem)


def of_transcripts(state: Path) -> tuple[Counter[str], list[str]]:
    """The statuses that the transcripts on disk fold to, and what is wrong with them."""
    counts: Counter[str] = Counter()
    wrong = []
    for folder in (state / "executions").iterdir():
        fold = State.initial(folder.name)
        metas = []
        for record in read_records(folder / "transcript"):
            event = parse(record)
            fold = reduce(fold, event)
            if record.stream == "meta":
                metas.append(getattr(event, "event", ""))
        counts[str(fold.status)] += 1
        if sum(meta in ENDINGS for meta in metas) != 1 or metas[-1] not in ENDINGS:
            wrong.append(f"{folder.name}: {metas}")
    return counts, wrong


def balance(planned: Counter[str], **told: Mapping[str, int]) -> Check:
    """All who count, count the same."""
    wrong = [f"{who} has {dict(counts)}" for who, counts in told.items() if planned != counts]
    problem = f"planned were {dict(planned)}, {', '.join(wrong)}" if wrong else ""
    return Check("counts by status balance: kernel, dashboard and transcripts on disk", problem)
