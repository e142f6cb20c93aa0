"""Pipelines and sequences: their order, what their prompts read, and what is refused.

The rule: nothing is started unless all can be; the order is read off the transcripts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from claude_widget import step
from claude_widget.dependencies.errors import DependencyCycle, UnknownDependency, UnknownStep
from claude_widget.dependencies.graph import in_order, levels
from claude_widget.dependencies.pipeline import Pipeline
from claude_widget.dependencies.steps import pipeline_of, sequence_of
from claude_widget.dependencies.view import pipeline_bundle
from claude_widget.errors import ExecutionFailed, InvalidRequest, PromptError, SessionInUse
from claude_widget.manager import ProcessManager
from tests.conftest import MakeManager
from tests.fake import ended
from tests.test_concurrency import spans
from tests.test_dependencies import prompt_of
from tests.waiting import BOUND


def done(pipeline: Pipeline) -> Pipeline:
    pipeline.wait(BOUND)
    assert set(pipeline.counts) == {"completed"}, [one.info.errors for one in pipeline.values()]
    return pipeline


# -- the graph alone -----------------------------------------------------------------------------


def test_names_stand_behind_those_that_they_need_else_as_given() -> None:
    assert in_order({"c": "ab", "a": "", "d": "", "b": "a"}) == ["a", "d", "b", "c"]
    assert levels({"c": "ab", "a": "", "d": "", "b": "a"}) == [["a", "d"], ["b"], ["c"]]
    long = {str(n): [str(n + 1)] if n < 20_000 else [] for n in range(20_001)}
    assert in_order(long) == [str(n) for n in range(20_000, -1, -1)]


@pytest.mark.parametrize(
    ("needs", "cycle"),
    [
        ({"a": "a"}, ("a",)),
        ({"x": "", "a": "bx", "b": "c", "c": "a", "d": "a"}, ("a", "b", "c")),
    ],
)
def test_a_cycle_is_named(needs: dict[str, str], cycle: tuple[str, ...]) -> None:
    with pytest.raises(DependencyCycle) as caught:
        in_order(needs)
    assert caught.value.cycle == cycle
    assert " needs ".join([*cycle, cycle[0]]) in str(caught.value)


# -- pipelines -------------------------------------------------------------------------------------


def test_a_pipeline_fans_out_and_joins(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=4)
    pipeline = manager.pipeline(
        {
            "join": "{{ tests.result }} and {{ docs.result }} of {{ project }}",
            "plan": "fake:says=plan",
            "tests": step("fake:says=tests:{{ plan.result }}", model="opus"),
            "docs": "fake:says=docs:{{ plan.result }}",
        },
        variables={"project": "p", "unused": object()},
        project_path=project,
    )
    assert list(pipeline) == ["join", "plan", "tests", "docs"]
    assert [one.info.name for one in pipeline.values()] == list(pipeline)
    assert pipeline.needs["join"] == ("tests", "docs")
    done(pipeline)
    assert prompt_of(pipeline["join"]) == "tests:plan and docs:plan of p"
    assert pipeline.results["docs"] == "docs:plan"
    assert pipeline["tests"].run.request.model == "opus"
    for first, then in (("plan", "tests"), ("plan", "docs"), ("tests", "join"), ("docs", "join")):
        assert spans(pipeline[first])[1] <= spans(pipeline[then])[0]
    assert pipeline.ended
    assert pipeline.raise_for_status() is pipeline


async def test_a_pipeline_is_awaited_however_it_went(
    manager: ProcessManager, project: Path
) -> None:
    pipeline = manager.pipeline(
        {"a": "fake:crash", "b": "{{ a.result }}", "c": step("c", after="b", on_failure="run")},
        project_path=project,
    )
    assert await pipeline is pipeline
    assert pipeline.counts == {"failed": 2, "completed": 1}
    assert pipeline["b"].info.reason == "dependency"
    with pytest.raises(ExecutionFailed):
        pipeline.raise_for_status()


def test_steps_may_come_after_others_and_go_on_with_their_sessions(
    manager: ProcessManager, project: Path
) -> None:
    before = manager.start_execution("fake:says=before", project)
    pipeline = done(
        manager.pipeline(
            {
                "review": step("fake:says=review", continues="plan", after=["tests", before]),
                "tests": step("fake:says=tests", after=before.execution_id),
                "plan": "fake:says=plan",
            },
            project_path=project,
        )
    )
    review, plan = pipeline["review"].info, pipeline["plan"].info
    assert review.session_id == plan.session_id
    assert review.resumed_from == plan.execution_id
    assert set(review.after) == {
        before.execution_id,
        plan.execution_id,
        pipeline["tests"].execution_id,
    }


@pytest.mark.parametrize(
    ("steps", "error"),
    [
        ({"a": "{{ b.result }}", "b": "{{ a.result }}"}, DependencyCycle),
        ({"a": "{{ a.result }}"}, DependencyCycle),
        ({"a": "x", "b": "{{ missing }}"}, UnknownStep),
        ({"a": "x", "b": step("y", after="c")}, UnknownStep),
        ({"a": "x", "b": step("y", continues="c")}, UnknownStep),
        ({"a": "x", "b": "{{ a.result"}, PromptError),
        ({"a": "x", "b": "{{ a.kill() }}"}, PromptError),
        ({"a": "x", "b": step("y", effort="none")}, InvalidRequest),
        ({"a": "x", "b": step("y", nonsense=1)}, InvalidRequest),
        ({"a": "x", "b": step("y", project_path="/nowhere")}, InvalidRequest),
        ({"a": "x", "b": 3}, InvalidRequest),
        ({"a": "x", "b": " "}, InvalidRequest),
        ({"a": "x", "v": "y"}, InvalidRequest),
        ({"a": "x", 3: "y"}, InvalidRequest),
        ({}, InvalidRequest),
        (["x"], InvalidRequest),
    ],
    ids=str,
)
def test_what_cannot_be_started_as_a_whole_is_refused_before_anything_is_started(
    project: Path, steps: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        pipeline_of(steps, {"v": 1}, {"project_path": project})


def test_what_is_wrong_with_a_step_names_it(project: Path) -> None:
    given: Any = step("y", model=5)
    with pytest.raises(InvalidRequest, match=r"^Step 'b': model must be text"):
        pipeline_of({"a": "x", "b": given}, None, {"project_path": project})
    with pytest.raises(InvalidRequest, match=r"^Step '2': model must be text"):
        sequence_of(["x", given], {"project_path": project}, one_session=False)


def test_a_start_that_is_refused_after_all_ends_the_others(
    manager: ProcessManager, project: Path
) -> None:
    unknown = "0f3c6d2e-7f4a-4b4e-9d63-0b6d9d3f7a10"
    with pytest.raises(UnknownDependency, match=r"^Step 'b': "):
        manager.pipeline(
            {"a": "fake:long", "b": step("{{ a.result }}", after=unknown)}, project_path=project
        )
    (left,) = manager.get_all_executions()
    ended(left, "killed", "user")


def test_killing_a_pipeline_ends_all_that_has_not(manager: ProcessManager, project: Path) -> None:
    pipeline = manager.pipeline(
        {"a": "fake:says=a", "b": "fake:long {{ a.result }}", "c": "{{ b.result }}"},
        project_path=project,
    )
    ended(pipeline["a"], "completed", "success")
    pipeline.kill()
    pipeline.wait(BOUND)
    assert pipeline.counts == {"completed": 1, "killed": 2}
    assert repr(pipeline) == "<Pipeline of 3: 1 completed, 2 killed>"


def test_a_pipeline_shows_its_order_and_how_it_goes(manager: ProcessManager, project: Path) -> None:
    pipeline = done(
        manager.pipeline(
            {"plan": "x", "<b>\u202e": "{{ plan.result }}", "join": step("y", after=["plan"])},
            project_path=project,
        )
    )
    bundle = pipeline_bundle(pipeline)
    text, markup = bundle["text/plain"], bundle["text/html"]
    assert "plan → <b>\\u202e, join" in text.replace("⟨U+202E⟩", "\\u202e")
    assert "3 steps, 3 completed; $0.0150" in text
    assert "<b>" not in markup
    assert "\u202e" not in text + markup


# -- sequences -------------------------------------------------------------------------------------


def test_a_sequence_goes_one_after_another(make_manager: MakeManager, project: Path) -> None:
    manager = make_manager(max_concurrency=3)
    pipeline = done(
        manager.sequence(
            ["fake:says=a", step("fake:says=b", name="second"), "{{ as written }}"],
            project_path=project,
        )
    )
    assert list(pipeline) == ["1", "second", "3"]
    assert [one.info.name for one in pipeline.values()] == [None, "second", None]
    assert prompt_of(pipeline["3"]) == "{{ as written }}"
    sessions = {one.info.session_id for one in pipeline.values()}
    assert len(sessions) == 3
    order = [spans(one) for one in pipeline.values()]
    assert order == sorted(order)
    assert order[0][1] <= order[1][0]


def test_a_sequence_in_one_session_resumes_it(manager: ProcessManager, project: Path) -> None:
    pipeline = done(
        manager.sequence(
            ["fake:echo", "fake:echo", "fake:echo"], project_path=project, one_session=True
        )
    )
    first, second, third = pipeline.values()
    assert first.info.session_id == second.info.session_id == third.info.session_id
    assert (second.info.resumed_from, third.info.resumed_from) == (
        first.execution_id,
        second.execution_id,
    )
    argv = json.loads(str(third.result))["argv"]
    assert f"--resume={first.info.session_id}" in argv


@pytest.mark.parametrize(
    "queries", [[], "text", [step("a", name="x"), step("b", name="x")], ["a", 3], [" "]], ids=str
)
def test_a_sequence_that_is_none_is_refused(project: Path, queries: Any) -> None:
    with pytest.raises(InvalidRequest):
        sequence_of(queries, {"project_path": project}, one_session=True)


# -- sessions of others ----------------------------------------------------------------------------


def test_a_session_is_continued_by_one_at_a_time(manager: ProcessManager, project: Path) -> None:
    first = manager.start_execution("fake:gate", project)
    second = manager.start_execution("two", project, continues=first)
    with pytest.raises(InvalidRequest, match="already") as caught:
        manager.start_execution("three", project, continues=first)
    assert caught.value.field == "continues"
    fork = manager.start_execution("four", project, continues=first, fork_session=True)
    (project / "go").touch()
    ended(second, "completed", "success")
    ended(fork, "completed", "success")
    assert second.info.session_id == first.info.session_id != fork.info.session_id
    running = manager.start_execution("fake:long", project, continues=first)
    with pytest.raises(SessionInUse):
        manager.start_execution("three", project, continues=first)
    assert running.info.resumed_from == first.execution_id


def test_what_cannot_be_continued_says_why(
    manager: ProcessManager, project: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRequest, match="both"):
        manager.start_execution("x", project, session_id="s", continues=str(tmp_path))
    first = manager.start_execution("fake:gate", project)
    none = manager.start_execution("never", project, after=first)
    other = manager.start_execution("x", tmp_path, continues=first)
    third = manager.start_execution("x", project, continues=none, on_failure="run")
    none.kill()
    (project / "go").touch()
    assert "of their folder" in ended(other, "failed", "startup").info.errors[-1]
    assert "without a session" in ended(third, "failed", "startup").info.errors[-1]
