"""What all widgets share: one comm, answers to the page, and open panes.

The rule: a face. It passes what the page says to the desk, and what is answered to the page,
through the courier. What a widget tells of its own accord is its own.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

import anywidget
import traitlets

from claude_widget import protocol
from claude_widget.cells.static_view import MARK
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.answering import welcome
from claude_widget.page.courier import COURIER
from claude_widget.page.desk import Desk
from claude_widget.page.front_end import front_end
from claude_widget.page.panes import Panes
from claude_widget.page.rows import row_in

_MOST_EVENTS = 200
"""Events in one message; what is more waits for the next."""
_DESKS: WeakKeyDictionary[ProcessManager, Desk] = WeakKeyDictionary()

Buffers = list[bytes]
Unsent = Callable[[], tuple[protocol.Message, Buffers]]


def desk_of(manager: ProcessManager) -> Desk:
    """The one desk of a manager."""
    if manager not in _DESKS:
        _DESKS[manager] = Desk(manager)
    return _DESKS[manager]


class Connected(anywidget.AnyWidget):
    """A widget with a comm, answers, and open panes."""

    kind = traitlets.Unicode("dashboard").tag(sync=True)
    manager_id = traitlets.Unicode("").tag(sync=True)
    execution_id = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    row = traitlets.Dict(None, allow_none=True).tag(sync=True)

    def __init__(self, manager: ProcessManager, **traits: Any) -> None:
        self._esm = front_end().loader
        self._times_read = 0
        super().__init__(manager_id=manager.manager_id, **traits)
        self._manager = manager
        self._desk = desk_of(manager)
        self._panes = Panes()
        self._answers: deque[Unsent] = deque()
        self._dirty: dict[str, None] = {}
        self._rows: dict[str, dict[str, Any]] = {}
        self._unsure: set[str] = set()
        self._queue: protocol.QueueState | None = None
        self._dirty_lock = threading.Lock()
        self._turn = 0
        self._sequence = 0
        _let_page_choose_thread(self)
        self.on_msg(self._receive)
        self._stop_listening = manager.on_change(self._note)
        COURIER.add(self)

    # -- from the page -----------------------------------------------------------------------

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        """A message from the page; in the kernel's own thread or in a subshell's."""
        message = self._desk.understand(content, self._answer)
        if isinstance(message, protocol.Bundle):
            self._give_bundle(message.request_id)
        elif isinstance(message, protocol.GetPart):
            self._give_part(message)
        elif isinstance(message, protocol.Hello):
            self._greet(message.request_id)
        elif message is not None:
            self._desk.receive(message, self._panes, self._answer)

    @property
    def has_later_page(self) -> bool:
        """A page that was not there at the start shows it: it was reloaded, or is a second one.

        Such a page has asked for the whole state. It does not hear that an output is replaced.
        """
        return self._times_read > 1

    def get_state(self, key: Any = None, drop_defaults: bool = False) -> Any:
        """The state; all of it is read when the comm is opened, and for each later page."""
        self._times_read += key is None
        return super().get_state(key, drop_defaults)

    def set_state(self, sync_data: Any) -> None:
        """Nothing: a page asks by messages, which are validated, and writes no trait."""
        del sync_data

    def _answer(self, answer: protocol.Answer) -> None:
        self._say(lambda: (answer, []))

    def _say(self, unsent: Unsent) -> None:
        self._answers.append(unsent)
        COURIER.call(self)

    def _give_bundle(self, request_id: str) -> None:
        built = front_end()
        answer = protocol.BundleAnswer(request_id=request_id, hash=built.hash)
        self._say(lambda: (answer, [built.script, built.style]))

    def _give_part(self, message: protocol.GetPart) -> None:
        answer = protocol.PartAnswer(request_id=message.request_id, name=message.name)
        self._say(lambda: (answer, [front_end().parts[message.name]]))

    def _greet(self, request_id: str) -> None:
        self._say(lambda: (welcome(self._manager, request_id, str(Path.cwd())), []))

    # -- to the page, on the courier's thread ------------------------------------------------

    @property
    def watching(self) -> bool:
        """A pane is open: its file may grow without anybody calling."""
        return len(self._panes) > 0

    def send_one(self) -> bool:
        """Send one message: changes, answers and output have their turns, so that none starves."""
        for _ in range(3):
            self._turn = (self._turn + 1) % 3
            if (self._send_changes, self._send_answer, self._send_output)[self._turn]():
                return True
        return False

    def _send_answer(self) -> bool:
        if not self._answers:
            return False
        message, buffers = self._answers.popleft()()
        if isinstance(message, (protocol.Welcome, protocol.Pong)):
            message = message.model_copy(update={"sequence": self._sequence})
        rows: dict[str, Any] = {}
        if isinstance(message, protocol.Welcome):  # thousands of rows, each a model for a moment
            every = self._manager.get_all_executions()
            rows["executions"] = [row_in(self._manager, execution) for execution in every]
            self._unsure |= self._rows.keys()
            self._queue = None
        self._send_message(message, buffers, **rows)
        return True

    def _send_output(self) -> bool:
        found = self._panes.next()
        if found is None:
            return False
        self._send_message(found[0], [found[1]])
        return True

    def _send_message(self, message: protocol.Message, buffers: Buffers, **more: Any) -> None:
        said = message.model_dump(mode="json", by_alias=True, exclude_none=True)
        self.send({**said, **more}, buffers)

    def _take_dirty(self) -> list[str]:
        with self._dirty_lock:
            taken = list(self._dirty)[:_MOST_EVENTS]
            for execution_id in taken:
                del self._dirty[execution_id]
        return taken

    def _note(self, execution: Execution | str) -> None:
        """An execution has changed, on the manager's thread: noted, told later."""
        execution_id = execution if isinstance(execution, str) else execution.execution_id
        if self.execution_id not in (None, execution_id):
            return
        with self._dirty_lock:
            self._dirty[execution_id] = None
        COURIER.call(self)

    def _send_changes(self) -> bool:
        raise NotImplementedError

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """What is displayed: a page draws it soon, if there is one."""
        self._manager.page_expected()
        return super()._repr_mimebundle_(**kwargs)

    def close(self) -> None:
        """Take the widget away, with the model of its layout; executions go on."""
        self._stop_listening()
        COURIER.remove(self)
        super().close()
        self.layout.close()


def with_fallback(live: Any, static: dict[str, str], mark: dict[str, Any]) -> Any:
    """A widget's output, readable where there is no widget: nbconvert, an untrusted notebook.

    Args:
        live: what the widget itself would give.
        static: text of the same.
        mark: what it shows, for `claude-widget freeze`.
    """
    if live is None:
        return None
    data, metadata = live if isinstance(live, tuple) else (live, {})
    return {**data, **static}, {**metadata, MARK: mark}


def _let_page_choose_thread(widget: anywidget.AnyWidget) -> None:
    """Have ipykernel 7.4 route the page's messages by their own header.

    It routes them to the shell that sent last on the comm (ipykernel pull request 1565), which
    for a widget made in a cell is the main one: Kill would wait for the end of a running cell.
    JupyterLab asks for a subshell in the header, and without that attribute the kernel obeys.
    """
    comm = getattr(widget, "comm", None)
    if comm is not None and hasattr(comm, "_reply_subshell_for"):
        comm._reply_subshell_for = None  # noqa: SLF001 - there is no public way
