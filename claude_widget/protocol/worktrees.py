"""What a page is told of an execution's worktree, and what it asks to become of it.

The rule: bounded in bytes, however much has changed; what is left out is said.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from claude_widget.protocol.base import Answer, Message, Request

MOST_DIFF = 200_000
"""Bytes of a diff in an answer, as JSON has them."""
MOST_FILES = 64_000
"""Bytes of the list of files."""

WorktreeState = Literal["clean", "changed", "applied", "kept", "discarded", "removed"]
SettleAction = Literal["apply", "keep-branch", "discard"]


class GetDiff(Request):
    """What an execution has changed in its worktree so far, or when it was recorded."""

    type: Literal["claude:get-diff"] = "claude:get-diff"
    execution_id: str = Field(max_length=100)


class SettleWorktree(Request):
    """Apply the changes of a worktree, keep them on their branch, or discard them unasked."""

    type: Literal["claude:settle-worktree"] = "claude:settle-worktree"
    execution_id: str = Field(max_length=100)
    action: SettleAction


class DiffFile(Message):
    """A file that has changed."""

    path: str = Field(description="Below the top of the repository.")
    kind: Literal["added", "changed", "deleted"]
    added: int = Field(0, description="How many lines are new.")
    removed: int = Field(0, description="How many are gone.")
    note: str = Field("", description="Why its lines are not told, such as that it is no text.")


class DiffAnswer(Answer):
    """What is in a worktree, or what became of it; of a replay, what was recorded."""

    type: Literal["claude:get-diff"] = "claude:get-diff"
    state: WorktreeState = Field(
        description='"applied": to the project, and the worktree is still there; "clean": nothing '
        'has changed; "kept": on its branch; "removed": by somebody else.'
    )
    branch: str
    base: str = Field(description="The commit that it was made from.")
    path: str = Field("", description="Its work tree, while it is there.")
    applied_time: float | None = Field(None, description="Epoch seconds, the kernel's clock.")
    files: tuple[DiffFile, ...] = Field((), description="By path; the first if they are many.")
    file_count: int = Field(0, description="How many there are.")
    added: int = Field(0, description="Lines, of all of them.")
    removed: int = 0
    commits: int = Field(0, description="How many the agent has made.")
    text: str = Field("", description="A unified diff, as git writes it.")
    truncated: bool = Field(False, description="The text ends before the diff does.")
    notes: tuple[str, ...] = Field((), description="What a person should know of it.")
    recorded: bool = Field(False, description="It was replayed: there is no worktree and branch.")
    may_apply: bool = Field(False, description="Of what was recorded: it can be applied.")


class WorktreeSettled(Answer):
    """It was done, all of it."""

    type: Literal["claude:settle-worktree"] = "claude:settle-worktree"
    action: SettleAction
    branch: str = ""
    file_count: int = Field(0, description="Of apply: how many files the changes are in.")
