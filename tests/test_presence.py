"""Whether there is a page: of this manager, of another one of the process, of another kernel.

The rule: the fake CLI asks; its result tells, word for word, what it was answered.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from claude_widget.presence import ARRIVAL, RECENT, RETURN, Presence, presence_of
from claude_widget.state_folder import PAGES, StateFolder
from tests.asking import asked, known_to, told
from tests.conftest import MakeManager
from tests.fake import ended


def test_a_page_of_another_manager_of_the_process_is_waited_for(
    make_manager: MakeManager, project: Path
) -> None:
    before, again = make_manager(), make_manager()  # as when a cell is run again
    again.page_seen()
    execution = before.start_execution("fake:asks=Bash", project)
    theirs = known_to(again, execution)
    theirs.answer_request(asked(theirs).control_id, True)
    ended(execution, "completed", "success")


def test_a_request_that_has_lost_its_manager_is_denied_by_another_and_no_other_is(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = make_manager()
    owner.page_seen()
    kept = owner.start_execution("fake:asks=Bash", project)
    monkeypatch.setenv("JPY_SESSION_NAME", "/another/notebook.ipynb")
    gone = make_manager()
    lost = gone.start_execution("fake:asks=Bash", project)
    asked(kept)
    asked(lost)
    gone.close()
    monkeypatch.delenv("JPY_SESSION_NAME")
    other = make_manager(permission_grace=0.3)
    theirs = known_to(other, lost)
    ended(theirs, "completed", "denied")
    assert "is gone, and nobody answered for 0.3 s" in str(told(theirs)["message"])
    kept.answer_request(asked(kept).control_id, True)
    ended(kept, "completed", "success")


def test_a_page_that_another_kernel_has_heard_of(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path / "state")
    here, elsewhere = Presence(folder), Presence(StateFolder(folder.path))
    assert here.left_anywhere(60.0) <= 0
    elsewhere.seen()
    assert here.left(60.0) <= 0
    assert 0 < here.left_anywhere(60.0) <= 60
    long_ago = time.time() - 61
    os.utime(folder.path / PAGES, (long_ago, long_ago))
    assert here.left_anywhere(60.0) <= 0
    ahead = time.time() + 3600  # a clock that was set back
    os.utime(folder.path / PAGES, (ahead, ahead))
    assert here.left_anywhere(60.0) <= 60


def test_a_kernel_that_was_restarted_waits_until_its_page_is_back(tmp_path: Path) -> None:
    before = Presence(StateFolder(tmp_path / "state"))
    assert before.left(60.0) <= 0
    before.seen()
    again = Presence(StateFolder(tmp_path / "state"))
    assert 0 < again.left(1.0) <= RETURN
    again.expect()
    assert again.left(1.0) > ARRIVAL
    assert not again.ever
    long_ago = time.time() - RECENT - 1
    os.utime(tmp_path / "state" / PAGES, (long_ago, long_ago))
    assert Presence(StateFolder(tmp_path / "state")).left(1.0) <= 0


def test_managers_of_one_folder_share_it(tmp_path: Path) -> None:
    one, same, other = (StateFolder(tmp_path / name) for name in ("a", "a", "b"))
    assert presence_of(one) is presence_of(same)
    assert presence_of(one) is not presence_of(other)
