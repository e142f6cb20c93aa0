"""What passes between a start and whoever records it.

The rule: data, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from claude_widget.execution import Execution


class RecordingProblem(NamedTuple):
    """A recording that could not be saved as it should be, or that lacks what was changed.

    Attributes:
        execution_id: whose.
        problem: what went wrong, in words.
    """

    execution_id: str
    problem: str


class Claim(NamedTuple):
    """How a start is recorded that may go on with an execution that is there already.

    Attributes:
        key: of the recording.
        begin: records the execution of that id from now on.
        withdraw: does so no more: the start does not go on with it.
        finish: records one that has ended.
        is_missed: whether it has ended, and was to be recorded, and was not.
        takes_completed: one that has completed will do, too; not where a new one is asked for.
    """

    key: str
    begin: Callable[[str], None]
    withdraw: Callable[[str], None]
    finish: Callable[[Execution], None]
    is_missed: Callable[[str], bool]
    takes_completed: bool
