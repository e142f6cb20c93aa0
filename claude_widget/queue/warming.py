"""Keeps CLIs ready that were started ahead, and gives one to each execution that is just like them.

The rule: it decides how many there are and who gets which; how they are started and handed over is
the backend's. One that nobody has got ends with its `Warm`, with the manager, and with the kernel.
That the one which an execution has got still answers is seen to before its start, as a preparation.
"""

from __future__ import annotations

import logging
import os
import threading
from collections import ChainMap
from collections.abc import Callable
from types import TracebackType
from typing import Self

from claude_widget import quantities
from claude_widget.backend import Backend, Run, Warmer
from claude_widget.errors import ClaudeWidgetError, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.models import ExecutionRequest
from claude_widget.recordings.backend import RecordedBackend
from claude_widget.registry import Registry
from claude_widget.request import check_root
from claude_widget.trust import check_project

_LOG = logging.getLogger(__name__)
_AGAIN = 1.0
"""Seconds between two looks whether those that wait still live."""
_MOST = 64


class Warm:
    """CLIs of one configuration that are kept ready, until it is closed. Made by `manager.warm`.

    Attributes:
        count: how many are to be ready.
        problem: why no more are started, in words; empty if nothing keeps them.
    """

    def __init__(self, count: int, request: ExecutionRequest, warming: Warming | None) -> None:
        self.count = count
        self.problem = ""
        self._left: int | None = None
        self._request = request
        self._warming = warming
        self._runs: list[Run] = []
        self._news = threading.Condition()
        self._closed = False

    @property
    def ready(self) -> int:
        """How many wait for their prompt now."""
        with self._news:
            return len(self._runs)

    def begin(self, most: int | None = None) -> None:
        """Begin to keep them.

        Args:
            most: how many are started in all, such as one for each row of a batch; None for as many
                as are taken.
        """
        self._left = most
        if self._warming is not None:
            keep = (self._warming,)
            threading.Thread(
                target=self._keep, args=keep, name="claude-widget-warm", daemon=True
            ).start()

    def _keep(self, warming: Warming) -> None:
        """Start one after the other: those that start together hold each other up."""
        while self._needs_one(warming):
            run = warming.new_run(self._request)
            try:
                warming.start(run)
            except (ClaudeWidgetError, OSError) as error:
                warming.end(run)
                self._stop(str(error))
                return
            with self._news:
                if self._left is not None:
                    self._left -= 1
                if not self._closed:
                    self._runs.append(run)
                    continue
            warming.end(run)

    def _needs_one(self, warming: Warming) -> bool:
        """Wait until another one is to be started; False if none is any more."""
        with self._news:
            while not self._closed and self._left != 0:
                self._runs = [run for run in self._runs if warming.fits(run)]
                if len(self._runs) < self.count:
                    return True
                self._news.wait(_AGAIN)
        return False

    def _stop(self, problem: str) -> None:
        with self._news:
            self.problem = problem
        _LOG.warning("No more CLIs are started ahead: %s", problem)

    def take(self, fits: Callable[[Run], bool]) -> Run | None:
        """The one that has waited longest of those that fit, for an execution to come."""
        with self._news:
            found = next((run for run in self._runs if fits(run)), None)
            if found is not None:
                self._runs.remove(found)
                self._news.notify_all()
            return found

    def close(self) -> None:
        """End those that nobody has got, and start no more."""
        with self._news:
            self._closed = True
            runs, self._runs = self._runs, []
            self._news.notify_all()
        if self._warming is not None:
            for run in runs:
                self._warming.end(run)
            self._warming.forget(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Warming:
    """What one manager has started ahead. Safe from any thread.

    Args:
        registry: has the state folder.
        warmer: starts them; None where nothing is ever run.
    """

    def __init__(self, registry: Registry, warmer: Warmer | None) -> None:
        self._registry = registry
        self._warmer = warmer
        self._lock = threading.Lock()
        self._kept: list[Warm] = []
        self._given: set[str] = set()

    def keep(self, count: int, request: ExecutionRequest, *, runs: bool = True) -> Warm:
        """What keeps CLIs ready for executions like this one, once it begins.

        Args:
            count: how many.
            request: what they are started with; its query does not matter.
            runs: False: nothing is to be run, and none is started.

        Raises:
            InvalidRequest: the count is none, or no CLI can be started ahead for that.
            ClaudeWidgetError: as for a start.
        """
        count = quantities.count("warm", count, least=1, most=_MOST)
        _check(request)
        if self._warmer is None or not runs:
            return Warm(count, request, None)
        self._check_project(request)
        kept = Warm(count, request, self)
        with self._lock:
            self._kept.append(kept)
        return kept

    def _check_project(self, request: ExecutionRequest) -> None:
        check_root(request)
        env = ChainMap(request.env, os.environ)
        check_project(request, self._registry.folder.path, env)

    # -- for one `Warm` ----------------------------------------------------------------------

    def new_run(self, request: ExecutionRequest) -> Run:
        """A folder for one, which no manager takes for an execution."""
        run = self._registry.folder.new_run(request)
        self._registry.claim(run.execution_id)
        return run

    def start(self, run: Run) -> None:
        """Start one, if the project still does nothing that nobody has seen."""
        assert self._warmer is not None
        self._check_project(run.request)
        self._warmer.warm(run)

    def fits(self, run: Run) -> bool:
        """Whether it waits, and was started with what it would be started with now."""
        assert self._warmer is not None
        fits = self._warmer.fits(run)
        if not fits:
            self.end(run)
        return fits

    def end(self, run: Run) -> None:
        """Nobody has got it."""
        assert self._warmer is not None
        self._warmer.cool(run.execution_id)
        self._registry.claim(run.execution_id, ours=False)

    def forget(self, kept: Warm) -> None:
        """It was closed."""
        with self._lock:
            if kept in self._kept:
                self._kept.remove(kept)

    # -- for executions ----------------------------------------------------------------------

    def give(self, request: ExecutionRequest) -> Run | None:
        """What is ready for an execution that asks for this; None if nothing is."""
        warmer = self._warmer
        if warmer is None or not self._kept:
            return None

        def fits(run: Run) -> bool:
            return warmer.fits(Run(run.execution_id, run.folder, request))

        with self._lock:
            kept = list(self._kept)
        for one in kept:
            found = one.take(fits)
            if found is not None:
                self._given.add(found.execution_id)
                return Run(found.execution_id, found.folder, request)
        return None

    def is_needed(self, execution: Execution) -> bool:
        """Whether it was given one, which must answer before it is started."""
        return execution.execution_id in self._given

    def prepare(self, execution: Execution) -> None:
        """What it was given answers, or is ended: it is started without it then."""
        if self._warmer is not None:
            self._warmer.ready(execution.run)

    def withdraw(self, execution: Execution) -> None:
        """It is not started after all; what it was given ends with it."""

    def ended(self, execution_id: str) -> None:
        """An execution has ended; if it was never started, what it was given goes as well."""
        if execution_id in self._given:
            self._given.discard(execution_id)
            if self._warmer is not None:
                self._warmer.cool(execution_id)

    def close(self) -> None:
        """Nothing is started any more."""
        with self._lock:
            kept = list(self._kept)
        for one in kept:
            one.close()


def warmer_of(backend: Backend) -> Warmer | None:
    """What starts CLIs ahead for a backend; None if nothing does."""
    if isinstance(backend, RecordedBackend):
        return backend.warmer
    return backend if isinstance(backend, Warmer) else None


def _check(request: ExecutionRequest) -> None:
    """Refuse what is of one execution only.

    Raises:
        InvalidRequest: it is so.
    """
    alone = {
        "session_id": request.session_id is not None or request.continues is not None,
        "worktree": request.worktree,
        "sandbox": request.sandbox == "bubblewrap",
    }
    for field, is_so in alone.items():
        if is_so:
            raise InvalidRequest(
                f"With {field} no CLI can be started ahead: it is of one execution only.",
                field="warm",
                hint=f"Leave out warm or {field}.",
            )
