"""Isolation on request, with real bubblewrap around a CLI that tries to get out.

The rule: what such a CLI could read and write is told by itself, from inside, and looked at from
outside. bubblewrap is a part of the tests' set-up (`python -m scripts.setup isolation`): where it
is missing these tests fail, and where the machine forbids namespaces they see that the product says
so and starts nothing.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import stat
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from claude_widget import sandbox
from claude_widget.command import arguments
from claude_widget.errors import InvalidRequest, SandboxUnavailable
from claude_widget.execution import Execution
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionRequest
from claude_widget.request import build_request
from tests import fake
from tests.conftest import MakeManager
from tests.fake import ended, lives, marked, shim_pid
from tests.waiting import until

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap is for Linux")

INTRUDER = """#!{python} -IS
import json, os, sys
sys.stdin.readline(); prompt = json.loads(sys.stdin.readline())["message"]["content"]
plan = json.loads(prompt)
told = {{"pid": os.getpid(), "cwd": os.getcwd(), "tmp": os.environ.get("TMPDIR")}}
for name, path in plan["read"].items():
    try:
        told[name] = open(path).read(100) if not os.path.isdir(path) else sorted(os.listdir(path))
    except OSError as error:
        told[name] = type(error).__name__
for name, path in plan["write"].items():
    try:
        with open(path, "a") as file:
            told[name] = file.write("x")
    except OSError as error:
        told[name] = type(error).__name__
told["processes"] = sum(name.isdigit() for name in os.listdir("/proc"))
def said(kind, **more):
    print(json.dumps({{"type": kind, "session_id": "s", "uuid": "u", **more}}), flush=True)
said("system", subtype="session_state_changed", state="running")
if "stay" in plan:
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork(): os._exit(0)
        os.environ.clear()
        os.execve("/bin/sleep", ["sleep", "300"], {{}})
    os.waitpid(pid, 0)
    said("result", subtype="success", is_error=False, result=json.dumps(told), num_turns=1,
         total_cost_usd=0, usage={{}}, duration_ms=1, duration_api_ms=1)
    while sys.stdin.readline(): pass
    os.execve("/bin/sleep", ["sleep", "300"], os.environ)
said("result", subtype="success", is_error=False, result=json.dumps(told), num_turns=1,
     total_cost_usd=0, usage={{}}, duration_ms=1, duration_api_ms=1)
said("system", subtype="session_state_changed", state="idle")
"""


@pytest.fixture
def intruder(tmp_path: Path) -> Path:
    """A CLI that reads and writes what its prompt names, and tells how that went."""
    path = tmp_path / "cli" / "claude"
    path.parent.mkdir()
    python = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
    path.write_text(INTRUDER.format(python=python))
    path.chmod(0o755)
    return path


@pytest.fixture
def isolated(make_manager: MakeManager, intruder: Path) -> ProcessManager:
    """A manager of that CLI, on a machine that can isolate it."""
    request = ExecutionRequest(query="x", project_path="/nowhere", sandbox="bubblewrap")
    sandbox.check_sandbox(request, os.environ)
    return make_manager(backend=LocalBackend(intruder, graces=fake.FAST))


def told(execution: Execution) -> dict[str, Any]:
    ended(execution, "completed", "success")
    said: dict[str, Any] = json.loads(execution.result or "")
    return said


def plan(read: dict[str, Path], write: dict[str, Path], **more: object) -> str:
    paths = {"read": {k: str(v) for k, v in read.items()}}
    return json.dumps({**paths, "write": {k: str(v) for k, v in write.items()}, **more})


def test_sandbox_shows_the_project_and_nothing_else_of_the_home(
    isolated: ProcessManager, project: Path, tmp_path: Path
) -> None:
    home = Path.home()
    other = tmp_path / "other" / "secret"
    for private in (home / ".ssh" / "id", home / "notes", home / ".claude" / "CLAUDE.md", other):
        private.parent.mkdir(exist_ok=True)
        private.write_text("private")
    (project / "link").symlink_to(home / ".ssh" / "id")
    reads = {
        "key": home / ".ssh" / "id",
        "link": project / "link",
        "home": home,
        "config": home / ".claude" / "CLAUDE.md",
        "neighbour": other,
    }
    said = told(isolated.start_execution(plan(reads, {}), project, sandbox="bubblewrap"))
    assert said["key"] == said["link"] == said["neighbour"] == "FileNotFoundError"
    assert said["home"] == [".claude"]
    assert said["config"] == "private", "the CLI's own folder is there"
    assert said["cwd"] == str(project)
    assert said["processes"] <= 3, "it sees its own processes only"


def test_sandbox_writes_the_project_and_what_was_named_with_it(
    isolated: ProcessManager, project: Path, tmp_path: Path
) -> None:
    further, other, home = tmp_path / "further", tmp_path / "other", Path.home()
    for folder in (further, other, home / ".claude"):
        folder.mkdir()
    places = [project, further, home / ".claude", home, other, Path("/etc"), Path("/usr")]
    writes = {str(place): place / "made.txt" for place in places}
    execution = isolated.start_execution(
        plan({}, writes), project, sandbox="bubblewrap", add_dirs=[further]
    )
    said = told(execution)
    assert [place for place in places if (place / "made.txt").exists()] == places[:3]
    assert said[str(other)] == "FileNotFoundError"
    assert said["/etc"] == said["/usr"] == "OSError", "read-only"


def test_sandbox_hides_the_transcript_and_the_control_socket(
    isolated: ProcessManager, project: Path
) -> None:
    run = plan({}, {})
    first = isolated.start_execution(run, project)
    ended(first, "completed", "success")
    reads = {"transcript": first.run.transcript, "executions": isolated.state_dir}
    reads["sockets"] = Path(os.environ["XDG_RUNTIME_DIR"])
    second = isolated.start_execution(plan(reads, {}), project, sandbox="bubblewrap")
    said = told(second)
    assert said["transcript"] == said["executions"] == said["sockets"] == "FileNotFoundError"


def test_sandbox_gives_the_files_that_the_arguments_name_read_only(
    isolated: ProcessManager, project: Path
) -> None:
    mcp = {"mcpServers": {"a": {"command": "x"}}}
    execution = isolated.start_execution(
        plan({}, {}), project, sandbox="bubblewrap", mcp_config=mcp, system_prompt="be brief"
    )
    ended(execution, "completed", "success")
    argv = (execution.run.folder / "launch").read_bytes().split(b"\0")
    named = [Path(os.fsdecode(one.partition(b"=")[2])) for one in argv if b"-config=" in one]
    mounted = [os.fsdecode(argv[i + 1]) for i, one in enumerate(argv) if one == b"--ro-bind"]
    assert named
    assert {str(path) for path in named} <= set(mounted)
    assert str(execution.run.transcript) not in mounted


def sleeps(process: psutil.Process) -> bool:
    """Whether there is such a program below that process by now."""
    with suppress(psutil.NoSuchProcess):
        return any("sleep" in one.name() for one in process.children(recursive=True))
    return False


def test_kill_ends_what_hides_in_the_sandbox(isolated: ProcessManager, project: Path) -> None:
    execution = isolated.start_execution(plan({}, {}, stay=1), project, sandbox="bubblewrap")
    until(lambda: execution.info.result is not None, what="it has answered")
    (bubblewrap,) = [
        process for process in marked(execution.execution_id) if process.pid == execution.info.pid
    ]
    until(lambda: sleeps(bubblewrap), what="a daemon without the mark")
    below = bubblewrap.children(recursive=True)
    execution.kill()
    ended(execution, "killed", "user")
    until(lambda: not any(lives(one.pid) for one in below), what="nothing is left")


def test_sandbox_does_not_outlive_its_shim(isolated: ProcessManager, project: Path) -> None:
    execution = isolated.start_execution(plan({}, {}, stay=1), project, sandbox="bubblewrap")
    until(lambda: execution.info.result is not None, what="it has answered")
    pid = execution.info.pid
    assert pid is not None
    below = psutil.Process(pid).children(recursive=True)
    os.kill(shim_pid(execution), signal.SIGKILL)
    ended(execution, "failed", "lost")
    until(lambda: not any(lives(one.pid) for one in below), what="nothing is left")


# -- where it cannot be had ----------------------------------------------------------------------


def no_platform(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setattr("claude_widget.sandbox.sys.platform", "darwin")


def no_program(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PATH", str(folder))


def no_namespaces(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    broken = folder / "bwrap"
    broken.write_text("#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2\nexit 1")
    broken.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.mark.parametrize(
    ("without", "says"),
    [
        (no_platform, "sandbox='cli'"),
        (no_program, "apt-get install bubblewrap"),
        (no_namespaces, "No permissions to create new namespace"),
    ],
)
def test_sandbox_that_cannot_be_had_is_refused_and_nothing_starts(  # noqa: PLR0917 - fixtures
    manager: ProcessManager,
    project: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    without: Callable[[pytest.MonkeyPatch, Path], None],
    says: str,
) -> None:
    empty = tmp_path / "bin"
    empty.mkdir()
    with monkeypatch.context() as changed:
        without(changed, empty)
        with pytest.raises(SandboxUnavailable) as caught:
            manager.start_execution("fake:plain", project, sandbox="bubblewrap")
    assert says in str(caught.value)
    assert caught.value.field == "sandbox"
    assert manager.get_all_executions() == []


def test_sandbox_is_looked_for_again_once_it_was_put_right(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    no_namespaces(monkeypatch, tmp_path)
    request = ExecutionRequest(query="x", project_path="/nowhere", sandbox="bubblewrap")
    with pytest.raises(SandboxUnavailable):
        sandbox.check_sandbox(request, os.environ)
    (tmp_path / "bwrap").write_text("#!/bin/sh\nexit 0")
    sandbox.check_sandbox(request, os.environ)


def test_home_itself_is_no_project_to_isolate(manager: ProcessManager, project: Path) -> None:
    for folder in (Path.home(), Path.home().parent):
        with pytest.raises(SandboxUnavailable, match="home folder"):
            manager.start_execution("fake:plain", folder, sandbox="bubblewrap")
    with pytest.raises(SandboxUnavailable, match="add_dirs"):
        manager.start_execution("fake:plain", project, sandbox="bubblewrap", add_dirs=[Path.home()])


# -- what is asked for ---------------------------------------------------------------------------


def test_own_sandbox_of_the_cli_is_asked_for_as_a_must(project: Path) -> None:
    request = build_request("x", project, sandbox={"network": {"allowedDomains": ["a.b"]}})
    (given,) = [one for one in arguments("claude", request, project) if "--settings=" in one]
    assert json.loads(given.partition("=")[2]) == {
        "sandbox": {
            "network": {"allowedDomains": ["a.b"]},
            "enabled": True,
            "failIfUnavailable": True,
            "allowUnsandboxedCommands": False,
        }
    }


def test_own_sandbox_cannot_be_weakened_by_what_is_given_with_it(project: Path) -> None:
    request = build_request("x", project, sandbox={"enabled": False, "failIfUnavailable": False})
    (given,) = [one for one in arguments("claude", request, project) if "--settings=" in one]
    said = json.loads(given.partition("=")[2])["sandbox"]
    assert (said["enabled"], said["failIfUnavailable"]) == (True, True)


@pytest.mark.parametrize("given", [1, "docker", ["cli"], {"a": float("nan")}, {"a": object()}])
def test_wrong_sandbox_is_refused(project: Path, given: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        build_request("x", project, sandbox=given)
    assert caught.value.field == "sandbox"


def test_second_settings_would_undo_the_sandbox_and_are_refused(project: Path) -> None:
    for argument in ("--settings", "--settings={}"):
        with pytest.raises(InvalidRequest, match="--settings"):
            build_request("x", project, sandbox=True, extra_args=[argument])
    build_request("x", project, sandbox="bubblewrap", extra_args=["--settings={}"])


def test_files_of_a_script_are_its_package_and_its_interpreter(tmp_path: Path) -> None:
    home = tmp_path / "home"
    package = home / "lib" / "node_modules" / "pkg"
    package.mkdir(parents=True)
    (package / "package.json").write_text("{}")
    script = package / "cli.js"
    script.write_text(f"#!{shutil.which('sh')}\n")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    found = list(sandbox._program(script, home))
    assert found[0] == package
    assert home not in found
