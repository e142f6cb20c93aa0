"""Charts as values: scales and lanes as numbers, pictures that are sound whatever an agent wrote,
and what a cell shows with and without Altair.
"""

from __future__ import annotations

import base64
import json
import math
import re
import sys
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree as ET

import nbformat
import pytest
from nbconvert import HTMLExporter, MarkdownExporter

from claude_widget.charts import svg, vega
from claude_widget.charts.calls import CallSpan
from claude_widget.charts.chart import VEGA_LITE, Chart
from claude_widget.charts.errors import AltairMissing
from claude_widget.charts.lanes import LINES, Lane, lane_of, lines_of, range_of
from claude_widget.charts.scale import (
    Range,
    amount_ticks,
    dollars,
    place_of,
    short_amount,
    time_ticks,
)
from claude_widget.charts.spending import Day, spending_rows, spending_svg, spending_text
from claude_widget.charts.timeline import Drawn, timeline_rows, timeline_svg, timeline_text
from claude_widget.manager import ProcessManager
from tests.waiting import BOUND

EXAMPLES = json.loads((Path(__file__).parent / "chart_examples.json").read_text())
HOSTILE = '</text><script>alert(1)</script>"\u202e\x00\x1b\ud800\ufffe&amp; ]]>'
NOW = 1_770_000_000.0


class Times(NamedTuple):
    created_time: float | None = None
    start_time: float | None = None
    end_time: float | None = None


def lane(*times: float | None, live: bool = False) -> Lane:
    found = lane_of(Times(*times), live=live, now=1000)
    assert found is not None
    return found


def drawn(label: str = "Look", calls: tuple[CallSpan, ...] = (), **more: object) -> Drawn:
    said = {"status": "completed", "lane": Lane(NOW - 90, NOW - 80, NOW), **more}
    return Drawn(label, calls=calls, **said)  # type: ignore[arg-type]


def chart(*shown: Drawn) -> Chart:
    picture, text = timeline_svg(shown, NOW, 0), timeline_text(shown, NOW)
    return Chart(picture, text, timeline_rows(shown), vega.timeline)


# -- numbers, the same that the page has ---------------------------------------------------------


@pytest.mark.parametrize(("first", "last", "begin", "end", "expected"), EXAMPLES["place"])
def test_a_place_is_cut_at_the_ends_of_the_range(
    first: float, last: float, begin: float, end: float, expected: list[float] | None
) -> None:
    found = place_of(Range(first, last), begin, end)
    assert found == (None if expected is None else tuple(expected))


@pytest.mark.parametrize(("first", "last", "most", "zone", "labels"), EXAMPLES["time"])
def test_ticks_of_a_clock_are_at_round_times(
    first: float, last: float, most: int, zone: float, labels: list[str]
) -> None:
    assert [tick.label for tick in time_ticks(Range(first, last), most, zone)] == labels


@pytest.mark.parametrize("length", [0.001, 1, 59, 3601, 86_401, 1e7, 1e9, 4e9, 1e14, math.inf])
def test_ticks_are_few_whatever_the_range(length: float) -> None:
    assert len(time_ticks(Range(1e9 + 0.5, 1e9 + 0.5 + length), 5, 0)) <= 6


@pytest.mark.parametrize(("most", "costs", "amounts"), EXAMPLES["amounts"])
def test_ticks_of_amounts_are_round_and_say_their_unit(
    most: float, costs: list[str], amounts: list[str]
) -> None:
    ticks = amount_ticks(most)
    assert [dollars(tick, ticks[1]) for tick in ticks[1:]] == costs[1:]
    assert [short_amount(tick) for tick in ticks] == amounts


@pytest.mark.parametrize("most", [math.nan, math.inf, -math.inf])
def test_what_is_no_amount_has_one_tick(most: float) -> None:
    assert amount_ticks(most) == [0]


def test_a_lane_has_the_times_that_are_known() -> None:
    assert lane(10, 12, 30) == Lane(10, 12, 30)
    assert lane(10, 12, None, live=True) == Lane(10, 12, 1000)
    assert lane(10, None, None, live=True) == Lane(10, None, 1000)
    assert lane(5, None, None) == Lane(5, None, 5)
    assert lane(None, None, 7) == Lane(7, None, 7)
    assert lane_of(Times(), live=True, now=1000) is None
    assert lane_of(Times(math.nan), live=True, now=1000) is None


def test_a_lane_whose_clock_was_set_back_is_as_long_as_nothing() -> None:
    assert lane(50, 40, 30) == Lane(50, 50, 50)
    assert lane(2000, 2001, None, live=True) == Lane(2000, 2001, 2001)


def test_a_range_is_from_the_first_to_the_last_and_never_empty() -> None:
    assert range_of([Lane(10, 10, 10), Lane(4, 5, 6)], 1000) == Range(4, 10)
    assert range_of([Lane(10, 10, 10)], 1000) == Range(10, 11)
    assert range_of([], 1000) == Range(999, 1000)


def test_calls_that_run_at_once_lie_below_each_other() -> None:
    times = [(0.0, 9.0), (1.0, 3.0), (2.0, None), (2.0, 4.0), (5.0, 6.0)]
    calls = [CallSpan("Read", "", first, last) for first, last in times]
    assert lines_of(calls, 10) == [0, 1, LINES - 1, LINES - 1, 1]


# -- pictures ------------------------------------------------------------------------------------


def test_a_picture_is_sound_xml_in_which_an_agents_text_is_text() -> None:
    shown = drawn(HOSTILE, (CallSpan(HOSTILE, HOSTILE, NOW - 60, NOW - 50, is_error=True),))
    root = ET.fromstring(timeline_svg([shown], NOW, 0))
    kinds = {element.tag.rpartition("}")[2] for element in root.iter()}
    assert kinds == {"svg", "title", "rect", "line", "text"}
    assert not any(
        name.startswith("on") or "href" in name for e in root.iter() for name in e.attrib
    )
    said = "".join(root.itertext())
    assert "<script>" in said
    assert not re.search("[\u202e\x00\x1b\ud800\ufffe]", said)


def test_the_picture_has_a_bar_for_each_execution_and_call() -> None:
    call = CallSpan("Bash", "make", NOW - 60, NOW - 50)
    picture = timeline_svg([drawn("Build it", (call,)), drawn("Rest", status="failed")], NOW, 0)
    assert "<title>Bash make, 10.0 s</title>" in picture
    assert "✓ Build it" in picture
    assert "✕ Rest" in picture
    assert "1:20 · 1 call" in picture


@pytest.mark.parametrize("count", [0, 1, 1000])
def test_pictures_of_none_one_and_a_thousand_are_sound(count: int) -> None:
    shown = [drawn(f"Query {number}") for number in range(count)]
    days = [Day(f"day {number}", 1, 0.1, 0.2, 30, 4) for number in range(count)]
    for picture in (timeline_svg(shown, NOW, 0), spending_svg(days)):
        box = ET.fromstring(picture).attrib["viewBox"]
        assert all(math.isfinite(float(side)) for side in box.split())
    assert timeline_text(shown, NOW).count("\n") == count
    assert spending_text(days).count("\n") == count


def test_days_of_nothing_have_a_picture() -> None:
    ET.fromstring(spending_svg([Day("2026-01-31")]))


def test_text_tells_the_same_where_there_are_no_pictures() -> None:
    line = timeline_text([drawn("Look \u202e \x1b")], NOW).splitlines()[1]
    assert re.search(r"\|·+█+\| completed · 1:20$", line)
    assert "\\u202e" in line
    assert "\x1b" not in line


# -- as the value of a cell ----------------------------------------------------------------------


def test_a_chart_has_a_moving_picture_a_static_one_and_text() -> None:
    call = CallSpan("Bash", "make", NOW - 60, NOW - 50)
    bundle = chart(drawn("Build it", (call,)))._repr_mimebundle_()
    assert list(bundle) == [VEGA_LITE, "text/plain", "text/markdown"]
    spec = bundle[VEGA_LITE]
    assert spec["$schema"].endswith("/v5.json")
    assert spec["config"]["background"] == "#ffffff"
    assert [row["kind"] for row in spec["data"]["values"]] == ["waiting", "completed", "tool call"]
    assert "http" not in json.dumps({**spec, "$schema": ""}), "it needs no network"


def test_the_static_picture_is_an_image_in_which_nothing_can_run() -> None:
    bundle = chart(drawn(HOSTILE))._repr_mimebundle_()
    assert "text/html" not in bundle, "hosts would show it in place of the moving one"
    found = re.fullmatch(
        r'<img src="data:image/svg\+xml;base64,([\w+/=]+)" alt="([^"<>]*)" style="[^"<>]*">',
        bundle["text/markdown"],
    )
    assert found
    assert base64.b64decode(found[1]).startswith(b"<svg ")


def test_nbconvert_shows_the_static_picture() -> None:
    data = chart(drawn(HOSTILE))._repr_mimebundle_()
    output = nbformat.v4.new_output("execute_result", data, execution_count=1)
    cell = nbformat.v4.new_code_cell("manager.timeline()", outputs=[output])
    notebook = nbformat.v4.new_notebook(cells=[cell])
    for exporter in (HTMLExporter(), MarkdownExporter()):
        page, _ = exporter.from_notebook_node(notebook)
        assert 'src="data:image/svg+xml;base64,' in page
        assert "alert(1)</script>" not in page


def test_without_altair_the_static_picture_stays_and_the_error_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    shown = chart(drawn())
    assert list(shown._repr_mimebundle_()) == ["text/plain", "text/html"]
    with pytest.raises(AltairMissing, match="Altair") as raised:
        shown.to_altair()
    assert "claude-widget[charts]" in (raised.value.hint or "")


def test_spending_is_drawn_with_altair() -> None:
    days = [Day("2026-01-30", 1, 0.5, 0.0, 10, 2), Day("2026-01-31", 1, 0.0, 0.25, 10, 2)]
    shown = Chart(spending_svg(days), spending_text(days), spending_rows(days), vega.spending)
    measures = [one["encoding"]["y"]["title"] for one in shown.to_altair().to_dict()["vconcat"]]
    assert measures == ["US dollars", "tokens"]
    assert "2026-01-31: 0.25 as recorded, not paid" in shown.svg
    assert "US dollars, estimate at list prices" in shown.svg


def test_kinds_of_amounts_differ_in_grey_too_and_played_ones_are_outlines() -> None:
    days = [Day("2026-01-30", 1, 0.5, 0.25, 10, 2, 5)]
    shown = Chart(spending_svg(days), spending_text(days), spending_rows(days), vega.spending)
    for bars in shown.to_altair().to_dict()["vconcat"]:
        fill, dash = (bars["encoding"][name]["scale"] for name in ("fill", "strokeDash"))
        by_kind = dict(zip(fill["domain"], fill["range"], strict=True))
        for kind, dashes in zip(dash["domain"], dash["range"], strict=True):
            assert (dashes != [1, 0]) is kind.startswith("as recorded")
            drawn = by_kind[kind] if dashes == [1, 0] else svg.PLAYED
            assert f'fill="{drawn}"' in shown.svg
    brightness = sorted(_brightness(colour) for colour in (svg.IN, svg.OUT, "#ffffff"))
    for darker, brighter in pairwise(brightness):
        assert (brighter + 0.05) / (darker + 0.05) > 2.4
    assert shown.svg.count("stroke-dasharray") == 4, "two bars and their keys"


def _brightness(colour: str) -> float:
    """Its relative luminance, as WCAG has it, which is what is left of it in grey."""
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(part * weight for part, weight in zip(linear, (0.2126, 0.7152, 0.0722), strict=True))


# -- of executions -------------------------------------------------------------------------------


def test_a_managers_timeline_has_its_executions_and_none_of_their_secrets(
    manager: ProcessManager, project: Path
) -> None:
    secret = "sk-ant-" + "api03-" + "a1B2c3D4" * 6
    manager.start_execution(f"hello {secret}", project).wait(BOUND)
    shown = manager.timeline()
    assert [row["kind"] for row in shown.rows] == ["waiting", "completed"]
    said = json.dumps(shown._repr_mimebundle_()) + shown.svg + shown.text
    assert "hello" in said
    assert secret not in said
    assert secret[:30] not in said
    found = manager.history()
    assert found.timeline().rows == shown.rows
    assert found.spending().rows[0]["amount"] == manager.get_all_executions()[0].info.cost_usd
    assert manager.history("nobody said that").timeline().rows == []
