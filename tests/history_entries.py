"""Made-up entries of the history, for tests that need rows and no executions.

The rule: every field has a plain value; a test names those that it is about.
"""

from __future__ import annotations

import uuid
from typing import Any

from claude_widget.history.entry import HistoryEntry

ZERO = 1_700_000_000.0
"""Epoch seconds of the first one."""


def made(number: int = 0, **fields: Any) -> HistoryEntry:
    """The entry of one execution, asked for that many seconds after the first."""
    known = {
        "execution_id": str(uuid.UUID(int=(4 << 76) | number)),
        "name": None,
        "status": "completed",
        "reason": "success",
        "project_path": "/projects/one",
        "model": "claude-sonnet-4-5",
        "session_id": "a session",
        "resumed_from": None,
        "cli_version": "2.1.330",
        "created_time": ZERO + number,
        "start_time": ZERO + number,
        "end_time": ZERO + number + 5,
        "cost_usd": 0.25,
        "input_tokens": 10,
        "output_tokens": 20,
        "cache_creation_input_tokens": 30,
        "cache_read_input_tokens": 40,
        "num_turns": 1,
        "tool_count": 2,
        "recorded": False,
        "error": "",
        "size": 1000,
        "query": f"query {number}",
        "result": f"result {number}",
        "inputs": "",
    }
    return HistoryEntry(**{**known, **fields})
