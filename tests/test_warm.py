"""CLIs that are started ahead: taken over by executions just like them, and never left behind.

The rule: what a transcript says is compared with that of a cold start, and what is left behind is
looked for among the machine's processes by the mark in their environment, not by what is told.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from claude_widget import warm_clis
from claude_widget.errors import ClaudeWidgetError, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.queue.warming import Warm
from claude_widget.shim.warm import PROMPT, WARM
from claude_widget.transcript import lock_is_held, read_records
from tests import fake
from tests.conftest import MakeManager
from tests.waiting import BOUND, until


def warm_folders(state: Path) -> list[Path]:
    """Folders in which a CLI waits."""
    return [path.parent for path in (state / "executions").glob(f"*/{WARM}")]


def pids_below(state: Path) -> list[int]:
    """Shims and CLIs of all run folders."""
    names = [path.name for path in (state / "executions").glob("*")]
    return [process.pid for name in names for process in fake.marked(name)]


def nothing_is_left_in(folders: list[Path]) -> None:
    """Wait until they are gone, and the shims as well, which go last."""
    until(lambda: not any(one.exists() for one in folders), what="their folders are gone")
    until(lambda: not any(fake.marked(one.name) for one in folders), what="so are the shims")


def is_ready(warm: Warm, count: int, state: Path) -> bool:
    """So many wait, each with a CLI."""
    return warm.ready == count and all(lock_is_held(one / WARM) for one in warm_folders(state))


def story(execution: Execution) -> list[str]:
    """The streams and events of its transcript, in order."""
    return [
        record.stream if record.stream != "meta" else record.data.split(b'"')[3].decode()
        for record in read_records(execution.run.transcript)
    ]


@pytest.fixture
def state(manager: ProcessManager) -> Path:
    return manager.state_dir


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shim that the machine keeps waiting for seconds is asked all the same, and not given up."""
    monkeypatch.setattr(warm_clis, "ANSWER_WITHIN", BOUND)


def test_execution_takes_over_a_cli_that_waits_and_its_transcript_is_as_any(
    manager: ProcessManager, project: Path, state: Path
) -> None:
    cold = manager.start_execution("fake:says=cold", project).wait(BOUND)
    with manager.warm(1, project, most=1) as warm:
        until(lambda: is_ready(warm, 1, state), what="one waits")
        (folder,) = warm_folders(state)
        before = pids_below(state)
        taken = manager.start_execution("fake:says=warm", project, name="second")
        assert taken.execution_id == folder.name
        taken.wait(BOUND)
    assert taken.info.pid in before
    assert (taken.result, taken.info.name) == ("warm", "second")
    assert sorted(story(taken)) == sorted(story(cold))
    first, told = story(taken)[:4], story(taken)[4:6]
    assert first == ["transcript", "requested", "spawned", "in"]
    assert sorted(told) == ["in", "out"], "the prompt may come before the CLI has answered"
    assert not (folder / WARM).exists()
    assert [one.execution_id for one in manager.get_all_executions()] == [
        cold.execution_id,
        taken.execution_id,
    ]


@pytest.mark.parametrize(
    ("limit", "reason"), [({"timeout": 0.5}, "timeout"), ({"idle_timeout": 0.5}, "idle")], ids=str
)
def test_limits_count_from_the_prompt(
    manager: ProcessManager, project: Path, state: Path, limit: dict[str, Any], reason: str
) -> None:
    with manager.warm(1, project, most=1, **limit) as warm:
        until(lambda: is_ready(warm, 1, state), what="one waits")
        (folder,) = warm_folders(state)
        made = (folder / WARM).stat().st_mtime
        until(lambda: time.time() - made > 1, what="it has waited for longer than its limit")
        taken = manager.start_execution("fake:gate=never", project, **limit)
        assert taken.execution_id == folder.name
        fake.ended(taken, "failed", reason)
    # Not that it completes: a slow machine takes longer than any limit. It is ended, not too soon.
    records = [one for one in read_records(taken.run.transcript) if one.stream == "meta"]
    began, over = (
        next(one.time for one in records if b'"event":"%s"' % event in one.data)
        for event in (b"spawned", b"limit")
    )
    assert over - began >= 0.49


@pytest.mark.parametrize(
    "other",
    [{"model": "haiku"}, {"env": {"A": "b"}}, {"keep_open": True}, {"system_prompt": "x"}],
    ids=str,
)
def test_what_is_started_otherwise_is_started_cold(
    manager: ProcessManager, project: Path, state: Path, other: dict[str, Any]
) -> None:
    with manager.warm(1, project, most=1) as warm:
        until(lambda: is_ready(warm, 1, state), what="one waits")
        started = manager.start_execution("fake:says=cold", project, **other)
        assert started.execution_id not in {one.name for one in warm_folders(state)}
        assert warm.ready == 1
        started.kill()
        started.wait(BOUND)


def test_kernel_whose_environment_has_changed_takes_no_cli_of_before(
    manager: ProcessManager, project: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with manager.warm(1, project, most=1) as warm:
        until(lambda: is_ready(warm, 1, state), what="one waits")
        monkeypatch.setenv("SOME_SETTING", "new")
        started = manager.start_execution("fake:says=cold", project).wait(BOUND)
        assert started.result == "cold"
        assert started.execution_id not in {one.name for one in warm_folders(state)}


def test_nothing_is_left_when_it_is_closed(
    manager: ProcessManager, project: Path, state: Path
) -> None:
    with manager.warm(3, project) as warm:
        until(lambda: is_ready(warm, 3, state), what="three wait")
        until(lambda: len(pids_below(state)) >= 6, what="each is a shim and a CLI")
        assert manager.get_all_executions() == []
        folders = warm_folders(state)
    nothing_is_left_in(folders)


def test_nothing_is_left_when_the_manager_is_closed(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager()
    state = manager.state_dir
    warm = manager.warm(2, project)
    until(lambda: is_ready(warm, 2, state), what="two wait")
    folders = warm_folders(state)
    manager.close()
    nothing_is_left_in(folders)


def test_what_waits_with_a_cli_and_is_cancelled_leaves_nothing(
    manager: ProcessManager, project: Path, state: Path
) -> None:
    with manager.warm(1, project, most=1) as warm:
        until(lambda: is_ready(warm, 1, state), what="one waits")
        manager.pause_queue()
        pending = manager.start_execution("fake:says=never", project)
        assert (pending.run.folder / WARM).exists()
        assert fake.marked(pending.execution_id)
        pending.kill()
        pending.wait(BOUND)
        until(lambda: not fake.marked(pending.execution_id), what="its CLI has ended")
    manager.resume_queue()


def test_cli_that_dies_while_it_waits_is_replaced_by_a_cold_start(
    manager: ProcessManager, project: Path, state: Path
) -> None:
    with manager.warm(1, project, most=1) as warm:
        until(lambda: is_ready(warm, 1, state), what="one waits")
        manager.pause_queue()
        pending = manager.start_execution("fake:says=cold", project)
        shim = int((pending.run.folder / "shim.pid").read_text().split()[0])
        os.kill(shim, signal.SIGKILL)
        manager.resume_queue()
        assert pending.wait(BOUND).result == "cold"
        assert story(pending)[:3] == ["transcript", "requested", "spawned"]


def said(execution: Execution) -> int:
    """How many prompts its CLI was told."""
    return sum(b'"type":"user"' in line.replace(b" ", b"") for line in fake.lines(execution, "in"))


def stopped(state: Path) -> int:
    """The pid of the shim of a CLI that waits; it is stopped, and answers nothing."""
    shim = int((warm_folders(state)[0] / "shim.pid").read_text().split()[0])
    os.kill(shim, signal.SIGSTOP)
    return shim


def test_cli_that_answers_late_holds_up_nobody_else_and_is_told_its_prompt_once(
    manager: ProcessManager, project: Path, state: Path
) -> None:
    with manager.warm(1, project, most=1) as warm:
        until(lambda: is_ready(warm, 1, state), what="one waits")
        before = pids_below(state)
        shim = stopped(state)
        late = manager.start_execution("fake:says=late", project)
        other = manager.start_execution("fake:says=other", project, model="haiku")
        assert other.wait(BOUND).result == "other"
        assert late.status == "pending"
        os.kill(shim, signal.SIGCONT)
        assert late.wait(BOUND).result == "late"
    assert (late.info.pid in before, said(late)) == (True, 1)


def test_cli_that_never_answers_is_ended_and_its_prompt_is_told_to_another_one(
    manager: ProcessManager, project: Path, state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warm_clis, "ANSWER_WITHIN", 0.1)
    with manager.warm(1, project, most=1) as warm:
        until(lambda: is_ready(warm, 1, state), what="one waits")
        before = pids_below(state)
        (folder,) = warm_folders(state)  # before the start, which soon gives it up
        stopped(state)
        taken = manager.start_execution("fake:says=cold", project)
        assert taken.execution_id == folder.name
        assert taken.wait(BOUND).result == "cold"
    assert (taken.info.pid in before, said(taken)) == (False, 1)
    assert not any(map(fake.lives, before))


_KERNEL = """
import sys
from pathlib import Path
from typing import Any
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
manager = ProcessManager(Path(sys.argv[1]), backend=LocalBackend(sys.argv[2]), stagger=0)
manager.pause_queue()
warm = manager.warm(2, sys.argv[3], most=2)
while warm.ready < 2:
    pass
pending = manager.start_execution("fake:says=late", sys.argv[3])
print(pending.execution_id, flush=True)
sys.stdin.read()
"""


def test_killed_kernel_leaves_no_cli_and_what_waited_is_started_by_the_next(
    make_manager: MakeManager, fake_cli: Path, project: Path, tmp_path: Path
) -> None:
    state = tmp_path / "state"
    command = [sys.executable, "-c", _KERNEL, str(state), str(fake_cli), str(project)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as kernel:
        assert kernel.stdout is not None
        pending_id = kernel.stdout.readline().strip()
        folders = warm_folders(state)
        assert len(folders) == 2
        until(lambda: all(lock_is_held(one / WARM) for one in folders), what="two wait")
        kernel.kill()
    until(lambda: not any(fake.marked(one.name) for one in folders), what="no CLI lives")
    until(
        lambda: [one.name for one in folders if one.exists()] == [pending_id],
        what="only what waits has a folder",
    )
    manager = make_manager(state)
    manager.adopt(pending_id)
    manager.resume_queue()
    pending = manager.get_execution(pending_id)
    assert pending is not None
    assert pending.wait(BOUND).result == "late"


def test_sweep_leaves_a_cli_that_waits_alone(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = make_manager()
    state = manager.state_dir
    with manager.warm(1, project, most=1) as warm:
        until(lambda: is_ready(warm, 1, state), what="one waits")
        for name in ("claude_widget.cleanup.remains.YOUNG", "claude_widget.cleanup.sweep.YOUNG"):
            monkeypatch.setattr(name, -1.0)
        report = make_manager(state).sweep()
        assert report.processes == ()
        assert report.half_made == ()
        taken = manager.start_execution("fake:says=warm", project).wait(BOUND)
        assert taken.result == "warm"


def test_replay_starts_nothing_ahead(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(mode="replay")
    with manager.warm(2, project) as warm:
        assert warm.ready == 0
        assert warm_folders(manager.state_dir) == []


@pytest.mark.parametrize(
    "options", [{"worktree": True}, {"sandbox": "bubblewrap"}], ids=["worktree", "sandbox"]
)
def test_what_is_of_one_execution_only_cannot_be_started_ahead(
    manager: ProcessManager, project: Path, options: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequest):
        manager.warm(1, project, **options)


@pytest.mark.parametrize("count", [0, -1, 1000])
def test_count_must_be_one(manager: ProcessManager, project: Path, count: int) -> None:
    with pytest.raises(InvalidRequest) as caught:
        manager.warm(count, project)
    assert caught.value.field == "warm"


def test_batch_takes_clis_that_wait_and_leaves_none(
    manager: ProcessManager, project: Path, state: Path
) -> None:
    rows = [f"fake:says={number}" for number in range(8)]
    batch = manager.map(None, rows, project_path=project, warm=2, max_concurrency=1)
    batch.wait(BOUND)
    assert batch.results == [str(number) for number in range(8)]
    assert any((one.run.folder / PROMPT).exists() for one in manager.get_all_executions())
    until(
        lambda: len(list((state / "executions").iterdir())) == len(rows),
        what="none waits any more, and their folders are gone",
    )
    assert warm_folders(state) == []


def test_batch_that_is_killed_leaves_no_cli(
    manager: ProcessManager, project: Path, state: Path
) -> None:
    rows = ["fake:gate=never"] * 6
    batch = manager.map(None, rows, project_path=project, warm=2, max_concurrency=1)
    until(lambda: len(warm_folders(state)) >= 2, what="two wait")
    batch.kill()
    batch.wait(BOUND)
    until(lambda: not warm_folders(state) and not pids_below(state), what="nothing is left")


def test_batch_that_cannot_be_made_starts_nothing_ahead(
    manager: ProcessManager, project: Path, state: Path
) -> None:
    with pytest.raises(ClaudeWidgetError):
        manager.map("{{ missing }}", [{"a": 1}], project_path=project, warm=1)
    assert warm_folders(state) == []
