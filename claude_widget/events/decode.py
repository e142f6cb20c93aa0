"""Bytes of one line to a JSON object, whatever the bytes are.

The rule: `decode` returns a dict whose every string can be written as UTF-8, or None; it raises
nothing. It knows JSON and encodings, and no frame type.
"""

from __future__ import annotations

import json
import re
from typing import Any, NoReturn

from pydantic_core import from_json

_BOM = b"\xef\xbb\xbf"
_SURROGATE = re.compile("[\ud800-\udfff]")


def decode(data: bytes) -> dict[str, Any] | None:
    """The JSON object on this line, or None when there is none.

    The quick decoder refuses lone surrogates and invalid UTF-8, which the CLI does print
    (https://github.com/anthropics/claude-code/issues/61301); the slow one replaces them by U+FFFD.
    NaN and infinities are no JSON, and would make a state unequal to itself: such a line is raw.
    """
    data = data.removeprefix(_BOM)
    try:
        # Texts are hardly ever the same again: a cache of them would only grow.
        value = from_json(data, allow_inf_nan=False, cache_strings="keys")
    except ValueError:
        value = _decode_slowly(data)
    return value if type(value) is dict else None


def as_text(data: bytes) -> str:
    """The line as text, without its carriage return; bytes that are no UTF-8 become U+FFFD."""
    return data.decode("utf-8", "replace").removesuffix("\r")


def _decode_slowly(data: bytes) -> Any:
    try:
        text = data.decode("utf-8", "replace")
        return _clean(json.loads(text, parse_constant=_refuse))
    except (ValueError, RecursionError):  # RecursionError: nested deeper than any frame
        return None


def _refuse(constant: str) -> NoReturn:
    raise ValueError(constant)


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(key): _clean(item) for key, item in value.items()}
    return value
