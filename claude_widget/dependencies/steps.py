"""The steps of a pipeline, and which of them needs which, before anything is started.

The rule: from what a user wrote to names, options and who comes first; whatever can be found wrong
is found here. It starts nothing.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from typing import Any, NamedTuple

from claude_widget.dependencies.errors import UnknownStep
from claude_widget.dependencies.graph import in_order
from claude_widget.dependencies.variables import check_attributes
from claude_widget.errors import InvalidRequest, PromptError
from claude_widget.request import build_request
from claude_widget.templates.rendering import Rendering
from claude_widget.templates.template import Template

_FOR_EACH = frozenset({"again", "after", "continues", "variables"})
"""What cannot be judged by itself, before other steps are there."""
_OF_THE_FIRST = ("session_id", "continues", "fork_session")


class Step(NamedTuple):
    """One step; made by `step`.

    Attributes:
        query: its prompt.
        options: of its start, which come before those of the whole pipeline.
    """

    query: str | Template
    options: Mapping[str, Any]


class Laid(NamedTuple):
    """Steps as they are to be started.

    Attributes:
        steps: by name, as they were given; each with all of its options.
        needs: by name: those that come first.
        wanted: by name: the other steps that its prompt reads.
        order: the names, each behind those that it needs.
    """

    steps: Mapping[str, Step]
    needs: Mapping[str, tuple[str, ...]]
    wanted: Mapping[str, tuple[str, ...]]
    order: list[str]


def step(query: str | Template, **options: Any) -> Step:
    """A step of a pipeline or a sequence with options of its own.

    Args:
        query: the prompt. In a pipeline `{{ name.result }}` is what came of another step.
        **options: as for `ProcessManager.start_execution`; `after` and `continues` may name other
            steps.
    """
    return Step(query, options)


def pipeline_of(
    given: Any,
    variables: Mapping[str, Any] | None,
    options: Mapping[str, Any],
) -> Laid:
    """The steps of a pipeline.

    Args:
        given: prompts or steps, by name.
        variables: what their prompts may read beside each other.
        options: of all that have no other.

    Raises:
        UnknownStep: one needs a step that there is not.
        DependencyCycle: some need each other.
        InvalidRequest: an option or a prompt is wrong.
    """
    if not isinstance(given, Mapping) or not given:
        raise InvalidRequest("steps must be a dict of names and prompts.", field="steps")
    common = variables or {}
    _check_names(given, common, options)
    steps: dict[str, Step] = {}
    needs: dict[str, tuple[str, ...]] = {}
    wanted: dict[str, tuple[str, ...]] = {}
    for name, one in given.items():
        found = _with_options(name, one, options)
        own = found.options.get("variables", {})
        names = _names_in(name, found.query, {*given, *common, *own}, given)
        wanted[name] = tuple(n for n in given if n in names and n not in own)
        named = [n for n in _named_by(found) if n in given or not _is_id(n)]
        needs[name] = tuple(dict.fromkeys([*wanted[name], *named]))
        if isinstance(found.query, str):
            check_attributes(found.query, wanted[name])
        read = {n: value for n, value in common.items() if n in names}
        steps[name] = Step(found.query, {**found.options, "variables": {**read, **own}})
    order = in_order(needs)
    for name, one in steps.items():
        _check_options(name, one)
    return Laid(steps, needs, wanted, order)


def sequence_of(given: Any, options: Mapping[str, Any], *, one_session: bool) -> Laid:
    """Steps that come one after another, named by themselves or by their number from 1.

    Args:
        given: prompts or steps.
        options: of all that have no other; a session is the first one's.
        one_session: each goes on with the session of the one before.

    Raises:
        InvalidRequest: there are none, two have one name, or an option or a prompt is wrong.
    """
    if isinstance(given, (str, Mapping)) or not isinstance(given, Iterable):
        raise InvalidRequest("queries must be a list of prompts or steps.", field="queries")
    steps: dict[str, Step] = {}
    needs: dict[str, tuple[str, ...]] = {}
    before: str | None = None
    for number, one in enumerate(given, 1):
        own = one.options if isinstance(one, Step) else {}
        name = str(own.get("name") or number)
        if name in steps:
            raise InvalidRequest(f"Two steps are called {name!r}.", field="queries")
        first = before is None or not one_session
        shared = {n: value for n, value in options.items() if first or n not in _OF_THE_FIRST}
        found = _with_options(name, one, {"name": None, **shared})  # a number is no name
        needs[name] = () if before is None else (before,)
        if not first and "session_id" not in found.options:
            found = Step(found.query, {"continues": before, **found.options})
        _check_options(name, found)
        steps[name], before = found, name
    if not steps:
        raise InvalidRequest("queries is empty.", field="queries")
    return Laid(steps, needs, dict.fromkeys(steps, ()), list(steps))


def _check_names(
    given: Mapping[Any, Any], variables: Mapping[str, Any], options: Mapping[str, Any]
) -> None:
    for name in given:
        if not isinstance(name, str) or not name.strip():
            raise InvalidRequest(f"{name!r} is no name for a step.", field="steps")
        if name in variables:
            raise InvalidRequest(f"{name!r} names a step and a variable.", field="variables")
    if "name" in options:
        raise InvalidRequest("Each step has a name of its own.", field="name")


def _with_options(name: str, one: Any, options: Mapping[str, Any]) -> Step:
    query, own = one if isinstance(one, Step) else (one, {})
    if not isinstance(query, (str, Template)):
        kind = type(query).__name__
        raise InvalidRequest(f"Step {name!r} must be a prompt, not {kind}.", field="steps")
    return Step(query, {"name": name, **options, **own})


def _names_in(
    name: str, query: str | Template, known: Collection[str], steps: Iterable[str]
) -> tuple[str, ...]:
    """What a prompt wants to know."""
    if isinstance(query, Template):  # its own list says which of them it can do without
        return query.rendering.names
    try:
        names = Rendering(query).names
    except PromptError as error:
        raise PromptError(f"Step {name!r}: {error.message}", line=error.line) from None
    for wanted in names:
        if wanted not in known:
            raise UnknownStep(name, wanted, steps)
    return names


def _named_by(one: Step) -> list[str]:
    """What its options name: steps, or executions that are there already."""
    after = one.options.get("after")
    many = after if isinstance(after, (list, tuple, set, frozenset)) else [after]
    return [n for n in (*many, one.options.get("continues")) if isinstance(n, str)]


def _is_id(name: str) -> bool:
    """Whether it may be the id of an execution that is there already."""
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False


def _check_options(name: str, one: Step) -> None:
    """Find what is wrong with its options before any other step is started."""
    options = {n: value for n, value in one.options.items() if n not in _FOR_EACH}
    query = one.query.query if isinstance(one.query, Template) else one.query
    if "continues" in one.options:
        options.pop("fork_session", None)
    try:
        build_request(query, **options)
    except InvalidRequest as error:
        tell_step(error, name)
        raise


def tell_step(error: InvalidRequest, name: str) -> None:
    """Have an error say which step it is of."""
    error.message = f"Step {name!r}: {error.message}"
    error.args = (f"{error.message} {error.hint}".strip(),)
