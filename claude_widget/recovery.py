"""What became of an execution whose supervisor is silent.

The rule: whoever takes the transcript's lock from a dead shim writes how it ended, once, and
sweeps what it left. An execution of another host, or one whose lock is held, is never touched.
"""

from __future__ import annotations

import json
import logging

from claude_widget.backend import Backend, Run
from claude_widget.errors import TranscriptError
from claude_widget.execution import Execution
from claude_widget.header import read_header
from claude_widget.models import KILL_REASONS, ExecutionStatus, Reason
from claude_widget.own_files import read_own
from claude_widget.reports import EndedProcess
from claude_widget.runtime import host_name
from claude_widget.shim.warm import WARM
from claude_widget.transcript import Writer, read_records

_LOG = logging.getLogger(__name__)


def settle_if_dead(
    execution: Execution, backend: Backend, *, was_spawned: bool
) -> tuple[EndedProcess, ...] | None:
    """Write the end of an execution whose shim has died.

    Args:
        execution: one that has not ended as far as is known, and whose transcript does not grow.
        backend: what runs it.
        was_spawned: this process has spawned it.

    Returns:
        The processes that were left of it; None if it is not dead, or others saw to it.

    Raises:
        OSError, TranscriptError: its transcript cannot be read or written.
    """
    run = execution.run
    if backend.alive(run) or not is_ours(run):
        return None
    ahead = (run.folder / WARM).exists()  # its CLI was started ahead, for nobody yet
    spawned = was_spawned or ((run.folder / "shim.pid").exists() and not ahead)
    if execution.status is ExecutionStatus.PENDING and not spawned:
        return None  # nobody has started it yet
    try:
        writer = Writer(run.transcript)
    except BlockingIOError:  # another manager is at it
        return None
    with writer:
        writer.mend()  # an ending record that lacks nothing but its last byte is one
        stage = _stage(run, was_running=execution.status is ExecutionStatus.RUNNING)
        if stage == "ended" or (stage == "pending" and not spawned):
            return None
        left = backend.sweep(run)
        if stage == "pending" and (killed := _killed_for(run)):
            told = f"It was killed ({killed}) before its supervisor could listen."
            writer.meta("kill", reason=killed, error=_read(run, "kill_error"))
            writer.meta("ended", exit_code=None, error="", forced=False, descendants=len(left))
        elif stage == "pending":
            told = f"The supervisor ended before the CLI was started. {_log_of(run)}".strip()
            writer.meta("refused", reason=Reason.STARTUP, error=told)
        else:
            told = f"The supervisor died; {len(left)} processes were left and ended."
            writer.meta("lost", error=told)
    _LOG.info("Execution %s: %s", run.execution_id, told)
    return left


def _log_of(run: Run) -> str:
    """The end of what its shim said of itself."""
    return _read(run, "shim.log")[-2000:].strip()


def _killed_for(run: Run) -> str:
    """Why its shim was told to end by a signal, which it may have died of; empty if it was not."""
    said = _read(run, "kill")
    return said if said in KILL_REASONS else ""


def _read(run: Run, name: str) -> str:
    try:
        return read_own(run.folder / name).decode("utf-8", "replace")
    except OSError:
        return ""


def is_ours(run: Run) -> bool:
    """Whether it ran on this host, as its header says.

    Raises:
        TranscriptError: there is no such header any more.
    """
    header = read_header(run.transcript)
    if header is None:
        raise TranscriptError("its beginning is gone", path=str(run.transcript))
    return header.host == host_name()


_TAIL = 1 << 20
_STAGES = {"spawned": "running", "ended": "ended", "lost": "ended", "refused": "ended"}


def _stage(run: Run, *, was_running: bool) -> str:
    """Whether its transcript says pending, running or ended; read under the lock, so it stays so.

    The fold may not have come so far yet. Of one that is known to have run only the end is read:
    nothing comes after an ending but what a power cut has left.
    """
    start = _tail_of(run) if was_running else 0
    stage = "running" if was_running else "pending"
    for record in read_records(run.transcript, start, epoch=1.0):
        if record.stream == "meta" and stage != "ended":
            try:
                stage = _STAGES.get(json.loads(record.data).get("event"), stage)
            except (ValueError, AttributeError, TypeError, RecursionError):
                continue  # damaged: it says nothing
    return stage


def _tail_of(run: Run) -> int:
    """The byte of a late record's start."""
    with run.transcript.open("rb") as file:
        start = max(0, run.transcript.stat().st_size - _TAIL)
        file.seek(start)
        return start + len(file.readline()) if start else 0
