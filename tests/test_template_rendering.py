"""What a template may read, call and show, and what it says when it may not.

The rule: data is read, methods of texts, lists, dicts and dates are called, and nothing else; a
prompt in a cell may also call what the user's own values offer.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import pandas as pd
import pytest
from pydantic import BaseModel

from claude_widget.errors import PromptError
from claude_widget.prompts import fill_prompt
from claude_widget.templates.rendering import Rendering


class Finding(BaseModel):
    path: str
    line: int


@dataclass
class Plain:
    field: str = "plain"
    deep: Any = None

    @property
    def told(self) -> str:
        return "told"

    def method(self) -> str:
        return "called"

    def __call__(self) -> str:
        return "called"


VALUES: dict[str, Any] = {
    "path": "src/a.py",
    "n": 3,
    "tags": ["b", "a"],
    "row": {"path": "x", "items": "taken", "_id": 7, "count": 2},
    "finding": Finding(path="p", line=4),
    "plain": Plain(),
    "frame_row": pd.DataFrame({"path": ["q"], "n": [5]}).iloc[0],
    "day": date(2026, 3, 1),
    "moment": datetime(2026, 3, 1, 12, 30),  # noqa: DTZ001 - shown as it is
    "function": lambda: "called",
    "kind": Plain,
    "module": pytest,
    "nothing": None,
}


READ = {
    "{{ path }} {{ n + 1 }} {{ nothing }}": "src/a.py 4 None",
    "{{ path.split('/')[-1].removesuffix('.py')|upper }}": "A",
    "{{ path[:3] }} {{ path[-2:] }} {{ tags[::-1] }}": "src py ['a', 'b']",
    "{{ row.path }} {{ row['items'] }} {{ row['_id'] }} {{ row.get('z', 1) }}": "x taken 7 1",
    "{% for k, v in row.items() %}{{ k }}:{% endfor %}": "path:items:_id:count:",
    "{{ finding.path }}:{{ finding.line }} {{ plain.field }} {{ plain.told }}": "p:4 plain told",
    "{{ frame_row.path }} {{ frame_row['n'] }}": "q 5",
    "{{ day.year }} {{ day.strftime('%d.%m.') }}": "2026 01.03.",
    "{{ moment.isoformat() }}": "2026-03-01T12:30:00",
    "{{ tags|sort|join(', ') }} {{ tags|length }} {{ 'a' in tags }}": "a, b 2 True",
    "{{ '%05.1f'|format(n) }} {{ '%s-%d' % ('a', n) }} {{ n|round(1) }}": "003.0 a-3 3",
    "{{ row|tojson }}": '{"path": "x", "items": "taken", "_id": 7, "count": 2}',
    "{{ 'é<'|tojson }} {{ '<b>' }}": '"é<" <b>',
    "{% if n is divisibleby 3 and path is string %}yes{% endif %}": "yes",
    "{% macro li(x, y='!') %}{{ x ~ y }}{% endmacro %}{{ li(1) }}{{ li(2, y='?') }}": "1!2?",
    "{% macro m() %}<{{ caller(1) }}>{% endmacro %}{% call(x) m() %}{{ x }}{% endcall %}": "<1>",
    (
        "{% set ns = namespace(t=0) %}{% for i in [1, 2] %}{% set ns.t = ns.t + i %}{% endfor %}"
        "{{ ns.t }}"
    ): "3",
    (
        "{% for i in range(5) if i is odd %}{{ loop.index }}{{ loop.cycle('a', 'b') }}{{ i }} "
        "{% endfor %}"
    ): "1a1 2b3 ",
    "{% for i in [] %}{% else %}none{% endfor %}": "none",
    (
        "{% for i in [1, [2, [3]]] recursive %}{{ '(%s)' % loop(i) if i is sequence else i }}"
        "{% endfor %}"
    ): "1(2(3))",
    "{% set x %}a{{ n }}{% endset %}{{ x }}": "a3",
    "{% filter upper %}b{{ n }}c{% endfilter %}": "B3C",
    "{% with a = 1, b = n %}{{ a ~ b ~ path }}{% endwith %}": "13src/a.py",
    "{{ {'a': [1, (2, 3)]}['a'][1][0] }} {{ [1, 2] + [3] }}": "2 [1, 2, 3]",
    "{{ row|dictsort|first|first }} {{ [row]|map(attribute='path')|list }}": "_id ['x']",
    "{{ [finding, finding]|groupby('path')|map('first')|list }}": "['p']",
    "{% raw %}{{ path }}{% endraw %} {# to nobody #}{{ 1 if n > 2 else 0 }}\n": "{{ path }} 1\n",
    "{{ tags|batch(1)|list }} {{ range(3)|map('string')|join }}": "[['b'], ['a']] 012",
    "{{ row.keys() }}": "['path', 'items', '_id', 'count']",
}


@pytest.mark.parametrize("source", READ)
def test_data_is_read_and_shown(source: str) -> None:
    assert Rendering(source).fill(VALUES) == READ[source]


@pytest.mark.parametrize(
    "source",
    [
        "{{ path['__class__'] }}",
        "{{ plain['_x'] }}",
        "{{ [path]|map(attribute='__class__')|list }}",
        "{{ [plain]|map(attribute='deep.__class__')|list }}",
        "{{ [path]|selectattr('__class__')|list }}",
        "{{ [path]|sort(attribute='__class__') }}",
        "{{ [path]|groupby('__class__') }}",
        "{{ [path]|join(',', attribute='__class__') }}",
        "{{ path.format }}",
        "{{ '{0.__class__}'.format(plain) }}",
        "{{ '{x.__class__}'.format_map({'x': plain}) }}",
        "{{ path.encode() }}",
        "{{ path.translate({}) }}",
        "{{ path.expandtabs(999999999) }}",
        "{{ tags.append(1) }}",
        "{{ tags.sort() }}",
        "{{ row.pop('path') }}",
        "{{ row.update({}) }}",
        "{{ finding.model_dump() }}",
        "{{ finding.copy() }}",
        "{{ plain.method() }}",
        "{{ plain() }}",
        "{{ function() }}",
        "{{ [function][0]() }}",
        "{{ {'f': function}.f() }}",
        "{{ function.real }}",
        "{{ function }}",
        "{{ path.upper }}",
        "{{ row.items }}",
        "{{ frame_row.to_csv('x') }}",
        "{{ kind() }}",
        "{{ kind.field }}",
        "{{ kind['field'] }}",
        "{{ module.main }}",
        "{{ range.mro }}",
        "{{ dict.fromkeys('abc') }}",
        "{{ cycler.next }}",
        "{% macro m() %}{% endmacro %}{{ m }}",
    ],
)
def test_what_is_no_data_is_refused(source: str) -> None:
    with pytest.raises(PromptError, match="may not do that"):
        Rendering(source).fill(VALUES)


@pytest.mark.parametrize(
    "source",
    [
        "{{ x._private }}",
        "{{ ''.__class__.__mro__ }}",
        "{{ self }}",
        "{{ x|attr('y') }}",
        "{{ x|pprint }}",
        "{{ x|random }}",
        "{{ x|xmlattr }}",
        "{{ x|wordwrap(1) }}",
        "{{ x is nosuchtest }}",
        "{% include 'x' %}",
        "{% import 'os' as os %}",
        "{% from 'os' import path %}",
        "{% extends 'x' %}",
        "{% block x %}{% endblock %}",
        "{% autoescape true %}{% endautoescape %}",
        "{% do x.append(1) %}",
        "{% break %}",
    ],
)
def test_source_that_no_template_may_hold_is_refused_before_it_is_filled(source: str) -> None:
    with pytest.raises(PromptError, match="is no template"):
        Rendering("first line\n" + source)


def test_refused_source_names_its_line() -> None:
    for source in ("\n\n{{ x._y }}", "\n\n{{ x|nofilter }}", "\n\n{{ x", "\n\n{% include 'a' %}"):
        with pytest.raises(PromptError) as caught:
            Rendering(source)
        assert caught.value.line == 3


def test_no_template_writes_to_a_value() -> None:
    before = {"l": [1], "d": {"a": 1}}
    for source in ("{% set d.x = 1 %}", "{{ l.append(2) }}", "{{ d.setdefault('b', 2) }}"):
        with pytest.raises(PromptError):
            Rendering(source).fill(before)
    assert before == {"l": [1], "d": {"a": 1}}


def test_lipsum_is_a_name_like_others() -> None:
    with pytest.raises(PromptError) as caught:
        Rendering("{{ lipsum() }}").fill({})
    assert caught.value.names == ("lipsum",)


def test_missing_fields_are_said() -> None:
    for source in ("{{ row.nothing }}", "{{ finding['nothing'] }}", "{{ tags[9] }}"):
        with pytest.raises(PromptError, match=r"nothing|9"):
            Rendering(source).fill(VALUES)


def test_names_are_those_that_are_not_made_within() -> None:
    source = "{% set a = b %}{% for c in d %}{{ c }}{{ a }}{{ range(e) }}{% endfor %}"
    assert Rendering(source).names == ("b", "d", "e")


def test_a_prompt_in_a_cell_calls_what_its_values_offer() -> None:
    source = "{{ plain.method() }} {{ function() }} {{ plain() }} {{ finding.model_dump().path }}"
    assert fill_prompt(source, VALUES) == "called called called p"


@pytest.mark.parametrize(
    "source",
    [
        "{{ plain._deep }}",
        "{{ tags.append(1) }}",
        "{{ path.format() }}",
        "{{ function.__globals__ }}",
        "{{ function['__globals__'] }}",
    ],
)
def test_a_prompt_in_a_cell_may_not_do_that_either(source: str) -> None:
    with pytest.raises(PromptError):
        fill_prompt(source, VALUES)
    assert VALUES["tags"] == ["b", "a"]


def test_what_a_value_raises_is_told_and_bounded() -> None:
    class Loud:
        def __str__(self) -> str:
            raise LookupError("loud" * 10_000)

    with pytest.raises(PromptError, match="LookupError: loud") as caught:
        Rendering("{{ x }}").fill({"x": Loud()})
    assert len(str(caught.value)) < 1_000


def test_fillings_in_several_threads_do_not_meet() -> None:
    rendering = Rendering("{% for i in range(n) %}{{ i }},{% endfor %}")

    def fill(n: int) -> str:
        return rendering.fill({"n": n})

    expected = ["".join(f"{i}," for i in range(n)) for n in range(200)]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(fill, range(200))) == expected
