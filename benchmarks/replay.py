"""From a cell that asks for a recorded execution to its end, at once, one cell after the other.

The rule: `%claude_exec --wait` in a real IPython on a real manager, with a page's end that only
keeps what it is told; no CLI could be found. Each cell has a recording of its own, of an execution
that printed so many frames, 95 % of them deltas; kept, these are joined. What a cell takes is all
that it takes: the key, the lookup, the transcript, the fold, the view. Recordings in which as many
frames are kept, some 140 of tool calls among them, are measured beside them.
"""

from __future__ import annotations

import json
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import frames, measure

MILLISECONDS = 20.0
RECORDINGS, QUICK_RECORDINGS, QUICK_LARGER = 100, 15, 3
FRAMES = 1000
_PRINTED_FOR_AS_MANY = 5200
"""Frames of which so many are kept."""


def _query(number: int) -> str:
    return f"Replay the recorded answer number {number}"


def prepare(folder: str, recordings: int, printed: int) -> dict[str, int]:
    """Write so many recordings of so many frames that were printed; how many each keeps."""
    from claude_widget.recordings.key import key_of  # noqa: PLC0415 - each kernel loads its own
    from claude_widget.recordings.store import Recordings  # noqa: PLC0415
    from claude_widget.redaction.redactor import Redactor  # noqa: PLC0415
    from claude_widget.request import build_request  # noqa: PLC0415

    base = Path(folder)
    kept = Recordings(base / "recordings", Redactor())
    made = None
    for number in range(recordings):
        request = build_request(_query(number), base)
        key = key_of(request, base=base, redactor=kept.redactor)
        if made is None:
            made = kept.save(key, _ended(base, request, printed), made_by="cell")
            continue
        other = made.with_name(f"recorded-{number}-{key.key[:12]}")
        shutil.copytree(made, other)
        told = {"format": 1, "key": key.key, "material": key.material}
        (other / "request.json").write_text(json.dumps(told))
    assert made is not None
    lines = (made / "transcript").read_text().splitlines()
    return {"frames": sum(line.startswith("out ") for line in lines)}


def _ended(base: Path, request: Any, printed: int) -> Any:
    """An execution that has printed so many frames, and has ended."""
    from claude_widget.backend import Run  # noqa: PLC0415 - see above
    from claude_widget.transcript import Writer  # noqa: PLC0415

    run = Run("recorded", base / "state" / "executions" / "recorded", request)
    run.folder.mkdir(parents=True, mode=0o700)
    with Writer(run.transcript, create=True) as writer:
        writer.begin("recorded", "host", request={"query": "q", "project_path": str(base)})
        writer.meta("spawned", pid=1, start=1, shim_pid=1, shim_start=1, cli_path="claude")
        for frame in frames.session(printed):
            writer.lines(b"out", frame)
        writer.meta("ended", exit_code=0, error="", forced=False, descendants=0)
    return run


def play(folder: str, recordings: int) -> dict[str, list[float]]:
    """A kernel that runs a cell for each; milliseconds of each cell."""
    os.chdir(folder)
    os.environ["CLAUDE_WIDGET_STATE_DIR"] = str(Path(folder) / "replayed")
    from claude_widget import ProcessManager  # noqa: PLC0415 - each kernel loads its own
    from tests.recording_comm import open_recording_comms  # noqa: PLC0415
    from tests.shell import opened  # noqa: PLC0415

    open_recording_comms()
    found = []
    with opened() as shell, ProcessManager(cli_path="/no/claude", mode="replay") as manager:
        for number in range(recordings):
            begun = time.perf_counter()
            shell.run_cell(f"%claude_exec --wait {_query(number)}").raise_error()
            found.append((time.perf_counter() - begun) * 1e3)
        del found[0]  # loads what the others find loaded
        every = manager.get_all_executions()
        assert [one.info.reason for one in every] == ["success"] * recordings
        assert all(one.info.recorded for one in every)
    return {"milliseconds": found}


def run(quick: bool) -> list[measure.Figure]:
    """Milliseconds of a cell, against what is allowed."""
    recordings = QUICK_RECORDINGS if quick else RECORDINGS
    _, found = _measured(recordings, FRAMES)
    kept, larger = _measured(QUICK_LARGER if quick else recordings, _PRINTED_FOR_AS_MANY)
    what = f"{recordings} recordings, one `%claude_exec --wait`"
    mean = statistics.fmean(found)
    return [
        measure.allowed(f"{what} of {FRAMES:,} frames, the median", found, MILLISECONDS, unit="ms"),
        measure.compared(f"{what}, on average / 20 ms", [mean], [MILLISECONDS], unit="ms"),
        measure.compared(
            f"{what} of {kept:,} frames that are kept, the median / 20 ms",
            larger,
            [MILLISECONDS] * len(larger),
            unit="ms",
        ),
    ]


def _measured(recordings: int, printed: int) -> tuple[int, list[float]]:
    """How many frames a recording keeps, and the milliseconds of each cell."""
    with tempfile.TemporaryDirectory(prefix="cw-bench-") as folder:
        fields: dict[str, Any] = {"folder": folder, "recordings": recordings + 1}
        made = measure.in_new_process(prepare, printed=printed, **fields)
        found = measure.in_new_process(play, **fields)
    return made["frames"], found["milliseconds"]
