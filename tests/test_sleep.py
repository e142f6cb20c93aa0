"""A laptop that sleeps: what was stopped goes on, has lost nothing, and is charged for nothing.

The rule: processes are really stopped (SIGSTOP) and let go on. How long is told by another
execution with the same limit, which is not stopped: once that has been ended, the limit has passed.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from claude_widget.manager import ProcessManager
from claude_widget.shim.awake import AwakeClock
from claude_widget.shim.closing import Deadline
from claude_widget.shim.supervise import Supervisor
from tests.conftest import MakeManager
from tests.fake import ended, running, shim_pid
from tests.waiting import BOUND, until

LIMIT = 5.0
"""Seconds: more than a busy machine needs for a start and an end together."""


@contextmanager
def stopped(pid: int) -> Iterator[None]:
    """That process does nothing meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


@pytest.fixture
def manager(make_manager: MakeManager) -> ProcessManager:
    """One that has room for the execution that tells the time."""
    return make_manager()


def let_pass(manager: ProcessManager, project: Path, limit: float) -> None:
    """Until another execution has been ended by such a limit."""
    witness = manager.start_execution("fake:silent=never", project, timeout=limit)
    witness.wait(BOUND)
    assert witness.info.reason == "timeout"


def test_seconds_in_which_the_shim_or_the_cli_was_stopped_do_not_count(
    manager: ProcessManager, project: Path
) -> None:
    limits: list[dict[str, Any]] = [{"idle_timeout": LIMIT}] * 2 + [{"timeout": LIMIT}]
    started = [manager.start_execution("fake:silent", project, **limit) for limit in limits]
    silent, held, timed = map(running, started)
    assert held.info.pid is not None
    with stopped(shim_pid(silent)), stopped(shim_pid(timed)), stopped(held.info.pid):
        let_pass(manager, project, LIMIT)
    (project / "go").touch()
    for execution in (timed, silent, held):
        info = ended(execution, "completed", "success").info
        assert info.duration is not None
        assert info.duration >= LIMIT  # the transcript tells the time that has passed


def test_a_stopped_cli_is_ended_by_its_wall_clock_all_the_same(
    manager: ProcessManager, project: Path
) -> None:
    stops = "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)\n"  # before a test could
    (project / "stops.py").write_text(stops)
    execution = manager.start_execution("fake:script=stops.py", project, timeout=2.0)
    ended(execution, "failed", "timeout")


KERNEL = """
import sys, time
real = time.time
time.time = lambda: real() + float(sys.argv[5])
from pathlib import Path
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from tests import fake
from tests.waiting import BOUND
cli, state, project, asked = sys.argv[1:5]
backend = LocalBackend(cli, graces=fake.FAST, unwatched=0.5)
with ProcessManager(Path(state), backend=backend) as manager:
    for one in manager.get_active_executions():
        print("there", one.info.status, one.info.reason, round(one.info.start_time), flush=True)
    execution = manager.start_execution(asked, project, keep_open=True, timeout=60)
    while not execution.info.awaits_input:
        time.sleep(0.01)
    print("waits", execution.execution_id, flush=True)
    input()
    execution.end()
    print("ended", execution.wait(BOUND).info.status, round(execution.info.duration), flush=True)
"""


@contextmanager
def kernel(
    fake_cli: Path, state: Path, project: Path, clock: float = 0.0
) -> Iterator[subprocess.Popen[str]]:
    """A kernel of its own, whose wall clock is wrong by so many seconds."""
    argv = [sys.executable, "-c", KERNEL, str(fake_cli), str(state), str(project), "hello"]
    root = Path(__file__).parents[1]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [*argv, str(clock)], cwd=root, stdin=pipe, stdout=pipe, text=True, bufsize=1
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str], what: str) -> list[str]:
    """What the kernel says next."""
    assert process.stdout is not None
    words = process.stdout.readline().split()
    assert words[:1] == [what]
    return words[1:]


def go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")


def test_a_kernel_that_was_stopped_finds_its_execution_waiting(
    manager: ProcessManager, fake_cli: Path, project: Path, tmp_path: Path
) -> None:
    with kernel(fake_cli, tmp_path / "other", project) as process:
        told(process, "waits")
        with stopped(process.pid):
            let_pass(manager, project, 1.0)
        go_on(process)
        assert told(process, "ended")[0] == "completed"


@pytest.mark.parametrize("jump", [-7 * 86400, 7 * 86400])
def test_a_wall_clock_that_jumps_harms_nothing(
    manager: ProcessManager, fake_cli: Path, project: Path, jump: int
) -> None:
    execution = running(manager.start_execution("fake:silent", project, timeout=60))
    assert execution.info.start_time is not None
    with kernel(fake_cli, manager.state_dir, project, clock=jump) as process:
        seen = told(process, "there")
        assert seen == ["running", "None", str(round(execution.info.start_time))]
        (theirs,) = told(process, "waits")
        until(lambda: manager.get_execution(theirs), what="it is seen here as well")
        go_on(process)
        status, seconds = told(process, "ended")
    assert (status, int(seconds) < 60) == ("completed", True)
    found = manager.get_execution(theirs)
    assert found is not None
    assert ended(found, "completed", "success").info.duration == pytest.approx(0, abs=60)
    (project / "go").touch()
    ended(execution, "completed", "success")


class Seconds:
    """A clock that is set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_a_nap_that_was_far_too_long_counts_for_nothing() -> None:
    read = Seconds()
    clock = AwakeClock(read)
    due = clock.now() + 60.0
    assert clock.nap(due) == 6.0
    read.now += 6.25  # a busy machine
    clock.woke()
    assert clock.now() == 1006.25
    nap = clock.nap(due)
    assert nap is not None
    read.now += 3600.0
    clock.woke()
    assert clock.now() == 1006.25
    assert clock.stopped == 3600.0
    assert clock.nap(due) == nap


def test_a_stop_between_two_naps_counts_for_nothing() -> None:
    read = Seconds()
    clock = AwakeClock(read)
    due = clock.now() + 60.0
    clock.nap(due)
    clock.woke()
    read.now += 2.0  # a busy machine
    assert clock.now() == 1002.0
    read.now += 3600.0
    assert clock.nap(due) == pytest.approx(5.8)
    clock.woke()
    assert clock.now() == 1002.0
    assert clock.stopped == 3600.0


def test_a_nap_is_short_beside_what_is_waited_for() -> None:
    clock = AwakeClock(Seconds())
    waits = (0.0, 0.25, 1.0, 5.0, 50.0, 86_400.0)
    assert [clock.nap(clock.now() + left) for left in waits] == [0.0, 0.25, 1.0, 1.0, 5.0, 10.0]


def test_without_anything_due_no_nap_is_too_long() -> None:
    read = Seconds()
    clock = AwakeClock(read)
    assert clock.nap(None) is None
    read.now += 3600.0
    clock.woke()
    assert clock.now() == 4600.0


class Stood(Supervisor):
    """A loop that stood still between two turns while its CLI talked."""

    def __init__(self, *, ended: bool) -> None:
        self.clock = AwakeClock()
        self.wait_status = None
        self.acted: list[float] = []
        self._said = True
        self._ended = ended
        self._poll: Any = self

    def poll(self, milliseconds: float) -> list[tuple[int, int]]:
        assert milliseconds == 0
        return [(7, select.POLLIN)] if self._said else []

    def _serve(self, fd: int, happened: int) -> None:
        del fd, happened
        self._said = False
        self.wait_status = 0 if self._ended else None

    def _deadlines(self) -> list[Deadline]:
        return [(1.0 if self._said or self._ended else 9.0, self.acted.append)]


def test_what_was_said_while_the_shim_stood_still_comes_before_its_limits() -> None:
    talked, ended = Stood(ended=False), Stood(ended=True)
    assert talked._act_on_time(5.0) == 9.0
    ended._act_on_time(5.0)  # its pid may be another's by now
    assert talked.acted == ended.acted == []
    assert talked._act_on_time(9.5) == 9.0
    assert talked.acted == [9.5]
