"""What the page asks of a manager: requests in, answers out.

The rule: every message is validated by its model before anything is done, and what the table of
`answering` says is done on the right thread: Kill where it arrives, because the kernel's loop may
stand still; what waits for a CLI in a lane of its execution, so that it holds up no other; the
rest in order. A request that comes twice is done once.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

from pydantic import ValidationError

from claude_widget import protocol
from claude_widget.errors import ClaudeWidgetError, ConfirmationNeeded, describe
from claude_widget.manager import ProcessManager
from claude_widget.mcp.choices import project_choice
from claude_widget.page.answering import Asked, answer_to
from claude_widget.page.lanes import Lanes
from claude_widget.page.panes import Panes
from claude_widget.protocol.incoming import sound, sound_text

_LOG = logging.getLogger(__name__)
_REMEMBERED = 500
_SLOW_THREADS = 32
"""Threads that wait for CLIs at once: more than executions that run at once on one machine."""
_LOOKED_UP = "looked up"
_KEPT = "what the history keeps"
_LONGEST_REASON = 500

Answer = Callable[[protocol.Answer], None]


class Desk:
    """Answers requests for one manager, on threads of its own.

    Attributes:
        manager: whose executions these are.
    """

    def __init__(self, manager: ProcessManager) -> None:
        self.manager = manager
        self._in_order = Lanes("claude-widget-desk", 1)
        self._side_by_side = Lanes("claude-widget-desk-slow", _SLOW_THREADS)
        self._lock = threading.Lock()
        self._answered: OrderedDict[tuple[str, str], protocol.Answer] = OrderedDict()

    def understand(self, content: Any, answer: Answer) -> protocol.PageMessage | None:
        """What the page said; None for what is no message, which is answered if it can be.

        Whatever it is, it is a sign of the page: there is somebody who can be asked.
        """
        self.manager.page_seen()
        try:
            return protocol.PAGE_MESSAGE.validate_python(sound(content))
        except ValueError as error:
            request_id = content.get("requestId") if isinstance(content, dict) else None
            if isinstance(request_id, str) and request_id:
                answer(_malformed(sound_text(request_id), error))
            return None

    def receive(self, message: protocol.PageMessage, panes: Panes, answer: Answer) -> None:
        """Take a request, in whatever thread it arrives.

        Args:
            message: what is asked.
            panes: of the widget that it came to.
            answer: sends the answer.
        """

        def carry_out() -> None:
            self._carry_out(message, panes, answer)

        if _is_at_once(message):
            carry_out()
            return
        lane = _lane(message)
        lanes = self._in_order if lane is None else self._side_by_side
        if not lanes.put(lane, carry_out):
            answer(_busy(message.request_id))

    def _carry_out(self, message: protocol.PageMessage, panes: Panes, answer: Answer) -> None:
        with self._lock:
            before = self._answered.get((message.type, message.request_id))
        if before is not None:
            answer(before)
            return
        said: protocol.Answer
        try:
            said = answer_to(message, Asked(self.manager, panes))
        except ClaudeWidgetError as error:
            said = _refused(message.request_id, error)
        except Exception as error:  # noqa: BLE001 - the page is told
            _LOG.exception("A request of the page failed")
            said = protocol.Refused(
                request_id=message.request_id, kind=type(error).__name__, message=str(error)[:500]
            )
        if not isinstance(message, _REPEATABLE):
            self._remember((message.type, message.request_id), said)
        answer(said)

    def _remember(self, request: tuple[str, str], said: protocol.Answer) -> None:
        with self._lock:
            self._answered[request] = said
            while len(self._answered) > _REMEMBERED:
                self._answered.popitem(last=False)


_REPEATABLE = (
    protocol.Ping,
    protocol.OpenPane,
    protocol.ClosePane,
    protocol.GetExecution,
    protocol.GetAllExecutions,
    protocol.GetActiveExecutions,
    protocol.GetSessions,
    protocol.SearchHistory,
    protocol.GetMCPStatus,
    protocol.GetMCPConfigs,
    protocol.GetToolCalls,
    protocol.GetSpending,
    protocol.GetEstimate,
    protocol.GetBatchRows,
    protocol.GetDiff,
    protocol.GetTemplates,
    protocol.PreviewTemplate,
)
"""Requests that change nothing however often they are carried out; their answers may be large."""

_READING = (
    protocol.GetSessions,
    protocol.GetMCPConfigs,
    protocol.SearchHistory,
    protocol.GetToolCalls,
    protocol.GetSpending,
    protocol.GetEstimate,
    protocol.GetBatchRows,
    protocol.GetTemplates,
    protocol.PreviewTemplate,
)
"""Requests that may read long from disk: each kind in a lane of its own."""

_SUBJECTS: dict[type[protocol.Request], str] = {
    protocol.AnswerRequest: "decisions",
    protocol.InterruptExecution: "turn",
    protocol.SendPrompt: "prompts",
    protocol.EndExecution: "prompts",
    protocol.ChangeSession: "prompts",
    protocol.StopTask: "tasks",
    protocol.GetMCPStatus: "servers",
    protocol.ReconnectMCPServer: "servers",
    protocol.GetDiff: "worktree",
    protocol.SettleWorktree: "worktree",
}
"""What a request to a CLI, or to git in its worktree, is about. Those to one execution about one
subject keep their order: a prompt goes out under the model that was chosen before it, but an
interrupt waits for no prompt."""


def _is_at_once(message: protocol.PageMessage) -> bool:
    """Whether it stops something, and takes no time: it waits for nothing that was asked before."""
    if isinstance(message, protocol.ChangeQueue):
        return message.action == "pause"
    return isinstance(message, protocol.KillExecution)


def _lane(message: protocol.PageMessage) -> Hashable:
    """The lane of a request that may take long; None for the others."""
    subject = _SUBJECTS.get(type(message))
    if subject is not None:
        return getattr(message, "execution_id", None), subject
    if isinstance(message, protocol.ChangeQueue) and message.action == "kill-all":
        return message.action  # a shim may not answer
    if isinstance(message, (protocol.KillBatch, protocol.RetryBatch, protocol.ResumeBatch)):
        return message.batch_id  # in order; shims may not answer, and a file may be long
    if isinstance(message, protocol.PromoteExecution):
        return message.comparison_id  # git may take long
    if isinstance(message, (protocol.PinExecution, protocol.DeleteExecution)):
        return _KEPT
    return (_LOOKED_UP, message.type) if isinstance(message, _READING) else None


def _refused(request_id: str, error: ClaudeWidgetError) -> protocol.Refused:
    choice = project_choice(error) if isinstance(error, ConfirmationNeeded) else None
    return protocol.Refused.model_validate(
        {"requestId": request_id, "mcpConfig": choice, **describe(error)}
    )


def _busy(request_id: str) -> protocol.Refused:
    return protocol.Refused(
        request_id=request_id,
        kind="Busy",
        message="Too many requests wait for this already.",
        hint="Wait until they are answered.",
    )


def _malformed(request_id: str, error: ValueError) -> protocol.Refused:
    said = str(error)
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        said = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return protocol.Refused(
        request_id=request_id[:100], kind="InvalidMessage", message=said[:_LONGEST_REASON]
    )
