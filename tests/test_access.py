"""Whose files these are: another user, another file in a file's place, another listener.

The rule: what another user can do is done by one (`second_user`), and what is at the far end of a
link is looked at afterwards, byte for byte. A folder that a second user can reach lies outside of
pytest's own, which nobody else may enter.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import stat
import tempfile
import threading
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_widget import protocol, runtime, trust
from claude_widget.errors import ClaudeWidgetError, ControlFailed, ExecutionNotFound, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.freeze import freeze_file
from claude_widget.lookup import Lookup
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionInfo
from claude_widget.own_files import open_own, read_own
from claude_widget.protocol import Allow
from claude_widget.shim.watch import Watch
from claude_widget.state_folder import StateFolder
from tests.conftest import MakeManager
from tests.fake import ended, running
from tests.second_user import SecondUser, second_user_or_fail
from tests.waiting import until

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
SECRET = "of-somebody-else-77c1"
STRANGE_IDS = [
    "..",
    "../..",
    "../executions",
    "/etc/passwd",
    "a/b",
    "\0",
    "x\0y",
    "",
    ".",
    "C:\\x",
    "{}".format("9" * 5000),
    "6F0C9A52-7D0E-4B5A-9A55-0D6B1A3C2E10",
    "6f0c9a527d0e4b5a9a550d6b1a3c2e10",
]


@pytest.fixture
def second_user() -> SecondUser:
    return second_user_or_fail()


@pytest.fixture
def reachable() -> Iterator[Path]:
    """A folder that everybody may enter."""
    path = Path(tempfile.mkdtemp(prefix="cw-reach-"))
    path.chmod(0o755)
    yield path
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def theirs(reachable: Path, second_user: SecondUser) -> Path:
    """A folder of the second user's, open to all, as an attacker would leave it."""
    folder = reachable / "theirs"
    folder.mkdir()
    folder.chmod(0o777)

    def make() -> str:
        own = folder / "own"
        own.mkdir()
        own.chmod(0o777)
        return str(own)

    return Path(second_user.run(make))


def make_open(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o777)


def below(folder: Path) -> list[Path]:
    return [folder, *folder.rglob("*")]


def open_to_others(*folders: Path) -> dict[str, str]:
    """What there is in some folders that has more or less than its owner's own modes."""
    wrong = {}
    for path in (path for folder in folders for path in below(folder)):
        with contextlib.suppress(FileNotFoundError):  # gone meanwhile
            found = path.lstat().st_mode
            if stat.S_IMODE(found) != (0o700 if stat.S_ISDIR(found) else 0o600):
                wrong[str(path)] = oct(found)
    return wrong


# -- modes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o077, 0o777])
def test_everything_in_a_life_is_its_owners_alone_whatever_the_umask(
    make_manager: MakeManager, reachable: Path, project: Path, umask: int
) -> None:
    state = reachable / "deep" / "er" / "state"
    before = os.umask(umask)
    try:
        manager = make_manager(state)
        gate = project / "gate"
        mcp = {"mcpServers": {"a": {"command": "x"}}}
        execution = running(
            manager.start_execution(
                f"fake:gate={gate} fake:deltas=4 fake:flood=2", project, mcp_config=mcp
            )
        )
        folder = StateFolder(state)
        folder.note_page()
        folder.save_models((protocol.ModelChoice(value="m"),))
        trust.accept(state, str(project), ["d"])
        folders = (state.parent, state.parent.parent, runtime.scratch_path(execution.run.folder))
        assert open_to_others(*folders, runtime.runtime_folder()) == {}
        gate.touch()
        ended(execution, "completed", "success")
        until((execution.run.folder / "ended.json").exists, what="its fold is kept")
        manager.sweep()
        assert open_to_others(state) == {}
        manager.cleanup_execution(execution.execution_id)
        assert open_to_others(state) == {}
    finally:
        os.umask(before)
    names = {path.name for path in below(state)}
    assert names >= {"watching", "pages", "models.json", "managers", "accepted.json", "fold.json"}


def test_another_user_gets_at_nothing(
    make_manager: MakeManager, reachable: Path, project: Path, second_user: SecondUser
) -> None:
    state = reachable / "state"
    state.mkdir(0o755)
    manager = make_manager(state)
    execution = running(manager.start_execution("fake:long", project))
    listening = runtime.socket_path(execution.run.folder)
    until(listening.exists, what="it listens")
    StateFolder(state).note_page()
    places = [path for path in below(state)[1:] if path.is_file()]
    places.append(runtime.scratch_path(execution.run.folder))
    pid = execution.info.pid

    def attack() -> list[str]:
        got: list[str] = []
        for path in places:
            with contextlib.suppress(OSError):
                got.append(f"read {path}" if os.open(path, os.O_RDONLY) else "")
            with contextlib.suppress(OSError):
                got.append(f"wrote {path}" if os.open(path, os.O_WRONLY) else "")
        for name in ("executions", "managers"):
            with contextlib.suppress(OSError):
                got.append(f"listed {list((state / name).iterdir())}")
        for make in (
            (state / "x").touch,
            lambda: (state / "executions").rename("/tmp/x"),
        ):
            with contextlib.suppress(OSError):
                make()
                got.append("changed the folder")
        with contextlib.suppress(OSError):
            socket.socket(socket.AF_UNIX).connect(str(listening))
            got.append("connected")
        with contextlib.suppress(OSError):
            Path(f"/proc/{pid}/environ").read_bytes()
            got.append("read the environment")
        return got

    assert len(places) > 10
    assert second_user.run(attack) == []


# -- places that somebody else has made ----------------------------------------------------------


@pytest.mark.parametrize("part", ["", "executions"])
def test_state_folder_of_somebody_else_is_not_used(
    theirs: Path, reachable: Path, second_user: SecondUser, part: str
) -> None:
    state = theirs if not part else reachable / "state"
    if part:
        state.mkdir()
        state.chmod(0o1777)
        second_user.run(lambda: make_open(state / part))
        state.chmod(0o755)
    with pytest.raises(ClaudeWidgetError, match=f"belongs to user {second_user.uid}"):
        StateFolder(state)
    assert list((state / part).iterdir()) == []


def test_state_folder_that_others_can_write_is_not_used(tmp_path: Path) -> None:
    for mode in (0o777, 0o770, 0o1777, 0o722):
        (tmp_path / "shared").mkdir(exist_ok=True)
        (tmp_path / "shared").chmod(mode)
        with pytest.raises(ClaudeWidgetError, match="chmod go-w"):
            StateFolder(tmp_path / "shared")


def test_runtime_folder_that_a_second_user_made_first_is_not_used(
    reachable: Path, second_user: SecondUser, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = reachable / "run"
    base.mkdir()
    base.chmod(0o1777)
    squatted = base / f"cw-{os.getuid()}"
    second_user.run(lambda: make_open(squatted))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(base))
    assert runtime.runtime_folder() != squatted
    assert list(squatted.iterdir()) == []
    assert stat.S_IMODE(squatted.stat().st_mode) == 0o777, "not even its mode is changed"


# -- who talks and who listens -------------------------------------------------------------------


def opened(folder: Path, path: Path) -> None:
    """Take away what protects a socket but the look at who is there."""
    folder.chmod(0o777)
    path.chmod(0o777)
    for parent in folder.parents:
        if parent.lstat().st_uid == os.getuid() and parent != Path("/"):
            with contextlib.suppress(OSError):
                parent.chmod(parent.stat().st_mode | 0o055)


@pytest.fixture
def listening(manager: ProcessManager, project: Path) -> Iterator[tuple[Execution, Path]]:
    """A running execution, and its socket, which anybody could open."""
    execution = running(manager.start_execution("fake:long", project))
    path = runtime.socket_path(execution.run.folder)
    until(path.exists, what="it listens")
    opened(path.parent, path)
    yield execution, path
    path.parent.chmod(0o700)


def test_shim_refuses_a_second_user_by_its_credentials(
    listening: tuple[Execution, Path], second_user: SecondUser
) -> None:
    execution, path = listening

    def ask() -> str:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(path))
            with contextlib.suppress(OSError):
                connection.sendall(b'{"op":"kill","reason":"user"}\n')
            return connection.recv(1000).decode()

    assert second_user.run(ask) in ("", "ConnectionResetError", "BrokenPipeError")
    assert execution.status == "running"
    execution.interrupt()


def test_socket_of_a_second_user_is_told_nothing(
    listening: tuple[Execution, Path], second_user: SecondUser
) -> None:
    execution, path = listening
    path.unlink()
    greeting = json.dumps({"execution_id": execution.execution_id, "pid": 1}).encode() + b"\n"
    heard = path.parent / "heard"

    def squat() -> None:
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(path))
        path.chmod(0o777)
        listener.listen()

        def serve() -> None:
            while True:
                connection, _ = listener.accept()
                connection.sendall(greeting)
                with contextlib.suppress(OSError):
                    if said := connection.recv(1000):
                        heard.write_bytes(said)

        threading.Thread(target=serve, daemon=True).start()

    with second_user.doing(squat) as problem:
        assert problem is None
        with pytest.raises(ControlFailed, match="another user") as caught:
            execution.interrupt()
        assert caught.value.code == "unreachable"
        execution.kill()  # goes another way
        ended(execution, "killed", "user")
    assert not heard.exists()
    path.unlink(missing_ok=True)


@pytest.mark.parametrize(
    "greeting",
    [
        b'{"execution_id":"6f0c9a52-7d0e-4b5a-9a55-0d6b1a3c2e10","pid":1}\n',
        b"[]\n",
        b"null\n",
        b"{}\n",
        b"\xff\xfe\n",
        b"[" * 100_000 + b"\n",
        b"x" * (3 << 20),
        b"",
    ],
    ids=["other id", "list", "null", "no id", "not utf-8", "deep", "endless", "closed"],
)
def test_greeting_that_lies_is_not_believed(
    listening: tuple[Execution, Path], greeting: bytes
) -> None:
    execution, path = listening
    path.rename(path.with_suffix(".real"))
    heard: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def serve() -> None:
            connection, _ = listener.accept()
            with connection, contextlib.suppress(OSError):
                connection.sendall(greeting)
                if not greeting:
                    return
                connection.settimeout(0.5)
                heard.append(connection.recv(1000))

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(ControlFailed):
            execution.interrupt()
        thread.join()
    assert [said for said in heard if said] == []
    path.unlink()
    path.with_suffix(".real").rename(path)
    execution.interrupt()


# -- other files in a file's place ---------------------------------------------------------------

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


# -- ids -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("strange", STRANGE_IDS, ids=range(len(STRANGE_IDS)))
def test_ids_are_looked_up_and_never_paths(
    manager: ProcessManager, project: Path, tmp_path: Path, strange: str
) -> None:
    assert manager.get_execution(strange) is None
    for act in (manager.kill_execution, manager.cleanup_execution, manager.rerun, manager.adopt):
        with pytest.raises(ExecutionNotFound):
            act(strange)
    if strange:
        with pytest.raises(InvalidRequest, match="after names"):
            manager.start_execution("fake:plain", project, after=strange)
    assert Lookup(manager.state_dir).info(strange) is None
    assert manager.get_all_executions() == []


def test_notebook_of_somebody_else_looks_up_no_path(tmp_path: Path, project: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "transcript").write_text(SECRET)
    notebook = tmp_path / "n.ipynb"
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}, "text/plain": "x"}
    marks: list[dict[str, object]] = [
        {"execution_id": f"../../{outside.name}"},
        {"execution_id": str(outside)},
        {"manager_id": "../..", "executions": ["../../outside", "..", "\0"]},
        {"execution_id": 1},
        {"executions": {}},
    ]
    outputs = [{"data": dict(view), "metadata": {"claude_widget": mark}} for mark in marks]
    notebook.write_text(json.dumps({"cells": [{"outputs": outputs}], "metadata": {}}))
    freeze_file(notebook, tmp_path / "state")
    assert SECRET not in notebook.read_text()


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


@pytest.mark.parametrize("session", ["../x", "/etc/passwd", "a\\b", "x.jsonl", "a\0b", "a\nb"])
def test_session_is_an_id_and_no_file(manager: ProcessManager, project: Path, session: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        manager.start_execution("fake:plain", project, session_id=session)
    assert caught.value.field == "session_id"


# -- what a page may name ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../outside.txt", "{project}/../outside.txt", "link.txt", "~/x", "\0"]
)
def test_page_gives_a_tool_no_file_outside_of_the_project(
    manager: ProcessManager, project: Path, tmp_path: Path, path: str
) -> None:
    (tmp_path / "outside.txt").touch()
    (project / "link.txt").symlink_to(tmp_path / "outside.txt")
    execution = asking(manager, project)
    (request,) = execution.requests
    for given in (
        {**request.input, "file_path": path.format(project=project)},
        {**request.input, "edits": [{"path": path.format(project=project)}]},
        {**request.input, "paths": [path.format(project=project)]},
    ):
        with pytest.raises(InvalidRequest, match="outside"):
            execution.answer_request(request.control_id, Allow(updated_input=given))
    inside = {**request.input, "file_path": str(project / "new.txt")}
    execution.answer_request(request.control_id, Allow(updated_input=inside))
    ended(execution, "completed", "success")


def test_page_gives_a_tool_files_of_further_folders(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    further = tmp_path / "further"
    further.mkdir()
    execution = asking(manager, project, add_dirs=[further])
    (request,) = execution.requests
    given = {**request.input, "file_path": str(further / "x")}
    execution.answer_request(request.control_id, Allow(updated_input=given))
    ended(execution, "completed", "success")


def asking(manager: ProcessManager, project: Path, **options: Any) -> Execution:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Write", project, **options)
    until(lambda: len(execution.requests) == 1, what="it asks")
    return execution


FILES_OF_MESSAGES = {
    "claude:execute": {"projectPath", "mcpConfig", "sessionId"},
    "claude:answer-request": {"decision"},
    "claude:get-sessions": {"projectPath"},
    "claude:get-mcp-configs": {"projectPath"},
}
"""Fields of the page's messages that name files or folders, or lead to some. A project is what a
person chooses in the form; everything else is held to it, each in a test of its own."""


def kinds() -> dict[str, type[protocol.Request]]:
    return {
        cls.model_fields["type"].default: cls
        for cls in vars(protocol).values()
        if isinstance(cls, type)
        and issubclass(cls, protocol.Request)
        and "type" in cls.model_fields
    }


def test_fields_that_could_name_files_are_all_known() -> None:
    suspicious = ("path", "file", "folder", "dir", "config", "session", "decision")
    found: dict[str, set[str]] = {}
    for kind, cls in kinds().items():
        names = {field.alias or name for name, field in cls.model_fields.items()}
        hits = {name for name in names if any(word in name.lower() for word in suspicious)}
        if kind != "claude:change-session" and hits - {"forkSession", "confirmedSettings"}:
            found[kind] = hits - {"forkSession", "confirmedSettings"}
    assert found == FILES_OF_MESSAGES


def right(cls: type[protocol.Request]) -> dict[str, Any]:
    """A message that is right, of that kind."""
    given: dict[str, Any] = {}
    for name, field in cls.model_fields.items():
        if name == "type":
            given["type"] = field.default
        elif name == "decision":
            given["decision"] = {"behavior": "deny"}
        elif field.is_required():
            given[field.alias or name] = "x"
    return given


WRONG: list[Any] = [{}, [], 1, None, True, {"a": {}}, ["x"], "x" * 9_000_000, -1, 1e400]


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_every_message_is_held_to_its_model(kind: str) -> None:
    cls = kinds()[kind]
    message = right(cls)
    assert isinstance(protocol.PAGE_MESSAGE.validate_python(message), cls)
    broken: list[Any] = [{**message, "strange": 1}, {**message, "execution__id": "x"}]
    kinds_not: list[Any] = [None, "claude:no-such", 1, []]
    broken += [{**message, "type": other} for other in kinds_not]
    broken += [{key: value for key, value in message.items() if key != left} for left in message]
    broken += [{**message, "requestId": wrong} for wrong in ("", "x" * 101, *WRONG)]
    for name, field in cls.model_fields.items():
        wrong = [{"a": {}}] if field.annotation in (int, bool) else [{"a": {}}, 1, True, [1]]
        broken += [{**message, field.alias or name: value} for value in wrong]
    for one in broken:
        with pytest.raises(ValueError):  # noqa: PT011 - pydantic's
            protocol.PAGE_MESSAGE.validate_python(one)
