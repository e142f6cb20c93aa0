"""What feeds the rows of a batch: as many at once as may be, whatever rows and starts do.

The rule: a played manager (tests/batch_host.py), so that each order of events can be had.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from claude_widget.batch.batch import Batch
from claude_widget.batch.errors import BatchFailed
from claude_widget.batch.kept import read_kept
from claude_widget.batch.row import Row
from claude_widget.errors import ClaudeWidgetError, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.models import Reason
from claude_widget.recordings.errors import RecordingNotFound
from tests.batch_host import NAME, Played, PlayedHost, batch_of, fed, lines_of
from tests.fake import descriptors
from tests.waiting import BOUND, until


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "batches"


@pytest.fixture
def host() -> PlayedHost:
    return PlayedHost()


def statuses(batch: Batch) -> list[str]:
    return [row["status"] for row in batch.to_dicts()]


def ids(executions: Sequence[Execution | None]) -> list[str]:
    return [one.execution_id for one in executions if one is not None]


def started(host: PlayedHost, batch: Batch, count: int) -> list[Played]:
    """Wait until so many rows are executions, each has been heard of, and no other is started."""
    until(lambda: len(ids(batch.executions)) == count, what=f"{count} heard of")
    until(lambda: batch.feeding._admitting is None, what="their starts have returned")
    return fed(host, count)


def end_all(host: PlayedHost, batch: Batch) -> None:
    """Each execution completes, until the batch is over."""
    ended: list[Played] = []

    def end_more() -> bool:
        for played in host.admitted[len(ended) :]:
            host.ends(played)
            ended.append(played)
        return batch.ended

    until(end_more, what="the batch is over")


def test_no_more_rows_are_executions_at_once_than_may_be(folder: Path, host: PlayedHost) -> None:
    batch = batch_of(folder, host, 10, limit=2)
    first, second = fed(host, 2)
    host.runs(first)
    assert len(host.admitted) == 2
    host.ends(second)
    third = fed(host, 3)[2]
    assert third.row == 2
    end_all(host, batch)
    assert [one.row for one in host.admitted] == list(range(10))
    assert statuses(batch) == ["completed"] * 10


def test_without_a_limit_some_wait_ahead_in_the_line(folder: Path, host: PlayedHost) -> None:
    batch = batch_of(folder, host, 100)
    fed(host, host.slots + 4)
    assert batch.progress.pending == 100
    batch.kill()


def test_what_has_ended_holds_no_file_and_no_thread(folder: Path, host: PlayedHost) -> None:
    before, threads = Counter(descriptors()), threading.active_count()
    batch = batch_of(folder, host, 3)
    end_all(host, batch)
    until(lambda: threading.active_count() <= threads, what="its thread has ended")
    # What other tests' threads hold comes and goes, and may have been counted above.
    until(lambda: not Counter(descriptors()) - before, what="its file is closed")
    assert read_kept(folder / f"{NAME}.jsonl").ended
    assert [row["result"] for row in batch.to_dicts()] == ["of 0", "of 1", "of 2"]


def test_a_batch_of_no_rows_is_over(folder: Path, host: PlayedHost) -> None:
    batch = batch_of(folder, host, 0)
    assert batch.wait(BOUND).ended
    assert "no rows" in repr(batch)
    assert str(batch.progress).startswith("no rows\n")


def test_a_generator_is_pulled_as_slots_free_up(folder: Path, host: PlayedHost) -> None:
    pulled: list[int] = []

    def numbers() -> Iterator[int]:
        for number in range(5):
            pulled.append(number)
            yield number

    batch = batch_of(folder, host, lines_of(numbers()), limit=2)
    fed(host, 2)
    assert (batch.progress.total, pulled) == (None, [0, 1])
    end_all(host, batch)
    assert batch.progress.total == 5
    assert read_kept(folder / f"{NAME}.jsonl").file.count == 5


def test_a_generator_that_raises_half_way_stops_the_batch_there(
    folder: Path, host: PlayedHost
) -> None:
    def numbers() -> Iterator[int]:
        yield from (0, 1)
        raise ValueError("boom")

    batch = batch_of(folder, host, lines_of(numbers()))
    started = fed(host, 2)
    until(lambda: batch.stopped, what="it has stopped")
    assert batch.progress.stopped == "Stopped at row 2: the rows raised ValueError: boom"
    assert not batch.feeding.over, "what was started goes on"
    for played in started:
        host.ends(played)
    assert batch.wait(BOUND).progress.completed == 2
    assert read_kept(folder / f"{NAME}.jsonl").stopped == batch.stopped
    with pytest.raises(BatchFailed, match="boom"):
        batch.raise_for_status()


def test_a_generator_that_never_gives_holds_up_neither_ends_nor_a_kill(
    folder: Path, host: PlayedHost
) -> None:
    gate = threading.Event()

    def numbers() -> Iterator[int]:
        yield 0
        gate.wait(BOUND)
        yield 1

    batch = batch_of(folder, host, lines_of(numbers()))
    first = started(host, batch, 1)[0]
    host.ends(first)
    assert not batch.ended
    batch.kill()
    assert batch.wait(BOUND).progress.completed == 1
    batch.retry_failed(killed=True)
    assert batch.wait(BOUND).ended
    gate.set()
    assert len(host.admitted) == 1


def test_a_row_that_cannot_be_started_fails_alone(folder: Path, host: PlayedHost) -> None:
    wrong = {1: InvalidRequest("The query is blank.", field="query"), 2: RecordingNotFound("n")}
    host.refuse = lambda row: wrong.get(row.number)
    batch = batch_of(folder, host, 4)
    fed(host, 2)
    end_all(host, batch)
    assert statuses(batch) == ["completed", "failed", "failed", "completed"]
    (failure,) = batch.progress.failures
    assert (failure.reason, failure.rows, failure.row) == ("startup", 2, 1)
    assert "blank" in failure.error
    assert read_kept(folder / f"{NAME}.jsonl").refused.keys() == {1, 2}


def test_a_bad_row_of_a_generator_fails_alone(folder: Path, host: PlayedHost) -> None:
    rows = [1, Row(1, {}, problem="it is bytes"), 3]
    batch = batch_of(folder, host, lines_of(rows))
    fed(host, 2)
    end_all(host, batch)
    assert statuses(batch) == ["completed", "failed", "completed"]
    assert "it is bytes" in batch.progress.failures[0].error


def test_what_would_fail_for_every_row_stops_the_batch_until_it_is_resumed(
    folder: Path, host: PlayedHost
) -> None:
    problem: list[ClaudeWidgetError] = [ClaudeWidgetError("No Claude Code here.")]
    host.refuse = lambda row: problem[0] if problem and row.number == 1 else None
    batch = batch_of(folder, host, 3)
    host.ends(fed(host, 1)[0])
    assert batch.wait(BOUND).stopped == "Stopped at row 1: No Claude Code here."
    assert batch.progress.pending == 2
    problem.clear()
    batch.resume()
    fed(host, 3)
    end_all(host, batch)
    assert statuses(batch) == ["completed"] * 3
    assert batch.stopped == ""


def test_kill_ends_what_runs_and_starts_no_more(folder: Path, host: PlayedHost) -> None:
    batch = batch_of(folder, host, 5, limit=2)
    first, second = started(host, batch, 2)
    batch.kill()
    assert host.killed == [first.execution_id, second.execution_id]
    assert statuses(batch) == ["pending", "pending", "killed", "killed", "killed"]
    for played in (first, second):
        host.ends(played, Reason.BATCH)
    assert batch.wait(BOUND).progress.killed == 5
    batch.kill()
    assert len(host.killed) == 2
    assert read_kept(folder / f"{NAME}.jsonl").killed


def test_once_its_budget_is_spent_nothing_more_is_started_and_what_runs_goes_on(
    folder: Path, host: PlayedHost
) -> None:
    batch = batch_of(folder, host, 5, limit=2)
    first, second = fed(host, 2)
    host.spent = "its budget of $1 is used up"
    host.ends(first, cost_usd=1.0)
    assert 1.0 in host.noted
    until(lambda: batch.stopped, what="it has stopped")
    assert batch.stopped == "Stopped: its budget of $1 is used up"
    assert not batch.feeding.over
    host.ends(second)
    assert batch.wait(BOUND).progress.killed == 3
    assert [one.reason for one in batch.progress.failures] == ["budget_scope"]
    assert read_kept(folder / f"{NAME}.jsonl").killed == "budget_scope"


def test_one_that_is_being_started_while_its_batch_is_killed_is_killed_too(
    folder: Path, host: PlayedHost
) -> None:
    started, killed = threading.Event(), threading.Event()

    def wait_for_the_kill(_: Played) -> None:
        started.set()
        killed.wait(BOUND)

    host.at_once = wait_for_the_kill
    batch = batch_of(folder, host, 2)
    started.wait(BOUND)
    batch.kill()
    killed.set()
    until(lambda: len(host.killed) == 1, what="it is killed as well")
    host.ends(host.admitted[0], Reason.BATCH)
    assert batch.wait(BOUND).progress.killed == 2


def test_what_is_cancelled_starts_no_more_rows_and_what_runs_goes_on(
    folder: Path, host: PlayedHost
) -> None:
    batch = batch_of(folder, host, 5, limit=2)
    first, second = started(host, batch, 2)
    batch.feeding.cancel()
    host.ends(first)
    host.ends(second)
    assert statuses(batch.wait(BOUND)) == ["completed"] * 2 + ["killed"] * 3
    assert read_kept(folder / f"{NAME}.jsonl").killed == "user"


def test_nobody_waits_for_rows_that_nobody_will_start(folder: Path, host: PlayedHost) -> None:
    batch = batch_of(folder, host, 1)
    host.held.add(fed(host, 1)[0].execution_id)
    with pytest.raises(ClaudeWidgetError, match="resume"):
        batch.wait(BOUND)


def test_an_end_that_is_told_before_its_start_has_returned_counts(
    folder: Path, host: PlayedHost
) -> None:
    host.at_once = host.ends
    batch = batch_of(folder, host, 20)
    assert batch.wait(BOUND).progress.completed == 20


def test_those_that_failed_are_started_once_more_and_linked(folder: Path, host: PlayedHost) -> None:
    batch = batch_of(folder, host, 3)
    first, second, third = fed(host, 3)
    host.ends(first)
    host.ends(second, Reason.API_ERROR)
    host.ends(third, Reason.USER)
    assert batch.wait(BOUND).progress.failed == 1
    assert batch.retry_failed() is batch
    again = fed(host, 4)[3]
    assert again.row == 1
    assert host.befores[3] is second
    host.ends(again)
    assert batch.wait(BOUND).progress.completed == 2
    assert statuses(batch) == ["completed", "completed", "killed"]
    assert read_kept(folder / f"{NAME}.jsonl").executions[1] == [
        second.execution_id,
        again.execution_id,
    ]
    batch.retry_failed(killed=True)
    host.ends(fed(host, 5)[4])
    assert statuses(batch) == ["completed"] * 3


def test_results_are_in_row_order_and_none_where_there_is_none(
    folder: Path, host: PlayedHost
) -> None:
    batch = batch_of(folder, host, 3)
    first, second, third = fed(host, 3)
    host.ends(third)
    host.ends(first, Reason.API_ERROR)
    assert batch.results == [None, None, "of 2"]
    assert ids(batch.executions) == [one.execution_id for one in (first, second, third)]
    batch.kill()


def test_the_table_is_up_to_date_while_it_runs(folder: Path, host: PlayedHost) -> None:
    batch = batch_of(folder, host, 3, limit=1)
    host.ends(fed(host, 1)[0], cost_usd=0.5)
    host.runs(fed(host, 2)[1])
    frame = batch.to_dataframe()
    assert frame["status"].tolist() == ["completed", "running", "pending"]
    assert frame["n"].tolist() == [0, 1, 2]
    assert frame["cost_usd"][0] == 0.5
    assert batch.to_dicts(1, 2)[0]["status"] == "running"
    batch.kill()


# -- waiting ------------------------------------------------------------------------------------


async def test_a_batch_is_awaited_by_many_and_the_loop_goes_on(
    folder: Path, host: PlayedHost
) -> None:
    batch = batch_of(folder, host, 30)
    waiting = [asyncio.ensure_future(_awaited(batch)) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.to_thread(end_all, host, batch)
    assert await asyncio.gather(*waiting) == [batch] * 3
    assert await batch is batch


async def _awaited(batch: Batch) -> Batch:
    return await batch


async def test_each_execution_comes_as_it_ends(folder: Path, host: PlayedHost) -> None:
    batch = batch_of(folder, host, 3)
    first, second, third = fed(host, 3)
    host.ends(second)
    found = []
    async for execution in batch.as_completed():
        found.append(execution)
        if len(found) == 1:
            host.ends(third, Reason.API_ERROR)
            host.ends(first)
    expected = [one.execution_id for one in (second, third, first)]
    assert ids(found) == expected
    assert ids([one async for one in batch.as_completed()]) == expected


def test_wait_is_bounded_and_says_how_far_it_is(folder: Path, host: PlayedHost) -> None:
    batch = batch_of(folder, host, 3)
    host.ends(fed(host, 3)[0])
    with pytest.raises(TimeoutError, match="1 of 3 rows"):
        batch.wait(0.01)
    batch.kill()


async def test_nobody_waits_for_a_batch_whose_manager_is_closed(
    folder: Path, host: PlayedHost
) -> None:
    batch = batch_of(folder, host, 3)
    fed(host, 3)
    waiting = asyncio.ensure_future(_awaited(batch))
    await asyncio.sleep(0)
    host.closed = True
    batch.feeding.close()
    for wait in (waiting, asyncio.to_thread(batch.wait, 5)):
        with pytest.raises(ClaudeWidgetError, match="closed"):
            await wait


def test_a_full_disk_stops_no_batch(
    folder: Path, host: PlayedHost, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = batch_of(folder, host, 3, limit=1)
    fed(host, 1)
    monkeypatch.setattr("claude_widget.batch.batch_file.BatchFile.note", _full)
    for count in (1, 2, 3):
        host.ends(fed(host, count)[-1])
    assert batch.wait(BOUND).progress.completed == 3


def _full(*_: object, **__: object) -> None:
    raise OSError(28, "No space left on device")


def test_a_batch_says_what_it_is(folder: Path, host: PlayedHost) -> None:
    batch = batch_of(folder, host, 3)
    host.ends(fed(host, 3)[0], cost_usd=0.25)
    assert repr(batch) == f"<Batch 'test' {NAME} 1 of 3: 1 completed, 2 pending, $0.2500>"
    batch.kill()
