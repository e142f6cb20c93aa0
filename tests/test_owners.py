"""Who owns an execution: the lock of each open manager, and taking over what has lost its own.

The rule: a manager that is closed is as gone as one whose kernel was killed, which
test_other_managers shows once; the folder or notebook that a manager is of is told by its
environment, as Jupyter does.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import threading
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import (
    ControlFailed,
    ExecutionEnded,
    ExecutionNotFound,
    ExecutionOwned,
    InvalidRequest,
)
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.owners import MANAGERS, Owners
from tests import fake
from tests.asking import asked, known_to
from tests.conftest import MakeManager
from tests.fake import ended, metas, running
from tests.waiting import until

OTHER = "/another/notebook.ipynb"


def new_id() -> str:
    return str(uuid.uuid4())


def owner_of(execution: Execution) -> str:
    """The id of the manager that its transcript names last."""
    return str(execution.state.life.owner.get("manager_id"))


def owned_by(manager: ProcessManager, execution: Execution) -> Execution:
    """The manager's own handle of it, once it owns it and its transcript says so."""
    theirs = known_to(manager, execution)
    until(lambda: owner_of(theirs) == manager.manager_id, what="it is adopted")
    return theirs


@pytest.fixture
def elsewhere(
    make_manager: MakeManager, monkeypatch: pytest.MonkeyPatch
) -> Callable[..., ProcessManager]:
    """Make a manager of another notebook."""

    def make(**options: Any) -> ProcessManager:
        with monkeypatch.context() as patch:
            patch.setenv("JPY_SESSION_NAME", OTHER)
            return make_manager(**options)

    return make


# -- the lock --------------------------------------------------------------------------------------


def test_an_open_manager_is_known_by_its_lock_and_a_closed_one_leaves_nothing(
    make_manager: MakeManager,
) -> None:
    manager = make_manager()
    place = manager.state_dir / MANAGERS / manager.manager_id
    other = Owners(manager.state_dir, new_id())
    said = json.loads(place.read_text())
    assert said["manager_id"] == manager.manager_id
    assert said["pid"] == os.getpid()
    assert other.lives(said)
    manager.close()
    assert not place.exists()
    assert not other.lives(said)


@pytest.mark.parametrize("umask", [0o000, 0o777])
def test_the_lock_is_its_owners_alone(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        owners = Owners(tmp_path, new_id())
        assert owners.hold()
    finally:
        os.umask(before)
    place = tmp_path / MANAGERS / str(owners.me["manager_id"])
    assert stat.S_IMODE(place.stat().st_mode) == 0o600
    assert stat.S_IMODE(place.parent.stat().st_mode) == 0o700
    owners.release()


def test_a_lock_that_was_taken_away_is_made_again(tmp_path: Path) -> None:
    owners, other = Owners(tmp_path, new_id()), Owners(tmp_path, new_id())
    assert owners.hold()
    (tmp_path / MANAGERS / str(owners.me["manager_id"])).unlink()
    assert not other.lives(owners.me)
    assert owners.hold()
    assert other.lives(owners.me)
    owners.release()


def test_a_link_in_the_place_of_a_lock_is_not_followed(tmp_path: Path) -> None:
    owners = Owners(tmp_path, new_id())
    (tmp_path / MANAGERS).mkdir(mode=0o700)
    (tmp_path / MANAGERS / str(owners.me["manager_id"])).symlink_to(tmp_path / "victim")
    assert not owners.hold()
    assert not (tmp_path / "victim").exists()


def test_what_dead_managers_left_is_removed_and_nothing_else(tmp_path: Path) -> None:
    living, last = Owners(tmp_path, new_id()), Owners(tmp_path, new_id())
    assert living.hold()
    dead, far = new_id(), new_id()
    (tmp_path / MANAGERS / dead).write_text(json.dumps({**living.me, "manager_id": dead}))
    (tmp_path / MANAGERS / far).write_text(json.dumps({**living.me, "host": "elsewhere"}))
    (tmp_path / MANAGERS / "notes").write_text("not ours")
    assert last.tidy() == [dead]
    left = {entry.name for entry in (tmp_path / MANAGERS).iterdir()}
    assert left == {str(living.me["manager_id"]), far, "notes"}
    living.release()


def test_what_cannot_be_known_counts_as_living(tmp_path: Path) -> None:
    owners = Owners(tmp_path, new_id())
    gone = {**owners.me, "manager_id": new_id()}
    assert not owners.lives(gone)
    assert owners.lives({**gone, "host": "elsewhere"})
    assert not owners.lives({})
    assert not owners.lives({**gone, "manager_id": "../../etc/passwd"})
    earlier = {name: part for name, part in gone.items() if name != "holds_lock"}
    assert owners.lives(earlier), "a version that held no lock is told by its process"
    with subprocess.Popen(["true"]) as process:
        process.wait(10)
    assert not owners.lives({**earlier, "pid": process.pid})


def test_a_lock_that_a_child_has_inherited_keeps_no_dead_kernel_alive(tmp_path: Path) -> None:
    manager_id = new_id()
    owners, other = Owners(tmp_path, manager_id), Owners(tmp_path, new_id())
    assert owners.hold()
    with subprocess.Popen(["true"]) as process:
        process.wait(10)
    assert other.lives(owners.me)
    assert not other.lives({**owners.me, "pid": process.pid})
    owners.release()


# -- the shim --------------------------------------------------------------------------------------


def test_the_shim_lets_one_take_over_from_the_owner_that_is(
    manager: ProcessManager, project: Path
) -> None:
    execution = running(manager.start_execution("fake:long", project))
    run, ask = execution.run, manager.backend.ask
    one, other = {"manager_id": new_id()}, {"manager_id": new_id()}
    with pytest.raises(ControlFailed) as caught:
        ask(run, "adopt", owner=one, instead_of=other["manager_id"])
    assert caught.value.code == "owned"
    owner = caught.value.told["owner"]
    assert isinstance(owner, dict)
    assert owner["manager_id"] == manager.manager_id
    ask(run, "adopt", owner=one, instead_of=manager.manager_id)
    with pytest.raises(ControlFailed):
        ask(run, "adopt", owner=other, instead_of=manager.manager_id)
    assert [meta["owner"] for meta in metas(execution) if meta["event"] == "adopted"] == [one]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"owner": "me", "instead_of": ""},
        {"owner": {"manager_id": 1}, "instead_of": ""},
        {"owner": {"manager_id": "m", "deep": {"x": 1}}, "instead_of": ""},
        {"owner": {"manager_id": "m" * 100_000}, "instead_of": ""},
        {"owner": {"manager_id": "m"}},
        {"owner": {"manager_id": "m"}, "instead_of": ["m"]},
    ],
)
def test_an_owner_that_is_none_is_refused(
    manager: ProcessManager, project: Path, said: dict[str, Any]
) -> None:
    execution = running(manager.start_execution("fake:long", project))
    with pytest.raises(ControlFailed) as caught:
        manager.backend.ask(execution.run, "adopt", **said)
    assert caught.value.code == "malformed"


# -- taking over -----------------------------------------------------------------------------------


def test_a_new_manager_goes_on_as_if_nothing_had_happened(
    make_manager: MakeManager, elsewhere: Callable[..., ProcessManager], project: Path
) -> None:
    gone, undisturbed = make_manager(), elsewhere()
    started = running(gone.start_execution("fake:deltas=300 fake:gate fake:says=later", project))
    seen = running(known_to(undisturbed, started))
    gone.close()
    execution = owned_by(make_manager(), started)
    (project / "go").touch()
    for each in (execution, seen):
        ended(each, "completed", "success")
    assert execution.info == seen.info
    assert execution.state == seen.state
    assert [e.raw for e in execution.events] == [e.raw for e in seen.events]
    assert len({e.offset for e in execution.events}) == len(execution.events)


def test_what_was_adopted_is_steered_as_by_its_starter(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager()
    started = gone.start_execution("hello", project, keep_open=True)
    until(lambda: started.result, what="its turn is over")
    gone.close()
    execution = owned_by(make_manager(), started)
    until(lambda: execution.info.awaits_input, what="it waits for input")
    execution.set_model("opus")
    assert execution.send("fake:says=more") is execution
    until(lambda: execution.result == "more", what="it has answered")
    execution.end()
    ended(execution, "completed", "success")


def test_what_runs_already_takes_a_slot(make_manager: MakeManager, project: Path) -> None:
    gone = make_manager()
    started = running(gone.start_execution("fake:gate", project))
    gone.close()
    manager = make_manager(max_concurrency=1)
    execution = owned_by(manager, started)
    second = manager.start_execution("hello", project)
    assert second.status == "pending"
    (project / "go").touch()
    ended(execution, "completed", "success")
    ended(second, "completed", "success")


def test_closing_with_kill_ends_what_was_adopted(make_manager: MakeManager, project: Path) -> None:
    gone = make_manager()
    started = running(gone.start_execution("fake:long", project))
    gone.close()
    manager = make_manager()
    execution = owned_by(manager, started)
    manager.close(kill=True)
    assert (execution.status, execution.info.reason) == ("killed", "close")


def test_one_that_is_orphaned_later_is_adopted_by_a_manager_that_is_open(
    make_manager: MakeManager, project: Path
) -> None:
    manager, gone = make_manager(), make_manager()
    started = running(gone.start_execution("fake:long", project))
    theirs = known_to(manager, started)
    gone.close()
    owned_by(manager, theirs)


def test_of_many_managers_exactly_one_has_it(make_manager: MakeManager, project: Path) -> None:
    gone, managers = make_manager(), [make_manager() for _ in range(6)]
    started = running(gone.start_execution("fake:long", project))
    for manager in managers:
        known_to(manager, started)
    gone.close()
    until(lambda: [m for m in metas(started) if m["event"] == "adopted"], what="it is adopted")
    for manager in managers:
        owned_by_one = known_to(manager, started)
        until(lambda one=owned_by_one: owner_of(one) != gone.manager_id, what="all know")  # type: ignore[misc]
    (record,) = [meta for meta in metas(started) if meta["event"] == "adopted"]
    (owner,) = [one for one in managers if started.execution_id in one._registry.mine]
    assert record["owner"]["manager_id"] == owner.manager_id


def test_another_notebooks_is_watched_and_adopted_only_on_demand(
    make_manager: MakeManager, elsewhere: Callable[..., ProcessManager], project: Path
) -> None:
    gone, manager = elsewhere(), make_manager()
    started = running(gone.start_execution("fake:long", project))
    theirs = running(known_to(manager, started))
    with pytest.raises(ExecutionOwned) as caught:
        manager.adopt(started.execution_id)
    assert caught.value.owner["notebook"] == OTHER
    gone.close()
    manager._adoption.look(within=5)
    assert owner_of(theirs) == gone.manager_id
    assert manager.adopt(started.execution_id) is theirs
    owned_by(manager, theirs)
    assert manager.adopt(started.execution_id) is theirs


def test_what_cannot_be_adopted_says_why(manager: ProcessManager, project: Path) -> None:
    done = ended(manager.start_execution("hello", project), "completed", "success")
    assert manager.adopt(done.execution_id) is done, "it is this manager's"
    with pytest.raises(ExecutionNotFound):
        manager.adopt(new_id())


def test_one_that_has_ended_is_not_adopted(make_manager: MakeManager, project: Path) -> None:
    gone = make_manager()
    done = ended(gone.start_execution("hello", project), "completed", "success")
    gone.close()
    with pytest.raises(ExecutionEnded):
        make_manager().adopt(done.execution_id)


def test_one_that_was_taken_away_is_let_go(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=1)
    execution = running(manager.start_execution("fake:long", project))
    taker = {**manager._registry.owners.me, "manager_id": new_id()}
    manager.backend.ask(execution.run, "adopt", owner=taker, instead_of=manager.manager_id)
    until(lambda: execution.execution_id not in manager._registry.mine, what="it is let go")
    ended(manager.start_execution("hello", project), "completed", "success")


# -- what it asks ----------------------------------------------------------------------------------


def test_an_open_request_outlives_its_manager_and_is_answered(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager()
    gone.page_seen()
    started = gone.start_execution("fake:asks=Bash", project)
    asked(started)
    gone.close()
    gone._upkeep.presence._seen = None  # another kernel: no page of its own was ever seen
    manager = make_manager()
    execution = owned_by(manager, started)
    until(lambda: manager._upkeep._broker._waiting, what="it is this manager's to decide")
    execution.answer_request(asked(execution).control_id, True)
    ended(execution, "completed", "success")


def test_the_cell_that_is_run_again_brings_its_callable(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager()
    started = gone.start_execution(
        "fake:asks=Bash", project, permissions=lambda _: threading.Event().wait()
    )
    asked(started)
    gone.close()
    manager = make_manager()
    owned_by(manager, started)
    execution = manager.start_execution("fake:asks=Bash", project, permissions=lambda _: True)
    assert execution.attached
    assert execution.execution_id == started.execution_id
    ended(execution, "completed", "success")
    assert [m["by"] for m in metas(execution) if m["event"] == "answered"] == ["callable"]


# -- starts that find what they want ---------------------------------------------------------------


def test_cells_that_are_run_again_go_on_with_what_still_runs(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager()
    before = [running(gone.start_execution("fake:gate", project)) for _ in range(3)]
    gone.close()
    manager = make_manager(max_concurrency=8)
    again = [manager.start_execution("fake:gate", project) for _ in range(4)]
    assert [one.execution_id for one in again[:3]] == [one.execution_id for one in before]
    assert [one.attached for one in again] == [True, True, True, False]
    assert not manager.start_execution("fake:gate", project).attached, "its own is never given"
    (project / "go").touch()
    for execution in again:
        ended(execution, "completed", "success")


@pytest.mark.parametrize(
    ("options", "attached"),
    [
        ({}, True),
        ({"name": "renamed"}, True),
        ({"again": True}, False),
        ({"model": "opus"}, False),
        ({"env": {"A": "1"}}, False),
        ({"max_turns": 3}, False),
        ({"permissions": "deny"}, False),
        ({"mcp_config": {"mcpServers": {"files": {"command": "true"}}}}, False),
    ],
)
def test_only_an_equal_start_goes_on_with_one(
    make_manager: MakeManager, project: Path, options: dict[str, Any], attached: bool
) -> None:
    gone = make_manager()
    started = running(gone.start_execution("fake:long", project, name="first"))
    gone.close()
    manager = make_manager()
    execution = manager.start_execution("fake:long", project, **{"name": "first", **options})
    assert execution.attached is attached
    assert (execution.execution_id == started.execution_id) is attached
    name = options.get("name", "first")
    until(lambda: execution.info.name == name, what="it has the name of the new start")


def test_values_of_variables_are_those_of_the_new_start(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager(max_concurrency=1)
    running(gone.start_execution("fake:gate", project))
    waiting = gone.start_execution("hello", project, env={"FAKE_CLAUDE": "says=old"}, name="w")
    gone.close()
    manager = make_manager(max_concurrency=1)
    execution = manager.start_execution("hello", project, env={"FAKE_CLAUDE": "says=new"})
    assert execution.execution_id == waiting.execution_id
    assert execution.attached
    assert not manager.is_held(execution)
    (project / "go").touch()
    ended(execution, "completed", "success")
    assert execution.result == "new"


def test_one_that_waited_is_started_only_when_it_is_asked_for(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager(max_concurrency=1)
    running(gone.start_execution("fake:gate", project))
    waiting = gone.start_execution("hello", project)
    secret = gone.start_execution("hello", project, env={"TOKEN": "x"})
    gone.close()
    manager = make_manager()
    held, unknown = known_to(manager, waiting), known_to(manager, secret)
    manager._adoption.look(within=5)
    assert manager.is_held(held)
    with pytest.raises(InvalidRequest, match="TOKEN"):
        manager.adopt(unknown.execution_id)
    assert manager.adopt(held.execution_id) is held
    ended(held, "completed", "success")
    assert manager.is_held(unknown)


def test_another_notebooks_start_finds_nothing(
    make_manager: MakeManager, elsewhere: Callable[..., ProcessManager], project: Path
) -> None:
    gone = make_manager()
    running(gone.start_execution("fake:long", project))
    gone.close()
    assert not elsewhere().start_execution("fake:long", project).attached


def test_one_that_is_being_killed_or_has_ended_is_not_given(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager()
    started = ended(gone.start_execution("hello", project), "completed", "success")
    gone.close()
    again = make_manager().start_execution("hello", project)
    assert again.execution_id != started.execution_id
    ended(again, "completed", "success")


def test_a_stopped_shim_is_not_paid_for_twice(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claude_widget.local._ANSWER_WITHIN", 0.3)
    gone = make_manager()
    started = running(gone.start_execution("fake:long", project))
    gone.close()
    shim = fake.shim_pid(started)
    os.kill(shim, 19)
    try:
        manager = make_manager()
        with pytest.raises(Exception, match="again=True"):
            manager.start_execution("fake:long", project)
        assert len(manager.get_all_executions()) == 1
    finally:
        os.kill(shim, 18)
    assert manager.start_execution("fake:long", project).attached
