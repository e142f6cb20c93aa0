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
        recording: folder of the recording whose patch is damaged; empty if none is.
    """

    def __init__(
        self, conflicts: Sequence[tuple[str, str]], *, project: str = "", recording: str = ""
    ) -> None:
        self.conflicts = tuple(conflicts)
        self.project = project
        self.recording = recording
        self.paths = tuple(dict.fromkeys(path for path, _ in self.conflicts if path))
        listed = "".join(
            f"\n  - {path}{': ' if path else ''}{why}" for path, why in self.conflicts[:20]
        )
        more = len(self.conflicts) - 20
        listed += f"\n  - and {more} more" if more > 0 else ""
        where = f" to the project {end_of(project, 1)}" if project else ""
        patch = f"patch of the recording {end_of(recording, 2)}" if recording else "recorded patch"
        hint = "Put the project back to what it was when it was recorded, or record it again."
        if recording:
            hint = "Take it back from version control, or record it again."
        super().__init__(f"The {patch} cannot be applied{where}:{listed}\n", hint=hint)
