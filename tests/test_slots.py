"""How many may run at once where nobody has said so.

The rule: a clock of the test's own; whatever is heard and whatever memory does, the figure stays
between one and the machine's, and moves as it says.
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from claude_widget.queue.slots import GAP, MEMORY_EACH, QUIET, SAME, SETTLES, Slots

AMPLE = 64 * MEMORY_EACH
SHORT = MEMORY_EACH - 1


def used(slots: Slots, begin: float, seconds: float, *, free: int = AMPLE) -> float:
    """Let so many seconds pass in which all slots are in use; when they are over."""
    for second in range(int(seconds) + 1):
        slots.look(begin + second, slots.count, free)
    return begin + int(seconds)


def test_it_begins_at_the_machines_figure_and_never_goes_above_it() -> None:
    slots = Slots(4)
    assert slots.count == 4
    used(slots, 0, 10 * QUIET)
    assert slots.count == 4


def test_a_limit_halves_it_and_the_same_limit_heard_by_all_halves_it_once() -> None:
    slots = Slots(16)
    for each in range(16):
        slots.limit_heard(100 + each / 10, 16)
    assert slots.count == 8
    slots.limit_heard(100 + SAME + 1, 12)
    assert slots.count == 8, "those that run are still of the time before"
    slots.limit_heard(100 + SAME + 2, 8)
    assert slots.count == 4


def test_it_never_goes_below_one() -> None:
    slots = Slots(3)
    for each in range(10):
        slots.limit_heard(each * (SAME + 1), 1)
    slots.look(1000, 0, 0)
    assert slots.count == 1


def test_it_grows_by_one_after_each_quiet_minute_in_which_all_of_it_was_used() -> None:
    slots = Slots(8)
    slots.limit_heard(0, 8)
    now = used(slots, 0, QUIET)
    assert slots.count == 5
    now = used(slots, now, QUIET)
    assert slots.count == 6
    slots.limit_heard(now, 6)
    assert slots.count == 3
    used(slots, now, QUIET - 1)
    assert slots.count == 3, "the minute began anew with the limit"


def test_a_minute_with_slots_to_spare_grows_nothing() -> None:
    slots = Slots(8)
    slots.limit_heard(0, 8)
    for second in range(int(5 * QUIET)):
        slots.look(second, slots.count - 1, AMPLE)
    assert slots.count == 4


def test_a_slot_that_is_empty_for_a_moment_between_two_counts_as_used() -> None:
    slots = Slots(8)
    slots.limit_heard(0, 8)
    for second in range(int(QUIET) + 2):
        empty = second % int(GAP) == 1
        slots.look(second, slots.count - empty, AMPLE)
    assert slots.count == 5


def test_while_memory_is_short_no_more_may_run_than_do() -> None:
    slots = Slots(8)
    slots.look(0, 5, SHORT)
    assert slots.count == 5
    slots.look(1, 3, SHORT)
    assert slots.count == 3, "those that ended are not replaced"
    slots.look(2, 0, SHORT)
    assert slots.count == 1, "one may always run"


def test_once_memory_is_there_again_slots_come_back_one_at_a_time() -> None:
    slots = Slots(4)
    slots.look(0, 2, SHORT)
    slots.look(SETTLES, 2, MEMORY_EACH)
    assert slots.count == 2, "room for one is not ample yet"
    slots.look(SETTLES + 1, 2, AMPLE)
    assert slots.count == 3
    slots.look(SETTLES + 2, 3, AMPLE)
    assert slots.count == 3, "that one has not taken its memory yet"
    used(slots, 2 * SETTLES + 1, SETTLES)
    assert slots.count == 4


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["limit", "look"]),
        st.floats(0, 90),
        st.integers(0, 20),
        st.sampled_from([0, SHORT, MEMORY_EACH, 3 * MEMORY_EACH, AMPLE]),
    ),
    max_size=60,
)


@given(machine=st.integers(1, 16), steps=STEPS)
def test_whatever_happens_it_stays_within_bounds_and_moves_by_its_rules(
    machine: int, steps: list[tuple[str, float, int, int]]
) -> None:
    slots = Slots(machine)
    now = 0.0
    for kind, passes, running, free in steps:
        now += passes
        before = slots.count
        if kind == "limit":
            slots.limit_heard(now, running)
            assert max(1, before // 2) <= slots.count <= before
        else:
            slots.look(now, running, free)
            if free < MEMORY_EACH:
                assert slots.count <= max(1, min(before, running))
        assert 1 <= slots.count <= machine


@given(machine=st.integers(1, 16), limits=st.integers(0, 6))
def test_after_enough_quiet_minutes_it_is_the_machines_figure_again(
    machine: int, limits: int
) -> None:
    slots = Slots(machine)
    for each in range(limits):
        slots.limit_heard(each * (SAME + 1), 1)
    begin = limits * (SAME + 1)
    for minute in range(machine + 1):
        for second in (0, 3, 59.9):
            slots.look(begin + minute * QUIET + second, slots.count, AMPLE)
    for step in range(machine * 30):
        slots.look(begin + (machine + 1) * QUIET + step * 3, slots.count, AMPLE)
    assert slots.count == machine
