"""The seam between the manager and whatever runs an execution.

The rule: a backend starts an execution, passes on what is asked of it, and tells whether it still
lives. What happens to it is read from its transcript alone, so a backend reports nothing. The
manager knows no backend's class; `tests/contracts` holds one suite that every backend passes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, Protocol

from claude_widget.models import ExecutionRequest
from claude_widget.reports import EndedProcess
from claude_widget.transcript import Writer


class Run:
    """One execution as a backend sees it. Not to be changed.

    Args:
        execution_id: UUID4.
        folder: its own folder, mode 0700, absolute.
        request: what was asked for, or the same as text: a kernel may know thousands.
        forgotten_env: names of environment variables that it was given by a kernel that is gone;
            their values are never kept.
    """

    __slots__ = ("_request", "execution_id", "folder", "forgotten_env")

    def __init__(
        self,
        execution_id: str,
        folder: Path,
        request: ExecutionRequest | bytes,
        forgotten_env: tuple[str, ...] = (),
    ) -> None:
        self.execution_id = execution_id
        self.folder = folder
        self.forgotten_env = forgotten_env
        self._request = request

    @property
    def request(self) -> ExecutionRequest:
        """What was asked for."""
        kept = self._request
        if isinstance(kept, bytes):
            return ExecutionRequest.model_validate(json.loads(kept))
        return kept

    @property
    def transcript(self) -> Path:
        """Its transcript."""
        return self.folder / "transcript"


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

        Operations: "kill" (reason), "interrupt", "end", "status", "send" (line: a frame for the
        CLI), "answer" (request_id, line, by, note: the first answer to a request counts; a later
        one is refused with code "answered"), "limit" (reason, error: end it as failed),
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
