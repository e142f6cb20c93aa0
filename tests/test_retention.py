"""Retention: what is old or too much goes, oldest end first, and never what runs or is in use."""

from __future__ import annotations

import fcntl
import json
import math
import os
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from claude_widget import runtime
from claude_widget.batch import batch_file
from claude_widget.batch.batch import Batch
from claude_widget.batch.batch_file import BatchFile
from claude_widget.batch.kept import Kept, read_kept
from claude_widget.cleanup import batch_files, retention
from claude_widget.cleanup.batch_files import without_executions
from claude_widget.errors import InvalidRequest
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.own_files import open_own
from claude_widget.transcript import Writer
from tests import fake
from tests.conftest import MakeManager
from tests.waiting import BOUND, until

DAY = 86_400.0
ZERO = 1_700_000_000.0


def ended_on(folder: Path, day: int, size: int = 1000) -> str:
    """An execution of long ago that ended on that day and takes some bytes; its id."""
    name = str(uuid.uuid4())
    (folder / name).mkdir(parents=True)
    request = {"query": f"day {day}", "project_path": "/", "name": f"day-{day}"}
    (folder / name / "request.json").write_text(json.dumps(request))
    with Writer(folder / name / "transcript", create=True) as writer:
        writer.begin(name, runtime.host_name(), request=request)
        writer.meta("spawned", pid=1)
        writer.meta("ended", exit_code=0)
    path = folder / name / "transcript"
    header, _, rest = path.read_bytes().partition(b"\n")
    told = json.loads(header.split(b" ", 2)[2])
    told["epoch"] = ZERO + day * DAY
    path.write_bytes(
        b"0.000000 meta " + json.dumps(told, separators=(",", ":")).encode() + b"\n" + rest
    )
    (folder / name / "padding").write_bytes(b"x" * size)
    return name


@pytest.fixture
def days(make_manager: MakeManager, tmp_path: Path) -> tuple[ProcessManager, list[str]]:
    """A manager with five executions that ended on five days, put there in another order."""
    folder = tmp_path / "state" / "executions"
    ids = {day: ended_on(folder, day, 1000 * (day + 1)) for day in (3, 0, 4, 1, 2)}
    return make_manager(), [ids[day] for day in range(5)]


def over(manager: ProcessManager, project: Path, prompts: list[str]) -> Batch:
    """A batch that is over, and so are the shims, which hold the transcripts to the last."""
    batch = manager.map(None, prompts, project_path=project).wait(BOUND)
    ids = [one.execution_id for one in batch.executions if one is not None]
    until(lambda: not any(map(fake.marked, ids)), what="its processes are gone")
    return batch


def left(manager: ProcessManager) -> set[str]:
    return {path.name for path in (manager.state_dir / "executions").iterdir()}


def test_what_ended_long_ago_goes_and_the_faces_are_told(
    days: tuple[ProcessManager, list[str]], project: Path
) -> None:
    manager, ids = days
    told: list[Execution | str] = []
    manager.on_change(told.append)
    new = fake.ended(manager.start_execution("hello", project), "completed", "success")
    report = manager.prune(older_than=DAY)
    assert [one.execution_id for one in report.removed] == ids
    assert [one.name for one in report.removed] == [f"day-{day}" for day in range(5)]
    assert left(manager) == {new.execution_id}
    assert [one for one in told if isinstance(one, str)] == ids
    assert manager.get_all_executions() == [new]
    assert not manager.prune(older_than=DAY)


def test_oldest_end_goes_first_until_all_fit(days: tuple[ProcessManager, list[str]]) -> None:
    manager, ids = days
    everything = manager.prune(max_bytes=1 << 30).size_before
    report = manager.prune(max_bytes=everything - 1500)
    assert [one.execution_id for one in report.removed] == ids[:1] or len(report.removed) == 2
    assert report.size_after <= everything - 1500
    assert report.size_after == manager.prune(max_bytes=1 << 30).size_before
    assert left(manager) == set(ids[len(report.removed) :])
    assert len(manager.prune(max_bytes=0).removed) == 5 - len(report.removed)


def test_dry_run_says_the_same_and_removes_nothing(days: tuple[ProcessManager, list[str]]) -> None:
    manager, ids = days
    planned = manager.prune(older_than=DAY, dry_run=True)
    assert "5 executions would be removed" in repr(planned)
    assert left(manager) == set(ids)
    done = manager.prune(older_than=DAY)
    assert done.removed == planned.removed
    assert (done.size_before, done.size_after) == (planned.size_before, planned.size_after)
    assert "5 executions removed" in repr(done)


def test_what_runs_or_waits_stays_and_so_does_what_it_comes_after(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(max_concurrency=1)
    first = fake.ended(manager.start_execution("hello", project), "completed", "success")
    runs = fake.running(manager.start_execution("fake:gate", project))
    waits = manager.start_execution("hello", project, after=[first, runs])
    report = manager.prune(older_than=0, max_bytes=0)
    assert not report
    assert list(report.kept) == [first.execution_id]
    assert waits.execution_id in report.kept[first.execution_id]
    (project / "go").touch()
    fake.ended(waits, "completed", "success")
    fake.ended(runs, "completed", "success")
    assert len(manager.prune(older_than=0).removed) == 3


def test_what_another_process_reads_or_runs_stays(days: tuple[ProcessManager, list[str]]) -> None:
    manager, ids = days
    read = manager.state_dir / "executions" / ids[0] / "transcript"
    held = manager.state_dir / "executions" / ids[1] / "transcript"
    fd = os.open(read, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH)
        with Writer(held):
            report = manager.prune(max_bytes=0)
    finally:
        os.close(fd)
    assert report.kept == dict.fromkeys(ids[:2], "its transcript is in use")
    assert left(manager) == set(ids[:2])
    assert manager.get_execution(ids[0]) is not None


def test_the_file_of_a_batch_goes_with_the_last_of_its_executions(
    manager: ProcessManager, project: Path
) -> None:
    batch = over(manager, project, ["a", "b"])
    other = over(manager, project, ["c"])
    file, other_file = (
        manager.state_dir / "batches" / f"{one.batch_id}.jsonl" for one in (batch, other)
    )
    first, second = (one for one in batch.executions if one is not None)
    manager.delete_execution(first.execution_id)
    manager.pin(second.execution_id)
    assert manager.prune(max_bytes=0, dry_run=True).batches == (other.batch_id,)
    assert other_file.exists()
    report = manager.prune(max_bytes=0)
    assert report.batches == (other.batch_id,)
    assert "1 execution removed, and 1 file of batches" in repr(report)
    assert (file.exists(), other_file.exists()) == (True, False), "one of its rows is pinned"
    assert manager.batches == [batch], "nobody is given what cannot be read any more"
    manager.pin(second.execution_id, pinned=False)
    with file.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert manager.prune(max_bytes=0).batches == (), "somebody writes it"
    assert manager.prune(max_bytes=0).batches == (batch.batch_id,)
    assert not file.exists()


def test_a_batch_that_was_begun_while_others_are_removed_keeps_its_file(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun_before(*words: Any, **options: Any) -> Iterator[Path]:
        begun.append(over(manager, project, ["a"]))
        return without_executions(*words, **options)

    begun: list[Batch] = []
    monkeypatch.setattr(retention, "without_executions", begun_before)
    assert manager.prune(max_bytes=1 << 30).batches == ()
    assert (manager.state_dir / "batches" / f"{begun[0].batch_id}.jsonl").exists()


def test_a_batch_that_somebody_goes_on_with_while_its_file_is_read_keeps_it(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone_on_with(path: Path) -> Kept:
        kept = read_kept(path)
        files.append(kept.file)
        assert files[-1].hold()
        return kept

    files: list[BatchFile] = []
    batch = over(manager, project, ["a"])
    with monkeypatch.context() as patch:
        patch.setattr(batch_files, "read_kept", gone_on_with)
        assert manager.prune(max_bytes=0).batches == ()
    assert files[0].path.exists()
    files[0].note("resumed")
    files[0].close()
    assert manager.prune(max_bytes=0).batches == (batch.batch_id,)


def test_nobody_goes_on_with_a_batch_whose_file_is_being_removed(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    over(manager, project, ["a"])
    files = without_executions(manager.state_dir, lambda _: False, (), older_than=None)
    path = next(files)
    file, late = read_kept(path).file, read_kept(path).file
    assert not file.hold(), "it is held until the next is asked for"

    def removed_meanwhile(path: Path, flags: int) -> int:
        fd = open_own(path, flags)
        path.unlink()
        assert list(files) == []
        return fd

    monkeypatch.setattr(batch_file, "open_own", removed_meanwhile)
    with pytest.raises(FileNotFoundError):
        late.hold()
    assert not late.held


def test_a_batch_that_is_not_over_goes_by_its_age_only(
    manager: ProcessManager, project: Path
) -> None:
    batch = over(manager, project, ["a"])
    path = manager.state_dir / "batches" / f"{batch.batch_id}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b'"event":"ended"' not in line))
    report = manager.prune(max_bytes=0)
    assert (len(report.removed), report.batches) == (1, ()), "its rows may still be started"
    assert manager.prune(older_than=DAY).batches == ()
    old = time.time() - 2 * DAY
    os.utime(path, (old, old))
    assert manager.prune(older_than=DAY).batches == (batch.batch_id,)
    assert not path.exists()


def test_a_batch_file_that_was_never_finished_goes_after_a_day(manager: ProcessManager) -> None:
    until(lambda: manager.swept is not None, what="the sweep at its start is over")
    folder = manager.state_dir / "batches"
    folder.mkdir()
    names = [str(uuid.uuid4()) for _ in range(3)]
    half, young, held = (folder / f".{name}.jsonl" for name in names)
    for path in (half, young, held):
        path.write_bytes(b'{"event":"batch"')
    stray = folder / ".notes.jsonl"
    stray.write_bytes(b"mine")
    old = time.time() - 2 * DAY
    for path in (half, held, stray):
        os.utime(path, (old, old))
    with held.open("rb") as writer:
        fcntl.flock(writer, fcntl.LOCK_EX)
        assert manager.prune(older_than=DAY, dry_run=True).batches == (names[0],)
        assert str(half) in manager.sweep().temp_files
    assert sorted(folder.iterdir()) == sorted([young, held, stray])
    assert manager.prune(older_than=DAY).batches == (names[2],)


def test_what_was_forgotten_is_counted_and_goes_too(
    days: tuple[ProcessManager, list[str]],
) -> None:
    manager, ids = days
    manager.cleanup_execution(ids[4])
    assert ids[4] in left(manager)
    gone = {one.execution_id for one in manager.prune(max_bytes=0).removed}
    assert gone == set(ids)
    assert left(manager) == set()


def test_what_has_no_beginning_and_what_is_not_ours_is_never_removed(
    manager: ProcessManager,
) -> None:
    folder = manager.state_dir / "executions"
    damaged, foreign = folder / str(uuid.uuid4()), folder / "notes"
    for path in (damaged, foreign):
        path.mkdir()
        (path / "transcript").write_bytes(b"\0" * 10 + b"1.0 out {}\n")
    assert not manager.prune(older_than=0, max_bytes=0)
    assert left(manager) == {damaged.name, "notes"}


def test_a_link_in_the_place_of_an_execution_is_not_followed(
    days: tuple[ProcessManager, list[str]], tmp_path: Path
) -> None:
    manager, ids = days
    elsewhere = tmp_path / "elsewhere"
    (manager.state_dir / "executions" / ids[0]).rename(elsewhere)
    (manager.state_dir / "executions" / ids[0]).symlink_to(elsewhere)
    assert len(manager.prune(max_bytes=0).removed) == 4
    assert (elsewhere / "transcript").exists()
    (manager.state_dir / "executions" / ids[0]).unlink()


def test_a_removal_that_was_cut_off_is_finished_by_the_next_sweep(
    days: tuple[ProcessManager, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    manager, ids = days
    with monkeypatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda *_, **__: None)
        manager.prune(max_bytes=0)
    assert len(left(manager)) == 5
    assert not left(manager) & set(ids)
    manager.sweep()
    assert left(manager) == set()


@pytest.mark.parametrize("bound", [-1, math.nan, math.inf, "a day"])
@pytest.mark.parametrize("name", ["older_than", "max_bytes"])
def test_bound_that_is_none_is_refused(manager: ProcessManager, name: str, bound: object) -> None:
    with pytest.raises(InvalidRequest, match=name) as caught:
        manager.prune(**{name: bound})  # type: ignore[arg-type]
    assert caught.value.field == name


def test_no_bound_at_all_is_refused(manager: ProcessManager) -> None:
    with pytest.raises(InvalidRequest, match="max_bytes"):
        manager.prune()


def test_another_manager_reads_what_it_still_knows(
    days: tuple[ProcessManager, list[str]], make_manager: MakeManager
) -> None:
    manager, ids = days
    other = make_manager()
    manager.prune(max_bytes=0)
    seen = other.get_execution(ids[0])
    assert seen is not None
    assert seen.info.name == "day-0"
    assert list(seen.events) == []
    until(lambda: not left(manager), what="all are gone")
