"""Executables that stand in for the CLI: they answer `initialize` and then print what was prepared.

The rule: as little as can be between the prepared bytes and the pipe, so that what is measured is
the reader. Each is a script of its own, written into the benchmark's folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

STAMP = b"at ??????.??????"
"""In a prepared line: where `streaming` puts the moment of its write."""
_LONGEST = 100.0
"""Seconds after which `streaming` ends at the end of its file, whoever has forgotten it."""
_HEAD = """#!{python} -IS
import json, os, sys, time
def write(data):
    view = memoryview(data)
    while view:
        view = view[os.write(1, view):]
def begin():
    asked = json.loads(sys.stdin.buffer.readline())
    answer = {{"subtype": "success", "request_id": asked["request_id"], "response": {{}}}}
    write(json.dumps({{"type": "control_response", "response": answer}}).encode() + b"\\n")
    sys.stdin.buffer.readline()
def end(**said):
    sys.stdin.buffer.read()
    used = os.times()
    with open({folder!r} + "/said.tmp", "w") as file:
        json.dump({{**said, "cpu": used.user + used.system}}, file)
    os.rename({folder!r} + "/said.tmp", {folder!r} + "/said")
    os._exit(0)
begin()
"""

_PRINTING = """
pause = {pause!r}
with open({frames!r}, "rb") as file:
    if pause:
        for one in file:
            os.write(1, one)
            time.sleep(pause)
    else:
        while data := file.read(1 << 16):
            write(data)
end()
"""

_FLOODING = """
with open({frames!r}, "rb") as file:
    lines = file.readlines()
block = b"".join(lines[1:-2])
write(lines[0])
begun = time.monotonic()
for _ in range({size} // len(block)):
    write(block)
seconds = time.monotonic() - begun
write(b"".join(lines[-2:]))
end(seconds=seconds)
"""

_STREAMING = """
due = time.monotonic()
last = due + {longest!r}
while due < last:
    with open({frames!r}, "rb") as file:
        for one in file:
            due += {pause!r}
            early = due - time.monotonic()
            if early > 0:
                time.sleep(early)
            os.write(1, one.replace({stamp!r}, b"at %013.6f" % time.monotonic()))
"""

_GROWING = """
def show(name):
    with open({folder!r} + "/" + name, "rb") as file:
        while data := file.read(1 << 16):
            write(data)
    open("%s/%s.%d" % ({folder!r}, name, os.getpid()), "w").close()
show("first")
while not os.path.exists({folder!r} + "/go"):
    time.sleep(0.05)
show("second")
end()
"""

_PARENT = """
import signal, subprocess
quiet = {{"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}}
child = ["sleep", "600"]
if {stubborn!r}:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # which what it starts inherits
tools = [subprocess.Popen(child, **quiet) for _ in range(2)]
daemon = subprocess.Popen(child, start_new_session=True, **quiet)
with open("%s/%d.tmp" % ({folder!r}, os.getpid()), "w") as file:
    print(os.getpid(), daemon.pid, *(one.pid for one in tools), file=file)
os.rename("%s/%d.tmp" % ({folder!r}, os.getpid()), "%s/%s.pids" % ({folder!r}, os.getcwd()[-9:]))
if {stubborn!r}:
    while True:
        time.sleep(60)
sys.stdin.buffer.read()
for one in tools:
    one.terminate()
    one.wait()
os._exit(0)
"""

_QUIET = """#!/bin/sh
read first
read second
read third
"""

_BRIEF = """#!/bin/sh
read first
echo '{state}"running"}}'
read second
sleep 0.05
echo '{result}'
echo '{state}"idle"}}'
read third
exit 0
"""
_STATE = '{"type":"system","subtype":"session_state_changed","session_id":"s","uuid":"u","state":'
_RESULT = (
    '{"type":"result","subtype":"success","is_error":false,"result":"done","session_id":"s",'
    '"num_turns":1,"duration_ms":50,"total_cost_usd":0.01,"uuid":"v"}'
)

_STAMPING = """#!/bin/sh
: > {fifo}
"""


def _write(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o700)
    return path


def _python(path: Path, body: str, **fields: object) -> Path:
    text = (_HEAD + body).format(python=sys.executable, folder=str(path.parent), **fields)
    return _write(path, text)


def printing(folder: Path, frames: Path, pause: float = 0.0) -> Path:
    """Prints a file, then waits for the end of its input and tells its own CPU in `said`.

    Args:
        folder: where it is written, and `said` at its end.
        frames: what it prints.
        pause: seconds after each line, which then is written alone; 0 for all as fast as it goes.
    """
    return _python(folder / "printing", _PRINTING, frames=str(frames), pause=pause)


def flooding(folder: Path, frames: Path, size: int) -> Path:
    """Prints a file's frames over and over, `size` bytes; tells its own seconds in `said`."""
    return _python(folder / "flooding", _FLOODING, frames=str(frames), size=size)


def streaming(folder: Path, frames: Path, rate: int) -> Path:
    """Prints a file's frames over and over, so many a second, each in a write of its own.

    Where a line has `frames.STAMP` it puts its own clock.
    """
    fields = {"frames": str(frames), "pause": 1 / rate, "stamp": STAMP, "longest": _LONGEST}
    return _python(folder / "streaming", _STREAMING, **fields)


def growing(folder: Path) -> Path:
    """Prints the folder's `first`; once there is a file `go`, its `second`; then it waits.

    When it has printed one, there is a file of that name and its pid.
    """
    return _python(folder / "growing", _GROWING)


def parent(folder: Path, *, stubborn: bool) -> Path:
    """Starts two children and a daemon, writes all pids to `PROJECT.pids`, and waits.

    Args:
        folder: where it is written, and the pids.
        stubborn: it ends neither at the end of its input nor at a signal, and no more do they.
    """
    return _python(folder / "parent", _PARENT, stubborn=stubborn)


def quiet(folder: Path) -> Path:
    """Says nothing until its input ends."""
    return _write(folder / "quiet", _QUIET)


def brief(folder: Path) -> Path:
    """Takes its prompt, answers after 50 ms, and ends once its input does."""
    return _write(folder / "brief", _BRIEF.format(state=_STATE, result=_RESULT))


def stamping(folder: Path, fifo: Path) -> Path:
    """Opens a FIFO as its first act and ends: whoever waits at the other end sees when it ran."""
    return _write(folder / "stamping", _STAMPING.format(fifo=fifo))
