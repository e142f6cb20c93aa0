"""Sees that budgets hold: asks running CLIs what they have cost, and ends what goes past a bound.

The rule: told of what changes on the manager's thread; whatever waits for a shim is done on a
thread of its own, which lives only while a bound has to be watched. A CLI is asked only while a
budget, or a bound of its own (`max_budget_usd`), covers it, and only after something came of it.
What an amount means is `Budget`'s.
"""

from __future__ import annotations

import json
import logging
import threading
import time
import uuid
from collections.abc import Callable
from typing import NamedTuple, Protocol

from claude_widget.backend import Backend
from claude_widget.budgets.scope import Budget, budgets_inside
from claude_widget.budgets.spending import over_text
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.models import ExecutionInfo, ExecutionStatus, Reason
from claude_widget.registry import Registry
from claude_widget.state.session import COST_REQUEST
from claude_widget.state.shape import Account

_LOG = logging.getLogger(__name__)
EVERY = 3.0
"""Seconds between two questions to one CLI."""
_AT_LEAST_EVERY = 15.0
"""Seconds after which it is asked although nothing came of it: subagents may be quiet."""
LOOK = 0.5
"""Seconds between two looks at what is watched."""


class Ends(Protocol):
    """Who ends executions.

    Attributes:
        closed: the manager is closed, and ends nothing any more.
    """

    closed: bool

    def kill(self, execution: Execution, reason: Reason, error: str) -> None:
        """End it for that reason, with more in words."""

    def ask(self, execution: Execution, operation: str, **fields: object) -> None:
        """Ask its shim."""


class _Asked(NamedTuple):
    """When a CLI was asked last, and what was known of its spending then."""

    time: float
    account: Account


class Watching:
    """The budgets of one manager; a gate of its queue. Safe from any thread.

    Args:
        registry: knows the executions.
        backend: carries questions to their CLIs.
        ends: ends them.
        owner: the manager, whose budgets these are.
        look: has the manager look at once.
    """

    def __init__(
        self,
        registry: Registry,
        backend: Backend,
        ends: Ends,
        *,
        owner: object,
        look: Callable[[], None],
    ) -> None:
        self._registry = registry
        self._backend = backend
        self._ends = ends
        self._owner = owner
        self._look = look
        self._lock = threading.Lock()
        self._covered: dict[str, tuple[Budget, ...]] = {}
        self._asked: dict[str, _Asked] = {}
        self._ended_for: set[str] = set()
        self._crossed: dict[str, tuple[Budget, ...]] = {}
        self._thread: threading.Thread | None = None

    # -- what is covered -----------------------------------------------------------------------

    def cover(self, execution_id: str) -> None:
        """That one is being started: the budgets that are open here cover it."""
        self._cover(execution_id, tuple(budgets_inside(self._owner)))

    def inherit(self, before: str, execution_id: str) -> None:
        """It is a further attempt at another one, and belongs to the same budgets."""
        with self._lock:
            budgets = self._covered.get(before, ())
        self._cover(execution_id, budgets)

    def _cover(self, execution_id: str, budgets: tuple[Budget, ...]) -> None:
        for budget in budgets:
            budget.cover(execution_id)
        if budgets:
            with self._lock:
                self._covered[execution_id] = budgets

    def bars(self, execution: Execution) -> bool:
        """Whether a budget of it is used up, so that it is not started."""
        budgets = self._covered.get(execution.execution_id)
        return budgets is not None and any(budget.crossed for budget in budgets)

    def opens_in(self) -> float | None:
        """None: what is barred is ended, and never started."""
        return None

    # -- what comes of them --------------------------------------------------------------------

    def changed(self, execution: Execution) -> None:
        """Its state has changed: it may have cost more."""
        if not self._is_watched(execution):
            return
        budgets = self._covered.get(execution.execution_id, ())
        info = execution.info
        crossed = False
        for budget in budgets:
            crossed = (budget.note(info) and budget.crossed is not None) or crossed
        if not execution.status.ended:
            self._watch()
        if crossed:
            self._look()

    def ended(self, execution: Execution) -> None:
        """It has ended, and costs no more; whoever comes after it has not been told yet."""
        execution_id = execution.execution_id
        info = execution.info
        for budget in self._covered.get(execution_id, ()):
            budget.note(info)
        with self._lock:
            self._asked.pop(execution_id, None)
            self._ended_for.discard(execution_id)

    def forget(self, execution: Execution) -> None:
        """Its end was told: no further attempt can follow."""
        with self._lock:
            budgets = self._covered.get(execution.execution_id, ())
            crossed = tuple(budget for budget in budgets if budget.crossed == "usd")
            if crossed and execution.info.start_time is not None:
                self._crossed[execution.execution_id] = crossed
            self._covered.pop(execution.execution_id, None)
        for budget in crossed:
            self._tell_last(budget)

    def _tell_last(self, budget: Budget) -> None:
        """Once nothing of it is left, have all that ran beyond it told with what it came to."""
        with self._lock:
            if any(budget in budgets for budgets in self._covered.values()):
                return
        for execution_id in budget.execution_ids:
            execution = self._registry.get(execution_id)
            if execution is not None and execution_id in self._crossed:
                self._registry.renew(execution)

    def over(self, execution: Execution) -> str:
        """What is over a budget of it, or over its own, in words; "" if nothing is."""
        execution_id = execution.execution_id
        budgets = self._covered.get(execution_id) or self._crossed.get(execution_id, ())
        said = [over_text(budget.spent_usd, budget.usd) for budget in budgets]
        info = execution.info
        if info.reason is Reason.BUDGET or info.status is ExecutionStatus.RUNNING:
            own = execution.run.request.max_budget_usd
            said.insert(0, "" if info.recorded else over_text(info.cost_usd or 0.0, own))
        return next(filter(None, said), "")

    def act(self) -> float | None:
        """See whose time is over; seconds until that of the next one is, or None."""
        if not self._covered:
            return None
        with self._lock:
            open_ = {budget for budgets in self._covered.values() for budget in budgets}
        crossed = [budget for budget in open_ if budget.crossed]  # asked of all: that ends `due`
        if crossed:
            self._watch()
        due = (budget.due() for budget in open_)
        return min((left for left in due if left is not None), default=None)

    # -- the thread ----------------------------------------------------------------------------

    def _watch(self) -> None:
        """Have the thread run, if there is anything to watch."""
        with self._lock:
            if self._thread is not None:
                return
            self._thread = threading.Thread(
                target=self._run, name="claude-widget-budgets", daemon=True
            )
            self._thread.start()

    def _run(self) -> None:
        while True:
            with self._lock:  # who is covered meanwhile finds a thread, or none
                watched = [one for one in self._registry.active() if self._is_watched(one)]
                if not watched or self._ends.closed:
                    self._thread = None
                    return
            for execution in watched:
                try:
                    self._see_to(execution)
                except (ClaudeWidgetError, OSError) as error:  # it has ended, or its shim is stuck
                    _LOG.info("Budget of %s: %s", execution.execution_id, error)
                except Exception:  # noqa: BLE001 - the others are watched all the same
                    _LOG.exception("Budget of %s", execution.execution_id)
            time.sleep(LOOK)

    def _is_watched(self, execution: Execution) -> bool:
        if execution.execution_id in self._covered:
            return True
        bound = execution.run.request.max_budget_usd
        mine = execution.execution_id in self._registry.mine
        return bound is not None and mine and execution.status is ExecutionStatus.RUNNING

    def _see_to(self, execution: Execution) -> None:
        if execution.execution_id in self._ended_for or _is_done(execution):
            return
        budgets = self._covered.get(execution.execution_id, ())
        crossed = next((budget for budget in budgets if budget.crossed), None)
        if crossed is not None:
            self._ends.kill(execution, Reason.BUDGET_SCOPE, _why_killed(execution, crossed))
            self._ended_for.add(execution.execution_id)
        elif said := _over_its_own(execution):
            self._ends.ask(execution, "limit", reason=str(Reason.BUDGET), error=said)
            self._ended_for.add(execution.execution_id)
        elif execution.status is ExecutionStatus.RUNNING and _counts_money(execution, budgets):
            self._ask(execution)

    def _ask(self, execution: Execution) -> None:
        """Have its CLI say what it has cost; the answer is folded like all that it says."""
        state, now = execution.state, time.monotonic()
        if state.asked.recorded or not state.session.initialized or state.life.stdin_closed:
            return
        asked = self._asked.get(execution.execution_id)
        if asked is not None:
            is_news = _spending(state.account) != _spending(asked.account)
            if now - asked.time < (EVERY if is_news else _AT_LEAST_EVERY):
                return
        with self._lock:
            self._asked[execution.execution_id] = _Asked(now, state.account)
        request_id = f"{COST_REQUEST}-{uuid.uuid4()}"
        request = {"subtype": COST_REQUEST}
        frame = {"type": "control_request", "request_id": request_id, "request": request}
        self._backend.ask(execution.run, "send", line=json.dumps(frame))


def _spending(account: Account) -> tuple[object, ...]:
    """What changes when a call to the API is over."""
    return account.settled, account.running, account.cost


def _is_done(execution: Execution) -> bool:
    """Whether its turn is over and its CLI is about to go, with a result, spending no more."""
    state = execution.state
    over = state.outcome.facts is not None and not state.outcome.unanswered
    return over and not (state.work.in_turn or state.work.tasks or state.awaits_input)


def _counts_money(execution: Execution, budgets: tuple[Budget, ...]) -> bool:
    own = execution.run.request.max_budget_usd is not None
    return own or any(budget.usd is not None for budget in budgets)


def _why_killed(execution: Execution, budget: Budget) -> str:
    """Which budget it was, and what to do next."""
    begun = execution.status is ExecutionStatus.RUNNING
    session = ", or go on with its session there (continues=)" if begun else ""
    return f"{budget.crossed_text} Start it again within a larger budget{session}."


def _over_its_own(execution: Execution) -> str:
    """What is wrong if it has cost more than it may by itself; the CLI's own bound comes first."""
    bound = execution.run.request.max_budget_usd
    info: ExecutionInfo = execution.info
    if bound is None or info.cost_usd is None or info.cost_usd <= bound:
        return ""
    return f"It has cost ${info.cost_usd:.4f} at list prices, and may cost ${bound:g}."
