"""Recordings: executions kept in files beside a notebook, to be committed, reviewed and replayed.

The rule: one folder for each, which is there whole or not at all; whoever writes holds the lock of
the folder that they lie in. It decides neither when something is recorded nor what is played. What
lies there may be anybody's, edited by hand or cut off: nothing of it is believed unseen.

    <slug>-<12 digits of the key>/
        request.json    format, key, and the material that the key is made of
        transcript      what was said, in the form of `recordings.format`
        run.json        times, ids, usage, CLI version, date: what every run has otherwise
        changes.patch   what it changed in the project, if anything
    index.json          which cell or call made which
"""

from __future__ import annotations

import contextlib
import difflib
import json
import logging
import os
import re
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from claude_widget import runtime
from claude_widget.backend import Run
from claude_widget.errors import ClaudeWidgetError
from claude_widget.recordings import format as recording_format
from claude_widget.recordings import key as recording_key
from claude_widget.recordings.errors import (
    RecordingDamaged,
    RecordingNotFound,
    RecordingsUnwritable,
    RecordingTooNew,
)
from claude_widget.recordings.files import (
    FolderLock,
    beginning,
    index_with,
    is_halfway,
    put_right,
    replace_folder,
)
from claude_widget.recordings.format import FORMAT_VERSION
from claude_widget.recordings.key import RecordingKey
from claude_widget.recordings.reading import (
    OLDEST,
    PATCH,
    REQUEST,
    RUN,
    TRANSCRIPT,
    Played,
    oldest_played_of,
    played_of,
    read_object,
    signature_of,
)
from claude_widget.recordings.run_file import describe_run
from claude_widget.recordings.said import typed_in
from claude_widget.transcript import read_records

if TYPE_CHECKING:
    from claude_widget.changes.observed import Changes
    from claude_widget.models import ExecutionRequest
    from claude_widget.redaction.redactor import Redactor

_LOG = logging.getLogger(__name__)
NEEDS = "0.1.0"
"""The first version of this package that reads the format."""
_SAVED_WITHIN = 60.0
"""Seconds that another process may hold the lock while a recording, which was paid for, waits."""
_NAMELESS = "material_digest"
"""Where the material is not what the key is made of, since a name was taken out: its own digest."""
_DIGITS = 12
_NAMED = re.compile(r"(?:[a-z0-9-]+-)?([0-9a-f]{12})")
_LONGEST_SLUG = 40
_KEPT = 8
"""How many recordings are kept in memory as read: what was checked is played at once."""
_KEPT_BYTES = 4 << 20
_COMPARED = 2000
"""Characters of a query that are compared to find the nearest."""


class Recording(NamedTuple):
    """One recording.

    Attributes:
        folder: where it is.
        key: what it is found by; empty for format 0.
        material: what the key is made of; of format 0 the query alone.
        format: version of its format.
    """

    folder: Path
    key: str
    material: dict[str, Any]
    format: int

    @property
    def query(self) -> str:
        """The prompt, or the caller's own key."""
        return str(self.material.get("query") or self.material.get("key") or "")

    @property
    def patch(self) -> Path | None:
        """The patch of what it changed, or None if it changed nothing."""
        path = self.folder / PATCH
        return path if path.is_file() else None


class Recordings:
    """The recordings of one folder. Safe from any thread, and from many processes.

    Args:
        folder: where they are; it need not exist.
        redactor: takes out what is secret before anything is written.
    """

    def __init__(self, folder: str | os.PathLike[str], redactor: Redactor) -> None:
        self.folder = Path(folder).expanduser().absolute()
        self.redactor = redactor
        self._lock = threading.Lock()
        self._named: dict[str, Path] = {}
        self._kept: dict[tuple[object, ...], Played] = {}

    # -- finding -----------------------------------------------------------------------------

    def find(self, key: RecordingKey) -> Recording | None:
        """The recording of that key, or None.

        Raises:
            RecordingDamaged: the folder of that key is of another request, or says nothing.
            RecordingTooNew: a later version made it.
            RecordingsLocked: another process holds the folder.
        """
        found = self._found(key.key)
        if found is None and self._put_right():
            found = self._found(key.key)
        if found is not None and found.key != key.key:
            differing = recording_key.differences(key.material, found.material)
            said = "; ".join(differing) or "its key is another one"
            raise RecordingDamaged(str(found.folder / REQUEST), f"it is of another request: {said}")
        return found

    def _found(self, key: str) -> Recording | None:
        with self._locked(shared=True):
            folder = self._folder_of(key)
            return None if folder is None else self._read(folder)

    def _put_right(self) -> bool:
        """See to what a process that died has left halfway; whether there was anything."""
        if not is_halfway(self.folder):
            return False
        try:
            with self._locked(shared=False) as is_held:
                if is_held:  # else it may be another's, who is at it
                    put_right(self.folder)
        except OSError as error:
            _LOG.warning(
                "%s holds a recording that was not saved to its end: %s", self.folder, error
            )
        return True

    def by_query(self, query: str) -> Recording | None:
        """The recording of format 0 that has exactly that query, or None."""
        found = (self._oldest(folder) for folder in self._folders(OLDEST))
        return next((one for one in found if one is not None and one.query == query), None)

    def all(self) -> list[Recording]:
        """All that can be read, by their folders' names; what cannot be read is logged."""
        found: list[Recording] = []
        self._put_right()
        with self._locked(shared=True):
            for folder in self._folders(REQUEST):
                try:
                    found.append(self._read(folder))
                except ClaudeWidgetError as error:
                    _LOG.warning("%s", error)
        oldest = (self._oldest(folder) for folder in self._folders(OLDEST))
        return found + [one for one in oldest if one is not None]

    def nearest(self, material: Mapping[str, Any]) -> tuple[Recording, list[str]] | None:
        """The recording whose request is most like that one, and what differs, in words."""
        asked = str(material.get("query") or material.get("key") or "")[:_COMPARED]

        def score(one: Recording) -> tuple[float, int, str]:
            alike = difflib.SequenceMatcher(None, asked, one.query[:_COMPARED]).quick_ratio()
            differing = len(recording_key.differences(material, one.material))
            return -round(alike, 2), differing, one.folder.name

        best = min(self.all(), key=score, default=None)
        if best is None:
            return None
        return best, recording_key.differences(material, best.material)

    def missing(self, key: RecordingKey, request: ExecutionRequest) -> RecordingNotFound:
        """What to raise where nothing is recorded: it names the nearest one.

        A notebook keeps what it says, so that is redacted, too.
        """
        redactor = self.redactor.for_request(request)
        material = dict(redactor.value(key.material))
        nearest = self.nearest(material)
        differing = [] if nearest is None else nearest[1]
        if nearest is not None and nearest[0].key == key.key:
            digits = key.key[:_DIGITS]
            differing = [f"its folder was renamed: name it so that it ends in -{digits} again"]
        return RecordingNotFound(
            redactor.text(request.query),
            [] if nearest else [one.query for one in self.all()],
            key=key.key,
            material=material,
            nearest=None if nearest is None else str(nearest[0].folder),
            differences=differing,
            folder=self._shown(self.folder),
        )

    def _folder_of(self, key: str) -> Path | None:
        short = key[:_DIGITS]
        with self._lock:
            folder = self._named.get(short)
            if folder is None or not (folder / REQUEST).exists():
                self._named = _named(self.folder)
                folder = self._named.get(short)
        return folder

    def _folders(self, holding: str) -> list[Path]:
        return sorted(path.parent for path in self.folder.glob(f"[!.]*/{holding}"))

    def _read(self, folder: Path) -> Recording:
        path = folder / REQUEST
        told = read_object(path)
        version = told.get("format")
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise RecordingTooNew(str(folder), version, str(told.get("needs", ""))[:_LONGEST_SLUG])
        material = told.get("material")
        if version != FORMAT_VERSION or not isinstance(material, dict):
            raise RecordingDamaged(str(path), "it has no format, or no material")
        digest = recording_key.digest_of(material)
        named = told.get(_NAMELESS) == digest and isinstance(told.get("key"), str)
        return Recording(folder, told["key"] if named else digest, material, version)

    def _oldest(self, folder: Path) -> Recording | None:
        try:
            query = str(read_object(folder / OLDEST)["query"])
        except (RecordingDamaged, KeyError) as error:
            _LOG.warning("%s is left out: %s", folder, error)
            return None
        return Recording(folder, "", {"query": query}, 0)

    # -- playing -----------------------------------------------------------------------------

    def read(self, recording: Recording) -> Played:
        """What a recording writes when it is played; of one that was cut off, what there is.

        Raises:
            RecordingDamaged: a file is missing, a line is none, a placeholder has no value, or one
                of our own records cannot stand where it does.
        """
        with self._locked(shared=True):
            kept = signature_of(recording.folder)
            played = self._kept.get(kept)
            if played is None:
                reading = oldest_played_of if recording.format == 0 else played_of
                played = reading(recording.folder)._replace(signature=kept)
        with self._lock:
            if sum(map(len, played.lines)) <= _KEPT_BYTES:
                self._kept[kept] = played
            while len(self._kept) > _KEPT:
                del self._kept[next(iter(self._kept))]
        return played

    def is_as_read(self, recording: Recording, played: Played) -> bool:
        """Whether a recording's files are still those that were read."""
        return signature_of(recording.folder) == played.signature

    # -- saving ------------------------------------------------------------------------------

    def check_writable(self) -> None:
        """See that something could be saved, before it is paid for; nothing is written for that.

        Raises:
            RecordingsUnwritable: it could not.
        """
        above = (self.folder, *self.folder.parents)
        there = next(path for path in above if os.path.lexists(path))
        if not there.is_dir():
            raise RecordingsUnwritable(str(self.folder), f"{self._shown(there)} is no folder")
        if not os.access(there, os.W_OK | os.X_OK):
            raise RecordingsUnwritable(str(self.folder), f"{self._shown(there)} may only be read")

    def save(
        self,
        key: RecordingKey,
        run: Run,
        *,
        made_by: str,
        changes: Changes | None = None,
        by_page: Sequence[bool] = (),
    ) -> Path:
        """Keep an execution that has ended; another one of that key gives way.

        Args:
            key: what it is to be found by.
            run: the execution; its transcript is whole.
            made_by: which cell or call made it, as people read it; the same for each run.
            changes: what it changed in the project.
            by_page: of each thing that was said to it, whether a person has typed it on a page.

        Returns:
            The recording's folder.

        Raises:
            ClaudeWidgetError: the folder cannot be written, or is held by another process; nothing
                of it has changed.
        """
        redactor = self.redactor.for_request(run.request)
        records = list(redactor.records(read_records(run.transcript)))
        places = [str(place) for place in _places(run)]
        kept = recording_format.neutral(records, [*map(redactor.text, places), *places])
        request = {"format": FORMAT_VERSION, "needs": NEEDS, "key": key.key}
        if key.asked is not None:
            request[_NAMELESS] = recording_key.digest_of(key.material)
        changes = None if changes is None else changes.redacted(self.redactor)
        patch = None if changes is None else changes.text.encode()
        typed = typed_in(records, by_page)
        files = {
            REQUEST: _pretty({**request, "material": key.material}),
            TRANSCRIPT: kept.text.encode(),
            RUN: describe_run(run.execution_id, records, kept, typed, patch),
        }
        if patch is not None:
            files[PATCH] = patch
        folder = self.folder / f"{slug(key.material)}-{key.key[:_DIGITS]}"
        made = redactor.text(made_by)
        entry: dict[str, Any] = {"key": key.key, "made_by": made, "query": beginning(key.material)}
        if changes is not None and changes.lacking:
            entry["not_in_patch"] = list(changes.lacking)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FolderLock(self.folder, shared=False, wait=_SAVED_WITHIN):
                old = _named(self.folder).get(key.key[:_DIGITS])
                folder = replace_folder(folder, files, instead_of=old)
                index_with(self.folder, folder.name, entry)
        except OSError as error:
            raise ClaudeWidgetError(
                f"The folder of recordings {self._shown(self.folder)} cannot be written: "
                f"{error.strerror or error}.",
                hint="Make it writable, or name another one; the execution itself has its result.",
                execution_id=run.execution_id,
            ) from error
        with self._lock:
            self._named[key.key[:_DIGITS]] = folder
        return folder

    def _shown(self, path: Path) -> str:
        """A path as a notebook may keep it."""
        return self.redactor.text(str(path))

    def _locked(self, *, shared: bool) -> contextlib.AbstractContextManager[bool]:
        return FolderLock(self.folder, shared=shared)


def slug(material: Mapping[str, Any]) -> str:
    """The name of a recording's folder, made of the prompt: letters, digits and dashes only."""
    text = str(material.get("query") or material.get("key") or "").lower()
    plain = re.sub(r"[^a-z0-9]+", "-", text[:400]).strip("-")
    cut = plain[:_LONGEST_SLUG]
    if len(plain) > _LONGEST_SLUG and "-" in cut:
        cut = cut.rpartition("-")[0]
    return cut.strip("-") or "recording"


def _places(run: Run) -> list[Path]:
    """Paths of this machine that a transcript may name."""
    scratch = runtime.scratch_path(run.folder)
    project = Path(run.request.project_path)
    return [project, run.folder, run.folder.parents[1], scratch, *map(Path, run.request.add_dirs)]


def _named(folder: Path) -> dict[str, Path]:
    """The folders of recordings by the digits of their keys."""
    try:
        with os.scandir(folder) as entries:
            found = [(entry.name, _NAMED.fullmatch(entry.name)) for entry in entries]
    except OSError:
        return {}
    return {match[1]: folder / name for name, match in sorted(found) if match}


def _pretty(value: Mapping[str, Any]) -> bytes:
    return (json.dumps(value, indent=2, ensure_ascii=False) + "\n").encode("utf-8", "replace")
