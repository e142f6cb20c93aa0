"""Prompts with variables: filled strictly, in a sandbox, or refused before anything starts.

The rule: `PromptError` for whatever does not fill, with the names or the line; text without the
marks of Jinja2 comes back as it is.
"""

from __future__ import annotations

from typing import Any

import pytest

from claude_widget.errors import InvalidRequest, PromptError
from claude_widget.prompts import fill_prompt


@pytest.mark.parametrize(
    "text",
    ["", "plain", "$HOME {x} 'it' \"s\"\n", "{ {x} }", "%d %s", "}} %}", "\\{\\{", "{'a': {}}"],
)
def test_text_without_marks_is_untouched(text: str) -> None:
    assert fill_prompt(text, {"x": 1}) == text


def test_variables_are_filled() -> None:
    variables = {"path": "a b.py", "items": [1, 2], "frame": {"n": 3}}
    text = "Look at {{ path }}: {% for i in items %}{{ i }},{% endfor %} {{ frame.n }}\n"
    assert fill_prompt(text, variables) == "Look at a b.py: 1,2, 3\n"


def test_values_are_not_escaped_and_not_filled_again() -> None:
    assert fill_prompt("{{ x }}", {"x": "<b> & {{ y }}"}) == "<b> & {{ y }}"


def test_undefined_names_are_all_listed() -> None:
    with pytest.raises(PromptError) as caught:
        fill_prompt("{{ zeta }} {{ alpha }} {{ known }}", {"known": 1})
    assert caught.value.names == ("alpha", "zeta")
    assert "--raw" in caught.value.hint
    assert isinstance(caught.value, InvalidRequest)
    assert caught.value.field == "query"


@pytest.mark.parametrize(
    "text", ["{{ x", "{% if %}", "a\n{{ }}", "{% endfor %}", "{# open", "{{ 1 + }}"]
)
def test_bad_syntax_names_its_line(text: str) -> None:
    with pytest.raises(PromptError) as caught:
        fill_prompt(text, {"x": 1})
    assert caught.value.line


@pytest.mark.parametrize(
    "text",
    [
        "{{ x.nothing }}",
        "{{ d['nothing'] }}",
        "{{ x.__class__.__mro__ }}",
        "{{ ''.__class__ }}",
        "{{ x() }}",
        "{{ 1 / 0 }}",
        "{{ x | nofilter }}",
        "{{ items.append(1) }}",
        "{% include '/etc/passwd' %}",
        "{% import 'os' as os %}",
        "{% extends 'x' %}",
        "{{ range(10**9) }}",
        "{{ boom() }}",
        "{{ d[loud] }}",
        "{{ loud }}",
    ],
)
def test_what_cannot_be_filled_is_refused(text: str) -> None:
    def boom() -> None:
        raise LookupError("boom")

    class Loud:
        def __str__(self) -> str:
            raise OSError("loud")

    variables: dict[str, Any] = {"x": 1, "d": {}, "items": [], "boom": boom, "loud": Loud()}
    with pytest.raises(PromptError):
        fill_prompt(text, variables)
    assert variables["items"] == []


def test_braces_can_be_written_in_a_template() -> None:
    assert fill_prompt("{% raw %}{{ x }}{% endraw %}", {}) == "{{ x }}"
