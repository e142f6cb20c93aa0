"""Recordings as they lie on disk, saved of a real run: fixtures, and what tests compare of them.

The rule: they lie where managers of tests look for them, and know nothing of the environment. A
module that wants a fixture takes it by its name.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.recordings.key import RecordingKey, of_material
from claude_widget.recordings.store import Recordings
from claude_widget.redaction.redactor import Redactor
from tests.fake import ended

QUERY = "fake:deltas=5 fake:tools fake:says=hello"


def keyed(query: str = QUERY, **more: Any) -> RecordingKey:
    return of_material({"query": query, "project_path": "project", "occurrence": 1, **more})


@pytest.fixture
def recordings(tmp_path: Path) -> Recordings:
    """Recordings beside the project, of nobody's environment."""
    return Recordings(tmp_path / "recordings", Redactor(environ={}))


@pytest.fixture
def execution(manager: ProcessManager, project: Path) -> Execution:
    """One that has ended."""
    return ended(manager.start_execution(QUERY, project), "completed", "success")


@pytest.fixture
def saved(recordings: Recordings, execution: Execution) -> Path:
    """Its recording."""
    return recordings.save(keyed(), execution.run, made_by="cell a")


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder with their content."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}
