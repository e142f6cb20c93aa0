"""The runner: all surfaces together, as many processes as cores, and what came of them.

    python -m tests.fuzz                          a million inputs (`make fuzz`)
    python -m tests.fuzz --inputs 20000 --seed 7  fewer of them, the same each time
    python -m tests.fuzz --only page              one surface
    python -m tests.fuzz FILE ...                 try findings again

The rule: it prints the seed before it begins and one line for each surface; it ends with 1 if
anything was found. A finding is a file that holds the input, and one beside it that says what it
did.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time
import traceback
from pathlib import Path

from tests.fuzz import runner
from tests.fuzz.targets import BY_NAME, TARGETS
from tests.fuzz.worker import Report, tried, watched

FINDINGS = Path("test-results") / "fuzz"


def main(arguments: list[str]) -> int:
    """Run it; the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("files", nargs="*", type=Path, help="findings to try again")
    parser.add_argument("--inputs", type=int, default=1_000_000, help="over all surfaces")
    parser.add_argument("--seed", type=int, default=None, help="the same seed, the same inputs")
    parser.add_argument("--only", choices=sorted(BY_NAME), help="one surface")
    parser.add_argument("--processes", type=int, default=runner.CORES, help="at once")
    parser.add_argument("--findings", type=Path, default=FINDINGS, help="the folder for them")
    given = parser.parse_args(arguments)
    if given.files:
        return max(replayed(path) for path in given.files)
    seed = secrets.randbelow(10**9) if given.seed is None else given.seed
    targets = (BY_NAME[given.only],) if given.only else TARGETS
    print(
        f"{given.inputs:,} inputs, seed {seed} (again: --inputs {given.inputs} --seed {seed})",
        flush=True,
    )
    begun = time.monotonic()
    every, findings = 0, list[str]()
    reports = runner.run(targets, given.inputs, seed, given.findings, given.processes)
    for name, report in reports:
        print(told(name, report), flush=True)
        every += report.tried
        findings += report.findings
    print(f"{every:,} inputs in {time.monotonic() - begun:.0f} s, {len(findings)} findings")
    for line in findings:
        print(f"  {line}\n    again: python -m tests.fuzz {line.partition(': ')[0]}")
    return int(bool(findings))


def told(name: str, report: Report) -> str:
    """One line on a surface."""
    rate = report.tried / report.seconds if report.seconds else 0.0
    return (
        f"{name:<8} {report.tried:>9,} inputs {report.seconds:7.1f} s {rate:7,.0f} a second"
        f"   slowest {report.slowest:5.3f} s   grew by {report.grown / 2**20:5.1f} MB"
        f"   {len(report.findings)} findings"
    )


def replayed(path: Path) -> int:
    """Try the input in a file again; 1 if it still does harm."""
    target = BY_NAME[path.name.partition("-")[0]]
    with target.opened() as check, watched():
        error = tried(check, path.read_bytes())
    if error is None:
        print(f"{path}: nothing wrong")
        return 0
    print(f"{path}:\n{''.join(traceback.format_exception(error))}")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
