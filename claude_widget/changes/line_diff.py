"""What differs between two lists of lines, as blocks, and the hunks around them.

The rule: exact, the same on every machine and in bounded time: Myers' algorithm up to a number of
edits, beyond which what lies between the common ends is one block. It knows nothing of files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

MOST_EDITS = 2000
"""Of one pair of lists; a second at the worst."""
MOST_STEPS = 40_000_000
"""Edits times lines."""
CONTEXT = 3

Block = tuple[int, int, int, int]
"""Old from and to, new from and to, as for slices; what lies between two blocks is equal."""


def blocks(old: Sequence[bytes], new: Sequence[bytes]) -> list[Block]:
    """What differs, in order.

    Args:
        old: the lines before.
        new: the lines after.
    """
    head = _equal(old, new)
    tail = _equal(old[head:][::-1], new[head:][::-1])
    a, b = old[head : len(old) - tail], new[head : len(new) - tail]
    if not a and not b:
        return []
    found: list[Block] = []
    i = j = 0
    for x, y in [*_matches(a, b), (len(a), len(b))]:
        if (x, y) != (i, j):
            found.append((head + i, head + x, head + j, head + y))
        i, j = x + 1, y + 1
    return found


def hunks(found: Sequence[Block], old_lines: int) -> list[tuple[Block, list[Block]]]:
    """The blocks with their context: what each hunk spans, and its blocks.

    Args:
        found: what `blocks` gave.
        old_lines: how many lines there were before.
    """
    grouped: list[list[Block]] = []
    for block in found:
        if grouped and block[0] - grouped[-1][-1][1] <= 2 * CONTEXT:
            grouped[-1].append(block)
        else:
            grouped.append([block])
    spans = []
    for group in grouped:
        before = min(CONTEXT, group[0][0])
        after = min(CONTEXT, old_lines - group[-1][1])
        span = (
            group[0][0] - before,
            group[-1][1] + after,
            group[0][2] - before,
            group[-1][3] + after,
        )
        spans.append((span, group))
    return spans


def _equal(old: Sequence[bytes], new: Sequence[bytes]) -> int:
    """How many lines are equal at the beginning."""
    most = min(len(old), len(new))
    return next((at for at in range(most) if old[at] != new[at]), most)


def _matches(a: Sequence[bytes], b: Sequence[bytes]) -> list[tuple[int, int]]:
    """The pairs of lines that stay, in order; none if that would take too long to find."""
    most = min(MOST_EDITS, len(a) + len(b), MOST_STEPS // (len(a) + len(b)))
    common = sum((Counter(a) & Counter(b)).values())
    if len(a) + len(b) - 2 * common > most:  # there are no fewer edits than that
        return []
    reach = [0] * (2 * most + 3)  # by diagonal: how far along `a` so many edits lead
    trace: list[list[int]] = []
    for edits in range(most + 1):
        trace.append(reach[most + 1 - edits - 1 : most + 1 + edits + 2])
        for diagonal in range(-edits, edits + 1, 2):
            at = most + 1 + diagonal
            down = diagonal == -edits or (diagonal != edits and reach[at - 1] < reach[at + 1])
            x = reach[at + 1] if down else reach[at - 1] + 1
            while x < len(a) and 0 <= x - diagonal < len(b) and a[x] == b[x - diagonal]:
                x += 1
            reach[at] = x
            if x >= len(a) and x - diagonal >= len(b):
                return _walked_back(trace, len(a), len(b))
    return []


def _walked_back(trace: Sequence[Sequence[int]], x: int, y: int) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    for edits in range(len(trace) - 1, -1, -1):
        reach, diagonal = trace[edits], x - y
        at = edits + 1 + diagonal
        down = diagonal == -edits or (diagonal != edits and reach[at - 1] < reach[at + 1])
        before = reach[at + 1] if down else reach[at - 1]
        other = before - (diagonal + 1 if down else diagonal - 1)
        start = (before, other) if edits else (0, 0)
        while x > start[0] and y > start[1]:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = start
    return pairs[::-1]
