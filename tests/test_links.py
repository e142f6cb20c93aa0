"""Other files in a file's place: links to somebody else's, pipes, folders that lead elsewhere.

The rule: the file at the far end is a second user's and readable by all, so that only our own
care keeps us from it; it is looked at afterwards, byte for byte.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import stat
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from claude_widget import runtime, trust
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionInfo
from claude_widget.own_files import open_own, read_own
from claude_widget.shim.watch import Watch
from claude_widget.state_folder import StateFolder
from tests.conftest import MakeManager
from tests.fake import ended, running
from tests.second_user import SecondUser
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
SECRET = "of-somebody-else-77c1"

OF_A_RUN = (
    "transcript",
    "request.json",
    "ended.json",
    "fold.json",
    "shim.json",
    "shim.pid",
    "shim.log",
    "mcp.json",
    "kill",
    "descendants",
    "owner",
    "forgotten",
    "launch",
    "stdin",
)
OF_THE_FOLDER = ("watching", "pages", "models.json", "accepted.json")
MANAGER_ID = "6f0c9a52-7d0e-4b5a-9a55-0d6b1a3c2e10"


@pytest.fixture
def victim(theirs: Path, second_user: SecondUser) -> Path:
    """A file of the second user's that looks like anything of ours, and may be read by all."""
    path = theirs / "victim"
    execution_id = str(uuid.uuid4())
    header = json.dumps({"event": "transcript", "execution_id": execution_id, "clock": 0})
    content = f'0.0 meta {header}\n0.0 meta {{"event":"requested"}}\n{SECRET}\n'

    def make() -> None:
        path.write_text(content)
        path.chmod(0o666)

    second_user.run(make)
    return path


def look_of(path: Path) -> tuple[object, ...]:
    """What must not change: content, owner, mode and time of its last change."""
    found = path.stat()
    return (path.read_bytes(), found.st_uid, found.st_mode, found.st_mtime_ns)


def put(kind: str, victim: Path, place: Path) -> None:
    if place.is_dir() and not place.is_symlink():
        shutil.rmtree(place)
    place.unlink(missing_ok=True)
    if kind == "symlink":
        place.symlink_to(victim)
    else:
        os.link(victim, place)


@pytest.fixture
def over(
    make_manager: MakeManager, reachable: Path, project: Path
) -> Callable[[], tuple[Path, Execution]]:
    """A state folder with one ended execution, and no manager."""

    def make() -> tuple[Path, Execution]:
        state = reachable / "state"
        manager = make_manager(state)
        mcp = {"mcpServers": {"a": {"command": "x"}}}
        execution = ended(
            manager.start_execution("fake:plain", project, mcp_config=mcp), "completed", "success"
        )
        until((execution.run.folder / "ended.json").exists, what="it is kept")
        manager.close()
        return state, execution

    return make


def shown(manager: ProcessManager) -> str:
    """All that a manager tells of what it found."""
    told: list[object] = [manager.models]
    for execution in manager.get_all_executions():
        info: ExecutionInfo = execution.info
        told += [info.model_dump_json(), repr(execution), repr(execution.run.request)]
        with contextlib.suppress(ClaudeWidgetError, OSError):
            told += [execution.stderr, [event.raw for event in execution.events]]
    return repr(told)


@pytest.mark.parametrize("kind", ["symlink", "hard link"])
@pytest.mark.parametrize("part", ["transcript", "what lies beside it", "the state folder"])
def test_links_to_somebody_elses_file_are_not_followed(
    over: Callable[[], tuple[Path, Execution]],
    make_manager: MakeManager,
    victim: Path,
    kind: str,
    part: str,
) -> None:
    state, execution = over()
    folder = state if part == "the state folder" else execution.run.folder
    names = {"transcript": OF_A_RUN[:1], "the state folder": OF_THE_FOLDER}.get(part, OF_A_RUN[1:])
    before = look_of(victim)
    for name in names:
        put(kind, victim, folder / name)
    manager = make_manager(state)
    assert SECRET not in shown(manager)
    manager.page_seen()
    for found in manager.get_all_executions():
        found.kill()
        with contextlib.suppress(ClaudeWidgetError, OSError):
            ended(found.rerun(), "completed", "success")
        manager.cleanup_execution(found.execution_id)
    manager.sweep()
    manager.close()
    StateFolder(state).save_models(())
    trust.accept(state, "/p", ["d"])
    assert look_of(victim) == before
    for name in names:
        (folder / name).unlink(missing_ok=True)


def test_links_in_a_running_executions_folder_are_not_followed(
    manager: ProcessManager, project: Path, victim: Path
) -> None:
    execution = running(manager.start_execution("fake:long", project))
    runtime.socket_path(execution.run.folder).unlink()
    before = look_of(victim)
    for name in ("kill", "descendants", "shim.log", "request.json", "fold.json", "ended.json"):
        put("symlink", victim, execution.run.folder / name)
    execution.kill()  # by a signal, with the reason in the file `kill`
    ended(execution, "killed", "close")
    assert look_of(victim) == before


@pytest.mark.parametrize("name", ["executions/" + MANAGER_ID, "managers", "managers/" + MANAGER_ID])
def test_folders_and_locks_that_lead_elsewhere_are_left_alone(
    over: Callable[[], tuple[Path, Execution]],
    make_manager: MakeManager,
    theirs: Path,
    victim: Path,
    name: str,
) -> None:
    state, _ = over()
    put("symlink", victim if name.startswith("managers/") else theirs, state / name)
    before = look_of(victim)
    listed = sorted(path.name for path in theirs.iterdir())
    manager = make_manager(state)
    manager.sweep()
    assert SECRET not in shown(manager)
    manager.close()
    assert look_of(victim) == before
    assert sorted(path.name for path in theirs.iterdir()) == listed
    assert stat.S_IMODE(theirs.stat().st_mode) == 0o777
    (state / name).unlink(missing_ok=True)


def test_link_in_the_temp_folders_place_is_not_emptied(
    manager: ProcessManager, project: Path, theirs: Path, victim: Path
) -> None:
    execution = running(manager.start_execution("fake:long", project))
    scratch = runtime.scratch_path(execution.run.folder)
    shutil.rmtree(scratch)
    scratch.symlink_to(theirs)
    before = look_of(victim)
    execution.kill()
    ended(execution, "killed", "user")
    manager.sweep()
    assert look_of(victim) == before
    scratch.unlink(missing_ok=True)


def test_lock_on_somebody_elses_file_says_nothing(theirs: Path, victim: Path) -> None:
    with pytest.raises(PermissionError):
        os.close(open_own(victim, os.O_RDWR))
    with pytest.raises(OSError, match="no regular file"):
        read_own(theirs)
    link = theirs / "link"
    link.symlink_to(victim)
    assert Watch(str(link), 5.0).due(0.0, waits=True) is not None
    for read in (read_own, open_own):
        with pytest.raises(OSError, match=r"[Ss]ymbolic|links"):
            read(link)


def test_pipe_in_a_files_place_holds_nobody_up(
    over: Callable[[], tuple[Path, Execution]], make_manager: MakeManager
) -> None:
    state, execution = over()
    for name in ("ended.json", "fold.json", "request.json", "shim.pid", "kill"):
        (execution.run.folder / name).unlink(missing_ok=True)
        os.mkfifo(execution.run.folder / name)
    manager = make_manager(state)
    (found,) = manager.get_all_executions()
    assert found.status == "completed"


def test_folders_with_strange_names_are_not_executions(
    over: Callable[[], tuple[Path, Execution]], make_manager: MakeManager
) -> None:
    state, execution = over()
    for name in (execution.execution_id.upper(), "..x", "a", execution.execution_id + "0"):
        shutil.copytree(execution.run.folder, state / "executions" / name)
    manager = make_manager(state)
    assert [one.execution_id for one in manager.get_all_executions()] == [execution.execution_id]
    manager.sweep()
    for name in (execution.execution_id.upper(), "..x", "a", execution.execution_id + "0"):
        assert (state / "executions" / name / "transcript").exists(), "not ours: left alone"
        shutil.rmtree(state / "executions" / name)
