"""Batches as a manager's user asks for them.

The rule: the methods of `ProcessManager` about batches. They check what is given and pass it on.
"""

from __future__ import annotations

import contextvars
import logging
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from claude_widget.admission import Admission
from claude_widget.adoption import Adoption
from claude_widget.batch.batch import Batch
from claude_widget.batch.batch_file import BATCHES
from claude_widget.batch.batches import Batches
from claude_widget.batch.hosting import Parts
from claude_widget.batch.kept import read_header
from claude_widget.batch.recipe import EACH_ITS_OWN, Recipe, recipe_for
from claude_widget.batch.rows import rows_from
from claude_widget.budgets.budgeted import Budgeted
from claude_widget.errors import ClaudeWidgetError
from claude_widget.listeners import Listeners
from claude_widget.models import ExecutionInfo
from claude_widget.quantities import above_zero, count
from claude_widget.queue.capacity import concurrency
from claude_widget.queue.queue import Queue
from claude_widget.queue.starting import Starting
from claude_widget.queue.warming import Warm
from claude_widget.recordings.planning import Planner
from claude_widget.registry import Registry
from claude_widget.steering import Steering
from claude_widget.subscriptions import Subscriptions
from claude_widget.templates.demands import check_confirmed
from claude_widget.templates.template import Template
from claude_widget.upkeep import Upkeep

_LOG = logging.getLogger(__name__)


class Batched(Budgeted):
    """A manager's batches."""

    queue: Queue
    _batches: Batches
    _registry: Registry
    _planner: Planner
    _admission: Admission
    _starting: Starting
    _adoption: Adoption
    _steering: Steering
    _subscriptions: Subscriptions
    _listeners: Listeners
    _upkeep: Upkeep

    def _keep_batches(self) -> None:
        """Have batches hear what becomes of their executions."""
        parts = Parts(
            self._registry,
            self._admission,
            self._adoption,
            self._steering,
            self._subscriptions,
            self.queue,
            self,
            self._starting.look,
        )
        self._batches = Batches(parts)
        self._sources: dict[str, str] = {}
        self.queue.cut_off = self._batches.cancel
        self._listeners.add(self._batches.changed)
        self._upkeep.ends.add(self._batches.ended)
        self._upkeep.also_look = self._batches.look

    def map(
        self,
        template: Template | str | None,
        rows: Any,
        *,
        name: str | None = None,
        max_concurrency: int | None = None,
        priority: int = 0,
        schema: Any = None,
        budget_usd: float | None = None,
        timeout: float | None = None,
        retries: int = 0,
        warm: int | None = None,
        again: bool = False,
        **options: Any,
    ) -> Batch:
        """Start an execution for each row of a table. Returns at once.

        All rows are checked before the first one starts. A row is a line of one file until it is
        admitted, then an execution, so that ten thousand of them cost nothing but the file. An
        equal batch that an earlier kernel of the same notebook has left unfinished is given
        instead, with `attached` set, and goes on. See docs/guide.md.

        Args:
            template: a `Template`, or Jinja2 source that names the columns, such as
                "Explain {{ path }}"; None where each row is its own prompt.
            rows: a DataFrame (pandas, polars, or any that speaks the Arrow or the interchange
                protocol), a list of dicts, a list of strings (the template's only variable), the
                path of a CSV file, or a generator of dicts or strings, which is pulled as slots
                free up, on a thread of its own.
            name: what people call it. Each row's execution has it, and its number.
            max_concurrency: how many of its rows may run at once; as many as the manager if None.
            priority: of its executions among others; higher goes first.
            schema: a pydantic model or a JSON schema that each result must meet.
            budget_usd: US dollars that all rows may cost together, more than 0.
            timeout: seconds of each row.
            retries: further attempts of each row after a failure that may pass by itself.
            warm: how many CLIs are started ahead and wait for a row, from 1 to 64: see `warm`.
            again: make another batch, whatever an earlier kernel has left.
            **options: of each start, as for `start_execution`.

        Raises:
            RowsInvalid: it is no table, or a cell holds what no prompt can have.
            VariablesWrong: variables are missing or mistyped; all rows are told.
            TemplateNotConfirmed: it came with a project, and asks for what nobody has confirmed.
            InvalidRequest: an option is wrong, or `after` names what is not known
                (`UnknownDependency`). In all these cases nothing was started.
            ClaudeWidgetError: the batch cannot be written down.
        """
        limit = None if max_concurrency is None else concurrency(max_concurrency)
        options |= {
            "priority": None if type(priority) is int and not priority else priority,
            "schema": schema,
            "timeout": timeout,
            "retries": count("retries", retries, least=0) or None,
        }
        given = {option: value for option, value in options.items() if value is not None}
        if isinstance(template, Template) and not self._planner.plays_all:
            check_confirmed(template, given.keys(), self._registry.folder.path)
        recipe = recipe_for(template, name, given)
        self._admission.check_after(recipe.base)
        with ExitStack() as unless_made:
            kept = None if warm is None else self._keep_warm(warm, recipe)
            if kept is not None:
                unless_made.callback(kept.close)
            batch = self._batches.make(
                recipe,
                rows_from(rows, recipe.text_column),
                name=name,
                limit=limit,
                budget_usd=None if budget_usd is None else above_zero("budget_usd", budget_usd),
                call=self._planner.call(),
                context=contextvars.copy_context(),
                again=again,
            )
            unless_made.pop_all()
        if self._planner.mode_of(recipe.base) != "replay":
            self._estimate_soon(batch, recipe)
        if kept is not None:
            _warm_while_it_lasts(batch, kept)
        return batch

    def _keep_warm(self, count: int, recipe: Recipe) -> Warm:
        runs = self._planner.mode_of(recipe.base) != "replay"
        return self._starting.warming.keep(count, recipe.base, runs=runs)

    def _estimate_soon(self, batch: Batch, recipe: Recipe) -> None:
        """Have it said what its rows are likely to cost; earlier ones are read on a thread."""

        def look() -> None:
            total = batch.progress.total
            rows = 1 if total is None else total  # what has ended by now included: as it began
            try:
                batch.expect(
                    self.estimate(
                        recipe.template,
                        rows,
                        project_path=recipe.base.project_path,
                        model=recipe.base.model,
                        effort=recipe.base.effort,
                    )
                )
            except Exception:  # noqa: BLE001 - rows run all the same
                _LOG.exception("The cost of batch %s cannot be estimated", batch.batch_id)

        threading.Thread(target=look, name="claude-widget-estimate", daemon=True).start()

    def _prompt_of(self, info: ExecutionInfo) -> str:
        """Rows are alike by what their prompts were made from."""
        if info.template is not None or info.batch_id is None:
            return super()._prompt_of(info)
        if info.batch_id not in self._sources:
            path = self._registry.folder.path / BATCHES / f"{info.batch_id}.jsonl"
            self._sources[info.batch_id] = _source_in(path)
        return self._sources[info.batch_id] or info.query

    def _resume_batches(self) -> None:
        """Go on with what this notebook's kernels have left that are gone."""
        self._batches.resume_left()

    @property
    def batches(self) -> list[Batch]:
        """The batches of the state folder, oldest first; those that cannot be read are left out."""
        return self._batches.all()

    def batch(self, batch: str) -> Batch:
        """A batch by its id, or the latest by its name.

        One that an earlier kernel has left waits: `resume()` goes on with it.

        Raises:
            BatchNotFound: there is none.
            BatchDamaged, BatchTooNew: its file cannot be read.
        """
        return self._batches.find(batch)


def _source_in(path: Path) -> str:
    """What a batch's prompts were made from; "" if that is not known, or each was its own."""
    try:
        source = read_header(path)["recipe"]["template"]["query"]
    except (ClaudeWidgetError, OSError, KeyError, TypeError):
        return ""
    return "" if source == EACH_ITS_OWN else str(source)


def _warm_while_it_lasts(batch: Batch, kept: Warm) -> None:
    """Have CLIs ready for its rows until it has ended, however it does."""

    def hear() -> None:
        if batch.ended:
            kept.close()

    kept.begin(batch.feeding.ledger.total)
    batch.feeding.listen(hear)
    hear()
