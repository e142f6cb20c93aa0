"""What an execution changed in its project: seen, kept as a patch, and made again.

The rule: the one door to patches for whoever records and replays. What a project was is found
before the start and compared after the end; nothing of the project, and nothing of its repository,
is written for that. It decides neither when to record nor when to apply, and knows no execution;
`overlaps` tells whether several worked in one folder at once.
"""

from __future__ import annotations

import dataclasses
import json
import logging
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from claude_widget.changes import git_changes, patching
from claude_widget.changes.errors import PatchConflict
from claude_widget.changes.patch_joining import joined
from claude_widget.changes.patch_reading import parse, unquoted
from claude_widget.changes.patch_redaction import Redacts, redacted
from claude_widget.changes.patches import (
    Content,
    Difference,
    Section,
    compose,
    quoted,
    sections_of,
)
from claude_widget.changes.project_files import Bounds, TooMuch
from claude_widget.changes.scratch_folders import ScratchFolder
from claude_widget.changes.snapshot_changes import SnapshotState
from claude_widget.errors import end_of
from claude_widget.markup.characters import visible
from claude_widget.own_files import open_any

_LOG = logging.getLogger(__name__)
VERSION = 1
"""Of the lines before the first file of a patch."""
_TITLE = "What one execution changed in its project, recorded by claude-widget."
_TOLD = 20
"""Files that a warning names."""
_LARGEST = 256 << 20
"""Bytes of a file that is read as a patch."""
_DIFF = "diff --git "
_MOST_TOLD = 10
"""Files that are named one by one."""
_PLACEHOLDERS = "placeholders in"


@dataclass(frozen=True)
class Changes:
    """What an execution changed.

    Attributes:
        patch: in git's form, files sorted by path; empty if only `incomplete` or `left_out` speak.
        mixed: others worked in the folder at the same time, so that nobody can say whose changes
            these are; such a patch is never applied.
        incomplete: why the project could not be looked at, such as its size; then there is no
            patch. Empty if it could.
        left_out: files that changed and are not in the patch, as (path, why).
        was_redacted: what was secret is not as it was; then the patch gives other contents than
            its ids say.
        placeholders: files to which it gives such a content, or a name that was secret.
    """

    patch: str
    mixed: bool = False
    incomplete: str = ""
    left_out: tuple[tuple[str, str], ...] = ()
    was_redacted: bool = False
    placeholders: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The whole as a file's content: what a person and `read` must know, then the patch."""
        lines = [_TITLE, f"version: {VERSION}"]
        if self.mixed:
            lines.append("mixed: others changed the folder at the same time; not to be applied")
        if self.incomplete:
            lines.append(f"incomplete: {self.incomplete}")
        if self.was_redacted:
            lines.append("redacted: yes")
        lines += [f"{_PLACEHOLDERS}: {quoted(path)}" for path in self.placeholders]
        lines += [f"left out: {quoted(path)} ({why})" for path, why in self.left_out]
        return "\n".join([*lines, "", self.patch])

    @property
    def lacking(self) -> tuple[str, ...]:
        """What it changed and is not in the patch, in words; the first of many files."""
        told = [f"{quoted(path)} ({why})" for path, why in self.left_out]
        if (more := len(told) - _MOST_TOLD) > 0:
            told[_MOST_TOLD:] = [f"{more:,} files more"]
        return (*([self.incomplete] if self.incomplete else []), *told)

    @property
    def paths(self) -> tuple[str, ...]:
        """The files that the patch changes, each once.

        Raises:
            PatchConflict: the patch is damaged.
        """
        return tuple(dict.fromkeys(section.path for section in parse(self.patch)))

    def redacted(self, redactor: Redacts) -> Changes:
        """The same without what is secret: in contents, in names, and in binary files.

        Lines are redacted together, so that what is spread over several is found, and the patch
        can still be applied. A binary file that holds a secret is left out.

        Args:
            redactor: has `text` and `data`.
        """
        clean, names = redacted(parse(self.patch), redactor), redactor.for_names()
        left = (*self.left_out, *clean.gone)
        made = dataclasses.replace(
            self,
            patch=compose(clean.sections),
            incomplete=redactor.text(self.incomplete),
            left_out=tuple(sorted((names.text(path), redactor.text(why)) for path, why in left)),
            placeholders=tuple(sorted({*map(names.text, self.placeholders), *clean.placeholders})),
        )
        return dataclasses.replace(made, was_redacted=self.was_redacted or made != self)

    @classmethod
    def from_text(cls, text: str) -> Changes:
        """What `text` gave.

        Raises:
            PatchConflict: it is not whole, not ours, or of a newer version.
        """
        start = 0 if text.startswith(_DIFF) else text.find(f"\n{_DIFF}") + 1
        head = text[:start] if start or text.startswith(_DIFF) else text
        made = _head(head.split("\n"), text[len(head) :])
        parse(made.patch)
        return made

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Changes:
        """The changes that lie in a file.

        Raises:
            PatchConflict: it cannot be read, or is not whole, not ours, or of a newer version.
        """
        try:
            with open(open_any(path), "rb") as file:
                data = file.read(_LARGEST + 1)
            if len(data) > _LARGEST:
                raise OSError(0, f"is larger than {_LARGEST >> 20} MB")
            return cls.from_text(data.decode("utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            why = getattr(error, "strerror", None) or error  # without the path, as end_of has it
            told = f"{end_of(os.fspath(path), 3)} cannot be read: {why}"
            raise PatchConflict([("", told)]) from error


def _head(lines: list[str], patch: str) -> Changes:
    """What the lines before the first file say, joined with the patch."""
    if lines[:1] != [_TITLE]:
        raise PatchConflict([("", "it does not begin as a recorded patch does")])
    facts: dict[str, str] = {}
    left: list[tuple[str, str]] = []
    placeholders: list[str] = []
    for line in filter(None, lines[1:]):
        name, _, value = line.partition(": ")
        facts[name] = value
        if name == _PLACEHOLDERS:
            placeholders.append(_path_in(line, value))
        if name == "left out":
            found = re.fullmatch(r'("(?:[^"\\]|\\.)*"|.*?) \((.*)\)', value)
            if found is None:
                raise PatchConflict([("", f"{line!r} cannot be read")])
            left.append((_path_in(line, found[1]), found[2]))
    if facts.get("version") != str(VERSION):
        raise PatchConflict([("", "it is of another version of claude-widget, or damaged")])
    return Changes(
        patch,
        "mixed" in facts,
        facts.get("incomplete", ""),
        tuple(left),
        "redacted" in facts,
        tuple(placeholders),
    )


def _path_in(line: str, written: str) -> str:
    try:
        return unquoted(written)
    except ValueError:
        raise PatchConflict([("", f"{line!r} cannot be read")]) from None


class State(Protocol):
    """A project's files at one moment."""

    def differences(self) -> Iterator[Difference]:
        """What is not as it was, by path."""

    def left_out(self) -> dict[str, str]:
        """What changed beside that, and why it is not in it; known after `differences`."""


def before(
    project: str | os.PathLike[str],
    *,
    ignored: Iterable[Path] = (),
    scratch: Path | None = None,
    bounds: Bounds | None = None,
) -> Before:
    """Look at a project before an execution starts in it.

    In a repository of git, what git tracks and what it would add is looked at, with git's own
    memory of what is unchanged; elsewhere all files but those of heavy folders, such as
    `node_modules`. A project beyond the bounds is no error: `Before.after` says that it was.

    Args:
        project: the folder that the execution works in.
        ignored: paths that others write to meanwhile, such as the notebook and its recordings.
        scratch: a folder for what is kept to compare with; None is the system's temp folder.
        bounds: how much is looked at; None is `Bounds()`.
    """
    return Before(Path(project).resolve(), tuple(ignored), scratch, bounds or Bounds())


class Before:
    """A project before an execution. `before` makes it; `after` or `close` ends it."""

    def __init__(
        self, project: Path, ignored: tuple[Path, ...], scratch: Path | None, bounds: Bounds
    ) -> None:
        self._project = project
        self._bounds = bounds
        self._state: State | None = None
        self._incomplete = ""
        self._scratch = ScratchFolder(scratch)
        folder = self._scratch.path
        inside = (*(Path(path).resolve() for path in ignored), folder)
        try:
            self._state = git_changes.state_of(project, folder, inside, bounds) or SnapshotState(
                project, folder, inside, bounds
            )
        except (TooMuch, OSError) as error:
            self._give_up(error)

    def after(self, *, mixed: bool = False) -> Changes | None:
        """What is not as it was, or None if nothing is; what was kept to compare with goes.

        Args:
            mixed: others changed the folder meanwhile (see `overlaps`).
        """
        try:
            if self._state is None:
                return Changes("", mixed=mixed, incomplete=self._incomplete)
            return self._compared(self._state, mixed=mixed)
        except (TooMuch, OSError) as error:
            self._give_up(error)
            return Changes("", mixed=mixed, incomplete=self._incomplete)
        finally:
            self.close()

    def close(self) -> None:
        """Let go of what was kept to compare with; more than once does no harm."""
        self._scratch.close()

    def _give_up(self, error: Exception) -> None:
        self._incomplete = f"the project {error}"
        if isinstance(error, OSError):
            _LOG.warning("what changed in %s is not known: %s", self._project, error)
            why = " ".join(str(error.strerror or error).split())
            self._incomplete = f"the project cannot be looked at ({why})"

    def _compared(self, state: State, *, mixed: bool) -> Changes | None:
        sections: list[Section] = []
        too_much: dict[str, str] = {}
        room = self._bounds.patch_bytes
        for difference in state.differences():
            if difference.old == difference.new or _is_of_papermill(difference):
                continue
            size = sum(len(content.data) for content in (difference.old, difference.new) if content)
            if size > room:
                too_much[difference.path] = "is too much for one patch"
            else:
                room -= size
                sections += sections_of(difference)
        left = tuple(sorted({**state.left_out(), **too_much}.items()))
        if not sections and not left:
            return None
        return Changes(compose(sections), mixed=mixed, left_out=left)


def _is_of_papermill(difference: Difference) -> bool:
    """Whether it is the notebook that papermill runs: it saves that one with every cell.

    No variable names it to the kernel, as it does where a server runs the notebook. One that was
    cut off looks the same for ever; but papermill changes no source of a run that has begun.
    """
    if difference.new is None or not difference.path.endswith(".ipynb"):
        return False
    begun = _papermill_run(difference.new)
    before = difference.old and _papermill_run(difference.old)
    return begun is not None and (not before or before[0] != begun[0] or before == begun)


def _papermill_run(notebook: Content) -> tuple[str, list[object]] | None:
    """When the run of it began that has not ended, and its sources; None if there is none."""
    try:
        told = json.loads(notebook.data)
        run = told["metadata"]["papermill"]
        if not run["start_time"] or run["end_time"] is not None:
            return None
        return str(run["start_time"]), [cell["source"] for cell in told["cells"]]
    except (ValueError, LookupError, TypeError, RecursionError):
        return None


def together(several: Sequence[Changes]) -> Changes:
    """What was changed one after the other, in one folder, as if at once.

    Args:
        several: the oldest first, at least one.

    Raises:
        PatchConflict: a patch is damaged.
    """
    if len(several) == 1:
        return several[0]
    sections: list[Section] = []
    for changes in several:
        sections = joined(sections, parse(changes.patch))
    left_out = {path: why for changes in several for path, why in changes.left_out}
    return Changes(
        compose(sections),
        mixed=any(changes.mixed for changes in several),
        incomplete="; ".join(dict.fromkeys(one.incomplete for one in several if one.incomplete)),
        left_out=tuple(sorted(left_out.items())),
        was_redacted=any(changes.was_redacted for changes in several),
        placeholders=tuple(sorted({path for one in several for path in one.placeholders})),
    )


def apply(changes: Changes, project: str | os.PathLike[str]) -> None:
    """Make the recorded changes in a project: all of them, or none.

    What is already as it is to be stays as it is, so doing it twice does nothing the second time.
    A file that has changed otherwise is no conflict where the lines around each change are the
    same. Files that were left out of the patch are not changed (`left_out` names them). Those that
    hold placeholders then, in place of what was secret, are told by a warning in the log.

    Args:
        changes: what was recorded.
        project: the folder.

    Raises:
        PatchConflict: they do not fit, are mixed, incomplete or damaged, or would touch what lies
            outside of the project, or git's own files. It names each file, and none was changed.
    """
    if changes.mixed:
        why = "others changed the folder at the same time, so it cannot be applied alone"
        raise PatchConflict([("", why)], project=str(project))
    if changes.incomplete:
        raise PatchConflict([("", changes.incomplete)], project=str(project))
    patching.apply(parse(changes.patch), Path(project), exact=not changes.was_redacted)
    if changes.placeholders:
        told = ", ".join(map(quoted, changes.placeholders[:_TOLD]))
        more = len(changes.placeholders) - _TOLD
        told += f" and {more} more" if more > 0 else ""
        _LOG.warning("Placeholders stand in place of what was redacted in: %s", visible(told))


def is_applied(changes: Changes, project: str | os.PathLike[str]) -> bool:
    """Whether a project has the recorded changes; nothing is changed.

    Args:
        changes: what was recorded.
        project: the folder.

    Raises:
        PatchConflict: the patch is damaged.
    """
    exact = not changes.was_redacted
    return patching.is_applied(parse(changes.patch), Path(project), exact=exact)
