"""Whether JSON data meets a schema: a JSON schema, or a pydantic model with rules of its own.

The rule: from data and a schema to a value or to a problem in words; what is no schema is refused.
Nothing is fetched, whatever a schema refers to, and nothing is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

import jsonschema_rs
from pydantic import BaseModel, ValidationError

from claude_widget.errors import InvalidRequest

_MOST_PROBLEMS = 5
_LONGEST_PROBLEM = 1_000
_LONGEST_SHOWN = 2_000
_MOST_BACKTRACKS = 1_000_000


class Unmet(ValueError):
    """The data does not meet the schema; its text is the problem in words."""


def checked(data: Any, schema: Mapping[str, Any], model: type[BaseModel] | None = None) -> Any:
    """The data as its user wants it: an instance of the model, else the data itself.

    Args:
        data: JSON data; None where there is none.
        schema: a JSON schema.
        model: the pydantic model that the schema was made from, if it was.

    Raises:
        Unmet: it does not meet the schema, or the model's own validators refuse it.
    """
    if data is None:
        raise Unmet("There is no structured output.")
    if model is None:
        _check(data, schema)
        return data
    try:
        return model.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        raise Unmet(_listed((one["loc"], one["msg"]) for one in found)) from None
    except RecursionError:
        raise Unmet("It is nested too deeply.") from None
    except Exception as error:  # a validator of the user's own that raises something else
        raise Unmet(f"{type(error).__name__}: {error}"[:_LONGEST_PROBLEM]) from error


def _check(data: Any, schema: Mapping[str, Any]) -> None:
    try:
        errors = list(_validator(schema).iter_errors(data))
    except (jsonschema_rs.ReferencingError, jsonschema_rs.ValidationError, ValueError) as error:
        raise Unmet(f"The schema cannot be used: {_first_line(error)}") from None
    if errors:
        raise Unmet(_listed((one.instance_path, one.message) for one in errors))


def asked_schema(schema: Any) -> dict[str, Any]:
    """The JSON schema that `schema` of a start asks for.

    Raises:
        InvalidRequest: it is no schema, or a model that has none.
    """
    if isinstance(schema, type) and issubclass(schema, BaseModel):
        return _schema_of(schema)
    if not isinstance(schema, Mapping):
        raise InvalidRequest(
            "schema must be a JSON schema (a dict) or a pydantic model class.", field="schema"
        )
    try:
        json.dumps(dict(schema), allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"schema is not JSON: {error}.", field="schema") from None
    problem = problem_of_schema(schema)
    if problem:
        said = f"schema is no JSON schema: {problem.rstrip('.')}."
        raise InvalidRequest(said, field="schema")
    return dict(schema)


def _schema_of(model: type[BaseModel]) -> dict[str, Any]:
    try:
        return model.model_json_schema()
    except Exception as error:  # whatever pydantic or a hook of the user's own raises
        raise InvalidRequest(
            f"{model.__name__} has no JSON schema: {_first_line(error).rstrip('.')}.",
            field="schema",
            hint="Give its fields types that JSON has.",
        ) from error


def problem_of_schema(schema: Mapping[str, Any]) -> str:
    """Why it is no JSON schema, or refers to what is not in it; empty if it can be used."""
    try:
        jsonschema_rs.meta.validate(dict(schema))
        _validator(schema)
    except jsonschema_rs.ValidationError as error:
        return _listed([(error.instance_path, error.message)])
    except (jsonschema_rs.ReferencingError, ValueError) as error:
        return _first_line(error)
    return ""


def _validator(schema: Mapping[str, Any]) -> Any:
    """Of the draft that the schema names, else of 2020-12; patterns give up before they hang."""
    bounded = jsonschema_rs.FancyRegexOptions(backtrack_limit=_MOST_BACKTRACKS)
    return jsonschema_rs.validator_for(
        dict(schema), retriever=_nothing_is_fetched, pattern_options=bounded
    )


def _nothing_is_fetched(address: str) -> Any:
    raise ValueError(f"{address} is not in the schema, and is not fetched")


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:_LONGEST_PROBLEM]


def _listed(problems: Iterable[tuple[Iterable[Any], str]]) -> str:
    said = []
    for place, problem in problems:
        name = ".".join(str(part) for part in place)
        said.append(f"{name}: {problem}" if name else problem)
    more = len(said) - _MOST_PROBLEMS
    text = "; ".join(said[:_MOST_PROBLEMS]) + (f"; and {more} more" if more > 0 else "")
    return text if len(text) <= _LONGEST_PROBLEM else text[: _LONGEST_PROBLEM - 1] + "\u2026"


def shown(data: Any) -> str:
    """The data as short text, for an error."""
    text = json.dumps(data, ensure_ascii=False)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "\u2026"
