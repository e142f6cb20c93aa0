"""One batch and several kernels: one goes on with it, the others see how far it is.

The rule: real executions; each manager is a kernel, and one that is closed is gone.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from claude_widget.batch.batch import Batch
from claude_widget.batch.batch_file import BatchFile
from claude_widget.batch.kept import read_kept
from claude_widget.batch.restoring import left_in
from claude_widget.batch.row import Row
from claude_widget.errors import ClaudeWidgetError
from claude_widget.manager import ProcessManager
from tests.conftest import MakeManager
from tests.test_batch import SAYS, results
from tests.waiting import BOUND, until


def begun(manager: ProcessManager, project: Path) -> Batch:
    """A batch of rows a, b and c: each waits for a file of its name, one after the other."""
    asked = f"{SAYS} fake:gate={project}/{{{{ n }}}}"
    batch = manager.map(asked, ["a", "b", "c"], max_concurrency=1, project_path=project)
    until(lambda: batch.progress.running == 1, what="one runs")
    return batch


def test_another_kernel_sees_a_batch_go_on_and_takes_it_over_only_once_its_kernel_is_gone(
    make_manager: MakeManager, project: Path
) -> None:
    owner, other = make_manager(), make_manager()
    batch = begun(owner, project)
    seen = other.batch(batch.batch_id)
    for interfere in (seen.kill, seen.resume, seen.retry_failed):
        with pytest.raises(ClaudeWidgetError, match=r"made by process .* in another kernel"):
            interfere()
    with pytest.raises(TimeoutError):
        seen.wait(0.01)
    (project / "a").touch()
    until(lambda: batch.progress.completed == 1 == batch.progress.running, what="b runs, c waits")
    assert other.batch(batch.batch_id) is seen
    assert not batch.stopped
    owner.close()
    with pytest.raises(ClaudeWidgetError, match="whoever would have started its rows is gone"):
        seen.wait(BOUND)
    for row in "bc":
        (project / row).touch()
    other.resume_queue()
    assert results(seen) == ["a", "b", "c"]
    assert len(other.get_all_executions()) == 3


def test_the_batch_of_a_closed_manager_is_anothers_and_stays_killed_once_that_kills_it(
    make_manager: MakeManager, project: Path
) -> None:
    early = make_manager()
    before = begun(early, project)
    early.close()
    for asked in (before.resume, before.kill, before.retry_failed, lambda: before.wait(1)):
        with pytest.raises(ClaudeWidgetError, match=r"resume\(\) on a new ProcessManager"):
            asked()
    with pytest.raises(ClaudeWidgetError, match="manager is closed"):
        early.map(SAYS, ["late"], project_path=project)
    late = make_manager()
    late.batch(before.batch_id).kill()
    assert late.batch(before.batch_id).wait(BOUND).progress.killed == 3
    late.close()
    last = make_manager()
    last.resume_queue()
    (batch,) = last.batches
    assert (batch.progress.killed, batch.stopped) == (3, "It was killed.")
    assert len(last.get_all_executions()) == 1


def test_a_generator_may_give_more_rows_while_another_kernel_goes_on(tmp_path: Path) -> None:
    file = BatchFile.create(tmp_path / "batches", "b", {"name": None, "created_time": 1.0})
    file.add(Row(0, {"n": 1}))
    file.publish()
    read = read_kept(file.path)
    file.close()
    goes_on = left_in(read, [], lambda _: None, goes_on=True)
    assert (goes_on.ledger.total, goes_on.stopped) == (None, "")
    gone = left_in(read, [], lambda _: None)
    assert gone.ledger.total == 1
    assert "its generator is gone" in gone.stopped
