"""Patches made true: the files of a project changed as a patch says, all of them or none.

The rule: everything is checked, and every new content is written, before the first file changes;
what fails after that is undone. A patch is a stranger's: it may name nothing outside of the
project, nothing of git's, and nothing beyond a link. `git apply` would not do: it undoes nothing,
passes over what lies above a subfolder in silence, and is not always there.
"""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath

from claude_widget.changes.errors import PatchConflict
from claude_widget.changes.patch_fitting import Misfit, fitted
from claude_widget.changes.patch_reading import LARGEST
from claude_widget.changes.patches import EXECUTABLE, LINK, Content, Section, blob_id
from claude_widget.changes.permitted_paths import is_gits, why_forbidden
from claude_widget.changes.project_files import Bounds, LeftOut, look, read
from claude_widget.changes.unfinished import Kept, Planned, undo_unfinished

_BOUNDS = Bounds(file_bytes=LARGEST)


def apply(sections: Sequence[Section], project: Path, *, exact: bool = True) -> None:
    """Change the files of a project as the sections say: all of them, or none.

    What another was killed in the middle of is undone first.

    Args:
        sections: what is to change.
        project: the folder.
        exact: the sections give the contents that their ids name; redacted ones do not.

    Raises:
        PatchConflict: they do not fit, or must not be, or a file cannot be changed.
    """
    root = project.resolve()
    undo_unfinished(root)
    plan, conflicts = _plan(sections, root, exact=exact)
    conflicts += _misplaced(plan, root)
    if conflicts:
        raise PatchConflict(sorted(set(conflicts)), project=str(project))
    steps = [step for step in plan.values() if step.present != step.wanted]
    if steps:
        _Change(root, steps).make()


def is_applied(sections: Sequence[Section], project: Path, *, exact: bool = True) -> bool:
    """Whether the files of a project are as the sections make them; nothing is changed."""
    plan, conflicts = _plan(sections, project.resolve(), exact=exact)
    return not conflicts and all(step.present == step.wanted for step in plan.values())


# -- checks ------------------------------------------------------------------------------------


def _plan(
    sections: Sequence[Section], root: Path, *, exact: bool
) -> tuple[dict[str, Planned], list[tuple[str, str]]]:
    of_path: dict[str, list[Section]] = {}
    for section in sections:
        of_path.setdefault(section.path, []).append(section)
    plan: dict[str, Planned] = {}
    conflicts: list[tuple[str, str]] = []
    for path, several in of_path.items():
        try:
            if why := why_forbidden(path):
                raise Misfit(why)
            present = _present(root, path)
            plan[path] = Planned(path, present, _wanted(present, several, exact=exact))
        except Misfit as misfit:
            conflicts.append((path, str(misfit)))
    return plan, conflicts


def _wanted(present: Content | None, sections: Sequence[Section], *, exact: bool) -> Content | None:
    """A file as its sections make it, each from what the one before it gave.

    It has several where a link takes the place of a file, or of executions that follow each other.
    """
    last, is_last = sections[-1], False
    if len(sections) > 1 and present is not None:
        with contextlib.suppress(Misfit):
            is_last = fitted(present, last, exact=exact) == present
        if is_last and blob_id(present.data) == last.new_id:
            return present
    wanted = present
    try:
        for section in sections:
            wanted = fitted(wanted, section, exact=exact)
    except Misfit:
        if is_last:  # as it is to be already, though it has changed otherwise as well
            return present
        raise
    return wanted


def _present(root: Path, path: str) -> Content | None:
    """The file as it is, None if there is none, or a folder.

    Raises:
        Misfit: it cannot be read, or is of a kind that no patch changes.
    """
    if not _real_folders(root, path):
        return None
    left = LeftOut()
    found = read(root, path, _BOUNDS, left)
    if found is not None:
        return found[1]
    if path in left:
        raise Misfit("cannot be read, or is too large")
    full = root / path
    if full.exists() and not full.is_dir():
        raise Misfit("is no regular file")
    return None


def _real_folders(root: Path, path: str) -> bool:
    """All that the path goes through are folders, and no links."""
    return all(_is_folder(root / above) for above in PurePosixPath(path).parents)


def _is_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _misplaced(plan: Mapping[str, Planned], root: Path) -> list[tuple[str, str]]:
    """What cannot stand where it is to stand, with all else as planned."""
    gone = {path for path, step in plan.items() if step.wanted is None}
    found = []
    for path, step in plan.items():
        if step.wanted is None:
            continue
        try:
            _place(path, plan, gone, root)
            if step.wanted.mode == LINK and step.present != step.wanted:
                _stays_inside(path, os.fsdecode(step.wanted.data), root, plan)
        except Misfit as misfit:
            found.append((path, str(misfit)))
    return found


def _place(path: str, plan: Mapping[str, Planned], gone: set[str], root: Path) -> None:
    above = path.split("/")[:-1]
    for length in range(1, len(above) + 1):
        folder = "/".join(above[:length])
        if folder in plan and folder not in gone:
            raise Misfit(f"lies below {folder}, which is to be a file")
        if folder not in gone and look(f"{root}/{folder}"):
            raise Misfit(f"lies below {folder}, which is a file or a link")
        if folder in gone:
            return
    full = root / path
    if _is_folder(full):
        below = (Path(at, name) for at, _, names in os.walk(full) for name in names)
        if any(str(file.relative_to(root)) not in gone for file in below):
            raise Misfit("is a folder")


def _stays_inside(path: str, target: str, root: Path, plan: Mapping[str, Planned]) -> None:
    """A link leads to something in the project, whatever becomes of other links.

    Raises:
        Misfit: it does not.
    """
    parts = target.split("/")
    ups = next((at for at, part in enumerate(parts) if part != ".."), len(parts))
    inside = not target.startswith("/") and ups <= path.count("/") and ".." not in parts[ups:]
    if not inside or "\0" in target or _leads_out(PurePosixPath(path), target, root, plan):
        raise Misfit("would be a link that leads out of the project")
    if any(is_gits(part) for part in parts):
        raise Misfit("would be a link to what belongs to git")


def _leads_out(link: PurePosixPath, target: str, root: Path, plan: Mapping[str, Planned]) -> bool:
    """By links that are there now and stay; one in a circle leads nowhere."""
    way = PurePosixPath(os.path.normpath(link.parent / target))
    for place in (*reversed(way.parents), way):
        if str(place) in plan:
            return False
        if (root / place).is_symlink():
            try:
                return not (root / way).resolve().is_relative_to(root)
            except (OSError, RuntimeError):
                return False
    return False


# -- doing it ----------------------------------------------------------------------------------


class _Change:
    """One patch on its way into the files.

    What is new waits, and what is old is kept, in a folder of the project until all is done.
    """

    def __init__(self, root: Path, steps: Sequence[Planned]) -> None:
        self._root = root
        self._steps = steps
        self._undo: list[tuple[str, Callable[[], object]]] = []
        self._kept: Kept | None = None

    def make(self) -> None:
        """Do all of it, or nothing.

        Raises:
            PatchConflict: a file cannot be changed.
        """
        path = ""
        try:
            kept = self._kept = Kept(self._root)
            for do in (self._write, self._take_away, self._put):
                if do == self._take_away:
                    kept.begin(self._steps, self._missing_folders())
                for number, step in enumerate(self._steps):
                    path = step.path
                    do(step, kept.new(number), kept.old(number))
        except OSError as error:
            reason = f"cannot be changed: {error.strerror or error}"
            failed = self._undone()
            raise PatchConflict([(path, reason), *failed], project=str(self._root)) from error
        except BaseException:
            self._undone()
            raise
        else:
            kept.finish()
        finally:
            if self._kept is not None:
                self._kept.close()

    def _missing_folders(self) -> set[str]:
        """Folders that are made on the way."""
        above = (folder for step in self._steps for folder in PurePosixPath(step.path).parents)
        return {str(folder) for folder in above if not (self._root / folder).is_dir()}

    def _write(self, step: Planned, new: Path, _: Path) -> None:
        """The new content, beside the others."""
        if step.wanted is None:
            return
        if step.wanted.mode == LINK:
            new.symlink_to(os.fsdecode(step.wanted.data))
            return
        executable = step.wanted.mode == EXECUTABLE
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        with open(os.open(new, flags, 0o777 if executable else 0o666), "wb") as file:
            file.write(step.wanted.data)
            if step.present and step.present.mode != LINK:
                mode = stat.S_IMODE((self._root / step.path).lstat().st_mode)
                allowed = mode | (mode & 0o444) >> 2 if executable else mode & ~0o111
                os.fchmod(file.fileno(), allowed)

    def _take_away(self, step: Planned, _: Path, old: Path) -> None:
        """The old file is kept, and the folders that are empty without it go."""
        if step.present is None:
            return
        full = self._root / step.path
        full.rename(old)
        self._undo.append((step.path, lambda: old.rename(full)))
        folder = full.parent
        while step.wanted is None and folder != self._root and not any(folder.iterdir()):
            self._remove_folder(folder)
            folder = folder.parent

    def _remove_folder(self, folder: Path) -> None:
        mode = stat.S_IMODE(folder.lstat().st_mode)
        folder.rmdir()
        self._undo.append((str(folder.relative_to(self._root)), lambda: folder.mkdir(mode)))

    def _put(self, step: Planned, new: Path, _: Path) -> None:
        """The new file goes to its place."""
        if step.wanted is None:
            return
        full = self._root / step.path
        self._make_folders(full.parent)
        new.rename(full)
        self._undo.append((step.path, full.unlink))

    def _make_folders(self, folder: Path) -> None:
        if not folder.is_dir():
            self._make_folders(folder.parent)
            folder.mkdir()
            self._undo.append((str(folder.relative_to(self._root)), folder.rmdir))

    def _undone(self) -> list[tuple[str, str]]:
        """Put everything back, the latest first; what that failed for, with why."""
        failed = []
        for path, undo in reversed(self._undo):
            try:
                undo()
            except OSError as error:
                where = self._kept.path.name if self._kept is not None else ""
                failed.append((path, f"could not be put back ({error.strerror}); see {where}"))
        if not failed and self._kept is not None:
            self._kept.finish()
        return failed
