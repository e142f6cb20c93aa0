"""The magics' options, all the way to the CLI, and their errors as a notebook meets them.

The rule: what is asserted of an option is what the fake CLI was really started with; an error of
ours keeps its type, so that `except` works around a magic, and is shown without a traceback.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell

from claude_widget.errors import CLINotFound, InvalidRequest, SessionInUse
from claude_widget.execution import Execution
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from claude_widget.request import OPTIONS
from tests.conftest import MakeManager
from tests.fake import ended, running
from tests.shell import RunCell

ECHO = "fake:echo"


def told(execution: Execution) -> dict[str, Any]:
    """What the CLI says that it was started with."""
    ended(execution, "completed", "success")
    assert execution.result is not None
    said: dict[str, Any] = json.loads(execution.result)
    return said


ARGUMENTS = [
    ("--model opus", "--model=opus"),
    ("-m=opus", "--model=opus"),
    ("--model '-x y'", "--model=-x y"),
    ("--session-id s1", "--resume=s1"),
    ("--resume s1", "--resume=s1"),
    ("--resume s1 --fork-session", "--fork-session"),
    ("--resume s1 --fork", "--fork-session"),
    ("--permissions ask", "--permission-prompt-tool=stdio"),
    ("--effort high", "--effort=high"),
    ("--permission-mode plan", "--permission-mode=plan"),
    ("--allowed-tools 'Read, Bash(git *, (x))'", "--allowedTools=Read,Bash(git *, (x))"),
    ("--disallowed-tools Write,Edit", "--disallowedTools=Write,Edit"),
    ("--setting-sources user,project", "--setting-sources=user,project"),
    ("--setting-sources ''", "--setting-sources="),
    ("--max-turns 3", "--max-turns=3"),
    ("--max-budget-usd 0.5", "--max-budget-usd=0.5"),
    ("--extra-arg=--debug", "--debug"),
    ("--extra-arg --debug", "--debug"),
    ("--extra-arg '--debug=a b'", "--debug=a b"),
]
"""Options of a line, and an argument that the CLI has for each."""


def test_options_are_arguments_of_the_cli(run: RunCell) -> None:
    for option, argument in ARGUMENTS:
        assert argument in told(run(f"%claude_exec {option} {ECHO}"))["argv"], option


def test_options_that_go_by_file_and_by_environment(run: RunCell, project: Path) -> None:
    (project / "a folder").mkdir()
    execution = run(
        "%%claude_exec -C 'a folder' --add-dir . --add-dir='a folder' --system-prompt='-x \"y\"' "
        '--append-system-prompt=-x --mcp-config \'{"mcpServers": {"s": {"command": "c"}}}\' '
        f"--env A=b=c --env B= --env '-C=d e'\n{ECHO}"
    )
    seen = told(execution)
    assert seen["cwd"] == str(project / "a folder")
    assert {name: seen["env"][name] for name in ("A", "B", "-C")} == {
        "A": "b=c",
        "B": "",
        "-C": "d e",
    }
    folder = execution.run.folder
    argv = seen["argv"]
    assert [f"--add-dir={project}", f"--add-dir={project / 'a folder'}"] == [
        argument for argument in argv if argument.startswith("--add-dir")
    ]
    assert f"--system-prompt-file={folder / 'system_prompt.md'}" in argv
    assert (folder / "system_prompt.md").read_text() == '-x "y"'
    assert (folder / "append_system_prompt.md").read_text() == "-x"
    assert f"--mcp-config={folder / 'mcp.json'}" in argv


def test_limits_are_held_by_the_shim(run: RunCell) -> None:
    execution = run(
        "%claude_exec --timeout 60 --idle-timeout=50 --max-cpu 8 --max-cpu-seconds 40 "
        "--max-memory '2 GB' --max-processes 99 --max-temp-size=1GiB hello"
    )
    ended(execution, "completed", "success")
    config = json.loads((execution.run.folder / "shim.json").read_bytes())
    assert config["limits"] == {
        "timeout": 60,
        "idle_timeout": 50,
        "max_cpu": 8,
        "max_cpu_seconds": 40,
        "max_memory": 2_000_000_000,
        "max_processes": 99,
        "max_temp_size": 1 << 30,
    }


def test_without_options_the_cli_is_asked_for_nothing_special(run: RunCell) -> None:
    flags = {argument.partition("=")[0] for argument in told(run(f"%claude_exec {ECHO}"))["argv"]}
    assert not flags & {
        "--model",
        "--resume",
        "--fork-session",
        "--max-turns",
        "--max-budget-usd",
        "--setting-sources",
        "--allowedTools",
        "--mcp-config",
    }


def test_a_schema_comes_from_a_file_or_a_variable(run: RunCell, project: Path) -> None:
    (project / "person.json").write_text('{"title": "Person"}')
    run("import pydantic\nclass Person(pydantic.BaseModel):\n    name: str\nsame = {'title': 'S'}")
    for given, title in (("person.json", "Person"), ("Person", "Person"), ("same", "S")):
        execution = run(f"%claude_exec --schema {given} {ECHO}")
        schema = execution.run.request.output_schema
        assert schema is not None
        assert schema["title"] == title


def test_permissions_may_be_a_callable_of_the_notebook(run: RunCell) -> None:
    run("def decide(request):\n    return request.tool_name == 'Bash'")
    execution = run("%claude_exec --permissions decide fake:asks=Bash")
    ended(execution, "completed", "success")
    assert json.loads(execution.result)["behavior"] == "allow"
    run("def deny(request):\n    return True")
    execution = run("%claude_exec --permissions deny fake:asks=Bash")
    ended(execution, "completed", "denied")
    with pytest.raises(InvalidRequest, match="permissions"):
        run("%claude_exec --permissions none_such fake:asks=Bash")


def test_after_takes_variables_and_ids(run: RunCell) -> None:
    first, second = run("a = %claude_exec one\nb = %claude_exec two\na, b")
    third = run(f"%claude_exec --after=a --after {second.execution_id} three")
    assert third.run.request.after == (first.execution_id, second.execution_id)
    ended(third, "completed", "success")


def test_help_has_every_option_of_a_start(shell: InteractiveShell) -> None:
    told = shell.object_inspect_mime("%claude_exec")["text/plain"]
    named = {"add_dirs": "add-dir", "extra_args": "extra-arg"}
    flags = {"--" + named.get(option, option).replace("_", "-") for option in OPTIONS}
    flags -= {"--variables"}  # a template's are given by --set, a prompt's are the notebook's
    flags |= {"--wait", "--raw", "--manager", "--model", "--session-id", "--resume", "--mcp-config"}
    assert [flag for flag in sorted(flags) if flag not in told] == []
    for magic in ("claude_list", "claude_kill"):
        assert f"%{magic}" in shell.object_inspect_mime(f"%{magic}")["text/plain"]


def test_except_works_around_a_magic(run: RunCell, manager: ProcessManager) -> None:
    holder = run("%claude_exec --session-id s1 fake:long")
    caught = run(
        "from claude_widget.errors import SessionInUse\n"
        "try:\n"
        "    %claude_exec --session-id s1 again\n"
        "except SessionInUse as error:\n"
        "    caught = error\n"
        "caught"
    )
    assert isinstance(caught, SessionInUse)
    assert (caught.session_id, caught.holder_id) == ("s1", holder.execution_id)
    assert manager.get_all_executions() == [holder]
    run("%claude_exec --session-id s1 --fork-session fake:plain")


def test_error_of_ours_is_shown_in_one_line(
    run: RunCell, shell: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run("%claude_exec --session-id s1 fake:long")
    for line, said in (
        ("--session-id s1 again", "SessionInUse: Session s1 is in use by execution"),
        ("--max-budget-usd 0 hi", "InvalidRequest: max_budget_usd"),
        ("{{ nothing }}", "PromptError: Undefined in the prompt: nothing."),
    ):
        capsys.readouterr()
        assert not shell.run_cell(f"%claude_exec {line}").success
        shown = capsys.readouterr().out
        assert shown.startswith(said)
        assert "Traceback" not in shown
        assert "magic.py" not in shown
    capsys.readouterr()
    assert not shell.run_cell("%claude_kill nobody").success
    assert capsys.readouterr().out.startswith("ExecutionNotFound: There is no execution 'nobody'")


def test_without_a_cli_the_error_says_where_it_looked(
    shell: InteractiveShell, make_manager: MakeManager, tmp_path: Path
) -> None:
    made = make_manager(backend=LocalBackend(tmp_path / "no-claude"))
    with pytest.raises(CLINotFound, match="no-claude"):
        shell.run_line_magic("claude_exec", "hi")
    assert made.get_all_executions() == []


def test_the_error_of_an_odd_parenthesis_names_quotes(
    shell: InteractiveShell, manager: ProcessManager, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not shell.run_cell("%claude_exec --allowed-tools Bash(git *) hi").success
    assert "UsageError: --allowed-tools Bash(git: a parenthesis" in capsys.readouterr().err
    assert manager.get_all_executions() == []


def test_secret_in_a_wrong_env_is_not_shown(
    shell: InteractiveShell, manager: ProcessManager, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not shell.run_cell("%claude_exec --env sk-very-secret hi").success
    said = capsys.readouterr()
    assert "--env takes NAME=value" in said.err
    assert "secret" not in said.out + said.err


def test_ambiguous_beginning_of_an_id_kills_nothing(
    shell: InteractiveShell, make_manager: MakeManager, project: Path
) -> None:
    made = make_manager(max_concurrency=1)
    every = [made.start_execution("fake:long", project) for _ in range(17)]
    running(every[0])
    first = [execution.execution_id[0] for execution in every]
    shared = next(letter for letter in first if first.count(letter) > 1)  # 17 ids, 16 letters
    with pytest.raises(Exception, match=f"executions begin with '{shared}'") as caught:
        shell.run_line_magic("claude_kill", shared)
    assert caught.type.__name__ == "UsageError"
    assert len(made.get_active_executions()) == 17
    shell.run_line_magic("claude_kill", "all")
    for execution in every:
        ended(execution, "killed", "user")
