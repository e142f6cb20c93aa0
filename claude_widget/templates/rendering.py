"""Fills a prompt's names: Jinja2, strict about what is undefined, within bounds.

The rule: one door for every template, whoever wrote it. It is read once and filled often; each
filling ends by its bounds, and what goes wrong is a `PromptError`. No file is read for a template,
and none is written.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from jinja2 import TemplateSyntaxError, UndefinedError
from jinja2.exceptions import SecurityError

from claude_widget.errors import PromptError
from claude_widget.templates.bounds import METER, Bounds, Exceeded, Meter
from claude_widget.templates.environment import PromptEnvironment
from claude_widget.templates.syntax import read_source

_LONGEST_SAID = 500
"""Characters of what a template's own text has a part in."""
_FOR_TEMPLATES = PromptEnvironment(calls=False)
_FOR_CELLS = PromptEnvironment(calls=True)


class Rendering:
    """A prompt with names to fill in, read once.

    Args:
        source: Jinja2.
        calls: methods and functions of the values may be called, as in a user's own cell.
        hint: what to do where it does not fill.

    Attributes:
        names: what it wants to know, sorted.

    Raises:
        PromptError: it is no template, or holds what none may hold; `line` says where.
    """

    def __init__(self, source: str, *, calls: bool = False, hint: str = "") -> None:
        self._hint = hint
        environment = _FOR_CELLS if calls else _FOR_TEMPLATES
        try:
            tree, wanted = read_source(environment, source)
            self._template = environment.from_string(tree)
        except TemplateSyntaxError as error:
            raise self._unreadable(error.lineno, str(error.message)) from None
        except Exceeded as error:
            raise self._unreadable(error.line, error.message) from None
        except (RecursionError, MemoryError):
            raise self._unreadable(None, "it is nested too deeply") from None
        except Exception as error:  # noqa: BLE001 - Python compiles what Jinja2 has made of it
            raise self._unreadable(getattr(error, "lineno", None), str(error)) from None
        self.names = tuple(sorted(wanted))
        self._wanted = wanted

    def _unreadable(self, line: int | None, problem: str) -> PromptError:
        where = "The prompt" if line is None else f"The prompt's line {line}"
        said = problem[:_LONGEST_SAID]
        return PromptError(f"{where} is no template: {said}.", line=line, hint=self._hint)

    def fill(
        self,
        values: Mapping[str, Any],
        bounds: Bounds = Bounds(),  # noqa: B008 - it cannot be changed
        clock: Callable[[], float] = time.monotonic,
    ) -> str:
        """The prompt, filled.

        Args:
            values: what the names mean; others may be there.
            bounds: what that may take.
            clock: seconds, monotonic.

        Raises:
            PromptError: a name is missing (`names` has all of them), or it does not fill.
        """
        missing = [name for name in self.names if name not in values]
        if missing:
            raise PromptError(
                f"Undefined in the prompt: {', '.join(missing)}.", names=missing, hint=self._hint
            )
        meter = Meter(bounds, clock)
        token = METER.set(meter)
        try:
            context = self._template.new_context({name: values[name] for name in self._wanted})
            return _together(self._template.root_render_func(context), meter)
        except UndefinedError as error:
            raise self._unfilled(str(error.message)) from None
        except SecurityError as error:
            raise PromptError(
                f"The prompt may not do that: {str(error)[:_LONGEST_SAID]}.", hint=self._hint
            ) from None
        except Exceeded as error:
            raise self._unfilled(error.message) from None
        except RecursionError:
            raise self._unfilled("it is nested too deeply") from None
        except Exception as error:  # what the user's own values do when they are read or shown
            raise self._unfilled(f"{type(error).__name__}: {error}") from error
        finally:
            METER.reset(token)

    def _unfilled(self, problem: str) -> PromptError:
        said = problem[:_LONGEST_SAID]
        return PromptError(f"The prompt does not fill: {said}.", hint=self._hint)


def _together(pieces: Iterable[str], meter: Meter) -> str:
    found: list[str] = []
    for piece in pieces:
        meter.put(len(piece))
        found.append(piece)
    return "".join(found)
