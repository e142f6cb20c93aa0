"""Conversations with the real CLI: permissions, questions, plans, a session that is changed.

The rule: what the model is told afterwards is read from the scripted API's requests, so that an
answer is followed all the way.
"""

from __future__ import annotations

import json
import re
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import ControlFailed, RequestGone
from claude_widget.execution import Execution
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionStatus
from claude_widget.permissions import PermissionRequest
from claude_widget.protocol import Allow, Deny
from tests.cli import checks
from tests.cli.conftest import MakeManager
from tests.cli.test_runs import script
from tests.real_cli import find_real_cli
from tests.recorded_runs import ANSWERS, QUESTIONS
from tests.scenarios import Text, ToolUse, Turn
from tests.scripted_api import ScriptedAPI
from tests.waiting import BOUND, until

MARK = script("bash", command="touch mark.txt")
SERVER = Path(__file__).parents[1] / "mcp_server.py"
STREAM = Turn([Text("The quick brown fox jumps. ", chunk=9, delay=0.05, times=200)])


class Held(list[Turn]):
    """Answers of which those after the first are given once `known` is set."""

    def __init__(self, turns: list[Turn]) -> None:
        super().__init__(turns)
        self.known = threading.Event()

    def __getitem__(self, number: Any) -> Any:
        if number:
            self.known.wait(BOUND)
        return super().__getitem__(number)


@pytest.fixture
def watched(manager: ProcessManager) -> ProcessManager:
    """A manager that a page has been heard of."""
    manager.page_seen()
    return manager


def asked(execution: Execution, but: str = "") -> PermissionRequest:
    """Its open request, other than that one."""

    def found() -> list[PermissionRequest]:
        return [request for request in execution.requests if request.control_id != but]

    return until(found, what="it asks")[0]


def told(api: ScriptedAPI) -> str:
    """What the model was told last: the tool's result, and what the CLI adds to it."""
    return json.dumps(api.messages[-1].body["messages"][-2:])


def servers(*arguments: str) -> dict[str, Any]:
    return {"mcpServers": {"greeter": {"command": sys.executable, "args": [*arguments]}}}


# -- permissions ---------------------------------------------------------------------------------


def test_allowed_once(watched: ProcessManager, project: Path) -> None:
    execution = watched.start_execution(MARK, project)
    request = asked(execution)
    assert (request.asks, request.tool_name) == ("permission", "Bash")
    assert request.input["command"] == "touch mark.txt"
    assert execution.info.session_state == "requires_action"
    execution.answer_request(request.control_id, Allow())
    checks.ended(execution, "completed", "success", result="It ran.")
    assert (project / "mark.txt").exists()


def test_allowed_with_another_input(watched: ProcessManager, project: Path) -> None:
    execution = watched.start_execution(MARK, project)
    request = asked(execution)
    edited = {**request.input, "command": "touch other.txt"}
    execution.answer_request(request.control_id, Allow(updated_input=edited))
    checks.ended(execution, "completed", "success", result="It ran.")
    assert not (project / "mark.txt").exists()
    assert (project / "other.txt").exists()


def test_allowed_always(watched: ProcessManager, project: Path, scripted_api: ScriptedAPI) -> None:
    mark = ToolUse("Bash", {"command": "touch mark.txt", "description": "Make a mark"})
    scripted_api.scripts["Make it twice."] = [Turn([mark]), Turn([mark]), Turn([Text("Twice.")])]
    execution = watched.start_execution("Make it twice.", project)
    request = asked(execution)
    execution.answer_request(request.control_id, request.allow_always())
    checks.ended(execution, "completed", "success", result="Twice.")
    assert len(checks.frames(execution, "control_request")) == 1
    assert "touch mark.txt" in (project / ".claude" / "settings.local.json").read_text()


def test_denied_with_a_message(
    watched: ProcessManager, project: Path, scripted_api: ScriptedAPI
) -> None:
    execution = watched.start_execution(MARK, project)
    execution.answer_request(asked(execution).control_id, Deny(message="Not in this folder."))
    checks.ended(execution, "completed", "denied", result="It ran.")
    assert "Not in this folder." in told(scripted_api)
    assert execution.info.denials[0].message == "Not in this folder."


def test_denied_and_stopped(watched: ProcessManager, project: Path) -> None:
    execution = watched.start_execution(MARK, project)
    denial = Deny(message="Stop.", interrupt=True)
    execution.answer_request(asked(execution).control_id, denial)
    execution.wait(BOUND)
    assert execution.status is ExecutionStatus.COMPLETED
    assert execution.result != "It ran."


def test_request_is_taken_back_by_an_interrupt(watched: ProcessManager, project: Path) -> None:
    execution = watched.start_execution(MARK, project)
    request = asked(execution)
    execution.interrupt()
    until(lambda: not execution.info.open_requests, what="it asks no more")
    with pytest.raises(RequestGone) as caught:
        execution.answer_request(request.control_id, True)
    assert caught.value.became in ("cancelled", "ended")
    checks.ended(execution, "completed", "interrupted")
    assert execution.info.denials == ()


def test_script_without_a_page_is_denied_and_told_why(
    manager: ProcessManager, project: Path, scripted_api: ScriptedAPI
) -> None:
    execution = manager.start_execution(MARK, project)
    checks.ended(execution, "completed", "denied", result="It ran.")
    assert "no notebook page" in told(scripted_api)
    assert not (project / "mark.txt").exists()


def test_callable_decides(make_manager: MakeManager, project: Path) -> None:
    async def decide(request: PermissionRequest) -> bool:
        return "mark" in request.input["command"]

    manager = make_manager(max_concurrency=1)
    execution = manager.start_execution(MARK, project, permissions=decide)
    checks.ended(execution, "completed", "success", result="It ran.")
    assert (project / "mark.txt").exists()


def test_deny_asks_nobody(watched: ProcessManager, project: Path) -> None:
    execution = watched.start_execution(MARK, project, permissions="deny")
    checks.ended(execution, "completed", "denied", result="It ran.")
    assert not checks.frames(execution, "control_request")


def test_question_that_nobody_can_hear_ends_without_a_kernel(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(backend=LocalBackend(find_real_cli(), unwatched=1.0))
    manager.page_seen()
    execution = manager.start_execution(MARK, project)
    asked(execution)
    manager.close()
    until(lambda: checks.lifecycle(execution)[-1]["event"] == "ended", what="it is over")
    found = make_manager().get_execution(execution.execution_id)
    assert found is not None
    checks.ended(found, "failed", "idle", costs=None)
    assert "waited for an answer" in found.info.errors[0]


# -- questions and plans -------------------------------------------------------------------------


def test_questions_are_answered(
    watched: ProcessManager, project: Path, scripted_api: ScriptedAPI
) -> None:
    questions = ToolUse("AskUserQuestion", {"questions": QUESTIONS})
    scripted_api.scripts["Ask me."] = [Turn([questions]), Turn([Text("Thanks.")])]
    execution = watched.start_execution("Ask me.", project)
    request = asked(execution)
    assert request.asks == "questions"
    assert execution.info.activity == "waiting for an answer"
    assert execution.info.open_requests[0].summary == QUESTIONS[0]["question"]
    execution.answer_request(request.control_id, request.answer(ANSWERS))
    checks.ended(execution, "completed", "success", result="Thanks.")
    heard = told(scripted_api)
    for question, answer in ANSWERS.items():
        said = answer if isinstance(answer, str) else ", ".join(answer)
        assert f'\\"{question}\\"=\\"{said}\\"' in heard


@pytest.mark.parametrize("approved", [True, False])
def test_plan(
    watched: ProcessManager, project: Path, scripted_api: ScriptedAPI, approved: bool
) -> None:
    first, last = Turn([ToolUse("Bash", {"command": "ls"})]), Turn([Text("So be it.")])
    turns = Held([first, Turn([Text("(replaced)")]), Turn([ToolUse("ExitPlanMode", {})]), last])
    scripted_api.scripts["Make a plan."] = turns
    execution = watched.start_execution("Make a plan.", project, permission_mode="plan")
    until(lambda: scripted_api.messages, what="the model is asked")
    path = re.search(r'[^"\s\\`]*plans/[a-z-]+\.md', json.dumps(scripted_api.messages[0].body))
    assert path is not None
    turns[1] = Turn([ToolUse("Write", {"file_path": path[0], "content": "# The plan\n"})])
    turns.known.set()
    request = asked(execution)
    assert (request.asks, request.input["plan"]) == ("plan", "# The plan\n")
    assert execution.info.permission_mode == "plan"
    decision = Allow() if approved else Deny(message="Think again.")
    execution.answer_request(request.control_id, decision)
    reason = "success" if approved else "denied"
    checks.ended(execution, "completed", reason, result="So be it.")
    assert execution.info.permission_mode == ("default" if approved else "plan")
    assert ("approved your plan" if approved else "Think again.") in told(scripted_api)


# -- the session ---------------------------------------------------------------------------------


def test_model_effort_and_mode_change_while_it_runs(
    watched: ProcessManager, project: Path, scripted_api: ScriptedAPI
) -> None:
    scripted_api.scripts["Tell the story."] = [STREAM]
    execution = watched.start_execution("Tell the story.", project, keep_open=True)
    until(lambda: checks.frames(execution, "stream_event"), what="text streams")
    with pytest.raises(ControlFailed, match="'no-such-model' not found"):
        execution.set_model("no-such-model")
    with pytest.raises(ControlFailed, match="not launched with"):
        execution.set_permission_mode("bypassPermissions")
    execution.set_model("sonnet")
    execution.set_effort("low")
    execution.set_permission_mode("acceptEdits")
    info = execution.info
    assert info.model is not None
    assert "sonnet" in info.model
    assert (info.effort, info.permission_mode) == ("low", "acceptEdits")
    execution.interrupt()
    until(lambda: execution.info.awaits_input, what="its turn is over")
    execution.send(script("say", text="changed"))
    until(lambda: execution.info.result == "changed", what="it has answered")
    body = scripted_api.messages[-1].body
    assert (body["model"], body["output_config"]) == (info.model, {"effort": "low"})
    execution.end()
    checks.ended(execution, "completed", "success", result="changed")


def test_models_are_those_that_the_cli_offers(
    make_manager: MakeManager, manager: ProcessManager, project: Path
) -> None:
    checks.ended(
        manager.start_execution("SCENARIO:hello", project),
        "completed",
        "success",
        result="Hello from the scripted model.",
    )
    by_value = {model.value: model for model in manager.models}
    assert "high" in by_value["sonnet"].efforts
    assert by_value["sonnet"].name == "Sonnet"
    assert make_manager().models == manager.models


def test_background_task_is_stopped(watched: ProcessManager, project: Path) -> None:
    execution = watched.start_execution(
        script("background_bash", command="sleep 300"), project, allowed_tools=["Bash"]
    )
    tasks = until(lambda: execution.info.background_tasks, what="it is alive")
    execution.stop_task(tasks[0].task_id)
    checks.ended(execution, "completed", "success", result="It runs in the background.")
    (told,) = checks.frames(execution, "system", "task_notification")
    assert told["status"] == "stopped"


def test_text_of_a_subagent_is_forwarded(watched: ProcessManager, project: Path) -> None:
    execution = watched.start_execution("SCENARIO:subagent", project)
    checks.ended(
        execution, "completed", "success", result="Second answer, with what the subagent found."
    )
    (call,) = [
        block
        for frame in checks.frames(execution, "assistant")
        for block in frame["message"]["content"]
        if block["type"] == "tool_use"
    ]
    texts = [
        block["text"]
        for frame in checks.frames(execution, "assistant")
        if frame["parent_tool_use_id"] == call["id"]
        for block in frame["message"]["content"]
        if block["type"] == "text"
    ]
    assert texts == ["The subagent looked around."]


# -- MCP servers ---------------------------------------------------------------------------------


def test_server_is_told_and_connected_again(watched: ProcessManager, project: Path) -> None:
    execution = watched.start_execution(
        "SCENARIO:hello",
        project,
        mcp_config=servers(str(SERVER)),
        keep_open=True,
        required_mcp_servers=["greeter"],
    )
    until(lambda: execution.info.awaits_input, what="its turn is over")
    assert [(one.name, one.status) for one in execution.mcp_status()] == [("greeter", "connected")]
    execution.reconnect_mcp_server("greeter")
    with pytest.raises(ControlFailed, match="not found"):
        execution.reconnect_mcp_server("none-such")
    execution.end()
    checks.ended(execution, "completed", "success", result="Hello from the scripted model.")


@pytest.mark.parametrize(
    ("config", "says"),
    [
        (servers("-c", "raise SystemExit(1)"), "'greeter' is not connected: failed"),
        ({"mcpServers": {"other": {"command": "true"}}}, "'greeter' is not connected: not conf"),
    ],
    ids=["dies", "absent"],
)
def test_required_server_that_is_not_there_fails_it(
    watched: ProcessManager, project: Path, config: dict[str, Any], says: str
) -> None:
    execution = watched.start_execution(
        "SCENARIO:never", project, mcp_config=config, required_mcp_servers=["greeter"]
    )
    checks.ended(execution, "failed", "startup", costs=None)
    assert says in " ".join(execution.info.errors)
