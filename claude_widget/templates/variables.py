"""A template's variables: what each may be, and whether a value is that.

The rule: pure. A value passes if it is of its variable's type, or a text that can be read as that
and nothing else, since tables and forms have texts. What is missing is never made up; what passes
is plain data, so that it can be kept as JSON.
"""

from __future__ import annotations

import datetime as dt
import json
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

VariableType = Literal["any", "str", "int", "float", "bool", "list", "dict", "date"]
TYPES: tuple[str, ...] = get_args(VariableType)
_WHOLE = re.compile(r"[+-]?\d{1,18}", re.ASCII)
_MISSING_TYPES = frozenset({"NAType", "NaTType"})
"""What pandas says where nothing is."""
_DEEPEST = 40
_LONGEST_SHOWN = 60
_EXECUTION = {"$execution"}


class Mistyped(ValueError):
    """A value that its variable cannot have; the text says what is wrong."""


@dataclass(frozen=True)
class Variable:
    """One name that a template wants to know.

    Attributes:
        name: as it stands in the prompt.
        type: "any", "str", "int", "float", "bool", "list", "dict" or "date" (ISO 8601).
        required: it must be given; else it has a default.
        default: what it is where it is not given.
        description: for people.
        enum: what it may be; empty for everything.
        declared: it is in the template's list, and not only in its prompt.
    """

    name: str
    type: VariableType = "any"
    required: bool = True
    default: Any = None
    description: str = ""
    enum: tuple[Any, ...] = ()
    declared: bool = True

    def checked(self, value: Any) -> Any:
        """The value as the prompt gets it: its default if none is given.

        Raises:
            Mistyped: it is missing, or something else.
        """
        if is_missing(value):
            if self.required:
                raise Mistyped("is missing")
            return self.default
        if stands_for_execution(value):
            return value
        found = _READ[self.type](value)
        if self.enum and not any(_same(found, one) for one in self.enum):
            listed = ", ".join(shown(one) for one in self.enum)
            raise Mistyped(f"is {shown(found)}, and none of {listed}")
        return found


def is_missing(value: Any) -> bool:
    """Whether a value says that there is none: None, NaN, NA or NaT."""
    if value is None:
        return True
    kind = type(value)
    if kind in (str, int, bool, list, dict):
        return False
    return (isinstance(value, float) and math.isnan(value)) or kind.__name__ in _MISSING_TYPES


def stands_for_execution(value: Any) -> bool:
    """Whether it is an execution, or what is kept of one: its result is known only later."""
    if isinstance(value, dict):
        return value.keys() == _EXECUTION
    return hasattr(value, "execution_id") and hasattr(value, "raise_for_status")


def shown(value: Any) -> str:
    """A value in a message, cut."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (TypeError, ValueError, RecursionError):
        text = f"a {type(value).__name__}"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other


def _wrong(value: Any, wanted: str) -> Mistyped:
    return Mistyped(f"is {shown(value)}, and not {wanted}")


def _plain(value: Any) -> Any:
    """What numpy has, as Python has it."""
    if type(value).__module__ == "numpy" and not getattr(value, "shape", True):
        return value.item()
    return value


def _read_any(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray, memoryview)):
        raise Mistyped("is bytes, and no text: decode it first")
    return value


def _read_text(value: Any) -> str:
    if isinstance(value, str):
        return str(value)
    raise _wrong(value, "a text")


def _read_whole(value: Any) -> int:
    given = _plain(value)
    if isinstance(given, int) and not isinstance(given, bool):
        return given
    if isinstance(given, float) and given.is_integer():
        return int(given)
    if isinstance(given, str) and _WHOLE.fullmatch(given.strip()):
        return int(given)
    raise _wrong(value, "a whole number")


def _read_number(value: Any) -> Any:
    given = _plain(value)
    if isinstance(given, (int, float)) and not isinstance(given, bool):
        return _finite(given, value)
    if isinstance(given, str) and len(given) < 100:
        try:
            return _finite(float(given), value)
        except ValueError:
            pass
    raise _wrong(value, "a number")


def _finite(number: Any, given: Any) -> Any:
    if isinstance(number, float) and not math.isfinite(number):
        raise _wrong(given, "a finite number")
    return number


def _read_bool(value: Any) -> bool:
    given = _plain(value)
    if isinstance(given, bool):
        return given
    if isinstance(given, str) and given.strip().lower() in ("true", "false"):
        return given.strip().lower() == "true"
    raise _wrong(value, "true or false")


def _read_list(value: Any) -> list[Any]:
    given = _parsed(value, "[")
    if isinstance(given, (list, tuple)):
        return [_data(item) for item in given]
    raise _wrong(value, 'a list such as ["a", "b"]')


def _read_dict(value: Any) -> dict[str, Any]:
    given = _parsed(value, "{")
    if isinstance(given, Mapping):
        found: dict[str, Any] = _data(given)
        return found
    raise _wrong(value, 'a dict such as {"a": 1}')


def _parsed(value: Any, beginning: str) -> Any:
    if isinstance(value, str) and value.lstrip().startswith(beginning):
        try:
            return json.loads(value)
        except (ValueError, RecursionError):
            return value
    return value


def _data(value: Any, level: int = 0) -> Any:
    """What is within a list or dict, as JSON has it."""
    if level > _DEEPEST:
        raise Mistyped(f"is nested more than {_DEEPEST} deep")
    given = _plain(value)
    if given is None or isinstance(given, (str, bool, int)) or stands_for_execution(given):
        return given
    if isinstance(given, float) and math.isfinite(given):
        return given
    if isinstance(given, (list, tuple)):
        return [_data(item, level + 1) for item in given]
    if isinstance(given, Mapping) and all(isinstance(name, str) for name in given):
        return {name: _data(item, level + 1) for name, item in given.items()}
    if isinstance(given, (dt.date, dt.time)):
        return given.isoformat()
    raise Mistyped(f"has {shown(value)} in it, which is no JSON")


def _read_date(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.date().isoformat()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str) and len(value) < 100:
        for read in (dt.date.fromisoformat, dt.datetime.fromisoformat):
            try:
                found = read(value.strip())
            except ValueError:
                continue
            return found.date().isoformat() if isinstance(found, dt.datetime) else str(found)
    raise _wrong(value, "a date such as 2026-03-31")


_READ: Mapping[str, Callable[[Any], Any]] = {
    "any": _read_any,
    "str": _read_text,
    "int": _read_whole,
    "float": _read_number,
    "bool": _read_bool,
    "list": _read_list,
    "dict": _read_dict,
    "date": _read_date,
}
