"""Widgets without a page, as tests make them.

The rule: fixtures; what their page's end keeps, and how it asks, is in `recording_comm`.
"""

from __future__ import annotations

from collections.abc import Iterator

import comm
import pytest

from claude_widget.manager import ProcessManager
from claude_widget.page.widget import ClaudeWidget
from tests.recording_comm import RecordingComm


@pytest.fixture
def page_comms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Widgets that are made from here on have a recording comm."""
    monkeypatch.setattr(comm, "create_comm", RecordingComm)


@pytest.fixture
def dashboard(manager: ProcessManager, page_comms: None) -> Iterator[ClaudeWidget]:
    """A dashboard whose page is a recording comm."""
    widget = ClaudeWidget(manager)
    yield widget
    widget.close()
