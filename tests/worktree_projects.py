"""Projects in real git repositories, and worktrees of them.

The rule: the real git, and nothing of the machine's settings: what an agent would do in a worktree
is done with plain commands there.
"""

from __future__ import annotations

import uuid
from pathlib import Path

from claude_widget.execution import Execution
from claude_widget.worktrees.git_worktrees import add
from claude_widget.worktrees.source import source_of
from claude_widget.worktrees.worktree import Worktree
from tests import trees
from tests.trees import git
from tests.waiting import until

REASON = "an execution works in it"
EDITS = """
from pathlib import Path
Path("code.py").write_text("one\\nTWO\\nthree\\n")
Path("new").write_text("n\\n")
"""


def made(project: Path, state: Path, name: str = "a1b2c3d4") -> Worktree:
    """A worktree of that project, in a state folder."""
    return add(source_of(project), state / "worktrees" / str(uuid.uuid4()), name, reason=REASON)


def files(worktree: Worktree) -> trees.Tree:
    """Its files, without the one by which git finds its repository."""
    return {path: data for path, data in trees.read(worktree.path).items() if path != ".git"}


def branches(project: Path) -> list[str]:
    """The branches of ours in its repository."""
    told = git(project, "for-each-ref", "--format=%(refname:short)", "refs/heads/claude-widget*")
    nested = git(project, "for-each-ref", "--format=%(refname:short)", "refs/heads/claude-widget/")
    return sorted({*told.decode().splitlines(), *nested.decode().splitlines()})


def listed(project: Path) -> str:
    """What git says of its worktrees."""
    return git(project, "worktree", "list", "--porcelain").decode()


def committed(project: Path, ref: str) -> dict[str, bytes]:
    """The files of a commit."""
    names = git(project, "ls-tree", "-r", "-z", "--name-only", ref).split(b"\0")[:-1]
    return {
        name.decode("utf-8", "surrogateescape"): git(
            project, "cat-file", "blob", f"{ref}:{name.decode('utf-8', 'surrogateescape')}"
        )
        for name in names
    }


def plant(folder: Path, name: str = "evil") -> tuple[str, Path]:
    """A program that leaves a mark when it is run, and the mark."""
    mark = folder / f"{name}-was-run"
    script = folder / f"{name}.sh"
    script.write_text(f"#!/bin/sh\ntouch '{mark}'\ncat\n")
    script.chmod(0o755)
    return str(script), mark


class Ask:
    """Makes prompts that have the fake CLI run such Python in its folder.

    Args:
        folder: where the scripts lie.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def __call__(self, script: str = EDITS, more: str = "") -> str:
        path = self._folder / f"script{self._made}.py"
        self._made += 1
        path.write_text(script)
        return f"fake:script={path} {more}".strip()


def project_files(repo: Path) -> trees.Tree:
    return {path: data for path, data in trees.read(repo).items() if not path.startswith(".git/")}


def settled(execution: Execution) -> None:
    """Nothing of its worktree is locked any more."""
    project = Path(execution.info.project_path)
    until(lambda: "\nlocked" not in listed(project), what="it is unlocked")
