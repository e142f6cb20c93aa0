"""The scheduler as a whole, against what it may do: random graphs, orders, failures and kills.

The rule: what is to be started is worked out here anew at each step, from what the test itself has
done; the manager must start exactly that. At the end everything has ended, and the sums are right.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from claude_widget.execution import Execution
from tests.conftest import MakeManager
from tests.driven import Driven, driven
from tests.test_concurrency import most_at_once, spans
from tests.waiting import BOUND

NUMBERS = st.integers(0, 30)
STARTS = st.tuples(
    st.just("start"),
    st.lists(NUMBERS, max_size=3),
    st.integers(-1, 1),
    st.sampled_from(["fail", "fail", "run"]),
    st.sampled_from(["after", "variables"]),
)
ENDS = st.tuples(st.just("end"), NUMBERS, st.sampled_from([True, True, False]))
CHANGES = st.one_of(
    st.tuples(st.sampled_from(["hold", "hold", "release", "to_front", "to_back"]), NUMBERS),
    st.tuples(st.just("before"), NUMBERS, NUMBERS),
    st.tuples(st.just("priority"), NUMBERS, st.integers(-2, 2)),
)
OTHERS = st.one_of(
    st.tuples(st.just("kill"), NUMBERS),
    st.tuples(st.just("slots"), st.integers(1, 4)),
    st.tuples(st.sampled_from(["pause", "resume", "resume"])),
)
HISTORIES = st.lists(st.one_of(STARTS, STARTS, ENDS, CHANGES, OTHERS), min_size=10, max_size=50)


class Scheduled:
    """A manager whose every round is checked against what it should do."""

    def __init__(self, world: Driven, project: str) -> None:
        self.world = world
        self.manager = world.manager
        self.project = project
        self.asked: list[Execution] = []
        self.results: dict[str, str | None] = {}
        self.killed: set[str] = set()
        world.around_filling(self._checked)

    # -- what is done ------------------------------------------------------------------------

    def start(self, others: list[int], priority: int, on_failure: str, kind: str) -> None:
        """Ask for one that comes after some; nothing is started before the next round."""
        known = list({self._nth(self.asked, number) for number in others} if self.asked else ())
        options: dict[str, Any] = {"priority": priority, "on_failure": on_failure}
        query = f"query {len(self.asked)}"
        if kind == "variables":
            query = "{% for one in all %}{{ one.result or 'none' }},{% endfor %}."
            options["variables"] = {"all": known}
        else:
            options["after"] = known
        paused, self.manager._line.paused = self.manager._line.paused, True
        self.asked.append(self.manager.start_execution(query, self.project, **options))
        self.manager._line.paused = paused

    def end(self, number: int, well: bool) -> None:
        if self.world.backend.running:
            execution_id = self._nth(list(self.world.backend.running), number)
            self.results[execution_id] = f"r{len(self.results)}" if well else None
            self.world.backend.end(execution_id, self.results[execution_id])

    def kill(self, number: int) -> None:
        if self.asked:
            execution = self._nth(self.asked, number)
            if not execution.status.ended and execution.execution_id not in self.results:
                self.killed.add(execution.execution_id)
                self.results[execution.execution_id] = None
                execution.kill()

    def queue(self, action: str, number: int, more: int = 0) -> None:
        """Change the line, if anybody waits in it."""
        waiting = list(self.manager.queue.executions)
        if not waiting:
            return
        queue, execution = self.manager.queue, self._nth(waiting, number)
        changes = {
            "hold": lambda: queue.hold(execution),
            "release": lambda: queue.release(execution),
            "to_front": lambda: queue.move(execution, to="front"),
            "to_back": lambda: queue.move(execution, to="back"),
            "before": lambda: queue.move(execution, before=self._nth(waiting, more)),
            "priority": lambda: queue.set_priority(execution, more),
        }
        changes[action]()

    @staticmethod
    def _nth(many: list[Any], number: int) -> Any:
        return many[number % len(many)]

    # -- what must come of it ------------------------------------------------------------------

    def _outcome(self, execution_id: str) -> str:
        """As the line is to see it, from what has ended here and was told."""
        execution = self.world.get(execution_id)
        if not execution.end_told:
            return "waits"
        return "completed" if self.results.get(execution_id) is not None else "failed"

    def _checked(self, fill: Any) -> float | None:
        """Fill the slots; exactly those start that should, in their order, and not one more."""
        line = self.manager._line
        free = max(0, line.slots - line.taken)
        ready, refused = [], []
        for execution_id in line.waiting:
            request = self.world.get(execution_id).run.request
            outcomes = {self._outcome(one) for one in request.after}
            if "failed" in outcomes and request.on_failure == "fail":
                refused.append(execution_id)
            elif "waits" not in outcomes and not line.is_held(execution_id):
                ready.append(execution_id)
        expected = [] if line.paused else ready[:free]
        before = len(self.world.backend.started)
        due: float | None = fill()
        started = self.world.backend.started[before:]
        assert started == expected
        assert len(self.world.backend.running) <= max(line.slots, line.taken)
        assert not set(line.waiting) & {*refused, *started}
        self.results.update(dict.fromkeys(refused))
        return due

    def round(self) -> None:
        self.world.round()

    def finish(self) -> None:
        """Let all go on to their end, each of which is well; nobody may be left over."""
        self.manager.queue.resume()
        for execution in self.manager.queue.executions:
            self.manager.queue.release(execution)
        for _ in range(4 * len(self.asked) + 4):
            self.round()
            for execution_id in list(self.world.backend.running):
                self.results[execution_id] = f"r{len(self.results)}"
                self.world.backend.end(execution_id, self.results[execution_id])
        self.round()

    def check(self) -> None:
        """Everything has ended, once, after what it came after, with the right prompt."""
        backend = self.world.backend
        assert len(set(backend.started)) == len(backend.started)
        for execution in self.asked:
            execution_id, info = execution.execution_id, execution.info
            result = self.results[execution_id]
            assert info.status.ended, info
            assert info.result == result
            if result is None:
                assert info.status == ("killed" if execution_id in self.killed else "failed")
            if execution_id not in backend.started:
                continue
            after = [one for one in execution.run.asked.after if one in backend.started]
            first = backend.started.index(execution_id)
            assert all(backend.started.index(one) < first for one in after)
            if execution.run.asked.variables is not None:
                shown = [self.results[one] or "none" for one in execution.run.asked.after]
                assert backend.prompts[execution_id] == "".join(f"{one}," for one in shown) + "."
        totals = Counter(one.status.value for one in self.asked)
        completed = sum(result is not None for result in self.results.values())
        assert totals["completed"] == completed
        assert totals["killed"] == len(self.killed)
        assert sum(totals.values()) == len(self.asked) == len(self.results)
        assert self.manager._line.taken == len(self.manager.queue) == 0
        assert self.manager.get_active_executions() == []


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)  # a folder that nothing is written to
@given(history=HISTORIES, slots=st.integers(1, 3))
def test_whatever_happens_each_starts_in_its_turn_and_all_end(
    project: Path, history: list[tuple[Any, ...]], slots: int
) -> None:
    with driven(slots) as world:
        scheduled = Scheduled(world, str(project))
        for action, *more in history:
            if action in ("start", "end", "kill"):
                getattr(scheduled, action)(*more)
            elif action == "slots":
                world.manager._line.slots = more[0]
            elif action in ("pause", "resume"):
                getattr(world.manager.queue, action)()
            else:
                scheduled.queue(action, *more)
            scheduled.round()
        scheduled.finish()
        scheduled.check()


def test_the_same_with_real_processes(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=2)
    first = manager.start_execution("fake:says=first", project)
    crashes = manager.start_execution("fake:crash", project, after=first)
    read = {"a": first, "b": crashes}
    goes_on = manager.start_execution(
        "fake:gate=go fake:says={{ a.result }}-{{ b.result or 'none' }}",
        project,
        variables=read,
        on_failure="run",
    )
    refused = manager.start_execution("{{ a.result }}", project, variables=read)
    beside = [manager.start_execution("hello", project, priority=1) for _ in range(3)]
    never = manager.start_execution("hello", project, after=goes_on)
    last = manager.start_execution("{{ all[0].result }}", project, variables={"all": [goes_on]})
    never.kill()
    (project / "go").touch()  # so that it could not start before it was killed
    every = [first, crashes, goes_on, refused, *beside, never, last]
    for execution in every:
        execution.wait(BOUND)
    assert Counter(one.status.value for one in every) == {"completed": 6, "failed": 2, "killed": 1}
    assert (refused.info.reason, last.result) == ("dependency", "first-none")
    ran = [one for one in every if one.info.start_time is not None]
    assert most_at_once(ran) <= 2
    for before, after in ((first, crashes), (crashes, goes_on), (goes_on, last)):
        assert spans(before)[1] <= spans(after)[0]
