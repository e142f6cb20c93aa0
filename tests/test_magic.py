"""The magics in a shell: what is an option, what is the prompt, and what a start is asked for.

The rule: every prompt reaches the CLI exactly as it was typed, whatever stands in it, and every
error comes before anything has started. Real kernels are in test_magic_kernels.py.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config

from claude_widget.execution import Execution
from claude_widget.magic import split_list, split_options
from claude_widget.manager import ProcessManager
from tests.fake import ended, lines, running
from tests.waiting import until

PROMPTS = [
    "hello",
    "Don't split this",
    "it's 'half quoted",
    'a "quoted" word and a " alone',
    "$HOME ${HOME} $(ls) `ls` !ls",
    "{x} {} {not_defined} {1+1}",
    "50% of %s and %d",
    "back\\slash \\n \\' \\\\ x",
    "dashes -- inside --model opus -x",
    "C'est déjà l'été 日本 🙂",
    "two  spaces\tand a tab",
    "# not a comment; not the end ?",
    "*.py ~/x [a-z] > /dev/null | cat & ;",
]


@pytest.fixture
def shell() -> Iterator[InteractiveShell]:
    """An IPython with the extension loaded."""
    config = Config()
    config.HistoryManager.enabled = False
    made = InteractiveShell.instance(config=config)
    made.run_line_magic("load_ext", "claude_widget")
    yield made
    made.atexit_operations()
    InteractiveShell.clear_instance()


@pytest.fixture
def run(
    shell: InteractiveShell, manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> Any:
    """Run a cell in the project's folder; its value, or what it raised."""
    monkeypatch.chdir(project)

    def run_cell(text: str) -> Any:
        done = shell.run_cell(text)
        done.raise_error()
        return done.result

    return run_cell


def prompt_of(execution: Execution) -> str:
    """The prompt that reached the CLI."""
    until(lambda: len(lines(execution, "in")) > 1, what="the prompt was sent")
    content: str = json.loads(lines(execution, "in")[1])["message"]["content"]
    return content


@pytest.mark.parametrize("prompt", PROMPTS)
def test_line_prompt_reaches_the_cli_untouched(run: Any, prompt: str) -> None:
    assert prompt_of(run(f"e = %claude_exec {prompt}\ne")) == prompt


@pytest.mark.parametrize("prompt", PROMPTS)
def test_line_prompt_behind_options_is_untouched(run: Any, prompt: str) -> None:
    execution = run(f"e = %claude_exec --model opus -C . --keep-open {prompt}\ne")
    assert prompt_of(execution) == prompt
    assert execution.run.request.model == "opus"


@pytest.mark.parametrize("prompt", [*PROMPTS, "  indented\n\n\nlines\n  -- x", "%magic\n!ls\n?"])
def test_cell_prompt_reaches_the_cli_untouched(run: Any, prompt: str) -> None:
    assert prompt_of(run(f"%%claude_exec --name e\n{prompt}\n")) == prompt


@pytest.mark.parametrize(
    ("line", "words", "rest"),
    [
        ("hello", [], "hello"),
        ("", [], ""),
        ("--model opus hi", ["--model=opus"], "hi"),
        ("--model=opus hi", ["--model=opus"], "hi"),
        ("-m opus hi", ["--model=opus"], "hi"),
        ("--raw --wait hi --raw", ["--raw", "--wait"], "hi --raw"),
        ("--name 'a b' hi", ["--name=a b"], "hi"),
        ('--system-prompt "it\'s \\"x\\"" hi', ['--system-prompt=it\'s "x"'], "hi"),
        ("--mcp-config '{\"a\": 1}' hi", ['--mcp-config={"a": 1}'], "hi"),
        ("--extra-arg --debug hi", ["--extra-arg=--debug"], "hi"),
        ("--extra-arg=--debug hi", ["--extra-arg=--debug"], "hi"),
        ("--setting-sources '' hi", ["--setting-sources="], "hi"),
        ("-- --model opus", [], "--model opus"),
        ("--raw -- -h", ["--raw"], "-h"),
    ],
)
def test_options_are_split_off_the_front(
    shell: InteractiveShell, line: str, words: list[str], rest: str
) -> None:
    parser = shell.find_line_magic("claude_exec").parser
    assert split_options(parser, line) == (words, rest)


@pytest.mark.parametrize(
    "line",
    [
        "--nonsense x",
        "-x y",
        "- list item",
        "--model",
        "--max-turns many x",
        "--max-turns 0 x",
        "--max-budget-usd 0 x",
        "--timeout 0 x",
        "--timeout -1 x",
        "--name 'not a name' x",
        "--name class x",
        "--effort extreme x",
        "--manager nobody x",
        "--project-path /no/such/folder x",
        "--mcp-config no/such.json x",
        "--after nobody x",
        "--env NAME x",
        "--wait=no x",
        "--fork-session x",
        "{{ undefined }}",
        "{{ 1 +",
        "",
        "--model opus",
    ],
)
def test_wrong_line_is_a_usage_error_and_starts_nothing(
    shell: InteractiveShell, manager: ProcessManager, line: str
) -> None:
    with pytest.raises(UsageError):
        shell.run_line_magic("claude_exec", line)
    assert manager.get_all_executions() == []


def test_blank_cell_and_text_beside_a_cell_are_usage_errors(
    shell: InteractiveShell, manager: ProcessManager
) -> None:
    for line, cell in (("", "\n \n"), ("--model opus stray words", "prompt")):
        with pytest.raises(UsageError):
            shell.run_cell_magic("claude_exec", line, cell)
    assert manager.get_all_executions() == []


def test_every_option_reaches_the_request(
    run: Any, shell: InteractiveShell, manager: ProcessManager, project: Path
) -> None:
    (project / "sub").mkdir()
    (project / "mcp.json").write_text('{"mcpServers": {"a": {"command": "x"}}}')
    first = run("%claude_exec --name first hello")
    ended(first, "completed", "success")
    execution = run(
        "%%claude_exec --name second -C sub --model opus --session-id s1 --fork-session "
        "--mcp-config ../mcp.json --effort high --permission-mode plan "
        "--allowed-tools 'Read,Bash(git *)' --disallowed-tools Write --system-prompt 'be brief' "
        "--append-system-prompt=kind --add-dir . --add-dir sub --setting-sources user,project "
        "--max-turns 3 --max-budget-usd 0.5 --timeout 60 --priority 2 --after first --keep-open "
        "--expand --env A=b=c --env D= --extra-arg --debug --extra-arg x\n"
        "the prompt\n"
    )
    asked = execution.run.request.model_dump(exclude_none=True)
    assert asked == {
        "query": "the prompt",
        "project_path": str(project / "sub"),
        "session_id": "s1",
        "fork_session": True,
        "mcp_config": {"mcpServers": {"a": {"command": "x"}}},
        "mcp_config_path": str(project / "mcp.json"),
        "model": "opus",
        "name": "second",
        "keep_open": True,
        "expand": True,
        "effort": "high",
        "permission_mode": "plan",
        "allowed_tools": ("Read", "Bash(git *)"),
        "disallowed_tools": ("Write",),
        "system_prompt": "be brief",
        "append_system_prompt": "kind",
        "add_dirs": (str(project), str(project / "sub")),
        "setting_sources": ("user", "project"),
        "max_turns": 3,
        "max_budget_usd": 0.5,
        "after": (first.execution_id,),
        "priority": 2,
        "timeout": 60.0,
        "env": {"A": "b=c", "D": ""},
        "extra_args": ("--debug", "x"),
    }
    assert shell.user_ns["second"] is execution


def test_no_settings_is_not_the_default(run: Any) -> None:
    assert run("%claude_exec --setting-sources '' hello").run.request.setting_sources == ()
    assert run("%claude_exec hello").run.request.setting_sources is None


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Read", ["Read"]),
        ("Read, Write ,", ["Read", "Write"]),
        ("Bash(git log:*, x),Read", ["Bash(git log:*, x)", "Read"]),
        ("", []),
    ],
)
def test_lists_are_split_at_commas_outside_of_parentheses(text: str, items: list[str]) -> None:
    assert split_list(text) == items


def test_variables_are_filled_strictly(run: Any, manager: ProcessManager) -> None:
    run("path, items = 'a b.py', [1, 2]")
    execution = run("%claude_exec Look at {{ path }}: {% for i in items %}{{ i }}{% endfor %}")
    assert prompt_of(execution) == "Look at a b.py: 12"
    with pytest.raises(UsageError, match="nobody_defined_this"):
        run("%claude_exec Look at {{ nobody_defined_this }}")
    assert len(manager.get_all_executions()) == 1


def test_raw_leaves_braces(run: Any) -> None:
    assert prompt_of(run("%claude_exec --raw {{ x }} {% y %}")) == "{{ x }} {% y %}"


def test_wait_in_a_function_and_in_a_loop(run: Any) -> None:
    run("def ask(n):\n    e = %claude_exec --wait fake:says={{ m }}\n    return e.result")
    run("answers = []\nfor m in range(3):\n    answers.append(ask(m))")
    assert run("answers") == ["0", "1", "2"]


def test_name_is_there_at_once_and_without_wait_the_cell_goes_on(run: Any, project: Path) -> None:
    assert run("%claude_exec --name e fake:gate\nstatus = str(e.status)\nstatus") in (
        "pending",
        "running",
    )
    (project / "go").touch()
    ended(run("e"), "completed", "success")


def test_manager_may_be_named(run: Any, shell: InteractiveShell, make_manager: Any) -> None:
    shell.user_ns["other"] = other = make_manager()
    make_manager()
    execution = run("%claude_exec --manager other hello")
    assert execution in other.get_all_executions()


def test_help_is_real(shell: InteractiveShell) -> None:
    told = shell.object_inspect_mime("%claude_exec")["text/plain"]
    for said in ("--wait", "--model", "--mcp-config", "{{ variable }}", "such as sonnet"):
        assert said in told


def test_list_and_kill(run: Any, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[dict[str, Any]] = []
    with monkeypatch.context() as patch:
        patch.setattr(shell.display_pub, "publish", lambda data, *a, **k: shown.append(data))
        run("%claude_list")
        done = ended(run("%claude_exec --name done hello"), "completed", "success")
        first, second, third = (
            running(run(f"%claude_exec --name {name} fake:long")) for name in ("a", "b", "c")
        )
        shown.clear()
        run("%claude_list")
        run("%claude_list active")
    every, active = (data["text/plain"] for data in shown)
    assert done.execution_id[:8] in every
    assert done.execution_id[:8] not in active
    assert first.execution_id[:8] in active
    run("%claude_kill a")
    ended(first, "killed", "user")
    run(f"%claude_kill {second.execution_id[:13]} {done.execution_id}")
    ended(second, "killed", "user")
    for line in ("", "nobody", "--all"):
        with pytest.raises(UsageError):
            shell.run_line_magic("claude_kill", line)
    assert third.status == "running"
    run("%claude_kill all")
    ended(third, "killed", "user")
    assert done.status == "completed"
