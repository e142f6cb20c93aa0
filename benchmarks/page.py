"""The far end of a widget's comm, which would be a page; and a backend that runs nothing.

The rule: widgets and managers are the real ones. The comm keeps when each message came and how
many bytes it has on the wire; the backend leaves it to the benchmark what stands in a transcript.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any, Literal

import comm
from comm.base_comm import BaseComm

from claude_widget.backend import Run
from claude_widget.models import ExecutionRequest
from claude_widget.transcript import Writer


class Page(BaseComm):
    """Keeps what is sent: the moment, the JSON as bytes, the buffers."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.messages: list[tuple[float, bytes, list[bytes]]] = []
        super().__init__(*args, **kwargs)

    def publish_msg(
        self,
        msg_type: str,
        data: Any = None,
        metadata: Any = None,
        buffers: Any = None,
        **keys: Any,
    ) -> None:
        """Take one message."""
        del keys
        said = json.dumps([msg_type, data, metadata], default=str).encode()
        raw = [bytes(buffer) for buffer in buffers or []]
        self.messages.append((time.monotonic(), said, raw))


def open_pages() -> None:
    """From now on every widget of this process has such a page."""
    comm.create_comm = Page


def page_of(widget: Any) -> Page:
    """The page of a widget."""
    assert isinstance(widget.comm, Page)
    return widget.comm


def say(widget: Any, **content: Any) -> None:
    """Have the page say something."""
    data = {"method": "custom", "content": content}
    widget._handle_msg({"content": {"data": data}, "buffers": []})  # noqa: SLF001 - as a comm does


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

    def sweep(self, run: Run) -> int:
        """There is nothing to sweep."""
        del run
        return 0

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
