"""Where a start stands: the cell or the line of code that asked for it.

The rule: it looks at the caller's stack and names a place that stays the same from day to day. It
knows no Jupyter: who knows the cell that runs is told to it by the package's face.
"""

from __future__ import annotations

import os
import re
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from claude_widget.recordings.occurrences import Cell

_OURS = str(Path(__file__).parent.parent) + os.sep
_THREADS = threading.__file__
PAGE = "dashboard"
_NUMBER_ALONE = re.compile(r"cell \[\d+\]")


def numbered_cell(number: int, notebook: str) -> Cell:
    """A cell of which only its number is known, and its notebook's name if that is not empty."""
    return Cell(f"{notebook} cell [{number}]".lstrip())


def names_one_call(label: str) -> bool:
    """Whether no other notebook beside this one can have a call of that label."""
    return _NUMBER_ALONE.fullmatch(label) is None


def asked_by_page() -> bool:
    """Whether no code of the user's asks for what is being done: then a page does."""
    return call_site(None, Path()).id == PAGE


def call_site(cell: Callable[[], Cell | None] | None, base: Path) -> Cell:
    """Where the start that is being made stands.

    Args:
        cell: says which cell runs, if one does.
        base: the notebook's folder, which files are named from.

    Returns:
        The cell; else the file and line; what a page asks for counts as one cell, which each of
        its starts runs again.
    """
    frame = sys._getframe(1)  # noqa: SLF001 - the stack has no other door
    while frame.f_code.co_filename.startswith((_OURS, _THREADS)):
        if frame.f_back is None:
            return Cell(PAGE, PAGE, os.urandom(8).hex())
        frame = frame.f_back
    found = cell() if cell is not None else None
    if found is not None:
        return found
    file = Path(frame.f_code.co_filename)
    inside = file.is_absolute() and file.is_relative_to(base)
    name = file.relative_to(base).as_posix() if inside else file.name
    return Cell(f"{name}:{frame.f_lineno}")
