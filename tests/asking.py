"""What an execution of the fake CLI asks, and what that was answered.

The rule: the fake's result is what it was told, word for word.
"""

from __future__ import annotations

import json

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.permissions import PermissionRequest
from tests.waiting import until


def asked(execution: Execution) -> PermissionRequest:
    """Its one open request, once there is one."""
    until(lambda: execution.info.open_requests, what="it asks")
    (request,) = execution.requests
    return request


def known_to(manager: ProcessManager, execution: Execution) -> Execution:
    """The same execution as another manager has it."""
    until(lambda: manager.get_execution(execution.execution_id), what="the other one knows it")
    found = manager.get_execution(execution.execution_id)
    assert found is not None
    return found


def told(execution: Execution) -> dict[str, object]:
    """What the CLI was answered."""
    said: dict[str, object] = json.loads(execution.result or "{}")
    return said
