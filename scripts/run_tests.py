"""Runs the parts of the tests and says what came of them.

The rule: every part runs whatever became of the ones before it; a part that cannot run, that skips
a test, that runs none or that overruns its bound has failed, and says why. The last line is
`N passed, N failed`, of all the parts together; the exit code is 0 only if nothing failed.

    python3 -m scripts.run_tests [PART ...]
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from scripts import junit
from scripts.failure import SetupFailed
from scripts.junit import Counts
from scripts.parts import BY_NAME, PARTS, Command, Part
from scripts.paths import RESULTS, ROOT, activated, say
from scripts.setup import STEPS, one_at_a_time


@dataclass
class Outcome:
    """What became of a part."""

    part: Part
    counts: Counts = field(default_factory=Counts)
    problems: list[str] = field(default_factory=list)
    seconds: float = 0.0

    @property
    def failed(self) -> bool:
        """Whether anything in it went wrong."""
        return bool(self.problems) or self.counts.failed > 0


class SetUp:
    """Does each set-up step once, one after the other, and remembers the one that failed.

    What later parts need is downloaded and installed while the first ones run: it mostly waits.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, "set-up")
        self._done: dict[str, Future[str]] = {}

    def begin(self, name: str) -> Future[str]:
        """Let the step be done when it is its turn, unless it has been asked for before."""
        if name not in self._done:
            self._done[name] = self._thread.submit(self._do, STEPS[name])
        return self._done[name]

    def __call__(self, name: str) -> str:
        """Why the step cannot be done; empty when it is."""
        return self.begin(name).result()

    @staticmethod
    def _do(step: Callable[[], None]) -> str:
        try:
            with one_at_a_time():
                step()
        except SetupFailed as error:
            return str(error)
        return ""


def run_part(part: Part, set_up: SetUp) -> Outcome:
    """Set up what a part needs and run its commands."""
    say(f"\n===== {part.name}: {part.about}")
    outcome, begun = Outcome(part), time.monotonic()
    outcome.problems += [f"set-up of {name}: {why}" for name in part.needs if (why := set_up(name))]
    if outcome.problems:
        outcome.counts = Counts(failed=1)
    else:
        with tempfile.TemporaryDirectory(prefix="cw-") as folder:
            env = {**activated(), "CLAUDE_WIDGET_STATE_DIR": folder, **part.env}
            deadline = begun + part.bound
            for number, command in enumerate(part.commands):
                run_command(command, outcome, env, deadline, RESULTS / f"{part.name}-{number}.xml")
    outcome.seconds = time.monotonic() - begun
    for problem in outcome.problems:
        say(f"FAILED {part.name}: {problem}")
    return outcome


def run_command(
    command: Command, outcome: Outcome, env: dict[str, str], deadline: float, report: Path
) -> None:
    """Run one command and add what came of it to the outcome."""
    argv = [*command.argv, *junit.options(command.report, report)]
    shown = " ".join(Path(word).name if word == argv[0] else word for word in command.argv)
    report.unlink(missing_ok=True)
    code, overran = call(argv, command.cwd, env, deadline - time.monotonic())
    counts = junit.read(report) if command.report else Counts()
    skips = [why for why in counts.skip_reasons if not why.startswith("needs macOS")]
    if overran:
        outcome.problems.append(f"`{shown}` did not end within {outcome.part.bound:.0f} s")
    elif code != 0 and counts.failed == 0:
        outcome.problems.append(f"`{shown}` ended with exit code {code}")
    elif command.report and counts.passed == 0 and counts.failed == 0:
        outcome.problems.append(f"`{shown}` ran no test")
    outcome.problems += [f"a test was skipped: {why}" for why in skips]
    if not command.report:
        counts = Counts(passed=int(code == 0 and not overran), failed=int(code != 0 or overran))
    elif (overran or code != 0) and counts.failed == 0:
        counts.failed = 1
    outcome.counts = outcome.counts + counts


def call(argv: list[str], cwd: Path, env: dict[str, str], bound: float) -> tuple[int, bool]:
    """Run a command in its own process group, no longer than `bound` seconds.

    Returns its exit code and whether it had to be ended.
    """
    try:
        child = subprocess.Popen(
            argv, cwd=cwd, env=env, stdin=subprocess.DEVNULL, start_new_session=True
        )
    except OSError as error:
        say(str(error))
        return 127, False
    with ended(child):
        try:
            return child.wait(max(bound, 1)), False
        except subprocess.TimeoutExpired:
            return 124, True


@contextlib.contextmanager
def ended(child: subprocess.Popen[bytes]) -> Iterator[None]:
    """Whatever happens, the command and its group are gone afterwards."""
    try:
        yield
    finally:
        if child.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(child.pid, signal.SIGKILL)
                child.wait()


def summary(outcomes: list[Outcome]) -> str:
    """The table and the closing line."""
    lines = ["", "===== summary"]
    for outcome in outcomes:
        verdict = "FAILED" if outcome.failed else "ok"
        lines.append(
            f"{outcome.part.name:<10} {verdict:<7} {outcome.seconds:7.1f} s"
            f" {outcome.counts.passed:5d} passed {outcome.counts.failed:4d} failed"
        )
        # A log may be kept only by its end: what failed is named here again.
        told = outcome.problems + outcome.counts.failures
        lines += [f"           {line}" for line in told]
    # A part with a problem but no failed test still counts as one that failed.
    failed = sum(max(outcome.counts.failed, int(outcome.failed)) for outcome in outcomes)
    passed = sum(outcome.counts.passed for outcome in outcomes)
    return "\n".join([*lines, "", f"{passed} passed, {failed} failed"])


def main(names: list[str]) -> int:
    """Run the named parts, all of them by default."""
    if unknown := [name for name in names if name not in BY_NAME]:
        say(f"no such part: {', '.join(unknown)}; there are: {', '.join(BY_NAME)}")
        return 2
    if not names:
        shutil.rmtree(RESULTS, ignore_errors=True)
    RESULTS.mkdir(exist_ok=True)
    set_up = SetUp()
    parts = [BY_NAME[name] for name in names] or list(PARTS)
    for part in parts:
        for name in part.needs:
            set_up.begin(name)
    outcomes = [run_part(part, set_up) for part in parts]
    say(summary(outcomes))
    return int(any(outcome.failed for outcome in outcomes))


if __name__ == "__main__":
    os.chdir(ROOT)
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        say("\nstopped")
        sys.exit(130)
