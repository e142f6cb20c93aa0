"""What has become of each row of a batch, kept as it happens.

The rule: bookkeeping by row and by execution's id, nothing else; no clock, no file, no thread. Each
thing that happens costs the same, however many rows there are.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from claude_widget.batch.progress import Eta, Failure, Past, Progress, estimate
from claude_widget.models import STATUS_OF, ExecutionStatus, Reason

_KEPT_ENDS = 50
_ERROR_CHARACTERS = 300
_PENDING, _RUNNING = ExecutionStatus.PENDING, ExecutionStatus.RUNNING


class RowState:
    """What has become of a row.

    Attributes:
        status: of its latest attempt; pending before it has one.
        reason: why that ended; None while it has not.
        error: why it never became an execution; empty if it may, or did.
        executions: ids of its attempts, oldest first.
        cost_usd: US dollars of all attempts together; None if nobody knows.
        seconds: from the start to the end of the latest; None while it has not ended.
        since: when the latest began to run, or was admitted.
        requests: how many of the latest's requests wait for an answer.
    """

    __slots__ = (
        "cost_usd",
        "error",
        "executions",
        "reason",
        "requests",
        "seconds",
        "since",
        "status",
    )

    def __init__(self) -> None:
        self.status: ExecutionStatus = _PENDING
        self.reason: Reason | None = None
        self.error = ""
        self.executions: tuple[str, ...] = ()
        self.cost_usd: float | None = None
        self.seconds: float | None = None
        self.since = 0.0
        self.requests = 0

    @property
    def execution_id(self) -> str | None:
        """Of the latest attempt; None if there is none."""
        return self.executions[-1] if self.executions else None


class Seen(NamedTuple):
    """What is known of an execution at a moment.

    Attributes:
        status: of it.
        reason: why it ended; None while it has not.
        cost_usd: US dollars so far; None if nobody knows.
        seconds: from start to end; None while it has not ended.
        recorded: it is only played.
        error: what it said last; empty if nothing.
    """

    status: ExecutionStatus
    reason: Reason | None = None
    cost_usd: float | None = None
    seconds: float | None = None
    recorded: bool = False
    error: str = ""


class Ledger:
    """The rows of one batch. Not safe from threads: its batch sees to that.

    Attributes:
        total: how many rows there are; None while nobody knows.
        live: rows that are executions that have not ended, by the execution's id.
        ended: ids of the executions that were the last attempt of their row, as they ended.
        asking: rows that ask for an answer, by the execution's id, the longest waiting first.
        on_hold: ids of executions that wait and are not to be started for now.
        budget_usd: US dollars; None without a bound.
    """

    def __init__(self, total: int | None = None, budget_usd: float | None = None) -> None:
        self.total = total
        self.budget_usd = budget_usd
        self.live: dict[str, int] = {}
        self.ended: list[str] = []
        self.asking: dict[str, int] = {}
        self.on_hold: set[str] = set()
        self._rows: list[RowState] = []
        self._counts = dict.fromkeys(ExecutionStatus, 0)
        self._paid = self._recorded = 0.0
        self._costs: dict[str, float] = {}
        self._failures: dict[tuple[ExecutionStatus, Reason], Failure] = {}
        self._past: deque[Past] = deque(maxlen=_KEPT_ENDS)
        self.reserve(total or 0)

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[RowState]:
        return iter(self._rows)

    def reserve(self, count: int) -> None:
        """So many rows are known."""
        new = count - len(self._rows)
        self._rows += [RowState() for _ in range(new)]
        self._counts[_PENDING] += max(0, new)

    @property
    def left_usd(self) -> float | None:
        """US dollars that it may still cost, more than 0; None without a bound."""
        if self.budget_usd is None:
            return None
        return max(self.budget_usd - self._paid, 1e-9)

    def row(self, number: int) -> RowState:
        """What has become of a row."""
        return self._rows[number]

    def admitted(self, number: int, execution_id: str, now: float) -> None:
        """A row has become an execution, or has a further attempt."""
        row = self._rows[number]
        before = row.execution_id
        if before is not None:
            self.asked(before, 0)
            self.held(before, held=False)
            self.live.pop(before, None)
            self._costs.pop(before, None)
        self._become(row, _PENDING)
        row.executions = (*row.executions, execution_id)
        row.reason, row.seconds, row.since = None, None, now
        self.live[execution_id] = number

    def attempted(self, number: int, execution_id: str, seen: Seen | None) -> None:
        """A row had an attempt before the one that counts, which is paid for all the same."""
        row = self._rows[number]
        row.executions = (*row.executions, execution_id)
        if seen is not None:
            self._pay(row, execution_id, seen)
            self._costs.pop(execution_id, None)

    def changed(self, execution_id: str, seen: Seen, now: float) -> None:
        """An execution has changed; one that is not live says nothing new."""
        number = self.live.get(execution_id)
        if number is None:
            return
        row = self._rows[number]
        if seen.status is _RUNNING and row.status is _PENDING:
            row.since = now
        if not seen.status.ended:  # that it has ended counts once all of it is known
            self._become(row, seen.status)
        self._pay(row, execution_id, seen)

    def asked(self, execution_id: str, requests: int) -> None:
        """So many requests of an execution wait for an answer; one that is not live has none."""
        number = self.live.get(execution_id)
        if number is None:
            return
        self._rows[number].requests = requests
        if requests:
            self.asking.setdefault(execution_id, number)
        else:
            self.asking.pop(execution_id, None)

    def held(self, execution_id: str, *, held: bool) -> None:
        """An execution is on hold, or is not any more; only what is live counts."""
        if held and execution_id in self.live:
            self.on_hold.add(execution_id)
        else:
            self.on_hold.discard(execution_id)

    def finished(self, execution_id: str, seen: Seen, now: float) -> None:
        """The last attempt of a row has ended, and all of it is known."""
        self.changed(execution_id, seen, now)
        self.asked(execution_id, 0)
        self.held(execution_id, held=False)
        number = self.live.pop(execution_id, None)
        if number is None:
            return
        row = self._rows[number]
        elapsed = now - row.since
        beside = max(1, self._counts[_RUNNING])
        took = elapsed if seen.recorded or seen.seconds is None else seen.seconds
        self._past.append(Past(took, beside, now))
        row.seconds, row.reason = seen.seconds, seen.reason
        self._become(row, seen.status)
        self._costs.pop(execution_id, None)
        self.ended.append(execution_id)
        self._note_failure(number, row, seen.error)

    def refused(self, number: int, reason: Reason, error: str) -> None:
        """A row will never be an execution."""
        row = self._rows[number]
        row.reason, row.error = reason, error[:_ERROR_CHARACTERS]
        self._become(row, STATUS_OF[reason])
        self._note_failure(number, row, error)

    def restored(self, number: int, executions: Iterable[str], seen: Seen) -> None:
        """A row had ended before: what was written down of it, with the cost of all attempts."""
        row = self._rows[number]
        row.executions = tuple(executions)
        row.reason, row.cost_usd, row.seconds = seen.reason, seen.cost_usd, seen.seconds
        self._paid += 0.0 if seen.recorded else seen.cost_usd or 0.0
        self._recorded += seen.cost_usd or 0.0 if seen.recorded else 0.0
        self._become(row, seen.status)
        if row.execution_id is not None:
            self.ended.append(row.execution_id)
        self._note_failure(number, row, seen.error)

    def follow(self, before: Ledger) -> set[str]:
        """Take the place of one that knew less: the pace stays known.

        Returns:
            Ids of the attempts that were not over in that one.
        """
        self._past = before._past
        known = {one for row in before for one in row.executions} - before.live.keys()
        return {one for row in self for one in row.executions} - known

    def is_last(self, number: int | None, execution_id: str) -> bool:
        """Whether that is how a row has ended: no further attempt was made, or is to be."""
        if number is None:
            return False
        row = self._rows[number]
        return row.execution_id == execution_id and row.status.ended

    def retry(self, statuses: Iterable[ExecutionStatus]) -> list[int]:
        """Have rows that ended so wait once more; their numbers."""
        wanted = set(statuses)
        found = [n for n, row in enumerate(self._rows) if row.status in wanted]
        for number in found:
            row = self._rows[number]
            self._become(row, _PENDING)
            row.reason, row.error, row.seconds = None, "", None
        self._failures = {
            key: failure for key, failure in self._failures.items() if key[0] not in wanted
        }
        return found

    def progress(
        self, now: float, slots: int, *, waits: str = "", stopped: str = "", over: bool = False
    ) -> Progress:
        """How far it is.

        Args:
            now: on the clock of all other calls.
            slots: how many may run at once.
            waits: why nothing is started for now; empty if nothing keeps it.
            stopped: why no more rows are started at all.
            over: nothing is left to be done.
        """
        counts = self._counts
        eta, basis = self._estimate(now, slots, waits, stopped)
        return Progress(
            self.total,
            counts[_PENDING],
            counts[_RUNNING],
            counts[ExecutionStatus.COMPLETED],
            counts[ExecutionStatus.FAILED],
            counts[ExecutionStatus.KILLED],
            round(self._paid, 10),
            round(self._recorded, 10),
            self.budget_usd,
            tuple(sorted(self._failures.values(), key=lambda one: (-one.rows, one.reason))),
            None if over else eta,
            "" if over else basis,
            stopped,
            over,
            len(self.asking),
        )

    def _estimate(self, now: float, slots: int, waits: str, stopped: str) -> tuple[Eta | None, str]:
        if waits:
            return None, waits
        if self.total is None and not stopped:
            return None, "nobody knows how many rows will come"
        rows = (self._rows[number] for number in self.live.values())
        running = [now - row.since for row in rows if row.status is _RUNNING]
        pending = self._counts[_PENDING]
        if stopped:  # what was not admitted is not started
            pending = len(self.live) - len(running)
        held = len(self.on_hold)
        if held and pending == held and not running:
            return None, f"{held:,} on hold {'is' if held == 1 else 'are'} all that is left"
        eta, basis = estimate(tuple(self._past), running, pending - held, slots)
        return eta, f"{basis}, without {held:,} on hold" if eta and held else basis

    def _become(self, row: RowState, status: ExecutionStatus) -> None:
        self._counts[row.status] -= 1
        self._counts[status] += 1
        row.status = status

    def _pay(self, row: RowState, execution_id: str, seen: Seen) -> None:
        if seen.cost_usd is None:
            return
        more = seen.cost_usd - self._costs.get(execution_id, 0.0)
        self._costs[execution_id] = seen.cost_usd
        row.cost_usd = (row.cost_usd or 0.0) + more
        if seen.recorded:
            self._recorded += more
        else:
            self._paid += more

    def _note_failure(self, number: int, row: RowState, error: str) -> None:
        if row.status is ExecutionStatus.COMPLETED or row.reason is None:
            return
        key = (row.status, row.reason)
        said = error[:_ERROR_CHARACTERS]
        failure = Failure(str(row.status), str(row.reason), 1, number, row.execution_id, said)
        before = self._failures.get(key)
        if before is not None:
            # The first of the rows, not of the ends: when one ends is another's at each run.
            first = before if before.row < number else failure
            failure = first._replace(rows=before.rows + 1)
        self._failures[key] = failure
