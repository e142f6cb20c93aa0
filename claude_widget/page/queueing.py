"""What the page asks of the queue.

The rule: from a request to one call of the manager's queue; nothing is decided here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from claude_widget import protocol
from claude_widget.errors import InvalidRequest
from claude_widget.manager import ProcessManager

_T = TypeVar("_T")
_ALL: dict[str, Callable[[ProcessManager], object]] = {
    "pause": lambda manager: manager.pause_queue(),
    "resume": lambda manager: manager.resume_queue(),
    "cancel-pending": lambda manager: manager.queue.cancel_pending(),
    "kill-all": lambda manager: manager.kill_all(),
}


def change_queue(manager: ProcessManager, message: protocol.ChangeQueue) -> None:
    """Carry it out.

    Raises:
        InvalidRequest: it does not say which execution, or where to.
        NotInQueue: that one does not wait here.
        ControlFailed: one that was to be killed does not answer.
    """
    if message.action in _ALL:
        _ALL[message.action](manager)
        return
    queue, execution = manager.queue, _given(message.execution_id, "execution_id")
    if message.action == "hold":
        queue.hold(execution)
    elif message.action == "release":
        queue.release(execution)
    elif message.action == "priority":
        queue.set_priority(execution, _given(message.priority, "priority"))
    elif message.action == "before":
        queue.move(execution, before=_given(message.before, "before"))
    else:
        queue.move(execution, to="back" if message.action == "back" else "front")


def _given(value: _T | None, field: str) -> _T:
    if value is None:
        raise InvalidRequest(f"{field} is missing.", field=field)
    return value
