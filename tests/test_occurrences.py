"""Equal starts are counted, by the cell that makes them; and a start knows where it stands."""

from __future__ import annotations

import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from claude_widget.cells import running_cell
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.recordings.call_sites import call_site
from claude_widget.recordings.occurrences import Cell, Occurrences
from tests.replaying import MakeManager, done, folders, in_cell


def take(counted: Occurrences, cell: str, run: str, asked: str = "x") -> int:
    return counted.take(asked, Cell(cell, cell, run))


def test_without_a_cell_they_count_on() -> None:
    counted = Occurrences()
    assert [
        counted.take("x", None),
        counted.take("x", Cell("a.py:1")),
        counted.take("y", None),
    ] == [
        1,
        2,
        1,
    ]


def test_a_cell_that_is_run_again_has_the_numbers_it_had() -> None:
    counted = Occurrences()
    assert [take(counted, "a", "1") for _ in range(3)] == [1, 2, 3]
    assert take(counted, "b", "2") == 4
    assert [take(counted, "a", "3") for _ in range(4)] == [1, 2, 3, 5]
    assert take(counted, "b", "4") == 4
    assert take(counted, "a", "5", asked="other") == 1


@pytest.mark.parametrize("mode", ["replay", "auto"])
def test_a_cell_that_resumes_finds_its_recording_whenever_it_is_run_again(
    make_manager: MakeManager, project: Path, recordings: Path, mode: str
) -> None:
    runs = iter(range(100))

    def run(manager: ProcessManager, cell: str, session: str | None = None) -> Execution:
        in_cell(manager, Cell(cell, cell, str(next(runs))))
        return done(manager.start_execution(f"fake:says={cell}", project, session))

    def notebook(manager: ProcessManager, order: str) -> list[tuple[str | None, bool]]:
        session = run(manager, "A").info.session_id
        after = [run(manager, cell, None if cell == "A" else session) for cell in order]
        return [(one.result, one.info.recorded) for one in after]

    notebook(make_manager(mode="record"), "BC")
    again = make_manager(mode=mode)
    assert notebook(again, "BBCBACA") == [(cell, True) for cell in "BBCBACA"]
    again = make_manager(mode=mode)
    assert notebook(again, "BAC") == [(cell, True) for cell in "BAC"]
    assert len(folders(recordings)) == 3


def test_what_did_not_come_about_has_no_number() -> None:
    for cell in (None, Cell("a", "a", "1")):
        counted = Occurrences()
        assert [counted.take("x", cell) for _ in range(3)] == [1, 2, 3]
        counted.give_back("x", cell, 1)
        counted.give_back("x", cell, 2)
        assert [counted.take("x", cell) for _ in range(3)] == [1, 2, 4], "in whichever order"


def test_a_new_cell_has_the_numbers_that_no_cell_asks_for_any_more() -> None:
    counted = Occurrences()
    assert [take(counted, "a", "1") for _ in range(2)] == [1, 2]
    assert take(counted, "b", "2") == 3
    take(counted, "a", "3", asked="edited")
    assert take(counted, "c", "4") == 1
    deleted = Cell("d", "d", "5", frozenset("b"))
    assert [counted.take("x", deleted) for _ in range(2)] == [2, 3]
    assert [take(counted, "a", "6") for _ in range(2)] == [4, 5], "its own are others' by now"


def test_a_number_is_told_that_a_run_from_the_top_would_not_give() -> None:
    def told(cell: str, run: str, times: int = 1) -> list[tuple[int, int]]:
        place = Cell(cell, cell, run)
        taken = [counted.take("x", place) for _ in range(times)]
        return [(number, counted.from_the_top("x", place, number)) for number in taken]

    counted = Occurrences()
    assert [*told("a", "1", 2), *told("b", "2")] == [(1, 1), (2, 2), (3, 3)]
    assert [*told("a", "3", 2), *told("b", "4")] == [(1, 1), (2, 2), (3, 3)]
    assert told("a", "5", 3) == [(1, 1), (2, 2), (4, 3)]
    assert told("b", "6") == [(3, 4)]
    assert counted.from_the_top("x", None, 7) == 7


def test_a_cell_that_is_run_again_meanwhile_harms_no_start_of_its_last_run() -> None:
    counted = Occurrences()
    slow = [take(counted, "a", "1") for _ in range(2)]
    assert take(counted, "a", "2") == 1
    told = [counted.from_the_top("x", Cell("a", "a", "1"), number) for number in slow]
    assert told == [1, 2]


def test_equal_starts_out_of_order_are_told_when_they_are_recorded(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(mode="record")

    def run(cell: str, number: str, times: int) -> None:
        in_cell(manager, Cell(f"cell {cell}", cell, number))
        for _ in range(times):
            done(manager.start_execution("hello", project))

    run("a", "1", 1)
    run("b", "2", 1)
    assert not manager.recording_problems
    run("a", "3", 2)
    (problem,) = list(manager.recording_problems)
    assert "number 2 of these equal starts, and this is number 3" in problem.problem


def test_a_start_knows_its_line_and_its_cell(tmp_path: Path) -> None:
    here = call_site(None, Path(__file__).parent)
    assert (here.label.split(":")[0], here.id) == (Path(__file__).name, None)
    cell = Cell("cell 7", "7", "m")
    assert call_site(lambda: cell, tmp_path) is cell
    found: list[Cell] = []
    thread = threading.Thread(target=call_site, args=(lambda: found.append(cell), tmp_path))
    thread.start()
    thread.join()
    assert found == [], "a thread of the package's own is no cell"


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        (
            {"metadata": {"cellId": "7f3a"}, "header": {"msg_id": "m"}},
            Cell("cell 7f3a", "7f3a", "m"),
        ),
        (
            {
                "metadata": {"cellId": "vscode-notebook-cell:/x/a%20b.ipynb#W0"},
                "header": {"msg_id": "m"},
            },
            Cell("a b.ipynb cell W0", "W0", "m"),
        ),
        ({"metadata": {}, "header": {"msg_id": "m"}}, Cell("cell [3]")),
        ({"metadata": {"cellId": 7}}, Cell("cell [3]")),
        ({}, Cell("cell [3]")),
        (None, Cell("cell [3]")),
    ],
)
def test_the_running_cell_is_what_its_message_says(
    monkeypatch: pytest.MonkeyPatch, parent: Any, expected: Cell
) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    shell = SimpleNamespace(get_parent=lambda: parent, execution_count=3)
    monkeypatch.setattr(running_cell, "get_ipython", lambda: shell)
    assert running_cell.running_cell() == expected
    for session, named in [("/home/me/a b.ipynb", "a b.ipynb cell [3]"), ("0b5fc2f1", "cell [3]")]:
        monkeypatch.setenv("JPY_SESSION_NAME", session)
        found = running_cell.running_cell()
        assert found == (Cell(named) if expected.id is None else expected)
    monkeypatch.setattr(running_cell, "get_ipython", lambda: None)
    assert running_cell.running_cell() is None


def test_a_cell_without_a_name_has_the_number_that_it_is_shown_with(
    monkeypatch: pytest.MonkeyPatch, shell: InteractiveShell
) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    shell.user_ns["here"] = running_cell.running_cell
    found = [shell.run_cell("here()", store_history=True) for _ in range(2)]
    assert [one.result for one in found] == [Cell("cell [1]"), Cell("cell [2]")]
    assert [one.execution_count for one in found] == [1, 2]

    content = {"store_history": True}
    counting = SimpleNamespace(get_parent=lambda: {"content": content}, user_ns={"_i2": "here()"})
    monkeypatch.setattr(running_cell, "get_ipython", lambda: counting)
    for counting.execution_count in (3, 2):  # before the cell runs, and after it
        assert running_cell.running_cell() == Cell("cell [2]")
    content["store_history"] = False  # it is not counted, and is shown with the next one's number
    counting.execution_count = 3
    assert running_cell.running_cell() == Cell("cell [3]")


def test_cells_that_were_deleted_are_told_until_they_are_run_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def says(cell: str, *deleted: str) -> None:
        metadata = {"cellId": cell, "deletedCells": list(deleted)}
        parent = {"metadata": metadata, "header": {"msg_id": "m"}}
        shell = SimpleNamespace(get_parent=lambda: parent, execution_count=3, events=events)
        monkeypatch.setattr(running_cell, "get_ipython", lambda: shell)

    heard: list[Any] = []
    events = SimpleNamespace(register=lambda _, hears: heard.append(hears))
    monkeypatch.setattr(running_cell, "_DELETED", set())

    def gone() -> frozenset[str]:
        cell = running_cell.running_cell()
        assert cell is not None
        return cell.gone

    says("a")
    assert gone() == frozenset()
    says("b", "x", "y", "z")
    heard[0]()  # a cell that starts nothing
    says("c")
    assert gone() == {"x", "y", "z"}
    says("x", "x")  # it was cut
    assert gone() == {"y", "z"}


def test_a_cell_that_is_run_again_finds_the_same_recording(
    make_manager: MakeManager, project: Path
) -> None:
    run = iter("12345")

    def keys(manager: ProcessManager, cell: str) -> list[str | None]:
        in_cell(manager, Cell(cell, cell, next(run)))
        started = [manager.start_execution("hello", project) for _ in range(2)]
        return [done(one).info.recording_key for one in started]

    manager = make_manager(mode="auto")
    first, other, again = keys(manager, "a"), keys(manager, "b"), keys(manager, "a")
    assert first == again
    assert len({*first, *other}) == 4
