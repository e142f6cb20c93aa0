"""A user's function that scores an execution: called on a thread of its own, within a bound.

The rule: whatever the function does, a number or a sentence comes back. A thread cannot be ended
from outside: one that goes on beyond the bound is left to itself, and what it says then is dropped.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import math
import threading
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

from claude_widget.execution import Execution
from claude_widget.markup import clip

Score = Callable[[Execution], Any]
"""Gets an execution that has completed; gives a number, the higher the better, or is async."""
SCORE_TIMEOUT = 600.0
"""Seconds that one call of it may take."""
_PROBLEM_CHARACTERS = 500


class Scored(NamedTuple):
    """What came of a call.

    Attributes:
        score: the number; None if there is none.
        problem: why there is none.
    """

    score: float | None
    problem: str = ""


def scored(
    score: Score, execution: Execution, timeout: float, context: contextvars.Context
) -> Scored:
    """Score an execution, and wait for that.

    Args:
        score: the user's function.
        execution: that has completed.
        timeout: seconds.
        context: that it runs in, such as the budgets that were open where it was given.
    """
    found: list[Scored] = []

    def call() -> None:
        found.append(context.copy().run(_called, score, execution, timeout))

    thread = threading.Thread(target=call, name="claude-widget-score", daemon=True)
    thread.start()
    thread.join(timeout)
    return found[0] if found else _too_long(timeout)


def _called(score: Score, execution: Execution, timeout: float) -> Scored:
    try:
        given = score(execution)
        if inspect.isawaitable(given):
            return asyncio.run(_awaited(given, timeout))
    except BaseException as error:  # noqa: BLE001 - also what ends a script must not end a thread
        return Scored(None, _told(error))
    return _number(given)


async def _awaited(given: Awaitable[Any], seconds: float) -> Scored:
    try:
        async with asyncio.timeout(seconds) as bound:
            number = await given
    except TimeoutError:
        if bound.expired():
            return _too_long(seconds)
        raise
    return _number(number)


def _number(given: Any) -> Scored:
    """What it gave as a number; True counts as 1, so that a check can be a score."""
    try:
        if isinstance(given, (str, bytes, bytearray)):  # which float() would read
            raise TypeError
        number = float(given)
    except (TypeError, ValueError):
        return Scored(None, f"gave no number, but {type(given).__name__}")
    except OverflowError:
        return Scored(None, "gave a number that is too large")
    except Exception as error:  # noqa: BLE001 - whatever an object does when it is asked for one
        return Scored(None, _told(error))
    return Scored(None, "gave no number, but nan") if math.isnan(number) else Scored(number)


def _too_long(timeout: float) -> Scored:
    return Scored(None, f"did not end within {timeout:g} s")


def _told(error: BaseException) -> str:
    try:
        said = str(error)
    except Exception:  # noqa: BLE001 - an error whose text fails is told by its name
        said = ""
    return clip(
        f"raised {type(error).__name__}" + (f": {said}" if said else ""), _PROBLEM_CHARACTERS
    )
