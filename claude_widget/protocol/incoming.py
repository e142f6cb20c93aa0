"""What a page has sent, before a model looks at it: values that can be written as JSON again.

The rule: pure; it knows values of JSON, and no message. What is answered repeats what was asked,
and what is asked may go on to a CLI: so nothing passes that either could not be told.
"""

from __future__ import annotations

import math
import re
from typing import Any

MOST_LEVELS = 100
"""Of lists and objects in each other; a tool's input has a handful."""
_SURROGATES = re.compile("[\ud800-\udfff]")


def sound(content: Any, levels: int = MOST_LEVELS) -> Any:
    """The same value with U+FFFD in the place of lone surrogates, which no UTF-8 can carry.

    Args:
        content: what was sent.
        levels: how deep it may be.

    Raises:
        ValueError: it is deeper, or it has a number that JSON does not have.
    """
    if isinstance(content, str):
        return sound_text(content)
    if isinstance(content, float) and not math.isfinite(content):
        raise ValueError("a number is not finite")
    if not isinstance(content, dict | list):
        return content
    if levels == 0:
        raise ValueError(f"it is nested deeper than {MOST_LEVELS} levels")
    if isinstance(content, list):
        return [sound(item, levels - 1) for item in content]
    return {sound(key): sound(value, levels - 1) for key, value in content.items()}


def sound_text(text: str) -> str:
    """The text with U+FFFD in the place of lone surrogates."""
    return _SURROGATES.sub("\ufffd", text)
