"""The lifecycle of shim, manager and page as a small model, run against the real code.

The rule: kernels are processes, shims and CLIs too, and all of them are killed at any time, in any
order. After each step everything settles into what the model allows: no exit is lost, no end told
twice, nothing waits for ever, all managers and pages agree, nothing is left of what has ended.

    make soak      or MODEL_EXAMPLES=200 pytest tests/test_model.py     the long form
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from tests.model_world import KernelClient, Kernels, OnDisk, on_disk, with_processes
from tests.waiting import until

EXAMPLES = int(os.environ.get("MODEL_EXAMPLES", "0"))
"""How many lives are played; a few in CI, always the same ones."""
STEPS = 30 if EXAMPLES else 14
BOUND = 40.0
"""Seconds in which everything has settled after a step; the longest ladder takes two."""
MOST_KERNELS, SLOTS = 3, 3
LATEST = 4
"""Executions that a step may choose from, ended or not: the choice must not depend on the pace."""

SUCCESS = ("completed", "success")
DENIED = ("completed", "denied")
INTERRUPTED = ("completed", "interrupted")
CRASHED = ("failed", "crashed")
STARTUP = ("failed", "startup")
LOST = ("failed", "lost")
KILLED = ("killed", "user")
Ends = set[tuple[str, str]]

QUERIES: dict[str, tuple[str, Ends]] = {
    "quick": ("hello", {SUCCESS}),
    "hangs": ("fake:long", set()),
    "deaf": ("fake:hang-before", set()),
    "daemon": ("fake:daemon fake:long", set()),
    "gated": ("fake:gate=gate-{number}", set()),
    "asks": ("fake:asks=Bash", {SUCCESS, DENIED}),
    "stays": ("hello", set()),
    "crashes": ("fake:crash", {CRASHED}),
}
"""Each kind of CLI: its prompt, and how it may end if nobody does anything."""
REFUSED = ("ExecutionEnded", "ExecutionActive", "ExecutionNotFound")
"""Why a kernel may refuse: it has ended, has not started, or has just been started by another."""
ANY = st.integers(0, 1000)


class Life:
    """What the model knows of one execution.

    Attributes:
        may: how it may end by what has happened so far.
        must: it has to end without anybody doing more, once it runs.
        cleaned: by kernels that were asked to forget it.
    """

    def __init__(self, number: int, kind: str) -> None:
        self.number, self.kind = number, kind
        self.may: Ends = set(QUERIES[kind][1])
        self.must = kind in ("quick", "crashes")
        self.stopped = False
        self.end: tuple[str, str] | None = None
        self.clean = False


class Lifecycle(RuleBasedStateMachine):
    """One state folder, up to three kernels, and what they start."""

    kernels: Kernels

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="cw-model-"))
        self.state, self.project = self.folder / "state", self.folder / "project"
        self.project.mkdir()
        self.lives: dict[str, Life] = {}
        self.open: list[KernelClient] = []
        self.number = 0
        self.forgotten: set[str] = set()
        self.attach(0)

    # -- kernels and pages -------------------------------------------------------------------

    def can_attach(self) -> bool:
        return len(self.open) < MOST_KERNELS

    def has_kernel(self) -> bool:
        return bool(self.open)

    def kernel(self, pick: int) -> KernelClient:
        return self.open[pick % len(self.open)]

    @precondition(can_attach)
    @rule(pick=ANY)
    def attach(self, pick: int) -> None:
        notebook = f"{'ab'[pick % 2]}.ipynb"
        self.open.append(self.kernels.start(self.state, slots=SLOTS, notebook=notebook))

    @precondition(has_kernel)
    @rule(pick=ANY)
    def crash_kernel(self, pick: int) -> None:
        self.open.pop(pick % len(self.open)).crash()

    @precondition(has_kernel)
    @rule(pick=ANY)
    def close_kernel(self, pick: int) -> None:
        self.open.pop(pick % len(self.open)).close()

    @precondition(has_kernel)
    @rule(pick=ANY)
    def page_loads(self, pick: int) -> None:
        kernel = self.kernel(pick)
        kernel.ask("page", on=True)
        kernel.has_page = True

    @precondition(has_kernel)
    @rule(pick=ANY)
    def page_goes(self, pick: int) -> None:
        kernel = self.kernel(pick)
        kernel.ask("page", on=False)
        kernel.has_page = False

    # -- executions --------------------------------------------------------------------------

    @precondition(has_kernel)
    @rule(pick=ANY, kind=st.sampled_from(sorted(QUERIES)))
    def start(self, pick: int, kind: str) -> None:
        self.number += 1
        query = QUERIES[kind][0].format(number=self.number)
        project = self.project / str(self.number)  # a daemon's pid file is one in a folder
        project.mkdir()
        said = self.kernel(pick).ask(
            "start", query=query, project=str(project), keep_open=kind == "stays"
        )
        assert said["ok"], said
        self.lives[said["id"]] = Life(self.number, kind)

    def has_lives(self) -> bool:
        return bool(self.open) and bool(self.lives)

    def active(self) -> list[str]:
        return [key for key, life in self.lives.items() if life.end is None]

    def one(self, pick: int) -> tuple[str, Life]:
        latest = list(self.lives)[-LATEST:]
        key = latest[pick % len(latest)]
        return key, self.lives[key]

    @precondition(has_lives)
    @rule(pick=ANY, by=ANY)
    def kill(self, pick: int, by: int) -> None:
        key, life = self.one(pick)
        if self.steer(key, by, "kill")["ok"]:
            life.may.add(KILLED)
            life.must = True

    @precondition(has_lives)
    @rule(pick=ANY, by=ANY)
    def interrupt(self, pick: int, by: int) -> None:
        key, life = self.one(pick)
        if self.steer(key, by, "interrupt")["ok"]:
            life.may |= {INTERRUPTED, SUCCESS, DENIED}

    @precondition(has_lives)
    @rule(pick=ANY, by=ANY)
    def end(self, pick: int, by: int) -> None:
        key, life = self.one(pick)
        if self.steer(key, by, "end")["ok"] and life.kind == "stays":
            life.may.add(SUCCESS)
            life.must = True

    def steer(self, key: str, by: int, ask: str) -> dict[str, Any]:
        said = self.kernel(by).ask("steer", id=key, ask=ask)
        refused = said.get("error") in REFUSED
        # A CLI whose last turn is over lives on for a moment in which it takes nothing more.
        assert said["ok"] or refused or said.get("code") == "stdin_closed", said
        return said

    @precondition(has_lives)
    @rule(pick=ANY, by=ANY, allow=st.booleans())
    def answer(self, pick: int, by: int, allow: bool) -> None:
        key, life = self.one(pick)
        said = self.kernel(by).ask("answer", id=key, allow=allow)
        assert said["ok"] or said["error"] in ("RequestGone", "ExecutionNotFound"), said
        if said.get("answered"):
            life.must = True

    @precondition(has_lives)
    @rule(pick=ANY)
    def gate_opens(self, pick: int) -> None:
        _, life = self.one(pick)
        if life.kind == "gated":
            (self.project / str(life.number) / f"gate-{life.number}").touch()
            life.may.add(SUCCESS)
            life.must = True

    @precondition(has_lives)
    @rule(pick=ANY)
    def cli_dies(self, pick: int) -> None:
        key, life = self.one(pick)
        seen = self.seen(key)
        if seen.alive:
            life.may |= {CRASHED, STARTUP, SUCCESS, INTERRUPTED, DENIED}
            life.must = True
            os.kill(seen.cli, signal.SIGKILL)

    @precondition(has_lives)
    @rule(pick=ANY)
    def shim_dies(self, pick: int) -> None:
        key, life = self.one(pick)
        seen = self.seen(key)
        if seen.alive:
            life.may.add(LOST)
            life.must = True
            os.kill(seen.shim, signal.SIGKILL)

    @precondition(has_lives)
    @rule(pick=ANY, by=ANY)
    def adopt(self, pick: int, by: int) -> None:
        key, _ = self.one(pick)
        self.kernel(by).ask("adopt", id=key)

    @precondition(has_kernel)
    @rule(pick=ANY, by=ANY)
    def cleanup(self, pick: int, by: int) -> None:
        ended = [key for key, life in self.lives.items() if life.end and key not in self.forgotten]
        if ended:
            key = ended[pick % len(ended)]
            said = self.kernel(by).ask("cleanup", id=key)
            assert said["ok"] or said["error"] == "ExecutionNotFound", said
            self.forgotten.add(key)

    def seen(self, key: str) -> OnDisk:
        return on_disk(self.state, key)

    # -- what must hold ----------------------------------------------------------------------

    @invariant()
    def settles(self) -> None:
        """Within the bound all is as the model says, and stays within what it allows."""
        unsettled: list[str] = []

        def settled() -> bool:
            unsettled[:] = self.unsettled()
            return not unsettled

        try:
            until(settled)
        except AssertionError as error:
            raise AssertionError("\n".join([*unsettled, *self.tails()])) from error

    def tails(self) -> Iterator[str]:
        """What a failure is told with: the end of each transcript that has not ended."""
        for key in self.active():
            path = self.state / "executions" / key / "transcript"
            yield f"{key}: {path.read_bytes()[-800:]!r}"

    def unsettled(self) -> list[str]:
        looks = [(kernel, kernel.ask("look")) for kernel in self.open]
        found = [f"{name} {problem}" for name, problem in self.problems(looks)]
        for kernel, look in looks:
            assert look["ok"], look
            assert not look["wrong"], look
            found += [f"page of {kernel.notebook} differs in {key}" for key in look["differs"]]
        ended = {key for key, life in self.lives.items() if life.end and not life.clean}
        left = with_processes(ended) if ended else set()
        for key in ended - left:
            self.lives[key].clean = True
        return found + [f"{key} has processes left" for key in left]

    def problems(self, looks: list[Any]) -> Iterator[tuple[str, str]]:
        for key, life in self.lives.items():
            disk = self.seen(key)
            endings = [event for event in disk.events if event in ("ended", "lost", "refused")]
            assert len(endings) <= 1, (life.kind, disk)
            assert not endings or disk.events[-1] == endings[0], (life.kind, disk)
            known = [look["known"][key] for _, look in looks if key in look["known"]]
            name = f"{life.kind} {key}"
            if disk.ended:
                yield from ((name, said) for said in self.ended_problems(key, life, known, looks))
            elif disk.shim:
                yield from ((name, said) for said in self.running_problems(life, disk, known))
            else:
                yield from ((name, said) for said in self.pending_problems(key, looks))

    def ended_problems(
        self, key: str, life: Life, known: list[Any], looks: list[Any]
    ) -> Iterator[str]:
        if key not in self.forgotten and len(known) < len(looks):
            yield "has ended, and a kernel does not know of it"
        for one in known:
            if one["status"] not in ("completed", "failed", "killed"):
                yield f"has ended, and a kernel has it as {one['status']}"
                continue
            end = (one["status"], one["reason"])
            assert end in life.may, (life.kind, end, life.may)
            assert life.end in (None, end), (life.kind, life.end, end)
            assert one["requests"] == 0, (life.kind, one)
            life.end = end

    def running_problems(self, life: Life, disk: OnDisk, known: list[Any]) -> Iterator[str]:
        for one in known:
            if one["status"] != "running":
                yield f"runs, and a kernel has it as {one['status']}"
        if self.open and not disk.alive:
            yield f"is dead, and nobody has told: {disk}"
        elif self.open and life.must:
            yield f"must end: {disk}"
        if not known and self.open:
            yield "runs, and no kernel knows of it"

    def pending_problems(self, key: str, looks: list[Any]) -> Iterator[str]:
        """It waits in the line of a living kernel whose slots are taken, or all say it is held."""
        known = [look["known"].get(key) for _, look in looks]
        if not all(known):
            yield "is pending, and a kernel does not know of it"
            return
        for _, look in looks:
            if look["known"][key]["mine"]:
                mine = [one for one in look["known"].values() if one["mine"]]
                running = [one for one in mine if one["status"] == "running"]
                if len(running) < SLOTS:
                    yield "is pending, and there is a slot for it"
                return
        if not all(one["held"] for one in known):
            yield "is pending, has no owner, and is not held"

    def teardown(self) -> None:
        """A last kernel finds all of it, and can end all of it."""
        try:
            for life in self.lives.values():
                life.may.add(KILLED)
            if len(self.open) == MOST_KERNELS:
                self.open.pop().close()
            self.attach(0)
            for key in self.active():
                said = self.open[-1].ask("steer", id=key, ask="kill")
                assert said["ok"], said
                self.lives[key].must = True
            self.settles()
            assert not self.active()
        finally:
            for kernel in self.open:
                kernel.crash()
            shutil.rmtree(self.folder, ignore_errors=True)


@pytest.mark.slow  # some twenty lives of a dozen steps each, all of them real processes
@pytest.mark.timeout(3600 if EXAMPLES else 240)
def test_the_lifecycle_holds_whatever_dies_and_in_whatever_order(
    runtime_dir: Path, fake_cli: Path
) -> None:
    kernels = Kernels(runtime_dir, fake_cli)
    chosen = settings(
        max_examples=EXAMPLES or 12,
        stateful_step_count=STEPS,
        deadline=None,
        derandomize=not EXAMPLES,
        database=None,
        print_blob=True,
        phases=(Phase.generate,),  # each step is real: to shrink a failure would take an hour
        suppress_health_check=list(HealthCheck),
    )
    Lifecycle.kernels = kernels
    try:
        run_state_machine_as_test(Lifecycle, settings=chosen)
    finally:
        kernels.close()
