"""What a transcript shows a reader: the page's words, its blocks, and no record that breaks it."""

from __future__ import annotations

import ast
import json
import re

import pytest

from claude_widget.blocks import (
    PromptBlock,
    TextBlock,
    ToolBlock,
    count_changes,
    edit_of,
    fold_blocks,
    read_call,
    summarize,
)
from claude_widget.events import Record
from scripts.paths import JS
from tests import attacks, recorded

CWD = "/home/user/project"
PAGE_TESTS = (JS / "tests" / "toolsummary.test.ts").read_text("utf-8")
ODD: list[object] = [
    None,
    0,
    -1.5,
    True,
    "",
    "x\n\u202ey",
    [],
    {},
    [None, 1, "x", [], {}],
    {"content": 1},
]


def told(records: list[Record]) -> list[str]:
    """Each call of a transcript in one line."""
    calls = [block for block in fold_blocks(records) if isinstance(block, ToolBlock)]
    return [str(summarize(read_call(call, CWD))) for call in calls]


def call(name: str, given: object, result: object = None, **fields: object) -> list[Record]:
    """A call and, if there is one, its result."""
    use = {"type": "tool_use", "id": "t", "name": name, "input": given}
    records = [recorded.out({"type": "assistant", "message": {"content": [use]}})]
    if result is not None:
        item = {"type": "tool_result", "tool_use_id": "t", "content": "", **fields}
        frame = {"type": "user", "message": {"content": [item]}, "tool_use_result": result}
        records.append(recorded.out(frame))
    return records


def test_recorded_calls_are_told_in_the_pages_words() -> None:
    listed = re.search(r"expect\(told\)\.toEqual\((\[.*?\n  \])\);", PAGE_TESTS, re.DOTALL)
    assert listed
    lines = (JS / "tests" / "recorded_tools.jsonl").read_bytes().splitlines()
    records = [recorded.line("out", data) for data in lines]
    assert told(records) == ast.literal_eval(listed[1])


@pytest.mark.parametrize(
    ("wanted", "records"),
    [
        ("Reading a.py", call("Read", {"file_path": f"{CWD}/a.py"})),
        (
            "Began to read a.py, no result",
            [*call("Read", {"file_path": f"{CWD}/a.py"}), recorded.ended()],
        ),
        ("Could not read a.py", call("Read", {"file_path": "a.py"}, "no", is_error=True)),
        ("Called files: read_it", call("mcp__files__read_it", {"path": "a"}, {})),
        ("Used Frobnicate the thing", call("Frobnicate", {"description": "the thing"}, {})),
        ("Ran one…", call("Bash", {"command": "one\ntwo"}, {"stdout": ""})),
        (
            'Searched "foo" in src, 7 matches',
            call("Grep", {"pattern": "foo", "path": "src"}, {"mode": "content", "numMatches": 7}),
        ),
        ("Fetched example.org", call("WebFetch", {"url": "https://example.org/a"}, {"code": 200})),
    ],
)
def test_a_call_is_told_by_how_far_it_has_come(wanted: str, records: list[Record]) -> None:
    assert told(records) == [wanted]


def test_a_denied_call_says_so_and_why() -> None:
    blocks = fold_blocks(recorded.transcript("permission_denied"))
    calls = [block for block in blocks if isinstance(block, ToolBlock)]
    denied = [block for block in calls if block.permission == "denied"]
    assert denied
    assert denied[0].denial
    assert str(summarize(read_call(denied[0], ""))).startswith("Was not allowed to ")


@pytest.mark.parametrize("name", recorded.NAMES)
def test_every_recorded_call_is_a_block_and_no_other_is(name: str) -> None:
    calls = [
        block for block in fold_blocks(recorded.transcript(name)) if isinstance(block, ToolBlock)
    ]
    counts = json.loads(recorded.golden(name))["info"]["tool_counts"]
    assert len(calls) == sum(counts.values())
    assert {block.name for block in calls} == set(counts)


def test_prompts_words_and_calls_stand_in_their_order() -> None:
    kinds = [type(block) for block in fold_blocks(recorded.transcript("bash_tool"))]
    assert kinds[0] is PromptBlock
    assert kinds.index(ToolBlock) < len(kinds) - 1
    assert kinds[-1] is TextBlock


def test_what_a_subagent_does_belongs_to_its_call() -> None:
    blocks = fold_blocks(recorded.transcript("subagent_forwarded"))
    callers = {block.id for block in blocks if isinstance(block, ToolBlock)}
    parents = {block.parent for block in blocks} - {None}
    assert parents
    assert parents <= callers


def test_an_edit_without_the_clis_patch_is_compared() -> None:
    edit = edit_of("Edit", {"file_path": "a", "old_string": "x\ny\n", "new_string": "x\nz\n"}, {})
    assert edit is not None
    assert edit.hunks[0].lines == (" x", "-y", "+z")
    assert count_changes(edit.hunks) == (1, 1)


def test_texts_too_long_to_compare_become_one_another() -> None:
    given = {"old_string": "a\n" * 5_000, "new_string": "b\n" * 5_000}
    edit = edit_of("Edit", given, {})
    assert edit is not None
    assert count_changes(edit.hunks) == (5_000, 5_000)


@pytest.mark.parametrize("number", range(0, len(attacks.ATTACKS), 20))
def test_no_attack_in_any_place_breaks_the_fold(number: int) -> None:
    text = attacks.ATTACKS[number]
    lines = [*attacks.lines(text, "1"), *attacks.ending_lines(text, "1")]
    records = [recorded.line(stream, line.encode()) for stream, line in lines]
    assert all(isinstance(line, str) for line in told(records))


@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize(
    "name", ["Read", "Edit", "MultiEdit", "Write", "NotebookEdit", "Bash", "Grep", "Glob", "Task"]
)
def test_fields_of_any_type_break_nothing(name: str, odd: object) -> None:
    fields = ("file_path", "edits", "old_string", "command", "pattern", "path", "description")
    data = ("structuredPatch", "file", "type", "originalFile", "filenames", "numMatches", "code")
    records = call(name, dict.fromkeys(fields, odd), dict.fromkeys(data, odd))
    assert len(told(records)) == 1
    for block in fold_blocks(records):
        assert isinstance(block, ToolBlock)
        edit_of(name, block.input, dict.fromkeys(data, odd))


def test_what_is_nested_too_deep_is_left_out() -> None:
    deep = b'{"type":"assistant","message":{"content":' + b"[" * 5_000 + b"]" * 5_000 + b"}}"
    assert fold_blocks([recorded.line("out", deep)]) == []
