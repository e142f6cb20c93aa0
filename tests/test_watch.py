"""A CLI that waits for somebody while no kernel watches: ended after a while, and not before.

The rule: what is counted is tested with seconds that are told, what is ended with a real shim.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import ClaudeWidgetError, InvalidRequest
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from claude_widget.shim.watch import Attendance, Watch
from claude_widget.state_folder import WATCHING, StateFolder
from tests import fake
from tests.conftest import MakeManager
from tests.waiting import until

WAITS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "an answer": ("requires_action", "fake:asks=Bash", {}),
    "input": ("idle", "hello", {"keep_open": True}),
}


@pytest.mark.parametrize("what", WAITS)
def test_one_that_waits_for_nobody_is_ended(
    make_manager: MakeManager, fake_cli: Path, project: Path, what: str
) -> None:
    state, query, options = WAITS[what]
    backend = LocalBackend(fake_cli, graces=fake.FAST, unwatched=0.4)
    manager = make_manager(backend=backend)
    manager.page_seen()
    execution = manager.start_execution(query, project, **options)
    until(lambda: execution.info.session_state == state, what="it waits")
    manager.close()
    until(lambda: fake.metas(execution)[-1]["event"] == "ended", what="it is over")
    (limit,) = [meta for meta in fake.metas(execution) if meta["event"] == "limit"]
    assert limit["reason"] == "idle"
    found = make_manager().get_execution(execution.execution_id)
    assert found is not None
    assert (found.info.status, found.info.reason) == ("failed", "idle")
    assert found.info.errors == (
        f"It waited for {what}, and for 0.4 s no kernel was there to give it.",
    )


def test_work_without_a_kernel_goes_on(
    make_manager: MakeManager, fake_cli: Path, project: Path
) -> None:
    backend = LocalBackend(fake_cli, graces=fake.FAST, unwatched=0.05)
    manager = make_manager(backend=backend)
    execution = fake.running(manager.start_execution("fake:deltas=300 fake:gate", project))
    manager.close()
    with pytest.raises(ClaudeWidgetError, match="closed"):
        execution.wait(1)
    (project / "go").touch()
    until(lambda: fake.metas(execution)[-1]["event"] == "ended", what="it is over")
    assert "limit" not in [meta["event"] for meta in fake.metas(execution)]


def test_one_that_nobody_attends_is_ended_whatever_it_does(
    make_manager: MakeManager, fake_cli: Path, project: Path
) -> None:
    backend = LocalBackend(fake_cli, graces=fake.FAST, unattended=0.5)
    manager = make_manager(backend=backend)
    execution = fake.running(manager.start_execution("fake:long", project))
    manager.close()
    until(lambda: fake.metas(execution)[-1]["event"] == "ended", what="it is over")
    (limit,) = [meta for meta in fake.metas(execution) if meta["event"] == "limit"]
    assert (limit["reason"], limit["bound"]) == ("idle", 0.5)
    assert limit["figure"] >= 0.5
    found = make_manager().get_execution(execution.execution_id)
    assert found is not None
    assert (found.info.status, found.info.reason) == ("failed", "idle")
    assert found.info.errors == ("It went on, and for 0.5 s no kernel was there (unattended).",)


def test_any_open_manager_of_the_folder_attends(
    make_manager: MakeManager, fake_cli: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = LocalBackend(fake_cli, graces=fake.FAST, unattended=0.2)
    manager = make_manager(backend=backend)
    execution = fake.running(manager.start_execution("fake:gate", project))
    monkeypatch.setenv("JPY_SESSION_NAME", "/another/notebook.ipynb")
    other = make_manager()
    manager.close()
    watch = Watch(str(other.state_dir / WATCHING), 0.2)
    watch.due(0.0, waits=True)
    assert not watch.look(1.0)
    (project / "go").touch()
    until(lambda: fake.metas(execution)[-1]["event"] == "ended", what="it is over")
    assert "limit" not in [meta["event"] for meta in fake.metas(execution)]


def test_for_ever_is_never_looked_at() -> None:
    told: list[object] = []
    attendance = Attendance("/nowhere", None, None, lambda *said: told.append(said))
    assert attendance.deadlines(0.0, "an answer") == []
    bounded = Attendance("/nowhere", None, 100.0, lambda *said: told.append(said))
    ((due, act),) = bounded.deadlines(10.0, "")
    assert due == 35.0
    act(35.0)
    act(110.0)
    assert told == [(100.0, 100.0, "It went on, and for 100 s no kernel was there (unattended).")]


@pytest.mark.parametrize("field", ["unwatched", "unattended"])
@pytest.mark.parametrize("seconds", [0, -1, float("nan"), float("inf")])
def test_seconds_that_are_none_are_refused(tmp_path: Path, field: str, seconds: float) -> None:
    bounds: dict[str, Any] = {field: seconds}
    with pytest.raises(InvalidRequest) as caught:
        ProcessManager(tmp_path / "state", **bounds)
    assert caught.value.field == field


def test_seconds_count_only_while_it_waits_and_nobody_is_there(tmp_path: Path) -> None:
    watch = Watch(str(tmp_path / WATCHING), 100.0)
    assert watch.due(0.0, waits=False) is None
    assert watch.due(10.0, waits=True) == 35.0
    assert not watch.look(35.0)
    assert not watch.look(109.0)
    assert watch.due(109.0, waits=True) == 110.0
    assert watch.look(110.0)
    watch.seen(110.0)  # somebody has asked something
    assert not watch.look(209.0)
    assert watch.due(209.5, waits=False) is None
    assert watch.due(500.0, waits=True) == 525.0
    assert not watch.look(599.0)


def test_without_any_bound_it_still_rests_between_two_looks(tmp_path: Path) -> None:
    folder = StateFolder(tmp_path)
    assert folder.watch()
    watch = Watch(str(tmp_path / WATCHING), 0.0)
    watch.due(5.0, waits=True)
    assert not watch.look(5.0)
    due = watch.due(5.0, waits=True)
    assert due is not None
    assert due > 5.0
    folder.unwatch()
    assert watch.look(due)


def test_a_manager_is_seen_while_it_is_open(make_manager: MakeManager) -> None:
    first = make_manager()
    second = make_manager()
    watch = Watch(str(first.state_dir / WATCHING), 100.0)
    watch.due(0.0, waits=True)
    assert not watch.look(1000.0)
    first.close()
    assert not watch.look(2000.0)
    second.close()
    assert watch.look(3000.0)


def test_a_file_that_was_taken_away_is_made_and_held_again(make_manager: MakeManager) -> None:
    manager = make_manager()
    place = manager.state_dir / WATCHING
    place.unlink()
    until(place.exists, what="it is there again")
    watch = Watch(str(place), 100.0)
    watch.due(0.0, waits=True)
    until(lambda: not watch.look(1000.0), what="it is held")
    manager.close()
    assert watch.look(3000.0)


def test_where_it_cannot_be_told_nobody_is_lost(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / WATCHING).symlink_to(tmp_path / "elsewhere")
    assert StateFolder(tmp_path / "state").watch() is False
    assert not (tmp_path / "elsewhere").exists()
