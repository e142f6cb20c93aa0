"""How a row becomes a request: the template, and what every row is started with.

The rule: what is the same for all rows is validated once. It can be written down and read again,
less what is never kept: values of variables, MCP servers, and what is Python's own.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from claude_widget.batch.row import Row
from claude_widget.batch.values import NAMED_EXECUTION
from claude_widget.dependencies.variables import has_executions, settle
from claude_widget.errors import InvalidRequest
from claude_widget.models import ExecutionRequest
from claude_widget.request import build_request, check_name, clean_query
from claude_widget.templates.declaring import as_said
from claude_widget.templates.template import Template, make_template
from claude_widget.templates.variables import stands_for_execution
from claude_widget.user_code import NO_CODE, UserCode, user_code_of

EACH_ITS_OWN = "{{ prompt }}"
"""The template of a batch without one: each row is its own prompt."""
_OWN_TO_ONE = {
    "key": "A recording's key is of one execution.",
    "continues": "Rows run side by side, and a session goes on with one of them.",
    "variables": "The rows are the variables.",
    "query": "The template is the prompt.",
}
Find = Callable[[str], Any]


@dataclass(frozen=True)
class Recipe:
    """From a row to a request.

    Attributes:
        template: fills the prompt.
        base: all of the request but the prompt and the name.
        name: what each row's execution is named after, with its number.
        code: what Python has of their starts; only in the kernel that was given it.
        lacking: what was given in another kernel and is not kept, by its argument's name.
    """

    template: Template
    base: ExecutionRequest
    name: str
    code: UserCode = NO_CODE
    lacking: tuple[str, ...] = field(default=())

    @property
    def text_column(self) -> str | None:
        """What the value of a row is called that has only one; None if that cannot be told."""
        variables = self.template.variables.values()
        needed = [one.name for one in variables if one.required]
        names = needed or [one.name for one in variables]
        return names[0] if len(names) == 1 else None

    def request_of(self, row: Row, find: Find) -> ExecutionRequest:
        """What a row asks for.

        Args:
            row: it.
            find: gives the execution of an id that stands among its values.

        Raises:
            InvalidRequest: its values are missing or mistyped, or the prompt does not fill.
        """
        values = self.template.complete(row.values, others=True)
        values = {name: _restored(value, find) for name, value in values.items()}
        given: dict[str, Any] = {"query": self.template.query}
        if has_executions(values):
            given |= {"variables": values, "after": self.base.after}
            settle(given)
        else:
            given["query"] = self.template.rendering.fill(values)
        given |= {"query": clean_query(given["query"]), "name": f"{self.name} {row.number}"}
        return self.base.model_copy(update=given)

    def told(self) -> dict[str, Any]:
        """What may be written down of it, as JSON has it."""
        secret = {"query", "name", "env", "mcp_config"}
        request = self.base.model_dump(mode="json", by_alias=True, exclude=secret)
        variables = {
            name: as_said(one) for name, one in self.template.variables.items() if one.declared
        }
        return {
            "name": self.name,
            "template": {
                "name": self.template.name,
                "query": self.template.query,
                "variables": variables,
            },
            "request": request,
            "env": sorted(self.base.env),
            "mcp_config": self.base.mcp_config is not None,
        }


def recipe_for(
    template: Template | str | None, name: str | None, options: Mapping[str, Any]
) -> Recipe:
    """How the rows of a new batch become requests.

    Args:
        template: a template, Jinja2 source, or None where each row is its own prompt.
        name: of the batch.
        options: of a start that are given; they count in place of those of the template.

    Raises:
        InvalidRequest: an option is wrong, or the prompt would be the same for every row.
    """
    check_name(name)
    made = _template(template)
    for option in options:
        if option in _OWN_TO_ONE:
            raise InvalidRequest(f"A batch takes no {option}. {_OWN_TO_ONE[option]}", field=option)
    place = {"project_path": made.project_path or "."}
    given = {**place, **made.options, **options}
    if given.get("keep_open"):
        raise InvalidRequest(
            "The rows of a batch are not kept open: it would never end.",
            field="keep_open",
            hint="execution.send(text) goes on with the session of one that has ended.",
        )
    base = build_request(query="(a row)", **given)
    named = name or made.name or "row"
    return Recipe(made, base, named, user_code_of(given))


def _template(template: Template | str | None) -> Template:
    if template is None:
        return make_template(EACH_ITS_OWN)
    made = template if isinstance(template, Template) else make_template(template)
    if not made.variables:
        raise InvalidRequest(
            "The template has no variable, so that every row would ask for the same.",
            field="template",
            hint="Name a column in it, such as {{ path }}; a saved template is "
            "manager.template(name).",
        )
    return made


def recipe_from(told: Mapping[str, Any]) -> Recipe:
    """A recipe as it was written down.

    Raises:
        InvalidRequest: it cannot be read.
    """
    try:
        template = make_template(
            told["template"]["query"],
            name=told["template"]["name"],
            variables=told["template"]["variables"],
        )
        base = ExecutionRequest.model_validate({**told["request"], "query": "(a row)"})
        lost = [f"env ({', '.join(told['env'])})"] if told["env"] else []
        lost += ["mcp_config"] if told["mcp_config"] else []
        return Recipe(template, base, str(told["name"]), lacking=tuple(lost))
    except (KeyError, TypeError, AttributeError, ValidationError) as error:
        raise InvalidRequest(
            f"What the batch was made of cannot be read: {error}.", field="template"
        ) from None


def _restored(value: Any, find: Find) -> Any:
    """The same with the executions that are named in it."""
    if stands_for_execution(value):
        return find(str(value[NAMED_EXECUTION]))
    if isinstance(value, list):
        return [_restored(item, find) for item in value]
    if isinstance(value, dict):
        return {name: _restored(item, find) for name, item in value.items()}
    return value
