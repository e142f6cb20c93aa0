"""The real CLI in a git worktree: it works there, and its session goes on there."""

from __future__ import annotations

from pathlib import Path

from claude_widget.manager import ProcessManager
from tests import trees
from tests.cli import checks
from tests.trees import git, repository

COMMANDS = (
    "pwd > where.txt; git add where.txt; git -c user.name=a -c user.email=a@b commit -qm one",
    "pwd >> where.txt",
)


def asked(command: str) -> str:
    return f'SCENARIO:bash {{"command": "{command}"}}'


def test_a_session_works_and_goes_on_in_its_worktree(
    manager: ProcessManager, project: Path
) -> None:
    folder = repository(trees.write({"readme": b"one\n"}, project))
    first = manager.start_execution(
        asked(COMMANDS[0]), folder, worktree=True, allowed_tools=["Bash"]
    )
    checks.ended(first, "completed", "success", result="It ran.")
    second = first.send(asked(COMMANDS[1]))
    checks.ended(second, "completed", "success", result="It ran.")
    assert second.info.session_id == first.info.session_id
    assert second.worktree == first.worktree != folder
    assert (second.worktree / "where.txt").read_text() == f"{first.worktree}\n" * 2
    assert second.changes.commits == 1
    branch = second.keep_branch("Where it worked")
    log = git(folder, "log", "--format=%s", f"main..{branch}").decode().splitlines()
    assert log == ["Where it worked", "one"]
    assert git(folder, "status", "--porcelain") == b""
