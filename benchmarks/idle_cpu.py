"""What fifty executions cost while they say nothing, in the kernel and in their shims.

The rule: the executions are real ones, each under its shim, with a CLI that waits for its input.
The figure is CPU seconds a second: a share of one core, which an idle kernel should not notice.
"""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import Any

import psutil

from benchmarks import fake_cli, measure
from claude_widget import ProcessManager

KERNEL_BOUND, SHIM_BOUND = 0.05, 0.01
EXECUTIONS = 50
SECONDS, QUICK_SECONDS = 20.0, 4.0


def play(folder: str, executions: int, seconds: float) -> dict[str, float]:
    """A kernel with that many quiet executions; CPU seconds a second."""
    cli = fake_cli.quiet(Path(folder))
    with ProcessManager(Path(folder) / "state", cli, max(1, executions), stagger=0) as manager:
        for number in range(executions):
            manager.start_execution(f"query {number}", folder)
        every = manager.get_all_executions()
        measure.until(lambda: all(one.status == "running" for one in every))
        time.sleep(3.0)  # until the kernel has noticed that nothing grows
        shims = psutil.Process().children()
        before, used = _used(shims), time.process_time()
        time.sleep(seconds)
        kernel, shim = time.process_time() - used, _used(shims) - before
        manager.close(kill=True, timeout=60)
    return {"kernel": kernel / seconds, "shims": shim / seconds}


def _used(processes: list[psutil.Process]) -> float:
    times = [process.cpu_times() for process in processes]
    return sum(one.user + one.system for one in times)


def _once(executions: int, seconds: float) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        fields: dict[str, Any] = {"folder": folder, "executions": executions, "seconds": seconds}
        found: dict[str, float] = measure.in_new_process(play, **fields)
        return found


def run(quick: bool) -> list[measure.Figure]:
    """The share of one core: the kernel's with fifty and with none, and all the shims' together."""
    seconds = QUICK_SECONDS if quick else SECONDS
    fifty, none = measure.at_once(partial(_once, EXECUTIONS, seconds), partial(_once, 0, seconds))
    return [
        measure.compared(name, [share], [1.0], bound=bound, unit="CPU s", timed="cpu")
        for name, share, bound in (
            (
                f"kernel with {EXECUTIONS} quiet executions / one core",
                fifty["kernel"],
                KERNEL_BOUND,
            ),
            (f"{EXECUTIONS} quiet shims together / one core", fifty["shims"], SHIM_BOUND),
            ("kernel of no execution / one core", none["kernel"], KERNEL_BOUND),
        )
    ]
