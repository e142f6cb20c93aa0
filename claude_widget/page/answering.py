"""What each request of the page asks of the manager, and what is answered.

The rule: a table from the kind of a request to the function that carries it out. They translate;
the manager decides, and what it refuses is raised as it came. Nothing here knows threads, order or
repeats.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from claude_widget import protocol
from claude_widget.errors import ProjectNotTrusted
from claude_widget.execution import Execution
from claude_widget.history.filter import wanted
from claude_widget.manager import ProcessManager
from claude_widget.mcp.choices import confirmed_config, mcp_choices
from claude_widget.mcp.config import ReadConfig
from claude_widget.page.batching import batch_rows, kill_batch, resume_batch, retry_batch
from claude_widget.page.charting import spending, tool_calls
from claude_widget.page.comparing import promote
from claude_widget.page.estimating import estimate_for
from claude_widget.page.panes import Pane, Panes
from claude_widget.page.queueing import change_queue
from claude_widget.page.rows import history_row_of, row_in
from claude_widget.page.templating import preview, templates
from claude_widget.page.worktrees import diff_of, settle
from claude_widget.sessions import project_sessions
from claude_widget.templates.template import Template
from claude_widget.trust import accept, accept_servers

_NO_OPTIONS = {
    "type",
    "request_id",
    "query",
    "mcp_config",
    "confirmed_digest",
    "confirmed_settings",
    "template",
}
"""Fields of `Execute` that are not options of a start by the same name."""

_MODEL_CHARACTERS = 200
_MOST_NOTES = 5
_NOTE_CHARACTERS = 1_000


@dataclass(frozen=True)
class Asked:
    """Who is asked.

    Attributes:
        manager: whose executions these are.
        panes: of the widget that the request came to.
    """

    manager: ProcessManager
    panes: Panes

    def execution(self, execution_id: str) -> Execution:
        """The execution of that id, also one that only the history has.

        Raises:
            ExecutionNotFound: there is none.
        """
        return self.manager.recall(execution_id)


def answer_to(message: protocol.PageMessage, asked: Asked) -> protocol.Answer:
    """Carry a request out.

    Raises:
        ClaudeWidgetError: it is refused.
    """
    carry_out: Callable[[Asked, Any], protocol.Answer | None] = _TABLE[type(message)]
    return carry_out(asked, message) or protocol.Done(request_id=message.request_id)


def welcome(manager: ProcessManager, request_id: str, project_path: str) -> protocol.Welcome:
    """All a page needs to draw the true state at once, less its rows, which are added unread."""
    return protocol.Welcome.model_validate(
        {
            "requestId": request_id,
            "managerId": manager.manager_id,
            "backend": manager.backend.name,
            "notice": manager.backend.notice(),
            "now": time.time(),
            "projectPath": project_path,
            "models": manager.models,
            "maxConcurrency": manager.max_concurrency,
            "queue": manager.queue.state,
            "suggestedQueries": manager.backend.suggested_queries(),
        }
    )


# -- starting and ending -------------------------------------------------------------------------


def _execute(asked: Asked, message: protocol.Execute) -> protocol.Answer:
    options = message.model_dump(exclude=_NO_OPTIONS, exclude_none=True)
    options = {name: value for name, value in options.items() if value not in ("", False)}
    if message.mcp_config:
        config = confirmed_config(
            message.mcp_config, message.project_path, message.confirmed_digest
        )
        options["mcp_config"] = config
        if isinstance(config, ReadConfig):  # the CLI may start these by itself, too
            accept_servers(asked.manager.state_dir, message.project_path, config)

    query: str | Template = message.query
    if message.template is not None:
        query = asked.manager.template(message.template, message.project_path)

    # Whoever presses Execute wants another one; only cells are run again as a whole.
    def start() -> Execution:
        return asked.manager.start_execution(query, again=True, **options)

    try:
        execution = start()
    except ProjectNotTrusted as error:
        if message.confirmed_settings != error.digest:
            raise
        accept(asked.manager.state_dir, error.path, error.items)
        execution = start()  # refused, if the files say something else by now
    return protocol.ExecuteAnswer(
        request_id=message.request_id, execution_id=execution.execution_id
    )


def _kill(asked: Asked, message: protocol.KillExecution) -> None:
    asked.manager.kill_execution(message.execution_id)


def _clean_up(asked: Asked, message: protocol.CleanupExecution) -> None:
    asked.manager.cleanup_execution(message.execution_id)


# -- steering ------------------------------------------------------------------------------------


def _send(asked: Asked, message: protocol.SendPrompt) -> protocol.Answer:
    execution = asked.execution(message.execution_id).send(message.query, fork=message.fork)
    return protocol.PromptSent(request_id=message.request_id, execution_id=execution.execution_id)


def _answer_request(asked: Asked, message: protocol.AnswerRequest) -> None:
    asked.execution(message.execution_id).answer_request(message.control_id, message.decision)


def _interrupt(asked: Asked, message: protocol.InterruptExecution) -> None:
    asked.execution(message.execution_id).interrupt()


def _end(asked: Asked, message: protocol.EndExecution) -> None:
    asked.execution(message.execution_id).end()


def _rerun(asked: Asked, message: protocol.RerunExecution) -> protocol.Answer:
    execution = asked.execution(message.execution_id).rerun()
    return protocol.RerunAnswer(request_id=message.request_id, execution_id=execution.execution_id)


def _change_session(asked: Asked, message: protocol.ChangeSession) -> None:
    execution = asked.execution(message.execution_id)
    if message.model is not None:
        execution.set_model(message.model)
    if message.effort is not None:
        execution.set_effort(message.effort)
    if message.permission_mode is not None:
        execution.set_permission_mode(message.permission_mode)


def _stop_task(asked: Asked, message: protocol.StopTask) -> None:
    asked.execution(message.execution_id).stop_task(message.task_id)


def _mcp_status(asked: Asked, message: protocol.GetMCPStatus) -> protocol.Answer:
    servers = asked.execution(message.execution_id).mcp_status()
    return protocol.MCPStatusAnswer(request_id=message.request_id, servers=servers)


def _reconnect(asked: Asked, message: protocol.ReconnectMCPServer) -> None:
    asked.execution(message.execution_id).reconnect_mcp_server(message.server)


# -- history -------------------------------------------------------------------------------------


def _search_history(asked: Asked, message: protocol.SearchHistory) -> protocol.Answer:
    found = asked.manager.history_page(
        wanted(
            message.text,
            project=message.project_path,
            status=message.status,
            since=message.since,
            model=message.model,
        )._replace(before=message.before),
        message.limit,
    )
    return protocol.HistoryAnswer.model_validate(
        {
            "requestId": message.request_id,
            "found": [history_row_of(entry) for entry in found.entries],
            "total": found.total,
            "following": found.following,
            "models": [model[:_MODEL_CHARACTERS] for model in found.models],
            "notes": [note[:_NOTE_CHARACTERS] for note in found.notes[-_MOST_NOTES:]],
        }
    )


def _pin(asked: Asked, message: protocol.PinExecution) -> None:
    asked.manager.pin(message.execution_id, pinned=message.pinned)


def _delete(asked: Asked, message: protocol.DeleteExecution) -> None:
    asked.manager.delete_execution(message.execution_id)


# -- panes ---------------------------------------------------------------------------------------


def _ping(asked: Asked, message: protocol.Ping) -> protocol.Answer:
    gone = asked.panes.name(message.pane_ids)
    return protocol.Pong(request_id=message.request_id, now=time.time(), closed_panes=gone)


def _open_pane(asked: Asked, message: protocol.OpenPane) -> None:
    execution = asked.execution(message.execution_id)
    asked.panes.open(Pane(message.pane_id, execution, message.offset))


def _close_pane(asked: Asked, message: protocol.ClosePane) -> None:
    asked.panes.close(message.pane_id)


# -- looking up ----------------------------------------------------------------------------------


def _sessions(_: Asked, message: protocol.GetSessions) -> protocol.Answer:
    sessions = tuple(project_sessions(message.project_path))
    return protocol.SessionsAnswer(request_id=message.request_id, sessions=sessions)


def _mcp_configs(_: Asked, message: protocol.GetMCPConfigs) -> protocol.Answer:
    configs = tuple(mcp_choices(message.project_path))
    return protocol.MCPConfigsAnswer(request_id=message.request_id, configs=configs)


def _execution(asked: Asked, message: protocol.GetExecution) -> protocol.Answer:
    row = row_in(asked.manager, asked.execution(message.execution_id))
    return protocol.ExecutionAnswer.model_validate(
        {"requestId": message.request_id, "execution": row}
    )


def _all_executions(asked: Asked, message: protocol.GetAllExecutions) -> protocol.Answer:
    return _executions(asked, message, asked.manager.get_all_executions())


def _active_executions(asked: Asked, message: protocol.GetActiveExecutions) -> protocol.Answer:
    return _executions(asked, message, asked.manager.get_active_executions())


def _executions(
    asked: Asked,
    message: protocol.GetAllExecutions | protocol.GetActiveExecutions,
    found: list[Execution],
) -> protocol.Answer:
    rows = [row_in(asked.manager, execution) for execution in found]
    return protocol.ExecutionsAnswer.model_validate(
        {"requestId": message.request_id, "type": message.type, "executions": rows}
    )


_TABLE: dict[type[protocol.Request], Callable[[Asked, Any], protocol.Answer | None]] = {
    protocol.Execute: _execute,
    protocol.KillExecution: _kill,
    protocol.CleanupExecution: _clean_up,
    protocol.AnswerRequest: _answer_request,
    protocol.SendPrompt: _send,
    protocol.InterruptExecution: _interrupt,
    protocol.EndExecution: _end,
    protocol.RerunExecution: _rerun,
    protocol.ChangeSession: _change_session,
    protocol.StopTask: _stop_task,
    protocol.GetMCPStatus: _mcp_status,
    protocol.ReconnectMCPServer: _reconnect,
    protocol.SearchHistory: _search_history,
    protocol.PinExecution: _pin,
    protocol.DeleteExecution: _delete,
    protocol.ChangeQueue: lambda asked, message: change_queue(asked.manager, message),
    protocol.Ping: _ping,
    protocol.OpenPane: _open_pane,
    protocol.ClosePane: _close_pane,
    protocol.GetSessions: _sessions,
    protocol.GetMCPConfigs: _mcp_configs,
    protocol.GetToolCalls: lambda asked, message: tool_calls(asked.manager, message),
    protocol.GetSpending: lambda asked, message: spending(asked.manager, message),
    protocol.GetBatchRows: lambda asked, message: batch_rows(asked.manager, message),
    protocol.KillBatch: lambda asked, message: kill_batch(asked.manager, message),
    protocol.RetryBatch: lambda asked, message: retry_batch(asked.manager, message),
    protocol.ResumeBatch: lambda asked, message: resume_batch(asked.manager, message),
    protocol.GetTemplates: lambda asked, message: templates(asked.manager, message),
    protocol.PreviewTemplate: lambda asked, message: preview(asked.manager, message),
    protocol.GetEstimate: lambda asked, message: estimate_for(asked.manager, message),
    protocol.GetDiff: lambda asked, message: diff_of(
        asked.execution(message.execution_id), message
    ),
    protocol.SettleWorktree: lambda asked, message: settle(
        asked.execution(message.execution_id), message
    ),
    protocol.PromoteExecution: lambda _, message: promote(message),
    protocol.GetExecution: _execution,
    protocol.GetAllExecutions: _all_executions,
    protocol.GetActiveExecutions: _active_executions,
}
