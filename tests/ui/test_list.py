"""The list of executions in a browser: at scale, by mouse and by keys, and in JupyterLab."""

from __future__ import annotations

import itertools
import re

import pytest
from playwright.sync_api import Locator, expect

from tests.ui.conftest import Desk
from tests.ui.dashboard import Dashboard
from tests.ui.plain import PlainPage
from tests.ui.test_dashboard import opened

PART = "Look at part {} of the project"
STARTED = "SCENARIO:minute number {}"
A_FRAME = "() => new Promise((on) => requestAnimationFrame(() => requestAnimationFrame(on)))"
"""Until a whole frame was drawn, at whose end the browser tells of sizes."""


def grid(dashboard: Dashboard) -> Locator:
    return dashboard.executions.get_by_role("grid", name="Executions", exact=True)


def top(element: Locator) -> float:
    """Pixels from the top of the list to the element."""
    script = """(one) => {
      const grid = one.closest('[role=grid]');
      return one.getBoundingClientRect().top - grid.getBoundingClientRect().top;
    }"""
    return float(element.evaluate(script))


def height(element: Locator) -> float:
    return float(element.evaluate("(one) => one.getBoundingClientRect().height"))


def test_a_thousand_executions_are_a_few_rows_in_the_page(plain: PlainPage) -> None:
    dashboard = plain.open("executions=1000").dashboard
    assert 5 < dashboard.rows().count() < 60
    expect(grid(dashboard)).to_have_attribute("aria-rowcount", "1000")
    plain.page.get_by_label("Search executions").focus()
    plain.page.keyboard.press("ArrowDown")
    plain.has_focus(PART.format(0))
    plain.page.keyboard.press("End")
    plain.has_focus(PART.format(999))
    expect(dashboard.row(PART.format(999))).to_be_in_viewport()
    plain.page.keyboard.press("PageUp")
    expect(plain.page.locator(":focus")).to_have_attribute("aria-rowindex", re.compile("9.."))
    plain.page.keyboard.press("Home")
    plain.has_focus(PART.format(0))
    assert 5 < dashboard.rows().count() < 60


def test_rows_lie_close_together_and_do_not_overlap(plain: PlainPage) -> None:
    dashboard = plain.open("executions=1000").dashboard
    grid(dashboard).evaluate("(one) => { one.scrollTop = 15000; }")
    script = """(rows) => rows.map((row) => row.getBoundingClientRect())
      .map(({ top, bottom }) => [top, bottom])"""
    expect(dashboard.rows().first).not_to_have_attribute("aria-rowindex", "1")
    places = dashboard.rows().evaluate_all(script)
    for (_, bottom), (next_top, _) in itertools.pairwise(places):
        assert abs(next_top - bottom) < 1


def test_a_reader_is_not_moved_by_new_executions(plain: PlainPage) -> None:
    dashboard = plain.open("executions=1000").dashboard
    grid(dashboard).evaluate("(one) => { one.scrollTop = 5000; }")
    expect(dashboard.rows().first).not_to_have_attribute("aria-rowindex", "1")
    row = dashboard.rows().nth(10)
    name = str(row.get_attribute("aria-label"))
    before, index = top(row), int(str(row.get_attribute("aria-rowindex")))
    for number in range(3):
        plain.change(f"fresh{number}", query=f"Fresh {number}", createdTime=4e9)
    same = dashboard.row(name)
    expect(same).to_have_attribute("aria-rowindex", str(index + 3))
    assert abs(top(same) - before) < 1
    grid(dashboard).evaluate("(one) => { one.scrollTop = 0; }")
    expect(dashboard.rows().first).to_have_accessible_name("Fresh 2")
    plain.change("fresh9", query="Fresh 9", createdTime=5e9)
    expect(dashboard.rows().first).to_have_accessible_name("Fresh 9")
    assert abs(top(dashboard.rows().first)) < 2


def test_a_hidden_list_is_where_it_was_when_it_is_seen_again(plain: PlainPage) -> None:
    dashboard = plain.open("executions=1000").dashboard
    grid(dashboard).evaluate("(one) => { one.scrollTop = 5000; }")
    expect(dashboard.rows().first).not_to_have_attribute("aria-rowindex", "1")
    name = str(dashboard.rows().nth(10).get_attribute("aria-label"))
    before = top(dashboard.row(name))
    take_away = """() => { const main = document.querySelector('main');
      window.cell = main.firstElementChild; window.cell.remove(); }"""
    for hide, show in (
        (
            "() => { document.querySelector('main').hidden = true; }",
            "() => { document.querySelector('main').hidden = false; }",
        ),
        (take_away, "() => { document.querySelector('main').append(window.cell); }"),
    ):
        plain.page.evaluate(hide)
        expect(dashboard.rows()).to_have_count(0)
        plain.page.evaluate(A_FRAME)
        plain.change("many1", activity="while nobody looks")
        plain.page.evaluate(show)
        expect(dashboard.row(name)).to_be_in_viewport()
        assert abs(top(dashboard.row(name)) - before) < 1


def test_a_list_that_is_moved_in_the_page_is_where_it_was(plain: PlainPage) -> None:
    dashboard = plain.open("executions=1000").dashboard
    grid(dashboard).evaluate("(one) => { one.scrollTop = 5000; }")
    expect(dashboard.rows().first).not_to_have_attribute("aria-rowindex", "1")
    plain.page.evaluate(A_FRAME)
    name = str(dashboard.rows().nth(10).get_attribute("aria-label"))
    before = top(dashboard.row(name))
    plain.page.evaluate("""() => { const main = document.querySelector('main');
      const cell = main.firstElementChild; cell.remove(); main.append(cell); }""")
    expect(dashboard.row(name)).to_be_in_viewport()
    assert abs(top(dashboard.row(name)) - before) < 1


def test_filters_search_and_order(plain: PlainPage) -> None:
    dashboard = plain.open().dashboard
    plain.change("live", requestCount=1)
    dashboard.button("1 execution needs you").click()
    expect(dashboard.rows()).to_have_count(1)
    expect(dashboard.output).to_contain_text("ask a subagent")
    dashboard.executions.get_by_role("button", name="All", exact=False).first.click()
    count = dashboard.rows().count()
    dashboard.executions.get_by_role("button", name=re.compile("^Failed")).click()
    expect(dashboard.rows()).to_have_count(1)
    plain.change("p1", status="failed", reason="budget")
    expect(dashboard.rows()).to_have_count(2)
    plain.page.get_by_label("Search executions").fill("issues 400")
    expect(dashboard.rows()).to_have_count(1)
    plain.page.get_by_label("Search executions").fill("nothing like it")
    dashboard.button("Show all").click()
    expect(dashboard.rows()).to_have_count(count)
    plain.page.get_by_label("Order").select_option("Needs you first")
    expect(dashboard.rows().first).to_contain_text("Needs you")
    plain.change("live", requestCount=0)
    plain.change("edit", requestCount=1)
    expect(dashboard.rows().first).to_contain_text("Create b.py")


def test_several_are_selected_and_killed_after_a_question(plain: PlainPage) -> None:
    dashboard = plain.open("executions=20").dashboard
    page = plain.page
    dashboard.row(PART.format(1)).get_by_text(PART.format(1)).click()
    dashboard.row(PART.format(4)).get_by_text(PART.format(4)).click(modifiers=["Shift"])
    expect(dashboard.executions).to_contain_text("4 selected")
    dashboard.row(PART.format(2)).get_by_text(PART.format(2)).click(modifiers=["ControlOrMeta"])
    expect(dashboard.executions).to_contain_text("3 selected")
    page.keyboard.press("ControlOrMeta+a")
    expect(dashboard.executions).to_contain_text("20 selected")
    dashboard.button("Kill…").click()
    question = page.get_by_role("dialog")
    count = int(re.findall(r"Kill (\d+) executions", question.inner_text())[0])
    expect(question).to_contain_text(f"{20 - count} of the selected ended already")
    plain.has_focus("Cancel")
    page.keyboard.press("Enter")
    expect(question).to_have_count(0)
    dashboard.button("Kill…").click()
    question.get_by_role("button", name=f"Kill {count} executions").click()
    expect(
        dashboard.executions.get_by_role("button", name=re.compile("^Running 0"))
    ).to_be_visible()


def test_the_focus_survives_what_happens_to_its_row(plain: PlainPage) -> None:
    dashboard = plain.open("executions=20").dashboard
    name = PART.format(2)
    dashboard.row(name).get_by_role("button", name="Kill", exact=True).focus()
    plain.change("many2", status="completed", reason="success")
    plain.has_focus(name)
    dashboard.executions.get_by_role("button", name=re.compile("^Done")).click()
    dashboard.row(name).focus()
    plain.change("many2", status="failed")
    plain.has_focus(PART.format(4))
    plain.change("many4", createdTime=4e9)
    plain.has_focus(PART.format(4))
    expect(dashboard.rows().first).to_be_focused()


def test_the_focus_is_not_taken_from_a_reader_who_left_it(plain: PlainPage) -> None:
    dashboard = plain.open("executions=20").dashboard
    dashboard.row(PART.format(2)).focus()
    plain.page.locator("hr").click()
    dashboard.output.click()
    for status in ("failed", "completed"):
        plain.change("many2", status=status)
        expect(dashboard.row(PART.format(2)).get_by_text(status, exact=True)).to_be_attached()
    assert plain.page.evaluate("() => document.activeElement === document.body")


def test_heights_follow_what_is_in_them_up_to_a_bound(plain: PlainPage) -> None:
    dashboard = plain.open("executions=1").dashboard
    assert height(dashboard.executions) < 200
    assert abs(height(dashboard.executions) - height(dashboard.output)) < 1
    plain.open("executions=1000")
    assert 380 <= height(dashboard.executions) <= 760
    assert height(dashboard.executions) <= 0.75 * 900


def test_the_line_between_list_and_output_is_moved_by_keys_and_mouse(plain: PlainPage) -> None:
    dashboard = plain.open("executions=20").dashboard
    page = plain.page
    line = page.get_by_role("separator", name="Width of the list")
    width = "(one) => one.getBoundingClientRect().width"
    before = dashboard.executions.evaluate(width)
    line.focus()
    page.keyboard.press("ArrowRight")
    expect(line).to_have_attribute("aria-valuenow", "45")
    assert dashboard.executions.evaluate(width) > before
    box = line.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 5, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] - 200, box["y"] + 40, steps=4)
    page.mouse.up()
    assert dashboard.executions.evaluate(width) < before
    line.dblclick()
    expect(line).to_have_attribute("aria-valuenow", "42")
    assert abs(dashboard.executions.evaluate(width) - before) < 1


def test_the_form_folds_away(plain: PlainPage) -> None:
    dashboard = plain.open().dashboard
    dashboard.field("Query").fill("kept")
    dashboard.button("New execution").click()
    expect(dashboard.field("Query")).to_be_hidden()
    dashboard.button("New execution").click()
    expect(dashboard.field("Query")).to_have_value("kept")


@pytest.mark.parametrize("count", [1, 10, 1000])
def test_pictures_of_the_list(plain: PlainPage, count: int) -> None:
    for scheme in ("light", "dark"):
        plain.page.emulate_media(color_scheme=scheme)
        plain.open(f"executions={count}")
        expect(plain.dashboard.rows().first).to_be_visible()
        plain.screenshot(f"list-{count}-{scheme}")


def test_keys_in_jupyterlab_are_the_lists_own(desk: Desk, claude: dict[str, str]) -> None:
    notebook, dashboard = opened(desk, claude)
    first, second = (STARTED.format(number) for number in (1, 2))
    for query in (first, second):
        dashboard.execute(query)
        dashboard.has_status(query, "running")
    page = notebook.page
    dashboard.row(second).focus()
    for key in ("d", "d", "a", "b", "x", "y", "j", "Escape", "Control+a", "Enter"):
        page.keyboard.press(key)
    cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
    assert page.evaluate(cells) == 2
    expect(dashboard.executions).to_contain_text("2 selected")
    expect(dashboard.output).to_contain_text(second)
    page.keyboard.press("k")
    question = page.get_by_role("dialog", name="Kill 2 executions?")
    notebook.screenshot("kill-two-light")
    question.get_by_role("button", name="Kill 2 executions").click()
    for query in (first, second):
        dashboard.has_status(query, "killed")
    dashboard.row(first).focus()
    page.keyboard.press("r")
    page.get_by_role("dialog").get_by_role("button", name="Re-run 1 execution").click()
    dashboard.has_status(first, "running")
    assert dashboard.rows().count() == 3
    dashboard.kill(first)
    dashboard.has_status(first, "killed")
    assert notebook.uncaught() == []
