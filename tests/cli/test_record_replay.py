"""A round trip on the real CLI: recorded, then replayed with the API off and no CLI to be found."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.permissions import PermissionRequest
from tests.cli import checks
from tests.cli.test_runs import script
from tests.replaying import done, frames, told_elsewhere, without_processes
from tests.scripted_api import ScriptedAPI

Talk = Callable[[ProcessManager, Path], list[Execution]]


def talk(manager: ProcessManager, project: Path) -> list[Execution]:
    """A prompt, a command that is run once it is permitted, and a follow-up."""

    def decide(request: PermissionRequest) -> bool:
        assert manager.backend.name != "replay", "a recording has its answers with it"
        return request.tool_name == "Bash"

    written = script("bash", command="touch made.txt")
    one = manager.start_execution("SCENARIO:hello", project)
    two = manager.start_execution(written, project, permissions=decide, after=one)
    done(two)
    return [one, two, done(one.send(script("say", text="more")))]


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From now on there is no CLI, and no process can be started."""

    def off() -> None:
        without_processes(monkeypatch)
        monkeypatch.delenv("ANTHROPIC_API_KEY")
        monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")

    return off


def test_what_was_recorded_is_replayed_without_a_cli(
    make_manager: Callable[..., ProcessManager],
    project: Path,
    tmp_path: Path,
    scripted_api: ScriptedAPI,
    nothing: Callable[[], None],
) -> None:
    recordings = tmp_path / "recordings"
    record = make_manager(mode="record", recordings=recordings)
    first = talk(record, project)
    for execution in first:
        checks.ended(execution, "completed", "success", result=execution.result)
    assert record.recording_problems == ()
    assert (project / "made.txt").exists()
    asked = len(scripted_api.messages)
    record.close()
    nothing()

    with ProcessManager(tmp_path / "other", mode="replay", recordings=recordings) as replay:
        again = talk(replay, project)
        assert [x.info.recorded for x in again] == [True, True, True]
        for then, now in zip(first, again, strict=True):
            assert told_elsewhere(now.info) | OTHER == told_elsewhere(then.info) | OTHER
            assert frames(now) == frames(then)
    assert len(scripted_api.messages) == asked


OTHER = {"resumed_from": "", "after": ()}
"""What another run has otherwise: the ids of its own executions."""
