"""The person's part in the recorded runs: who answers, interrupts, and goes on.

The rule: each act takes the `World` of a run while its CLI runs, waits for what it is about, and
does what a user would.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from claude_widget.execution import Execution
from claude_widget.permissions import PermissionRequest
from tests.scenarios import Scenario, ToolUse
from tests.scripted_api import ScriptedAPI
from tests.waiting import BOUND, until


@dataclass(frozen=True)
class World:
    """What a run's user has at hand."""

    execution: Execution
    api: ScriptedAPI
    project: Path
    scenario: Scenario

    def asked(self) -> PermissionRequest:
        """The one open request, once there is one."""
        until(lambda: self.execution.requests, what="it asks")
        return self.execution.requests[0]

    def answer(self, decision: Any) -> None:
        """Answer the next request, and wait until that has arrived."""
        request = self.asked()
        chosen = decision(request) if callable(decision) else decision
        self.execution.answer_request(request.control_id, chosen)
        until(
            lambda: request not in self.execution.requests, timeout=BOUND, what="the answer is in"
        )

    def streams(self) -> None:
        """Wait until text streams."""
        frames = self.execution.events
        until(lambda: any(_is_delta(event.raw) for event in frames), what="text")

    def waits(self) -> None:
        """Wait until it waits for input."""
        until(lambda: self.execution.info.awaits_input, what="its turn is over")


def _is_delta(frame: Mapping[str, Any]) -> bool:
    return bool(frame.get("event", {}).get("type") == "content_block_delta")


def nothing(_: World) -> None:
    """The user only watches."""


PLAN = "# Greet by name\n\n1. Give `greet` a parameter.\n2. Run the tests.\n"


def calls(name: str, /, **given: Any) -> ToolUse:
    return ToolUse(name, given, chunk=1 << 20)


def always(request: PermissionRequest) -> Any:
    return request.allow_always()


def allows_twice(world: World) -> None:
    world.answer(True)
    world.answer(True)


def plans(decision: Any) -> Callable[[World], None]:
    """The CLI tells the model where the plan goes: the scripted one writes it there."""

    def act(world: World) -> None:
        until(lambda: world.api.messages, what="the model is asked")
        found = re.search(r'[^"\s\\`]*plans/[a-z-]+\.md', json.dumps(world.api.messages[0].body))
        assert found is not None, "the CLI names no file for the plan"
        world.scenario[1].blocks[0] = calls("Write", file_path=found[0], content=PLAN)
        world.answer(decision)

    return act


def cancels(world: World) -> None:
    world.asked()
    world.execution.interrupt()
    world.waits()
    world.execution.send("Say that you stopped.")
    until(lambda: world.execution.info.result == "I stopped.", what="it said so")
    world.execution.end()


def interrupts(world: World) -> None:
    world.streams()
    world.execution.interrupt()
    world.waits()
    world.execution.send("Go on more briefly.")
    until(lambda: world.execution.info.result == "Briefly, then.", what="it went on")
    world.execution.end()


def queues(world: World) -> None:
    world.streams()
    world.execution.send("And what about the cat?")


def changes(world: World) -> None:
    world.streams()
    world.execution.set_model("sonnet")
    world.execution.set_effort("high")
    world.execution.set_permission_mode("acceptEdits")
    world.waits()
    world.execution.send("Which model are you?")
    until(lambda: world.execution.info.result == "Another one.", what="it answered")
    world.execution.end()


def stops_task(world: World) -> None:
    info = until(
        lambda: world.execution.info.background_tasks, timeout=BOUND, what="a task is alive"
    )
    world.execution.stop_task(info[0].task_id)


def asks_cost(world: World) -> None:
    """Before anything was spent, while a tool runs, and when the turn is over."""
    until(lambda: world.execution.info.session_state, what="the turn begins")
    world.execution.ask_cost()
    until(lambda: world.execution.info.open_tools, what="a tool runs")
    world.execution.ask_cost()
    world.streams()
    world.execution.ask_cost()
    world.waits()
    world.execution.ask_cost()
    world.execution.end()
