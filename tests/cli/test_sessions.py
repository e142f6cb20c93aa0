"""Sessions of the real CLI: resumed, forked, followed up, and gone on with in the background."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import SessionInUse
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionStatus
from tests.cli import checks
from tests.cli.test_runs import HELLO, script
from tests.fake import metas
from tests.scripted_api import Choice, ScriptedAPI
from tests.waiting import BOUND, until


def first_session(manager: ProcessManager, project: Path) -> tuple[Execution, str]:
    first = manager.start_execution("SCENARIO:hello", project)
    checks.ended(first, "completed", "success", result=HELLO)
    assert first.info.session_id is not None
    return first, first.info.session_id


def test_resume_keeps_the_session(
    manager: ProcessManager, project: Path, scripted_api: ScriptedAPI
) -> None:
    first, session_id = first_session(manager, project)
    second = manager.start_execution(script("say", text="again"), project, session_id)
    checks.ended(second, "completed", "success", result="again")
    assert second.info.session_id == session_id
    roles = [message["role"] for message in scripted_api.messages[-1].body["messages"]]
    assert roles.count("assistant") == 1, "it saw the earlier turn"
    # The CLI's total goes on from the first run's; ours is the second's own.
    total = checks.frames(second, "result")[-1]["total_cost_usd"]
    assert total == pytest.approx((first.info.cost_usd or 0) + (second.info.cost_usd or 0))
    assert second.info.session_cost_usd == total
    # Until then it counted from what was written down at its start, which is what is restored.
    began = [meta for meta in metas(second) if meta["event"] == "requested"]
    assert began[0]["base_cost_usd"] == pytest.approx(first.info.cost_usd)


def test_fork_leaves_the_session(manager: ProcessManager, project: Path) -> None:
    _, session_id = first_session(manager, project)
    fork = manager.start_execution(
        script("say", text="forked"), project, session_id, fork_session=True
    )
    checks.ended(fork, "completed", "success", result="forked")
    assert fork.info.session_id not in (None, session_id)


def test_two_on_one_session_are_refused(manager: ProcessManager, project: Path) -> None:
    _, session_id = first_session(manager, project)
    holder = manager.start_execution("SCENARIO:never", project, session_id)
    with pytest.raises(SessionInUse) as refused:
        manager.start_execution("SCENARIO:hello", project, session_id)
    assert holder.execution_id in str(refused.value)
    fork = manager.start_execution("SCENARIO:hello", project, session_id, fork_session=True)
    after = manager.start_execution("SCENARIO:hello", project, session_id, after=holder)
    checks.ended(fork, "completed", "success", result=HELLO)
    until(lambda: checks.session_ids(holder), what="the holder has named its session")
    holder.kill()
    checks.ended(holder, "killed", "user", costs=False)
    checks.ended(after, "failed", "dependency", costs=False, session=False)


def test_follow_up_of_one_kept_open(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:hello", project, keep_open=True)
    until(lambda: execution.info.awaits_input, what="the first turn is over")
    assert (execution.status, execution.result) == (ExecutionStatus.RUNNING, HELLO)
    assert execution.send(script("say", text="more")) is execution
    until(lambda: execution.info.result == "more", what="the second turn is over")
    execution.end()
    checks.ended(execution, "completed", "success", result="more")
    assert len(checks.frames(execution, "result")) == 2
    assert len(checks.session_ids(execution)) == 1


def test_follow_up_while_the_turn_runs(
    manager: ProcessManager,
    project: Path,
    scripted_api: ScriptedAPI,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    choose, go = scripted_api.choose, threading.Event()

    def held(body: Mapping[str, Any]) -> Choice:
        """The turn is not over before the follow-up was sent."""
        assert go.wait(BOUND)
        return choose(body)

    monkeypatch.setattr(scripted_api, "choose", held)
    execution = manager.start_execution("SCENARIO:long", project)
    until(lambda: scripted_api.messages, what="the turn runs")
    until(lambda: execution.info.session_state == "running", what="which is known")
    assert execution.send(script("say", text="queued")) is execution
    go.set()
    checks.ended(execution, "completed", "success", result="queued")
    assert len(checks.frames(execution, "result")) == 2


def test_follow_up_of_an_ended_one_resumes_it(manager: ProcessManager, project: Path) -> None:
    first, session_id = first_session(manager, project)
    second = first.send(script("say", text="later"))
    assert second is not first
    checks.ended(second, "completed", "success", result="later")
    assert second.info.session_id == session_id
    assert second.info.resumed_from == first.execution_id


def test_second_result_replaces_the_first(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:subagent", project)
    checks.ended(
        execution,
        "completed",
        "success",
        result="Second answer, with what the subagent found.",
    )
    results = [frame["result"] for frame in checks.frames(execution, "result")]
    assert results[0] == "First answer, while the subagent works."
    assert len(results) == 2
    assert execution.info.background_tasks == ()
    assert execution.info.tool_counts["Agent"] == 1


def test_background_command_is_waited_for(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution(
        script("background_bash", command="sleep 2; echo over"), project
    )
    until(lambda: execution.info.background_tasks, what="it runs in the background")
    checks.ended(execution, "completed", "success", result="The background command has ended.")
    assert execution.info.background_tasks == ()
