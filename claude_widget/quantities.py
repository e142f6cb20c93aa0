"""How many and how much: the numbers that callers give, checked where they are given.

The rule: pure, and the same for money, counts and seconds. A boolean is no number here, since
`budget_usd=True` would be a dollar; text, NaN and infinity are none either. Numbers of numpy are.
"""

from __future__ import annotations

import math
from numbers import Integral, Real

from claude_widget.errors import InvalidRequest

PRIORITY = 2**31
"""The highest priority; the lowest is as far below 0."""
_LONGEST_SHOWN = 100


def count(field: str, given: object, *, least: int | None = None, most: int | None = None) -> int:
    """A whole number.

    Args:
        field: name of the argument, for the error.
        given: as it was given.
        least: the smallest that is meant; None for no bound.
        most: the largest that is meant, beside a smallest; None for no bound.

    Raises:
        InvalidRequest: it is none, or beyond a bound.
    """
    if not isinstance(given, bool) and isinstance(given, Integral):
        number = int(given)
        if (least is None or number >= least) and (most is None or number <= most):
            return number
    bounds = "" if least is None else f" of at least {least}"
    if least is not None and most is not None:
        bounds = f" from {least} to {most}"
    said = f"{field} must be a whole number{bounds}, not {_shown(given)}."
    raise InvalidRequest(said, field=field)


def above_zero(field: str, given: object, *, hint: str = "") -> float:
    """An amount of money or time, more than 0.

    Args:
        field: name of the argument, for the error.
        given: as it was given.
        hint: of the error: what to do instead.

    Raises:
        InvalidRequest: it is none.
    """
    if not isinstance(given, bool) and isinstance(given, Real):
        try:
            number = float(given)
        except OverflowError:
            number = math.inf
        if 0 < number < math.inf:
            return number
    raise InvalidRequest(
        f"{field} must be a number above 0, not {_shown(given)}.", field=field, hint=hint
    )


def _shown(given: object) -> str:
    try:
        return repr(given)[:_LONGEST_SHOWN]
    except ValueError:  # a whole number that is too long to be written out
        return "a number of thousands of digits"
