"""CLIs that die, hang, flood and print what no parser expects: each ends as what it was.

The rule: a real process misbehaves under a real shim. Whatever it does, the execution ends with a
status and a reason, what it printed is in the transcript byte for byte, and no process is left.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from claude_widget.transcript import read_records
from tests import fake
from tests.conftest import MakeManager
from tests.fake import ended, lines, metas
from tests.waiting import BOUND, until


@pytest.fixture
def patient(make_manager: MakeManager, fake_cli: Path) -> ProcessManager:
    """One that forces no CLI to exit, however long a busy machine keeps it from that."""
    return make_manager(backend=LocalBackend(fake_cli, graces=fake.FAST._replace(exit=BOUND)))


def test_well_behaved_one_completes(patient: ProcessManager, project: Path) -> None:
    execution = ended(
        patient.start_execution("hello fake:deltas=5", project), "completed", "success"
    )
    info = execution.info
    assert execution.result == "hello fake:deltas=5"
    assert (info.exit_code, info.exit_forced, info.errors) == (0, False, ())
    assert info.cost_usd == pytest.approx(0.005)
    assert info.session_id
    assert [meta["event"] for meta in metas(execution)] == [
        "transcript",
        "requested",
        "spawned",
        "stdin_closed",
        "ended",
    ]


def test_fake_prints_partial_messages_as_the_real_cli_does(
    manager: ProcessManager, project: Path
) -> None:
    recorded = Path(__file__).parent / "transcripts" / "partial_text.jsonl"
    real = [json.loads(line) for line in recorded.read_bytes().splitlines()]
    execution = ended(manager.start_execution("hello", project), "completed", "success")
    faked = [json.loads(line) for line in lines(execution, "out")]

    def shape(frames: list[dict[str, Any]], type_: str) -> list[list[str]]:
        return [list(f["event"]) + list(f) for f in frames if f.get("type") == type_]

    assert shape(faked, "stream_event")[1:] == shape(real, "stream_event")[1:]


def test_cli_that_dies_at_once(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CLAUDE", "dies=3")
    execution = ended(manager.start_execution("hello", project), "failed", "startup")
    assert execution.info.exit_code == 3
    assert "wrong from the start" in execution.stderr


def test_cli_that_crashes_in_its_turn(manager: ProcessManager, project: Path) -> None:
    execution = ended(manager.start_execution("fake:crash", project), "failed", "crashed")
    assert execution.info.exit_code == -9


@pytest.mark.parametrize("code", [0, 1])
def test_cli_that_writes_half_a_line_and_exits(
    manager: ProcessManager, project: Path, code: int
) -> None:
    execution = manager.start_execution(f"fake:half-line fake:exit={code}", project)
    ended(execution, "failed", "crashed")
    last = b'{"type":"assistant","message":{"content":[{"type":"text","te'
    assert lines(execution, "out")[-1] == last


def test_cli_that_writes_garbage(manager: ProcessManager, project: Path) -> None:
    execution = ended(manager.start_execution("fake:garbage", project), "completed", "success")
    written = lines(execution, "out")
    for garbage in (b"\xef\xbb\xbf{}", b"", b"null", b"\x00\x01\x1b[2J", b"[" * 100_000):
        assert garbage in written
    assert len(execution.events) == len(written)


def test_cli_that_writes_a_line_of_40_megabytes(manager: ProcessManager, project: Path) -> None:
    execution = ended(manager.start_execution("fake:big-line=40", project), "completed", "success")
    assert execution.run.transcript.stat().st_size > 40 << 20
    elided = [record.elided for record in read_records(execution.run.transcript) if record.elided]
    assert len(elided) == 1


def test_cli_that_writes_invalid_utf8(manager: ProcessManager, project: Path) -> None:
    execution = ended(manager.start_execution("fake:bad-utf8", project), "completed", "success")
    assert any(b"\xff\xfe\xc3(\xed\xa0\xbd" in line for line in lines(execution, "out"))
    json.dumps(execution.info.model_dump(mode="json"), ensure_ascii=False).encode()


def test_cli_that_writes_a_lone_surrogate(manager: ProcessManager, project: Path) -> None:
    execution = ended(manager.start_execution("fake:surrogate", project), "completed", "success")
    execution.info.model_dump_json().encode()
    texts = [event.raw for event in execution.events if event.raw.get("type") == "assistant"]
    json.dumps(texts, ensure_ascii=False).encode()


def test_cli_whose_result_has_a_lone_surrogate(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("lone \ud83d here", project)
    ended(execution, "completed", "success")
    assert execution.result == "lone \ufffd here"


def test_cli_that_floods_stderr(manager: ProcessManager, project: Path) -> None:
    execution = ended(manager.start_execution("fake:stderr=34", project), "completed", "success")
    kept = lines(execution, "err")
    assert kept[-1].startswith(b"[claude-widget: further output")
    assert 31 << 20 < sum(map(len, kept)) < 33 << 20
    assert len(execution.stderr) <= 4000


def test_cli_that_floods_stdout(manager: ProcessManager, project: Path) -> None:
    execution = ended(manager.start_execution("fake:flood=20", project), "completed", "success")
    assert execution.result is not None
    told = json.loads(execution.result)
    assert told["bytes"] > 19 << 20
    assert sum(len(line) + 1 for line in lines(execution, "out")) > told["bytes"]


def test_cli_that_hangs_after_its_result(manager: ProcessManager, project: Path) -> None:
    execution = ended(manager.start_execution("fake:hang-after", project), "completed", "success")
    assert execution.info.exit_forced
    assert execution.result == "fake:hang-after"


def test_cli_that_hangs_after_its_result_and_ignores_sigterm(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CLAUDE", "deaf")
    execution = ended(manager.start_execution("fake:hang-after", project), "completed", "success")
    assert execution.info.exit_forced
    signals = [meta["signal"] for meta in metas(execution) if meta["event"] == "signalled"]
    assert signals == ["SIGTERM", "SIGKILL"]


def test_cli_that_hangs_before_its_result_ends_by_its_timeout(
    manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution("fake:hang-before", project, timeout=0.5)
    ended(execution, "failed", "timeout")


def test_cli_that_ignores_sigterm_is_killed(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CLAUDE", "deaf")
    execution = fake.running(manager.start_execution("fake:hang-before", project))
    execution.kill()
    ended(execution, "killed", "user")
    assert execution.info.exit_code == -9


def test_cli_that_daemonizes_a_child_leaves_nothing(manager: ProcessManager, project: Path) -> None:
    execution = ended(manager.start_execution("fake:daemon", project), "completed", "success")
    pid = int((project / "daemon.pid").read_text())
    assert not fake.lives(pid)
    assert metas(execution)[-1]["descendants"] == 1


def test_killed_cli_with_a_daemonized_child_leaves_nothing(
    manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution("fake:daemon fake:long", project)
    until((project / "daemon.pid").exists, what="the child has started")
    execution.kill()
    ended(execution, "killed", "user")
    assert not fake.lives(int((project / "daemon.pid").read_text()))


def test_cli_that_forks_many_leaves_nothing(manager: ProcessManager, project: Path) -> None:
    execution = ended(manager.start_execution("fake:forks=30", project), "completed", "success")
    assert metas(execution)[-1]["descendants"] == 30


def test_cli_that_shuts_its_output_ends(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("fake:shuts-stdout", project)
    ended(execution, "failed", "crashed")


def test_cli_that_reads_nothing_of_its_input_can_be_killed(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CLAUDE", "reads-not")
    execution = manager.start_execution("x" * 3_000_000, project)
    until(lambda: execution.status == "running", what="it runs")
    execution.kill()
    ended(execution, "killed", "user")


def test_cli_that_shuts_its_input_unread_goes_on(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CLAUDE", "shuts-stdin")
    execution = manager.start_execution("x" * 3_000_000, project)
    ended(execution, "completed", "success")
    assert execution.result == "unread"


@pytest.mark.parametrize("words", ["old", "spaces", "old spaces"])
def test_other_formats_end_as_well(
    patient: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("FAKE_CLAUDE", words)
    execution = ended(patient.start_execution("hello", project), "completed", "success")
    assert execution.result == "hello"
    assert not execution.info.exit_forced


def test_old_cli_with_a_long_result_line_ends(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CLAUDE", "old says=" + "x" * 100_000)
    execution = ended(manager.start_execution("hello", project), "completed", "success")
    assert execution.result == "x" * 100_000


@pytest.mark.parametrize("seconds", ["0.3", "0"])
def test_second_result_after_a_background_task_replaces_the_first(
    patient: ProcessManager, project: Path, seconds: str
) -> None:
    execution = patient.start_execution(f"first fake:background={seconds}", project)
    ended(execution, "completed", "success")
    assert execution.result == "second"
    assert execution.info.cost_usd == pytest.approx(0.01)


def test_background_task_that_never_ends_has_a_grace(
    make_manager: Any, fake_cli: Path, project: Path
) -> None:
    backend = LocalBackend(fake_cli, graces=fake.FAST, background_grace=0.3)
    manager = make_manager(backend=backend)
    execution = manager.start_execution("first fake:background=86400", project)
    ended(execution, "completed", "success")
    assert execution.info.exit_forced
    assert execution.result == "first fake:background=86400"
