"""What a prompt's names mean: values, and executions that have not ended yet.

The rule: from what a start was given to what its request keeps. Without executions, or once they
have all completed, the prompt is filled at once and nothing is kept; else the values are kept as
JSON, and each execution as its id, until it is their turn. What can be found wrong with the prompt
before that is found here. Executions are known by what they have, not by their class.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from jinja2 import TemplateError, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from claude_widget.dependencies.shown import FIELDS, shown
from claude_widget.errors import InvalidRequest, PromptError
from claude_widget.models import ExecutionStatus
from claude_widget.templates.rendering import Rendering

MOST_BYTES = 9_000_000
"""Of all values of one start, as JSON."""
_EXECUTION, _DATA = "$execution", "$data"
_DEEPEST = 50
_SURROGATES = re.compile("[\ud800-\udfff]")
_HINT = "{% raw %} … {% endraw %} around braces that are meant literally."


def settle(given: dict[str, Any]) -> None:
    """Fill the query of a start with its variables, or keep them; the executions come `after`.

    Args:
        given: of the start: `query`, and `variables`, `after` and `continues` if there are any.

    Raises:
        PromptError: the query does not fill, or wants names that are not there.
        InvalidRequest: the variables cannot be kept.
    """
    named: list[str] = []
    variables = given.pop("variables", None)
    if variables is not None:
        executions = list(_executions_in(_checked(variables)))
        named = [one.execution_id for one in executions]
        rendering = Rendering(given["query"], hint=_HINT)
        if all(one.latest.info.status is ExecutionStatus.COMPLETED for one in executions):
            given["query"] = rendering.fill(_mapped(variables, _for_a_prompt))
        else:
            _check_wanted(rendering, given["query"], variables)
            given["variables"] = _kept(variables)
    if given.get("continues") is not None:
        named.append(given["continues"])
    if named:
        given["after"] = tuple(dict.fromkeys([*given.get("after", ()), *named]))


def fill(query: str, kept: Mapping[str, Any], value_of: Callable[[str], Any]) -> str:
    """The prompt of a request that has kept its variables.

    Args:
        query: the template.
        kept: the request's variables.
        value_of: what the prompt sees of the execution of an id.

    Raises:
        PromptError: it does not fill.
    """
    return Rendering(query, hint=_HINT).fill(_restored(dict(kept), value_of))


def named_in(kept: Any) -> Iterator[str]:
    """Ids of the executions that kept variables name."""
    if isinstance(kept, list):
        for item in kept:
            yield from named_in(item)
    elif isinstance(kept, dict):
        if _EXECUTION in kept:
            yield kept[_EXECUTION]
            return
        for item in kept.get(_DATA, kept).values():
            yield from named_in(item)


def is_execution(value: Any) -> bool:
    """Whether a value is an execution."""
    return isinstance(getattr(value, "execution_id", None), str) and hasattr(
        value, "raise_for_status"
    )


def has_executions(variables: Mapping[str, Any]) -> bool:
    """Whether executions are among some values, or within them."""
    return next(_executions_in(variables), None) is not None


def _checked(variables: Any) -> Mapping[str, Any]:
    if isinstance(variables, Mapping) and all(isinstance(name, str) for name in variables):
        return variables
    raise InvalidRequest("variables must be a dict of names and values.", field="variables")


def _check_wanted(rendering: Rendering, source: str, variables: Mapping[str, Any]) -> None:
    """Refuse what would be found wrong only when the executions have ended."""
    missing = [name for name in rendering.names if name not in variables]
    if missing:
        raise PromptError(
            f"Undefined in the prompt: {', '.join(missing)}.", names=missing, hint=_HINT
        )
    check_attributes(source, {name for name, value in variables.items() if is_execution(value)})


def check_attributes(source: str, executions: Collection[str]) -> None:
    """Refuse a prompt that reads of executions what none of them has for a prompt.

    Args:
        source: the prompt.
        executions: names that stand for executions.

    Raises:
        PromptError: so it does.
    """
    for name, attribute in _attributes_in(source):
        if attribute not in FIELDS and name in executions:
            raise PromptError(
                f"{name}.{attribute}: prompts know no {attribute!r} of an execution.",
                names=[f"{name}.{attribute}"],
                hint=f"They know {', '.join(FIELDS)}.",
            )


def _attributes_in(source: str) -> Iterator[tuple[str, str]]:
    """What is read of the names that the prompt is given, as (name, attribute)."""
    try:
        tree = ImmutableSandboxedEnvironment().parse(source)
    except (TemplateError, RecursionError):  # which was said already
        return
    own = {one.name for one in tree.find_all(nodes.Name) if one.ctx != "load"}
    for one in tree.find_all(nodes.Getattr):
        if isinstance(one.node, nodes.Name) and one.node.name not in own:
            yield one.node.name, one.attr


# -- executions among values ---------------------------------------------------------------------


def _executions_in(value: Any, level: int = 0) -> Iterator[Any]:
    if is_execution(value):
        yield value
    elif isinstance(value, (list, tuple, Mapping)):
        _check_level(level)
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from _executions_in(item, level + 1)


def _check_level(level: int) -> None:
    if level > _DEEPEST:
        raise InvalidRequest(f"variables are nested more than {_DEEPEST} deep.", field="variables")


def _mapped(value: Any, change: Callable[[Any], Any]) -> Any:
    """The same with other executions; a list or dict without any is itself."""
    if is_execution(value):
        return change(value)
    if isinstance(value, (list, tuple)) and any(_executions_in(value)):
        return [_mapped(item, change) for item in value]
    if isinstance(value, Mapping) and any(_executions_in(value)):
        return {name: _mapped(item, change) for name, item in value.items()}
    return value


def _for_a_prompt(execution: Any) -> Any:
    return shown(execution.latest.info)


# -- values that are kept ------------------------------------------------------------------------


def _kept(variables: Mapping[str, Any]) -> dict[str, Any]:
    kept = {_clean(name): _as_json(name, value) for name, value in variables.items()}
    size = len(json.dumps(kept))
    if size > MOST_BYTES:
        raise InvalidRequest(
            f"variables have {size:,} bytes; at most {MOST_BYTES:,} are kept.",
            field="variables",
            hint="Put the text into a file and name the file.",
        )
    return kept


def _as_json(name: str, value: Any) -> Any:
    if is_execution(value):
        return {_EXECUTION: value.execution_id}
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, str):
        return _clean(str(value))
    if isinstance(value, int):
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if isinstance(value, (list, tuple)):
        return [_as_json(name, item) for item in value]
    if isinstance(value, Mapping) and all(isinstance(key, str) for key in value):
        kept = {_clean(key): _as_json(name, item) for key, item in value.items()}
        return {_DATA: kept} if any(key.startswith("$") for key in kept) else kept
    raise InvalidRequest(
        f"variables: in {name} is something of type {type(value).__name__}, which cannot be kept "
        "until the executions beside it have ended.",
        field="variables",
        hint="Give texts, numbers, lists and dicts of them, such as str(value).",
    )


def _clean(text: str) -> str:
    """Without lone surrogates, which no transcript can hold."""
    return _SURROGATES.sub("\ufffd", text)


def _restored(kept: Any, value_of: Callable[[str], Any]) -> Any:
    if isinstance(kept, list):
        return [_restored(item, value_of) for item in kept]
    if not isinstance(kept, dict):
        return kept
    if _EXECUTION in kept:
        return value_of(kept[_EXECUTION])
    return {name: _restored(item, value_of) for name, item in kept.get(_DATA, kept).items()}
