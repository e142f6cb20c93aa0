"""docs/reproducible.md: what it says to type is there, and its workflow is one.

The rule: the page is read as it is. That its commands do what it says, `test_run_all` shows: it
runs the workflow's own.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from claude_widget.cells.magic import ClaudeMagics
from claude_widget.command_line import NBVAL_SANITIZE, main
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionRequest
from tests.documented import REPRODUCIBLE, blocks, compare_command, workflow

INLINE = re.findall(r"`([^`\n]+)`", re.sub(r"(?s)```.*?```", "", REPRODUCIBLE.read_text()))
SOURCES = Path(__file__).parents[1] / "claude_widget"
CALLS = [one for one in INLINE if "(" in one and "=" in one]


def test_the_workflow_is_one_and_asks_for_no_secret() -> None:
    told = workflow()
    assert told["name"] == "Notebooks"
    assert set(told[True]) == {"push", "pull_request"}, "YAML 1.1 reads `on` as true"
    (job,) = told["jobs"].values()
    assert job["env"] == {"CLAUDE_WIDGET_MODE": "replay"}
    assert all({"uses", "run"} & step.keys() for step in job["steps"])
    assert "secrets." not in str(told)
    assert told["permissions"] == {"contents": "read"}
    (install,) = (step["run"] for step in job["steps"] if "install" in step.get("run", ""))
    assert {"claude-widget", "ipykernel", "nbval", "pytest"} <= set(install.split())


def test_the_commands_compare_with_the_file_that_is_shipped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    (typed,) = (one for one in blocks("sh") if "nbval" in one)
    for command in (typed, compare_command()):
        assert '--nbval-sanitize-with "$(claude-widget nbval-sanitize)"' in command
    main(["nbval-sanitize"])
    assert capsys.readouterr().out.strip() == str(NBVAL_SANITIZE)


def test_every_option_of_the_magic_that_is_named_is_one() -> None:
    named = {flag for one in INLINE for flag in re.findall(r"(?<!\w)--[a-z][a-z-]+", one)}
    known = set(ClaudeMagics.claude_exec.parser._option_string_actions)
    assert "--apply-changes" in named
    assert named <= known


def test_every_variable_that_is_named_is_read() -> None:
    named = set(re.findall(r"CLAUDE_WIDGET_[A-Z_]+", REPRODUCIBLE.read_text()))
    code = "".join(path.read_text() for path in SOURCES.rglob("*.py"))
    assert {"CLAUDE_WIDGET_MODE", "CLAUDE_WIDGET_PACE"} <= named
    assert [name for name in named if f'"{name}"' not in code] == []


@pytest.mark.parametrize("call", [one for one in CALLS if one.startswith("ProcessManager(")])
def test_a_manager_is_made_as_the_page_says(
    call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, private_world: None
) -> None:
    monkeypatch.chdir(tmp_path)
    made: Callable[..., ProcessManager] = ProcessManager
    with eval(call, {"ProcessManager": made}) as manager:
        assert manager.stale() == []


def test_every_option_of_a_start_that_is_named_is_one() -> None:
    fields = ExecutionRequest.model_fields
    known = {*fields, *(field.alias for field in fields.values() if field.alias)}
    starts = [one for one in CALLS if one.startswith("start_execution(")]
    said = [one for one in INLINE if re.fullmatch(r"[a-z_]+=[\[r\"].*", one)]
    tree = ast.parse("\n".join([*starts, *(f"start_execution({one})" for one in said)]))
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = {keyword.arg for call in calls for keyword in call.keywords}
    assert {"mode", "apply_changes", "key", "key_ignore", "inputs"} <= named
    assert named <= known
