"""`claude-widget freeze`: a saved notebook can be read without its kernel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbconvert import HTMLExporter
from nbformat.v4 import new_code_cell, new_notebook, new_output

from claude_widget.cells.freeze import freeze_file
from claude_widget.cells.static_view import MARK, execution_bundle, table_bundle
from claude_widget.command_line import main
from claude_widget.errors import ClaudeWidgetError
from claude_widget.lookup import Lookup
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionInfo
from tests import fake
from tests.conftest import MakeManager
from tests.planted_secrets import SHAPED, Person, leaks
from tests.waiting import until

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"


def live(static: dict[str, str], model_id: str, **mark: Any) -> Any:
    """An output as a displayed widget leaves it; as one of ours does, if there is a mark."""
    data = {**static, VIEW: {"version_major": 2, "version_minor": 1, "model_id": model_id}}
    return new_output("display_data", data, metadata={MARK: mark} if mark else {})


def saved(model_id: str, module: str = "claude_widget.page.widget") -> dict[str, Any]:
    """The state of a model and of its layout as they are saved."""
    state = {"_anywidget_id": f"{module}.Some", "layout": f"IPY_MODEL_{model_id}-layout"}
    return {model_id: {"state": state}, f"{model_id}-layout": {"state": {}}}


def written(path: Path, *outputs: Any, **metadata: Any) -> Path:
    """A notebook of one cell with these outputs."""
    cell = new_code_cell("x", outputs=list(outputs))
    nbformat.write(new_notebook(cells=[cell], metadata=metadata), path)
    return path


def first_output(path: Path) -> Any:
    """The first output of a notebook's first cell."""
    return nbformat.read(path, 4).cells[0].outputs[0]


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """A notebook saved with a dashboard, a view, a foreign widget, and widget state."""
    info = ExecutionInfo(execution_id="3f0e", query="What is it?", result="It is <b>this</b>.")
    outputs = [
        live(table_bundle([info]), "dashboard", manager_id="m", executions=["3f0e"]),
        live(execution_bundle(info), "view", execution_id="3f0e"),
        live({"text/plain": "Status bar", "text/html": "<b>Status bar</b>"}, "foreign"),
        new_output("stream", text="printed"),
    ]
    state = saved("view") | saved("closed") | saved("foreign", "somebody.widgets")
    widgets = {STATE: {"state": state, "version_major": 2, "version_minor": 0}}
    return written(tmp_path / "saved ünïcode.ipynb", *outputs, widgets=widgets)


def test_ours_are_frozen_and_nothing_else_is_touched(notebook: Path) -> None:
    before = json.loads(notebook.read_text("utf-8"))
    assert freeze_file(notebook) == 2
    after = json.loads(notebook.read_text("utf-8"))
    outputs = after["cells"][0]["outputs"]
    assert [VIEW in output.get("data", {}) for output in outputs] == [False, False, True, False]
    assert outputs[2:] == before["cells"][0]["outputs"][2:]
    assert set(after["metadata"]["widgets"][STATE]["state"]) == {"foreign", "foreign-layout"}
    assert [output.get("metadata", {}) for output in outputs[:3]] == [{}, {}, {}]
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


def test_one_model_shown_twice_is_two_outputs(tmp_path: Path) -> None:
    shown = live(table_bundle([]), "same", manager_id="m", executions=[])
    path = written(tmp_path / "twice.ipynb", shown, shown)
    assert freeze_file(path) == 2


def test_what_nothing_static_is_known_of_is_left_as_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "bare.ipynb", live({}, "m", execution_id="3f0e"))
    before = path.read_bytes()
    assert freeze_file(path) == 0
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    "metadata",
    [
        None,
        [],
        {"widgets": []},
        {"widgets": {STATE: None}},
        {"widgets": {STATE: {"state": []}}},
        {"widgets": {STATE: {"state": {"view": None, "m1": None, "m2": {"state": 7}}}}},
    ],
)
def test_odd_metadata_harms_nothing(notebook: Path, metadata: Any) -> None:
    content = json.loads(notebook.read_text("utf-8"))
    content["metadata"] = metadata
    content["cells"][0]["outputs"].append({"output_type": "display_data", "metadata": None})
    content["cells"][0]["outputs"][2]["metadata"] = {MARK: 7}
    notebook.write_text(json.dumps(content), "utf-8")
    assert freeze_file(notebook) == 2
    assert json.loads(notebook.read_text("utf-8"))["metadata"] == metadata


def test_a_lone_surrogate_stays_and_no_other_file_is_left(notebook: Path) -> None:
    content = json.loads(notebook.read_text("utf-8"))
    content["cells"][0]["source"] = ["half \ud83d and ünï"]
    notebook.write_text(json.dumps(content), "utf-8")
    assert freeze_file(notebook) == 2
    after = json.loads(notebook.read_text("utf-8"))
    assert after["cells"][0]["source"] == ["half \ud83d and ünï"]
    assert sorted(path.name for path in notebook.parent.glob("*.ipynb*")) == [notebook.name]
    assert not list(notebook.parent.glob(".claude-widget-*"))


def test_a_symbolic_link_stays_one(notebook: Path, tmp_path: Path) -> None:
    link = tmp_path / "link.ipynb"
    link.symlink_to(notebook.name)
    notebook.chmod(0o640)
    assert freeze_file(link) == 2
    assert link.is_symlink()
    assert VIEW not in first_output(notebook)["data"]
    assert notebook.stat().st_mode & 0o777 == 0o640


def test_a_byte_order_mark_is_no_obstacle(notebook: Path) -> None:
    notebook.write_bytes(b"\xef\xbb\xbf" + notebook.read_bytes())
    assert freeze_file(notebook) == 2
    assert VIEW not in first_output(notebook)["data"]


def test_a_view_that_missed_the_end_is_looked_up(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    execution = manager.start_execution("fake:plain", project)
    pending = ExecutionInfo(execution_id=execution.execution_id, query="fake:plain")
    shown = live(execution_bundle(pending), "view", execution_id=execution.execution_id)
    path = written(tmp_path / "missed.ipynb", shown)
    elsewhere = path.with_name("elsewhere.ipynb")
    elsewhere.write_bytes(path.read_bytes())
    fake.ended(execution, "completed", "success")
    assert freeze_file(path) == 1
    assert "completed" in first_output(path)["data"]["text/plain"]
    assert freeze_file(elsewhere, tmp_path / "another state folder") == 1
    assert "pending" in first_output(elsewhere)["data"]["text/plain"]


def test_a_dashboard_is_frozen_with_what_its_manager_started(
    make_manager: MakeManager, project: Path, tmp_path: Path
) -> None:
    other = make_manager()
    fake.ended(other.start_execution("fake:plain other", project), "completed", "success")
    manager = make_manager()
    shown = live(table_bundle([]), "d", manager_id=manager.manager_id, executions=[])
    path = written(tmp_path / "shown first.ipynb", shown)
    for number in range(7):
        fake.ended(manager.start_execution(f"fake:plain {number}", project), "completed", "success")
    assert freeze_file(path) == 1
    lines = first_output(path)["data"]["text/plain"].splitlines()
    assert [line.split()[2] for line in lines[1:]] == ["6", "5", "4", "3", "2", "1", "0"]


def test_of_a_manager_that_started_none_those_that_it_listed_are_looked_up(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    listed, other = (manager.start_execution(f"fake:plain {n}", project) for n in ("a", "b"))
    shown = live(table_bundle([]), "d", manager_id="gone", executions=[listed.execution_id, "no"])
    path = written(tmp_path / "listed.ipynb", shown)
    for execution in (listed, other):
        fake.ended(execution, "completed", "success")
    assert freeze_file(path) == 1
    text = first_output(path)["data"]["text/plain"]
    assert listed.execution_id in text
    assert other.execution_id not in text


def test_one_whose_end_was_not_kept_is_folded_again(manager: ProcessManager, project: Path) -> None:
    execution = fake.ended(manager.start_execution("fake:plain", project), "completed", "success")
    until((execution.run.folder / "ended.json").exists, what="its end is kept")
    (execution.run.folder / "ended.json").unlink()
    found = Lookup(manager.state_dir).info(execution.execution_id)
    assert found is not None
    assert (found.status, found.result) == (execution.status, execution.result)


def test_a_frozen_view_keeps_no_secret_and_no_home(
    manager: ProcessManager, project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = "p4:ss'w0rd/of+%41~zq8"
    person = Person(home=tmp_path / "home")
    monkeypatch.setenv("DEPLOY_TOKEN", secret)
    query = f"{SHAPED['github-token']} {secret} {person.home}/x fake:says={secret} fake:tools"
    execution = fake.ended(manager.start_execution(query, project), "completed", "success")
    view = live({}, "view", execution_id=execution.execution_id)
    table = live({}, "table", manager_id=manager.manager_id, executions=[])
    path = written(tmp_path / "secret.ipynb", view, table)
    assert freeze_file(path) == 2
    text = path.read_bytes()
    assert text.count(b"[redacted:github-token]") >= 4
    assert leaks([("frozen", text)], [SHAPED["github-token"], secret], person) == {}


def test_the_command_says_what_it_did(
    notebook: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["freeze", str(notebook)]) == 0
    assert "2 outputs frozen" in capsys.readouterr().out
    assert main(["freeze", str(tmp_path / "none.ipynb")]) == 1
    assert "none.ipynb" in capsys.readouterr().err
