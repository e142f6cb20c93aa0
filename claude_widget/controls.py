"""Control requests to a running CLI, each matched with its answer.

The rule: a request goes out through the shim, and its answer is heard from the thread that follows,
which reads every transcript anyway; nothing is polled. A wait is bounded, and ends with the
execution. What a request means is the caller's.
"""

from __future__ import annotations

import json
import threading
import time
import uuid
from typing import Any, Protocol

from claude_widget.backend import Run
from claude_widget.errors import ControlFailed, ExecutionEnded
from claude_widget.events import ControlResponse
from claude_widget.execution import Execution
from claude_widget.subscriptions import Subscriptions
from claude_widget.transcript import read_records

ANSWER_WITHIN = 10.0
"""Seconds that the CLI has to answer."""
_LOOK = 0.2
"""Seconds after which a waiting thread sees whether the execution has ended."""


class Asks(Protocol):
    """What carries a line to the CLI."""

    def ask(self, execution: Execution, operation: str, **fields: Any) -> None:
        """Ask its shim."""


class _Awaited:
    """An answer that is to come."""

    def __init__(self) -> None:
        self.came = threading.Event()
        self.said: ControlResponse | None = None


class Controls:
    """The requests of one manager that have no answer yet. Safe from any thread."""

    def __init__(self, subscriptions: Subscriptions) -> None:
        self._subscriptions = subscriptions
        self._awaited: dict[tuple[str, str], _Awaited] = {}
        self._lock = threading.Lock()

    def request(
        self, asks: Asks, execution: Execution, subtype: str, fields: dict[str, Any]
    ) -> dict[str, Any]:
        """Send a control request and wait for its answer.

        Raises:
            ControlFailed: the CLI refused, in its own words, or did not answer in time.
            ExecutionEnded: it is not running any more.
            ClaudeWidgetError: the manager's own thread cannot wait for what itself hears.
        """
        self._subscriptions.check_may_wait(execution.execution_id)
        request_id = f"{subtype}-{uuid.uuid4()}"
        frame = {
            "type": "control_request",
            "request_id": request_id,
            "request": {"subtype": subtype, **fields},
        }
        awaited = _Awaited()
        key = (execution.execution_id, request_id)
        with self._lock:
            self._awaited[key] = awaited
        try:
            asks.ask(execution, "send", line=json.dumps(frame))
            said = _wait(execution, subtype, awaited)
        finally:
            with self._lock:
                self._awaited.pop(key, None)
        return _body(execution, subtype, said)

    def heard(self, execution: Execution, event: ControlResponse) -> None:
        """The CLI has answered something."""
        with self._lock:
            found = self._awaited.get((execution.execution_id, event.response.request_id or ""))
        if found is not None:
            found.said = event
            found.came.set()


def _wait(execution: Execution, subtype: str, awaited: _Awaited) -> ControlResponse:
    deadline = time.monotonic() + ANSWER_WITHIN
    while not awaited.came.wait(_LOOK):
        if execution.status.ended:
            raise ExecutionEnded(
                f"Execution {execution.execution_id} ended before it answered {subtype!r}.",
                execution_id=execution.execution_id,
            )
        if time.monotonic() > deadline:
            raise ControlFailed(
                f"The CLI of execution {execution.execution_id} did not answer {subtype!r} within "
                f"{ANSWER_WITHIN:g} s.",
                code="timeout",
                execution_id=execution.execution_id,
            )
    assert awaited.said is not None
    return awaited.said


def _body(execution: Execution, subtype: str, said: ControlResponse) -> dict[str, Any]:
    answer = said.response
    if answer.subtype != "success":
        raise ControlFailed(
            f"{answer.error or f'The CLI refused {subtype!r}'}.".replace("..", "."),
            code="refused",
            execution_id=execution.execution_id,
        )
    return answer.response if isinstance(answer.response, dict) else {}


def was_sent(run: Run, subtype: str) -> bool:
    """Whether such a control request went to its CLI, as its transcript says."""
    for record in read_records(run.transcript):
        if record.stream == "in" and b'"control_request"' in record.data:
            try:
                if json.loads(record.data)["request"]["subtype"] == subtype:
                    return True
            except (ValueError, TypeError, LookupError, RecursionError):
                continue
    return False
