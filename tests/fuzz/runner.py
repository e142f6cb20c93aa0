"""Shares the inputs out among processes, and puts together what they report.

The rule: each process tries a range of the numbers of one surface; there are as many at a time as
there are cores. One that dies is a finding: the input that it was trying.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.fuzz.target import Target
from tests.fuzz.worker import Report, input_of

CORES = os.cpu_count() or 1
_PIECE = 100_000
"""Inputs of one process at the most."""
_MOST_FINDINGS = 20
_ROOT = Path(__file__).parents[2]


def run(
    targets: Sequence[Target], inputs: int, seed: int, folder: Path, processes: int = CORES
) -> Iterator[tuple[str, Report]]:
    """Try so many inputs, shared out among the surfaces; each one's name and report in turn.

    Args:
        targets: the surfaces.
        inputs: how many inputs, over all of them.
        seed: what the inputs follow from.
        folder: where findings are written.
        processes: how many try at once.
    """
    shares = sum(target.share for target in targets)
    counts = [inputs * target.share // shares for target in targets]
    counts[0] += inputs - sum(counts)
    with ThreadPoolExecutor(processes) as pool:
        begun = [
            [
                pool.submit(_tried, target, seed, range(first, min(count, first + _PIECE)), folder)
                for first in range(0, count, _PIECE)
            ]
            for target, count in zip(targets, counts, strict=True)
        ]
        for target, pieces in zip(targets, begun, strict=True):
            whole = Report()
            for piece in pieces:
                _add(whole, piece.result())
            yield target.name, whole


def _tried(target: Target, seed: int, numbers: range, folder: Path) -> Report:
    """A range of one surface, in a process that is started anew behind an input that ended it."""
    whole, first = Report(), numbers.start
    while first < numbers.stop and len(whole.findings) < _MOST_FINDINGS:
        report, died_at = _child(target, seed, range(first, numbers.stop), folder.absolute())
        _add(whole, report)
        if died_at is None:
            break
        whole.findings.append(_kept(target, input_of(target, seed, died_at), folder, report))
        first = died_at + 1
    return whole


def _child(target: Target, seed: int, left: range, folder: Path) -> tuple[Report, int | None]:
    """What a process reports, and the number of the input that it died of."""
    with tempfile.NamedTemporaryFile(prefix="cw-fuzz-") as progress:
        progress.write(left.start.to_bytes(8, "little"))
        progress.flush()
        numbers = [str(seed), str(left.start), str(len(left))]
        argv = [sys.executable, "-m", "tests.fuzz.worker", target.name, *numbers]
        done = subprocess.run(
            [*argv, str(folder), progress.name], cwd=_ROOT, capture_output=True, check=False
        )
        lines = done.stdout.splitlines()
        if done.returncode == 0 and lines:
            return Report(**json.loads(lines[-1])), None
        at = int.from_bytes(Path(progress.name).read_bytes()[:8], "little")
        said = done.stderr.decode("utf-8", "replace")[-2000:]
        return Report(tried=at - left.start, findings=[f"exit code {done.returncode}\n{said}"]), at


def _kept(target: Target, data: bytes, folder: Path, report: Report) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{target.name}-died-{len(data)}"
    path.write_bytes(data)
    return f"{path}: its process died ({report.findings[-1]})"


def _add(whole: Report, report: Report) -> None:
    whole.tried += report.tried
    whole.seconds += report.seconds
    whole.slowest = max(whole.slowest, report.slowest)
    whole.grown = max(whole.grown, report.grown)
    if report.seconds:
        whole.findings += report.findings
