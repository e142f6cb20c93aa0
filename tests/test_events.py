"""Events: every frame type has its class, and says what was in the frame."""

from __future__ import annotations

import json

import pytest

from claude_widget import events as ev
from claude_widget.events.frames import FRAMES, SENT
from claude_widget.events.lifecycle import LIFECYCLE
from claude_widget.events.system import SYSTEM
from claude_widget.models import Reason
from tests import recorded
from tests.recorded import ended, line, meta, out, requested, sent, spawned

USAGE = {"input_tokens": 3, "output_tokens": 4}
TOOL_USE = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "ls"}}

FRAME_CASES: list[tuple[dict[str, object], type[ev.Event], str, object]] = [
    (
        {"type": "assistant", "message": {"id": "m", "content": [TOOL_USE], "usage": USAGE}},
        ev.Assistant,
        "message.content.0.name",
        "Bash",
    ),
    ({"type": "assistant", "error": "rate_limit"}, ev.Assistant, "error", "rate_limit"),
    ({"type": "user", "message": {"content": "hi"}}, ev.User, "message.content.0.text", "hi"),
    ({"type": "user", "isReplay": True}, ev.User, "is_replay", True),
    (
        {"type": "stream_event", "event": {"type": "message_delta", "usage": USAGE}},
        ev.StreamEvent,
        "event.usage.output_tokens",
        4,
    ),
    (
        {"type": "stream_event", "event": {"type": "content_block_delta", "index": 1}},
        ev.PartialDelta,
        "event.index",
        1,
    ),
    (
        {
            "type": "result",
            "subtype": "success",
            "modelUsage": {"m": {"inputTokens": 7, "costUSD": 0.5}},
        },
        ev.Result,
        "model_usage.m.cost_usd",
        0.5,
    ),
    (
        {"type": "result", "permission_denials": [{"tool_name": "Bash", "tool_use_id": "t"}]},
        ev.Result,
        "permission_denials.0.tool_name",
        "Bash",
    ),
    (
        {"type": "rate_limit_event", "rate_limit_info": {"status": "rejected", "resetsAt": 1e9}},
        ev.RateLimit,
        "rate_limit_info.resets_at",
        1e9,
    ),
    (
        {"type": "tool_progress", "tool_name": "Bash", "elapsed_time_seconds": 2},
        ev.ToolProgress,
        "elapsed_time_seconds",
        2.0,
    ),
    ({"type": "tool_use_summary", "summary": "s"}, ev.ToolUseSummary, "summary", "s"),
    ({"type": "auth_status", "isAuthenticating": True}, ev.AuthStatus, "is_authenticating", True),
    ({"type": "prompt_suggestion", "suggestion": "s"}, ev.PromptSuggestion, "suggestion", "s"),
    (
        {"type": "conversation_reset", "new_conversation_id": "n"},
        ev.ConversationReset,
        "new_conversation_id",
        "n",
    ),
    ({"type": "active_goal"}, ev.ActiveGoal, "session_id", None),
    ({"type": "keep_alive"}, ev.KeepAlive, "session_id", None),
    ({"type": "command_lifecycle", "state": "queued"}, ev.CommandLifecycle, "state", "queued"),
    ({"type": "transcript_mirror", "session_id": "s"}, ev.TranscriptMirror, "session_id", "s"),
    (
        {"type": "control_request", "request": {"subtype": "can_use_tool", "tool_name": "Bash"}},
        ev.ControlRequest,
        "request.tool_name",
        "Bash",
    ),
    (
        {"type": "control_response", "response": {"subtype": "error", "error": "no"}},
        ev.ControlResponse,
        "response.error",
        "no",
    ),
    (
        {"type": "control_cancel_request", "request_id": "r"},
        ev.ControlCancelRequest,
        "request_id",
        "r",
    ),
]
SYSTEM_CASES: list[tuple[str, dict[str, object], type[ev.Event], str, object]] = [
    ("init", {"permissionMode": "plan"}, ev.Init, "permission_mode", "plan"),
    ("init", {"mcp_servers": [{"name": "a"}]}, ev.Init, "mcp_servers.0.name", "a"),
    ("status", {"status": "compacting"}, ev.Status, "status", "compacting"),
    ("compact_boundary", {"compact_metadata": {}}, ev.CompactBoundary, "compact_metadata", {}),
    ("api_retry", {"attempt": 2}, ev.ApiRetry, "attempt", 2),
    ("hook_started", {"hook_name": "h"}, ev.HookStarted, "hook_name", "h"),
    ("hook_progress", {"hook_id": "h"}, ev.HookProgress, "hook_id", "h"),
    ("hook_response", {"outcome": "success"}, ev.HookResponse, "outcome", "success"),
    ("permission_denied", {"tool_name": "Read"}, ev.PermissionDenied, "tool_name", "Read"),
    ("session_state_changed", {"state": "idle"}, ev.SessionStateChanged, "state", "idle"),
    ("thinking_tokens", {"estimated_tokens": 5}, ev.ThinkingTokens, "estimated_tokens", 5),
    ("notification", {"text": "t"}, ev.Notification, "text", "t"),
    ("informational", {"content": "c"}, ev.Informational, "content", "c"),
    ("local_command_output", {"content": "c"}, ev.LocalCommandOutput, "content", "c"),
    ("commands_changed", {}, ev.CommandsChanged, "uuid", None),
    ("files_persisted", {"files": []}, ev.FilesPersisted, "files", []),
    ("memory_recall", {"uuid": "u"}, ev.MemoryRecall, "uuid", "u"),
    ("plugin_install", {"status": "done"}, ev.PluginInstall, "status", "done"),
    ("mirror_error", {"error": "e"}, ev.MirrorError, "error", "e"),
    ("model_refusal_fallback", {}, ev.ModelRefusalFallback, "uuid", None),
    (
        "elicitation_complete",
        {"elicitation_id": "i"},
        ev.ElicitationComplete,
        "elicitation_id",
        "i",
    ),
    ("session_writes_lost", {"error_code": "ENOSPC"}, ev.SessionWritesLost, "error_code", "ENOSPC"),
    ("worker_shutting_down", {"reason": "r"}, ev.WorkerShuttingDown, "reason", "r"),
    ("task_started", {"is_backgrounded": True}, ev.TaskStarted, "is_backgrounded", True),
    ("task_progress", {"summary": "s"}, ev.TaskProgress, "summary", "s"),
    ("task_updated", {"patch": {"status": "killed"}}, ev.TaskUpdated, "patch.status", "killed"),
    ("task_notification", {"status": "stopped"}, ev.TaskNotification, "status", "stopped"),
    (
        "background_tasks_changed",
        {"tasks": [{"task_id": "t"}]},
        ev.BackgroundTasksChanged,
        "tasks.0.task_id",
        "t",
    ),
]
ALL_CASES = FRAME_CASES + [
    ({"type": "system", "subtype": subtype, **fields}, known, path, value)
    for subtype, fields, known, path, value in SYSTEM_CASES
]
SENT_CASES: list[tuple[dict[str, object], type[ev.Event], str, object]] = [
    (
        {"type": "user", "message": {"content": "hello"}, "uuid": "u"},
        ev.SentMessage,
        "message.content.0.text",
        "hello",
    ),
    (
        {"type": "control_request", "request_id": "r", "request": {"subtype": "interrupt"}},
        ev.SentRequest,
        "request.subtype",
        "interrupt",
    ),
    (
        {"type": "control_response", "response": {"request_id": "r"}},
        ev.SentResponse,
        "response.request_id",
        "r",
    ),
]
META_CASES: list[tuple[ev.Record, type[ev.Event], str, object]] = [
    (recorded.header(), ev.TranscriptOpened, "epoch", recorded.EPOCH),
    (requested(model="opus"), ev.Requested, "request.model", "opus"),
    (meta("refused", reason="dependency", error="no"), ev.Refused, "reason", Reason.DEPENDENCY),
    (spawned(), ev.Spawned, "pid", 4242),
    (meta("kill", reason="batch"), ev.KillAsked, "reason", Reason.BATCH),
    (meta("limit", reason="timeout", figure=61, bound=60), ev.LimitReached, "figure", 61.0),
    (meta("stdin_closed"), ev.StdinClosed, "event", "stdin_closed"),
    (meta("signalled", signal="SIGTERM"), ev.Signalled, "signal", "SIGTERM"),
    (ended(-9, forced=True), ev.Ended, "exit_code", -9),
    (meta("answered", request_id="r", by="page"), ev.Answered, "by", "page"),
    (meta("adopted", owner={"manager_id": "m"}), ev.Adopted, "owner.manager_id", "m"),
    (meta("held"), ev.Held, "event", "held"),
    (meta("released"), ev.Released, "event", "released"),
    (meta("prioritised", priority=3), ev.Prioritised, "priority", 3),
    (meta("filled", query="q", session_id="s"), ev.Filled, "session_id", "s"),
    (
        meta("worktree", path="/w", branch="b", base="c", repository="/r"),
        ev.WorktreeMade,
        "branch",
        "b",
    ),
    (meta("lost", error="gone"), ev.Lost, "error", "gone"),
]


def look(event: ev.Event, path: str) -> object:
    """The value at a dotted path."""
    value: object = event
    for step in path.split("."):
        if isinstance(value, tuple):
            value = value[int(step)]
        elif isinstance(value, dict):
            value = value[step]
        else:
            value = getattr(value, step)
    return value


@pytest.mark.parametrize(("frame", "known", "path", "value"), ALL_CASES)
def test_each_frame_has_its_class(
    frame: dict[str, object], known: type[ev.Event], path: str, value: object
) -> None:
    event = ev.parse(out(frame, 5.0)._replace(offset=77))
    assert type(event) is known
    assert look(event, path) == value
    assert (event.time, event.offset, event.raw, event.problem) == (5.0, 77, frame, "")


@pytest.mark.parametrize(("frame", "known", "path", "value"), SENT_CASES)
def test_each_line_that_we_sent_has_its_class(
    frame: dict[str, object], known: type[ev.Event], path: str, value: object
) -> None:
    event = ev.parse(sent(frame))
    assert type(event) is known
    assert look(event, path) == value
    assert event.raw == frame


@pytest.mark.parametrize(("record", "known", "path", "value"), META_CASES)
def test_each_record_of_ours_has_its_class(
    record: ev.Record, known: type[ev.Event], path: str, value: object
) -> None:
    event = ev.parse(record)
    assert type(event) is known
    assert look(event, path) == value
    assert event.raw == json.loads(record.data)


def test_no_type_is_left_out_of_these_tables() -> None:
    tested = {known for _, known, *_ in (*ALL_CASES, *SENT_CASES)}
    tested |= {known for _, known, *_ in META_CASES}
    tables = (FRAMES, SENT, SYSTEM, LIFECYCLE)
    assert {known for table in tables for known in table.values()} <= tested


def test_all_events_are_exported() -> None:
    assert set(ev.__all__) <= set(vars(ev))
    for table in (FRAMES, SENT, SYSTEM, LIFECYCLE):
        assert {known.__name__ for known in table.values()} <= set(ev.__all__)


@pytest.mark.parametrize("name", recorded.NAMES)
def test_recorded_runs_hold_nothing_unknown(name: str) -> None:
    for data in recorded.frames(name):
        event = ev.parse(line("out", data))
        assert event.problem == ""
        assert not isinstance(event, ev.UnknownFrame | ev.RawLine)
        assert event.raw == json.loads(data)
