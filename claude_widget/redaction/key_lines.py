"""Private keys of which a part is seen, or with something before each line.

The rule: pure, and linear in the text. A shape takes a key that begins and goes on; a hunk of a
diff shows three lines of one, `grep` puts a file's name before each. So lines that end in base64
are taken from where a key begins or ends, and where several of them have the length that key files
have, unless what is seen before them says that they are public.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from claude_widget.redaction.secret_shapes import Span

_KIND = "private-key"
_MARK = re.compile(r"-----(?P<which>BEGIN|END) (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----")
_PUBLIC = re.compile(r"-----BEGIN (?!.{0,80}PRIVATE KEY)[A-Z0-9 ]{1,80}-----")
_BASE64 = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_QUOTES = "\"',;\\ \t\r"
"""What may stand behind a line of a key."""
_LONG = 40
"""Characters of all lines of a key but its last one, at least."""
_HEADERS = 6
"""Lines between where a key says that it begins and where it does."""
_OF_FILES = re.compile(
    r"(?<![A-Za-z0-9/=])\+?([A-Za-z0-9+/]{64}(?:[A-Za-z0-9+/]{6})?)"
    r"(?:\\{1,2}[nr])?[\"',;\\ \t\r]*$",
    re.MULTILINE,
)
"""As long as OpenSSL and OpenSSH write lines; other tools write 76."""
_SEVERAL = 3
"""So many of them are no chance."""
_LONGEST_PREFIX = 300
_MIXED = (re.compile(r"[a-z]"), re.compile(r"[A-Z]"), re.compile(r"[0-9]"))


class _Line:
    """A line, and the base64 that it ends in."""

    def __init__(self, text: str, start: int) -> None:
        plain = text.rstrip(_QUOTES)
        if plain.endswith(("\\n", "\\r")):  # a program that writes the key, a line at a time
            plain = plain[:-2].rstrip(_QUOTES)
        self.end = start + len(plain)
        self.before = len(plain.rstrip(_BASE64))
        if (len(plain) - self.before) % 4 == 1 and plain[self.before] == "+":
            self.before += 1  # the sign of a diff
        self.start = start + self.before

    @property
    def length(self) -> int:
        """How much base64 it is."""
        return self.end - self.start

    @property
    def span(self) -> Span:
        """Where that stands."""
        return Span(self.start, self.end, _KIND)


def key_lines(text: str) -> Iterator[Span]:
    """The lines of private keys, in no order, overlapping or not."""
    if "PRIVATE KEY" in text and "\n" in text:
        yield from _marked(text)
    yield from _runs(text)


def _marked(text: str) -> Iterator[Span]:
    """Behind where a key begins, and before where one ends."""
    lines: list[_Line] = []
    marks: list[tuple[int, str]] = []
    start = 0
    for line in text.split("\n"):
        if mark := _MARK.search(line):
            marks.append((len(lines), mark["which"]))
        lines.append(_Line(line, start))
        start += len(line) + 1
    after: set[int] = set()
    before: set[int] = set()
    for number, which in marks:
        if which == "END":
            _take_above(lines, number, before)
        else:
            _take_below(lines, number, after)
    for number in after | before:
        yield lines[number].span


def _take_below(lines: list[_Line], number: int, taken: set[int]) -> None:
    """The lines behind that one; what follows a line that was taken already was, too."""
    candidates = range(number + 1, min(number + 1 + _HEADERS, len(lines)))
    at = next((at for at in candidates if lines[at].length >= _LONG), len(lines))
    while at < len(lines) and at not in taken and lines[at].length >= _LONG:
        taken.add(at)
        at += 1
    if at < len(lines) and at not in taken and _is_last_of(lines[at], lines[at - 1]):
        taken.add(at)


def _take_above(lines: list[_Line], number: int, taken: set[int]) -> None:
    """The lines before that one, likewise."""
    at = number - 1
    if at > 0 and _is_last_of(lines[at], lines[at - 1]):
        taken.add(at)
        at -= 1
    while at >= 0 and at not in taken and lines[at].length >= _LONG:
        taken.add(at)
        at -= 1


def _is_last_of(line: _Line, above: _Line) -> bool:
    """The shorter line that a key ends with: what stands before it is as long as above."""
    return 0 < line.length < _LONG <= above.length and abs(line.before - above.before) <= 1


def _runs(text: str) -> Iterator[Span]:
    """Several lines in a row of the length that key files have."""
    run: list[re.Match[str]] = []
    for found in _OF_FILES.finditer(text):
        if not all(kind.search(found[1]) for kind in _MIXED):  # such as digests, or a ruler
            continue
        if run and not _follows(text, run[-1], found):
            yield from _spans(text, run)
            run = []
        run.append(found)
    yield from _spans(text, run)


def _follows(text: str, one: re.Match[str], other: re.Match[str]) -> bool:
    """It is on the next line, and as long."""
    between = text[one.end() : other.start(1)]
    return (
        len(one[1]) == len(other[1])
        and len(between) <= _LONGEST_PREFIX
        and between.count("\n") == 1
    )


def _spans(text: str, run: list[re.Match[str]]) -> Iterator[Span]:
    if len(run) < _SEVERAL:
        return
    begins = text.rfind("\n", 0, run[0].start())
    above = text[max(0, text.rfind("\n", 0, max(begins, 0))) : max(begins, 0)]
    if not _PUBLIC.search(above[-_LONGEST_PREFIX:]):
        for found in run:
            yield Span(*found.span(1), _KIND)
