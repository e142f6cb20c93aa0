"""Patches as text: what git calls a diff, made without git.

The rule: from contents to text, the same text on every machine, and nothing of files. `git apply`
understands what is made here: paths below the project, no renames, binary content as a whole.
What is not UTF-8 or has zero bytes counts as binary, so that a patch is always text.
`patch_reading` is the way back; whether a patch fits, `patching` knows.
"""

from __future__ import annotations

import base64
import hashlib
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from claude_widget.changes import line_diff

FILE, EXECUTABLE, LINK = 0o100644, 0o100755, 0o120000
NOTHING = "0" * 40
"""The id of what is not there."""
CHUNK = 52
"""Bytes in a line of binary content, whose first letter says how many they are."""
SIZES = bytes(range(ord("A"), ord("Z") + 1)) + bytes(range(ord("a"), ord("z") + 1))
ESCAPES = {7: "a", 8: "b", 9: "t", 10: "n", 11: "v", 12: "f", 13: "r", 34: '"', 92: "\\"}
NO_NEWLINE = b"\\ No newline at end of file\n"


@dataclass(frozen=True)
class Content:
    """One file at one moment.

    Attributes:
        mode: `FILE`, `EXECUTABLE` or `LINK`.
        data: its bytes; of a link, where it leads.
    """

    mode: int
    data: bytes


@dataclass(frozen=True)
class Difference:
    """One path at two moments; None where it was not there.

    Attributes:
        path: below the project, with slashes.
    """

    path: str
    old: Content | None
    new: Content | None


@dataclass(frozen=True)
class Hunk:
    """Some lines of a file, before and after.

    Attributes:
        old_at: where they are before, counted from 0.
        new_at: and after.
        lines: each with its sign (space, minus, plus), and with its newline if it has one.
    """

    old_at: int
    new_at: int
    lines: tuple[bytes, ...]

    def image(self, sign: bytes) -> list[bytes]:
        """The lines before (b"-") or after (b"+"), context included."""
        return [line[1:] for line in self.lines if line[:1] in (b" ", sign)]


@dataclass(frozen=True)
class Section:
    """What a patch says of one file.

    Attributes:
        path: below the project, with slashes.
        old_mode: None for a new file.
        new_mode: None for a deleted one.
        old_id: git's id of the content before, `NOTHING` for a new file, "" if content stays.
        new_id: the same of what is after.
        hunks: of text.
        binary: the whole content after, of what is no text.
    """

    path: str
    old_mode: int | None
    new_mode: int | None
    old_id: str
    new_id: str
    hunks: tuple[Hunk, ...] = ()
    binary: bytes | None = None


def blob_id(data: bytes) -> str:
    """Git's id of a content."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def is_text(data: bytes) -> bool:
    """What a patch shows as lines."""
    if b"\0" in data:
        return False
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def split_lines(data: bytes) -> list[bytes]:
    r"""Lines as a patch counts them: each ends with \n, the last one perhaps without."""
    return re.findall(rb"[^\n]*\n|[^\n]+", data)


def sections_of(difference: Difference) -> list[Section]:
    """What a patch says of it: nothing if nothing differs, two where a file became a link."""
    old, new = difference.old, difference.new
    if old == new:
        return []
    if old and new and LINK in (old.mode, new.mode) and old.mode != new.mode:
        gone, made = (Difference(difference.path, *pair) for pair in ((old, None), (None, new)))
        return [*sections_of(gone), *sections_of(made)]
    before, after = old.data if old else b"", new.data if new else b""
    modes = old.mode if old else None, new.mode if new else None
    if old and new and before == after:
        return [Section(difference.path, *modes, "", "")]
    ids = blob_id(before) if old else NOTHING, blob_id(after) if new else NOTHING
    if is_text(before) and is_text(after):
        return [Section(difference.path, *modes, *ids, hunks=hunks_of(before, after))]
    return [Section(difference.path, *modes, *ids, binary=after)]


def hunks_of(before: bytes, after: bytes) -> tuple[Hunk, ...]:
    """What differs between two texts, with the lines around it."""
    old, new = split_lines(before), split_lines(after)
    made = []
    for span, blocks in line_diff.hunks(line_diff.blocks(old, new), len(old)):
        lines: list[bytes] = []
        at = span[0]
        for i, x, j, y in blocks:
            lines += [b" " + line for line in old[at:i]]
            lines += [b"-" + line for line in old[i:x]]
            lines += [b"+" + line for line in new[j:y]]
            at = x
        lines += [b" " + line for line in old[at : span[1]]]
        made.append(Hunk(span[0], span[2], tuple(lines)))
    return tuple(made)


# -- text --------------------------------------------------------------------------------------


def compose(sections: Iterable[Section]) -> str:
    """The text of a patch."""
    return b"".join(piece for section in sections for piece in _lines_of(section)).decode("utf-8")


def _lines_of(section: Section) -> Iterator[bytes]:
    old, new = quoted(f"a/{section.path}"), quoted(f"b/{section.path}")
    yield f"diff --git {old} {new}\n".encode()
    yield from _modes_of(section)
    if section.old_id:
        same = section.old_mode == section.new_mode
        mode = f" {section.new_mode:o}" if same else ""
        yield f"index {section.old_id}..{section.new_id}{mode}\n".encode()
    if section.binary is not None:
        yield b"GIT binary patch\nliteral %d\n" % len(section.binary)
        yield from _armoured(section.binary)
        yield b"\n"
    if section.hunks:
        ends = ["\t" if " " in name and name[0] != '"' else "" for name in (old, new)]
        yield f"--- {old + ends[0] if section.old_mode else '/dev/null'}\n".encode()
        yield f"+++ {new + ends[1] if section.new_mode else '/dev/null'}\n".encode()
    for hunk in section.hunks:
        yield from _lines_of_hunk(hunk)


def _modes_of(section: Section) -> Iterator[bytes]:
    if section.old_mode is None:
        yield b"new file mode %o\n" % (section.new_mode or FILE)
    elif section.new_mode is None:
        yield b"deleted file mode %o\n" % section.old_mode
    elif section.old_mode != section.new_mode:
        yield b"old mode %o\nnew mode %o\n" % (section.old_mode, section.new_mode)


def _lines_of_hunk(hunk: Hunk) -> Iterator[bytes]:
    old, new = len(hunk.image(b"-")), len(hunk.image(b"+"))
    yield f"@@ -{_range(hunk.old_at, old)} +{_range(hunk.new_at, new)} @@\n".encode()
    for line in hunk.lines:
        yield line if line.endswith(b"\n") else line + b"\n" + NO_NEWLINE


def _range(at: int, count: int) -> str:
    """Where lines are: of none, the line before them is named."""
    start = at + 1 if count else at
    return str(start) if count == 1 else f"{start},{count}"


def _armoured(data: bytes) -> Iterator[bytes]:
    packed = zlib.compress(data, 9)
    for at in range(0, len(packed), CHUNK):
        piece = packed[at : at + CHUNK]
        yield SIZES[len(piece) - 1 : len(piece)] + base64.b85encode(piece, pad=True) + b"\n"


def quoted(name: str) -> str:
    """A name as git writes it: in quotes, with escapes, where it would be taken for more."""
    data = name.encode("utf-8", "surrogateescape")
    plain = is_text(data) and not any(byte < 32 or byte in (34, 92, 127) for byte in data)
    if plain and name == name.strip() and " b/" not in name:
        return name
    text = data.decode("utf-8", "surrogateescape")
    return '"' + "".join(_escaped(character) for character in text) + '"'


def _escaped(character: str) -> str:
    code = ord(character)
    if code in ESCAPES:
        return "\\" + ESCAPES[code]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\{code - 0xDC00:03o}"
    return f"\\{code:03o}" if code < 32 or code == 127 else character
