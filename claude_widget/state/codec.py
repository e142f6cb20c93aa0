"""A state as JSON and back, exactly: what is decoded equals what was encoded.

The rule: it follows the types of `shape` and knows no field by its name, so that a part that gets
another field needs nothing here. What is read back may be anything: a value that its type does not
allow is refused, never bent to fit.
"""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Mapping
from dataclasses import fields
from enum import Enum
from typing import Any, Literal, Union

from pydantic import BaseModel

from claude_widget.state.state import State

Read = Callable[[Any], Any]


def encode(state: State) -> dict[str, Any]:
    """The state as values of JSON."""
    return {field.name: _plain(getattr(state, field.name)) for field in fields(state)}


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        names = getattr(value, "_fields", None)
        if names is None:
            return [_plain(item) for item in value]
        return {name: _plain(item) for name, item in zip(names, value, strict=True)}
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return dict(value) if isinstance(value, Mapping) else value


def decode(value: object) -> State:
    """The state that was encoded.

    Raises:
        ValueError: this is no state of the present shape.
    """
    found: State = _record(State)(value)
    return found


def _named(value: object, kinds: Mapping[str, Any]) -> dict[str, Any]:
    if not isinstance(value, dict) or value.keys() != kinds.keys():
        raise ValueError("the fields are others")
    return value


@functools.cache
def _reader(kind: Any) -> Read:
    """What reads a value of that type."""
    origin = typing.get_origin(kind)
    if kind is Any:
        return lambda value: value
    if origin in (Union, types.UnionType):
        return _either(typing.get_args(kind))
    if origin is Literal:
        return _checked(lambda value: value in typing.get_args(kind))
    if origin is tuple:
        return _sequence(typing.get_args(kind))
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return _mapping(_reader(typing.get_args(kind)[1]))
    return _plain_reader(kind)


def _plain_reader(kind: type) -> Read:
    if issubclass(kind, tuple):
        return _record(kind)
    if issubclass(kind, Enum):
        return kind
    if issubclass(kind, BaseModel):
        return kind.model_validate
    if kind is float:
        return _checked(lambda value: type(value) in (float, int))
    return _checked(lambda value: type(value) is kind)


def _checked(allowed: Callable[[Any], bool]) -> Read:
    def read(value: Any) -> Any:
        _expect(allowed(value), "another value")
        return value

    return read


def _expect(fits: bool, what: str) -> None:
    if not fits:
        raise ValueError(f"the type says {what}")


def _either(kinds: tuple[Any, ...]) -> Read:
    """`X | None`, which is the only union that a shape has."""
    inner = [kind for kind in kinds if kind is not type(None)]
    if len(inner) != 1:
        raise TypeError(f"a state cannot have a field of either of {kinds}")
    read = _reader(inner[0])
    return lambda value: None if value is None else read(value)


def _sequence(kinds: tuple[Any, ...]) -> Read:
    """A tuple of any length of one type, or of one type for each place."""
    every = _reader(kinds[0]) if kinds[-1] is Ellipsis else None
    places = () if every else tuple(_reader(kind) for kind in kinds)

    def read(value: Any) -> tuple[Any, ...]:
        _expect(isinstance(value, list), "a list")
        if every is not None:
            return tuple(every(item) for item in value)
        return tuple(one(item) for one, item in zip(places, value, strict=True))

    return read


def _mapping(read_item: Read) -> Read:
    def read(value: Any) -> dict[str, Any]:
        _expect(isinstance(value, dict), "an object")
        return {name: read_item(item) for name, item in value.items()}

    return read


@functools.cache
def _record(kind: Any) -> Read:
    """A named tuple, or the state itself."""
    kinds = typing.get_type_hints(kind)

    def read(value: Any) -> Any:
        found = _named(value, kinds)
        return kind(**{name: _reader(one)(found[name]) for name, one in kinds.items()})

    return read
