"""The history as a user has it: what has ended is found again, opens, and can be counted."""

from __future__ import annotations

import json
import shutil
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from claude_widget.errors import ExecutionNotFound, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.history_errors import PandasMissing
from claude_widget.history_filter import wanted
from claude_widget.history_sync import HistorySync
from claude_widget.manager import ProcessManager
from tests import fake
from tests.conftest import MakeManager
from tests.waiting import until


def ended(manager: ProcessManager, query: str, project: Path, **options: object) -> Execution:
    execution = manager.start_execution(query, project, **options)
    execution.wait(fake.BOUND)
    return execution


def test_what_has_ended_is_found_at_once_and_is_the_same_execution(
    manager: ProcessManager, project: Path
) -> None:
    run = ended(manager, "hello there", project, name="greeting")
    history = manager.history()
    assert list(history) == [run]
    assert history[0] is run
    (entry,) = history.entries
    info = run.info
    assert (entry.status, entry.reason, entry.name) == ("completed", "success", "greeting")
    assert (entry.query, entry.result) == (info.query, info.result)
    assert entry.project_path == str(project)
    assert entry.cost_usd == info.cost_usd
    assert entry.output_tokens == info.usage.output_tokens
    assert entry.duration == info.duration
