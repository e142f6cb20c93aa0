"""Structured outputs: checked before the CLI goes, corrected once, and refused with the reason.

The rule: the fake CLI gives what it is told, one output a turn; what was decided is read off the
transcript.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, field_validator

from claude_widget.errors import InvalidRequest, ResultNotReady
from claude_widget.execution import Execution
from claude_widget.local import LocalBackend
from claude_widget.manager import ProcessManager
from claude_widget.outputs.checking import Unmet, checked, problem_of_schema, shown
from claude_widget.outputs.correcting import Corrections
from claude_widget.outputs.errors import OutputInvalid
from claude_widget.request import build_request
from tests.conftest import MakeManager
from tests.fake import FAST, ended, lines, metas, running
from tests.waiting import BOUND, until

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name"],
}


class Person(BaseModel):
    """Somebody whose name is not blank, which no JSON schema says."""

    name: str
    age: int = 0

    @field_validator("name")
    @classmethod
    def _has_name(cls, name: str) -> str:
        if not name.strip():
            raise ValueError("nobody is called that")
        return name


def gives(*outputs: Any) -> str:
    """A prompt for the fake CLI: what it gives in its first turn, in its second, and so on."""
    return "fake:gives=" + "|".join(json.dumps(one, separators=(",", ":")) for one in outputs)


@pytest.fixture
def patient(make_manager: MakeManager, fake_cli: Path) -> ProcessManager:
    """A manager whose CLIs may take long to go once their input is over."""
    graces = FAST._replace(exit=BOUND)
    return make_manager(backend=LocalBackend(fake_cli, graces=graces))


def sent(execution: Execution) -> list[str]:
    """The prompts that reached the CLI."""
    frames = [json.loads(line) for line in lines(execution, "in")]
    return [one["message"]["content"] for one in frames if one["type"] == "user"]


def test_a_model_gives_an_instance_of_it(patient: ProcessManager, project: Path) -> None:
    query = gives({"name": "Ada", "age": 36})
    execution = ended(
        patient.start_execution(query, project, schema=Person), "completed", "success"
    )
    assert execution.output == Person(name="Ada", age=36)
    assert sent(execution) == [query]
    assert not execution.info.exit_forced


def test_a_json_schema_gives_the_data(manager: ProcessManager, project: Path) -> None:
    query = gives({"name": "Ada"})
    execution = ended(
        manager.start_execution(query, project, schema=SCHEMA), "completed", "success"
    )
    assert execution.output == {"name": "Ada"}


def test_what_does_not_meet_the_schema_is_corrected_once(
    manager: ProcessManager, project: Path
) -> None:
    query = gives({"name": ""}, {"name": "Ada"})
    execution = ended(
        manager.start_execution(query, project, schema=Person), "completed", "success"
    )
    assert execution.output == Person(name="Ada")
    first, second = sent(execution)
    assert execution.info.cost_usd == pytest.approx(0.01), "both turns, each once"
    assert first == query
    assert "nobody is called that" in second
    assert "StructuredOutput" in second


@pytest.mark.parametrize("schema", [Person, SCHEMA], ids=["model", "schema"])
def test_a_second_one_that_does_not_meet_it_is_a_failure_that_shows_it(
    manager: ProcessManager, project: Path, schema: Any
) -> None:
    execution = manager.start_execution(gives({"name": 5}, {"name": 6}), project, schema=schema)
    ended(execution, "failed", "schema")
    (error,) = execution.info.errors
    assert "name" in error
    assert '. The output: {"name": 6}' in error
    assert len(sent(execution)) == 2
    assert execution.output is None


def test_what_goes_on_with_one_or_repeats_it_has_its_model(
    manager: ProcessManager, project: Path
) -> None:
    bad = gives({"name": ""}, {"name": ""})
    first = manager.start_execution(gives({"name": "Ada"}), project, schema=Person)
    ended(first, "completed", "success")
    followed, forked = first.send(bad), first.fork(bad)
    ended(followed, "failed", "schema")
    ended(forked, "failed", "schema")
    ended(followed.rerun(), "failed", "schema")
    assert ended(first.rerun(), "completed", "success").output == Person(name="Ada")


def test_no_output_at_all_is_asked_for_once_more(manager: ProcessManager, project: Path) -> None:
    query = gives(None, {"name": "Ada"})
    execution = ended(
        manager.start_execution(query, project, schema=SCHEMA), "completed", "success"
    )
    assert execution.output == {"name": "Ada"}
    assert "There is no structured output" in sent(execution)[1]


def test_a_failed_turn_is_not_corrected(manager: ProcessManager, project: Path) -> None:
    execution = manager.start_execution("fake:long", project, schema=SCHEMA)
    running(execution).interrupt()
    ended(execution, "completed", "interrupted")
    assert len(sent(execution)) == 1


def test_one_that_stays_open_is_checked_after_each_turn(
    manager: ProcessManager, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judged: list[object] = []
    judge = Corrections._judge

    def noted(self: Corrections, execution: Execution, facts: Any) -> None:
        judge(self, execution, facts)
        judged.append(facts)

    monkeypatch.setattr(Corrections, "_judge", noted)
    query = gives({"name": "Ada"}, {"name": ""}, {"name": "Eve"}, {"name": ""}, {"name": "Kim"})
    execution = manager.start_execution(query, project, schema=Person, keep_open=True)
    until(lambda: len(judged) == 1, what="its turn is over, and was looked at")
    execution.send("and another one")
    until(lambda: len(sent(execution)) == 3, what="it was corrected")
    until(lambda: execution.info.structured_output == {"name": "Eve"}, what="it is right now")
    until(lambda: len(judged) == 3, what="that is known")
    execution.send("and one more")
    until(lambda: len(sent(execution)) == 5, what="it was corrected in that turn, too")
    until(lambda: execution.info.structured_output == {"name": "Kim"}, what="it is right now")
    execution.end()
    ended(execution, "completed", "success")
    assert execution.output == Person(name="Kim")


def test_without_a_kernel_the_cli_ends_all_the_same(
    make_manager: MakeManager, fake_cli: Path, project: Path
) -> None:
    backend = LocalBackend(fake_cli, graces=FAST, check_grace=0.3)
    manager = make_manager(backend=backend)
    query = gives({"name": ""}) + " fake:gate"
    execution = running(manager.start_execution(query, project, schema=Person))
    manager.close()
    (project / "go").touch()
    until(lambda: metas(execution)[-1]["event"] == "ended", what="its end is written")
    found = make_manager().get_execution(execution.execution_id)
    assert found is not None
    assert found.info.status == "completed"
    found.schema_model = Person
    with pytest.raises(OutputInvalid, match="nobody is called that") as refused:
        _ = found.output
    assert refused.value.data == {"name": ""}


def test_an_output_is_not_there_before_the_end(manager: ProcessManager, project: Path) -> None:
    execution = running(manager.start_execution("fake:gate", project, schema=SCHEMA))
    with pytest.raises(ResultNotReady):
        _ = execution.output
    execution.kill()
    ended(execution, "killed", "user")
    assert execution.output is None


def test_without_a_schema_there_is_no_output(patient: ProcessManager, project: Path) -> None:
    execution = ended(patient.start_execution("hello", project), "completed", "success")
    assert execution.output is None
    assert [meta["event"] for meta in metas(execution)][-2:] == ["stdin_closed", "ended"]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "banana"},
        {"properties": []},
        {"type": "object", "required": "name"},
        {"$schema": "http://json-schema.org/draft-07/schema#", "minimum": "x"},
    ],
)
def test_what_is_no_schema_is_refused_before_anything_starts(
    manager: ProcessManager, project: Path, schema: dict[str, Any]
) -> None:
    with pytest.raises(InvalidRequest, match="no JSON schema") as refused:
        manager.start_execution("hello", project, schema=schema)
    assert refused.value.field == "schema"
    assert manager.get_all_executions() == []


class Unsayable(BaseModel):
    act: Callable[[], None]


@pytest.mark.parametrize("schema", [Unsayable, BaseModel])
def test_a_model_without_a_json_schema_is_refused(schema: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"has no JSON schema: .*\. Give"):
        build_request("hello", schema=schema)


def test_a_schema_is_never_fetched() -> None:
    for address in ("http://127.0.0.1:1/schema.json", "file:///etc/passwd", "other.json"):
        schema = {"$ref": address}
        assert "retrieving it failed" in problem_of_schema(schema)
        with pytest.raises(Unmet, match="retrieving it failed"):
            checked({}, schema)


def test_a_pattern_that_never_ends_is_given_up() -> None:
    schema = {"pattern": "^(a|a)*(?=b)$"}
    with pytest.raises(Unmet):
        checked("a" * 64, schema)


def test_a_validator_that_raises_anything_is_a_problem_and_no_crash() -> None:
    class Odd(BaseModel):
        x: int

        @field_validator("x")
        @classmethod
        def _never(cls, _: int) -> int:
            raise ZeroDivisionError("by zero")

    with pytest.raises(Unmet, match="ZeroDivisionError"):
        checked({"x": 1}, {}, Odd)


def test_problems_and_outputs_are_told_in_few_words() -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    with pytest.raises(Unmet) as unmet:
        checked(list(range(1000)), schema)
    assert "and 995 more" in str(unmet.value)
    assert len(shown("x" * 10_000)) == 2_000
    with pytest.raises(Unmet) as unmet:
        checked({"x" * 10_000: 1}, {"additionalProperties": False})
    assert len(str(unmet.value)) <= 1_000
