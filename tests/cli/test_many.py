"""Several real CLIs at once, and one after another where only one may run."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionStatus
from tests.cli import checks
from tests.cli.conftest import MakeManager
from tests.cli.test_runs import script
from tests.real_cli import find_real_cli
from tests.scripted_api import Choice, ScriptedAPI
from tests.waiting import until

ROOT = Path(__file__).parents[2]
_SCRIPT = """
import sys
from claude_widget.manager import ProcessManager

state, cli, project = sys.argv[1:]
manager = ProcessManager(state, cli, max_concurrency=1)
first = manager.start_execution('SCENARIO:say {"text": "one"}', project)
second = manager.start_execution('SCENARIO:say {"text": "two"}', project)
print(first.status, second.status)
second.wait(60)
first.wait(60)
manager.close()
print(first.result, first.status, second.result, second.status)
print(first.info.end_time <= second.info.start_time)
"""


async def test_three_at_once(
    manager: ProcessManager,
    project: Path,
    scripted_api: ScriptedAPI,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = ["one", "two", "three"]
    choose = scripted_api.choose

    def all_ask() -> bool:
        asked = str([request.body for request in scripted_api.messages])
        return all(f"the prompt {text}" in asked for text in texts)

    def held(body: Mapping[str, Any]) -> Choice:
        """None is answered, and ends, before all of them have asked."""
        until(all_ask, what="all three have asked")
        return choose(body)

    monkeypatch.setattr(scripted_api, "choose", held)
    started = [
        manager.start_execution(f"the prompt {text}: " + script("say", text=text), project)
        for text in texts
    ]
    await asyncio.gather(*started)
    for execution, text in zip(started, texts, strict=True):
        checks.ended(execution, "completed", "success", result=text)
    spans = [(each.info.start_time or 0, each.info.end_time or 0) for each in started]
    assert max(start for start, _ in spans) < min(end for _, end in spans), "all ran at once"
    assert len({each.info.session_id for each in started}) == 3


async def test_listener_of_one_never_hears_another(manager: ProcessManager, project: Path) -> None:
    heard: list[str] = []
    first = manager.start_execution(script("say", text="mine"), project)
    unsubscribe = manager.subscribe(
        lambda told: heard.append(told.execution_id), first.execution_id
    )
    other = manager.start_execution(script("say", text="other"), project)
    await asyncio.gather(first, other)
    unsubscribe()
    assert set(heard) == {first.execution_id}


def test_one_slot_in_a_synchronous_script(
    world: dict[str, str], runtime_dir: Path, tmp_path: Path, project: Path
) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(tmp_path / "state"), find_real_cli(), str(project)],
        env={**world, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(runtime_dir)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout.splitlines()[1:] == ["one completed two completed", "True"]


def test_pending_ones_wait_in_order(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=1)
    blocker = manager.start_execution("SCENARIO:never", project)
    until(lambda: blocker.status is ExecutionStatus.RUNNING, what="it runs")
    queued = [manager.start_execution(script("say", text=text), project) for text in "abc"]
    queued[1].kill()
    assert {each.status for each in (queued[0], queued[2])} == {ExecutionStatus.PENDING}
    checks.ended(queued[1], "killed", "user", costs=False, session=False)
    assert queued[1].info.start_time is None
    blocker.kill()
    checks.ended(queued[2], "completed", "success", result="c")
    checks.ended(queued[0], "completed", "success", result="a")
    assert (queued[0].info.end_time or 0) <= (queued[2].info.start_time or 0)


def test_after_waits_for_the_other_and_resumes_it(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager()
    first = manager.start_execution(script("slow", text="first"), project)
    second = manager.start_execution(script("say", text="second"), project, after=first)
    third = manager.start_execution("SCENARIO:http_400", project, after=second)
    fourth = manager.start_execution("SCENARIO:hello", project, after=[first, third])
    checks.ended(second, "completed", "success", result="second")
    assert (first.info.end_time or 0) <= (second.info.start_time or 0)
    checks.ended(third, "failed", "api_error", costs=False)
    checks.ended(fourth, "failed", "dependency", costs=False, session=False)
    assert third.execution_id in fourth.info.errors[0]
