"""The file of the history's index: several processes at once, and one that cannot be used.

The rule: whatever becomes of the file, nothing of it is removed, what is said is said once, and
the index goes on with a new one.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from claude_widget.errors import ClaudeWidgetError
from claude_widget.history import schema
from claude_widget.history.entry import HistoryEntry
from claude_widget.history.errors import HistoryUnavailable
from claude_widget.history.filter import wanted
from claude_widget.history.index import NAME, HistoryIndex
from claude_widget.history.indexing import Indexing
from claude_widget.history.pins import pin
from claude_widget.history.sync import HistorySync
from claude_widget.state_folder import StateFolder
from tests.history_entries import made
from tests.small_disk import as_root, mounted
from tests.test_retention import ended_on
from tests.waiting import BOUND


@pytest.fixture
def index(tmp_path: Path) -> HistoryIndex:
    return HistoryIndex(tmp_path, busy=0.2)


def found(index: HistoryIndex, text: str | None = None) -> list[str]:
    return [one.query for one in index.search(wanted(text))]


# -- the file ------------------------------------------------------------------------------------


def test_file_is_its_owners_alone(index: HistoryIndex, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        index.put([made()])
    finally:
        os.umask(before)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.glob("history*")}
    assert modes[NAME] == 0o600
    assert set(modes.values()) == {0o600}


@pytest.mark.parametrize(
    ("version", "kind", "mode"),
    [
        ((3, 40, 1), "ext4", "TRUNCATE"),
        ((3, 51, 2), "ext4", "TRUNCATE"),
        ((3, 51, 3), "ext4", "WAL"),
        ((3, 51, 3), "nfs4", "TRUNCATE"),
        ((3, 51, 3), "", "TRUNCATE"),
    ],
)
def test_wal_only_where_it_is_safe(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: tuple[int, ...],
    kind: str,
    mode: str,
) -> None:
    monkeypatch.setattr(schema, "file_system", lambda _path: kind)
    assert schema.journal_mode(version, tmp_path / NAME) == mode


def test_file_system_is_that_of_the_mount_below_which_a_file_lies(tmp_path: Path) -> None:
    assert schema.file_system(Path("/proc/self/x")) == "proc"
    assert schema.file_system(tmp_path / NAME)


def _garbage(path: Path) -> None:
    path.write_bytes(b"this is no database at all, and long enough to be read as one" * 100)


def _cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def _overwritten(path: Path) -> None:
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(size - 4096))


def _without_a_table(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE texts")
    db.close()


def _newer(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute(f"PRAGMA user_version={schema.VERSION + 1}")
    db.close()


def _somebody_elses(path: Path) -> None:
    path.unlink()
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE accounts(name)")
    db.close()


def _link(path: Path) -> None:
    elsewhere = path.with_name("elsewhere")
    path.rename(elsewhere)
    path.symlink_to(elsewhere)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


SPOILED = {
    "corrupt": (_garbage, _cut, _overwritten, _without_a_table),
    "newer": (_newer,),
    "foreign": (_somebody_elses, _link, _folder),
}


@pytest.mark.parametrize(
    ("why", "spoil"), [(why, spoil) for why, spoils in SPOILED.items() for spoil in spoils]
)
def test_file_that_cannot_be_used_is_moved_aside_and_said_once(
    index: HistoryIndex,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    why: str,
    spoil: object,
) -> None:
    index.put([made(number, result="word " * 500) for number in range(50)])
    spoil(index.path)  # type: ignore[operator]
    spoiled = None if index.path.is_dir() else index.path.read_bytes()
    with caplog.at_level(logging.WARNING):
        assert index.search(wanted("word")) == []
        assert not index.is_complete()
        index.put([made(1)])
        assert found(index, "query") == ["query 1"]
    (kept,) = tmp_path.glob(f"{NAME}.{why}-*")
    assert spoiled is None or kept.read_bytes() == spoiled, "nothing of it is lost"
    (note,) = index.notes
    assert str(kept) in note
    assert [record.message for record in caplog.records] == [note]
    assert not tmp_path.joinpath("elsewhere").exists() or kept.is_symlink()


def test_of_each_reason_one_index_is_kept_and_all_files_that_are_none_of_ours(
    index: HistoryIndex, tmp_path: Path
) -> None:
    for number in range(3):
        for spoil in (_garbage, _newer, _somebody_elses):
            index.put([made(number)])
            spoil(index.path)
            assert found(index) == []
    kept = sorted(path.name.split(".")[2].partition("-")[0] for path in tmp_path.glob(f"{NAME}.*"))
    assert kept == ["corrupt", "foreign", "foreign", "foreign", "newer"]


def test_versions_that_share_a_state_folder_leave_each_other_their_files(
    index: HistoryIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    later = tmp_path / f"history-{schema.VERSION + 1}.sqlite3"
    for _ in range(2):
        index.put([made(1)])
        with monkeypatch.context() as patch:
            patch.setattr(schema, "VERSION", schema.VERSION + 1)
            patch.setattr("claude_widget.history.index.NAME", later.name)
            other = HistoryIndex(tmp_path, busy=0.2)
            other.put([made(2)])
            assert (found(other), other.notes, other.renewals) == (["query 2"], [], 0)
        assert (found(index), index.notes, index.renewals) == (["query 1"], [], 0)
    assert [path.name for path in tmp_path.glob("*.sqlite3*")].count(later.name) == 1


def test_journal_of_a_file_goes_with_it(index: HistoryIndex, tmp_path: Path) -> None:
    index.put([made(1)])
    journal = tmp_path / f"{NAME}-journal"
    journal.write_bytes(b"of the old one")
    kept = index._move_aside("corrupt", index.path.stat().st_ino)
    assert Path(f"{kept}-journal").read_bytes() == b"of the old one"
    assert not journal.exists()
    index.put([made(2)])
    assert found(index) == ["query 2"]


HOLDS = """
import sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN EXCLUSIVE")
db.execute("UPDATE about SET complete = 0")
print("held", flush=True)
sys.stdin.read()
try:
    db.execute("COMMIT")
    db.execute("UPDATE about SET complete = 1")
except sqlite3.Error as error:
    print(error, flush=True)
"""


@pytest.fixture
def holder(index: HistoryIndex) -> Iterator[subprocess.Popen[str]]:
    """Another process that holds the index, and does not let go."""
    index.put([made(1)])
    command = [sys.executable, "-c", HOLDS, str(index.path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, **pipes) as process:  # type: ignore[call-overload]
        assert process.stdout.readline() == "held\n"
        yield process
        process.stdin.close()


def test_file_that_another_process_holds_for_too_long_is_moved_aside(
    index: HistoryIndex, tmp_path: Path, holder: subprocess.Popen[str]
) -> None:
    assert index.put([made(2)]) == 1
    assert found(index) == ["query 2"]
    (kept,) = tmp_path.glob(f"{NAME}.locked-*[0-9]")
    said, _ = holder.communicate(timeout=BOUND)
    index.put([made(3)])
    assert found(index) == ["query 3", "query 2"], "what it does then is no harm"
    assert "readonly" in said
    (note,) = index.notes
    assert "locked by another process" in note
    assert str(kept) in note


INSERTS = """
import sys
from pathlib import Path
from claude_widget.history.index import HistoryIndex
from tests.history_entries import made
index = HistoryIndex(Path(sys.argv[1]))
first = int(sys.argv[2])
print("ready", flush=True)
sys.stdin.readline()
for number in range(first, first + 100, 10):
    index.put([made(n) for n in range(number, number + 10)])
print(index.notes, flush=True)
"""


def test_processes_insert_at_once_and_nothing_is_lost(index: HistoryIndex, tmp_path: Path) -> None:
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", INSERTS, str(tmp_path), str(first)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
        )
        for first in (0, 50, 1000)  # the first two share half of theirs
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    said = [process.communicate("go\n", timeout=BOUND)[0] for process in processes]
    assert said == ["[]\n"] * 3
    assert len(index.sizes()) == 250
    assert len(index.search(wanted("query"))) == 250
    with sqlite3.connect(index.path) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        db.execute("INSERT INTO search(search) VALUES ('integrity-check')")
    db.close()


def test_of_two_that_find_it_corrupt_one_moves_it(index: HistoryIndex, tmp_path: Path) -> None:
    other = HistoryIndex(tmp_path)
    index.put([made(1)])
    seen = index.path.lstat().st_ino
    _garbage(index.path)
    index.put([made(2)])
    assert other._move_aside("corrupt", seen) is None
    assert found(other) == ["query 2"]
    assert len(list(tmp_path.glob(f"{NAME}.corrupt-*"))) == 1


# -- disks ---------------------------------------------------------------------------------------


@as_root
def test_read_only_folder_is_searched_without_a_file(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk") as disk:
        index = HistoryIndex(disk.path)
        disk.remount("ro")
        assert index.put([made(1)]) == 1
        assert found(index, "query") == ["query 1"]
        assert index.in_memory
        (note,) = index.notes
        assert "cannot be written" in note
        assert str(index.path) in note
        assert not list(disk.path.iterdir())


@as_root
def test_file_on_a_disk_that_became_read_only_is_read_until_something_is_to_be_put(
    tmp_path: Path,
) -> None:
    with mounted(tmp_path / "disk") as disk:
        index = HistoryIndex(disk.path)
        index.put([made(1)])
        disk.remount("ro")
        assert found(index) == ["query 1"]
        index.put([made(2)])
        assert index.in_memory
        assert not index.is_complete(), "whoever fills it has to begin anew"


@as_root
def test_transcripts_of_a_read_only_folder_are_found_all_the_same(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk") as disk:
        ids = {ended_on(disk.path / "executions", day) for day in range(3)}
        disk.remount("ro")
        index = HistoryIndex(disk.path)
        report = HistorySync(disk.path / "executions", index).sync()
        assert report.indexed == 3
        assert index.is_complete()
        assert {one.execution_id for one in index.search(wanted("day"))} == ids
        assert len(report.notes) == 1
        with pytest.raises(ClaudeWidgetError, match="pin"):
            pin(disk.path / "executions" / min(ids), pinned=True)


@as_root
def test_full_disk_is_an_error_and_the_index_is_as_it_was(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk") as disk:
        index = HistoryIndex(disk.path)
        index.put([made(1)])
        disk.fill()
        with pytest.raises(HistoryUnavailable, match="full"):
            index.put([_large(2)])
        assert found(index) == ["query 1"]
        disk.make_room()
        index.put([_large(2)])
        assert found(index, "words") == ["query 2"]


def _large(number: int) -> HistoryEntry:
    return made(number, result="words and more words " * 10_000)


@as_root
def test_no_room_for_a_file_at_all(tmp_path: Path) -> None:
    with mounted(tmp_path / "disk") as disk:
        disk.fill()
        index = HistoryIndex(disk.path)
        index.put([made(1)])
        assert found(index) == ["query 1"]
        assert index.in_memory


def test_what_is_noted_in_the_moment_in_which_the_thread_gives_up_is_taken_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    indexing = Indexing(StateFolder(tmp_path / "state"))
    waits: list[float] = []

    def wait(seconds: float) -> bool:
        waits.append(seconds)
        if len(waits) == 1:  # the time is over, and the lock is not had again before this
            indexing._waiting["late"] = None
        return False

    monkeypatch.setattr(indexing._changed, "wait", wait)
    assert indexing._batch() == ["late"]
