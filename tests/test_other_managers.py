"""Several managers on one state folder, one after another and at once; kernels that die.

The rule: the first manager lives in a process of its own, as a kernel would, and is killed with
SIGKILL. A later one finds what it left, running or ended, follows it to the end, and can end it.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from claude_widget.errors import ExecutionOwned
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.protocol import Complete, Notification
from claude_widget.state_folder import StateFolder
from claude_widget.transcript import Writer
from tests import fake
from tests.conftest import MakeManager
from tests.fake import ended, lines, metas, running, shim_pid
from tests.waiting import BOUND, until

ROOT = Path(__file__).parent.parent
KERNEL = """
import sys
from claude_widget import ProcessManager
manager = ProcessManager(sys.argv[1], max_concurrency=int(sys.argv[2]), stagger=0)
for query in sys.argv[4:]:
    print(manager.start_execution(query, sys.argv[3]).execution_id, flush=True)
sys.stdin.read()
"""


@contextmanager
def kernel(
    state: Path, project: Path, cli: Path, *queries: str, slots: int = 4
) -> Iterator[tuple[subprocess.Popen[str], list[str]]]:
    """A process that holds a manager; it and the ids of what it started."""
    process = subprocess.Popen(
        [sys.executable, "-c", KERNEL, state, str(slots), project, *queries],
        cwd=ROOT,
        env={**os.environ, "CLAUDE_WIDGET_CLI": str(cli), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout
        try:
            yield process, [process.stdout.readline().strip() for _ in queries]
        finally:
            process.kill()


def found(manager: ProcessManager, execution_id: str) -> Execution:
    return until(lambda: manager.get_execution(execution_id), what="it is found")  # type: ignore[return-value]


def test_kernel_dies_and_a_new_one_follows_to_the_end(
    make_manager: MakeManager, tmp_path: Path, project: Path, fake_cli: Path
) -> None:
    queries = ["hello", "fake:gate fake:says=later", "fake:long"]
    with kernel(tmp_path / "state", project, fake_cli, *queries) as (process, ids):
        watching = make_manager()
        for execution_id in ids[1:]:
            running(found(watching, execution_id))
        ended(found(watching, ids[0]), "completed", "success")
        watching.close()
        process.send_signal(signal.SIGKILL)
        process.wait(BOUND)
    manager = make_manager()
    assert [e.execution_id for e in manager.get_all_executions()] == ids
    done, gated, endless = manager.get_all_executions()
    assert (done.status, done.result) == ("completed", "hello")
    assert (gated.status, endless.status) == ("running", "running")
    assert gated.info.session_id
    heard: list[Notification] = []
    manager.subscribe(heard.append, gated.execution_id)
    (project / "go").touch()
    ended(gated, "completed", "success")
    assert gated.result == "later"
    assert isinstance(heard[-1], Complete)
    endless.kill()
    ended(endless, "killed", "user")


def test_a_kernel_that_is_stopped_keeps_its_own_and_one_that_is_killed_does_not(
    make_manager: MakeManager,
    tmp_path: Path,
    project: Path,
    fake_cli: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "/the/same/notebook.ipynb")
    with kernel(tmp_path / "state", project, fake_cli, "fake:long") as (process, (execution_id,)):
        manager = make_manager()
        execution = running(found(manager, execution_id))
        process.send_signal(signal.SIGSTOP)
        with pytest.raises(ExecutionOwned) as caught:
            manager.adopt(execution_id)
        assert caught.value.owner["pid"] == process.pid
        process.send_signal(signal.SIGKILL)
        process.wait(BOUND)
        ours = manager.manager_id  # the shim says it first, then the manager knows that it owns it
        until(lambda: execution.owner.get("manager_id") == ours, what="it is adopted")
        until(lambda: manager.owns(execution), what="the manager owns it")
        again = manager.start_execution("fake:long", project)
        assert again.attached
        assert again is execution


def test_what_waited_in_a_dead_kernel_is_held_and_can_be_killed(
    make_manager: MakeManager, tmp_path: Path, project: Path, fake_cli: Path
) -> None:
    state = tmp_path / "state"
    with kernel(state, project, fake_cli, "fake:gate", "hello", slots=1) as (process, ids):
        manager = make_manager()
        running(found(manager, ids[0]))
        waiting = found(manager, ids[1])
        assert not manager.is_held(waiting)
        process.send_signal(signal.SIGKILL)
        process.wait(BOUND)
        assert manager.is_held(waiting)
    (project / "go").touch()
    ended(found(manager, ids[0]), "completed", "success")
    assert waiting.status == "pending"
    waiting.kill()
    ended(waiting, "killed", "user")


def test_two_managers_at_once_see_the_same(make_manager: MakeManager, project: Path) -> None:
    one, other = make_manager(), make_manager()
    execution = running(one.start_execution("fake:long", project))
    seen = running(found(other, execution.execution_id))
    assert seen is not execution
    seen.interrupt()
    for each in (execution, seen):
        ended(each, "completed", "interrupted")
    assert seen.info == execution.info


def test_kill_works_from_the_second_manager(make_manager: MakeManager, project: Path) -> None:
    one, other = make_manager(), make_manager()
    execution = running(one.start_execution("fake:long", project))
    found(other, execution.execution_id).kill()
    ended(execution, "killed", "user")


def test_kill_works_where_the_runtime_folder_is_another(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    execution = running(make_manager().start_execution("fake:long", project))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "r"))  # a login of another kind
    found(make_manager(), execution.execution_id).kill()
    ended(execution, "killed", "user")


def test_waiting_one_of_a_living_manager_is_not_held_and_not_touched(
    make_manager: MakeManager, project: Path
) -> None:
    one, other = make_manager(max_concurrency=1), make_manager()
    running(one.start_execution("fake:gate", project))
    waiting = one.start_execution("hello", project)
    seen = found(other, waiting.execution_id)
    assert not other.is_held(seen)
    until(lambda: other._following._last_check, what="the other has looked around")
    (project / "go").touch()
    ended(waiting, "completed", "success")
    ended(seen, "completed", "success")


def test_shim_that_died_while_nobody_looked_is_lost(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager()
    execution = running(manager.start_execution("fake:long", project))
    shim = shim_pid(execution)
    manager.close()
    os.kill(shim, signal.SIGKILL)
    until(lambda: not fake.lives(shim), what="it is dead")
    later = found(make_manager(), execution.execution_id)
    ended(later, "failed", "lost")
    assert [meta["event"] for meta in metas(later)].count("lost") == 1


def test_several_managers_settle_a_lost_one_once(make_manager: MakeManager, project: Path) -> None:
    managers = [make_manager() for _ in range(4)]
    execution = running(managers[0].start_execution("fake:long", project))
    seen = [found(manager, execution.execution_id) for manager in managers]
    os.kill(shim_pid(execution), signal.SIGKILL)
    for each in seen:
        ended(each, "failed", "lost")
    assert [meta["event"] for meta in metas(execution)].count("lost") == 1


def test_torn_transcript_of_a_lost_one_is_mended(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager()
    execution = running(manager.start_execution("fake:long", project))
    shim = shim_pid(execution)
    manager.close()
    os.kill(shim, signal.SIGKILL)
    until(lambda: not fake.marked(execution.execution_id), what="all of it is dead")
    with execution.run.transcript.open("ab") as file:
        file.write(b"99.0 out {torn")
    later = found(make_manager(), execution.execution_id)
    ended(later, "failed", "lost")
    assert b"{torn" in lines(later, "out")


def test_what_was_asked_for_is_known_from_the_transcript_where_its_file_was_not_written(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: StateFolder, path: Path, content: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    with monkeypatch.context() as patched:
        patched.setattr(StateFolder, "_write", full)
        started = make_manager().start_execution("hello", project, model="sonnet", env={"A": "b"})
        ended(started, "completed", "success")
    assert not (started.run.folder / "request.json").exists()
    request = found(make_manager(), started.execution_id).run.request
    assert (request.query, request.model, dict(request.env)) == ("hello", "sonnet", {})


def test_execution_of_another_host_is_never_touched(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager()
    done = ended(manager.start_execution("hello", project), "completed", "success")
    folder = done.run.folder.with_name("6f0c9a52-7d0e-4b5a-9a55-0d6b1a3c2e10")
    folder.mkdir(0o700)
    (folder / "request.json").write_bytes((done.run.folder / "request.json").read_bytes())
    with Writer(folder / "transcript", create=True) as writer:
        request = json.loads((folder / "request.json").read_bytes())
        writer.begin(folder.name, "elsewhere", request=request, owner={"host": "elsewhere"})
        writer.meta("spawned", pid=1, shim_pid=1, shim_start=1, cli_path="/x")
    other = make_manager()
    seen = found(other, folder.name)
    assert seen.status == "running"
    size = seen.run.transcript.stat().st_size
    other._following._last_check = 0.0
    other._following.wake()
    until(lambda: other._following._last_check, what="it was looked at")
    assert seen.run.transcript.stat().st_size == size
    (folder / "forgotten").touch()


@pytest.mark.parametrize(
    "name", ["not-an-id", "6F0C9A52-7D0E-4B5A-9A55-0D6B1A3C2E10", "..", ".hidden", "a b"]
)
def test_what_is_no_execution_in_the_state_folder_is_left_alone(
    make_manager: MakeManager, tmp_path: Path, name: str
) -> None:
    folder = tmp_path / "state" / "executions" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "transcript").write_bytes(b"nonsense")
    assert make_manager().get_all_executions() == []
    (folder / "transcript").unlink()


@pytest.mark.parametrize("content", [b"", b"nonsense", b"1.0 meta {}\n", b"\xff\n" * 100])
def test_nonsense_transcript_harms_nobody(
    make_manager: MakeManager, tmp_path: Path, project: Path, content: bytes
) -> None:
    folder = tmp_path / "state" / "executions" / "6f0c9a52-7d0e-4b5a-9a55-0d6b1a3c2e10"
    folder.mkdir(parents=True)
    (folder / "transcript").write_bytes(content)
    manager = make_manager()
    ended(manager.start_execution("hello", project), "completed", "success")
    for execution in manager.get_all_executions():
        repr(execution)
        execution.kill()
    (folder / "forgotten").touch()


def test_ended_ones_are_not_folded_again(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = ended(make_manager().start_execution("hello", project), "completed", "success")

    def refuse(*_: object) -> None:
        raise AssertionError("it was folded again")

    monkeypatch.setattr(Execution, "advance", refuse)
    later = make_manager().get_execution(execution.execution_id)
    assert later is not None
    assert later.info == execution.info
    assert later.wait(0) is later
    assert len(later.events) == len(execution.events)


def test_saved_fold_of_another_transcript_is_not_believed(
    make_manager: MakeManager, project: Path
) -> None:
    execution = ended(make_manager().start_execution("hello", project), "completed", "success")
    saved = execution.run.folder / "ended.json"
    for content in ("nonsense", '{"size": 1}', saved.read_text().replace("completed", "failed", 1)):
        saved.write_text(content[:-1] if content.startswith("{") else content)
        later = make_manager().get_execution(execution.execution_id)
        assert later is not None
        assert later.info == execution.info
