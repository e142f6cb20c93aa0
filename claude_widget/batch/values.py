"""What stands in a table's cell, as a prompt and a file can have it.

The rule: text, numbers, true and false, lists and dicts of them, or None for what is missing. What
cannot become one of these is refused with what it is; nothing is guessed.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import decimal
import enum
import fractions
import json
import math
import os
import uuid
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from pydantic import BaseModel

NAMED_EXECUTION = "$execution"
"""The one name of a dict that stands for an execution; nobody else's dict may have it."""
_DEEPEST = 40
_LONGEST_INTEGER = 4000
"""Bits; Python writes no integer of more than 4,300 digits."""
_PLAIN = (str, bool, type(None))
_MISSING = {"NAType", "NaTType"}
"""Types of pandas that say that a value is missing, and compare with nothing."""


class Unfit(ValueError):
    """A value that no prompt can have; the text says what it is, and what to do."""


def plain(value: Any, depth: int = 0) -> Any:
    """A value as JSON has it.

    NaN, NaT and NA are None. What numpy and pandas have is Python's; dates and times are ISO 8601;
    a decimal is a number where that is the same, else text; paths, UUIDs and time differences are
    text; sets are sorted lists; models and dataclasses are dicts. An execution stands for itself.

    Raises:
        Unfit: it is nothing of that, such as bytes, or infinite.
    """
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is int:
        return _integer(value)
    if kind is float:
        return _number(value)
    if depth > _DEEPEST:
        raise Unfit(f"is nested more than {_DEEPEST} levels deep")
    if kind.__name__ in _MISSING:
        return None
    named = getattr(value, "execution_id", None)
    if isinstance(named, str):
        return {NAMED_EXECUTION: named}
    for kinds, convert in _CONVERTED:
        if isinstance(value, kinds):
            return convert(value, depth + 1)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _of_dataclass(value, depth + 1)
    return _of_numpy(value, depth + 1)


def with_ids(value: Any) -> Any:
    """A value as people see it: the id in place of what stands for an execution."""
    if isinstance(value, list):
        return [with_ids(one) for one in value]
    if not isinstance(value, dict):
        return value
    if NAMED_EXECUTION in value:
        return value[NAMED_EXECUTION]
    return {name: with_ids(one) for name, one in value.items()}


def _integer(value: int) -> int:
    if value.bit_length() > _LONGEST_INTEGER:
        raise Unfit("is an integer of more than a thousand digits")
    return value


def _number(value: float) -> float | None:
    if math.isnan(value):
        return None
    if math.isinf(value):
        raise Unfit("is infinite, which no prompt and no JSON can say; replace it first")
    return value


def _decimal(value: decimal.Decimal, _: int) -> int | float | str | None:
    if value.is_nan():
        return None
    if not value.is_finite():
        raise Unfit("is infinite, which no prompt and no JSON can say; replace it first")
    if abs(value.adjusted()) > 300:
        return str(value)
    if value == value.to_integral_value():
        return int(value)
    number = float(value)
    return number if decimal.Decimal(repr(number)) == value else str(value)


def _mapping(value: Mapping[Any, Any], depth: int) -> dict[str, Any]:
    if NAMED_EXECUTION in value:
        raise Unfit(f"has the name {NAMED_EXECUTION!r}, which stands for an execution")
    return {str(name): plain(one, depth) for name, one in value.items()}


def _sorted(value: AbstractSet[Any], depth: int) -> list[Any]:
    return sorted((plain(one, depth) for one in value), key=json.dumps)


def _refused_bytes(_: Any, __: int) -> Any:
    raise Unfit("is bytes; decode it to text first, as with .decode('utf-8')")


def _of_numpy(value: Any, depth: int) -> Any:
    """Numpy's scalars and arrays, told by how they are used: numpy need not be installed."""
    kind = getattr(getattr(value, "dtype", None), "kind", "")
    try:
        if kind in ("M", "m") and hasattr(value, "astype"):  # nanoseconds would become integers
            name = "datetime64[us]" if kind == "M" else "timedelta64[us]"
            value = value.astype(name)
        if hasattr(value, "tolist"):
            made = value.tolist()
            if type(made) is not type(value):
                return plain(made, depth)
    except Unfit:
        raise
    except Exception as error:  # noqa: BLE001 - it is somebody's class
        raise Unfit(f"is a {type(value).__name__} that cannot be read: {error}") from None
    raise Unfit(
        f"is a {type(value).__name__}; give text, numbers, dates, or lists and dicts of them"
    )


def _of_model(value: BaseModel, depth: int) -> Any:
    return plain(value.model_dump(mode="json"), depth)


def _of_dataclass(value: Any, depth: int) -> dict[str, Any]:
    fields = dataclasses.fields(value)
    return {field.name: plain(getattr(value, field.name), depth) for field in fields}


_Convert = Callable[[Any, int], Any]
_CONVERTED: tuple[tuple[Any, _Convert], ...] = (
    (enum.Enum, lambda value, depth: plain(value.value, depth)),
    (str, lambda value, _: str(value)),
    (bool, lambda value, _: bool(value)),
    (int, lambda value, _: _integer(int(value))),
    (float, lambda value, _: _number(float(value))),
    ((bytes, bytearray, memoryview), _refused_bytes),
    ((dt.date, dt.time), lambda value, _: value.isoformat()),
    (dt.timedelta, lambda value, _: str(value)),
    (decimal.Decimal, _decimal),
    (BaseModel, _of_model),
    (Mapping, _mapping),
    ((list, tuple), lambda value, depth: [plain(one, depth) for one in value]),
    (AbstractSet, _sorted),
    (os.PathLike, lambda value, depth: plain(os.fspath(value), depth)),
    ((uuid.UUID, fractions.Fraction), lambda value, _: str(value)),
)
