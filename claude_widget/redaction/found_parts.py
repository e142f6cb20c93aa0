"""Where in a text something stands, also beneath its encodings, and the text with that replaced.

The rule: pure; parts of a text in, parts of it out. What is looked for the caller knows.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence

from claude_widget.redaction.encoded_text import Content, View

Found = tuple[int, int, str]
"""A part of a text, and what it is, or becomes."""

RULE, VALUE = "rule", "value"
_WEAKER = {RULE: 1, VALUE: 2}
"""What is true of one notebook, or of one machine only, says less than what the secret is."""


def everywhere(
    find: Callable[[str, bool, Content], Iterator[Found]],
    text: str,
    layers: int,
    take_off: Callable[..., Iterator[View]],
    *,
    binary: bool = False,
    content: Content = "text",
    seen: dict[str, int] | None = None,
) -> Iterator[Found]:
    """What is found in a text, and in it with layers of encoding taken off; of data, in it only.

    Escapes of several kinds come off in any order, and mostly to the same text: it is looked at
    once. `seen` are those texts of the whole, with the layers that were left of them.
    """
    seen = {} if seen is None else seen
    if seen.get(text, -1) >= layers:
        return
    seen[text] = layers
    yield from find(text, binary, content)
    if layers and content != "data":
        for view in take_off(text, binary=binary):
            within = content if view.content == "text" else view.content
            inside = everywhere(
                find,
                view.text,
                layers - 1,
                take_off,
                binary=view.binary,
                content=within,
                seen=seen if view.whole else None,
            )
            for start, end, what in inside:
                yield *view.source(start, end), what


def beside(found: Iterable[Found], holders: Sequence[tuple[int, int]]) -> Iterator[Found]:
    """What is more than placeholders; one that it touches goes with it as a whole."""
    for start, end, what in found:
        at = max(bisect.bisect_right(holders, (start, start)) - 1, 0)
        held, begin, finish = 0, start, end
        while at < len(holders) and holders[at][0] < end:
            low, high = holders[at]
            if high > start:
                held += min(high, end) - max(low, start)
                begin, finish = min(begin, low), max(finish, high)
            at += 1
        if held < end - start:
            yield begin, finish, what


def merged(found: Iterable[Found]) -> list[Found]:
    """Without overlaps. Of several kinds the one that tells most stands for all."""
    parts: list[Found] = []
    for start, end, what in sorted(found, key=lambda one: (one[0], -one[1], _rank(one[2]), one[2])):
        if parts and start < parts[-1][1]:
            begin, finish, before = parts[-1]
            best = what if _rank(what) < _rank(before) else before
            parts[-1] = (begin, max(end, finish), best)
        else:
            parts.append((start, end, what))
    return parts


def _rank(what: str) -> int:
    return _WEAKER.get(what, 0)


def changed(lines: Sequence[str], changes: Sequence[Found]) -> list[str]:
    """The lines, with what was found in their joined text replaced in each."""
    redacted, begin, at = [], 0, 0
    for line in lines:
        end, parts, place = begin + len(line), [], begin
        while at < len(changes) and changes[at][0] < end:
            start, finish, instead = changes[at]
            if min(finish, end) > max(start, begin):
                parts += [line[place - begin : max(start, begin) - begin], instead]
            place = min(finish, end)
            if finish > end:
                break
            at += 1
        redacted.append("".join([*parts, line[place - begin :]]) if parts else line)
        begin = end + 1
        while at < len(changes) and changes[at][1] <= begin:
            at += 1
    return redacted
