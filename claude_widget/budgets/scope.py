"""A budget: what the executions that are started inside of it may cost together, and how long.

The rule: it knows which executions it covers, what they have cost and when its time is over, and
says when one of its bounds is crossed. It interrupts nobody: whoever watches it does. `with` puts
it around starts by a context variable, so it holds for the code inside, for coroutines that are
awaited there and for nobody else's.

    with manager.budget(usd=5, minutes=20) as budget:
        runs = [manager.start_execution(query) for query in queries]
    print(budget.spent_usd, budget.overshoot_usd)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Literal, Self

from claude_widget.budgets.spending import LIST_PRICES, Spending, dollars
from claude_widget.errors import InvalidRequest
from claude_widget.models import ExecutionInfo
from claude_widget.quantities import above_zero

Bound = Literal["usd", "minutes"]

_INSIDE: ContextVar[tuple[Budget, ...]] = ContextVar("claude_widget_budgets", default=())
"""The budgets that are open where the code runs, outermost first."""


class Budget:
    """What executions may cost together, and how long they may take. Made by `manager.budget`.

    It may be entered more than once: what is started inside counts together, and the minutes count
    from the first time. It covers what was started in it until that has ended, also after `with`.

    Args:
        usd: US dollars at list prices, more than 0; None for no bound.
        minutes: from the first entering on, more than 0; None for no bound.
        owner: whose starts it covers.
        clock: seconds, monotonic.

    Attributes:
        usd: as given.
        minutes: as given.
        owner: as given.

    Raises:
        InvalidRequest: neither bound is given, or one is no number above 0. A budget of 0 would let
            nothing start: leave the start away instead.
    """

    def __init__(
        self,
        usd: float | None = None,
        minutes: float | None = None,
        *,
        owner: object = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.usd = None if usd is None else _bound("usd", usd)
        self.minutes = None if minutes is None else _bound("minutes", minutes)
        if self.usd is None and self.minutes is None:
            raise InvalidRequest(
                "A budget needs a bound.", field="usd", hint="Give usd=, minutes=, or both."
            )
        self.owner = owner
        self._clock = clock
        self._spending = Spending()
        self._began: float | None = None
        self._crossed: Bound | None = None
        self._lock = threading.Lock()

    # -- what is known -----------------------------------------------------------------------

    @property
    def spent_usd(self) -> float:
        """US dollars at list prices that what it covers has cost so far; what is played is free."""
        with self._lock:
            return self._spending.usd

    @property
    def left_usd(self) -> float | None:
        """US dollars that are left, at least 0; None without such a bound."""
        return None if self.usd is None else max(0.0, round(self.usd - self.spent_usd, 10))

    @property
    def overshoot_usd(self) -> float:
        """US dollars above the bound: at most one turn of each that ran when it was crossed."""
        with self._lock:
            return 0.0 if self.usd is None else self._spending.over(self.usd)

    @property
    def left_minutes(self) -> float | None:
        """Minutes that are left, at least 0; None without such a bound."""
        if self.minutes is None:
            return None
        return max(0.0, self.minutes - self._passed() / 60)

    @property
    def crossed(self) -> Bound | None:
        """Which bound was crossed first: nothing that it covers is started any more."""
        with self._lock:
            if self._crossed is None:
                self._crossed = self._over()
            return self._crossed

    @property
    def crossed_text(self) -> str:
        """Which bound was crossed, in a sentence; empty while none was."""
        if self.crossed == "usd":
            spent = f"{dollars(self.spent_usd)} is spent (estimate {LIST_PRICES})"
            return f"The budget of ${self.usd:g} that covers it is used up: {spent}."
        if self.crossed == "minutes":
            return f"The budget of {self.minutes:g} minutes that covers it is over."
        return ""

    @property
    def execution_ids(self) -> tuple[str, ...]:
        """What it covers, in the order of the starts."""
        with self._lock:
            return tuple(self._spending)

    def due(self) -> float | None:
        """Seconds until its time is over, at least 0; None without such a bound, or if it is."""
        if self.minutes is None or self._crossed is not None:
            return None
        return max(0.0, self.minutes * 60 - self._passed())

    # -- what it covers ----------------------------------------------------------------------

    def cover(self, execution_id: str) -> None:
        """That execution counts from now on; for whoever starts it."""
        self.begin()
        with self._lock:
            self._spending.cover(execution_id)

    def note(self, info: ExecutionInfo) -> bool:
        """What is known of one now; whether the amount is another one."""
        with self._lock:
            return self._spending.note(info)

    def begin(self) -> None:
        """Its time runs from now on, if it does not yet."""
        with self._lock:
            if self._began is None:
                self._began = self._clock()

    def __enter__(self) -> Self:
        self.begin()
        _INSIDE.set((*_INSIDE.get(), self))
        return self

    def __exit__(self, *_: object) -> None:
        open_now = list(_INSIDE.get())
        for place in range(len(open_now) - 1, -1, -1):  # the innermost, if it is there twice
            if open_now[place] is self:
                del open_now[place]
                break
        _INSIDE.set(tuple(open_now))

    def _over(self) -> Bound | None:
        if self.usd is not None and self._spending.usd >= self.usd:
            return "usd"
        if self.minutes is not None and self._passed() >= self.minutes * 60:
            return "minutes"
        return None

    def _passed(self) -> float:
        return 0.0 if self._began is None else self._clock() - self._began

    def __repr__(self) -> str:
        bounds = [] if self.usd is None else [f"${self.spent_usd:.4f} of ${self.usd:g}"]
        if self.minutes is not None:
            bounds.append(f"{self._passed() / 60:.1f} of {self.minutes:g} minutes")
        crossed = f", {self.crossed} crossed" if self.crossed else ""
        if self.overshoot_usd:
            crossed += f" by ${self.overshoot_usd:.4f}"
        return f"<Budget {', '.join(bounds)} {LIST_PRICES}{crossed}>"


def budgets_inside(owner: object) -> Sequence[Budget]:
    """The budgets that are open where this is called and are that owner's, outermost first."""
    return list(dict.fromkeys(one for one in _INSIDE.get() if one.owner is owner))


def _bound(field: str, given: object) -> float:
    hint = f"Leave {field} away for no such bound; start nothing, if nothing is to be spent."
    return above_zero(field, given, hint=hint)
