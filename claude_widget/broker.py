"""Who decides what an execution asks: the callable of its start, a page, or nobody.

The rule: only for what this manager owns, and for what has lost its own. A callable decides on a
thread of its own, so that neither the thread that follows nor the user's loop waits for it. Without
one a request waits for a page, as long as one has been heard of within the grace; where there is no
page it is denied, with a message that says why. What an answer is and how it travels is
`permissions` and `steering`; whether there is a page, `presence`.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from claude_widget.errors import ClaudeWidgetError, ControlFailed, ExecutionEnded, RequestGone
from claude_widget.events import ControlRequest
from claude_widget.execution import Execution
from claude_widget.permissions import (
    Decider,
    Decision,
    PermissionRequest,
    decision_of,
    response_line,
)
from claude_widget.presence import Presence
from claude_widget.protocol import Deny
from claude_widget.registry import Registry
from claude_widget.state.work import ANSWERABLE

_LOG = logging.getLogger(__name__)
DEFAULT_GRACE = 600.0
"""Seconds that a request waits after the last sign of a page."""
_PAUSE, _LONGEST_PAUSE = 0.1, 10.0
"""Seconds until a shim that heard nothing is told again; doubled each time."""
_UNHEARD = ("timeout", "unreachable")

_NO_PAGE = (
    "Not permitted: there is no notebook page that could be asked. To permit it, start the "
    "execution with allowed_tools, a permission_mode, or a callable as permissions."
)
_NO_MORE = "Not permitted: nobody answered, and no notebook page was connected for {:g} s."
_ORPHAN = (
    "Not permitted: the notebook that started this execution is gone, and nobody answered "
    "for {:g} s."
)
_NEVER = "Not permitted: the execution was started with permissions='deny'."


class Answers(Protocol):
    """What carries an answer to the CLI."""

    def answer(
        self, execution: Execution, control_id: str, decision: Decision, by: str, note: str = ""
    ) -> None:
        """Answer what its CLI asks."""

    def refuse(self, execution: Execution, control_id: str, subtype: str) -> None:
        """Tell its CLI that nobody can answer a request of that kind."""


class _Asked(NamedTuple):
    execution: Execution
    control_id: str


class _Foreign(NamedTuple):
    """An execution of another manager's that waits; since when, as far as is known here."""

    execution: Execution
    since: float


class Broker:
    """Decides for one manager. `changed` and `look` are called on its one thread.

    Args:
        registry: says which executions are this manager's own, and since when.
        steering: carries the answers.
        presence: whether there is a page that can be asked.
        grace: seconds that a request waits after the last sign of a page.
    """

    def __init__(
        self,
        registry: Registry,
        steering: Answers,
        presence: Presence,
        *,
        grace: float = DEFAULT_GRACE,
    ) -> None:
        self._registry = registry
        self._steering = steering
        self._presence = presence
        self._grace = grace
        self._known: dict[str, frozenset[str]] = {}
        self._waiting: list[_Asked] = []
        self._others: dict[str, _Foreign] = {}

    # -- what is asked -----------------------------------------------------------------------

    def changed(self, execution: Execution) -> None:
        """Take in what it asks now, and let go of what it asks no more."""
        waiting = execution.state.work.waiting
        execution_id = execution.execution_id
        known = self._known.get(execution_id, frozenset())
        if execution.state.asked.recorded:
            return  # a recording has its answers with it
        if execution_id not in self._registry.mine:
            self._note_foreign(execution)
            return
        self._others.pop(execution_id, None)
        if not (waiting or known):
            return
        now = frozenset(one.request_id for one in waiting)
        if now:
            self._known[execution_id] = now
        else:
            self._known.pop(execution_id, None)
        self._waiting = [
            one for one in self._waiting if one.execution is not execution or one.control_id in now
        ]
        again = execution.decide is not None  # a start has brought its callable a moment ago
        left = [one for one in self._waiting if again and one.execution is execution]
        self._waiting = [one for one in self._waiting if one not in left]
        for asked in left:
            self._take(asked)
        for one in waiting:
            if one.request_id not in known:
                self._take(_Asked(execution, one.request_id))

    def _take(self, asked: _Asked) -> None:
        decide = asked.execution.decide
        if decide is not None:
            self._start(self._call, asked, decide)
        elif asked.execution.run.request.permissions == "deny":
            self._start(self._deny, asked, _NEVER)
        else:
            self._waiting.append(asked)

    def _note_foreign(self, execution: Execution) -> None:
        if not execution.state.work.waiting:
            self._others.pop(execution.execution_id, None)
        elif execution.execution_id not in self._others:
            self._others[execution.execution_id] = _Foreign(execution, time.monotonic())

    def look(self) -> float | None:
        """Deny what nobody can be asked about; seconds until that may come, or None."""
        due = self._look_at_others()
        if not self._waiting:
            return due
        page = self._presence.left(self._grace)
        why = _NO_MORE.format(self._grace) if self._presence.ever else _NO_PAGE
        for asked in list(self._waiting):
            left = max(page, self._left_of_adopted(asked.execution))
            if left > 0:
                due = left if due is None else min(left, due)
            else:
                self._waiting.remove(asked)
                self._start(self._deny, asked, why)
        return due

    def _left_of_adopted(self, execution: Execution) -> float:
        """Seconds for the page and the cells of a kernel that was restarted to come back."""
        since = self._registry.adopted_for(execution)
        return 0.0 if since is None else self._grace - since

    def _look_at_others(self) -> float | None:
        """Whose own manager is gone is decided for by any other, once it could have been asked."""
        now = time.monotonic()
        for execution_id, (execution, since) in list(self._others.items()):
            if now < since + self._grace:
                continue
            if self._registry.has_owner(execution) or self._presence.left_anywhere(self._grace) > 0:
                self._others[execution_id] = _Foreign(execution, now)
                continue
            del self._others[execution_id]
            for one in execution.state.work.waiting:
                asked = _Asked(execution, one.request_id)
                self._start(self._deny, asked, _ORPHAN.format(self._grace))
        first = min((since for _, since in self._others.values()), default=None)
        return None if first is None else first + self._grace - now

    def refuse(self, execution: Execution, event: ControlRequest) -> None:
        """Answer what is of a kind that nobody here can: else its CLI waits for ever."""
        subtype, control_id = event.request.subtype or event.problem, event.request_id or ""
        mine = execution.execution_id in self._registry.mine
        if not mine or execution.state.asked.recorded or subtype in ANSWERABLE:
            return
        self._start(
            self._tell, execution, lambda: self._steering.refuse(execution, control_id, subtype)
        )

    # -- deciding, each on a thread of its own -----------------------------------------------

    @staticmethod
    def _start(target: Callable[..., None], *arguments: object) -> None:
        threading.Thread(
            target=target, args=arguments, name="claude-widget-decision", daemon=True
        ).start()

    def _deny(self, asked: _Asked, why: str) -> None:
        self._answer(asked, Deny(message=why), "policy")

    def _call(self, asked: _Asked, decide: Decider) -> None:
        request = asked.execution.request(asked.control_id)
        if request is not None:  # else it was taken back a moment ago
            decision, note = decided(decide, request)
            self._answer(asked, decision, "callable", note)

    def _answer(self, asked: _Asked, decision: Decision, by: str, note: str = "") -> None:
        execution, control_id = asked
        self._tell(
            execution, lambda: self._steering.answer(execution, control_id, decision, by, note)
        )

    @staticmethod
    def _tell(execution: Execution, tell: Callable[[], None]) -> None:
        """Pass on a decision; a shim that hears nothing is told again, for its CLI waits."""
        pause = _PAUSE
        while not execution.status.ended:
            try:
                tell()
            except (RequestGone, ExecutionEnded) as gone:
                _LOG.info("%s", gone)
                return
            except ClaudeWidgetError as error:
                _LOG.warning("A decision did not arrive: %s", error)
                if not isinstance(error, ControlFailed) or error.code not in _UNHEARD:
                    return
            else:
                return
            time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)


def decided(decide: Decider, request: PermissionRequest) -> tuple[Decision, str]:
    """What a callable decides, and what went wrong; one that fails denies."""
    try:
        said: object = decide(request)
        if inspect.isawaitable(said):
            said = asyncio.run(_awaited(said))
        decision = decision_of(said)
        response_line(request, decision)  # what cannot be sent is a failure of the callable's
    except BaseException as error:  # noqa: BLE001 - it denies; its thread has nothing else to do
        _LOG.exception("The permissions callable failed for %s", request.tool_name)
        note = f"The permissions callable failed, so {request.tool_name} was denied"
        note = f"{note} ({type(error).__name__}: {str(error)[:500]})."
        return Deny(message=note), note
    return decision, ""


async def _awaited(said: Awaitable[object]) -> object:
    return await said
