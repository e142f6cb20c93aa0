"""What an execution that is over has left, made by hand for the tests of the sweep.

The rule: it makes folders, transcripts and processes as an older version, a power cut or a
`kill -9` would leave them, and ends nothing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from claude_widget import runtime
from claude_widget.command import MARK
from claude_widget.manager import ProcessManager
from claude_widget.transcript import Writer

LONG_AGO = 1_000_000_000.0
linux = pytest.mark.skipif(sys.platform != "linux", reason="processes are recorded on Linux only")


def aged(path: Path) -> Path:
    """Make it look as if it had lain there for years."""
    os.utime(path, (LONG_AGO, LONG_AGO), follow_symlinks=False)
    return path


def sleeper(mark: str, *, deaf: bool = True, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """A process that carries an execution's mark, or none, and hears no SIGTERM."""
    code = "import signal,time\n" + ("signal.signal(15, signal.SIG_IGN)\n" if deaf else "")
    code += "print(flush=True)\ntime.sleep(600)"
    env = {MARK: mark} if mark else {}
    process = subprocess.Popen(
        [sys.executable, "-ISc", code], env=env, cwd=cwd, stdout=subprocess.PIPE
    )
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    return process


def transcript_of(folder: Path, host: str | None = None, ending: str = "") -> None:
    """A run folder as a manager that is gone left it, with the CLI running or ended."""
    folder.mkdir(parents=True, exist_ok=True)
    request = {"query": "q", "project_path": "/"}
    (folder / "request.json").write_text(json.dumps(request))
    (folder / "shim.pid").write_text("999999999 1")
    with Writer(folder / "transcript", create=True) as writer:
        writer.begin(folder.name, host or runtime.host_name(), request=request)
        writer.meta("spawned", pid=1, shim_pid=1)
        if ending:
            writer.meta(ending, exit_code=0)


def new_folder(manager: ProcessManager) -> Path:
    return manager.state_dir / "executions" / str(uuid.uuid4())
