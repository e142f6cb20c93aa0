r"""A text as it reads once a layer of its encoding is taken off, and where each part of that stood.

The rule: pure, and linear in the text. Taken off are backslash escapes (JSON in JSON), percent
signs (URLs, in either case), entities of HTML, hexadecimal, and base64 in both its alphabets, at
every alignment and broken into lines. What is found in such a view is a place in the text itself:
escapes are never cut in two. Most base64 is a picture, or is misread at three of four alignments:
of bytes that are no text only the stretches that read like one are looked into, and all of them for
values alone.
"""

from __future__ import annotations

import binascii
import bisect
import html
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Literal, NamedTuple

_ESCAPE = re.compile(
    r"""\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}
        |u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|[bfnrt]|[ -/:-@\[-`{-~])""",
    re.VERBOSE,
)
_NAMED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z]{2,31});")
_PERCENT = re.compile("%[0-7][0-9a-fA-F]|(?:%[89a-fA-F][0-9a-fA-F])+")
_BASE64 = re.compile(r"[\w+/-]{11,}(?:\r?\n[ \t]{0,16}[\w+/-]+)*", re.ASCII)
_LINE = re.compile(r"[\w+/-]+", re.ASCII)
_HEX = re.compile(r"[0-9a-fA-F]{16,}")
_ONE_ALPHABET = str.maketrans("-_", "+/")
_READABLE = re.compile(rb"[\t\n\r -~\x80-\xff]{6}")
"""Bytes without so much in a row hold no secret, in whatever language."""
_STRETCH = re.compile(rb"[\t\n\r -~]{8,}[\t\n\r -~\x80-\xff]*")
"""Text in bytes that are mostly none; no secret with a known shape is shorter."""

Content = Literal["text", "stretch", "data"]
"""Whether a view is a text as a whole, text that stood in data, or data."""


class View:
    """A text with one layer of encoding taken off.

    Attributes:
        text: what it reads then.
        binary: each character of it is a byte.
        content: what may be found in it.
        whole: it is all of the text, and not a part that was encoded.
    """

    whole = True

    def __init__(
        self,
        text: str,
        places: Sequence[int],
        sources: Sequence[int],
        *,
        binary: bool,
        content: Content = "text",
    ) -> None:
        self.text = text
        self.binary = binary
        self.content = content
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


class _Part(NamedTuple):
    """Bytes that are worth a look.

    Attributes:
        data: they.
        skipped: decoded bytes before them.
        content: what they are.
    """

    data: bytes
    skipped: int
    content: Content


class _DecodedView(View):
    """Bytes that were letters and digits.

    Args:
        part: the bytes.
        bits: how many of a byte's eight each character is.
        offset: where the encoding begins in the run of such characters.
        lines: where the lines of that run begin and end, in it and in the text.
    """

    whole = False

    def __init__(
        self, part: _Part, bits: int, offset: int, lines: tuple[Sequence[int], Sequence[int]]
    ) -> None:
        text = part.data.decode("latin-1")
        super().__init__(text, *lines, binary=True, content=part.content)
        self._skipped = part.skipped
        self._bits = bits
        self._offset = offset

    def source(self, start: int, end: int) -> tuple[int, int]:
        """All characters that have a bit of it."""
        first = self._offset + (self._skipped + start) * 8 // self._bits
        last = self._offset - (-(self._skipped + end) * 8 // self._bits)
        return self._begin(first), self._finish(last)


def unescaped(text: str, *, binary: bool = False) -> Iterator[View]:
    """The text without its backslash escapes, percent signs, or HTML entities, if it has any.

    Args:
        text: what is looked into.
        binary: each character of it is a byte.
    """
    if "\\" in text:
        yield from _substituted(text, _ESCAPE, _meant, binary)
    if "%" in text:
        yield from _substituted(text, _PERCENT, _from_latin if binary else _from_utf8, binary)
    if "&" in text:
        yield from _substituted(text, _ENTITY, html.unescape, binary)


def views(text: str, *, binary: bool = False) -> Iterator[View]:
    """The text with one layer taken off, in each way in which something comes off; as above."""
    yield from unescaped(text, binary=binary)
    for run in _BASE64.finditer(text):
        yield from _decoded(text, run.start(), run.end())
    for run in _HEX.finditer(text):
        lines = (0, run.end() - run.start()), run.span()
        for offset in (0, 1):
            digits = run[0][offset:]
            for part in _parts(bytes.fromhex(digits[: len(digits) & ~1])):
                yield _DecodedView(part, 4, offset, lines)


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
        part = plain(found[0])  # nothing at all, for some: then, too, the text before it ends here
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
        for part in _parts(data):
            yield _DecodedView(part, 6, offset, (places, sources))


def _parts(data: bytes) -> Iterator[_Part]:
    """What of decoded bytes is worth a look, and as what."""
    if not _READABLE.search(data):
        return
    try:
        data.decode()
    except UnicodeDecodeError:
        yield _Part(data, 0, "data")
        for found in _STRETCH.finditer(data):
            yield _Part(found[0], found.start(), "stretch")
    else:
        yield _Part(data, 0, "text")


def _bytes_of(run: str) -> bytes:
    whole = len(run) * 6 // 8
    if len(run) % 4 == 1:
        run = run[:-1]
    return binascii.a2b_base64(run + "A" * (-len(run) % 4))[:whole]
