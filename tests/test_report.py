"""What a saved notebook shows of an ended execution, in every program that shows it without us."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import nh3
import pytest
from markdown_it import MarkdownIt
from nbconvert import HTMLExporter, MarkdownExporter
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat.v4 import new_code_cell, new_notebook, new_output

from claude_widget.blocks import Block, ToolBlock, ToolResult, fold_blocks
from claude_widget.cells.freeze import freeze_file
from claude_widget.cells.static_view import (
    MARK,
    MimeBundle,
    execution_bundle,
    report_bundle,
    table_bundle,
)
from claude_widget.manager import ProcessManager
from claude_widget.models import Denial, ExecutionInfo, ExecutionStatus
from claude_widget.redaction.redactor import Redactor
from claude_widget.report.content import Report
from claude_widget.report.reading import read_digest
from claude_widget.state import State, fold
from tests import fake, recorded
from tests.test_static_attacks import ALLOWED

EDIT = "write_read_edit"
VIEW = "application/vnd.jupyter.widget-view+json"


def report_of(name: str) -> Report:
    """The report of a recorded run."""
    records = recorded.transcript(name)
    return Report(fold(State(), records).info, tuple(fold_blocks(records)))


def saved(path: Path, bundle: MimeBundle) -> Path:
    """A notebook whose one cell keeps that."""
    output = new_output("display_data", dict(bundle))
    nbformat.write(new_notebook(cells=[new_code_cell("run", outputs=[output])]), path)
    return path


def test_a_report_tells_result_calls_changes_cost_model_and_version() -> None:
    for kind, text in report_bundle(report_of(EDIT)).items():
        told = text.replace("<code>", "").replace("</code>", "").replace("`", "")
        for fact in ("completed", "claude-opus-5-5", "$0.0226", "4 turns", "CLI 2.1.330"):
            assert fact in told, (kind, fact)
        for call in ("3 tool calls: Write 1, Read 1, Edit 1", "Edited a.txt, +1 −1"):
            assert call in told, (kind, call)
        assert ("\n+goodbye" in text) == (kind != "text/plain")


def test_denials_and_errors_are_told() -> None:
    info = report_of(EDIT).info.model_copy(
        update={
            "status": ExecutionStatus.FAILED,
            "denials": (Denial(tool_name="Bash", message="Only look, please."),),
            "errors": ("It broke.",),
        }
    )
    for text in execution_bundle(info).values():
        assert "Bash: Only look, please." in text
        assert "It broke." in text


def test_structured_output_is_told_where_it_is_all_there_is() -> None:
    info = ExecutionInfo(execution_id="e", structured_output={"colour": "red"})
    for text in execution_bundle(info).values():
        assert "colour" in text


def many_calls(count: int) -> list[Block]:
    """Calls that changed much of long files."""
    given = {
        "file_path": "src/" + "a" * 150,
        "old_string": "x\n" * 900,
        "new_string": "y&<\n" * 900,
    }
    return [ToolBlock(str(n), "Edit", given, None, ToolResult("ok")) for n in range(count)]


def test_many_calls_add_little_and_say_how_many_more_there_are() -> None:
    info = ExecutionInfo(execution_id="e", query="q", result="r")
    without, bundle = execution_bundle(info), execution_bundle(info, "", many_calls(500))
    added = sum(len(text.encode()) for text in bundle.values()) - sum(map(len, without.values()))
    assert 3_000 < added < 5_120
    for text in bundle.values():
        assert "500 tool calls: Edit 500" in text
        assert " more" in text


@pytest.mark.parametrize("name", recorded.NAMES)
def test_a_sanitizer_leaves_it_as_it_is(name: str) -> None:
    shown = report_bundle(report_of(name))["text/html"]
    kept = nh3.clean(
        shown,
        tags=set(ALLOWED),
        attributes={"a": {"href", "target"}, "div": {"class"}},
        link_rel="noopener noreferrer nofollow",
    )
    # Its own spelling of what cannot be told apart in a page.
    assert kept == shown.replace("&#10;", "\n").replace("&quot;", '"').replace("&#x27;", "'")


def test_nbconvert_shows_it_in_html_with_no_kernel(tmp_path: Path) -> None:
    path = saved(tmp_path / "saved.ipynb", report_bundle(report_of(EDIT)))
    page, _ = HTMLExporter().from_filename(str(path))
    assert "Edited <code>a.txt</code>, +1 −1" in page
    assert "\n+goodbye" in page


def test_nbconverts_own_sanitizer_leaves_what_is_to_be_read(tmp_path: Path) -> None:
    notebook = nbformat.read(saved(tmp_path / "n.ipynb", report_bundle(report_of(EDIT))), 4)
    cleaned, _ = SanitizeHTML().preprocess(notebook, {})
    kept = cleaned.cells[0].outputs[0]["data"]["text/html"]
    for told in ("Edited", "+goodbye", "claude-opus-5-5"):
        assert told in kept


def test_nbconvert_shows_it_in_markdown_with_no_kernel(tmp_path: Path) -> None:
    info = report_of(EDIT).info
    hostile = "```\na\n\n![x](https://evil.invalid/x.png)\n\n<script>1</script>\n```\n\nafter"
    update = info.model_copy(update={"result": hostile, "query": hostile})
    path = saved(tmp_path / "saved.ipynb", execution_bundle(update, "", report_of(EDIT).blocks))
    text, _ = MarkdownExporter().from_filename(str(path))
    assert "Edited" in text
    tokens = MarkdownIt("commonmark").parse(text)
    kinds = {token.type for token in tokens} | {
        child.type for token in tokens for child in token.children or ()
    }
    assert "image" not in kinds
    assert "<script" not in text


def test_a_cell_keeps_no_secret_and_no_home(tmp_path: Path) -> None:
    key = "sk-ant-api03-" + "aB3" * 20
    info = report_of(EDIT).info.model_copy(
        update={"query": f"Use {key}", "result": f"I used {key} in {tmp_path}/notes.txt"}
    )
    redactor = Redactor(environ={}, home=tmp_path, user="someone")
    bundle = report_bundle(read_digest(info, tmp_path / "none", redactor))
    for text in bundle.values():
        assert key not in text
        assert str(tmp_path) not in text
        assert "~/notes.txt" in text


@pytest.mark.parametrize("was_recorded", [False, True])
def test_paths_are_told_to_the_folder_that_was_worked_in(
    tmp_path: Path, was_recorded: bool
) -> None:
    path = tmp_path / "transcript"
    says = {"type": "assistant", "subtype": "init", "cwd": "/nowhere"}
    begins = {"type": "system", "subtype": "init", "cwd": "/home/user/there"}
    given = {"file_path": "/home/user/there/src/a.py"}
    calls = {"type": "tool_use", "id": "t", "name": "Read", "input": given}
    asks = {"type": "assistant", "message": {"role": "assistant", "content": [calls]}}
    frames = [json.dumps(frame, separators=(",", ":")) for frame in (says, begins, asks)]
    path.write_text("".join(f"0.000000 out {frame}\n" for frame in frames))
    info = report_of(EDIT).info.model_copy(
        update={"project_path": "/elsewhere", "recorded": was_recorded}
    )
    redactor = Redactor(environ={}, home=Path("/home/user"), user="user")
    text = report_bundle(read_digest(info, path, redactor))["text/plain"]
    assert "\n- Reading src/a.py" in text


def test_a_table_keeps_no_secret_and_no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "correct-horse-battery-staple")
    home = Path.home()
    query = f"Use correct-horse-battery-staple in {home}/notes.txt"
    infos = [
        ExecutionInfo(execution_id=str(n), query=query, name=query if n else None) for n in range(2)
    ]
    for text in table_bundle(infos).values():
        assert "battery" not in text
        assert str(home) not in text
        assert "~/notes.txt" in text


def test_a_frozen_view_has_the_calls_of_its_transcript(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    execution = manager.start_execution("fake:asks=Bash", project)
    fake.ended(execution, "completed", "denied")
    view = {"version_major": 2, "version_minor": 1, "model_id": "m"}
    mark = {"execution_id": execution.execution_id}
    output = new_output("display_data", {VIEW: view, "text/html": ""}, metadata={MARK: mark})
    path = tmp_path / "frozen.ipynb"
    nbformat.write(new_notebook(cells=[new_code_cell("run", outputs=[output])]), path)
    assert freeze_file(path) == 1
    data = nbformat.read(path, 4).cells[0].outputs[0]["data"]
    assert set(data) == {"text/plain", "text/markdown", "text/html"}
    assert "Was not allowed to run" in data["text/plain"]
