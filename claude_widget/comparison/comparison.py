"""Executions of one prompt side by side: waited for, ranked and ended as one.

The rule: a sequence of executions that others run. What it tells is read off them whenever it is
asked; it decides nothing but which one is the best, and applies changes only when it is told to.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
import time
import uuid
from collections import Counter
from collections.abc import Callable, Generator, Iterable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, overload

from claude_widget.comparison.asked import Start
from claude_widget.comparison.candidate import Candidate, changed_among, dict_of, rank_of
from claude_widget.comparison.errors import AlreadyPromoted, NothingToPromote
from claude_widget.comparison.judging import Judging
from claude_widget.errors import ControlFailed, ExecutionActive, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.history.errors import PandasMissing
from claude_widget.redaction.redactor import Redactor
from claude_widget.worktrees.errors import NoWorktree, WorktreeGone

if TYPE_CHECKING:
    from pandas import DataFrame


class Comparison(Sequence[Execution]):
    """Executions of one prompt; made by `manager.compare`; awaitable.

    As a sequence it gives its executions in the order of the models, those of a model by number.

    Attributes:
        comparison_id: its UUID4.
        name: what people call it, or None.
    """

    bundler: ClassVar[Callable[[Comparison], dict[str, str]] | None] = None
    """Makes what a cell keeps of it; set by the package's face."""
    viewer: ClassVar[Callable[[Comparison], None] | None] = None
    """Shows one that is a cell's value; set by the package's face."""

    def __init__(
        self,
        starts: Iterable[tuple[Start, Execution]],
        judging: Judging,
        *,
        name: str | None,
        scored: bool,
        redactor_for: Callable[[Iterable[str]], Redactor],
    ) -> None:
        self.comparison_id = str(uuid.uuid4())
        self.name = name
        self._starts = tuple(starts)
        self._repeats = any(start.number > 1 for start, _ in self._starts)
        self._judging = judging
        self._scored = scored
        self._redactor_for = redactor_for
        self._promoted: tuple[Execution, tuple[str, ...]] | None = None
        self._lock = threading.Lock()

    @overload
    def __getitem__(self, index: int) -> Execution: ...
    @overload
    def __getitem__(self, index: slice) -> list[Execution]: ...
    def __getitem__(self, index: int | slice) -> Execution | list[Execution]:
        found = [one.execution for one in self.candidates]
        return found[index]

    def __len__(self) -> int:
        return len(self._starts)

    # -- what is known -----------------------------------------------------------------------

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Its executions with their models, numbers, scores and what is wrong with those."""
        return tuple(self._candidate(index) for index in range(len(self._starts)))

    def _candidate(self, index: int) -> Candidate:
        start, execution = self._starts[index]
        judged = self._judging.of(index)
        label = (start.model or "default") + (f" {start.number}" if self._repeats else "")
        if judged is None:
            return Candidate(execution, *start, label)
        score, problem = judged.scored or (None, "")
        return Candidate(judged.execution, *start, label, True, score, problem, judged.size)

    @property
    def over(self) -> bool:
        """All have ended, and were scored."""
        return self._judging.over.is_set()

    @property
    def scores(self) -> tuple[float | None, ...]:
        """The scores in the order of the executions; None of those that have none (yet)."""
        return tuple(one.score for one in self.candidates)

    @property
    def ranked(self) -> tuple[Candidate, ...]:
        """The candidates, the best first.

        Those with a score, the highest first; then those that completed without one; then those
        that are not over; then those that failed or were killed. Equal ones stay in their order.
        """
        return tuple(sorted(self.candidates, key=rank_of))

    @property
    def ranking(self) -> tuple[Execution, ...]:
        """The executions, the best first, as in `ranked`."""
        return tuple(one.execution for one in self.ranked)

    @property
    def best(self) -> Execution | None:
        """The one with the highest score, of equal ones the first; None while none has one."""
        first = self.ranked[0]
        return None if first.score is None else first.execution

    @property
    def promoted(self) -> Execution | None:
        """The one whose changes were applied to the project; None if none were."""
        promoted = self._promoted
        return None if promoted is None else promoted[0]

    @property
    def promoted_files(self) -> tuple[str, ...]:
        """The files that its changes are in, below the top of the repository."""
        promoted = self._promoted
        return () if promoted is None else promoted[1]

    @property
    def changed(self) -> tuple[Candidate, ...]:
        """Those that are over and have changed files of the project, the best first."""
        return changed_among(self.candidates)

    @property
    def counts(self) -> dict[str, int]:
        """How many are pending, running, completed, failed and killed; those that there are."""
        return dict(Counter(one.status.value for one in self))

    @property
    def cost_usd(self) -> float:
        """US dollars at list prices of all of them so far; what was replayed costs nothing."""
        infos = [attempt.info for one in self for attempt in one.attempts]
        return sum(info.cost_usd or 0.0 for info in infos if not info.recorded)

    # -- waiting -----------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, None, Comparison]:
        return self._until_over().__await__()

    async def _until_over(self) -> Comparison:
        await asyncio.gather(*(_ended(execution) for _, execution in self._starts))
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()

        def set_over() -> None:
            if not over.done():
                over.set_result(None)

        def wake() -> None:
            with contextlib.suppress(RuntimeError):  # that loop is closed: nobody awaits any more
                loop.call_soon_threadsafe(set_over)

        self._judging.when_over(wake)
        await over
        self._judging.tell()  # in the cell that waits, which keeps what is shown
        return self

    def wait(self, timeout: float | None = None) -> Comparison:
        """Wait until all have ended and were scored, from synchronous code.

        Args:
            timeout: seconds for all of them, None for ever.

        Returns:
            Itself, however they went.

        Raises:
            TimeoutError: they are not over by then. They go on.
            ClaudeWidgetError: the manager was closed.
        """
        deadline = None if timeout is None else time.monotonic() + timeout

        def left() -> float | None:
            return None if deadline is None else max(0.0, deadline - time.monotonic())

        for _, execution in self._starts:
            execution.wait(left())
        if not self._judging.over.wait(left()):
            raise TimeoutError(f"Not all are scored after {timeout} s; that goes on.")
        self._judging.tell()  # in the cell that waits, which keeps what is shown
        return self

    def settle(self, seconds: float) -> bool:
        """Wait at most so many seconds; whether it is over."""
        return self._judging.over.wait(seconds)

    def watch(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call that, on any thread, whenever one more is over, or one was promoted.

        For faces; must be short. Returns what takes it back.
        """
        return self._judging.watch(changed)

    # -- what becomes of them ----------------------------------------------------------------

    def promote(self, execution: Execution | None = None) -> tuple[str, ...]:
        """Apply the changes of the best one to the project's own files: all of them, or none.

        The same one a second time changes nothing and gives the same files; another one is refused.
        The worktrees stay; `discard_others` removes those of the others.

        Args:
            execution: which one; the `best` if None.

        Returns:
            The files that were changed, below the top of the repository.

        Raises:
            ExecutionActive: they are not all over.
            NothingToPromote: none has a score, and none was given.
            AlreadyPromoted: another one was, before.
            WorktreeConflict, PatchConflict: its changes do not fit; nothing was changed.
            NoWorktree, WorktreeGone, WorktreeFailed: there is nothing to apply.
        """
        with self._lock:
            chosen = self._chosen(execution)
            if self._promoted is None:
                self._promoted = chosen, _applied(chosen)
            promoted, files = self._promoted
            if promoted is not chosen:
                raise AlreadyPromoted(chosen.execution_id, promoted.execution_id)
        self._judging.tell()
        return files

    def _chosen(self, execution: Execution | None) -> Execution:
        self._check_over()
        if execution is None:
            best = self.best
            if best is None:
                told = tuple((one.label, one.problem) for one in self.candidates if one.problem)
                raise NothingToPromote(told, scored=self._scored)
            return best
        for (_, started), latest in zip(self._starts, self, strict=True):
            if execution in (started, latest):
                return latest
        raise InvalidRequest(
            "That execution is none of this comparison's.",
            field="execution",
            hint="comparison.ranking has them, the best first.",
        )

    def discard_others(self) -> None:
        """Remove the worktrees of all but the promoted one, else the best. Asks nobody.

        Raises:
            ExecutionActive: they are not all over.
            NothingToPromote: nothing says which one is to stay.
            WorktreeFailed: one cannot be removed; those before it are gone.
        """
        kept = self._chosen(self.promoted)
        for one in self:
            if one is not kept:
                with contextlib.suppress(NoWorktree):
                    one.discard()

    def _check_over(self) -> None:
        waiting = [one for one in self.candidates if not one.over]
        if waiting:
            first = waiting[0].execution
            doing = "being scored" if first.status.ended else first.status
            more = f", and {len(waiting) - 1} more are not over" if len(waiting) > 1 else ""
            raise ExecutionActive(
                f"{waiting[0].label} is {doing}{more}.",
                hint="Await the comparison first, or kill what is not needed.",
                execution_id=first.execution_id,
            )

    def kill(self) -> None:
        """End those that have not ended, the last ones first, so that none of them is started.

        Raises:
            ControlFailed: one lives and does not answer; the others are ended all the same.
        """
        refused: list[ControlFailed] = []
        for _, execution in self._starts[::-1]:
            try:
                execution.kill()
            except ControlFailed as error:
                refused.append(error)
        if refused:
            raise refused[0]

    # -- as a table, and as a cell's value ---------------------------------------------------

    def to_dicts(self) -> list[dict[str, Any]]:
        """The executions as dicts, the best first.

        Each has `model`, `number`, `status`, `reason`, `score`, `problem`, `cost_usd`, `duration`
        (seconds), `num_turns`, `result`, `output` (of a schema), `files`, `added`, `removed` (of
        the diff) and `execution_id`.
        """
        return [dict_of(one) for one in self.ranked]

    def to_dataframe(self) -> DataFrame:
        """The same as a DataFrame.

        Raises:
            PandasMissing: pandas is not installed.
        """
        try:
            pandas = import_module("pandas")
        except ImportError:
            raise PandasMissing(instead="comparison.to_dicts() has the same without it.") from None
        frame: DataFrame = pandas.DataFrame(self.to_dicts())
        return frame

    @property
    def redactor(self) -> Redactor:
        """Takes out what is secret to its executions, before it is saved with a notebook."""
        return self._redactor_for(one.execution_id for one in self)

    def _ipython_display_(self) -> None:
        viewer = type(self).viewer
        if viewer is None:
            raise NotImplementedError  # then IPython shows the bundle
        viewer(self)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        bundler = type(self).bundler
        return {"text/plain": repr(self)} if bundler is None else bundler(self)

    def __repr__(self) -> str:
        told = ", ".join(f"{count} {status}" for status, count in self.counts.items())
        name = f" {self.name!r}" if self.name else ""
        first = self.ranked[0]
        best = "" if first.score is None else f"; best: {first.label} ({first.score:g})"
        return f"<Comparison{name} of {len(self)}: {told}{best}>"


def _applied(execution: Execution) -> tuple[str, ...]:
    """Apply its changes; nothing happens if there are none."""
    try:
        return execution.apply()
    except WorktreeGone as error:
        if error.outcome == "unchanged":
            return ()
        raise


async def _ended(execution: Execution) -> Execution:
    return await execution
