"""What the CLI is started with, and where it is found.

The rule: argv, environment and first lines are compared as a whole, first as they are made, then as
a real process has received them. A user's text never stands alone in argv.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from claude_widget import command, discovery
from claude_widget.diagnosis import doctor
from claude_widget.discovery import CLI_VARIABLE, find_cli
from claude_widget.errors import CLINotFound
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.request import OPTIONS, build_request
from tests import fake
from tests.fake import ended

ALWAYS = [
    "--print",
    "--output-format=stream-json",
    "--input-format=stream-json",
    "--verbose",
    "--include-partial-messages",
    "--permission-prompt-tool=stdio",
]
FOLDER = Path("/run/folder")
SANDBOX = {"enabled": True, "failIfUnavailable": True, "allowUnsandboxedCommands": False}
ARGV_OF: dict[str, tuple[Any, list[str]]] = {
    "name": ("N", []),
    "session_id": ("-x", ["--resume=-x"]),
    "model": ("--version", ["--model=--version"]),
    "effort": ("xhigh", ["--effort=xhigh"]),
    "permission_mode": ("plan", ["--permission-mode=plan"]),
    "max_turns": (3, ["--max-turns=3"]),
    "max_budget_usd": (0.5, ["--max-budget-usd=0.5"]),
    "allowed_tools": (["Read", "Bash(git *)"], ["--allowedTools=Read,Bash(git *)"]),
    "disallowed_tools": ("Write", ["--disallowedTools=Write"]),
    "setting_sources": (["user", "local"], ["--setting-sources=user,local"]),
    "system_prompt": ("-be brief", [f"--system-prompt-file={FOLDER}/system_prompt.md"]),
    "append_system_prompt": (
        "--and kind",
        [f"--append-system-prompt-file={FOLDER}/append_system_prompt.md"],
    ),
    "mcp_config": ({"mcpServers": {"a": {}}}, [f"--mcp-config={FOLDER}/mcp.json"]),
    "schema": ({"type": "object"}, ['--json-schema={"type": "object"}']),
    "add_dirs": (["/", "/tmp"], ["--add-dir=/", "--add-dir=/tmp"]),
    "extra_args": (["--new-flag", "x"], ["--new-flag", "x"]),
    "keep_open": (True, []),
    "permissions": (lambda request: True, []),
    "required_mcp_servers": (["a"], []),
    "expand": (True, []),
    "priority": (3, []),
    "timeout": (3.0, []),
    "idle_timeout": (3.0, []),
    "max_cpu": (1.5, []),
    "max_cpu_seconds": (3.0, []),
    "max_memory": ("2 GB", []),
    "max_processes": (3, []),
    "max_temp_size": ("2 GB", []),
    "env": ({"A": "b"}, []),
    "after": (["x"], []),
    "env_allow": (["A", "B_*"], []),
    "sandbox": (True, [f"--settings={json.dumps({'sandbox': SANDBOX})}"]),
    "trust_project": (True, []),
    "mode": ("record", []),
    "key": ("daily", []),
    "key_ignore": ([r"\d+"], []),
    "inputs": (["*.py"], []),
    "apply_changes": (True, []),
    "on_failure": ("run", []),
    "continues": ("another", []),
    "variables": ({"a": 1}, []),
    "retries": (2, []),
    "worktree": (True, []),
}
"""What each option adds to argv."""


@pytest.mark.parametrize("option", sorted(ARGV_OF))
def test_option_reaches_argv_as_one_word_each(option: str, project: Path) -> None:
    given, words = ARGV_OF[option]
    request = build_request("secret prompt", project, **{option: given})
    assert command.arguments("/bin/cli", request, FOLDER) == ["/bin/cli", *ALWAYS, *words]


def test_every_option_is_listed_above() -> None:
    assert set(OPTIONS) - {"fork_session"} <= set(ARGV_OF)


def test_what_is_to_be_denied_is_asked_of_nobody(project: Path) -> None:
    request = build_request("x", project, permissions="deny")
    assert command.arguments("cli", request, FOLDER) == ["cli", *ALWAYS[:-1]]


def test_fork(project: Path) -> None:
    request = build_request("x", project, session_id="s", fork_session=True)
    argv = command.arguments("cli", request, FOLDER)
    assert argv[len(ALWAYS) + 1 :] == ["--resume=s", "--fork-session"]


def test_no_settings_at_all_is_not_the_default(project: Path) -> None:
    request = build_request("x", project, setting_sources=[])
    assert "--setting-sources=" in command.arguments("cli", request, FOLDER)


def test_files_hold_what_argv_names(project: Path) -> None:
    request = build_request(
        "x", project, system_prompt="be 日本", mcp_config={"mcpServers": {"a": {"k": "é"}}}
    )
    files = command.files(request)
    assert files["system_prompt.md"] == "be 日本".encode()
    assert json.loads(files["mcp.json"]) == {"mcpServers": {"a": {"k": "é"}}}


@pytest.mark.parametrize("expand", [False, True])
@pytest.mark.parametrize("prompt", ["-h", "/help", "@/etc/hostname", "a\nb\u2028c\r\n", "日本 🙂"])
def test_prompt_goes_over_stdin_as_written(prompt: str, expand: bool, project: Path) -> None:
    request = build_request(prompt, project, expand=expand)
    message = command.prompt_line(request)
    assert b"\n" not in message
    assert json.loads(command.INITIALIZE_LINE)["request"]["subtype"] == "initialize"
    assert json.loads(message)["message"] == {"role": "user", "content": prompt}
    assert json.loads(message).get("client_composed", False) is not expand


def test_environment_is_rid_of_nesting(project: Path) -> None:
    inherited = dict.fromkeys(command._NESTING, "1")
    inherited |= {
        "PATH": "/bin",
        "ANTHROPIC_API_KEY": "kept",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }
    env = command.environment(build_request("x", project), "id", Path("/scratch"), inherited)
    assert {name for name in command._NESTING if name in env} == {
        "CLAUDE_CODE_ENTRYPOINT",
        "CLAUDE_AGENT_SDK_CLIENT_APP",
        "CLAUDE_CODE_TMPDIR",
        command.MARK,
    }
    assert env["CLAUDE_CODE_ENTRYPOINT"] != "1"
    assert env["CLAUDE_CODE_TMPDIR"] == "/scratch"
    assert env["DISABLE_AUTOUPDATER"] == "1"
    assert env["CLAUDE_CODE_EMIT_SESSION_STATE_EVENTS"] == "1"
    assert env["ANTHROPIC_API_KEY"] == "kept"
    assert env["PWD"] == str(project)
    assert "MPLBACKEND" not in env


def test_given_environment_wins_but_for_the_mark(project: Path) -> None:
    given = {"DISABLE_AUTOUPDATER": "0", "MPLBACKEND": "agg", command.MARK: "forged"}
    request = build_request("x", project, env=given)
    env = command.environment(request, "id", Path("/scratch"), {"A": "1"})
    assert (env["DISABLE_AUTOUPDATER"], env["MPLBACKEND"]) == ("0", "agg")
    assert env[command.MARK] == "id"


# -- as a real process receives it -------------------------------------------------------------


def echo(execution: Execution) -> dict[str, Any]:
    """What the fake CLI says it was started with."""
    ended(execution, "completed", "success")
    assert execution.result is not None
    told: dict[str, Any] = json.loads(execution.result)
    return told


def test_process_gets_argv_env_and_folder(
    manager: ProcessManager, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CLAUDECODE", "1")
    folder = tmp_path / "my próject 日本"
    folder.mkdir()
    execution = manager.start_execution(
        "fake:echo", folder, model="opus", env={"GIVEN": "a b\nc"}, extra_args=["", "--x y"]
    )
    told = echo(execution)
    assert told["argv"][1:] == [*ALWAYS, "--model=opus", "", "--x y"]
    assert told["cwd"] == str(folder)
    assert told["env"]["GIVEN"] == "a b\nc"
    assert told["env"]["PWD"] == str(folder)
    assert told["env"][command.MARK] == execution.execution_id
    assert not {"CLAUDECODE", "_SHIM_HOME"} & told["env"].keys()
    assert told["leads_session"]
    assert told["fds"] == []


@pytest.mark.parametrize("prompt", ["- fake:echo", "/x fake:echo", "@/etc/passwd fake:echo"])
def test_prompt_that_looks_like_something_else(
    manager: ProcessManager, project: Path, prompt: str
) -> None:
    told = echo(manager.start_execution(prompt, project))
    assert told["argv"][1:] == ALWAYS
    assert json.loads(told["received"][1])["message"]["content"] == prompt


@pytest.mark.slow  # each of those who pass it on has to encode it, and the test to decode it
def test_prompt_of_five_megabytes(manager: ProcessManager, project: Path) -> None:
    prompt = "é" * 2_500_000 + " fake:echo"
    told = echo(manager.start_execution(prompt, project))
    assert json.loads(told["received"][1])["message"]["content"] == prompt


def test_temp_folder_is_its_own_and_removed(manager: ProcessManager, project: Path) -> None:
    told = echo(manager.start_execution("fake:echo", project))
    scratch = Path(told["env"]["CLAUDE_CODE_TMPDIR"])
    assert len(str(scratch)) < 80
    assert not scratch.exists()


# -- where the CLI is found --------------------------------------------------------------------


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A world without any CLI; a folder that is on its PATH."""
    places = tuple(place for place in discovery._USUAL if place.startswith("~"))
    monkeypatch.setattr(discovery, "_USUAL", places)
    monkeypatch.setattr(discovery, "_bundled", lambda: None)
    path = tmp_path / "path"
    path.mkdir()
    monkeypatch.setenv("PATH", str(path))
    return path


def test_no_cli_says_where_it_looked_and_how_to_install(
    nowhere: Path, tmp_path: Path, project: Path
) -> None:
    with ProcessManager(tmp_path / "state") as manager:
        with pytest.raises(CLINotFound) as caught:
            manager.start_execution("hello", project)
        assert manager.get_all_executions() == []
        assert list((manager.state_dir / "executions").iterdir()) == []
    text = str(caught.value)
    for said in ("claude on PATH", "~/.local/bin/claude", "claude_agent_sdk", "npm install"):
        assert said in text
    assert "CLAUDE_WIDGET_CLI" in text


def test_cli_is_found_in_order(
    nowhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundled = fake.install(tmp_path / "sdk" / "_bundled")
    monkeypatch.setattr(discovery, "_bundled", lambda: bundled)
    assert find_cli() == bundled
    usual = fake.install(Path(os.environ["HOME"]) / ".local" / "bin")
    assert find_cli() == usual
    on_path = fake.install(nowhere)
    assert find_cli() == on_path
    named = fake.install(tmp_path / "named")
    monkeypatch.setenv(CLI_VARIABLE, str(named))
    assert find_cli() == named
    given = fake.install(tmp_path / "given")
    assert find_cli(given) == given
    monkeypatch.setenv(CLI_VARIABLE, "claude")
    assert find_cli() == on_path


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: None, "does not exist"),
        (lambda path: path.mkdir(), "is a folder"),
        (lambda path: path.touch(0o644), "is not executable"),
    ],
)
def test_named_cli_that_is_none_is_not_replaced_by_another(
    nowhere: Path, tmp_path: Path, make: Any, said: str
) -> None:
    fake.install(nowhere)
    make(tmp_path / "cli")
    with pytest.raises(CLINotFound, match=said) as caught:
        find_cli(tmp_path / "cli")
    assert len(caught.value.looked_in) == 1


def test_cli_behind_a_link_is_resolved(nowhere: Path, tmp_path: Path) -> None:
    real = fake.install(tmp_path / "versions")
    (nowhere / "claude").symlink_to(real)
    assert find_cli() == real


def test_file_that_cannot_be_executed_after_all(tmp_path: Path, project: Path) -> None:
    cli = tmp_path / "claude"
    cli.write_bytes(b"\x7fELF nonsense")
    cli.chmod(0o755)
    with ProcessManager(tmp_path / "state", cli) as manager:
        execution = ended(manager.start_execution("hello", project), "failed", "startup")
    assert "Exec format error" in " ".join(execution.info.errors)


def test_doctor_tells_all_but_the_secret(
    fake_cli: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-s3cret")
    report = doctor(fake_cli, tmp_path / "state")
    text = str(report) + repr(report)
    assert report.problems == ()
    assert "2.1.330" in text
    assert "ANTHROPIC_API_KEY" in text
    assert "sk-s3cret" not in text
    assert str(tmp_path / "state") in text
    assert report.max_concurrency >= 1


def test_doctor_without_a_cli_says_so(nowhere: Path, tmp_path: Path) -> None:
    report = doctor(state_dir=tmp_path / "state")
    assert report.cli_path is None
    assert "npm install" in report.problems[0]
    assert "log in" in report.login
