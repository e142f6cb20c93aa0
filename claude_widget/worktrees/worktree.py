"""What is known of one worktree, on disk beside it, so that every kernel knows the same.

The rule: facts and where they lie; git is not asked. A worktree has a folder of ours that holds
its work tree, a git folder with what that was when it was made, and these facts. They are written
before anything else is, so that whatever is left of a maker that died can be found and removed.
"""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from claude_widget.own_files import open_own, read_own

FACTS, BEGINNING = "worktree.json", "git"
_VERSION = 1
_PATHS = ("folder", "path", "repository", "project", "admin")
Outcome = Literal["", "kept", "discarded", "unchanged", "removed"]


@dataclass(frozen=True)
class Worktree:
    """One worktree.

    Attributes:
        folder: ours, with all that belongs to it.
        path: its work tree.
        inside: the project's folder below the top of its repository; "" if it is the top.
        branch: its own, without `refs/heads/`.
        base: the commit that it was made from.
        repository: the folder that git has for all work trees of the repository.
        project: the top of the project's own work tree.
        admin: the folder that git has for this work tree.
        hashes: how the repository names its objects: "sha1" or "sha256".
        uncommitted: what the project had that the commit has not, and so the worktree neither; at
            most 20 paths.
        more_uncommitted: how many there were beside those.
        filters_left: filters that are named by the repository's own settings; they do not run.
        incomplete: why nobody can tell what changes in it; empty if it can be told.
        ready: it was made, whole.
        user: id of the execution that it was given to last.
        settled: its execution has ended, and it was seen to have changes then.
        applied: when its changes were applied to the project, in epoch seconds; None if not.
        outcome: what became of it; empty while it is there.
    """

    folder: Path
    path: Path
    inside: str
    branch: str
    base: str
    repository: Path
    project: Path
    admin: Path
    hashes: str = "sha1"
    uncommitted: tuple[str, ...] = ()
    more_uncommitted: int = 0
    filters_left: tuple[str, ...] = ()
    incomplete: str = ""
    ready: bool = False
    user: str = ""
    settled: bool = False
    applied: float | None = None
    outcome: Outcome = ""

    @property
    def cwd(self) -> Path:
        """Where its execution works: the folder that is the project in the project's own tree."""
        return self.path / self.inside

    @property
    def beginning(self) -> Path:
        """A git folder of ours: its index is what the work tree was when it was made."""
        return self.folder / BEGINNING

    @property
    def notes(self) -> tuple[str, ...]:
        """What a person should know of it, in sentences."""
        found = []
        if self.uncommitted:
            count = len(self.uncommitted) + self.more_uncommitted
            what = f"{count:,} uncommitted change{'s' if count > 1 else ''}"
            found.append(f"The project has {what}, which {'are' if count > 1 else 'is'} not in it.")
        if self.filters_left:
            named = ", ".join(self.filters_left)
            found.append(f"Filters of the repository's own settings do not run in it: {named}.")
        if self.incomplete:
            found.append(f"What changes in it cannot be told: {self.incomplete}.")
        return tuple(found)

    def save(self, **changed: Any) -> Worktree:
        """Write it to its folder, with what has changed; what was written.

        Raises:
            OSError: it cannot be written; what was there before is there.
        """
        made = replace(self, **changed)
        text = json.dumps({"version": _VERSION, **asdict(made)}, default=os.fspath)
        part = self.folder / f".{FACTS}.{os.getpid()}"
        try:
            part.unlink(missing_ok=True)
            with open(open_own(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL), "wb") as file:
                file.write(text.encode("utf-8", "surrogateescape"))
            part.replace(self.folder / FACTS)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        return made

    @classmethod
    def load(cls, folder: Path) -> Worktree | None:
        """The worktree of a folder; None if there is none, or its facts cannot be read."""
        try:
            told: dict[str, Any] = json.loads(read_own(folder / FACTS))
            if told.pop("version") != _VERSION:
                return None
            told |= {name: Path(told[name]) for name in _PATHS}
            told |= {name: tuple(told[name]) for name in ("uncommitted", "filters_left")}
            found = cls(**told)
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        inside = found.path.parent == folder and ".." not in Path(found.inside).parts
        return found if found.folder == folder and inside else None
