"""The real CLI with little around it: in bubblewrap, in its own sandbox, with few variables.

The rule: it must still answer, run its tools and keep its session; what it may not do is asked of
its own Bash tool, and looked at from outside. The machine isolates or these tests fail: they are
part of `make test`'s set-up (`python -m scripts.setup isolation`).
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionRequest
from claude_widget.sandbox import check_sandbox
from tests.cli import checks
from tests.waiting import BOUND

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")


def bash(command: str) -> str:
    return f"SCENARIO:bash {json.dumps({'command': command})}"


def said(manager: ProcessManager, project: Path, command: str, **options: Any) -> str:
    execution = manager.start_execution(bash(command), project, allowed_tools=["Bash"], **options)
    checks.ended(execution, "completed", "success", result="It ran.")
    assert execution.info.session_id
    (result,) = checks.tool_results(execution)
    return str(result["content"])


def test_real_cli_in_bubblewrap_works_and_sees_the_project_only(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    check_sandbox(
        ExecutionRequest(query="x", project_path=str(project), sandbox="bubblewrap"), os.environ
    )
    key = Path.home() / ".ssh" / "id_ed25519"
    key.parent.mkdir()
    key.write_text("private")
    told = said(
        manager,
        project,
        f"cat {key}; ls -A ~; echo made > made.txt; echo x > {tmp_path}/outside.txt; "
        "echo x > /usr/x; true",
        sandbox="bubblewrap",
    )
    assert "private" not in told
    assert "No such file" in told
    assert "Read-only file system" in told
    assert (project / "made.txt").read_text() == "made\n"
    assert not (tmp_path / "outside.txt").exists()
    sessions = list(Path(os.environ["CLAUDE_CONFIG_DIR"]).glob("projects/*/*.jsonl"))
    assert sessions, "the session is kept in the config folder outside"


def test_session_goes_on_in_and_out_of_bubblewrap(manager: ProcessManager, project: Path) -> None:
    first = manager.start_execution("SCENARIO:hello", project, sandbox="bubblewrap")
    first.wait(BOUND)
    assert first.status == "completed", first.stderr
    again = manager.start_execution(
        "SCENARIO:hello", project, session_id=first.info.session_id, sandbox="bubblewrap"
    )
    again.wait(BOUND)
    assert (again.status, again.info.session_id) == ("completed", first.info.session_id)


def test_real_cli_takes_our_settings_for_its_own_sandbox(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    told = said(
        manager,
        project,
        f"echo made > made.txt; echo x > {tmp_path}/outside.txt; true",
        sandbox=True,
    )
    assert "Read-only file system" in told
    assert (project / "made.txt").exists()
    assert not (tmp_path / "outside.txt").exists()


def test_own_sandbox_that_cannot_be_had_ends_the_cli_before_it_does_anything(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    tools = tmp_path / "tools"
    tools.mkdir()
    for name in ("bash", "sh", "ls", "cat", "touch", "uname"):
        found = next(p for p in (Path("/usr/bin", name), Path("/bin", name)) if p.exists())
        (tools / name).symlink_to(found)
    execution = manager.start_execution(
        bash("touch ran"), project, sandbox=True, env={"PATH": str(tools)}
    )
    execution.wait(BOUND)
    assert execution.status == "failed"
    assert "andbox" in " ".join(execution.info.errors)
    assert not (project / "ran").exists()


def test_real_cli_needs_no_more_than_the_variables_that_are_left(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_SECRET", "s3cret")
    told = said(
        manager,
        project,
        "env",
        env_allow=["ANTHROPIC_*"],
        env={"GIVEN": "yes"},
    )
    assert "s3cret" not in told
    assert "GIVEN=yes" in told
    assert f"HOME={os.environ['HOME']}" in told
    inherited = {line.partition("=")[0] for line in told.splitlines()} & set(os.environ)
    assert inherited <= {
        *(name for name in os.environ if name.startswith("ANTHROPIC_")),
        *("PATH", "HOME", "CLAUDE_CONFIG_DIR", "LANG", "SHELL", "PWD", "DISABLE_AUTOUPDATER"),
        *("TMPDIR", "SHLVL", "_", "OLDPWD"),  # which the CLI and its shell set themselves
    }
