"""What can be wrong with a patch, as an error of the tree in `errors`.

The rule: as in `errors`: an error says what happened and what to do next, and carries that as data.
"""

from __future__ import annotations

from collections.abc import Sequence

from claude_widget.errors import ClaudeWidgetError, end_of


class PatchConflict(ClaudeWidgetError):
    """A recorded patch does not fit the project. No file was changed, unless a reason says so.

    Attributes:
        conflicts: what does not fit, as (path in the project, why); the path is empty where it is
            the patch as a whole.
        paths: the paths alone, each once.
        project: the folder; empty where it is not told.
    """

    def __init__(self, conflicts: Sequence[tuple[str, str]], *, project: str = "") -> None:
        self.conflicts = tuple(conflicts)
        self.project = project
        self.paths = tuple(dict.fromkeys(path for path, _ in self.conflicts if path))
        listed = "".join(
            f"\n  - {path}{': ' if path else ''}{why}" for path, why in self.conflicts[:20]
        )
        more = len(self.conflicts) - 20
        listed += f"\n  - and {more} more" if more > 0 else ""
        where = f" to the project {end_of(project, 1)}" if project else ""
        super().__init__(
            f"The recorded patch cannot be applied{where}:{listed}\n",
            hint="Put the project back to what it was when it was recorded, or record it again.",
        )
