"""How the rows of a batch stand: which of them wait apart from the others, and which ends count.

The rule: a played manager (tests/batch_host.py), so that each order of events can be had.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

import pytest

from claude_widget.batch.batch import Batch
from claude_widget.batch.row import Row
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.models import Reason
from tests.batch_host import Played, PlayedHost, batch_of, fed
from tests.waiting import BOUND, until


@pytest.fixture
def host() -> PlayedHost:
    return PlayedHost()


def put_on_hold(batch: Batch, played: Played) -> None:
    played.become(held=True)
    batch.feeding.changed(cast(Execution, played))


async def test_an_attempt_that_another_one_follows_is_no_end_of_its_row(
    tmp_path: Path, host: PlayedHost
) -> None:
    batch = batch_of(tmp_path, host, 2)
    first, second = fed(host, 2)
    host.ends(first, Reason.API_ERROR)
    host.ends(second)
    batch.retry_failed()
    again = fed(host, 3)[2]
    found = []
    async for execution in batch.as_completed():
        found.append(execution.execution_id)
        if len(found) == 1:
            host.ends(again)
    assert found == [second.execution_id, again.execution_id]


def test_rows_on_hold_keep_no_others_from_free_slots(tmp_path: Path, host: PlayedHost) -> None:
    batch = batch_of(tmp_path, host, 30)
    ahead = host.slots + 4
    for played in fed(host, ahead):
        put_on_hold(batch, played)
    batch.feeding.changed(cast(Execution, fed(host, 2 * ahead)[-1]))
    assert len(host.admitted) == 2 * ahead, "those that merely wait are counted"
    batch.kill()


def test_rows_on_hold_are_of_those_that_a_limit_allows(tmp_path: Path, host: PlayedHost) -> None:
    batch = batch_of(tmp_path, host, 9, limit=2)
    held, other = fed(host, 2)
    put_on_hold(batch, held)
    host.ends(other)
    assert fed(host, 3)[-1].row == 2
    assert len(batch.feeding.ledger.live) == 2
    batch.kill()


@pytest.mark.parametrize("refused", [False, True])
def test_a_killed_batch_is_over_once_the_row_that_was_being_started_has_ended(
    tmp_path: Path, host: PlayedHost, refused: bool
) -> None:
    begun, go = threading.Event(), threading.Event()

    def slowly(_: Row) -> ClaudeWidgetError | None:
        begun.set()
        go.wait(BOUND)
        return ClaudeWidgetError("No.") if refused else None

    host.refuse = slowly
    batch = batch_of(tmp_path / "batches", host, 2)
    begun.wait(BOUND)
    batch.kill()
    assert not batch.ended
    go.set()
    if not refused:
        until(lambda: host.killed, what="it is killed once it is an execution")
        assert not batch.ended
        host.ends(host.admitted[0], Reason.BATCH)
    assert batch.wait(BOUND).progress.killed == 2
    (file,) = (tmp_path / "batches").iterdir()
    assert "ended" in file.read_text("utf-8").splitlines()[-1], "all of it was written before"
