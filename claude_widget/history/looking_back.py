"""What a manager knows of executions that are over, as its user calls it.

The rule: the methods of `ProcessManager` about its history. They pass on what is asked; what they
open anew is read from its transcript and never followed.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import TypeVar

from claude_widget.charts.chart import Chart
from claude_widget.charts.charting import MOST_LANES, timeline_of
from claude_widget.cleanup.retention import Retention
from claude_widget.errors import ExecutionActive, ExecutionNotFound
from claude_widget.execution import Execution
from claude_widget.history.filter import Since, Wanted, wanted
from claude_widget.history.history import History, HistoryPage
from claude_widget.history.indexing import Indexing
from claude_widget.history.pins import pin
from claude_widget.listeners import Listener, Listeners
from claude_widget.open_managers import OpenManagers
from claude_widget.redaction.redactor import Redactor
from claude_widget.registry import Registry
from claude_widget.report.reading import secrets_of
from claude_widget.reports import HistoryReport
from claude_widget.steering import Steering
from claude_widget.upkeep import Upkeep

_MOST_MODELS = 50
T = TypeVar("T")


class LookingBack(OpenManagers):
    """A manager's history."""

    _registry: Registry
    _listeners: Listeners
    _indexing: Indexing
    _retention: Retention
    _steering: Steering
    _upkeep: Upkeep

    def _keep_history(self) -> None:
        """Have what ends from now on be found later."""
        self._indexing = Indexing(self._registry.folder)
        self._listeners.add(self._indexing.heard)

    def on_end(self, listener: Listener) -> Callable[[], None]:
        """Be called with each execution that has ended, once everybody who awaits it was told.

        If it is tried again, the attempt that follows is there by then. On any thread; for faces;
        must return at once. Returns the way back.
        """
        return self._upkeep.ends.add(listener)

    def history(
        self,
        text: str | None = None,
        *,
        project: str | os.PathLike[str] | None = None,
        status: str | None = None,
        since: Since | None = None,
        model: str | None = None,
        limit: int | None = 100,
    ) -> History:
        """Executions that have ended, of this state folder, whoever has started them; newest first.

        Also those that were forgotten (`cleanup_execution`), until they are pruned.

        Args:
            text: words that are all in the query, the result, the name, follow-ups or the inputs
                of tools; the last one may be the beginning of a word. Nothing in it is syntax.
            project: the folder that they worked in, or one above it.
            status: "completed", "failed" or "killed".
            since: not asked for earlier: epoch seconds, a datetime, a date such as "2026-01-31", or
                a timedelta (so long ago).
            model: a part of the model's name, such as "opus".
            limit: how many at most; None is all.

        Raises:
            InvalidRequest: the status, the moment or the limit is none.
            HistoryUnavailable: the index cannot be used now.
        """
        asked = wanted(text, project=project, status=status, since=since, model=model, limit=limit)
        return self._settled(
            lambda: History(self._indexing.index, asked, self.recall, self.redactor_for)
        )

    def history_page(self, asked: Wanted, limit: int) -> HistoryPage:
        """So many of what is wanted, for a face that shows them page by page.

        Args:
            asked: with `before`, for what comes behind another page.
            limit: how many at most.

        Raises:
            HistoryUnavailable: the index cannot be used now.
        """
        return self._settled(lambda: self._page(asked, limit))

    def _page(self, asked: Wanted, limit: int) -> HistoryPage:
        index = self._indexing.index
        found = index.search(asked._replace(limit=limit + 1))
        entries = tuple(found[:limit])
        first = asked.before is None
        return HistoryPage(
            entries,
            total=index.count(asked) if first else None,
            following=index.number(entries[-1]) if len(found) > limit else None,
            models=tuple(index.models(_MOST_MODELS)) if first else (),
            notes=tuple(index.notes),
        )

    def _settled(self, look: Callable[[], T]) -> T:
        """What is found once all that has ended is in the index."""
        while True:
            self._indexing.settle()
            before = self._indexing.index.renewals
            found = look()
            if self._indexing.index.renewals == before:  # else it was searched while it was empty
                return found

    def timeline(self, limit: int = MOST_LANES) -> Chart:
        """When this manager's executions ran and called their tools, as a chart.

        Args:
            limit: how many at most, the newest.
        """
        known = self._registry.all()[::-1][:limit]
        return timeline_of(known, self.redactor_for(one.execution_id for one in known))

    def rebuild_history(self) -> HistoryReport:
        """Make the history's index anew from the transcripts, each of which is read once.

        Raises:
            HistoryUnavailable: the index cannot be used now.
        """
        return self._indexing.rebuild()

    def pin(self, execution_id: str, *, pinned: bool = True) -> None:
        """Have retention keep an execution, whatever its age and size.

        Args:
            execution_id: of any execution of the state folder.
            pinned: False takes the pin away.

        Raises:
            ExecutionNotFound: there is none of that id.
            ClaudeWidgetError: its folder cannot be written.
        """
        run = self._registry.folder.find_one(execution_id)
        if run is None:
            raise ExecutionNotFound(str(execution_id))
        pin(run.folder, pinned=pinned)
        self._indexing.index.pin(run.execution_id, pinned=pinned)

    def delete_execution(self, execution_id: str) -> None:
        """Remove an execution of the history for good, with its transcript.

        Args:
            execution_id: of any that has ended, whoever has started it.

        Raises:
            ExecutionNotFound: the history has none of that id.
            ExecutionActive: it runs or waits, is being recorded, its files are in use, or another
                one comes after it.
            ExecutionPinned: it is pinned.
            HistoryUnavailable: the index cannot be used now.
            ClaudeWidgetError: its folder cannot be removed.
        """
        execution_id = str(execution_id)
        known = self._registry.get(execution_id)
        if known is not None and not known.status.ended:
            raise ExecutionActive(
                f"Execution {execution_id} is {known.status}.",
                execution_id=execution_id,
                hint="Kill it, or wait for its end.",
            )
        if not self._settled(lambda: self._indexing.index.known([execution_id])):
            raise ExecutionNotFound(execution_id)
        if self._registry.folder.find_one(execution_id) is None:  # its files are gone already
            self._indexing.index.remove([execution_id])
        else:
            self._retention.remove(execution_id)

    def holds(self, execution: Execution) -> bool:
        """Whether it is this manager's: among its executions, or opened from its history."""
        return self._registry.is_recalled(execution) or super().holds(execution)

    def redactor_for(self, execution_ids: Iterable[str]) -> Redactor:
        """What takes out the secrets of executions that are told together.

        It has the manager's rules, and looks for what those that are known here were given by name.
        """
        known = map(self._registry.get, execution_ids)
        given = (secrets_of(one.run.request) for one in known if one is not None)
        return self._steering.redactor.also(value for values in given for value in values)

    def recall(self, execution_id: str) -> Execution:
        """An execution of the history: as it is known here, or else read from its transcript.

        Args:
            execution_id: of any that has ended, also of one that was forgotten.

        Raises:
            ExecutionNotFound: there is none of that id, or it was removed.
        """
        found = self._registry.recall(execution_id)
        if found is None:
            raise ExecutionNotFound(execution_id)
        return found
