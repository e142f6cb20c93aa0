"""One row of a batch's input, and a source of them.

The rule: data only. A row that cannot be used says so itself, so that all of them are found.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from claude_widget.batch.values import Unfit, plain

Kind = Literal["pandas", "polars"]
_NAME_CHARACTERS = 60


class Row(NamedTuple):
    """One row.

    Attributes:
        number: its place in the input, from 0.
        values: by column, as JSON has them.
        label: what the input's index calls it; None where that is its number.
        problem: why it cannot be used; empty if it can.
    """

    number: int
    values: dict[str, Any]
    label: Any = None
    problem: str = ""


@dataclass
class Rows:
    """Rows in order, read once, one after the other.

    Attributes:
        source: gives them.
        columns: their names; where the input has no header, those of the rows that were read.
        length: how many there are; None until that is known.
        kind: the library whose tables the result is to be.
        frame: the input in its own types, if it is a table of `kind`; else None.
        index_names: of the levels of its index; empty where rows are only counted.
        waits: reading it may wait for long, such as for a generator.
    """

    source: Iterable[Row]
    columns: tuple[str, ...] = ()
    length: int | None = None
    kind: Kind = "pandas"
    frame: Any = None
    index_names: tuple[str | None, ...] = ()
    waits: bool = False

    def __iter__(self) -> Iterator[Row]:
        return iter(self.source)


def row_of(number: int, columns: Sequence[str], cells: Sequence[Any], label: Any = None) -> Row:
    """A row of cells that stand in the order of the columns."""
    values: dict[str, Any] = {}
    problems: list[str] = []
    for name, cell in zip(columns, cells, strict=True):
        kind = type(cell)
        if kind is str or cell is None:  # most are, and ten thousand rows are to take no time
            values[name] = cell
            continue
        try:
            values[name] = plain(cell)
        except (Unfit, RecursionError) as error:
            problems.append(f"column {short(name)!r} {error}")
    return Row(number, values, label, "; ".join(problems))


def short(name: object) -> str:
    """A name as an error can have it."""
    text = str(name)
    return text if len(text) <= _NAME_CHARACTERS else text[:_NAME_CHARACTERS] + "…"
