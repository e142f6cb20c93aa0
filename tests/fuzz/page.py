"""The surface `widget`, `desk` and `answering`: what a page may send.

The rule: a message with an id of its own is answered once, by a message of the protocol or by a
refusal in the manager's own words; any other is left alone. Nothing raises, no thread dies, nothing
is logged as an error. The manager and its widget are real; only the CLI's side is played, because
a start that means nothing would still cost a process.
"""

from __future__ import annotations

import json
import logging
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal, get_args

import comm

from claude_widget import protocol
from claude_widget.backend import Run
from claude_widget.errors import ClaudeWidgetError, ControlFailed
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionRequest
from claude_widget.page.widget import ClaudeWidget
from claude_widget.protocol.incoming import sound_text
from claude_widget.reports import EndedProcess
from claude_widget.transcript import Writer
from tests import recorded
from tests.fuzz.target import Check
from tests.recording_comm import RecordingComm

_IDS = ("11111111-1111-4111-8111-111111111111", "22222222-2222-4222-8222-222222222222")
_ANSWERED_WITHIN = 25.0
"""Seconds; a little less than the watchdog gives to one that waits."""


def messages() -> tuple[bytes, ...]:
    """One message of every kind, with and without what it may leave out; and some together."""
    kinds = [
        one.model_fields["type"].default for one in get_args(get_args(protocol.PageMessage)[0])
    ]
    full = {
        "executionId": _IDS[0],
        "query": "do it",
        "paneId": "p1",
        "controlId": "c1",
        "decision": {"behavior": "allow", "updatedInput": {}, "updatedPermissions": []},
        "hash": "h",
        "taskId": "t1",
        "server": "files",
    }
    told = [{"type": kind, "requestId": "r1", **_known(kind, full)} for kind in kinds]
    start = {"type": "claude:execute", "requestId": "r2", "query": "x", "projectPath": "."}
    told += [
        {**start, "name": "n", "model": "opus", "effort": "low", "permissionMode": "plan"},
        {**start, "keepOpen": True, "sessionId": "s1", "forkSession": True},
        {**start, "mcpConfig": '{"mcpServers":{"a":{"command":"true"}}}', "confirmedDigest": "d"},
        {"type": "claude:open-pane", "requestId": "r3", "paneId": "p", "executionId": _IDS[1]},
        {"type": "claude:kill-execution", "requestId": "r4", "executionId": _IDS[1]},
        {"type": "claude:ping", "requestId": "r5", "paneIds": ["p1", "p2"]},
    ]
    lines = [json.dumps(one).encode() for one in told]
    return (*lines, b"\n".join(lines[:5]), b"\n".join(lines[10:14]))


def _known(kind: str, values: dict[str, Any]) -> dict[str, Any]:
    """Those of the values that this kind of message has a field for."""
    for one in get_args(get_args(protocol.PageMessage)[0]):
        if one.model_fields["type"].default == kind:
            names = {field.alias for field in one.model_fields.values()}
            return {name: value for name, value in values.items() if name in names}
    raise AssertionError(kind)


class Played:
    """A backend whose CLI ends at once, and whose shims take what they are asked."""

    @property
    def name(self) -> Literal["local"]:
        return "local"

    def check(self, request: ExecutionRequest) -> None:
        """Everything can be started."""

    def start(self, run: Run, writer: Writer) -> None:
        with writer:
            writer.meta("spawned", pid=os.getpid(), cli_path="claude")
            writer.meta("ended", exit_code=0, error=None, forced=False, descendants=0)

    def ask(self, run: Run, operation: str, **fields: Any) -> dict[str, Any]:
        for line in (fields.get("line"), json.dumps(fields)):
            json.loads(line or "{}", parse_constant=_no_json).items()
        if operation == "send":  # the CLI's answer to a control request would be waited for
            raise ControlFailed(
                "The CLI takes no input.", code="refused", execution_id=run.execution_id
            )
        return {"ok": True}

    def alive(self, run: Run) -> bool:
        return True

    def sweep(self, run: Run) -> tuple[EndedProcess, ...]:
        return ()

    def wait_handles(self) -> Sequence[int]:
        return ()

    def notice(self) -> str:
        return ""

    def suggested_queries(self) -> tuple[str, ...]:
        return ()

    def close(self) -> None:
        """Nothing is held."""


def _no_json(constant: str) -> None:
    raise AssertionError(f"{constant} went to the CLI")


class Page(ClaudeWidget):
    """A dashboard whose answers are heard at once, without the courier's pace."""

    def __init__(self, manager: ProcessManager) -> None:
        self.heard: list[protocol.Message] = []
        self.came = threading.Condition()
        super().__init__(manager)

    def _say(self, unsent: Callable[[], tuple[protocol.Message, list[bytes]]]) -> None:
        message, _ = unsent()
        with self.came:
            self.heard.append(message)
            self.came.notify_all()


class Failures(logging.Handler):
    """What was logged as an error or by a dying thread, on any thread."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.found: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.found.append(self.format(record))

    def died(self, args: threading.ExceptHookArgs) -> None:
        """In place of `threading.excepthook`."""
        self.found.append(f"thread {args.thread} died: {args.exc_type} {args.exc_value}")


@contextmanager
def opened() -> Iterator[Check]:
    """The check of one input, in a folder and a home that are nobody's."""
    failures = Failures()
    before = Path.cwd(), dict(os.environ), comm.create_comm, threading.excepthook
    with TemporaryDirectory(prefix="cw-fuzz-") as folder:
        project = Path(folder) / "project"
        project.mkdir()
        os.chdir(project)
        os.environ["HOME"] = folder
        os.environ.pop("CLAUDE_CONFIG_DIR", None)
        comm.create_comm, threading.excepthook = RecordingComm, failures.died
        logging.getLogger("claude_widget").addHandler(failures)
        try:
            with _shown(Path(folder) / "state") as page:
                yield lambda data: _check(data, page, failures)
        finally:
            logging.getLogger("claude_widget").removeHandler(failures)
            comm.create_comm, threading.excepthook = before[2:]
            os.chdir(before[0])
            os.environ.update(before[1])


@contextmanager
def _shown(state_dir: Path) -> Iterator[Page]:
    manager = ProcessManager(state_dir, backend=Played(), max_concurrency=4, stagger=0.0)
    for execution_id, name in zip(_IDS, ("permission_allowed", "plan_approved"), strict=True):
        _write_running(state_dir, execution_id, name)
    page = Page(manager)
    try:
        yield page
    finally:
        page.close()
        manager.close()


def _write_running(state_dir: Path, execution_id: str, name: str) -> None:
    """A recorded run up to the moment at which it asks, as another kernel's."""
    folder = state_dir / "executions" / execution_id
    folder.mkdir(mode=0o700)
    whole = recorded.whole(name).read_bytes().splitlines(keepends=True)
    asks = next(n for n, line in enumerate(whole) if b"can_use_tool" in line)
    (folder / "transcript").write_bytes(b"".join(whole[: asks + 1]))


def _check(data: bytes, page: Page, failures: Failures) -> None:
    contents = []
    for line in data.split(b"\n")[:10]:
        try:
            contents.append(json.loads(line.decode("utf-8", "surrogateescape")))
        except (ValueError, RecursionError):
            continue  # it ends before it reaches us: the kernel itself reads no such message
    page.heard.clear()
    page._desk._answered.clear()
    wanted = [answer for content in contents if (answer := _answer_wanted(content)) is not None]
    for content in contents:
        page._receive(page, content, [])
    with page.came:
        came = page.came.wait_for(lambda: len(page.heard) >= len(wanted), _ANSWERED_WITHIN)
    assert came, f"{len(page.heard)} answers to {len(wanted)} messages"
    for message in page.heard:
        _check_answer(message)
    said = [getattr(message, "request_id", None) for message in page.heard]
    assert sorted(map(str, said)) == sorted(wanted)
    _clear(page.manager)
    found, failures.found[:] = list(failures.found), []
    assert not found, found[0]


def _answer_wanted(content: Any) -> str | None:
    request_id = content.get("requestId") if isinstance(content, dict) else None
    if not isinstance(request_id, str) or not request_id:
        return None
    return sound_text(request_id)[:100]


def _check_answer(message: protocol.Message) -> None:
    said = message.model_dump(mode="json", by_alias=True, exclude_none=True)
    json.dumps(said, allow_nan=False, ensure_ascii=False).encode()
    protocol.KERNEL_MESSAGE.validate_python(said)
    if isinstance(message, protocol.Refused):
        ours = {one.__name__ for one in _kinds(ClaudeWidgetError)} | {"InvalidMessage", "Busy"}
        assert message.kind in ours, f"an error that is none of ours: {message}"


def _kinds(error: type[ClaudeWidgetError]) -> Iterator[type[ClaudeWidgetError]]:
    """An error and all kinds of it that there are."""
    yield error
    for kind in error.__subclasses__():
        yield from _kinds(kind)


def _clear(manager: ProcessManager) -> None:
    """Take away what the input has started."""
    started = [one for one in manager.get_all_executions() if one.execution_id not in _IDS]
    for execution in started:
        _forget(manager, execution)
    assert len(manager.get_all_executions()) <= len(_IDS), "what was forgotten came back"


def _forget(manager: ProcessManager, execution: Execution) -> None:
    execution.kill()
    execution.catch_up()
    manager.cleanup_execution(execution.execution_id)
    shutil.rmtree(execution.run.folder, ignore_errors=True)
