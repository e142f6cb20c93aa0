"""The least of an input that still does what the whole of it did.

The rule: it takes out lines, then pieces, as long as the answer to one question stays yes; the
number of questions is bounded, so that a slow finding is found soon all the same.
"""

from __future__ import annotations

import time
from collections.abc import Callable

_TRIES = 400
_SECONDS = 20.0


def smallest(data: bytes, still: Callable[[bytes], bool]) -> bytes:
    """A shorter input of which `still` is true, or the same one."""
    end = time.monotonic() + _SECONDS
    left = _TRIES
    size = max(1, len(data) // 2)
    while size:
        start, before = 0, len(data)
        while start < len(data):
            if not left or time.monotonic() > end:
                return data
            left -= 1
            less = data[:start] + data[start + size :]
            if less and still(less):
                data = less
            else:
                start += size
        if len(data) == before:
            size //= 2
    return data
