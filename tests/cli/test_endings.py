"""Real CLIs that are ended: by a kill with escaped children, an interrupt, a budget, a bound."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_widget.execution import Execution
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionStatus
from claude_widget.shim.ladder import Graces
from tests.cli import checks
from tests.cli.conftest import MakeManager
from tests.cli.test_runs import script
from tests.real_cli import find_real_cli
from tests.waiting import BOUND, until

ESCAPES = {"session", "orphan", "daemon", "shell"}


def streaming(execution: Execution) -> bool:
    return bool(checks.frames(execution, "stream_event"))


def patient(**graces: float) -> LocalBackend:
    """Gives the CLI as long to go by itself as the machine lets it wait."""
    return LocalBackend(find_real_cli(), graces=Graces(**graces))


def test_kill_leaves_nothing_of_a_daemonized_tool(make_manager: MakeManager, project: Path) -> None:
    """A session of its own, an orphan, both at once, and the shell itself: all are gone."""
    manager = make_manager(backend=patient(terminate=BOUND))
    execution = manager.start_execution("SCENARIO:daemonize", project, allowed_tools=["Bash"])
    until(lambda: set(checks.pids_in(project)) == ESCAPES, what="all four have begun")
    pids = checks.pids_in(project)
    assert all(checks.lives(pid) for pid in pids.values())
    until(
        lambda: [tool.name for tool in execution.info.open_tools] == ["Bash"],
        what="its tool is known here as well",
    )
    execution.kill()
    checks.ended(execution, "killed", "user", costs=None)
    assert not [name for name, pid in pids.items() if checks.lives(pid)]
    last = checks.lifecycle(execution)[-1]
    assert (last["event"], last["descendants"]) == ("ended", 1), "the CLI itself misses the daemon"


def test_kill_with_everything_ignoring_sigterm(manager: ProcessManager, project: Path) -> None:
    command = "trap '' TERM; setsid sleep 300 & echo $! > child.pid; while :; do sleep 1; done"
    execution = manager.start_execution(
        script("bash", command=command), project, allowed_tools=["Bash"]
    )
    pids = until(lambda: checks.pids_in(project), what="it has begun")
    execution.kill()
    checks.ended(execution, "killed", "user", costs=None)
    assert not [pid for pid in pids.values() if checks.lives(pid)]


def test_kill_while_text_streams(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(backend=patient(interrupt=BOUND))
    execution = manager.start_execution("SCENARIO:minute", project)
    until(lambda: streaming(execution), what="text streams")
    execution.kill()
    execution.kill()
    checks.ended(execution, "killed", "user", costs=None)
    steps = [record["event"] for record in checks.lifecycle(execution)]
    assert steps.count("kill") <= 2
    assert "signalled" not in steps, "the CLI went by itself when it was asked to"


def test_kill_of_one_that_never_gets_an_answer(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:never", project)
    until(lambda: checks.session_ids(execution), what="the CLI has named its session")
    execution.kill()
    checks.ended(execution, "killed", "user", costs=None)


def test_descendants_of_a_finished_run_are_ended(manager: ProcessManager, project: Path) -> None:
    command = "( setsid sleep 300 >/dev/null 2>&1 </dev/null & echo $! > daemon.pid )"
    execution = manager.start_execution(
        script("bash", command=command), project, allowed_tools=["Bash"]
    )
    checks.ended(execution, "completed", "success", result="It ran.")
    assert not checks.lives(checks.pids_in(project)["daemon"])


def test_interrupt_stops_the_turn(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:minute", project)
    until(lambda: streaming(execution), what="text streams")
    execution.interrupt()
    checks.ended(execution, "completed", "interrupted")
    assert checks.frames(execution, "result")[0]["terminal_reason"] == "aborted_streaming"


def test_interrupt_stops_a_tool(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:daemonize", project, allowed_tools=["Bash"])
    until(lambda: set(checks.pids_in(project)) == ESCAPES, what="all four have begun")
    pids = checks.pids_in(project)
    execution.interrupt()
    checks.ended(execution, "completed", "interrupted")
    assert not [name for name, pid in pids.items() if checks.lives(pid)]


def test_interrupt_then_another_prompt(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:minute", project, keep_open=True)
    until(lambda: streaming(execution), what="text streams")
    execution.interrupt()
    until(lambda: execution.info.session_state == "idle", what="the turn is over")
    assert execution.status is ExecutionStatus.RUNNING
    assert execution.send(script("say", text="after the stop")) is execution
    until(lambda: execution.info.result == "after the stop", what="the second turn is over")
    execution.end()
    checks.ended(execution, "completed", "success", result="after the stop")


def test_budget_stops_it(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:bash_twice", project, max_budget_usd=0.003)
    checks.ended(execution, "failed", "budget")
    # On a slow machine our own look at the cost comes before the CLI's, or beside it.
    assert execution.info.errors
    assert all("$0.003" in error for error in execution.info.errors)


def test_turns_stop_it(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:bash_twice", project, max_turns=1)
    checks.ended(execution, "failed", "max_turns")
    assert execution.info.errors == ("Reached maximum number of turns (1)",)


def test_timeout_stops_it(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("SCENARIO:never", project, timeout=3)
    # On a slow machine it has not even begun by then, so it need not have named its session.
    checks.ended(execution, "failed", "timeout", costs=False, session=False)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({}, "no notebook page"),
        ({"permissions": "deny"}, "forbidden.txt"),
        ({"permission_mode": "dontAsk"}, "Write"),
    ],
)
def test_denied_tool(
    manager: ProcessManager, project: Path, options: dict[str, Any], says: str
) -> None:
    path = project / "forbidden.txt"
    execution = manager.start_execution(script("denied", path=str(path)), project, **options)
    checks.ended(execution, "completed", "denied", result="I was not permitted to write.")
    (denial,) = execution.info.denials
    assert denial.tool_name == "Write"
    assert says in denial.message
    assert json.dumps(str(path)) in json.dumps(checks.frames(execution, "result"))
    assert not path.exists()
    execution.raise_for_status()


def test_close_lets_it_go_on_and_another_manager_follows_it(
    make_manager: MakeManager, manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution(script("bash", command="sleep 1; echo slept"), project)
    until(lambda: execution.status is ExecutionStatus.RUNNING, what="it runs")
    manager.close()
    later = make_manager()
    found = later.get_execution(execution.execution_id)
    assert found is not None
    checks.ended(found, "completed", "success", result="It ran.")
