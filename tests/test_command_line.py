"""The `claude-widget` command beside freeze, and `doctor()`."""

from __future__ import annotations

from pathlib import Path

import pytest

from claude_widget import doctor
from claude_widget.command_line import main
from claude_widget.manager import ProcessManager
from claude_widget.state_folder import StateFolder
from tests.waiting import BOUND


@pytest.mark.parametrize("scenario", ["plain", "garbage", "half-line"])
def test_transcript_prints_what_the_cli_printed_byte_for_byte(
    manager: ProcessManager,
    project: Path,
    capfdbinary: pytest.CaptureFixture[bytes],
    scenario: str,
) -> None:
    execution = manager.start_execution(f"fake:{scenario}", project)
    execution.wait(BOUND)
    state = str(manager.state_dir)
    assert main(["transcript", execution.execution_id, "--state-dir", state]) == 0
    printed = capfdbinary.readouterr().out
    records = execution.run.transcript.read_bytes().split(b"\n")
    assert printed.count(b"\n") == sum(b" out " in record[:30] for record in records)
    assert (not printed.endswith(b"\n")) == any(b" out- " in record[:30] for record in records)
    manager.cleanup_execution(execution.execution_id)  # it is forgotten, and told in the history
    assert main(["transcript", execution.execution_id[:8], "--state-dir", state]) == 0
    assert capfdbinary.readouterr().out == printed


def test_transcript_of_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "executions").mkdir(mode=0o700)
    for beginning in ("nope", "", "/etc", "../*"):
        assert main(["transcript", beginning, "--state-dir", str(tmp_path)]) == 1
        assert f"There is no execution {beginning!r}." in capsys.readouterr().err


def test_doctor_says_what_would_be_used_and_no_secret(
    fake_cli: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-ant-planted")
    report = doctor(cli_path=fake_cli, state_dir=tmp_path / "state")
    assert report.cli_path == str(fake_cli.resolve())
    assert report.problems == ()
    assert report.login == "environment variable ANTHROPIC_API_KEY"
    assert report.state_dir == str(tmp_path / "state")
    assert report.max_concurrency >= 1
    assert "planted" not in repr(report) + str(report)


def test_doctor_makes_no_state_folder_and_says_whether_it_could_be_made(
    fake_cli: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    wanted = tmp_path / "not" / "there"
    report = doctor(fake_cli, wanted)
    assert (report.problems, report.is_new, report.state_dir) == ((), True, str(wanted))
    assert f"{wanted} (not there yet)" in str(report)
    assert not wanted.parent.exists()
    StateFolder(wanted)
    assert not doctor(fake_cli, wanted).is_new
    (tmp_path / "file").touch()
    (problem,) = doctor(fake_cli, tmp_path / "file" / "state").problems
    assert f"{tmp_path / 'file'} is no folder" in problem
    assert main(["doctor", "--state-dir", str(tmp_path / "file")]) == 1
    assert f"{tmp_path / 'file'}: File exists" in capsys.readouterr().out


def test_doctor_without_a_cli_says_where_it_looked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CLAUDE_WIDGET_CLI", str(tmp_path / "nowhere"))
    assert main(["doctor"]) == 1
    said = capsys.readouterr().out
    assert str(tmp_path / "nowhere") in said
    assert "npm install -g @anthropic-ai/claude-code" in said
