"""Which files a message from the page may name: those of the project and of `add_dirs`.

The rule: a path is judged by where it leads, links followed, on the kernel's machine; what cannot
be resolved is outside. Nothing is read here. A user's own Python names what it likes.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from claude_widget.errors import InvalidRequest

_PATHS = frozenset({"file_path", "notebook_path", "path", "paths", "directory", "cwd"})
"""Fields of the tools' inputs that name files."""
_DEEPEST = 8


def is_within(path: str | os.PathLike[str], folders: Sequence[str | os.PathLike[str]]) -> bool:
    """Whether a path leads into one of the folders, or to one of them.

    Args:
        path: absolute, or relative to the first folder.
        folders: the project, then the others.
    """
    try:
        real = Path(folders[0], Path(path).expanduser()).resolve()
        return any(real.is_relative_to(Path(folder).resolve()) for folder in folders)
    except (OSError, RuntimeError, ValueError, IndexError):  # no such home, a loop, a NUL
        return False


def check_input(given: Mapping[str, Any], asked: Mapping[str, Any], folders: Sequence[str]) -> None:
    """See that an input that the page has changed names no file outside.

    Args:
        given: the input as the page has sent it.
        asked: as the CLI has asked; a path that stands there is the CLI's own.
        folders: the project, then `add_dirs`.

    Raises:
        InvalidRequest: it does; nothing was answered.
    """
    before = set(_named(asked))
    for path in _named(given):
        if path not in before and not is_within(path, folders):
            raise InvalidRequest(
                f"{path[:200]!r} is outside of the project and of add_dirs.",
                field="updated_input",
                hint="Deny the call, and say in your own words what Claude should do.",
            )


def _named(value: Any, depth: int = 0) -> Iterator[str]:
    """The paths that an input names, wherever they stand in it."""
    if depth > _DEEPEST:
        return
    if isinstance(value, list):
        for one in value:
            yield from _named(one, depth + 1)
    elif isinstance(value, Mapping):
        for key, one in value.items():
            if key in _PATHS:
                listed = one if isinstance(one, list) else [one]
                yield from (text for text in listed if isinstance(text, str))
            yield from _named(one, depth + 1)
