"""Executables that stand in for the CLI: they answer `initialize` and then print what was prepared.

The rule: as little as can be between the prepared bytes and the pipe, so that what is measured is
the reader. Each is a script of its own, written into the benchmark's folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

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

_TICKING = """
for number in range({count}):
    time.sleep({pause!r})
    write(b'{{"type":"stream_event","at":%.6f}}\\n' % time.monotonic())
end()
"""

_QUIET = """#!/bin/sh
read first
read second
read third
"""

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


def ticking(folder: Path, count: int, pause: float) -> Path:
    """Prints `count` lines, each with the moment in it and `pause` seconds after the one before."""
    return _python(folder / "ticking", _TICKING, count=count, pause=pause)


def quiet(folder: Path) -> Path:
    """Says nothing until its input ends."""
    return _write(folder / "quiet", _QUIET)


def stamping(folder: Path, fifo: Path) -> Path:
    """Opens a FIFO as its first act and ends: whoever waits at the other end sees when it ran."""
    return _write(folder / "stamping", _STAMPING.format(fifo=fifo))
