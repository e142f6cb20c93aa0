"""Templates as the page lists, previews and starts them.

The rule: messages in, messages out, and templates as files in a real project.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from claude_widget import protocol
from claude_widget.manager import ProcessManager
from claude_widget.page.desk import Desk
from claude_widget.page.panes import Panes
from claude_widget.protocol import MAX_BATCH
from tests.waiting import BOUND, until

Say = Callable[..., protocol.Answer]

REVIEW = """---
description: Review a folder
variables:
  path: {type: str, default: ., description: what to look at}
  depth: {type: int}
  tone: {type: str, enum: [kind, strict], default: kind}
---
fake:plain review {{ path }} {{ depth + 1 }} deep, {{ tone }}
"""


@pytest.fixture(autouse=True)
def _own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("CLAUDE_WIDGET_TEMPLATES", str(tmp_path / "of-the-user"))


@pytest.fixture
def folder(project: Path) -> Path:
    made = project / ".claude_widget" / "templates"
    made.mkdir(parents=True)
    (made / "review.md").write_text(REVIEW)
    return made


@pytest.fixture
def say(manager: ProcessManager, project: Path) -> Say:
    """Sends a message of the project as a page does, and gives what is answered."""
    desk, panes = Desk(manager), Panes()
    said = 0

    def say(kind: str, **fields: object) -> protocol.Answer:
        nonlocal said
        said += 1
        told: list[protocol.Answer] = []
        content = {"type": f"claude:{kind}", "requestId": f"r{said}", "projectPath": str(project)}
        given = {name: value for name, value in {**content, **fields}.items() if value is not None}
        message = desk.understand(given, told.append)
        if message is not None:
            desk.receive(message, panes, told.append)
        until(lambda: bool(told), what="the answer")
        protocol.KERNEL_MESSAGE.validate_python(told[0].model_dump(mode="json", by_alias=True))
        return told[0]

    return say


def previewed(say: Say, **variables: object) -> protocol.PreviewAnswer:
    answer = say("preview-template", name="review", variables=variables)
    assert isinstance(answer, protocol.PreviewAnswer), answer
    return answer


@pytest.mark.usefixtures("folder")
def test_templates_are_listed_with_what_they_want_to_know(say: Say) -> None:
    listed = say("get-templates")
    assert isinstance(listed, protocol.TemplatesAnswer)
    (review,) = listed.templates
    assert (review.name, review.scope, review.description) == (
        "review",
        "project",
        "Review a folder",
    )
    told = [(one.name, one.type, one.required, one.default, one.enum) for one in review.variables]
    assert told == [
        ("path", "str", False, ".", ()),
        ("depth", "int", True, "", ()),
        ("tone", "str", False, "kind", ("kind", "strict")),
    ]


def test_a_file_that_is_none_is_listed_with_its_problem(say: Say, folder: Path) -> None:
    (folder / "bad.md").write_text("{% for")
    listed = say("get-templates")
    assert isinstance(listed, protocol.TemplatesAnswer)
    assert [(one.name, bool(one.problem)) for one in listed.templates] == [
        ("bad", True),
        ("review", False),
    ]


def test_many_large_templates_are_cut_and_counted(say: Say, folder: Path) -> None:
    for number in range(300):
        text = f"---\ndescription: {'ü' * 900}\n---\nnumber {number}\n"
        (folder / f"t{number}.md").write_text(text)
    listed = say("get-templates")
    assert isinstance(listed, protocol.TemplatesAnswer)
    assert len(listed.templates) + listed.more == 301
    assert listed.more > 0
    assert len(listed.model_dump_json(by_alias=True)) < MAX_BATCH


@pytest.mark.usefixtures("folder")
def test_a_preview_is_the_filled_prompt_or_what_is_wrong_by_variable(say: Say) -> None:
    filled = previewed(say, depth="2", path="src")
    assert filled.query.strip() == "fake:plain review src 3 deep, kind"
    wrong = previewed(say, tone="rude")
    assert [one.name for one in wrong.problems] == ["depth", "tone"]
    assert wrong.problems[0].problem == "is missing"
    assert wrong.query == ""


@pytest.mark.usefixtures("folder")
def test_a_template_is_started_with_its_values(say: Say, manager: ProcessManager) -> None:
    started = say("execute", query="", template="review", variables={"depth": "1"})
    assert isinstance(started, protocol.ExecuteAnswer), started
    execution = manager.get_execution(started.execution_id)
    assert execution is not None
    execution.wait(BOUND)
    assert execution.info.query.strip() == "fake:plain review . 2 deep, kind"


@pytest.mark.usefixtures("folder")
def test_wrong_values_start_nothing(say: Say, manager: ProcessManager) -> None:
    refused = say("execute", query="", template="review", variables={"depth": "deep"})
    assert isinstance(refused, protocol.Refused)
    assert refused.kind == "VariablesWrong"
    assert manager.get_all_executions() == []


def test_what_a_projects_template_raises_is_confirmed_first(
    say: Say, manager: ProcessManager, folder: Path
) -> None:
    (folder / "raise.md").write_text("---\npermission_mode: bypassPermissions\n---\nfake:plain x\n")
    refused = say("execute", query="", template="raise")
    assert isinstance(refused, protocol.Refused)
    assert refused.kind == "TemplateNotConfirmed"
    assert refused.mcp_config is not None
    assert [one.name for one in refused.mcp_config.servers] == ["permission_mode"]
    assert manager.get_all_executions() == []
    digest = refused.mcp_config.digest
    started = say("execute", query="", template="raise", confirmedSettings=digest)
    assert isinstance(started, protocol.ExecuteAnswer), started


def test_a_page_is_told_what_starts_are_likely_to_cost_and_on_what_that_rests(
    say: Say, folder: Path, manager: ProcessManager, project: Path
) -> None:
    asked = [{"template": "review", "projectPath": str(project)}, {"query": "b"}]
    unknown = say("get-estimate", projectPath=None, executions=asked)
    assert isinstance(unknown, protocol.EstimateAnswer)
    assert (unknown.estimate.median_usd, unknown.estimate.executions) == (None, 2)
    assert unknown.estimate.basis == "no execution with a known cost has ended yet"
    template = manager.template("review", project)
    manager.start_execution(template, project, variables={"depth": 1}).wait(BOUND)
    told = say("get-estimate", projectPath=None, executions=asked[:1])
    assert isinstance(told, protocol.EstimateAnswer)
    assert told.estimate.median_usd is not None
    assert told.estimate.median_usd > 0
    assert told.estimate.basis == "1 execution with the same prompt and model"
    wrong = say("get-estimate", projectPath=None, executions=[{"template": "nobody"}])
    assert isinstance(wrong, protocol.Refused)
    assert wrong.kind == "TemplateNotFound"
