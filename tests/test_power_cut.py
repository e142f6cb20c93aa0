"""What a power cut may leave of each file of ours: torn at any byte, filled with zeroes, gone.

The rule: the state is clear, nothing torn is believed, and a transcript is mended.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from claude_widget import runtime
from claude_widget.backend import Run
from claude_widget.cleanup.leftovers import DESCENDANTS, recorded
from claude_widget.ended import Ended
from claude_widget.execution import Execution
from claude_widget.local import LocalBackend, _configured
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionInfo, ExecutionRequest, ExecutionStatus, Reason
from claude_widget.protocol import ModelChoice
from claude_widget.reports import EndedProcess
from claude_widget.state_folder import StateFolder
from claude_widget.transcript import Writer, read_records
from tests import fake
from tests.conftest import MakeManager
from tests.waiting import until


class Unwatched(LocalBackend):
    """What these executions had started went with the power."""

    def sweep(self, run: Run) -> tuple[EndedProcess, ...]:
        del run
        return ()


REQUEST = {"query": "q", "project_path": "/"}


def whole_transcript(folder: Path) -> tuple[bytes, list[int]]:
    """A short one from its header to its end; and where each of its records ends."""
    path = folder / "sample"
    with Writer(path, create=True) as writer:
        owner = {**runtime.owner(), "pid": 1, "start": 0.0}
        writer.begin(str(uuid.UUID(int=0)), runtime.host_name(), request=REQUEST, owner=owner)
        writer.meta("spawned", pid=1, shim_pid=1)
        writer.lines(b"out", b'{"type":"system","subtype":"init","session_id":"s"}')
        writer.lines(
            b"out",
            b'{"type":"result","subtype":"success","is_error":false,"result":"r",'
            b'"session_id":"s","num_turns":1}',
        )
        writer.meta("ended", exit_code=0, error="", forced=False, descendants=0)
    data = path.read_bytes()
    path.unlink()
    return data, [index + 1 for index, byte in enumerate(data) if byte == 10]


def expected(size: int, ends: list[int], *, tail: bool) -> tuple[ExecutionStatus, Reason] | None:
    """What becomes of one that was cut there; None where it never began."""
    _, requested, spawned, *_, ended = ends
    missing = 0 if tail else 1  # a record that lacks nothing but its newline is one
    if size < requested:
        return None
    if size >= ended - missing:
        return ExecutionStatus.COMPLETED, Reason.SUCCESS
    if size >= spawned - missing:
        return ExecutionStatus.FAILED, Reason.LOST
    return ExecutionStatus.FAILED, Reason.STARTUP


def cut_at_every_byte(
    executions: Path, data: bytes, ends: list[int]
) -> dict[str, tuple[int, bytes]]:
    """One folder for each: cut there, with nothing or zeroes behind it. Its size and tail, by id.

    With zeroes at every ninth byte, and at all those around the end of a record.
    """
    around = {end + offset for end in ends for offset in (-2, -1, 0, 1)}
    zeroed = sorted({*range(0, len(data), 9), *around} & {*range(len(data))})
    made = {}
    for tail, sizes in ((b"", range(len(data) + 1)), (b"\0" * 300, zeroed)):
        for size in sizes:
            folder = executions / str(uuid.uuid4())
            folder.mkdir()
            (folder / "request.json").write_text(json.dumps(REQUEST))
            (folder / "shim.pid").write_text("4194305 1")  # more than any pid
            (folder / "transcript").write_bytes(data[:size] + tail)
            os.utime(folder, (1e9, 1e9))
            made[folder.name] = (size, tail)
    return made


@pytest.mark.slow  # a thousand executions
def test_power_cut_at_every_byte_leaves_a_clear_state_and_a_mended_file(
    tmp_path: Path, make_manager: MakeManager
) -> None:
    data, ends = whole_transcript(tmp_path)
    executions = StateFolder(tmp_path / "state").executions
    made = cut_at_every_byte(executions, data, ends)
    manager = make_manager(backend=Unwatched())
    until(lambda: not manager.get_active_executions(), what="all are settled")
    manager.sweep()
    seen = {one.execution_id: one for one in manager.get_all_executions()}
    for execution_id, (size, tail) in made.items():
        wanted = expected(size, ends, tail=bool(tail))
        if wanted is None:
            assert execution_id not in seen
            assert not (executions / execution_id).exists(), size
            continue
        execution = seen[execution_id]
        assert (execution.status, execution.info.reason) == wanted, (size, tail, execution)
        _check_mended(execution, data[:size], ends)
    manager.close()
    later = make_manager(backend=Unwatched())
    for one in later.get_all_executions():
        assert one.info.reason == seen[one.execution_id].info.reason
    later.close()
    for execution_id in seen:
        shutil.rmtree(executions / execution_id)


def _check_mended(execution: Execution, before: bytes, ends: list[int]) -> None:
    """What was whole is there, the file ends with one ending, and no record is torn."""
    content = execution.run.transcript.read_bytes()
    assert content.startswith(before)
    assert content.endswith(b"\n")
    whole = sum(end <= len(before) for end in ends)
    assert len(list(read_records(execution.run.transcript))) >= whole
    endings = [meta["event"] for meta in _metas(execution)]
    assert sum(event in ("ended", "lost", "refused") for event in endings) == 1


def _metas(execution: Execution) -> list[dict[str, object]]:
    found = []
    for record in read_records(execution.run.transcript):
        if record.stream == "meta":
            try:
                found.append(json.loads(record.data))
            except ValueError:
                continue  # torn
    return found


def spoilt(content: bytes, step: int = 1) -> Iterator[bytes]:
    """What a power cut may leave of a small file: cut at every byte, zeroes instead, nothing."""
    for size in range(0, len(content), step):
        yield content[:size]
    for size in range(0, len(content), 9 * step):
        yield content[:size] + b"\0" * (len(content) - size)
    yield b"\0" * 4096


@pytest.mark.slow  # every byte of six files
def test_small_files_that_are_torn_are_never_believed(
    manager: ProcessManager, project: Path
) -> None:
    execution = fake.ended(manager.start_execution("hello", project), "completed", "success")
    run, folder = execution.run, manager._registry.folder
    until(lambda: folder.load_ended(run), what="its end is kept")
    info = folder.load_ended(run)
    _each(run.folder / "ended.json", lambda: folder.load_ended(run) in (None, info))

    def request() -> tuple[str, ExecutionRequest, tuple[str, ...]] | None:
        found = folder._load(run.folder)
        return None if found is None else (found.execution_id, found.request, found.forgotten_env)

    asked = request()
    assert asked is not None
    _each(run.folder / "request.json", lambda: request() == asked)
    ours = Path("/nowhere/ours")
    names = ("socket", "scratch")
    _each(run.folder / "shim.json", lambda: all(_configured(run, n, ours) == ours for n in names))
    choices = (ModelChoice(value="a", name="A"), ModelChoice(value="b", name="B"))
    folder.save_models(choices)
    _each(folder.path / "models.json", lambda: folder.load_models() in ((), choices))
    (run.folder / DESCENDANTS).write_text("4194305 17\n4194306 18\n")
    told = {(4194305, 17), (4194306, 18), (4194305, 1), (4194306, 1)}  # nobody started so early
    _each(run.folder / DESCENDANTS, lambda: recorded(run.folder) <= told)


def _each(path: Path, holds: Callable[[], bool]) -> None:
    content = path.read_bytes()
    for torn in spoilt(content):
        path.write_bytes(torn)
        assert holds(), torn
    path.unlink()
    assert holds()
    path.write_bytes(content)
    assert holds()


def test_torn_pid_file_has_nobody_signalled(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    execution = fake.running(manager.start_execution("fake:gate", project))
    backend = LocalBackend()
    path = execution.run.folder / "shim.pid"
    content = path.read_bytes()
    signalled: list[tuple[int, int]] = []
    with monkeypatch.context() as patch:
        patch.setattr("os.kill", lambda pid, number: signalled.append((pid, number)))
        for torn in spoilt(content):
            path.write_bytes(torn)
            assert not backend._end_by_signal(execution.run, "user", ""), torn
        path.write_bytes(content)
        assert backend._end_by_signal(execution.run, "user", "")
    assert signalled == [(fake.shim_pid(execution), signal.SIGTERM)]
    (project / "go").touch()
    fake.ended(execution, "completed", "success")


def test_request_that_cannot_be_read_is_told_by_the_transcript(
    make_manager: MakeManager, project: Path
) -> None:
    first = make_manager()
    execution = first.start_execution("hello", project, name="n", env={"TOKEN": "secret"})
    fake.ended(execution, "completed", "success")
    first.close()
    (execution.run.folder / "request.json").write_bytes(b"\0" * 200)
    seen = make_manager().get_execution(execution.execution_id)
    assert seen is not None
    assert (seen.run.request.query, seen.run.request.name) == ("hello", "n")
    assert seen.run.forgotten_env == ("TOKEN",)


def test_end_that_is_anothers_is_not_believed(manager: ProcessManager, project: Path) -> None:
    one, two = (
        fake.ended(manager.start_execution("hello", project), "completed", "success")
        for _ in range(2)
    )
    folder = manager._registry.folder
    until(lambda: folder.load_ended(one.run), what="its end is kept")
    size = two.run.transcript.stat().st_size
    folder.save_ended(two.run, Ended(one.info).text, size)
    assert folder.load_ended(two.run) is None
    pending = Ended(ExecutionInfo(execution_id=two.execution_id))
    folder.save_ended(two.run, pending.text, size)
    assert folder.load_ended(two.run) is None  # it says that it has not ended
    shutil.rmtree(two.run.folder)
