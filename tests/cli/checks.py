"""What every run of the real CLI is asked at its end, and how its processes are looked for.

The rule: an end is looked at whole (status, reason, result, cost, session), against the CLI's own
frames, so that what the manager says is compared with something it did not compute.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import psutil
import pytest

from claude_widget.command import MARK
from claude_widget.execution import Execution
from claude_widget.models import ExecutionStatus, Reason
from claude_widget.transcript import read_records
from tests.waiting import BOUND, until

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def ended(
    execution: Execution,
    status: str,
    reason: str,
    *,
    result: str | None = None,
    costs: bool | None = True,
    session: bool = True,
) -> None:
    """Wait for the end, and see that it is this one.

    Args:
        execution: which one.
        status: the status that it must come to.
        reason: and why.
        result: and its text.
        costs: True: it cost something; False: nothing; None: what its results say, if any.
        session: the CLI named its session.
    """
    execution.wait(BOUND)
    info = execution.info
    seen = (info.status, info.reason, info.result)
    assert seen == (ExecutionStatus(status), Reason(reason), result), (
        info.errors,
        execution.stderr,
    )
    assert info.end_time is not None
    assert (info.cost_usd or 0.0) == pytest.approx(own_cost(execution))
    assert costs in (None, (info.cost_usd or 0) > 0)
    if session:
        assert info.session_id in session_ids(execution)
    left = left_of(execution)
    assert not left, f"it left processes behind: {left}"
    until(lambda: not lives(shim_pid(execution)), what="its shim has gone")


def frames(execution: Execution, kind: str, subtype: str | None = None) -> list[dict[str, Any]]:
    """Its frames of a type, as dicts."""
    return [
        event.raw
        for event in execution.events
        if event.raw.get("type") == kind and subtype in (None, event.raw.get("subtype"))
    ]


def own_cost(execution: Execution) -> float:
    """What this execution alone cost, from what each result says of itself."""
    return sum(
        float(model["costUSD"])
        for result in frames(execution, "result")
        for model in result.get("model_usage_since_last_result", {}).values()
    )


def session_ids(execution: Execution) -> set[str]:
    """The sessions that the CLI named."""
    return {frame["session_id"] for frame in frames(execution, "system", "init")}


def tool_results(execution: Execution) -> list[dict[str, Any]]:
    """The results of its tools, as the CLI passed them on."""
    return [
        block
        for frame in frames(execution, "user")
        if isinstance(frame["message"]["content"], list)
        for block in frame["message"]["content"]
        if block["type"] == "tool_result"
    ]


def lifecycle(execution: Execution) -> list[dict[str, Any]]:
    """Our own records in its transcript, in order."""
    records = read_records(execution.run.transcript)
    return [json.loads(record.data) for record in records if record.stream == "meta"]


def shim_pid(execution: Execution) -> int:
    """The pid of its shim; -1 if it was never started."""
    told = [record["shim_pid"] for record in lifecycle(execution) if record["event"] == "spawned"]
    return int(told[0]) if told else -1


def left_of(execution: Execution) -> list[str]:
    """Processes that carry the execution's mark in their environment, but for its shim."""
    shim = shim_pid(execution)
    found = []
    for process in psutil.process_iter():
        try:
            if process.pid != shim and process.environ().get(MARK) == execution.execution_id:
                found.append(f"{process.pid} {' '.join(process.cmdline())}")
        except (psutil.Error, OSError):
            continue
    return found


def pids_in(folder: Path) -> dict[str, int]:
    """The pids that a script wrote into its folder, by name."""
    return {path.stem: int(text) for path in folder.glob("*.pid") if (text := path.read_text())}


def lives(pid: int) -> bool:
    """There is such a process, and it is no zombie."""
    try:
        return pid > 0 and bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
