"""One execution of a comparison, and what is known of it.

The rule: it tells, and decides nothing; the order of the scores is the one that all faces have.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from claude_widget.comparison.judging import Size
from claude_widget.execution import Execution
from claude_widget.models import ExecutionStatus


class Candidate(NamedTuple):
    """One execution of a comparison, and what is known of it.

    Attributes:
        execution: itself; where it was tried again, the last attempt.
        model: that it was started with; None for the CLI's default.
        number: which one of that model it is, from 1.
        label: what people call it, such as `opus`, or `opus 2` where there are several.
        over: it has ended, and was scored.
        score: higher is better; None while it is not over, and where there is none.
        problem: why there is no score, of one that has completed; "" if nothing is wrong.
        size: of its diff, once it is over; None if it has none.
    """

    execution: Execution
    model: str | None
    number: int
    label: str
    over: bool = False
    score: float | None = None
    problem: str = ""
    size: Size | None = None


def rank_of(candidate: Candidate) -> tuple[int, float]:
    """Where it stands: the lower, the better."""
    status = candidate.execution.status
    if candidate.score is not None:
        return 0, -candidate.score
    if status is ExecutionStatus.COMPLETED:
        return 1, 0.0
    return (3, 0.0) if status.ended else (2, 0.0)


def changed_among(candidates: Iterable[Candidate]) -> tuple[Candidate, ...]:
    """Those that are over and have changed files of the project, the best first."""
    changed = (one for one in candidates if one.size is not None and one.size.files)
    return tuple(sorted(changed, key=rank_of))


def dict_of(candidate: Candidate) -> dict[str, Any]:
    """What is known of it, as a row of a table."""
    info = candidate.execution.info
    size = candidate.size
    return {
        "model": candidate.model or info.model,
        "number": candidate.number,
        "status": info.status.value,
        "reason": None if info.reason is None else info.reason.value,
        "score": candidate.score,
        "problem": candidate.problem,
        "cost_usd": info.cost_usd,
        "duration": info.duration,
        "num_turns": info.num_turns,
        "result": info.result,
        "output": info.structured_output,
        "files": None if size is None else size.files,
        "added": None if size is None else size.added,
        "removed": None if size is None else size.removed,
        "execution_id": info.execution_id,
    }
