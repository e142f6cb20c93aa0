"""Who owns an execution: the lock of each open manager, and what a shim lets be taken over.

The rule: locks are looked at with no manager around, and shims are asked as a manager asks them.
"""

from __future__ import annotations

import json
import os
import stat
import subprocess
import uuid
from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import ControlFailed
from claude_widget.manager import ProcessManager
from claude_widget.owners import MANAGERS, Owners
from tests.conftest import MakeManager
from tests.fake import metas, running
from tests.waiting import BOUND


def new_id() -> str:
    return str(uuid.uuid4())


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
        process.wait(BOUND)
    assert not owners.lives({**earlier, "pid": process.pid})


def test_a_lock_that_a_child_has_inherited_keeps_no_dead_kernel_alive(tmp_path: Path) -> None:
    manager_id = new_id()
    owners, other = Owners(tmp_path, manager_id), Owners(tmp_path, new_id())
    assert owners.hold()
    with subprocess.Popen(["true"]) as process:
        process.wait(BOUND)
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
