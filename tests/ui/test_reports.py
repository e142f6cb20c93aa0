"""Reports in Chromium: an exported page, and a notebook that nbconvert has made a page or a PDF of.

The rule: no kernel and no server; files are opened from the disk, and nothing else is loaded.
"""

from __future__ import annotations

import io
import stat
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest
from nbconvert import HTMLExporter, WebPDFExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output
from playwright.sync_api import BrowserContext, Page, expect
from pypdf import PdfReader

from claude_widget.cells.static_view import report_bundle
from claude_widget.report.content import Report
from claude_widget.report.page import html_document
from scripts.browsers import CHROMIUM
from scripts.paths import RESULTS
from tests.attacks import ATTACKS
from tests.test_report import report_of
from tests.ui.attacked import READ, WATCH

LOOK_AT = "(root) => {" + READ + "look(root); return [...found]; }"
BACKGROUND = "() => getComputedStyle(document.body).backgroundColor"
CHANGED = "() => getComputedStyle(document.querySelector('.add')).backgroundColor"


@pytest.fixture
def page(chromium: BrowserContext) -> Iterator[Page]:
    """A page that complains of every script error, and of all that it is not allowed to load."""
    opened = chromium.new_page()
    opened.add_init_script(WATCH)
    said: list[str] = []
    opened.on("console", lambda message: said.append(message.text))
    opened.on("pageerror", lambda error: said.append(str(error)))
    yield opened
    opened.close()
    assert said == []


def shown(page: Page, path: Path, text: str) -> list[str]:
    """Open a document; all that it asks for."""
    path.write_text(text, "utf-8")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    return asked


def test_an_exported_page_is_read_alone_in_light_and_in_dark(page: Page, tmp_path: Path) -> None:
    path = tmp_path / "report.html"
    asked = shown(page, path, html_document(report_of("write_read_edit")))
    assert asked == [path.as_uri()]
    expect(page.get_by_text("+goodbye")).to_be_visible()
    output = page.get_by_text("hello", exact=False).locator("visible=true")
    before = output.count()
    page.locator("summary", has_text="Read a.txt").click()
    expect(output).to_have_count(before + 1)
    colours = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme="light" if scheme == "light" else "dark")
        colours.append((page.evaluate(BACKGROUND), page.evaluate(CHANGED)))
    assert len({colour for pair in colours for colour in pair}) == 4


def test_attacks_do_nothing_in_an_exported_page(page: Page, tmp_path: Path) -> None:
    info = report_of("write_read_edit").info
    said = "\n\n".join(f"{text}\n\n- {text}\n\n[{text}]({text})" for text in ATTACKS)
    report = Report(info.model_copy(update={"result": said, "errors": tuple(ATTACKS[:20])}))
    path = tmp_path / "report.html"
    assert shown(page, path, html_document(report)) == [path.as_uri()]
    assert page.locator("body").evaluate(LOOK_AT) == []


def test_a_saved_notebook_prints_as_pdf_with_what_its_cell_keeps(
    page: Page, tmp_path: Path
) -> None:
    output = new_output("display_data", report_bundle(report_of("write_read_edit")))
    notebook = new_notebook(cells=[new_code_cell("run", outputs=[output])])
    nbformat.validate(notebook)
    exporter = HTMLExporter(template_name="webpdf", mathjax_url="", require_js_url="")
    text, _ = exporter.from_notebook_node(notebook)
    shown(page, tmp_path / "saved.html", text)
    page.locator("summary", has_text="3 tool calls").click()
    expect(page.get_by_text("Read a.txt, 1 line")).to_be_visible()
    page.locator("summary", has_text="Edited a.txt").click()
    expect(page.get_by_text("+goodbye")).to_be_visible()
    assert page.pdf().startswith(b"%PDF")


@pytest.fixture
def playwrights_own(
    chromium: BrowserContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The browser of these tests, at the place where playwright looks for one of its own.

    nbconvert has no option that names a browser. Without a window playwright starts its headless
    shell, which lies beside the Chromium that it says is its own.
    """
    assert chromium.browser
    folder = tmp_path / "browsers"
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(folder))
    version = Path(chromium.browser.browser_type.executable_path).parts[-3].rpartition("-")[2]
    shell = folder / f"chromium_headless_shell-{version}" / "chrome-headless-shell-linux64"
    shell.mkdir(parents=True)
    starter = shell / "chrome-headless-shell"
    starter.write_text(f'#!/bin/sh\nexec "{CHROMIUM.find()}" "$@"\n')
    starter.chmod(starter.stat().st_mode | stat.S_IXUSR)


@pytest.mark.usefixtures("playwrights_own")
def test_nbconvert_makes_a_pdf_of_a_saved_notebook_by_itself(tmp_path: Path) -> None:
    report = report_of("write_read_edit")
    output = new_output("display_data", report_bundle(report))
    notebook = new_notebook(cells=[new_code_cell("%claude_exec --wait", outputs=[output])])
    data, resources = WebPDFExporter(disable_sandbox=True).from_notebook_node(notebook)
    assert resources["output_extension"] == ".pdf"
    RESULTS.joinpath("ui").mkdir(parents=True, exist_ok=True)
    RESULTS.joinpath("ui", "webpdf.pdf").write_bytes(data)
    pages = [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(data)).pages]
    assert len(pages) == 1
    assert report.info.result
    for part in ("%claude_exec --wait", "Claude Code completed", "3 tool calls", "CLI 2.1."):
        assert part in pages[0]
    assert " ".join(report.info.result.split())[:60] in pages[0]
