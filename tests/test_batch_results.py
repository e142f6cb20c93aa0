"""The table of a batch: the input as it was, and what came out beside it.

The rule: no execution; tables of pandas and polars as a user gets them.
"""

from __future__ import annotations

import sys
from typing import Any

import pandas as pd
import polars as pl
import pytest
from pydantic import BaseModel, Field

from claude_widget.batch.results import Result, Table, as_validated, to_frame
from claude_widget.history.errors import PandasMissing

SCHEMA = {"type": "object", "properties": {"score": {"type": "integer"}, "tags": {}}}
ENDING = ["status", "reason", "cost_usd", "duration", "execution_id"]
DONE = Result("text", "completed", "success", 0.5, 2.0, "id-1")
WAITS = Result()


def table(**changed: Any) -> Table:
    made = Table(("a",), ({"a": 1}, {"a": None}), (DONE, WAITS))
    return made._replace(**changed)


def test_a_table_without_types_of_its_own_is_made_from_what_was_written_down() -> None:
    frame = to_frame(table())
    assert list(frame.columns) == ["a", "result", *ENDING]
    assert frame["result"].tolist() == ["text", None]
    assert frame["status"].tolist() == ["completed", "pending"]
    assert str(frame["cost_usd"].dtype) == "float64"
    assert pd.isna(frame["duration"][1])
    assert list(frame.index) == [0, 1]


def test_pandas_keeps_its_types_and_its_index() -> None:
    given = pd.DataFrame(
        {"a": pd.Categorical(["x", "y"]), "d": pd.to_datetime(["2026-01-02", None])},
        index=pd.Index(["p", "p"], name="key"),
    )
    frame = to_frame(table(columns=("a", "d"), values=(), frame=given))
    assert str(frame["a"].dtype) == "category"
    assert frame.index.equals(given.index)
    assert frame["execution_id"].tolist() == ["id-1", None]
    assert list(given.columns) == ["a", "d"], "the input is as it was"


@pytest.mark.parametrize(
    ("names", "labels", "expected"),
    [
        (("key",), ("p", "q"), pd.Index(["p", "q"], name="key")),
        ((None, "n"), ([1, "x"], [2, "y"]), pd.MultiIndex.from_tuples([(1, "x"), (2, "y")])),
    ],
)
def test_an_index_comes_back_from_what_was_written_down(
    names: tuple[str | None, ...], labels: tuple[Any, ...], expected: pd.Index
) -> None:
    frame = to_frame(table(index_names=names, labels=labels))
    assert frame.index.tolist() == expected.tolist()
    assert tuple(frame.index.names) == names


def test_fields_of_a_structured_output_are_columns() -> None:
    results = (
        DONE._replace(output={"score": 3, "tags": ["x"], "more": 1}),
        DONE._replace(output=[1]),
        WAITS,
    )
    frame = to_frame(table(values=({"a": 1},) * 3, results=results, schema=SCHEMA))
    assert list(frame.columns) == ["a", "score", "tags", *ENDING]
    assert frame["score"].tolist() == [3, None, None]
    assert frame["tags"].tolist() == [["x"], None, None]


class Told(BaseModel):
    score: int = Field(validation_alias="points", serialization_alias="shown")
    kind: Any = None


def test_an_output_keeps_what_its_model_calls_otherwise_or_cannot_dump() -> None:
    data = {"points": 3}
    assert as_validated(data, Told(points=3)) == {"points": 3, "shown": 3, "kind": None}
    assert as_validated(data, Told(points=3, kind=object())) == data
    assert as_validated(data, None) == data


def test_a_schema_of_no_object_gives_one_column() -> None:
    results = (DONE._replace(output=[1, 2]), WAITS)
    frame = to_frame(table(results=results, schema={"type": "array"}))
    assert frame["result"].tolist() == [[1, 2], None]


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_a_column_of_the_input_is_never_overwritten(kind: Any) -> None:
    values = ({"status": "mine", "result_status": "mine too", "result": 1},) * 2
    frame = to_frame(table(columns=tuple(values[0]), values=values, kind=kind))
    assert list(frame.columns) == [
        *("status", "result_status", "result", "result_result", "result_result_status"),
        *ENDING[1:],
    ]
    assert list(frame["status"]) == ["mine", "mine"]
    assert list(frame["result_result_status"]) == ["completed", "pending"]


def test_polars_gives_polars_with_its_own_types() -> None:
    given = pl.DataFrame({"a": pl.Series([1, None], dtype=pl.Int8)})
    frame = to_frame(table(kind="polars", frame=given))
    assert frame.schema["a"] == pl.Int8
    assert frame.schema["cost_usd"] == frame.schema["duration"] == pl.Float64
    assert frame["result"].to_list() == ["text", None]
    assert frame.columns == ["a", "result", *ENDING]


def test_values_of_several_types_are_json_in_polars() -> None:
    outputs = [{"score": 1, "tags": {"k": 1}}, {"score": "two", "tags": [1]}, {"score": 2**70}]
    results = tuple(DONE._replace(output=one) for one in outputs)
    frame = to_frame(
        table(kind="polars", values=({"a": None},) * 3, results=results, schema=SCHEMA)
    )
    assert frame["score"].to_list() == ["1", '"two"', str(2**70)]
    assert frame["tags"].to_list() == ['{"k": 1}', "[1]", None]


def test_whole_and_broken_numbers_are_one_column_of_numbers() -> None:
    results = tuple(DONE._replace(output={"score": one}) for one in (1, 2.5, None))
    frame = to_frame(table(kind="polars", values=({"a": 1},) * 3, results=results, schema=SCHEMA))
    assert frame["score"].to_list() == [1.0, 2.5, None]
    assert frame.schema["score"] == pl.Float64


@pytest.mark.parametrize("kind", ["pandas", "polars"])
def test_a_batch_of_no_rows_is_a_table_with_the_same_columns(kind: Any) -> None:
    frame = to_frame(table(values=(), results=(), kind=kind))
    assert list(frame.columns) == ["a", "result", *ENDING]
    assert len(frame) == 0


def test_without_pandas_it_is_said_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(PandasMissing, match="to_dicts"):
        to_frame(table())
