"""What a start may be asked for: everything that is wrong is said with the argument's name.

The rule: `build_request` raises `InvalidRequest` and nothing else, whatever it is given, and what
it lets through can be started. Nothing is started here.
"""

from __future__ import annotations

import math
import os
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from pydantic import BaseModel

from claude_widget.errors import ClaudeWidgetError, InvalidRequest
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionRequest
from claude_widget.request import LONGEST_QUERY, OPTIONS, build_request, check_root


@pytest.mark.parametrize("query", ["", " ", "\n\t \r\n", "\u00a0", "\u2003"])
def test_blank_query_is_refused(query: str, project: Path) -> None:
    with pytest.raises(InvalidRequest, match="blank") as caught:
        build_request(query, project)
    assert caught.value.field == "query"
    assert caught.value.hint


@pytest.mark.parametrize("query", [None, 7, b"bytes", ["a"]])
def test_query_that_is_no_text_is_refused(query: Any, project: Path) -> None:
    with pytest.raises(InvalidRequest, match="must be text"):
        build_request(query, project)


def test_query_of_five_megabytes_is_taken(project: Path) -> None:
    assert len(build_request("x" * 5_000_000, project).query) == 5_000_000


def test_query_too_long_to_send_is_refused(project: Path) -> None:
    with pytest.raises(InvalidRequest, match="at most") as caught:
        build_request("é" * (LONGEST_QUERY // 2 + 1), project)
    assert caught.value.field == "query"
    assert "é" not in str(caught.value)


@pytest.mark.parametrize(
    "query",
    ["-h", "--version", "/help", "@/etc/passwd", "!ls", "# x", "\\", "a\0b", "\u200b\u202e"],
)
def test_query_is_kept_as_it_is(query: str, project: Path) -> None:
    assert build_request(query, project).query == query


def test_lone_surrogates_of_a_query_are_replaced(project: Path) -> None:
    assert build_request("a\ud83db\udc00", project).query == "a\ufffdb\ufffd"


def test_project_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="does not exist") as caught:
        build_request("hello", tmp_path / "missing")
    assert caught.value.field == "project_path"
    assert "missing" in str(caught.value)


def test_project_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InvalidRequest, match="is not a folder"):
        build_request("hello", tmp_path / "file")


def test_project_with_spaces_and_other_letters(tmp_path: Path) -> None:
    folder = tmp_path / " my próject 日本 🙂 "
    folder.mkdir()
    assert build_request("hello", str(folder)).project_path == str(folder)


def test_project_is_absolute_and_without_links(
    tmp_path: Path, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to(project)
    monkeypatch.chdir(tmp_path)
    assert build_request("hello", "link").project_path == str(project)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert build_request("hello", "~/project").project_path == str(project)


@pytest.mark.parametrize(
    "path", ["", "  ", "a\0b", "~nobody-of-that-name/x", "\ud83d", None, 7, b"/", ["/"]]
)
def test_project_that_is_no_path_is_refused(path: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        build_request("hello", path)
    assert caught.value.field == "project_path"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("session_id", 7),
        ("session_id", "a\nb"),
        ("session_id", "\ud83d"),
        ("model", 7),
        ("model", "a\0b"),
        ("model", "\ud83d"),
        ("name", 7),
        ("fork_session", "perhaps"),
        ("keep_open", "perhaps"),
        ("effort", "extreme"),
        ("permission_mode", "yes"),
        ("allowed_tools", 7),
        ("allowed_tools", [7]),
        ("allowed_tools", ["a\0b"]),
        ("allowed_tools", ["\ud83d"]),
        ("disallowed_tools", 7),
        ("system_prompt", 7),
        ("append_system_prompt", ["a"]),
        ("add_dirs", ["/no/such/folder"]),
        ("add_dirs", 7),
        ("setting_sources", ["galaxy"]),
        ("max_turns", 0),
        ("max_turns", -1),
        ("max_turns", "many"),
        ("max_budget_usd", 0),
        ("max_budget_usd", -1),
        ("max_budget_usd", math.nan),
        ("max_budget_usd", math.inf),
        ("schema", 7),
        ("schema", "{}"),
        ("schema", int),
        ("schema", {"a": object()}),
        ("schema", {"a": math.nan}),
        ("after", 7),
        ("priority", "high"),
        ("timeout", 0),
        ("timeout", math.nan),
        ("timeout", math.inf),
        ("env", 7),
        ("env", {"A": 7}),
        ("env", {"": "x"}),
        ("env", {"A=B": "x"}),
        ("env", {"A\0": "x"}),
        ("env", {"A": "x\0y"}),
        ("env", {"A": "\ud83d"}),
        ("extra_args", [7]),
        ("extra_args", ["a\0b"]),
    ],
)
def test_wrong_value_is_refused_with_its_name(field: str, value: Any, project: Path) -> None:
    with pytest.raises(InvalidRequest) as caught:
        build_request("hello", project, **{field: value})
    assert caught.value.field.split(".")[0] == field
    assert caught.value.message


def test_wrong_value_of_env_is_not_quoted(project: Path) -> None:
    with pytest.raises(InvalidRequest) as caught:
        build_request("hello", project, env={"A": "s3cret\0", "B": "s3cret"})
    assert "s3cret" not in str(caught.value)


def test_option_that_there_is_not_is_refused(project: Path) -> None:
    with pytest.raises(InvalidRequest, match="no option 'modell'") as caught:
        build_request("hello", project, modell="opus")
    assert "max_turns" in caught.value.hint


def test_every_option_is_one_of_the_request() -> None:
    taken = {field.alias or name for name, field in ExecutionRequest.model_fields.items()}
    assert set(OPTIONS) < taken
    assert "schema" in OPTIONS


def test_fork_needs_a_session(project: Path) -> None:
    with pytest.raises(InvalidRequest, match="fork_session needs"):
        build_request("hello", project, fork_session=True)


def test_blank_session_and_model_mean_none(project: Path) -> None:
    request = build_request("hello", project, session_id="  ", model="")
    assert (request.session_id, request.model) == (None, None)


def test_one_tool_needs_no_list(project: Path) -> None:
    assert build_request("hello", project, allowed_tools="Bash").allowed_tools == ("Bash",)


def test_paths_may_be_paths(project: Path) -> None:
    request = build_request("hello", project, add_dirs=project, extra_args=[project / "x"])
    assert request.add_dirs == (str(project),)
    assert request.extra_args == (str(project / "x"),)


def test_schema_may_be_a_model(project: Path) -> None:
    class Answer(BaseModel):
        number: int

    schema = build_request("hello", project, schema=Answer).output_schema
    assert schema is not None
    assert schema["required"] == ["number"]
    given = MappingProxyType({"type": "object"})
    assert build_request("hello", project, schema=given).output_schema == {"type": "object"}


def test_bypass_of_permissions_for_root_is_refused_as_the_cli_would(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)  # the CLI refuses this for root alone
    monkeypatch.delenv("IS_SANDBOX", raising=False)
    options: dict[str, Any] = {"permission_mode": "bypassPermissions"}
    with pytest.raises(InvalidRequest, match="root"):
        manager.start_execution("hello", project, **options)
    assert manager.get_all_executions() == []
    request = build_request("hello", project, **options, env={"IS_SANDBOX": "1"})
    check_root(request)
    assert request.permission_mode == "bypassPermissions"


def test_secrets_are_in_no_repr(project: Path) -> None:
    request = build_request(
        "hello",
        project,
        env={"TOKEN": "s3cret"},
        mcp_config={"mcpServers": {"a": {"command": "x", "env": {"KEY": "s3cret"}}}},
    )
    assert "s3cret" not in repr(request)
    assert "s3cret" not in str(request)


def test_errors_are_of_one_family(project: Path) -> None:
    with pytest.raises(ClaudeWidgetError) as caught:
        build_request("", project)
    assert isinstance(caught.value, ValueError)
