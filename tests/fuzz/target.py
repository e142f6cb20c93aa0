"""What a surface is to the fuzzer: its seeds, and the check of one input.

The rule: an input is bytes, whatever the surface makes of them, so that it can be kept in a file
and tried again. A check raises for what must not be, and says nothing else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import NamedTuple

Check = Callable[[bytes], None]


class Target(NamedTuple):
    """One surface.

    Attributes:
        name: the file of a finding begins with it.
        share: of all inputs, in parts.
        seeds: what mutation begins with.
        opened: what it needs around all inputs; gives the check of one.
    """

    name: str
    share: int
    seeds: Callable[[], Sequence[bytes]]
    opened: Callable[[], AbstractContextManager[Check]]
