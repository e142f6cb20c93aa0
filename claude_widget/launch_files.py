"""What a shim is started with: the files of its run folder, its arguments and its environment.

The rule: from a run to bytes, compared and written; no process is started here. All that decides
how a CLI comes up is in there, so that two runs of one folder with equal files are the same start.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from claude_widget import command, runtime
from claude_widget.backend import Run
from claude_widget.cleanup.remains import leave_breadcrumb
from claude_widget.own_files import open_own
from claude_widget.sandbox import Places, isolated, prepare
from claude_widget.shim.config import CONFIG_VERSION
from claude_widget.shim.limits import Limits
from claude_widget.shim.streams import RESERVE, RESERVE_BYTES
from claude_widget.state_folder import WATCHING

_BOOT = (
    "import sys,posix;"
    "sys.path.append(posix.environ.pop(b'_SHIM_HOME').decode('utf-8','surrogateescape'));"
    "from shim.launch import launch;cli=launch();"  # what follows loads while the CLI starts
    "from shim.supervise import supervise;supervise(cli);"
    "posix._exit(0)"  # the end is written: nothing is left to tidy up
)
FILES = ("launch", "shim.json", "stdin", "shim.log", "shim.pid", RESERVE)
"""Those of a run folder that every shim has."""


class Launch(NamedTuple):
    """What one shim is started with. Equal ones start equal CLIs.

    Attributes:
        argv: of the shim.
        env: of the shim, and of the CLI.
        files: content of the files of the run folder that the CLI is started from, by name.
        config: of the shim, without what is of a moment.
    """

    argv: list[str]
    env: dict[str, str]
    files: dict[str, bytes]
    config: dict[str, Any]


def launch_of(run: Run, cli: Path, env: dict[str, str], settings: Mapping[str, Any]) -> Launch:
    """What the run's shim is started with; folders that the CLI needs are made.

    Args:
        run: the execution.
        cli: the executable.
        env: of the CLI.
        settings: of the shim, the same for all executions of a backend.

    Raises:
        OSError: a folder cannot be made.
    """
    request = run.request
    scratch = runtime.scratch_path(run.folder)
    problem = runtime.own_folder(scratch.parent) or runtime.own_folder(scratch)
    if problem:
        raise OSError(f"no temp folder for the CLI: {problem}")
    leave_breadcrumb(scratch, run.folder)
    argv = command.arguments(str(cli), request, run.folder)
    if request.sandbox == "bubblewrap":
        places = Places(cli, run.folder, scratch, run.worktree)
        prepare(places, env)
        argv = isolated(argv, request, places, env)
    started = [request.project_path, argv[0], *argv]
    files = {"launch": b"\0".join(os.fsencode(part) for part in started), **command.files(request)}
    config = {
        "version": CONFIG_VERSION,
        "execution_id": run.execution_id,
        "socket": str(runtime.socket_path(run.folder)),
        "mark": f"{command.MARK}={run.execution_id}",
        "scratch": str(scratch),
        "keep_open": request.keep_open,
        "watching": str(run.folder.parents[1] / WATCHING),
        "limits": {name: getattr(request, name) for name in Limits._fields},
        **settings,
    }
    shim = [_interpreter(), "-I", "-S", "-c", _BOOT]
    return Launch(shim, {**env, "_SHIM_HOME": str(Path(__file__).parent)}, files, config)


def write(run: Run, launch: Launch, stdin: bytes, epoch_clock: float, **told: object) -> None:
    """Write the files of a run folder.

    Args:
        run: whose.
        launch: what is in them.
        stdin: what the CLI is told first.
        epoch_clock: of the transcript.
        **told: what else the shim is told.

    Raises:
        OSError: one cannot be written, or is there.
    """
    config = {**launch.config, "epoch_clock": epoch_clock, **told}
    files = {
        **launch.files,
        "shim.json": json.dumps(config).encode(),
        "stdin": stdin,
        RESERVE: os.urandom(RESERVE_BYTES),
    }
    for name, content in files.items():
        write_private(run.folder / name, content)


def write_private(path: Path, content: bytes) -> None:
    """Write a file of ours that is not there yet."""
    fd = open_own(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(fd, view) :]
    finally:
        os.close(fd)


def _interpreter() -> str:
    """The interpreter for shims, by a path that an agent's `pkill -f claude` does not match.

    The base interpreter rather than the environment's: a shim needs nothing of the environment.
    """
    path = str(getattr(sys, "_base_executable", "") or sys.executable)
    if "claude" not in path.lower():
        return path
    digest = hashlib.sha256(os.fsencode(path)).hexdigest()[:8]
    link = runtime.runtime_folder() / f"python-{digest}"
    if not link.is_symlink() or str(link.readlink()) != path:
        made = link.with_name(f".{link.name}.{os.getpid()}.{threading.get_native_id()}")
        made.unlink(missing_ok=True)  # of a process of the same number, long gone
        made.symlink_to(path)
        made.replace(link)  # other kernels may be at it
    return str(link)
