"""Pins: an empty file in an execution's folder says that retention is to keep it.

The rule: the file is the truth, whatever an index says of it.
"""

from __future__ import annotations

import os
from pathlib import Path

from claude_widget.errors import ClaudeWidgetError
from claude_widget.own_files import open_own

NAME = "pinned"


def is_pinned(folder: Path) -> bool:
    """Whether the execution of that folder is pinned."""
    return (folder / NAME).exists()


def pin(folder: Path, *, pinned: bool) -> None:
    """Pin the execution of that folder, or take its pin away.

    Raises:
        ClaudeWidgetError: it cannot be written.
    """
    try:
        if pinned:
            os.close(open_own(folder / NAME, os.O_WRONLY | os.O_CREAT))
        else:
            (folder / NAME).unlink(missing_ok=True)
    except OSError as error:
        raise ClaudeWidgetError(
            f"The pin of execution {folder.name} cannot be changed: {error.strerror or error}.",
            execution_id=folder.name,
            hint="Its folder must be there, and writable.",
        ) from error
