"""The state folder: where executions lie on disk, and which of them there are.

The rule: folders, names and small files of ours; never the meaning of a transcript. Folders are
0700, files 0600, whatever the umask. A folder whose name is no UUID is not ours and is never
touched.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import shutil
import threading
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import platformdirs

from claude_widget.backend import Run
from claude_widget.errors import ClaudeWidgetError
from claude_widget.header import read_attempt_of, read_header, read_request
from claude_widget.models import ExecutionInfo, ExecutionRequest
from claude_widget.own_files import open_own, read_own
from claude_widget.protocol import ModelChoice
from claude_widget.runtime import own_folder

STATE_VARIABLE = "CLAUDE_WIDGET_STATE_DIR"
WATCHING = "watching"
"""The file on which each open manager holds a shared lock, so that shims know of them."""
PAGES = "pages"
"""The file whose time says when a kernel has last heard of a page."""
_LOCK_TRIES = 40
_LOCK_PAUSE = 0.005


def state_path(given: str | os.PathLike[str] | None = None) -> Path:
    """Where the state folder lies, whether it is there or not, as an absolute path.

    Args:
        given: the folder; `CLAUDE_WIDGET_STATE_DIR`, else the platform's place for state, if None.
    """
    wanted = given or os.environ.get(STATE_VARIABLE)
    chosen = Path(wanted) if wanted else platformdirs.user_state_path("claude-widget")
    return chosen.expanduser().absolute()


class StateFolder:
    """One state folder.

    Args:
        path: as for `state_path`. It is made if it is not there.

    Raises:
        ClaudeWidgetError: it cannot be made, or is not ours alone.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.path = state_path(path)
        self.executions = self.path / "executions"
        self._watching = -1
        problem = own_folder(self.path, private=False) or own_folder(self.executions)
        if problem:
            raise ClaudeWidgetError(
                f"The state folder cannot be used: {problem}.",
                hint="Give another one with ProcessManager(state_dir=...).",
            )

    def watch(self) -> bool:
        """Tell the shims that somebody is there, until `unwatch`; False if it cannot be told.

        To be called now and then: a lock on a file that somebody has taken away tells nothing. A
        shim that looks holds the lock for microseconds, so it is tried for a moment.
        """
        if self._watching >= 0:
            if is_open_at(self._watching, self.path / WATCHING):
                return True
            self.unwatch()
        try:
            fd = open_own(self.path / WATCHING, os.O_RDONLY | os.O_CREAT)
        except OSError:
            return False
        for _ in range(_LOCK_TRIES):
            with contextlib.suppress(OSError):
                fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
                self._watching = fd
                return True
            time.sleep(_LOCK_PAUSE)
        os.close(fd)
        return False

    def unwatch(self) -> None:
        """Nobody is there any more, as far as this one knows."""
        if self._watching >= 0:
            os.close(self._watching)
            self._watching = -1

    def note_page(self) -> None:
        """Tell the managers of other kernels that a page was heard of just now."""
        with contextlib.suppress(OSError):  # they then wait a shorter time for it
            self._write(self.path / PAGES, b"\n")

    def page_noted(self) -> float:
        """When a page was last heard of by any kernel, in epoch seconds; 0 if none was."""
        try:
            return (self.path / PAGES).stat(follow_symlinks=False).st_mtime
        except OSError:
            return 0.0

    def new_run(self, request: ExecutionRequest) -> Run:
        """An execution that has a name, and nothing on disk yet."""
        execution_id = str(uuid.uuid4())
        return Run(execution_id, self.executions / execution_id, request)

    def create(self, run: Run) -> None:
        """Make its folder."""
        run.folder.mkdir(mode=0o700, exist_ok=True)  # a CLI that was started ahead may wait there
        run.folder.chmod(0o700)  # whatever the umask

    def keep_request(self, run: Run) -> None:
        """Write its request into its folder, less what may hold secrets."""
        public = run.request.model_dump(mode="json", by_alias=True, exclude={"mcp_config"})
        public["env"] = dict.fromkeys(run.request.env, "")
        with contextlib.suppress(OSError):  # only a short cut: the transcript says the same
            self._write(run.folder / "request.json", json.dumps(public).encode())

    def discard(self, run: Run) -> None:
        """Take back what there is of a folder that could not be made."""
        shutil.rmtree(run.folder, ignore_errors=True)

    def changed(self) -> int:
        """A number that changes when an execution is added or removed."""
        try:
            return self.executions.stat().st_mtime_ns
        except OSError:
            return 0

    def find(self, known: frozenset[str]) -> list[Run]:
        """Executions that are on disk, not forgotten, and not among the known; oldest first."""
        found: list[tuple[int, Run]] = []
        for entry in self._entries():
            if entry.name in known or not _is_uuid(entry.name):
                continue
            run = self._load(Path(entry.path))
            if run is not None:
                found.append((_made(run), run))
        return [run for _, run in sorted(found, key=lambda pair: pair[0])]

    def forgotten(self, known: frozenset[str]) -> list[str]:
        """Ids of the executions that are on disk, forgotten, and not among the known."""
        names = [one.name for one in self._entries() if one.name not in known]
        there = [name for name in names if (self.executions / name / "forgotten").exists()]
        return [name for name in there if _is_uuid(name)]

    def first_attempt(self, execution_id: str) -> str | None:
        """Id of the first attempt, where that one is a further one, forgotten or not."""
        return read_attempt_of(self.executions / execution_id / "transcript")

    def further_attempts(self) -> dict[str, list[str]]:
        """Ids of all further attempts, forgotten or not, by the first one's."""
        found: dict[str, list[str]] = {}
        for entry in self._entries():
            first_id = self.first_attempt(entry.name) if _is_uuid(entry.name) else None
            if first_id is not None:
                found.setdefault(first_id, []).append(entry.name)
        return found

    def _entries(self) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.executions) as entries:
                return [entry for entry in entries if entry.is_dir(follow_symlinks=False)]
        except OSError:
            return []  # somebody took the folder away; the next start says so

    def find_one(self, execution_id: str) -> Run | None:
        """The execution of that id on disk, forgotten or not; None if there is none."""
        if not _is_uuid(str(execution_id)):  # it becomes part of a path
            return None
        folder = self.executions / str(execution_id)
        there = folder.is_dir() and not folder.is_symlink()
        return self._load(folder, forgotten=True) if there else None

    def _load(self, folder: Path, *, forgotten: bool = False) -> Run | None:
        if read_header(folder / "transcript") is None:
            return None
        if not forgotten and (folder / "forgotten").exists():
            return None
        request = _request_in(folder)
        known = {"mcp_config": _mcp_config(folder), "env": {}}
        asked = request.model_copy(update=known)
        text = json.dumps(asked.model_dump(mode="json", by_alias=True, exclude_defaults=True))
        return Run(folder.name, folder, text.encode(), tuple(request.env))

    def has(self, run: Run) -> bool:
        """Whether it is still there, and not forgotten."""
        return run.transcript.exists() and not (run.folder / "forgotten").exists()

    def forget(self, run: Run) -> None:
        """Leave it out of `find` from now on; its transcript stays."""
        with contextlib.suppress(FileNotFoundError):  # its folder was taken away: `find` sees none
            self._write(run.folder / "forgotten", b"")

    def note_recorded(self, run: Run) -> None:
        """Its recording is saved: no later kernel is to save it once more."""
        with contextlib.suppress(OSError):  # then one does, and saves the same
            self._write(run.folder / "recorded", b"")

    def was_recorded(self, run: Run) -> bool:
        """Whether its recording was saved, wherever that is by now."""
        return (run.folder / "recorded").exists()

    def save_ended(
        self, run: Run, fold: bytes, size: int, owner: Mapping[str, Any] | None = None
    ) -> None:
        """Keep the fold of an ended transcript, so that it need not be folded again.

        Args:
            run: the execution.
            fold: what its transcript folds to, as a JSON object.
            size: bytes of the transcript that were folded.
            owner: whose it was.
        """
        whose = json.dumps(dict(owner or {})).encode()
        content = b'{"size":%d,"info":%b,"owner":%b}' % (size, fold, whose)
        with contextlib.suppress(OSError):  # only a short cut: the transcript says the same
            self._write(run.folder / "ended.json", content)

    def load_ended(self, run: Run) -> ExecutionInfo | None:
        """What `save_ended` kept, if it is of the transcript as it is now."""
        try:
            said: dict[str, Any] = json.loads(read_own(run.folder / "ended.json"))
            if said["size"] != run.transcript.stat().st_size:
                return None
            info = ExecutionInfo.model_validate(said["info"])
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return None
        return info if info.status.ended and info.execution_id == run.execution_id else None

    def load_owner(self, run: Run) -> Mapping[str, Any]:
        """Whose one was that has ended, as `save_ended` kept it; empty where nothing says so."""
        try:
            owner = json.loads(read_own(run.folder / "ended.json"))["owner"]
        except (OSError, ValueError, TypeError, KeyError, RecursionError):
            return {}
        return owner if isinstance(owner, dict) else {}

    def save_models(self, models: tuple[ModelChoice, ...]) -> None:
        """Keep what the CLI offers, so that a form can offer it before the next CLI runs."""
        listed = [model.model_dump(mode="json") for model in models]
        with contextlib.suppress(OSError):  # the next CLI tells it again
            self._write(self.path / "models.json", json.dumps(listed).encode("utf-8", "replace"))

    def load_models(self) -> tuple[ModelChoice, ...]:
        """What `save_models` kept; nothing where that cannot be read."""
        try:
            listed = json.loads(read_own(self.path / "models.json"))
            return tuple(ModelChoice.model_validate(model) for model in listed)
        except (OSError, ValueError, TypeError):
            return ()

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        """The whole file or, if that fails, what was there before."""
        temporary = path.with_name(f".{path.stem}.{os.getpid()}.{threading.get_native_id()}")
        try:
            temporary.unlink(missing_ok=True)  # of a process of the same number, long gone
            fd = open_own(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
            with os.fdopen(fd, "wb") as file:
                file.write(content)
            temporary.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink(missing_ok=True)
            raise


def is_open_at(fd: int, path: Path) -> bool:
    """Whether that path still names the file of a descriptor."""
    try:
        return os.path.samestat(os.fstat(fd), path.stat(follow_symlinks=False))
    except OSError:
        return False


def _request_in(folder: Path) -> ExecutionRequest:
    """What was asked for, as a file of its own says, or else the transcript."""
    try:
        return ExecutionRequest.model_validate_json(read_own(folder / "request.json"))
    except (OSError, ValueError):
        told = read_request(folder / "transcript")
    try:
        names = dict.fromkeys(told.pop("env", ()), "")
        return ExecutionRequest.model_validate({**told, "env": names})
    except (ValueError, TypeError):
        return ExecutionRequest(query="(unknown)", project_path="")


def _made(run: Run) -> int:
    """When it was asked for, in nanoseconds; its request is written once, its folder often."""
    for path in (run.folder / "request.json", run.folder):
        try:
            return path.stat().st_mtime_ns
        except OSError:
            continue
    return 0


def _mcp_config(folder: Path) -> dict[str, Any] | None:
    """The MCP configuration that the execution was started with, for one that resumes it."""
    try:
        config = json.loads(read_own(folder / "mcp.json"))
    except (OSError, ValueError):
        return None
    return config if isinstance(config, dict) else None


def _is_uuid(name: str) -> bool:
    try:
        return str(uuid.UUID(name)) == name
    except ValueError:
        return False
