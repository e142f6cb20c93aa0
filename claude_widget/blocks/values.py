"""Looking at JSON that somebody else wrote.

The rule: a value of the wrong type reads as the empty one; nothing here raises.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any

Json = Mapping[str, Any]


def as_text(value: object) -> str:
    """The text, or an empty one."""
    return value if isinstance(value, str) else ""


def as_number(value: object) -> float | None:
    """The finite number, or None; a truth value is none."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:  # a whole number larger than any float
        return None


def as_list(value: object) -> Sequence[Any]:
    """The list, or an empty one."""
    return value if isinstance(value, (list, tuple)) else ()


def as_object(value: object) -> Json:
    """The object, or an empty one."""
    return value if isinstance(value, dict) else {}


def pretty(value: object) -> str:
    """As text for a reader; what is nested too deep for it is said in words."""
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except (ValueError, RecursionError):
        return "(nested too deep to be shown)"


def split_lines(text: str) -> list[str]:
    """Lines without their ends; a newline at the end begins no further line."""
    if not text:
        return []
    lines = text.replace("\r\n", "\n").split("\n")
    if lines[-1] == "":
        lines.pop()
    return lines
