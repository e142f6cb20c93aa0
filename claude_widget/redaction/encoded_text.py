r"""A text as it reads once a layer of its encoding is taken off, and where each part of that stood.

The rule: pure, and linear in the text. Taken off are backslash escapes (JSON in JSON), percent
signs (URLs, in either case), and base64 in both its alphabets, at every alignment and broken into
lines. What is found in such a view is a place in the text itself: escapes are never cut in two.
"""

from __future__ import annotations

import binascii
import bisect
import re
from collections.abc import Callable, Iterator, Sequence

_ESCAPE = re.compile(
    r"""\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}
        |u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|["'\\/bfnrt])""",
    re.VERBOSE,
)
_NAMED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_PERCENT = re.compile("%[0-7][0-9a-fA-F]|(?:%[89a-fA-F][0-9a-fA-F])+")
_BASE64 = re.compile(r"[\w+/-]{11,}(?:\r?\n[ \t]{0,16}[\w+/-]+)*", re.ASCII)
_LINE = re.compile(r"[\w+/-]+", re.ASCII)
_ONE_ALPHABET = str.maketrans("-_", "+/")
_READABLE = re.compile(rb"[ -~]{6}")
"""Bytes without so much text hold no secret; of a picture, and of base64 misread, most do not."""


class View:
    """A text with one layer of encoding taken off.

    Attributes:
        text: what it reads then.
        binary: each character of it is a byte.
    """

    def __init__(
        self, text: str, places: Sequence[int], sources: Sequence[int], *, binary: bool
    ) -> None:
        self.text = text
        self.binary = binary
        self._places = places
        self._sources = sources

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Where a part of it stood in the text: whole escapes."""
        return self._begin(start), self._finish(end)

    def _begin(self, at: int) -> int:
        segment = bisect.bisect_right(self._places, at) - 1
        begin, beyond = self._sources[segment], self._sources[segment + 1]
        length = self._places[segment + 1] - self._places[segment]
        return begin + (at - self._places[segment] if beyond - begin == length else 0)

    def _finish(self, at: int) -> int:
        segment = bisect.bisect_right(self._places, at - 1) - 1
        begin, beyond = self._sources[segment], self._sources[segment + 1]
        length = self._places[segment + 1] - self._places[segment]
        return begin + at - self._places[segment] if beyond - begin == length else beyond


class _Base64View(View):
    """Bytes that were base64: three of them in four characters."""

    def __init__(
        self, data: bytes, offset: int, places: Sequence[int], sources: Sequence[int]
    ) -> None:
        super().__init__(data.decode("latin-1"), places, sources, binary=True)
        self._offset = offset

    def source(self, start: int, end: int) -> tuple[int, int]:
        """All characters that have a bit of it."""
        first = self._offset + start * 4 // 3
        last = self._offset - (-end * 4 // 3)
        return self._begin(first), self._finish(last)


def unescaped(text: str, *, binary: bool = False) -> Iterator[View]:
    """The text without its backslash escapes, and without its percent signs, if it has any.

    Args:
        text: what is looked into.
        binary: each character of it is a byte.
    """
    if "\\" in text:
        yield from _substituted(text, _ESCAPE, _meant, binary)
    if "%" in text:
        yield from _substituted(text, _PERCENT, _from_latin if binary else _from_utf8, binary)


def views(text: str, *, binary: bool = False) -> Iterator[View]:
    """The text with one layer taken off, in each way in which something comes off; as above."""
    yield from unescaped(text, binary=binary)
    for run in _BASE64.finditer(text):
        yield from _decoded(text, run.start(), run.end())


def _meant(escape: str) -> str:
    if len(escape) == 12:
        high, low = int(escape[2:6], 16), int(escape[8:12], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    if len(escape) > 2:
        return chr(int(f"0x{escape[2:]}", 0))
    return _NAMED.get(escape[1], escape[1])


def _from_utf8(run: str) -> str:
    return bytes.fromhex(run.replace("%", "")).decode("utf-8", "replace")


def _from_latin(run: str) -> str:
    return bytes.fromhex(run.replace("%", "")).decode("latin-1")


def _substituted(
    text: str, pattern: re.Pattern[str], plain: Callable[[str], str], binary: bool
) -> Iterator[View]:
    parts: list[str] = []
    places, sources = [], []
    place = source = 0
    for found in pattern.finditer(text):
        if found.start() > source:
            places.append(place)
            sources.append(source)
            parts.append(text[source : found.start()])
            place += found.start() - source
        if part := plain(found[0]):
            places.append(place)
            sources.append(found.start())
            parts.append(part)
            place += len(part)
        source = found.end()
    if not sources:
        return
    parts.append(text[source:])
    places += [place, place + len(text) - source] if source < len(text) else [place]
    sources += [source, len(text)] if source < len(text) else [source]
    yield View("".join(parts), places, sources, binary=binary)


def _decoded(text: str, start: int, end: int) -> Iterator[View]:
    parts: list[str] = []
    places, sources = [], []
    place = 0
    for line in _LINE.finditer(text, start, end):
        places.append(place)
        sources.append(line.start())
        parts.append(line[0])
        place += len(line[0])
        places.append(place)
        sources.append(line.end())
    run = "".join(parts).translate(_ONE_ALPHABET)
    for offset in range(4):
        data = _bytes_of(run[offset:])
        if _READABLE.search(data):
            yield _Base64View(data, offset, places, sources)


def _bytes_of(run: str) -> bytes:
    whole = len(run) * 6 // 8
    if len(run) % 4 == 1:
        run = run[:-1]
    return binascii.a2b_base64(run + "A" * (-len(run) % 4))[:whole]
