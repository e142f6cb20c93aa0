"""The seam between the manager and whatever runs an execution.

The rule: a backend starts an execution, passes on what is asked of it, and tells whether it still
lives. What happens to it is read from its transcript alone, so a backend reports nothing. The
manager knows no backend's class; `tests/contracts` holds one suite that every backend passes.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol, runtime_checkable

from claude_widget.models import ExecutionRequest
from claude_widget.reports import EndedProcess
from claude_widget.transcript import Writer
from claude_widget.worktrees.worktree import Worktree


class Run:
    """One execution as a backend sees it. Not to be changed.

    Args:
        execution_id: UUID4.
        folder: its own folder, mode 0700, absolute.
        request: what was asked for, or the same as text: a kernel may know thousands.
        forgotten_env: names of environment variables that it was given by a kernel that is gone;
            their values are never kept.

    Attributes:
        worktree: what its folder is one of, where that is known; it is started there.
    """

    __slots__ = (
        "_asked",
        "_folder",
        "_home",
        "_name",
        "_request",
        "execution_id",
        "forgotten_env",
        "worktree",
    )

    def __init__(
        self,
        execution_id: str,
        folder: Path,
        request: ExecutionRequest | bytes,
        forgotten_env: tuple[str, ...] = (),
    ) -> None:
        self.execution_id = execution_id
        self._folder: Path | None = folder
        self._home = sys.intern(os.fspath(folder.parent))  # one text for thousands
        self._name = execution_id if folder.name == execution_id else folder.name
        self.forgotten_env = forgotten_env
        self._request = request
        self._asked: ExecutionRequest | None = None
        self.worktree: Worktree | None = None

    @property
    def folder(self) -> Path:
        """Its own folder."""
        return self._folder or Path(self._home, self._name)

    def filled(self, request: ExecutionRequest) -> Run:
        """The same with what it asks for now that those are known which it came after."""
        run = Run(self.execution_id, self.folder, request, self.forgotten_env)
        run._asked = self.asked
        return run

    @property
    def asked(self) -> ExecutionRequest:
        """What was asked for in the first place."""
        return self.request if self._asked is None else self._asked

    @property
    def request(self) -> ExecutionRequest:
        """What was asked for, as far as it is known."""
        kept = self._request
        if isinstance(kept, bytes):
            return ExecutionRequest.model_validate(json.loads(kept))
        return kept

    def pack(self) -> None:
        """It has ended: keep what was asked for as text, a quarter of the size, and no path."""
        self._folder, kept = None, self._request
        if isinstance(kept, ExecutionRequest):
            self._request = kept.model_dump_json(by_alias=True, exclude_defaults=True).encode()

    @property
    def transcript(self) -> Path:
        """Its transcript."""
        return self.folder / "transcript"


@runtime_checkable
class Warmer(Protocol):
    """A backend that can start CLIs ahead. Every method may be called from any thread.

    `Backend.start` hands over to the one that waits in the run's folder, if it fits; else it ends
    that one and starts another. It does so without waiting for anybody if `ready` has returned.
    """

    def warm(self, run: Run) -> None:
        """Start a CLI in a folder that it makes; it waits for the execution of that name.

        Raises:
            ClaudeWidgetError, OSError: it could not be started.
        """

    def fits(self, run: Run) -> bool:
        """Whether one waits there that was started just as that run would be."""

    def ready(self, run: Run) -> None:
        """End the one that waits there if it does not answer, or does not fit; takes seconds."""

    def cool(self, execution_id: str) -> None:
        """End the one that waits there, if there is one."""


class Backend(Protocol):
    """Runs executions. Every method may be called from any thread."""

    @property
    def name(self) -> Literal["local", "replay"]:
        """Which one it is, as the page is told."""

    def check(self, request: ExecutionRequest) -> None:
        """Refuse what cannot be started, before anything is written.

        Raises:
            ClaudeWidgetError: with what to do about it.
        """

    def start(self, run: Run, writer: Writer) -> None:
        """Start it, handing over the transcript's lock. Returns at once.

        Raises:
            OSError: it could not be started; the writer is still open.
        """

    def ask(self, run: Run, operation: str, **fields: Any) -> dict[str, Any]:
        """Ask a running one, bounded by a few seconds.

        Operations: "kill" (reason, error: more in words, or ""), "interrupt", "end", "status",
        "send" (line: a frame for the CLI), "answer" (request_id, line, by, note: the first answer
        to a request counts; a later one is refused with code "answered"),
        "limit" (reason, error: end it as failed),
        "adopt" (owner, instead_of: the id of the manager that it is taken over from, name: a new
        one if given; refused with code "owned" and the owner, if that is another by now).

        Raises:
            ControlFailed: it did not answer, or refused.
        """

    def alive(self, run: Run) -> bool:
        """Whether something still writes its transcript."""

    def sweep(self, run: Run) -> tuple[EndedProcess, ...]:
        """End what a dead one left behind; the processes there were."""

    def wait_handles(self) -> Sequence[int]:
        """Descriptors that become readable when one may have ended; may be empty."""

    def notice(self) -> str:
        """What the user should be told plainly about this backend; empty for a plain live one."""

    def suggested_queries(self) -> tuple[str, ...]:
        """Queries that it is known to answer; empty when it answers any."""

    def close(self) -> None:
        """Let go of what it holds; running executions go on where they can."""
