"""What a call of a tool that edits changes: from its input before, from its result after.

The rule: pure; the CLI's own patch where there is one, else what the input tells, and then the line
numbers are not known. What has to be compared here is compared within a bound; beyond it the whole
of the one is told to become the whole of the other.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from claude_widget.blocks.values import Json, as_list, as_number, as_object, as_text, split_lines

_CONTEXT = 3
_MOST_LINES = 2_000
"""Of both texts; the time of a comparison grows with their product."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Lines that changed, and those around them.

    Attributes:
        old_start: line number from 1; new_start is that of the text after.
        lines: each begins with a space, "-", "+", or a backslash for a remark.
    """

    old_start: int
    new_start: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Edit:
    """The change of one file.

    Attributes:
        numbered: the line numbers are those of the file, not of the part that the input names.
        created: the file was not there before.
    """

    path: str
    hunks: tuple[Hunk, ...]
    numbered: bool
    created: bool = False


def edit_of(name: str, given: Json, data: Json) -> Edit | None:
    """What a tool changes; None for one that edits no file.

    Args:
        name: the tool's.
        given: its input.
        data: the CLI's `tool_use_result`; empty before it is there.
    """
    edit = _EDITORS.get(name)
    return edit(given, data) if edit else None


def _edited(given: Json, data: Json) -> Edit:
    path = as_text(given.get("file_path")) or as_text(data.get("filePath"))
    if patch := _read_hunks(data.get("structuredPatch")):
        return Edit(path, patch, numbered=True)
    several = given.get("edits")
    edits = [as_object(one) for one in as_list(several)] if isinstance(several, list) else [given]
    hunks = [
        hunk
        for edit in edits
        for hunk in _between(as_text(edit.get("old_string")), as_text(edit.get("new_string")))
    ]
    return Edit(path, tuple(hunks), numbered=False)


def _written(given: Json, data: Json) -> Edit:
    path = as_text(given.get("file_path")) or as_text(data.get("filePath"))
    created = data.get("type") == "create"
    if patch := _read_hunks(data.get("structuredPatch")):
        return Edit(path, patch, numbered=True, created=created)
    content = as_text(given.get("content")) or as_text(data.get("content"))
    before = data.get("originalFile")
    hunks = _between(before, content) if isinstance(before, str) else _all_added(content)
    return Edit(path, hunks, numbered=True, created=created)


def _cell_edited(given: Json, data: Json) -> Edit:
    path = as_text(given.get("notebook_path")) or as_text(data.get("notebook_path"))
    after = "" if given.get("edit_mode") == "delete" else as_text(given.get("new_source"))
    before = as_text(data.get("old_source"))
    hunks = _between(before, after) if before else _all_added(after)
    return Edit(path, hunks, numbered=True)


_EDITORS: dict[str, Callable[[Json, Json], Edit]] = {
    "Edit": _edited,
    "MultiEdit": _edited,
    "Write": _written,
    "NotebookEdit": _cell_edited,
}


def _read_hunks(value: object) -> tuple[Hunk, ...]:
    """`structuredPatch` of a tool's result."""
    found = []
    for item in as_list(value):
        hunk = as_object(item)
        lines = tuple(line for line in as_list(hunk.get("lines")) if isinstance(line, str))
        if lines:
            starts = (as_number(hunk.get(name)) for name in ("oldStart", "newStart"))
            old, new = (1 if start is None else int(start) for start in starts)
            found.append(Hunk(old, new, lines))
    return tuple(found)


def _between(before: str, after: str) -> tuple[Hunk, ...]:
    """The change from one text to another; none where they are the same."""
    if before == after:
        return ()
    old, new = split_lines(before), split_lines(after)
    if len(old) + len(new) > _MOST_LINES:
        return (Hunk(1, 1, (*_marked("-", old), *_marked("+", new))),)
    matcher = difflib.SequenceMatcher(None, old, new)
    found = []
    for group in matcher.get_grouped_opcodes(_CONTEXT):
        lines: list[str] = []
        for tag, i1, i2, j1, j2 in group:
            if tag == "equal":
                lines += _marked(" ", old[i1:i2])
            else:
                lines += [*_marked("-", old[i1:i2]), *_marked("+", new[j1:j2])]
        found.append(Hunk(group[0][1] + 1, group[0][3] + 1, tuple(lines)))
    return tuple(found)


def _marked(mark: str, lines: Sequence[str]) -> list[str]:
    return [mark + line for line in lines]


def _all_added(text: str) -> tuple[Hunk, ...]:
    lines = _marked("+", split_lines(text))
    return (Hunk(1, 1, tuple(lines)),) if lines else ()


def count_changes(hunks: Sequence[Hunk]) -> tuple[int, int]:
    """Lines that were added, and those that were removed."""
    lines = [line for hunk in hunks for line in hunk.lines]
    return sum(line.startswith("+") for line in lines), sum(line.startswith("-") for line in lines)
