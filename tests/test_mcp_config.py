"""MCP configurations as users give them: file, text or dict; wrong ones are said, never quoted.

The rule: only `InvalidRequest` comes out, with the field `mcp_config`, and no error shows a value.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from claude_widget.errors import InvalidRequest
from claude_widget.mcp.config import describe_mcp_config, load_mcp_config

CONFIG = {"mcpServers": {"files": {"command": "serve", "env": {"KEY": "s3cret"}}}}


def test_dict_text_and_file_come_to_the_same(project: Path) -> None:
    file = project / "mcp.json"
    file.write_text(json.dumps(CONFIG))
    for given in (CONFIG, MappingProxyType(CONFIG), json.dumps(CONFIG), " \n" + json.dumps(CONFIG)):
        assert load_mcp_config(given, project) == (CONFIG, None)
    for path in (file, str(file), "mcp.json"):
        assert load_mcp_config(path, project) == (CONFIG, str(file))


def test_relative_file_is_looked_for_in_the_project_first(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mcp.json").write_text(json.dumps(CONFIG))
    assert load_mcp_config("mcp.json", project)[1] == str(tmp_path / "mcp.json")
    (project / "mcp.json").write_text(json.dumps(CONFIG))
    assert load_mcp_config("mcp.json", project)[1] == str(project / "mcp.json")


def test_file_with_a_byte_order_mark(project: Path) -> None:
    (project / "mcp.json").write_bytes(b"\xef\xbb\xbf" + json.dumps(CONFIG).encode())
    assert load_mcp_config("mcp.json", project)[0] == CONFIG


def test_file_of_the_home(project: Path) -> None:
    (Path.home() / "mcp.json").write_text(json.dumps(CONFIG))
    assert load_mcp_config("~/mcp.json", project)[0] == CONFIG


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not JSON s3cret",
        b'{"mcpServers": {"s3cret"',
        b"\xff\xfes3cret",
        b"[" * 100_000,
        b"null",
        b"[]",
        b'"s3cret"',
        b"{}",
        b'{"mcpServers": {}}',
        b'{"mcpServers": []}',
        b'{"mcpServers": {"a": "s3cret"}}',
        b'{"servers": {"a": {"env": {"KEY": "s3cret"}}}}',
    ],
)
def test_file_that_is_no_configuration_is_refused(project: Path, content: bytes) -> None:
    (project / "mcp.json").write_bytes(content)
    with pytest.raises(InvalidRequest, match=r"mcp\.json") as caught:
        load_mcp_config("mcp.json", project)
    assert caught.value.field == "mcp_config"
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        "{not JSON s3cret",
        '{"mcpServers": {"a": {"s3cret": NaN}}}',
        "[]",
        "{}",
        '{"mcpServers": {}}',
        {},
        {"mcpServers": None},
        {"mcpServers": {"a": {"env": {"KEY": object()}}}},
        {"mcpServers": {"a": {"s3cret": math.nan}}},
        {"mcpServers": {"a": {"s3cret": {1, 2}}}},
        ["a"],
        7,
        b"{}",
        "a\0b",
        "~nobody-of-that-name/mcp.json",
        "no/such/file.json",
        "x" * 5000,
    ],
)
def test_what_is_no_configuration_is_refused(project: Path, given: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        load_mcp_config(given, project)
    assert caught.value.field == "mcp_config"
    assert "s3cret" not in str(caught.value)


def test_configuration_that_holds_itself_is_refused(project: Path) -> None:
    config: dict[str, Any] = {"mcpServers": {"a": {}}}
    config["mcpServers"]["a"]["self"] = config
    with pytest.raises(InvalidRequest):
        load_mcp_config(config, project)


def test_folder_is_no_file(project: Path) -> None:
    with pytest.raises(InvalidRequest, match="no MCP config file"):
        load_mcp_config(str(project), project)


def test_only_path_and_names_are_shown() -> None:
    shown = describe_mcp_config(CONFIG, "/a/mcp.json")
    assert shown is not None
    assert (shown.path, shown.servers) == ("/a/mcp.json", ("files",))
    assert "s3cret" not in repr(shown)
    assert describe_mcp_config(None, None) is None
