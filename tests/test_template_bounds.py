"""Hostile templates: each ends by what is counted, with a clock that stands still.

The rule: no test here waits or measures time. A template that passes its bound is refused with what
it wanted, and never makes the large value first.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from itertools import count
from typing import Any

import pytest

from claude_widget.errors import PromptError
from claude_widget.templates.bounds import Bounds, Exceeded, Meter
from claude_widget.templates.rendering import Rendering

SMALL = Bounds(steps=50_000, size=1_000_000)
GROWS = (
    "{% set ns = namespace(x=START) %}{% for i in range(200) %}{% set ns.x = STEP %}{% endfor %}"
)


def grows(start: str, step: str, then: str = "") -> str:
    return GROWS.replace("START", start).replace("STEP", step) + then


def refusal(source: str, bounds: Bounds = SMALL, **values: Any) -> PromptError:
    """What a template is refused for: by what it does, never by how long it took."""
    with pytest.raises(PromptError) as caught:
        Rendering(source).fill(values, bounds, clock=lambda: 0.0)
    return caught.value


@pytest.mark.parametrize(
    "source",
    [
        "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
        "{% for i in range(99999) if false %}{% endfor %}" * 9,
        "{% for i in range(999) %}" + "{% if 0 %}{% endif %}" * 500 + "{% endfor %}",
        "{% for i in 'ab' recursive %}{{ loop('ab') if loop.depth < 30 }}{% endfor %}",
        "{% macro m(n) %}{{ m(n - 1) ~ m(n - 1) if n }}{% endmacro %}{{ m(30) }}",
        "{% set l = range(9999)|list %}{% for i in l %}{{ l.count(-1) }}{% endfor %}",
        "{% set l = range(9999)|list %}{% for i in l %}{% if -1 in l %}{% endif %}{% endfor %}",
        "{% set l = range(9999)|list %}{% for i in l %}{% if l[1:] == l %}{% endif %}{% endfor %}",
        "{{ range(9999)|select('in', range(9999)|list)|list }}",
        "{{ range(9999)|map('center', 1000)|list }}",
        "{{ range(9999)|sort(attribute='" + "a," * 99 + "') }}",
        "{{ [1] * 1000000000 }}",
        "{{ 1000000000 * (1,) }}",
        "{{ ('a' * 900000)|title }}",
        "{{ ('a' * 900000)|urlencode }}",
        "{{ ('a' * 900000).rfind('b' ~ 'a' * 900) }}",
        "{{ [1]|batch(99999, 'x') }}",
        "{{ [1]|slice(slices=99999, fill_with='x') }}",
        grows("''", "ns.x ~ 'a' * 9999"),
    ],
)
def test_work_is_counted(source: str) -> None:
    assert "more than 50,000 steps" in refusal(source).message


@pytest.mark.parametrize(
    "source",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ 1000000000 * 'a' }}",
        '{{ "%999999999d"|format(1) }}',
        '{{ "%999999999d" % 1 }}',
        '{{ "%.999999999f" % 1.0 }}',
        '{{ "%(a)s%(a)s%(a)s%(a)s" % {"a": "b" * 300000} }}',
        "{{ 'a'|center(999999999) }}",
        "{{ 'a'|center(width=999999999) }}",
        "{{ 'a'.center(999999999) }}",
        "{{ 'a'.zfill(999999999) }}",
        "{{ 'a'.ljust(999999999, 'b') }}",
        "{{ 'a'|indent(999999999, true) }}",
        "{{ 'a'|indent(width=999999999, first=true) }}",
        "{{ ('a\n' * 9999)|indent('b' * 9999) }}",
        "{{ ('a' * 9999)|replace('a', 'b' * 9999) }}",
        "{{ ('a' * 9999)|replace('', 'b' * 9999) }}",
        "{{ ('a' * 9999).replace('a', 'b' * 9999) }}",
        "{{ range(9999)|join('x' * 9999) }}",
        "{{ ('x' * 9999).join('a' * 9999) }}",
        "{% macro m() %}" + "a" * 9999 + "{% endmacro %}{% set l = [m, m] %}"
        "{% for i in range(999) %}{{ l[0]() }}{% endfor %}",
        "{% set x %}{% for i in range(999) %}" + "a" * 9999 + "{% endfor %}{% endset %}",
        "{% for i in range(999) %}" + "a" * 9999 + "{% endfor %}",
        grows("'a'", "ns.x + ns.x"),
        grows("'a'", "ns.x ~ ns.x"),
        grows("'a'", "ns.x * 2"),
        grows("'a'", "'%s%s' % (ns.x, ns.x)"),
    ],
)
def test_no_text_grows_beyond_the_longest_prompt(source: str) -> None:
    assert "more than 1,000,000 characters" in refusal(source, Bounds(size=1_000_000)).message


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ 10 ** 10 ** 10 }}", "64 bits"),
        ("{{ 2 ** 99999999 }}", "1,000 bits"),
        ("{{ 2 ** -99999999 }}", "1,000 bits"),
        (grows("3", "ns.x * ns.x"), "64 bits"),
        (grows("3", "ns.x + ns.x"), "64 bits"),
        ("{{ 'f' * 1000|int }}{{ ('f' * 1000)|int(base=16) }}", "64 bits"),
        ("{{ '1e300'|float|int }}", "64 bits"),
        ("{{ [big, big]|sum }}", "64 bits"),
        ("{{ 1.5|round(999999999, 'ceil') }}", "20 digits"),
        ("{{ 5|round(-999999999) }}", "20 digits"),
        ("{{ 5|round(precision=999999999, method='floor') }}", "20 digits"),
        ("{{ [[1], [2]]|sum(start=[]) }}", "not a number"),
        ("{{ [1]|batch(999999999, 'x') }}", "100,000 pieces"),
        ("{{ [1]|batch(linecount=999999999, fill_with='x') }}", "100,000 pieces"),
        ("{{ [1]|slice(999999999) }}", "100,000 pieces"),
        ("{{ ('a' * 9999).strip('b' * 9999 ~ 'a') }}", "1,000 characters"),
        ("{{ ('a' * 9999)|trim('b' * 9999) }}", "1,000 characters"),
        ("{{ 'a'|tojson(indent=999999999) }}", "indents"),
        ('{{ "%*d" % (999999999, 1) }}', "width of *"),
        ('{{ "%((x))99999999d" % {"(x)": 1} }}', "brackets"),
        ("{{ '%(' * 100000 % {} }}", "brackets"),
        ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "40 deep"),
        ("{% for i in [1] recursive %}{{ loop([1]) }}{% endfor %}", "40 deep"),
        (grows("[1]", "[ns.x, ns.x]", "{{ ns.x }}"), "too large"),
        (grows("(1,)", "(ns.x, ns.x)", "{{ {ns.x: 1} }}"), "too large"),
        (grows("(1,)", "(ns.x,)", "{{ {ns.x: 1} }}"), "100 deep"),
        (grows("{}", "{'a': ns.x, 'b': ns.x}", "{{ ns.x|tojson }}"), "too large"),
        (grows("[1]", "dict(a=ns.x, b=ns.x)", "{{ ns.x }}"), "too large"),
        (grows("[1]", "[ns.x]|batch(2)|list + [ns.x]", "{{ ns.x }}"), "1,000,000 steps"),
        ("{{ '' ~ ns }}{{ day.strftime('%Y' * 9999) }}", "date's format"),
    ],
)
def test_values_stay_small(source: str, said: str) -> None:
    found = refusal(source, Bounds(), big=2**64 - 1, ns=1, day=date(2026, 1, 2))
    assert said in found.message


def test_namespaces_within_each_other_are_not_written_out() -> None:
    step = "[namespace(a=ns.x, b=ns.x), namespace(a=ns.x, b=ns.x)]"
    filled = Rendering(grows("1", step, "{{ ns.x }}")).fill({}, Bounds(), clock=lambda: 0.0)
    assert filled == "[<namespace>, <namespace>]"


def test_whoever_takes_too_long_is_stopped_by_the_clock() -> None:
    clock = count()
    source = "{% for i in range(99999) %}{% endfor %}"
    with pytest.raises(PromptError, match="longer than 2 seconds"):
        Rendering(source).fill({}, Bounds(), clock=lambda: float(next(clock)))
    assert next(clock) < 10, "it was stopped at once, not at the end"


def test_a_value_without_an_end_ends() -> None:
    def without_end() -> Iterator[int]:
        yield from count()

    for source in (
        "{% for i in x %}{% endfor %}",
        "{% for i in x %}{{ loop.length }}{% endfor %}",
        "{{ x|list }}",
        "{{ x|map('string')|first }}",
        "{% for i in [x] recursive %}{{ loop(x) }}{% endfor %}",
    ):
        assert "more than" in refusal(source, x=without_end()).message


def test_a_value_that_holds_itself_is_refused() -> None:
    own: list[Any] = [1]
    own.append(own)
    for source in ("{{ x }}", "{{ x == y }}", "{{ x|tojson }}", "{{ [x] }}"):
        assert "deep" in refusal(source, x=own, y=[own]).message


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "too deeply"),
        ("{{ " + "(" * 60000 + "1" + ")" * 60000 + " }}", "words and signs"),
        ("{{ " + "+".join(["1"] * 500) + " }}", "60 deep"),
        ("{{ " + "~".join(["1"] * 21000) + " }}", "20,000 parts"),
        ("{{a.b}}" * 14000, "20,000 parts"),
        ("{{ x" + ".a" * 500 + " }}", "60 deep"),
        ("{{ x" + "|list" * 500 + " }}", "60 deep"),
        ("{% if 1 %}" * 500 + "{% endif %}" * 500, "too deeply"),
        ("{% for a in [1] %}" * 25 + "{% endfor %}" * 25, "too many statically nested blocks"),
        ("{{ " + "9" * 9999 + " }}", "is no template"),
        ("{{ 0x" + "f" * 9999 + " }}", "64 bits"),
        ("a" * 9_000_001, "9,000,000 characters"),
        ("{#" * 5000, "comment"),
        ("{% raw %}" * 5000, "raw"),
        ("{{ 'a" + "\\" * 5000, "unexpected char"),
    ],
    ids=range(15),
)
def test_hostile_source_is_refused_before_anything_is_filled(source: str, said: str) -> None:
    with pytest.raises(PromptError) as caught:
        Rendering(source)
    assert said in caught.value.message
    assert len(str(caught.value)) < 2_000


def test_one_filling_counts_nothing_of_another() -> None:
    rendering = Rendering("{% for i in range(n) %}{% endfor %}")
    for _ in range(5):
        assert rendering.fill({"n": 10_000}, Bounds(steps=50_000)) == ""
    with pytest.raises(PromptError):
        rendering.fill({"n": 60_000}, Bounds(steps=50_000))
    assert rendering.fill({"n": 1}, Bounds(steps=50_000)) == ""


def test_the_meter_counts_each_thing_as_often_as_it_is_met() -> None:
    meter = Meter(Bounds())
    shared = ["a"] * 10
    alone = meter.weigh(shared)
    assert meter.weigh([shared] * 100) >= 100 * alone
    with pytest.raises(Exceeded):
        meter.weigh([[shared] * 1000] * 1000)
