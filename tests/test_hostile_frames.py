"""What nobody would send, and somebody did: findings of the fuzzer, and the monsters by name.

The rule: the least input that did harm is kept here, beside what must come of it. Memory and time
are bounds, never figures: those are in docs/reliability.md.
"""

from __future__ import annotations

import pytest

from claude_widget.errors import InvalidTransition
from claude_widget.state import State, fold
from claude_widget.transcript import RecordParser
from tests import recorded

HEADER = b'0.000000 meta {"event":"transcript","epoch":1000.5,"version":1,"execution_id":"e"}\n'
DEEP = 1_000_000


def nested(depth: int = DEEP) -> bytes:
    """JSON within JSON."""
    return b'{"a":' * depth + b"1" + b"}" * depth


# -- the reader ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [b"nan", b"-nan", b"inf", b"-inf", b"1e999", b"1e300"])
def test_a_record_whose_time_is_none_is_counted_and_left_out(seconds: bytes) -> None:
    parser = RecordParser()
    found = list(parser.feed(HEADER + seconds + b" out {}\n1.0 out good\n"))
    assert [record.data for record in found[1:]] == [b"good"]
    assert parser.damaged == 1


@pytest.mark.parametrize(
    "epoch", [b"NaN", b"Infinity", b"1e999", b"9" * 400, b"9" * 5000, b'"1"', b"[" * DEEP]
)
def test_a_header_without_a_time_leaves_the_records_theirs(epoch: bytes) -> None:
    parser = RecordParser()
    header = b'0.0 meta {"event":"transcript","epoch":' + epoch + b"}\n"
    found = list(parser.feed(header + b"1.5 out x\n"))
    assert [record.time for record in found] == [0.0, 1.5]
    fold(State(), [record for record in found if record.stream == "out"])


def test_a_lifecycle_record_nested_a_million_deep_is_damage_and_no_more() -> None:
    parser = RecordParser()
    (record,) = parser.feed(b"0.0 meta " + nested() + b"\n")
    before = fold(State(), recorded.opening())
    with pytest.raises(InvalidTransition, match="unreadable"):
        fold(before, [record])
