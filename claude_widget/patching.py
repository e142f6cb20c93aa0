"""Patches made true: the files of a project changed as a patch says, all of them or none.

The rule: everything is checked, and every new content is written beside its place, before the
first file changes; what fails after that is undone. A patch is a stranger's: it may name nothing
outside of the project, nothing of git's, and nothing beyond a link. `git apply` does not do: it
undoes nothing, leaves out what lies above a subfolder in silence, and is not always there.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from claude_widget.patches import Section


def apply(sections: Sequence[Section], project: Path, *, exact: bool = True) -> None:
    """Change the files as the sections say."""
    raise NotImplementedError
