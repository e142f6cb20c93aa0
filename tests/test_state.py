"""The reducer: lifecycle, session, activity, tools, tasks, errors and denials, one rule a test."""

from __future__ import annotations

import pytest

from claude_widget.errors import InvalidTransition
from claude_widget.events import Record, parse
from claude_widget.models import BackgroundTask, Denial, ExecutionInfo, OpenTool
from claude_widget.state import INITIAL, State, reduce, shape
from tests.recorded import (
    EPOCH,
    EXECUTION_ID,
    ended,
    header,
    line,
    meta,
    opening,
    out,
    prompt,
    requested,
    sent,
    spawned,
    state_of,
)

INIT = out({"type": "system", "subtype": "init", "session_id": "s1", "model": "opus-5"})
DONE = out({"type": "result", "subtype": "success", "result": "done", "session_id": "s1"})


def system(subtype: str, **fields: object) -> Record:
    return out({"type": "system", "subtype": subtype, **fields})


def wrote(*blocks: object, lane: str | None = None, **message: object) -> Record:
    body = {"id": "m1", "content": list(blocks), **message}
    return out({"type": "assistant", "message": body, "parent_tool_use_id": lane})


def call(tool_id: str, name: str = "Bash", **given: object) -> dict[str, object]:
    return {"type": "tool_use", "id": tool_id, "name": name, "input": given}


def answered(*tool_ids: str) -> Record:
    blocks = [{"type": "tool_result", "tool_use_id": tool_id} for tool_id in tool_ids]
    return out({"type": "user", "message": {"content": blocks}})


def block_start(kind: str, **fields: object) -> Record:
    event = {"type": "content_block_start", "content_block": {"type": kind, **fields}}
    return out({"type": "stream_event", "event": event})


def may_i(request_id: str = "r", tool: str = "Bash", subtype: str = "can_use_tool") -> Record:
    body = {"subtype": subtype, "tool_name": tool, "tool_use_id": "t"}
    return out({"type": "control_request", "request_id": request_id, "request": body})


def subagent_asks() -> Record:
    body = {"subtype": "can_use_tool", "tool_name": "Bash", "tool_use_id": "u", "agent_id": "a1"}
    return out({"type": "control_request", "request_id": "of-subagent", "request": body})


def running(*records: Record) -> ExecutionInfo:
    return state_of(*opening(), *records).info


def test_the_story_of_one_execution() -> None:
    state, statuses = State.initial(EXECUTION_ID), []
    for record in (header(), requested(model="opus", name="n"), spawned(), INIT, DONE, ended()):
        state = reduce(state, parse(record))
        statuses.append(state.status.value)
    assert statuses == ["pending", "pending", "running", "running", "running", "completed"]
    info = state.info
    assert (info.execution_id, info.name, info.pid, info.exit_code) == (EXECUTION_ID, "n", 4242, 0)
    assert info.created_time == EPOCH + 0.25
    assert info.duration == 59.5


def test_the_header_names_an_execution_that_has_no_name_yet() -> None:
    assert INITIAL.info.execution_id == ""
    assert state_of(header()).info.execution_id == EXECUTION_ID


@pytest.mark.parametrize(
    ("before", "record"),
    [
        ([], spawned()),
        ([], ended()),
        ([], meta("kill", reason="user")),
        ([header()], header()),
        ([header()], ended()),
        ([header()], meta("lost")),
        ([header(), requested()], header()),
        ([header(), requested()], requested()),
        ([header(), requested()], meta("stdin_closed")),
        ([header(), requested()], meta("signalled", signal="SIGTERM")),
        (opening(), spawned()),
        (opening(), requested()),
        (opening(), meta("refused", reason="dependency", error="x")),
        ([*opening(), ended()], ended()),
        ([*opening(), ended()], spawned()),
        ([*opening(), ended()], meta("lost")),
        ([*opening(), ended()], meta("kill", reason="user")),
        ([*opening(), ended()], meta("limit", reason="timeout")),
        ([header(), requested(), meta("refused", reason="lost", error="x")], spawned()),
        (opening(), meta("ended")),
        (opening(), line("meta", b"{")),
    ],
)
def test_an_impossible_order_is_refused(before: list[Record], record: Record) -> None:
    state = state_of(*before)
    with pytest.raises(InvalidTransition) as caught:
        reduce(state, parse(record))
    assert state == state_of(*before)
    assert caught.value.status == state.status
    assert caught.value.story == state.life.story
    assert caught.value.execution_id == state.life.execution_id


def test_a_record_from_the_future_is_counted_and_passed_over() -> None:
    assert running(meta("from_the_future")).unknown_frames == 1


def test_frames_of_the_cli_may_come_at_any_time() -> None:
    early = state_of(INIT, wrote(call("t1")), header(), requested(), spawned())
    assert early.info.session_id == "s1"
    assert early.info.activity == "Bash"
    over = state_of(*opening(), DONE, ended())
    assert state_of(*opening(), DONE, ended(), INIT, wrote(call("t1")), DONE) == over


def test_what_was_asked_for_stands_until_the_cli_says_better() -> None:
    asked = requested(session_id="old", model="opus", permission_mode="plan", effort="high")
    before = state_of(header(), asked, spawned()).info
    assert (before.session_id, before.model, before.permission_mode) == ("old", "opus", "plan")
    said = system("init", session_id="new", model="opus-5", permissionMode="default")
    after = state_of(header(), asked, spawned(), said).info
    assert (after.session_id, after.model, after.permission_mode) == ("new", "opus-5", "default")
    assert after.effort == "high"


def test_the_session_goes_by_the_latest_frame() -> None:
    assert running(INIT, DONE, system("init", session_id="s2")).session_id == "s2"
    assert running(INIT, out({"type": "result", "session_id": "s3"})).session_id == "s3"
    assert running(INIT, DONE, system("init")).session_id == "s1"
    reset = out({"type": "conversation_reset", "new_conversation_id": "s4"})
    assert running(INIT, reset).session_id == "s4"


def test_what_the_cli_says_of_itself() -> None:
    servers = [{"name": "a", "status": "connected", "command": "secret"}, {"name": "b"}]
    said = system(
        "init",
        claude_code_version="2.1.330",
        apiKeySource="none",
        mcp_servers=servers,
        mcp_server_errors=["c: not found", {"name": "d"}],
    )
    info = running(said, system("session_state_changed", state="requires_action"))
    assert (info.cli_version, info.api_key_source) == ("2.1.330", "none")
    assert [(s.name, s.status) for s in info.mcp_servers] == [("a", "connected"), ("b", "")]
    assert info.session_state == "requires_action"
    assert running(system("session_state_changed", state="idle"), ended()).session_state is None
    assert info.errors == ("MCP: c: not found", 'MCP: {"name": "d"}')
    assert "secret" not in info.model_dump_json()


def test_mcp_servers_are_those_configured_until_init() -> None:
    asked = requested()
    data = asked.data.replace(b'"mcp_config": null', b'"mcp_config": {"servers": ["a"]}')
    info = state_of(header(), asked._replace(data=data)).info
    assert [(s.name, s.status) for s in info.mcp_servers] == [("a", "configured")]


def test_the_permission_mode_follows_status() -> None:
    said = system("status", status=None, permissionMode="acceptEdits")
    assert running(INIT, said).permission_mode == "acceptEdits"


ACTIVITIES: list[tuple[str, list[Record]]] = [
    ("starting", []),
    ("thinking", [INIT]),
    ("thinking", [INIT, block_start("thinking")]),
    ("writing", [INIT, block_start("text")]),
    ("Bash", [INIT, block_start("tool_use", name="Bash")]),
    ("writing", [INIT, wrote({"type": "text", "text": "hi"})]),
    ("Bash: list files", [INIT, wrote(call("t", command="ls", description="list files"))]),
    (
        "Bash: ls -la",
        [INIT, wrote(call("t", command="ls\n\x1b-la"))],
    ),
    ("Read README.md", [INIT, wrote(call("t", "Read", file_path="/a/README.md"))]),
    ("Grep: TODO", [INIT, wrote(call("t", "Grep", pattern="TODO"))]),
    ("mcp__x__y", [INIT, wrote(call("t", "mcp__x__y"))]),
    ("thinking", [INIT, wrote(call("t")), answered("t")]),
    ("Bash: one", [INIT, wrote(call("t", command="one"), call("u")), answered("u")]),
    ("waiting for permission: Bash", [INIT, may_i()]),
    ("waiting for an answer", [INIT, may_i(tool="AskUserQuestion")]),
    ("waiting for an answer", [INIT, may_i(subtype="elicitation")]),
    ("thinking", [INIT, may_i(subtype="hook_callback")]),
    (
        "thinking",
        [INIT, out({"type": "assistant", "error": "unknown", "message": {"content": "x"}})],
    ),
    (
        "thinking",
        [INIT, may_i(), sent({"type": "control_response", "response": {"request_id": "r"}})],
    ),
    ("thinking", [INIT, may_i(), out({"type": "control_cancel_request", "request_id": "r"})]),
    (
        "waiting for permission: Bash",
        [
            INIT,
            may_i("q"),
            may_i("r"),
            *[out({"type": "control_cancel_request", "request_id": "r"})],
        ],
    ),
    ("retrying API (2/10)", [INIT, system("api_retry", attempt=2, max_retries=10)]),
    ("retrying API", [INIT, system("api_retry")]),
    ("compacting the conversation", [INIT, system("status", status="compacting")]),
    ("thinking", [INIT, system("status", status="compacting"), system("compact_boundary")]),
    ("hook: lint", [INIT, system("hook_started", hook_name="lint")]),
    ("thinking", [INIT, system("hook_started", hook_name="lint"), system("hook_response")]),
    ("thinking", [INIT, block_start("text"), system("thinking_tokens", estimated_tokens=9)]),
    ("Bash", [INIT, wrote(call("t")), system("thinking_tokens", estimated_tokens=9)]),
    ("idle", [INIT, DONE]),
    ("thinking", [INIT, DONE, prompt()]),
    ("thinking", [INIT, out({"type": "result", "queued_turn_count": 1})]),
    (
        "waiting for 1 background task",
        [INIT, system("background_tasks_changed", tasks=[{"task_id": "a"}]), DONE],
    ),
    (
        "waiting for 2 background tasks",
        [
            INIT,
            DONE,
            system("background_tasks_changed", tasks=[{"task_id": "a"}, {"task_id": "b"}]),
        ],
    ),
    ("writing", [INIT, block_start("text"), system("background_tasks_changed", tasks=[{}])]),
    (
        "Agent: sub",
        [
            INIT,
            wrote(call("t", "Agent", description="sub")),
            wrote({"type": "text", "text": "x"}, lane="t"),
        ],
    ),
    ("Bash: inner", [INIT, wrote(call("t", "Agent")), wrote(call("u", command="inner"), lane="t")]),
    ("", [INIT, wrote(call("t")), ended()]),
]


@pytest.mark.parametrize(("activity", "records"), ACTIVITIES)
def test_the_activity(activity: str, records: list[Record]) -> None:
    assert running(*records).activity == activity


def test_an_activity_is_one_short_clean_line() -> None:
    nasty = "a\nb\tc\x1b[31m\u202e\u2028" + "x" * 5000
    activity = running(INIT, wrote(call("t", nasty, command=nasty))).activity
    assert activity.isprintable()
    assert len(activity) <= 200


def test_tools_open_and_close() -> None:
    wrote_two = wrote(call("t", command="ls"), call("u", "Read", file_path="/a/b.md"))
    info = running(INIT, wrote_two)
    assert info.open_tools == (
        OpenTool(tool_use_id="t", name="Bash", summary="ls"),
        OpenTool(tool_use_id="u", name="Read", summary="b.md"),
    )
    assert [t.tool_use_id for t in running(INIT, wrote_two, answered("t")).open_tools] == ["u"]
    assert running(INIT, wrote_two, answered("t", "u"), answered("u")).open_tools == ()
    assert running(INIT, wrote_two, DONE).open_tools == ()
    assert running(INIT, wrote_two, ended(1)).open_tools == ()


def test_a_tool_counts_once() -> None:
    info = running(
        INIT,
        wrote(call("t")),
        wrote(call("t")),
        answered("t"),
        wrote(call("t")),
        wrote(call("u"), lane="t"),
        wrote({"type": "server_tool_use", "id": "w", "name": "web_search", "input": {}}),
        wrote({"type": "web_search_tool_result", "tool_use_id": "w", "content": []}),
    )
    assert info.tool_counts == {"Bash": 2, "web_search": 1}
    assert [tool.tool_use_id for tool in info.open_tools] == ["u"]


def test_tool_names_beyond_the_bound_count_together() -> None:
    names = [f"tool{n}" for n in range(shape.MAX_TOOL_NAMES + 30)]
    info = running(INIT, *(wrote(call(name, name)) for name in names))
    assert sum(info.tool_counts.values()) == len(names)
    assert info.tool_counts["other"] == 30
    assert len(info.open_tools) == shape.MAX_OPEN_TOOLS


def test_a_subagents_tools_outlive_the_main_result() -> None:
    tasks = system("background_tasks_changed", tasks=[{"task_id": "a"}])
    launched = [INIT, wrote(call("t", "Agent")), tasks, answered("t")]
    inner = wrote(call("u", command="inner"), lane="t")
    assert [t.name for t in running(*launched, inner, DONE).open_tools] == ["Bash"]
    over = system("task_notification", task_id="a", tool_use_id="t", status="completed")
    assert running(*launched, inner, DONE, over).open_tools == ()


def test_background_tasks_are_replaced_and_tracked() -> None:
    both = system(
        "background_tasks_changed",
        tasks=[{"task_id": "a", "task_type": "local_agent", "description": "x\ny"}],
    )
    task = BackgroundTask(task_id="a", task_type="local_agent", description="x y")
    assert running(both).background_tasks == (task,)
    assert running(both, system("background_tasks_changed", tasks=[])).background_tasks == ()
    started = system("task_started", task_id="b", is_backgrounded=True)
    assert [t.task_id for t in running(both, started, started).background_tasks] == ["a", "b"]
    foreground = system("task_started", task_id="c", is_backgrounded=False)
    assert running(foreground).background_tasks == ()
    for over in (
        system("task_updated", task_id="b", patch={"status": "completed"}),
        system("task_notification", task_id="b", status="failed"),
    ):
        assert running(started, over).background_tasks == ()
    alive = system("task_updated", task_id="b", patch={"status": "running"})
    assert len(running(started, alive).background_tasks) == 1
    assert running(started, ended()).background_tasks == ()


def test_denials_are_listed_once_with_what_is_known() -> None:
    denied = system("permission_denied", tool_name="Read", tool_use_id="t", message="by a rule")
    listed = out(
        {
            "type": "result",
            "permission_denials": [
                {"tool_name": "Read", "tool_use_id": "t", "tool_input": {}},
                {"tool_name": "Bash", "tool_use_id": "u"},
                {"tool_name": "Bash"},
                {"tool_name": "Bash"},
            ],
        }
    )
    expected = (
        Denial(tool_name="Read", tool_use_id="t", message="by a rule"),
        Denial(tool_name="Bash", tool_use_id="u"),
        Denial(tool_name="Bash"),
    )
    assert running(denied, listed, listed).denials == expected
    assert running(listed, denied).denials == expected


def test_errors_are_gathered_once_and_bounded() -> None:
    texts = [f"error {n}" for n in range(30)]
    info = running(out({"type": "result", "is_error": True, "errors": [*texts, "x" * 9000]}))
    assert len(info.errors) == shape.MAX_ERRORS
    failed = {"type": "assistant", "error": "unknown"}
    said = {"message": {"content": [{"type": "text", "text": "API Error: 400"}]}}
    twice = running(out({**failed, **said}), out({**failed, **said}), out(failed))
    assert twice.errors == ("API Error: 400", "unknown")
    long = running(out({"type": "result", "is_error": True, "result": "x" * 9000}))
    assert len(long.errors[0]) == 4000
    lost = running(system("session_writes_lost", error_code="ENOSPC"))
    assert "ENOSPC" in lost.errors[0]


def test_stderr_is_kept_by_its_tail() -> None:
    state = state_of(*opening(), line("err", b"first"), line("err", b"x" * 9000), line("err", b"z"))
    assert len(state.stderr_tail) == shape.STDERR_TAIL
    assert state.stderr_tail.endswith("x\nz\n")
    assert state.info.errors == ()


def test_structured_output_is_kept_unless_no_page_could_read_it() -> None:
    good = out({"type": "result", "subtype": "success", "structured_output": {"a": [1, None]}})
    assert running(good).structured_output == {"a": [1, None]}
    bad = line("out", b'{"type":"result","subtype":"success","structured_output":{"a":1e999}}')
    assert running(bad).structured_output is None


def test_unknown_frames_are_counted_and_raw_lines_are_not() -> None:
    info = running(out({"type": "new"}), system("new"), line("out", b"noise"), line("out", b""))
    assert info.unknown_frames == 2


def test_where_it_comes_from() -> None:
    request = {"query": "q", "project_path": "/p"}
    info = state_of(meta("requested", recorded=True, resumed_from="e0", request=request)).info
    assert (info.recorded, info.resumed_from) == (True, "e0")


def test_what_a_subagent_asks_outlives_the_result_of_the_main_turn() -> None:
    alive = system("background_tasks_changed", tasks=[{"task_id": "t1"}])
    info = running(INIT, wrote(call("agent", "Agent")), alive, may_i("mine"), subagent_asks(), DONE)
    assert [one.control_id for one in info.open_requests] == ["of-subagent"]
