"""Managers of several notebooks, and whose an execution is.

The rule: a manager that is closed is as gone as one whose kernel was killed, which
test_other_managers shows once; the notebook that a manager is of is told by its environment, as
Jupyter does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from tests.asking import known_to
from tests.conftest import MakeManager
from tests.waiting import until

OTHER = "/another/notebook.ipynb"
Elsewhere = Callable[..., ProcessManager]


def owner_of(execution: Execution) -> str:
    """The id of the manager that its transcript names last."""
    return str(execution.owner.get("manager_id"))


def owned_by(manager: ProcessManager, execution: Execution) -> Execution:
    """The manager's own handle of it, once it owns it and its transcript says so."""
    theirs = known_to(manager, execution)
    until(
        lambda: owner_of(theirs) == manager.manager_id and manager.owns(theirs),
        what="it is adopted",
    )
    return theirs


@pytest.fixture
def elsewhere(make_manager: MakeManager, monkeypatch: pytest.MonkeyPatch) -> Elsewhere:
    """Make a manager of another notebook."""

    def make(**options: Any) -> ProcessManager:
        with monkeypatch.context() as patch:
            patch.setenv("JPY_SESSION_NAME", OTHER)
            return make_manager(**options)

    return make
