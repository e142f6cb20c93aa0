"""What a user gets of the history: executions that open like live ones, and tables about them.

The rule: it reads the index and transcripts, and changes neither. pandas is imported only where a
DataFrame is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, overload

from claude_widget.charts.chart import Chart
from claude_widget.charts.charting import MOST_LANES, spending_of, timeline_of
from claude_widget.charts.spending import per_day
from claude_widget.errors import ExecutionNotFound, TranscriptError
from claude_widget.events import PartialDelta
from claude_widget.execution import Execution
from claude_widget.history.entry import HistoryEntry, ToolCall, tool_calls_of
from claude_widget.history.errors import PandasMissing
from claude_widget.history.filter import Wanted
from claude_widget.history.index import HistoryIndex
from claude_widget.history.schema import TOTAL_FIELDS
from claude_widget.redaction.redactor import Redactor

if TYPE_CHECKING:
    from pandas import DataFrame

_KEYS = ("day", "model", "project_path")


class Totals(NamedTuple):
    """Sums over executions.

    Attributes:
        executions: how many there are.
        failed: those of them that failed or were killed.
        input_tokens: tokens that were paid for, as are the next three.
        output_tokens: of all messages.
        cache_creation_input_tokens: written to the cache.
        cache_read_input_tokens: read from it.
        cost_usd: US dollars that were paid.
        recorded_cost_usd: US dollars that recordings had cost, which were only played.
        recorded_tokens: tokens of all four kinds that they had used.
        seconds: from each CLI's start to its end, added up.
        tool_calls: calls of tools.
    """

    executions: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    cache_creation_input_tokens: int = 0
    cache_read_input_tokens: int = 0
    cost_usd: float = 0.0
    recorded_cost_usd: float = 0.0
    recorded_tokens: int = 0
    seconds: float = 0.0
    tool_calls: int = 0


class HistoryPage(NamedTuple):
    """Some of what was asked for, as much as a page shows at a time.

    Attributes:
        entries: newest first.
        total: how many there are in all; None if only more of them were asked for.
        following: `before` of the next page; None if there is none.
        models: those that the history has executions of, the most frequent first.
        notes: what was wrong with the index, as of `History`.
    """

    entries: tuple[HistoryEntry, ...]
    total: int | None
    following: int | None
    models: tuple[str, ...]
    notes: tuple[str, ...]


class History(Sequence[Execution]):
    """Executions that were found in the history, newest first.

    As a sequence it gives `Execution`s: each opens from its transcript when it is asked for, and
    can be shown, re-run and resumed like one that has just ended.

    Attributes:
        entries: what the index says of each, a `HistoryEntry`; no transcript is read for that.
        notes: what was wrong with the index, such as that a corrupt one was moved aside.
    """

    bundler: ClassVar[Callable[[History], dict[str, str]] | None] = None
    """Makes what a cell shows of it; set by the package's face."""

    def __init__(
        self,
        index: HistoryIndex,
        asked: Wanted,
        open_execution: Callable[[str], Execution],
        redactor_for: Callable[[Iterable[str]], Redactor],
    ) -> None:
        self.entries: tuple[HistoryEntry, ...] = tuple(index.search(asked))
        self.notes: tuple[str, ...] = tuple(index.notes)
        self._index = index
        self._asked = asked
        self._open = open_execution
        self._redactor_for = redactor_for

    # -- executions ----------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self.entries)

    @overload
    def __getitem__(self, index: int) -> Execution: ...
    @overload
    def __getitem__(self, index: slice) -> list[Execution]: ...
    def __getitem__(self, index: int | slice) -> Execution | list[Execution]:
        if isinstance(index, slice):
            return [self._open(entry.execution_id) for entry in self.entries[index]]
        return self._open(self.entries[index].execution_id)

    def _there(self, entries: Iterable[HistoryEntry]) -> Iterator[Execution]:
        """Those of them that were not removed since they were searched."""
        for entry in entries:
            with suppress(ExecutionNotFound):
                yield self._open(entry.execution_id)

    # -- sums ----------------------------------------------------------------------------------

    @property
    def totals(self) -> Totals:
        """Sums over all that was asked for, whatever the `limit`."""
        rows = self._index.totals(self._asked)
        return Totals(*(sum(row[i] for row in rows) for i in range(len(_KEYS), len(TOTAL_FIELDS))))

    def daily(self) -> DataFrame:
        """Sums over all that was asked for, whatever the `limit`: a row a day, model and project.

        Columns: `day` (of the request, local time), `model`, `project_path`, and those of `Totals`.

        Raises:
            PandasMissing: pandas is not installed.
        """
        frame = _frame(self._index.totals(self._asked), TOTAL_FIELDS)
        frame["day"] = _pandas().to_datetime(frame["day"])
        return frame

    def daily_rows(self) -> list[dict[str, Any]]:
        """What `daily` has, as dicts and without pandas."""
        rows = self._index.totals(self._asked)
        return [dict(zip(TOTAL_FIELDS, row, strict=True)) for row in rows]

    # -- charts --------------------------------------------------------------------------------

    def timeline(self, limit: int = MOST_LANES) -> Chart:
        """When these executions ran and called their tools, the newest so many, as a chart."""
        shown = self.entries[:limit]
        return timeline_of(list(self._there(shown)), self.redactor_for(shown))

    def spending(self) -> Chart:
        """Costs and tokens a day of all that was asked for, whatever the `limit`, as a chart."""
        return spending_of(per_day(self.daily_rows()))

    # -- tables --------------------------------------------------------------------------------

    def to_dataframe(self) -> DataFrame:
        """The executions as a DataFrame, one a row: the fields of `HistoryEntry`, and `duration`.

        Times are moments in UTC, `duration` is in seconds.

        Raises:
            PandasMissing: pandas is not installed.
        """
        columns = [name for name in HistoryEntry._fields if name != "inputs"]
        rows = [[getattr(one, name) for name in columns] + [one.duration] for one in self.entries]
        return _frame(rows, [*columns, "duration"])

    def tool_calls(self) -> DataFrame:
        """The calls of tools of these executions, read from their transcripts, as a DataFrame.

        Columns: `execution_id`, `tool_use_id`, `name`, `input` (as it was given), `start_time` and
        `end_time` (moments in UTC), `is_error`, `parent_tool_use_id`, `duration` (seconds).

        Raises:
            PandasMissing: pandas is not installed.
        """
        rows = [
            [*call, None if call.end_time is None else call.end_time - call.start_time]
            for one in self._there(self.entries)
            for call in _calls_of(one)
        ]
        names = ("execution_id", "tool_use_id", "name", "input", "start_time", "end_time")
        return _frame(rows, [*names, "is_error", "parent_tool_use_id", "duration"])

    def frames(self, *, partial: bool = False) -> DataFrame:
        """The CLI's frames of these executions, read from their transcripts, as a DataFrame.

        Columns: `execution_id`, `number` (as in `execution.events`), `time` (a moment in UTC),
        `type`, `subtype` and `raw`, the frame as a dict.

        Args:
            partial: partial messages, too; they are most of all frames.

        Raises:
            PandasMissing: pandas is not installed.
        """
        rows = [
            [one.execution_id, number, event.time, *_kind(event.raw), event.raw]
            for one in self._there(self.entries)
            for number, event in enumerate(one.events)
            if partial or not isinstance(event, PartialDelta)
        ]
        return _frame(rows, ["execution_id", "number", "time", "type", "subtype", "raw"])

    # -- as text -------------------------------------------------------------------------------

    def redactor_for(self, entries: Iterable[HistoryEntry]) -> Redactor:
        """What takes out the secrets of some of them, before they are saved with a notebook."""
        return self._redactor_for(entry.execution_id for entry in entries)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        bundler = type(self).bundler
        return {"text/plain": repr(self)} if bundler is None else bundler(self)

    def __repr__(self) -> str:
        count = len(self)
        said = f"<History: {count:,} execution{'' if count == 1 else 's'}"
        return said + "".join(f"; {note}" for note in self.notes) + ">"


def _calls_of(one: Execution) -> list[ToolCall]:
    """Its calls of tools; none if its transcript was removed while it is still known."""
    try:
        return tool_calls_of(one.execution_id, one.run.transcript)
    except TranscriptError:
        if one.run.transcript.exists():
            raise
        return []


def _kind(raw: dict[str, Any]) -> tuple[str | None, str | None]:
    return raw.get("type"), raw.get("subtype")


def _pandas() -> Any:
    try:
        return import_module("pandas")
    except ImportError:
        raise PandasMissing from None


def _frame(rows: Iterable[Sequence[Any]], columns: Sequence[str]) -> DataFrame:
    """A DataFrame; columns that are times become moments."""
    pandas = _pandas()
    frame = pandas.DataFrame(list(rows), columns=list(columns))
    for name in columns:
        if name == "time" or name.endswith("_time"):
            frame[name] = pandas.to_datetime(frame[name].map(_moment), utc=True)
    return frame


def _moment(seconds: float | None) -> datetime | None:
    """A moment of any year that a DataFrame can hold."""
    if seconds is None or seconds != seconds or not 0 <= seconds < 9e9:  # noqa: PLR0124 - nan
        return None
    return datetime.fromtimestamp(seconds, UTC)
