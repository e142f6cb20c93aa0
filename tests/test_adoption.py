"""A manager takes over what has lost its own: state, controls, slots and open requests.

The rule: of several managers exactly one has it, and all that its starter could do it can do.
"""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

import pytest

from claude_widget.errors import (
    ExecutionEnded,
    ExecutionNotFound,
    ExecutionOwned,
)
from claude_widget.manager import ProcessManager
from claude_widget.owners import Owners
from tests.asking import asked, known_to
from tests.conftest import MakeManager
from tests.fake import ended, metas, running, turn_over
from tests.owned import OTHER, Elsewhere, elsewhere, owned_by, owner_of
from tests.waiting import BOUND, until

__all__ = ["elsewhere"]


def test_a_new_manager_goes_on_as_if_nothing_had_happened(
    make_manager: MakeManager, elsewhere: Elsewhere, project: Path
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


def test_what_another_thread_has_just_adopted_is_ours_and_is_not_started_again(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager()
    started = running(gone.start_execution("fake:gate", project))
    gone.close()
    execution = owned_by(manager := make_manager(), started)
    mine = manager._registry.mine
    mine.discard(execution.execution_id)  # as between the shim's answer and what follows it
    assert manager.adopt(execution.execution_id) is execution
    assert execution.execution_id in mine
    mine.discard(execution.execution_id)
    assert manager.start_execution("fake:gate", project) is execution
    assert execution.execution_id in mine
    (project / "go").touch()
    ended(execution, "completed", "success")


def test_what_was_adopted_is_steered_as_by_its_starter(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager()
    started = gone.start_execution("hello", project, keep_open=True)
    until(lambda: started.info.result, what="its turn is over")
    gone.close()
    execution = owned_by(make_manager(), started)
    turn_over(execution)
    execution.set_model("opus")
    assert execution.send("fake:says=more") is execution
    until(lambda: execution.info.result == "more", what="it has answered")
    execution.end()
    ended(execution, "completed", "success")


def test_what_runs_already_takes_a_slot(make_manager: MakeManager, project: Path) -> None:
    gone = make_manager()
    started = running(gone.start_execution("fake:gate", project))
    gone.close()
    manager = make_manager(max_concurrency=1)
    execution = owned_by(manager, started)
    until(lambda: manager.queue.state.taken == 1, what="its slot is taken")
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
    until(lambda: manager.owns(execution), what="it is to be killed as well")
    manager.close(kill=True, timeout=BOUND)
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
    until(lambda: any(one.owns(started) for one in managers), what="one has it")
    (record,) = [meta for meta in metas(started) if meta["event"] == "adopted"]
    (owner,) = [one for one in managers if started.execution_id in one._registry.mine]
    assert record["owner"]["manager_id"] == owner.manager_id


def test_another_notebooks_is_watched_and_adopted_only_on_demand(
    make_manager: MakeManager, elsewhere: Elsewhere, project: Path
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
        manager.adopt(str(uuid.uuid4()))


def test_one_that_has_ended_is_not_adopted(make_manager: MakeManager, project: Path) -> None:
    gone = make_manager()
    done = ended(gone.start_execution("hello", project), "completed", "success")
    gone.close()
    with pytest.raises(ExecutionEnded):
        make_manager().adopt(done.execution_id)


def test_one_that_was_taken_away_is_let_go(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=1)
    execution = running(manager.start_execution("fake:long", project))
    taker = Owners(manager.state_dir, str(uuid.uuid4()))
    assert taker.hold(), "it lives, else it would be taken back"
    manager.backend.ask(execution.run, "adopt", owner=taker.me, instead_of=manager.manager_id)
    until(lambda: execution.execution_id not in manager._registry.mine, what="it is let go")
    ended(manager.start_execution("hello", project), "completed", "success")
    taker.release()


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
