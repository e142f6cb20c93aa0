"""Rows of a batch: whatever table they come from, and whatever stands in its cells.

The rule: no execution; real tables of pandas and polars, and real files.
"""

from __future__ import annotations

import csv
import datetime as dt
import decimal
import enum
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from pydantic import BaseModel

from claude_widget.batch.errors import RowsInvalid
from claude_widget.batch.row import Row
from claude_widget.batch.rows import rows_from
from claude_widget.batch.values import Unfit, plain


class Speaks:
    """A table of a library that nobody knows, which speaks one protocol."""

    def __init__(self, frame: Any, protocol: str) -> None:
        setattr(type(self), protocol, lambda _, *given, **named: getattr(frame, protocol)(*given))


def read(rows: Iterable[Row]) -> list[dict[str, Any]]:
    """The values of the rows."""
    return [values for _, values, *_ in rows]


class Point(BaseModel):
    x: int = 1


@dataclass
class Place:
    name: str = "here"
    when: dt.date = dt.date(2026, 1, 2)


class Colour(enum.Enum):
    RED = "red"


class Started:
    execution_id = "4f3b"


VALUES = [
    (None, None),
    ("text", "text"),
    ("x" * 1_000_000, "x" * 1_000_000),
    (np.str_("n"), "n"),
    (True, True),
    (np.bool_(True), True),
    (3, 3),
    (np.int16(3), 3),
    (2.5, 2.5),
    (np.float32(0.5), 0.5),
    (float("nan"), None),
    (np.float64("nan"), None),
    (pd.NA, None),
    (pd.NaT, None),
    (np.datetime64("NaT"), None),
    (decimal.Decimal("NaN"), None),
    (decimal.Decimal("1.50"), 1.5),
    (decimal.Decimal(12), 12),
    (decimal.Decimal("0.12345678901234567890123"), "0.12345678901234567890123"),
    (decimal.Decimal("1e400"), "1E+400"),
    (dt.date(2026, 1, 2), "2026-01-02"),
    (dt.datetime(2026, 1, 2, 3, tzinfo=dt.UTC), "2026-01-02T03:00:00+00:00"),
    (pd.Timestamp("2026-01-02"), "2026-01-02T00:00:00"),
    (np.datetime64("2026-01-02T00:00:00.000000001"), "2026-01-02T00:00:00"),
    (dt.timedelta(hours=2), "2:00:00"),
    (np.timedelta64(5, "s"), "0:00:05"),
    (Colour.RED, "red"),
    (Path("a/b"), "a/b"),
    (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ([1, (np.int8(2), None)], [1, [2, None]]),
    ({"b", "a"}, ["a", "b"]),
    (np.array([[1, 2]]), [[1, 2]]),
    (pd.Series([1.5, None]), [1.5, None]),
    ({"k": {"d": dt.date(2026, 1, 2)}}, {"k": {"d": "2026-01-02"}}),
    (Point(), {"x": 1}),
    (Place(), {"name": "here", "when": "2026-01-02"}),
    (Started(), {"$execution": "4f3b"}),
]


@pytest.mark.parametrize(
    ("given", "expected"), VALUES, ids=[type(one).__name__ for one, _ in VALUES]
)
def test_a_cell_becomes_what_json_can_say(given: Any, expected: Any) -> None:
    found = plain(given)
    assert found == expected
    assert type(found) is type(expected)


def deep(levels: int) -> list[Any]:
    made: list[Any] = []
    for _ in range(levels):
        made = [made]
    return made


UNFIT = [
    (b"\x00", "bytes"),
    (bytearray(b"x"), "bytes"),
    (np.bytes_(b"x"), "bytes"),
    (float("inf"), "infinite"),
    (np.float64("-inf"), "infinite"),
    (decimal.Decimal("Infinity"), "infinite"),
    (10**5000, "thousand digits"),
    (object(), "object"),
    (print, "builtin_function"),
    (1j, "complex"),
    (deep(200), "levels deep"),
    ([1, b"x"], "bytes"),
    ({"$execution": "forged"}, "stands for an execution"),
]


@pytest.mark.parametrize(("given", "said"), UNFIT, ids=[said for _, said in UNFIT])
def test_what_no_prompt_can_have_is_refused(given: Any, said: str) -> None:
    with pytest.raises(Unfit, match=said):
        plain(given)


def test_a_pandas_table_gives_plain_rows_and_keeps_its_index() -> None:
    frame = pd.DataFrame(
        {"n": [1, 2], "f": [0.5, None], "t": ["x", None], "d": pd.to_datetime(["2026-01-02", None])}
    )
    rows = rows_from(frame.set_index(pd.Index(["a", "b"], name="key")))
    assert (rows.columns, rows.length, rows.kind) == (("n", "f", "t", "d"), 2, "pandas")
    assert rows.index_names == ("key",)
    found = list(rows)
    assert read(found)[0] == {"n": 1, "f": 0.5, "t": "x", "d": "2026-01-02T00:00:00"}
    assert read(found)[1] == {"n": 2, "f": None, "t": None, "d": None}
    assert [row.label for row in found] == ["a", "b"]
    assert [type(value) for value in read(found)[0].values()] == [int, float, str, str]


def test_rows_of_a_pandas_table_that_only_counts_have_no_labels() -> None:
    rows = rows_from(pd.DataFrame({"a": [1]}))
    assert rows.index_names == ()
    assert next(iter(rows)).label is None


def test_an_index_of_several_levels_is_kept() -> None:
    frame = pd.DataFrame({"a": [1, 2], "b": ["x", "y"], "c": [0, 0]}).set_index(["a", "b"])
    rows = rows_from(frame)
    assert rows.index_names == ("a", "b")
    assert [row.label for row in rows] == [[1, "x"], [2, "y"]]


def test_a_polars_table_gives_plain_rows_also_a_lazy_one() -> None:
    frame = pl.DataFrame(
        {"d": [dt.date(2026, 1, 2), None], "l": [[1, 2], None], "s": [{"q": 1.0}, None]}
    )
    for given in (frame, frame.lazy()):
        rows = rows_from(given)
        assert (rows.kind, rows.length) == ("polars", 2)
        assert read(rows) == [
            {"d": "2026-01-02", "l": [1, 2], "s": {"q": 1.0}},
            {"d": None, "l": None, "s": None},
        ]


@pytest.mark.parametrize(
    ("frame", "protocol"),
    [
        (pl.DataFrame({"a": [1, None], "b": ["x", "y"]}), "__arrow_c_stream__"),
        (pd.DataFrame({"a": [1.0, None], "b": ["x", "y"]}), "__dataframe__"),
    ],
    ids=["arrow", "interchange"],
)
def test_a_table_of_any_library_is_read_by_the_protocols_between_them(
    frame: Any, protocol: str
) -> None:
    strange = type("Strange", (Speaks,), {})(frame, protocol)
    assert read(rows_from(strange)) == [
        {"a": 1, "b": "x"},
        {"a": None, "b": "y"},
    ]


@pytest.mark.parametrize(
    "column", [pd.Series(["x", "y"]), pl.Series("n", ["x", "y"])], ids=["pandas", "polars"]
)
def test_one_column_is_the_templates_only_variable(column: Any) -> None:
    assert read(rows_from(column, "path")) == [{"path": "x"}, {"path": "y"}]
    with pytest.raises(RowsInvalid, match="several variables"):
        rows_from(column)


def test_dicts_may_have_different_columns() -> None:
    rows = rows_from([{"a": 1}, {"b": 2, "a": None}])
    assert read(rows) == [{"a": 1}, {"b": 2, "a": None}]
    assert (rows.columns, rows.length) == (("a", "b"), 2)


def test_strings_are_the_only_variable_or_are_refused_row_by_row() -> None:
    assert read(rows_from(["x", "y"], "prompt")) == [
        {"prompt": "x"},
        {"prompt": "y"},
    ]
    assert all("several variables" in row.problem for row in rows_from(["x", "y"]))


def test_every_bad_row_says_what_is_wrong_with_it() -> None:
    given = [{"a": b"x", "b": float("inf")}, "fine", None, ("t",), {1: 2}, float("nan"), b"y"]
    problems = [row.problem for row in rows_from(given, "a")]
    assert problems[0].startswith("column 'a' is bytes")
    assert "column 'b' is infinite" in problems[0]
    assert problems[1] == ""
    assert problems[2] == problems[5] == "it is missing"
    assert "tuple" in problems[3]
    assert "must be text, not '1'" in problems[4]
    assert "it is bytes" in problems[6]


def test_a_generator_is_read_row_by_row_and_has_no_length() -> None:
    taken = []

    def numbers() -> Iterator[str]:
        for number in range(3):
            taken.append(number)
            yield str(number)

    rows = rows_from(numbers(), "n")
    assert rows.length is None
    assert rows.waits
    assert taken == []
    assert next(iter(rows)).number == 0
    assert taken == [0]


async def _asynchronous() -> AsyncIterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"a": [1]}, "must be a table, not dict"),
        (b"x", "must be a table, not bytes"),
        (None, "must be a table"),
        (5, "must be a table, not int"),
        ("no such file.csv", "does not exist"),
        ("x" * 100_000, "is no path"),
        ("nul\0", "no path|does not exist"),
        (_asynchronous(), "asynchronous"),
        (pd.DataFrame([[1, 2]], columns=["a", "a"]), "one name"),
    ],
    ids=["dict", "bytes", "nothing", "number", "missing", "long", "nul", "async", "twice"],
)
def test_what_is_no_table_is_refused_at_once(given: Any, said: str) -> None:
    with pytest.raises(RowsInvalid, match=said) as raised:
        rows_from(given)
    assert raised.value.field == "rows"


def test_a_csv_file_gives_text_also_of_a_megabyte(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    long = "l" * 1_000_000
    with path.open("w", newline="", encoding="utf-8-sig") as file:
        csv.writer(file).writerows([["a", " b "], ["1", 'two\n"lines"'], [], ["", long]])
    before = csv.field_size_limit()
    rows = rows_from(path)
    assert rows.columns == ("a", "b")
    assert read(rows) == [
        {"a": "1", "b": 'two\n"lines"'},
        {"a": "", "b": long},
    ]
    assert csv.field_size_limit() == before
    tabs = tmp_path / "t.tsv"
    tabs.write_text("a\tb\n1,5\t2\n")
    assert read(rows_from(str(tabs)))[0] == {"a": "1,5", "b": "2"}


def test_a_ragged_line_is_a_bad_row_and_a_broken_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1\n1,2\n")
    assert [row.problem for row in rows_from(path)] == [
        "line 2 has 1 cells, and the header has 2",
        "",
    ]
    for content, said in (
        (b"", "is empty"),
        (b"a,a\n", "two columns are named 'a'"),
        (b"a,\n", "no name"),
        (b"a\n\xff\xfe\n", "not UTF-8"),
        (b'a\n"x', "line 2"),
    ):
        path.write_bytes(content)
        with pytest.raises(RowsInvalid, match=said):
            list(rows_from(path))


def test_an_error_names_ten_rows_and_counts_them_all() -> None:
    error = RowsInvalid([(number, "bad") for number in range(30)])
    assert error.count == 30
    assert "Row 9: bad" in error.message
    assert "Row 10" not in error.message
    assert "20 more" in error.message
    one = RowsInvalid([(0, "bad")], hint="Nothing was started.")
    assert str(one) == "Row 0: bad. Nothing was started."
