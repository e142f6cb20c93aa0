"""What waits for others outlives its kernel, and follows them through their further attempts.

The rule: a manager that is closed is as gone as its kernel; what is filled then comes from disk.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from claude_widget.cleanup.retention import Retention
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.on_disk import OnDisk
from claude_widget.retries import policy
from claude_widget.state_folder import StateFolder
from tests.asking import known_to
from tests.conftest import MakeManager
from tests.fake import ended, running
from tests.test_dependencies import gated, prompt_of
from tests.waiting import BOUND, until

# -- a kernel that is gone -------------------------------------------------------------------------


def test_what_waited_for_others_is_held_and_filled_from_what_is_on_disk(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager()
    first = gated(gone, project)
    second = gone.start_execution("{{ a.result }} {{ n }}", project, variables={"a": first, "n": 1})
    third = gone.start_execution("{{ b.result }}", project, variables={"b": second})
    gone.close()
    manager = make_manager()
    held = [known_to(manager, one) for one in (second, third)]
    until(lambda: all(map(manager.is_held, held)), what="they are held")
    (project / "go").touch()
    ended(known_to(manager, first), "completed", "success")
    for one in held[::-1]:
        assert manager.adopt(one.execution_id) is one
    ended(held[1], "completed", "success")
    assert prompt_of(held[0]) == "plan 1"
    assert prompt_of(held[1]) == held[0].result


def test_an_equal_start_goes_on_with_one_that_waited(
    make_manager: MakeManager, project: Path
) -> None:
    def cells(manager: ProcessManager) -> tuple[Execution, Execution]:
        first = running(manager.start_execution("fake:gate fake:says=plan", project))
        variables = {"a": first, "n": 1}
        return first, manager.start_execution("{{ a.result }}{{ n }}", project, variables=variables)

    gone = make_manager()
    first, second = cells(gone)
    gone.close()
    manager = make_manager()
    again, waited = cells(manager)
    assert again.execution_id == first.execution_id
    assert waited.execution_id == second.execution_id
    assert waited.attached
    (project / "go").touch()
    ended(waited, "completed", "success")
    assert prompt_of(waited) == "plan1"


def test_what_was_cleaned_up_while_others_waited_is_read_by_a_later_kernel(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager()
    holder = gated(gone, project)
    first = ended(gone.start_execution("fake:says=plan", project), "completed", "success")
    variables = {"a": first, "b": holder}
    second = gone.start_execution("{{ a.result }}", project, variables=variables)
    gone.cleanup_execution(first.execution_id)
    gone.close()
    manager = make_manager()
    assert manager.get_execution(first.execution_id) is None
    waits = known_to(manager, second)
    until(lambda: manager.is_held(waits), what="it is held")
    (project / "go").touch()
    manager.adopt(waits.execution_id)
    ended(waits, "completed", "success")
    assert prompt_of(waits) == "plan"


def test_one_that_was_filled_is_run_again_as_it_was(
    make_manager: MakeManager, project: Path
) -> None:
    gone = make_manager()
    first = gated(gone, project)
    second = gone.start_execution("{{ a.result }} again", project, variables={"a": first})
    (project / "go").touch()
    ended(second, "completed", "success")
    gone.close()
    manager = make_manager()
    manager.cleanup_execution(first.execution_id)
    again = manager.rerun(second.execution_id)
    ended(again, "completed", "success")
    assert prompt_of(again) == "plan again"


# -- further attempts ------------------------------------------------------------------------------


def test_what_comes_after_one_that_is_tried_again_has_the_last_attempt(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(policy, "FIRST", 0.05)
    monkeypatch.setattr(policy, "LEAST", 0.0)
    first = manager.start_execution(
        "fake:refuses=500 fake:refused=1 fake:says=second", project, retries=1
    )
    second = manager.start_execution("{{ a.result }}", project, variables={"a": first})
    third = manager.start_execution("fake:says=on", project, continues=first)
    ended(second, "completed", "success")
    ended(third, "completed", "success")
    assert first.status == "failed"
    assert prompt_of(second) == "second"
    assert third.info.resumed_from == first.latest.execution_id != first.execution_id


@pytest.mark.parametrize("restarted", [False, True])
def test_a_dependency_that_completed_when_tried_again_is_met_once_its_attempts_are_cleaned_up(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch, *, restarted: bool
) -> None:
    monkeypatch.setattr(policy, "FIRST", 0.05)
    monkeypatch.setattr(policy, "LEAST", 0.0)
    manager = make_manager()
    first = manager.start_execution(
        "fake:refuses=500 fake:refused=1 fake:says=second", project, retries=1
    )
    latest = first.wait(BOUND)
    holder = gated(manager, project)
    second = manager.start_execution(
        "{{ a.result }}", project, variables={"a": first}, after=[holder]
    )
    manager.cleanup_execution(latest.execution_id)
    if restarted:  # the first is listed there, the attempt that completed is not
        manager.close()
        manager = make_manager()
        second = known_to(manager, second)
        until(lambda: manager.is_held(second), what="it is held")
        manager.adopt(second.execution_id)
        assert manager.get_execution(latest.execution_id) is None
    else:
        manager.cleanup_execution(first.execution_id)
    on_disk = Retention(OnDisk(StateFolder(manager.state_dir)), lambda _: None)
    needed = {first.execution_id, latest.execution_id}
    for report in (manager.prune(max_bytes=0), on_disk.prune(None, 0, dry_run=False)):
        assert not report.removed
        assert needed <= set(report.kept)
    (project / "go").touch()
    ended(second, "completed", "success")
    assert prompt_of(second) == "second"
    assert needed <= {one.execution_id for one in manager.prune(max_bytes=0).removed}
