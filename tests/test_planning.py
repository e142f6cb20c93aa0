"""What becomes of a start is decided at the same cost, however many starts there were before it.

The rule: steps of the interpreter are counted, no clock is read.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from claude_widget.backends import Recording, backend_for
from claude_widget.models import ExecutionRequest
from claude_widget.recordings.occurrences import Cell
from claude_widget.recordings.planning import Planner


def steps(call: Callable[[], object]) -> int:
    """How many steps of the interpreter a call takes."""
    count = 0

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        nonlocal count
        frame.f_trace_opcodes = True
        count += event == "opcode"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def test_a_start_costs_as_much_as_the_first_however_many_rows_are_recorded(
    tmp_path: Path,
) -> None:
    recording = Recording(tmp_path / "recordings", "auto", None, ())
    backend = backend_for(None, None, recording, unwatched=None, unattended=None)
    cell = Cell("cell 1", "id", "run")
    planner = Planner(backend, lambda: cell)

    def start(number: int) -> None:
        request = ExecutionRequest(query=f"row {number:04}", project_path=str(tmp_path))
        assert planner.made(planner.plan(request), f"id {number}") == []

    for number in range(10):
        start(number)
    early, asked = steps(lambda: start(10)), planner._asked[cell.label][1]
    for number in range(11, 300):
        start(number)
    assert steps(lambda: start(300)) < early + 100
    assert planner._asked[cell.label][1] is asked, "nothing is copied"
    assert len(asked) == 301
    planner.plan(ExecutionRequest(query="row 0000", project_path=str(tmp_path)))
    assert len(asked) == 302, "a further equal start has a key of its own"
