"""The CLI's `system` frames, one model per subtype.

The rule: as in `frames`: every field optional, names the CLI's own, no meaning. Source: the SDKs'
message types and runs of CLI 2.1.330.
"""

from __future__ import annotations

from pydantic import Field

from claude_widget.events.frames import Anything, Count, Flag, Frame, Part, Text
from claude_widget.events.record import Event


class ServerStatus(Part):
    """An MCP server, as `init` lists it."""

    name: Text = None
    status: Text = None


class Init(Frame):
    """`init`: a turn begins. Printed once a turn, so more than once a process."""

    cwd: Text = None
    model: Text = None
    tools: tuple[Anything, ...] | None = None
    mcp_servers: tuple[ServerStatus, ...] | None = None
    mcp_server_errors: tuple[Anything, ...] | None = None
    permission_mode: Text = Field(None, validation_alias="permissionMode")
    api_key_source: Text = Field(None, validation_alias="apiKeySource")
    claude_code_version: Text = None
    capabilities: tuple[Anything, ...] | None = None


class Status(Frame):
    """`status`: "requesting", "compacting" or nothing special; and a change of permission mode."""

    status: Text = None
    permission_mode: Text = Field(None, validation_alias="permissionMode")


class CompactBoundary(Frame):
    """`compact_boundary`: what came before was summed up."""

    compact_metadata: Anything = None


class ApiRetry(Frame):
    """`api_retry`: a call failed and will be tried again."""

    attempt: Count = None
    max_retries: Count = None
    retry_delay_ms: float | None = Field(None, description="Milliseconds.")
    error_status: Count = None
    error: Text = None


class HookStarted(Frame):
    """`hook_started`."""

    hook_id: Text = None
    hook_name: Text = None
    hook_event: Text = None


class HookProgress(HookStarted):
    """`hook_progress`."""


class HookResponse(HookStarted):
    """`hook_response`."""

    outcome: Text = None
    exit_code: Anything = None


class PermissionDenied(Frame):
    """`permission_denied`: a tool call was refused without asking anyone."""

    tool_name: Text = None
    tool_use_id: Text = None
    message: Text = None
    decision_reason: Text = None
    decision_reason_type: Text = None


class SessionStateChanged(Frame):
    """`session_state_changed`: "idle", "running" or "requires_action"."""

    state: Text = None


class ThinkingTokens(Frame):
    """`thinking_tokens`: how much was thought so far."""

    estimated_tokens: Count = None


class Notification(Frame):
    """`notification`."""

    text: Text = None


class Informational(Frame):
    """`informational`."""

    content: Text = None


class LocalCommandOutput(Frame):
    """`local_command_output`: what a /command printed."""

    content: Text = None


class CommandsChanged(Frame):
    """`commands_changed`."""


class FilesPersisted(Frame):
    """`files_persisted`."""

    files: Anything = None
    failed: Anything = None


class MemoryRecall(Frame):
    """`memory_recall`."""


class PluginInstall(Frame):
    """`plugin_install`."""

    status: Text = None
    name: Text = None
    error: Text = None


class MirrorError(Frame):
    """`mirror_error`: the session mirror could not be written."""

    error: Text = None


class ModelRefusalFallback(Frame):
    """`model_refusal_fallback`: another model took over."""


class ElicitationComplete(Frame):
    """`elicitation_complete`."""

    mcp_server_name: Text = None
    elicitation_id: Text = None


class SessionWritesLost(Frame):
    """`session_writes_lost`: the CLI could not write its session file."""

    error_code: Text = None


class WorkerShuttingDown(Frame):
    """`worker_shutting_down`."""

    reason: Text = None


class TaskStarted(Frame):
    """`task_started`: a subagent, a background shell or a workflow began."""

    task_id: Text = None
    run_id: Text = None
    task_type: Text = None
    tool_use_id: Text = None
    description: Text = None
    is_backgrounded: Flag = None
    parent_task_id: Text = None


class TaskProgress(Frame):
    """`task_progress`."""

    task_id: Text = None
    tool_use_id: Text = None
    description: Text = None
    last_tool_name: Text = None
    summary: Text = None
    usage: Anything = None


class TaskPatch(Part):
    """What `task_updated` changed."""

    status: Text = None
    is_backgrounded: Flag = None


class TaskUpdated(Frame):
    """`task_updated`."""

    task_id: Text = None
    patch: TaskPatch | None = None


class TaskNotification(Frame):
    """`task_notification`: a task ended."""

    task_id: Text = None
    tool_use_id: Text = None
    status: Text = None
    output_file: Text = None
    summary: Text = None


class TaskEntry(Part):
    """A task that is alive."""

    task_id: Text = None
    task_type: Text = None
    description: Text = None


class BackgroundTasksChanged(Frame):
    """`background_tasks_changed`: all background tasks that are alive, in place of earlier ones."""

    tasks: tuple[TaskEntry, ...] | None = None


SYSTEM: dict[str, type[Event]] = {
    "init": Init,
    "status": Status,
    "compact_boundary": CompactBoundary,
    "api_retry": ApiRetry,
    "hook_started": HookStarted,
    "hook_progress": HookProgress,
    "hook_response": HookResponse,
    "permission_denied": PermissionDenied,
    "session_state_changed": SessionStateChanged,
    "thinking_tokens": ThinkingTokens,
    "notification": Notification,
    "informational": Informational,
    "local_command_output": LocalCommandOutput,
    "commands_changed": CommandsChanged,
    "files_persisted": FilesPersisted,
    "memory_recall": MemoryRecall,
    "plugin_install": PluginInstall,
    "mirror_error": MirrorError,
    "model_refusal_fallback": ModelRefusalFallback,
    "elicitation_complete": ElicitationComplete,
    "session_writes_lost": SessionWritesLost,
    "worker_shutting_down": WorkerShuttingDown,
    "task_started": TaskStarted,
    "task_progress": TaskProgress,
    "task_updated": TaskUpdated,
    "task_notification": TaskNotification,
    "background_tasks_changed": BackgroundTasksChanged,
}
