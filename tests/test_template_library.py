"""Templates from a manager and from cells: saved, listed, filled, and started with their options.

The rule: real starts of the fake CLI. What is wrong with a template or its values starts nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from claude_widget.errors import PromptError
from claude_widget.manager import ProcessManager
from claude_widget.templates.errors import (
    TemplateInvalid,
    TemplateNotConfirmed,
    TemplateNotFound,
    VariablesWrong,
)
from tests.shell import RunCell

REVIEW = "Review {{ path }} in {{ depth }} steps"


@pytest.fixture(autouse=True)
def here(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The project is the kernel's working folder, and the user's own folder is empty."""
    monkeypatch.chdir(project)
    monkeypatch.setenv("CLAUDE_WIDGET_TEMPLATES", str(tmp_path / "own"))
    return project


def save(manager: ProcessManager, **options: Any) -> None:
    manager.save_template(
        "review",
        REVIEW,
        variables={"path": "str", "depth": {"type": "int", "default": 3}},
        description="Looks for mistakes.",
        **options,
    )


def test_a_template_is_saved_listed_and_started(manager: ProcessManager, project: Path) -> None:
    save(manager, model="opus", timeout=60)
    (listed,) = manager.templates
    assert (listed.name, listed.scope, listed.problem) == ("review", "project", "")
    template = manager.template("review")
    execution = manager.start_execution(template, variables={"path": "src"})
    request = execution.run.request
    assert request.query == "Review src in 3 steps"
    assert (request.model, request.timeout) == ("opus", 60)
    assert request.project_path == str(project.resolve())
    execution.wait()


def test_what_the_user_gives_counts_over_the_template(
    manager: ProcessManager, tmp_path: Path
) -> None:
    save(manager, model="opus", max_turns=5)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    template = manager.template("review")
    execution = manager.start_execution(
        template, elsewhere, model="haiku", variables={"path": "x", "depth": 9}
    )
    request = execution.run.request
    assert (request.model, request.max_turns) == ("haiku", 5)
    assert request.project_path == str(elsewhere)
    assert request.query == "Review x in 9 steps"


def test_a_template_works_in_the_project_that_it_came_with(
    manager: ProcessManager, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    manager.save_template("do", "Do it", project_path=other)
    execution = manager.start_execution(manager.template("do", other))
    assert execution.run.request.project_path == str(other)


def test_wrong_variables_start_nothing(manager: ProcessManager) -> None:
    save(manager)
    with pytest.raises(VariablesWrong) as caught:
        manager.start_execution(manager.template("review"), variables={"depth": "deep", "more": 1})
    assert [problem.name for problem in caught.value.problems] == ["path", "depth", "more"]
    with pytest.raises(VariablesWrong):
        manager.start_execution(manager.template("review"))
    assert manager.get_all_executions() == []


def test_a_projects_template_waits_for_a_confirmation(
    manager: ProcessManager, project: Path
) -> None:
    path = project / ".claude_widget" / "templates" / "do.md"
    path.parent.mkdir(parents=True)
    path.write_text("---\npermission_mode: acceptEdits\n---\nDo it")
    template = manager.template("do")
    with pytest.raises(TemplateNotConfirmed, match="acceptEdits"):
        manager.start_execution(template)
    assert manager.get_all_executions() == []
    manager.start_execution(template, permission_mode="default").wait()
    manager.confirm_template("do")
    execution = manager.start_execution(template)
    assert execution.run.request.permission_mode == "acceptEdits"
    path.write_text("---\npermission_mode: acceptEdits\n---\nDo worse")
    with pytest.raises(TemplateNotConfirmed):
        manager.start_execution(manager.template("do"))


def test_what_the_user_saves_is_confirmed_by_that(manager: ProcessManager) -> None:
    save(manager, permission_mode="acceptEdits")
    execution = manager.start_execution(manager.template("review"), variables={"path": "x"})
    assert execution.run.request.permission_mode == "acceptEdits"


def test_mistakes_are_said_when_a_template_is_saved(manager: ProcessManager) -> None:
    save(manager)
    for name, query in (("review", "again"), ("a b", "x"), ("bad", "{{ x"), ("blank", " ")):
        with pytest.raises(TemplateInvalid):
            manager.save_template(name, query)
    with pytest.raises(TemplateInvalid, match="no option"):
        manager.save_template("typo", "x", modle="opus")
    manager.save_template("review", "again", replace=True, scope="user")
    assert [(one.scope, one.hidden) for one in manager.templates] == [
        ("project", False),
        ("user", True),
    ]
    with pytest.raises(TemplateNotFound):
        manager.template("typo")


# -- from cells ----------------------------------------------------------------------------------


def test_a_cell_starts_a_template(
    shell: InteractiveShell, run: RunCell, manager: ProcessManager
) -> None:
    save(manager, model="opus")
    run("name = 'lib'")
    run("%claude_exec --wait --name a --template review --set 'path=src/{{ name }}' --set depth=7")
    execution = shell.user_ns["a"]
    assert execution.info.query == "Review src/lib in 7 steps"
    assert execution.run.request.model == "opus"


def test_a_variable_alone_is_its_value(
    shell: InteractiveShell, run: RunCell, manager: ProcessManager
) -> None:
    manager.save_template("each", "{% for p in paths %}{{ p }};{% endfor %}", keep_open=False)
    run("found = ['a', 'b']")
    run("%claude_exec --wait --name a --template each --set 'paths={{ found }}'")
    assert shell.user_ns["a"].info.query == "a;b;"


def test_an_execution_alone_is_waited_for(
    shell: InteractiveShell, run: RunCell, manager: ProcessManager
) -> None:
    manager.save_template("next", "Then: {{ before.result }}")
    run("%claude_exec --name first Say it")
    run("%claude_exec --wait --name second --template next --set before={{first}}")
    first, second = shell.user_ns["first"], shell.user_ns["second"]
    assert second.info.query == f"Then: {first.info.result}"


def test_flags_that_are_not_given_leave_the_template_alone(
    shell: InteractiveShell, run: RunCell, manager: ProcessManager
) -> None:
    manager.save_template("stay", "Stay", keep_open=True)
    run("%claude_exec --name a --template stay")
    assert shell.user_ns["a"].run.request.keep_open
    shell.user_ns["a"].kill()


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("--set path=x Say it", UsageError),
        ("--template review --set path", UsageError),
        ("--template review --set =x", UsageError),
        ("--template review --set path=x --set path=y", UsageError),
        ("--template review --set path=x and more", UsageError),
        ("--template review --set path={{nobody}}", PromptError),
        ("--template review", VariablesWrong),
        ("--template review --set path=x --set depth=deep", VariablesWrong),
        ("--template review --set path=x --set pth=y", VariablesWrong),
        ("--template nowhere", TemplateNotFound),
    ],
)
def test_wrong_lines_start_nothing(
    shell: InteractiveShell, manager: ProcessManager, line: str, error: type[Exception]
) -> None:
    save(manager)
    with pytest.raises(error):
        shell.run_line_magic("claude_exec", line)
    assert manager.get_all_executions() == []


def test_a_prompt_that_names_an_execution_waits_for_it(
    shell: InteractiveShell, run: RunCell, manager: ProcessManager
) -> None:
    run("words = ['a', 'b']")
    run("%claude_exec --name first Say it")
    run("%claude_exec --wait --name second Then {{ words[1] }}: {{ first.result }}")
    first, second = shell.user_ns["first"], shell.user_ns["second"]
    assert second.info.query == f"Then b: {first.info.result}"
    assert second.run.request.after == (first.execution_id,)
