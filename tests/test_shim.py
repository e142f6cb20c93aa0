"""The shim as a process: what it was started with, what its socket takes, and how it ends.

The rule: a real shim around the fake CLI, started by the real backend. Its socket is spoken to byte
by byte, by clients that behave and by clients that do not; whatever they do, the CLI goes on.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import stat
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import psutil
import pytest

from claude_widget import runtime
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.shim.launch import MAKES_WAY_BY
from claude_widget.shim.operations import Operations
from claude_widget.shim.streams import Input
from tests import fake
from tests.fake import ended, lines, metas, running, shim_pid
from tests.small_disk import may_mount
from tests.waiting import BOUND, until


@pytest.fixture
def execution(manager: ProcessManager, project: Path) -> Execution:
    """One that streams until it is told to stop."""
    return running(manager.start_execution("fake:long", project))


@pytest.fixture
def client(execution: Execution) -> Iterator[socket.socket]:
    """A client of its control socket, which has been greeted."""
    with connect(execution) as connection:
        yield connection


def connect(execution: Execution) -> socket.socket:
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    connection.settimeout(BOUND)
    connection.connect(str(runtime.socket_path(execution.run.folder)))
    return connection


def exchange(connection: socket.socket, *sent: bytes) -> list[dict[str, Any]]:
    """Send lines; the answers, one for each."""
    connection.sendall(b"".join(line + b"\n" for line in sent))
    said = b""
    while said.count(b"\n") < len(sent):
        chunk = connection.recv(1 << 16)
        assert chunk, "the shim hung up"
        said += chunk
    return [json.loads(line) for line in said.splitlines()]


def goes_on(execution: Execution) -> None:
    """It still prints, and can still be killed."""
    seen = execution.read_bytes
    until(lambda: execution.read_bytes > seen, what="it goes on")
    execution.kill()
    ended(execution, "killed", "user")


def test_greeting_carries_the_protocol_version(execution: Execution) -> None:
    with connect(execution) as connection:
        greeting = json.loads(connection.makefile("rb").readline())
    assert greeting["protocol"] == 1
    assert greeting["execution_id"] == execution.execution_id
    assert greeting["pid"] == execution.info.pid


@pytest.mark.parametrize(
    ("request_", "code"),
    [
        (b"", "malformed"),
        (b"nonsense", "malformed"),
        (b"[1]", "malformed"),
        (b"\xff\xfe", "malformed"),
        (b"[" * 100_000, "malformed"),
        (b'{"op":"dance"}', "unknown_op"),
        (b'{"op":["kill"]}', "unknown_op"),
        (b"{}", "unknown_op"),
        (b'{"op":"send"}', "malformed"),
        (b'{"op":"send","line":7}', "malformed"),
        (b'{"op":"send","line":"not JSON"}', "malformed"),
        (b'{"op":"send","line":"{}\\n{}"}', "malformed"),
        (b'{"op":"send","line":"[]"}', "malformed"),
        (b'{"op":"kill","reason":"because"}', "malformed"),
        (b'{"op":"kill","reason":{"a":1}}', "malformed"),
    ],
)
def test_request_that_cannot_be_is_refused_and_harms_nothing(
    execution: Execution, request_: bytes, code: str
) -> None:
    with connect(execution) as connection:
        connection.makefile("rb").readline()
        (answer,) = exchange(connection, request_)
    assert answer["ok"] is False
    assert answer["code"] == code
    goes_on(execution)


def test_clients_that_misbehave_do_not_harm_it(execution: Execution) -> None:
    for _ in range(50):
        connect(execution).close()  # gone before it is greeted
    for _ in range(5):
        with connect(execution) as connection:
            connection.sendall(b'{"op":"sta')  # half a request
    with connect(execution) as connection:
        connection.sendall(b'{"op":"status"}\n' * 1000)  # never reads the answers
    goes_on(execution)


def test_client_that_is_gone_before_it_is_accepted_does_not_harm_it(execution: Execution) -> None:
    shim = shim_pid(execution)
    os.kill(shim, signal.SIGSTOP)
    for _ in range(3):
        connect(execution).close()
    os.kill(shim, signal.SIGCONT)
    goes_on(execution)


def test_many_clients_at_once_are_bounded(execution: Execution) -> None:
    with ExitStack() as stack:
        greeted = 0
        for _ in range(60):
            client = stack.enter_context(socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
            client.settimeout(2)
            with suppress(OSError):  # its queue is full, or it hangs up
                client.connect(str(runtime.socket_path(execution.run.folder)))
                greeted += bool(client.recv(1000))
        assert 1 <= greeted <= 40
    goes_on(execution)


def test_requests_arrive_byte_by_byte(execution: Execution, client: socket.socket) -> None:
    client.recv(1000)
    for byte in b'{"op":"status"}':
        client.sendall(bytes([byte]))
    (answer,) = exchange(client, b"")[:1]
    assert answer == {"ok": True, "state": "running", "tasks": 0}
    goes_on(execution)


def test_request_without_an_end_is_dropped(execution: Execution, client: socket.socket) -> None:
    with pytest.raises(OSError, match=r"(?i)broken pipe|reset"):
        client.sendall(b"x" * (20 << 20))
    goes_on(execution)


def test_what_a_cli_that_has_gone_was_to_be_sent_is_refused() -> None:
    theirs, ours = os.pipe()
    os.close(theirs)  # it has gone, and nobody has seen its end yet
    supervised: Any = Mock(ending=False)
    supervised.stdin = Input(ours, Mock())
    said = Operations(supervised).answer({"op": "send", "line": '{"type": "user"}'})
    assert (said["ok"], said["code"]) == (False, "stdin_closed")
    assert not supervised.stdin.open


def test_socket_is_its_owners_alone(execution: Execution) -> None:
    path = runtime.socket_path(execution.run.folder)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert len(str(path)) <= runtime.LONGEST_SOCKET_PATH
    execution.kill()
    ended(execution, "killed", "user")
    assert not path.exists()


def test_its_command_line_is_neutral(execution: Execution) -> None:
    words = psutil.Process(shim_pid(execution)).cmdline()
    text = " ".join(words).lower()
    assert "claude" not in text
    assert str(execution.run.folder.parent.parent).lower() not in text


def test_it_leads_a_session_of_its_own_and_so_does_the_cli(execution: Execution) -> None:
    shim = shim_pid(execution)
    pid = execution.info.pid
    assert pid is not None
    assert os.getsid(shim) == shim != os.getsid(0)
    assert os.getsid(pid) == pid == os.getpgid(pid)


def test_it_and_its_cli_give_way_to_the_kernel(execution: Execution) -> None:
    niceness = min(19, os.nice(0) + MAKES_WAY_BY)
    for pid in (shim_pid(execution), execution.info.pid):
        assert psutil.Process(pid).nice() == niceness
        shared = Path(f"/proc/{pid}/autogroup")
        if shared.exists() and may_mount():  # others may change it ten times a second, all together
            assert shared.read_text().split()[-1] == str(niceness)


def test_it_holds_nothing_of_the_kernel_open(execution: Execution) -> None:
    shim, own = psutil.Process(shim_pid(execution)), {"transcript", "shim.log"}

    def others() -> set[str]:
        return {Path(file.path).name for file in shim.open_files()} - own

    # What it looks into for a moment, such as a file of /proc, it does not hold.
    until(lambda: not others(), what="nothing else is open")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGHUP])
def test_signals_of_a_terminal_do_not_end_it(execution: Execution, number: int) -> None:
    os.kill(shim_pid(execution), number)
    goes_on(execution)


def test_sigterm_to_the_shim_ends_all_in_order(execution: Execution) -> None:
    os.kill(shim_pid(execution), signal.SIGTERM)
    ended(execution, "killed", "close")
    assert metas(execution)[-1]["event"] == "ended"


def test_shim_that_is_killed_is_lost_and_leaves_nothing(
    manager: ProcessManager, project: Path
) -> None:
    execution = running(manager.start_execution("fake:daemon fake:long", project))
    until((project / "daemon.pid").exists, what="its child has started")
    os.kill(shim_pid(execution), signal.SIGKILL)
    ended(execution, "failed", "lost")
    assert not fake.lives(int((project / "daemon.pid").read_text()))
    assert metas(execution)[-1]["event"] == "lost"
    assert not runtime.scratch_path(execution.run.folder).exists()


def test_stopped_cli_is_killed_all_the_same(execution: Execution) -> None:
    assert execution.info.pid
    os.kill(execution.info.pid, signal.SIGSTOP)
    execution.kill()
    ended(execution, "killed", "user")


def test_cli_killed_from_outside_is_told_as_it_was(execution: Execution) -> None:
    assert execution.info.pid
    os.kill(execution.info.pid, signal.SIGKILL)
    ended(execution, "failed", "crashed")
    assert execution.info.exit_code == -9


@pytest.mark.parametrize("timeout", [1e7, 1e300])
def test_timeout_in_the_far_future_is_no_problem(
    manager: ProcessManager, project: Path, timeout: float
) -> None:
    ended(manager.start_execution("hello", project, timeout=timeout), "completed", "success")


def test_timeout_ends_it(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("fake:long", project, timeout=0.3)
    ended(execution, "failed", "timeout")
    (limit,) = [meta for meta in metas(execution) if meta["event"] == "limit"]
    assert limit["bound"] == 0.3
    assert limit["figure"] >= 0.3


def test_arguments_that_the_system_refuses(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("hello", project, extra_args=["x" * 200_000])
    ended(execution, "failed", "startup")
    assert "too long" in " ".join(execution.info.errors)


def test_project_that_vanishes_before_the_start(make_manager: Any, project: Path) -> None:
    manager = make_manager(max_concurrency=1)
    first = running(manager.start_execution("fake:gate", project))
    gone = project / "gone"
    gone.mkdir()
    second = manager.start_execution("hello", gone)
    gone.rmdir()
    (project / "go").touch()
    ended(first, "completed", "success")
    ended(second, "failed", "startup")
    assert "project folder" in " ".join(second.info.errors)


def test_descendants_are_reaped(manager: ProcessManager, project: Path) -> None:
    execution = running(manager.start_execution("fake:forks=10 fake:long", project))
    shim = psutil.Process(shim_pid(execution))
    until(lambda: len(shim.children(recursive=True)) > 10, what="the CLI has ten children")
    children = shim.children(recursive=True)
    assert execution.info.pid
    os.kill(execution.info.pid, signal.SIGKILL)
    ended(execution, "failed", "crashed")
    assert not any(fake.lives(child.pid) for child in children)


def test_prompt_goes_in_as_it_was_written(manager: ProcessManager, project: Path) -> None:
    execution = ended(manager.start_execution("a\nb 'c' $d", project), "completed", "success")
    initialize, prompt = (json.loads(line) for line in lines(execution, "in"))
    assert initialize["request"]["subtype"] == "initialize"
    assert prompt["message"]["content"] == "a\nb 'c' $d"
    assert prompt["client_composed"] is True
