"""What the page asks of a manager: requests in, answers out.

The rule: it translates; the manager decides. Every message is validated by its model before
anything is done. Kill acts in the thread where it arrives, because the kernel's loop may stand
still; everything else waits for the desk's own thread. A request that comes twice is done once.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from pydantic import ValidationError

from claude_widget import protocol
from claude_widget.errors import ClaudeWidgetError, ExecutionNotFound, describe
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.panes import Pane, Panes
from claude_widget.rows import row_of
from claude_widget.sessions import project_sessions

_LOG = logging.getLogger(__name__)
_REMEMBERED = 500

Answer = Callable[[protocol.Answer], None]


class Desk:
    """Answers requests for one manager, on a thread of its own.

    Attributes:
        manager: whose executions these are.
    """

    def __init__(self, manager: ProcessManager) -> None:
        self.manager = manager
        self._queue: queue.SimpleQueue[Callable[[], None]] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._answered: OrderedDict[tuple[str, str], protocol.Answer] = OrderedDict()

    @staticmethod
    def understand(content: Any, answer: Answer) -> protocol.PageMessage | None:
        """What the page said; None for what is no message, which is answered if it can be."""
        try:
            return protocol.PAGE_MESSAGE.validate_python(content)
        except ValidationError as error:
            request_id = content.get("requestId") if isinstance(content, dict) else None
            if isinstance(request_id, str) and request_id:
                answer(_malformed(request_id, error))
            return None

    def receive(self, message: protocol.PageMessage, panes: Panes, answer: Answer) -> None:
        """Take a request, in whatever thread it arrives.

        Args:
            message: what is asked.
            panes: of the widget that it came to.
            answer: sends the answer.
        """
        if isinstance(message, protocol.KillExecution):
            self._carry_out(message, panes, answer)
            return
        self._queue.put(lambda: self._carry_out(message, panes, answer))
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._run, name="claude-widget-desk", daemon=True
                )
                self._thread.start()

    def _run(self) -> None:
        while True:
            self._queue.get()()

    def _carry_out(self, message: protocol.PageMessage, panes: Panes, answer: Answer) -> None:
        before = self._answered.get((message.type, message.request_id))
        if before is not None:
            answer(before)
            return
        said: protocol.Answer
        try:
            said = self._answer(message, panes)
        except ClaudeWidgetError as error:
            told = describe(error)
            said = protocol.Refused.model_validate({"requestId": message.request_id, **told})
        except Exception as error:  # noqa: BLE001 - the page is told
            _LOG.exception("A request of the page failed")
            said = protocol.Refused(
                request_id=message.request_id, kind=type(error).__name__, message=str(error)[:500]
            )
        if isinstance(message, _REMEMBERED_REQUESTS):
            self._answered[message.type, message.request_id] = said
            while len(self._answered) > _REMEMBERED:
                self._answered.popitem(last=False)
        answer(said)

    def _answer(self, message: protocol.PageMessage, panes: Panes) -> protocol.Answer:
        manager, request_id = self.manager, message.request_id
        if isinstance(message, protocol.Execute):
            execution = manager.start_execution(**_start_arguments(message))
            return protocol.ExecuteAnswer(
                request_id=request_id, execution_id=execution.execution_id
            )
        if isinstance(message, protocol.Ping):
            gone = panes.name(message.pane_ids)
            return protocol.Pong(request_id=request_id, now=time.time(), closed_panes=gone)
        if isinstance(message, protocol.OpenPane):
            execution = self._known(message.execution_id)
            panes.open(Pane(message.pane_id, execution, message.offset))
        elif isinstance(message, protocol.ClosePane):
            panes.close(message.pane_id)
        elif isinstance(message, protocol.KillExecution):
            manager.kill_execution(message.execution_id)
        elif isinstance(message, protocol.CleanupExecution):
            manager.cleanup_execution(message.execution_id)
        else:
            return self._look_up(message)
        return protocol.Done(request_id=request_id)

    def _look_up(self, message: protocol.PageMessage) -> protocol.Answer:
        request_id = message.request_id
        if isinstance(message, protocol.GetSessions):
            sessions = tuple(project_sessions(message.project_path))
            return protocol.SessionsAnswer(request_id=request_id, sessions=sessions)
        if isinstance(message, protocol.GetExecution):
            row = self.row(self._known(message.execution_id))
            return protocol.ExecutionAnswer.model_validate(
                {"requestId": request_id, "execution": row}
            )
        if isinstance(message, (protocol.GetAllExecutions, protocol.GetActiveExecutions)):
            every = isinstance(message, protocol.GetAllExecutions)
            found = (
                self.manager.get_all_executions() if every else self.manager.get_active_executions()
            )
            return protocol.ExecutionsAnswer.model_validate(
                {
                    "requestId": request_id,
                    "type": message.type,
                    "executions": [self.row(execution) for execution in found],
                }
            )
        raise AssertionError(f"{message.type} is answered elsewhere")

    def _known(self, execution_id: str) -> Execution:
        execution = self.manager.get_execution(execution_id)
        if execution is None:
            raise ExecutionNotFound(execution_id)
        return execution

    def row(self, execution: Execution) -> dict[str, Any]:
        """The execution's row, in wire form."""
        request = execution.run.request
        held = self.manager.is_held(execution)
        return row_of(execution.info, priority=request.priority, held=held)

    def welcome(self, request_id: str, project_path: str) -> protocol.Welcome:
        """All a page needs to draw the true state at once."""
        manager = self.manager
        rows = [self.row(execution) for execution in manager.get_all_executions()]
        return protocol.Welcome.model_validate(
            {
                "requestId": request_id,
                "managerId": manager.manager_id,
                "backend": manager.backend.name,
                "notice": manager.backend.notice(),
                "now": time.time(),
                "projectPath": project_path,
                "models": [{"value": model} for model in manager.models],
                "maxConcurrency": manager.max_concurrency,
                "suggestedQueries": manager.backend.suggested_queries(),
                "executions": rows,
            }
        )


_REMEMBERED_REQUESTS = (protocol.Execute, protocol.KillExecution, protocol.CleanupExecution)


def _start_arguments(message: protocol.Execute) -> dict[str, Any]:
    arguments = message.model_dump(exclude={"type", "request_id"}, exclude_none=True)
    return {name: value for name, value in arguments.items() if value not in ("", False)} | {
        "query": message.query
    }


def _malformed(request_id: str, error: ValidationError) -> protocol.Refused:
    first = error.errors(include_input=False, include_url=False)[0]
    where = ".".join(str(part) for part in first["loc"])
    return protocol.Refused(
        request_id=request_id[:100], kind="InvalidMessage", message=f"{where}: {first['msg']}"
    )
