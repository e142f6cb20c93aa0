"""From what a template says of its variables to `Variable`s.

The rule: pure. The words are those of front matter and of Python alike: a type's name, or a dict
of `type`, `default`, `description` and `enum`. A default or choice that its own type refuses is a
mistake of the template, and said as that.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping
from typing import Any, cast

from claude_widget.templates.errors import TemplateInvalid
from claude_widget.templates.variables import TYPES, Mistyped, Variable, VariableType, shown

_MOST = 100
_LONGEST_NAME = 100
_FIELDS = frozenset({"type", "default", "description", "enum"})
_RESERVED = frozenset(
    {
        *keyword.kwlist,
        *("range", "dict", "namespace", "cycler", "joiner"),
        *("true", "false", "none", "loop", "self", "caller", "varargs", "kwargs"),
    }
)
"""Names that mean something else in a prompt."""


def declared(given: Any, wanted: Iterable[str]) -> dict[str, Variable]:
    """The variables of a template, those of its list first.

    Args:
        given: by name: None, a type's name, a dict, or a `Variable`.
        wanted: names that its prompt wants; what is not in the list may be anything.

    Raises:
        TemplateInvalid: one is said wrongly.
    """
    said = {} if given is None else given
    if not isinstance(said, Mapping):
        raise TemplateInvalid("variables must be a dict of names")
    if len(said) > _MOST:
        raise TemplateInvalid(f"it has more than {_MOST} variables")
    found = {name: _variable(name, value) for name, value in said.items()}
    for name in wanted:
        if name not in found:
            found[name] = Variable(name, declared=False)
    return found


def as_said(variable: Variable) -> dict[str, Any]:
    """What a template says of a variable: as `declared` takes it."""
    said: dict[str, Any] = {} if variable.type == "any" else {"type": variable.type}
    if not variable.required:
        said["default"] = variable.default
    if variable.description:
        said["description"] = variable.description
    if variable.enum:
        said["enum"] = list(variable.enum)
    return said


def _variable(name: Any, given: Any) -> Variable:
    if not isinstance(name, str) or not name.isidentifier() or len(name) > _LONGEST_NAME:
        raise TemplateInvalid(f"{shown(name)} is no name of a variable")
    if name in _RESERVED or name.startswith("_"):
        raise TemplateInvalid(f"{name} cannot be the name of a variable")
    if isinstance(given, Variable):
        given = as_said(given)
    said = {} if given is None else {"type": given} if isinstance(given, str) else given
    if not isinstance(said, Mapping):
        raise TemplateInvalid(f"variable {name}: give a type's name, or a dict of type and default")
    unknown = [field for field in said if field not in _FIELDS]
    if unknown:
        known = ", ".join(sorted(_FIELDS))
        raise TemplateInvalid(f"variable {name}: {shown(unknown[0])} is none of {known}")
    kind = said.get("type", "any")
    if kind not in TYPES:
        raise TemplateInvalid(
            f"variable {name}: there is no type {shown(kind)}; there are {', '.join(TYPES)}"
        )
    return _with_values(name, cast("VariableType", kind), said)


def _with_values(name: str, kind: VariableType, said: Mapping[str, Any]) -> Variable:
    description = said.get("description") or ""
    if not isinstance(description, str):
        raise TemplateInvalid(f"variable {name}: its description is no text")
    alone = Variable(name, kind)
    choices = said.get("enum")
    if choices is not None and (not isinstance(choices, (list, tuple)) or not choices):
        raise TemplateInvalid(f"variable {name}: enum must be a list of what it may be")
    try:
        enum = tuple(alone.checked(choice) for choice in choices or ())
        default = Variable(name, kind, enum=enum).checked(said["default"]) if _has(said) else None
    except Mistyped as error:
        raise TemplateInvalid(f"variable {name}: its default or a choice {error}") from None
    return Variable(
        name, kind, required=not _has(said), default=default, description=description, enum=enum
    )


def _has(said: Mapping[str, Any]) -> bool:
    return said.get("default") is not None
