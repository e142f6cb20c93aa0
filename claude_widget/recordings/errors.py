"""What can be wrong with recordings, as errors of the tree in `errors`.

The rule: as in `errors`: an error says what happened and what to do next, and carries that as data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from claude_widget.errors import ClaudeWidgetError, end_of

_NEXT = "Record it, run it live, or ask what is recorded."
_ELSEWHERE = (
    "Recordings are looked for in the kernel's working folder, which papermill sets with --cwd. "
    "CLAUDE_WIDGET_RECORDINGS or ProcessManager(recordings=...) names another folder."
)


class RecordingNotFound(ClaudeWidgetError):
    """Replay has nothing recorded for that request.

    Attributes:
        query: what was asked.
        key: of the request; empty where only the query counts.
        material: what the key is made of.
        nearest: folder of the recording that comes nearest, or None.
        differences: what the request and that one differ in, in words.
        known: the queries that are recorded, as many as are of use.
        folder: where recordings were looked for; empty where that is not told.
    """

    def __init__(
        self,
        query: str,
        known: Sequence[str] = (),
        *,
        key: str = "",
        material: Mapping[str, object] | None = None,
        nearest: str | None = None,
        differences: Sequence[str] = (),
        folder: str = "",
    ) -> None:
        self.query = query
        self.known = tuple(known)
        self.key = key
        self.material = dict(material or {})
        self.nearest = nearest
        self.differences = tuple(differences)
        self.folder = folder
        short = query if len(query) <= 200 else query[:200] + "…"
        named = f" (key {key[:12]})" if key else ""
        super().__init__(
            f"Nothing is recorded for the query {short!r}{named}. {self._nearest()}",
            hint=_ELSEWHERE if self._is_bare else _NEXT,
        )

    @property
    def _is_bare(self) -> bool:
        """Nothing at all was found where recordings were looked for."""
        return bool(self.folder) and self.nearest is None and not self.known

    def _nearest(self) -> str:
        if self._is_bare:
            return f"There is no recording in {self.folder}."
        if self.nearest is None:
            listed = "".join(f"\n  - {query}" for query in self.known) or " none"
            return f"Recorded are:{listed}\n"
        said = "".join(f"\n  - {one}" for one in self.differences) or "\n  - nothing that is named"
        return f"The nearest recording is {end_of(self.nearest, 2)}, but:{said}\n"


class RecordingDamaged(ClaudeWidgetError):
    """A recording cannot be played: a file of it is missing, is none, or belongs to another.

    Attributes:
        path: the file.
        line: its line, from 1; None where it is no matter of one.
    """

    def __init__(self, path: str, problem: str, *, line: int | None = None) -> None:
        self.path = path
        self.line = line
        where = end_of(path, 3) if line is None else f"{end_of(path, 3)}, line {line}"
        super().__init__(
            f"The recording cannot be played: {where}: {problem}.",
            hint="Take it back from version control, record it anew, or run it live.",
        )


class RecordingTooNew(ClaudeWidgetError):
    """A recording was made by a later version of this package.

    Attributes:
        path: its folder.
        format: the version of its format.
        needs: the version of the package that reads it; empty if it does not say.
    """

    def __init__(self, path: str, format: int, needs: str) -> None:  # noqa: A002 - its name there
        self.path = path
        self.format = format
        self.needs = needs
        package = f"claude-widget {needs} or later" if needs else "a later claude-widget"
        super().__init__(
            f"The recording {end_of(path, 2)} has format {format}, which needs {package}.",
            hint="Upgrade the package, or record it anew.",
        )


class RecordingsLocked(ClaudeWidgetError):
    """Another process holds the lock of a folder of recordings, and does not let go.

    Attributes:
        path: the folder.
        seconds: how long it was waited for.
    """

    def __init__(self, path: str, seconds: float) -> None:
        self.path = path
        self.seconds = seconds
        super().__init__(
            f"The folder of recordings, {end_of(path, 1)}, was locked by another process for "
            f"{seconds:g} s.",
            hint="Saving takes milliseconds, so it may be stopped: let it go on, or end it.",
        )


class RecordingsUnwritable(ClaudeWidgetError):
    """What is to be recorded was not started, since nothing could be saved of it.

    Attributes:
        path: the folder of recordings.
    """

    def __init__(self, path: str, problem: str) -> None:
        self.path = path
        super().__init__(
            f"The folder of recordings, {end_of(path, 1)}, cannot be written: {problem}. "
            "Nothing was started.",
            hint="Make it writable, name another one (recordings=...), or run it live.",
        )
