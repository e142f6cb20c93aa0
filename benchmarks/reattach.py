"""From the first line of a new kernel to a dashboard that tells the truth about 50 that run.

The rule: the executions are real ones under their shims, and run on while the first kernel is gone:
its folds lag behind, as they do when a kernel dies. Imports count. True is a row that equals the
one of the whole transcript, folded again from its first byte. The peer is the same without the
snapshots.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks import fake_cli, frames, measure

SECONDS = 2.0
EXECUTIONS = 50
_SLOTS = 100
SIZE, QUICK_SIZE = 20_000_000, 3_000_000
"""Bytes of each transcript, before the kernel goes."""
AFTER = 1_000_000
"""Bytes that each prints while there is none."""
ROUNDS = 3
_WITHIN = 400.0


def play_first(folder: str, cli: str, executions: int) -> None:
    """A kernel that starts them, follows them for a while, and is gone."""
    from claude_widget import ProcessManager  # noqa: PLC0415 - each kernel loads its own

    manager = ProcessManager(Path(folder) / "state", cli, _SLOTS, stagger=0)
    for number in range(executions):
        manager.start_execution(f"query {number}", folder)
    measure.until(lambda: _printed(folder, "first") == executions, within=_WITHIN, every=0.1)
    every = manager.get_all_executions()

    def behind() -> int:
        return sum(one.run.transcript.stat().st_size - one.read_bytes for one in every)

    measure.until(lambda: behind() == 0, within=_WITHIN, every=0.1)


def _printed(folder: str, name: str) -> int:
    return len(list(Path(folder).glob(f"{name}.*")))


def play_second(folder: str, *, check: bool) -> dict[str, float]:
    """A new kernel; seconds until its page has all rows, and how many of them are true."""
    begun, used = time.monotonic(), time.process_time()
    from claude_widget import ClaudeWidget, ProcessManager  # noqa: PLC0415 - loading it counts
    from tests.recording_comm import answer_to, open_recording_comms, say  # noqa: PLC0415

    open_recording_comms()
    manager = ProcessManager(Path(folder) / "state", "unused", _SLOTS, stagger=0)
    widget = ClaudeWidget(manager)
    say(widget, type="claude:hello", requestId="r")
    measure.until(lambda: answer_to(widget, "r"), every=0.001)
    seconds, cpu = time.monotonic() - begun, time.process_time() - used
    answer = answer_to(widget, "r")
    assert answer is not None
    rows = answer[0]["executions"]
    true = sum(row == _folded_anew(manager, row) for row in rows) if check else len(rows)
    manager.close()
    return {"seconds": seconds, "cpu": cpu, "true": true}


def _folded_anew(manager: Any, row: dict[str, Any]) -> dict[str, Any]:
    """The row of a transcript that is folded from its first byte."""
    from claude_widget.execution import Execution  # noqa: PLC0415 - see above
    from claude_widget.page.rows import row_of  # noqa: PLC0415

    one = Execution(manager, manager.get_execution(row["executionId"]).run)
    one.catch_up()
    return row_of(one.info, held=row["held"])


def play_last(folder: str) -> None:
    """End them."""
    from claude_widget import ProcessManager  # noqa: PLC0415 - each kernel loads its own

    with ProcessManager(Path(folder) / "state", "unused", _SLOTS) as manager:
        for one in manager.get_active_executions():
            one.kill()
        for one in manager.get_all_executions():
            one.wait(60)


class Left(NamedTuple):
    """What a kernel that is gone has left: executions that run.

    Attributes:
        folder: where it all is.
        executions: how many there are.
        size: bytes of their transcripts together.
    """

    folder: str
    executions: int
    size: int

    def attach(self, *, check: bool = False) -> dict[str, float]:
        """Attach to them from a new kernel; seconds by the clock and of the processor."""
        fields = {"folder": self.folder, "check": check}
        found = measure.in_new_process(play_second, within=_WITHIN, **fields)
        if found["true"] != self.executions:
            raise RuntimeError(f"only {found['true']} of {self.executions} rows are true")
        return {"seconds": found["seconds"], "cpu": found["cpu"]}

    def attach_without(self) -> dict[str, float]:
        """The same without the snapshots."""
        for path in Path(self.folder).glob("state/executions/*/fold.json"):
            path.unlink()
        return self.attach()


@contextmanager
def left_running(executions: int, size: int) -> Iterator[Left]:
    """So many, whose kernel has gone after `size` bytes of each; ended and removed behind it."""
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        _prepare(Path(folder, "first"), size)
        _prepare(Path(folder, "second"), AFTER)
        cli = str(fake_cli.growing(Path(folder)))
        fields = {"cli": cli, "executions": executions}
        measure.in_new_process(play_first, within=_WITHIN, folder=folder, **fields)
        try:
            Path(folder, "go").touch()
            printed = partial(_printed, folder, "second")
            measure.until(lambda: printed() == executions, within=_WITHIN)
            enough = executions * (size + AFTER)
            measure.until(lambda: _sizes(folder) >= enough, within=_WITHIN)
            yield Left(folder, executions, _sizes(folder))
        finally:
            measure.in_new_process(play_last, within=_WITHIN, folder=folder)


def run(quick: bool) -> list[measure.Figure]:
    """Seconds to the true dashboard, and in full those without snapshots, which have no bound."""
    with left_running(EXECUTIONS, QUICK_SIZE if quick else SIZE) as left:
        found = [left.attach(check=turn == 0)["seconds"] for turn in range(ROUNDS)]
        peers = [] if quick else [left.attach_without()["seconds"]] * ROUNDS
    what = f"{EXECUTIONS} running, {left.size / 1e6:,.0f} MB of transcripts: to a true dashboard"
    figures = [measure.allowed(what, found, SECONDS)]
    if peers:
        figures.append(measure.compared(f"{what} / without snapshots", found, peers))
    return figures


def _prepare(path: Path, size: int) -> None:
    """Write whole frames, at least so many bytes."""
    with path.open("wb") as file:
        for frame in frames.session(10**9):
            file.write(frame + b"\n")
            if file.tell() >= size:
                return


def _sizes(folder: str) -> int:
    return sum(path.stat().st_size for path in Path(folder).glob("state/executions/*/transcript"))
