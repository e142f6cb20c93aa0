"""Who owns an execution, as its records tell: `requested`, then `adopted`."""

from __future__ import annotations

import pytest

from claude_widget.errors import InvalidTransition
from claude_widget.events import parse
from claude_widget.state import reduce, shape
from tests.recorded import ended, header, meta, opening, spawned, state_of


def test_an_execution_has_the_owner_that_was_told_last() -> None:
    first = {"host": "h", "pid": 7, "start": 1.5, "manager_id": "one", "more": "left out"}
    asked = meta("requested", request={"query": "q", "project_path": "/p"}, owner=first)
    state = state_of(header(), asked)
    assert state.life.owner == {"host": "h", "pid": 7, "start": 1.5, "manager_id": "one"}
    before = state.info
    adopted = parse(meta("adopted", owner={"manager_id": "two", "host": "x" * 10_000}))
    state = reduce(state, adopted)
    assert state.life.owner["manager_id"] == "two"
    assert len(str(state.life.owner["host"])) == shape.MAX_OWNER
    assert state.info == before
    state = reduce(reduce(state, parse(spawned())), parse(meta("adopted", owner=None, name="n")))
    assert (state.life.owner, state.info.name, state.info.status) == ({}, "n", "running")


def test_one_that_has_ended_is_not_adopted() -> None:
    state = state_of(*opening(), ended())
    with pytest.raises(InvalidTransition):
        reduce(state, parse(meta("adopted", owner={"manager_id": "two"})))
