"""The magic `%claude_queue`: what waits, and what holds it up.

The rule: a face. A line of text becomes one call of the manager's queue, and its state an output.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from IPython.core.error import UsageError
from IPython.display import display

from claude_widget.cells.static_view import MOST_ROWS, table_bundle
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.queue.queue import Queue

_USAGE = (
    "`%claude_queue`, or with pause, resume, cancel, kill; or hold, release, front, back and a "
    "NAME or id; or priority NAME NUMBER."
)
_ALL: dict[str, Callable[[ProcessManager], object]] = {
    "pause": lambda manager: manager.pause_queue(),
    "resume": lambda manager: manager.resume_queue(),
    "cancel": lambda manager: manager.queue.cancel_pending(),
    "kill": lambda manager: manager.kill_all(),
}
_EACH: dict[str, Callable[[Queue, Execution], None]] = {
    "hold": lambda queue, execution: queue.hold(execution),
    "release": lambda queue, execution: queue.release(execution),
    "front": lambda queue, execution: queue.move(execution, to="front"),
    "back": lambda queue, execution: queue.move(execution, to="back"),
}
Find = Callable[[str], list[Execution]]


def change_queue(manager: ProcessManager, words: list[str], find: Find) -> None:
    """Do what a line of the magic says, then show the queue.

    Args:
        manager: whose queue it is.
        words: of the line.
        find: the executions that a word means: a variable, a name, an id or its beginning.

    Raises:
        UsageError: it says nothing that can be done.
        ClaudeWidgetError: it cannot be done.
    """
    action, *given = words or [""]
    if action in _ALL and not given:
        _ALL[action](manager)
    elif action in _EACH and given:
        for word in given:
            for execution in find(word):
                _EACH[action](manager.queue, execution)
    elif action == "priority" and len(given) == 2:
        for execution in find(given[0]):
            manager.queue.set_priority(execution, _number(given[1]))
    elif action:
        raise UsageError(_USAGE)
    _show(manager)


def _number(word: str) -> int:
    try:
        return int(word)
    except ValueError:
        raise UsageError(f"A priority is a whole number, not {word!r}.") from None


def _show(manager: ProcessManager) -> None:
    """The queue in a line, and what waits as a table, in the order in which it would start."""
    state = manager.queue.state
    said = f"{state.waiting} waiting, {state.taken} of {state.slots} slots taken"
    if state.pause is not None:
        why = "" if state.pause.kind == "user" else f" ({state.pause.kind.replace('_', ' ')})"
        what = "".join(f" {one.title()}" for one in state.pause.families)
        said += f"; paused{what}{why}. {state.pause.what_to_do}".rstrip()
    print(said)  # noqa: T201 - the magic's answer
    waiting = manager.queue.executions[:MOST_ROWS]
    if waiting:
        infos = [execution.info for execution in waiting[::-1]]  # the table shows the last first
        redactor = manager.redactor_for(info.execution_id for info in infos)
        bundle: Any = table_bundle(infos, state.waiting - len(infos), redactor=redactor)
        display(bundle, raw=True)
