"""One template: a prompt with variables, and the options that it is started with.

The rule: it is whole and valid once it is made, and knows no file, manager or execution. Values are
checked before the prompt is filled, those of all rows before anything starts.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal

from claude_widget.errors import PromptError
from claude_widget.request import OPTIONS
from claude_widget.templates.bounds import Bounds
from claude_widget.templates.declaring import declared
from claude_widget.templates.errors import (
    MOST_ROWS_TOLD,
    TemplateInvalid,
    VariableProblem,
    VariablesWrong,
)
from claude_widget.templates.rendering import Rendering
from claude_widget.templates.variables import Mistyped, Variable, stands_for_execution

Scope = Literal["", "project", "user"]
_NAMED = frozenset({"project_path", "session_id", "mcp_config", "model"})
_PER_START = frozenset({"after", "continues", "key", "variables"})
"""Options that make sense for one start only, and stand in no template."""
TEMPLATE_OPTIONS = frozenset({*OPTIONS, *_NAMED}) - _PER_START
_MOST_PROBLEMS = 20
"""Told of one row."""
_SECONDS_FOR_ROWS = 10.0
_HINT = "{% raw %} … {% endraw %} around braces that are meant literally."


@dataclass(frozen=True)
class Template:
    """A prompt with names to fill in. Made by `make_template`, or `ProcessManager.template`.

    Attributes:
        name: what it is called; empty for a prompt that is no saved template.
        query: the prompt, in Jinja2.
        variables: what it wants to know, by name; those of its own list first.
        description: for people.
        options: of a start, by the names of `start_execution`.
        scope: where it lies: "project", "user", or "" for nowhere.
        path: its file, or None.
        project_path: the project that it came with, or None.
        digest: of its file's content, in hexadecimal digits; empty where there is none.
    """

    name: str
    query: str
    rendering: Rendering = field(repr=False, compare=False)
    variables: Mapping[str, Variable] = field(default_factory=dict)
    description: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    scope: Scope = ""
    path: str | None = None
    project_path: str | None = None
    digest: str = field(default="", repr=False)

    def check(
        self, values: Mapping[str, Any], *, row: int | None = None, others: bool = False
    ) -> list[VariableProblem]:
        """What is wrong with some values; nothing is filled.

        Args:
            values: by name.
            row: of a table, from 0, that they are.
            others: whether there may be values that the template does not want, as in a table.

        Returns:
            At most 20 problems, those of missing and mistyped variables first.
        """
        problems = []
        for name, variable in self.variables.items():
            try:
                variable.checked(values.get(name))
            except Mistyped as error:
                problems.append(VariableProblem(name, str(error), row))
        if not others:
            known = ", ".join(self.variables) or "none"
            problems += [
                VariableProblem(str(name)[:100], f"is no variable of it; there are {known}", row)
                for name in values
                if name not in self.variables
            ]
        return problems[:_MOST_PROBLEMS]

    def complete(self, values: Mapping[str, Any], *, others: bool = False) -> dict[str, Any]:
        """The values as the prompt gets them: converted, and with the defaults.

        Raises:
            VariablesWrong: some are missing, mistyped, or not wanted.
        """
        problems = self.check(values, others=others)
        if problems:
            raise VariablesWrong(problems, 1, 1)
        return self._converted(values)

    def _converted(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {
            name: variable.checked(values.get(name)) for name, variable in self.variables.items()
        }

    def fill(self, values: Mapping[str, Any], *, others: bool = False) -> str:
        """The prompt, filled.

        Raises:
            VariablesWrong: some are missing, mistyped, or not wanted.
            PromptError: it does not fill with them, or takes too long.
        """
        return self.rendering.fill(self.complete(values, others=others))

    def check_rows(
        self,
        rows: Iterable[Mapping[str, Any]],
        clock: Callable[[], float] = time.monotonic,
    ) -> int:
        """See that the prompt fills with each row of a table, before anything starts.

        Filling is tried for ten seconds in all; types and missing values are looked at in every
        row. A row with an execution in it can only be filled when that has ended.

        Args:
            rows: values by name; what the template does not want is left alone.
            clock: seconds, monotonic.

        Returns:
            How many rows there are.

        Raises:
            VariablesWrong: some rows are wrong; of the first 20 it says all that is.
        """
        problems: list[VariableProblem] = []
        wrong = count = 0
        deadline = clock() + _SECONDS_FOR_ROWS
        for number, values in enumerate(rows):
            count += 1
            found = self.check(values, row=number, others=True)
            left = deadline - clock()
            if not found and left > 0:
                found = self._tried(values, number, min(left, Bounds.seconds), clock)
            if found:
                wrong += 1
                if wrong <= MOST_ROWS_TOLD:
                    problems += found
        if wrong:
            raise VariablesWrong(problems, wrong, count)
        return count

    def _tried(
        self, values: Mapping[str, Any], row: int, seconds: float, clock: Callable[[], float]
    ) -> list[VariableProblem]:
        converted = self._converted(values)
        if any(stands_for_execution(value) for value in converted.values()):
            return []
        try:
            self.rendering.fill(converted, Bounds(seconds=seconds), clock)
        except PromptError as error:
            return [VariableProblem("prompt:", error.message, row)]
        return []


def make_template(
    query: str,
    *,
    name: str = "",
    variables: Any = None,
    description: str = "",
    options: Mapping[str, Any] | None = None,
    scope: Scope = "",
    path: str | None = None,
    project_path: str | None = None,
    digest: str = "",
) -> Template:
    """A template.

    Args:
        query: the prompt, in Jinja2; blank lines around it are left out.
        name: what it is called.
        variables: by name: a type's name ("str", "int", "float", "bool", "list", "dict", "date",
            "any"), or a dict of `type`, `default`, `description` and `enum`. What the prompt wants
            and is not there may be anything, and must be given.
        description: for people.
        options: of a start.
        scope: where it lies.
        path: its file.
        project_path: the project that it came with.
        digest: of its file's content.

    Raises:
        TemplateInvalid: its prompt, a variable or an option is wrong.
    """
    if not isinstance(query, str):
        raise TemplateInvalid(f"its prompt must be text, not {type(query).__name__}", name=name)
    if not query.strip():
        raise TemplateInvalid("its prompt is blank", name=name, path=path)
    source = query.strip("\n")
    try:
        _check_options(options or {})
        rendering = Rendering(source, hint=_HINT)
        found = declared(variables, rendering.names)
    except PromptError as error:
        problem = error.message.rstrip(".")
        raise TemplateInvalid(problem, name=name, path=path, line=error.line) from None
    except TemplateInvalid as error:
        raise TemplateInvalid(error.problem, name=name, path=path) from None
    return Template(
        name,
        source,
        rendering,
        MappingProxyType(found),
        description,
        MappingProxyType(dict(options or {})),
        scope,
        path,
        project_path,
        digest,
    )


def _check_options(options: Mapping[str, Any]) -> None:
    for name in options:
        if name in _PER_START:
            raise TemplateInvalid(f"the option {name} is for one start, and stands in no template")
        if name not in TEMPLATE_OPTIONS:
            listed = ", ".join(sorted(TEMPLATE_OPTIONS))
            raise TemplateInvalid(f"there is no option {str(name)[:100]!r}; there are {listed}")
