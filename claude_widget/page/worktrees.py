"""What the page is told of worktrees and of recorded changes, and what it has done with them.

The rule: it translates, and bounds every answer in bytes. Git runs in the thread of the request,
which is one of the lanes'.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from claude_widget import protocol
from claude_widget.changes.observed import Changes, is_applied
from claude_widget.execution import Execution
from claude_widget.protocol.incoming import sound_text
from claude_widget.protocol.worktrees import MOST_DIFF, MOST_FILES
from claude_widget.worktrees.diff import ChangedFile, Diff, diff_in
from claude_widget.worktrees.errors import NoWorktree
from claude_widget.worktrees.worktree import Worktree

_LONGEST_NOTE = 500
_MOST_NOTES = 10
_UNKNOWN = "its recording does not say"
_MIXED = "Others changed the folder at the same time, so it cannot be applied alone."
_REDACTED = "What was secret is not in it: placeholders stand in its place."
_GONE: dict[str, protocol.WorktreeState] = {
    "kept": "kept",
    "discarded": "discarded",
    "unchanged": "clean",
    "removed": "removed",
}


def diff_of(execution: Execution, message: protocol.GetDiff) -> protocol.DiffAnswer:
    """What is in the execution's worktree, as far as one answer holds it.

    Raises:
        NoWorktree: it has none.
        WorktreeFailed, PatchConflict: it cannot be told.
    """
    if execution.info.recorded:
        return _recorded(execution, message)
    known = execution.known_worktree
    if known is None:
        raise NoWorktree(execution.execution_id, recorded=execution.info.recorded)
    if known.outcome:
        return _answer(message, known, _GONE[known.outcome], Diff())
    if not known.path.is_dir():
        return _answer(message, known, "removed", Diff())
    diff = execution.changes
    state: protocol.WorktreeState = "changed" if diff else "clean"
    if diff and known.applied is not None:
        state = "applied"
    return _answer(message, known, state, diff)


def _recorded(execution: Execution, message: protocol.GetDiff) -> protocol.DiffAnswer:
    """What one that was played had changed when it was recorded."""
    recorded = execution.recorded_changes or Changes("", incomplete=_UNKNOWN)
    diff = diff_in(recorded.patch, recorded.left_out)
    notes = [
        recorded.incomplete and f"What it changed is not known: {recorded.incomplete}.",
        _MIXED if recorded.mixed else "",
        _REDACTED if recorded.was_redacted else "",
    ]
    state: protocol.WorktreeState = "changed" if diff else "clean"
    if recorded.patch and is_applied(recorded, execution.info.project_path):
        state = "applied"
    return _told(
        message,
        diff,
        [note for note in notes if note],
        state=state,
        branch="",
        base="",
        recorded=True,
        may_apply=bool(recorded.patch) and not (recorded.mixed or recorded.incomplete),
    )


def settle(execution: Execution, message: protocol.SettleWorktree) -> protocol.WorktreeSettled:
    """Carry out what the user has decided.

    Raises:
        WorktreeConflict: the changes do not fit; nothing was changed.
        WorktreeNotClean: something in it would be lost; nothing was done.
        ExecutionActive: somebody works in it.
        NoWorktree, WorktreeGone, WorktreeFailed: there is nothing to decide on.
    """
    branch, count = "", 0
    if message.action == "apply":
        count = len(execution.apply())
    elif message.action == "keep-branch":
        branch = execution.keep_branch()
    else:
        execution.discard()
    return protocol.WorktreeSettled(
        request_id=message.request_id, action=message.action, branch=branch, file_count=count
    )


def _answer(
    message: protocol.GetDiff, known: Worktree, state: protocol.WorktreeState, diff: Diff
) -> protocol.DiffAnswer:
    nested = [f"{path} is a repository of its own: nothing of it is shown." for path in diff.nested]
    return _told(
        message,
        diff,
        [*known.notes, *nested],
        state=state,
        branch=known.branch,
        base=known.base,
        path="" if known.outcome else sound_text(str(known.path)),
        applied_time=known.applied,
    )


def _told(
    message: protocol.GetDiff, diff: Diff, notes: Sequence[str], **known: Any
) -> protocol.DiffAnswer:
    text = _beginning(sound_text(diff.text))
    return protocol.DiffAnswer(
        request_id=message.request_id,
        files=_files(diff.files),
        file_count=len(diff.files),
        added=diff.added,
        removed=diff.removed,
        commits=diff.commits,
        text=text,
        truncated=len(text) < len(diff.text),
        notes=tuple(sound_text(note)[:_LONGEST_NOTE] for note in notes[:_MOST_NOTES]),
        **known,
    )


def _files(files: tuple[ChangedFile, ...]) -> tuple[protocol.DiffFile, ...]:
    told: list[protocol.DiffFile] = []
    room = MOST_FILES
    for file in files:
        one = protocol.DiffFile(
            path=sound_text(file.path),
            kind=file.kind,
            added=file.added,
            removed=file.removed,
            note=sound_text(file.note)[:_LONGEST_NOTE],
        )
        room -= len(json.dumps(one.model_dump()))
        if room < 0:
            break
        told.append(one)
    return tuple(told)


def _beginning(text: str) -> str:
    """As many whole lines as an answer holds."""
    head = text[:MOST_DIFF]
    size = len(json.dumps(head))
    while size > MOST_DIFF:
        head = head[: len(head) * MOST_DIFF // size - 1]
        size = len(json.dumps(head))
    return text if len(head) == len(text) else head[: head.rfind("\n") + 1]
