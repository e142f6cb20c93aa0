"""Rows of a DataFrame, whichever library's it is.

The rule: no library of tables is imported that the input does not bring along, unless it only
speaks one of the protocols between them. The index of a pandas table is kept; nobody else has one.
"""

from __future__ import annotations

import importlib.util
import warnings
from collections.abc import Iterator
from importlib import import_module
from typing import Any

from claude_widget.batch.errors import RowsInvalid
from claude_widget.batch.row import Kind, Row, Rows, row_of, short
from claude_widget.batch.values import Unfit, plain

_PROTOCOLS = ("__arrow_c_stream__", "__dataframe__")
"""By which libraries of tables give their data to others; the second is the interchange protocol,
which is going out of use."""


def rows_of_frame(data: Any, text_column: str | None) -> Rows | None:
    """The rows of a table or of one column, also a lazy one; None if it is neither.

    Args:
        data: of pandas, polars, pyarrow and whatever else narwhals knows, or any object that
            speaks the Arrow PyCapsule or the DataFrame interchange protocol.
        text_column: the name that a column alone gets.

    Raises:
        RowsInvalid: two of its columns have one name, or no library here can read it.
    """
    import narwhals as nw  # noqa: PLC0415 - a third of a second, and most batches need it not

    if nw.dependencies.is_into_series(data):
        return _rows_of(_as_table(nw.from_native(data, series_only=True), text_column))
    try:
        frame: Any = nw.from_native(data, pass_through=True)
        if frame is data and any(hasattr(data, one) for one in _PROTOCOLS):
            frame = nw.from_native(_through_protocol(data))
    except nw.exceptions.DuplicateError as error:
        raise RowsInvalid([(None, f"Two columns have one name. {error}")]) from None
    if isinstance(frame, nw.LazyFrame):
        frame = frame.collect()
    return _rows_of(frame) if isinstance(frame, nw.DataFrame) else None


def _through_protocol(native: Any) -> Any:
    """Read what speaks a protocol into a table of a library that is installed.

    Raises:
        RowsInvalid: none is, or it does not read that.
    """
    problems: list[str] = []
    for name, read in _READERS:
        if importlib.util.find_spec(name) is None:
            continue
        try:
            return read(import_module(name), native)
        except Exception as error:  # noqa: BLE001 - the next library may read it
            problems.append(f"{name}: {str(error)[:200]}")
    said = "; ".join(problems) or "pandas, polars or pyarrow is needed for that"
    raise RowsInvalid([(None, f"This {type(native).__name__} cannot be read ({said}).")])


def _gives_arrow(native: Any) -> bool:
    return hasattr(native, "__arrow_c_stream__")


def _by_pandas(pandas: Any, native: Any) -> Any:
    if _gives_arrow(native) and hasattr(pandas.DataFrame, "from_arrow"):
        return pandas.DataFrame.from_arrow(native)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that it is going out of use is the input's affair
        return pandas.api.interchange.from_dataframe(native)


def _by_polars(polars: Any, native: Any) -> Any:
    return polars.DataFrame(native) if _gives_arrow(native) else polars.from_dataframe(native)


def _by_pyarrow(pyarrow: Any, native: Any) -> Any:
    if _gives_arrow(native):
        return pyarrow.table(native)
    return import_module("pyarrow.interchange").from_dataframe(native)


_READERS = (("polars", _by_polars), ("pyarrow", _by_pyarrow), ("pandas", _by_pandas))
"""Arrow's own readers first: pandas reads Arrow by way of one of them."""


def _as_table(series: Any, text_column: str | None) -> Any:
    """A column as a table of one; its own name does not count."""
    if text_column is None:
        raise RowsInvalid(
            [(None, "One column was given, and the template has several variables.")],
            hint="Give a table whose columns are named like the variables.",
        )
    return series.alias(text_column).to_frame()


def _rows_of(frame: Any) -> Rows:
    native = frame.to_native()
    columns = tuple(str(name) for name in frame.columns)
    implementation = frame.implementation
    kind: Kind = "polars" if implementation.is_polars() else "pandas"
    own = implementation.is_polars() or implementation.is_pandas()
    index: Any = native.index if implementation.is_pandas() else None
    if index is not None and _only_counts(index):
        index = None
    levels = () if index is None else tuple(index.names)
    return Rows(
        _rows(frame, columns, index),
        columns,
        len(frame),
        kind,
        native.copy(deep=False) if implementation.is_pandas() else native if own else None,
        tuple(None if one is None else str(one) for one in levels),
    )


def _only_counts(index: Any) -> bool:
    """Whether an index says no more than the number of the row."""
    return type(index).__name__ == "RangeIndex" and index.start == 0 and index.step == 1


def _rows(frame: Any, columns: tuple[str, ...], index: Any) -> Iterator[Row]:
    cells = frame.iter_rows(named=False, buffer_size=512)
    if index is None:
        for number, row in enumerate(cells):
            yield row_of(number, columns, row)
        return
    for number, (row, label) in enumerate(zip(cells, index, strict=True)):
        yield row_of(number, columns, row, _label(label))


def _label(label: Any) -> Any:
    """What the index calls a row, as a file can keep it; as text if nothing else can be."""
    try:
        return plain(label)
    except Unfit:
        return short(label)
