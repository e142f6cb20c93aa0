"""Further attempts: what failed in passing waits in the queue again, as an execution of its own.

The rule: called on the manager's thread, before the end of an attempt is told, so that whoever
waits for it finds the one that follows. Whether there is one is decided in `policy`. It is admitted
on a thread of its own, since its project is looked at. When it is started is decided by the queue:
this bars it until its time, the governor until a pause is over.
"""

from __future__ import annotations

import logging
import random
import threading
import time
from collections.abc import Callable

from claude_widget.admission import Admission, Origin
from claude_widget.adoption import check_startable
from claude_widget.dependencies.filling import asked_again
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.models import ExecutionInfo, ExecutionRequest, ExecutionStatus
from claude_widget.queue.governing import Governing
from claude_widget.registry import Registry
from claude_widget.retries.policy import Decision, cause_of, decide

_LOG = logging.getLogger(__name__)
GO_ON = "Continue where you left off."
"""What a session is told that was broken off by a limit; its prompt is in it already."""
_CLOSED_WITHIN = 5.0
"""Seconds."""
_Place = tuple[str, int]
"""The first attempt's id, and the number of one that follows."""


class Retrying:
    """The further attempts of one manager; a gate of its queue. Safe from any thread.

    Args:
        registry: knows the attempts so far.
        admission: admits another one.
        governing: knows of the limits of the API.
        admitted: hears of each, before it may be started, and which one it follows.
        chance: gives a number from 0 to 1.
    """

    def __init__(
        self,
        registry: Registry,
        admission: Admission,
        governing: Governing,
        *,
        admitted: Callable[[str, str], None] = lambda _before, _now: None,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._registry = registry
        self._admission = admission
        self._governing = governing
        self._admitted = admitted
        self._chance = chance
        self._lock = threading.Lock()
        self._not_before: dict[_Place, float] = {}
        self._undecided: set[_Place] = set()
        self._threads: list[threading.Thread] = []
        registry.awaits_login = governing.awaits_login

    # -- when they are started ---------------------------------------------------------------

    def bars(self, execution: Execution) -> bool:
        """Whether it is an attempt whose time has not come, or that nobody may want any more."""
        first_id = execution.attempt_of
        if first_id is None:
            return False
        place = (first_id, execution.attempt)
        with self._lock:
            due = self._not_before.get(place, 0.0)
            return place in self._undecided or time.monotonic() < due

    def opens_in(self) -> float | None:
        """Seconds until the first of them may be started; None if none waits for its time.

        What has had its time is told once: it may wait long for something else, such as a slot.
        """
        now = time.monotonic()
        with self._lock:
            due = min(self._not_before.values(), default=None)
            self._not_before = {one: at for one, at in self._not_before.items() if at > now}
        return None if due is None else max(0.0, due - now)

    # -- whether there is one ----------------------------------------------------------------

    def ended(self, execution: Execution, tell: Callable[[], None]) -> None:
        """An attempt has ended, and nobody was told so: see whether another one follows.

        Args:
            execution: it.
            tell: tells its end; called at once if no other one follows, else once that one waits.
        """
        try:
            decision = self._decided(execution)
        except Exception:  # noqa: BLE001 - its end is told all the same
            _LOG.exception("Execution %s is not tried again", execution.execution_id)
            decision = Decision()
        if decision.next == "none":
            tell()
            return

        def follow() -> None:
            try:
                self._try_again(execution, decision)
            except Exception:  # noqa: BLE001 - its end is told all the same
                _LOG.exception("Execution %s is not tried again", execution.execution_id)
            finally:
                tell()

        thread = threading.Thread(target=follow, name="claude-widget-retrying", daemon=True)
        try:
            with self._lock:
                thread.start()
                self._threads = [*filter(threading.Thread.is_alive, self._threads), thread]
        except RuntimeError as error:  # the machine has no thread left
            _LOG.error("Execution %s is not tried again: %s", execution.execution_id, error)
            tell()

    def close(self) -> None:
        """Wait for what is being admitted, within a bound; the manager admits no more."""
        with self._lock:
            threads = self._threads
        until = time.monotonic() + _CLOSED_WITHIN
        for thread in threads:
            if thread is not threading.current_thread():  # whoever hears of an end may close it
                thread.join(max(0.0, until - time.monotonic()))

    def _decided(self, execution: Execution) -> Decision:
        if execution.status is not ExecutionStatus.FAILED or execution.state.asked.recorded:
            return Decision()
        if execution.execution_id not in self._registry.mine:
            return Decision()
        info = execution.info
        if cause_of(info) == "lasting":
            return Decision()
        return decide(
            [one.info for one in self._registry.attempts(execution)],
            execution.run.request.retries,
            self._chance,
            waits_for_limits=self._waits_for_limits(info),
        )

    def _waits_for_limits(self, info: ExecutionInfo) -> bool:
        """A row of a batch is nobody's to wonder at; a reset that was told can be waited for."""
        return info.batch_id is not None or self._governing.was_limited(
            info.start_time, info.model, info.project_path
        )

    def _try_again(self, execution: Execution, decision: Decision) -> None:
        info, resumes = execution.info, decision.next == "after the pause"
        first_id = info.attempt_of or info.execution_id
        place = (first_id, info.attempt + 1)
        batch = None
        if info.batch_id is not None and info.batch_row is not None:
            batch = (info.batch_id, info.batch_row)
        origin = Origin(
            resumed_from=info.execution_id if resumes else info.resumed_from,
            attempt=place[1],
            attempt_of=first_id,
            batch=batch,
            template=info.template,
        )
        with self._lock:
            self._undecided.add(place)  # until it is seen whether the one before was killed
            if decision.wait:
                self._not_before[place] = time.monotonic() + decision.wait
        try:
            check_startable(execution)  # an adopted one may have had an env, or MCP servers
            attempt = self._admission.admit_again(
                _request_of(execution, info, resumes=resumes),
                origin,
                execution,
                lambda execution_id: self._admitted(info.execution_id, execution_id),
            )
            if execution.unwanted:
                attempt.kill()
        except (ClaudeWidgetError, OSError) as error:
            with self._lock:
                self._not_before.pop(place, None)
            _LOG.error("Execution %s is not tried again: %s", info.execution_id, error)
        finally:
            with self._lock:
                self._undecided.discard(place)


def _request_of(execution: Execution, info: ExecutionInfo, *, resumes: bool) -> ExecutionRequest:
    """What the next attempt is asked: to go on with the session, or the same from the beginning."""
    request = asked_again(execution)
    if not resumes or info.session_id is None or not execution.state.session.initialized:
        return request
    return request.model_copy(
        update={
            "query": GO_ON,
            "session_id": info.session_id,
            "fork_session": False,
            "after": (),
            "continues": None,
            "variables": None,
        }
    )
