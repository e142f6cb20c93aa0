"""What became of an execution whose supervisor is silent.

The rule: whoever takes the transcript's lock from a dead shim writes how it ended, once, and
sweeps what it left. An execution of another host, or one whose lock is held, is never touched.
"""

from __future__ import annotations

import json

from claude_widget.backend import Backend, Run
from claude_widget.execution import Execution
from claude_widget.models import ExecutionStatus, Reason
from claude_widget.runtime import host_name
from claude_widget.transcript import Writer, read_records


def settle_if_dead(execution: Execution, backend: Backend, *, was_spawned: bool) -> bool:
    """Write the end of an execution whose shim has died; whether anything was written.

    Args:
        execution: one that has not ended as far as is known, and whose transcript does not grow.
        backend: what runs it.
        was_spawned: this process has spawned it.

    Raises:
        OSError: it is dead, and its transcript cannot be read or written.
    """
    run = execution.run
    if backend.alive(run) or not _is_ours(execution):
        return False
    if execution.status is ExecutionStatus.PENDING and not was_spawned:
        return False  # nobody has started it yet
    try:
        writer = Writer(run.transcript)
    except BlockingIOError:  # another manager is at it
        return False
    with writer:
        if _has_ended(execution):
            return False
        left = backend.sweep(run)
        if execution.status is ExecutionStatus.PENDING:
            told = f"The supervisor ended before the CLI was started. {_log_of(run)}".strip()
            writer.meta("refused", reason=Reason.STARTUP, error=told)
        else:
            writer.meta("lost", error=f"The supervisor died; {left} processes were left and ended.")
    return True


def _log_of(run: Run) -> str:
    """The end of what its shim said of itself."""
    try:
        return (run.folder / "shim.log").read_text("utf-8", "replace")[-2000:].strip()
    except OSError:
        return ""


def _is_ours(execution: Execution) -> bool:
    """Whether it ran on this host; the header says so, and it is the first record."""
    for record in read_records(execution.run.transcript):
        try:
            return bool(json.loads(record.data).get("host") == host_name())
        except (ValueError, AttributeError):
            return False
    return False


def _has_ended(execution: Execution) -> bool:
    """Whether its transcript says so by now; read under the lock, so that it stays so."""
    last = b""
    for record in read_records(execution.run.transcript):
        if record.stream == "meta":
            last = record.data
    try:
        return json.loads(last).get("event") in ("ended", "lost", "refused")
    except (ValueError, AttributeError):
        return False
