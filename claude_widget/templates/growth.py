"""What operators, methods and filters would make, judged before they make it.

The rule: each function here knows one way in which a small expression becomes a large value or a
long piece of work, and refuses it by the meter. What is let through is bounded by its operands.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from claude_widget.templates.bounds import Exceeded, Meter, made

_HOLDERS = (list, tuple)
_TEXTS = (str, bytes)
_LONGEST_NEEDLE = 1_000
_LONGEST_DATE_FORMAT = 200
_MOST_PIECES = 100_000
_MOST_DIGITS = 20
_MOST_EXPONENT = 1_000
_MOST_POWER = 1_000
"""Bits of a power, before it is known how large it is."""
_NESTED_NAME = re.compile(r"%\([^()]*\(")
_CONVERSION = re.compile(r"%(?:\([^()]*\))?[#0 +\-]*(\*|\d+)?(?:\.(\*|\d+))?")
_NO_NEEDLE = frozenset({"startswith", "endswith", "removeprefix", "removesuffix"})
_WIDE = frozenset({"center", "ljust", "rjust", "zfill"})

_OPERATIONS: Mapping[str, Callable[[Any, Any], Any]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": operator.truediv,
    "//": operator.floordiv,
    "**": operator.pow,
    "%": operator.mod,
}
OPERATORS = frozenset(_OPERATIONS)


def operate(meter: Meter, sign: str, left: Any, right: Any) -> Any:
    """The value of an operator, if it may be worked out.

    Raises:
        Exceeded: it would be too large.
    """
    meter.step()
    check = _OPERATOR_CHECKS.get(sign)
    if check is not None:
        check(meter, left, right)
    return made(meter.taken(_OPERATIONS[sign](left, right)))


def _add(meter: Meter, left: Any, right: Any) -> None:
    if isinstance(left, _TEXTS) and isinstance(right, _TEXTS):
        meter.fits(len(left) + len(right))
    elif isinstance(left, _HOLDERS):
        meter.step(len(left) + (len(right) if isinstance(right, _HOLDERS) else 0))


def _multiply(meter: Meter, left: Any, right: Any) -> None:
    for many, times in ((left, right), (right, left)):
        if isinstance(times, int):
            if isinstance(many, _TEXTS):
                meter.fits(len(many) * times)
            elif isinstance(many, _HOLDERS):
                meter.step(max(0, meter.weigh(many) * times))


def _power(_: Meter, left: Any, right: Any) -> None:
    if isinstance(left, int) and isinstance(right, int):
        bits = left.bit_length() * abs(right)
        if bits > _MOST_POWER:
            raise Exceeded(f"a power would have more than {_MOST_POWER:,} bits")


def _remainder(meter: Meter, left: Any, right: Any) -> None:
    if isinstance(left, str):
        check_format(meter, left, right)


_OPERATOR_CHECKS: Mapping[str, Callable[[Meter, Any, Any], None]] = {
    "+": _add,
    "*": _multiply,
    "**": _power,
    "%": _remainder,
}


def check_format(meter: Meter, pattern: str, *given: Any) -> None:
    """`"%5d" % 3`: widths must be written in the text, and may not make it too long."""
    if _NESTED_NAME.search(pattern):
        raise Exceeded("a name in it has brackets of its own")
    longest = 64 * sum(meter.weigh(value) for value in given)
    whole = len(pattern)
    for found in _CONVERSION.finditer(pattern):
        meter.step()
        if "*" in (found[1], found[2]):
            raise Exceeded("a width of * is not for templates")
        whole += sum(_width(digits) for digits in (found[1], found[2]) if digits)
        # A name may be met again and again; what has none takes a value of its own.
        whole += longest if found[0].startswith("%(") else 0
    meter.fits(whole + longest)


def _width(digits: str) -> int:
    return int(digits) if len(digits) < _MOST_DIGITS else 10**_MOST_DIGITS


def check_date_format(pattern: Any = "", *_: Any, **__: Any) -> None:
    """`strftime`, which makes up to 256 characters of each."""
    if isinstance(pattern, str) and len(pattern) > _LONGEST_DATE_FORMAT:
        raise Exceeded(f"a date's format has more than {_LONGEST_DATE_FORMAT} characters")


def check_method(meter: Meter, text: Any, name: str, given: tuple[Any, ...]) -> None:
    """A method of a text."""
    if name in _WIDE:
        meter.fits(max(len(text), *(value for value in given[:1] if isinstance(value, int)), 0))
    elif name == "join":
        check_join(meter, given[0] if given else "", text)
    elif name == "replace":
        check_replace(meter, text, *given)
    elif name not in _NO_NEEDLE:
        check_needle(meter, text, *given)


def check_needle(meter: Meter, text: Any, *given: Any) -> None:
    """What is looked for in a text, which may cost the product of their lengths."""
    for needle in given:
        if isinstance(needle, _TEXTS) and isinstance(text, _TEXTS):
            if len(needle) > _LONGEST_NEEDLE:
                raise Exceeded(f"it looks for a text of more than {_LONGEST_NEEDLE:,} characters")
            meter.step(1 + (len(text) * len(needle) >> 10))
    if isinstance(text, _TEXTS):
        meter.step(1 + (len(text) >> 6))


def check_join(meter: Meter, items: Any = (), d: Any = "", attribute: Any = None) -> None:
    """A list that becomes one text, perhaps of an attribute of each, which is weighed later."""
    del attribute
    if isinstance(items, (list, tuple, range, set, frozenset, dict, str)):
        meter.fits(64 * meter.weigh(items) + len(items) * len(str(d)))


def check_replace(meter: Meter, text: Any, old: Any = "", new: Any = "", count: Any = None) -> None:
    """Parts of a text that become others, perhaps longer ones; all of them, whatever the count."""
    del count
    check_needle(meter, text, old)
    whole, part = str(text), str(old)
    meter.fits(len(whole) + whole.count(part) * len(str(new)))


def check_center(meter: Meter, value: Any, width: Any = 80) -> None:
    """The filter `center`."""
    meter.fits(max(len(str(value)), width if isinstance(width, int) else 0))


def check_batch(meter: Meter, _: Any, linecount: Any, fill_with: Any = None) -> None:
    """The filter `batch`, which fills up what is too short."""
    _check_pieces(meter, linecount, fill_with)


def check_slice(meter: Meter, _: Any, slices: Any, fill_with: Any = None) -> None:
    """The filter `slice`."""
    _check_pieces(meter, slices, fill_with)


def _check_pieces(meter: Meter, count: Any, fill: Any) -> None:
    if isinstance(count, int):
        if count > _MOST_PIECES:
            raise Exceeded(f"it wants more than {_MOST_PIECES:,} pieces")
        meter.step(max(count, 0) * meter.weigh(fill))


def check_indent(meter: Meter, text: Any, width: Any = 4, *_: Any, **__: Any) -> None:
    """The filter `indent`, by spaces or by a text."""
    whole = str(text)
    wide = len(width) if isinstance(width, str) else width if isinstance(width, int) else 0
    meter.fits(len(whole) + (len(whole.splitlines()) + 1) * wide)


def check_round(_: Meter, __: Any, precision: Any = 0, *___: Any, **____: Any) -> None:
    """The filter `round`, which works out ten to the power of its precision."""
    if isinstance(precision, int) and abs(precision) > _MOST_DIGITS:
        raise Exceeded(f"it rounds to more than {_MOST_DIGITS} digits")


def check_sum(_: Meter, __: Any, attribute: Any = None, start: Any = 0) -> None:
    """The filter `sum`: of numbers, since a sum of lists copies them again and again."""
    del attribute
    if not isinstance(start, (int, float, Decimal)):
        raise Exceeded(f"it sums up from a {type(start).__name__}, not a number")


def check_whole(_: Meter, value: Any, *__: Any, **___: Any) -> None:
    """The filter `int`."""
    if isinstance(value, Decimal) and value.is_finite() and value.adjusted() > _MOST_EXPONENT:
        raise Exceeded("a number is too large to be written out")


def check_slow(meter: Meter, value: Any, *_: Any, **__: Any) -> None:
    """What takes its time with each character."""
    if isinstance(value, str):
        meter.step(len(value) >> 2)


def check_trim(meter: Meter, text: Any, chars: Any = None) -> None:
    """The filter `trim`."""
    check_needle(meter, str(text), chars)


def check_each(meter: Meter, value: Any, *given: Any, **named: Any) -> None:
    """What compares all items, or takes from each what a text such as "a.b,c" names."""
    texts = [text for text in (*given, *named.values()) if isinstance(text, str)]
    parts = sum(text.count(".") + text.count(",") for text in texts)
    meter.step((4 + parts) * meter.weigh(value))
