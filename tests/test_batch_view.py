"""A batch as a cell's value: what the page is told, what it asks, and what is saved.

The rule: a real manager and real executions of the fake CLI; the page's end is a recording comm. A
queue that is paused keeps thousands of rows from being started.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import comm
import pytest

import claude_widget
from claude_widget.batch.batch import Batch
from claude_widget.batch.lines import lines_of, rows_shown, short
from claude_widget.batch.view import MOST_LINES, batch_bundle
from claude_widget.cells import batch_output
from claude_widget.cells import output as cell_output
from claude_widget.cells.batch_output import BatchOutput, widget_of
from claude_widget.cells.freeze import freeze_file
from claude_widget.manager import ProcessManager
from claude_widget.page import many_view
from claude_widget.page.batch_view import BatchView
from claude_widget.protocol import MAX_BATCH, Allow
from tests.conftest import MakeManager
from tests.recording_comm import RecordingComm, ask, rows, say
from tests.waiting import BOUND, until

SAYS = "Look at {{ n }}. fake:says={{ n }}"
HOSTILE = '<img src=x onerror="alert(1)"> [a](javascript:b) | `c`\u202e\x1b[31m'
SECRET = "sk-ant-api03-" + "A1b2" * 20
WIDGET = "application/vnd.jupyter.widget-view+json"


@pytest.fixture(autouse=True)
def page_comms(monkeypatch: pytest.MonkeyPatch) -> None:
    """Widgets that are made from here on have a recording comm."""
    monkeypatch.setattr(comm, "create_comm", RecordingComm)


class Shown:
    """Views that are closed at the end of the test."""

    def __init__(self) -> None:
        self.views: list[BatchView] = []

    def __call__(self, manager: ProcessManager, batch: Batch) -> BatchView:
        self.views.append(BatchView(manager, batch))
        return self.views[-1]


@pytest.fixture
def view() -> Iterator[Shown]:
    """Makes views of batches."""
    shown = Shown()
    yield shown
    for one in shown.views:
        one.close()


Waiting = Callable[[Any], Batch]


@pytest.fixture
def waiting(manager: ProcessManager, project: Path) -> Iterator[Waiting]:
    """Makes batches of which nothing is started."""
    manager.pause_queue()
    made: list[Batch] = []

    def make(table: Any) -> Batch:
        made.append(manager.map(SAYS, table, project_path=project))
        return made[-1]

    yield make
    for batch in made:
        batch.kill()


def page(view: BatchView, batch: Batch, request_id: str = "1", **asked: Any) -> dict[str, Any]:
    """A page of its table."""
    found, _ = ask(view, request_id, type="claude:get-batch-rows", batchId=batch.batch_id, **asked)
    return found


def test_how_far_it_is_has_the_same_size_for_ten_rows_and_ten_thousand(
    manager: ProcessManager, waiting: Waiting, view: Shown
) -> None:
    sizes = []
    for count in (10, 10_000):
        batch = waiting([{"n": str(n)} for n in range(count)])
        shown = view(manager, batch)
        assert shown.progress["total"] == count
        sizes.append(len(json.dumps({**shown.progress, "estimate": None})))
    assert abs(sizes[1] - sizes[0]) < 40


def test_the_trait_follows_to_the_end_and_says_when_rows_are_others(
    manager: ProcessManager, project: Path, view: Shown
) -> None:
    gated = f"{SAYS} fake:gate=go"  # no row has ended before it is looked at first
    batch = manager.map(gated, ["a", "b", "c"], name="look", project_path=project, budget_usd=2)
    shown = view(manager, batch)
    first = dict(shown.progress)
    (project / "go").touch()
    batch.wait(BOUND)
    until(lambda: shown.progress["ended"], what="the page knows that it has ended")
    told = shown.progress
    assert (told["completed"], told["total"], told["name"]) == (3, 3, "look")
    assert (told["budgetUsd"], told["pending"], told["running"]) == (2, 0, 0)
    assert told["costUsd"] > 0
    assert told["revision"] > first["revision"]


def test_rows_come_by_the_page_with_what_went_in_and_what_came_out(
    manager: ProcessManager, project: Path, view: Shown
) -> None:
    table = [{"n": word, "b": [1], "c": None, "d": "left out"} for word in ("a", "bb", "ccc")]
    batch = manager.map(SAYS, table, project_path=project).wait(BOUND)
    found = page(view(manager, batch), batch, offset=1, limit=1)
    assert (found["total"], found["offset"], found["columns"]) == (3, 1, ["n", "b", "c"])
    (row,) = found["rows"]
    assert row["cells"] == ["bb", "[1]", ""]
    assert (row["row"], row["status"], row["result"]) == (1, "completed", "bb")
    assert row["executionId"] == batch.to_dicts()[1]["execution_id"]
    assert row["costUsd"] > 0
    assert row["attempts"] == 1


def test_an_answer_is_bounded_whatever_stands_in_the_cells(
    manager: ProcessManager, waiting: Waiting, view: Shown
) -> None:
    table = [{"n": f"{n} " + "x" * 1_000_000} for n in range(12)]
    batch = waiting(table)
    found = page(view(manager, batch), batch, limit=200)
    assert len(json.dumps(found)) < MAX_BATCH
    assert 0 < len(found["rows"]) < 12  # the page asks for the rest
    assert len(found["rows"][0]["cells"][0]) <= 81


def test_rows_are_filtered_by_reason_and_sorted(
    manager: ProcessManager, project: Path, view: Shown
) -> None:
    ways = ["fake:says=one", "fake:crash", "fake:says=two", "fake:crash"]
    batch = manager.map("{{ way }}", [{"way": way} for way in ways], project_path=project)
    batch.wait(BOUND)
    shown = view(manager, batch)
    failed = page(shown, batch, "1", filter="failed", reason="crashed")
    assert [row["row"] for row in failed["rows"]] == [1, 3]
    assert all(row["result"] for row in failed["rows"])
    assert page(shown, batch, "2", filter="failed", reason="timeout")["total"] == 0
    assert rows_shown(batch, descending=True) == [3, 2, 1, 0]
    slowest = rows_shown(batch, order="duration", descending=True)
    durations = [batch.to_dicts()[number]["duration"] for number in slowest]
    assert durations == sorted(durations, reverse=True)
    (failure,) = shown.progress["failures"]
    assert (failure["reason"], failure["rows"], failure["row"]) == ("crashed", 2, 1)
    assert failure["error"]


def test_rows_that_ask_are_counted_in_their_order_and_shown_alone_until_they_are_answered(
    manager: ProcessManager, project: Path, view: Shown
) -> None:
    manager.page_seen()
    ways = ["fake:gate=go", "fake:asks=Bash", "fake:asks=Bash"]
    batch = manager.map("{{ way }}", [{"way": way} for way in ways], project_path=project)
    shown = view(manager, batch)
    until(lambda: shown.progress["asking"] == 2, what="two ask")
    first, then = shown.progress["askingIds"]
    assert "2 ask for an answer" in str(batch.progress)
    found = page(shown, batch, filter="needs")
    assert [(row["row"], row["requests"]) for row in found["rows"]] == [(1, 1), (2, 1)]
    assert {row["executionId"] for row in found["rows"]} == {first, then}
    asking = batch.execution_of(first)
    assert asking is not None
    revision = shown.progress["revision"]
    asking.answer_request(asking.requests[0].control_id, Allow())
    until(lambda: shown.progress["askingIds"] == [then], what="one asks")
    assert shown.progress["revision"] > revision
    batch.kill()
    until(lambda: shown.progress["asking"] == 0, what="nobody asks any more")


def test_the_page_retries_and_kills(manager: ProcessManager, project: Path, view: Shown) -> None:
    ways = [{"way": "fake:crash"}, {"way": "fake:gate=never"}]
    batch = manager.map("{{ way }}", ways, project_path=project)
    shown = view(manager, batch)
    until(lambda: shown.progress["failed"] == 1, what="one has failed")
    answer, _ = ask(shown, "1", type="claude:retry-batch", batchId=batch.batch_id)
    assert answer["type"] == "claude:done"
    until(lambda: lines_of(batch, [0], ())[0].attempts == 2, what="a further attempt")
    ask(shown, "2", type="claude:kill-batch", batchId=batch.batch_id)
    batch.wait(BOUND)
    until(lambda: shown.progress["ended"], what="the page knows that it has ended")
    assert shown.progress["killed"] >= 1
    refused, _ = ask(shown, "3", type="claude:kill-batch", batchId="unknown")
    assert refused["kind"] == "BatchNotFound"


def test_only_an_execution_that_is_open_is_followed(
    manager: ProcessManager, project: Path, view: Shown
) -> None:
    batch = manager.map("fake:gate=go {{ n }}", [{"n": 1}, {"n": 2}], project_path=project)
    until(lambda: all(one is not None for one in batch.executions), what="both are executions")
    opened, other = (one.execution_id for one in batch.executions if one is not None)
    shown = view(manager, batch)
    ask(shown, "1", type="claude:open-pane", paneId="p", executionId=opened)
    (project / "go").touch()
    batch.wait(BOUND)
    ended = until(lambda: rows(shown).get(opened, {}).get("endTime"), what="its row has ended")
    assert ended
    assert other not in rows(shown)


@pytest.fixture
def hostile(manager: ProcessManager, project: Path) -> Batch:
    """A batch in whose cells, results and errors nothing good stands."""
    (project / "say.py").write_text(
        f"cli.words['says'] = {HOSTILE!r}\ncli.write({HOSTILE.encode()!r}, 2)\n"
    )
    ways = ["fake:script=say.py", "fake:script=say.py fake:crash", f"{SECRET} fake:says={SECRET}"]
    table = [{HOSTILE: HOSTILE, "way": way} for way in ways]
    batch = manager.map("{{ way }}", table, name=HOSTILE, project_path=project)
    return batch.wait(BOUND)


def test_what_is_saved_is_escaped_and_redacted(hostile: Batch) -> None:
    bundle = batch_bundle(hostile)
    assert set(bundle) == {"text/plain", "text/markdown", "text/html"}
    for text in bundle.values():
        assert "\u202e" not in text
        assert "\x1b" not in text
        assert SECRET not in text
        assert "2 completed, 1 failed" in text
    assert "<img" not in bundle["text/html"]
    assert '<td align="left"><div align="left">completed</div></td>' in bundle["text/html"]
    assert '<th align="right">Cost</th>' in bundle["text/html"]
    assert "<img" not in bundle["text/markdown"]
    assert "[a](" not in bundle["text/markdown"]


def test_the_trait_is_redacted_and_the_fallback_stands_beside_the_widget(
    hostile: Batch, manager: ProcessManager, view: Shown
) -> None:
    shown = view(manager, hostile)
    assert SECRET not in json.dumps(shown.progress)
    data, metadata = shown._repr_mimebundle_()
    assert WIDGET in data
    assert "<table>" in data["text/html"]
    assert metadata["claude_widget"] == {"batch_id": hostile.batch_id}


def test_a_view_that_was_left_behind_is_frozen_to_what_it_was_displayed_with(
    hostile: Batch, manager: ProcessManager, view: Shown, tmp_path: Path
) -> None:
    data, metadata = view(manager, hostile)._repr_mimebundle_()
    output = {"output_type": "display_data", "data": data, "metadata": metadata}
    cell = {"cell_type": "code", "metadata": {}, "source": "", "outputs": [output]}
    path = tmp_path / "left.ipynb"
    path.write_text(json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4}))
    assert freeze_file(path, manager.state_dir) == 1
    (kept,) = json.loads(path.read_text())["cells"][0]["outputs"]
    assert WIDGET not in kept["data"]
    assert kept["data"]["text/html"] == data["text/html"]


def test_a_saved_table_is_short_and_says_what_is_left_out(waiting: Waiting) -> None:
    batch = waiting([{"n": str(n)} for n in range(5_000)])
    for text in batch_bundle(batch).values():
        assert len(text) < 10_000
        assert f"{5_000 - MOST_LINES:,} more" in text


def close_pane(live: BatchView, _: pytest.MonkeyPatch) -> None:
    """The reader closes it; the view may be replaced before it has answered."""
    say(live, requestId="2", type="claude:close-pane", paneId="p")


def be_looked_at(live: BatchView, patch: pytest.MonkeyPatch) -> None:
    """Wait until the courier has come back more often than what was said before can explain."""
    looks = 0
    send = live.send_one

    def send_one() -> bool:
        nonlocal looks
        looks += not live._news
        return send()

    patch.setattr(live, "send_one", send_one)
    until(lambda: looks > 5, what="it is looked at though nothing is said")


def read_long(live: BatchView, patch: pytest.MonkeyPatch) -> None:
    """It is open for longer than it is kept; the page says nothing."""
    be_looked_at(live, patch)
    patch.setattr(many_view, "_KEPT_FOR", -1.0)


def reload_page(live: BatchView, patch: pytest.MonkeyPatch) -> None:
    """Another page comes; then none names what the first one had open."""
    live.get_state()
    ask(live, "2", type="claude:ping", paneIds=["p"])
    patch.setattr(many_view, "FORGOTTEN_AFTER", -1.0)
    assert live.reading, "it was a second page: the first one is still there"
    be_looked_at(live, patch)
    live.get_state()


@pytest.mark.parametrize("leave", [close_pane, read_long, reload_page])
def test_an_output_is_live_until_the_batch_is_over_and_nobody_reads_a_row_of_it(
    manager: ProcessManager,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    leave: Callable[[BatchView, pytest.MonkeyPatch], None],
) -> None:
    displayed: list[tuple[Any, dict[str, Any]]] = []
    for module in (cell_output, batch_output):
        monkeypatch.setattr(module, "display", lambda value, **how: displayed.append((value, how)))
    claude_widget.__getattr__("ProcessManager")  # whoever asks for it shows batches, too
    batch = manager.map("fake:gate=go {{ n }}", [{"n": 1}], project_path=project)
    batch._ipython_display_()
    (live, _), *_ = displayed
    assert isinstance(live, BatchView)
    until(lambda: batch.executions[0], what="it is an execution")
    opened = batch.to_dicts()[0]["execution_id"]
    ask(live, "1", type="claude:open-pane", paneId="p", executionId=opened)
    (project / "go").touch()
    batch.wait(BOUND)
    until(lambda: live.progress["ended"], what="the page knows that it has ended")
    until(lambda: not len(live._panes), what="all of its output has gone to the page")
    assert live.reading
    assert len(displayed) == 1
    leave(live, monkeypatch)
    until(lambda: len(displayed) == 2, what="it is replaced")
    static, how = displayed[1]
    assert how["update"]
    assert "1 of 1 rows: 1 completed" in static["text/plain"]
    until(lambda: (live.comm is None) != live.has_later_page, what="only a later page keeps it")
    batch._ipython_display_()  # it is over: there is nothing to watch
    assert displayed[2][0] == static
    live.close()


def test_what_is_only_played_is_static_from_the_first_moment_on(
    make_manager: MakeManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    displayed: list[Any] = []
    for module in (cell_output, batch_output):
        monkeypatch.setattr(module, "display", lambda value, **_: displayed.append(value))
    for seconds in ("_FIRST_WITHIN", "_PLAYED_WITHIN"):  # of a machine that does not stand still
        monkeypatch.setattr(batch_output, seconds, BOUND)
    for mode in ("record", "replay"):
        manager = make_manager(project.parent / mode, mode=mode)
        batch = manager.map(SAYS, ["a", "b"], project_path=project)
        if mode == "replay":
            batch_output.show(batch)
        batch.wait(BOUND)
    (static,) = displayed
    assert "2 of 2 rows: 2 completed" in static["text/plain"]
    assert "$0.0000" in static["text/plain"]
    assert "when what was replayed was recorded" in static["text/plain"]


def test_elsewhere_a_batch_has_one_widget(waiting: Waiting) -> None:
    batch = waiting(["a"])
    found = widget_of(batch)
    assert isinstance(found, BatchView)
    claude_widget.__getattr__("ProcessManager")  # whoever asks for it shows batches, too
    assert batch._display_() is found
    found.close()


def test_a_cell_is_cut_and_is_one_line() -> None:
    assert short("a\n b" + "c" * 100, 10) == "a bccccccc…"
    assert short({"a": [1, None]}, 80) == '{"a": [1, null]}'
    assert short(None, 80) == ""
    assert BatchOutput.watching is False
