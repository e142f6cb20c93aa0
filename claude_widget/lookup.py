"""What the state folder knows of executions, asked without a manager.

The rule: it reads files and folds them; it follows nothing, starts nothing, and changes no
execution. What cannot be read is not known.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from functools import cached_property, lru_cache
from pathlib import Path

from claude_widget.backend import Run
from claude_widget.errors import ClaudeWidgetError, InvalidTransition
from claude_widget.events import is_neutral, parse
from claude_widget.models import ExecutionInfo
from claude_widget.report.content import Report
from claude_widget.report.reading import own_redactor, read_digest, secrets_of
from claude_widget.state import State, reduce
from claude_widget.state_folder import StateFolder
from claude_widget.transcript import read_records


class Lookup:
    """Looks executions up; the state folder is opened at the first question.

    Args:
        state_dir: the state folder, as for `ProcessManager`. One that cannot be used knows nothing.
    """

    def __init__(self, state_dir: str | os.PathLike[str] | None = None) -> None:
        self._state_dir = state_dir

    @cached_property
    def _folder(self) -> StateFolder | None:
        try:
            return StateFolder(self._state_dir)
        except ClaudeWidgetError:
            return None

    @cached_property
    def _runs(self) -> dict[str, Run]:
        """By id, oldest first; without forgotten ones."""
        found = [] if self._folder is None else self._folder.find(frozenset())
        return {run.execution_id: run for run in found}

    def info(self, execution_id: str) -> ExecutionInfo | None:
        """What is known of an execution, or None."""
        run = self._runs.get(execution_id)
        if run is None or self._folder is None:
            return None
        return self._folder.load_ended(run) or _folded(run)

    def digest(self, execution_id: str) -> Report | None:
        """What a cell keeps of an execution, or None."""
        info = self.info(execution_id)
        if info is None:
            return None
        run = self._runs[execution_id]
        redactor = own_redactor().also(secrets_of(run.request))
        return read_digest(info, run.transcript, redactor)

    def started_by(self, manager_id: str) -> list[ExecutionInfo]:
        """What a manager has started, oldest first."""
        ids = [key for key, run in self._runs.items() if manager_of(run) == manager_id]
        return [info for info in map(self.info, ids) if info is not None]


def _folded(run: Run) -> ExecutionInfo | None:
    state = State.initial(run.execution_id)
    try:
        for record in read_records(run.transcript):
            if record.stream != "out" or not is_neutral(record.data):
                with contextlib.suppress(InvalidTransition):
                    state = reduce(state, parse(record))
    except OSError:
        return None
    return state.info


def manager_of(run: Run) -> str | None:
    """The id of the manager that has started it, if its transcript says so."""
    return _manager_of(str(run.transcript))


@lru_cache(maxsize=10_000)
def _manager_of(transcript: str) -> str | None:
    """Written before anybody knows of the execution, and never changed: it is read once."""
    try:
        for record in read_records(Path(transcript)):
            if record.stream == "meta" and b'"requested"' in record.data:
                owner = json.loads(record.data).get("owner")
                found = owner.get("manager_id") if isinstance(owner, dict) else None
                return sys.intern(found) if isinstance(found, str) else None
            if record.stream != "meta":
                break
    except (OSError, ValueError):
        pass
    return None
