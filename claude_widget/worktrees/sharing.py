"""Several executions that write to one folder at the same time: said once, where people look.

The rule: it warns and forbids nothing, and goes by what was asked for: who waits for the other, who
has a worktree, and who must ask a person before each change, is no danger to the other's files.
"""

from __future__ import annotations

import inspect
import threading
import warnings
from collections.abc import Callable
from pathlib import Path

from claude_widget.backend import Run
from claude_widget.changes.overlaps import touch
from claude_widget.models import ExecutionRequest
from claude_widget.registry import Registry
from claude_widget.worktrees.errors import SharedFolderWarning

_UNASKED = ("acceptEdits", "bypassPermissions", "auto")
"""Permission modes in which files are changed without a question."""
_WRITING = ("Bash", "Edit", "MultiEdit", "NotebookEdit", "Write")
_PACKAGE = str(Path(__file__).parents[1])


class Sharing:
    """Warns for one manager. Safe from any thread.

    Args:
        registry: knows who has ended, and who comes after whom.
        slots: how many run at once.

    Attributes:
        tell: hears what pages are to be told.
    """

    def __init__(self, registry: Registry, slots: Callable[[], int]) -> None:
        self.tell: Callable[[str], object] | None = None
        self._registry = registry
        self._slots = slots
        self._lock = threading.Lock()
        self._writers: dict[Path, set[str]] = {}
        self._warned: set[Path] = set()

    def check(self, request: ExecutionRequest) -> None:
        """Warn if that start would write where another one writes, or is going to."""
        folder = Path(request.project_path)
        if not writes_unasked(request) or self._slots() < 2:
            return
        with self._lock:
            if folder in self._warned or not self._meets(request, folder):
                return
            self._warned.add(folder)
        said = (
            f"Several executions write to {folder} at the same time, and may undo each other's "
            "changes. In a git repository worktree=True gives each a folder and a branch of its "
            "own. This is said once."
        )
        if self.tell is not None:
            self.tell(said)
        warnings.warn(said, SharedFolderWarning, stacklevel=_callers_level())

    def note(self, run: Run) -> None:
        """That start has become an execution."""
        if writes_unasked(run.request):
            with self._lock:
                self._writers.setdefault(Path(run.request.project_path), set()).add(
                    run.execution_id
                )

    def _meets(self, request: ExecutionRequest, folder: Path) -> bool:
        """Whether another one may write there at the same time."""
        before: set[str] | None = None
        for other in [one for one in self._writers if touch(one, folder)]:
            writers = {one for one in self._writers[other] if self._goes_on(one)}
            self._writers[other] = writers
            if not writers:
                del self._writers[other]
                continue
            before = self._all_before(request) if before is None else before
            if writers - before:
                return True
        return False

    def _goes_on(self, execution_id: str) -> bool:
        execution = self._registry.get(execution_id)
        return execution is not None and not execution.latest.status.ended

    def _all_before(self, request: ExecutionRequest) -> set[str]:
        """Those that it waits for, and those that they wait for."""
        found: set[str] = set()
        waiting = list(request.after)
        while waiting:
            execution_id = waiting.pop()
            execution = self._registry.get(execution_id)
            if execution_id not in found and execution is not None:
                found.add(execution_id)
                waiting += execution.run.request.after
        return found


def writes_unasked(request: ExecutionRequest) -> bool:
    """Whether it changes the project's own files without asking a person first."""
    if request.worktree or request.permission_mode == "plan":
        return False
    if request.permission_mode in _UNASKED or request.permissions == "callable":
        return True
    return any(tool.partition("(")[0].strip() in _WRITING for tool in request.allowed_tools)


def _callers_level() -> int:
    """How far up the stack the user's own line is, which a warning names."""
    level, frame = 0, inspect.currentframe()
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        level, frame = level + 1, frame.f_back
    return level
