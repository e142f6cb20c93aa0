"""A backend that runs nothing: it leaves it to the benchmark what stands in a transcript.

The rule: managers and widgets are the real ones; only what a CLI would write is the benchmark's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from claude_widget.backend import Run
from claude_widget.models import ExecutionRequest
from claude_widget.reports import EndedProcess
from claude_widget.transcript import Writer


class Stage:
    """A backend whose executions do what the benchmark writes for them."""

    name: Literal["local"] = "local"

    def __init__(self) -> None:
        self.writers: dict[str, Writer] = {}

    def check(self, request: ExecutionRequest) -> None:
        """Anything can be started."""

    def start(self, run: Run, writer: Writer) -> None:
        """Keep the transcript's writer."""
        self.writers[run.execution_id] = writer
        writer.meta("spawned", pid=1, start=1, shim_pid=1, shim_start=1, cli_path="fake")

    def ask(self, run: Run, operation: str, **fields: Any) -> dict[str, Any]:
        """Nobody is there to be asked."""
        del run, operation, fields
        return {"ok": True}

    def alive(self, run: Run) -> bool:
        """It lives as long as the benchmark does."""
        return run.execution_id in self.writers

    def sweep(self, run: Run) -> tuple[EndedProcess, ...]:
        """There is nothing to sweep."""
        del run
        return ()

    def wait_handles(self) -> Sequence[int]:
        """There is no process."""
        return ()

    def notice(self) -> str:
        """Nothing to say."""
        return ""

    def suggested_queries(self) -> tuple[str, ...]:
        """None."""
        return ()

    def close(self) -> None:
        """Let go of the transcripts."""
        for writer in self.writers.values():
            writer.close()
        self.writers.clear()
