"""What changed in a project, by git: its whole work state, tracked or not, but not ignored.

The rule: nothing of the user's repository is written, not even an object, and nothing that it says
is run: git lists files there, and reads objects; contents go to a git folder of ours, which has no
hooks, no filters and no settings but our own, and whose attributes outrank those of the project,
so that files are kept byte for byte. Where git is not there, refuses or fails, there is no state.
"""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from claude_widget.changes.git_commands import Git, GitFailed, Repository
from claude_widget.changes.patches import EXECUTABLE, FILE, LINK, Content, Difference
from claude_widget.changes.project_files import (
    HEAVY,
    Bounds,
    Ignored,
    LeftOut,
    TooMuch,
    can_keep,
    heavy,
    is_small_file,
    look,
)

_LOG = logging.getLogger(__name__)
_MODES = (FILE, EXECUTABLE, LINK)


class _Entry(NamedTuple):
    """What an index says of one path."""

    mode: int
    id: str


def state_of(
    project: Path, scratch: Path, ignored: Iterable[Path], bounds: Bounds
) -> GitState | None:
    """The work state of a project, or None if there is no git that could tell.

    Args:
        project: the folder, links resolved; it may lie deep in its repository.
        scratch: an empty folder of ours.
        ignored: paths that others write to.
        bounds: how much is looked at.

    Raises:
        TooMuch: the project goes beyond the bounds.
    """
    path = shutil.which("git")
    if path is None or not any((above / ".git").exists() for above in (project, *project.parents)):
        return None
    try:
        git = Git(path, project, scratch / "git", bounds.seconds)
        return GitState(git, project, Ignored(project, ignored), bounds)
    except GitFailed as error:
        _LOG.info("%s is looked at without git: %s", project, error)
        return None


class _Links:
    """Whether a path leads through a link: what is there is none of the project's files."""

    def __init__(self, project: str) -> None:
        self._project = project
        self._known: dict[str, bool] = {"": False}

    def leads_through(self, path: str) -> bool:
        folder = path.rpartition("/")[0]
        known = self._known.get(folder)
        if known is None:
            through = self.leads_through(folder)
            known = self._known[folder] = through or os.path.islink(f"{self._project}/{folder}")  # noqa: PTH114 - a string, for speed
        return known


class GitState:
    """The work state of a project at one moment.

    Args:
        git: runs git in the project.
        project: the folder.
        ignored: paths that others write to.
        bounds: how much is looked at.
        known: what was left out at an earlier look, which is the moment that counts: git's own
            index says the rest of it. None looks now.

    Raises:
        GitFailed: git refuses, such as in a repository of another user, or fails.
        TooMuch: the project goes beyond the bounds.
    """

    def __init__(
        self,
        git: Git,
        project: Path,
        ignored: Ignored,
        bounds: Bounds,
        *,
        known: LeftOut | None = None,
    ) -> None:
        self._git = git
        self._project = project
        self._ignored = ignored
        self._bounds = bounds
        self._left_after = LeftOut()
        if known is not None:
            self._left, self._entries = known, self._indexed()
            return
        self._left = LeftOut()
        try:
            self._seed(git.repository)
        except (GitFailed, OSError):
            git.index.unlink(missing_ok=True)
        self._entries = self._take(self._left)

    def differences(self) -> Iterator[Difference]:
        """What is not as it was, by path; the contents of one are in memory at a time.

        Raises:
            GitFailed: git fails now.
            TooMuch: the project has grown beyond the bounds.
        """
        after = self._take(self._left_after)
        with self._git.contents() as content:
            for path in sorted(self._entries.keys() | after.keys()):
                old, new = self._entries.get(path), after.get(path)
                if old != new and path not in self._left and path not in self._left_after:
                    yield Difference(
                        path,
                        Content(old.mode, content(old.id)) if old else None,
                        Content(new.mode, content(new.id)) if new else None,
                    )

    def changed_paths(self) -> dict[str, bool]:
        """What is not as it was, without its contents: by path, whether it is there now.

        Raises:
            GitFailed: git fails now.
            TooMuch: the project has grown beyond the bounds.
        """
        after = self._take(self._left_after)
        changed = {
            path: path in after
            for path in self._entries.keys() | after.keys()
            if self._entries.get(path) != after.get(path)
        }
        left = {path: look(f"{self._project}/{path}") is not None for path in self.left_out()}
        return changed | left

    def left_out(self) -> dict[str, str]:
        """What changed and cannot be in a patch, with why; known after `differences`."""
        return self._left.changed(self._left_after)

    @property
    def left_before(self) -> LeftOut:
        """What was left out at that moment."""
        return self._left

    def _take(self, left: LeftOut) -> dict[str, _Entry]:
        """Bring our index up to date with the files; what it says then."""
        known = self._indexed()
        listed = self._listed()
        if len(listed) > self._bounds.files:
            raise TooMuch(f"has more than {self._bounds.files:,} files")
        there, gone, total = [], [], 0
        links = _Links(str(self._project))
        for path in sorted(listed | known.keys()):
            full = f"{self._project}/{path}"
            found = None if links.leads_through(path) else look(full)
            if found and can_keep(full, path, found, self._bounds, left):
                there.append(path)
                total += 0 if path in known else found.st_size
            elif path in known:
                gone.append(path)
        if total > self._bounds.total_bytes:
            raise TooMuch(f"has more than {self._bounds.total_bytes >> 20} MB of files to be read")
        self._git.forget(gone)
        self._git.note(there)
        return self._indexed()

    def _listed(self) -> set[str]:
        """The files that git tracks, and those that it would add, but for heavy folders."""
        listed = self._git.listed(HEAVY)
        tracked = {path for tag, path in listed if tag != "?"}
        others = {path for tag, path in listed if tag == "?" and not path.endswith("/")}
        bare = tuple(
            path.removesuffix("pyvenv.cfg") for path in others if path.endswith("/pyvenv.cfg")
        )
        others = {path for path in others if not heavy(path) and not path.startswith(bare)}
        return {path for path in tracked | others if path not in self._ignored}

    def _indexed(self) -> dict[str, _Entry]:
        return {
            path: _Entry(mode, name)
            for _, mode, name, path in self._git.indexed()
            if mode in _MODES and path not in self._ignored
        }

    def _seed(self, repository: Repository) -> None:
        """Begin with what the repository's index knows to be unchanged.

        An entry is believed if its content can be read, is as long as the file, and no filter has
        made it: otherwise it is not the file byte for byte (line ends, large files elsewhere).
        """
        if not repository.usable:
            return
        if not is_small_file(repository.index):
            return
        shutil.copy2(repository.index, self._git.index)
        entries = [entry for entry in self._git.indexed() if entry[1] in _MODES]
        filtered = self._git.filtered([path for *_, path in entries])
        sizes = self._git.sizes([name for _, _, name, _ in entries])
        doubtful = []
        for (tag, _, _, path), size in zip(entries, sizes, strict=True):
            found = look(f"{self._project}/{path}")
            if tag != "H" or found is None or found.st_size != size or path in filtered:
                doubtful.append(path)
        self._git.forget(doubtful)
