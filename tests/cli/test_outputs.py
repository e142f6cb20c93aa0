"""Structured outputs of the real CLI: corrected in the same session, or refused with the reason."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, field_validator

from claude_widget.manager import ProcessManager
from tests.cli import checks
from tests.waiting import BOUND


class Person(BaseModel):
    """Somebody who is named in full: no JSON schema asks for that."""

    name: str

    @field_validator("name")
    @classmethod
    def _in_full(cls, name: str) -> str:
        if " " not in name:
            raise ValueError("the family name is missing")
        return name


def test_what_a_validator_refuses_is_corrected_in_the_same_session(
    manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution("SCENARIO:corrected", project, schema=Person)
    checks.ended(execution, "completed", "success", result='{"name":"Ada Lovelace"}')
    assert execution.output == Person(name="Ada Lovelace")
    assert len(checks.frames(execution, "result")) == 2
    assert not execution.info.exit_forced


def test_what_a_validator_refuses_twice_is_a_failure(
    manager: ProcessManager, project: Path
) -> None:
    execution = manager.start_execution("SCENARIO:structured", project, schema=Person)
    execution.wait(BOUND)
    assert (execution.info.status, execution.info.reason) == ("failed", "schema")
    (error,) = execution.info.errors
    assert "the family name is missing" in error
    assert '"Ada"' in error


def test_a_schema_that_only_the_cli_refuses_is_a_failure_in_its_words(
    manager: ProcessManager, project: Path
) -> None:
    schema = {"$schema": "http://json-schema.org/draft-04/schema#", "type": "object"}
    execution = manager.start_execution("SCENARIO:structured", project, schema=schema)
    checks.ended(execution, "failed", "startup", costs=False, session=False)
    assert "--json-schema is not a valid JSON Schema" in execution.info.errors[-1]


def test_a_schema_that_no_tool_can_give_ends_as_a_failure(
    manager: ProcessManager, project: Path
) -> None:
    schema = {"type": "array", "items": {"type": "string"}}
    execution = manager.start_execution("SCENARIO:structured", project, schema=schema)
    execution.wait(BOUND)
    assert (execution.info.status, execution.info.reason) == ("failed", "schema")
    assert "There is no structured output" in execution.info.errors[-1]
