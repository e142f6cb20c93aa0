"""From whatever a user has in hand to the rows of a batch.

The rule: it reads the input once, in order, and knows no template. A row that cannot be used says
so, so that all of them can be reported; what is no table at all is refused at once.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sized
from pathlib import Path
from typing import Any

from claude_widget.batch.csv_rows import rows_of_csv
from claude_widget.batch.errors import RowsInvalid
from claude_widget.batch.frames import rows_of_frame
from claude_widget.batch.row import Row, Rows, row_of, short
from claude_widget.batch.values import Unfit, plain

_PLAIN_TABLES = (list, tuple, range, dict, set, frozenset)
"""What is no DataFrame for sure, so that no library need be asked."""
_FORMS = (
    "Give a DataFrame, a list of dicts or of strings, the path of a CSV file, or a generator of "
    "dicts or strings."
)


def rows_from(data: Any, text_column: str | None = None) -> Rows:
    """The rows of an input, which are read as they are asked for.

    Args:
        data: a DataFrame, a list of dicts or of strings, the path of a CSV file, or a generator of
            dicts or strings, whose length is not known.
        text_column: what the value of a row is called that has only one, such as the template's
            only variable; None if there is no such name.

    Raises:
        RowsInvalid: it is no table, or its columns cannot be told apart.
    """
    if isinstance(data, (str, os.PathLike)):
        return rows_of_csv(_path(data))
    if isinstance(data, (Mapping, bytes, bytearray)) or data is None:
        raise _refused(data)
    if not isinstance(data, _PLAIN_TABLES) and not isinstance(data, Iterator):
        found = rows_of_frame(data, text_column)
        if found is not None:
            return found
    if hasattr(data, "__aiter__") and not hasattr(data, "__iter__"):
        raise RowsInvalid(
            [(None, "An asynchronous generator cannot be read while cells run.")],
            hint="Give an ordinary generator: it is read on a thread of its own, and may wait.",
        )
    if not isinstance(data, Iterable):
        raise _refused(data)
    length = len(data) if isinstance(data, Sized) else None
    made = Rows((), length=length, waits=length is None)
    made.source = _rows(iter(data), made, text_column)
    return made


def _path(data: str | os.PathLike[str]) -> Path:
    path = Path(os.fspath(data)).expanduser()
    try:
        if path.is_file():
            return path
        said = "is no file" if path.exists() else "does not exist"
    except (OSError, ValueError) as error:  # it is far too long, or has a NUL
        said = f"is no path ({error})"
    raise RowsInvalid(
        [(None, f"rows: {short(data)!r} {said}.")],
        hint="Text is taken as the path of a CSV file; one prompt alone is [text].",
    )


def _refused(data: Any) -> RowsInvalid:
    one = " pandas.DataFrame(...) makes one of a dict of columns."
    said = f"rows must be a table, not {type(data).__name__}."
    said += one if isinstance(data, Mapping) else ""
    return RowsInvalid([(None, said)], hint=_FORMS)


def _rows(items: Iterator[Any], made: Rows, text_column: str | None) -> Iterator[Row]:
    known: dict[str, None] = {}
    for number, item in enumerate(items):
        if isinstance(item, Mapping):
            row = _of_mapping(number, item)
        else:
            row = _of_value(number, item, text_column)
        if not row.values.keys() <= known.keys():
            known |= dict.fromkeys(row.values)
            made.columns = tuple(known)
        yield row


def _of_mapping(number: int, item: Mapping[Any, Any]) -> Row:
    wrong = next((name for name in item if not isinstance(name, str)), None)
    if wrong is not None:
        said = f"a column's name must be text, not {short(wrong)!r}"
        return Row(number, {}, problem=said)
    return row_of(number, tuple(item), tuple(item.values()))


def _of_value(number: int, item: Any, text_column: str | None) -> Row:
    try:
        value = plain(item)
    except (Unfit, RecursionError) as error:
        return Row(number, {}, problem=f"it {error}")
    if isinstance(value, dict) and not hasattr(item, "execution_id"):  # a model or a dataclass
        return Row(number, value)
    if value is None:
        return Row(number, {}, problem="it is missing")
    if isinstance(value, list):
        return Row(number, {}, problem=f"it is of type {type(item).__name__}, and no dict or text")
    if text_column is None:
        return Row(number, {}, problem="it is one value, and the template has several variables")
    return Row(number, {text_column: value})
