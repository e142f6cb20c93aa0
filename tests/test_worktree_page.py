"""What the page is told of a worktree, and what becomes of it by the page's word.

The rule: messages in, messages out, with the real git in between; an answer is bounded, whatever
an agent has left.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from claude_widget import protocol
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.page.desk import Desk
from claude_widget.page.panes import Panes
from claude_widget.protocol import MAX_BATCH
from tests import trees
from tests.fake import ended, running
from tests.trees import TREE, git, repository
from tests.waiting import until
from tests.worktree_projects import Ask, branches, project_files

Say = Callable[..., protocol.Answer]


@pytest.fixture
def repo(project: Path) -> Path:
    """A project in a repository, all of it committed."""
    return repository(trees.write(TREE, project))


@pytest.fixture
def say(manager: ProcessManager) -> Say:
    """Sends a message as a page does, and gives what is answered."""
    desk, panes = Desk(manager), Panes()
    said = 0

    def say(kind: str, **fields: object) -> protocol.Answer:
        nonlocal said
        said += 1
        told: list[protocol.Answer] = []
        content = {"type": f"claude:{kind}", "requestId": f"r{said}", **fields}
        message = desk.understand(content, told.append)
        if message is not None:
            desk.receive(message, panes, told.append)
        until(lambda: bool(told), what="the answer")
        protocol.KERNEL_MESSAGE.validate_python(told[0].model_dump(mode="json", by_alias=True))
        return told[0]

    return say


@pytest.fixture
def edited(manager: ProcessManager, repo: Path, tmp_path: Path) -> Execution:
    """One that has changed a file and made another one."""
    return ended(
        manager.start_execution(Ask(tmp_path)(), repo, worktree=True), "completed", "success"
    )


def diff(say: Say, execution: Execution) -> protocol.DiffAnswer:
    answer = say("get-diff", executionId=execution.execution_id)
    assert isinstance(answer, protocol.DiffAnswer), answer
    return answer


def test_the_diff_is_told_with_its_files_branch_and_base(
    say: Say, edited: Execution, repo: Path
) -> None:
    told = diff(say, edited)
    assert (told.state, told.file_count, told.added, told.removed) == ("changed", 2, 2, 1)
    assert [(file.path, file.kind, file.added) for file in told.files] == [
        ("code.py", "changed", 1),
        ("new", "added", 1),
    ]
    assert told.text == edited.diff
    assert not told.truncated
    assert told.branch == f"claude-widget/{edited.execution_id[:8]}"
    assert told.base == git(repo, "rev-parse", "HEAD").decode().strip()


def test_applying_is_told_and_the_worktree_stays(say: Say, edited: Execution, repo: Path) -> None:
    settled = say("settle-worktree", executionId=edited.execution_id, action="apply")
    assert isinstance(settled, protocol.WorktreeSettled)
    assert settled.file_count == 2
    assert (repo / "code.py").read_text() == "one\nTWO\nthree\n"
    told = diff(say, edited)
    assert told.state == "applied"
    assert told.applied_time


def test_a_conflict_is_refused_with_its_paths_and_nothing_is_applied(
    say: Say, edited: Execution, repo: Path
) -> None:
    (repo / "code.py").write_text("other\n")
    before = project_files(repo)
    refused = say("settle-worktree", executionId=edited.execution_id, action="apply")
    assert isinstance(refused, protocol.Refused)
    assert refused.kind == "WorktreeConflict"
    assert "code.py" in refused.message
    assert project_files(repo) == before
    assert diff(say, edited).state == "changed"


def test_kept_and_discarded_ones_are_told_as_that(
    say: Say, manager: ProcessManager, edited: Execution, repo: Path, tmp_path: Path
) -> None:
    other = ended(
        manager.start_execution(Ask(tmp_path)(), repo, worktree=True), "completed", "success"
    )
    kept = say("settle-worktree", executionId=edited.execution_id, action="keep-branch")
    assert isinstance(kept, protocol.WorktreeSettled)
    say("settle-worktree", executionId=other.execution_id, action="discard")
    assert branches(repo) == [kept.branch]
    told = [diff(say, one) for one in (edited, other)]
    assert [one.state for one in told] == ["kept", "discarded"]
    assert [(one.text, one.path) for one in told] == [("", ""), ("", "")]


def test_while_it_runs_it_is_looked_at_and_not_decided_on(
    say: Say, manager: ProcessManager, repo: Path, tmp_path: Path
) -> None:
    asked = Ask(tmp_path)(more=f"fake:gate={tmp_path / 'gate'}")
    execution = running(manager.start_execution(asked, repo, worktree=True))
    assert diff(say, execution).state in ("clean", "changed")
    refused = say("settle-worktree", executionId=execution.execution_id, action="discard")
    assert isinstance(refused, protocol.Refused)
    assert refused.kind == "ExecutionActive"


def test_one_without_a_worktree_is_refused(say: Say, manager: ProcessManager, repo: Path) -> None:
    execution = ended(manager.start_execution("fake:plain", repo), "completed", "success")
    refused = say("get-diff", executionId=execution.execution_id)
    assert isinstance(refused, protocol.Refused)
    assert refused.kind == "NoWorktree"


HUGE = r"""
from pathlib import Path
import os
Path("big").write_text("\x01\u202e long line\n" * 60_000)
for number in range(700):
    Path("%03d " % number + "\u202e" * 40).write_text("x\n")
open(os.fsencode("not\udcfftext"), "wb").write(b"\x00\xff")
"""


def test_an_answer_is_bounded_and_says_what_it_leaves_out(
    say: Say, manager: ProcessManager, repo: Path, tmp_path: Path
) -> None:
    asked = Ask(tmp_path)(HUGE)
    execution = ended(manager.start_execution(asked, repo, worktree=True), "completed", "success")
    told = diff(say, execution)
    assert len(told.model_dump_json(by_alias=True)) < MAX_BATCH + 64_000
    assert told.truncated
    assert told.text.endswith("\n")
    assert told.file_count == 702
    assert 0 < len(told.files) < 702
