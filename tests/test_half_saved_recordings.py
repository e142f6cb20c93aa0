"""Recordings that a dead process has left half saved, and a folder that somebody keeps locked.

The rule: as in test_recordings; what a process was amid is made by hand.
"""

from __future__ import annotations

import fcntl
import os
import shutil
from pathlib import Path

import pytest

from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.recordings import store
from claude_widget.recordings.errors import RecordingsLocked
from claude_widget.recordings.files import FolderLock
from claude_widget.recordings.store import Recordings
from tests import saved_recordings as suite
from tests.fake import ended
from tests.saved_recordings import keyed, tree

recordings, execution, saved = suite.recordings, suite.execution, suite.saved


@pytest.fixture
def other(manager: ProcessManager, project: Path) -> Execution:
    """One that was answered otherwise."""
    return ended(manager.start_execution("fake:says=other", project), "completed", "success")


@pytest.mark.parametrize("half", [[".before-"], [".before-", ".saving-"]])
@pytest.mark.parametrize("finder", ["find", "all", "save"])
def test_recording_that_a_dead_process_has_left_halfway_is_put_in_place(
    recordings: Recordings, execution: Execution, saved: Path, half: list[str], finder: str
) -> None:
    for prefix in half:
        shutil.copytree(saved, saved.with_name(prefix + saved.name))
        (saved.with_name(prefix + saved.name) / "changes.patch").write_text(prefix)
    shutil.rmtree(saved)
    if finder == "save":
        recordings.save(keyed("apple"), execution.run, made_by="cell b")
    found = recordings.all()[-1] if finder == "all" else recordings.find(keyed())
    assert found is not None
    assert found.folder == saved
    assert (saved / "changes.patch").read_text() == half[-1], "the new one, if it is whole"
    assert [path for path in recordings.folder.iterdir() if path.name[0] == "."] == []


def test_what_was_not_written_to_its_end_gives_way_to_what_was_there(
    recordings: Recordings, saved: Path
) -> None:
    saved.with_name(f".saving-{saved.name}").mkdir()
    before = tree(saved)
    assert [one.folder for one in recordings.all()] == [saved]
    assert tree(recordings.folder).keys() == {
        "index.json",
        *(f"{saved.name}/{one}" for one in before),
    }


def test_folder_that_another_process_does_not_let_go_of_is_an_error_after_a_while(
    recordings: Recordings, execution: Execution, saved: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FolderLock.__init__, "__kwdefaults__", {"wait": 0.05})
    monkeypatch.setattr(store, "_SAVED_WITHIN", 0.05)
    fd = os.open(recordings.folder, os.O_RDONLY)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX)
        with pytest.raises(RecordingsLocked, match="locked by another process") as caught:
            recordings.find(keyed())
        assert caught.value.path == str(recordings.folder)
        with pytest.raises(RecordingsLocked):
            recordings.save(keyed(), execution.run, made_by="cell a")
    finally:
        os.close(fd)
    assert recordings.find(keyed()) is not None


@pytest.mark.parametrize("is_copied", [False, True])
def test_failing_amid_a_replacement_leaves_the_recording_before(
    recordings: Recordings,
    other: Execution,
    saved: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_copied: bool,
) -> None:
    if is_copied:
        shutil.copytree(saved, saved.with_name(f"zebra-{keyed().key[:12]}"))
    before = tree(recordings.folder)
    anew = Recordings(recordings.folder, recordings.redactor)
    rename = Path.rename

    def fail(path: Path, target: Path) -> Path:
        if path.name.startswith(".saving-"):
            raise OSError(28, "No space left on device")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", fail)
    with pytest.raises(ClaudeWidgetError, match="No space left"):
        anew.save(keyed(), other.run, made_by="cell a")
    assert tree(recordings.folder) == before


def test_of_two_folders_of_one_key_the_one_that_is_found_gives_way(
    recordings: Recordings, other: Execution, saved: Path
) -> None:
    copy = saved.with_name(f"zebra-{keyed().key[:12]}")
    shutil.copytree(saved, copy)
    before = tree(saved)
    anew = Recordings(recordings.folder, recordings.redactor)
    assert anew.save(keyed(), other.run, made_by="cell a") == copy
    found = Recordings(recordings.folder, recordings.redactor).find(keyed())
    assert found is not None
    assert found.folder == copy
    assert "other" in (copy / "transcript").read_text()
    assert tree(saved) == before
    assert [path for path in recordings.folder.iterdir() if path.name[0] == "."] == []
