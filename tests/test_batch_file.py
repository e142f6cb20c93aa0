"""The file of a batch: appended to, read again, and refused where it cannot be right.

The rule: real files; no execution.
"""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest

from claude_widget.batch.batch_file import BatchFile
from claude_widget.batch.errors import BatchDamaged, BatchTooNew
from claude_widget.batch.kept import read_header, read_kept
from claude_widget.batch.row import Row
from claude_widget.errors import ClaudeWidgetError
from tests.fake import descriptors

HEADER: dict[str, Any] = {"name": "review", "created_time": 5.0}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "batches"


def made(folder: Path, rows: int = 3) -> BatchFile:
    """A batch of some rows that is there for everybody."""
    file = BatchFile.create(folder, "id", HEADER)
    for number in range(rows):
        file.add(Row(number, {"n": number, "t": "ü\udc80"}, f"label {number}"))
    file.publish()
    file.note("rows", count=rows, columns=["n", "t"], digest=file.digest)
    return file


def test_a_batch_is_its_owners_alone_and_there_once_it_is_published(folder: Path) -> None:
    file = BatchFile.create(folder, "id", HEADER)
    assert [path.name for path in folder.iterdir()] == [".id.jsonl"]
    file.publish()
    assert [path.name for path in folder.iterdir()] == ["id.jsonl"]
    assert stat.S_IMODE(file.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    file.close()


def test_one_that_never_was_leaves_nothing(folder: Path) -> None:
    before = descriptors()
    file = BatchFile.create(folder, "id", HEADER)
    file.add(Row(0, {"a": 1}))
    file.discard()
    assert list(folder.iterdir()) == []
    assert descriptors() == before


def test_what_is_written_is_read_again(folder: Path) -> None:
    file = made(folder)
    file.note("admitted", row=1, execution_id="first")
    file.note("admitted", row=1, execution_id="second")
    file.note("refused", row=0, reason="startup", error="no")
    file.note("stopped", why="Stopped at row 2: boom")
    kept = read_kept(file.path)
    assert kept.header["name"] == "review"
    assert kept.executions == {1: ["first", "second"]}
    assert kept.refused == {0: ("startup", "no")}
    assert (kept.total, kept.columns, kept.digest) == (3, ("n", "t"), file.digest)
    assert kept.stopped == "Stopped at row 2: boom"
    again = kept.file
    assert list(again.rows()) == list(file.rows())
    assert again.row(2) == Row(2, {"n": 2, "t": "ü\udc80"}, "label 2")
    file.close()


def test_what_was_retried_waits_again_until_it_is_started(folder: Path) -> None:
    file = made(folder)
    file.note("admitted", row=1, execution_id="first")
    file.note("killed")
    file.note("ended")
    file.note("retried", rows=[0, 1])
    assert read_kept(file.path).retried == {0, 1}
    assert not read_kept(file.path).killed
    assert not read_kept(file.path).ended
    file.note("admitted", row=1, execution_id="second")
    file.note("refused", row=0, reason="startup", error="no")
    assert read_kept(file.path).retried == set()
    file.close()


def test_rows_of_a_megabyte_are_read_one_at_a_time(folder: Path) -> None:
    file = BatchFile.create(folder, "id", HEADER)
    for number in range(5):
        file.add(Row(number, {"t": str(number) * 1_000_000}))
    file.publish()
    assert file.row(3).values == {"t": "3" * 1_000_000}
    file.close()
    assert [row.values["t"][0] for row in read_kept(file.path).file.rows(1, 3)] == ["1", "2"]


def test_an_unterminated_last_line_is_held_back_and_goes_when_it_is_written_on(
    folder: Path,
) -> None:
    file = made(folder)
    file.close()
    with file.path.open("ab") as half:
        half.write(b'{"event":"killed"')
    kept = read_kept(file.path)
    assert not kept.killed
    again = kept.file
    assert again.hold()
    again.note("admitted", row=0, execution_id="first")
    assert read_kept(file.path).executions == {0: ["first"]}
    again.close()


def test_one_process_writes_it_and_another_that_knows_less_reads_it_anew(folder: Path) -> None:
    file = made(folder)
    early = read_kept(file.path)
    assert not early.file.hold()
    file.note("admitted", row=0, execution_id="first")
    file.close()
    assert not early.file.hold()
    late = read_kept(file.path).file
    assert late.hold()
    assert late.held
    late.close()
    assert file.hold()
    file.close()


def test_a_later_version_is_refused(folder: Path) -> None:
    file = BatchFile.create(folder, "id", HEADER)
    file.publish()
    file.close()
    told = json.loads(file.path.read_text())
    file.path.write_text(json.dumps({**told, "version": 2}) + "\n")
    for read in (read_kept, read_header):
        with pytest.raises(BatchTooNew, match="Update"):
            read(file.path)


@pytest.mark.parametrize(
    "lines",
    [
        [],
        [b"\xff\xfe"],
        [b"{}"],
        [b"[]"],
        [b'{"event":"batch","version":"1","batch_id":"x","created_time":1}'],
        [b'{"event":"batch","version":1,"batch_id":"x"}'],
        [b"header", b"nonsense"],
        [b"header", b"[1]"],
        [b"header", b'{"row":1,"values":{}}'],
        [b"header", b'{"row":x,"values":{}}'],
        [b"header", b'{"event":"admitted"}'],
        [b"header", b'{"event":"rows","count":"many","columns":[]}'],
        [b"header", b"[" * 100_000],
    ],
)
def test_a_damaged_file_is_said_to_be_with_its_line(folder: Path, lines: list[bytes]) -> None:
    folder.mkdir(parents=True)
    header = b'{"event":"batch","version":1,"batch_id":"x","created_time":1}'
    path = folder / "x.jsonl"
    path.write_bytes(b"".join((header if one == b"header" else one) + b"\n" for one in lines))
    with pytest.raises((BatchDamaged, BatchTooNew)):
        read_kept(path)


def test_an_event_of_a_later_version_of_the_format_changes_nothing(folder: Path) -> None:
    file = made(folder)
    file.note("warmed", count=3)
    assert read_kept(file.path).total == 3
    file.close()


def test_a_row_that_was_changed_is_not_believed(folder: Path) -> None:
    file = made(folder)
    file.close()
    file.path.write_bytes(file.path.read_bytes().replace(b'{"row":1', b'{"row":7'))
    with pytest.raises(BatchDamaged, match="row 1"):
        file.row(1)


def test_a_full_disk_leaves_the_file_as_it_was(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = made(folder)
    whole = file.path.read_bytes()
    write = os.write

    def half(fd: int, data: Any) -> int:
        if len(data) > 10:
            return write(fd, data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "write", half)
    with pytest.raises(OSError, match="No space"):
        file.note("admitted", row=0, execution_id="first")
    with pytest.raises(ClaudeWidgetError, match="No space"):
        file.add(Row(3, {"t": "x" * 2_000_000}))
    monkeypatch.undo()
    assert file.path.read_bytes() == whole
    file.close()


def test_equal_rows_have_one_digest(folder: Path) -> None:
    def digest(batch_id: str, value: str) -> str:
        file = BatchFile.create(folder, batch_id, HEADER)
        file.add(Row(0, {"a": value}))
        file.close()
        return file.digest

    assert digest("1", "x") == digest("2", "x") != digest("3", "y")


def test_a_link_or_a_pipe_is_no_batch(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "link.jsonl").symlink_to(tmp_path / "elsewhere")
    os.mkfifo(folder / "pipe.jsonl")
    for name in ("link", "pipe"):
        with pytest.raises(OSError, match=r"regular|symbolic"):
            read_kept(folder / f"{name}.jsonl")
