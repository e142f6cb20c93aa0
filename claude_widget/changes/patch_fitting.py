"""What a patch makes of one file, and whether it fits.

The rule: contents in, contents out, nothing of files. A file that is as it was when the patch was
made is changed by line numbers; in one that has changed otherwise, the lines of each hunk must be
found as they were. What is already as it is to be stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from claude_widget.changes.line_diff import CONTEXT
from claude_widget.changes.patches import LINK, Content, Hunk, Section, blob_id, split_lines

_EDITED = "the patch was edited, or is damaged: it does not give what it says"


_TAKEN_OUT = re.compile(rb"\[redacted:[^\]\n]*\]|~|(?<=[/~])user|user(?=@)")
"""What redaction leaves in place of a secret, of the home folder, and of the user's name."""


class Misfit(Exception):
    """A section does not fit; the message says why."""


def fitted(present: Content | None, section: Section, *, exact: bool) -> Content | None:
    """A file as a section makes it; None where it is not to be there.

    Args:
        present: the file as it is, None if it is not there.
        section: what is to change.
        exact: the section gives the content that its id names; one that was redacted does not.

    Raises:
        Misfit: it does not fit.
    """
    if section.old_mode is None:
        return _made(present, section, exact=exact)
    if section.new_mode is None:
        _check_removed(present, section, exact=exact)
        return None
    if present is None:
        raise Misfit("is not there")
    if (present.mode == LINK) != (section.old_mode == LINK):
        raise Misfit("is not of the kind that it was")
    mode = present.mode if section.old_mode == section.new_mode else section.new_mode
    return Content(mode, _changed(present.data, section, exact=exact))


def _made(present: Content | None, section: Section, *, exact: bool) -> Content:
    made = Content(section.new_mode or 0, _by_numbers(b"", section))
    if exact and blob_id(made.data) != section.new_id:
        raise Misfit(_EDITED)
    if present is None:
        return made
    same_kind = (present.mode == LINK) == (made.mode == LINK)
    like = present.data == made.data or blob_id(present.data) == section.new_id
    if same_kind and (like or (not exact and _is_like(present.data, made.data))):
        return Content(made.mode, present.data)
    raise Misfit("is there already, with another content")


def _check_removed(present: Content | None, section: Section, *, exact: bool) -> None:
    if present is None:
        return
    same_kind = (present.mode == LINK) == (section.old_mode == LINK)
    gone = b"".join(line for hunk in section.hunks for line in hunk.image(b"-"))
    like = blob_id(present.data) == section.old_id or (not exact and _is_like(present.data, gone))
    if not same_kind or not like:
        raise Misfit("is to be deleted, and is not what it was")


def _changed(data: bytes, section: Section, *, exact: bool) -> bytes:
    if not section.old_id or data == section.binary:
        return data
    found = blob_id(data)
    if found == section.new_id:
        return data
    if found == section.old_id:
        made = _by_numbers(data, section)
        if blob_id(made) != section.new_id and (exact or section.binary is not None):
            raise Misfit(_EDITED)
        return made
    if section.binary is not None:
        raise Misfit("has changed, and is no text")
    return _by_lines(data, [_Sought(hunk, exact=exact) for hunk in section.hunks])


def _is_like(data: bytes, redacted: bytes) -> bool:
    """Whether a content may be what was redacted so."""
    lines, kept = split_lines(data), split_lines(redacted)
    pairs = zip(lines, kept, strict=False)
    return len(lines) == len(kept) and all(
        _Line(like, exact=False).is_like(line) for line, like in pairs
    )


def _by_numbers(data: bytes, section: Section) -> bytes:
    """Change what is as it was: of lines that stay, those of the file count."""
    if section.binary is not None:
        return section.binary
    lines = split_lines(data)
    made: list[bytes] = []
    at = 0
    for hunk in section.hunks:
        taken = len(hunk.image(b"-"))
        if not at <= hunk.old_at <= hunk.old_at + taken <= len(lines):
            raise Misfit(_EDITED)
        made += [*lines[at : hunk.old_at], *_put(hunk, lines, hunk.old_at)]
        at = hunk.old_at + taken
    return b"".join([*made, *lines[at:]])


def _put(hunk: Hunk, lines: Sequence[bytes], at: int) -> Iterator[bytes]:
    """What a hunk makes of the lines from there on; those that stay are the file's own."""
    for line in hunk.lines:
        if line[:1] != b"-":
            yield line[1:] if line[:1] == b"+" else lines[at]
        at += line[:1] != b"+"


class _Sought:
    """A hunk that is looked for in a file: its lines, and whether they were at its ends.

    Where it was redacted, what was taken out may have been anything.
    """

    def __init__(self, hunk: Hunk, *, exact: bool) -> None:
        self.hunk = hunk
        self._old = [_Line(line, exact=exact) for line in hunk.image(b"-")]
        self._new = [_Line(line, exact=exact) for line in hunk.image(b"+")]
        first, last = hunk.lines[:CONTEXT], hunk.lines[-CONTEXT:]
        self._at_start = hunk.old_at == 0 or any(line[:1] != b" " for line in first)
        self._at_end = len(last) < CONTEXT or any(line[:1] != b" " for line in last)

    def stands(self, lines: Sequence[bytes], place: int, *, made: bool) -> bool:
        """Its lines stand there, as they were or as they are to be."""
        image = self._new if made else self._old
        end = place + len(image)
        return (
            end <= len(lines)
            and (place == 0 or not self._at_start)
            and (end == len(lines) or not self._at_end)
            and all(one.is_like(line) for one, line in zip(image, lines[place:end], strict=True))
        )

    def nearest(self, lines: Sequence[bytes], near: int, least: int, *, made: bool) -> int | None:
        """Where it stands, as near as can be to where it was."""
        places = _outwards(near, least, len(lines))
        return next((place for place in places if self.stands(lines, place, made=made)), None)


def _outwards(near: int, least: int, most: int) -> Iterator[int]:
    """All numbers between the two, the nearest first."""
    start = min(max(near, least), most)
    yield start
    for distance in range(1, max(start - least, most - start) + 1):
        yield from (at for at in (start - distance, start + distance) if least <= at <= most)


class _Line:
    """One line of a patch, as it is compared with one of a file."""

    def __init__(self, line: bytes, *, exact: bool) -> None:
        self._pieces = [line] if exact else _TAKEN_OUT.split(line)

    def is_like(self, line: bytes) -> bool:
        """All pieces are there in order; in time that only grows with the line's length."""
        first, *others = self._pieces
        if not others:
            return line == first
        *inner, last = others
        if not (line.startswith(first) and line.endswith(last)):
            return False
        at = len(first)
        for piece in inner:
            found = line.find(piece, at)
            if found < 0:
                return False
            at = found + len(piece)
        return at + len(last) <= len(line)


def _by_lines(data: bytes, sought: Sequence[_Sought]) -> bytes:
    """Change what has changed otherwise, if each hunk's lines are found as they were."""
    lines = split_lines(data)
    if all(one.stands(lines, one.hunk.new_at, made=True) for one in sought):
        return data
    made: list[bytes] = []
    at = drift = 0
    for one in sought:
        found = one.nearest(lines, one.hunk.old_at + drift, at, made=False)
        if found is None:
            if _is_made(lines, sought):
                return data
            raise Misfit(f"has changed around line {one.hunk.old_at + 1}")
        made += [*lines[at:found], *_put(one.hunk, lines, found)]
        at, drift = found + len(one.hunk.image(b"-")), found - one.hunk.old_at
    return b"".join([*made, *lines[at:]])


def _is_made(lines: Sequence[bytes], sought: Sequence[_Sought]) -> bool:
    """Each hunk's lines are there as they are to be, in order."""
    at = drift = 0
    for one in sought:
        found = one.nearest(lines, one.hunk.new_at + drift, at, made=True)
        if found is None:
            return False
        at, drift = found + len(one.hunk.image(b"+")), found - one.hunk.new_at
    return True
