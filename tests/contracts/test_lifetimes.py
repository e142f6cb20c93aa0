"""What every backend promises of one execution's life, from its check to the backend's close.

The rule: as in test_backends.py, whose subjects these are; a backend that refuses is one more thing
that a new backend brings (`refusing`).
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from uuid import uuid4

import pytest

from claude_widget.backend import Backend, Run
from claude_widget.errors import ClaudeWidgetError, ControlFailed
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from claude_widget.models import KILL_REASONS
from claude_widget.recordings.replay import ReplayBackend
from claude_widget.transcript import read_records
from tests import fake
from tests.conftest import MakeManager
from tests.contracts import test_backends as suite
from tests.contracts.test_backends import ENDINGS, LONG, QUICK, Subject, mid_run
from tests.fake import ended, lines, metas
from tests.waiting import BOUND, until

recordings, subject, manager = suite.recordings, suite.subject, suite.manager


@pytest.fixture
def refusing(subject: Subject, tmp_path: Path) -> Backend:
    """A backend of that kind that cannot start anything."""
    if subject.name == "local":
        return LocalBackend(tmp_path / "no-claude")
    return ReplayBackend(tmp_path / "no-recordings")


def test_transcript_grows_and_ends_with_the_one_ending(
    manager: ProcessManager, project: Path
) -> None:
    execution = mid_run(manager.start_execution(LONG, project))
    path = execution.run.transcript
    before = path.read_bytes()
    until(lambda: path.stat().st_size > len(before), what="it grows")
    execution.kill()
    ended(execution, "killed", "user")
    after = path.read_bytes()
    assert after.startswith(before)
    assert after.endswith(b"\n")
    *body, last = read_records(path)
    assert json.loads(last.data)["event"] in ENDINGS
    assert not any(json.loads(r.data)["event"] in ENDINGS for r in body if r.stream == "meta")
    times = [record.time for record in (*body, last)]
    assert times[-1] == max(times)


def test_transcript_does_not_change_once_it_has_ended(
    manager: ProcessManager, project: Path
) -> None:
    execution = ended(manager.start_execution(QUICK, project), "completed", "success")
    until(lambda: not manager.backend.alive(execution.run), what="nothing writes any more")
    before = execution.run.transcript.read_bytes()
    execution.kill()
    manager.backend.close()
    assert execution.run.transcript.read_bytes() == before
    assert lines(execution, "out")


def test_check_refuses_before_anything_is_written(
    refusing: Backend, make_manager: MakeManager, project: Path
) -> None:
    made = make_manager(backend=refusing)
    with pytest.raises(ClaudeWidgetError) as caught:
        refusing.check(fake.request_for(QUICK, project))
    with pytest.raises(type(caught.value)):
        made.start_execution(QUICK, project)
    assert made.get_all_executions() == []
    assert list((made.state_dir / "executions").iterdir()) == []
    assert list(project.iterdir()) == []
    assert caught.value.hint


def test_check_starts_nothing(subject: Subject, project: Path) -> None:
    backend = subject.make()
    for _ in range(3):
        backend.check(fake.request_for(QUICK, project))
    assert list(backend.wait_handles()) == []
    assert list(project.iterdir()) == []
    backend.close()


def test_one_that_was_never_started_is_not_alive_and_answers_nothing(
    subject: Subject, tmp_path: Path, project: Path
) -> None:
    backend = subject.make()
    folder = tmp_path / "executions" / "none"
    run = Run(str(uuid4()), folder, fake.request_for(QUICK, project))
    assert not backend.alive(run)
    for operation in ("kill", "status", "send"):
        with pytest.raises(ControlFailed) as caught:
            backend.ask(run, operation, reason="user", line="{}")
        assert caught.value.execution_id == run.execution_id
    assert not folder.exists()
    backend.close()


@pytest.mark.parametrize("reason", KILL_REASONS)
def test_every_reason_of_a_kill_is_kept(
    manager: ProcessManager, project: Path, reason: str
) -> None:
    execution = mid_run(manager.start_execution(LONG, project))
    manager.backend.ask(execution.run, "kill", reason=str(reason))
    ended(execution, "killed", str(reason))
    kills = [meta["reason"] for meta in metas(execution) if meta["event"] == "kill"]
    assert kills[-1] == reason


def test_wait_handles_are_open_descriptors_and_gone_afterwards(
    manager: ProcessManager, project: Path
) -> None:
    execution = mid_run(manager.start_execution(LONG, project))
    for handle in manager.backend.wait_handles():
        os.fstat(handle)
    execution.kill()
    ended(execution, "killed", "user")
    until(lambda: not manager.backend.wait_handles(), what="there is nothing to wait for")


def test_close_may_be_called_again(subject: Subject, project: Path) -> None:
    backend = subject.make()
    for _ in range(3):
        backend.close()
    assert list(backend.wait_handles()) == []
    backend.check(fake.request_for(QUICK, project))
    backend.close()


def test_close_of_a_busy_one_may_be_called_again(
    subject: Subject, make_manager: MakeManager, project: Path
) -> None:
    backend = subject.make()
    execution = mid_run(make_manager(backend=backend).start_execution(LONG, project))
    for _ in range(2):
        backend.close()
    execution.kill()
    execution.wait(BOUND)
    assert execution.status == "killed"
    assert metas(execution)[-1]["event"] == "ended"
