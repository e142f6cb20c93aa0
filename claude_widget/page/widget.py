"""The widgets: the dashboard of a manager, and the view of one execution.

The rule: a face. It passes what the page says to the desk, and what the manager tells to the page,
through the courier. Traits are small and safe to save: which manager, which execution, and that
execution's row; output and secrets never are one.
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
from claude_widget.cells.static_view import (
    MARK,
    MOST_ROWS,
    MimeBundle,
    report_bundle,
    table_bundle,
)
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionStatus, Reason
from claude_widget.page.answering import welcome
from claude_widget.page.courier import COURIER
from claude_widget.page.desk import Desk
from claude_widget.page.front_end import front_end
from claude_widget.page.panes import Panes
from claude_widget.page.rows import (
    ERROR_CHARACTERS,
    QUERY_CHARACTERS,
    changes,
    row_in,
    whole,
)
from claude_widget.report.reading import read_digest

_MOST_EVENTS = 200
"""Events in one message; what is more waits for the next."""
_REDACTED = 4_000
_SHOWN = {"query": QUERY_CHARACTERS, "name": 100, "error": ERROR_CHARACTERS}
"""Characters of a row's texts that are looked at, and that a saved row holds."""
_DESKS: WeakKeyDictionary[ProcessManager, Desk] = WeakKeyDictionary()

Buffers = list[bytes]
Unsent = Callable[[], tuple[protocol.Message, Buffers]]


def desk_of(manager: ProcessManager) -> Desk:
    """The one desk of a manager."""
    if manager not in _DESKS:
        _DESKS[manager] = Desk(manager)
    return _DESKS[manager]


class _Connected(anywidget.AnyWidget):
    """What both widgets share: one comm, answers, and open panes."""

    kind = traitlets.Unicode("dashboard").tag(sync=True)
    manager_id = traitlets.Unicode("").tag(sync=True)
    execution_id = traitlets.Unicode(None, allow_none=True).tag(sync=True)
    row = traitlets.Dict(None, allow_none=True).tag(sync=True)

    def __init__(self, manager: ProcessManager, **traits: Any) -> None:
        self._esm = front_end().loader
        super().__init__(manager_id=manager.manager_id, **traits)
        self._manager = manager
        self._desk = desk_of(manager)
        self._panes = Panes()
        self._answers: deque[Unsent] = deque()
        self._dirty: dict[str, None] = {}
        self._rows: dict[str, dict[str, Any]] = {}
        self._unsure: set[str] = set()
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


class ClaudeWidget(_Connected):
    """The dashboard: a form to start executions, their list, and their output.

    Args:
        manager: whose executions it shows; a new manager of the default state folder if None.
    """

    def __init__(self, manager: ProcessManager | None = None) -> None:
        super().__init__(manager or ProcessManager(), kind="dashboard")

    @property
    def manager(self) -> ProcessManager:
        """Whose executions it shows."""
        return self._manager

    def _send_changes(self) -> bool:
        events: list[Any] = []
        for execution_id in self._take_dirty():
            events += self._events(execution_id)
        if not events:
            return False
        self._sequence += 1
        self._send_message(protocol.Events(sequence=self._sequence, events=tuple(events)), [])
        if self._dirty:
            COURIER.call(self)
        return True

    def _events(self, execution_id: str) -> list[Any]:
        """What the page must be told of one execution since it was told last."""
        execution = self._manager.get_execution(execution_id)
        if execution is None:
            self._rows.pop(execution_id, None)
            self._unsure.discard(execution_id)
            return [protocol.Removed(execution_id=execution_id)]
        before = self._rows.get(execution_id, {})
        after = self._rows[execution_id] = row_in(self._manager, execution)
        changed = changes(before, after)
        # A page that was welcomed meanwhile has another row than was told last: it gets all of it.
        if not before or execution_id in self._unsure:
            self._unsure.discard(execution_id)
            changed = whole(after)
        if not changed:
            return []
        events: list[Any] = [protocol.Changed(execution_id=execution_id, changes=changed)]
        if before.get("status") != after["status"]:
            events += _milestones(execution)
        return events

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        every = self._of_this_notebook()
        newest = [execution.info for execution in every[-MOST_ROWS:]]
        mark = {
            "manager_id": self.manager_id,
            "executions": [info.execution_id for info in newest],
        }
        redactor = self._manager.redactor_for(mark["executions"])
        table = table_bundle(newest, len(every) - len(newest), redactor)
        return _with_fallback(super()._repr_mimebundle_(**kwargs), table, mark)

    def _of_this_notebook(self) -> list[Execution]:
        """What a reader of the saved notebook is shown: not what other projects did.

        Those that this manager has started or adopted; if there are none yet, those that worked in
        the kernel's folder.
        """
        every = self._manager.get_all_executions()
        mine = [one for one in every if self._manager.owns(one)]
        here = str(Path.cwd())
        return mine or [one for one in every if one.run.request.project_path == here]


class ExecutionView(_Connected):
    """The view of one execution, for a cell."""

    def __init__(self, manager: ProcessManager, execution: Execution) -> None:
        self._execution = execution
        self._times_read = 0
        super().__init__(
            manager,
            kind="execution",
            execution_id=execution.execution_id,
            row=_saved_row(manager, execution),
        )

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

    def _send_changes(self) -> bool:
        if not self._take_dirty():
            return False
        row = _saved_row(self._manager, self._execution)
        if row == self.row:
            return False
        self.row = row
        return True

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        mark = {"execution_id": self._execution.execution_id}
        static = bundle_of(self._execution)
        return _with_fallback(super()._repr_mimebundle_(**kwargs), static, mark)


def _saved_row(manager: ProcessManager, execution: Execution) -> dict[str, Any]:
    """A row as a trait: who runs a notebook without a page keeps all traits in it.

    Its texts are redacted before they are cut: half of a secret is not found.
    """
    info, redactor = execution.info, execution.redactor
    row: dict[str, Any] = redactor.value(row_in(manager, execution))
    texts = {"query": info.query, "name": info.name, "error": "".join(info.errors[-1:])}
    for name, text in texts.items():
        if row.get(name) and text:
            row[name] = redactor.text(text[:_REDACTED])[: _SHOWN[name]]
    return row


def bundle_of(execution: Execution) -> MimeBundle:
    """One execution as an output's data."""
    digest = read_digest(execution.info, execution.run.transcript, execution.redactor)
    return report_bundle(digest)


def _milestones(execution: Execution) -> list[Any]:
    info = execution.info
    if info.status is ExecutionStatus.RUNNING:
        return [protocol.Started(execution_id=info.execution_id, pid=info.pid)]
    if not info.status.ended:
        return []
    errors = [protocol.Error(execution_id=info.execution_id, error=e) for e in info.errors[-1:]]
    end = protocol.Complete(
        execution_id=info.execution_id,
        code=info.exit_code,
        status=info.status,
        reason=info.reason or Reason.LOST,
    )
    return [*errors, end]


def _with_fallback(live: Any, static: dict[str, str], mark: dict[str, Any]) -> Any:
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
