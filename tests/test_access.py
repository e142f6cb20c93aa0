"""Whose files these are: what another user finds open, what he made first, and who talks to whom.

The rule: what another user can do is done by one (`second_user`). What he can reach lies
outside of pytest's own folder, which nobody else may enter.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_widget import protocol, runtime, trust
from claude_widget.errors import ClaudeWidgetError, ControlFailed
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.state_folder import StateFolder
from tests.conftest import MakeManager
from tests.fake import ended, running
from tests.second_user import SecondUser
from tests.waiting import BOUND, until

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")


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
            if path.name.startswith(".") and stat.S_IMODE(found) == 0:
                continue  # just being made, under a umask that leaves nobody anything
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
                f"fake:gate={gate} fake:deltas=4 fake:flood=5", project, mcp_config=mcp
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
    """A running execution, and its socket, which anybody could open.

    The first sweep is over: it would close the folder again.
    """
    until(lambda: manager.swept is not None, what="the first sweep")
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
            connection.settimeout(BOUND)
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
