"""`claude-widget freeze`: a saved notebook can be read without its kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output

from claude_widget.command_line import main
from claude_widget.errors import ClaudeWidgetError
from claude_widget.freeze import freeze_file
from claude_widget.models import ExecutionInfo
from claude_widget.static_view import execution_bundle, table_bundle

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


def live(static: dict[str, str], model_id: str) -> Any:
    """An output as a displayed widget of ours leaves it."""
    data = {**static, VIEW: {"version_major": 2, "version_minor": 1, "model_id": model_id}}
    return new_output("display_data", data)


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook saved with a dashboard, a view, a foreign widget, and widget state."""
    info = ExecutionInfo(execution_id="3f0e", query="What is it?", result="It is <b>this</b>.")
    outputs = [
        live(table_bundle([info]), "dashboard"),
        live(execution_bundle(info), "view"),
        live({"text/plain": "IntSlider(value=0)"}, "foreign"),
        new_output("stream", text="printed"),
    ]
    state = {
        name: {"state": {"layout": f"IPY_MODEL_{name}-layout"}} for name in ("view", "foreign")
    }
    state |= {"view-layout": {"state": {}}, "foreign-layout": {"state": {}}}
    metadata = {"widgets": {STATE: {"state": state, "version_major": 2, "version_minor": 0}}}
    found = new_notebook(cells=[new_code_cell("x", outputs=outputs)], metadata=metadata)
    path = tmp_path / "saved ünïcode.ipynb"
    nbformat.write(found, path)
    return path


def test_ours_are_frozen_and_nothing_else_is_touched(notebook: Path) -> None:
    before = json.loads(notebook.read_text("utf-8"))
    assert freeze_file(notebook) == 2
    after = json.loads(notebook.read_text("utf-8"))
    outputs = after["cells"][0]["outputs"]
    assert [VIEW in output.get("data", {}) for output in outputs] == [False, False, True, False]
    assert outputs[2:] == before["cells"][0]["outputs"][2:]
    assert set(after["metadata"]["widgets"][STATE]["state"]) == {"foreign", "foreign-layout"}
    nbformat.validate(nbformat.read(notebook, 4))


def test_nbconvert_shows_the_result_afterwards(notebook: Path) -> None:
    freeze_file(notebook)
    page, _ = HTMLExporter().from_filename(str(notebook))
    assert "It is &lt;b&gt;this&lt;/b&gt;." in page
    assert "What is it?" in page


def test_a_second_time_changes_nothing(notebook: Path) -> None:
    freeze_file(notebook)
    once = notebook.read_bytes()
    assert freeze_file(notebook) == 0
    assert notebook.read_bytes() == once


@pytest.mark.parametrize("text", ["", "no json", "[]", "{}", '{"cells": 3}', '{"cells": [7]}'])
def test_what_is_no_notebook_is_left_as_it_is(tmp_path: Path, text: str) -> None:
    path = tmp_path / "odd.ipynb"
    path.write_text(text)
    with pytest.raises(ClaudeWidgetError, match="no notebook"):
        freeze_file(path)
    assert path.read_text() == text


def test_the_command_says_what_it_did(
    notebook: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["freeze", str(notebook)]) == 0
    assert "2 outputs frozen" in capsys.readouterr().out
    assert main(["freeze", str(tmp_path / "none.ipynb")]) == 1
    assert "none.ipynb" in capsys.readouterr().err
