"""A template's variables: types, defaults and choices, checked for all rows before any starts.

The rule: what is wrong is told of all rows, bounded; what is right becomes plain data.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Iterator
from itertools import count
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from claude_widget.errors import InvalidRequest, PromptError
from claude_widget.templates.errors import TemplateInvalid, VariablesWrong
from claude_widget.templates.template import Template, make_template
from claude_widget.templates.variables import TYPES, Mistyped, Variable

REVIEW = make_template(
    "Review {{ path }} for {{ kind }} in {{ depth }} steps. {{ note }}",
    name="review",
    variables={
        "path": "str",
        "kind": {"type": "str", "default": "bugs", "enum": ["bugs", "style"]},
        "depth": {"type": "int", "default": 3, "description": "How far."},
    },
)


@pytest.mark.parametrize(
    ("kind", "given", "found"),
    [
        ("str", "a", "a"),
        ("str", "x" * 1_000_000, "x" * 1_000_000),
        ("int", 3, 3),
        ("int", " 3 ", 3),
        ("int", "-12", -12),
        ("int", 3.0, 3),
        ("int", np.int64(4), 4),
        ("float", 3, 3),
        ("float", "2.5", 2.5),
        ("float", np.float32(0.5), 0.5),
        ("bool", True, True),
        ("bool", "False", False),
        ("bool", np.bool_(True), True),
        ("list", [1, "a", None], [1, "a", None]),
        ("list", (1, 2), [1, 2]),
        ("list", '["a", 1]', ["a", 1]),
        ("list", [dt.date(2026, 1, 2)], ["2026-01-02"]),
        ("dict", {"a": [1]}, {"a": [1]}),
        ("dict", '{"a": 1}', {"a": 1}),
        ("date", "2026-03-31", "2026-03-31"),
        ("date", "2026-03-31T10:00:00+02:00", "2026-03-31"),
        ("date", dt.date(2026, 3, 31), "2026-03-31"),
        ("date", pd.Timestamp("2026-03-31 10:00"), "2026-03-31"),
        ("any", 3, 3),
        ("any", "3", "3"),
    ],
)
def test_values_of_a_type_pass_and_become_plain(kind: Any, given: Any, found: Any) -> None:
    value = Variable("x", kind).checked(given)
    assert value == found
    assert type(value) is type(found)


@pytest.mark.parametrize(
    ("kind", "given"),
    [
        ("str", 3),
        ("str", b"a"),
        ("str", ["a"]),
        ("int", "3.5"),
        ("int", 3.5),
        ("int", True),
        ("int", "٣"),
        ("int", "9" * 5_000),
        ("int", math.inf),
        ("float", "x"),
        ("float", "inf"),
        ("float", math.inf),
        ("float", False),
        ("bool", 1),
        ("bool", "yes"),
        ("list", "a, b"),
        ("list", '["a"'),
        ("list", {"a": 1}),
        ("list", [b"a"]),
        ("list", [math.nan]),
        ("dict", "{"),
        ("dict", [1]),
        ("dict", {1: 2}),
        ("dict", {"a": {"b": object()}}),
        ("date", "31.03.2026"),
        ("date", "2026-02-30"),
        ("date", 20260331),
        ("any", b"a"),
    ],
)
def test_other_values_are_mistyped(kind: Any, given: Any) -> None:
    with pytest.raises(Mistyped) as caught:
        Variable("x", kind).checked(given)
    assert len(str(caught.value)) < 200


@pytest.mark.parametrize("kind", TYPES)
@pytest.mark.parametrize("nothing", [None, math.nan, pd.NA, pd.NaT, np.float64("nan")])
def test_what_a_table_has_for_nothing_is_missing(kind: Any, nothing: Any) -> None:
    with pytest.raises(Mistyped, match="is missing"):
        Variable("x", kind).checked(nothing)
    assert Variable("x", kind, required=False, default="d").checked(nothing) == "d"


def test_deep_and_own_values_are_refused() -> None:
    own: list[Any] = []
    own.append(own)
    for value in (own, "[" * 100_000):
        with pytest.raises(Mistyped):
            Variable("x", "list").checked(value)


def test_a_template_fills_with_its_defaults() -> None:
    assert REVIEW.fill({"path": "src", "note": "!"}) == "Review src for bugs in 3 steps. !"
    assert REVIEW.fill({"path": "a", "kind": "style", "depth": "7", "note": 1}) == (
        "Review a for style in 7 steps. 1"
    )


def test_names_that_are_only_in_the_prompt_must_be_given() -> None:
    assert [name for name, one in REVIEW.variables.items() if not one.declared] == ["note"]
    assert REVIEW.variables["note"].type == "any"
    assert REVIEW.variables["depth"].description == "How far."


def test_all_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(VariablesWrong) as caught:
        REVIEW.fill({"kind": "speed", "depth": "deep", "pth": "src"})
    error = caught.value
    assert [problem.name for problem in error.problems] == ["path", "kind", "depth", "note", "pth"]
    assert 'kind is "speed", and none of "bugs", "style"' in error.message
    assert "pth is no variable of it; there are path, kind, depth, note" in error.message
    assert isinstance(error, InvalidRequest)
    assert error.field == "variables"


def rows_with(*wrong: int, total: int = 10_000) -> Iterator[dict[str, Any]]:
    for number in range(total):
        yield {"path": 5 if number in wrong else f"{number}.py", "note": "", "more": number}


def test_ten_thousand_rows_with_one_bad_name_that_one() -> None:
    with pytest.raises(VariablesWrong) as caught:
        REVIEW.check_rows(rows_with(7_777))
    error = caught.value
    assert (error.wrong_rows, error.rows) == (1, 10_000)
    (problem,) = error.problems
    assert (problem.row, problem.name, problem.problem) == (7_777, "path", "is 5, and not a text")
    assert "1 of 10,000 rows" in error.message


def test_of_many_bad_rows_the_first_twenty_are_told() -> None:
    with pytest.raises(VariablesWrong) as caught:
        REVIEW.check_rows({"path": 1, "depth": "x", "note": ""} for _ in range(1_000))
    error = caught.value
    assert error.wrong_rows == 1_000
    assert {problem.row for problem in error.problems} == set(range(20))
    assert len(error.problems) == 40
    assert "and 980 more rows" in error.message


def test_good_rows_are_counted_and_columns_that_nobody_wants_are_left() -> None:
    assert REVIEW.check_rows(rows_with(total=50)) == 50
    assert REVIEW.check_rows([]) == 0


def test_a_row_that_does_not_fill_is_found_before_anything_starts() -> None:
    template = make_template("{{ row.path }}", variables={"row": "dict"})
    with pytest.raises(VariablesWrong, match=r"row 1: prompt: .*path"):
        template.check_rows([{"row": {"path": 1}}, {"row": {}}])


def test_filling_is_tried_for_a_while_and_types_are_checked_in_every_row() -> None:
    clock = count(step=4)
    template = make_template("{{ 1 // n }}", variables={"n": "int"})
    rows: list[dict[str, Any]] = [{"n": 0}] * 50 + [{"n": "x"}]
    with pytest.raises(VariablesWrong) as caught:
        template.check_rows(rows, clock=lambda: float(next(clock)))
    assert 2 <= caught.value.wrong_rows < 10
    assert "n is" in str(caught.value)


def test_a_row_with_an_execution_waits_for_it() -> None:
    execution = SimpleNamespace(execution_id="e", raise_for_status=None)
    template = make_template("{{ a.result }} {{ n }}", variables={"n": "int", "a": "str"})
    assert template.check_rows([{"a": execution, "n": 1}, {"a": {"$execution": "e"}, "n": 2}]) == 2
    with pytest.raises(VariablesWrong):
        template.check_rows([{"a": execution, "n": "x"}])


def test_a_template_that_takes_too_long_says_so() -> None:
    template = make_template(
        "{% for i in range(n) %}{% for j in range(n) %}{% endfor %}{% endfor %}"
    )
    with pytest.raises(PromptError, match="steps"):
        template.fill({"n": 90_000})


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ([], "dict of names"),
        ({"1a": "str"}, "no name"),
        ({"a b": None}, "no name"),
        ({5: None}, "no name"),
        ({"_a": "str"}, "cannot be"),
        ({"loop": "str"}, "cannot be"),
        ({"range": "str"}, "cannot be"),
        ({"class": "str"}, "cannot be"),
        ({"a": "text"}, "no type"),
        ({"a": {"type": ["str"]}}, "no type"),
        ({"a": 5}, "type's name"),
        ({"a": {"typ": "str"}}, "none of"),
        ({"a": {"type": "int", "default": "x"}}, "its default"),
        ({"a": {"type": "str", "default": "c", "enum": ["a", "b"]}}, "none of"),
        ({"a": {"type": "int", "enum": ["x"]}}, "whole number"),
        ({"a": {"enum": []}}, "enum"),
        ({"a": {"enum": "abc"}}, "enum"),
        ({"a": {"description": 5}}, "description"),
        ({f"a{n}": None for n in range(101)}, "more than 100"),
    ],
    ids=range(19),
)
def test_variables_that_are_said_wrongly(variables: Any, said: str) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        make_template("{{ a }}", name="t", variables=variables)
    assert said in caught.value.problem
    assert caught.value.name == "t"


@pytest.mark.parametrize(
    ("query", "options", "said"),
    [
        (" \n", {}, "blank"),
        (5, {}, "text, not int"),
        ("{{ x", {}, "line 1"),
        ("{% include 'x' %}", {}, "include"),
        ("x", {"modle": "opus"}, "no option"),
        ("x", {"query": "y"}, "no option"),
        ("x", {"after": ["e"]}, "one start"),
        ("x", {"variables": {}}, "one start"),
        ("x", {5: 6}, "no option"),
    ],
)
def test_prompts_and_options_that_no_template_has(query: Any, options: Any, said: str) -> None:
    with pytest.raises(TemplateInvalid) as caught:
        make_template(query, options=options)
    assert said in caught.value.problem


def test_a_template_cannot_be_changed() -> None:
    template: Any = make_template("{{ a }}", options={"model": "opus"})
    with pytest.raises(TypeError):
        template.options["permission_mode"] = "bypassPermissions"
    with pytest.raises(TypeError):
        template.variables["b"] = 1
    assert isinstance(template, Template)
