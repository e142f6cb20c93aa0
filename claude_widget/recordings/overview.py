"""What a manager knows of its recordings, as its user calls it.

The rule: the methods of `ProcessManager` about recordings. They pass on what is asked.
"""

from __future__ import annotations

from claude_widget.execution import Execution
from claude_widget.recordings.claims import RecordingProblem
from claude_widget.recordings.planning import Planner
from claude_widget.recordings.recorder import Recorder
from claude_widget.recordings.staleness import StaleRecording


class RecordingsOverview:
    """A manager's recordings."""

    _planner: Planner
    _recorder: Recorder

    @property
    def recording_problems(self) -> tuple[RecordingProblem, ...]:
        """Recordings that could not be saved as they should be, oldest first."""
        return self._recorder.problems

    def stale(self) -> list[StaleRecording]:
        """The recordings that no start of this manager has asked for so far.

        Those whose cell or call was seen and asks for something else come first, with reason
        "changed"; of the others ("unasked") the cell did not run yet, or is gone. Empty in mode
        live, where no start asks for a recording.
        """
        return self._planner.stale()

    def is_stale(self, execution: Execution) -> bool:
        """Whether the cell or call that made it asks for something else by now."""
        return self._planner.is_stale(execution.execution_id)
