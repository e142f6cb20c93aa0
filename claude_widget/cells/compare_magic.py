"""The options of `%claude_exec` that compare: `--models`, `--repeat` and `--score`.

The rule: a face. From what a line says to a call of the manager, and its answer to outputs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from IPython.core.error import UsageError

from claude_widget.cells.magic_options import split_list
from claude_widget.comparison.comparison import Comparison
from claude_widget.comparison.output import show_in_magic
from claude_widget.manager import ProcessManager
from claude_widget.templates.template import Template


def compares(options: Mapping[str, Any]) -> bool:
    """Whether a line asks for a comparison.

    Raises:
        UsageError: it says how to score one, and does not.
    """
    asked = options["models"] is not None or options["repeat"] is not None
    if options["score"] is not None and not asked:
        raise UsageError("--score is for --models NAME,NAME or --repeat NUMBER.")
    return asked


def compare(
    manager: ProcessManager,
    query: str | Template,
    arguments: Mapping[str, Any],
    options: Mapping[str, Any],
    names: Mapping[str, Any],
) -> Comparison:
    """Start what a line asks to compare.

    Args:
        manager: that starts it.
        query: the prompt.
        arguments: of each start.
        options: as they were parsed.
        names: the notebook's variables.

    Raises:
        UsageError: --score is no variable.
        InvalidRequest: it cannot be started.
    """
    score = options["score"]
    if score is not None and score not in names:
        raise UsageError(f"--score {score!r} is no variable.")
    given = options["models"]
    return manager.compare(
        query,
        models=None if given is None else split_list(given, "--models"),
        repeat=1 if options["repeat"] is None else options["repeat"],
        score=None if score is None else names[score],
        **arguments,
    )


def show_compared(comparison: Comparison, *, wait: bool) -> None:
    """Show it below the cell, and hold the cell until it is over if that is asked for."""
    show_in_magic(comparison)
    if not wait:
        return
    try:
        comparison.wait()
    except KeyboardInterrupt:
        print("Stopped waiting. The executions go on; comparison.kill() ends them.")  # noqa: T201 - said in the cell that was stopped
        raise
