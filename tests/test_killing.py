"""Ending and talking to executions: kill in every state, interrupt, send, keep open, end.

The rule: a kill may come at any moment, from any thread and any number of times; what is left is
one ending record with the first reason, and no process.
"""

from __future__ import annotations

import errno
import json
import os
import signal
import threading
from pathlib import Path
from typing import Any

import pytest

from claude_widget.backend import Run
from claude_widget.errors import ClaudeWidgetError, ControlFailed, ExecutionEnded, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from claude_widget.models import Reason
from claude_widget.transcript import Writer
from tests.conftest import MakeManager
from tests.fake import ended, lines, metas, running, shim_pid
from tests.replaying import answered, results
from tests.waiting import BOUND, until


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A shim may stand still for longer than a user is made to wait for it."""
    monkeypatch.setattr("claude_widget.local._ANSWER_WITHIN", BOUND)
    monkeypatch.setattr("claude_widget.local._SOCKET_WITHIN", BOUND)


def prompts(execution: Execution) -> list[str]:
    """The prompts that it was sent."""
    frames = [json.loads(line) for line in lines(execution, "in")]
    return [frame["message"]["content"] for frame in frames if frame["type"] == "user"]


def test_what_cannot_be_cancelled_says_so_and_waits_as_before(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager.pause_queue()
    first, other = [manager.start_execution("hello", project) for _ in range(2)]

    class Unwritable(Writer):
        def __init__(self, path: Path, *, create: bool = False) -> None:
            if path == first.run.transcript:
                raise OSError(errno.EMFILE, "Too many open files")
            super().__init__(path, create=create)

    with monkeypatch.context() as patched:
        patched.setattr("claude_widget.queue.starting.Writer", Unwritable)
        with pytest.raises(ControlFailed, match="cannot be cancelled: Too many open files"):
            first.kill()
        with pytest.raises(ControlFailed, match="cannot be cancelled"):
            manager.queue.cancel_pending()
    ended(other, "killed", "user")
    assert manager.queue.executions == (first,)
    manager.resume_queue()
    ended(first, "completed", "success")


def test_kill_while_it_runs(manager: ProcessManager, project: Path) -> None:
    execution = running(manager.start_execution("fake:long", project))
    execution.kill()
    ended(execution, "killed", "user")
    events = [meta["event"] for meta in metas(execution)]
    assert events.count("kill") == events.count("ended") == 1
    assert events[-1] == "ended"
    assert b'"interrupt"' in lines(execution, "in")[-1]


def test_kill_while_it_waits(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=1)
    running(manager.start_execution("fake:long", project))
    execution = manager.start_execution("hello", project)
    manager.kill_execution(execution.execution_id)
    ended(execution, "killed", "user")
    assert execution.info.start_time is None
    assert [meta["event"] for meta in metas(execution)] == [
        "transcript",
        "requested",
        "kill",
        "ended",
    ]


def test_kill_once_it_has_ended_and_kill_twice(manager: ProcessManager, project: Path) -> None:
    done = ended(manager.start_execution("hello", project), "completed", "success")
    before = metas(done)
    done.kill()
    done.kill()
    assert (done.status, metas(done)) == ("completed", before)
    execution = running(manager.start_execution("fake:long", project))
    for _ in range(3):
        execution.kill()
    ended(execution, "killed", "user")
    assert sum(meta["event"] == "kill" for meta in metas(execution)) == 1


def test_first_reason_counts(manager: ProcessManager, project: Path) -> None:
    execution = running(manager.start_execution("fake:long", project))
    manager._steering.kill(execution, Reason.BATCH)
    manager._steering.kill(execution, Reason.CLOSE)
    ended(execution, "killed", "batch")


def test_kill_in_the_moment_of_the_start(manager: ProcessManager, project: Path) -> None:
    for _ in range(10):
        execution = manager.start_execution("fake:long", project)
        execution.kill()
        ended(execution, "killed", "user")


def test_kill_of_one_whose_shim_cannot_listen_yet_is_a_kill_and_nothing_is_tried_again(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from claude_widget import launch_files  # noqa: PLC0415

    stands_still = "import time; time.sleep(86400)\n" + launch_files._BOOT
    monkeypatch.setattr(launch_files, "_BOOT", stands_still)
    monkeypatch.setattr("claude_widget.local._SOCKET_WITHIN", 0.0)
    execution = manager.start_execution("hello", project, retries=1)
    manager.backend.ask(execution.run, "kill", reason="budget_scope", error="It is spent.")
    ended(execution, "killed", "budget_scope")
    assert execution.info.errors == ("It is spent.",)
    assert execution.attempts == [execution]
    assert [meta["event"] for meta in metas(execution)][-2:] == ["kill", "ended"]


def test_kill_in_the_moment_of_the_end(manager: ProcessManager, project: Path) -> None:
    for number in range(6):
        (project / f"go{number}").touch()
        execution = manager.start_execution(f"fake:gate=go{number}", project)
        until(lambda e=execution: results(e), what="its result is there")  # type: ignore[misc]
        execution.kill()
        execution.wait(BOUND)
        assert execution.status in ("completed", "killed")


def test_kill_from_many_threads(manager: ProcessManager, project: Path) -> None:
    execution = running(manager.start_execution("fake:long", project))
    threads = [threading.Thread(target=execution.kill) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(BOUND)
    ended(execution, "killed", "user")


def test_kill_of_a_shim_that_does_not_answer_says_so(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = running(manager.start_execution("fake:long", project))
    shim = shim_pid(execution)
    os.kill(shim, signal.SIGSTOP)
    try:
        with monkeypatch.context() as patched:
            patched.setattr("claude_widget.local._ANSWER_WITHIN", 0.3)
            with pytest.raises(ControlFailed) as caught:
                execution.kill()
        assert caught.value.code == "timeout"
        assert caught.value.execution_id == execution.execution_id
    finally:
        os.kill(shim, signal.SIGCONT)
    execution.kill()
    ended(execution, "killed", "user")


def test_close_with_kill_reaches_the_others_when_one_does_not_answer(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    manager = make_manager()
    first, stuck, last = (running(manager.start_execution("fake:long", project)) for _ in range(3))
    shim, ask = shim_pid(stuck), manager.backend.ask

    def ask_for_a_moment(run: Run, operation: str, **fields: Any) -> dict[str, Any]:
        with monkeypatch.context() as patched:  # the others may be slow, as machines are
            within = 0.3 if run is stuck.run else BOUND
            patched.setattr("claude_widget.local._ANSWER_WITHIN", within)
            return ask(run, operation, **fields)

    monkeypatch.setattr(manager.backend, "ask", ask_for_a_moment)
    os.kill(shim, signal.SIGSTOP)
    try:
        with pytest.raises((ClaudeWidgetError, TimeoutError)):
            manager.close(kill=True, timeout=BOUND)
        assert (first.status, last.status) == ("killed", "killed")
        assert manager.closed
    finally:
        os.kill(shim, signal.SIGCONT)


def test_kill_when_the_socket_is_gone(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claude_widget.local._SOCKET_WITHIN", 0.3)
    execution = running(manager.start_execution("fake:long", project))
    config = json.loads((execution.run.folder / "shim.json").read_bytes())
    Path(config["socket"]).unlink()  # a cleaner of temp folders has been here
    execution.kill()
    ended(execution, "killed", "user")


# -- talking -----------------------------------------------------------------------------------


def test_interrupt_ends_the_turn_and_keeps_the_session(
    manager: ProcessManager, project: Path
) -> None:
    execution = running(manager.start_execution("fake:long", project))
    execution.interrupt()
    ended(execution, "completed", "interrupted")
    follow_up = execution.send("hello again")
    ended(follow_up, "completed", "success")
    assert follow_up.info.session_id == execution.info.session_id


def test_send_while_it_runs_goes_to_the_same_execution(
    manager: ProcessManager, project: Path
) -> None:
    execution = running(manager.start_execution("fake:gate", project))
    assert execution.send("fake:says=second") is execution
    (project / "go").touch()
    ended(execution, "completed", "success")
    assert execution.result == "second"
    assert results(execution) == 2
    assert prompts(execution) == ["fake:gate", "fake:says=second"]


def test_send_after_the_end_resumes_in_a_new_execution(
    manager: ProcessManager, project: Path
) -> None:
    options: dict[str, Any] = {
        "model": "opus",
        "name": "n",
        "max_turns": 3,
        "env": {"FAKE_CLAUDE": "spaces"},
    }
    first = ended(manager.start_execution("hello", project, **options), "completed", "success")
    second = first.send("and again")
    assert second is not first
    assert manager.get_all_executions() == [first, second]
    ended(second, "completed", "success")
    assert second.info.resumed_from == first.execution_id
    assert second.info.session_id == first.info.session_id
    asked, original = second.run.request, first.run.request
    assert (asked.model, asked.max_turns, asked.env) == ("opus", 3, original.env)
    assert asked.query == "and again"


@pytest.mark.parametrize("text", ["", "  \n", None, 7])
def test_blank_follow_up_is_refused(manager: ProcessManager, project: Path, text: str) -> None:
    execution = running(manager.start_execution("fake:gate", project))
    with pytest.raises(InvalidRequest):
        execution.send(text)
    (project / "go").touch()
    ended(execution, "completed", "success")
    with pytest.raises(InvalidRequest):
        execution.send(text)
    assert prompts(execution) == ["fake:gate"]


def test_send_to_one_that_never_had_a_session(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=1)
    running(manager.start_execution("fake:long", project))
    execution = manager.start_execution("hello", project)
    execution.kill()
    ended(execution, "killed", "user")
    with pytest.raises(ExecutionEnded, match="session"):
        execution.send("more")


def test_follow_up_of_five_megabytes(manager: ProcessManager, project: Path) -> None:
    execution = running(manager.start_execution("fake:gate", project))
    execution.send("x" * 5_000_000 + "\ud83d'\"\n")
    (project / "go").touch()
    ended(execution, "completed", "success")
    assert prompts(execution)[1] == "x" * 5_000_000 + "\ufffd'\"\n"


def test_kept_open_until_it_is_ended(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("hello", project, keep_open=True)
    answered(execution, 1)
    until(lambda: execution.status == "running", what="the manager knows it")
    for number in (2, 3):
        execution.send(f"fake:says={number}")
        answered(execution, number)
        assert execution.status == "running"
    execution.end()
    ended(execution, "completed", "success")
    assert execution.result == "3"
    assert execution.info.cost_usd == pytest.approx(0.015)


def test_end_while_a_turn_runs_waits_for_the_turn(manager: ProcessManager, project: Path) -> None:
    execution = running(manager.start_execution("fake:gate", project, keep_open=True))
    execution.end()
    assert execution.status == "running"
    (project / "go").touch()
    ended(execution, "completed", "success")
    assert execution.result == "fake:gate"


def test_send_that_comes_too_late_resumes(make_manager: MakeManager, project: Path) -> None:
    """The CLI has closed its input but lives on: what is sent goes to a new execution."""
    manager = make_manager()
    execution = manager.start_execution("fake:hang-after", project)
    until(
        lambda: any(meta["event"] == "stdin_closed" for meta in metas(execution)),
        what="its input is closed",
    )
    second = execution.send("more")
    assert second is not execution
    ended(execution, "completed", "success")
    ended(second, "completed", "success")
    assert second.info.resumed_from == execution.execution_id


def test_graces_bound_every_ending(fake_cli: Path) -> None:
    graces = LocalBackend(fake_cli)._graces
    assert graces.interrupt + graces.terminate + graces.descendants < 10
