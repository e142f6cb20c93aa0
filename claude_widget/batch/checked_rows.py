"""All rows of a batch, checked before anything starts, and written into its file meanwhile.

The rule: every row is looked at, whatever is wrong with those before it, so that all is told at
once. Rows are read once; nothing is started.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from claude_widget.batch.batch_file import BatchFile
from claude_widget.batch.errors import RowsInvalid
from claude_widget.batch.recipe import Recipe
from claude_widget.batch.row import Rows
from claude_widget.templates.errors import VariablesWrong

_MOST_PROBLEMS = 1000


def write_checked(file: BatchFile, recipe: Recipe, rows: Rows) -> None:
    """All rows into the file, unless one of them cannot be used.

    Raises:
        RowsInvalid: a value is none that a prompt can have; it tells of variables, too.
        VariablesWrong: a variable is missing or mistyped, and nothing else is wrong.
    """
    problems: list[tuple[int, str]] = []
    checked: list[int] = []
    count = 0

    def written() -> Iterator[Mapping[str, Any]]:
        nonlocal count
        for row in rows:
            if row.problem:
                count += 1
                if count <= _MOST_PROBLEMS:
                    problems.append((row.number, row.problem))
                continue  # what else it lacks may be what could not be read of it
            file.add(row)
            checked.append(row.number)
            yield row.values

    try:
        recipe.template.check_rows(written())
    except VariablesWrong as error:
        if not problems:
            raise
        count += error.wrong_rows
        problems += _by_row(error, checked)
    if problems:
        raise RowsInvalid(sorted(problems), count=count, hint="Nothing was started.")
    file.note_rows(rows.columns)


def _by_row(error: VariablesWrong, checked: Sequence[int]) -> list[tuple[int, str]]:
    """What is wrong with the variables of each row, by its number; those checked were counted."""
    told: dict[int, list[str]] = {}
    for problem in error.problems:
        number = checked[problem.row or 0]
        told.setdefault(number, []).append(f"{problem.name} {problem.problem}")
    return [(number, "; ".join(said)) for number, said in told.items()]
