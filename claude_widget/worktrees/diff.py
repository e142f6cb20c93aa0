"""What changed in a worktree, for people: a diff, its files, and whether there is anything.

The rule: reads, and writes nothing but scratch. It counts everything since the commit that the
worktree was made from, committed by the agent or not; what is ignored by git counts as nothing. A
diff has bounds, and says of each file that goes beyond them that it does.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from claude_widget.changes.git_commands import GitFailed
from claude_widget.changes.patch_reading import parse
from claude_widget.changes.patches import Difference, Section, compose, quoted, sections_of
from claude_widget.worktrees.beginning import check_there, compared
from claude_widget.worktrees.errors import WorktreeGone
from claude_widget.worktrees.git_worktrees import branch_tip, git_of, held
from claude_widget.worktrees.worktree import Worktree

Kind = Literal["added", "changed", "deleted"]
MOST_TEXT = 16 << 20
"""Bytes of contents that one diff is made of."""
MOST_OF_A_FILE = 2 << 20
_WITHIN = 30.0
"""Seconds in which files are compared line by line; of later ones it is only said that they
changed."""
_COMMITS = 10_000


@dataclass(frozen=True)
class ChangedFile:
    """One file of a diff.

    Attributes:
        path: below the top of the repository, with slashes.
        kind: what became of it.
        added: how many lines are new.
        removed: how many are gone.
        note: why its lines are not in the diff, such as "is no text"; empty if they are.
        text: its part of the diff.
    """

    path: str
    kind: Kind
    added: int = 0
    removed: int = 0
    note: str = ""
    text: str = field(default="", repr=False)


@dataclass(frozen=True)
class Diff:
    """What changed in a worktree.

    Attributes:
        files: each that changed, by path.
        commits: how many the agent has made.
        nested: repositories that were made within, of which nothing is looked at.
    """

    files: tuple[ChangedFile, ...] = ()
    commits: int = 0
    nested: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """All of it as git writes it; of what is no text, or is too much, only that it differs."""
        return "".join(file.text for file in self.files)

    @property
    def added(self) -> int:
        """How many lines are new."""
        return sum(file.added for file in self.files)

    @property
    def removed(self) -> int:
        """How many lines are gone."""
        return sum(file.removed for file in self.files)

    def __bool__(self) -> bool:
        return bool(self.files or self.commits or self.nested)


def diff_of(worktree: Worktree) -> Diff:
    """What changed since the worktree was made; nothing of what git ignores.

    Raises:
        WorktreeGone: it is not there any more.
        WorktreeFailed: it cannot be told, such as beyond the bounds.
    """
    with held(worktree) as current:
        return Diff() if current.outcome == "unchanged" else _diff_of(current)


def _diff_of(worktree: Worktree) -> Diff:
    files: list[ChangedFile] = []
    room, until = MOST_TEXT, time.monotonic() + _WITHIN
    with compared(worktree) as comparison:
        for difference in comparison.state.differences():
            size = sum(len(one.data) for one in (difference.old, difference.new) if one)
            why = ""
            if size > min(room, MOST_OF_A_FILE):
                why = f"has {size:,} bytes to compare, which is too much"
            elif time.monotonic() > until:
                why = "was not compared: there is too much"
            else:
                room -= size
            files.append(_shown(difference, why))
        for path, why in comparison.state.left_out().items():
            files.append(ChangedFile(path, "changed", note=why, text=_differ(path, why)))
        nested = comparison.nested
    files.sort(key=lambda file: file.path)
    return Diff(tuple(files), commits_of(worktree), nested)


def _shown(difference: Difference, why: str) -> ChangedFile:
    """A file of the diff."""
    path = difference.path
    kind: Kind = (
        "added" if difference.old is None else "deleted" if difference.new is None else "changed"
    )
    if why:
        return ChangedFile(path, kind, note=why, text=_differ(path, why))
    sections = sections_of(difference)
    if any(section.binary is not None for section in sections):
        sizes = [len(one.data) if one else 0 for one in (difference.old, difference.new)]
        why = f"is no text; {sizes[0]:,} bytes before, {sizes[1]:,} after"
    return _file_of(path, kind, sections, why)


def diff_in(patch: str, left_out: Iterable[tuple[str, str]] = ()) -> Diff:
    """What a patch changes, told as what changed in a worktree is.

    Args:
        patch: in git's form, as recordings have it.
        left_out: files that changed as well, as (path, why they are not in it).

    Raises:
        PatchConflict: it is damaged.
    """
    of_path: dict[str, list[Section]] = {}
    for section in parse(patch):
        of_path.setdefault(section.path, []).append(section)
    files = [_in_patch(path, sections) for path, sections in of_path.items()]
    return Diff((*files, *(ChangedFile(path, "changed", note=why) for path, why in left_out)))


def _in_patch(path: str, sections: list[Section]) -> ChangedFile:
    new, gone = sections[0].old_mode is None, sections[-1].new_mode is None
    binary = [one.binary for one in sections if one.binary is not None]
    why = f"is no text; {len(binary[-1]):,} bytes after" if binary else ""
    return _file_of(path, "added" if new else "deleted" if gone else "changed", sections, why)


def _file_of(path: str, kind: Kind, sections: list[Section], why: str) -> ChangedFile:
    lines = [line[:1] for one in sections for hunk in one.hunks for line in hunk.lines]
    text = "".join(_text_of(section, why) for section in sections)
    return ChangedFile(path, kind, lines.count(b"+"), lines.count(b"-"), why, text)


def _text_of(section: Section, why: str) -> str:
    if section.binary is None:
        return compose([section])
    return compose([dataclasses.replace(section, binary=None)]) + _named(section.path, why)


def _differ(path: str, why: str) -> str:
    return f"diff --git {quoted(f'a/{path}')} {quoted(f'b/{path}')}\n{_named(path, why)}"


def _named(path: str, why: str) -> str:
    return f"Binary files {quoted(f'a/{path}')} and {quoted(f'b/{path}')} differ ({why})\n"


def commits_of(worktree: Worktree) -> int:
    """How many commits the agent has made, on its branch or wherever its work tree is now."""
    tips = {worktree.base}
    try:
        tips |= {tip for tip in (head_of(worktree), branch_tip(worktree)) if tip}
        if len(tips) == 1:
            return 0
        git = git_of(worktree)
        told = git.run("rev-list", "--count", f"-n{_COMMITS}", *tips, f"^{worktree.base}")
        return int(told)
    except (GitFailed, ValueError):
        return int(len(tips) > 1)


def head_of(worktree: Worktree) -> str | None:
    """The commit that its work tree is at; None if nobody can tell."""
    try:
        asked = ("rev-parse", "--verify", "--quiet", "HEAD^{commit}")
        return git_of(worktree).run(*asked, fine=(0, 1, 128)).decode().strip() or None
    except GitFailed:
        return None


def state_of(worktree: Worktree) -> Literal["clean", "changed", "removed"]:
    """Whether there is anything in it that would be lost with it.

    Raises:
        WorktreeFailed: it cannot be told.
    """
    try:
        check_there(worktree)
    except WorktreeGone:
        return "removed"
    if commits_of(worktree):
        return "changed"
    with compared(worktree) as comparison:
        changed = comparison.state.changed_paths() or comparison.nested
    return "changed" if changed else "clean"


def is_untouched(worktree: Worktree) -> bool:
    """Whether nothing at all is in it that was not there before, ignored or not.

    Raises:
        WorktreeFailed: it cannot be told.
    """
    if state_of(worktree) != "clean":
        return False
    with compared(worktree) as comparison:
        return not comparison.has_ignored()
