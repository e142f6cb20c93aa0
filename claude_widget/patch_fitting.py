"""What a patch makes of one file, and whether it fits.

The rule: contents in, contents out, nothing of files. A file that is as it was when the patch was
made is changed by line numbers; in one that has changed otherwise, the lines of each hunk must be
found as they were. What is already as it is to be stays as it is.
"""

from __future__ import annotations

from collections.abc import Sequence

from claude_widget.line_diff import CONTEXT
from claude_widget.patches import LINK, Content, Hunk, Section, blob_id, split_lines

_EDITED = "the patch was edited, or is damaged: it does not give what it says"


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
        return _removed(present, section)
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
    if same_kind and (present.data == made.data or blob_id(present.data) == section.new_id):
        return Content(made.mode, present.data)
    raise Misfit("is there already, with another content")


def _removed(present: Content | None, section: Section) -> None:
    if present is None:
        return
    same_kind = (present.mode == LINK) == (section.old_mode == LINK)
    if not same_kind or blob_id(present.data) != section.old_id:
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
    return _by_lines(data, section.hunks)


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
        made += lines[at : hunk.old_at]
        at = hunk.old_at
        for line in hunk.lines:
            if line[:1] != b"-":
                made.append(line[1:] if line[:1] == b"+" else lines[at])
            at += line[:1] != b"+"
    return b"".join([*made, *lines[at:]])


def _by_lines(data: bytes, hunks: Sequence[Hunk]) -> bytes:
    """Change what has changed otherwise, if each hunk's lines are found as they were."""
    lines = split_lines(data)
    if all(_at(lines, hunk.image(b"+"), hunk.new_at, hunk) for hunk in hunks):
        return data
    made: list[bytes] = []
    at = drift = 0
    for hunk in hunks:
        image = hunk.image(b"-")
        found = _nearest(lines, image, hunk.old_at + drift, at, hunk)
        if found is None:
            if _is_made(lines, hunks):
                return data
            raise Misfit(f"has changed around line {hunk.old_at + 1}")
        made += [*lines[at:found], *hunk.image(b"+")]
        at, drift = found + len(image), found - hunk.old_at
    return b"".join([*made, *lines[at:]])


def _is_made(lines: Sequence[bytes], hunks: Sequence[Hunk]) -> bool:
    """Each hunk's lines are there as they are to be, in order."""
    at = drift = 0
    for hunk in hunks:
        image = hunk.image(b"+")
        found = _nearest(lines, image, hunk.new_at + drift, at, hunk)
        if found is None:
            return False
        at, drift = found + len(image), found - hunk.new_at
    return True


def _nearest(
    lines: Sequence[bytes], image: Sequence[bytes], near: int, least: int, hunk: Hunk
) -> int | None:
    """Where the lines are found, as near as can be to where they were."""
    places = range(least, len(lines) - len(image) + 1)
    for place in sorted(places, key=lambda place: (abs(place - near), place)):
        if _at(lines, image, place, hunk):
            return place
    return None


def _at(lines: Sequence[bytes], image: Sequence[bytes], place: int, hunk: Hunk) -> bool:
    """The lines stand there; what was at an end of the file is still there."""
    first = hunk.lines[:CONTEXT]
    last = hunk.lines[-CONTEXT:]
    at_start = hunk.old_at == 0 or any(line[:1] != b" " for line in first)
    at_end = len(last) < CONTEXT or any(line[:1] != b" " for line in last)
    return (
        list(lines[place : place + len(image)]) == list(image)
        and (place == 0 or not at_start)
        and (place + len(image) == len(lines) or not at_end)
    )
