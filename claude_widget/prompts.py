"""Fills `{{ variables }}` in a prompt that stands in a cell.

The rule: as `templates.rendering` fills every template, but what the user's own values offer may be
called too. A prompt that does not fill is an error before anything starts; a prompt without `{{`,
`{%` or `{#` comes back untouched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from claude_widget.errors import PromptError
from claude_widget.templates.rendering import Rendering

_MARKS = ("{{", "{%", "{#")
_RAW_HINT = "Use --raw (or a plain string in Python) if the braces are meant literally."


def fill_prompt(text: str, variables: Mapping[str, Any]) -> str:
    """The prompt with its variables filled in.

    Args:
        text: Jinja2 source.
        variables: what the names mean, such as the user's namespace.

    Raises:
        PromptError: an undefined name (all of them are listed), bad syntax, a refused attribute, or
            it takes too long.
    """
    if not any(mark in text for mark in _MARKS):
        return text
    try:
        return _read(text).fill(variables)
    except PromptError as error:
        if not error.names:
            raise
        raise PromptError(
            error.message, names=error.names, hint="Define it in a cell first. " + _RAW_HINT
        ) from None


def names_in(text: str) -> tuple[str, ...]:
    """The names that a prompt wants to know, sorted.

    Raises:
        PromptError: it is no template.
    """
    return _read(text).names if any(mark in text for mark in _MARKS) else ()


def _read(text: str) -> Rendering:
    return Rendering(text, calls=True, hint=_RAW_HINT)
