"""Killed at a random moment, in every way, with CLIs of every sort: nothing is left behind.

The rule: the seed is printed and can be given again (CLAUDE_WIDGET_SEED), and so can the number of
rounds (CLAUDE_WIDGET_KILLS, 200 for the long form). A moment is a size of the transcript, never a
time. What an execution had started is written down before the blow, so that it is looked for by
pid and start afterwards, whatever it made of its environment.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from claude_widget import runtime
from claude_widget.cleanup.leftovers import recorded
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from tests import fake
from tests.conftest import MakeManager
from tests.waiting import BOUND, until

ROUNDS = int(os.environ.get("CLAUDE_WIDGET_KILLS", "20"))
SEED = int(os.environ.get("CLAUDE_WIDGET_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
QUERIES = [
    "hello",
    "fake:long",
    "fake:crash fake:daemon",
    "fake:daemon fake:long",
    "fake:server fake:long",
    "fake:forks=5 fake:long",
    "fake:undressed fake:long",
    "fake:hang-after fake:server",
    "fake:shuts-stdout fake:daemon",
    "fake:flood=1 fake:server fake:long",
    "fake:daemon fake:server fake:forks=3 fake:undressed fake:long",
]
BEFORE = ["", "", "deaf", "deaf", "old", "reads-not"]
MOMENTS = (0, 400, 1_000, 3_000, 6_000, 20_000)


class Tree(NamedTuple):
    """What was seen below a shim: pid and start of each."""

    processes: frozenset[tuple[int, float]]

    def living(self) -> list[int]:
        """Those that are still there, and are no zombies."""
        return [pid for pid, start in self.processes if _lives(pid, start)]


def _lives(pid: int, start: float) -> bool:
    try:
        process = psutil.Process(pid)
        return process.create_time() == start and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def shim_of(execution: Execution) -> int:
    """Its pid, as the manager wrote it down at the spawn."""
    return int((execution.run.folder / "shim.pid").read_text().split()[0])


def tree_of(execution: Execution) -> Tree:
    """The shim and all that is below it at this moment."""
    found = set()
    with suppress(psutil.Error):
        shim = psutil.Process(shim_of(execution))
        for process in (shim, *shim.children(recursive=True)):
            with suppress(psutil.Error):
                found.add((process.pid, process.create_time()))
    return Tree(frozenset(found))


def by_kill(manager: ProcessManager, execution: Execution) -> None:
    del manager
    execution.kill()


def by_close(manager: ProcessManager, execution: Execution) -> None:
    del execution
    manager.close(kill=True, timeout=BOUND)


def shim_by_kill_9(manager: ProcessManager, execution: Execution) -> None:
    """With what dropped its environment seen by its shim, as it is within seconds."""
    del manager
    daemon = Path(execution.info.project_path, "undressed.pid")
    if daemon.exists():
        pid = int(daemon.read_text())
        until(
            lambda: (
                execution.status.ended or pid in {one for one, _ in recorded(execution.run.folder)}
            ),
            what="its shim has seen the daemon",
        )
    with suppress(ProcessLookupError):
        os.kill(shim_of(execution), signal.SIGKILL)


def shim_by_sigterm(manager: ProcessManager, execution: Execution) -> None:
    del manager
    with suppress(ProcessLookupError):
        os.kill(shim_of(execution), signal.SIGTERM)


def cli_by_kill_9(manager: ProcessManager, execution: Execution) -> None:
    del manager
    until(lambda: execution.info.pid or execution.status.ended, what="its CLI is known")
    with suppress(ProcessLookupError):
        if execution.info.pid:
            os.kill(execution.info.pid, signal.SIGKILL)


WAYS: list[Callable[[ProcessManager, Execution], None]] = [
    by_kill,
    by_close,
    shim_by_kill_9,
    shim_by_sigterm,
    cli_by_kill_9,
]


class Blow(NamedTuple):
    """One round: a query, how the CLI is from the start, bytes of transcript, and what ends it."""

    query: str
    before: str
    moment: int
    way: Callable[[ProcessManager, Execution], None]

    def __str__(self) -> str:
        at = f"at {self.moment} bytes, {self.way.__name__}"
        return f"{self.query!r} {self.before!r} {at}"


@pytest.mark.slow  # every sort of CLI and every way of ending
@pytest.mark.timeout(max(240, 12 * ROUNDS))
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a daemon may escape, as docs say")
def test_killed_at_random_moments_nothing_is_left(
    own_temp: Path, make_manager: MakeManager, tmp_path: Path
) -> None:
    print(f"CLAUDE_WIDGET_SEED={SEED} CLAUDE_WIDGET_KILLS={ROUNDS}")
    chance = random.Random(SEED)
    manager = make_manager()
    until(lambda: manager.swept is not None, what="the first sweep")
    fake.ended(manager.start_execution("hello", tmp_path), "completed", "success")
    until(lambda: not psutil.Process().children(), what="the first shim is reaped")
    before = len(fake.descriptors())
    for number in range(ROUNDS):
        project = tmp_path / f"project-{number}"
        project.mkdir()
        blow = Blow(
            chance.choice(QUERIES),
            chance.choice(BEFORE),
            chance.choice(MOMENTS),
            chance.choice(WAYS),
        )
        print(f"round {number}: {blow}")
        manager = _round(make_manager, manager, project, blow)
        until(lambda: len(fake.descriptors()) <= before, what="no descriptor is left")
    until(lambda: not psutil.Process().children(), what="no child is left, nor a zombie")
    _check_folders(manager, own_temp)


def _round(
    make_manager: MakeManager, manager: ProcessManager, project: Path, blow: Blow
) -> ProcessManager:
    """One execution and its end; the manager for the next."""
    env = {"FAKE_CLAUDE": blow.before} if blow.before else {}
    execution = manager.start_execution(blow.query, project, env=env)
    transcript = execution.run.transcript
    with suppress(AssertionError):  # it says no more than that: now is as good a moment
        until(
            lambda: transcript.stat().st_size >= blow.moment or execution.status.ended,
            timeout=1,
            what="the moment",
        )
    tree = tree_of(execution)
    blow.way(manager, execution)
    tree = Tree(tree.processes | tree_of(execution).processes)
    if manager.closed:
        manager = make_manager()
        seen = manager.get_execution(execution.execution_id)
        assert seen is not None
        execution = seen
    _over(execution, project, tree)
    return manager


def _over(execution: Execution, project: Path, tree: Tree) -> None:
    with suppress(TimeoutError, ClaudeWidgetError):
        execution.wait(2)
    if not execution.status.ended:  # the CLI was well-behaved, or the blow came too late to hit
        execution.kill()
        execution.wait(BOUND)
    endings = [meta["event"] for meta in fake.metas(execution)]
    assert sum(event in ("ended", "lost", "refused") for event in endings) == 1
    until(lambda: not fake.marked(execution.execution_id), what="no process has its mark")
    until(
        lambda: not set(tree.living()) - _undressed_unseen(execution, project),
        what="nothing that was below the shim lives",
    )
    for pid in _undressed_unseen(execution, project):  # the limit that the docs tell
        os.kill(pid, signal.SIGKILL)


def _undressed_unseen(execution: Execution, project: Path) -> set[int]:
    """A daemon without an environment of which a killed shim could not write anything down.

    It may be so young that it has not said its pid yet: ask again.
    """
    with suppress(OSError, ValueError):
        pid = int((project / "undressed.pid").read_text())
        seen = {one for one, _ in recorded(execution.run.folder)}
        if execution.info.reason in ("lost", "startup") and fake.lives(pid) and pid not in seen:
            return {pid}
    return set()


def _check_folders(manager: ProcessManager, own_temp: Path) -> None:
    """Nothing is left of what only living executions need."""
    left = {path.name for path in runtime.runtime_folder().iterdir()}
    assert runtime.runtime_folder().is_relative_to(own_temp)
    assert not {name for name in left if not name.startswith("python-")}
    for folder in (manager.state_dir, *(manager.state_dir / "executions").iterdir()):
        names = {path.name for path in folder.iterdir()}
        assert not {name for name in names if name.startswith(".") or name == "reserve"}, folder
    managers = {path.name for path in (manager.state_dir / "managers").iterdir()}
    assert managers == {manager.manager_id}
    assert not manager.sweep()
