"""Patches read back: what `patches` has written, and nothing else.

The rule: strict, for a patch lies in files that anybody may have edited: what is not whole, or was
never written here, is refused with its line. It reads text and touches no file.
"""

from __future__ import annotations

import base64
import re
import zlib

from claude_widget.changes.errors import PatchConflict
from claude_widget.changes.patches import (
    ESCAPES,
    EXECUTABLE,
    FILE,
    LINK,
    NO_NEWLINE,
    SIZES,
    Hunk,
    Section,
    split_lines,
)

LARGEST = 64 << 20
"""Bytes of one file that a patch may make: what is compressed could claim more than fits."""
_UNESCAPES = {letter: code for code, letter in ESCAPES.items()}
_HUNK = re.compile(rb"@@ -(\d{1,9})(?:,(\d{1,9}))? \+(\d{1,9})(?:,(\d{1,9}))? @@")


def parse(text: str) -> list[Section]:
    """What a patch says.

    Args:
        text: what `compose` made.

    Raises:
        PatchConflict: it is not whole, or says what is never said here.
    """
    return _Reader(text).sections()


class _Reader:
    """One pass over the lines of a patch."""

    def __init__(self, text: str) -> None:
        self._lines = split_lines(text.encode("utf-8", "surrogateescape"))
        self._at = 0

    def sections(self) -> list[Section]:
        found = []
        try:
            while self._at < len(self._lines):
                found.append(self._section())
        except (ValueError, LookupError, zlib.error) as error:
            where = f"line {self._at + 1} is not what a patch has there ({error})"
            raise PatchConflict([("", where)]) from error
        return found

    def _take(self, prefix: bytes) -> str | None:
        """The rest of the next line, if it begins like that."""
        if self._at < len(self._lines) and self._lines[self._at].startswith(prefix):
            self._at += 1
            rest = self._lines[self._at - 1][len(prefix) :].removesuffix(b"\n")
            return rest.decode("utf-8", "surrogateescape")
        return None

    def _section(self) -> Section:
        path = _path(self._need(b"diff --git "))
        old_mode, new_mode = FILE, FILE
        made, gone = self._take(b"new file mode "), self._take(b"deleted file mode ")
        changed = self._take(b"old mode ")
        if changed is not None:
            old_mode, new_mode = _mode(changed), _mode(self._need(b"new mode "))
        elif made is not None or gone is not None:
            old_mode = new_mode = _mode(made or gone or "")
        ids = self._take(b"index ")
        old_id, new_id, mode = ("", "", "")
        if ids is not None:
            old_id, new_id, mode = _ids(ids)
            old_mode, new_mode = (_mode(mode),) * 2 if mode else (old_mode, new_mode)
        elif changed is None:
            raise ValueError("no index")
        return Section(
            path,
            None if made is not None else old_mode,
            None if gone is not None else new_mode,
            old_id,
            new_id,
            *self._body(),
        )

    def _need(self, prefix: bytes) -> str:
        found = self._take(prefix)
        if found is None:
            raise ValueError(f"no {prefix.decode().strip()!r}")
        return found

    def _body(self) -> tuple[tuple[Hunk, ...], bytes | None]:
        if self._take(b"GIT binary patch\n") is not None:
            return (), self._binary(int(self._need(b"literal ")))
        if self._take(b"--- ") is None:
            return (), None
        self._need(b"+++ ")
        hunks = []
        while self._at < len(self._lines) and self._lines[self._at].startswith(b"@@ "):
            hunks.append(self._hunk())
        if not hunks:
            raise ValueError("no lines")
        return tuple(hunks), None

    def _binary(self, size: int) -> bytes:
        packed = b""
        while (line := self._lines[self._at]) != b"\n":
            piece = base64.b85decode(line[1:].rstrip(b"\n"))
            packed += piece[: SIZES.index(line[:1]) + 1]
            self._at += 1
        self._at += 1
        if not 0 <= size <= LARGEST:
            raise ValueError(f"{size} bytes")
        unpacked = zlib.decompressobj()
        data = unpacked.decompress(packed, size + 1)
        if len(data) != size or not unpacked.eof:
            raise ValueError(f"not {size} bytes")
        return data

    def _hunk(self) -> Hunk:
        head = _HUNK.match(self._lines[self._at])
        if head is None:
            raise ValueError("no hunk")
        self._at += 1
        old, new = int(head[2] or 1), int(head[4] or 1)
        starts = [int(head[1]) - (old > 0), int(head[3]) - (new > 0)]
        if min(starts) < 0:
            raise ValueError("a hunk before the first line")
        lines: list[bytes] = []
        while old or new:
            line = self._lines[self._at]
            sign = line[:1]
            if sign not in (b" ", b"-", b"+") or not line.endswith(b"\n"):
                raise ValueError("no line of a hunk")
            old, new = old - (sign != b"+"), new - (sign != b"-")
            if min(old, new) < 0:
                raise ValueError("more lines than the hunk has")
            self._at += 1
            if self._lines[self._at : self._at + 1] == [NO_NEWLINE]:
                self._at += 1
                line = line.removesuffix(b"\n")
            lines.append(line)
        return Hunk(starts[0], starts[1], tuple(lines))


def _path(rest: str) -> str:
    """The one path of `a/path b/path`."""
    if rest.startswith('"'):
        first = re.match(r'"(?:[^"\\]|\\.)*"', rest)
        if first is None:
            raise ValueError("no path")
        old, new = first[0], rest[first.end() + 1 :]
    else:
        old, new = rest[: len(rest) // 2], rest[len(rest) // 2 + 1 :]
    paths = unquoted(old).removeprefix("a/"), unquoted(new).removeprefix("b/")
    if paths[0] != paths[1] or not paths[0]:
        raise ValueError("two paths")
    return paths[0]


def _mode(text: str) -> int:
    mode = int(text, 8)
    if mode not in (FILE, EXECUTABLE, LINK):
        raise ValueError(f"mode {text}")
    return mode


def _ids(text: str) -> tuple[str, str, str]:
    found = re.fullmatch(r"([0-9a-f]{40})\.\.([0-9a-f]{40})(?: (\d{6}))?", text)
    if found is None:
        raise ValueError("no ids")
    return found[1], found[2], found[3] or ""


def unquoted(text: str) -> str:
    """The name that `quoted` wrote.

    Raises:
        ValueError: it wrote no such thing.
    """
    if not text.startswith('"'):
        return text
    made = bytearray()
    inside = re.fullmatch(r'"((?:[^"\\]|\\[abtnvfr"\\]|\\[0-3][0-7]{2})*)"', text, re.DOTALL)
    if inside is None:
        raise ValueError(text)
    for piece in re.findall(r"\\[0-3][0-7]{2}|\\.|[^\\]+", inside[1], re.DOTALL):
        if piece[0] != "\\":
            made += piece.encode("utf-8", "surrogateescape")
        else:
            made.append(_UNESCAPES[piece[1]] if len(piece) == 2 else int(piece[1:], 8))
    return made.decode("utf-8", "surrogateescape")
