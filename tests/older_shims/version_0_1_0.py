"""Starts an execution as the package of version 0.1.0 did, under the shim that it came with.

The rule: everything that lies between that package and its shim is written out here as it was then
(folder, transcript, shim.json, launch, first lines, boot line), and nothing of it is taken from the
package of today: whatever that becomes, an execution that ran through the upgrade looks like this.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import socket as sockets
import subprocess
import sys
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any, NamedTuple

HOME = Path(__file__).parent / "0_1_0"
CLOCK: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
BOOT = (
    "import sys,posix;"
    "sys.path.append(posix.environ.pop(b'_SHIM_HOME').decode('utf-8','surrogateescape'));"
    "from shim.launch import launch;cli=launch();"
    "from shim.supervise import supervise;supervise(cli);"
    "posix._exit(0)"
)
GRACES = {"interrupt": 0.15, "terminate": 0.3, "exit": 0.4, "descendants": 0.1, "settle": 0.02}


class Started(NamedTuple):
    """What there is of it.

    Attributes:
        execution_id: its id.
        folder: its run folder.
        shim: its shim, a child of this process.
    """

    execution_id: str
    folder: Path
    shim: subprocess.Popen[bytes]


def start(
    state: Path, project: Path, cli: Path, query: str, *, owner_pid: int, keep_open: bool = False
) -> Started:
    """Start one.

    Args:
        state: the state folder, made if it is not there.
        project: where the CLI works.
        cli: the executable.
        query: the prompt.
        owner_pid: of the kernel that is said to have started it.
        keep_open: whether it stays for follow-ups.
    """
    execution_id = str(uuid.uuid4())
    folder = state / "executions" / execution_id
    folder.mkdir(mode=0o700, parents=True)
    request = _request(query, project, keep_open=keep_open)
    _write(folder / "request.json", json.dumps({**request, "env": {}}).encode())
    zero = time.clock_gettime(CLOCK)
    transcript = _begin(folder, zero, request, owner_pid)
    argv = [str(cli), "--print", "--output-format=stream-json", "--input-format=stream-json"]
    argv += ["--verbose", "--include-partial-messages", "--permission-prompt-tool=stdio"]
    launch = [str(project), str(cli), *argv]
    _write(folder / "launch", b"\0".join(os.fsencode(part) for part in launch))
    _write(folder / "shim.json", json.dumps(_config(folder, zero, keep_open=keep_open)).encode())
    _write(folder / "stdin", _first_lines(query))
    _write(folder / "shim.log", b"")
    shim = _spawn(folder, transcript)
    _write(folder / "shim.pid", b"%d %d" % (shim.pid, _ticks(shim.pid)))
    return Started(execution_id, folder, shim)


def _request(query: str, project: Path, *, keep_open: bool) -> dict[str, Any]:
    nothing = dict.fromkeys(
        (
            *("session_id", "mcp_config_path", "model", "name", "effort", "permission_mode"),
            *("system_prompt", "append_system_prompt", "setting_sources", "max_turns"),
            *("max_budget_usd", "schema", "timeout"),
        )
    )
    none: dict[str, list[str]] = {
        key: [] for key in ("allowed_tools", "disallowed_tools", "add_dirs", "after")
    }
    return {
        **nothing,
        **none,
        "query": query,
        "project_path": str(project),
        "fork_session": False,
        "required_mcp_servers": [],
        "keep_open": keep_open,
        "expand": False,
        "permissions": "ask",
        "priority": 0,
        "extra_args": [],
    }


def _begin(folder: Path, zero: float, request: dict[str, Any], owner_pid: int) -> int:
    """The transcript with its first two records; its descriptor, which holds the lock."""
    flags = os.O_RDWR | os.O_APPEND | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_CREAT | os.O_EXCL
    fd = os.open(folder / "transcript", flags, 0o600)
    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    boot_id = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
    here = {"host": sockets.gethostname(), "boot_id": boot_id}
    header = {
        "event": "transcript",
        "version": 1,
        "execution_id": folder.name,
        "epoch": time.time(),
        "clock": zero,
        **here,
    }
    owner = {
        **here,
        "pid_namespace": str(Path("/proc/self/ns/pid").readlink()),
        "pid": owner_pid,
        "start": 1.0,
        "notebook": "Untitled.ipynb",
        "manager_id": str(uuid.uuid4()),
    }
    requested = {
        "event": "requested",
        "request": {**request, "env": []},
        "mcp_config": None,
        "owner": owner,
        "recorded": False,
        "resumed_from": None,
    }
    for record in (header, requested):
        line = json.dumps(record, separators=(",", ":")).encode()
        os.write(fd, b"0.000000 meta " + line + b"\n")
    return fd


def _config(folder: Path, zero: float, *, keep_open: bool) -> dict[str, Any]:
    digest = hashlib.blake2s(os.fsencode(folder.absolute()), digest_size=8).hexdigest()
    runtime = Path(os.environ["XDG_RUNTIME_DIR"]) / f"cw-{os.getuid()}"
    scratch = Path(tempfile.gettempdir()) / f"cw-{os.getuid()}" / digest
    for made in (runtime, scratch):
        made.mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "version": 2,
        "execution_id": folder.name,
        "epoch_clock": zero,
        "socket": str(runtime / f"{digest}.sock"),
        "mark": f"CLAUDE_WIDGET_EXECUTION={folder.name}",
        "scratch": str(scratch),
        "keep_open": keep_open,
        "timeout": None,
        "background_grace": 1800.0,
        "unwatched": 1800.0,
        "watching": str(folder.parents[1] / "watching"),
        "graces": GRACES,
    }


def _first_lines(query: str) -> bytes:
    initialize = {
        "type": "control_request",
        "request_id": "initialize",
        "request": {"subtype": "initialize", "forwardSubagentText": True},
    }
    prompt = {
        "type": "user",
        "message": {"role": "user", "content": query},
        "parent_tool_use_id": None,
        "session_id": "default",
        "uuid": str(uuid.uuid4()),
        "client_composed": True,
    }
    return b"\n".join(json.dumps(line).encode("ascii") for line in (initialize, prompt))


def _spawn(folder: Path, transcript: int) -> subprocess.Popen[bytes]:
    try:
        with (folder / "shim.log").open("ab") as log:
            return subprocess.Popen(
                [getattr(sys, "_base_executable", "") or sys.executable, "-I", "-S", "-c", BOOT],
                cwd=folder,
                env={
                    **os.environ,
                    "CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS": "1",
                    "CLAUDE_WIDGET_EXECUTION": folder.name,
                    "_SHIM_HOME": str(HOME),
                },
                stdin=transcript,
                stdout=subprocess.DEVNULL,
                stderr=log,
                start_new_session=True,
            )
    finally:
        os.close(transcript)


def _ticks(pid: int) -> int:
    stat = Path(f"/proc/{pid}/stat").read_bytes()
    return int(stat[stat.rindex(b")") + 2 :].split()[19])


def _write(path: Path, content: bytes) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
        file.write(content)
