"""Executions that belong together: started in their order, awaited and ended as one.

The rule: a mapping of names to executions that others run. It owns no thread and no task; what it
tells is read off its executions whenever it is asked.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, ClassVar

from claude_widget.cells.shown import Shown
from claude_widget.errors import ControlFailed
from claude_widget.execution import Execution

_ORDER = ("completed", "running", "pending", "failed", "killed")


class Pipeline(Shown, Mapping[str, Execution]):
    """The executions of a pipeline or a sequence, by the names of their steps; awaitable.

    Attributes:
        needs: by name, the names of the steps that come first.
    """

    bundler: ClassVar[Callable[[Pipeline], dict[str, str]] | None] = None
    """Makes what is shown of it where nothing is live; set by the package's face."""

    def __init__(
        self, executions: Mapping[str, Execution], needs: Mapping[str, tuple[str, ...]]
    ) -> None:
        self._executions = dict(executions)
        self.needs = dict(needs)

    def __getitem__(self, name: str) -> Execution:
        return self._executions[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._executions)

    def __len__(self) -> int:
        return len(self._executions)

    # -- what is known -----------------------------------------------------------------------

    @property
    def ended(self) -> bool:
        """All of them have ended, and none is tried again."""
        return all(map(is_over, self.values()))

    @property
    def results(self) -> dict[str, str | None]:
        """The final texts by name; None of those that have none (yet)."""
        return {name: one.latest.info.result for name, one in self.items()}

    @property
    def counts(self) -> dict[str, int]:
        """How many are completed, running, pending, failed and killed; those that there are."""
        counts = Counter(one.latest.status.value for one in self.values())
        return {status: counts[status] for status in _ORDER if status in counts}

    @property
    def cost_usd(self) -> float:
        """US dollars of all of them so far; those that were played from recordings cost nothing."""
        infos = [attempt.info for one in self.values() for attempt in one.attempts]
        return sum(info.cost_usd or 0.0 for info in infos if not info.recorded)

    # -- waiting -----------------------------------------------------------------------------

    def __await__(self) -> Generator[Any, None, Pipeline]:
        return self._until_end().__await__()

    async def _until_end(self) -> Pipeline:
        await asyncio.gather(*map(_ended, self.values()))
        return self

    def wait(self, timeout: float | None = None) -> Pipeline:
        """Wait until all have ended, from synchronous code.

        Args:
            timeout: seconds for all of them, None for ever.

        Returns:
            Itself, however they went.

        Raises:
            TimeoutError: one has not ended by then. They go on.
            ClaudeWidgetError: one is held, or the manager was closed.
        """
        deadline = None if timeout is None else time.monotonic() + timeout
        for one in self.values():
            one.wait(None if deadline is None else max(0.0, deadline - time.monotonic()))
        return self

    def raise_for_status(self) -> Pipeline:
        """Returns itself if all have completed.

        Raises:
            ExecutionFailed: of the first step that did not.
        """
        for one in self.values():
            one.latest.raise_for_status()
        return self

    # -- ending ------------------------------------------------------------------------------

    def kill(self) -> None:
        """End those that have not ended, the last ones first, so that none of them is started.

        Raises:
            ControlFailed: one lives and does not answer; the others are ended all the same.
        """
        refused: list[ControlFailed] = []
        for one in list(self.values())[::-1]:
            try:
                one.kill()
            except ControlFailed as error:
                refused.append(error)
        if refused:
            raise refused[0]

    # -- as a cell's value -------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        if type(self).viewer is None:
            raise NotImplementedError  # then IPython shows the bundle
        super()._ipython_display_()

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        bundler = type(self).bundler
        return {"text/plain": repr(self)} if bundler is None else bundler(self)

    def __repr__(self) -> str:
        told = ", ".join(f"{count} {status}" for status, count in self.counts.items())
        return f"<Pipeline of {len(self)}: {told}>"


def is_over(execution: Execution) -> bool:
    """Whether its latest attempt has ended, and no other one follows.

    An attempt that fails is "failed" while the next one is admitted; its end is told after that.
    """
    latest = execution.latest
    return latest.end_told and execution.latest is latest  # another came between the two looks


async def _ended(execution: Execution) -> Execution:
    return await execution
