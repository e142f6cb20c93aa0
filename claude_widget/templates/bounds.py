"""How much a template may do while it is filled: steps, size, depth and seconds.

The rule: counts what it is told of and refuses the rest before it is done. It knows nothing of
Jinja2. Whatever a template does is a number of small pieces of work, since no value may become
large: so the clock need only be looked at between two of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, ItemsView, Iterator, KeysView, Mapping, ValuesView
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

LARGEST = 200_000
"""Weight of one value: a unit for each thing in it, and for 64 characters or bits."""
_DEEPEST_VALUE = 100
"""Levels of lists within lists: the hash of a tuple recurses in C, without a bound of its own."""
_MOST_BITS = 10_000
_MOST_BITS_MADE = 64
"""Of what a template works out: of larger numbers many have the same hash, and dicts grow slow."""
_LOOK_EVERY = 1_000
"""Steps between two looks at the clock."""
_PLAIN = frozenset({bool, float, type(None)})
_HOLDERS = (list, tuple, dict, set, frozenset, KeysView, ValuesView, ItemsView)
_VIEWS = (KeysView, ValuesView, ItemsView)


class Exceeded(Exception):
    """A template wants to do more than it may.

    Attributes:
        message: what that is.
        line: of its source, from 1; None if it is not known.
    """

    def __init__(self, message: str, line: int | None = None) -> None:
        self.message = message
        self.line = line
        super().__init__(message)


@dataclass(frozen=True)
class Bounds:
    """What filling one prompt may take.

    Attributes:
        steps: steps of loops, calls, operators and filters, those on large values counted higher.
        size: characters of the prompt, and of every text on the way there.
        depth: calls within calls.
        seconds: by the clock.
    """

    steps: int = 1_000_000
    size: int = 9_000_000
    depth: int = 40
    seconds: float = 2.0


class Meter:
    """Counts what one filling does.

    Args:
        bounds: what it may do.
        clock: seconds, monotonic.

    Attributes:
        steps: how many there were.
    """

    __slots__ = (
        "_bounds",
        "_clock",
        "_deadline",
        "_depth",
        "_known",
        "_look_at",
        "_written",
        "steps",
    )

    def __init__(self, bounds: Bounds, clock: Callable[[], float] = time.monotonic) -> None:
        self._bounds = bounds
        self._clock = clock
        self._deadline = clock() + bounds.seconds
        self._depth = 0
        self._known: dict[int, tuple[Any, int, int]] = {}
        self._look_at = min(_LOOK_EVERY, bounds.steps)
        self._written = 0
        self.steps = 0

    def step(self, count: int = 1) -> None:
        """Count work that is about to be done.

        Raises:
            Exceeded: it is too much, or took too long.
        """
        self.steps += count
        if self.steps > self._look_at:
            self._look()

    def _look(self) -> None:
        if self.steps > self._bounds.steps:
            raise Exceeded(f"it takes more than {self._bounds.steps:,} steps")
        if self._clock() > self._deadline:
            raise Exceeded(f"it takes longer than {self._bounds.seconds:g} seconds")
        self._look_at = min(self.steps + _LOOK_EVERY, self._bounds.steps)

    def fits(self, characters: int) -> None:
        """See that a text may be made, and count the work of that.

        Raises:
            Exceeded: it is too long.
        """
        if characters > self._bounds.size:
            raise Exceeded(f"a text would have more than {self._bounds.size:,} characters")
        self.step(1 + (characters >> 6))

    def put(self, characters: int) -> None:
        """Count a piece of the prompt.

        Raises:
            Exceeded: the prompt is too long.
        """
        self._written += characters
        if self._written > self._bounds.size:
            raise Exceeded(f"it would have more than {self._bounds.size:,} characters")
        self.step(1 + (characters >> 6))

    def enter(self) -> None:
        """Begin a call.

        Raises:
            Exceeded: it is one of too many within each other.
        """
        self.step()
        self._depth += 1
        if self._depth > self._bounds.depth:
            raise Exceeded(f"its calls are more than {self._bounds.depth} deep")

    def leave(self) -> None:
        """End a call."""
        self._depth -= 1

    # -- values ------------------------------------------------------------------------------

    def taken(self, value: Any) -> Any:
        """A value that was weighed; what yields its items one by one becomes a list.

        Raises:
            Exceeded: it is too large.
        """
        kind = type(value)
        if kind not in _PLAIN:
            if kind is not str and isinstance(value, (Iterator, *_VIEWS)):
                value = self._listed(value)
            self.step(self.weigh(value))
        return value

    def _listed(self, items: Any) -> list[Any]:
        found: list[Any] = []
        for item in items:
            self.step()
            if len(found) == LARGEST:
                raise Exceeded(f"a value has more than {LARGEST:,} items")
            found.append(item)
        return found

    def weigh(self, value: Any) -> int:
        """How much work a value is, each thing counted as often as it is met.

        Raises:
            Exceeded: it is too large, or nested too deeply.
        """
        return self._weighed(value, 0)[0]

    def _weighed(self, value: Any, level: int) -> tuple[int, int]:
        """Its weight, and how deep it is. What was weighed is kept: it cannot be changed here."""
        if isinstance(value, (str, bytes)):
            return self._light(1 + (len(value) >> 6)), 0
        if isinstance(value, int):
            return 1 + (bits_of(value) >> 6), 0
        if isinstance(value, range):
            return self._light(1 + len(value)), 0
        if not isinstance(value, _HOLDERS):
            return 1, 0
        known = self._known.get(id(value))
        if known is None:
            known = self._known[id(value)] = (value, *self._of_all(value, level))
        if level + known[2] > _DEEPEST_VALUE:
            raise Exceeded(f"a value is nested more than {_DEEPEST_VALUE} deep")
        return known[1], known[2]

    def _of_all(self, value: Any, level: int) -> tuple[int, int]:
        if level >= _DEEPEST_VALUE:
            raise Exceeded(f"a value is nested more than {_DEEPEST_VALUE} deep")
        weight, depth = 1, 0
        parts = (value, value.values()) if isinstance(value, Mapping) else (value,)
        for part in parts:
            for item in part:
                self.step()
                more, below = self._weighed(item, level + 1)
                weight = self._light(weight + more)
                depth = max(depth, below)
        return weight, depth + 1

    @staticmethod
    def _light(weight: int) -> int:
        if weight > LARGEST:
            raise Exceeded("a value that it works on is too large")
        return weight


def bits_of(number: int) -> int:
    """The bits of a whole number.

    Raises:
        Exceeded: they are too many.
    """
    found = number.bit_length()
    if found > _MOST_BITS:
        raise Exceeded(f"a number has more than {_MOST_BITS:,} bits")
    return found


def made(value: Any) -> Any:
    """A value that a template has worked out, unless it is a number too large for that.

    Raises:
        Exceeded: it is.
    """
    if isinstance(value, int) and value.bit_length() > _MOST_BITS_MADE:
        raise Exceeded(f"a number that it works out has more than {_MOST_BITS_MADE} bits")
    return value


METER: ContextVar[Meter] = ContextVar("claude_widget_template_meter")
"""Of what is being filled here."""
