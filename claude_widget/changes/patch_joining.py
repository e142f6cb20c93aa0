"""Two patches, one made after the other, as the one patch of both.

The rule: text in, text out, nothing of files. What lies between two hunks is known to neither, so
each stretch of lines that both know together is compared anew. Where the second does not begin with
what the first gave, both stay, one after the other.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from claude_widget.changes.patch_redaction import UNTOLD
from claude_widget.changes.patches import LINK, NOTHING, Hunk, Section, hunks_of

_Step = tuple[bytes, bytes | int]
"""A line with its sign, or b"" and how many lines stay that nobody has told."""
_REST = 1 << 60
"""More lines than any file has: what comes after the last hunk."""


def joined(first: Iterable[Section], then: Iterable[Section]) -> list[Section]:
    """What both change together, by path; nothing of a file that is as it was in the end."""
    of_path: dict[str, list[Section]] = {}
    for section in (*first, *then):
        of_path.setdefault(section.path, []).append(section)
    return [one for path in sorted(of_path) for one in _shortened(of_path[path])]


def _shortened(sections: Sequence[Section]) -> list[Section]:
    """The sections of one file, as few as can be."""
    made: list[Section] = []
    for section in sections:
        before = made[-1] if made else None
        if before is None or not _follows(before, section):
            made.append(section)
        elif (one := _of_both(before, section)) is None:
            made.pop()
        else:
            made[-1] = one
    return made


def _follows(before: Section, section: Section) -> bool:
    """Whether the two can be one: of text, and the second begins with what the first gave."""
    if before.new_mode is None or section.old_mode is None or section.old_mode != before.new_mode:
        return False
    if before.binary is not None or section.binary is not None or UNTOLD in _ids(before, section):
        return False
    if LINK in (before.old_mode, section.new_mode):  # which takes two sections
        return before.old_mode == section.new_mode
    return not (before.new_id and section.old_id) or before.new_id == section.old_id


def _ids(*sections: Section) -> set[str]:
    return {one for section in sections for one in (section.old_id, section.new_id)}


def _of_both(before: Section, section: Section) -> Section | None:
    """One section in place of the two; None if nothing differs in the end."""
    old_id, new_id = before.old_id or section.old_id, section.new_id or before.new_id
    if (before.old_mode, old_id) == (section.new_mode, new_id) or (
        before.old_mode is None and section.new_mode is None
    ):
        return None
    whole = dataclasses.replace(before, new_mode=section.new_mode, old_id=old_id, new_id=new_id)
    if old_id == new_id:
        return dataclasses.replace(whole, old_id="", new_id="", hunks=())
    if section.new_mode is None:
        whole = dataclasses.replace(whole, new_id=NOTHING)
    steps = _both(_steps(before.hunks, _REST), _Given(_steps(section.hunks, 2 * _REST)))
    return dataclasses.replace(whole, hunks=tuple(_compared(steps)))


def _steps(hunks: Sequence[Hunk], rest: int) -> Iterator[_Step]:
    """All of a file, as its hunks tell it, with so many lines after the last of them."""
    at = 0
    for hunk in hunks:
        if hunk.old_at > at:
            yield b"", hunk.old_at - at
        for line in hunk.lines:
            yield line[:1], line[1:]
        at = hunk.old_at + len(hunk.image(b"-"))
    yield b"", rest


@dataclass
class _Given:
    """The steps of the second patch, taken one line of the first one's result at a time."""

    steps: Iterator[_Step]
    _left: int = field(default=0, init=False)

    def next(self, most: int) -> Iterator[_Step]:
        """What becomes of so many lines, or fewer; what it puts before them comes first."""
        while not self._left:
            sign, told = next(self.steps)
            if isinstance(told, int):
                self._left = told
            else:
                yield sign, told
                if sign != b"+":
                    return
        taken = min(self._left, most)
        self._left -= taken
        yield b"", taken


def _both(first: Iterator[_Step], then: _Given) -> Iterator[_Step]:
    """What becomes of the lines that were there before the first."""
    for sign, told in first:
        if sign == b"-":
            yield sign, told
            continue
        left = told if isinstance(told, int) else 1
        while left:
            for did, line in then.next(left):
                if did == b"+":
                    yield did, line
                    continue
                count = line if isinstance(line, int) else 1
                left -= count
                if sign == b"+":
                    if did != b"-":
                        yield sign, told
                elif did == b"" and isinstance(told, bytes):
                    yield sign, told
                else:
                    yield did, line


def _compared(steps: Iterable[_Step]) -> Iterator[Hunk]:
    """The hunks of each stretch of lines that are known."""
    old: list[bytes] = []
    new: list[bytes] = []
    old_at = new_at = 0
    for sign, told in steps:
        if isinstance(told, bytes):
            if sign != b"+":
                old.append(told)
            if sign != b"-":
                new.append(told)
            continue
        for hunk in hunks_of(b"".join(old), b"".join(new)):
            yield Hunk(hunk.old_at + old_at, hunk.new_at + new_at, hunk.lines)
        old_at, new_at = old_at + len(old) + told, new_at + len(new) + told
        old, new = [], []
