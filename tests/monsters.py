"""Transcripts that no CLI would write, and a kernel's reading of them, in a process of its own.

The rule: the reading is that of a manager's thread, chunk by chunk; what is told is how much memory
the process has needed beyond its start, and how long it took.

    python -m tests.monsters KIND COUNT FOLDER
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from claude_widget.backend import Run
from claude_widget.execution import Execution
from claude_widget.models import ExecutionRequest
from claude_widget.steered import Keeper
from tests import recorded
from tests.fuzz.worker import peak

_AT_ONCE = 10_000
EXECUTION_ID = recorded.EXECUTION_ID


def read_by_a_kernel(kind: str, count: int, folder: Path) -> dict[str, Any]:
    """What it costs a kernel to read a monster, from a process that reads nothing else.

    Args:
        kind: one of `KINDS`, or "" for the transcript that is in the folder already.
        count: its frames.
        folder: where the transcript is, or is written.

    Returns:
        grown (bytes), seconds (of work), unknown_frames, status and problem.
    """
    argv = [sys.executable, "-m", "tests.monsters", kind, str(count), str(folder)]
    here = Path(__file__).parent.parent
    done = subprocess.run(argv, cwd=here, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def _tiny(number: int) -> bytes:
    del number
    return b"1.0 out {}\n"


def _unknown(number: int) -> bytes:
    return b'1.0 out {"type":"kind_%d","subtype":"of_%d","session_id":"s"}\n' % (number, number)


def _endless(number: int) -> bytes:
    return b"1.0 out " * (number == 0) + b"x" * 4096


KINDS: dict[str, Callable[[int], bytes]] = {
    "tiny": _tiny,
    "unknown": _unknown,
    "endless": _endless,
}


def _opening() -> Iterator[bytes]:
    for record in recorded.opening():
        yield b"0.5 %s %s\n" % (record.stream.encode(), record.data)


def write(kind: str, count: int, path: Path) -> None:
    """Write such a transcript."""
    made = KINDS[kind]
    with path.open("wb") as file:
        file.writelines(_opening())
        for start in range(0, count, _AT_ONCE):
            file.writelines(map(made, range(start, min(count, start + _AT_ONCE))))


def read(folder: Path) -> dict[str, Any]:
    """Follow the transcript to its end."""
    request = ExecutionRequest(query="q", project_path="/")
    run = Run(EXECUTION_ID, folder, request)
    execution = Execution(cast("Keeper", None), run)
    before, begun = peak(), time.process_time()
    problem = ""
    try:
        execution.catch_up()
    except Exception as error:  # noqa: BLE001 - the manager gives it up, see `following`
        problem = f"{type(error).__name__}: {error}"
        execution.give_up(problem)
    seconds = time.process_time() - begun
    return {
        "grown": peak() - before,
        "seconds": seconds,
        "status": execution.status,
        "problem": problem,
        "unknown_frames": execution.info.unknown_frames,
    }


def main(arguments: list[str]) -> None:
    """Write it, read it, print what it cost."""
    kind, count, folder = arguments[0], int(arguments[1]), Path(arguments[2])
    if kind:
        write(kind, count, folder / "transcript")
    print(json.dumps(read(folder)))


if __name__ == "__main__":
    main(sys.argv[1:])
