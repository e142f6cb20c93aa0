"""The table of a batch: what went in, and beside it what came out.

The rule: columns of values in, a table of pandas or polars out. The input's columns keep their
names, their types and their index; a column of the result that has the name of one of them is
`result_` and that name. Neither library is imported unless it is asked for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from pydantic import BaseModel

from claude_widget.batch.row import Kind
from claude_widget.history.errors import PandasMissing

ENDING = ("status", "reason", "cost_usd", "duration", "execution_id")
"""The last columns of every table."""
_PREFIX = "result_"


class Result(NamedTuple):
    """What came out of a row.

    Attributes:
        output: the structured output, or the text; None while there is none.
        status: of its latest attempt.
        reason: why that ended; None while it has not.
        cost_usd: US dollars of all its attempts; None if nobody knows.
        duration: seconds of its latest attempt; None while it has not ended.
        execution_id: of its latest attempt; None if there is none.
    """

    output: Any = None
    status: str = "pending"
    reason: str | None = None
    cost_usd: float | None = None
    duration: float | None = None
    execution_id: str | None = None


class Table(NamedTuple):
    """What a table is made from.

    Attributes:
        columns: names of the input's columns.
        values: by row, the input's values by column.
        results: by row.
        schema: JSON schema of the output; None where that is text.
        kind: whose table it is to be.
        frame: the input in its own types; None where it has none, or it is not at hand.
        index_names: of the levels of the input's index; empty where rows are only counted.
        labels: by row, what that index calls it.
    """

    columns: Sequence[str]
    values: Sequence[Mapping[str, Any]]
    results: Sequence[Result]
    schema: Mapping[str, Any] | None = None
    kind: Kind = "pandas"
    frame: Any = None
    index_names: Sequence[str | None] = ()
    labels: Sequence[Any] = ()


def as_validated(data: Any, found: Any) -> Any:
    """An output as JSON data: with what its pydantic model made of it, if it has one.

    Args:
        data: as the model of the CLI gave it.
        found: an instance of the pydantic model that was made from it; else anything.
    """
    if not isinstance(found, BaseModel):
        return data
    try:
        made = found.model_dump(mode="json", by_alias=True, warnings=False)
    except Exception:  # noqa: BLE001 - a serializer of the user's own, or a type that has none
        return data
    return {**data, **made} if isinstance(data, dict) and isinstance(made, dict) else made


def to_frame(table: Table) -> Any:
    """The table as a DataFrame of pandas or of polars.

    Raises:
        PandasMissing: it is to be one of pandas, which is not installed.
    """
    results = result_columns(table.columns, table.results, table.schema)
    return _of_polars(table, results) if table.kind == "polars" else _of_pandas(table, results)


def result_columns(
    columns: Iterable[str], results: Sequence[Result], schema: Mapping[str, Any] | None
) -> dict[str, list[Any]]:
    """The columns of what came out, under names that the input does not have."""
    taken = set(columns)
    fields = output_fields(schema)
    made: dict[str, list[Any]] = {}
    for name in fields:
        cells = [one.output.get(name) if isinstance(one.output, dict) else None for one in results]
        made[_free(name, taken)] = cells
    if not fields:
        made[_free("result", taken)] = [one.output for one in results]
    for name in ENDING:
        made[_free(name, taken)] = [getattr(one, name) for one in results]
    return made


def output_fields(schema: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The fields of an output that are columns; none where it is text, or no object."""
    properties = schema.get("properties") if schema is not None else None
    return tuple(properties) if isinstance(properties, Mapping) else ()


def _free(name: str, taken: set[str]) -> str:
    while name in taken:
        name = _PREFIX + name
    taken.add(name)
    return name


def _of_pandas(table: Table, results: Mapping[str, list[Any]]) -> Any:
    try:
        pandas = import_module("pandas")
    except ImportError:
        raise PandasMissing(instead="batch.to_dicts() has the same without it.") from None
    count = len(table.results)
    if table.frame is not None and len(table.frame) == count:
        made = table.frame.copy(deep=False)
    else:
        cells = {name: [row.get(name) for row in table.values] for name in table.columns}
        made = pandas.DataFrame(cells, index=_index(pandas, table, count))
    for name, column in results.items():
        numbers = name.removeprefix(_PREFIX) in ("cost_usd", "duration")
        kind = "float64" if numbers and _only_numbers(column) else None
        made[name] = pandas.Series(column, index=made.index, dtype=kind or _dtype(column))
    return made


def _index(pandas: Any, table: Table, count: int) -> Any:
    """The input's index, from what was written down of it."""
    names = list(table.index_names)
    if not names:
        return pandas.RangeIndex(count)
    if len(names) == 1:
        return pandas.Index(list(table.labels), name=names[0])
    return pandas.MultiIndex.from_tuples([tuple(one) for one in table.labels], names=names)


def _only_numbers(column: Iterable[Any]) -> bool:
    return all(one is None or isinstance(one, int | float) for one in column)


def _dtype(column: Sequence[Any]) -> str | None:
    """Objects, where pandas would take lists and dicts for something else, or None for a number."""
    plain = all(isinstance(one, (str, int, float)) for one in column)
    return None if plain and column else "object"


def _of_polars(table: Table, results: Mapping[str, list[Any]]) -> Any:
    polars = import_module("polars")
    count = len(table.results)
    if table.frame is not None and len(table.frame) == count:
        made = table.frame
    else:
        cells = {name: [row.get(name) for row in table.values] for name in table.columns}
        made = polars.DataFrame([_series(polars, name, column) for name, column in cells.items()])
    return made.with_columns([_series(polars, name, column) for name, column in results.items()])


def _series(polars: Any, name: str, column: list[Any]) -> Any:
    """A column; as JSON where polars has no one type for its values."""
    types = {"cost_usd": polars.Float64, "duration": polars.Float64}
    known = types.get(name.removeprefix(_PREFIX))
    if any(isinstance(one, float) for one in column) and _only_numbers(column):
        known = polars.Float64
    try:
        if all(one is None for one in column):
            return polars.Series(name, column, dtype=known or polars.String)
        made = polars.Series(name, column, dtype=known, strict=True)
        if made.to_list() == column:  # of lists and dicts together it makes something else
            return made
    except (TypeError, ValueError, OverflowError, polars.exceptions.PolarsError):
        pass
    told = [None if one is None else json.dumps(one, ensure_ascii=False) for one in column]
    return polars.Series(name, told, dtype=polars.String)
