"""Every kind of secret in every place where one must not be.

The rule: each secret is a text of its own, so that a find says which it was; a place is looked at
whole, while the execution runs and after its end. The CLI gets them all, and is the one that does.
"""

from __future__ import annotations

import json
import logging
import traceback
from pathlib import Path
from typing import Any

import pytest

from claude_widget.cells.static_view import execution_bundle, table_bundle
from claude_widget.command import environment, files
from claude_widget.errors import ClaudeWidgetError
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.mcp.choices import confirmed_config, mcp_choices
from claude_widget.page.widget import ClaudeWidget
from claude_widget.request import build_request
from tests.conftest import MakeManager
from tests.fake import ended, marked, running

SECRETS = {
    "value of env": "s3cret-env-1",
    "key of the environment": "sk-ant-s3cret-2",
    "env of a server": "s3cret-server-3",
    "header of a server": "s3cret-header-4",
    "password of an address": "s3cret-password-5",
    "query of an address": "s3cret-query-6",
    "token among arguments": "s3cret-token-7",
}
MCP = {
    "mcpServers": {
        "local": {
            "command": "serve",
            "args": ["--token", SECRETS["token among arguments"]],
            "env": {"KEY": SECRETS["env of a server"]},
        },
        "far": {
            "type": "http",
            "url": f"https://me:{SECRETS['password of an address']}@host/mcp"
            f"?key={SECRETS['query of an address']}",
            "headers": {"Authorization": f"Bearer {SECRETS['header of a server']}"},
        },
    }
}


@pytest.fixture
def execution(manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch) -> Execution:
    """One that runs, and has been given every secret there is."""
    monkeypatch.setenv("ANTHROPIC_API_KEY", SECRETS["key of the environment"])
    env = {"TOKEN": SECRETS["value of env"]}
    return running(manager.start_execution("fake:long", project, mcp_config=MCP, env=env))


def found_in(text: str) -> list[str]:
    return [name for name, secret in SECRETS.items() if secret in text]


def test_cli_gets_them_all(execution: Execution, project: Path) -> None:
    request = execution.run.request
    given = {**environment(request, "id", project, {"ANTHROPIC_API_KEY": "sk-ant-s3cret-2"})}
    read = json.dumps(given) + files(request)["mcp.json"].decode()
    assert found_in(read) == list(SECRETS)


def test_no_secret_is_in_an_argument_or_a_file_but_the_clis(
    execution: Execution, manager: ProcessManager, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    words = [" ".join(process.cmdline()) for process in marked(execution.execution_id)]
    assert len(words) >= 2
    assert found_in("\n".join(words)) == []
    execution.kill()
    ended(execution, "killed", "user")
    manager.close()  # nobody writes any more, so that no file goes while it is looked for
    holders = {
        path.name
        for path in manager.state_dir.rglob("*")
        if path.is_file() and found_in(path.read_text("utf-8", "replace"))
    }
    assert holders == {"mcp.json"}
    assert found_in(caplog.text) == []
    assert found_in(execution.run.transcript.read_text("utf-8")) == []


def test_no_secret_is_in_a_trait_or_a_saved_notebook(
    execution: Execution, manager: ProcessManager
) -> None:
    widgets = [ClaudeWidget(manager)]
    for widget in widgets:
        state: dict[str, Any] = widget.get_state()
        assert found_in(repr(state)) == []
        assert found_in(repr(widget._repr_mimebundle_())) == []
        widget.close()
    saved = [execution_bundle(execution.info), table_bundle([execution.info])]
    assert found_in(repr(saved)) == []


def test_no_secret_is_in_a_repr(execution: Execution, manager: ProcessManager) -> None:
    shown = [execution, execution.run, execution.run.request, execution.info, execution.state]
    assert found_in(repr([*shown, manager, manager.backend])) == []
    assert found_in("".join(map(str, shown))) == []
    assert found_in(execution.info.model_dump_json()) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"env": {"TOKEN": SECRETS["value of env"], "B": 1}},
        {"env": {"TOKEN": SECRETS["value of env"], "": "x"}},
        {"env": {"TOKEN": SECRETS["value of env"] + "\0"}},
        {"env": [SECRETS["value of env"]]},
        {"mcp_config": {"mcpServers": {**MCP["mcpServers"], "c": 1}}},
        {"mcp_config": json.dumps(MCP) + "}"},
        {"mcp_config": {**MCP, "mcpServers": [MCP]}},
        {"mcp_config": MCP, "env": {"T": SECRETS["value of env"]}, "effort": "none such"},
        {"mcp_config": MCP, "env": {"T": SECRETS["value of env"]}, "max_turns": "x"},
    ],
    ids=range(9),
)
def test_no_secret_is_in_a_traceback(
    manager: ProcessManager, project: Path, wrong: dict[str, Any]
) -> None:
    with pytest.raises(ClaudeWidgetError) as caught:
        manager.start_execution("fake:plain", project, **wrong)
    told = traceback.format_exception(caught.value)
    assert found_in("".join(line for line in told if "File" not in line)) == []
    assert found_in(repr(caught.value) + repr(vars(caught.value))) == []
    cause = caught.value.__cause__ or caught.value.__context__
    assert caught.value.__suppress_context__ or found_in(repr(cause)) == []


def test_no_secret_is_in_what_a_page_is_told_of_files(project: Path) -> None:
    (project / ".mcp.json").write_text(json.dumps(MCP))
    told = [choice.model_dump_json() for choice in mcp_choices(project)]
    assert found_in("".join(told)) == []
    with pytest.raises(ClaudeWidgetError) as caught:
        confirmed_config(".mcp.json", project, None)
    assert found_in(str(caught.value) + repr(vars(caught.value))) == []


def test_no_secret_of_a_projects_servers_is_told_before_it_is_trusted(
    make_manager: MakeManager, project: Path
) -> None:
    (project / ".mcp.json").write_text(json.dumps(MCP))
    with pytest.raises(ClaudeWidgetError) as caught:
        make_manager().start_execution("fake:plain", project)
    assert found_in(str(caught.value) + repr(vars(caught.value))) == []
    assert "serve" in str(caught.value)


def test_allow_list_leaves_what_it_names(project: Path) -> None:
    inherited = {
        "PATH": "/bin",
        "HOME": "/h",
        "LANG": "C",
        "ANTHROPIC_API_KEY": "a",
        "ANTHROPIC_MODEL": "m",
        "AWS_SECRET": "b",
        "CLAUDECODE": "1",
    }

    def left(*allowed: str) -> set[str]:
        request = build_request("x", project, env_allow=list(allowed), env={"GIVEN": "1"})
        return set(environment(request, "id", project, inherited)) & {*inherited, "GIVEN"}

    always = {"PATH", "HOME", "LANG", "GIVEN"}
    assert left() == always
    assert left("ANTHROPIC_API_KEY") == always | {"ANTHROPIC_API_KEY"}
    assert left("ANTHROPIC_*") == always | {"ANTHROPIC_API_KEY", "ANTHROPIC_MODEL"}
    assert left("*") == {*inherited, "GIVEN"} - {"CLAUDECODE"}
    assert left("anthropic_*", "AWS", "") == always
    everything = build_request("x", project)
    assert "AWS_SECRET" in environment(everything, "id", project, inherited)
