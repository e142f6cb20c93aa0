"""Kernels that the model check can ask, and kill: each a process with one manager and one page.

The rule: `python -m tests.model_kernel SOCKET` imports everything once and forks a kernel for each
connection, so that a new one costs milliseconds. A kernel does what it is asked, a JSON object a
line, and answers with what became of it. It judges only what nobody outside can see: whether a
status has gone back, and whether its page was told what the kernel knows.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from claude_widget.errors import ClaudeWidgetError, ExecutionNotFound
from claude_widget.execution import Execution
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from claude_widget.page.rows import row_in
from claude_widget.page.widget import ClaudeWidget
from tests import fake
from tests.recording_comm import comm_of, open_recording_comms, say

ORDER = ("pending", "running", "completed")
GRACE = 60.0
"""Seconds that a permission request waits for a page that was there: longer than an example."""
Told = dict[str, Any]


class Page:
    """The dashboard's far end: the rows that it was told, from its last hello on."""

    def __init__(self, manager: ProcessManager) -> None:
        self._widget = ClaudeWidget(manager)
        self._hellos = 0
        self._read = 0
        self._sequence = -1
        self.rows: dict[str, dict[str, Any]] = {}
        self.problems: list[str] = []
        self.hello()

    def hello(self) -> None:
        """The page was (re)loaded: it knows nothing until it is welcomed."""
        self._hellos += 1
        self._sequence = -1
        say(self._widget, type="claude:hello", requestId=f"hello-{self._hellos}")

    def read(self) -> None:
        """Take in what has come."""
        messages = comm_of(self._widget).custom()
        for content, _ in messages[self._read :]:
            if content.get("requestId") == f"hello-{self._hellos}":
                self._sequence = content["sequence"]
                self.rows = {row["executionId"]: row for row in content["executions"]}
            elif content["type"] == "claude:events" and self._sequence >= 0:
                self._take(content)
        self._read = len(messages)

    def _take(self, content: dict[str, Any]) -> None:
        if content["sequence"] != self._sequence + 1:
            self.problems.append(f"a gap: {self._sequence}, {content['sequence']}")
        self._sequence = content["sequence"]
        for event in content["events"]:
            execution_id = event.get("executionId")  # the queue's state is nobody's
            if event["type"] == "claude:changed":
                row = {**self.rows.get(execution_id, {}), **event["changes"]}
                known = {name: value for name, value in row.items() if value is not None}
                self.rows[execution_id] = known
            elif event["type"] == "claude:removed":
                self.rows.pop(execution_id, None)

    def close(self) -> None:
        """The page has gone."""
        self._widget.close()


class Kernel:
    """One manager, and what it is asked."""

    def __init__(self) -> None:
        self.manager: ProcessManager
        self.page: Page | None = None
        self._ranks: dict[str, tuple[int, str]] = {}
        self._backward: list[str] = []

    def do(self, command: Told) -> Told:
        """Carry out one command; what was refused is told by its kind."""
        name = command.pop("do")
        act: Callable[..., Told | None] = getattr(self, "do_" + name)
        try:
            return {"ok": True, **(act(**command) or {})}
        except ClaudeWidgetError as error:
            code = getattr(error, "code", "")
            return {"ok": False, "error": type(error).__name__, "code": code, "text": str(error)}

    def do_open(self, state: str, cli: str, slots: int, notebook: str) -> Told:
        os.environ["JPY_SESSION_NAME"] = notebook
        backend = LocalBackend(Path(cli), graces=fake.FAST)
        self.manager = ProcessManager(
            state, max_concurrency=slots, stagger=0.0, backend=backend, permission_grace=GRACE
        )
        self.manager.on_change(self._note)
        return {"pid": os.getpid(), "manager_id": self.manager.manager_id}

    def _note(self, execution: Execution | str) -> None:
        """A status only ever goes forward, and an end is never another one."""
        if isinstance(execution, str):
            return
        info = execution.info
        rank = (len(ORDER) - 1 if info.status.ended else ORDER.index(info.status), info.status)
        before = self._ranks.get(info.execution_id, rank)
        if rank[0] < before[0] or (info.status.ended and before[0] == rank[0] and before != rank):
            self._backward.append(f"{info.execution_id}: {before} {rank}")
        self._ranks[info.execution_id] = rank

    # -- what may be asked -------------------------------------------------------------------

    def do_start(self, query: str, project: str, **options: Any) -> Told:
        started = self.manager.start_execution(query, project, **options)
        return {"id": started.execution_id}

    def do_steer(self, id: str, ask: str) -> None:  # noqa: A002 - the word of the protocol
        getattr(self._known(id), ask)()

    def do_answer(self, id: str, allow: bool) -> Told:  # noqa: A002
        execution = self._known(id)
        requests = execution.requests
        for request in requests:
            execution.answer_request(request.control_id, allow)
        return {"answered": len(requests)}

    def _known(self, execution_id: str) -> Execution:
        """What another kernel has just started, this one may not know yet."""
        execution = self.manager.get_execution(execution_id)
        if execution is None:
            raise ExecutionNotFound(execution_id)
        return execution

    def do_adopt(self, id: str) -> None:  # noqa: A002
        self.manager.adopt(id)

    def do_cleanup(self, id: str) -> None:  # noqa: A002
        self.manager.cleanup_execution(id)

    def do_page(self, on: bool) -> None:
        if not on and self.page is not None:
            self.page.close()
            self.page = None
        elif on and self.page is not None:
            self.page.hello()
        elif on:
            self.page = Page(self.manager)

    def do_look(self) -> Told:
        """What is known of each, what the page was told otherwise, and what went wrong."""
        manager = self.manager
        every = manager.get_all_executions()
        known = {
            one.execution_id: {
                "status": one.info.status,
                "reason": one.info.reason,
                "held": manager.is_held(one),
                "mine": one.execution_id in manager._registry.mine,
                "requests": len(one.info.open_requests),
                "pid": one.info.pid,
            }
            for one in every
        }
        return {"known": known, "differs": self._page_differs(every), "wrong": self._wrong()}

    def _page_differs(self, every: list[Execution]) -> list[str]:
        if self.page is None:
            return []
        self.page.read()
        rows = {one.execution_id: row_in(self.manager, one) for one in every}
        told = self.page.rows
        return sorted(key for key in rows.keys() | told.keys() if rows.get(key) != told.get(key))

    def _wrong(self) -> list[str]:
        return self._backward + (self.page.problems if self.page is not None else [])

    def do_close(self) -> None:
        if self.page is not None:
            self.page.close()
        self.manager.close()


def serve(connection: socket.socket) -> None:
    """A kernel, for as long as somebody asks."""
    kernel = Kernel()
    with connection, connection.makefile("rw", encoding="utf-8") as lines:
        for line in lines:
            lines.write(json.dumps(kernel.do(json.loads(line))) + "\n")
            lines.flush()


def main(path: str) -> None:
    """Fork a kernel for each connection, until stdin is closed."""
    open_recording_comms()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # a dead kernel is nobody's child to wait for
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(path)
        listener.listen()
        while listener in select.select([listener, sys.stdin], [], [])[0]:
            connection, _ = listener.accept()
            if os.fork() == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                listener.close()
                with contextlib.suppress(OSError):
                    serve(connection)
                os._exit(0)
            connection.close()


if __name__ == "__main__":
    main(sys.argv[1])
