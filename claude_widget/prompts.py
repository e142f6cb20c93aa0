"""Fills `{{ variables }}` in a prompt.

The rule: Jinja2's sandbox, strict about undefined names, no files and no imports. A prompt that
does not fill is an error before anything starts; a prompt without `{{`, `{%` or `{#` comes back
untouched.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from jinja2 import StrictUndefined, TemplateSyntaxError, UndefinedError, meta
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from claude_widget.errors import PromptError

_MARKS = ("{{", "{%", "{#")
_RAW_HINT = "Use --raw (or a plain string in Python) if the braces are meant literally."


def fill_prompt(text: str, variables: Mapping[str, Any]) -> str:
    """The prompt with its variables filled in.

    Args:
        text: Jinja2 source.
        variables: what the names mean, such as the user's namespace.

    Raises:
        PromptError: an undefined name (all of them are listed), bad syntax, or a refused attribute.
    """
    if not any(mark in text for mark in _MARKS):
        return text
    environment = ImmutableSandboxedEnvironment(
        undefined=StrictUndefined, autoescape=False, keep_trailing_newline=True
    )
    try:
        wanted = meta.find_undeclared_variables(environment.parse(text))
    except TemplateSyntaxError as error:
        raise PromptError(
            f"The prompt's line {error.lineno} is no template: {error.message}.",
            line=error.lineno,
            hint=_RAW_HINT,
        ) from None
    missing = sorted(wanted - set(variables) - set(environment.globals))
    if missing:
        raise PromptError(
            f"Undefined in the prompt: {', '.join(missing)}.",
            names=missing,
            hint="Define it in a cell first. " + _RAW_HINT,
        )
    given = {name: variables[name] for name in wanted if name in variables}
    try:
        return environment.from_string(text).render(given)
    except UndefinedError as error:
        raise PromptError(f"The prompt does not fill: {error.message}.", hint=_RAW_HINT) from None
    except SecurityError as error:
        raise PromptError(f"The prompt may not do that: {error}.") from None
    except Exception as error:  # what the user's own values do when they are shown
        said = f"{type(error).__name__}: {error}"
        raise PromptError(f"The prompt does not fill: {said}.", hint=_RAW_HINT) from error
