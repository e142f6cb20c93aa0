"""The surface `state.reduce`: any sequence of frames and lifecycle records.

The rule: the fold is total (only `InvalidTransition` is raised, and only for a record of ours), it
changes no earlier state, it is the same whichever way the records are cut, a state is bounded, and
what is shown of it is strict JSON.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

from claude_widget.errors import InvalidTransition
from claude_widget.events import Lifecycle, Record, UnknownRecord, is_neutral, parse
from claude_widget.following import notifications
from claude_widget.page.rows import row_of
from claude_widget.state import State, codec, reduce
from claude_widget.stderr_tail import without_stale_stderr
from claude_widget.transcript import RecordParser
from tests.fuzz.target import Check

BOUND = 600_000
"""Characters and items of a state, without what an execution is for."""
_UNBOUNDED = frozenset({"query", "result", "structured_output", "last_text"})
_EVERY_SPLIT = 3


@contextmanager
def opened() -> Iterator[Check]:
    """The check of one input."""
    yield check


def check(data: bytes) -> None:
    """The transcript that these bytes are, folded."""
    parser = RecordParser()
    records = [*parser.feed(data), *parser.finish()]
    random = Random(zlib.crc32(data))
    whole = _folded_and_watched(records, random)
    check_state(whole)
    if random.random() < 0.25:
        kept = json.loads(json.dumps(codec.encode(whole)))
        assert codec.decode(kept) == whole, "not kept whole"
    some: Sequence[int] = range(len(records) + 1)
    if len(records) > _EVERY_SPLIT:
        some = random.sample(some, 1)
    for at in some:
        parts = folded(folded(State(), records[:at]), records[at:])
        assert parts == whole, f"another state when it is cut after record {at}"


def folded(state: State, records: Sequence[Record]) -> State:
    """The fold as `Execution.advance` does it, partial messages left out."""
    for record in without_stale_stderr(list(records)):
        if record.stream != "out" or not is_neutral(record.data):
            state = _reduced(state, record)
    return state


def _reduced(state: State, record: Record) -> State:
    event = parse(record)
    try:
        return reduce(state, event)
    except InvalidTransition as error:
        assert isinstance(event, Lifecycle | UnknownRecord), "only a record of ours is refused"
        str(error).encode()
        return state


def _folded_and_watched(records: Sequence[Record], random: Random) -> State:
    """The fold that leaves nothing out; no state that was reached is changed by what follows."""
    state, kept = State(), []
    ended_at: State | None = None
    for record in records:
        state = _reduced(state, record)
        if ended_at is not None:
            assert state == ended_at, "something changed after the end"
        elif state.status.ended:
            ended_at = state
        if random.random() < 0.1:
            kept.append((state, repr(state)))
    for earlier, said in kept:
        assert repr(earlier) == said, "an earlier state was changed"
    return state


def check_state(state: State) -> None:
    """What holds of every state."""
    info = state.info
    assert size_of(state) < BOUND, "the state is not bounded"
    assert len(info.activity) <= 200
    assert info.activity.isprintable()
    info.model_dump_json().encode()
    json.dumps(info.model_dump(mode="json"), allow_nan=False, ensure_ascii=False).encode()
    json.dumps(row_of(info), allow_nan=False, ensure_ascii=False).encode()
    for one in notifications(State().info, info, [], hears_frames=False):
        one.model_dump_json()


def size_of(value: Any) -> int:
    """Characters and items in all of it."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        fields = value._asdict().items()
        return sum(size_of(field) for name, field in fields if name not in _UNBOUNDED)
    if hasattr(value, "__dataclass_fields__"):
        return sum(size_of(getattr(value, name)) for name in value.__dataclass_fields__)
    if hasattr(value, "model_dump"):
        return size_of(value.model_dump())
    if hasattr(value, "items"):
        return sum(size_of(key) + size_of(one) for key, one in value.items())
    if isinstance(value, tuple | list):
        return sum(size_of(item) for item in value) + len(value)
    return 1
