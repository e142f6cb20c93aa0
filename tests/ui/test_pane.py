"""One execution's output on the plain page: long, searched, copied, folded, continued, and bad."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests.ui.conftest import Desk
from tests.ui.dashboard import Dashboard
from tests.ui.plain import PlainPage
from tests.waiting import until

READ_MS = 60_000
EDIT = "Create b.py with a function f, read a.txt, and change its greeting to goodbye."
AT_END = "(box) => box.scrollHeight - box.scrollTop - box.clientHeight < 30"
PLACE = """(box) => {
  const top = box.getBoundingClientRect().top;
  const row = [...box.querySelectorAll("[data-key]")].find((one) =>
    one.getBoundingClientRect().bottom > top + 1);
  return [row.dataset.key, Math.round(row.getBoundingClientRect().top - top)];
}"""
"""The row that the reader sees first, and where."""


def viewed(plain: PlainPage, query: str, execution: str) -> Locator:
    """The output of one of the page's executions."""
    plain.open(query)
    return plain.dashboard.view(execution)


def blocks(output: Locator) -> Locator:
    """The part of it that scrolls."""
    return output.get_by_role("region", name="Blocks", exact=True)


def press(output: Locator, name: str) -> None:
    """Press a button of it."""
    output.get_by_role("button", name=name, exact=True).click()


def test_a_long_output_opens_at_its_end_and_is_read_to_its_start(plain: PlainPage) -> None:
    output = viewed(plain, "frames=6000", "Read everything")
    expect(blocks(output)).to_contain_text("Exited with code 0")
    expect(output.get_by_text("Reading what came before")).to_have_count(0, timeout=READ_MS)
    assert blocks(output).evaluate(AT_END)
    rows = blocks(output).locator("[data-key]")
    assert rows.count() < 60, "only what is seen is drawn"
    blocks(output).evaluate("(box) => { box.scrollTop = 0; }")
    expect(blocks(output)).to_contain_text("Session 308a159c")
    press(output, "Follow")
    expect(blocks(output)).to_contain_text("Exited with code 0")


def test_a_reader_far_up_is_not_moved_by_what_comes(plain: PlainPage) -> None:
    output = viewed(plain, "streaming=1&rate=200", "Stream number 0")
    box = blocks(output)
    until(lambda: box.evaluate("(box) => box.scrollHeight > 3000"), what="more than fits")
    box.hover()
    plain.page.mouse.wheel(0, -1500)
    follow = output.get_by_role("button", name=re.compile("^Follow"))
    expect(follow).to_be_visible()
    until(lambda: box.evaluate(PLACE) == box.evaluate(PLACE), what="the wheel to rest")
    before = box.evaluate(PLACE)
    expect(follow).to_have_text(re.compile(r"^Follow, \d+ new$"))
    assert box.evaluate(PLACE) == before
    follow.click()
    until(lambda: box.evaluate(AT_END), what="the end in sight")
    plain.page.evaluate("demo.stream.stop()")


def test_search_finds_what_is_not_drawn_and_leads_to_it(plain: PlainPage) -> None:
    output = viewed(plain, "frames=6000", "Read everything")
    expect(output.get_by_text("Reading what came before")).to_have_count(0, timeout=READ_MS)
    blocks(output).click(position={"x": 300, "y": 5})
    plain.page.keyboard.press("Control+f")
    field = output.get_by_role("searchbox", name="Search the output")
    expect(field).to_be_focused()
    field.fill("Session 308a159c")
    count = output.get_by_role("search").get_by_role("status")
    expect(count).to_have_text("1 of 1")
    expect(blocks(output)).to_contain_text("Session 308a159c")
    field.fill("parser.py")
    # It searches a moment later; until then the old count stands there, then none.
    expect(count).to_have_text(re.compile(r"^\d+ of (?!1$)\d+$"))
    at, total = (int(part) for part in (count.text_content() or "").split(" of "))
    assert total > 60
    field.press("Shift+Enter")
    expect(count).to_have_text(f"{(at - 2) % total + 1} of {total}")
    marked = "CSS.highlights.get('cw-found-current')?.size"
    until(lambda: plain.page.evaluate(marked) == 1, what="the match is marked")
    plain.screenshot("search-light")
    field.press("Escape")
    expect(field).to_have_count(0)
    assert plain.page.evaluate("CSS.highlights.get('cw-found').size") == 0


def test_search_opens_what_a_match_is_folded_in(plain: PlainPage) -> None:
    output = viewed(plain, "recordings", "subagent")
    press(output, "Search")
    field = output.get_by_role("searchbox", name="Search the output")
    field.fill("no such words anywhere")
    expect(output.get_by_text("No match")).to_be_visible()
    fold = output.get_by_role("button", name=re.compile(r"^Hide \d+ steps? of the subagent$"))
    fold.first.click()
    said = output.get_by_role("button", name=re.compile(r"^Show \d+ steps? of the subagent$"))
    expect(said.first).to_be_visible()
    field.fill("sub done")
    expect(output.get_by_role("search").get_by_role("status")).to_have_text(re.compile("^1 of "))
    for _ in range(5):
        field.press("Enter")
    expect(fold.first).to_be_visible()


def test_copy_and_save_give_markdown(plain: PlainPage, tmp_path: Path) -> None:
    plain.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    output = viewed(plain, "", EDIT)
    expect(blocks(output)).to_contain_text("Exited with code 0")
    press(output, "Copy")
    expect(output.get_by_role("status").filter(has_text="Copied")).to_be_visible()
    copied = plain.page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("# Create b.py")
    with plain.page.expect_download() as download:
        press(output, "Save")
    name = download.value.suggested_filename
    assert re.fullmatch(r"claude-create-b-py-[\w-]+\.md", name)
    saved = tmp_path / name
    download.value.save_as(saved)
    assert saved.read_text() == copied
    with plain.page.expect_download() as download:
        press(output, "Save raw")
    assert download.value.suggested_filename.endswith(".jsonl")
    lines = tmp_path / "raw.jsonl"
    download.value.save_as(lines)
    frames = [json.loads(line) for line in lines.read_text().splitlines()]
    recorded = Path(__file__).parents[1] / "transcripts" / "write_read_edit.jsonl"
    assert frames == [json.loads(line) for line in recorded.read_text().splitlines()]


def test_raw_frames_and_stderr_in_tabs(plain: PlainPage) -> None:
    output = viewed(plain, "", "Summarise the open issues")
    output.get_by_role("tab", name="Conversation").focus()
    plain.page.keyboard.press("ArrowRight")
    expect(output.get_by_role("tab", name="Raw frames")).to_be_focused()
    records = output.get_by_role("region", name="Records")
    expect(records).to_contain_text('"event":"spawned"')
    press(output, "meta")
    expect(records).not_to_contain_text('"event":"spawned"')
    records.get_by_role("button", name=re.compile('"subtype":"init"')).click()
    expect(records.locator("pre")).to_contain_text('"subtype": "init"')
    plain.screenshot("raw-light")
    plain.page.keyboard.press("Escape")
    output.get_by_role("tab", name="stderr 2").click()
    expect(output.get_by_role("region", name="stderr")).to_contain_text("the network is slow")


def test_a_thread_shows_the_executions_before_it(plain: PlainPage) -> None:
    output = viewed(plain, "", "Now run it")
    box = blocks(output)
    expect(box).to_contain_text("All done")
    box.evaluate("(box) => { box.scrollTop = 0; }")
    heading = box.get_by_role("heading", name=re.compile("Create b.py"))
    expect(heading).to_be_visible()
    expect(heading).to_contain_text("completed")
    expect(box).to_contain_text("Using Write")


def test_an_execution_in_a_cell_is_small_and_opens(plain: PlainPage) -> None:
    plain.open("")
    cell = plain.page.locator("#cells").get_by_role("region", name="Output")
    expect(blocks(cell)).to_contain_text("Exited with code 0")
    expect(cell.get_by_role("tab")).to_have_count(0)
    small = cell.bounding_box()
    assert small is not None
    assert small["height"] < 260
    press(cell, "Show all")
    expect(cell.get_by_role("tab")).to_have_count(4)  # a replayed one has its Changes, too
    large = cell.bounding_box()
    assert large is not None
    assert large["height"] > small["height"]


@pytest.mark.parametrize(
    ("bad", "told"),
    [
        ("large", "cat big.log"),
        ("calls", "echo 9999"),
        ("table", "row 4"),
        ("deep", "the bottom"),
        ("unknown", "hologram"),
    ],
)
def test_bad_input_leaves_the_view_working(plain: PlainPage, bad: str, told: str) -> None:
    output = viewed(plain, f"bad={bad}", f"Bad input: {bad}")
    box = blocks(output)
    expect(box).to_contain_text("It goes on after that.", timeout=READ_MS)
    expect(output.get_by_text("Reading what came before")).to_have_count(0, timeout=READ_MS)
    expect(box).to_contain_text("Exited with code 0")
    press(output, "Search")
    output.get_by_role("searchbox", name="Search the output").fill(told)
    status = output.get_by_role("search").get_by_role("status")
    expect(status).to_have_text(re.compile(r"^[\d,]+ of [\d,]+$"), timeout=READ_MS)
    expect(box).to_contain_text(told)
    plain.screenshot(f"bad-{bad}")


def test_in_jupyterlab(desk: Desk, claude: dict[str, str]) -> None:
    query = "SCENARIO:hello look"
    make = "from claude_widget import ProcessManager\nmanager = ProcessManager(max_concurrency=1)"
    notebook = desk.open(make, "manager", env=claude)
    notebook.run(0)
    notebook.run(1)
    dashboard = Dashboard(notebook.output(1)).ready()
    dashboard.execute(query)
    dashboard.has_status(query, "completed")
    output = dashboard.view(query)
    expect(blocks(output)).to_contain_text("Exited with code 0")
    blocks(output).focus()
    notebook.page.keyboard.press("Control+f")
    field = output.get_by_role("searchbox", name="Search the output")
    expect(field).to_be_focused()
    field.fill("hello")
    status = output.get_by_role("search").get_by_role("status")
    expect(status).to_have_text(re.compile(r"^\d+ of \d+$"))
    expect(notebook.page.locator(".jp-DocumentSearch-overlay")).to_have_count(0)
    output.get_by_role("tab", name="Raw frames").click()
    records = output.get_by_role("region", name="Records")
    expect(records).to_contain_text('"subtype":"init"')
    notebook.screenshot("raw-lab-light")
    notebook.theme("dark")
    notebook.screenshot("raw-lab-dark")
    assert notebook.uncaught() == []
