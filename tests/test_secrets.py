"""What must not be seen: secrets in files and reprs, files of other modes, names in command lines.

The rule: a planted secret is looked for in every file of the run folder, in reprs, logs and command
lines, while it runs and afterwards; it may lie in one file of mode 0600 that the CLI itself reads.
"""

from __future__ import annotations

import json
import logging
import os
import stat
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from claude_widget import launch_files, local, runtime
from claude_widget.cells.static_view import execution_bundle
from claude_widget.errors import ExecutionFailed
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from tests import fake
from tests.conftest import MakeManager
from tests.fake import ended, marked, running

SECRET = "s3cret-8d1f"
MCP = {"mcpServers": {"files": {"command": "serve", "env": {"KEY": SECRET}}}}


@pytest.fixture
def execution(manager: ProcessManager, project: Path) -> Execution:
    """One that streams, started with secrets."""
    return running(
        manager.start_execution("fake:long", project, mcp_config=MCP, env={"TOKEN": SECRET})
    )


def holders(folder: Path) -> set[str]:
    """The files below a folder that hold the secret."""
    return {path.name for path in folder.rglob("*") if SECRET.encode() in content(path)}


def content(path: Path) -> bytes:
    """Of a file; one that was written to replace another may be gone by now."""
    try:
        return path.read_bytes() if path.is_file() else b""
    except FileNotFoundError:
        return b""


def test_secrets_are_in_no_file_but_the_clis_own(
    execution: Execution, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert holders(execution.run.folder) == {"mcp.json"}
    execution.kill()
    ended(execution, "killed", "user")
    assert holders(execution.run.folder.parent.parent) == {"mcp.json"}
    assert SECRET not in caplog.text


def test_secrets_are_in_no_command_line(execution: Execution) -> None:
    for process in marked(execution.execution_id):
        assert SECRET not in " ".join(process.cmdline())
        assert "fake:long" not in " ".join(process.cmdline())


def test_secrets_are_in_no_repr_and_no_error(execution: Execution) -> None:
    shown = [repr(execution), repr(execution.run), repr(execution.run.request)]
    shown += [repr(execution.info), execution.info.model_dump_json(), repr(execution.state)]
    execution.kill()
    ended(execution, "killed", "user")
    with pytest.raises(ExecutionFailed) as caught:
        execution.raise_for_status()
    shown += [str(caught.value), json.dumps(execution_bundle(execution.info))]
    assert all(SECRET not in text for text in shown)
    assert execution.info.mcp_config
    assert execution.info.mcp_config.servers == ("files",)


def test_long_texts_stay_out_of_the_repr_of_what_is_known(execution: Execution) -> None:
    assert "fake:long" not in repr(execution.info)


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_files_are_their_owners_alone(
    make_manager: MakeManager, tmp_path: Path, project: Path, umask: int
) -> None:
    before = os.umask(umask)
    try:
        manager = make_manager(tmp_path / "deep" / "state")
        execution = manager.start_execution(
            "fake:echo", project, mcp_config=MCP, system_prompt="a", append_system_prompt="b"
        )
        ended(execution, "completed", "success")
        manager.cleanup_execution(execution.execution_id)
    finally:
        os.umask(before)
    modes = {path: stat.S_IMODE(path.lstat().st_mode) for path in below(manager.state_dir)}
    assert len(modes) > 10
    wrong = {
        str(path): oct(mode)
        for path, mode in modes.items()
        if mode != (0o700 if path.is_dir() else 0o600)
    }
    assert wrong == {}
    told = json.loads(execution.result or "")
    assert told["umask"] == umask, "what the CLI writes for the user has the user's modes"


def below(folder: Path) -> Iterator[Path]:
    yield folder
    yield from folder.rglob("*")


def test_state_folder_that_was_there_keeps_its_mode(
    make_manager: MakeManager, tmp_path: Path
) -> None:
    shared = tmp_path / "shared"
    shared.mkdir(0o755)
    make_manager(shared)
    assert stat.S_IMODE(shared.stat().st_mode) == 0o755
    assert stat.S_IMODE((shared / "executions").stat().st_mode) == 0o700


def test_runtime_folder_of_someone_else_is_not_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = Path(os.environ["XDG_RUNTIME_DIR"])
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base / "a"))
    (base / "a").mkdir()
    (base / "a" / f"cw-{os.getuid()}").symlink_to(tmp_path)
    assert runtime.runtime_folder().parent != base / "a"


def test_shims_command_line_is_neutral_wherever_python_lies(
    make_manager: MakeManager, tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    python = tmp_path / "claude-env" / "python3"
    python.parent.mkdir()
    python.symlink_to(Path(local.sys._base_executable).resolve())  # type: ignore[attr-defined]
    monkeypatch.setattr(local.sys, "_base_executable", str(python), raising=False)  # type: ignore[attr-defined]
    manager = make_manager()
    together = threading.Barrier(8)

    def interpreter() -> str:
        together.wait()
        return launch_files._interpreter()

    with ThreadPoolExecutor(8) as threads:
        for _ in range(50):  # each time all of them find none
            paths = {one.result() for one in [threads.submit(interpreter) for _ in range(8)]}
            assert len(paths) == 1
            link = Path(paths.pop())
            assert "claude" not in str(link)
            link.unlink()
    execution = running(manager.start_execution("fake:long", project))
    words = psutil.Process(fake.shim_pid(execution)).cmdline()
    assert "claude" not in " ".join(words)


def test_links_in_the_run_folders_place_are_not_followed(
    make_manager: MakeManager, tmp_path: Path, project: Path
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    state = tmp_path / "state"
    (state / "executions").mkdir(parents=True)
    (state / "executions" / "6f0c9a52-7d0e-4b5a-9a55-0d6b1a3c2e10").symlink_to(elsewhere)
    (elsewhere / "transcript").write_bytes(b'0.0 meta {"event":"transcript","clock":0}\n')
    assert make_manager(state).get_all_executions() == []
    (state / "executions" / "6f0c9a52-7d0e-4b5a-9a55-0d6b1a3c2e10").unlink()
