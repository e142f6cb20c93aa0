"""The executions of a state folder as they lie there, for who follows none: a command line.

The rule: it reads, and takes part in nothing. It owns no execution, is no manager to others, and
has no thread.
"""

from __future__ import annotations

from claude_widget.backend import Run
from claude_widget.errors import ClaudeWidgetError
from claude_widget.history.entry import fold
from claude_widget.models import ExecutionInfo
from claude_widget.state_folder import StateFolder


class Lying:
    """One execution on disk.

    Attributes:
        run: where it lies, and what was asked for.
        info: what its transcript says.
    """

    def __init__(self, run: Run, info: ExecutionInfo) -> None:
        self.run = run
        self.info = info

    @property
    def execution_id(self) -> str:
        """Its UUID4."""
        return self.run.execution_id


class OnDisk:
    """All executions of a state folder.

    Args:
        folder: the state folder.
    """

    def __init__(self, folder: StateFolder) -> None:
        self.folder = folder

    def get(self, execution_id: str) -> Lying | None:
        """The execution of that id, forgotten or not; None if it cannot be read."""
        run = self.folder.find_one(execution_id)
        return None if run is None else self._read(run)

    def active(self) -> list[Lying]:
        """Those that are pending or running, oldest first."""
        found = [self._read(run) for run in self.folder.find(frozenset())]
        return [one for one in found if one is not None and not one.info.status.ended]

    def further_attempts(self) -> dict[str, list[str]]:
        """Ids of all further attempts, forgotten or not, by the first one's."""
        return self.folder.further_attempts()

    def drop(self, execution_id: str) -> None:
        """Nothing is kept of any; for whoever removes one."""

    def _read(self, run: Run) -> Lying | None:
        info = self.folder.load_ended(run)
        try:
            return Lying(run, info or fold(run.execution_id, run.transcript)[0])
        except (OSError, ClaudeWidgetError):
            return None
