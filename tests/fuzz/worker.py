"""Tries the inputs of one surface, in a process of its own, and keeps those that harm.

The rule: an input has a second and 100 MB. What it is follows from the seed and its number alone,
and the number is written down before it is tried, so that even one that ends this process is found
again. On a machine that stands still a second of the clock says nothing: an input has a second of
work, and many seconds only if it works not at all.
"""

from __future__ import annotations

import faulthandler
import hashlib
import json
import logging
import mmap
import os
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType

from tests.fuzz import seeds
from tests.fuzz.mutation import Mutator
from tests.fuzz.smaller import smallest
from tests.fuzz.target import Check, Target

BOUND = 1.0
"""Seconds of work for one input."""
_WAITED = 30
"""So many times the bound may pass on the clock, while it waits or is kept waiting."""
ROOM = 100 << 20
"""Bytes that the process may grow by, from its first input to its last."""
_HARD = 1 << 30
"""Bytes of address space above that of the start: a run-away input fails, the machine does not."""
_STUCK = 600.0
"""Seconds without an input after which the process is ended, its stacks printed."""
_BEAT = 256
_MOST_FINDINGS = 20


class Hang(BaseException):
    """An input took longer than its bound; no `except Exception` on the way stops it."""


@dataclass
class Report:
    """What became of the inputs.

    Attributes:
        tried: how many.
        seconds: for all of them.
        slowest: seconds of work of the slowest.
        grown: bytes that the process has grown by.
        findings: one line each; the file that holds the input, and what it did.
    """

    tried: int = 0
    seconds: float = 0.0
    slowest: float = 0.0
    grown: int = 0
    findings: list[str] = field(default_factory=list)


def input_of(target: Target, seed: int, number: int, mutator: Mutator | None = None) -> bytes:
    """The input of that number."""
    made = mutator or Mutator(target.seeds(), seeds.words())
    return made.fresh(Random(f"{seed}:{target.name}:{number}"))


def tried(check: Check, data: bytes) -> BaseException | None:
    """What one input did wrong; None if nothing."""
    before = signal.setitimer(signal.ITIMER_REAL, BOUND, BOUND)
    _begun[:] = time.process_time(), time.monotonic()
    try:
        check(data)
    except (Exception, Hang) as error:  # noqa: BLE001 - whatever it is, it is the finding
        return error
    finally:
        signal.setitimer(signal.ITIMER_REAL, *before)  # a test runner has a bound of its own
    return None


_begun = [0.0, 0.0]
"""When the present input began: on the processor's clock, and on the wall's."""


@contextmanager
def watched() -> Iterator[None]:
    """While it lasts, an input that is over its bound is stopped."""

    def ring(_number: int, _frame: FrameType | None) -> None:
        worked, passed = time.process_time() - _begun[0], time.monotonic() - _begun[1]
        if worked >= 0.9 * BOUND or passed >= _WAITED * BOUND:
            raise Hang(f"it took {worked:.1f} s of work and {passed:.1f} s in all")

    before = signal.signal(signal.SIGALRM, ring)
    try:
        yield
    finally:
        signal.signal(signal.SIGALRM, before)


def work(target: Target, seed: int, numbers: range, folder: Path, progress: Path) -> Report:
    """Try the inputs of these numbers; their findings are written into the folder."""
    guard()
    mutator = Mutator(target.seeds(), seeds.words())
    with progress.open("r+b") as file, target.opened() as check, watched():
        keeper = Keeper(target, check, folder)
        noted = mmap.mmap(file.fileno(), 8)
        for data in target.seeds():  # the first of every kind fills caches
            keeper.judge(data, tried(check, data))
        keeper.begin()
        for number in numbers:
            noted[:] = number.to_bytes(8, "little")
            if number % _BEAT == 0:
                faulthandler.dump_traceback_later(_STUCK, exit=True)
            keeper.tell(input_of(target, seed, number, mutator))
        faulthandler.cancel_dump_traceback_later()
    return keeper.end()


class Keeper:
    """Measures the inputs of one surface, and keeps those that do harm.

    Attributes:
        report: what became of them.
    """

    def __init__(self, target: Target, check: Check, folder: Path) -> None:
        self.report = Report()
        self._target, self._check, self._folder = target, check, folder
        self._seen: set[str] = set()
        self._begun, self._before = 0.0, 0

    def begin(self) -> None:
        """From now on time and memory count."""
        self._begun, self._before = time.perf_counter(), peak()

    def end(self) -> Report:
        """All of it."""
        self.report.seconds = time.perf_counter() - self._begun
        return self.report

    def tell(self, data: bytes) -> None:
        """Try one input."""
        report, begun = self.report, time.process_time()
        error = tried(self._check, data)
        report.slowest = max(report.slowest, time.process_time() - begun)
        grown = peak() - self._before
        if error is None and grown > ROOM >= report.grown:
            error = MemoryError(f"the process has grown by {grown >> 20} MB")
        report.grown = max(report.grown, grown)
        report.tried += 1
        self.judge(data, error)

    def judge(self, data: bytes, error: BaseException | None) -> None:
        """Keep an input that did harm, made smaller, unless another one did the same."""
        if error is None or len(self._seen) >= _MOST_FINDINGS:
            return
        place = what(error)
        if place in self._seen:
            return
        self._seen.add(place)
        least = smallest(data, lambda less: what(tried(self._check, less)) == place)
        path = self._folder / f"{self._target.name}-{hashlib.sha256(least).hexdigest()[:12]}"
        self._folder.mkdir(parents=True, exist_ok=True)
        path.write_bytes(least)
        path.with_suffix(".txt").write_text("".join(traceback.format_exception(error)))
        self.report.findings.append(f"{path}: {place}")


def guard() -> None:
    """From now on an input that eats memory fails, and nothing is logged."""
    logging.getLogger("claude_widget").addHandler(logging.NullHandler())
    logging.getLogger("claude_widget").propagate = False
    if sys.platform == "linux":
        with open("/proc/self/statm", "rb") as file:
            pages = int(file.read().split()[0])
        limit = pages * os.sysconf("SC_PAGE_SIZE") + _HARD
        resource.setrlimit(resource.RLIMIT_AS, (limit, resource.RLIM_INFINITY))


def _peak_reader() -> Callable[[], int]:
    """Reads the most memory that this process has had, in bytes."""
    if sys.platform != "linux":
        return lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    fd = os.open("/proc/self/status", os.O_RDONLY | os.O_CLOEXEC)

    def read() -> int:
        status = os.pread(fd, 4096, 0)  # getrusage would tell what its parent had, too
        return int(status.partition(b"VmHWM:")[2].split(None, 1)[0]) << 10

    return read


peak = _peak_reader()


def what(error: BaseException | None) -> str:
    """What went wrong and where, the same for inputs that do the same."""
    if error is None:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if "claude_widget" in one.filename or "fuzz" in one.filename]
    at = ours[-1] if ours else None
    where = f" at {Path(at.filename).name}:{at.lineno}" if at else ""
    said = "" if isinstance(error, Hang) else f" {str(error)[:80]!r}"
    return f"{type(error).__name__}{where}" + (said if isinstance(error, AssertionError) else "")


def main(arguments: list[str]) -> None:
    """Work as a child of the runner; the report is the last line printed."""
    from tests.fuzz.targets import BY_NAME  # noqa: PLC0415 - what opens them is dear to import

    name, seed, first, count, folder, progress = arguments
    numbers = range(int(first), int(first) + int(count))
    report = work(BY_NAME[name], int(seed), numbers, Path(folder), Path(progress))
    print(json.dumps(vars(report)))


if __name__ == "__main__":
    main(sys.argv[1:])
