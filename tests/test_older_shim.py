"""An execution that ran on through an upgrade: the shim of an earlier version, today's manager.

The rule: the shim is the very code of that version (tests/older_shims), and what started it is what
that version's package did. Today's package finds it, follows it, controls it and ends it.
"""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import ControlFailed, ExecutionEnded, ExecutionOwned
from claude_widget.execution import Execution
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from tests import fake
from tests.asking import asked, told
from tests.conftest import MakeManager
from tests.fake import ended, metas, running
from tests.older_shims import version_0_1_0
from tests.older_shims.version_0_1_0 import Started
from tests.waiting import BOUND, until

StartOlder = Callable[..., Started]


@pytest.fixture
def start_older(
    tmp_path: Path, project: Path, fake_cli: Path, make_manager: MakeManager
) -> Iterator[StartOlder]:
    """Start one under the older shim; the kernel that is said to have started it is dead."""
    with subprocess.Popen(["true"]) as gone:
        gone.wait(BOUND)
    shims = []

    def start(query: str, **more: Any) -> Started:
        state = tmp_path / "state"
        found = version_0_1_0.start(state, project, fake_cli, query, owner_pid=gone.pid, **more)
        shims.append(found.shim)
        return found

    yield start
    for shim in shims:
        if shim.poll() is None:
            shim.send_signal(signal.SIGTERM)
        shim.wait(BOUND)


def attached(manager: ProcessManager, started: Started) -> Execution:
    """Today's handle on it."""
    found = until(lambda: manager.get_execution(started.execution_id), what="it is found")
    assert found is not None
    return found


def test_it_is_followed_to_its_end_and_folds_as_one_of_today_does(
    start_older: StartOlder,
    make_manager: MakeManager,
    project: Path,
    fake_cli: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(version_0_1_0.GRACES, "exit", BOUND)  # the slow are not ended
    backend = LocalBackend(fake_cli, graces=fake.FAST._replace(exit=BOUND))
    older = start_older("fake:gate fake:tools fake:deltas=20 fake:says=done")
    manager = make_manager(backend=backend)
    execution = running(attached(manager, older))
    (project / "go").touch()
    ended(execution, "completed", "success")
    newer = manager.start_execution("fake:gate fake:tools fake:deltas=20 fake:says=done", project)
    ended(newer, "completed", "success")
    own = {"execution_id", "session_id", "pid", "created_time", "start_time", "end_time"}
    own |= {"cpu_seconds", "peak_memory_bytes", "peak_processes"}  # the older shim measures none
    assert execution.info.model_dump(exclude=own) == newer.info.model_dump(exclude=own)
    again = make_manager().get_execution(older.execution_id)
    assert again is not None
    assert again.info == execution.info
    saved = json.loads((older.folder / "ended.json").read_bytes())["info"]
    for name in ("cpu_seconds", "peak_memory_bytes", "peak_processes"):
        assert saved.get(name) is None


def test_it_is_greeted_asked_and_sent_to(
    start_older: StartOlder, manager: ProcessManager, project: Path
) -> None:
    older = start_older("fake:says=first", keep_open=True)
    execution = attached(manager, older)
    fake.turn_over(execution)
    said = manager.backend.ask(execution.run, "status")
    assert (said["ok"], said["state"]) == (True, "idle")
    assert execution.send("fake:says=second") is execution
    until(lambda: execution.info.result == "second", what="the second turn is over")
    execution.set_model("opus")
    assert execution.info.model == "opus"
    execution.end()
    ended(execution, "completed", "success")
    assert older.shim.wait(BOUND) == 0
    with pytest.raises(ExecutionEnded):
        execution.interrupt()


def test_it_is_interrupted(start_older: StartOlder, manager: ProcessManager) -> None:
    execution = running(attached(manager, start_older("fake:long")))
    execution.interrupt()
    ended(execution, "completed", "interrupted")


@pytest.mark.parametrize("query", ["fake:long", "fake:daemon fake:long"])
def test_it_is_killed(start_older: StartOlder, manager: ProcessManager, query: str) -> None:
    execution = running(attached(manager, start_older(query)))
    execution.kill()
    ended(execution, "killed", "user")
    assert [meta["event"] for meta in metas(execution)][-1] == "ended"


def test_what_it_asks_is_answered(start_older: StartOlder, manager: ProcessManager) -> None:
    manager.page_seen()
    execution = attached(manager, start_older("fake:asks=Bash"))
    request = asked(execution)
    execution.answer_request(request.control_id, True)
    ended(execution, "completed", "success")
    assert told(execution)["behavior"] == "allow"


def test_what_nobody_answers_is_denied_for_it(
    start_older: StartOlder, make_manager: MakeManager
) -> None:
    manager = make_manager(permission_grace=0.1)
    execution = attached(manager, start_older("fake:asks=Bash"))
    ended(execution, "completed", "denied")
    assert told(execution)["behavior"] == "deny"


def test_an_operation_that_it_does_not_know_is_refused_and_harms_nothing(
    start_older: StartOlder, manager: ProcessManager
) -> None:
    execution = running(attached(manager, start_older("fake:long")))
    with pytest.raises(ControlFailed) as caught:
        manager.backend.ask(execution.run, "adopt", owner={}, instead_of="")
    assert caught.value.code == "unknown_op"
    assert execution.status == "running"


def test_it_is_adopted_by_one_manager_at_a_time(
    start_older: StartOlder, make_manager: MakeManager
) -> None:
    older = start_older("fake:long")
    first, second = make_manager(), make_manager()
    for manager in (first, second):
        running(attached(manager, older))
    first.adopt(older.execution_id)
    with pytest.raises(ExecutionOwned) as caught:
        second.adopt(older.execution_id)
    assert caught.value.owner["manager_id"] == first.manager_id
    first.close()
    adopted = second.adopt(older.execution_id)
    adopted.kill()
    ended(adopted, "killed", "user")


def test_its_death_is_told_as_lost_and_nothing_is_left(
    start_older: StartOlder, manager: ProcessManager
) -> None:
    older = start_older("fake:daemon fake:long")
    execution = running(attached(manager, older))
    older.shim.kill()
    older.shim.wait(BOUND)
    ended(execution, "failed", "lost")
    assert not fake.marked(older.execution_id)
    assert [meta["event"] for meta in metas(execution)].count("lost") == 1


def test_it_is_adopted_by_one_manager_though_its_shim_cannot_note_it(
    start_older: StartOlder, make_manager: MakeManager
) -> None:
    older = start_older("fake:long")
    managers = [make_manager() for _ in range(3)]
    for manager in managers:
        running(attached(manager, older))
    owner = managers[0]
    assert owner.adopt(older.execution_id) is attached(owner, older)
    for other in managers[1:]:
        with pytest.raises(ExecutionOwned) as caught:
            other.adopt(older.execution_id)
        assert caught.value.owner["manager_id"] == owner.manager_id
    owner.close()
    assert managers[1].adopt(older.execution_id) is attached(managers[1], older)
    attached(managers[2], older).kill()
    ended(attached(managers[1], older), "killed", "user")
