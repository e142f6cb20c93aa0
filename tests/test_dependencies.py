"""Executions whose prompt comes from others: when it is filled, with what, and what is refused.

The rule: what an execution was asked in the end is read off its transcript and off what its CLI was
told, so that nothing is believed because it was meant.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import pytest

from claude_widget.dependencies.errors import UnknownDependency
from claude_widget.dependencies.pipeline import Pipeline
from claude_widget.errors import InvalidRequest, PromptError
from claude_widget.execution import Execution
from claude_widget.manager import ProcessManager
from claude_widget.models import ExecutionInfo
from claude_widget.request import build_request
from tests.conftest import MakeManager
from tests.fake import ended, lines, metas, running
from tests.owned import Elsewhere, elsewhere
from tests.waiting import BOUND

__all__ = ["elsewhere"]


def prompt_of(execution: Execution) -> str:
    """What its CLI was told."""
    said = [json.loads(line) for line in lines(execution, "in")]
    content = next(one["message"]["content"] for one in said if one["type"] == "user")
    assert isinstance(content, str)
    return content


class Waiting:
    """As much of an execution that has not ended as a request asks for."""

    execution_id = "8a9c2a53-9a43-4a1b-9a0a-0d0b4b6f0a11"
    info = ExecutionInfo(execution_id=execution_id)

    @property
    def latest(self) -> Waiting:
        """It was not tried again."""
        return self

    def raise_for_status(self) -> None:
        """It has not failed."""


WAITING = Waiting()


def events_of(execution: Execution) -> list[str]:
    return [meta["event"] for meta in metas(execution)]


def gated(manager: ProcessManager, project: Path, **options: Any) -> Execution:
    """One that runs until `go` is there, and then says "plan"."""
    return running(manager.start_execution("fake:gate fake:says=plan", project, **options))


# -- what a prompt is filled with ----------------------------------------------------------------


def test_a_prompt_is_filled_once_what_it_names_has_ended(
    manager: ProcessManager, project: Path
) -> None:
    first = gated(manager, project, name="a")
    second = manager.start_execution(
        "{{ word }}: {{ a.result }} ({{ a.status }}, {{ a.reason }}, {{ a.name }}, {{ a }})",
        project,
        variables={"a": first, "word": "Do"},
    )
    assert second.info.after == (first.execution_id,)
    assert second.info.query.startswith("{{ word }}")
    assert second.status == "pending"
    (project / "go").touch()
    ended(second, "completed", "success")
    assert prompt_of(second) == "Do: plan (completed, success, a, plan)"
    assert second.info.query == prompt_of(second)
    (record,) = [meta for meta in metas(second) if meta["event"] == "filled"]
    assert record["query"] == prompt_of(second)
    assert events_of(second).index("filled") < events_of(second).index("spawned")


def test_executions_are_found_within_lists_and_dicts(
    manager: ProcessManager, project: Path
) -> None:
    first, other = gated(manager, project), gated(manager, project)
    second = manager.start_execution(
        "{% for one in all %}{{ one.result }},{% endfor %}{{ by.name.status }} {{ odd['$data'] }}",
        project,
        variables={"all": [first, other], "by": {"name": other}, "odd": {"$data": 3}},
    )
    assert second.info.after == (first.execution_id, other.execution_id)
    (project / "go").touch()
    ended(second, "completed", "success")
    assert prompt_of(second) == "plan,plan,completed 3"


def test_structured_results_are_read_by_field(manager: ProcessManager, project: Path) -> None:
    output = json.dumps({"files": ["a.py", "b.py"], "items": 2}, separators=(",", ":"))
    first = manager.start_execution(
        f"fake:gate fake:gives={output}", project, schema={"type": "object"}
    )
    second = manager.start_execution(
        "{{ a.output.files | join(' ') }} {{ a.output['items'] }}", project, variables={"a": first}
    )
    (project / "go").touch()
    ended(second, "completed", "success")
    assert prompt_of(second) == "a.py b.py 2"


def test_what_has_completed_is_filled_at_once_with_any_value(
    manager: ProcessManager, project: Path
) -> None:
    first = ended(manager.start_execution("fake:says=plan", project), "completed", "success")
    second = manager.start_execution(
        "{{ a.result }} {{ other }}", project, variables={"a": first, "other": {1}}
    )
    assert second.info.query == "plan {1}"
    assert second.info.after == (first.execution_id,)
    ended(second, "completed", "success")
    assert "filled" not in events_of(second)


def test_variables_without_executions_are_filled_at_once(
    manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution(
        "fake:says={{ word }} {{ n + 1 }}", project, variables={"word": "hi", "n": 1}
    )
    assert execution.info.query == "fake:says=hi 2"
    assert execution.run.request.variables is None
    as_written = manager.start_execution("{{ not filled }}", project)
    assert as_written.info.query == "{{ not filled }}"


# -- what is refused at the start ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        ("{{ a.result }} {{ b }} {{ c }}", ("b", "c")),
        ("{{ a.reslt }}", ("a.reslt",)),
        ("{{ a.kill() }}", ("a.kill",)),
        ("{{ a.run.folder }}", ("a.run",)),
        ("{{ a.result", ()),
    ],
)
def test_what_is_wrong_with_a_prompt_is_found_at_the_start(
    project: Path, prompt: str, names: tuple[str, ...]
) -> None:
    with pytest.raises(PromptError) as caught:
        build_request(prompt, project, variables={"a": WAITING})
    assert caught.value.names == names


def test_a_name_of_the_prompts_own_is_no_execution(manager: ProcessManager, project: Path) -> None:
    first = gated(manager, project)
    second = manager.start_execution(
        "{% for a in many %}{{ a.word }}{% endfor %}",
        project,
        variables={"a": first, "many": [{"word": "x"}, {"word": "y"}]},
    )
    (project / "go").touch()
    ended(second, "completed", "success")
    assert prompt_of(second) == "xy"


CIRCULAR: list[Any] = []
CIRCULAR.append(CIRCULAR)


@pytest.mark.parametrize(
    "wrong",
    [
        object(),
        b"bytes",
        {1: "one"},
        {"set"},
        float("nan"),
        [[object()]],
        CIRCULAR,
        "x" * 9_000_000,
    ],
    ids=range(8),
)
def test_a_value_that_cannot_be_kept_is_refused(project: Path, wrong: object) -> None:
    with pytest.raises(InvalidRequest) as caught:
        build_request("{{ a }}", project, variables={"a": WAITING, "odd": wrong})
    assert caught.value.field == "variables"


@pytest.mark.parametrize("wrong", ["text", [1], {1: 2}, 3])
def test_variables_that_are_no_names_and_values_are_refused(project: Path, wrong: Any) -> None:
    with pytest.raises(InvalidRequest, match="dict") as caught:
        build_request("{{ a }}", project, variables=wrong)
    assert caught.value.field == "variables"


@pytest.mark.parametrize(
    ("after", "said"),
    [
        (Pipeline(cast(Any, {"1": WAITING}), {}), r"not Pipeline.* after=pipeline\.values"),
        ([WAITING, None], "not NoneType.* has not started"),
        (5, "not int.* their ids"),
    ],
)
def test_what_names_no_execution_says_what_does(project: Path, after: Any, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        build_request("x", project, after=after)


def test_an_unknown_or_cleaned_up_execution_is_refused(
    manager: ProcessManager, make_manager: MakeManager, project: Path, tmp_path: Path
) -> None:
    gone = ended(manager.start_execution("hello", project), "completed", "success")
    manager.cleanup_execution(gone.execution_id)
    strange = make_manager(tmp_path / "elsewhere").start_execution("fake:gate", project)
    asked: list[dict[str, Any]] = [
        {"variables": {"a": gone}},
        {"variables": {"a": strange}},
        {"after": [gone]},
        {"continues": gone},
    ]
    for options in asked:
        with pytest.raises(UnknownDependency) as caught:
            manager.start_execution("hello {{ a }}", project, **options)
        assert caught.value.dependency_id in (gone.execution_id, strange.execution_id)
    assert manager.get_all_executions() == []


def test_a_prompt_that_fills_to_nothing_fails_and_says_so(
    manager: ProcessManager, project: Path
) -> None:
    first = gated(manager, project)
    second = manager.start_execution("{{ a.output }}", project, variables={"a": first})
    third = manager.start_execution("{{ a.output.field }}", project, variables={"a": first})
    fourth = manager.start_execution(
        "{{ a.output or '' }}", project, variables={"a": first}, on_failure="run"
    )
    (project / "go").touch()
    ended(second, "completed", "success")
    assert prompt_of(second) == "None"
    assert "does not fill" in ended(third, "failed", "startup").info.errors[-1]
    assert "blank" in ended(fourth, "failed", "startup").info.errors[-1]
    free = manager.start_execution("hello", project)
    ended(free, "completed", "success")


# -- those that fail -------------------------------------------------------------------------------


def test_a_failed_one_fails_its_dependants_which_say_why(
    manager: ProcessManager, project: Path
) -> None:
    first = gated(manager, project, name="plan")
    second = manager.start_execution(
        "{{ a.result }}", project, name="tests", variables={"a": first}
    )
    third = manager.start_execution("{{ b.result }}", project, variables={"b": second})
    first.kill()
    ended(third, "failed", "dependency")
    told = second.info.errors[-1]
    assert f"plan ({first.execution_id}) killed (user)" in told
    assert (
        f"tests ({second.execution_id}) failed (dependency): Not started: plan"
        in (third.info.errors[-1])
    )
    assert third.info.start_time is None
    assert "filled" not in events_of(third)


def test_only_so_many_failed_ones_are_told(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=8)
    many = [manager.start_execution("fake:crash", project) for _ in range(7)]
    for one in many:
        one.wait(BOUND)
    last = manager.start_execution("hello", project, after=many)
    assert "; and 2 more" in ended(last, "failed", "dependency").info.errors[-1]
    assert "failed (crashed): " in last.info.errors[-1]


def test_one_that_runs_on_failure_sees_what_there_is(
    manager: ProcessManager, project: Path
) -> None:
    first = gated(manager, project)
    second = manager.start_execution(
        "{{ a.result or 'nothing' }} {{ a.status }} {{ a.reason }}",
        project,
        variables={"a": first},
        on_failure="run",
    )
    third = manager.start_execution("hello", project, after=second)
    first.kill()
    ended(second, "completed", "success")
    assert prompt_of(second) == "nothing killed user"
    ended(third, "completed", "success")


def test_what_has_ended_and_is_cleaned_up_meanwhile_counts_as_it_ended(
    make_manager: MakeManager, project: Path
) -> None:
    manager = make_manager(max_concurrency=2)
    holder = gated(manager, project)
    done = ended(manager.start_execution("fake:says=plan", project), "completed", "success")
    crashed = ended(manager.start_execution("fake:crash", project), "failed", "crashed")
    named: dict[str, Any] = {"variables": {"a": done, "b": holder}}
    filled = manager.start_execution("{{ a.result }}", project, **named)
    on = manager.start_execution("fake:says=on", project, continues=done, after=[holder])
    named = {"variables": {"a": crashed, "b": holder}}
    anyway = manager.start_execution("{{ a.reason }}", project, on_failure="run", **named)
    manager.pause_queue()
    for one in (done, crashed):
        manager.cleanup_execution(one.execution_id)
    (project / "go").touch()
    manager.resume_queue()
    for one in (filled, on, anyway):
        ended(one, "completed", "success")
    assert (prompt_of(filled), prompt_of(anyway)) == ("plan", "crashed")
    assert on.info.session_id == done.info.session_id


def test_on_failure_is_fail_or_run(project: Path) -> None:
    with pytest.raises(InvalidRequest) as caught:
        build_request("hello", project, on_failure="ignore")
    assert caught.value.field == "on_failure"


# -- holds, kills and other notebooks --------------------------------------------------------------


def test_a_held_one_keeps_its_dependants_waiting(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=1)
    blocker = gated(manager, project)
    first = manager.start_execution("fake:says=plan", project)
    manager.queue.hold(first)
    second = manager.start_execution("{{ a.result }}", project, variables={"a": first})
    (project / "go").touch()
    ended(blocker, "completed", "success")
    ended(manager.start_execution("beside", project), "completed", "success")
    assert (first.status, second.status) == ("pending", "pending")
    manager.queue.release(first)
    ended(second, "completed", "success")
    assert prompt_of(second) == "plan"


def test_one_that_waits_can_be_killed(manager: ProcessManager, project: Path) -> None:
    first = gated(manager, project)
    second = manager.start_execution("{{ a.result }}", project, variables={"a": first})
    second.kill()
    ended(second, "killed", "user")
    (project / "go").touch()
    ended(first, "completed", "success")
    assert "filled" not in events_of(second)


def test_another_notebooks_execution_may_come_first(
    make_manager: MakeManager, elsewhere: Elsewhere, project: Path
) -> None:
    manager, other = make_manager(), elsewhere()
    first = gated(other, project)
    theirs = manager.start_execution("{{ a.result }}", project, variables={"a": first})
    (project / "go").touch()
    ended(theirs, "completed", "success")
    assert prompt_of(theirs) == "plan"
