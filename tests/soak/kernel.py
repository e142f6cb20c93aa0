"""The soak as the notebook's kernel runs it: it starts each wave, acts on it, and tells figures.

The rule: on a thread of its own, so that the kernel stays idle. What is to be done it learns from
the files `go-N` of the soak's folder, what was done it writes to `done-N`; a kernel that takes over
in the middle of a wave goes on with what its predecessor has left.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import threading
from collections import Counter
from pathlib import Path
from typing import Any

import psutil

from claude_widget import ProcessManager
from claude_widget.command import MARK
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from tests.soak.plan import AT_ONCE, Planned, Size
from tests.waiting import until

IN_LINE = 2
"""How many wait for a slot at a time."""
WAVE_BOUND = 600.0
DRAINED_WITHIN = 60.0


def begin(folder: str, waves: int, in_wave: int) -> ProcessManager:
    """The manager of the soak, and the thread that runs its waves."""
    manager = ProcessManager(max_concurrency=AT_ONCE, stagger=0.0)
    soaker = Soaker(manager, Path(folder), Size(waves, in_wave))
    threading.Thread(target=soaker.follow, name="soak", daemon=True).start()
    return manager


class Soaker:
    """Runs the waves that have not been run, one after the other."""

    def __init__(self, manager: ProcessManager, folder: Path, size: Size) -> None:
        self._manager, self._folder, self._size = manager, folder, size
        self._project = folder / "project"
        self._done: set[str] = set()
        """Ids on which was acted: once each, whatever comes of it."""

    def follow(self) -> None:
        """Until all are done; what goes wrong is told to whoever waits."""
        try:
            for wave in range(self._size.waves):
                until((self._folder / f"go-{wave}").exists, timeout=3600, what=f"wave {wave}")
                if not (self._folder / f"done-{wave}").exists():
                    self._run(wave)
        except BaseException as error:
            self._write("failed", {"error": repr(error)})
            raise

    def _run(self, wave: int) -> None:
        parts = {one.name: one for one in self._size.of_wave(wave)}
        until(lambda: self._step(parts), timeout=WAVE_BOUND, what=f"the end of wave {wave}")
        with contextlib.suppress(AssertionError):  # what is left is a figure
            until(lambda: not self._processes(), timeout=DRAINED_WITHIN)
        ended = self._of(parts)
        ends = {
            name: [one.execution_id, str(one.info.status), str(one.info.reason)]
            for name, one in ended.items()
        }
        counts = Counter(str(one.status) for one in self._manager.get_all_executions())
        self._write(f"done-{wave}", {"ends": ends, "counts": counts, "figures": self._figures()})

    def _of(self, parts: dict[str, Planned]) -> dict[str, Execution]:
        every = self._manager.get_all_executions()
        return {str(one.info.name): one for one in every if one.info.name in parts}

    def _step(self, parts: dict[str, Planned]) -> bool:
        """Start what there is room for, act on what runs; whether all have ended."""
        found = self._of(parts)
        active = [one for one in found.values() if not one.status.ended]
        for execution in active:
            self._act(execution, parts[str(execution.info.name)])
        room = AT_ONCE + IN_LINE - len(active)
        missing = [one for name, one in parts.items() if name not in found]
        for one in missing[: max(0, room)]:
            self._start(one)
        return len(found) == len(parts) and not active

    def _start(self, one: Planned) -> None:
        folder = self._project / str(one.number % 100)  # a daemon's pid file is one in a folder
        folder.mkdir(parents=True, exist_ok=True)
        self._manager.start_execution(one.query, folder, name=one.name, **one.kind.options)

    def _act(self, execution: Execution, one: Planned) -> None:
        """Do to one what is planned, once it is so far."""
        if self._manager.is_held(execution):
            self._start(one)  # as its cell would, when all are run again: this goes on with it
            return
        does, info = one.kind.does, execution.info
        if execution.execution_id in self._done or info.session_state is None:
            return
        with contextlib.suppress(ClaudeWidgetError):  # then it is tried again
            if does in ("allow", "deny"):
                for request in execution.requests:
                    execution.answer_request(request.control_id, does == "allow")
            elif does == "kill":
                execution.kill()
            elif does == "interrupt":
                execution.interrupt()
                self._done.add(execution.execution_id)
            elif does == "end the shim":
                self._end_shim(execution)

    def _end_shim(self, execution: Execution) -> None:
        self._done.add(execution.execution_id)
        pid = int((execution.run.folder / "shim.pid").read_bytes().split()[0])
        with contextlib.suppress(ProcessLookupError):  # the kernel before this one has done it
            os.kill(pid, signal.SIGKILL)

    # -- figures -----------------------------------------------------------------------------

    def _processes(self) -> int:
        """What is left of executions, and this kernel's children."""
        ids = {one.execution_id for one in self._manager.get_all_executions()}
        left = {one.pid for one in psutil.Process().children(recursive=True)}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error, OSError):
                if process.environ().get(MARK) in ids:
                    left.add(process.pid)
        return len(left)

    def _figures(self) -> dict[str, float]:
        me = psutil.Process()
        runtime = Path(os.environ["XDG_RUNTIME_DIR"]) / f"cw-{os.getuid()}"
        scratch = Path(os.environ["TMPDIR"])
        return {
            "memory": float(me.memory_info().rss),
            "descriptors": me.num_fds(),
            "threads": me.num_threads(),
            "processes": self._processes(),
            "temp files": len(list(runtime.glob("*.sock"))) + len(list(scratch.glob("cw-*/*"))),
        }

    def _write(self, name: str, content: dict[str, Any]) -> None:
        part = self._folder / f".{name}"
        part.write_text(json.dumps(content))
        part.rename(self._folder / name)
