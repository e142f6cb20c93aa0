"""Which paths of a project may be changed by what somebody else has written.

The rule: pure; it looks at names alone, on any file system: what one of them takes for git's own
is git's own.
"""

from __future__ import annotations

_INVISIBLE = dict.fromkeys(
    [*range(0x200C, 0x2010), *range(0x202A, 0x202F), *range(0x206A, 0x2070), 0xFEFF]
)
"""Characters that some file systems pass over in a name."""


def why_forbidden(path: str) -> str:
    """Why a path may not be changed; empty if it may."""
    parts = path.split("/")
    if "\0" in path or any(part in ("", ".", "..") for part in parts):
        return "does not lie in the project"
    if any(is_gits(part) for part in parts):
        return "belongs to git"
    return ""


def is_gits(part: str) -> bool:
    """Some file system takes it for `.git`."""
    plain = part.translate(_INVISIBLE).lower().partition(":")[0].rstrip(". ")
    return plain in (".git", "git~1")
