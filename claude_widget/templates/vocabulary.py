"""The filters, tests and functions that a template has, each with its bound.

The rule: an allow list over Jinja2's own. What is not in it is not there: what works on HTML, what
gives something else each time, and what takes longer than its operands would have one think.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from typing import Any

from jinja2.filters import FILTERS as JINJA_FILTERS
from jinja2.runtime import Macro, Undefined
from jinja2.sandbox import safe_range
from jinja2.tests import TESTS as JINJA_TESTS
from jinja2.utils import Cycler, Joiner, Namespace

from claude_widget.templates import growth
from claude_widget.templates.bounds import METER, Exceeded, made

Check = Callable[..., None]
_DEEPEST_INDENT = 16

_CHEAP = ("count", "d", "default", "first", "last", "length")
"""What takes no longer with a large value."""
_PLAIN = (
    *("abs", "capitalize", "filesizeformat", "float", "items", "list", "lower", "map", "reject"),
    *("reverse", "select", "string", "truncate", "upper"),
)
_BY_EACH = ("dictsort", "groupby", "max", "min", "rejectattr", "selectattr", "sort", "unique")
_CHECKED: Mapping[str, Check] = {
    "batch": growth.check_batch,
    "center": growth.check_center,
    "indent": growth.check_indent,
    "int": growth.check_whole,
    "replace": growth.check_replace,
    "round": growth.check_round,
    "slice": growth.check_slice,
    "title": growth.check_slow,
    "trim": growth.check_trim,
    "urlencode": growth.check_slow,
    "wordcount": growth.check_slow,
}


class Space(Namespace):
    """A namespace that is shown without what is in it, which may hold others many times over."""

    def __repr__(self) -> str:
        return "<namespace>"


FUNCTIONS: Mapping[str, Any] = {
    "range": safe_range,
    "dict": dict,
    "namespace": Space,
    "cycler": Cycler,
    "joiner": Joiner,
}
"""What may be called by its name alone."""
OWN = (Macro, Cycler, Joiner)
"""Kinds of things that a template makes, and may call."""


def _measured(function: Any, *checks: Check) -> Callable[..., Any]:
    """A filter or test whose values are weighed before and after it, once it was checked."""
    skipped = 1 if getattr(function, "jinja_pass_arg", None) is not None else 0

    @functools.wraps(function)
    def measured(*given: Any, **named: Any) -> Any:
        meter = METER.get()
        meter.step()
        values = [meter.taken(value) for value in given[skipped:]]
        for value in named.values():
            meter.step(meter.weigh(value))
        for check in checks:
            check(meter, *values, **named)
        return meter.taken(function(*given[:skipped], *values, **named))

    return measured


def _counted(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that takes as long with any value."""

    @functools.wraps(function)
    def counted(*given: Any, **named: Any) -> Any:
        METER.get().step()
        return function(*given, **named)

    return counted


def _makes_number(function: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that works out a number."""

    @functools.wraps(function)
    def making(*given: Any, **named: Any) -> Any:
        return made(function(*given, **named))

    return making


def _format(pattern: Any, *given: Any, **named: Any) -> str:
    """`"%.2f" | format(x)`."""
    text = str(pattern)
    if given and named:
        raise TypeError("format takes either positional or keyword arguments, not both")
    growth.check_format(METER.get(), text, *given, *named.values())
    return text % (named or given)


def _as_json(value: Any, indent: int | None = None) -> str:
    """JSON as a reader of the prompt meets it: nothing in it is written for HTML."""
    if isinstance(indent, int) and not 0 <= indent <= _DEEPEST_INDENT:
        raise Exceeded(f"tojson indents by more than {_DEEPEST_INDENT}")
    if isinstance(value, Undefined):
        str(value)  # which says the name of what is missing
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _filters() -> dict[str, Callable[..., Any]]:
    found = {name: _counted(JINJA_FILTERS[name]) for name in _CHEAP}
    for name in _PLAIN:
        found[name] = _measured(JINJA_FILTERS[name])
    for name in _BY_EACH:
        found[name] = _measured(JINJA_FILTERS[name], growth.check_each)
    for name, check in _CHECKED.items():
        found[name] = _measured(JINJA_FILTERS[name], check)
    found["join"] = _measured(JINJA_FILTERS["join"], growth.check_join, growth.check_each)
    found["sum"] = _measured(JINJA_FILTERS["sum"], growth.check_sum, growth.check_each)
    for name in ("abs", "int", "round", "sum"):
        found[name] = _makes_number(found[name])
    found["format"] = _measured(_format)
    found["tojson"] = _measured(_as_json)
    return found


FILTERS = _filters()
TESTS = {
    name: _measured(test) for name, test in JINJA_TESTS.items()
}  # all of them are bounded by their operands
