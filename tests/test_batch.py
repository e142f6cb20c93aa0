"""Batches of a manager: a table in, executions of the fake CLI, a table out.

The rule: real executions, files and generators; every order of events that a played manager can
give is in test_batch_feeding.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import polars as pl
import pytest
from pydantic import BaseModel, field_validator

from claude_widget.batch.batch import Batch
from claude_widget.batch.errors import BatchDamaged, BatchNotFound, RowsInvalid
from claude_widget.batch.view import batch_bundle
from claude_widget.errors import InvalidRequest
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionStatus
from claude_widget.templates.errors import VariablesWrong
from claude_widget.templates.template import make_template
from tests import fake
from tests.conftest import MakeManager
from tests.waiting import BOUND, until

SAYS = "Look at {{ n }}. fake:says={{ n }}"


def results(batch: Batch) -> list[Any]:
    return batch.wait(BOUND).results


def in_state(manager: ProcessManager, folder: str) -> list[str]:
    place = manager.state_dir / folder
    return [path.name for path in place.iterdir()] if place.is_dir() else []


def test_a_table_goes_in_and_a_table_comes_out(manager: ProcessManager, project: Path) -> None:
    frame = pd.DataFrame({"n": ["a", "b", "c"]}, index=pd.Index([7, 8, 9], name="key"))
    batch = manager.map(SAYS, frame, name="look", project_path=project)
    out = batch.wait(BOUND).to_dataframe()
    assert list(out.columns[:2]) == ["n", "result"]
    assert out["result"].tolist() == ["a", "b", "c"] == batch.results
    assert out.index.tolist() == [7, 8, 9]
    assert out["status"].tolist() == ["completed"] * 3
    assert (out["cost_usd"] > 0).all()
    assert (out["duration"] > 0).all()
    first = manager.get_execution(out["execution_id"][7])
    assert first is not None
    assert first.info.name == "look 0"
    assert (first.info.batch_id, first.info.batch_row) == (batch.batch_id, 0)
    assert first.info.query == "Look at a. fake:says=a"


def test_polars_comes_out_where_polars_went_in(manager: ProcessManager, project: Path) -> None:
    batch = manager.map(SAYS, pl.DataFrame({"n": ["a"]}), project_path=project)
    out = batch.wait(BOUND).to_dataframe()
    assert isinstance(out, pl.DataFrame)
    assert out["result"].to_list() == ["a"]


@pytest.mark.parametrize("rows", [["a", "b"], [{"n": "a"}, {"n": "b"}]], ids=["texts", "dicts"])
def test_a_list_is_a_table(manager: ProcessManager, project: Path, rows: list[Any]) -> None:
    assert results(manager.map(SAYS, rows, project_path=project)) == ["a", "b"]


def test_without_a_template_each_row_is_its_own_prompt(
    manager: ProcessManager, project: Path
) -> None:
    rows = ["fake:says={{braces}}", "fake:says=two"]
    batch = manager.map(None, rows, project_path=project)
    assert results(batch) == ["{{braces}}", "two"]
    assert batch.columns == ("prompt",)


def test_a_csv_file_is_a_table(manager: ProcessManager, project: Path) -> None:
    (project / "t.csv").write_text("n,more\na,1\nb,2\n")
    batch = manager.map(SAYS, project / "t.csv", project_path=project)
    assert results(batch) == ["a", "b"]
    assert batch.to_dicts(1, 2)[0]["more"] == "2"


def test_a_template_gives_types_defaults_and_options(
    manager: ProcessManager, project: Path
) -> None:
    template = make_template(
        "fake:says={{ n + 1 }}{{ tail }}",
        name="count",
        variables={"n": "int", "tail": {"type": "str", "default": "!"}},
        options={"model": "haiku"},
    )
    batch = manager.map(template, ["1", "2"], project_path=project, max_turns=3)
    assert results(batch) == ["2!", "3!"]
    execution = batch.executions[0]
    assert execution is not None
    asked = execution.run.request
    assert (asked.model, asked.max_turns, asked.name) == ("haiku", 3, "count 0")
    assert execution.info.template == "count"


class Scored(BaseModel):
    score: int
    tags: list[str] = []

    @field_validator("tags")
    @classmethod
    def loud(cls, tags: list[str]) -> list[str]:
        return [tag.upper() for tag in tags]


def test_structured_results_are_columns_and_instances(
    manager: ProcessManager, project: Path
) -> None:
    rows = [{"n": '1,"tags":["a"]'}, {"n": "2"}]
    source = "fake:gives={{ '{' }}\"score\":{{ n }}}"
    batch = manager.map(source, rows, schema=Scored, project_path=project)
    found = batch.wait(BOUND).to_dataframe()
    assert found["score"].tolist() == [1, 2]
    assert found["tags"].tolist() == [["A"], []], "as the model has validated it"
    assert batch.results == [Scored(score=1, tags=["A"]), Scored(score=2)]
    ids = [one.execution_id for one in batch.executions if one is not None]
    until(lambda: not any(map(fake.marked, ids)), what="their transcripts are let go of")
    manager.prune(max_bytes=0)
    with pytest.raises(BatchDamaged, match=r"it was removed.* map the rows again"):
        batch.to_dataframe()


# -- what is refused before anything starts -----------------------------------------------------


def test_ten_thousand_rows_with_a_bad_one_start_nothing(manager: ProcessManager) -> None:
    rows: list[dict[str, Any]] = [{"n": number} for number in range(10_000)]
    rows[5000] = {"n": b"bytes"}
    rows[7000] = {"n": float("inf")}
    with pytest.raises(RowsInvalid) as raised:
        manager.map(SAYS, rows)
    assert [row for row, _ in raised.value.problems] == [5000, 7000]
    assert manager.get_all_executions() == []
    assert in_state(manager, "batches") == []


def test_what_is_missing_or_mistyped_is_told_of_all_rows(manager: ProcessManager) -> None:
    template = make_template("{{ n }}", variables={"n": "int"})
    rows = pd.DataFrame({"n": ["1", None, "x", "4"]})
    with pytest.raises(VariablesWrong) as raised:
        manager.map(template, rows)
    assert [problem.row for problem in raised.value.problems] == [1, 2]
    with pytest.raises(RowsInvalid) as both:
        manager.map(template, ["x", None, 1.5, *["y"] * 40])
    assert [row for row, _ in both.value.problems][:4] == [0, 1, 2, 3]
    assert both.value.problems[0][1] == 'n is "x", and not a whole number'
    assert (both.value.problems[1][1], both.value.count) == ("it is missing", 43)
    assert in_state(manager, "batches") == []


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"max_concurrency": 0}, "max_concurrency"),
        ({"budget_usd": 0}, "budget_usd"),
        ({"budget_usd": float("nan")}, "budget_usd"),
        ({"keep_open": True}, "keep_open"),
        ({"name": 5}, "name"),
        ({"name": ["x"]}, "name"),
        ({"key": "one"}, "key"),
        ({"variables": {"n": 1}}, "variables"),
        ({"no_such_option": 1}, "no_such_option"),
        ({"timeout": -1}, "timeout"),
        ({"project_path": "nowhere at all"}, "project_path"),
    ],
)
def test_a_wrong_option_is_refused(
    manager: ProcessManager, options: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidRequest) as raised:
        manager.map(SAYS, ["a"], **options)
    assert raised.value.field == field
    assert in_state(manager, "batches") == []


@pytest.mark.parametrize(
    ("template", "rows", "said"),
    [
        ("the same for all", ["a"], "no variable"),
        ("{{ n }} {{ m }}", ["a"], "several variables"),
        ("{{ n", ["a"], "no template"),
        (SAYS, 5, "must be a table"),
        (SAYS, "nowhere.csv", "does not exist"),
        (SAYS, [{"other": 1}], "n is missing"),
    ],
)
def test_what_cannot_be_filled_is_refused(
    manager: ProcessManager, template: str, rows: Any, said: str
) -> None:
    with pytest.raises(InvalidRequest, match=said):
        manager.map(template, rows)
    assert manager.get_all_executions() == []


# -- while it runs ------------------------------------------------------------------------------


def test_no_more_run_at_once_than_the_batch_may(manager: ProcessManager, project: Path) -> None:
    gate = project / "gate"
    batch = manager.map(
        f"{SAYS} fake:gate={gate}", list("abcd"), max_concurrency=2, project_path=project
    )
    until(lambda: batch.progress.running == 2, what="two run")
    assert len(manager.get_active_executions()) == 2
    assert [row["status"] for row in batch.to_dicts()] == ["running"] * 2 + ["pending"] * 2
    gate.touch()
    assert results(batch) == list("abcd")
    assert batch.progress.eta is None
    assert batch.progress.done == 4


def test_a_generator_is_pulled_as_slots_free_up_and_says_where_it_raised(
    manager: ProcessManager, project: Path
) -> None:
    pulled: list[str] = []
    gate = project / "gate"

    def rows() -> Iterator[str]:
        for one in "abcde":
            pulled.append(one)
            yield one
        raise RuntimeError("the source is dry")

    batch = manager.map(f"{SAYS} fake:gate={gate}", rows(), max_concurrency=2, project_path=project)
    until(lambda: batch.progress.running == 2, what="two run")
    assert pulled == ["a", "b"]
    gate.touch()
    assert results(batch) == list("abcde")
    assert "row 5" in batch.stopped
    assert "the source is dry" in batch.stopped


def test_kill_leaves_no_process_and_says_why(manager: ProcessManager, project: Path) -> None:
    batch = manager.map("{{ n }} fake:hang-before", list("abcdef"), project_path=project)
    until(lambda: batch.progress.running > 1, what="some run")
    batch.kill()
    assert batch.wait(BOUND).progress.killed == 6
    assert [one.reason for one in batch.progress.failures] == ["batch"]
    ids = [one.execution_id for one in batch.executions if one is not None]
    until(lambda: not any(map(fake.marked, ids)), what="no process is left")


def test_kill_all_starts_no_more_rows(manager: ProcessManager, project: Path) -> None:
    batch = manager.map("{{ n }} fake:hang-before", list(range(40)), project_path=project)
    until(lambda: batch.progress.running > 1, what="some run")
    manager.kill_all()
    assert batch.wait(BOUND).progress.killed == 40
    assert len(manager.get_all_executions()) < 12


def test_a_budget_ends_a_batch_and_is_told_beside_its_cost(
    manager: ProcessManager, project: Path
) -> None:
    rows = [{"n": number} for number in range(20)]
    batch = manager.map(SAYS, rows, budget_usd=0.012, max_concurrency=1, project_path=project)
    progress = batch.wait(BOUND).progress
    assert (progress.completed, progress.killed) == (3, 17)
    assert progress.cost_usd == pytest.approx(0.015)
    assert "$0.0150 of $0.0120" in str(progress)
    assert "used up" in batch.stopped
    assert len(manager.get_all_executions()) == 3


def test_what_failed_is_retried_as_a_further_attempt(
    manager: ProcessManager, project: Path
) -> None:
    asked = "{{ n }} fake:refuses=400 fake:refused=1 fake:says=well"
    batch = manager.map(asked, ["a"], project_path=project)
    batch.wait(BOUND)
    first = batch.executions[0]
    assert first is not None
    assert first.status is ExecutionStatus.FAILED
    batch.retry_failed().wait(BOUND)
    second = batch.executions[0]
    assert second is not None
    assert batch.results == ["well"]
    assert (second.info.attempt, second.info.attempt_of) == (2, first.execution_id)


async def test_executions_come_as_they_end_while_the_loop_goes_on(
    manager: ProcessManager, project: Path
) -> None:
    batch = manager.map(SAYS, list("abc"), project_path=project)
    found = [execution.result async for execution in batch.as_completed()]
    assert sorted(filter(None, found)) == ["a", "b", "c"]
    assert await asyncio.wait_for(_awaited(batch), BOUND) is batch


async def _awaited(batch: Batch) -> Batch:
    return await batch


def test_a_value_may_be_an_execution(manager: ProcessManager, project: Path) -> None:
    first = manager.start_execution("fake:says=one", project)
    rows = [{"before": first}, {"before": first}]
    batch = manager.map("fake:says={{ before.result }}+", rows, project_path=project)
    assert results(batch) == ["one+", "one+"]
    for one in (batch, [batch]):
        with pytest.raises(InvalidRequest, match=r"not Batch.* after=batch\.executions"):
            manager.start_execution("x", project, after=one)
    told = first.execution_id
    assert [row["before"] for row in batch.to_dicts()] == [told, told]
    assert told in batch_bundle(batch)["text/plain"]
    assert "$execution" not in batch_bundle(batch)["text/plain"]


# -- names, other kernels -----------------------------------------------------------------------


def test_two_batches_of_one_name_are_two_and_the_name_gives_the_latest(
    manager: ProcessManager, project: Path
) -> None:
    first = manager.map(SAYS, ["a"], name="twice", project_path=project)
    second = manager.map(SAYS, ["b"], name="twice", project_path=project)
    assert first.batch_id != second.batch_id
    assert manager.batch("twice") is second
    assert manager.batch(first.batch_id) is first
    assert manager.batches == [first, second]
    assert results(first) + results(second) == ["a", "b"]
    with pytest.raises(BatchNotFound, match="nobody"):
        manager.batch("nobody")


def test_a_batch_is_recorded_and_replayed_as_a_whole(
    make_manager: MakeManager, project: Path
) -> None:
    def run(mode: str) -> Batch:
        return make_manager(project.parent / mode, mode=mode).map(
            SAYS, ["a", "b", "a"], project_path=project
        )

    recorded = run("record").wait(BOUND)
    played = run("replay").wait(BOUND)
    assert played.results == recorded.results == ["a", "b", "a"]
    assert played.progress.cost_usd == 0
    assert played.progress.recorded_cost_usd == pytest.approx(recorded.progress.cost_usd)
    assert played.to_dataframe()["cost_usd"].tolist() == pytest.approx(
        recorded.to_dataframe()["cost_usd"].tolist()
    )
