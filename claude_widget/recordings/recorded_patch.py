"""What a recording says that its execution changed in the project: its patch, as it was saved.

The rule: it reads and applies nothing. A patch that lost a file's part, or all of it, would look
like a smaller one, so it counts only if it is what `run.json` says; older ones say nothing.
"""

from __future__ import annotations

from claude_widget.changes.errors import PatchConflict
from claude_widget.changes.observed import Changes
from claude_widget.recordings.files import FolderLock
from claude_widget.recordings.reading import PATCH, RUN, read_object
from claude_widget.recordings.run_file import PATCH_DIGEST, digest_of_patch
from claude_widget.recordings.store import Recording

_EDITED = (
    f"it is not as it was saved; whoever has edited it on purpose takes {PATCH_DIGEST} out of {RUN}"
)


def changes_of(recording: Recording) -> Changes | None:
    """What it changed; None if nothing.

    Raises:
        PatchConflict: the patch cannot be read, or is not as it was saved.
        RecordingDamaged: the file that says so cannot be read.
        RecordingsLocked: another process holds the recordings.
    """
    try:
        with FolderLock(recording.folder.parent, shared=True):
            told = read_object(recording.folder / RUN) if recording.format else {}
            saved, path = told.get(PATCH_DIGEST), recording.patch
            if path is None:
                if saved is not None:
                    raise PatchConflict([("", f"{PATCH} is not there any more")])
                return None
            found = Changes.read(path)
            if saved not in (None, digest_of_patch(path.read_bytes())):
                raise PatchConflict([("", _EDITED)])
            return found
    except PatchConflict as error:
        raise PatchConflict(error.conflicts, recording=str(recording.folder)) from error
