"""The fuzzer in its bounded form, the fuzzer itself, and a real shim under its inputs.

The rule: the same inputs in every run, so that what fails here failed because of a change; `make
fuzz` tries a million others. Whatever it finds becomes a test in `test_hostile_frames`.
"""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import pytest

from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.runtime import socket_path
from tests import fake
from tests.fuzz import asking, runner, seeds, targets
from tests.fuzz.__main__ import replayed
from tests.fuzz.mutation import LONGEST, Mutator
from tests.fuzz.smaller import smallest
from tests.fuzz.target import Check, Target
from tests.fuzz.worker import ROOM, Hang, Keeper, input_of, tried, watched
from tests.waiting import BOUND, until

SEED = 20_261
INPUTS = 8_000


@pytest.mark.slow  # five processes and all their inputs: about ten seconds
def test_no_input_makes_a_surface_fail_hang_or_eat_memory(tmp_path: Path) -> None:
    reports = dict(runner.run(targets.TARGETS, INPUTS, SEED, tmp_path))
    found = [line for report in reports.values() for line in report.findings]
    assert not found, "\n".join(found)
    assert sum(report.tried for report in reports.values()) == INPUTS
    assert max(report.grown for report in reports.values()) < ROOM


@pytest.mark.parametrize("target", targets.TARGETS, ids=lambda target: target.name)
def test_an_input_follows_from_its_number_alone(target: Target) -> None:
    inputs = [input_of(target, SEED, number) for number in (0, 1, 7, 1)]
    assert inputs[1] == inputs[3]
    assert len(set(inputs)) > 1
    assert max(map(len, inputs)) <= LONGEST


def test_nearly_every_input_is_another_one() -> None:
    mutator = Mutator(seeds.frames(), seeds.words())
    inputs = {mutator.fresh(Random(number)) for number in range(2000)}
    assert len(inputs) > 1900


# -- what it would find --------------------------------------------------------------------------


def fails_on(bad: bytes, error: type[BaseException]) -> Target:
    """A surface that does not bear that word."""

    def check(data: bytes) -> None:
        if bad in data:
            raise error("here")

    @contextmanager
    def opened() -> Iterator[Check]:
        yield check

    return Target("frames", 1, seeds.frames, opened)


def test_a_finding_is_kept_once_and_as_small_as_can_be(tmp_path: Path) -> None:
    target = fails_on(b"evil", KeyError)
    with target.opened() as check:
        keeper = Keeper(target, check, tmp_path / "found")
        for data in (b"x" * 300 + b"evil" + b"y" * 200, b"fine", b"evil again"):
            keeper.tell(data)
    assert keeper.report.tried == 3
    assert len(keeper.report.findings) == 1
    (kept,) = (path for path in (tmp_path / "found").iterdir() if not path.suffix)
    assert kept.read_bytes() == b"evil"
    assert "KeyError" in kept.with_suffix(".txt").read_text()
    assert replayed(kept) == 0  # a finding of a surface that bears it by now


def test_an_input_that_works_or_waits_too_long_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.worker.BOUND", 0.05)

    def works(_: bytes) -> None:
        while True:
            pass

    def waits(_: bytes) -> None:
        threading.Event().wait()

    with watched():
        for check in (works, waits):
            assert isinstance(tried(check, b"x"), Hang)
        assert tried(lambda _: None, b"x") is None


def test_what_still_fails_is_made_smaller_and_no_other() -> None:
    data = b"".join(b"%d," % number for number in range(300))
    assert smallest(data, lambda less: b"77," in less and b"150" in less) == b"77,150"
    assert smallest(data, lambda less: False) == data


# -- a real shim ---------------------------------------------------------------------------------

ENDING = (b"kill", b"limit", b"adopt")
"""Operations that a changed input may still be, and be right to do."""


def told(execution: Execution, data: bytes) -> list[bytes]:
    """What a shim answers to these bytes, one connection of its own."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(BOUND)
        connection.connect(str(socket_path(execution.run.folder)))
        answers = connection.makefile("rb")
        assert answers.readline()
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
        except OSError:
            return []  # dropped before all of it was said
        try:
            return answers.readlines()
        except OSError:
            return []


def test_a_real_shim_bears_what_the_fuzzer_says_and_is_killed_when_asked(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_CLAUDE", "reads-not")  # what is sent would be its end
    execution = manager.start_execution("x", project)
    until(lambda: execution.status == "running", what="it runs")
    mutator = Mutator(asking.requests(), seeds.words())
    inputs = (mutator.fresh(Random(f"{SEED}:{number}")) for number in range(400))
    harmless = [data for data in inputs if not any(word in data for word in ENDING)]
    for data in harmless:
        for line in told(execution, data):
            assert isinstance(json.loads(line)["ok"], bool)
    assert len(harmless) > 100
    assert json.loads(told(execution, b'{"op":"status"}\n')[0])["ok"]
    execution.kill()
    fake.ended(execution, "killed", "user")
