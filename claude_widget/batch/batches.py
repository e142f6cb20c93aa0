"""All batches of a manager: made, found again after a kernel's restart, and told what happens.

The rule: it makes and finds them; what a batch does it does itself. Rows are read and checked in
the calling thread, once, before anything is started; those of a generator as they come.
"""

from __future__ import annotations

import contextvars
import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from claude_widget.batch.batch import Batch
from claude_widget.batch.batch_file import BATCHES, BatchFile
from claude_widget.batch.checked_rows import write_checked
from claude_widget.batch.errors import BatchNotFound
from claude_widget.batch.feeding import Feeding
from claude_widget.batch.hosting import Hosting, Parts
from claude_widget.batch.kept import Kept, read_header, read_kept
from claude_widget.batch.ledger import Ledger
from claude_widget.batch.recipe import Recipe, recipe_from
from claude_widget.batch.restoring import Left, left_in
from claude_widget.batch.row import Rows
from claude_widget.batch.supply import Supply
from claude_widget.budgets.scope import Budget
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.recordings.occurrences import Cell

_LOG = logging.getLogger(__name__)


class Batches:
    """The batches of one manager. Safe from any thread.

    Args:
        parts: of the manager.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._folder = parts.registry.folder.path / BATCHES
        self._lock = threading.Lock()
        self._known: dict[str, Batch] = {}
        self._closed = False

    # -- making ------------------------------------------------------------------------------

    def make(
        self,
        recipe: Recipe,
        rows: Rows,
        *,
        name: str | None,
        limit: int | None,
        budget_usd: float | None,
        call: Cell | None,
        context: contextvars.Context,
        again: bool,
    ) -> Batch:
        """A batch of those rows, whose first ones are being started.

        Args:
            recipe: makes requests of the rows.
            rows: as they were given.
            name: what people call it.
            limit: how many may run at once; None for as many as the manager runs.
            budget_usd: US dollars that all may cost together.
            call: where it was asked for.
            context: that rows are started in.
            again: make another one, whatever an earlier kernel has left.

        Raises:
            RowsInvalid, VariablesWrong: rows cannot be used; nothing was started.
            ClaudeWidgetError: it cannot be written down, or the manager is closed.
        """
        if self._closed:
            raise ClaudeWidgetError("The manager is closed.", hint="Make a new ProcessManager.")
        batch_id = str(uuid.uuid4())
        header: dict[str, Any] = {
            "name": name,
            "created_time": time.time(),
            "owner": self._parts.registry.owners.me,
            "kind": rows.kind,
            "index_names": list(rows.index_names),
            "limit": limit,
            "budget_usd": budget_usd,
            "recipe": recipe.told(),
        }
        file = BatchFile.create(self._folder, batch_id, header)
        try:
            if not rows.waits:
                write_checked(file, recipe, rows)
                before = None if again else self._left(header, file.digest)
                if before is not None:
                    file.discard()
                    return self._attached(before, recipe, rows.frame, call, context)
            file.publish()
        except BaseException:
            file.discard()
            raise
        supply = Supply(file, iter(rows) if rows.waits else None)
        ledger = Ledger(None if rows.waits else file.count, budget_usd)
        host = Hosting(self._parts, batch_id, recipe, call, self._budget(budget_usd, context))
        told = {**header, "batch_id": batch_id}
        feeding = self._feeding(host, file, supply, ledger, header=told, context=context)
        batch = self._batch(
            host, feeding, file, told, columns=lambda: rows.columns, frame=rows.frame
        )
        batch.feeding.start()
        return batch

    def _feeding(
        self,
        host: Hosting,
        file: BatchFile,
        supply: Supply,
        ledger: Ledger,
        *,
        header: Mapping[str, Any],
        context: contextvars.Context,
    ) -> Feeding:
        return Feeding(
            host,
            file,
            supply,
            ledger,
            limit=header.get("limit"),
            context=context,
            read=lambda goes_on: self._left_in(read_kept(file.path), goes_on=goes_on),
            maker=header.get("owner"),
        )

    def _batch(
        self,
        host: Hosting,
        feeding: Feeding,
        file: BatchFile,
        header: dict[str, Any],
        *,
        columns: Callable[[], tuple[str, ...]],
        frame: Any,
    ) -> Batch:
        """A batch that is known from now on."""
        batch = Batch(
            host,
            feeding,
            file,
            header,
            columns=columns,
            frame=frame,
            schema=host.recipe.base.output_schema,
            manager=self._parts.owner,
        )
        with self._lock:
            self._known[batch.batch_id] = batch
        return batch

    def _budget(self, usd: float | None, context: contextvars.Context) -> Budget | None:
        """What all that is started in that context may cost from now on."""
        if usd is None:
            return None
        budget = Budget(usd, owner=self._parts.owner)
        context.run(budget.__enter__)
        return budget

    # -- finding -----------------------------------------------------------------------------

    def all(self) -> list[Batch]:
        """All of the state folder that can be read, oldest first, as their files say by now."""
        for header in self._headers():
            known = self._known.get(header["batch_id"])
            with suppress(ClaudeWidgetError, OSError):
                if known is None:
                    self._load(self._folder / f"{header['batch_id']}.jsonl")
                else:
                    known.feeding.read_anew()
        with self._lock:
            return sorted(self._known.values(), key=lambda one: one.created_time)

    def find(self, asked: str) -> Batch:
        """The batch of an id, or the latest of a name, as its file says by now.

        Raises:
            BatchNotFound: there is none.
            BatchDamaged, BatchTooNew: its file cannot be read.
        """
        found = self._known.get(asked)
        if found is not None:
            return _up_to_date(found)
        named = [one for one in self._headers() if asked in (one["batch_id"], one["name"])]
        if not named:
            raise BatchNotFound(asked)
        latest = max(named, key=lambda one: float(one["created_time"]))["batch_id"]
        known = self._known.get(latest)
        if known is not None:
            return _up_to_date(known)
        return self._load(self._folder / f"{latest}.jsonl")

    def resume_left(self) -> list[Batch]:
        """Go on with all that kernels of this notebook which are gone have left; those there are.

        One that cannot be gone on with, such as one whose `env` only its kernel knew, stays.
        """
        resumed = []
        for batch in self.all():
            owner = batch.owner
            ours = owner.get("notebook") == self._parts.registry.owners.notebook
            if ours and batch.feeding.waits_for_resume:
                with suppress(ClaudeWidgetError, OSError):
                    batch.resume()
                    resumed.append(batch)
        return resumed

    def _headers(self) -> list[dict[str, Any]]:
        """What the readable files say of themselves."""
        found: list[dict[str, Any]] = []
        with suppress(OSError):
            for path in self._folder.glob("*.jsonl"):
                with suppress(ClaudeWidgetError, OSError):
                    header = read_header(path)
                    if not path.name.startswith(".") and path.stem == header["batch_id"]:
                        found.append(header)
        return found

    def _load(self, path: Path) -> Batch:
        """One that this manager has not made."""
        kept = read_kept(path)
        recipe = recipe_from(kept.header["recipe"])
        return self._restored(kept, recipe, None, None, contextvars.Context())

    def _left(self, header: Mapping[str, Any], digest: str) -> Kept | None:
        """An equal batch that an earlier kernel of this notebook has left unfinished."""
        ours = self._parts.registry.owners
        for told in self._headers():
            owner = told.get("owner")
            if not isinstance(owner, dict) or owner.get("notebook") != ours.notebook:
                continue
            if ours.lives(owner) or _same(told) != _same(header) or self._goes_on(told):
                continue
            with suppress(ClaudeWidgetError, OSError):
                kept = read_kept(self._folder / f"{told['batch_id']}.jsonl")
                if kept.digest == digest and not kept.ended and kept.total is not None:
                    return kept
        return None

    def _goes_on(self, header: Mapping[str, Any]) -> bool:
        """Whether this manager goes on with that one already: each is given once."""
        with self._lock:
            known = self._known.get(str(header["batch_id"]))
        return known is not None and (known.attached or known.is_written_here)

    def _attached(
        self,
        kept: Kept,
        recipe: Recipe,
        frame: Any,
        call: Cell | None,
        context: contextvars.Context,
    ) -> Batch:
        """Go on with one, now that all that was never kept is known again."""
        batch = self._restored(kept, recipe, frame, call, context)
        batch.attached = True
        batch.resume()
        return batch

    def _restored(
        self,
        kept: Kept,
        recipe: Recipe,
        frame: Any,
        call: Cell | None,
        context: contextvars.Context,
    ) -> Batch:
        file = kept.file
        left = self._left_in(kept, goes_on=file.is_written_elsewhere)
        budget = self._budget(left.ledger.left_usd, context)
        host = Hosting(self._parts, kept.header["batch_id"], recipe, call, budget)
        supply = Supply(file, None, left.waiting)
        feeding = self._feeding(
            host, file, supply, left.ledger, header=kept.header, context=context
        )
        batch = self._batch(
            host,
            feeding,
            file,
            kept.header,
            columns=lambda: kept.columns or _columns(file),
            frame=frame,
        )
        feeding.restore(left.stopped)
        return batch

    def _left_in(self, kept: Kept, *, goes_on: bool) -> Left:
        registry = self._parts.registry
        registry.look_around()  # what the file names may be new to this manager
        return left_in(kept, registry.all(), registry.get, goes_on=goes_on)

    # -- what happens ------------------------------------------------------------------------

    def changed(self, execution: Execution | str) -> None:
        """An execution has changed, or what has that id was removed."""
        if isinstance(execution, str):
            self._known.pop(execution, None)  # retention has removed its file
            return
        asked = execution.state.asked.batch
        batch = None if asked is None else self._known.get(asked[0])
        if batch is not None:
            batch.feeding.changed(execution)

    def ended(self, execution: Execution | str) -> None:
        """All is known of an execution, and no further attempt of it comes."""
        if isinstance(execution, str) or not self._known:
            return
        batch_id = execution.info.batch_id
        batch = None if batch_id is None else self._known.get(batch_id)
        if batch is not None:
            batch.feeding.finished(execution)

    def look(self) -> None:
        """See what other kernels have made of those that are not over; for now and then."""
        with self._lock:
            known = [one for one in self._known.values() if not one.ended]
        for batch in known:
            try:
                batch.feeding.look()
            except (ClaudeWidgetError, OSError) as error:
                _LOG.warning("Batch %s: %s", batch.batch_id, error)

    def cancel(self) -> None:
        """No row is started that is not yet; what runs goes on."""
        with self._lock:
            known = list(self._known.values())
        for batch in known:
            batch.feeding.cancel()

    def close(self) -> None:
        """The manager is closed."""
        self._closed = True
        with self._lock:
            known = list(self._known.values())
        for batch in known:
            batch.feeding.close()


def _same(header: Mapping[str, Any]) -> tuple[Any, ...]:
    """What two equal batches have in common."""
    names = ("name", "kind", "index_names", "limit", "budget_usd", "recipe")
    return tuple(header.get(name) for name in names)


def _up_to_date(batch: Batch) -> Batch:
    with suppress(OSError):  # its file is gone: what is known of it stays
        batch.feeding.read_anew()
    return batch


def _columns(file: BatchFile) -> tuple[str, ...]:
    """The columns of rows that nobody has counted to their end."""
    found: dict[str, None] = {}
    for row in file.rows():
        found |= dict.fromkeys(row.values)
    return tuple(found)
