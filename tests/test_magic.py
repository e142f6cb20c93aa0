"""The magics in a shell: what is an option, what is the prompt, and what a start is asked for.

The rule: every prompt reaches the CLI exactly as it was typed, whatever stands in it, and every
error comes before anything has started. Real kernels are in test_magic_kernels.py.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from claude_widget.cells.magic_options import split_list, split_options
from claude_widget.errors import ExecutionNotFound, InvalidRequest, PromptError
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from tests.conftest import MakeManager
from tests.fake import ended, lines, running
from tests.shell import RunCell, cells
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

EVERY_OPTION: dict[str, Any] = {
    "query": "the prompt",
    "permissions": "deny",
    "required_mcp_servers": ("a",),
    "output_schema": {"type": "object"},
    "session_id": "s1",
    "fork_session": True,
    "mcp_config": {"mcpServers": {"a": {"command": "x"}}},
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
    "setting_sources": ("user", "project"),
    "max_turns": 3,
    "max_budget_usd": 0.5,
    "priority": 2,
    "on_failure": "run",
    "retries": 2,
    "worktree": False,
    "timeout": 60.0,
    "env": {"A": "b=c", "D": ""},
    "extra_args": ("--debug", "x"),
    "mode": "live",
    "key": "daily",
    "key_ignore": ("x+",),
    "inputs": ("a*.py", "b*.py"),
    "apply_changes": True,
}
"""What the line below asks for, less the paths and ids of one run."""


def prompt_of(execution: Execution) -> str:
    """The prompt that reached the CLI."""
    until(lambda: len(lines(execution, "in")) > 1, what="the prompt was sent")
    content: str = json.loads(lines(execution, "in")[1])["message"]["content"]
    return content


def test_line_prompts_reach_the_cli_untouched(run: RunCell) -> None:
    for prompt in PROMPTS:
        assert prompt_of(run(f"e = %claude_exec {prompt}\ne")) == prompt


def test_line_prompts_behind_options_are_untouched(run: RunCell) -> None:
    for prompt in PROMPTS:
        execution = run(f"e = %claude_exec --model opus -C . --keep-open {prompt}\ne")
        assert prompt_of(execution) == prompt
        assert execution.run.request.model == "opus"
        execution.kill()  # it stays, and there are four slots


def test_cell_prompts_reach_the_cli_untouched(run: RunCell) -> None:
    for prompt in [*PROMPTS, "  indented\n\n\nlines\n  -- x", "%magic\n!ls\n?"]:
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
        ("--name=--wait hi", ["--name=--wait"], "hi"),
        ("--extra-arg --model hi", ["--extra-arg=--model"], "hi"),
        ("--system-prompt '--wait' hi", ["--system-prompt=--wait"], "hi"),
        ("--priority -5 hi", ["--priority=-5"], "hi"),
    ],
)
def test_options_are_split_off_the_front(
    shell: InteractiveShell, line: str, words: list[str], rest: str
) -> None:
    parser = shell.find_line_magic("claude_exec").parser
    assert split_options(parser, line) == (words, rest)


WRONG = [
    "--nonsense x",
    "-x y",
    "- list item",
    "--model",
    "--models --repeat 2 x",
    "--name -m opus x",
    "--max-turns many x",
    "--name 'not a name' x",
    "--name class x",
    "--manager nobody x",
    "--env NAME x",
    "--wait=no x",
    "--name don't",
    "--name 'open x",
    "--append-system-prompt='open x",
    "--allowed-tools Bash(git *) hi",
    "--disallowed-tools Read,Bash(git *) hi",
    "--allowed-tools 'Bash)(' hi",
    "--schema nowhere.json hi",
    "--schema '{\"half\":' hi",
    "--schema '[1]' hi",
]
"""Lines that say nothing that can be understood."""
REFUSED = [
    ("--max-turns 0 x", "max_turns"),
    ("--max-budget-usd 0 x", "max_budget_usd"),
    ("--timeout 0 x", "timeout"),
    ("--timeout -1 x", "timeout"),
    ("--timeout nan x", "timeout"),
    ("--effort extreme x", "effort"),
    ("--permissions maybe x", "permissions"),
    ("--permission-mode maybe x", "permission_mode"),
    ("--project-path /no/such/folder x", "project_path"),
    ("--project-path '' x", "project_path"),
    ("--mcp-config no/such.json x", "mcp_config"),
    ("--after nobody x", "after"),
    ("--env =value x", "env"),
    ("--fork-session x", "fork_session"),
    ("{{ undefined }}", "query"),
    ("{{ 1 +", "query"),
    ("", "query"),
    ("--model opus", "query"),
]
"""Lines that ask for what cannot be, and the field that says so."""


def test_wrong_lines_are_usage_errors_and_start_nothing(
    shell: InteractiveShell, manager: ProcessManager
) -> None:
    for line in WRONG:
        with pytest.raises(UsageError):
            shell.run_line_magic("claude_exec", line)
    assert manager.get_all_executions() == []


def test_what_the_manager_refuses_is_raised_as_it_is_in_python(
    shell: InteractiveShell, manager: ProcessManager
) -> None:
    for line, field in REFUSED:
        with pytest.raises(InvalidRequest) as caught:
            shell.run_line_magic("claude_exec", line)
        assert caught.value.field == field, line
    assert manager.get_all_executions() == []


def test_blank_cell_and_text_beside_a_cell_are_refused(
    shell: InteractiveShell, manager: ProcessManager
) -> None:
    with pytest.raises(InvalidRequest):
        shell.run_cell_magic("claude_exec", "", "\n \n")
    with pytest.raises(UsageError):
        shell.run_cell_magic("claude_exec", "--model opus stray words", "prompt")
    assert manager.get_all_executions() == []


def test_every_option_reaches_the_request(
    run: RunCell, shell: InteractiveShell, manager: ProcessManager, project: Path
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
        '--permissions deny --required-mcp-servers a --schema \'{"type": "object"}\' '
        "--expand --env A=b=c --env D= --extra-arg --debug --extra-arg x --live --key daily "
        "--key-ignore x+ --inputs 'a*.py,b*.py' --apply-changes --on-failure run --retries 2\n"
        "the prompt\n"
    )
    asked = execution.run.request.model_dump(exclude_none=True)
    assert asked == EVERY_OPTION | {
        "project_path": str(project / "sub"),
        "mcp_config_path": str(project / "mcp.json"),
        "add_dirs": (str(project), str(project / "sub")),
        "after": (first.execution_id,),
    }
    assert shell.user_ns["second"] is execution


def test_no_settings_is_not_the_default(run: RunCell) -> None:
    assert run("%claude_exec --setting-sources '' hello").run.request.setting_sources == ()
    assert run("%claude_exec hello").run.request.setting_sources is None


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Read", ["Read"]),
        ("Read, Write ,", ["Read", "Write"]),
        ("Bash(git log:*, x),Read", ["Bash(git log:*, x)", "Read"]),
        ("Bash(a, (b), c)", ["Bash(a, (b), c)"]),
        ("Bash(a, (b), c), mcp__x__y", ["Bash(a, (b), c)", "mcp__x__y"]),
        (r"Bash(print\(1, 2),Read", [r"Bash(print\(1, 2)", "Read"]),
        ("", []),
    ],
)
def test_lists_are_split_at_commas_outside_of_parentheses(text: str, items: list[str]) -> None:
    assert split_list(text, "--allowed-tools") == items


@pytest.mark.parametrize("text", ["Bash(git *", "Bash(a, (b)", "Read)", "a)(b"])
def test_lists_with_an_odd_parenthesis_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match=r"--allowed-tools.*into quotes"):
        split_list(text, "--allowed-tools")


def test_variables_are_filled_strictly(run: RunCell, manager: ProcessManager) -> None:
    run("path, items = 'a b.py', [1, 2]")
    execution = run("%claude_exec Look at {{ path }}: {% for i in items %}{{ i }}{% endfor %}")
    assert prompt_of(execution) == "Look at a b.py: 12"
    with pytest.raises(PromptError, match="nobody_defined_this"):
        run("%claude_exec Look at {{ nobody_defined_this }}")
    with pytest.raises(PromptError, match="begins with an underscore"):
        run("%claude_exec {{ items.__class__.__base__.__subclasses__() }}")
    with pytest.raises(PromptError):
        run("%claude_exec {{ items.append(3) }}")
    assert run("items") == [1, 2]
    assert len(manager.get_all_executions()) == 1


def test_raw_leaves_braces(run: RunCell) -> None:
    assert prompt_of(run("%claude_exec --raw {{ x }} {% y %}")) == "{{ x }} {% y %}"


def test_wait_in_a_function_and_in_a_loop(run: RunCell) -> None:
    run("def ask(n):\n    e = %claude_exec --wait fake:says={{ m }}\n    return e.result")
    run("answers = []\nfor m in range(3):\n    answers.append(ask(m))")
    assert run("answers") == ["0", "1", "2"]


def test_name_is_there_at_once_and_without_wait_the_cell_goes_on(
    run: RunCell, project: Path
) -> None:
    assert run("%claude_exec --name e fake:gate\nstatus = str(e.status)\nstatus") in (
        "pending",
        "running",
    )
    (project / "go").touch()
    ended(run("e"), "completed", "success")


def test_manager_may_be_named(run: RunCell, shell: InteractiveShell, make_manager: Any) -> None:
    shell.user_ns["other"] = other = make_manager()
    make_manager()
    execution = run("%claude_exec --manager other hello")
    assert execution in other.get_all_executions()


def test_help_is_real(shell: InteractiveShell) -> None:
    told = shell.object_inspect_mime("%claude_exec")["text/plain"]
    for said in ("--wait", "--model", "--mcp-config", "{{ variable }}", "such as sonnet"):
        assert said in told


def test_list_and_kill(
    run: RunCell, shell: InteractiveShell, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[dict[str, Any]] = []

    def publish(data: dict[str, Any], *_: object, update: bool = False, **__: object) -> None:
        """What is updated is a cell's of before, whose execution has ended meanwhile."""
        if not update:
            shown.append(data)

    with monkeypatch.context() as patch:
        patch.setattr(shell.display_pub, "publish", publish)
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
    with pytest.raises(UsageError):
        shell.run_line_magic("claude_kill", "")
    for line in ("nobody", "--all", "c nobody"):
        with pytest.raises(ExecutionNotFound):
            shell.run_line_magic("claude_kill", line)
    with pytest.raises(UsageError):
        shell.run_line_magic("claude_list", "running")
    assert third.status == "running"
    run("%claude_kill all")
    ended(third, "killed", "user")
    assert done.status == "completed"


def test_a_cell_that_is_run_again_goes_on_with_what_still_runs_and_says_so(
    run: RunCell,
    make_manager: MakeManager,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "/notebook.ipynb")
    gone = make_manager()
    before = running(gone.start_execution("fake:long", project))
    gone.close()
    make_manager()
    run("%claude_exec --again --name other fake:long")
    assert "still running" not in capsys.readouterr().out
    run("%claude_exec --name same fake:long")
    said = capsys.readouterr().out
    assert "This is the execution that is still running from this notebook's last kernel" in said
    assert "%claude_exec --again starts another one." in said
    assert run("same.execution_id") == before.execution_id
    assert run("other.execution_id") != before.execution_id
    run("%claude_exec --name third fake:long")
    assert "still running" not in capsys.readouterr().out
    assert run("third.attached") is False


def test_two_modes_at_once_are_refused(run: RunCell) -> None:
    with pytest.raises(UsageError, match="not both"):
        run("%claude_exec --record --replay hello")


def test_a_magic_records_and_replays(run: RunCell, project: Path) -> None:
    first = run("%claude_exec --wait --record fake:says=hi")
    again = run("%claude_exec --wait --replay fake:says=hi")
    assert (first.info.recorded, again.info.recorded) == (False, True)
    assert again.result == "hi"


def test_a_live_magic_is_run_where_its_manager_replays(
    shell: InteractiveShell,
    make_manager: MakeManager,
    project: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    make_manager(mode="replay")
    run = cells(shell, project, monkeypatch)
    live = run("%claude_exec --wait --live fake:says=hi")
    assert (live.result, live.info.recorded) == ("hi", False)
