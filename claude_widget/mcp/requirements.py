"""MCP servers without which an execution is to fail: looked at once its CLI has told of them.

The rule: only for what this manager started, and once each, on a thread of its own, because a
server that still connects is asked about again. What it finds wrong it has the shim end, so that
the reason is in the transcript.
"""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, Protocol

from claude_widget.errors import ClaudeWidgetError, ControlFailed
from claude_widget.execution import Execution
from claude_widget.models import MCPServer, Reason
from claude_widget.registry import Registry

_LOG = logging.getLogger(__name__)
CONNECT_WITHIN = 30.0
"""Seconds that a server may still be connecting after the CLI has begun."""
_PAUSE = 0.25
_CONNECTED = "connected"
_PENDING = "pending"


class Asks(Protocol):
    """What carries a wish to the shim."""

    def ask(self, execution: Execution, operation: str, **fields: Any) -> None:
        """Ask its shim."""


class Requirements:
    """Ends executions whose servers are not there. `changed` is called on the manager's thread."""

    def __init__(self, registry: Registry, asks: Asks) -> None:
        self._registry = registry
        self._asks = asks
        self._looked_at: set[str] = set()

    def changed(self, execution: Execution) -> None:
        """Look at it if it is new here and its CLI has told of its servers."""
        if not execution.run.request.required_mcp_servers or execution.state.asked.recorded:
            return
        execution_id = execution.execution_id
        if execution.status.ended:
            self._looked_at.discard(execution_id)
            return
        begun = execution.state.session.initialized and execution_id in self._registry.mine
        if begun and execution_id not in self._looked_at:
            self._looked_at.add(execution_id)
            threading.Thread(
                target=self._look, args=(execution,), name="claude-widget-servers", daemon=True
            ).start()

    def _look(self, execution: Execution) -> None:
        try:
            problem = _problem(execution)
            if problem:
                self._asks.ask(execution, "limit", reason=str(Reason.STARTUP), error=problem)
        except ClaudeWidgetError as error:  # it has ended, or its CLI is stuck
            _LOG.warning("MCP servers of execution %s: %s", execution.execution_id, error)


def _problem(execution: Execution) -> str:
    """Which required server is not connected, and how it is; empty where all are."""
    required = execution.run.request.required_mcp_servers
    deadline = time.monotonic() + CONNECT_WITHIN
    servers = execution.info.mcp_servers
    while True:
        off = _not_connected(required, servers)
        if off is None:
            return ""
        name, status = off
        if status != _PENDING or time.monotonic() > deadline:
            return f"The required MCP server {name!r} is not connected: {status}."
        time.sleep(_PAUSE)
        try:
            servers = execution.mcp_status()
        except ControlFailed as error:  # one that says nothing in time says so at the deadline
            _LOG.info("MCP servers of execution %s: %s", execution.execution_id, error)


def _not_connected(
    required: tuple[str, ...], servers: tuple[MCPServer, ...]
) -> tuple[str, str] | None:
    """The first that is not; one that has failed before one that still connects."""
    known = {server.name: server.status for server in servers}
    off = [(name, known.get(name, "not configured")) for name in required]
    off = [(name, status) for name, status in off if status != _CONNECTED]
    failed = (one for one in off if one[1] != _PENDING)
    return next(failed, off[0] if off else None)
