"""A comparison of the real models of the CLI, in git worktrees: the best changes are promoted."""

from __future__ import annotations

from pathlib import Path

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from tests import trees
from tests.trees import repository
from tests.waiting import BOUND

COMMAND = "echo here >> log.txt; ls > listed.txt"
QUERY = f'SCENARIO:bash {{"command": "{COMMAND}"}}'


def test_two_models_work_side_by_side_and_the_better_one_is_promoted(
    manager: ProcessManager, project: Path
) -> None:
    def score(execution: Execution) -> float:
        assert "log.txt" in (execution.worktree / "listed.txt").read_text()
        return {"sonnet": 0.5, "opus": 0.9}[execution.run.request.model or ""]

    repository(trees.write({"readme": b"one\n"}, project))
    comparison = manager.compare(
        QUERY, project, models=["sonnet", "opus"], score=score, allowed_tools=["Bash"]
    )
    comparison.wait(BOUND)
    assert [one.problem for one in comparison.candidates] == ["", ""]
    assert comparison.scores == (0.5, 0.9)
    assert [one.info.model.split("-")[1] for one in comparison if one.info.model] == [
        "sonnet",
        "opus",
    ]
    assert not (project / "log.txt").exists()
    assert set(comparison.promote()) == {"log.txt", "listed.txt"}
    assert (project / "log.txt").read_text() == "here\n"
