"""Batches and the kernels that leave them: read, gone on with, paid for once, done once.

The rule: real executions; a manager that is closed is a kernel that is gone.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from claude_widget.batch.batch import Batch
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.permissions import PermissionRequest
from tests.conftest import MakeManager
from tests.test_batch import SAYS, results
from tests.test_outputs import Person, gives
from tests.waiting import BOUND, until


def test_a_batch_that_is_over_is_read_by_a_later_kernel(
    make_manager: MakeManager, project: Path
) -> None:
    early = make_manager()
    frame = pd.DataFrame({"n": ["a", "b"]}, index=["x", "y"])
    before = early.map(SAYS, frame, project_path=project).wait(BOUND)
    early.close()
    late = make_manager()
    batch = late.batch(before.batch_id)
    assert batch.wait(BOUND).ended
    assert batch.results == ["a", "b"]
    assert batch.progress.cost_usd == pytest.approx(before.progress.cost_usd)
    assert batch.to_dataframe().equals(before.to_dataframe())


def test_what_waited_for_a_gone_kernel_goes_on_when_it_is_resumed(
    make_manager: MakeManager, project: Path
) -> None:
    gate = project / "gate"
    early = make_manager()
    before = early.map(
        f"{SAYS} fake:gate={gate}", list("abcd"), max_concurrency=1, project_path=project
    )
    until(lambda: before.progress.running == 1, what="one runs")
    early.close()
    late = make_manager()
    batch = late.batch(before.batch_id)
    assert batch.progress.pending == 3
    gate.touch()
    batch.resume()
    assert results(batch) == list("abcd")
    assert len(late.get_all_executions()) == 4


def test_a_cell_that_is_run_again_by_a_later_kernel_goes_on_with_its_batch(
    make_manager: MakeManager, project: Path
) -> None:
    gate = project / "gate"
    template = f"{SAYS} fake:gate={gate}"
    early = make_manager()
    before = early.map(template, list("abc"), max_concurrency=1, project_path=project)
    until(lambda: before.progress.running == 1, what="one runs")
    early.close()
    late = make_manager()
    other = late.map(template, list("xyz"), max_concurrency=1, project_path=project)
    batch = late.map(template, list("abc"), max_concurrency=1, project_path=project)
    gate.touch()
    assert batch.attached
    assert not other.attached
    more = late.map(template, list("abc"), max_concurrency=1, project_path=project)
    assert not more.attached, "each is given once, and the first one goes on"
    assert results(more) == list("abc")
    assert batch.batch_id == before.batch_id
    assert results(batch) == list("abc")
    assert results(other) == list("xyz")
    again = late.map(template, list("abc"), max_concurrency=1, project_path=project)
    assert again.batch_id != batch.batch_id
    assert results(again) == list("abc")


def was_answered(execution: Execution | None) -> bool:
    return execution is not None and bool(execution.state.work.settled)


def test_what_is_never_kept_is_given_again_to_rows_that_were_executions_already(
    make_manager: MakeManager, project: Path
) -> None:
    asked: list[str] = []

    def decide(request: PermissionRequest) -> bool:
        asked.append(request.execution_id)
        return True

    def cell(manager: ProcessManager) -> Batch:
        return manager.map(
            "{{ n }} " + gives({"name": ""}, {"name": ""}),
            list("ab"),
            project_path=project,
            permissions=decide,
            schema=Person,
            env={"FAKE_CLAUDE": f"asks=Bash gate={project / 'gate'}"},
            mcp_config={"mcpServers": {"none": {"command": "true"}}},
        )

    early = make_manager(max_concurrency=1)
    before = cell(early)
    until(lambda: (before.progress.running, len(early.queue)) == (1, 1), what="one waits")
    until(lambda: any(map(was_answered, before.executions)), what="the other one has its answer")
    early.close()  # else a decision on its way would be asked for by the later one, too
    batch = cell(make_manager())
    assert batch.attached
    (project / "gate").touch()
    assert results(batch) == [None, None]
    rows = [one for one in batch.executions if one is not None]
    assert [one.info.reason for one in rows] == ["schema"] * 2
    ids = [one.execution_id for one in rows]
    assert sorted(asked) == sorted(ids * 2), "in both turns of each"
    assert ids == [one.execution_id for one in before.executions if one is not None]


def test_what_earlier_attempts_have_cost_counts_in_a_later_kernel(
    make_manager: MakeManager, project: Path
) -> None:
    early = make_manager()
    asked = "{{ n }} fake:refuses=400 fake:refused=1"
    before = early.map(asked, ["a"], budget_usd=5.0, project_path=project).wait(BOUND)
    early.queue.pause()
    before.retry_failed()
    until(lambda: len(early.queue) == 1, what="it waits once more")
    early.close()
    paid = before.progress.cost_usd
    assert paid > 0
    batch = make_manager().batch(before.batch_id)
    assert batch.progress.cost_usd == pytest.approx(paid)
    batch.resume().wait(BOUND)
    second = batch.executions[0]
    assert second is not None
    assert batch.progress.cost_usd == pytest.approx(paid + (second.info.cost_usd or 0.0))


def test_a_row_whose_start_was_not_noted_is_not_started_twice(
    make_manager: MakeManager, project: Path
) -> None:
    gate = project / "gate"
    early = make_manager()
    before = early.map(f"{SAYS} fake:gate={gate}", ["a"], project_path=project)
    until(lambda: before.progress.running == 1, what="it runs")
    early.close()
    path = early.state_dir / "batches" / f"{before.batch_id}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(line for line in lines if b'"admitted"' not in line))
    late = make_manager()
    gate.touch()
    assert results(late.batch(before.batch_id).resume()) == ["a"]
    assert len(late.get_all_executions()) == 1


def test_a_generator_that_went_with_its_kernel_is_said_to_be_gone(
    make_manager: MakeManager, project: Path
) -> None:
    held = threading.Event()

    def rows() -> Iterator[str]:
        yield "a"
        held.wait(BOUND)

    early = make_manager()
    before = early.map(SAYS, rows(), project_path=project)
    until(lambda: before.progress.completed == 1, what="one has completed")
    early.close()
    batch = make_manager().batch(before.batch_id)
    held.set()
    assert batch.wait(BOUND).results == ["a"]
    assert "row 1: its generator is gone" in batch.stopped
