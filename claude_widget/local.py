"""The backend that runs the real CLI on this machine, each under a shim of its own.

The rule: it writes the run folder, spawns the shim, and talks to its control socket. It reads no
transcript but to see whether its lock is held, and judges nothing. Everything that must go on
with a dead kernel is the shim's.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import ChainMap
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from claude_widget import command, runtime
from claude_widget.backend import Run
from claude_widget.cleanup.leftovers import end_leftovers, recorded
from claude_widget.discovery import find_cli
from claude_widget.errors import (
    ClaudeWidgetError,
    ControlFailed,
    UnsupportedPlatform,
)
from claude_widget.launch_files import FILES, Launch, launch_of, write, write_private
from claude_widget.models import ExecutionRequest
from claude_widget.own_files import open_own, read_own
from claude_widget.quantities import above_zero
from claude_widget.reports import EndedProcess
from claude_widget.sandbox import check_sandbox
from claude_widget.shim.cgroup import end_group
from claude_widget.shim.ladder import Graces
from claude_widget.shim.streams import RESERVE
from claude_widget.shim.tree import start_ticks
from claude_widget.shim.warm import PROMPT, WARM
from claude_widget.transcript import Writer, lock_is_held
from claude_widget.warm_clis import WarmCLIs

DEFAULT_UNWATCHED = 1800.0
DEFAULT_UNATTENDED = 86_400.0
_ANSWER_WITHIN = 5.0
_SOCKET_WITHIN = 3.0
_LONGEST_ANSWER = 1 << 20


class LocalBackend:
    """Spawns one shim per execution.

    Args:
        cli_path: the CLI to run; found anew at every start if None.
        graces: seconds of the steps of an ending.
        background_grace: seconds that background tasks may outlive their turn.
        unwatched: seconds that a CLI may wait for an answer or for input while no kernel is there;
            None is for ever.
        unattended: seconds that an execution may go on while no kernel is there, whatever it does;
            None is for ever.
        check_grace: seconds that a manager has to look at a structured output before the CLI goes.

    Raises:
        InvalidRequest: unwatched or unattended is no positive number.
    """

    name: Literal["local"] = "local"

    def __init__(
        self,
        cli_path: str | os.PathLike[str] | None = None,
        *,
        graces: Graces | None = None,
        background_grace: float = 1800.0,
        unwatched: float | None = DEFAULT_UNWATCHED,
        unattended: float | None = DEFAULT_UNATTENDED,
        check_grace: float = 30.0,
    ) -> None:
        self._check_grace = check_grace
        self._cli_path = cli_path
        self._graces = graces or Graces()
        self._background_grace = background_grace
        self._unwatched = _positive("unwatched", unwatched)
        self._unattended = _positive("unattended", unattended)
        self._lock = threading.Lock()
        self._shims: dict[int, subprocess.Popen[bytes]] = {}
        self._handles: dict[int, int] = {}
        self._warm = WarmCLIs()

    def check(self, request: ExecutionRequest) -> None:
        """Refuse on platforms without fork, where there is no CLI, and isolation that is not."""
        if sys.platform not in ("linux", "darwin"):
            raise UnsupportedPlatform(
                f"Executions cannot be started on {sys.platform}.",
                hint="Use Linux, macOS, or the Windows Subsystem for Linux (WSL).",
            )
        find_cli(self._cli_path)
        check_sandbox(request, ChainMap(request.env, os.environ))

    def launch(self, run: Run) -> Launch:
        """What its shim is started with."""
        cli = find_cli(self._cli_path)
        scratch = runtime.scratch_path(run.folder)
        request = run.request
        env = command.environment(request, run.execution_id, scratch, os.environ)
        check_sandbox(request, env)  # once more: it may have waited long
        settings = {
            "background_grace": self._background_grace,
            "unwatched": self._unwatched,
            "unattended": self._unattended,
            "check_grace": self._check_grace if request.output_schema is not None else 0.0,
            "graces": self._graces._asdict(),
        }
        return launch_of(run, cli, env, settings)

    def start(self, run: Run, writer: Writer) -> None:
        """Spawn the shim; it holds the transcript's lock from here on."""
        launch = self.launch(run)
        prompt = command.prompt_line(run.request)
        if (run.folder / WARM).exists():  # it has the folder of one that was started ahead
            if self._warm.hand_over(run, launch, writer, prompt):
                return
            self._clear(run)
            launch = self.launch(run)
        write(run, launch, command.INITIALIZE_LINE + b"\n" + prompt, writer.epoch_clock)
        self._spawn(run, launch, writer.fd)
        writer.close()

    def _spawn(self, run: Run, launch: Launch, stdin: int) -> None:
        appended = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL
        with os.fdopen(open_own(run.folder / "shim.log", appended), "ab") as log:
            shim = subprocess.Popen(
                launch.argv,
                cwd=run.folder,
                env=launch.env,
                stdin=stdin,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
        write_private(run.folder / "shim.pid", b"%d %d" % (shim.pid, start_ticks(shim.pid)))
        with self._lock:
            self._shims[shim.pid] = shim
            if sys.platform == "linux":
                with contextlib.suppress(OSError):  # without pidfds its end is seen by polling
                    self._handles[shim.pid] = os.pidfd_open(shim.pid)
        self._reap()

    # -- started ahead -----------------------------------------------------------------------

    def warm(self, run: Run) -> None:
        """Start a CLI ahead, which waits for the execution that has this folder."""
        run.folder.mkdir(mode=0o700)
        run.folder.chmod(0o700)  # whatever the umask
        launch = self.launch(run)
        write_private(run.folder / WARM, b"")
        write(run, launch, command.INITIALIZE_LINE, 0.0, warm=True)
        ours, theirs = socket.socketpair()
        with theirs:
            self._spawn(run, launch, theirs.fileno())
        self._warm.add(run.execution_id, launch, ours)

    def fits(self, run: Run) -> bool:
        """Whether one was started ahead there just as that run would be."""
        launch = self._warm.launch_of(run.execution_id)
        try:
            return launch is not None and launch == self.launch(run)
        except (OSError, ClaudeWidgetError):  # which the start itself will tell
            return False

    def cool(self, execution_id: str) -> None:
        """End one that was started ahead and that nobody needs."""
        self._warm.end(execution_id)

    def ready(self, run: Run) -> None:
        """End the one that waits there now if it could not be handed over at once."""
        if (run.folder / WARM).exists() and not (
            self.fits(run) and self._warm.answers(run.execution_id)
        ):
            self._warm.end(run.execution_id)
            self._clear(run)

    def _clear(self, run: Run) -> None:
        """End a CLI that was started ahead and cannot be taken over, and remove its files."""
        with contextlib.suppress(OSError, ValueError):
            pid, start = map(int, read_own(run.folder / "shim.pid").split())
            if start_ticks(pid) == start:
                os.kill(pid, signal.SIGKILL)
                until = time.monotonic() + _ANSWER_WITHIN
                while start_ticks(pid) == start and time.monotonic() < until:
                    self._reap()
                    time.sleep(0.005)
        self.sweep(run)
        for name in (*command.files(run.request), *FILES, PROMPT, WARM):
            (run.folder / name).unlink(missing_ok=True)

    def ask(self, run: Run, operation: str, **fields: Any) -> dict[str, Any]:
        """One request to the shim's control socket, answered within a few seconds."""
        request = json.dumps({"op": operation, **fields}).encode() + b"\n"
        deadline = time.monotonic() + _ANSWER_WITHIN
        try:
            with self._connect(run) as connection, connection.makefile("rb") as answers:
                connection.settimeout(max(0.1, deadline - time.monotonic()))
                greeting = json.loads(answers.readline(_LONGEST_ANSWER))
                if greeting["execution_id"] != run.execution_id:
                    raise OSError("the socket belongs to another execution")
                connection.sendall(request)
                said: dict[str, Any] = dict(json.loads(answers.readline(_LONGEST_ANSWER)))
        except (OSError, ValueError, TypeError, LookupError, RecursionError) as error:
            code = "timeout" if isinstance(error, TimeoutError) else "unreachable"
            unheard = operation == "kill" and code == "unreachable"
            if unheard and self._end_by_signal(run, fields["reason"], fields.get("error", "")):
                return {"ok": True}
            raise ControlFailed(
                f"The shim of execution {run.execution_id} did not answer {operation!r}: {error}.",
                code=code,
                execution_id=run.execution_id,
            ) from error
        if not said.get("ok"):
            raise ControlFailed(
                f"Execution {run.execution_id} refused {operation!r}: {said.get('message', '')}",
                code=str(said.get("code", "refused")),
                execution_id=run.execution_id,
                told=said,
            )
        return said

    def _connect(self, run: Run) -> socket.socket:
        """A connection; a shim that was just spawned may not listen yet, or have a full queue."""
        path = str(_configured(run, "socket", runtime.socket_path(run.folder)))
        deadline = time.monotonic() + _SOCKET_WITHIN
        while True:
            connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            connection.settimeout(_ANSWER_WITHIN)
            try:
                connection.connect(path)
            except (FileNotFoundError, ConnectionRefusedError, BlockingIOError):
                connection.close()
                if time.monotonic() > deadline or not self.alive(run):
                    raise
                time.sleep(0.01)
            except BaseException:
                connection.close()
                raise
            else:
                if runtime.peer_is_ours(connection):
                    return connection
                connection.close()
                raise PermissionError("another user listens there")

    def _end_by_signal(self, run: Run, reason: str, error: str) -> bool:
        """Have a shim end that has no socket; whether it was told.

        It closes its socket once its CLI has exited, and does not mind then; and cleaners of temp
        folders take sockets away. One that has not come so far as to listen dies of the signal:
        whoever finds it dead reads why.
        """
        try:
            pid, start = map(int, read_own(run.folder / "shim.pid").split())
            if not self.alive(run) or start_ticks(pid) != start:
                return False
            with contextlib.suppress(FileExistsError):  # the first reason counts
                if error and not (run.folder / "kill").exists():
                    write_private(run.folder / "kill_error", error.encode())
                write_private(run.folder / "kill", reason.encode())
            os.kill(pid, signal.SIGTERM)
        except (OSError, ValueError):
            return False
        return True

    def alive(self, run: Run) -> bool:
        """Whether its shim holds the transcript's lock."""
        return lock_is_held(run.transcript)

    def sweep(self, run: Run) -> tuple[EndedProcess, ...]:
        """Kill what is left of the execution, and remove its temp folder and socket."""
        found = end_leftovers(run.execution_id, recorded(run.folder))
        end_group(str(run.folder), run.execution_id)
        with contextlib.suppress(OSError):  # a state folder that cannot be written has its error
            (run.folder / RESERVE).unlink(missing_ok=True)
        scratch = _configured(run, "scratch", runtime.scratch_path(run.folder))
        shutil.rmtree(scratch, ignore_errors=True)
        _configured(run, "socket", runtime.socket_path(run.folder)).unlink(missing_ok=True)
        return found

    def wait_handles(self) -> Sequence[int]:
        """A pidfd for each of our own shims that has not been reaped."""
        self._reap()
        with self._lock:
            return list(self._handles.values())

    def _reap(self) -> None:
        with self._lock:
            for pid in [pid for pid, shim in self._shims.items() if shim.poll() is not None]:
                del self._shims[pid]
                handle = self._handles.pop(pid, None)
                if handle is not None:
                    os.close(handle)

    def notice(self) -> str:
        """Nothing to say of the plain live backend."""
        return ""

    def suggested_queries(self) -> tuple[str, ...]:
        """It answers any query."""
        return ()

    def close(self) -> None:
        """Let go of the shims; they go on, and are reaped as long as this process lives."""
        self._warm.close()
        with self._lock:
            for handle in self._handles.values():
                os.close(handle)
            self._handles.clear()
            left = [shim for shim in self._shims.values() if shim.poll() is None]
            self._shims.clear()
        for shim in left:
            threading.Thread(target=shim.wait, name="claude-widget-reaper", daemon=True).start()


def _positive(field: str, seconds: float | None) -> float | None:
    if seconds is None:
        return None
    return above_zero(field, seconds, hint="Seconds, or None for ever.")


def _configured(run: Run, name: str, ours: Path) -> Path:
    """A place that the shim was told: its starter's environment may have named others than ours."""
    try:
        told = Path(json.loads(read_own(run.folder / "shim.json"))[name])
    except (OSError, ValueError, KeyError, TypeError):
        return ours
    return told if told.name == ours.name else ours
