"""What may be named: ids that are never paths, and files that a page may speak of.

The rule: what comes from a page, a notebook or another's folder is looked up, held to its model,
and judged by where it leads.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest

from claude_widget import protocol
from claude_widget.cells.freeze import freeze_file
from claude_widget.errors import ExecutionNotFound, InvalidRequest
from claude_widget.execution import Execution
from claude_widget.lookup import Lookup
from claude_widget.manager import ProcessManager
from claude_widget.protocol import Allow
from tests.fake import ended
from tests.waiting import until

SECRET = "of-somebody-else-77c1"
STRANGE_IDS = [
    "..",
    "../..",
    "../executions",
    "/etc/passwd",
    "a/b",
    "\0",
    "x\0y",
    "",
    ".",
    "C:\\x",
    "{}".format("9" * 5000),
    "6F0C9A52-7D0E-4B5A-9A55-0D6B1A3C2E10",
    "6f0c9a527d0e4b5a9a550d6b1a3c2e10",
]


# -- ids -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("strange", STRANGE_IDS, ids=range(len(STRANGE_IDS)))
def test_ids_are_looked_up_and_never_paths(
    manager: ProcessManager, project: Path, tmp_path: Path, strange: str
) -> None:
    assert manager.get_execution(strange) is None
    for act in (manager.kill_execution, manager.cleanup_execution, manager.rerun, manager.adopt):
        with pytest.raises(ExecutionNotFound):
            act(strange)
    if strange:
        with pytest.raises(InvalidRequest, match="after names"):
            manager.start_execution("fake:plain", project, after=strange)
    assert Lookup(manager.state_dir).info(strange) is None
    assert manager.get_all_executions() == []


def test_notebook_of_somebody_else_looks_up_no_path(tmp_path: Path, project: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "transcript").write_text(SECRET)
    notebook = tmp_path / "n.ipynb"
    view = {"application/vnd.jupyter.widget-view+json": {"model_id": "m"}, "text/plain": "x"}
    marks: list[dict[str, object]] = [
        {"execution_id": f"../../{outside.name}"},
        {"execution_id": str(outside)},
        {"manager_id": "../..", "executions": ["../../outside", "..", "\0"]},
        {"execution_id": 1},
        {"executions": {}},
    ]
    outputs = [{"data": dict(view), "metadata": {"claude_widget": mark}} for mark in marks]
    notebook.write_text(json.dumps({"cells": [{"outputs": outputs}], "metadata": {}}))
    freeze_file(notebook, tmp_path / "state")
    assert SECRET not in notebook.read_text()


@pytest.mark.parametrize("session", ["../x", "/etc/passwd", "a\\b", "x.jsonl", "a\0b", "a\nb"])
def test_session_is_an_id_and_no_file(manager: ProcessManager, project: Path, session: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        manager.start_execution("fake:plain", project, session_id=session)
    assert caught.value.field == "session_id"


# -- what a page may name ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../outside.txt", "{project}/../outside.txt", "link.txt", "~/x", "\0"]
)
def test_page_gives_a_tool_no_file_outside_of_the_project(
    manager: ProcessManager, project: Path, tmp_path: Path, path: str
) -> None:
    (tmp_path / "outside.txt").touch()
    (project / "link.txt").symlink_to(tmp_path / "outside.txt")
    execution = asking(manager, project)
    (request,) = execution.requests
    for given in (
        {**request.input, "file_path": path.format(project=project)},
        {**request.input, "edits": [{"path": path.format(project=project)}]},
        {**request.input, "paths": [path.format(project=project)]},
    ):
        with pytest.raises(InvalidRequest, match="outside"):
            execution.answer_request(request.control_id, Allow(updated_input=given))
    inside = {**request.input, "file_path": str(project / "new.txt")}
    execution.answer_request(request.control_id, Allow(updated_input=inside))
    ended(execution, "completed", "success")


def test_page_gives_a_tool_files_of_further_folders(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    further = tmp_path / "further"
    further.mkdir()
    execution = asking(manager, project, add_dirs=[further])
    (request,) = execution.requests
    given = {**request.input, "file_path": str(further / "x")}
    execution.answer_request(request.control_id, Allow(updated_input=given))
    ended(execution, "completed", "success")


def asking(manager: ProcessManager, project: Path, **options: Any) -> Execution:
    manager.page_seen()
    execution = manager.start_execution("fake:asks=Write", project, **options)
    until(lambda: len(execution.requests) == 1, what="it asks")
    return execution


FILES_OF_MESSAGES = {
    "claude:execute": {"projectPath", "mcpConfig", "sessionId"},
    "claude:answer-request": {"decision"},
    "claude:get-sessions": {"projectPath"},
    "claude:get-mcp-configs": {"projectPath"},
    "claude:get-templates": {"projectPath"},
    "claude:preview-template": {"projectPath"},
    "claude:search-history": {"projectPath"},  # compared with what the index says, never opened
}
"""Fields of the page's messages that name files or folders, or lead to some. A project is what a
person chooses in the form; everything else is held to it, each in a test of its own."""


def kinds() -> dict[str, type[protocol.Request]]:
    return {
        cls.model_fields["type"].default: cls
        for cls in vars(protocol).values()
        if isinstance(cls, type)
        and issubclass(cls, protocol.Request)
        and "type" in cls.model_fields
    }


def test_fields_that_could_name_files_are_all_known() -> None:
    suspicious = ("path", "file", "folder", "dir", "config", "session", "decision")
    found: dict[str, set[str]] = {}
    for kind, cls in kinds().items():
        names = {field.alias or name for name, field in cls.model_fields.items()}
        hits = {name for name in names if any(word in name.lower() for word in suspicious)}
        if kind != "claude:change-session" and hits - {"forkSession", "confirmedSettings"}:
            found[kind] = hits - {"forkSession", "confirmedSettings"}
    assert found == FILES_OF_MESSAGES


def right(cls: type[protocol.Request]) -> dict[str, Any]:
    """A message that is right, of that kind."""
    given: dict[str, Any] = {}
    for name, field in cls.model_fields.items():
        if name == "type":
            given["type"] = field.default
        elif name == "decision":
            given["decision"] = {"behavior": "deny"}
        elif field.is_required():
            choices = get_args(field.annotation) or ("x",)
            if field.annotation is bool:
                choices = (True,)
            elif get_origin(field.annotation) is tuple:  # of parts that need nothing
                choices = ([{}],)
            given[field.alias or name] = choices[0]
    return given


WRONG: list[Any] = [{}, [], 1, None, True, {"a": {}}, ["x"], "x" * 9_000_000, -1, 1e400]


@pytest.mark.parametrize("kind", sorted(kinds()))
def test_every_message_is_held_to_its_model(kind: str) -> None:
    cls = kinds()[kind]
    message = right(cls)
    assert isinstance(protocol.PAGE_MESSAGE.validate_python(message), cls)
    broken: list[Any] = [{**message, "strange": 1}, {**message, "execution__id": "x"}]
    kinds_not: list[Any] = [None, "claude:no-such", 1, []]
    broken += [{**message, "type": other} for other in kinds_not]
    broken += [{key: value for key, value in message.items() if key != left} for left in message]
    broken += [{**message, "requestId": wrong} for wrong in ("", "x" * 101, *WRONG)]
    for name, field in cls.model_fields.items():
        number = field.annotation in (int, bool, int | None, float | None)
        wrong = [{"a": {}}] if number else [{"a": {}}, 1, True, [1]]
        if name == "variables":  # of a template, which may be anything that JSON has
            wrong = [1, True, [1]]
        broken += [{**message, field.alias or name: value} for value in wrong]
    for one in broken:
        with pytest.raises(ValueError):  # noqa: PT011 - pydantic's
            protocol.PAGE_MESSAGE.validate_python(one)
