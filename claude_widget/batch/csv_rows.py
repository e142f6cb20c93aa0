"""Rows of a CSV file.

The rule: a header and then rows as long as it, in UTF-8. All cells are text as they stand there:
what a column means the template says.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from claude_widget.batch.errors import RowsInvalid
from claude_widget.batch.row import Row, Rows, short
from claude_widget.own_files import open_any

_LONGEST_CELL = 16 << 20
"""Characters. The module's own bound, 131,072, is one for the whole process."""
_ENCODING_HINT = "Save it as UTF-8, or read it with pandas.read_csv(path, encoding=...)."


def rows_of_csv(path: Path) -> Rows:
    """The rows of a file, with a comma between cells; with a tab in a `.tsv`.

    Raises:
        RowsInvalid: it is not there, or its header is none.
    """
    records = _records(path)
    header = next(records, None)
    if header is None:
        raise RowsInvalid([(None, f"{path.name} is empty.")], hint="Its first line names columns.")
    columns = tuple(name.strip() for name in header[1])
    for name in columns:
        if not name:
            raise RowsInvalid([(None, f"{path.name}: a column has no name.")])
        if columns.count(name) > 1:
            raise RowsInvalid([(None, f"{path.name}: two columns are named {short(name)!r}.")])
    return Rows(_rows(records, columns), columns)


def _rows(records: Iterator[tuple[int, list[str]]], columns: tuple[str, ...]) -> Iterator[Row]:
    for number, (line, cells) in enumerate(records):
        if len(cells) == len(columns):
            yield Row(number, dict(zip(columns, cells, strict=True)))
        else:
            said = f"line {line} has {len(cells)} cells, and the header has {len(columns)}"
            yield Row(number, {}, problem=said)


def _records(path: Path) -> Iterator[tuple[int, list[str]]]:
    """The lines that are not blank, with the number of each."""
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        with os.fdopen(open_any(path), "r", encoding="utf-8-sig", newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            while (cells := _next(reader)) is not None:
                if cells:
                    yield reader.line_num, cells
    except UnicodeDecodeError as error:
        raise RowsInvalid(
            [(None, f"{path.name} is not UTF-8 ({error.reason})")], hint=_ENCODING_HINT
        ) from None
    except csv.Error as error:
        said = f"{path.name}, line {reader.line_num}: {error}"
        raise RowsInvalid([(None, said)]) from None
    except OSError as error:
        raise RowsInvalid([(None, f"{path}: {error.strerror or error}.")]) from None


def _next(reader: Any) -> list[str] | None:
    """The next record; the bound on a cell is raised for this moment only."""
    before = csv.field_size_limit(_LONGEST_CELL)
    try:
        found: list[str] | None = next(reader, None)
    finally:
        csv.field_size_limit(before)
    return found
