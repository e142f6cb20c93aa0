"""What is found in the history's index, whatever was typed; of its file is test_history_files."""

from __future__ import annotations

from pathlib import Path

import pytest

from claude_widget.history import schema
from claude_widget.history.filter import wanted
from claude_widget.history.index import HistoryIndex
from tests.history_entries import ZERO, made

HOSTILE = [
    '"',
    '""',
    "'",
    "'; DROP TABLE executions; --",
    '"query" AND',
    "NEAR(query, 2)",
    "query OR",
    "query NOT",
    "query*",
    "^query",
    "-query",
    "+query",
    "{query result}: x",
    "inputs: query",
    "(query",
    "query)",
    "a\0b",
    "\0",
    "\ud800",
    "->",
    "%",
    "\\",
    "query\u202e",
    " ".join(f"word{number}" for number in range(10_000)),
    "世界" * 50_000,
    "x" * 1_000_000,
]


@pytest.fixture
def index(tmp_path: Path) -> HistoryIndex:
    return HistoryIndex(tmp_path, busy=0.2)


def found(index: HistoryIndex, text: str | None = None, **options: object) -> list[str]:
    return [one.query for one in index.search(wanted(text, **options))]  # type: ignore[arg-type]


# -- what is found -------------------------------------------------------------------------------


def test_an_entry_comes_back_as_it_was_put(index: HistoryIndex) -> None:
    entries = [
        made(1, name="n", pinned=True, recorded=True, error="no", resumed_from="other"),
        made(2, start_time=None, end_time=None, cost_usd=None, model=None, num_turns=None),
        made(3, query="a\0b", result="two\nlines", inputs="Bash ls"),
    ]
    assert index.put(entries) == 3
    assert index.search(wanted()) == entries[::-1]
    assert index.get(entries[0].execution_id) == entries[0]
    assert index.get("none") is None


def test_one_that_is_there_stays_and_is_not_found_twice(index: HistoryIndex) -> None:
    entry = made(1)
    assert [index.put([entry]), index.put([entry, entry])] == [1, 0]
    assert index.search(wanted("query")) == [entry]


def test_newest_request_comes_first_whatever_the_order_of_their_ends(index: HistoryIndex) -> None:
    index.put([made(number) for number in (3, 1, 4, 2)])
    index.put([made(5, created_time=ZERO + 1)])
    assert found(index)[:2] == ["query 4", "query 3"]
    assert found(index, "query", limit=3) == ["query 4", "query 3", "query 2"]
    assert len(found(index)) == 5


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("alpha", [1]),
        ("ALPHA", [1]),
        ("alph", [1]),
        ("lpha", []),
        ("alpha beta", [1]),
        ("beta gam", [1]),
        ("alpha delta", []),
        ("start_exec", [2]),
        ("a/b.py", [2]),
        ("ls -la", [2]),
        ("cafe", [3]),
        ("café", [3]),
        ("=>", [3]),
        ("世界", [4]),
        ("好世", [4]),
        ("界你", []),
        ("hello 世", [4]),
        ("モリ不足", [4]),
        ("โลก", [5]),
        ("세계", [5]),
        ("foo世", [4]),
        ("  ", [5, 4, 3, 2, 1]),
    ],
)
def test_all_words_are_found_wherever_they_stand_and_the_last_may_be_a_beginning(
    index: HistoryIndex, text: str, numbers: list[int]
) -> None:
    index.put(
        [
            made(1, query="Alpha", result="beta", inputs="Read gamma"),
            made(2, query="call start_execution", inputs="Bash ls -la a/b.py"),
            made(3, query="Café => délta"),
            made(4, query="hello 你好世界", result="foo世界 メモリ不足"),
            made(5, query="สวัสดีชาวโลก", inputs="안녕세계"),
        ]
    )
    assert [one.created_time - ZERO for one in index.search(wanted(text))] == numbers


@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_nothing_that_is_typed_is_syntax_or_an_error(index: HistoryIndex, text: str) -> None:
    index.put([made(1), made(2, query="x " + text[:100_000], result=text[:100_000])])
    asked = wanted(text, project=text[:100], model=text[:100])
    assert index.search(asked) == []
    assert index.totals(asked) == []
    assert "x " + text[:100_000].replace("\ud800", "\ufffd") in found(index, text[:100_000])


def test_filters(index: HistoryIndex) -> None:
    index.put(
        [
            made(1, project_path="/projects/one/sub"),
            made(2, project_path="/projects/one-more", model="claude-opus-4-1"),
            made(3, status="failed", reason="timeout"),
            made(4),
        ]
    )
    assert found(index, project="/projects/one") == ["query 4", "query 3", "query 1"]
    assert found(index, project="/") == ["query 4", "query 3", "query 2", "query 1"]
    assert found(index, model="Opus") == ["query 2"]
    assert found(index, status="failed") == ["query 3"]
    assert found(index, since=ZERO + 3) == ["query 4", "query 3"]
    assert found(index, "query", since=ZERO + 3, status="completed") == ["query 4"]
    assert found(index, limit=0) == []


def test_sums_are_by_day_model_and_project_and_what_was_recorded_is_apart(
    index: HistoryIndex,
) -> None:
    day = 86_400
    index.put(
        [
            made(1),
            made(2, status="killed", reason="user", recorded=True),
            made(3, cost_usd=None, end_time=None),
            made(4, created_time=ZERO + 2 * day),
            made(5, model=None),
        ]
    )
    rows = [dict(zip(schema.TOTAL_FIELDS, row, strict=True)) for row in index.totals(wanted())]
    assert [row["executions"] for row in rows] == [1, 3, 1]
    first = rows[1]
    assert (first["model"], first["project_path"]) == ("claude-sonnet-4-5", "/projects/one")
    assert (first["failed"], first["input_tokens"], first["tool_calls"]) == (1, 20, 6)
    assert first["recorded_tokens"] == 10 + 20 + 30 + 40
    assert (first["cost_usd"], first["recorded_cost_usd"], first["seconds"]) == (0.25, 0.25, 10.0)
    assert len(index.totals(wanted("query", limit=1))) == 3, "the limit is not of the sums"


def test_what_is_removed_is_found_no_more_and_the_rest_is(index: HistoryIndex) -> None:
    entries = [made(number, result="世界") for number in range(10)]
    index.put(entries)
    index.remove([one.execution_id for one in entries[::2]] + ["none"])
    assert found(index, "query") == [f"query {number}" for number in (9, 7, 5, 3, 1)]
    assert found(index, "界") == found(index, "query")
    assert index.sizes().keys() == {one.execution_id for one in entries[1::2]}


def test_a_pin_is_noted_and_taken_away(index: HistoryIndex) -> None:
    entry = made()
    index.put([entry])
    for pinned in (True, False):
        index.pin(entry.execution_id, pinned=pinned)
        assert index.search(wanted())[0].pinned is pinned


def test_numbers_and_texts_that_no_column_holds_are_cut_to_what_it_can(index: HistoryIndex) -> None:
    index.put(
        [
            made(1, query="\ud800", size=2**70, input_tokens=2**63),
            made(2, created_time=1e300, end_time=-1e300),
            made(3, created_time=-1e300),
        ]
    )
    assert [one.size for one in index.search(wanted("\ufffd"))] == [2**63 - 1]
    assert len(index.search(wanted())) == 3
    assert index.totals(wanted())


def test_what_is_no_word_is_looked_for_in_so_many_of_the_newest_and_no_more(
    index: HistoryIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("claude_widget.history.index._LOOKED_THROUGH", 5)
    index.put([made(number, query="a → b" if number in (1, 6) else "plain") for number in range(9)])
    found = index.search(wanted("→"))
    assert [one.execution_id for one in found] == [made(6).execution_id]
    assert [one.query for one in index.search(wanted("b"))] == ["a → b"] * 2
