"""What can go wrong with templates that a user can do something about.

The rule: errors only, leaves of the tree in `errors`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from claude_widget.errors import InvalidRequest, ProjectNotTrusted

MOST_ROWS_TOLD = 20
"""Rows of which the problems are told; of the others there is the count."""


@dataclass(frozen=True)
class VariableProblem:
    """What is wrong with one variable's value.

    Attributes:
        name: of the variable.
        problem: what is wrong, such as "is missing".
        row: of the table, from 0; None where there is only one.
    """

    name: str
    problem: str
    row: int | None = None

    def __str__(self) -> str:
        where = "" if self.row is None else f"row {self.row}: "
        return f"{where}{self.name} {self.problem}"


class TemplateNotFound(InvalidRequest, KeyError):
    """There is no template of that name, in the project or the user's folder.

    Attributes:
        name: what was asked for.
        known: the names that there are, sorted.
    """

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        there = f"There are: {', '.join(self.known[:20])}." if self.known else "There are none yet."
        super().__init__(
            f"There is no template {name!r}.",
            field="template",
            hint=f"{there} manager.save_template({name!r}, ...) makes one.",
        )

    def __str__(self) -> str:  # KeyError would print the repr
        return f"{self.message} {self.hint}"


class TemplateInvalid(InvalidRequest):
    """A template cannot be used: its file, its front matter, a variable or its prompt is wrong.

    Attributes:
        name: of the template; empty while it has none.
        path: its file, or None.
        line: of the file, from 1, or None.
    """

    def __init__(
        self, problem: str, *, name: str = "", path: str | None = None, line: int | None = None
    ) -> None:
        self.name = name
        self.path = path
        self.line = line
        self.problem = problem
        where = path or (f"template {name!r}" if name else "the template")
        super().__init__(f"{where[:1].upper()}{where[1:]}: {problem}.", field="template")


class VariablesWrong(InvalidRequest):
    """Variables of a template are missing or mistyped, in one row or several; nothing was started.

    Attributes:
        problems: of the first 20 rows that have some.
        wrong_rows: how many rows have some.
        rows: how many rows were looked at; 1 where there is no table.
    """

    def __init__(self, problems: Sequence[VariableProblem], wrong_rows: int, rows: int) -> None:
        self.problems = tuple(problems)
        self.wrong_rows = wrong_rows
        self.rows = rows
        if rows == 1 and all(problem.row is None for problem in problems):
            message = f"Variables are wrong: {'; '.join(map(str, self.problems))}."
        else:
            told = {problem.row for problem in problems}
            listed = "".join(f"\n  - {problem}" for problem in self.problems)
            more = wrong_rows - len(told)
            listed += f"\n  - and {more:,} more rows" if more > 0 else ""
            message = f"Variables are wrong in {wrong_rows:,} of {rows:,} rows:{listed}\n"
        super().__init__(message, field="variables", hint="Nothing was started.")


class TemplateNotConfirmed(ProjectNotTrusted):
    """A project's template would raise what an execution may do, and nobody has confirmed that.

    Attributes:
        path: the project's folder.
        digest: of the template's content, in hexadecimal digits.
        servers: what it asks for, as (option, value).
        items: a digest, for whoever accepts it.
        name: of the template.
        template_path: its file.
    """

    def __init__(
        self,
        path: str,
        demands: Sequence[tuple[str, str]],
        item: str,
        *,
        name: str,
        template_path: str,
    ) -> None:
        super().__init__(path, item, demands, [item])
        self.name = name
        self.template_path = template_path
        listed = "".join(f"\n  - {option}: {value}" for option, value in self.servers[:20])
        InvalidRequest.__init__(
            self,
            f"Template {name!r} came with the project and asks for more than a prompt may:{listed}"
            "\n",
            field="template",
            hint=f"Look at {template_path}; manager.confirm_template({name!r}) accepts what it "
            "says now, or give these options yourself.",
        )
