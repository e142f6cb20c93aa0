"""A whole manager that is driven by hand: no thread follows, no process is started.

The rule: all of the manager is the real one, but that its thread goes round only when it is told
to, preparations are made in the thread that asks for them, and what it runs are transcripts that
the test itself ends. So what happens between two rounds is known, and may be anything.
"""

from __future__ import annotations

import json
import tempfile
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Literal
from unittest.mock import patch

from claude_widget.backend import Run
from claude_widget.execution import Execution
from claude_widget.following import Following
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionRequest
from claude_widget.reports import EndedProcess
from claude_widget.transcript import Writer


class HandRun:
    """A backend that runs nothing: executions run until they are ended by hand.

    Attributes:
        running: those that run, with what is open of each.
        started: ids in the order of their starts.
        prompts: what each was asked.
    """

    name: Literal["local"] = "local"

    def __init__(self) -> None:
        self.running: dict[str, Writer] = {}
        self.started: list[str] = []
        self.prompts: dict[str, str] = {}

    def check(self, request: ExecutionRequest) -> None:
        """Anything can be started."""

    def start(self, run: Run, writer: Writer) -> None:
        writer.meta("spawned", pid=1)
        self.running[run.execution_id] = writer
        self.started.append(run.execution_id)
        self.prompts[run.execution_id] = run.request.query

    def end(self, execution_id: str, result: str | None) -> None:
        """It has that result, or crashes."""
        writer = self.running.pop(execution_id)
        if result is not None:
            frame = {"type": "result", "subtype": "success", "is_error": False, "result": result}
            writer.lines(b"out", json.dumps(frame).encode())
        self._gone(writer, 0 if result is not None else 1)

    def ask(self, run: Run, operation: str, **fields: Any) -> dict[str, Any]:
        assert operation == "kill", "nothing else is asked here"
        writer = self.running.pop(run.execution_id)
        writer.meta("kill", reason=fields["reason"])
        self._gone(writer, -9)
        return {}

    @staticmethod
    def _gone(writer: Writer, code: int) -> None:
        writer.meta("ended", exit_code=code, error=None, forced=False, descendants=0)
        writer.close()

    def alive(self, run: Run) -> bool:
        return run.execution_id in self.running

    def sweep(self, run: Run) -> tuple[EndedProcess, ...]:
        return ()

    def wait_handles(self) -> Sequence[int]:
        return ()

    def notice(self) -> str:
        return ""

    def suggested_queries(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        """Nothing is held but what runs."""


class _ByHand(Following):
    """Goes round only when it is told to."""

    def start(self) -> None:
        """No thread."""

    def stop(self) -> None:
        """Nothing to stop."""


class _AtOnce(threading.Thread):
    """Runs where it is started."""

    def start(self) -> None:
        self.run()


class Driven:
    """A manager, and the backend whose executions the test ends.

    Attributes:
        manager: the manager.
        backend: its backend.
    """

    def __init__(self, manager: ProcessManager, backend: HandRun) -> None:
        self.manager = manager
        self.backend = backend

    def round(self) -> None:
        """Look at everything once, and start who may start."""
        with patch("claude_widget.queue.starting.threading", SimpleNamespace(Thread=_AtOnce)):
            self.manager._following._round(())

    def around_filling(self, checked: Callable[[Callable[[], float | None]], float | None]) -> None:
        """Have that called wherever slots are filled, with what fills them."""
        fill = self.manager._starting.fill_slots
        starting = self.manager._starting
        starting.fill_slots = lambda **how: checked(partial(fill, **how))  # type: ignore[method-assign]

    def get(self, execution_id: str) -> Execution:
        found = self.manager.get_execution(execution_id)
        assert found is not None
        return found


@contextmanager
def driven(slots: int) -> Iterator[Driven]:
    """A manager on a state folder of its own."""
    with (
        tempfile.TemporaryDirectory(prefix="cw-driven-") as folder,
        patch("claude_widget.manager.Following", _ByHand),
    ):
        backend = HandRun()
        manager = ProcessManager(
            Path(folder) / "state", backend=backend, max_concurrency=slots, stagger=0.0
        )
        try:
            yield Driven(manager, backend)
        finally:
            for writer in backend.running.values():
                writer.close()
            manager.close()
