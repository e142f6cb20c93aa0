"""The fake CLI as tests install, start and look for it.

The rule: `fake_claude.py` is copied to a file named `claude`, run by this interpreter, so that a
test starts a real executable and nothing of the developer's PATH decides which Python that is.
Processes are found by the mark in their environment, which nothing but our executions carries.
"""

from __future__ import annotations

import json
import shutil
import sys
from pathlib import Path
from typing import Any

import psutil

from claude_widget.command import MARK
from claude_widget.execution import Execution
from claude_widget.models import ExecutionRequest
from claude_widget.shim.ladder import Graces
from claude_widget.transcript import read_records
from tests.waiting import BOUND, until

SOURCE = Path(__file__).with_name("fake_claude.py")
FAST = Graces(interrupt=0.15, terminate=0.3, exit=2.0, descendants=0.1, settle=0.02)
"""The steps of an ending, as long as a fake CLI needs them."""


def install(folder: Path) -> Path:
    """Put the fake CLI into a folder, as an executable named `claude`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "claude"
    _, _, body = SOURCE.read_text("utf-8").partition("\n")
    interpreter = getattr(sys, "_base_executable", "") or sys.executable
    path.write_text(f"#!{interpreter} -IS\n{body}", "utf-8")
    for part in ("fake_children.py", "fake_limits.py", "fake_requests.py", "fake_usage.py"):
        shutil.copy(SOURCE.with_name(part), folder)
    path.chmod(0o755)
    return path


def ended(execution: Execution, status: str, reason: str) -> Execution:
    """Wait for the end, and see that it is this one and that nothing is left of it."""
    execution.wait(BOUND)
    info = execution.info
    seen = (info.status, info.reason)
    assert seen == (status, reason), (seen, info.errors, execution.stderr[-1000:])
    until(lambda: not marked(execution.execution_id), what="its processes are gone")
    return execution


def running(execution: Execution) -> Execution:
    """Wait until its CLI has told its session."""
    until(lambda: execution.info.session_state == "running", what="it runs")
    return execution


def turn_over(execution: Execution) -> Execution:
    """Wait until its turn is over, and it waits for input."""
    until(lambda: execution.info.awaits_input, what="its turn is over")
    return execution


def metas(execution: Execution) -> list[dict[str, Any]]:
    """The lifecycle records of its transcript."""
    records = read_records(execution.run.transcript)
    return [json.loads(record.data) for record in records if record.stream == "meta"]


def lines(execution: Execution, stream: str) -> list[bytes]:
    """The lines of one stream of its transcript."""
    records = read_records(execution.run.transcript)
    return [record.data for record in records if record.stream == stream]


def shim_pid(execution: Execution) -> int:
    """The pid of its shim."""
    return int(next(meta["shim_pid"] for meta in metas(execution) if meta["event"] == "spawned"))


def lives(pid: int) -> bool:
    """There is such a process, and it is no zombie."""
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def marked(execution_id: str) -> list[psutil.Process]:
    """The living processes that carry an execution's mark, its shim included."""
    found = []
    for process in psutil.process_iter():
        try:
            ours = process.environ().get(MARK) == execution_id
            if ours and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def descriptors() -> list[str]:
    """What this process holds open, by what it leads to."""
    return sorted(_target(entry) for entry in Path("/proc/self/fd").iterdir())


def _target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except OSError:
        return "(closed meanwhile)"


def request_for(query: str, project: Path) -> ExecutionRequest:
    """A request as a backend gets it, unchecked."""
    return ExecutionRequest(query=query, project_path=str(project))
